"""What is there: status, one decision, the log's leaves, and a check of everything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

from lockgate.app import first_seen
from lockgate.app.filing import Row, rows_of
from lockgate.app.gather import stored
from lockgate.app.project import Projection, documents, project, read_if_leaf, trusted_head
from lockgate.app.world import Ports
from lockgate.canon import Noun
from lockgate.core import events
from lockgate.core.digest import Digest
from lockgate.core.exceptional import Exceptional
from lockgate.core.facts import Request, Stay
from lockgate.core.recall import names, recalling, standing, struck
from lockgate.core.recheck import marks_of_what_runs
from lockgate.core.rechecked import Mark, Rechecked
from lockgate.core.revocation import Revocation
from lockgate.core.state import EnvironmentState, House, OpenProposal, Permit, Running, State, Unclear
from lockgate.errors import EvidenceError, LedgerError, UnreadableError, UsageError
from lockgate.evidence import history, record
from lockgate.evidence.place import SKEW
from lockgate.ledger import batch, merkle

BATCH = 16_384
"""Leaves that are held against the index at once: some 30 MB, and one pass over the index each."""


class EnvironmentReport(Noun, frozen=True, kw_only=True):
    """One environment, as recorded: what runs there, what may go there, and what is asked.

    Attributes:
        occupant: what runs; None where nothing was deployed, and where nobody knows.
        last_known: what runs, or ran when that was last known.
        running: the deployment that is under way, or never told its end. unclear: since when nobody knows what runs, and why.
        recalled: what recalls what runs, or may run. exceptional: which exceptions stand.
        refused: open request -> what recalls the release it asks for.
        rechecked: what a recheck made of what runs, or may run.
    """

    name: str
    occupant: Stay | None
    last_known: Stay | None
    running: Running | None
    unclear: Unclear | None
    permits: tuple[Permit, ...]
    requests: tuple[Request, ...]
    recalled: tuple[Revocation, ...] = ()
    exceptional: Exceptional = Exceptional()
    refused: dict[str, Revocation] = {}
    rechecked: tuple[Mark, ...] = ()


class Status(Noun, frozen=True, kw_only=True):
    """The gate at a history size. `unpinned`: no root was pinned, so nobody vouches for any of it; `revoked`: digests, everywhere or somewhere."""

    origin: str
    size: int
    unpinned: bool
    environments: tuple[EnvironmentReport, ...]
    proposals: tuple[OpenProposal, ...]
    ignored: dict[str, str]
    revoked: tuple[Revocation, ...] = ()


class LeafReport(Noun, frozen=True, kw_only=True):
    """One leaf, read.

    Attributes:
        at: when it was recorded, RFC 3339; kind: of its event; both empty where it could not be read, and then `problem` says why.
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
    """The whole log, checked.

    Attributes:
        kinds: how many leaves of each kind. ignored: leaf index -> why it is no fact.
        evidenced: how many decisions' evidence is there, every byte of it as it was.
        unevidenced: leaves of decisions whose evidence was erased or lost, which cannot be replayed.
    """

    size: int
    root: str
    kinds: dict[str, int]
    ignored: dict[str, str]
    evidenced: int
    unevidenced: tuple[int, ...]


def status(ports: Ports) -> Status:
    """What each environment of the policy in force runs, and what is open."""
    house = project(ports, "")
    there = sorted(house.policy.environments) if house.policy else []
    seen: dict[str, Projection] = {name: project(ports, name, beside=house) for name in there}
    now = ports.clock.now()
    reports, said = [], dict.fromkeys(standing(house.state))
    for name, projection in seen.items():
        state = projection.state.environment
        live = tuple(permit for permit in state.permits if now < permit.not_after and struck(projection.state, permit) < 0)
        asked = tuple(one for one in state.requests if not one.withdrawn and not one.over)
        runs, revoked = state.last_known(), standing(projection.state)
        perhaps = set().union(*(names(one.release) for one in (runs, state.running, state.unclear) if one is not None))
        recalled = tuple(one for one in revoked if perhaps & set(one.digests))
        said.update(dict.fromkeys(revoked))
        reports.append(
            EnvironmentReport(
                name=name,
                occupant=state.occupant(),
                last_known=runs,
                running=state.running,
                unclear=state.unclear,
                permits=live,
                requests=asked,
                recalled=recalled,
                exceptional=state.exceptional,
                refused={one.id: by for one in asked if (by := recalling(revoked, names(one.release))) is not None},
                rechecked=marks_of_what_runs(state),
            )
        )
    ignored = {index: code for projection in (house, *seen.values()) for index, code in projection.ignored.items()}
    return Status(
        origin=ports.log.origin,
        size=house.size,
        unpinned=ports.pinned is None,
        environments=tuple(reports),
        proposals=house.state.house.proposals,
        ignored=ignored,
        revoked=tuple(said),
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
        UsageError: ``log.bad-count``. LedgerError: ``index.differs`` where a leaf is not about it; what the index leaves
            out is only found by `check`.
    """
    if not 1 <= count <= 10_000:
        raise UsageError("log.bad-count", "--last takes 1 to 10000")
    size = trusted_head(ports).size
    if not about:
        return [read(ports.log.leaf(index), index) for index in range(max(0, size - count), size)]
    name = ("request" if about[:2] in {"r-", "h-", "w-", "g-"} else "digest", about)
    found = []
    for index in [index for index in ports.index.find(*name) if index < size][-count:]:
        data = ports.log.leaf(index) if index >= 0 else b""
        if (*name, index) not in rows_of(data, index):
            raise LedgerError("index.differs", f"the index files leaf {index} under {about[:80]}, and the ledger does not", "lockgate log rebuild")
        found.append(read(data, index))
    return found


def read(data: bytes, index: int) -> LeafReport:
    """A leaf's report. What it says is read, not judged: `Checked.ignored` judges."""
    try:
        leaf = record.read_leaf(data)
        opened = record.open_envelope(leaf.event)
    except EvidenceError as err:
        return LeafReport(index=index, problem=err.code)
    return LeafReport(
        index=index,
        at=f"{leaf.at:%Y-%m-%dT%H:%M:%SZ}",
        stream=leaf.stream,
        kind=events.kind_of(opened.event),
        keyid=leaf.event.signatures[0].keyid if leaf.event.signatures else "",
        subjects=opened.subjects,
        event=opened.event,
    )


def check(ports: Ports, told: Callable[[int, int], None] | None = None) -> Checked:
    """Read the whole log once, in bounded memory, and hold everything against everything.

    1. Each leaf against its hash, all leaves against the signed root.
    2. Each leaf against the one before it: in its chain, and in time.
    3. Each event against the authority it needs, folded from leaf 0.
    4. The index against the leaves.
    5. The evidence of each decision that counts, by its digests.
    6. The hints where chains begin.

    Raises:
        UnreadableError: ``blob.altered`` and the like, for a decision's evidence.
        LedgerError: the first thing that is wrong: ``log.leaf-altered`` and the like from the log, ``log.root-differs``,
            ``log.chain-broken``, ``log.stream-hidden``, ``time.backwards``, ``index.differs``.
    """
    project(ports, "")
    head, filed = trusted_head(ports), ports.index.cursor()
    if filed > ports.log.head().size:
        raise LedgerError("index.differs", "the index names leaves the ledger does not have", "lockgate log rebuild")
    edge, latest = batch.Edge(), datetime.min.replace(year=2, tzinfo=UTC)
    last: dict[str, int] = {}
    kinds = Counter[str]()
    authority, evidence = Authority(ports), _Evidence(ports)
    for start in range(0, head.size, BATCH):
        end = min(start + BATCH, head.size)
        rows: list[Row] = []
        hashes = []
        for index, data in enumerate(ports.log.leaves(start, end), start):
            latest = _check_place(data, index, last, latest)
            rows += rows_of(data, index) if index < filed else ()
            one = read(data, index)
            kinds[one.kind or "unreadable"] += 1
            hashes.append(merkle.leaf_hash(data))
            authority.fold(data, index)
            if str(index) not in authority.ignored:
                evidence.look(one.event, index)
        edge, _, _ = batch.grow(edge, hashes)
        _check_index(ports, rows, start, min(end, filed))
        if told is not None:
            told(end, head.size)
    if edge.root != head.root:
        raise LedgerError("log.root-differs", "the leaves do not add up to the signed root")
    for stream, index in last.items():
        hint = ports.log.last(stream)
        if hint is None or hint < index or index < hint < head.size:
            raise LedgerError("log.stream-hidden", f"the newest leaf of {stream} is {index}, and the table says {hint}: somebody hides what was recorded")
    return Checked(
        size=head.size,
        root=head.root.hex(),
        kinds=dict(sorted(kinds.items())),
        ignored=authority.ignored,
        evidenced=evidence.whole,
        unevidenced=tuple(evidence.gone),
    )


class Authority:
    """Every stream folded at once, in one pass over the log: what `project` does for one environment, for all.

    Attributes:
        ignored: leaf index -> why it is no fact.
    """

    def __init__(self, ports: Ports) -> None:
        self.ignored: dict[str, str] = {}
        self._load, self._pinned = documents(ports), ports.pinned
        self._house = House()
        self._environments: dict[str, EnvironmentState] = {}

    def environment(self, name: str) -> EnvironmentState:
        """This environment, as the leaves so far make it."""
        return self._environments.get(name) or EnvironmentState(name=name)

    def state(self, name: str) -> State:
        """The house and this environment, as the leaves so far make them."""
        return State(house=self._house, environment=self.environment(name))

    def fold(self, data: bytes, index: int) -> None:
        """One leaf further."""
        leaf = read_if_leaf(data, index)
        if leaf is None:
            self.ignored[str(index)] = "event.malformed"
            return
        name = "" if leaf.stream == events.HOUSE else leaf.stream.removeprefix("env:")
        environment = self.environment(name)
        step = history.advance(State(house=self._house, environment=environment), data, index, self._load, self._pinned)
        if step.ignored:
            self.ignored[str(index)] = step.ignored
        self._house = step.state.house
        if name:
            self._environments[name] = step.state.environment


class _Evidence:
    """Step 5: what the decisions rested on, read back. What is gone may have been erased by right; what was altered was not."""

    def __init__(self, ports: Ports) -> None:
        self.whole = 0
        self.gone: list[int] = []
        self._ports = ports

    def look(self, event: events.Event | None, index: int) -> None:
        """The evidence of a decision or a recheck; anything else has none of its own."""
        if not isinstance(event, events.Decided | Rechecked):
            return
        try:
            stored(self._ports, event.evidence)
        except UnreadableError as err:
            if err.code != "blob.missing":
                raise
            self.gone.append(index)
        else:
            self.whole += 1


def _check_place(data: bytes, index: int, last: dict[str, int], latest: datetime) -> datetime:
    """Step 2; the latest time so far."""
    try:
        leaf = record.read_leaf(data)
    except EvidenceError:
        return latest
    if leaf.previous != last.get(leaf.stream, -1):
        raise LedgerError("log.chain-broken", f"leaf {index} does not name its predecessor in {leaf.stream[:80]}")
    if latest - leaf.at > SKEW:
        raise LedgerError(
            "time.backwards", f"leaf {index} says it was recorded before the leaves that stand before it: whoever holds the log key dated it back"
        )
    last[leaf.stream] = index
    return max(leaf.at, latest)


def _check_index(ports: Ports, rows: list[Row], start: int, end: int) -> None:
    """Step 4, for the leaves in [start, end); the first batch also finds what is filed under no leaf at all."""
    if start < end and [row for row in ports.index.dump(start or None, end) if row[0] not in first_seen.KINDS] != sorted(rows):
        raise LedgerError("index.differs", "the index does not say what the ledger says", "lockgate log rebuild")
