"""Fields of protobuf JSON (ProtoJSON): base64 bytes, 64-bit integers as text, times; ValueError for anything else."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from lockgate.canon import Noun
from lockgate.evidence import foreign

MAX_INT = 2**63


class Span(Noun, frozen=True, kw_only=True):
    """When something is valid: a closed interval; None for no bound."""

    start: datetime | None = None
    end: datetime | None = None

    def holds(self, at: datetime) -> bool:
        """Whether it is valid then; both bounds are inside (protobuf-specs, ``TimeRange``)."""
        return (self.start is None or self.start <= at) and (self.end is None or at <= self.end)


def raw(outer: Mapping[str, Any], name: str) -> bytes:
    """A field that is bytes, not empty: base64, of either alphabet, padded or not, as ProtoJSON parsers take it."""
    value = outer.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} is missing, empty or no text")
    try:
        return b64decode(value.replace("-", "+").replace("_", "/") + "=" * (-len(value) % 4 if "=" not in value else 0), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"{name} is not base64") from None


def optional_raw(outer: Mapping[str, Any], name: str) -> bytes:
    """A field that is bytes; empty where it is missing."""
    return raw(outer, name) if outer.get(name) not in (None, "") else b""


def integer(outer: Mapping[str, Any], name: str, *, default: int | None = None) -> int:
    """A whole number from 0 to 2^63 - 1, as a number or as text."""
    value = outer.get(name)
    if value is None and default is not None:
        return default
    if isinstance(value, str) and value.isascii() and value.removeprefix("-").isdigit() and len(value) < 20:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"{name} is no whole number")
    if not 0 <= value < MAX_INT:
        raise ValueError(f"{name} is below 0 or above 2^63")
    return value


def span(outer: Mapping[str, Any], name: str) -> Span:
    """A ``TimeRange``; without bounds where it is missing."""
    found = foreign.within(outer, name)
    return Span(start=_time(found, "start"), end=_time(found, "end"))


def _time(outer: Mapping[str, Any], name: str) -> datetime | None:
    if outer.get(name) is None:
        return None
    try:
        at = msgspec.convert(foreign.text(outer, name), datetime)
        if at.tzinfo is None:
            raise ValueError
        return at.astimezone(UTC)
    except (msgspec.ValidationError, ValueError, OverflowError):
        raise ValueError(f"{name} is no RFC 3339 time with its offset") from None


def instant(seconds: int) -> datetime:
    """Seconds since 1970 as UTC. Raises ValueError beyond the year 9999."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        raise ValueError("this is no time before the year 10000") from None
