"""Durations: positive, whole, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.canon import Noun, decode, encode
from lockgate.core.duration import Duration, Time, span
from lockgate.errors import EvidenceError


class Both(Noun, frozen=True, kw_only=True):
    lasts: Duration = "1s"
    at: Time = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "length"),
    [("1s", timedelta(seconds=1)), ("90s", timedelta(seconds=90)), ("30m", timedelta(minutes=30)), ("24h", timedelta(days=1)), ("7d", timedelta(weeks=1)),
     ("999999d", timedelta(days=999_999))],
)  # fmt: skip
def test_lengths(text: str, length: timedelta) -> None:
    assert span(text) == length


@given(st.integers(1, 999_999), st.sampled_from("smhd"))
def test_every_duration_is_positive(number: int, unit: str) -> None:
    assert span(f"{number}{unit}") > timedelta(0)
    assert decode(encode(Both(lasts=f"{number}{unit}")), Both).lasts == f"{number}{unit}"


NONE_AT_ALL = [
    "",
    "0s",
    "0d",
    "00h",
    "01h",
    "-1h",
    "+1h",
    "1",
    "h",
    "1.5h",
    "1e3s",
    "1 h",
    " 1h",
    "1h\n",
    "1H",
    "1w",
    "1y",
    "1h30m",
    "1000000s",
    "\u0661h",
    "24h ",
]


@pytest.mark.parametrize("text", NONE_AT_ALL)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no duration"):
        span(text)
    with pytest.raises(EvidenceError) as err:
        decode(encode({"lasts": text}), Both)
    assert err.value.code == "json.malformed"


@pytest.mark.parametrize("text", ["2026-11-22T20:14:03", "2026-11-22", "20:14:03Z", "now", ""])
def test_a_time_says_its_offset(text: str) -> None:
    with pytest.raises(EvidenceError) as err:
        decode(encode({"at": text}), Both)
    assert err.value.code == "json.malformed"
