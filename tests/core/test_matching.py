"""Distinct people for every slot, against every way of seating them."""

from __future__ import annotations

import time
from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.core.matching import assign

PEOPLE = "abcde"
SLOTS = st.lists(st.frozensets(st.sampled_from(PEOPLE)), max_size=5)


def most(slots: list[frozenset[str]]) -> int:
    """By brute force: the best of all orders in which people are led to the slots."""
    people = [*PEOPLE, *" " * len(slots)]
    return max(
        (sum(person in slot for person, slot in zip(order, slots, strict=False)) for order in set(permutations(people[: len(PEOPLE)], len(slots)))), default=0
    )


@given(SLOTS)
@settings(max_examples=300)
def test_as_many_slots_as_can_be_filled(slots: list[frozenset[str]]) -> None:
    found = assign(slots)
    assert len(found) == most(slots)
    assert len(set(found.values())) == len(found)
    assert all(person in slots[slot] for slot, person in found.items())


@given(SLOTS, st.frozensets(st.sampled_from(PEOPLE)))
def test_one_more_approval_never_fills_fewer(slots: list[frozenset[str]], more: frozenset[str]) -> None:
    for slot in range(len(slots)):
        assert len(assign([*slots[:slot], slots[slot] | more, *slots[slot + 1 :]])) >= len(assign(slots))


@given(SLOTS)
def test_the_same_question_has_the_same_answer(slots: list[frozenset[str]]) -> None:
    assert assign(slots) == assign([frozenset(sorted(slot, reverse=True)) for slot in slots])


def test_one_person_fills_one_slot() -> None:
    assert len(assign([{"ann"}, {"ann"}])) == 1
    assert assign([{"ann", "sam"}, {"ann"}]) == {0: "sam", 1: "ann"}


def test_nobody_and_nothing() -> None:
    assert assign([]) == {}
    assert assign([set(), set()]) == {}


def test_a_chain_of_a_thousand_moves_needs_no_stack() -> None:
    slots = [{f"{slot:04}", f"{slot + 1:04}"} for slot in range(1000)]
    begun = time.process_time()
    assert len(assign([*slots, {"0000"}])) == 1001
    assert time.process_time() - begun < 10
