"""The index, filled from the ledger: the live one and a rebuilt one by the same function."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from lockgate.app import first_seen
from lockgate.app.project import chain, project
from lockgate.app.world import Ports
from lockgate.canon import encode
from lockgate.core import events
from lockgate.core.envelope import Leaf
from lockgate.core.state import state_digest
from lockgate.errors import ConflictError, EvidenceError
from lockgate.evidence import record

BATCH = 2_000

Row = tuple[str, str, int]


def rows_of(data: bytes, index: int) -> list[Row]:
    """Under which names a leaf is filed; nothing for a leaf nobody can read."""
    try:
        leaf = record.read_leaf(data)
        return _rows(leaf, record.open_envelope(leaf.event), index)
    except EvidenceError:
        return [("ignored", "unreadable", index)]


def _rows(leaf: Leaf, opened: record.Opened, index: int) -> list[Row]:
    event = opened.event
    rows = [("stream", leaf.stream, index), ("kind", events.kind_of(event), index), *(("digest", digest, index) for digest in opened.subjects)]
    ids = dict.fromkeys(getattr(event, name, "") for name in ("id", "request", "break_glass"))
    return [*rows, *(("request", id_, index) for id_ in ids if id_)]


def _all_rows(data: bytes, index: int, sightings: first_seen.Filing) -> list[Row]:
    """Those names, and hints of what a decision's evidence lists."""
    try:
        leaf = record.read_leaf(data)
        opened = record.open_envelope(leaf.event)
    except EvidenceError:
        return rows_of(data, index)
    return [*_rows(leaf, opened, index), *sightings.rows(leaf, opened, index)]


def catch_up(ports: Ports, told: Callable[[int, int], None] | None = None) -> int:
    """File every leaf after the cursor; returns the size filed. `told` hears (done, all)."""
    size, at, sightings = ports.log.head().size, ports.index.cursor(), first_seen.Filing(ports)
    while at < size:
        end = min(at + BATCH, size)
        rows: list[Row] = []
        for index, data in enumerate(ports.log.leaves(at, end), at):
            rows += _all_rows(data, index, sightings)
        try:
            ports.index.file(end, rows)
        except ConflictError:  # another process rebuilds it: go on from where that one is
            end = ports.index.cursor()
        at = end
        sightings.filed()
        if told is not None:
            told(at, size)
    return at


def rebuild(ports: Ports, told: Callable[[int, int], None] | None = None) -> int:
    """Forget the index and file everything anew, with the state each environment's newest decision commits to."""
    ports.index.clear()
    size = catch_up(ports, told)
    house = project(ports, "")
    for environment in sorted(house.policy.environments) if house.policy else ():
        event = _newest_decision(ports, f"env:{environment}", size)
        if event is not None and 0 < event.history <= size:
            state = project(ports, environment, event.history, "chain").state
            if state_digest(state) == event.state:
                ports.index.keep(f"env:{environment}", event.state, encode(state))
    return size


def _newest_decision(ports: Ports, stream: str, size: int) -> events.Decided | None:
    for _, data in chain(ports, stream, size):
        with suppress(EvidenceError):
            event = record.open_envelope(record.read_leaf(data).event).event
            if isinstance(event, events.Decided):
                return event
    return None
