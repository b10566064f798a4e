"""When a change window is open: wall-clock arithmetic on whole seconds, without a calendar library or a clock.

A moment is inside a window where the clock on the wall there shows a time inside it. So what the clocks skip in spring is never shown and opens
nothing; what they show twice in autumn is inside twice; and a window that begins at a skipped time opens at the first one shown after it.
Freezes win over windows, by the same clock.

*Local seconds* are what the wall clock shows, counted from 1970-01-01 00:00 as if there were no zones.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from lockgate.core.zones import Zone

DAY = 86_400
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)


class Opening(NamedTuple):
    """Local seconds of the day from which a window is open, and before which; more than a day where it goes past midnight. On these weekdays, Monday is 0."""

    days: frozenset[int]
    start: int
    end: int


class Closed(NamedTuple):
    """Local seconds from which, and before which, nothing is open."""

    start: int
    end: int


def local_seconds(zone: Zone, now: datetime) -> int | None:
    """What the wall clock shows at an instant; None where the zone is not told for then."""
    passed = [shift.offset for shift in zone.shifts if shift.at <= now]
    return _seconds(now) + passed[-1] if passed and now < zone.until else None


def _seconds(at: datetime) -> int:
    return (at - _FIRST) // timedelta(seconds=1)


def inside(local: int, windows: Sequence[Opening]) -> bool:
    """Whether the wall clock shows a time inside a window; always, where there is none."""
    today = local // DAY
    return not windows or any(
        _weekday(day) in window.days and window.start <= local - day * DAY < window.end for window in windows for day in (today - 1, today)
    )


def _weekday(day: int) -> int:
    return (day + 3) % 7  # 1970-01-01 was a Thursday


def frozen(local: int, freezes: Sequence[Closed]) -> int | None:
    """Which freeze the wall clock is in, by its place; None for none. Of several the one that lasts longest."""
    return max((place for place, one in enumerate(freezes) if one.start <= local < one.end), key=lambda place: freezes[place].end, default=None)


def next_opening(zone: Zone, now: datetime, windows: Sequence[Opening], freezes: Sequence[Closed]) -> datetime | None:
    """The first instant from `now` on that is inside a window and in no freeze; None where there is none as far as the zone is told."""
    ends = [*(_seconds(shift.at) for shift in zone.shifts[1:]), _seconds(zone.until)]
    for shift, end in zip(zone.shifts, ends, strict=True):
        start = max(_seconds(shift.at), _seconds(now))
        found = _first(start + shift.offset, end + shift.offset, windows, freezes) if start < end else None
        if found is not None:
            return _FIRST + timedelta(seconds=found - shift.offset)
    return None


def _first(low: int, high: int, windows: Sequence[Opening], freezes: Sequence[Closed]) -> int | None:
    """The first open local second from `low` on, before `high`, while clocks run evenly."""
    if not windows:
        return _thawed(low, high, freezes)
    best: int | None = None
    for day in range(low // DAY - 1, high // DAY + 1):
        if best is not None and day * DAY > best:
            break
        for window in windows:
            if _weekday(day) in window.days:
                found = _thawed(max(low, day * DAY + window.start), min(high, day * DAY + window.end), freezes)
                best = found if best is None or (found is not None and found < best) else best
    return best


def _thawed(low: int, high: int, freezes: Sequence[Closed]) -> int | None:
    """The first second from `low` on, before `high`, that no freeze holds."""
    while low < high:
        place = frozen(low, freezes)
        if place is None:
            return low
        low = freezes[place].end
    return None
