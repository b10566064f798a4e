"""`soaked`: one unbroken stay, by lockgate's own record, long enough to the second."""

from __future__ import annotations

from datetime import timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from build import KEYS, NOW, SHOP, SOAKED, facts, in_force, provenance, release, signature, stay, subject
from core.case import Case
from core.cases import SOAKED_CASES
from lockgate.core.facts import InForce, Need, Stay
from lockgate.core.outcome import Fail, Pass, Verdict


@pytest.mark.parametrize("case", SOAKED_CASES, ids=str)
def test_answers(case: Case) -> None:
    assert case.verdict() == case.answer


def check(*stays: Stay, now: timedelta = timedelta(0)) -> Verdict:
    return SOAKED.check(subject(), facts(stays={"staging": stays}, in_force=[in_force()]), NOW + now, KEYS)


def test_what_it_asks_for() -> None:
    assert SOAKED.needs() == (Need(Stay, "staging"), Need(InForce))
    assert SOAKED.key_names() == ()


def test_nothing_a_publisher_says_moves_the_clock() -> None:
    long_ago = NOW - timedelta(days=365)
    said = facts(signatures=[signature(signed_at=long_ago)], provenance=[provenance(finished_at=long_ago)], stays={"staging": []}, in_force=[in_force()])
    assert SOAKED.check(subject(), said, NOW, KEYS) == Fail(code="soaked.never-there", params={"in": "staging", "for": "24h"})


@given(st.integers(0, 48 * 3600))
def test_it_opens_when_it_said_it_would_and_not_a_second_before(seconds: int) -> None:
    one = replace(stay(), since=NOW - timedelta(seconds=seconds))
    answer = check(one)
    if isinstance(answer, Pass):
        assert seconds >= 24 * 3600
        return
    assert isinstance(answer, Fail)
    assert answer.opens_at is not None
    wait = answer.opens_at - NOW
    assert isinstance(check(one, now=wait), Pass)
    assert not isinstance(check(one, now=wait - timedelta(seconds=1)), Pass)


HOUR = timedelta(hours=1)


@given(st.lists(st.tuples(st.sampled_from([SHOP, release("other"), release("shop", "worker")]), st.integers(1, 40)), max_size=6), st.booleans())
def test_against_counting_hours(history: list[tuple[object, int]], ends: bool) -> None:
    """A made-up history of releases and hours, newest first: it opens where some unbroken run of hours is long enough."""
    stays, at = [], NOW
    for number, (there, hours) in enumerate(history):
        until = None if number == 0 and not ends else at
        stays.append(replace(stay(), release=there, since=at - hours * HOUR, until=until))
        at -= hours * HOUR
    expected = any(there == SHOP and hours >= 24 for there, hours in history)
    assert isinstance(check(*reversed(stays)), Pass) == expected


def test_the_time_said_is_utc_whatever_the_record_was_written_in() -> None:
    elsewhere = replace(stay(), since=(NOW - 5 * HOUR).astimezone(timezone(9 * HOUR)))
    answer = check(elsewhere)
    assert isinstance(answer, Fail)
    assert answer.params["since"] == "2026-11-22T15:14:03Z"


def test_no_soak_is_too_long_for_the_calendar() -> None:
    answer = replace(SOAKED, for_="999999d").check(subject(), facts(stays={"staging": [stay()]}, in_force=[in_force()]), NOW, KEYS)
    assert isinstance(answer, Fail)
    assert answer.code == "soaked.too-young"
