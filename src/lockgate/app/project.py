"""history -> state: walk an environment's chain back to the last decision, and fold what came after.

The walk reads leaves, each authenticated against the signed head, along the chain each leaf carries (``previous``).
A decision commits to the state it was made on, so the walk ends there and takes as long as there are events since,
whatever the log's size. That short cut is taken only where the committed state stands under the very root that is
pinned and the pinned root's permit key signed the decision; in every other case everything is folded from leaf 0.

Where a chain begins (`Log.last`) is a hint from a table that no hash covers, and a back link is the word of whoever
holds the log key. Both are held against the index, which was filed from authenticated leaves: a leaf that is filed in
the stream and that the walk would pass over stops it. So hiding one takes the ledger's table *and* the index, until
`lockgate log check`, a pinned client or a witness looks.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from datetime import datetime
from itertools import takewhile

from lockgate import canon
from lockgate.app.world import Ports
from lockgate.canon import Noun
from lockgate.core import events
from lockgate.core.digest import Digest, digest_of
from lockgate.core.identity import Root, Roster
from lockgate.core.policy import Policy
from lockgate.core.ports import Head
from lockgate.core.promotion import EnvironmentState, State
from lockgate.errors import EvidenceError, LedgerError, TrustError, UnreadableError, UsageError
from lockgate.evidence import history, record
from lockgate.ledger import checkpoint, note
from lockgate.ledger.merkle import MAX_SIZE

MAX_DOCUMENT = 4 << 20
KEPT_DOCUMENTS = 16
"""The largest root, roster or policy that is read, bytes; and how many a walk keeps in memory."""


class Projection(Noun, frozen=True, kw_only=True):
    """An environment's state at a history size, with the documents in force.

    Attributes:
        size: how many leaves were looked at.
        state: the folded state.
        root, roster: in force. policy: in force; None before the first.
        ignored: leaf index -> why it is no fact, for the leaves this walk saw.
        latest: when the log's newest leaf was recorded.
    """

    size: int
    state: State
    root: Root
    roster: Roster
    policy: Policy | None
    ignored: dict[str, str]
    latest: datetime

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


def project(ports: Ports, environment: str, size: int | None = None, *, whole: bool = False) -> Projection:
    """The state of `environment` (empty: the house alone).

    Args:
        ports: the world.
        environment: its name.
        size: the history to look at, of a head that was trusted; None for all there is.
        whole: fold from leaf 0 even where a decision commits to a state, as a replay does.

    Raises:
        LedgerError, TrustError, UnreadableError: as `trusted_head`, and for altered leaves or lost documents;
            ``root.rolled-back`` where the pinned root is not in force yet at the present head.
    """
    present = size is None
    size = trusted_head(ports).size if size is None else size
    if size == 0:
        raise LedgerError("log.empty", "this log holds nothing: not even its root")
    load = documents(ports)
    stream = f"env:{environment}" if environment else ""
    since: list[int] = []
    state, seen = State(environment=EnvironmentState(name=environment)), 0
    for index, data in chain(ports, stream, size) if stream else ():
        committed = None if whole else _committed(ports, stream, index, data, load)
        since.append(index)
        if committed is not None:
            state, seen = committed
            break
    house = (index for index, _ in takewhile(lambda leaf: leaf[0] >= seen, chain(ports, events.HOUSE, size)))
    ignored: dict[str, str] = {}
    for index in sorted([*since, *house]):
        step = history.advance(state, ports.log.leaf(index), index, load, ports.pinned)
        state = step.state
        if step.ignored:
            ignored[str(index)] = step.ignored
    projection = _projection(ports, state, size, load, ignored)
    if present and ports.pinned is not None and projection.root.version < ports.pinned.version:
        held, pinned = projection.root.version, ports.pinned.version
        raise TrustError("root.rolled-back", f"this log's root is version {held}; version {pinned} is pinned: this is an older copy")
    return projection


def holders(ports: Ports, id_: str) -> list[tuple[str, Projection]]:
    """Everywhere a request or an open proposal of this id stands: ``house`` or an environment, with its projection."""
    house = project(ports, "")
    found = [(events.HOUSE, house)] if any(one.id == id_ for one in house.state.house.proposals) else []
    for environment in sorted(house.policy.environments) if house.policy else ():
        own = project(ports, environment, house.size)
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


def _read(data: bytes, index: int) -> events.Leaf:
    """A leaf that something depends on: where it cannot be read, nothing that follows is known."""
    try:
        return record.read_leaf(data)
    except EvidenceError as err:
        raise LedgerError(err.code, f"leaf {index} cannot be read, and what it says cannot be passed over: {err.message}") from None


def _committed(ports: Ports, stream: str, index: int, data: bytes, load: history.Load) -> tuple[State, int] | None:
    """The state the decision in this leaf commits to and the history it covers, where it may be believed as it stands.

    1. The permit key of the pinned root signed the decision, and the index keeps the very state it commits to.
    2. Nothing was said here between that state and this leaf: it is no copy of an older decision.
    3. It is the state of this stream's environment, under the pinned root.
    4. The decision is a fact on it: in its own stream, after everything it looked at.
    """
    if ports.pinned is None:
        return None
    leaf = record.read_leaf(data)
    try:
        event = record.open_envelope(leaf.event).event
        if not isinstance(event, events.Decided):
            return None
        record.check_permit_signature(leaf.event, ports.pinned.permit)
        kept = ports.index.snapshot(event.state)
        if kept is None or digest_of(kept) != event.state or leaf.previous >= event.history:
            return None
        state = canon.decode(kept, State, what="state")
        if f"env:{state.environment.name}" != stream or state.house.root is None or history.read_root(load(state.house.root.digest)) != ports.pinned:
            return None
        history.admit(state, leaf, index, load, ports.pinned)
    except (EvidenceError, TrustError):  # no decision that counts, or of a lockgate that kept other fields: folded anew
        return None
    return state, event.history


def _projection(ports: Ports, state: State, size: int, load: history.Load, ignored: dict[str, str]) -> Projection:
    house = state.house
    if house.root is None:
        raise TrustError("root.missing", "this log has no root that counts")
    root = history.read_root(load(house.root.digest))
    roster = history.read_roster(load(house.roster.digest)) if house.roster else Roster(version=1)
    policy = history.read_policy(load(house.policy.digest)) if house.policy else None
    latest = _read(ports.log.leaf(size - 1), size - 1).at
    return Projection(size=size, state=state, root=root, roster=roster, policy=policy, ignored=ignored, latest=latest)


def documents(ports: Ports) -> history.Load:
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
