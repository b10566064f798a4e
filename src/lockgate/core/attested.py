"""Statements of any type, as far as a policy asks for them: which types it means, where in a predicate it looks, and what stands there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from lockgate.canon import Noun
from lockgate.core.duration import Time
from lockgate.core.facts import Vouched

PredicateType = Annotated[str, msgspec.Meta(pattern=r"^[^\s\x00-\x1f]{1,1000}\Z", max_length=1000)]
"""A predicate type: with its version that version alone; without it, every version of it."""

Path = Annotated[str, msgspec.Meta(min_length=1, max_length=400)]
"""Where in a predicate: ``scan.results[0].level``, or as a JSON Pointer (RFC 6901), ``/scan/results/0/level``, for names with other characters."""

MAX_DEPTH = 32
LONGEST = 1000
"""Characters of a text that are kept; and one more of a longer one, so that it equals nothing."""

_VERSION = re.compile(r"v?[0-9]+(?:\.[0-9]+){0,2}(?:-rc[0-9]+)?\Z").match
_DOTTED = re.compile(r"[A-Za-z_$@][A-Za-z0-9_$@-]*(?:\[(?:0|[1-9][0-9]{0,5})\])*(?:\.[A-Za-z_$@][A-Za-z0-9_$@-]*(?:\[(?:0|[1-9][0-9]{0,5})\])*)*\Z").match
_STEP = re.compile(r"\[([0-9]+)\]|([^.\[\]]+)").finditer
_NUMBER = re.compile(r"(?:0|[1-9][0-9]{0,5})\Z").match


class Field(Noun, frozen=True, kw_only=True):
    """What stands at a path.

    Attributes:
        path: as the policy writes it.
        kind: of what stands there. text: the text, cut off after `LONGEST` characters and one; a number as JSON writes it; ``true`` or ``false``.
        at: of a text that is a time with its offset (RFC 3339), that time.
    """

    path: Path
    kind: Literal["text", "number", "truth", "null", "list", "object"]
    text: str = ""
    at: Time | None = None


class Attested(Vouched, frozen=True, kw_only=True):
    """Somebody says something of an artifact, of a type that the policy asks for.

    Attributes:
        type: the predicate type, as it stands there.
        fields: what stands at the paths that the policy names, sorted; nothing of a path where nothing stands.
    """

    type: str
    fields: tuple[Field, ...] = ()

    def field(self, path: Path) -> Field | None:
        """What stands there; None for nothing."""
        return next((one for one in self.fields if one.path == path), None)


def means(written: PredicateType, found: str) -> bool:
    """Whether a type in a policy means this one: the same, or one of its versions where none is written."""
    if found == written:
        return True
    head, _, version = found.rpartition("/")
    return head == written and _VERSION(version) is not None and _VERSION(written.rpartition("/")[2]) is None


def steps(path: Path) -> tuple[str | int, ...]:
    """A path's steps: names, and places in lists.

    Raises:
        ValueError: it is no path, or deeper than `MAX_DEPTH`.
    """
    found: tuple[str | int, ...]
    if path.startswith("/"):
        words = path[1:].split("/")
        if any(re.search(r"~(?![01])", word) for word in words):
            raise ValueError(f"{path[:80]!r} is no JSON Pointer: ~ is written ~0, and / within a name ~1")
        found = tuple(word.replace("~1", "/").replace("~0", "~") for word in words)
    elif _DOTTED(path):
        found = tuple(int(step[1]) if step[1] else step[2] for step in _STEP(path))
    else:
        raise ValueError(f"{path[:80]!r} is no path into a predicate: write a.b[0].c, or a JSON Pointer such as /a/b/0/c")
    if len(found) > MAX_DEPTH:
        raise ValueError(f"a path has at most {MAX_DEPTH} steps")
    return found


MISSING = object()
"""What stands where nothing does; JSON has null for itself."""


def stands_at(predicate: Mapping[str, Any], path: Path) -> Any:  # noqa: ANN401  a JSON value
    """What stands there in a predicate; `MISSING` for nothing. A JSON Pointer's number is a place in a list, and a name in an object."""
    here: Any = predicate
    for step in steps(path):
        if isinstance(here, dict) and isinstance(step, str):
            here = here.get(step, MISSING)
        elif isinstance(here, list) and (isinstance(step, int) or _NUMBER(step)):
            here = here[int(step)] if int(step) < len(here) else MISSING
        else:
            return MISSING
    return here
