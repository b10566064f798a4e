"""What revocations strike: releases that may not enter, and permits that are gone. A no wins over every permit given before it.

A release is recalled while a revocation that stands names one of its artifacts, what is inside one of them, or its configuration. A permit
is gone for good once a revocation names it, or a digest of its release: lifting one lets the release be asked for again, and brings no permit back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from collections.abc import Set as AbstractSet
from datetime import datetime

from msgspec.structs import replace

from lockgate.core.digest import Digest
from lockgate.core.exceptional import Exceptional
from lockgate.core.facts import Request
from lockgate.core.model import Release
from lockgate.core.revocation import EVERY_PERMIT, Revocation
from lockgate.core.state import KEPT_REVOKED, PERMIT_GRACE, EnvironmentState, House, Permit, Running, State


def standing(state: State) -> tuple[Revocation, ...]:
    """The revocations of digests that stand here: everywhere's first, each oldest first."""
    return tuple(one for one in (*state.house.revoked, *state.environment.revoked) if one.permit == EVERY_PERMIT and one.lifted < 0)


def recalling(revocations: Iterable[Revocation], digests: AbstractSet[str]) -> Revocation | None:
    """The first of these revocations that names one of these digests."""
    return next((one for one in revocations if digests & set(one.digests)), None)


def names(release: Release) -> set[str]:
    """Every digest by which a release can be revoked; what is inside an index stands beside it."""
    return {*release.artifacts, release.config}


def struck(state: State, permit: Permit | Running) -> int:
    """The leaf that ended a permit by a revocation, standing or lifted since, or by a recheck that refused it; -1 where none did."""
    forgot = max(state.house.forgot, state.environment.forgot)
    if permit.decision < forgot:
        return forgot
    for one in (*state.house.revoked, *state.environment.revoked):
        if one.permit == permit.decision or (one.permit == EVERY_PERMIT and names(permit.release) & set(one.digests) and _before_lift(one, permit.decision)):
            return one.leaf
    mark = state.environment.mark(permit.decision)
    return mark.struck if mark is not None else -1


def _before_lift(one: Revocation, decision: int) -> bool:
    return one.lifted < 0 or decision < one.lifted


def freed(state: State) -> tuple[Request, ...]:
    """The requests, those whose permit was revoked without it: it keeps nobody out."""
    gone = {permit.decision for permit in state.environment.permits if struck(state, permit) >= 0}
    return tuple(replace(one, permit_until=None) if one.decision in gone else one for one in state.environment.requests)


def freed_glasses(state: State) -> Exceptional:
    """What of the exceptional stands, each broken glass whose permit was revoked without it: it keeps nobody out."""
    gone = {permit.decision for permit in state.environment.permits if struck(state, permit) >= 0}
    here = state.environment.exceptional
    return replace(here, glasses=tuple(replace(one, permit_until=None) if one.decision in gone else one for one in here.glasses))


def room_for(held: House | EnvironmentState, at: datetime, running: Collection[int] = ()) -> tuple[tuple[Revocation, ...], int]:
    """The revocations that stay when one more comes at `at`, and the leaf before which every permit is gone for it.

    A revocation that stands is never forgotten: with `KEPT_REVOKED` of them there is no room. Forgotten is the oldest that was lifted, or whose permit
    ended and is not one of those by which something runs (`running`); and with it goes every permit that was there before it ended. From rules 2 on,
    one whose end is not remembered has ended; and with a permit that is known to be over goes no other one: it opens nothing, forgotten or not.
    """
    if len(held.revoked) < KEPT_REVOKED:
        return held.revoked, held.forgot
    for one in held.revoked:
        if spare(held, one, at, running):
            over = isinstance(held, EnvironmentState) and held.goes_by(2) and one.until is not None
            return tuple(other for other in held.revoked if other is not one), held.forgot if over else max(held.forgot, one.lifted, one.leaf)
    return held.revoked, held.forgot


def spare(held: House | EnvironmentState, one: Revocation, at: datetime, running: Collection[int] = ()) -> bool:
    """Whether a revocation may be forgotten, as `room_for` says."""
    end = one.until
    if end is None and one.permit != EVERY_PERMIT and isinstance(held, EnvironmentState) and held.goes_by(2):
        end = one.at
    return one.lifted >= 0 or (end is not None and at - end >= PERMIT_GRACE and one.permit not in running)


def permit_of(state: EnvironmentState, decision: int) -> tuple[Release, datetime | None] | None:
    """The release that a decision's permit was for, and its end where that is known: a live or spent one, one that something ran by, a request's newest."""
    for permit in (*state.permits, *state.spent):
        if permit.decision == decision:
            return permit.release, permit.not_after
    found = next((stay.release for stay in state.stays if stay.decision == decision), None)
    found = found or next((one.release for one in state.requests if one.decision == decision), None)
    found = found or (state.running.release if state.running is not None and state.running.decision == decision else None)
    return None if found is None else (found, None)


def touching(revocations: Iterable[Revocation], digest: Digest) -> tuple[Revocation, ...]:
    """Those of these revocations that name this digest."""
    return tuple(one for one in revocations if digest in one.digests)
