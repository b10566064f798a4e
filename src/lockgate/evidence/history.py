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

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache

from msgspec.structs import replace

from lockgate import canon
from lockgate.canon import Noun
from lockgate.core import events
from lockgate.core.digest import Digest
from lockgate.core.identity import Fingerprint, PublicKey, Root, Roster, fingerprint, require_checkable
from lockgate.core.model import NONE, Release
from lockgate.core.policy import Policy, section_digest
from lockgate.core.promotion import (
    KEPT_ANSWERS,
    KEPT_REQUESTS,
    PERMIT_GRACE,
    Document,
    OpenProposal,
    Said,
    State,
    fold,
    in_force,
    release_digest,
    room_for_proposal,
    room_for_request,
    state_digest,
)
from lockgate.errors import EvidenceError, LedgerError, TrustError
from lockgate.evidence import record
from lockgate.ledger.merkle import leaf_hash

SKEW = timedelta(minutes=2)
"""How much later than its recording an event may say it happened: two machines' clocks differ, and a process waits for its turn."""

ASKED_WITHIN = timedelta(minutes=5)
"""How long before or after a decision the question it answers may say it was signed: what was kept as evidence proves nobody later."""

LONGEST_APPROVAL = timedelta(days=90)
"""How long an approval lasts at most: while it does, what it was given to cannot be forgotten, and there is room for so many."""

Load = Callable[[Digest], bytes]
"""The bytes of a document by digest, re-hashed by whoever loads them."""


class Advanced(Noun, frozen=True, kw_only=True):
    """One leaf further.

    Attributes:
        state: the state after it.
        ignored: why the leaf is no fact; empty where it is one.
    """

    state: State
    ignored: str = ""


@lru_cache(maxsize=16)
def read_root(data: bytes) -> Root:
    """A root document. Raises EvidenceError ``root.malformed``; TrustError ``root.witnesses-unsupported``."""
    return require_checkable(canon.decode(data, Root, what="root", code="root.malformed"))


@lru_cache(maxsize=16)
def read_roster(data: bytes) -> Roster:
    """A roster document. Raises EvidenceError ``roster.malformed``: also where one key stands under two people."""
    return canon.decode(data, Roster, what="roster", code="roster.malformed")


@lru_cache(maxsize=16)
def read_policy(data: bytes) -> Policy:
    """A policy in force. Raises EvidenceError ``policy.malformed``."""
    return canon.decode(data, Policy, what="policy", code="policy.malformed")


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
        TrustError: ``root.other``: the log's root of the pinned version is not the pinned one.
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
        if err.code == "root.other":
            raise
        return Advanced(state=state, ignored=err.code)
    folded = fold(state, said)
    if isinstance(said.event, events.Genesis):
        folded = replace(folded, house=replace(folded.house, genesis="sha256:" + leaf_hash(leaf_bytes).hex()))
    return Advanced(state=_enact(folded, load, pinned))


def admit(state: State, leaf: events.Leaf, index: int, load: Load, pinned: Root | None) -> Said:
    """The fact this leaf is.

    Raises:
        EvidenceError, TrustError: why it is none, by code.
        UnreadableError: from `load`. LedgerError: ``time.backwards``.
    """
    opened = record.open_envelope(leaf.event)
    event, kind = opened.event, events.kind_of(opened.event)
    if isinstance(event, events.Asked):
        raise EvidenceError("event.not-recorded", "a question to the gate is kept as evidence, never as a leaf")
    if leaf.stream != events.stream_of(event) or (leaf.stream == events.HOUSE and isinstance(event, events.Decided)):
        raise EvidenceError("event.other-stream", f"this {kind} stands in the stream {leaf.stream}, where it does not belong")
    at = _recorded_at(state, leaf, index)
    place = _Place(state=state, subjects=opened.subjects, at=at, load=load)
    if isinstance(event, events.Genesis):
        if index != 0 or opened.subjects:
            raise EvidenceError("event.malformed", "a genesis stands at leaf 0 and has no subject")
        return Said(event=event, subjects=(), by="", key="", index=index, at=at)
    if event.log != state.house.genesis:
        raise EvidenceError("event.other-log", f"this {kind} was signed for another log: it names {event.log}, and this one began with {state.house.genesis}")
    if state.house.root is None:
        return _first_root(place, event, record.person_key(leaf.event, kind), index, pinned)
    root = read_root(load(state.house.root.digest))
    if isinstance(event, events.Decided):
        record.check_permit_signature(leaf.event, root.permit)
        _admit_decided(state, event, index)
        _require_not_dated_back(event, leaf.at)
        return Said(event=event, subjects=opened.subjects, by="", key=fingerprint(root.permit), index=index, at=at)
    key = record.person_key(leaf.event, kind)
    roster = read_roster(load(state.house.roster.digest)) if state.house.roster else Roster(version=1)
    person = roster.person_of(key)
    owner = key in root.owners
    if person is None and not owner:
        raise TrustError("key.not-enrolled", f"{fingerprint(key)} signed this {kind}, and belongs to nobody in the roster")
    by = person.id if person else fingerprint(key)
    if isinstance(event, events.Proposal) or event.environment == events.HOUSE:
        _admit_house(place, event, by, fingerprint(key), owner=owner)
    else:
        if person is None:
            raise TrustError("key.not-enrolled", f"{fingerprint(key)} signed this {kind}, and belongs to nobody in the roster")
        _admit_environment(place, event, person.id, roster)
    _require_not_dated_back(event, leaf.at)
    return Said(event=event, subjects=opened.subjects, by=by, key=fingerprint(key), index=index, at=at)


def _recorded_at(state: State, leaf: events.Leaf, index: int) -> datetime:
    """When: by its own stream's clock, which never goes back. Raises LedgerError ``time.backwards`` where the leaf was dated back."""
    house = leaf.stream == events.HOUSE
    clocks = [at for at in (state.house.at, None if house else state.environment.at) if at is not None]
    if any(at - leaf.at > SKEW for at in clocks):
        raise LedgerError("time.backwards", f"leaf {index} says it was recorded before the leaves before it: whoever holds the log key dated it back")
    own = state.house.at if house else state.environment.at
    return leaf.at if own is None else max(leaf.at, own)


class _Place(Noun, frozen=True, kw_only=True):
    """Where an event stands: the state before it, its subjects, its time, and the documents."""

    state: State
    subjects: tuple[Digest, ...]
    at: datetime
    load: Load


def _require_not_dated_back(event: events.Event, at: datetime) -> None:
    """When it was recorded is the log key's word; when it happened is signed: so no soak begins before what began it."""
    happened = {events.Decided: "decided_at", events.Deployed: "ended_at", events.DeployFailed: "ended_at"}.get(type(event))
    if happened is not None and getattr(event, happened) - at > SKEW:
        raise EvidenceError("event.from-future", f"this {events.kind_of(event)} says it happened after it was recorded: a clock is wrong, or it was dated back")


def _first_root(place: _Place, event: events.Event, key: PublicKey, index: int, pinned: Root | None) -> Said:
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


def _admit_house(place: _Place, event: events.Event, by: str, key: Fingerprint, *, owner: bool) -> None:
    house = place.state.house
    if isinstance(event, events.Proposal):
        _admit_proposal(place, event)
        return
    if not isinstance(event, events.Approved | events.Rejected | events.Withdrawn):
        raise EvidenceError("event.other-stream", "only documents are decided in the house's stream")
    proposal = next((one for one in house.proposals if one.id == event.request), None)
    if proposal is None:
        raise EvidenceError("request.unknown", f"{event.request} is no open proposal")
    if place.subjects != (proposal.digest,):
        raise EvidenceError("approval.other-release", f"this is about another document than {event.request} proposes")
    if isinstance(event, events.Withdrawn):
        backed = any((given.by == by or given.key == key) and not given.withdrawn for given in proposal.approvals)
        if (event.what == "request" and by != proposal.by) or (event.what == "approval" and not backed) or event.what == "rejection":
            raise EvidenceError("withdrawal.not-yours", f"no {event.what} of {event.request} by this person stands: only who said it can take it back")
        return
    if not owner:
        raise TrustError("approval.not-owner", f"{by} is no owner: documents are approved by the root's owners")
    if isinstance(event, events.Approved):
        if event.duty != "owner":
            raise EvidenceError("approval.other-duty", "a document is approved under the duty owner")
        replaces = _document(place, proposal)
        if event.shown.to != proposal.digest or event.shown.from_ != (replaces.digest if replaces else NONE):
            raise EvidenceError("approval.from-changed", "this approval was given over another document in force")
        _require_lasting(event, place.at)
        if any(given.nonce == event.nonce for one in (*house.proposals, *house.closed) for given in one.approvals):
            raise EvidenceError("approval.replayed", "this very approval was recorded before")
        if len(proposal.approvals) >= KEPT_ANSWERS:
            raise EvidenceError("request.too-many-answers", f"{event.request} has had {KEPT_ANSWERS} approvals, withdrawn ones among them: propose it anew")


def _document(place: _Place, proposal: OpenProposal) -> Document | None:
    house = place.state.house
    return {"root": house.root, "roster": house.roster, "policy": house.policy}[proposal.kind]


def _admit_proposal(place: _Place, event: events.Proposal) -> None:
    if len(place.subjects) != 1:
        raise EvidenceError("event.malformed", "a proposal is about exactly one document")
    data = place.load(place.subjects[0])
    house = place.state.house
    match event:
        case events.RootProposed():
            root, current = read_root(data), house.root
            version = root.version
            if current is None or root.previous != current.digest or (root.genesis, root.log) != (house.genesis, read_root(place.load(current.digest)).log):
                raise TrustError("root.other-log", "this root does not follow the one in force: it names another log, or another root before it")
        case events.RosterProposed():
            version, current = read_roster(data).version, house.roster
        case _:
            read_policy(data)
            version, current = event.version, house.policy
    if version != event.version or event.version != (current.version if current else 0) + 1 or event.replaces != (current.digest if current else NONE):
        raise EvidenceError("proposal.stale", f"version {event.version} does not follow what is in force")
    if any(one.id == event.id for one in (*house.proposals, *house.closed)):
        raise EvidenceError("request.reused", f"the id {event.id} is taken")
    room = room_for_proposal(house, place.at)
    if len(room.proposals) + len(room.closed) >= KEPT_REQUESTS:
        raise EvidenceError("request.too-many", f"{KEPT_REQUESTS} proposals are open or have approvals that have not ended: one has to end first")


def _admit_environment(place: _Place, event: events.Event, person: str, roster: Roster) -> None:
    state = place.state.environment
    environment = getattr(event, "environment", "")
    duty = events.duty_for(event)
    if duty is not None and not roster.may(person, duty, environment):
        raise _no_duty(f"{person} does not have the duty {duty} in {environment}", environment, duty)
    match event:
        case events.Requested():
            if state.request(event.id) is not None:
                raise EvidenceError("request.reused", f"the id {event.id} is taken")
            if len(room_for_request(state.requests, place.at)) >= KEPT_REQUESTS:
                raise EvidenceError("request.too-many", f"{KEPT_REQUESTS} requests have approvals that have not ended: one has to end first")
        case events.Deployed() | events.DeployFailed():
            _admit_deployed(place, event, person)
        case events.Approved() | events.Rejected() | events.Withdrawn():
            _admit_answer(place, event, person, roster)
        case _:
            raise EvidenceError("event.other-stream", "this kind of event does not belong to an environment")


def _no_duty(message: str, environment: str, duty: str) -> TrustError:
    return TrustError("people.no-duty", message, f"lockgate people add NAME --duty {environment}={duty}")


def _admit_decided(state: State, event: events.Decided, index: int) -> None:
    """A decision counts where it was made, on what stood there: nothing that touches it was recorded since, and so it is no copy of an earlier one."""
    newest = max(state.house.leaf, state.environment.leaf)
    if not newest < event.history <= index:
        raise EvidenceError("decision.stale", f"leaf {newest} was recorded after what this decision looked at")
    if any(at is not None and at - event.decided_at > SKEW for at in (state.house.at, state.environment.at)):
        raise EvidenceError("decision.stale", "this decision says it was made before what it looked at was recorded")
    if event.request and state.environment.request(event.request) is None:
        raise EvidenceError("request.unknown", f"this decision goes by {event.request}, which is no request in {event.environment}")
    if event.state != state_digest(state):
        raise EvidenceError("decision.other-state", "this decision was made on another state than history gives: the gate's keys signed what nobody said")


def _admit_deployed(place: _Place, event: events.Deployed, person: str) -> None:
    permit = next((one for one in place.state.environment.permits if one.decision == event.permit), None)
    if permit is None:
        raise EvidenceError("deployed.no-permit", f"leaf {event.permit} is no live permit for {event.environment}")
    if permit.release != Release(artifacts=place.subjects, config=event.config):
        raise EvidenceError("deployed.other-release", f"the permit at leaf {event.permit} is for another release or configuration")
    if permit.person is not None and permit.person != person:
        raise TrustError("deployed.other-person", f"the permit at leaf {event.permit} is for whoever asked for it, and {person} did not")
    request = place.state.environment.request(permit.request)
    fell = permit.request and (request is None or request.withdrawn or request.rejected_by or request.over)  # None: nobody knows any more whether it was
    if fell and not isinstance(event, events.DeployFailed):
        raise EvidenceError("deployed.no-permit", f"the permit at leaf {event.permit} fell: {permit.request} was withdrawn, rejected, replaced or forgotten")
    if not event.started_at < permit.not_after or event.ended_at < event.started_at or place.at - permit.not_after >= PERMIT_GRACE:
        raise EvidenceError("deployed.permit-expired", f"the permit at leaf {event.permit} had ended when this deployment began")


def _admit_answer(place: _Place, event: events.Approved | events.Rejected | events.Withdrawn, person: str, roster: Roster) -> None:
    """Approvals, rejections and withdrawals: of a request that is there, about exactly its bytes."""
    request = place.state.environment.request(event.request)
    if request is None:
        raise EvidenceError("request.unknown", f"{event.request} is no request in {event.environment}")
    if place.subjects != request.release.artifacts:
        raise EvidenceError("approval.other-release", f"this is about other artifacts than {event.request} asks for")
    if isinstance(event, events.Withdrawn):
        said = {
            "request": request.by == person,
            "rejection": person in request.rejected_by,
            "approval": any(given.person == person and not given.withdrawn for given in request.given),
        }
        if not said[event.what]:
            raise EvidenceError("withdrawal.not-yours", f"no {event.what} of {event.request} by this person stands: only who said it can take it back")
        if event.nonce in request.taken_back:
            raise EvidenceError("withdrawal.replayed", "this very withdrawal was recorded before")
        if event.what == "rejection" and len(request.taken_back) >= KEPT_ANSWERS:
            raise EvidenceError("request.too-many-answers", f"{KEPT_ANSWERS} rejections of {event.request} were taken back: request it anew")
        return
    if isinstance(event, events.Rejected):
        found = roster.get(person)
        if found is None or not any(duty.startswith("approve:") for duty in found.duties.get(event.environment, ())):
            raise _no_duty(f"{person} may not approve in {event.environment}, and so not reject either", event.environment, "approve:DUTY")
        return
    if event.config != request.release.config or event.shown.to != release_digest(request.release):
        raise EvidenceError("approval.other-release", f"this is about another release or configuration than {event.request} asks for")
    if any(given.nonce == event.nonce for given in request.given):
        raise EvidenceError("approval.replayed", "this very approval was recorded before")
    if len(request.given) >= KEPT_ANSWERS:
        raise EvidenceError("request.too-many-answers", f"{event.request} has had {KEPT_ANSWERS} approvals, withdrawn ones among them: request it anew")
    _require_lasting(event, place.at)
    policy = place.state.house.policy
    if policy is None:
        raise EvidenceError("policy.none-in-force", "no policy is in force")
    in_force_now = read_policy(place.load(policy.digest))
    section = in_force_now.environments.get(event.environment)
    if section is None or event.section != section_digest(in_force_now, event.environment) or event.baseline != section.baseline:
        raise EvidenceError("approval.policy-changed", "this approval was given under another policy section than the one in force")


def _require_lasting(event: events.Approved, at: datetime) -> None:
    if at >= event.expires:
        raise EvidenceError("approval.expired", "this approval had ended when it was recorded")
    if event.expires - at > LONGEST_APPROVAL:
        raise EvidenceError("approval.too-long", f"this approval would last until {event.expires:%Y-%m-%d}; one lasts {LONGEST_APPROVAL.days} days at most")


def backers(proposal: OpenProposal, root: Root, roster: Roster, at: datetime | None) -> set[str]:
    """The distinct owners who back a proposal now: one with two keys, or enrolled since, or taken off the roster since, is one person."""
    owners = {fingerprint(key): roster.person_of(key) for key in root.owners}
    live = [given for given in proposal.approvals if given.key in owners and not given.withdrawn and (at is None or at < given.expires)]
    once = {given.key: given.by for given in sorted(live, key=lambda given: given.by != given.key)}  # whose it was, where it ever was a person's
    return {person.id if (person := owners[key]) else by for key, by in once.items()}


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
        if root.threshold >= 1 and len(backers(proposal, root, roster, house.at)) >= root.threshold:
            enacted = in_force(house, proposal)
            if pinned is not None and proposal.kind == "root" and proposal.version == pinned.version and read_root(load(proposal.digest)) != pinned:
                raise TrustError("root.other", "this log's root is not the pinned one: it is another log, or another's hand is in it")
            # What is in force now may be what another proposal waited for.
            return _enact(replace(state, house=enacted), load, pinned)
    return state
