"""What is there: status, one decision, the log's leaves, and a check of everything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from lockgate.app.filing import Row, rows_of
from lockgate.app.project import Projection, project, trusted_head
from lockgate.app.world import Ports
from lockgate.canon import Noun
from lockgate.core import events
from lockgate.core.digest import Digest
from lockgate.core.facts import Request, Stay
from lockgate.core.promotion import OpenProposal, Permit
from lockgate.errors import EvidenceError, LedgerError, UsageError
from lockgate.evidence import record
from lockgate.ledger import batch, merkle


class EnvironmentReport(Noun, frozen=True, kw_only=True):
    """One environment, as recorded: what runs there, what may go there, and what is asked."""

    name: str
    occupant: Stay | None
    permits: tuple[Permit, ...]
    requests: tuple[Request, ...]


class Status(Noun, frozen=True, kw_only=True):
    """The gate at a history size. `unpinned`: no root was pinned, so nobody vouches for any of it."""

    origin: str
    size: int
    unpinned: bool
    environments: tuple[EnvironmentReport, ...]
    proposals: tuple[OpenProposal, ...]
    ignored: dict[str, str]


class LeafReport(Noun, frozen=True, kw_only=True):
    """One leaf, read.

    Attributes:
        kind: of its event; empty where it could not be read, and then `problem` says why.
        keyid: the key it names as its signer.
    """

    index: int
    at: str = ""
    stream: str = ""
    kind: str = ""
    keyid: str = ""
    subjects: tuple[Digest, ...] = ()
    event: events.Event | None = None
    problem: str = ""


class Checked(Noun, frozen=True, kw_only=True):
    """The whole log, checked: leaves by kind, and what was found that is no fact."""

    size: int
    root: str
    kinds: dict[str, int]
    ignored: dict[str, str]


def status(ports: Ports) -> Status:
    """What each environment of the policy in force runs, and what is open."""
    house = project(ports, "")
    names = sorted(house.policy.environments) if house.policy else []
    seen: dict[str, Projection] = {name: project(ports, name, house.size) for name in names}
    now = ports.clock.now()
    reports = []
    for name, projection in seen.items():
        state = projection.state.environment
        live = tuple(permit for permit in state.permits if now < permit.not_after)
        asked = tuple(one for one in state.requests if not one.withdrawn and not one.over)
        reports.append(EnvironmentReport(name=name, occupant=state.occupant(), permits=live, requests=asked))
    ignored = {index: code for projection in (house, *seen.values()) for index, code in projection.ignored.items()}
    return Status(
        origin=ports.log.origin,
        size=house.size,
        unpinned=ports.pinned is None,
        environments=tuple(reports),
        proposals=house.state.house.proposals,
        ignored=ignored,
    )


def show(ports: Ports, index: int) -> LeafReport:
    """One leaf, authenticated and read. Raises UsageError ``log.no-such-leaf``."""
    size = trusted_head(ports).size
    if not 0 <= index < size:
        raise UsageError("log.no-such-leaf", f"there is no leaf {index}: the log has {size}, from 0")
    return read(ports.log.leaf(index), index)


def listed(ports: Ports, count: int, about: str = "") -> list[LeafReport]:
    """The newest `count` leaves, oldest first; with `about`, of those filed under that digest or request.

    Raises:
        UsageError: ``log.bad-count``.
    """
    if not 1 <= count <= 10_000:
        raise UsageError("log.bad-count", "--last takes 1 to 10000")
    size = trusted_head(ports).size
    indices = ports.index.find("request" if about.startswith("r-") else "digest", about) if about else list(range(max(0, size - count), size))
    return [read(ports.log.leaf(index), index) for index in indices[-count:] if index < size]


def read(data: bytes, index: int) -> LeafReport:
    """A leaf's report. What it says is read, not judged: `Checked.ignored` judges."""
    try:
        leaf = record.read_leaf(data)
        opened = record.open_envelope(leaf.event)
    except EvidenceError as err:
        return LeafReport(index=index, problem=err.code)
    return LeafReport(
        index=index,
        at=f"{leaf.at:%Y-%m-%d %H:%M:%S} UTC",
        stream=leaf.stream,
        kind=events.kind_of(opened.event),
        keyid=leaf.event.signatures[0].keyid if leaf.event.signatures else "",
        subjects=opened.subjects,
        event=opened.event,
    )


def check(ports: Ports, told: Callable[[int, int], None] | None = None) -> Checked:
    """Read the whole log and hold everything against everything: hashes, root, chains, hints, index, authority.

    Raises:
        LedgerError: the first thing that is wrong: ``log.leaf-altered`` and the like from the log, ``log.root-differs``,
            ``log.chain-broken``, ``log.stream-hidden``, ``index.differs``.
    """
    head = trusted_head(ports)
    edge = batch.Edge()
    last: dict[str, int] = {}
    rows: list[Row] = []
    pending: list[bytes] = []
    kinds = Counter[str]()
    for index, data in enumerate(ports.log.leaves(0, head.size)):
        _check_chain(data, index, last)
        rows += rows_of(data, index)
        kinds[read(data, index).kind or "unreadable"] += 1
        pending.append(merkle.leaf_hash(data))
        if len(pending) == 4096 or index + 1 == head.size:
            edge, _, _ = batch.grow(edge, pending)
            pending = []
            if told is not None:
                told(index + 1, head.size)
    if edge.root != head.root:
        raise LedgerError("log.root-differs", "the leaves do not add up to the signed root")
    for stream, index in last.items():
        if ports.log.last(stream) != index:
            raise LedgerError("log.stream-hidden", f"the newest leaf of {stream} is {index}, and the table says another: somebody hides what was recorded")
    _check_index(ports, rows)
    ignored: dict[str, str] = {}
    for stream in last:
        ignored |= project(ports, stream.removeprefix("env:") if stream != events.HOUSE else "", head.size, whole=True).ignored
    return Checked(size=head.size, root=head.root.hex(), kinds=dict(sorted(kinds.items())), ignored=ignored)


def _check_chain(data: bytes, index: int, last: dict[str, int]) -> None:
    try:
        leaf = record.read_leaf(data)
    except EvidenceError:
        return
    if leaf.previous != last.get(leaf.stream, -1):
        raise LedgerError("log.chain-broken", f"leaf {index} does not name its predecessor in {leaf.stream}")
    last[leaf.stream] = index


def _check_index(ports: Ports, rows: list[Row]) -> None:
    cursor = ports.index.cursor()
    live = ports.index.dump()
    if cursor > ports.log.head().size or live != sorted(row for row in rows if row[2] < cursor):
        raise LedgerError("index.differs", "the index does not say what the ledger says", "lockgate log rebuild")
