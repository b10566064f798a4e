"""Distinct people for every slot: bipartite matching by augmenting paths (Kuhn)."""

from __future__ import annotations

from collections.abc import Sequence, Set as AbstractSet


def assign(slots: Sequence[AbstractSet[str]]) -> dict[int, str]:
    """A largest assignment of distinct people to slots.

    Args:
        slots: for each slot, the people who could fill it; at most some hundred of each.

    Returns:
        slot -> person, each person at most once; as many slots as can be filled at all.
    """
    taken: dict[str, int] = {}

    def seat(slot: int, tried: set[str]) -> bool:
        for person in sorted(slots[slot]):
            if person in tried:
                continue
            tried.add(person)
            if person not in taken or seat(taken[person], tried):
                taken[person] = slot
                return True
        return False

    for slot in range(len(slots)):
        seat(slot, set())
    return {slot: person for person, slot in taken.items()}
