"""What every command shares: its options, the gate it opens, and how it speaks."""

from __future__ import annotations

import functools
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lockgate import config
from lockgate.cli import terminal
from lockgate.errors import LockgateError

if TYPE_CHECKING:
    from lockgate.app.attach import Bench
    from lockgate.app.world import Ports
    from lockgate.core.ports import PersonSigner, Signer
    from lockgate.render.words import Sheet

PERSON = re.compile(r"\bp-[a-z2-7]{16}\b")
"""A person id, in a text."""
_BY_ID = {"people.ambiguous", "people.name-taken", "people.twice", "people.unknown"}
"""Errors about names themselves, where the id is what tells people apart."""


class Session:
    """One run of one command.

    Args:
        gate, trust, key: as given; empty where not.
        fmt: ``text`` or ``json``.
        plain_http: registries to speak to without TLS.
        above: whether the gate may be in a directory above.
    """

    def __init__(self, *, gate: str = "", trust: str = "", key: str = "", fmt: str = "text", plain_http: tuple[str, ...] = (), above: bool = True) -> None:
        self.config = config.load(gate=gate, trust=trust, key=key, plain_http=plain_http, above=above)
        self.json = fmt == "json"
        self._gate = gate
        self.place = _options(gate, trust)
        self.reach = "".join(f" --plain-http {shlex.quote(host)}" for host in plain_http)
        self.own_key = f" --key {shlex.quote(key)}" if key else ""
        self._opened: Ports | None = None

    def place_of(self, trust: Path) -> str:
        """The options that name this gate and a trust file that was just written; none for one that is found without."""
        found = config.load().trust
        return _options(self._gate, "" if found is not None and found.resolve() == trust.resolve() else str(trust))

    def ports(self, *, looking: bool = False) -> Ports:
        """Open the gate; says on stderr where nothing is pinned, and where nothing is remembered. `looking`: as for `wire.open_gate`."""
        from lockgate.app.filing import catch_up
        from lockgate.wire import open_gate

        self._opened = ports = open_gate(self.config, self.busy, looking=looking)
        if ports.pinned is None:
            self.warn("UNPINNED", "root.unpinned", "no lockgate.trust was found or named, so nothing here is a permit")
        if ports.heads.recall(ports.log.vkey) is None:
            self.warn("new", "head.unpinned", "this account remembers no head of this log: an older copy could not be told")
        catch_up(ports, self.progress("filing"))
        return ports

    def bench(self) -> Bench:
        """Artifacts on this machine and in registries, without a gate."""
        from lockgate.wire import bench

        return bench(self.config, self.busy)

    def signer(self) -> PersonSigner:
        """The user's own key. Raises UsageError ``key.none`` where none is named."""
        from lockgate.wire import user_signer

        return user_signer(self.config, self.passphrase)

    def signer_if_any(self) -> PersonSigner | None:
        """The user's own key, or None where none is named."""
        from lockgate.wire import names_a_key, user_signer

        return user_signer(self.config, self.passphrase) if names_a_key(self.config) else None

    def artifact_signer(self) -> Signer:
        """The key named with ``--key``, for signing artifacts."""
        from lockgate.wire import user_signer

        return user_signer(self.config, self.passphrase)

    def passphrase(self) -> bytes:
        """Ask for a passphrase on the terminal. Raises UsageError ``key.locked`` where there is none to ask on."""
        from lockgate.errors import UsageError

        if not terminal.is_terminal(sys.stdin):
            raise UsageError("key.locked", "this key has a passphrase, and there is no terminal to ask for it on")
        return str(click.prompt("passphrase", hide_input=True, err=True)).encode("utf-8", "surrogateescape")

    def new_passphrase(self) -> bytes:
        """Ask for a new passphrase, twice. Raises as `passphrase`."""
        from lockgate.errors import UsageError

        if not terminal.is_terminal(sys.stdin):
            raise UsageError("key.locked", "a passphrase is asked for on a terminal, and there is none")
        return str(click.prompt("new passphrase", hide_input=True, confirmation_prompt=True, err=True)).encode("utf-8", "surrogateescape")

    def say(self, value: object, text: str) -> None:
        """The command's result, on stdout: `value` as JSON or `text`."""
        if self.json:
            from lockgate.render.machine import as_json

            terminal.out(as_json(value))
        elif text:
            terminal.out(terminal.harmless(text, colour=self._colour(sys.stdout)) + "\n")

    def note(self, text: str) -> None:
        """Something for people, on stderr; not with ``--format json``: what machines must not miss is for `warn`."""
        if not self.json and text:
            terminal.err(terminal.harmless(text, colour=self._colour(sys.stderr)) + "\n")

    def warn(self, label: str, code: str, message: str) -> None:
        """Something nobody may miss, on stderr, with ``--format json`` too: there one line of JSON, ``{"note":{"code":…,"message":…}}``."""
        if self.json:
            from lockgate.render.machine import note_json

            terminal.err(note_json(code, message).decode())
        else:
            self.note(f"{label:<9} {message} [{code}]")

    def lines(self, label: str, text: str) -> None:
        """A note under a label, broken where the terminal ends."""
        from lockgate.render.layout import broken

        self.note("\n".join(broken(f"{label:<9} {text}", self.sheet(), 10)))

    def next(self, command: str) -> None:
        """The one command that comes next, on stderr."""
        if command:
            self.note(f"next:  {command}")

    def sheet(self, ports: Ports | None = None, *, result: bool = False) -> Sheet:
        """What text is laid out for: this terminal and this user's eyes.

        Args:
            ports: where names of people are, and the clock; None leaves them out.
            result: for stdout rather than stderr.
        """
        from lockgate.errors import UnreadableError
        from lockgate.render.words import Sheet

        stream = sys.stdout if result else sys.stderr
        width = terminal.columns(stream)
        colour = self._colour(stream)
        if ports is None:
            return Sheet(width=width, colour=colour)
        try:
            names = ports.directory.names()
        except UnreadableError:
            names = {}
        return Sheet(width=width, colour=colour, now=ports.clock.now(), names=names)

    def _colour(self, stream: object) -> bool:
        return self.config.colour and not self.json and terminal.is_terminal(stream)

    def name_people(self, err: LockgateError) -> None:
        """Call people in an error by their names, where people read it: the id is no name that anybody knows."""
        if self._opened is None or self.json or err.code in _BY_ID or not PERSON.search(err.message):
            return
        from lockgate.render.words import called

        names = self.sheet(self._opened).names
        people = {called(found, names) for found in PERSON.findall(err.message)}
        err.message = PERSON.sub(lambda found: called(found[0], names), err.message)
        if err.code == "people.no-duty" and err.remedy.endswith(("=request", "=deploy")) and len(people) == 1 and not any(map(PERSON.search, people)):
            err.remedy = f"an owner gives it: {err.remedy.replace('NAME', shlex.quote(people.pop()))}"  # others' duties are nobody's to ask for

    def progress(self, what: str) -> terminal.Told | None:
        """A line that counts, on a terminal only."""
        return None if self.json else terminal.counted(what)

    def busy(self, what: str) -> terminal.Busy:
        """A line that says that something long goes on, on a terminal only."""
        return terminal.busy(what, quiet=self.json)


def _options(gate: str, trust: str) -> str:
    return "".join(f" {option} {shlex.quote(value)}" for option, value in (("--gate", gate), ("--trust", trust)) if value)


def with_session(*, key: bool = False, above: bool = True) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add the shared options to a command and hand it a `Session` as its first argument.

    Args:
        key: whether the command signs with a key.
        above: whether the gate may be in a directory above this one.
    """
    where = "here or above" if above else "here"

    def wrap(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def call(gate_dir: str, trust: str, fmt: str, key_spec: str = "", plain_http: tuple[str, ...] = (), **arguments: Any) -> Any:  # noqa: ANN401  click's
            session = Session(gate=gate_dir, trust=trust, key=key_spec, fmt=fmt, plain_http=plain_http, above=above)
            try:
                return function(session, **arguments)
            except LockgateError as err:
                session.name_people(err)
                raise

        for option in (
            click.option("--format", "fmt", type=click.Choice(["text", "json"]), default="text", help="For people or for machines."),
            click.option("--trust", default="", metavar="FILE", help="The pinned root (default: lockgate.trust here or above)."),
            click.option("--gate", "gate_dir", default="", metavar="DIR", help=f"The gate's directory (default: .lockgate {where})."),
        ):
            call = option(call)
        if key:
            call = click.option("--key", "key_spec", default="", metavar="KEY", help="Your key: a file, or a fingerprint in your agent.")(call)
        return call

    return wrap
