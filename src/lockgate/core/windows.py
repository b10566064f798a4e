"""Change windows and freezes as policy writes them, and the same in numbers (`core.openings`)."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import msgspec

from lockgate.canon import Noun
from lockgate.core.identity import Name
from lockgate.core.openings import DAY, Closed, Opening

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_EPOCH = date(1970, 1, 1).toordinal()

Days = Annotated[str, msgspec.Meta(pattern=r"^(mon|tue|wed|thu|fri|sat|sun)(\.\.(mon|tue|wed|thu|fri|sat|sun))?\Z")]
"""A day, or days from one to another with both, such as ``mon..fri`` or ``sat..mon``."""

Clock = Annotated[str, msgspec.Meta(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)\Z")]
"""A time of the wall clock, such as ``09:00``; ``24:00`` is the end of a day."""

Moment = Annotated[str, msgspec.Meta(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])(T([01][0-9]|2[0-3]):[0-5][0-9])?\Z")]
"""A date, or a date and a time, of the wall clock."""

EVERY_DAY = ("mon..sun",)


class Window(Noun, rename="kebab", frozen=True, kw_only=True):
    """From one time of the wall clock to before another, on these days; past midnight where it ends before it begins, and then the day is the one it begins on.

    Raises:
        ValueError: at construction, where it ends when it begins, or begins at 24:00.
    """

    days: Annotated[tuple[Days, ...], msgspec.Meta(min_length=1, max_length=7)] = EVERY_DAY
    from_: Clock = msgspec.field(name="from")
    to: Clock

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.from_ in {self.to, "24:00"}:
            raise ValueError(f"a window from {self.from_} to {self.to} is never open: a whole day is 00:00 to 24:00")

    def opening(self) -> Opening:
        """The same in numbers."""
        days = frozenset(day for word in self.days for day in _days(word))
        start, end = _of_day(self.from_), _of_day(self.to)
        return Opening(days, start, end if end > start else end + DAY)


class Freeze(Noun, rename="kebab", frozen=True, kw_only=True):
    """Nothing changes from this date or moment on; to the end of that date, or before that moment.

    Attributes:
        reason: a word for it, which stands in refusals.

    Raises:
        ValueError: at construction, where it ends before it begins, a date is none, or it lasts longer than 366 days.
    """

    from_: Moment = msgspec.field(name="from")
    to: Moment
    reason: Name | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.closed().end - self.closed().start <= 366 * DAY:
            raise ValueError(f"a freeze from {self.from_} to {self.to} ends before it begins, or lasts longer than 366 days")

    def closed(self) -> Closed:
        """The same in numbers."""
        return Closed(_moment(self.from_, 0), _moment(self.to, DAY))


def _days(word: str) -> list[int]:
    first, _, last = word.partition("..")
    start = DAYS.index(first)
    return [(start + more) % 7 for more in range((DAYS.index(last or first) - start) % 7 + 1)]


def _of_day(clock: str) -> int:
    return int(clock[:2]) * 3600 + int(clock[3:]) * 60


def _moment(text: str, whole_day: int) -> int:
    """Local seconds of a moment; of a date, those of its begin and `whole_day` more."""
    day = (date.fromisoformat(text[:10]).toordinal() - _EPOCH) * DAY
    return day + (_of_day(text[11:]) if len(text) > 10 else whole_day)


def wall(local: int) -> str:
    """What the wall clock shows: ``sun 2026-11-22 21:14``."""
    day, second = divmod(local, DAY)
    return f"{DAYS[(day + 3) % 7]} {date.fromordinal(day + _EPOCH)} {second // 3600:02}:{second // 60 % 60:02}"


def in_numbers(days: tuple[Days, ...], start: Clock | None, end: Clock | None, windows: tuple[Window, ...]) -> tuple[Opening, ...]:
    """All windows in numbers, the one by itself too; none for always."""
    short = (Window(days=days or EVERY_DAY, from_=start, to=end),) if start is not None and end is not None else ()
    return tuple(window.opening() for window in (*short, *windows))


def require_form(days: tuple[Days, ...], start: Clock | None, end: Clock | None, windows: tuple[Window, ...], freezes: tuple[Freeze, ...]) -> None:
    """One window by itself, or several under ``windows``, or freezes alone. Raises ValueError where it is said in both forms, or half, or nothing is."""
    if (start is None) != (end is None) or (days and start is None):
        raise ValueError("within-hours has a window without from, or without to")
    if start is not None and windows:
        raise ValueError("within-hours has from and to, and windows beside them: write all of them under windows")
    if start is None and not windows and not freezes:
        raise ValueError("within-hours has neither a window nor a freeze")
