"""``lockgate policy test``."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

import click

from lockgate.cli import arguments
from lockgate.cli.exits import REFUSED
from lockgate.cli.policy_file import checked, proposed_policy
from lockgate.cli.session import Session, with_session


@click.command("test", short_help="Try a policy on cases: made-up facts, and what has to come of them.")
@click.argument("files", nargs=-1, required=True, metavar="CASES...")
@click.option("--policy", "policy_file", default="", metavar="FILE", help="The policy to try (default: the one each file names).")
@click.option("--in-force", is_flag=True, help="Try the policy in force.")
@click.option("--proposed", default="", metavar="R", help="Try the policy that the open proposal R would put in force.")
@with_session()
def test(session: Session, files: tuple[str, ...], policy_file: str, in_force: bool, proposed: str) -> None:
    """Decide the cases in CASES, each made-up facts about a release, and say which came out otherwise than the file expects.

    Needs no gate where the policy is a file; records nothing, and proves nothing about any release.
    """
    from lockgate.app.project import project
    from lockgate.core.cases import Tested, run_case
    from lockgate.errors import UsageError
    from lockgate.evidence.policy_cases import cases, read_cases
    from lockgate.evidence.yaml_tree import MAX_BYTES
    from lockgate.render.cases import case_lines
    from lockgate.wire.zones import read_zone

    if bool(policy_file) + in_force + bool(proposed) > 1:
        raise UsageError("policy.which", "name one policy: --policy, --in-force or --proposed", "lockgate policy test --help")
    one = checked(policy_file) if policy_file else project(session.ports(), "").policy_in_force() if in_force else None
    one = proposed_policy(session.ports(), proposed) if proposed else one
    tested: list[Tested] = []
    zones = cache(read_zone)
    for name in files:
        file = read_cases(arguments.read(name, "cases.unreadable", MAX_BYTES + 1), name)
        if one is None and not file.policy:
            raise UsageError("cases.no-policy", f"{name} names no policy: write policy: FILE in it, or say which with --policy")
        policy = one or checked(str(Path(name).parent / file.policy))
        tested += [run_case(case, policy, name) for case in cases(file, policy, zones)]
    failed = sum(not each.passed for each in tested)
    told = {"cases": tested, "passed": len(tested) - failed, "failed": failed}
    session.say(told, "\n".join(case_lines(tested, session.sheet(result=True))))
    if failed:
        sys.exit(REFUSED)
