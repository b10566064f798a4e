"""history -> state: fold the house, then walk an environment's chain back to the last decision and fold what came after.

The house (root, roster, policy) is folded alone, by its own leaves and its own clock, from leaf 0: it is the same
whichever environment is asked about, and nothing a decision says of it is believed. An environment's walk reads leaves
along the chain each leaf carries (``previous``). A decision commits to the state it was made on, so the walk ends there
and takes as long as there are events since, whatever the log's size. That short cut is taken only where the committed
house is the one folded here, and its root's permit key signed the decision; else the environment is folded from leaf 0.

Where a chain begins (`Log.last`) is a hint from a table that no hash covers, and a back link is the word of whoever
holds the log key. Both are held against the index, which was filed from authenticated leaves: a leaf that is filed in
the stream and that the walk would pass over stops it. So hiding one takes the ledger's table *and* the index, until
`lockgate log check`, a pinned client or a witness looks.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterator
from datetime import datetime
from operator import itemgetter
from typing import Literal

from msgspec.structs import replace

from lockgate import canon
from lockgate.app.world import Ports
from lockgate.canon import Noun
from lockgate.core import events
from lockgate.core.digest import Digest, digest_of
from lockgate.core.envelope import Leaf
from lockgate.core.identity import Name, Root, Roster
from lockgate.core.policy import Policy, watched
from lockgate.core.ports import Head
from lockgate.core.rechecked import Rechecked
from lockgate.core.state import EnvironmentState, House, State
from lockgate.errors import EvidenceError, LedgerError, TrustError, UnreadableError, UsageError
from lockgate.evidence import history, record
from lockgate.evidence.place import Load, read_policy, read_root, read_roster
from lockgate.ledger import checkpoint, note
from lockgate.ledger.merkle import MAX_SIZE

MAX_DOCUMENT = 1 << 20
KEPT_DOCUMENTS = 16
"""The largest root, roster or policy that is read, bytes; and how many a walk keeps in memory."""


Timeline = tuple[tuple[int, House], ...]
"""The house as each of its leaves left it, with the leaf's index; -1 and an empty one first."""

Walk = Literal["committed", "chain", "every"]
"""How far back is looked: to a decision that committed to a state; along the chain to its first leaf; past every leaf of
the log, so that no link hides one, as a replay does."""


class Projection(Noun, frozen=True, kw_only=True):
    """An environment's state at a history size, with the documents in force.

    Attributes:
        size: how many leaves were looked at.
        state: the folded state.
        root, roster: in force. policy: in force; None before the first.
        ignored: leaf index -> why it is no fact, for the leaves this walk saw.
        latest: the latest time that any leaf looked at was recorded, the log's newest among them.
        houses: the house at each of its leaves; nothing where every leaf was passed.
    """

    size: int
    state: State
    root: Root
    roster: Roster
    policy: Policy | None
    ignored: dict[str, str]
    latest: datetime
    houses: Timeline = ()

    def policy_in_force(self) -> Policy:
        """The policy. Raises UsageError ``policy.none-in-force``."""
        if self.policy is None:
            raise UsageError("policy.none-in-force", "no policy is in force yet: nothing can be decided")
        return self.policy


def trusted_head(ports: Ports) -> Head:
    """The log's head, compared with what this user saw before of the log with this very key; remembered under a pinned root alone.

    Raises:
        LedgerError: ``head.rolled-back``, ``head.forked``: an older copy, or another history.
        UnreadableError: ``head.unreadable`` where what was remembered is no head of this log.
        TrustError: ``root.other-log`` where the pinned root names another log key.
    """
    key = ports.log.vkey if ports.pinned is None else ports.pinned.log
    if key != ports.log.vkey:
        raise TrustError("root.other-log", "the pinned root names another log key than this log's: it is another log, or begun anew")
    # Recalled before the head is read: what another process remembers meanwhile is never newer than what is read after it.
    remembered = ports.heads.recall(key)
    head = ports.log.head()
    checkpoint.verify_checkpoint(head.note, note.parse_vkey(key))
    if remembered is not None and remembered != head.note:
        _require_whole(remembered, key)
        checkpoint.require_not_older(remembered, head.note, key, ports.log.tile)
    if ports.pinned is not None and remembered != head.note:
        ports.heads.remember(key, head.note)
    return head


def _require_whole(remembered: bytes, key: str) -> None:
    """What this user remembers is a head the log's key signed: otherwise the memory is at fault, not the log. Raises UnreadableError ``head.unreadable``."""
    try:
        checkpoint.verify_checkpoint(remembered, note.parse_vkey(key))
    except LedgerError as err:
        raise UnreadableError("head.unreadable", f"the head this account remembers of this log is damaged: {err.message}") from None


def project(
    ports: Ports, environment: str, size: int | None = None, walk: Walk = "committed", *, beside: Projection | None = None, load: Load | None = None
) -> Projection:
    """The state of `environment` (empty: the house alone).

    Args:
        ports: the world.
        environment: its name.
        size: the history to look at, of a head that was trusted; None for all there is, or as much as `beside`.
        walk: how far back.
        beside: another projection of this history: its house is the same, and is not folded again.
        load: `documents` that several projections share.

    Raises:
        LedgerError, TrustError, UnreadableError: as `trusted_head` and `history.advance`, and for altered leaves or lost
            documents; ``root.rolled-back`` where the pinned root is not in force yet at the present head.
    """
    present = size is None and beside is None
    if size is None:
        size = trusted_head(ports).size if beside is None else beside.size
    if size == 0:
        raise LedgerError("log.empty", "this log holds nothing: not even its root")
    fold = _Fold(ports, load or documents(ports))
    start = State(environment=EnvironmentState(name=environment))
    houses: Timeline = ()
    if walk == "every":
        state = _past_every_leaf(fold, start, size)
    else:
        houses = beside.houses if beside is not None and beside.size == size and beside.houses else _houses(fold, size)
        state = _along_chain(fold, houses, start, size, walk)
    projection = _projection(ports, state, size, fold, houses)
    if present and ports.pinned is not None and projection.root.version < ports.pinned.version:
        held, pinned = projection.root.version, ports.pinned.version
        raise TrustError("root.rolled-back", f"this log's root is version {held}; version {pinned} is pinned: this is an older copy")
    return projection


class _Fold:
    """One fold: documents as they are needed, and why a leaf is no fact."""

    def __init__(self, ports: Ports, load: Load) -> None:
        self.ports, self.load = ports, load
        self.ignored: dict[str, str] = {}

    def further(self, state: State, data: bytes, index: int) -> State:
        """One leaf further."""
        step = history.advance(state, data, index, self.load, self.ports.pinned)
        if step.ignored:
            self.ignored[str(index)] = step.ignored
        return step.state


def _past_every_leaf(fold: _Fold, state: State, size: int) -> State:
    streams = {events.HOUSE, f"env:{state.environment.name}"}
    for index, data in enumerate(fold.ports.log.leaves(0, size)):
        leaf = read_if_leaf(data, index)
        if leaf is not None and leaf.stream in streams:
            state = fold.further(state, data, index)
    return state


def _houses(fold: _Fold, size: int) -> Timeline:
    houses = [(-1, House())]
    for index in reversed([index for index, _ in chain(fold.ports, events.HOUSE, size)]):
        houses.append((index, fold.further(State(house=houses[-1][1]), fold.ports.log.leaf(index), index).house))
    return tuple(houses)


def _along_chain(fold: _Fold, houses: Timeline, state: State, size: int, walk: Walk) -> State:
    ports = fold.ports
    stream, since = f"env:{state.environment.name}", list[int]()
    for index, data in chain(ports, stream, size) if state.environment.name else ():
        since.append(index)
        committed = _committed(fold, houses, stream, index, data) if walk == "committed" else None
        if committed is not None:
            state = committed
            break
    for index in reversed(since):
        state = fold.further(replace(state, house=_house_before(houses, index)), ports.log.leaf(index), index)
    return replace(state, house=houses[-1][1])


def _house_before(houses: Timeline, index: int) -> House:
    """The house as the leaves below `index` make it."""
    return houses[bisect_left(houses, index, key=itemgetter(0)) - 1][1]


def holders(ports: Ports, id_: str) -> list[tuple[str, Projection]]:
    """Everywhere a request or an open proposal of this id stands: ``house`` or an environment, with its projection."""
    house = project(ports, "")
    found = [(events.HOUSE, house)] if any(one.id == id_ for one in house.state.house.proposals) else []
    for environment in sorted(house.policy.environments) if house.policy else ():
        own = project(ports, environment, beside=house)
        if own.state.environment.request(id_) is not None:
            found.append((environment, own))
    return found


def newest(ports: Ports, stream: str) -> int | None:
    """The index of a stream's newest leaf: the ledger's hint, unless the index has filed a newer one.

    Raises:
        LedgerError: ``log.stream-hidden`` where a leaf of the stream stands after what the hint says;
            ``index.differs`` where the index names a leaf that is not there, or not of this stream.
    """
    # The index first: a leaf that is recorded and filed meanwhile is in the hint that is read after it.
    filed = ports.index.newest("stream", stream, MAX_SIZE - 1)
    hint = ports.log.last(stream)
    if filed is not None and (hint is None or hint < filed):
        _require_filed(ports, stream, filed)
        raise LedgerError("log.stream-hidden", f"leaf {filed} is of {stream}, and the ledger's table hides it: somebody edited it")
    return hint


def chain(ports: Ports, stream: str, size: int) -> Iterator[tuple[int, bytes]]:
    """A stream's leaves below `size`, newest first, each authenticated, along their own back links.

    Raises:
        LedgerError: as `newest`; ``log.chain-broken`` where a back link leads out of the stream or passes over a leaf
            that is filed in it; ``event.newer``, ``event.malformed`` for a leaf that cannot be read.
    """
    index = newest(ports, stream)
    while index is not None and index >= 0:
        data = ports.log.leaf(index)
        leaf = _read(data, index)
        if leaf.stream != stream or leaf.previous >= index:
            raise LedgerError("log.chain-broken", f"leaf {index} does not belong to the chain of {stream}")
        filed = ports.index.newest("stream", stream, index)
        if filed is not None and filed > leaf.previous:
            _require_filed(ports, stream, filed)
            raise LedgerError("log.chain-broken", f"leaf {index} of {stream} passes over leaf {filed}, which stands before it")
        if index < size:
            yield index, data
        index = leaf.previous


def _require_filed(ports: Ports, stream: str, index: int) -> None:
    """The leaf that the index filed under this stream is there, and of it."""
    if not 0 <= index < ports.log.head().size or _read(ports.log.leaf(index), index).stream != stream:
        raise LedgerError("index.differs", f"the index files leaf {index} under {stream}, and the ledger does not", "lockgate log rebuild")


def _read(data: bytes, index: int) -> Leaf:
    """A leaf that something depends on: where it cannot be read, nothing that follows is known."""
    try:
        return record.read_leaf(data)
    except EvidenceError as err:
        raise LedgerError(err.code, f"leaf {index} cannot be read, and what it says cannot be passed over: {err.message}") from None


def read_if_leaf(data: bytes, index: int) -> Leaf | None:
    """A leaf; None for bytes that are none, and so stand in no stream. Raises LedgerError ``event.newer``: who knows in which."""
    try:
        return record.read_leaf(data)
    except EvidenceError as err:
        if err.code != "event.newer":
            return None
        raise LedgerError(err.code, f"leaf {index} cannot be read, and what it says cannot be passed over: {err.message}") from None


def _committed(fold: _Fold, houses: Timeline, stream: str, index: int, data: bytes) -> State | None:
    """The state the decision in this leaf commits to, where it may be believed as it stands.

    1. It is a decision, or a second look at one, and nothing was said here between what it looked at and this leaf: it is no copy of an older one.
    2. The index keeps the very state it commits to.
    3. That is of this stream's environment, and its house is the one that was folded here, and still was when the decision was recorded.
    4. The decision is a fact on it: signed by the permit key of that house's root, after everything it looked at.
    """
    ports, leaf = fold.ports, record.read_leaf(data)
    try:
        event = record.open_envelope(leaf.event).event
        if not isinstance(event, events.Decided | Rechecked) or leaf.previous >= event.history:
            return None
        kept = ports.index.snapshot(event.state)
        if kept is None or digest_of(kept) != event.state:
            return None
        state = canon.decode(kept, State, what="state")
        if f"env:{state.environment.name}" != stream or state.house != _house_before(houses, index):
            return None
        history.admit(state, leaf, index, fold.load, ports.pinned)
    except (EvidenceError, TrustError):  # no decision that counts, or of a lockgate that kept other fields: folded anew
        return None
    return state


def _projection(ports: Ports, state: State, size: int, fold: _Fold, houses: Timeline) -> Projection:
    house = state.house
    if house.root is None:
        raise TrustError("root.missing", "this log has no root that counts")
    root = read_root(fold.load(house.root.digest))
    roster = read_roster(fold.load(house.roster.digest)) if house.roster else Roster(version=1)
    policy = read_policy(fold.load(house.policy.digest)) if house.policy else None
    times = (_read(ports.log.leaf(size - 1), size - 1).at, house.at, state.environment.at)
    latest = max(at for at in times if at is not None)
    return Projection(size=size, state=state, root=root, roster=roster, policy=policy, ignored=fold.ignored, latest=latest, houses=houses)


def documents(ports: Ports) -> Load:
    """Roots, rosters and policies by digest, the newest few kept. Raises UnreadableError ``document.unreadable``."""
    seen: OrderedDict[Digest, bytes] = OrderedDict()

    def load(digest: Digest) -> bytes:
        if digest not in seen:
            try:
                seen[digest] = ports.blobs.get(digest, max_bytes=MAX_DOCUMENT)
            except UnreadableError as err:
                raise UnreadableError("document.unreadable", f"the document {digest}, which history needs, could not be had: {err.message}") from None
            if len(seen) > KEPT_DOCUMENTS:
                seen.popitem(last=False)
        return seen[digest]

    return load


def look_beside(ports: Ports, own: Projection, environment: Name, size: int, walk: Walk = "committed") -> dict[Name, Projection]:
    """The projections of the environments that this one's requirements name."""
    policy = own.policy_in_force()
    if environment not in policy.environments:
        return {}
    return {name: project(ports, name, size, walk, beside=own) for name in watched(policy, environment) if name != environment}
