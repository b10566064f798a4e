"""Who may revoke, and lift what was revoked: in an environment whoever may say no there, everywhere the owners."""

from __future__ import annotations

from lockgate.core import events
from lockgate.core.recall import permit_of, room_for, spare
from lockgate.core.revocation import EVERY_PERMIT
from lockgate.core.state import KEPT_REVOKED, EnvironmentState, House
from lockgate.errors import EvidenceError, TrustError
from lockgate.evidence.place import Place


def admit_revoked(place: Place, event: events.Revoked, by: str, *, may: bool) -> None:
    """Whether a revocation is a fact.

      1  whoever signed it may revoke there; or it is of their own permit, which they give back unused
      2  its id is new
      3  the permit it names was given there, for these artifacts
      4  there is room: a revocation that stands is never forgotten for another one

    Raises:
        TrustError: ``revocation.not-yours``. EvidenceError: ``revocation.reused``, ``revocation.no-permit``, ``revocation.other-release``,
            ``revocation.too-many``; ``revocation.final`` for a permit that was revoked before.
    """
    here = event.environment
    if not may and not _gives_back(place, event, by):
        who = "an owner revokes everywhere" if here == events.HOUSE else f"whoever may approve in {here} revokes there, or an owner"
        raise TrustError("revocation.not-yours", f"this key may not revoke: {who}")
    held = _held(place, event)
    if any(one.id == event.id for one in (*place.state.house.revoked, *held.revoked)):
        raise EvidenceError("revocation.reused", f"the id {event.id} is taken")
    if event.permit != EVERY_PERMIT:
        found = permit_of(held, event.permit) if isinstance(held, EnvironmentState) else None
        if found is None:
            raise EvidenceError("revocation.no-permit", f"no permit by leaf {event.permit} is known in {here}")
        if found[0].artifacts != place.subjects:
            raise EvidenceError("revocation.other-release", f"the permit at leaf {event.permit} is for other artifacts")
        if any(one.permit == event.permit for one in held.revoked):
            raise EvidenceError("revocation.final", f"the permit at leaf {event.permit} was revoked before, and does not come back")
    if len(room_for(held, place.at, held.run_by() if isinstance(held, EnvironmentState) else ())[0]) >= KEPT_REVOKED:
        raise EvidenceError("revocation.too-many", f"{KEPT_REVOKED} revocations stand in {here}: one has to be lifted first")


def _gives_back(place: Place, event: events.Revoked, by: str) -> bool:
    """Whether somebody gives back a permit that lives and is theirs, from rules 2 on: while half of the room is left to those who may revoke."""
    here = place.state.environment
    theirs = here.goes_by(2) and any(one.decision == event.permit and one.person == by for one in here.permits)
    return event.environment != events.HOUSE and theirs and sum(not spare(here, one, place.at) for one in here.revoked) < KEPT_REVOKED // 2


def admit_lift(place: Place, event: events.Withdrawn, by: str, *, owner: bool, may: bool) -> None:
    """Whether the lifting of a revocation is a fact: by whoever revoked, as long as they may, or by an owner; of digests, for a permit stays gone.

    Raises:
        EvidenceError: ``revocation.unknown``, ``revocation.final``, ``revocation.other-release``. TrustError: ``revocation.not-yours``.
    """
    one = next((one for one in _held(place, event).revoked if one.id == event.request and one.lifted < 0), None)
    if one is None:
        raise EvidenceError("revocation.unknown", f"no revocation {event.request} stands in {event.environment}")
    if one.permit != EVERY_PERMIT:
        raise EvidenceError("revocation.final", f"{event.request} revoked the permit of decision {one.permit}, which does not come back: ask for another")
    if place.subjects != one.digests:
        raise EvidenceError("revocation.other-release", f"this names other digests than {event.request} revoked")
    if not owner and not (may and one.by == by):
        raise TrustError("revocation.not-yours", f"{event.request} is lifted by whoever revoked, as long as they may, or by an owner")


def _held(place: Place, event: events.Revoked | events.Withdrawn) -> House | EnvironmentState:
    return place.state.house if event.environment == events.HOUSE else place.state.environment
