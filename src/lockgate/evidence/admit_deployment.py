"""What a deployer says of a deployment: that it began, and how it ended.

Whether it was permitted is settled where it begins: there the permit lives, and its request stands. How it ended is a fact
whatever became of the request meanwhile, for what runs has to be recordable; such a stay counts nowhere (`Stay.fell`).
An end whose begin was never recorded, as a pipeline without lockgate says it, is held to the permit itself.
"""

from __future__ import annotations

from datetime import timedelta

from lockgate.core import events
from lockgate.core.model import Release
from lockgate.core.recall import struck
from lockgate.core.state import PERMIT_GRACE, Permit, Running
from lockgate.errors import EvidenceError, TrustError
from lockgate.evidence.place import SKEW, Place

LONGEST_DEPLOYMENT = timedelta(days=1, minutes=10)
"""How long after its begin a deployment may say that its end is told."""


def admit_deployment(place: Place, event: events.DeployStarted | events.Deployed, person: str) -> None:
    """Whether what `person`, who may deploy there, says of a deployment is a fact.

    Raises:
        EvidenceError: ``deployed.no-permit``, ``deployed.other-release``, ``deployed.permit-expired``, ``deployed.under-way``,
            ``deployed.other-start``, ``deployed.not-over``. TrustError: ``deployed.other-person``.
    """
    running = place.state.environment.running
    if isinstance(event, events.DeployStarted):
        _admit_start(place, event, person)
    elif running is not None and running.decision == event.permit:
        _admit_end(place, event, person, running)
    else:
        _admit_unannounced(place, event, person)


def _admit_start(place: Place, event: events.DeployStarted, person: str) -> None:
    """1 its permit lives and is theirs; 2 its request stands; 3 in time; 4 nothing else is under way there."""
    permit = _permit(place, event.permit, Release(artifacts=place.subjects, config=event.config), person)
    _require_standing(place, permit)
    if not event.started_at < permit.not_after or place.at - permit.not_after > SKEW:
        raise EvidenceError("deployed.permit-expired", f"the permit at leaf {event.permit} had ended when this deployment began")
    if not timedelta(0) < event.ends_by - event.started_at <= LONGEST_DEPLOYMENT:
        raise EvidenceError("deployed.other-start", "a deployment ends after it began, and within a day")
    _require_alone(place)


def _admit_end(place: Place, event: events.Deployed, person: str, running: Running) -> None:
    """1 of the same release; 2 by whoever began it, or, once that time is past, that it is not known by anybody who may deploy; 3 of the same begin."""
    if running.release != Release(artifacts=place.subjects, config=event.config):
        raise EvidenceError("deployed.other-release", f"the permit at leaf {event.permit} is for another release or configuration")
    if running.person != person:
        if not isinstance(event, events.DeployUnknown):
            raise TrustError("deployed.other-person", f"the deployment by decision {event.permit} was begun by another person than {person}")
        if place.at < running.ends_by:
            raise TrustError("deployed.not-over", f"whoever began the deployment by decision {event.permit} has until {running.ends_by:%Y-%m-%d %H:%M:%S} UTC")
    if event.started_at != running.started_at or event.ended_at < event.started_at:
        raise EvidenceError("deployed.other-start", f"the deployment by decision {event.permit} began at another time than this says, or ends before it")


def _admit_unannounced(place: Place, event: events.Deployed, person: str) -> None:
    permit = _permit(place, event.permit, Release(artifacts=place.subjects, config=event.config), person)
    if not isinstance(event, events.DeployFailed | events.DeployUnknown):
        _require_standing(place, permit)
        if place.state.environment.goes_by(2):
            _require_alone(place)
    if not event.started_at < permit.not_after or event.ended_at < event.started_at or place.at - permit.not_after >= PERMIT_GRACE:
        raise EvidenceError("deployed.permit-expired", f"the permit at leaf {event.permit} had ended when this deployment began")


def _require_alone(place: Place) -> None:
    """Of two deployments at once nobody knows what runs."""
    running = place.state.environment.running
    if running is not None:
        raise EvidenceError("deployed.under-way", f"the deployment by decision {running.decision} began at leaf {running.leaf}, and its end was not told")


def _permit(place: Place, index: int, release: Release, person: str) -> Permit:
    """The live permit of a decision, which is for this release and this person."""
    permit = next((one for one in place.state.environment.permits if one.decision == index), None)
    if permit is None:
        raise EvidenceError("deployed.no-permit", f"leaf {index} is no live permit for {place.state.environment.name}")
    if permit.release != release:
        raise EvidenceError("deployed.other-release", f"the permit at leaf {index} is for another release or configuration")
    if permit.person is not None and permit.person != person:
        raise TrustError("deployed.other-person", f"the permit at leaf {index} is for whoever asked for it, and {person} did not")
    return permit


def _require_standing(place: Place, permit: Permit) -> None:
    """Its request stands; one that was forgotten does not, for nobody knows any more whether it was rejected."""
    if (leaf := struck(place.state, permit)) >= 0:
        raise EvidenceError("deployed.no-permit", f"the permit at leaf {permit.decision} was revoked by leaf {leaf}")
    request = place.state.environment.request(permit.request)
    if permit.request and (request is None or request.withdrawn or request.rejected_by or request.over):
        raise EvidenceError("deployed.no-permit", f"the permit at leaf {permit.decision} fell: {permit.request} was withdrawn, rejected, replaced or forgotten")
