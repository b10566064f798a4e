"""Change windows against brute force: minute by minute, by the standard library's own clocks, across the days on which clocks change."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.adapters.zones import PackagedZones
from lockgate.core.openings import frozen, inside, local_seconds, next_opening
from lockgate.core.windows import DAYS, Freeze, Window, wall
from lockgate.core.zones import Zone
from lockgate.evidence.tzif import read_zone

NAMES = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Africa/Casablanca",
    "Etc/UTC",
    "Pacific/Chatham",
    "America/Santiago",
    "Asia/Tehran",
]
MINUTE = timedelta(minutes=1)


@cache
def data(name: str) -> bytes:
    return PackagedZones().read(name).data


@cache
def oracle(name: str) -> ZoneInfo:
    return ZoneInfo.from_file(io.BytesIO(data(name)), key=name)


def zone(name: str, now: datetime) -> Zone:
    return read_zone(data(name), name, "2026f", now)


CLOCKS = st.builds(lambda hour, minute: f"{hour:02}:{minute:02}", st.integers(0, 23), st.sampled_from([0, 1, 15, 30, 59]))
WINDOWS = st.builds(
    lambda days, start, end: None if start == end else Window(days=tuple(days), from_=start, to=end),
    st.lists(st.sampled_from([*DAYS, "mon..fri", "sat..mon", "fri..fri"]), min_size=1, max_size=2, unique=True), CLOCKS, st.one_of(CLOCKS, st.just("24:00")),
).filter(lambda one: one is not None)  # fmt: skip


def named_days(window: Window) -> set[int]:
    found: set[int] = set()
    for word in window.days:
        first, last = word.split("..") if ".." in word else (word, word)
        day = DAYS.index(first)
        while day != DAYS.index(last):
            found.add(day)
            day = (day + 1) % 7
        found.add(DAYS.index(last))
    return found


def shown_inside(shown: datetime, window: Window) -> bool:
    """The clock on the wall against a window, in words: no arithmetic but the hour's."""
    clock = f"{shown:%H:%M}"
    if window.from_ < window.to:
        return shown.weekday() in named_days(window) and window.from_ <= clock < window.to
    return (shown.weekday() in named_days(window) and window.from_ <= clock) or ((shown.weekday() - 1) % 7 in named_days(window) and clock < window.to)


def shown_frozen(shown: datetime, freeze: Freeze) -> bool:
    text = f"{shown:%Y-%m-%dT%H:%M}"
    return freeze.from_ <= text and (text < freeze.to if "T" in freeze.to else text[:10] <= freeze.to)


def open_at(at: datetime, name: str, windows: list[Window], freezes: list[Freeze]) -> bool:
    shown = at.astimezone(oracle(name))
    return (not windows or any(shown_inside(shown, one) for one in windows)) and not any(shown_frozen(shown, one) for one in freezes)


STARTS = st.one_of(
    st.datetimes(datetime(2024, 1, 1), datetime(2032, 1, 1)),  # noqa: DTZ001  made UTC below
    st.builds(lambda year, day: datetime(year, *day), st.integers(2024, 2031), st.sampled_from([(3, 28), (3, 8), (4, 3), (10, 25), (11, 1), (9, 26), (2, 27)])),  # noqa: DTZ001
).map(lambda at: at.replace(second=0, microsecond=0, tzinfo=UTC))


@given(st.sampled_from(NAMES), STARTS, st.lists(WINDOWS, max_size=3), st.lists(st.tuples(st.integers(-3, 6), st.integers(0, 4), st.booleans()), max_size=2))
@settings(max_examples=60)
def test_every_minute_of_a_week_and_the_next_opening(name: str, start: datetime, windows: list[Window], around: list[tuple[int, int, bool]]) -> None:
    days = [((start + timedelta(days=off)).date(), (start + timedelta(days=off + length)).date(), timed) for off, length, timed in around]
    freezes = [Freeze(from_=f"{first}{'T02:30' * timed}", to=f"{last}{'T03:15' * timed}") for first, last, timed in days]
    told, opening, closed = zone(name, start), [one.opening() for one in windows], [one.closed() for one in freezes]
    minutes = [start + number * MINUTE for number in range(0, 7 * 24 * 60, 7)]
    for at in minutes:
        local = local_seconds(told, at)
        assert local is not None
        assert (inside(local, opening) and frozen(local, closed) is None) == open_at(at, name, windows, freezes), at
    found = next_opening(told, start, opening, closed)
    limit = start + timedelta(days=3)
    at = start
    while at < limit and not open_at(at, name, windows, freezes):
        at += MINUTE
    if at < limit:
        assert found == at
    else:
        assert found is None or found >= limit


GAP = datetime(2027, 3, 28, tzinfo=UTC)
FOLD = datetime(2026, 10, 25, tzinfo=UTC)


@pytest.mark.parametrize(
    ("window", "day", "opens"),
    [
        (("02:15", "02:45"), GAP, [(24 * 60 + 15, 24 * 60 + 44)]),  # skipped; the next night it opens, at summer time
        (("02:15", "03:30"), GAP, [(60, 89), (24 * 60 + 15, 24 * 60 + 89)]),
        (("02:00", "02:30"), FOLD, [(0, 29), (60, 89), (25 * 60, 25 * 60 + 29)]),
        (("01:30", "03:00"), FOLD, [(-30, 119), (24 * 60 + 30, 24 * 60 + 119)]),
    ],
)
def test_the_nights_on_which_clocks_change_in_berlin(window: tuple[str, str], day: datetime, opens: list[tuple[int, int]]) -> None:
    """As docs/requirements/within-hours.md tells it: minutes after midnight UTC."""
    opening = [Window(from_=window[0], to=window[1]).opening()]
    told = zone("Europe/Berlin", day - timedelta(days=1))
    found = [minute for minute in range(-60, 26 * 60) if inside(local_seconds(told, day + minute * MINUTE) or 0, opening)]
    assert found == [minute for start, end in opens for minute in range(start, end + 1) if -60 <= minute < 26 * 60]


def test_nothing_is_told_past_the_end() -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    told = zone("Europe/Berlin", now)
    assert next_opening(told, now, [], [Freeze(from_="2026-01-01", to="2026-12-31").closed(), Freeze(from_="2027-01-01", to="2027-12-31").closed()]) is None
    assert next_opening(told, now, [], []) == now
    years = [Freeze(from_="2026-01-01", to="2026-12-31").closed(), Freeze(from_="2027-01-01", to="2027-12-31").closed()]
    assert next_opening(told, now, [Window(from_="09:00", to="16:00").opening()], years) is None


def test_what_the_wall_clock_shows_in_words() -> None:
    assert wall(0) == "thu 1970-01-01 00:00"
    now = datetime(2026, 11, 22, 20, 14, 3, tzinfo=UTC)
    assert wall(local_seconds(zone("Asia/Kathmandu", now), now) or 0) == "mon 2026-11-23 01:59"
