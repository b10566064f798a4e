"""``lockgate init``."""

from __future__ import annotations

import os
import shlex
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from lockgate.cli import arguments
from lockgate.cli.session import Session, with_session

if TYPE_CHECKING:
    from lockgate.cli.from_image import Looked

LASTS = timedelta(days=365)
WEEK = timedelta(days=7)


@click.command("init")
@click.option("--origin", default="", metavar="NAME", help="The log's name, such as example.com/shop: unique, without spaces (default: a random one).")
@click.option("--name", default="owner", metavar="NAME", help="Your name, for the erasable directory.")
@click.option("--owner", "owners", multiple=True, metavar="FILE", help="Another owner's public key; may be repeated.")
@click.option("--threshold", default=1, metavar="N", help="How many owners must approve policy, roster and root.")
@click.option("--write-trust", "trust_out", default="lockgate.trust", metavar="FILE", help="Where the root to pin goes.")
@click.option("--from", "image", default="", metavar="REF", help="Propose a policy too, out of what REF carries; where a gate is here, only that.")
@click.option("--public", "publics", multiple=True, metavar="FILE", help="With --from: a public key that may have signed; may be repeated.")
@arguments.platform_option
@arguments.plain_http_option
@click.option("--write-policy", "policy_out", default="policy.yaml", metavar="FILE", help="With --from: where the proposal goes.")
@with_session(key=True, above=False)
def command(
    session: Session,
    origin: str,
    name: str,
    owners: tuple[str, ...],
    threshold: int,
    trust_out: str,
    image: str,
    publics: tuple[str, ...],
    platform: str,
    policy_out: str,
) -> None:
    """Begin a gate: a directory with log and keys, and lockgate.trust, which you keep elsewhere.

    The log key and the permit key are made in the gate's directory, mode 0600. Your own key is the one named with --key; without one a new key is
    made in your configuration directory. With --from, policy.yaml is written as well: what REF carries and can be asked for, each line with where it
    comes from. It proves nothing until you have read it and the owners approved it.
    """
    from lockgate.cli import from_image
    from lockgate.errors import UsageError

    if not image and (given := _given({"publics": "--public", "platform": "--platform", "policy_out": "--write-policy"})):
        raise UsageError("init.no-image", f"{given} is about an image, and none is named with --from")
    looked = from_image.look(session, image, platform, publics, policy_out) if image else None
    if looked is None or not _begun(session):
        _begin(session, origin, name, owners, threshold, Path(trust_out), looked)
        return
    if given := _given({"origin": "--origin", "name": "--name", "owners": "--owner", "threshold": "--threshold", "trust_out": "--write-trust"}):
        raise UsageError(
            "gate.exists",
            f"there is a gate at {session.config.gate} already, and {given} is for beginning one",
            f"{looked.made} --write-policy {shlex.quote(policy_out)}",
        )
    proposal = from_image.write(session, looked, lambda: session.signer().public, session.place)
    said = from_image.tell(session, looked, proposal)
    session.next(from_image.apply_command(session, looked.file, session.place))
    session.say({"proposal": said}, "")


def _given(options: dict[str, str]) -> str:
    """The first of these options that was typed; empty for none."""
    context = click.get_current_context()
    return next((word for name, word in options.items() if context.get_parameter_source(name) is not ParameterSource.DEFAULT), "")


def _begun(session: Session) -> bool:
    from lockgate.wire import VKEY

    return os.path.lexists(session.config.gate / VKEY)


def _begin(session: Session, origin: str, name: str, owners: tuple[str, ...], threshold: int, trust: Path, looked: Looked | None) -> None:
    from lockgate.app.begin import Beginning, begin
    from lockgate.app.govern import standing
    from lockgate.app.project import project
    from lockgate.cli import from_image
    from lockgate.errors import UsageError
    from lockgate.render.standing import backing
    from lockgate.render.words import count, plain
    from lockgate.wire import default_key, new_gate, owner_signer, require_no_trust, write_trust

    gate, proposal = session.config.gate, None
    require_no_trust(trust)
    if trust.absolute().is_relative_to(gate.absolute()):
        raise UsageError("root.in-gate", f"{trust} lies in the gate's own directory: whoever changes the gate would change what it is judged by")
    arguments.person_name(name)
    others = arguments.public_keys(owners)
    origin = origin or f"{_word(session.config.here.name)}/{arguments.fresh_request()[2:10]}"
    with ExitStack() as undo:
        with new_gate(session.config, origin) as ports:
            signer = owner_signer(session.config, session.passphrase)
            now = ports.clock.now()
            person = arguments.fresh_person()
            plan = Beginning(
                owners=tuple(dict.fromkeys((signer.public, *others))), threshold=threshold, expires=now + LASTS, nonce=arguments.fresh_nonce(), person=person
            )
            ids = arguments.fresh_request(), arguments.fresh_request()
            root, _ = begin(ports, plan, ids, signer, now + WEEK)
            ports.directory.set(person, name)
            waits = standing(ports, project(ports, ""), ids[1])
            size = ports.log.head().size
            write_trust(trust, root)
            undo.callback(trust.unlink, missing_ok=True)
            place = session.place_of(trust)
            if looked is not None:
                proposal = from_image.write(session, looked, lambda: signer.public, place)
                undo.callback(looked.file.unlink, missing_ok=True)
        undo.pop_all()  # the gate has its name: now the root that was written is one of a gate that is there
    session.note(f"gate      {gate}: log {origin}, {count(size, 'leaf', 'leaves')}")
    if made := default_key(session.config):
        session.lines("owner", f"your key is {made}: keep a copy, for only owners' keys change policy, people and root")
    session.note(f"trust     {trust}: commit it where verifiers look, never into the gate's directory")
    if waits is not None:
        session.lines("roster", f"version 1, with you in it, is proposed as {ids[1]}: the other owners approve it with lockgate approve {ids[1]}{place}")
        session.lines("approved", backing(waits, session.sheet()))
    said: dict[str, Any] = {"origin": origin, "person": person, "trust": str(trust), "gate": plain(str(gate)), "roster": ids[1]}
    if looked is not None and proposal is not None:
        said["proposal"] = from_image.tell(session, looked, proposal)
        session.next(from_image.apply_command(session, looked.file, place))
    else:
        begin_with = "" if Path("policy.yaml").exists() else f"lockgate policy show --starter{session.own_key} > policy.yaml && "
        session.next(f"{begin_with}lockgate policy apply policy.yaml{session.own_key}{place}")
    session.say(said, "")


def _word(text: str) -> str:
    """What of a directory's name may stand in a log's."""
    return "".join(one for one in text.lower() if one.isascii() and (one.isalnum() or one in "-._"))[:40] or "gate"
