"""What of the exceptional stands in one environment: holds, waivers, broken glasses; and how each event changes it.

As in `core.promotion`, there are no rules here. Nothing is forgotten that still stands, or that could open something if its
leaf was replayed: with no room left, only what has ended gives way, and what has ended by its own signed word is no fact any more.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from msgspec.structs import replace

from lockgate.canon import Noun
from lockgate.core.digest import Digest
from lockgate.core.duration import Time
from lockgate.core.exceptional_events import Departure, GlassBroken, Held, Lifted, Reviewed, WaiverGiven
from lockgate.core.identity import Fingerprint, Name, PersonId
from lockgate.core.model import Release, RequestId

KEPT = 64
"""Holds, waivers and broken glasses of one environment: as many of each. A quarter of them at most is one person's, who so keeps nobody out."""

LONGEST_HOLD, LONGEST_WAIVER, GLASS_LASTS = timedelta(days=90), timedelta(days=30), timedelta(hours=1)
"""How long each may last. Of a broken glass: within it the second signs, and the gate is asked."""

GLASS_PERMIT = timedelta(minutes=15)
"""How long a permit by break-glass lasts at most; the policy may say less, and it ends with the glass's hour."""

GRACE = timedelta(minutes=15)
"""More than two machines' clocks may differ by: so much longer what has ended is remembered where its signers' clocks decide."""


class Hold(Noun, frozen=True, kw_only=True):
    """A hold that was not lifted.

    Attributes:
        by: who gave it: a person, or the fingerprint of an owner's key that nobody had enrolled.
        at: when it was recorded. expires: when it ends; None for never.
        reason: digest of the prose.
    """

    id: str
    by: str
    at: Time
    expires: Time | None = None
    reason: Digest

    def over(self, now: datetime) -> bool:
        """Whether it has ended of itself."""
        return self.expires is not None and now >= self.expires

    def spare(self, now: datetime) -> bool:
        """Whether it may be forgotten."""
        return self.over(now)


class Waiver(Noun, frozen=True, kw_only=True):
    """A waiver, as it stands in history.

    Attributes:
        request: for which. requirement: which, by id.
        by: who gave it. key: with which key.
        section: the effective policy section it was given under.
        used: leaf of the newest allowed decision that rests on it; -1 for none.
        lifted: it was taken back.
    """

    id: str
    request: RequestId
    requirement: Name
    by: PersonId
    key: Fingerprint
    at: Time
    expires: Time
    section: Digest
    reason: Digest
    used: int = -1
    lifted: bool = False

    def over(self, now: datetime) -> bool:
        """Whether it has ended of itself."""
        return now >= self.expires

    def spare(self, now: datetime) -> bool:
        """Whether it may be forgotten."""
        return self.over(now)


class Glass(Noun, frozen=True, kw_only=True):
    """A broken glass: one or two signatures, what came of it, and whether that was reviewed.

    Attributes:
        release: for exactly which.
        at: when the first signature was recorded. until: when it ends.
        by: who signed, in order. keys: with which keys.
        decision: leaf of the newest decision that was allowed by it; -1 for none. permit_until: the end of that permit. permit_by: whose it is.
        users: everybody who got a permit by it.
        deployed: leaf of the `deployed` by one of them; -1 for none. With it, the glass is spent.
        reviewed: leaf of the review that closed it; -1 while it is open.
    """

    id: str
    release: Release
    reason: Digest
    at: Time
    until: Time
    by: tuple[PersonId, ...]
    keys: tuple[Fingerprint, ...]
    decision: int = -1
    permit_until: Time | None = None
    permit_by: PersonId | None = None
    users: tuple[PersonId, ...] = ()
    deployed: int = -1
    reviewed: int = -1

    def under_review(self) -> bool:
        """Whether something was permitted by it that nobody has reviewed yet."""
        return self.decision >= 0 and self.reviewed < 0

    def ready(self, now: datetime) -> bool:
        """Whether two people signed it, and it is neither ended nor spent."""
        return len(self.by) >= 2 and now < self.until and self.deployed < 0

    def over(self, now: datetime) -> bool:
        """Whether nothing can come of it any more, and nothing has to be said of it."""
        return now >= self.until and not self.under_review()

    def spare(self, now: datetime) -> bool:
        """Whether it may be forgotten: it is over, and so is each signature by its own word, the second one's an hour after the first's."""
        return self.over(now) and now >= self.at + 2 * GLASS_LASTS + GRACE


class Exceptional(Noun, frozen=True, kw_only=True):
    """All of it, oldest first: a part of the environment's state, and a fact of each decision there."""

    holds: tuple[Hold, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    glasses: tuple[Glass, ...] = ()

    def all_of(self) -> tuple[Hold | Waiver | Glass, ...]:
        """All of them."""
        return (*self.holds, *self.waivers, *self.glasses)

    def waiver(self, id_: str) -> Waiver | None:
        """The waiver with this id."""
        return next((one for one in self.waivers if one.id == id_), None)

    def hold(self, id_: str) -> Hold | None:
        """The hold with this id."""
        return next((one for one in self.holds if one.id == id_), None)

    def glass(self, id_: str) -> Glass | None:
        """The broken glass with this id."""
        return next((one for one in self.glasses if one.id == id_), None)

    def standing(self, now: datetime) -> tuple[Hold, ...]:
        """The holds that stand."""
        return tuple(one for one in self.holds if not one.over(now))

    def to_review(self) -> tuple[Glass, ...]:
        """Broken glasses whose review is open."""
        return tuple(one for one in self.glasses if one.under_review())


Kept = TypeVar("Kept", Hold, Waiver, Glass)


def room(kept: tuple[Kept, ...], at: datetime) -> tuple[Kept, ...]:
    """What stays when one more comes at `at`; `KEPT` of them, and there is no room for it."""
    return kept if len(kept) < KEPT else tuple(one for one in kept if not one.spare(at))


def after(here: Exceptional, event: Departure, subjects: tuple[Digest, ...], by: str, key: Fingerprint, index: int, at: datetime) -> Exceptional:
    """What stands after one more event that is a fact.

    Args:
        here: before it.
        event, subjects, by, key, index, at: as in `promotion.Said`.
    """
    match event:
        case Held():
            holds = room(here.holds, at)
            hold = Hold(id=event.id, by=by, at=at, expires=event.expires, reason=event.reason)
            return replace(here, holds=(*holds, hold)[:KEPT])
        case Lifted():
            waivers = tuple(replace(one, lifted=True) if one.id == event.id else one for one in here.waivers)
            return replace(here, holds=tuple(one for one in here.holds if one.id != event.id), waivers=waivers)
        case WaiverGiven():
            given = Waiver(**{name: getattr(event, name) for name in ("id", "request", "requirement", "expires", "section", "reason")}, by=by, key=key, at=at)
            return replace(here, waivers=(*room(here.waivers, at), given)[:KEPT])
        case GlassBroken():
            return _broken(here, event, subjects, by, key, at)
        case Reviewed():
            return each_glass(here, event.id, lambda one: replace(one, reviewed=index))


def each_glass(here: Exceptional, id_: str, change: Callable[[Glass], Glass]) -> Exceptional:
    """With the glass of this id changed."""
    return replace(here, glasses=tuple(change(one) if one.id == id_ else one for one in here.glasses))


def _broken(here: Exceptional, event: GlassBroken, subjects: tuple[Digest, ...], by: str, key: Fingerprint, at: datetime) -> Exceptional:
    if here.glass(event.id) is not None:
        return each_glass(here, event.id, lambda one: replace(one, by=(*one.by, by), keys=(*one.keys, key), until=min(one.until, event.expires)))
    release = Release(artifacts=subjects, config=event.config)
    glass = Glass(id=event.id, release=release, reason=event.reason, at=at, until=min(event.expires, at + GLASS_LASTS), by=(by,), keys=(key,))
    return replace(here, glasses=(*room(here.glasses, at), glass)[:KEPT])


def replaced(here: Exceptional, release: Release) -> Exceptional:
    """After another release was deployed: what a broken glass for any other permitted is gone, and it may be asked for anew."""
    return replace(here, glasses=tuple(one if one.release == release else replace(one, permit_until=None) for one in here.glasses))


def allowed(here: Exceptional, waivers: frozenset[str], glass: str, index: int, person: PersonId | None, not_after: datetime) -> Exceptional:
    """After a decision that was allowed: which waivers it rests on, and the glass it was allowed by.

    Args:
        waivers: ids. glass: id; empty for none.
        index: the decision's leaf. person: whose permit it is. not_after: its end.
    """
    used = tuple(replace(one, used=index) if one.id in waivers else one for one in here.waivers)

    def permitted(one: Glass) -> Glass:
        users = one.users if person is None or person in one.users else (*one.users, person)
        return replace(one, decision=index, permit_until=not_after, permit_by=person, users=users)

    return each_glass(replace(here, waivers=used), glass, permitted)
