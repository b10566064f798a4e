"""``lockgate verify``."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click

from lockgate.cli import arguments
from lockgate.cli.exits import REFUSED
from lockgate.cli.session import Session, with_session

MAX_FILE = 4 << 20


@click.command("verify")
@click.argument("what", metavar="REF|FILE")
@click.option("--public", "publics", multiple=True, metavar="FILE", help="A public key to believe, instead of the policy's.")
@arguments.platform_option
@with_session()
def command(session: Session, what: str, publics: tuple[str, ...], platform: str) -> None:
    """Check an artifact and what is attached to it, or a proof or signed event in a file.

    A proof file is checked offline with nothing but itself and the pinned root (--trust). With --public or --platform, or written oci:…
    or file:…, it is an artifact that is checked, whatever it looks like.
    """
    head = b"" if publics or platform or what.startswith(("oci:", "file:")) else _head(what)
    if head.startswith(b"c2sp.org/tlog-proof"):
        _proof(session, what)
    elif head.lstrip().startswith(b"{") and what.endswith(".json"):
        _event(session, what)
    else:
        _artifact(session, what, publics, platform)


def _head(what: str) -> bytes:
    """The first bytes of a file of that name; none where there is no such file. Raises UsageError ``verify.unreadable`` where it is empty."""
    from lockgate.errors import UsageError
    from lockgate.wire import read_head

    try:
        head = read_head(what, 64)
    except OSError:
        return b""
    if not head:
        raise UsageError("verify.unreadable", f"{what} is empty: neither a proof nor a signed event, and an artifact only where it is written file:{what}")
    return head


def _proof(session: Session, what: str) -> None:
    from lockgate.app.prove import check
    from lockgate.errors import EvidenceError, LedgerError, TrustError
    from lockgate.render.leaves import proven_text
    from lockgate.wire import pinned_root

    root = pinned_root(session.config)
    if root is None:
        raise TrustError(
            "root.unpinned",
            "a proof is checked against a pinned root, and none was found: nothing is proven",
            f"lockgate verify {shlex.quote(what)} --trust FILE",
        )
    try:
        proven = check(arguments.read(what, "verify.unreadable", MAX_FILE), root)
    except LedgerError as err:  # nobody's record is at fault here: a file does not prove what it should
        raise EvidenceError(err.code, err.message, err.remedy) from None
    origin = root.log.partition("+")[0]
    sheet = session.sheet(result=True)
    session.say(proven, proven_text(proven.index, proven.size, origin, proven.event, proven.subjects, proven.at, proven.signed, sheet))


def _event(session: Session, what: str) -> None:
    from lockgate.app.inspect import inspect_event
    from lockgate.render.leaves import event_text

    read = inspect_event(arguments.read(what, "verify.unreadable", MAX_FILE))
    session.say(read, event_text(read.kind, read.event, read.subjects, read.signed, session.sheet(result=True)))
    session.note("whether it counts is for the gate's roster to say:")
    session.next(f"lockgate log record {shlex.quote(what)}{session.place}")


def _artifact(session: Session, what: str, publics: tuple[str, ...], platform: str) -> None:
    from lockgate.app.inspect import find_artifact, inspect_artifact
    from lockgate.render.leaves import artifact_text

    found = find_artifact(session.bench(), what, platform)  # before the gate: what is not there is said of a file first
    if publics:
        keys = dict(zip((Path(public).stem for public in publics), arguments.public_keys(publics), strict=True))
    else:
        from lockgate.app.project import project
        from lockgate.errors import UsageError

        try:
            ports = session.ports()
        except UsageError as err:
            if err.code == "gate.none":
                err.remedy = f"lockgate verify {shlex.quote(what)}{f' --platform {shlex.quote(platform)}' if platform else ''} --public FILE"
            raise
        keys = project(ports, "").policy_in_force().keys
    seen = inspect_artifact(session.bench(), found, keys)
    session.say(seen, artifact_text(seen.pinned, seen.measured, seen.facts, keys, session.sheet(result=True)))
    if seen.measured.problem or not seen.good:
        sys.exit(REFUSED)
