"""What is said loudly, on stderr, by every command that is about an environment where something exceptional stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lockgate.cli.session import Session

if TYPE_CHECKING:
    from lockgate.app.world import Ports


def alarm(session: Session, ports: Ports, environment: str, *, holds: bool = True) -> None:
    """Tell of open reviews there and, with `holds`, of holds; with ``--format json`` as a line of JSON each."""
    from lockgate.app.exceptional import standing
    from lockgate.core.events import HOUSE
    from lockgate.render.exceptional import alarms
    from lockgate.render.words import Sheet

    if environment == HOUSE:
        return
    sheet = session.sheet(ports)
    if session.json:  # names are for people's own eyes
        sheet = Sheet(now=sheet.now)
    for label, code, message in alarms(environment, standing(ports, environment), sheet, holds=holds):
        if session.json:
            session.warn(label, code, message)
        else:
            session.lines(label, f"{message} [{code}]")
