"""Time zone files (TZif, RFC 9636): what a zone's clocks show between two instants.

  1. the header of version 1, whose data block is passed over (section 3.1);
  2. the header of version 2 or later and its data block: transitions, and the offsets between them (section 3.2);
  3. the footer, a rule for the time after the last transition (section 3.3), as POSIX writes it with the extension of section 3.3.1.

Zones with leap seconds are refused: lockgate's clock has none. Only what the bytes say counts; no calendar of this machine is asked.
"""

from __future__ import annotations

import re
import struct
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from lockgate.core.zones import AHEAD, MAX_ZONE, Shift, Zone
from lockgate.errors import EvidenceError

MAX_TRANSITIONS, MAX_TYPES = 4096, 256
_HEADER = struct.Struct(">4sc15x6I")
_DAY, _WEEK_BOUND = 86_400, 7 * 86_400
_EPOCH = date(1970, 1, 1).toordinal()
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)
_NAME = r"(?:[A-Za-z]{3,16}|<[A-Za-z0-9+-]{3,16}>)"
_OFFSET = r"[+-]?[0-9]{1,3}(?::[0-9]{2}){0,2}"
_WHEN = r"(?:J[0-9]{1,3}|[0-9]{1,3}|M[0-9]{1,2}\.[1-5]\.[0-6])"
_RULE = re.compile(
    rf"{_NAME}(?P<std>{_OFFSET})"
    rf"(?:{_NAME}(?P<dst>{_OFFSET})?,(?P<start>{_WHEN})(?:/(?P<start_at>{_OFFSET}))?,(?P<end>{_WHEN})(?:/(?P<end_at>{_OFFSET}))?)?\Z"
).match


class _Rule(NamedTuple):
    """What a footer says: offsets of standard and summer time, seconds ahead of UTC, and when each begins, as written, at which second of that day."""

    standard: int
    summer: int | None = None
    start: str = ""
    start_at: int = 0
    end: str = ""
    end_at: int = 0


class _File(NamedTuple):
    times: tuple[int, ...]
    offsets: tuple[int, ...]
    before: int
    rule: _Rule


def read_zone(data: bytes, name: str, version: str, now: datetime) -> Zone:
    """What this zone's clocks show from `now` on, for `AHEAD`.

    Args:
        data: TZif version 2 or later, at most 64 KiB. name, version: what it is.
        now: UTC.

    Raises:
        EvidenceError: ``zone.malformed``.
    """
    try:
        file = _parse(data)
        until = now + AHEAD
        shifts = _between(file, (now - _FIRST) // timedelta(seconds=1), (until - _FIRST) // timedelta(seconds=1))
        return Zone(name=name, version=version, shifts=tuple(Shift(at=_FIRST + timedelta(seconds=at), offset=offset) for at, offset in shifts), until=until)
    except (struct.error, ValueError, OverflowError) as err:
        raise EvidenceError("zone.malformed", f"the time zone {name[:80]!r} is no TZif file that can be read: {str(err)[:200]}") from None


def _parse(data: bytes) -> _File:
    """Steps 1 to 3."""
    if len(data) > MAX_ZONE:
        raise ValueError(f"it has more than {MAX_ZONE} bytes")
    version, block = _block(data, 0, 4)
    if version < b"2":
        raise ValueError("it is of version 1, which says nothing of the years to come")
    at = _HEADER.size + block.size
    _, block = _block(data, at, 8)
    at += _HEADER.size
    if not 1 <= block.types <= MAX_TYPES or block.times > MAX_TRANSITIONS or block.leaps:
        raise ValueError("it has no types, more than are read, or leap seconds")
    times = struct.unpack_from(f">{block.times}q", data, at)
    at += 8 * block.times
    kinds = struct.unpack_from(f">{block.times}B", data, at)
    at += block.times
    offsets = [offset for offset, _, _ in struct.iter_unpack(">iBB", data[at : at + 6 * block.types])]
    if len(offsets) != block.types or any(kind >= block.types for kind in kinds) or any(one >= after for one, after in pairwise(times)):
        raise ValueError("its transitions are out of order, or of types that are not there")
    if any(abs(offset) > 26 * 3600 for offset in offsets):
        raise ValueError("an offset is longer than a day")
    footer = data[at - 9 * block.times + block.size :]
    if footer[:1] != b"\n" or footer[-1:] != b"\n":
        raise ValueError("it has no footer")
    return _File(times, tuple(offsets[kind] for kind in kinds), offsets[0], _rule(footer[1:-1].decode("ascii")))


class _Counts(NamedTuple):
    utc: int
    standard: int
    leaps: int
    times: int
    types: int
    characters: int
    size: int


def _block(data: bytes, at: int, width: int) -> tuple[bytes, _Counts]:
    magic, version, *counts = _HEADER.unpack_from(data, at)
    if magic != b"TZif":
        raise ValueError("it does not begin as one")
    utc, standard, leaps, times, types, characters = counts
    size = times * (width + 1) + types * 6 + characters + leaps * (width + 4) + standard + utc
    return version, _Counts(utc, standard, leaps, times, types, characters, size)


def _rule(text: str) -> _Rule:
    found = _RULE(text)
    if found is None:
        raise ValueError("its footer is no rule")
    standard = -_hms(found["std"])
    if not found["start"]:
        return _Rule(standard)
    summer = -_hms(found["dst"]) if found["dst"] else standard + 3600
    return _Rule(standard, summer, found["start"], _hms(found["start_at"] or "2"), found["end"], _hms(found["end_at"] or "2"))


def _hms(text: str) -> int:
    """Seconds of ``[+-]h[:m[:s]]``, at most a week."""
    parts = [int(part) for part in text.lstrip("+-").split(":")]
    seconds = sum(part * unit for part, unit in zip(parts, (3600, 60, 1), strict=False))
    if seconds > _WEEK_BOUND or any(part > 59 for part in parts[1:]):
        raise ValueError("a time in its footer is none")
    return -seconds if text.startswith("-") else seconds


def _between(file: _File, start: int, end: int) -> list[tuple[int, int]]:
    """When which offset begins, of what holds between two instants, the one in force at `start` first."""
    shifts = list(zip(file.times, file.offsets, strict=True))
    last = file.times[-1] if file.times else None
    if last is None or last < end:
        shifts += [(at, offset) for at, offset in _by_rule(file.rule, start, end) if last is None or at > last]
    in_force = file.before
    for at, offset in shifts:
        if at <= start:
            in_force = offset
    found = [(start, in_force)]
    for at, offset in shifts:
        if start < at < end and offset != found[-1][1]:
            found.append((at, offset))
    return found


def _by_rule(rule: _Rule, start: int, end: int) -> list[tuple[int, int]]:
    """What the footer's rule makes of the years around these instants, from well before the first."""
    first, last = (date.fromordinal(at // _DAY + _EPOCH).year for at in (start, end))
    if rule.summer is None:
        return [(-(1 << 60), rule.standard)]
    shifts = []
    for year in range(first - 1, last + 2):
        shifts.append((_day(rule.end, year) + rule.end_at - rule.summer, 0, rule.standard))
        shifts.append((_day(rule.start, year) + rule.start_at - rule.standard, 1, rule.summer))
    return [(at, offset) for at, _, offset in sorted(shifts)]  # where summer time ends and begins at once, it goes on


def _day(written: str, year: int) -> int:
    """Local seconds of the midnight at which that day begins."""
    new_year = date(year, 1, 1).toordinal()
    if written.startswith("M"):
        month, week, weekday = (int(part) for part in written[1:].split("."))
        first = date(year, month, 1)
        day = first.toordinal() + (weekday - first.isoweekday()) % 7 + 7 * (week - 1)
        after = date(year + month // 12, month % 12 + 1, 1).toordinal()
        return (day - 7 * (day >= after) - _EPOCH) * _DAY
    number = int(written.removeprefix("J"))
    if written.startswith("J"):
        leap = date(year, 12, 31).toordinal() - new_year == 365
        number = number - 1 + (leap and number >= 60)
    if not 0 <= number <= 365:
        raise ValueError("a day in its footer is none")
    return (new_year + number - _EPOCH) * _DAY
