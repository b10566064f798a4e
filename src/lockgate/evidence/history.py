"""Leaves -> facts -> state: which recorded event is a fact, and on whose authority.

The log proves in which order things were said. `admit` decides, in numbered steps, whether a leaf is a fact:

  1. its leaf is canonical, in the stream its event belongs to, and its event is of a kind and shape we know, said in this log;
  2. its one signature verifies over exactly these bytes, under this kind's own namespace;
  3. the key was enrolled, in the roster in force *at that point*, to a person with the duty the kind asks for
     (owners' keys for documents, the root's permit key for decisions);
  4. what it refers to exists there: a request in this environment, a permit for this release, the document in force,
     the very state that a decision says it was made on;
  5. it was not said before: what opens something stands once, however often its leaf is copied into the log.

A leaf that fails is no error of the log: it is a leaf that means nothing, and `advance` says why. The same `admit`
stands at the door (`app.say`) and in every fold, so that what was smuggled in past the door is not believed either.
Only what a later lockgate wrote stops the fold: it may be a rejection, and what follows it is unknown.
"""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from lockgate.canon import Noun
from lockgate.core import events
from lockgate.core.envelope import Leaf
from lockgate.core.exceptional_events import Departure, Held, Lifted
from lockgate.core.identity import Fingerprint, PersonId, PublicKey, Root, Roster, fingerprint
from lockgate.core.model import NONE
from lockgate.core.promotion import Said, fold, in_force
from lockgate.core.rechecked import Rechecked
from lockgate.core.state import EnvironmentState, House, OpenProposal, Owned, State, Who
from lockgate.errors import EvidenceError, LedgerError, TrustError
from lockgate.evidence import record
from lockgate.evidence.admit_document import admit_house
from lockgate.evidence.admit_exceptional import admit_exceptional
from lockgate.evidence.admit_rechecked import admit_rechecked
from lockgate.evidence.admit_release import admit_decided, admit_environment
from lockgate.evidence.place import SKEW, Load, Place, read_root, read_roster
from lockgate.ledger.merkle import leaf_hash


class Advanced(Noun, frozen=True, kw_only=True):
    """One leaf further.

    Attributes:
        state: the state after it.
        ignored: why the leaf is no fact; empty where it is one.
    """

    state: State
    ignored: str = ""


def advance(state: State, leaf_bytes: bytes, index: int, load: Load, pinned: Root | None) -> Advanced:
    """Fold one authenticated leaf: of the house or of the state's environment.

    Args:
        state: before it, with the house as it stood at this index.
        leaf_bytes: as the log holds them.
        index: its leaf index.
        load: documents by digest.
        pinned: the root a verifier trusts; None for unpinned.

    Raises:
        UnreadableError: from `load`: a document could not be had, so nothing can be said of what follows.
        TrustError: ``root.other``: the log's root of the pinned version is not the pinned one; ``root.witnesses-unsupported``.
        LedgerError: ``event.newer``: a later lockgate wrote it, and what it says cannot be passed over; ``time.backwards``:
            it was dated back.
    """
    try:
        said = admit(state, record.read_leaf(leaf_bytes), index, load, pinned)
    except EvidenceError as err:
        if err.code == "event.newer":
            raise LedgerError(err.code, f"leaf {index}: {err.message}; it cannot be passed over") from None
        return Advanced(state=state, ignored=err.code)
    except TrustError as err:
        if err.code in {"root.other", "root.witnesses-unsupported"}:  # another's log; a root that a later lockgate goes by
            raise
        return Advanced(state=state, ignored=err.code)
    folded = fold(state, said)
    if isinstance(said.event, events.Genesis):
        folded = replace(folded, house=replace(folded.house, genesis="sha256:" + leaf_hash(leaf_bytes).hex()))
    return Advanced(state=_enact(folded, load, pinned))


def admit(state: State, leaf: Leaf, index: int, load: Load, pinned: Root | None) -> Said:
    """The fact this leaf is.

    Raises:
        EvidenceError, TrustError: why it is none, by code.
        UnreadableError: from `load`. LedgerError: ``time.backwards``.
    """
    opened = record.open_envelope(leaf.event)
    event, kind = opened.event, events.kind_of(opened.event)
    if isinstance(event, events.Asked):
        raise EvidenceError("event.not-recorded", "a question to the gate is kept as evidence, never as a leaf")
    if leaf.stream != events.stream_of(event) or (leaf.stream == events.HOUSE and isinstance(event, events.Decided | Rechecked)):
        raise EvidenceError("event.other-stream", f"this {kind} stands in the stream {leaf.stream}, where it does not belong")
    at = _recorded_at(state, leaf, index)
    place = Place(state=state, subjects=opened.subjects, at=at, load=load)
    if isinstance(event, events.Genesis):
        if index != 0 or opened.subjects:
            raise EvidenceError("event.malformed", "a genesis stands at leaf 0 and has no subject")
        return Said(event=event, subjects=(), by="", key="", index=index, at=at)
    if event.log != state.house.genesis:
        raise EvidenceError("event.other-log", f"this {kind} was signed for another log: it names {event.log}, and this one began with {state.house.genesis}")
    if state.house.root is None:
        return _first_root(place, event, record.person_key(leaf.event, kind), index, pinned)
    root = read_root(load(state.house.root.digest))
    if isinstance(event, events.Decided | Rechecked):
        record.check_permit_signature(leaf.event, root.permit)
        if isinstance(event, Rechecked):
            admit_rechecked(state, event, opened.subjects, index)
        else:
            admit_decided(state, event, index)
        _require_not_dated_back(event, leaf.at)
        return Said(event=event, subjects=opened.subjects, by="", key=fingerprint(root.permit), index=index, at=at)
    key = record.person_key(leaf.event, kind)
    roster = read_roster(load(state.house.roster.digest)) if state.house.roster else Roster(version=1)
    person = roster.person_of(key)
    owner = key in root.owners
    if person is None and not owner:
        raise TrustError("key.not-enrolled", f"{fingerprint(key)} signed this {kind}, and belongs to nobody in the roster")
    by = person.id if person else _formerly(state.house).get(fingerprint(key), fingerprint(key))
    if isinstance(event, events.Proposal) or event.environment == events.HOUSE:
        admit_house(place, event, by, fingerprint(key), owner=owner)
    elif person is None and not _owners_own(event, state.environment):
        raise TrustError("key.not-enrolled", f"{fingerprint(key)} signed this {kind}, and belongs to nobody in the roster")
    elif isinstance(event, Departure):
        admit_exceptional(place, event, by, roster, owner=owner)
    else:
        admit_environment(place, event, by, roster, owner=owner)
    _require_not_dated_back(event, leaf.at)
    return Said(event=event, subjects=opened.subjects, by=by, key=fingerprint(key), index=index, at=at)


def _owners_own(event: events.Event, here: EnvironmentState) -> bool:
    """What an owner may say in an environment, enrolled or not: what refuses there, or ends that; of revocations, from rules 2 on.

    A lockgate of rules 1 would pass over it and decide, and that decision's state would be believed where the walk ends; by rules 2 it decides nothing.
    """
    revoking = isinstance(event, events.Revoked) or (isinstance(event, events.Withdrawn) and event.what == "revocation")
    return isinstance(event, Held | Lifted) or (revoking and here.goes_by(2))


def _recorded_at(state: State, leaf: Leaf, index: int) -> datetime:
    """When: by its own stream's clock, which never goes back. Raises LedgerError ``time.backwards`` where the leaf was dated back."""
    house = leaf.stream == events.HOUSE
    clocks = [at for at in (state.house.at, None if house else state.environment.at) if at is not None]
    if any(at - leaf.at > SKEW for at in clocks):
        raise LedgerError("time.backwards", f"leaf {index} says it was recorded before the leaves before it: whoever holds the log key dated it back")
    own = state.house.at if house else state.environment.at
    return leaf.at if own is None else max(leaf.at, own)


def _require_not_dated_back(event: events.Event, at: datetime) -> None:
    """When it was recorded is the log key's word; when it happened is signed: so no soak begins before what began it."""
    happened = {
        events.Decided: "decided_at",
        Rechecked: "checked_at",
        events.DeployStarted: "started_at",
        events.Deployed: "ended_at",
        events.DeployFailed: "ended_at",
        events.DeployUnknown: "ended_at",
    }.get(type(event))
    if happened is not None and getattr(event, happened) - at > SKEW:
        raise EvidenceError("event.from-future", f"this {events.kind_of(event)} says it happened after it was recorded: a clock is wrong, or it was dated back")


def _first_root(place: Place, event: events.Event, key: PublicKey, index: int, pinned: Root | None) -> Said:
    """Root version 1: in force by an owner's own signature, and believed because a verifier pinned it."""
    if not isinstance(event, events.RootProposed) or event.version != 1 or len(place.subjects) != 1:
        raise TrustError("root.missing", "nothing counts before the log's first root")
    root = read_root(place.load(place.subjects[0]))
    if root.version != 1 or root.genesis != place.state.house.genesis or root.previous != NONE:
        raise TrustError("root.other-log", "this root belongs to another log: its genesis is not this log's leaf 0")
    if key not in root.owners:
        raise TrustError("root.not-owner", f"{fingerprint(key)} signed the first root, and is none of its owners")
    if pinned is not None and pinned.version == 1 and pinned != root:
        raise TrustError("root.other", "this log's root is not the pinned one: it is another log, or another's hand is in it")
    return Said(event=event, subjects=place.subjects, by=fingerprint(key), key=fingerprint(key), index=index, at=place.at)


def owners_of(house: House, root: Root, roster: Roster) -> dict[Fingerprint, Who]:
    """Whose each owner's key is: by the roster, or by the last that named it; the key's own fingerprint where none ever did."""
    formerly = _formerly(house)
    each = {fingerprint(key): roster.person_of(key) for key in root.owners}
    return {key: person.id if person else formerly.get(key, key) for key, person in each.items()}


def backers(house: House, proposal: OpenProposal, root: Root, roster: Roster, at: datetime | None) -> set[str]:
    """The distinct owners who back a proposal now: one with two keys, or enrolled since, or taken off the roster since, is one person."""
    owners = owners_of(house, root, roster)
    live = [given for given in proposal.approvals if given.key in owners and not given.withdrawn and (at is None or at < given.expires)]
    once = {given.key: given.by for given in sorted(live, key=lambda given: given.by != given.key)}  # whose it was, where it ever was a person's
    return {by if owners[key] == key else owners[key] for key, by in once.items()}


def _formerly(house: House) -> dict[Fingerprint, PersonId]:
    return {one.key: one.person for one in house.formerly}


def _still_known(house: House, before: Roster, load: Load) -> tuple[Owned, ...]:
    """The owners' keys that belong to nobody in the roster in force, and whom they belonged to in the one before it, or earlier."""
    owners = read_root(load(house.root.digest)).owners if house.root else ()
    roster = read_roster(load(house.roster.digest)) if house.roster else Roster(version=1)
    whose = _formerly(house) | {fingerprint(key): person.id for key in owners if (person := before.person_of(key))}
    gone = sorted(fingerprint(key) for key in owners if roster.person_of(key) is None)
    return tuple(Owned(key=key, person=whose[key]) for key in gone if key in whose)


def _enact(state: State, load: Load, pinned: Root | None) -> State:
    """Put proposals in force that have what they need: the first root at once, others by the root's threshold of owners."""
    house = state.house
    if house.root is None:
        return replace(state, house=in_force(house, house.proposals[0])) if house.proposals else state
    if not any(proposal.approvals for proposal in house.proposals):
        return state
    root = read_root(load(house.root.digest))
    roster = read_roster(load(house.roster.digest)) if house.roster else Roster(version=1)
    for proposal in house.proposals:
        if root.threshold >= 1 and len(backers(house, proposal, root, roster, house.at)) >= root.threshold:
            enacted = in_force(house, proposal)
            enacted = replace(enacted, formerly=_still_known(enacted, roster, load))
            if pinned is not None and proposal.kind == "root" and proposal.version == pinned.version and read_root(load(proposal.digest)) != pinned:
                raise TrustError("root.other", "this log's root is not the pinned one: it is another log, or another's hand is in it")
            # What is in force now may be what another proposal waited for.
            return _enact(replace(state, house=enacted), load, pinned)
    return state
