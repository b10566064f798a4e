"""``lockgate status``."""

from __future__ import annotations

import click

from lockgate.cli.session import Session, with_session


@click.command("status")
@with_session()
def command(session: Session) -> None:
    """What each environment runs, since when and by which decision; what is asked, permitted and proposed, and which approvals count.

    Also what is held or waived, and which break-glass awaits its review.
    """
    from lockgate.app.counting import counted
    from lockgate.app.exceptions import standing
    from lockgate.render.exceptional import told_lines
    from lockgate.render.recalls import revoked_lines
    from lockgate.render.standing import environment_lines, proposal_lines
    from lockgate.render.words import count, plain

    ports = session.ports()
    report, sheet = counted(ports), session.sheet(ports, result=True)
    lines = [f"log {plain(report.origin)}, {count(report.size, 'leaf', 'leaves')}"]
    for one in report.environments:
        lines += environment_lines(
            one.name,
            one.last_known,
            one.permits,
            one.requests,
            sheet,
            report.approvals,
            one.recalled,
            refused=one.refused,
            running=one.running,
            unclear=one.unclear,
            rechecked=one.rechecked,
        )
        lines += told_lines(standing(ports, one.name, one.exceptional), sheet)
    if not report.environments:
        lines.append("no policy is in force")
    if report.proposals:
        lines.append("proposed")
    for proposal in report.proposals:
        lines += proposal_lines(proposal, report.backing[proposal.id], sheet)
    lines += revoked_lines(report.revoked, sheet)
    lines += [f"leaf {index} means nothing: {code}" for index, code in sorted(report.ignored.items(), key=lambda item: int(item[0]))]
    session.say(report, "\n".join(lines))
