"""What is said where the ordinary course is left: holds, what lifts them, waivers, broken glasses, reviews."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from lockgate.core.exceptional import GLASS_LASTS, KEPT, LONGEST_HOLD, LONGEST_WAIVER, Exceptional, Glass, Hold, Kept, Waiver, room
from lockgate.core.exceptional_events import Departure, GlassBroken, Held, Lifted, Reviewed, WaiverGiven
from lockgate.core.identity import Name, Roster
from lockgate.core.model import Release
from lockgate.core.policy import section_digest
from lockgate.core.state import EnvironmentState
from lockgate.errors import EvidenceError, TrustError
from lockgate.evidence.place import SKEW, Place, read_policy


def admit_exceptional(place: Place, event: Departure, by: str, roster: Roster, *, owner: bool) -> None:
    """Whether it is a fact. Raises EvidenceError, TrustError, by code.

    Args:
        place: where it stands.
        by: who said it: a person, or for a hold and its lifting the fingerprint of an owner's key that nobody enrolled.
        owner: whether an owner's key signed it.
    """
    here = place.state.environment.exceptional
    if isinstance(event, Held | Lifted) and place.subjects:
        raise EvidenceError("event.malformed", "a hold and what lifts it are about an environment: they have no subject")
    match event:
        case Held():
            if not owner and not roster.may_refuse(by, event.environment):
                raise _no_duty(f"{by} may not approve in {event.environment}, and so not hold it either", event.environment, "approve:DUTY")
            _require_new(place, event.id, here.holds, "holds", [one for one in here.holds if one.by == by])
            if event.expires is not None:
                require_ending(event.expires, place.at, LONGEST_HOLD, "a hold")
        case Lifted():
            _admit_lifted(here, event, by, owner=owner)
        case WaiverGiven():
            _admit_waiver(place, event, by, roster)
        case GlassBroken():
            if not roster.may(by, "break-glass", event.environment):
                raise _no_duty(f"{by} does not have the duty break-glass in {event.environment}", event.environment, "break-glass")
            _admit_glass(place, event, by)
        case Reviewed():
            _admit_review(place, event, by, roster)


def require_ending(expires: datetime, at: datetime, longest: timedelta, what: str) -> None:
    """It ends, later than now and not too late. Raises EvidenceError ``exception.expired``, ``exception.too-long``."""
    if at >= expires:
        raise EvidenceError("exception.expired", f"{what} that ends {expires:%Y-%m-%d %H:%M:%S} UTC is over already when it is recorded")
    if expires - at > longest + SKEW:
        most = f"{longest.days} days" if longest.days else "an hour"
        raise EvidenceError("exception.too-long", f"this would last until {expires:%Y-%m-%d %H:%M:%S} UTC; {what} lasts {most} at most")


def _no_duty(message: str, environment: Name, duty: str) -> TrustError:
    return TrustError("people.no-duty", message, f"lockgate people add NAME --duty {environment}={duty}")


def _require_new(place: Place, id_: str, kept: tuple[Kept, ...], what: str, own: Sequence[Hold | Waiver | Glass]) -> None:
    """Its id is new; there is room for one more in the environment, and from rules 2 on for one more of whoever says it."""
    if any(one.id == id_ for one in kept):
        raise EvidenceError("exception.reused", f"the id {id_} is taken")
    if len(room(kept, place.at)) >= KEPT:
        raise EvidenceError("exception.too-many", f"{KEPT} {what} are kept in this environment: {_ROOM[what]}")
    if place.state.environment.goes_by(2) and sum(not one.spare(place.at) for one in own) >= KEPT // 4:
        raise EvidenceError("exception.too-many", f"{KEPT // 4} {what} in this environment are by whoever says this one, as many as one may: {_ROOM[what]}")


_ROOM = {
    "holds": "one has to end, or be lifted, first",
    "waivers": "one has to come to its end first; lifting one does not make room",
    "broken glasses": "one has to end first, and be reviewed where it was used",
}


def _admit_lifted(here: Exceptional, event: Lifted, by: str, *, owner: bool) -> None:
    hold, waiver = here.hold(event.id), here.waiver(event.id)
    found = hold or (waiver if waiver is not None and not waiver.lifted else None)
    if found is None:
        raise EvidenceError("exception.unknown", f"no {event.id} stands in {event.environment}: it was lifted, forgotten or never given")
    if not owner and found.by != by:
        raise TrustError("exception.not-yours", f"{event.id} was given by {found.by}: only who gave it, or an owner, lifts it")


def _admit_waiver(place: Place, event: WaiverGiven, by: str, roster: Roster) -> None:
    """1 the duty; 2 the request stands; 3 it is about exactly that; 4 the policy lets it; 5 by neither requester nor deployer; 6 it ends, and is new."""
    state = place.state.environment
    if not roster.may_waive(by, event.requirement, event.environment):
        raise _no_duty(f"{by} may not waive {event.requirement} in {event.environment}", event.environment, f"waive:{event.requirement}")
    request = state.request(event.request)
    if request is None or request.withdrawn or request.over:
        raise EvidenceError("request.unknown", f"{event.request} is no request that stands in {event.environment}")
    if request.release != Release(artifacts=place.subjects, config=event.config):
        raise EvidenceError("waiver.other-release", f"this is about another release or configuration than {event.request} asks for")
    policy = read_policy(place.load(place.state.house.policy.digest)) if place.state.house.policy else None
    section = policy.environments.get(event.environment) if policy else None
    if policy is None or section is None or event.section != section_digest(policy, event.environment):
        raise EvidenceError("waiver.policy-changed", "this waiver was given under another policy section than the one in force")
    if event.requirement not in section.waivable:
        raise EvidenceError("waiver.not-waivable", f"the policy in force does not let {event.requirement} be waived in {event.environment}")
    if by in {request.by, request.permit_by}:
        raise TrustError("waiver.not-independent", f"{by} asked for {event.request} or deploys it, and may not waive what it has to meet")
    require_ending(event.expires, place.at, LONGEST_WAIVER, "a waiver")
    _require_new(place, event.id, state.exceptional.waivers, "waivers", [one for one in state.exceptional.waivers if one.by == by])


def _admit_glass(place: Place, event: GlassBroken, by: str) -> None:
    """The first signature opens the id; the second one is another person's, over the same, in time."""
    state = place.state.environment
    require_ending(event.expires, place.at, GLASS_LASTS, "break-glass")
    glass = state.exceptional.glass(event.id)
    if glass is None:
        _require_new(place, event.id, state.exceptional.glasses, "broken glasses", [one for one in state.exceptional.glasses if one.by[0] == by])
        return
    if glass.release != Release(artifacts=place.subjects, config=event.config) or glass.reason != event.reason:
        raise EvidenceError("break-glass.other-release", f"this is about another release, configuration or reason than {event.id} was opened for")
    if by in glass.by:
        raise EvidenceError("break-glass.same-person", f"{by} signed {event.id} already: the second signature is another person's")
    if len(glass.by) >= 2:
        raise EvidenceError("exception.reused", f"{event.id} has its two signatures")
    if place.at >= glass.until:
        raise EvidenceError("exception.expired", f"{event.id} ended {glass.until:%Y-%m-%d %H:%M:%S} UTC, before its second signature")


def _admit_review(place: Place, event: Reviewed, by: str, roster: Roster) -> None:
    glass = place.state.environment.exceptional.glass(event.id)
    if glass is None or not glass.under_review():
        raise EvidenceError("exception.unknown", f"no review of {event.id} is open in {event.environment}")
    if not roster.may_refuse(by, event.environment):
        raise _no_duty(f"{by} may not approve in {event.environment}, and so not close a review either", event.environment, "approve:DUTY")
    if by in {*glass.by, *glass.users}:
        raise TrustError("review.not-independent", f"{by} broke or used {event.id}: somebody else reviews it")
    if place.subjects != glass.release.artifacts:
        raise EvidenceError("break-glass.other-release", f"this is about other artifacts than {event.id} was broken for")
    running = place.state.environment.running
    if (place.at < glass.until and glass.deployed < 0) or (running is not None and running.glass == event.id):
        raise EvidenceError("review.too-early", f"{event.id} can still be used until {glass.until:%Y-%m-%d %H:%M:%S} UTC: it is reviewed when it is over")


def require_glass(state: EnvironmentState, id_: str, decision: int) -> None:
    """A decision by break-glass goes by one that two people broke. Raises EvidenceError ``exception.unknown``."""
    glass = state.exceptional.glass(id_)
    if glass is None or len(glass.by) < 2:
        raise EvidenceError("exception.unknown", f"the decision at leaf {decision} goes by {id_}, which no two people broke in {state.name}")
