"""JSON documents taken apart: the way to every value in one, for whatever changes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def ways(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value in a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, each in inner:
        yield (*way, name)
        yield from ways(each, (*way, name))


def at(document: Any, way: tuple[Any, ...]) -> Any:
    """What stands there; None where nothing does."""
    for step in way:
        try:
            document = document[step]
        except (KeyError, IndexError, TypeError):
            return None
    return document
