"""What became of each hold, waiver and broken glass: what `status` and `log exceptions` tell."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from lockgate.canon import Noun
from lockgate.core.duration import Time
from lockgate.core.exceptional import Glass, Hold, Waiver
from lockgate.core.identity import Name

Fate = Literal["standing", "unused", "used", "lifted", "expired", "expired-unused", "half-signed", "review-open", "reviewed"]
"""What became of it. ``expired``: a hold that ended of itself; a waiver says ``used`` or ``expired-unused`` once it is over."""


class Told(Noun, frozen=True, kw_only=True):
    """One of them.

    Attributes:
        by: who gave it, in order: people, or the fingerprint of an owner's key. since: when it was recorded. until: its end, if it has one.
        request, requirement: a waiver's.
        decision: the newest decision that rests on it; -1 for none. leaf: of what ended it: its lifting, or its review; -1 for none.
        reason: in words; empty where that was erased.
    """

    environment: Name
    kind: Literal["hold", "waiver", "break-glass"]
    id: str
    by: tuple[str, ...]
    since: Time
    until: Time | None = None
    fate: Fate
    request: str = ""
    requirement: str = ""
    decision: int = -1
    leaf: int = -1
    reason: str = ""


def fate_of(item: Hold | Waiver | Glass, now: datetime, *, lifted: bool = False) -> Fate:
    """What became of it by now; `lifted`: whether it was."""
    match item:
        case Hold():
            return "lifted" if lifted else "expired" if item.over(now) else "standing"
        case Waiver():
            if item.used >= 0:
                return "used"
            return "lifted" if item.lifted else "expired-unused" if item.over(now) else "unused"
        case Glass():
            if item.decision >= 0:
                return "review-open" if item.under_review() else "reviewed"
            if len(item.by) < 2:
                return "half-signed"
            return "expired-unused" if item.over(now) else "unused"


def told(name: Name, item: Hold | Waiver | Glass, now: datetime, reason: str = "", lifted: int = -1) -> Told:
    """What is told of one.

    Args:
        name: its environment. item: as it last stood.
        now: when it is told.
        reason: in words. lifted: leaf of what lifted it; -1 for none.
    """
    fate = fate_of(item, now, lifted=lifted >= 0)
    match item:
        case Hold():
            return Told(environment=name, kind="hold", id=item.id, by=(item.by,), since=item.at, until=item.expires, fate=fate, leaf=lifted, reason=reason)
        case Waiver():
            return Told(
                environment=name,
                kind="waiver",
                id=item.id,
                by=(item.by,),
                since=item.at,
                until=item.expires,
                fate=fate,
                request=item.request,
                requirement=item.requirement,
                decision=item.used,
                leaf=lifted,
                reason=reason,
            )
        case Glass():
            return Told(
                environment=name,
                kind="break-glass",
                id=item.id,
                by=item.by,
                since=item.at,
                until=item.until,
                fate=fate,
                decision=item.decision,
                leaf=item.reviewed,
                reason=reason,
            )
