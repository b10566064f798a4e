"""Telling a decision: on stderr, for people."""

from __future__ import annotations

from lockgate.app.gate import Gated
from lockgate.cli.session import Session
from lockgate.render import text
from lockgate.render.next_step import after


def tell_decision(session: Session, gated: Gated, origin: str, refs: tuple[str, ...], config_files: tuple[str, ...]) -> None:
    """The decision and, refused, the one command that comes next."""
    decided = gated.decision
    session.note(text.decision(decided, gated.release, f"decision {gated.index}", origin, colour=session.colour, new=gated.new))
    if decided.outcome != "allowed":
        session.next(after(decided, refs, config_files))
