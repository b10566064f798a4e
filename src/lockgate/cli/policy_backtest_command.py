"""``lockgate policy backtest``."""

from __future__ import annotations

import sys

import click

from lockgate.cli.exits import REFUSED, UNDECIDED
from lockgate.cli.policy_file import checked, proposed_policy
from lockgate.cli.session import Session, with_session
from lockgate.cli.stats_command import begin


@click.command("backtest", short_help="What a policy would have said of every recorded decision.")
@click.argument("file", required=False, default="")
@click.option("--proposed", default="", metavar="R", help="In place of FILE, the policy that the open proposal R would put in force.")
@click.option("--environment", default="", metavar="ENV", help="Decisions in one environment (default: in all).")
@click.option("--since", default="", metavar="TIME", help="How far back: 30d, or since when: 2026-12-01 (default: everything).")
@click.option("--last", type=click.IntRange(min=1), default=None, metavar="N", help="The newest N decisions alone.")
@click.option("--fail-on-flip", is_flag=True, help="End with 1 where a decision would be another, with 3 where that cannot be known.")
@with_session()
def backtest(session: Session, file: str, proposed: str, environment: str, since: str, last: int | None, fail_on_flip: bool) -> None:
    """What the policy in FILE would have said of every recorded decision, on the evidence and history of its time: same, flips or cannot know.

    Records nothing. Approvals and waivers stand as they were given. What the policy asks for and nobody looked for then cannot be known.
    """
    from lockgate.app.backtest import backtest as tried
    from lockgate.errors import UsageError
    from lockgate.render.backtest import backtest_lines

    if bool(file) == bool(proposed):
        raise UsageError("policy.which", "name one policy: a file, or with --proposed a proposal", "lockgate policy backtest --help")
    policy = checked(file) if file else None
    ports = session.ports()
    policy = policy or proposed_policy(ports, proposed)
    found = tried(ports, policy, environment, begin(since, ports.clock.now()) if since else None, last or 0, session.progress("trying decisions"))
    session.say(found, "\n".join(backtest_lines(found, session.sheet(ports, result=True))))
    results = {one.result for one in found.tried}
    if fail_on_flip and results:
        sys.exit(REFUSED if "flips" in results else UNDECIDED)
