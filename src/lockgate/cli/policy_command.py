"""``lockgate policy``."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lockgate.cli.session import Session, fresh_nonce, fresh_request, with_session

if TYPE_CHECKING:
    from lockgate.core.policy import Policy


@click.group("policy")
def command() -> None:
    """Check a policy file, propose it, or show the one in force."""


def _read(file: str) -> Policy:
    from lockgate.errors import UsageError
    from lockgate.evidence.policy_yaml import parse_policy

    try:
        data = Path(file).read_bytes()
    except OSError as err:
        raise UsageError("policy.unreadable", f"{file} cannot be read: {err.strerror}") from None
    return parse_policy(data, file, lambda name: (Path(file).parent / name).read_bytes())


@command.command("check")
@click.argument("file")
@with_session()
def check(session: Session, file: str) -> None:
    """Read a policy file and say what is wrong with it, at file:line:column."""
    policy = _read(file)
    session.note(f"{file} is a policy: {len(policy.environments)} environments, {len(policy.keys)} keys")
    session.say(policy, "")


@command.command("apply")
@click.argument("file")
@with_session(key=True)
def apply(session: Session, file: str) -> None:
    """Propose the policy in FILE, and approve it where you are an owner. It is in force once enough owners approved."""
    from lockgate.app.govern import change

    policy = _read(file)
    ports = session.ports()
    changed = change(ports, policy, fresh_request(), fresh_nonce(), timedelta(days=7), session.signer())
    session.note(f"policy    version {changed.version} {'is in force' if changed.in_force else 'is proposed as ' + changed.id}    leaf {changed.leaf}")
    if not changed.in_force:
        session.next(f"lockgate approve {changed.id}")
    session.say(changed, "")


@command.command("show")
@with_session()
def show(session: Session) -> None:
    """The policy in force, as YAML."""
    from lockgate.app.project import project
    from lockgate.evidence.policy_yaml import dump_policy

    policy = project(session.ports(), "").policy_in_force()
    session.say(policy, dump_policy(policy).rstrip("\n"))
