"""Promotion as a fold: events that are facts, in order, become a state. It has no rules of its own.

Whether an event *is* a fact (who signed it, with which duty, under which roster) is settled before, in
`evidence.history`; here each kind only changes the state it is about. The state of one environment stays small
whatever the log's size: the newest stays, requests and permits are kept, and older ones fall away, which can only
refuse (`came-through.never-there`, `approved.no-request`), never open.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal

from msgspec.structs import replace

from lockgate.canon import Noun, digest_hex
from lockgate.core import events
from lockgate.core.digest import Digest
from lockgate.core.facts import Given, Request, Stay
from lockgate.core.identity import Fingerprint, Name, PersonId
from lockgate.core.model import NONE, DigestOrNone, Release, RequestId

KEPT_STAYS = 64
KEPT_REQUESTS = 256
KEPT_PERMITS = 64
PERMIT_GRACE = timedelta(days=1)
"""How long after its end a permit is remembered, for a deployment that began in time and is recorded late."""

DocumentKind = Literal["root", "roster", "policy"]


class Document(Noun, frozen=True, kw_only=True):
    """A document in force."""

    version: int
    digest: Digest


class OpenProposal(Noun, frozen=True, kw_only=True):
    """A proposed document that is neither in force nor rejected.

    Attributes:
        by: who proposed it; approvals: owners who approved, each once: person ids, or fingerprints of keys nobody enrolled.
        leaf: where it was proposed.
    """

    id: RequestId
    kind: DocumentKind
    version: int
    digest: Digest
    by: PersonId | Fingerprint
    at: datetime
    leaf: int
    approvals: tuple[PersonId | Fingerprint, ...] = ()


class House(Noun, frozen=True, kw_only=True):
    """Root, roster and policy in force, and what is proposed.

    Attributes:
        genesis: RFC 6962 leaf hash of leaf 0; ``none`` before it.
    """

    genesis: DigestOrNone = NONE
    root: Document | None = None
    roster: Document | None = None
    policy: Document | None = None
    proposals: tuple[OpenProposal, ...] = ()


class Permit(Noun, frozen=True, kw_only=True):
    """An allowed decision whose permit may still be used.

    Attributes:
        decision: its leaf index.
        request: the request it went by; empty for none.
    """

    decision: int
    release: Release
    not_after: datetime
    request: str = ""


class EnvironmentState(Noun, frozen=True, kw_only=True):
    """All that history says of one environment, newest last."""

    name: Name | Literal[""]
    stays: tuple[Stay, ...] = ()
    requests: tuple[Request, ...] = ()
    permits: tuple[Permit, ...] = ()

    def occupant(self) -> Stay | None:
        """What runs there now, as recorded."""
        return self.stays[-1] if self.stays else None

    def request(self, id_: str) -> Request | None:
        """The request with this id."""
        return next((request for request in self.requests if request.id == id_), None)


class State(Noun, frozen=True, kw_only=True):
    """The folded state: the house, one environment, and the newest time recorded.

    Attributes:
        environment: the environment's; of an unnamed one where only the house was folded.
    """

    house: House = House()
    environment: EnvironmentState = EnvironmentState(name="")
    at: datetime | None = None


class Said(Noun, frozen=True, kw_only=True):
    """An event that is a fact: who said it, about what, where and when it was recorded.

    Attributes:
        event: the predicate; subjects: digests of its Statement's subject, sorted.
        by: the person, or the fingerprint of an owner's key nobody enrolled; empty for the permit key.
        key: fingerprint of the key that signed.
        index: leaf index; at: recording time, never before an earlier leaf's.
    """

    event: events.Event
    subjects: tuple[Digest, ...]
    by: PersonId | Fingerprint
    key: Fingerprint
    index: int
    at: datetime


def release_digest(release: Release | None) -> DigestOrNone:
    """The digest a release goes by in approvals; ``none`` for no release."""
    return NONE if release is None else "sha256:" + digest_hex(release)


def state_digest(state: State) -> Digest:
    """What a decision commits to."""
    return "sha256:" + digest_hex(state)


def fold(state: State, said: Said) -> State:
    """The state after one more fact."""
    state = replace(state, at=said.at)
    if isinstance(said.event, events.Genesis | events.Proposal) or said.event.environment == events.HOUSE:
        return replace(state, house=_fold_house(state.house, said))
    return replace(state, environment=_fold_environment(state.environment, said))


def in_force(house: House, proposal: OpenProposal) -> House:
    """The house once this proposal is in force: proposals that would replace an older version are void."""
    document = Document(version=proposal.version, digest=proposal.digest)
    rest = tuple(other for other in house.proposals if other.kind != proposal.kind)
    changed = {"root": house.root, "roster": house.roster, "policy": house.policy, proposal.kind: document}
    return House(genesis=house.genesis, proposals=rest, **changed)


def _fold_house(house: House, said: Said) -> House:
    event = said.event
    match event:
        case events.Proposal():
            kind: DocumentKind = "policy" if isinstance(event, events.PolicyProposed) else "roster" if isinstance(event, events.RosterProposed) else "root"
            opened = OpenProposal(id=event.id, kind=kind, version=event.version, digest=said.subjects[0], by=said.by, at=said.at, leaf=said.index)
            return replace(house, proposals=(*house.proposals, opened)[-KEPT_REQUESTS:])
        case events.Approved():
            return _each_proposal(house, event.request, lambda one: replace(one, approvals=(*one.approvals, said.by)))
        case events.Rejected():
            return replace(house, proposals=tuple(one for one in house.proposals if one.id != event.request))
        case events.Withdrawn(what="request"):
            return replace(house, proposals=tuple(one for one in house.proposals if one.id != event.request))
        case events.Withdrawn(what="approval"):
            return _each_proposal(house, event.request, lambda one: replace(one, approvals=tuple(by for by in one.approvals if by != said.by)))
        case _:
            return house


def _each_proposal(house: House, id_: str, change: Callable[[OpenProposal], OpenProposal]) -> House:
    return replace(house, proposals=tuple(change(one) if one.id == id_ else one for one in house.proposals))


def _fold_environment(state: EnvironmentState, said: Said) -> EnvironmentState:
    event = said.event
    match event:
        case events.Requested():
            release = Release(artifacts=said.subjects, config=event.config)
            asked = Request(id=event.id, release=release, by=said.by, at=said.at)
            return replace(state, requests=_kept((*state.requests, asked)))
        case events.Approved():
            given = Given(person=said.by, key=said.key, duty=event.duty, at=said.at, expires=event.expires, section=event.section, baseline=event.baseline,
                          from_=event.shown.from_, leaf=said.index, nonce=event.nonce)
            return _each(state, event.request, lambda one: replace(one, given=(*one.given, given)))
        case events.Rejected():
            return _each(state, event.request, lambda one: replace(one, rejected_by=tuple(sorted({*one.rejected_by, said.by}))))
        case events.Withdrawn():
            return _each(state, event.request, lambda one: _take_back(one, event, said))
        case events.Decided(outcome="allowed"):
            return _allowed(state, event, said)
        case events.DeployFailed():
            freed = _each(state, _request_of(state, event.permit), lambda one: replace(one, permit_until=None))
            return replace(freed, permits=tuple(permit for permit in state.permits if permit.decision != event.permit))
        case events.Deployed():
            return _deployed(state, event, said)
        case _:
            return state


def _each(state: EnvironmentState, id_: str, change: Callable[[Request], Request]) -> EnvironmentState:
    return replace(state, requests=tuple(change(one) if one.id == id_ else one for one in state.requests))


def _take_back(request: Request, event: events.Withdrawn, said: Said) -> Request:
    match event.what:
        case "request":
            return replace(request, withdrawn=True)
        case "rejection":
            return replace(request, rejected_by=tuple(by for by in request.rejected_by if by != said.by))
        case "approval":
            return replace(request, given=tuple(replace(given, withdrawn=True) if given.person == said.by else given for given in request.given))


def _allowed(state: EnvironmentState, event: events.Decided, said: Said) -> EnvironmentState:
    not_after = event.not_after or said.at
    release = Release(artifacts=said.subjects, config=event.config)
    permit = Permit(decision=said.index, release=release, not_after=not_after, request=event.request)
    live = tuple(old for old in state.permits if said.at < old.not_after + PERMIT_GRACE)
    state = replace(state, permits=(*live, permit)[-KEPT_PERMITS:])
    return _each(state, event.request, lambda one: replace(one, decision=said.index, permit_until=not_after))


def _deployed(state: EnvironmentState, event: events.Deployed, said: Said) -> EnvironmentState:
    release = Release(artifacts=said.subjects, config=event.config)
    state = _each(state, _request_of(state, event.permit), lambda one: replace(one, deployed=said.index))
    state = replace(state, requests=tuple(replace(one, over=True) if one.deployed >= 0 and one.release != release else one for one in state.requests))
    current = state.occupant()
    if current is not None and current.release == release:
        return state
    closed = () if current is None else (replace(current, until=said.at),)
    stay = Stay(release=release, since=said.at, decision=event.permit, deployer=said.by, leaf=said.index)
    return replace(state, stays=(*state.stays[:-1], *closed, stay)[-KEPT_STAYS:])


def _request_of(state: EnvironmentState, permit: int) -> str:
    return next((one.request for one in state.permits if one.decision == permit), "")


def _kept(requests: tuple[Request, ...]) -> tuple[Request, ...]:
    """At most `KEPT_REQUESTS`: those that are over or withdrawn go first, then the oldest."""
    surplus = len(requests) - KEPT_REQUESTS
    for closed in [one for one in requests if one.over or one.withdrawn][: max(surplus, 0)]:
        requests = tuple(one for one in requests if one.id != closed.id)
    return requests[-KEPT_REQUESTS:]
