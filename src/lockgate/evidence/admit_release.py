"""What is said in an environment's stream: requests, answers to them, decisions, deployments."""

from __future__ import annotations

from datetime import datetime

from lockgate.core import events
from lockgate.core.decide import RULES
from lockgate.core.identity import Roster
from lockgate.core.model import Release
from lockgate.core.policy import section_digest
from lockgate.core.reentry import replaced
from lockgate.core.state import KEPT_ANSWERS, KEPT_REQUESTS, State, release_digest, room_for_request, state_digest
from lockgate.errors import EvidenceError, TrustError
from lockgate.evidence.admit_deployment import admit_deployment
from lockgate.evidence.admit_exceptional import require_glass
from lockgate.evidence.admit_revocation import admit_lift, admit_revoked
from lockgate.evidence.place import SKEW, Place, read_policy, require_lasting


def admit_environment(place: Place, event: events.Event, person: str, roster: Roster, *, owner: bool = False) -> None:
    """Whether what `person`, an owner or not, says of this environment is a fact. Raises EvidenceError, TrustError, by code."""
    state = place.state.environment
    environment = getattr(event, "environment", "")
    duty = events.duty_for(event)
    if duty is not None and not roster.may(person, duty, environment):
        raise _no_duty(f"{person} does not have the duty {duty} in {environment}", environment, duty)
    match event:
        case events.Requested():
            if state.request(event.id) is not None:
                raise EvidenceError("request.reused", f"the id {event.id} is taken")
            if len(room_for_request(state, place.at)) >= KEPT_REQUESTS:
                raise EvidenceError("request.too-many", f"{KEPT_REQUESTS} requests have approvals that have not ended: one has to end first")
            if list(event.fixes) != sorted(set(event.fixes)):
                raise EvidenceError("event.malformed", "the advisories that a request names are sorted, and each is named once")
            if event.rollback and replaced(state.stays, Release(artifacts=place.subjects, config=event.config)) is None:
                raise EvidenceError("request.no-rollback", f"nothing of this release was in {environment} and was replaced: it is asked for as any other")
        case events.Revoked():
            admit_revoked(place, event, person, may=owner or may_reject(roster, person, environment))
        case events.Withdrawn(what="revocation"):
            admit_lift(place, event, person, owner=owner, may=may_reject(roster, person, environment))
        case events.DeployStarted() | events.Deployed():
            admit_deployment(place, event, person)
        case events.Approved() | events.Rejected() | events.Withdrawn():
            _admit_answer(place, event, person, roster)
        case _:
            raise EvidenceError("event.other-stream", "this kind of event does not belong to an environment")


def may_reject(roster: Roster, person: str, environment: str) -> bool:
    """Whether this person may approve anything there, and so say no."""
    found = roster.get(person)
    return found is not None and any(duty.startswith("approve:") for duty in found.duties.get(environment, ()))


def _no_duty(message: str, environment: str, duty: str) -> TrustError:
    return TrustError("people.no-duty", message, f"lockgate people add NAME --duty {environment}={duty}")


def admit_decided(state: State, event: events.Decided, index: int) -> None:
    """A decision counts where it was made, on what stood there: nothing that touches it was recorded since, and so it is no copy of an earlier one."""
    require_looked(state, event.history, event.decided_at, event.rules, "", index)
    if event.request and state.environment.request(event.request) is None:
        raise EvidenceError("request.unknown", f"this decision goes by {event.request}, which is no request in {event.environment}")
    if event.break_glass:
        require_glass(state.environment, event.break_glass, index)
    if event.state != state_digest(state):
        raise EvidenceError("decision.other-state", "this decision was made on another state than history gives: the gate's keys signed what nobody said")


def require_looked(state: State, history: int, made_at: datetime, rules: int, on: str, index: int) -> None:
    """What the permit key says at `index` was made on the state there is: of `history` leaves, at a time after them, by rules that are known.

    Args:
        on: digest of the state it was made on; empty where that is looked at later.

    Raises:
        EvidenceError: ``decision.stale``, ``decision.older-rules``, ``decision.other-state``, ``event.newer``.
    """
    newest = max(state.house.leaf, state.environment.leaf)
    if not newest < history <= index:
        raise EvidenceError("decision.stale", f"leaf {newest} was recorded after what this decision looked at")
    if any(at is not None and at - made_at > SKEW for at in (state.house.at, state.environment.at)):
        raise EvidenceError("decision.stale", "this decision says it was made before what it looked at was recorded")
    if rules > RULES:
        raise EvidenceError("event.newer", f"this decision goes by rules {rules}, and this lockgate knows rules {RULES} at most")
    if rules < state.environment.rules:
        raise EvidenceError("decision.older-rules", f"this decision goes by rules {rules}, and decisions here go by {state.environment.rules} already")
    if on and on != state_digest(state):
        raise EvidenceError("decision.other-state", "this was made on another state than history gives: the gate's keys signed what nobody said")


def _admit_answer(place: Place, event: events.Approved | events.Rejected | events.Withdrawn, person: str, roster: Roster) -> None:
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
        if not may_reject(roster, person, event.environment):
            raise _no_duty(f"{person} may not approve in {event.environment}, and so not reject either", event.environment, "approve:DUTY")
        return
    if event.shown.rollback != request.rollback:
        raise EvidenceError("approval.other-marking", f"{event.request} {'is' if request.rollback else 'is not'} a rollback, and this approval says otherwise")
    if event.shown.fixes != request.fixes:
        marked = f"a fix of {', '.join(request.fixes)}" if request.fixes else "no security fix"
        raise EvidenceError("approval.other-marking", f"{event.request} is asked for as {marked}, and this approval says otherwise")
    if event.config != request.release.config or event.shown.to != release_digest(request.release):
        raise EvidenceError("approval.other-release", f"this is about another release or configuration than {event.request} asks for")
    if any(given.nonce == event.nonce for given in request.given):
        raise EvidenceError("approval.replayed", "this very approval was recorded before")
    if len(request.given) >= KEPT_ANSWERS:
        raise EvidenceError("request.too-many-answers", f"{event.request} has had {KEPT_ANSWERS} approvals, withdrawn ones among them: request it anew")
    require_lasting(event, place.at)
    policy = place.state.house.policy
    if policy is None:
        raise EvidenceError("policy.none-in-force", "no policy is in force")
    in_force_now = read_policy(place.load(policy.digest))
    section = in_force_now.environments.get(event.environment)
    if section is None or event.section != section_digest(in_force_now, event.environment) or event.baseline != section.baseline:
        raise EvidenceError("approval.policy-changed", "this approval was given under another policy section than the one in force")
