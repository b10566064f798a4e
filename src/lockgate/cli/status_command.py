"""``lockgate status``."""

from __future__ import annotations

import click

from lockgate.cli.session import Session, with_session


@click.command("status")
@with_session()
def command(session: Session) -> None:
    """What each environment runs, since when and by which decision, and what is asked, permitted and proposed."""
    from lockgate.app.report import status
    from lockgate.render.standing import environment_lines, proposal_line

    ports = session.ports()
    report = status(ports)
    names = ports.directory.names()
    lines = [f"log {report.origin}, {report.size} leaves"]
    for one in report.environments:
        lines += environment_lines(one.name, one.occupant, one.permits, one.requests, names)
    lines += ["proposed", *(proposal_line(proposal, names) for proposal in report.proposals)] if report.proposals else []
    lines += [f"leaf {index} means nothing: {code}" for index, code in sorted(report.ignored.items(), key=lambda item: int(item[0]))]
    session.say(report, "\n".join(lines))
