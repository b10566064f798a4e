"""`within-hours`: inside a window by the wall clock, and in no freeze."""

from __future__ import annotations

import pytest

from build import ATTESTED, HOURS, NOT_REVOKED, SIGNED, TESTED, policy
from core.case import Case
from core.cases_of_kinds import WITHIN_HOURS
from lockgate.core.facts import Need
from lockgate.core.policy import requirement_id
from lockgate.core.requirements.within_hours import WithinHours
from lockgate.core.windows import Freeze, Window
from lockgate.core.zones import Zone


@pytest.mark.parametrize("case", WITHIN_HOURS, ids=str)
def test_answers(case: Case) -> None:
    assert case.verdict() == case.answer


def test_what_it_asks_for() -> None:
    assert HOURS.needs() == (Need(Zone),)
    assert (WithinHours.lasts, WithinHours.waivable, WithinHours.yields) == ("no", True, True)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "neither a window nor a freeze"),
        ({"from_": "09:00"}, "without from, or without to"),
        ({"to": "09:00"}, "without from, or without to"),
        ({"days": ("mon",)}, "without from, or without to"),
        ({"days": ("mon",), "freezes": (Freeze(from_="2026-12-24", to="2026-12-24"),)}, "without from, or without to"),
        ({"from_": "09:00", "to": "10:00", "windows": (Window(from_="09:00", to="10:00"),)}, "and windows beside them"),
        ({"from_": "09:00", "to": "09:00"}, "never open"),
        ({"from_": "24:00", "to": "09:00"}, "never open"),
    ],
)
def test_a_window_is_said_once_and_whole(fields: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        WithinHours(zone="Europe/Berlin", **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-12-24", "2026-12-23"),
        ("2026-12-24T10:00", "2026-12-24T10:00"),
        ("2026-01-01", "2027-01-02"),
        ("2026-02-29", "2026-03-01"),
        ("2026-01-01", "2026-04-31"),
    ],
)
def test_a_freeze_ends_after_it_begins_and_within_a_year(start: str, end: str) -> None:
    with pytest.raises(ValueError, match=r"ends before it begins|out of range|must be in"):
        Freeze(from_=start, to=end)


def test_the_longest_freeze_and_the_shortest() -> None:
    assert Freeze(from_="2028-01-01", to="2028-12-31").closed().end - Freeze(from_="2028-01-01", to="2028-12-31").closed().start == 366 * 86_400
    assert Freeze(from_="2026-12-24T10:00", to="2026-12-24T10:01").closed().end - Freeze(from_="2026-12-24T10:00", to="2026-12-24").closed().start == 60


def test_it_may_be_waived_where_the_policy_says_so_and_what_tells_of_the_bytes_never() -> None:
    assert policy(SIGNED, HOURS, waivable=("within-hours",)).environments["production"].waivable == ("within-hours",)
    for one in (ATTESTED, TESTED, NOT_REVOKED):
        with pytest.raises(ValueError, match="no requirement there that can be"):
            policy(SIGNED, one, waivable=(requirement_id(one),))
