"""``lockgate log stats``."""

from __future__ import annotations

import click

from lockgate.cli.session import Session, with_session


@click.command("stats", short_help="Lead time, frequency, failures and rollbacks of deployments.")
@click.option("--environment", default="", metavar="ENV", help="One environment (default: each of the policy).")
@click.option("--since", default="", metavar="TIME", help="How far back, such as 30d (default: everything).")
@with_session()
def stats(session: Session, environment: str, since: str) -> None:
    """How deployments go, from the events alone: lead time, deployment frequency, change-failure rate, time to restore, rollbacks.

    Of too few cases nothing is made up: it says how many there were.
    """
    import msgspec

    from lockgate.app.stats import stats as gathered
    from lockgate.core.duration import Duration
    from lockgate.errors import UsageError
    from lockgate.render.measures import measure_lines

    try:
        back = msgspec.convert(since, Duration) if since else None
    except msgspec.ValidationError:
        raise UsageError("log.bad-since", f"{since[:40]!r} is no time to look back: write 30d, 12h or the like") from None
    ports = session.ports()
    found = gathered(ports, environment, back, session.progress("reading"))
    sheet = session.sheet(ports, result=True)
    session.say(found, "\n".join(line for one in found for line in measure_lines(one, sheet)))
