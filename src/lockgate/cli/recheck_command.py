"""``lockgate recheck``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from lockgate.cli import arguments
from lockgate.cli.exits import OK, REFUSED, UNDECIDED, UNRECORDED
from lockgate.cli.session import Session, with_session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lockgate.app.alerts import Told
    from lockgate.app.recheck import Look
    from lockgate.app.world import Ports
    from lockgate.core.sightings import Blank
    from lockgate.core.telling import Courier

ANSWERS = {"allowed": OK, "refused": REFUSED, "undecided": UNDECIDED}


@click.command("recheck")
@click.option("--env", "environments", multiple=True, metavar="ENV", help="Only this environment; may be repeated (default: every one there ever was).")
@click.option("--offline", is_flag=True, help="By the record alone: fetch nothing that is attached today.")
@click.option("--dry-run", "dry", is_flag=True, help="Record nothing, and tell nobody.")
@click.option("--alert-command", default="", metavar="CMD", help="Tell of what was recorded by this command, JSON on its stdin.")
@click.option("--alert-url", default="", metavar="URL", help="Tell of it by a web hook.")
@click.option("--alert-key", default="", metavar="FILE", help="The key that alerts to a web hook are signed with.")
@arguments.plain_http_option
@with_session()
def command(session: Session, environments: tuple[str, ...], offline: bool, dry: bool, alert_command: str, alert_url: str, alert_key: str) -> None:
    """Decide again, on the facts of today, whatever runs or may run. A refusal is recorded, and the permit is gone for good.

    It ends with 0 where all is allowed still, with 1 where something is refused, with 3 where something cannot be decided and nothing is
    refused, and with 4 where something could not be recorded or told.
    """
    from lockgate.app.recheck import Look, Manner, answer, named, recheck
    from lockgate.wire.alerts import courier

    takes = courier(session.config, alert_command, alert_url, alert_key)
    ports = session.ports(looking=dry)
    wanted = named(ports, environments)
    found = list(recheck(ports, wanted, Manner(offline=offline, dry=dry), session.progress("looking again")))
    told = _tell(session, ports, takes) if takes is not None and not dry else None
    looks, unknown = [one for one in found if isinstance(one, Look)], [one for one in found if not isinstance(one, Look)]
    said = answer(found)
    session.say({"answer": said, "looks": looks, "unknown": unknown, "alerts": told}, "\n".join(_lines(session, ports, looks, unknown)))
    _next(session, looks)
    if told is not None and told.left:
        session.warn("NOT told", "alert.not-delivered", f"{told.left} of what was recorded: {told.why}; the next recheck tells it")
        sys.exit(UNRECORDED)
    sys.exit(ANSWERS[said])


def _lines(session: Session, ports: Ports, looks: Sequence[Look], unknown: Sequence[Blank]) -> list[str]:
    from lockgate.render.rechecks import look_lines
    from lockgate.render.words import plain

    sheet = session.sheet(ports, result=True)
    lines: list[str] = []
    for one in looks:
        recorded = (one.leaf, one.since)
        lines += look_lines(one.environment, one.release, one.decision, one.runs, one.outcome, one.outcomes, recorded, sheet, fetched=one.fetched)
    lines += [f"{plain(one.environment)}  NOT KNOWN [{one.code}]" for one in unknown]
    return lines or ["nothing runs, and nothing is permitted"]


def _next(session: Session, looks: Sequence[Look]) -> None:
    """What comes next: of what is refused, where else it runs; else, of what cannot be decided, what to do about that."""
    from lockgate.render.remedies import remedy_for

    for one in looks:
        if one.outcome == "refused":
            session.next(f"lockgate recall {one.release.artifacts[0]}{session.place}")
            return
    undecided = next((one.code for one in looks if one.outcome == "undecided" and one.code), "")
    if undecided:
        session.note(f"try:   {remedy_for(undecided)}")


def _tell(session: Session, ports: Ports, takes: Courier) -> Told:
    """Alerts of what is recorded, this time and before."""
    from lockgate.app.alerts import tell
    from lockgate.app.filing import catch_up
    from lockgate.wire.alerts import cursor

    catch_up(ports)
    told = tell(ports, cursor(session.config), takes)
    if told.delivered:
        from lockgate.render.words import count

        session.note(f"told      of {count(told.delivered, 'recheck')}")
    return told
