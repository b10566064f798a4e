from __future__ import annotations

from datetime import UTC, datetime, timedelta

from fakes.fixed_clock import FixedClock
from lockgate.adapters.clock import SystemClock


def test_the_systems_clock_gives_utc_in_whole_seconds() -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    now = SystemClock().now()
    assert before <= now <= datetime.now(UTC)
    assert (now.microsecond, now.utcoffset()) == (0, timedelta(0))


def test_the_fixed_one_stands_until_it_is_moved() -> None:
    clock = FixedClock(datetime(2026, 11, 22, 20, 14, 3, tzinfo=UTC))
    assert clock.now() == clock.now()
    clock.advance(hours=-24)
    assert clock.now() == datetime(2026, 11, 21, 20, 14, 3, tzinfo=UTC)
