"""Every hold, waiver and broken glass there ever was, and what became of each: read from the whole log, past every leaf.

Unused waivers and expired ones are told of too: an exception that nobody needed is one to give no more.
"""

from __future__ import annotations

from lockgate.app import report
from lockgate.app.exceptional import words
from lockgate.app.project import project, trusted_head
from lockgate.app.world import Ports
from lockgate.core import events
from lockgate.core.exceptional import Exceptional, Glass, Hold, Waiver
from lockgate.core.exceptional_events import Lifted
from lockgate.core.fate import Told, told
from lockgate.core.identity import Name


def standing(ports: Ports, name: Name, here: Exceptional) -> tuple[Told, ...]:
    """What an environment's state holds, told."""
    now = ports.clock.now()
    return tuple(told(name, item, now, words(ports, item.reason)) for item in here.all_of())


def exceptions(ports: Ports) -> list[Told]:
    """All of them, oldest first. Raises LockgateError: as `report.check` for what it reads."""
    project(ports, "")
    size, now = trusted_head(ports).size, ports.clock.now()
    authority = report.Authority(ports)
    seen: dict[tuple[Name, str], Hold | Waiver | Glass] = {}
    lifted: dict[tuple[Name, str], int] = {}
    for index, data in enumerate(ports.log.leaves(0, size)):
        authority.fold(data, index)
        one = report.read(data, index)
        name = getattr(one.event, "environment", events.HOUSE)
        here = authority.environment(name).exceptional if name != events.HOUSE else Exceptional()
        if here == Exceptional() and not isinstance(one.event, Lifted):
            continue
        seen |= {(name, item.id): item for item in here.all_of()}
        if isinstance(one.event, Lifted) and str(index) not in authority.ignored:
            lifted[name, one.event.id] = index
    found = [told(name, item, now, words(ports, item.reason), lifted.get((name, id_), -1)) for (name, id_), item in seen.items()]
    return sorted(found, key=lambda one: one.since)  # stable: what came in the same second stays in the log's order
