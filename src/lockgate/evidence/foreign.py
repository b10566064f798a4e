"""Fields of other people's JSON: of the type the format says, or ValueError; never a guess, never a default.

Text that will stand in facts and on terminals is printable: no control characters, no lone surrogates.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

MAX_TEXT = 1000
"""The longest text taken into a fact, characters."""


def mapping(value: object, what: str) -> dict[str, Any]:
    """A JSON object."""
    if not isinstance(value, dict):
        raise ValueError(f"{what} is no object")
    return value


def within(outer: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A field that is an object; empty where it is missing or null."""
    value = outer.get(name)
    return {} if value is None else mapping(value, name)


def items(outer: Mapping[str, Any], name: str) -> list[Any]:
    """A field that is an array; empty where it is missing or null."""
    value = outer.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise ValueError(f"{name} is no array")
    return value


def text(outer: Mapping[str, Any], name: str, *, longest: int = MAX_TEXT) -> str:
    """A field that is printable text, not empty."""
    value = outer.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} is missing, empty or no text")
    if len(value) > longest or not value.isprintable():
        raise ValueError(f"{name} is longer than {longest} characters, or not printable")
    return value


def optional_text(outer: Mapping[str, Any], name: str) -> str:
    """A field that is printable text; empty where it is missing, null or empty."""
    return text(outer, name) if outer.get(name) not in (None, "") else ""


def instant(outer: Mapping[str, Any], name: str) -> datetime | None:
    """An RFC 3339 time with its offset, as UTC in whole seconds, cut off; None where the field is missing or null."""
    if outer.get(name) is None:
        return None
    value = text(outer, name)
    try:
        found = msgspec.convert(value, datetime)
        if found.tzinfo is None:
            raise ValueError
        return found.astimezone(UTC).replace(microsecond=0)
    except (msgspec.ValidationError, ValueError, OverflowError):
        raise ValueError(f"{name} is no RFC 3339 time with its offset") from None
