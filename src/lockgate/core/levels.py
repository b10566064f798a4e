"""SLSA levels as verifiers write them: ``SLSA_BUILD_LEVEL_3`` implies 2 and 1 of its track; any other name is compared as it is."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

_TRACK = re.compile(r"SLSA_([A-Z][A-Z0-9_]{0,63})_LEVEL_([0-9]{1,3})\Z").match


def track(level: str) -> tuple[str, int] | None:
    """``("BUILD", 3)`` of ``SLSA_BUILD_LEVEL_3``; None for what is no level of a track, such as ``SLSA_BUILD_LEVEL_UNEVALUATED``."""
    found = _TRACK(level)
    return (found[1], int(found[2])) if found else None


def missing(held: Collection[str], wanted: Iterable[str]) -> tuple[str, ...]:
    """Those wanted that are neither held nor implied by what is held, in their order."""
    highest: dict[str, int] = {}
    for name, number in filter(None, map(track, held)):
        highest[name] = max(number, highest.get(name, 0))
    return tuple(one for one in wanted if one not in held and not ((known := track(one)) and highest.get(known[0], -1) >= known[1]))
