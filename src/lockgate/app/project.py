"""history -> state: walk an environment's chain back to the last decision, and fold what came after.

The walk reads leaves, each authenticated against the signed head, along the chain each leaf carries (``previous``).
A decision commits to the state it was made on, so the walk ends there and takes as long as there are events since,
whatever the log's size. That short cut is taken only where the committed state stands under the very root that is
pinned and the pinned root's permit key signed the decision; in every other case everything is folded from leaf 0.

Where a chain begins (`Log.last`) is a hint from a table: whoever edits it hides at most the newest events, until
`lockgate log check`, a pinned client or a witness looks.
"""

from __future__ import annotations

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
    """The log's head, compared with what this user saw before.

    Raises:
        LedgerError: ``head.rolled-back``, ``head.forked`` or ``head.forged``: an older copy, or another history.
        TrustError: ``root.other-log`` where the pinned root names another log key.
    """
    head = ports.log.head()
    key = ports.log.vkey if ports.pinned is None else ports.pinned.log
    if key != ports.log.vkey:
        raise TrustError("root.other-log", "the pinned root names another log key than this log's: it is another log, or begun anew")
    checkpoint.verify_checkpoint(head.note, note.parse_vkey(key))
    remembered = ports.heads.recall(ports.log.origin)
    if remembered is None:
        ports.heads.remember(ports.log.origin, head.note)
    elif remembered != head.note:
        checkpoint.require_not_older(remembered, head.note, key, ports.log.tile)
        ports.heads.remember(ports.log.origin, head.note)
    return head


def project(ports: Ports, environment: str, size: int | None = None, *, whole: bool = False) -> Projection:
    """The state of `environment` (empty: the house alone).

    Args:
        ports: the world.
        environment: its name.
        size: the history to look at; None for all there is.
        whole: fold from leaf 0 even where a decision commits to a state, as a replay does.

    Raises:
        LedgerError, TrustError, UnreadableError: as `trusted_head`, and for altered leaves or lost documents.
    """
    size = trusted_head(ports).size if size is None else size
    if size == 0:
        raise LedgerError("log.empty", "this log holds nothing: not even its root")
    load = _cached(ports)
    stream = f"env:{environment}" if environment else ""
    own = chain(ports, stream, size) if stream else iter(())
    since: list[tuple[int, bytes]] = []
    state, seen = State(environment=EnvironmentState(name=environment)), 0
    for index, data in own:
        committed = None if whole else _committed(ports, data, load)
        since.append((index, data))
        if committed is not None:
            state, seen = committed
            break
    house = list(takewhile(lambda leaf: leaf[0] >= seen, chain(ports, events.HOUSE, size)))
    ignored: dict[str, str] = {}
    for index, data in sorted([*since, *house]):
        step = history.advance(state, data, index, load, ports.pinned)
        state = step.state
        if step.ignored:
            ignored[str(index)] = step.ignored
    return _projection(ports, state, size, load, ignored)


def chain(ports: Ports, stream: str, size: int) -> Iterator[tuple[int, bytes]]:
    """A stream's leaves below `size`, newest first, each authenticated, along their own back links."""
    index = ports.log.last(stream)
    while index is not None and index >= 0:
        data = ports.log.leaf(index)
        leaf = record.read_leaf(data)
        if leaf.stream != stream or leaf.previous >= index:
            raise LedgerError("log.chain-broken", f"leaf {index} does not belong to the chain of {stream}")
        if index < size:
            yield index, data
        index = leaf.previous


def _committed(ports: Ports, data: bytes, load: history.Load) -> tuple[State, int] | None:
    """The state the decision in this leaf commits to and the history it covers, where it may be believed as it stands."""
    if ports.pinned is None:
        return None
    leaf = record.read_leaf(data)
    try:
        event = record.open_envelope(leaf.event).event
        if not isinstance(event, events.Decided):
            return None
        record.check_permit_signature(leaf.event, ports.pinned.permit)
    except EvidenceError:
        return None
    kept = ports.index.snapshot(event.state)
    if kept is None or digest_of(kept) != event.state or leaf.previous >= event.history:
        return None
    state = canon.decode(kept, State, what="state")
    if state.house.root is None or history.read_root(load(state.house.root.digest)) != ports.pinned:
        return None
    return state, event.history


def _projection(ports: Ports, state: State, size: int, load: history.Load, ignored: dict[str, str]) -> Projection:
    house = state.house
    if house.root is None:
        raise TrustError("root.missing", "this log has no root that counts")
    root = history.read_root(load(house.root.digest))
    if ports.pinned is not None and root.version < ports.pinned.version:
        raise TrustError("root.rolled-back", f"this log's root is version {root.version}; version {ports.pinned.version} is pinned: this is an older copy")
    roster = history.read_roster(load(house.roster.digest)) if house.roster else Roster(version=1)
    policy = history.read_policy(load(house.policy.digest)) if house.policy else None
    latest = record.read_leaf(ports.log.leaf(size - 1)).at
    return Projection(size=size, state=state, root=root, roster=roster, policy=policy, ignored=ignored, latest=latest)


def _cached(ports: Ports) -> history.Load:
    seen: dict[Digest, bytes] = {}

    def load(digest: Digest) -> bytes:
        if digest not in seen:
            try:
                seen[digest] = ports.blobs.get(digest, max_bytes=4 << 20)
            except UnreadableError as err:
                raise UnreadableError("document.unreadable", f"the document {digest}, which history needs, could not be had: {err.message}") from None
        return seen[digest]

    return load
