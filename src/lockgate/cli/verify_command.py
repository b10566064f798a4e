"""``lockgate verify``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from lockgate.cli.exits import REFUSED
from lockgate.cli.session import Session, with_session


@click.command("verify")
@click.argument("what", metavar="REF|FILE")
@click.option("--public", "publics", multiple=True, metavar="FILE", help="A public key to believe, instead of the policy's.")
@with_session()
def command(session: Session, what: str, publics: tuple[str, ...]) -> None:
    """Check an artifact and what is attached to it, or a proof or signed event in a file.

    A proof file is checked offline with nothing but itself and the pinned root (--trust).
    """
    head = _head(what)
    if head.startswith(b"c2sp.org/tlog-proof"):
        _proof(session, what)
    elif head.startswith(b'{"payload":"') and what.endswith(".json"):
        _event(session, what)
    else:
        _artifact(session, what, publics)


def _head(what: str) -> bytes:
    path = Path(what)
    if not path.is_file():
        return b""
    with path.open("rb") as file:
        return file.read(64)


def _proof(session: Session, what: str) -> None:
    from lockgate.app.prove import check
    from lockgate.errors import TrustError
    from lockgate.render.leaves import proven_text
    from lockgate.wire import pinned_root

    root = pinned_root(session.config)
    if root is None:
        raise TrustError(
            "root.unpinned", "a proof is checked against a pinned root, and none was found: nothing is proven", f"lockgate verify {what} --trust lockgate.trust"
        )
    proven = check(Path(what).read_bytes(), root)
    session.say(proven, proven_text(proven.index, proven.size, root.log.partition("+")[0], proven.event, proven.subjects, proven.at, proven.signed))


def _event(session: Session, what: str) -> None:
    from lockgate.app.inspect import inspect_event
    from lockgate.render.leaves import event_text

    read = inspect_event(Path(what).read_bytes())
    session.say(
        read, event_text(read.kind, read.event, read.subjects, read.signed) + "\nwhether it counts is for the gate's roster to say: lockgate log record FILE"
    )


def _artifact(session: Session, what: str, publics: tuple[str, ...]) -> None:
    from lockgate.app.inspect import inspect_artifact
    from lockgate.evidence.keys import parse_public_key
    from lockgate.render.leaves import artifact_text
    from lockgate.wire import bench

    if publics:
        keys = {Path(public).stem: parse_public_key(Path(public).read_bytes()) for public in publics}
    else:
        from lockgate.app.project import project

        keys = project(session.ports(), "").policy_in_force().keys
    seen = inspect_artifact(bench(), what, keys)
    session.say(seen, artifact_text(seen.pinned, seen.measured, seen.facts, keys))
    if seen.measured.problem or not seen.good:
        sys.exit(REFUSED)
