"""The policies that commands are about: in a file, in force, or proposed; and what one changes about the one in force."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from lockgate.cli import arguments

if TYPE_CHECKING:
    from lockgate.app.project import Projection
    from lockgate.app.world import Ports
    from lockgate.cli.session import Session
    from lockgate.core.policy import Policy


def checked(file: str, odd: Callable[[str], None] = lambda _: None) -> Policy:
    """The policy in a file, if it can pass at all; `odd` is told what is odd about it, at file:line:column.

    Raises:
        UsageError: ``policy.unreadable``. PolicyError: as `policy_sense.check_policy`.
    """
    from lockgate.evidence.policy_sense import check_policy
    from lockgate.wire.zones import now, zone_names

    policy, remarks = check_policy(_data(file), file, _beside(file), zone_names, now())
    for remark in remarks:
        odd(remark)
    return policy


def read(file: str) -> Policy:
    """The policy in a file, whether it can pass or not. Raises as `checked`, but for ``policy.never-passes``."""
    from lockgate.evidence.policy_yaml import parse_policy

    return parse_policy(_data(file), file, _beside(file))


def _data(file: str) -> bytes:
    from lockgate.evidence.yaml_tree import MAX_BYTES

    return arguments.read(file, "policy.unreadable", MAX_BYTES + 1)


def _beside(file: str) -> Callable[[str], bytes]:
    """Reads the files a policy names, which are beside it."""
    from lockgate.evidence.policy_roots import MAX_FILE
    from lockgate.wire.files import read_head

    return lambda name: read_head(Path(file).parent / name, MAX_FILE + 1)


def proposed_policy(ports: Ports, id_: str) -> Policy:
    """The policy that an open proposal would put in force. Raises UsageError ``request.unknown``."""
    from lockgate.app.request import find
    from lockgate.errors import UsageError
    from lockgate.evidence.place import read_policy

    proposal = find(ports, id_).proposal
    if proposal is None or proposal.kind != "policy":
        raise UsageError("request.unknown", f"{id_} is no open proposal of a policy", "lockgate status")
    return read_policy(ports.blobs.get(proposal.digest))


def in_words(session: Session, ports: Ports, present: Projection, policy: Policy) -> list[str]:
    """What a policy would change about the one in force, in words; nothing where none is in force yet."""
    from lockgate.core.policy_changes import other_sections, policy_changes
    from lockgate.render.policy_changes import change_lines

    if present.policy is None:
        return []
    found = policy_changes(present.policy, policy)
    return ["in words:", *(f"  {line}" for line in change_lines(found, other_sections(present.policy, policy), session.sheet(ports)))]
