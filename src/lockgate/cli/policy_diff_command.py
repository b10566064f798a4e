"""``lockgate policy diff``."""

from __future__ import annotations

import click

from lockgate.cli.policy_file import proposed_policy, read
from lockgate.cli.session import Session, with_session


@click.command("diff", short_help="What a policy changes, in words: looser, stricter, or otherwise.")
@click.argument("files", nargs=-1, metavar="[OLD] NEW")
@click.option("--proposed", default="", metavar="R", help="In place of NEW, the policy that the open proposal R would put in force.")
@with_session()
def diff(session: Session, files: tuple[str, ...], proposed: str) -> None:
    """What the policy in file NEW asks otherwise than the one in OLD, or, without OLD, than the one in force: a line each, in words.

    Each is called stricter or looser where that can be told of it alone, all else being the same, and changed where it cannot.
    """
    from lockgate.app.project import project
    from lockgate.core.policy_changes import other_sections, policy_changes
    from lockgate.errors import UsageError
    from lockgate.render.policy_changes import change_lines

    policies = [read(file) for file in files[:3]]
    if proposed:
        policies.append(proposed_policy(session.ports(), proposed))
    if len(policies) == 1:
        policies.insert(0, project(session.ports(), "").policy_in_force())
    if len(policies) != 2:
        raise UsageError("policy.which", "two policies are compared: name the new one, or the old one and the new one", "lockgate policy diff --help")
    found, sections = policy_changes(*policies), other_sections(*policies)
    session.say({"changes": found, "otherSections": sections}, "\n".join(change_lines(found, sections, session.sheet(result=True))))
