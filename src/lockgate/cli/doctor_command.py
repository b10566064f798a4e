"""``lockgate doctor``."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from lockgate import __version__
from lockgate.cli.exits import OK, REFUSED
from lockgate.cli.session import PERSON, Session, with_session

if TYPE_CHECKING:
    from lockgate.app.world import Ports
    from lockgate.core.health import Finding
    from lockgate.core.identity import PublicKey
    from lockgate.errors import LockgateError

IN_GATE = ("", "log.vkey", "ledger.db", "index.db", "people.json", "blobs", "keys")
NEEDED = ("log.vkey", "ledger.db", "blobs")
"""What stands in a gate's directory, and what of it nothing works without."""


@click.command("doctor")
@with_session(key=True)
def command(session: Session) -> None:
    """Look whether all is in order here: the gate, its files and keys, the pinned root, this account's memory, your key, the clock, the disk.

    Changes nothing, and asks nobody over a network. Each line says ok, warn or FAIL, and what to do; ends with 1 where one says FAIL.
    """
    from lockgate.cli.hint import hint
    from lockgate.render.health import finding_lines
    from lockgate.render.remedies import remedy_for

    found, sheet, lines, said = list(_findings(session)), session.sheet(result=True), [], []
    words = shlex.split(f"doctor{session.place}{session.own_key}")
    for one in found:
        told = hint(one.remedy or remedy_for(one.code), words, f"docs/codes/{one.code.partition('.')[0]}.md") if one.result != "ok" else ""
        lines += finding_lines(one, told, sheet)
        said.append({"check": one.check, "result": one.result, "said": one.said, "code": one.code, "remedy": told[7:]})
    failed = sum(one.result == "fail" for one in found)
    session.say({"findings": said, "failed": failed}, "\n".join(lines))
    sys.exit(REFUSED if failed else OK)


def _findings(session: Session) -> Iterator[Finding]:
    from lockgate.app import doctor, places
    from lockgate.cli.surroundings import free, listed, look, nearest
    from lockgate.core.health import ok
    from lockgate.errors import LockgateError
    from lockgate.wire import sqlite_version

    config = session.config
    python = ".".join(map(str, sys.version_info[:3]))
    yield ok("version", f"lockgate {__version__}, Python {python}, SQLite {sqlite_version()}")
    gate = places.gate_place(look(config.gate), config.gate_by, config.strange.get(config.gate, ""))
    yield gate
    ports: Ports | LockgateError | None = None
    if gate.result == "ok":
        yield from places.files([look(config.gate / name) for name in IN_GATE], [str(config.gate / name) for name in NEEDED])
        ports = _opened(session)
    yield _trust(session, ports)
    own, about_own = _own_key(session)
    if isinstance(ports, LockgateError):
        yield doctor.problem("log", ports)
    elif ports is not None:
        yield ok("log", ports.log.origin)
        yield from _log_key(session, ports)
        permit, about_permit = _gate_key(session, "permit key", "keys/permit.key", "nothing can be decided here")
        yield from about_permit
        yield from _named(session, ports, doctor.log_findings(ports, own, permit))
    yield about_own
    state = config.state
    yield places.state_place(look(state) if state else None, nearest(state) if state else None)
    if state is not None:
        yield places.waiting(*listed(state / "unrecorded"))
    where = config.gate if gate.result == "ok" else config.here
    yield places.room(str(where), free(where))
    yield _logins(session)


def _opened(session: Session) -> Ports | LockgateError:
    """The gate, opened for looking and without what else `Session.ports` says."""
    from dataclasses import replace

    from lockgate.errors import LockgateError
    from lockgate.wire import open_gate

    try:
        try:
            return open_gate(session.config, looking=True)
        except LockgateError as err:
            if err.code.partition(".")[0] != "root":
                raise
            return open_gate(replace(session.config, trust=None), looking=True)  # what is wrong with the trust file is told beside it
    except LockgateError as err:
        return err


def _named(session: Session, ports: Ports, findings: list[Finding]) -> list[Finding]:
    """With people's names for their ids, where people read it."""
    from msgspec.structs import replace

    names = {} if session.json else session.sheet(ports).names
    return [replace(one, said=PERSON.sub(lambda found: names.get(found[0], found[0]), one.said)) for one in findings]


def _trust(session: Session, ports: Ports | LockgateError | None) -> Finding:
    from lockgate.app import doctor
    from lockgate.errors import LockgateError
    from lockgate.wire import pinned_root

    vkey = "" if ports is None or isinstance(ports, LockgateError) else ports.log.vkey
    try:
        return doctor.trust(pinned_root(session.config), str(session.config.trust), session.config.trust_by, vkey)
    except LockgateError as err:
        return doctor.problem("trust", err)


def _log_key(session: Session, ports: Ports) -> Iterator[Finding]:
    from lockgate.app import doctor

    public, about = _gate_key(session, "log key", "keys/log.key", "nothing can be recorded here")
    yield from about
    if public is not None:
        yield doctor.log_key(ports.log.vkey, ports.log.origin, public)


def _gate_key(session: Session, check: str, name: str, without: str) -> tuple[PublicKey | None, list[Finding]]:
    """The public half of one of the gate's own keys; None with the reason."""
    from lockgate.app import doctor, places
    from lockgate.cli.surroundings import look
    from lockgate.errors import LockgateError
    from lockgate.wire import gate_public

    wrong = places.key_place(check, look(session.config.gate / name), without)
    if wrong is not None:
        return None, [wrong]
    try:
        return gate_public(session.config, name), []
    except LockgateError as err:
        return None, [doctor.problem(check, err)]


def _own_key(session: Session) -> tuple[PublicKey | None, Finding]:
    """The user's public key, where one is at hand without asking anybody for a passphrase."""
    from lockgate.app import doctor
    from lockgate.cli import arguments
    from lockgate.core.health import ok
    from lockgate.core.identity import fingerprint
    from lockgate.errors import LockgateError
    from lockgate.wire import default_key, user_signer

    spec = session.config.key or str(default_key(session.config) or "")
    where = "in your agent" if spec.startswith("SHA256:") or spec.endswith(".pub") else spec
    try:
        try:
            public = user_signer(session.config, _locked).public
        except LockgateError as err:
            if err.code != "key.locked":
                raise
            (public,) = arguments.public_keys([f"{spec}.pub"])
            where = f"{spec}, with a passphrase"
    except LockgateError as err:
        return None, doctor.own_key(err)
    return public, ok("your key", f"{fingerprint(public)}, {where}")


def _locked() -> bytes:
    from lockgate.errors import UsageError

    raise UsageError("key.locked", "it has a passphrase, which nobody is asked for here")


def _logins(session: Session) -> Finding:
    from lockgate.app import doctor
    from lockgate.core.health import ok
    from lockgate.errors import LockgateError
    from lockgate.render.words import count
    from lockgate.wire import logins_known

    try:
        number, helper = logins_known(session.config)
    except LockgateError as err:
        return doctor.problem("logins", err)
    others = ", and a helper for all others" if helper else ""
    return ok("logins", f"for {count(number, 'registry', 'registries')}{others}" if number or helper else "none: registries are asked without one")
