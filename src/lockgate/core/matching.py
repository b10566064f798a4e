"""Distinct people for every slot: bipartite matching by augmenting paths (Kuhn), breadth first, so that depth needs no stack."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet


def assign(slots: Sequence[AbstractSet[str]]) -> dict[int, str]:
    """A largest assignment of distinct people to slots.

    Args:
        slots: for each slot, the people who could fill it; at most some hundred of each.

    Returns:
        slot -> person, each person at most once; as many slots as can be filled at all.
    """
    filled: dict[int, str] = {}
    for slot in range(len(slots)):
        _fill(slot, slots, filled)
    return filled


def _fill(start: int, slots: Sequence[AbstractSet[str]], filled: dict[int, str]) -> None:
    """Fill one more slot, moving people who already fill others where that helps."""
    seated = {person: slot for slot, person in filled.items()}
    asked_by: dict[str, int] = {}
    waiting = [start]
    for slot in waiting:
        for person in sorted(slots[slot]):
            if person in asked_by:
                continue
            asked_by[person] = slot
            if person not in seated:
                _move(person, asked_by, filled)
                return
            waiting.append(seated[person])


def _move(free: str, asked_by: dict[str, int], filled: dict[int, str]) -> None:
    """Seat somebody free, and along the path everyone they push out, each in the slot that asked for them."""
    person: str | None = free
    while person is not None:
        slot = asked_by[person]
        pushed_out = filled.get(slot)
        filled[slot] = person
        person = pushed_out
