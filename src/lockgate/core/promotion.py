"""Promotion as a fold: events that are facts, in order, become a state. It has no rules of its own.

Whether an event *is* a fact (who signed it, with which duty, under which roster) is settled before, in
`evidence.history`; here each kind only changes the state it is about.

The state of one environment stays small whatever the log's size. Stays and permits: the newest are kept. Requests,
proposals and answers: what could be said again by replaying its leaf and would then stand without the rejection or
withdrawal that followed it, is never forgotten; where there is no room left, the new one falls away. So a full state
can only refuse, never open.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Literal

import msgspec
from msgspec.structs import replace

from lockgate.canon import Noun, digest_hex
from lockgate.core import events
from lockgate.core.digest import Digest
from lockgate.core.duration import Time
from lockgate.core.facts import Given, Request, Stay
from lockgate.core.identity import Fingerprint, PersonId
from lockgate.core.model import NONE, DigestOrNone, Release, RequestId

KEPT_STAYS = 64
KEPT_REQUESTS = 256
KEPT_PERMITS = 64
KEPT_ANSWERS = 64
"""Approvals of one request or proposal, and withdrawals of rejections: as many of each are taken."""

PERMIT_GRACE = timedelta(days=1)
"""How long after its end a permit is remembered, for a deployment that began in time and is recorded late."""

DocumentKind = Literal["root", "roster", "policy"]

Who = str
"""A person id, or the fingerprint of an owner's key that nobody had enrolled. (A union of the two would be read as person ids alone.)"""


class Document(Noun, frozen=True, kw_only=True):
    """A document in force."""

    version: int
    digest: Digest


class Backing(Noun, frozen=True, kw_only=True):
    """An owner's approval of a proposal, as it stands in history.

    Attributes:
        by: who gave it: a person id, or the fingerprint of a key nobody had enrolled then.
        key: with which key; whose it is *now* decides how it counts, so that enrolling an owner does not make them two.
        expires: when its giver wants it to end; it counts from when it is recorded, if that is before.
        nonce: its own; seen twice is a replay. withdrawn: its giver took it back.
    """

    by: Who
    key: Fingerprint
    expires: Time
    nonce: str
    withdrawn: bool = False


class OpenProposal(Noun, frozen=True, kw_only=True):
    """A proposed document that is neither in force nor rejected.

    Attributes:
        by: who proposed it; a person id, or the fingerprint of a key nobody enrolled.
        leaf: where it was proposed.
        approvals: owners' approvals, oldest first.
    """

    id: RequestId
    kind: DocumentKind
    version: int
    digest: Digest
    by: Who
    at: Time
    leaf: int
    approvals: tuple[Backing, ...] = ()


class House(Noun, frozen=True, kw_only=True):
    """Root, roster and policy in force, and what is proposed.

    Attributes:
        genesis: RFC 6962 leaf hash of leaf 0; ``none`` before it.
        proposals: open ones, oldest first.
        closed: rejected or withdrawn ones, until their version is in force or there is no room.
        at: when the house's newest fact was recorded: its own clock, which no environment's leaf moves. leaf: where; -1 before the first.
    """

    genesis: DigestOrNone = NONE
    root: Document | None = None
    roster: Document | None = None
    policy: Document | None = None
    proposals: tuple[OpenProposal, ...] = ()
    closed: tuple[OpenProposal, ...] = ()
    at: Time | None = None
    leaf: int = -1


class Permit(Noun, frozen=True, kw_only=True):
    """An allowed decision whose permit may still be used.

    Attributes:
        decision: its leaf index.
        request: the request it went by; empty for none.
        person: who asked for it, and alone may use it; None where nobody proved who asks.
    """

    decision: int
    release: Release
    not_after: Time
    request: str = ""
    person: PersonId | None = None


class EnvironmentState(Noun, frozen=True, kw_only=True):
    """All that history says of one environment, newest last.

    Attributes:
        name: the environment's; empty where only the house was folded.
        at: when its newest fact was recorded. leaf: where; -1 before the first.
    """

    name: Annotated[str, msgspec.Meta(pattern=r"^([a-z0-9][a-z0-9-]{0,63})?\Z")]
    stays: tuple[Stay, ...] = ()
    requests: tuple[Request, ...] = ()
    permits: tuple[Permit, ...] = ()
    at: Time | None = None
    leaf: int = -1

    def occupant(self) -> Stay | None:
        """What runs there now, as recorded."""
        return self.stays[-1] if self.stays else None

    def request(self, id_: str) -> Request | None:
        """The request with this id."""
        return next((request for request in self.requests if request.id == id_), None)


class State(Noun, frozen=True, kw_only=True):
    """The folded state: the house and one environment, each by its own leaves and its own clock.

    So the house is the same whichever environment is looked at.

    Attributes:
        environment: the environment's; of an unnamed one where only the house was folded.
    """

    house: House = House()
    environment: EnvironmentState = EnvironmentState(name="")


class Said(Noun, frozen=True, kw_only=True):
    """An event that is a fact: who said it, about what, where and when it was recorded.

    Attributes:
        event: the predicate; subjects: digests of its Statement's subject, sorted.
        by: the person, or the fingerprint of an owner's key nobody enrolled; empty for the permit key.
        key: fingerprint of the key that signed.
        index: leaf index; at: recording time, never before that of an earlier fact of its stream.
    """

    event: events.Event
    subjects: tuple[Digest, ...]
    by: Who
    key: Fingerprint
    index: int
    at: Time


def release_digest(release: Release | None) -> DigestOrNone:
    """The digest a release goes by in approvals; ``none`` for no release."""
    return NONE if release is None else "sha256:" + digest_hex(release)


def state_digest(state: State) -> Digest:
    """What a decision commits to."""
    return "sha256:" + digest_hex(state)


def fold(state: State, said: Said) -> State:
    """The state after one more fact; one about another environment changes nothing."""
    stream = events.stream_of(said.event)
    if stream == events.HOUSE:
        return replace(state, house=replace(_fold_house(state.house, said), at=said.at, leaf=said.index))
    if stream != f"env:{state.environment.name}":
        return state
    return replace(state, environment=replace(_fold_environment(state.environment, said), at=said.at, leaf=said.index))


def in_force(house: House, proposal: OpenProposal) -> House:
    """The house once this proposal is in force: proposals that would replace an older version are void."""
    document = Document(version=proposal.version, digest=proposal.digest)
    rest, closed = (tuple(other for other in proposals if other.kind != proposal.kind) for proposals in (house.proposals, house.closed))
    changed = {"root": house.root, "roster": house.roster, "policy": house.policy, proposal.kind: document}
    return House(genesis=house.genesis, proposals=rest, closed=closed, at=house.at, leaf=house.leaf, **changed)


def room_for_request(requests: tuple[Request, ...], at: datetime) -> tuple[Request, ...]:
    """The requests that stay when one more comes at `at`; `KEPT_REQUESTS` of them, and there is no room for it.

    Forgotten is only a request none of whose approvals could be replayed: closed ones first, then those never deployed.
    """
    if len(requests) < KEPT_REQUESTS:
        return requests
    spare = [one for one in requests if all(at >= given.expires for given in one.given)]
    closed = [one for one in spare if one.over or one.withdrawn or one.rejected_by]
    gone = next(iter(closed or [one for one in spare if one.deployed < 0] or spare), None)
    return tuple(one for one in requests if one is not gone)


def room_for_proposal(house: House, at: datetime) -> House:
    """The house with its proposals that stay when one more comes at `at`; `KEPT_REQUESTS` in all, and there is no room for it."""
    if len(house.proposals) + len(house.closed) < KEPT_REQUESTS:
        return house
    gone = next((one for one in (*house.closed, *house.proposals) if all(at >= given.expires for given in one.approvals)), None)
    proposals, closed = (tuple(one for one in proposals if one is not gone) for proposals in (house.proposals, house.closed))
    return replace(house, proposals=proposals, closed=closed)


def _fold_house(house: House, said: Said) -> House:
    event = said.event
    match event:
        case events.Proposal():
            kind: DocumentKind = "policy" if isinstance(event, events.PolicyProposed) else "roster" if isinstance(event, events.RosterProposed) else "root"
            opened = OpenProposal(id=event.id, kind=kind, version=event.version, digest=said.subjects[0], by=said.by, at=said.at, leaf=said.index)
            kept = room_for_proposal(house, said.at)
            return kept if len(kept.proposals) + len(kept.closed) >= KEPT_REQUESTS else replace(kept, proposals=(*kept.proposals, opened))
        case events.Approved():
            given = Backing(by=said.by, key=said.key, expires=event.expires, nonce=event.nonce)
            return _each_proposal(house, event.request, lambda one: replace(one, approvals=(*one.approvals, given)[:KEPT_ANSWERS]))
        case events.Rejected() | events.Withdrawn(what="request"):
            closed = tuple(one for one in house.proposals if one.id == event.request)
            return replace(house, proposals=tuple(one for one in house.proposals if one.id != event.request), closed=(*house.closed, *closed))
        case events.Withdrawn(what="approval"):
            return _each_proposal(
                house,
                event.request,
                lambda one: replace(
                    one, approvals=tuple(replace(given, withdrawn=True) if said.by == given.by or said.key == given.key else given for given in one.approvals)
                ),
            )
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
            kept = room_for_request(state.requests, said.at)
            return replace(state, requests=kept if len(kept) >= KEPT_REQUESTS else (*kept, asked))
        case events.Approved():
            given = Given(
                person=said.by,
                key=said.key,
                duty=event.duty,
                at=said.at,
                expires=event.expires,
                section=event.section,
                baseline=event.baseline,
                from_=event.shown.from_,
                leaf=said.index,
                nonce=event.nonce,
            )
            return _each(state, event.request, lambda one: replace(one, given=(*one.given, given)[:KEPT_ANSWERS]))
        case events.Rejected():
            return _each(state, event.request, lambda one: replace(one, rejected_by=tuple(sorted({*one.rejected_by, said.by}))))
        case events.Withdrawn():
            return _each(state, event.request, lambda one: _take_back(one, event, said))
        case events.Decided(outcome="allowed"):
            return _allowed(state, event, said)
        case events.DeployFailed():
            freed = _each(state, _request_of(state, event.permit), lambda one: replace(one, permit_until=None) if one.decision == event.permit else one)
            return _used(freed, event.permit)
        case events.Deployed():
            return _deployed(state, event, said)
        case _:
            return state


def _each(state: EnvironmentState, id_: str, change: Callable[[Request], Request]) -> EnvironmentState:
    return replace(state, requests=tuple(change(one) if one.id == id_ else one for one in state.requests))


def _take_back(request: Request, event: events.Withdrawn, said: Said) -> Request:
    if event.what == "request":
        return replace(request, withdrawn=True)
    if event.what == "approval":
        return replace(request, given=tuple(replace(given, withdrawn=True) if given.person == said.by else given for given in request.given))
    if len(request.taken_back) >= KEPT_ANSWERS:
        return request
    return replace(request, rejected_by=tuple(by for by in request.rejected_by if by != said.by), taken_back=(*request.taken_back, event.nonce))


def _allowed(state: EnvironmentState, event: events.Decided, said: Said) -> EnvironmentState:
    not_after = event.not_after or said.at
    release = Release(artifacts=said.subjects, config=event.config)
    permit = Permit(decision=said.index, release=release, not_after=not_after, request=event.request, person=event.person)
    live = tuple(old for old in state.permits if said.at - old.not_after < PERMIT_GRACE)
    state = replace(state, permits=(*live, permit)[-KEPT_PERMITS:])
    return _each(state, event.request, lambda one: replace(one, decision=said.index, permit_until=not_after, permit_by=event.person))


def _deployed(state: EnvironmentState, event: events.Deployed, said: Said) -> EnvironmentState:
    release = Release(artifacts=said.subjects, config=event.config)
    state = _used(_each(state, _request_of(state, event.permit), lambda one: replace(one, deployed=said.index)), event.permit)
    state = replace(state, requests=tuple(replace(one, over=True) if one.deployed >= 0 and one.release != release else one for one in state.requests))
    current = state.occupant()
    if current is not None and current.release == release:
        return state
    # What else was permitted was decided while the old release stood here: brought in now it would replace this one unseen.
    state = replace(state, permits=tuple(permit for permit in state.permits if permit.release == release))
    closed = () if current is None else (replace(current, until=said.at),)
    stay = Stay(release=release, since=said.at, decision=event.permit, deployer=said.by, leaf=said.index)
    return replace(state, stays=(*state.stays[:-1], *closed, stay)[-KEPT_STAYS:])


def _request_of(state: EnvironmentState, permit: int) -> str:
    return next((one.request for one in state.permits if one.decision == permit), "")


def _used(state: EnvironmentState, permit: int) -> EnvironmentState:
    """A permit is used once: `deployed` said again by replaying its leaf would bring back a release that was replaced."""
    return replace(state, permits=tuple(one for one in state.permits if one.decision != permit))
