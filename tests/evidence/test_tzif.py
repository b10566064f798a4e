"""Time zone files, held against the standard library's reader for every zone there is; and any bytes at all."""

from __future__ import annotations

import io
import random
import struct
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.adapters.zones import PackagedZones
from lockgate.core.zones import AHEAD
from lockgate.errors import EvidenceError
from lockgate.evidence.tzif import read_zone

ZONES = PackagedZones()
NOW = datetime(2026, 11, 22, 20, 14, 3, tzinfo=UTC)
BERLIN = ZONES.read("Europe/Berlin").data


def written(
    footer: str, *, times: tuple[int, ...] = (), kinds: tuple[int, ...] = (), offsets: tuple[int, ...] = (0,), version: bytes = b"2", leaps: int = 0
) -> bytes:
    """A TZif file: an empty block of version 1, one of version 2, a footer."""
    empty = struct.pack(">4sc15x6I", b"TZif", version, 0, 0, 0, 0, 1, 1) + struct.pack(">iBB", 0, 0, 0) + b"\0"
    head = struct.pack(">4sc15x6I", b"TZif", version, 0, 0, leaps, len(times), len(offsets), 1)
    types = b"".join(struct.pack(">iBB", offset, 0, 0) for offset in offsets)
    return empty + head + struct.pack(f">{len(times)}q", *times) + bytes(kinds) + types + b"\0" + b"\n" + footer.encode() + b"\n"


@pytest.mark.parametrize("year", [1920, 1972, 1999, 2007, 2016, 2026, 2037, 2060])
def test_every_zone_is_what_the_standard_library_says(year: int) -> None:
    start, chance = datetime(year, 1, 1, tzinfo=UTC), random.Random(year)
    for name in ZONES.names():
        data = ZONES.read(name).data
        theirs, ours = ZoneInfo.from_file(io.BytesIO(data)), read_zone(data, name, "2026f", start)
        assert (ours.name, ours.shifts[0].at, ours.until) == (name, start, start + AHEAD)
        edges = [shift.at + timedelta(seconds=near) for shift in ours.shifts[1:] for near in (-1, 0)]
        for at in [*edges, *(start + timedelta(seconds=chance.randrange(400 * 86_400)) for _ in range(12))]:
            told = [shift.offset for shift in ours.shifts if shift.at <= at][-1]
            assert timedelta(seconds=told) == at.astimezone(theirs).utcoffset(), (name, at)


@pytest.mark.parametrize(
    "footer",
    [
        "UTC0",
        "<-03>3",
        "CET-1CEST,M3.5.0,M10.5.0/3",
        "EST5EDT,M3.2.0,M11.1.0",
        "XXX3EDT4,0/0,J365/23",
        "AAA0BBB,J60,J300",
        "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
        "AAA12BBB13:15:30,M2.5.6/-167,M9.4.3/167",
    ],
)
@pytest.mark.parametrize("year", [2023, 2024, 2026])
def test_footers_are_what_the_standard_library_says(footer: str, year: int) -> None:
    data, start = written(footer), datetime(year, 1, 1, tzinfo=UTC)
    theirs, ours = ZoneInfo.from_file(io.BytesIO(data)), read_zone(data, "X", "x", start)
    for hour in range(0, 399 * 24, 5):
        at = start + timedelta(hours=hour)
        assert timedelta(seconds=[shift.offset for shift in ours.shifts if shift.at <= at][-1]) == at.astimezone(theirs).utcoffset(), at


@pytest.mark.parametrize(("year", "first", "last"), [(2023, "2023-03-01", "2023-10-28"), (2024, "2024-02-29", "2024-10-27")])
def test_days_are_counted_from_0_and_leap_days_with_them(year: int, first: str, last: str) -> None:
    """POSIX.1-2017 section 8.3, TZ, the form ``n``, by hand: the standard library counts these from 1."""
    zone = read_zone(written("AAA0BBB,59/0,300/1"), "X", "x", datetime(year, 1, 1, tzinfo=UTC))
    assert [(f"{shift.at:%Y-%m-%d}", shift.offset) for shift in zone.shifts[1:3]] == [(first, 3600), (last, 0)]


BAD = {
    "nothing": b"",
    "another file": b"PK\3\4" + bytes(100),
    "version 1": written("UTC0", version=b"\0"),
    "cut short": BERLIN[:-30],
    "no footer": BERLIN[: BERLIN.rindex(b"\nCET")],
    "no line end": BERLIN[:-1],
    "an empty footer": written(""),
    "more behind it": BERLIN + b"x\n",
    "a footer that is none": written("Europe/Berlin"),
    "a rule without its end": written("AAA0BBB,M3.5.0"),
    "month 13": written("AAA0BBB,M13.5.0,M10.5.0"),
    "month 0": written("AAA0BBB,M0.5.0,M10.5.0"),
    "day 366": written("AAA0BBB,366,10"),
    "J0": written("AAA0BBB,J0,10"),
    "a time of 61 minutes": written("AAA0:61"),
    "a time of eight days": written("AAA192"),
    "a footer beyond ASCII": written("UTC0").replace(b"UTC0", b"UT\xff0"),
    "transitions out of order": written("UTC0", times=(5, 5), kinds=(0, 0)),
    "a type that is not there": written("UTC0", times=(5,), kinds=(1,)),
    "no types": written("UTC0", offsets=()),
    "more types than are read": written("UTC0", offsets=(0,) * 257),
    "leap seconds": written("UTC0", leaps=1),
    "an offset of 27 hours": written("UTC0", offsets=(27 * 3600,)),
    "more transitions than are read": written("UTC0", times=tuple(range(4097)), kinds=(0,) * 4097),
    "larger than is read": BERLIN + bytes(1 << 16),
    "counts that lie": BERLIN[:32] + b"\xff\xff\xff\xff" + BERLIN[36:],
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_zone(name: str) -> None:
    with pytest.raises(EvidenceError) as err:
        read_zone(BAD[name], "X", "x", NOW)
    assert err.value.code == "zone.malformed"
    assert err.value.message.isprintable()


@given(
    st.one_of(
        st.binary(max_size=200),
        st.tuples(st.integers(0, len(BERLIN) - 1), st.binary(min_size=1, max_size=6)).map(lambda at: BERLIN[: at[0]] + at[1] + BERLIN[at[0] + len(at[1]) :]),
    )
)
def test_any_bytes_are_a_zone_or_refused(data: bytes) -> None:
    try:
        zone = read_zone(data, "X", "x", NOW)
    except EvidenceError:
        return
    assert zone.shifts[0].at == NOW
    assert all(one.at < after.at for one, after in zip(zone.shifts, zone.shifts[1:], strict=False))
    assert read_zone(data, "X", "x", NOW) == zone
