"""`approved`: every duty, by distinct people, over these very bytes; against brute force."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from build import APPROVED, KEYS, NOW, actor, facts, in_force, person, person_id, provenance, request, request_id, roster, subject
from build import given as approval
from core.case import Case
from core.cases import ANNS, APPROVED_CASES, PEOPLE, SAMS
from lockgate.core.facts import Enrolled, Given, InForce, Need, Provenance, Request
from lockgate.core.outcome import Fail, Pass, Verdict
from lockgate.core.requirements.approved import Approved


@pytest.mark.parametrize("case", APPROVED_CASES, ids=str)
def test_answers(case: Case) -> None:
    assert case.verdict() == case.answer


def test_what_it_asks_for() -> None:
    history = (Need(Request), Need(InForce), Need(Enrolled))
    assert APPROVED.needs() == (*history, Need(Provenance))
    assert replace(APPROVED, independent_of=()).needs() == history
    assert APPROVED.key_names() == ()


NAMES, DUTIES = ("ann", "sam", "max", "kim"), ("build", "release", "security")
DORA = person("dora", {"production": ["deploy"]})
ALL_MAY = roster(DORA, *(person(name, {"production": [f"approve:{duty}" for duty in DUTIES]}) for name in NAMES))


def ask(requirement: Approved, *approvals: Given) -> Verdict:
    found = facts(requests=[request(*approvals)], in_force=[in_force()], roster=ALL_MAY, provenance=[provenance()])
    return requirement.check(subject(actor=actor("dora"), request=request_id()), found, NOW, KEYS)


def met(duties: dict[str, int], pairs: list[tuple[str, str]]) -> int:
    """By brute force: how many of the people asked for can be had, each person standing for at most one."""
    slots = [duty for duty, count in duties.items() for _ in range(count)]
    seats = [*NAMES, *[""] * len(slots)]
    return max(sum((who, duty) in pairs for who, duty in zip(order, slots, strict=True)) for order in set(permutations(seats, len(slots))))


@given(
    st.dictionaries(st.sampled_from(DUTIES), st.integers(1, 2), min_size=1, max_size=2),
    st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(DUTIES)), max_size=6),
)
@settings(max_examples=150)
def test_as_many_people_as_brute_force_finds(duties: dict[str, int], pairs: list[tuple[str, str]]) -> None:
    answer = ask(replace(APPROVED, duties=duties), *(approval(who, duty) for who, duty in pairs))
    have, need = met(duties, pairs), sum(duties.values())
    assert isinstance(answer, Pass) == (have == need)
    if isinstance(answer, Fail):
        assert (answer.code, answer.params["have"], answer.params["need"]) == ("approved.too-few-people", have, need)
    else:
        by = answer.params["by"]
        assert isinstance(by, tuple)
        assert len(set(by)) == need


@given(
    st.dictionaries(st.sampled_from(DUTIES), st.integers(1, 2), min_size=1, max_size=2),
    st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(DUTIES)), max_size=4),
)
@settings(max_examples=100)
def test_whoever_is_said_to_be_able_is(duties: dict[str, int], pairs: list[tuple[str, str]]) -> None:
    requirement = replace(APPROVED, duties=duties)
    approvals = [approval(who, duty) for who, duty in pairs]
    answer = ask(requirement, *approvals)
    if isinstance(answer, Pass):
        return
    have = answer.params["have"]
    helps = 0
    for who in NAMES:
        more = ask(requirement, *approvals, *(approval(who, duty) for duty in duties))
        helps += isinstance(more, Pass) or more.params["have"] != have
    assert answer.params["able"] == helps


def test_duties_are_anded_however_many_people_say_yes() -> None:
    """Rules merged by union, or a total that any group may fill, would let four releases stand for a missing security."""
    answer = ask(APPROVED, *(approval(name, "release-management") for name in NAMES))
    assert isinstance(answer, Fail)
    assert answer.params["have"] == 0
    answer = ask(replace(APPROVED, duties={"release": 1, "security": 1}), *(approval(name, "release") for name in NAMES))
    assert isinstance(answer, Fail)
    assert (answer.params["have"], answer.params["missing"]) == (1, ("security",))


def test_a_hundred_people_of_a_large_house() -> None:
    names = [f"person{number}" for number in range(100)]
    large = roster(DORA, *(person(name, {"production": ["approve:security"]}) for name in names))
    found = facts(requests=[request(*(approval(name, "security") for name in names[:31]))], in_force=[in_force()], roster=large, provenance=[provenance()])
    answer = replace(APPROVED, duties={"security": 32}).check(subject(actor=actor("dora"), request=request_id()), found, NOW, KEYS)
    assert isinstance(answer, Fail)
    assert (answer.params["have"], answer.params["able"]) == (31, 69)


def test_the_newest_approval_of_a_person_is_the_one_named() -> None:
    found = facts(requests=[request(ANNS, SAMS, replace(SAMS, leaf=30, nonce="0" * 32))], in_force=[in_force()], roster=PEOPLE, provenance=[provenance()])
    answer = APPROVED.check(subject(actor=actor("dora"), request=request_id()), found, NOW, KEYS)
    assert answer == Pass(params={"request": request_id(), "by": tuple(sorted([person_id("ann"), person_id("sam")])), "leaves": ("11", "30")})
