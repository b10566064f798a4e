"""``lockgate policy``."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from lockgate.cli import arguments
from lockgate.cli.group import Group
from lockgate.cli.policy_backtest_command import backtest
from lockgate.cli.policy_diff_command import diff
from lockgate.cli.policy_file import checked, proposed_policy
from lockgate.cli.policy_schema_command import schema
from lockgate.cli.policy_test_command import test
from lockgate.cli.session import Session, with_session

if TYPE_CHECKING:
    from lockgate.app.world import Ports
    from lockgate.core.identity import PublicKey
    from lockgate.core.policy import Policy


@click.group("policy", cls=Group)
def command() -> None:
    """Check a policy file, try it, propose it, or show the one in force."""


for each in (schema, test, backtest, diff):
    command.add_command(each)


@command.command("check", short_help="Say what is wrong with a policy file, and where.")
@click.argument("file")
@with_session()
def check(session: Session, file: str) -> None:
    """Read a policy file and say what is wrong with it, what can never pass and what is odd, at file:line:column."""
    from lockgate.render.words import count

    policy = checked(file, lambda remark: session.note(f"odd       {remark}"))
    session.note(f"{file} is a policy: {count(len(policy.environments), 'environment')}, {count(len(policy.keys), 'key')}")
    session.next(f"lockgate policy apply {shlex.quote(file)}")
    session.say(policy, "")


@command.command("apply")
@click.argument("file")
@with_session(key=True)
def apply(session: Session, file: str) -> None:
    """Propose the policy in FILE, and approve it where you are an owner. It is in force once enough owners approved."""
    from lockgate.cli.propose import propose

    policy, signer = checked(file), session.signer()
    ports = session.ports()
    if _is_there(session, ports, policy):
        return
    changed = propose(session, ports, policy, "policy", signer)
    if changed.in_force:
        session.next(_first_person(session, ports, policy, signer.public))
    session.say(changed, "")


@command.command("show")
@click.option("--starter", is_flag=True, help="One to begin with instead, which names your own key; needs no gate.")
@click.option("--proposed", default="", metavar="R", help="The one that the open proposal R would put in force instead.")
@with_session(key=True)
def show(session: Session, starter: bool, proposed: str) -> None:
    """The policy in force, as YAML."""
    from lockgate.app.project import project
    from lockgate.evidence.policy_yaml import dump_policy

    if starter:
        text = STARTER.format(project=arguments.project_name(session.config.here.name), key=session.signer().public)
        session.say({"policy": text}, text)
        return
    policy = proposed_policy(session.ports(), proposed) if proposed else project(session.ports(), "").policy_in_force()
    session.say(policy, dump_policy(policy).rstrip("\n"))


def _is_there(session: Session, ports: Ports, policy: Policy) -> bool:
    """Whether this very policy is in force or proposed already: then nothing is recorded, and that is said."""
    from lockgate.app.govern import standing, unchanged
    from lockgate.app.project import project
    from lockgate.render.standing import backing

    present = project(ports, "")
    house = present.state.house
    there = unchanged(house, policy)
    if not there:
        return False
    if there == "in force":
        version = house.policy.version if house.policy else 0
        session.note(f"policy    unchanged: version {version}, in force, is this very policy, and nothing was recorded")
        session.say({"inForce": True, "version": version}, "")
        return True
    session.note(f"policy    proposed already, as {there}, and nothing was recorded")
    backed = standing(ports, present, there)
    if backed is not None:
        session.lines("approved", backing(backed, session.sheet(ports)))
    session.next(f"lockgate approve {there}{session.place}")
    session.say({"inForce": False, "id": there, "backed": backed}, "")
    return True


def _first_person(session: Session, ports: Ports, policy: Policy, key: PublicKey) -> str:
    """How whoever proposed the first policy gets the duties to use it; empty where somebody has duties already."""
    from lockgate.app.project import project

    roster = project(ports, "").roster
    person = roster.person_of(key)
    if person is None or any(each.duties for each in roster.people):
        return ""
    approved = [name for name, section in policy.environments.items() if any(hasattr(one, "duties") for one in section.requires)]
    duties = [f" --duty {name}=deploy" for name in policy.environments] + [f" --duty {name}=request" for name in approved]
    return f"lockgate people add {shlex.quote(ports.directory.names().get(person.id, person.id))}{''.join(duties)}{session.own_key}{session.place}"


STARTER = """\
# What has to hold before anything enters. Every requirement has a page: docs/requirements.
version: 1
project: "{project}"
environments:
  staging:
    requires:
      - signed-by: {{keys: [release], max-age: 30d}}
  production:
    from: staging
    requires:
      - signed-by: {{keys: [release], max-age: 30d}}
      - came-through: {{environment: staging}}
      - soaked: {{in: staging, for: 24h}}
      # Once others are enrolled (lockgate people add), ask for their approvals:
      # - approved:
      #     duties: {{release-management: 1, security: 1}}
      #     independent-of: [requester, deployer]
keys:
  release: {{ssh: "{key}"}}
"""
