from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from lockgate.evidence import foreign


@pytest.mark.parametrize("value", [None, "", 7, [], {}, "a\nb", "\x1b[2J", "\u202e", "\ud800", "x" * 1001, True])
def test_text_is_printable_text(value: Any) -> None:
    with pytest.raises(ValueError):
        foreign.text({"a": value}, "a")


def test_text() -> None:
    assert foreign.text({"a": "grün"}, "a") == "grün"
    assert [foreign.optional_text(outer, "a") for outer in ({}, {"a": None}, {"a": ""}, {"a": "x"})] == ["", "", "", "x"]
    values: list[Any] = [0, False, [], {}]
    for wrong in values:
        with pytest.raises(ValueError):
            foreign.optional_text({"a": wrong}, "a")


def test_objects_and_arrays() -> None:
    assert foreign.within({}, "a") == foreign.within({"a": None}, "a") == {}
    assert foreign.items({}, "a") == foreign.items({"a": None}, "a") == []
    for wrong in (0, False, "", "x"):
        with pytest.raises(ValueError):
            foreign.within({"a": wrong}, "a")
        with pytest.raises(ValueError):
            foreign.items({"a": wrong}, "a")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-22T20:14:03Z", datetime(2026, 11, 22, 20, 14, 3, tzinfo=UTC)),
        ("2026-11-22T20:14:03.999999Z", datetime(2026, 11, 22, 20, 14, 3, tzinfo=UTC)),
        ("2026-11-22T22:14:03.123456789+02:00", datetime(2026, 11, 22, 20, 14, 3, tzinfo=UTC)),
        ("2026-11-22T20:14:03-00:00", datetime(2026, 11, 22, 20, 14, 3, tzinfo=UTC)),
    ],
)
def test_a_time(text: str, expected: datetime) -> None:
    assert foreign.instant({"at": text}, "at") == expected
    assert foreign.instant({"at": None}, "at") is None


NO_TIMES = ["", "2026-11-22", "2026-11-22T20:14:03", "2026-13-22T20:14:03Z", "2026-11-22T24:00:00Z", "2026-11-22T20:14:60Z", "1795337700", "now"]
OUT_OF_RANGE = ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]


@pytest.mark.parametrize("text", NO_TIMES + OUT_OF_RANGE)
def test_a_time_that_is_none(text: str) -> None:
    with pytest.raises(ValueError):
        foreign.instant({"at": text}, "at")
