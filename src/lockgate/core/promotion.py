"""Promotion as a fold: events that are facts, in order, become a state. It has no rules of its own.

Whether an event *is* a fact (who signed it, with which duty, under which roster) is settled before, in
`evidence.history`; here each kind only changes the state it is about.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from lockgate.canon import Noun
from lockgate.core import events, exceptional
from lockgate.core.deployments import fold_deployment
from lockgate.core.digest import Digest
from lockgate.core.duration import Time
from lockgate.core.exceptional_events import Departure
from lockgate.core.facts import Given, Request
from lockgate.core.identity import Fingerprint
from lockgate.core.model import Release
from lockgate.core.recall import permit_of, room_for
from lockgate.core.recheck import fold_rechecked
from lockgate.core.rechecked import Rechecked
from lockgate.core.revocation import EVERY_PERMIT, Revocation
from lockgate.core.state import (
    KEPT_ANSWERS,
    KEPT_PERMITS,
    KEPT_REQUESTS,
    KEPT_REVOKED,
    PERMIT_GRACE,
    Backing,
    Document,
    DocumentKind,
    EnvironmentState,
    House,
    OpenProposal,
    Permit,
    State,
    Who,
    each_request,
    room_for_proposal,
    room_for_request,
    without_permits,
)


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


def fold(state: State, said: Said) -> State:
    """The state after one more fact; one about another environment changes nothing."""
    stream = events.stream_of(said.event)
    if stream == events.HOUSE:
        return replace(state, house=replace(_fold_house(state.house, said), at=said.at, leaf=said.index))
    if stream != f"env:{state.environment.name}":
        return state
    return replace(state, environment=replace(_fold_environment(state.environment, said, state.house), at=said.at, leaf=said.index))


def in_force(house: House, proposal: OpenProposal) -> House:
    """The house once this proposal is in force: proposals that would replace an older version are void.

    Of policies, those whose approvals have not ended stay closed: a policy's digest says nothing of its version, and where an
    earlier one is in force again, its very approvals would put the one after it in force a second time.
    """
    document = Document(version=proposal.version, digest=proposal.digest)
    rest, closed = (tuple(other for other in proposals if other.kind != proposal.kind) for proposals in (house.proposals, house.closed))
    ours = (other for other in (*house.closed, *house.proposals) if other.kind == proposal.kind == "policy")
    spent = tuple(other for other in ours if any(house.at is None or house.at < given.expires for given in other.approvals))
    changed: dict[str, Document] = {proposal.kind: document}
    return replace(house, proposals=rest, closed=(*closed, *spent), **changed)


def _fold_house(house: House, said: Said) -> House:
    event = said.event
    match event:
        case events.Proposal():
            kind: DocumentKind = "policy" if isinstance(event, events.PolicyProposed) else "roster" if isinstance(event, events.RosterProposed) else "root"
            opened = OpenProposal(id=event.id, kind=kind, version=event.version, digest=said.subjects[0], by=said.by, at=said.at, leaf=said.index)
            kept = room_for_proposal(house, said.at)
            return kept if len(kept.proposals) + len(kept.closed) >= KEPT_REQUESTS else replace(kept, proposals=(*kept.proposals, opened))
        case events.Revoked():
            return _revoked_everywhere(house, event, said)
        case events.Withdrawn(what="revocation"):
            return replace(house, revoked=_lifted(house.revoked, event.request, said.index))
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


def _fold_environment(state: EnvironmentState, said: Said, house: House) -> EnvironmentState:
    event = said.event
    if isinstance(event, Departure):
        return replace(state, exceptional=exceptional.after(state.exceptional, event, said.subjects, said.by, said.key, said.index, said.at))
    match event:
        case events.Requested():
            release = Release(artifacts=said.subjects, config=event.config)
            asked = Request(id=event.id, release=release, by=said.by, at=said.at, rollback=event.rollback, fixes=event.fixes)
            kept = room_for_request(state, said.at)
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
            return each_request(state, event.request, lambda one: replace(one, given=(*one.given, given)[:KEPT_ANSWERS]))
        case events.Rejected():
            return each_request(state, event.request, lambda one: replace(one, rejected_by=tuple(sorted({*one.rejected_by, said.by}))))
        case events.Revoked():
            return _revoked(state, event, said)
        case events.Withdrawn(what="revocation"):
            return replace(state, revoked=_lifted(state.revoked, event.request, said.index))
        case events.Withdrawn():
            return each_request(state, event.request, lambda one: _take_back(one, event, said))
        case events.Decided():
            state = replace(state, rules=max(state.rules, event.rules))
            return _allowed(state, event, said) if event.outcome == "allowed" else state
        case Rechecked():
            return fold_rechecked(state, event, said.index, said.at)
        case events.DeployStarted() | events.Deployed():
            return fold_deployment(State(house=house, environment=state), event, said.subjects, said.by, said.index, said.at)
        case _:
            return state


def _revoked_everywhere(house: House, event: events.Revoked, said: Said) -> House:
    revoked, forgot = room_for(house, said.at)
    return replace(house, revoked=_one_more(revoked, event, said, None), forgot=forgot)


def _revoked(state: EnvironmentState, event: events.Revoked, said: Said) -> EnvironmentState:
    permit = permit_of(state, event.permit) if event.permit != EVERY_PERMIT else None
    revoked, forgot = room_for(state, said.at, state.run_by())
    return replace(state, revoked=_one_more(revoked, event, said, permit[1] if permit else None), forgot=forgot)


def _one_more(revoked: tuple[Revocation, ...], event: events.Revoked, said: Said, until: Time | None) -> tuple[Revocation, ...]:
    """One more revocation, where there is room: the door takes none without."""
    if len(revoked) >= KEPT_REVOKED:
        return revoked
    one = Revocation(
        id=event.id,
        environment=event.environment,
        by=said.by,
        at=said.at,
        leaf=said.index,
        reason=event.reason,
        digests=said.subjects,
        permit=event.permit,
        until=until,
    )
    return (*revoked, one)


def _lifted(revoked: tuple[Revocation, ...], id_: str, index: int) -> tuple[Revocation, ...]:
    return tuple(replace(one, lifted=index) if one.id == id_ and one.lifted < 0 else one for one in revoked)


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
    permit = Permit(decision=said.index, release=release, not_after=not_after, request=event.request, person=event.person, glass=event.break_glass)
    waivers = frozenset(str(one.params["waiver"]) for one in event.outcomes if one.result == "waived" and "waiver" in one.params)
    state = replace(state, exceptional=exceptional.allowed(state.exceptional, waivers, event.break_glass, said.index, event.person, not_after))
    live = tuple(old for old in state.permits if said.at - old.not_after < PERMIT_GRACE)
    state = without_permits(state, (*live, permit)[-KEPT_PERMITS:])
    state = replace(state, spent=tuple(old for old in state.spent if said.at - old.not_after < PERMIT_GRACE))
    return each_request(state, event.request, lambda one: replace(one, decision=said.index, permit_until=not_after, permit_by=event.person))
