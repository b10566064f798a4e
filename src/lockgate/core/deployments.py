"""What deployments do to an environment: begun, ended well, failed, or ended so that nobody knows.

A permit is used where the command begins, not where it ends: who dies in between leaves a deployment whose end was never
told, and from its begin on nobody knows what runs. That is so in every fold, whether or not anybody says it.
"""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from lockgate.core import events, exceptional
from lockgate.core.digest import Digest
from lockgate.core.facts import Stay
from lockgate.core.identity import PersonId
from lockgate.core.model import Release
from lockgate.core.recall import struck
from lockgate.core.state import KEPT_STAYS, EnvironmentState, Running, State, Unclear, broken_off, each_request, without_permits


def fold_deployment(
    whole: State, event: events.DeployStarted | events.Deployed, subjects: tuple[Digest, ...], by: PersonId, index: int, at: datetime
) -> EnvironmentState:
    """The environment after one more fact about a deployment."""
    state, release = whole.environment, Release(artifacts=subjects, config=event.config)
    match event:
        case events.DeployStarted():
            permit = next((one for one in state.permits if one.decision == event.permit), None)
            begun = Running(
                decision=event.permit,
                release=release,
                request=permit.request if permit else "",
                person=by,
                glass=permit.glass if permit else "",
                started_at=event.started_at,
                ends_by=event.ends_by,
                at=at,
                leaf=index,
            )
            return replace(_used(_kept_out(state, begun), event.permit), running=begun)
        case events.DeployFailed():
            return _used(_given_back(_freed(state, event.permit), event.permit), event.permit)
        case events.DeployUnknown():
            return _unclear(_spent(state, event.permit, index), event, release, by, index, at)
        case _:
            return _deployed(whole, event, release, by, index, at)


def _deployed(whole: State, event: events.Deployed, release: Release, by: PersonId, index: int, at: datetime) -> EnvironmentState:
    state = _spent(whole.environment, event.permit, index)
    begun = _begun(state, event.permit)
    fell = begun is not None and (fallen(state, begun) or struck(whole, begun) >= 0)
    id_ = "" if fell else _request_of(state, event.permit)
    state = _used(state, event.permit)
    if state.unclear is not None and (begun.at if begun else event.started_at) < state.unclear.at:
        return state  # it was begun before the other one broke off: what that left behind may have come after
    state = each_request(state, id_, lambda one: replace(one, deployed=index))
    state = replace(state, requests=tuple(replace(one, over=True) if one.deployed >= 0 and one.release != release else one for one in state.requests))
    current = state.occupant()
    if current is not None and current.release == release and (fell or not current.fell):
        return state
    # What else was permitted was decided while the old release stood here: brought in now it would replace this one unseen.
    state = without_permits(state, tuple(permit for permit in state.permits if permit.release == release))
    state = replace(_rollbacks_over(state), exceptional=exceptional.replaced(state.exceptional, release))
    overtaken = state.running and replace(state.running, fell=state.running.fell or state.running.release != release)
    before = state.stays if current is None else (*state.stays[:-1], replace(current, until=at))
    stay = Stay(release=release, since=at, decision=event.permit, deployer=by, leaf=index, fell=fell)
    return replace(state, stays=(*before, stay)[-KEPT_STAYS:], running=overtaken, unclear=None)


def _rollbacks_over(state: EnvironmentState) -> EnvironmentState:
    """From rules 2 on, a rollback is asked for over what runs then: once something else came, it is over, unless it is what came.

    Of two that were approved for one release, the other would bring it back a second time, when what was rolled back runs again.
    """
    if not state.goes_by(2):
        return state
    return replace(state, requests=tuple(replace(one, over=True) if one.rollback and one.deployed < 0 else one for one in state.requests))


def _unclear(state: EnvironmentState, event: events.DeployUnknown, release: Release, by: PersonId, index: int, at: datetime) -> EnvironmentState:
    begun, current = _begun(state, event.permit), state.occupant()
    since = begun.at if begun else min(event.started_at, at)
    stays = state.stays if current is None else (*state.stays[:-1], broken_off(current, since))
    unclear = Unclear(decision=event.permit, release=release, by=by, because=event.because, since=since, at=at, leaf=index)
    return replace(_used(_freed(state, event.permit), event.permit), stays=stays, unclear=unclear)


def fallen(state: EnvironmentState, begun: Running) -> bool:
    """Whether a deployment could not be begun any more: its request was withdrawn, rejected, replaced or forgotten, or another release came."""
    request = state.request(begun.request)
    return begun.fell or bool(begun.request and (request is None or request.withdrawn or request.rejected_by or request.over))


def _begun(state: EnvironmentState, permit: int) -> Running | None:
    return state.running if state.running is not None and state.running.decision == permit else None


def _request_of(state: EnvironmentState, permit: int) -> str:
    begun = _begun(state, permit)
    return begun.request if begun else next((one.request for one in state.permits if one.decision == permit), "")


def _kept_out(state: EnvironmentState, begun: Running) -> EnvironmentState:
    """Until its end is told, or may be by anybody, its request and its glass give no other permit."""
    requests = tuple(replace(one, permit_until=begun.ends_by) if one.decision == begun.decision else one for one in state.requests)
    glasses = tuple(replace(one, permit_until=begun.ends_by) if one.decision == begun.decision else one for one in state.exceptional.glasses)
    return replace(state, requests=requests, exceptional=replace(state.exceptional, glasses=glasses))


def _glass_of(state: EnvironmentState, permit: int) -> str:
    begun = _begun(state, permit)
    return begun.glass if begun else next((one.glass for one in state.permits if one.decision == permit), "")


def _spent(state: EnvironmentState, permit: int, index: int) -> EnvironmentState:
    """A broken glass is good for one deployment: no other permit by it stands, and it is under review, though it was reviewed as unused."""
    glass = _glass_of(state, permit)
    if not glass:
        return state
    there = exceptional.each_glass(state.exceptional, glass, lambda one: replace(one, deployed=index, reviewed=-1, permit_until=None))
    return without_permits(replace(state, exceptional=there), tuple(one for one in state.permits if one.glass != glass or one.decision == permit))


def _given_back(state: EnvironmentState, permit: int) -> EnvironmentState:
    """A permit by break-glass whose deployment failed: the glass is free for another one."""
    glass = _glass_of(state, permit)
    there = exceptional.each_glass(state.exceptional, glass, lambda one: replace(one, permit_until=None) if one.decision == permit else one)
    return replace(state, exceptional=there)


def _freed(state: EnvironmentState, permit: int) -> EnvironmentState:
    """The request may be permitted again."""
    return each_request(state, _request_of(state, permit), lambda one: replace(one, permit_until=None) if one.decision == permit else one)


def _used(state: EnvironmentState, permit: int) -> EnvironmentState:
    """A permit is used once: `deployed` said again by replaying its leaf would bring back a release that was replaced."""
    running = None if _begun(state, permit) else state.running
    return without_permits(replace(state, running=running), tuple(one for one in state.permits if one.decision != permit))
