"""Every deployment that counts, gathered from the log: what `core.measures` is told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import Literal

from lockgate.app.gate import require_environment
from lockgate.app.project import project, trusted_head
from lockgate.app.report import Authority
from lockgate.app.world import Ports
from lockgate.core import events
from lockgate.core.measures import Attempt, Measures, measure
from lockgate.core.model import Release
from lockgate.evidence import record


def stats(ports: Ports, environment: str, since: datetime | None, told: Callable[[int, int], None] | None = None) -> tuple[Measures, ...]:
    """The measures of one environment, or of each in the policy in force, from one pass over the whole log; what means nothing there is not counted.

    Args:
        ports: the world.
        environment: its name; empty for all.
        since: from when on is looked at; None for everything.
        told: hears (done, all).

    Raises:
        LockgateError: as `project`; ``policy.no-environment``.
    """
    house = project(ports, "")
    if environment:
        require_environment(house, environment)
    names = [environment] if environment else sorted(house.policy_in_force().environments)
    found, now = _attempts(ports, told), ports.clock.now()
    return tuple(measure(name, found[name], since, now) for name in names)


def _attempts(ports: Ports, told: Callable[[int, int], None] | None) -> defaultdict[str, list[Attempt]]:
    """Environment -> its deployments, oldest first."""
    authority, size = Authority(ports), trusted_head(ports).size
    asked: dict[str, datetime] = {}
    by: dict[int, str] = {}
    found: defaultdict[str, list[Attempt]] = defaultdict(list)
    for index, data in enumerate(ports.log.leaves(0, size)):
        authority.fold(data, index)
        if told is not None and (index + 1) % 1_000 == 0:
            told(index + 1, size)
        if str(index) in authority.ignored:
            continue
        leaf = record.read_leaf(data)
        opened = record.open_envelope(leaf.event)
        match opened.event:
            case events.Requested(id=id_):
                asked[id_] = leaf.at
            case events.Decided(request=id_) if id_:
                by[index] = id_
            case events.Deployed() as event:
                built = min((one.finished_at for one in event.built if one.finished_at is not None), default=None)
                found[event.environment].append(
                    Attempt(
                        outcome=_KINDS[type(event)],
                        release=Release(artifacts=opened.subjects, config=event.config),
                        at=leaf.at,
                        leaf=index,
                        asked=asked.get(by.get(event.permit, "")),
                        built=built,
                    )
                )
            case _:
                pass
    return found


_KINDS: dict[type, Literal["deployed", "deploy-failed", "deploy-unknown"]] = {
    events.Deployed: "deployed",
    events.DeployFailed: "deploy-failed",
    events.DeployUnknown: "deploy-unknown",
}
