"""``lockgate log stats``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lockgate.cli import arguments
from lockgate.cli.session import Session, with_session

if TYPE_CHECKING:
    from datetime import datetime


@click.command("stats", short_help="Lead time, frequency, failures and rollbacks of deployments.")
@click.option("--environment", default="", metavar="ENV", help="One environment (default: each of the policy).")
@click.option("--since", default="", metavar="TIME", help="How far back: 30d, or since when: 2026-12-01 (default: everything).")
@with_session()
def stats(session: Session, environment: str, since: str) -> None:
    """How deployments go, from the events alone: lead time, deployment frequency, change-failure rate, time to restore, rollbacks.

    Of too few cases nothing is made up: it says how many there were.
    """
    from lockgate.app.stats import stats as gathered
    from lockgate.render.measures import measure_lines

    ports = session.ports()
    found = gathered(ports, environment, begin(since, ports.clock.now()) if since else None, session.progress("reading"))
    sheet = session.sheet(ports, result=True)
    session.say(found, "\n".join(line for one in found for line in measure_lines(one, sheet)))


def begin(text: str, now: datetime) -> datetime:
    """So long before now, or that point in time, where it is past. Raises UsageError ``log.bad-since``."""
    from lockgate.core.duration import span
    from lockgate.errors import UsageError

    problem = UsageError("log.bad-since", f"{text[:40]!r} is no time to look back to: write 30d, 12h or 2026-12-01")
    try:
        return now - span(text)
    except OverflowError:
        raise problem from None
    except ValueError:
        pass
    try:
        begin = arguments.until(text, now)
    except UsageError:
        raise problem from None
    if begin > now:
        raise problem
    return begin
