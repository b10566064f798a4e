"""`built-by`: this builder, this source, byte for byte, by a key that may speak for the builder."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from build import BUILT, KEYS, NOW, SOURCE, facts, provenance, subject
from core.case import Case
from core.cases import BUILT_BY
from lockgate.core.facts import Need, Provenance, Rejected
from lockgate.core.outcome import Pass


@pytest.mark.parametrize("case", BUILT_BY, ids=str)
def test_answers(case: Case) -> None:
    assert case.verdict() == case.answer


def test_what_it_asks_for() -> None:
    assert BUILT.needs() == (Need(Provenance), Need(Rejected))
    assert replace(BUILT, keys=("builder", "second")).key_names() == ("builder", "second")


@given(
    st.lists(st.sampled_from([*SOURCE.split("/"), *SOURCE.split("@"), "@", "/", ""]), max_size=6).map("".join),
    st.sampled_from(["", "@", "refs/heads/main", SOURCE]),
)
def test_no_other_way_to_cut_repository_and_ref_is_the_same_source(repository: str, ref: str) -> None:
    answer = BUILT.check(subject(), facts(provenance=[provenance(repository=repository, ref=ref)]), NOW, KEYS)
    assert isinstance(answer, Pass) == ((repository, ref) == tuple(SOURCE.split("@")))


@pytest.mark.parametrize(
    "builder", ["", "https://example.com/BUILDER", "https://example.com/builder ", "https://example.com/builder\0", "https://example.com/builde\u0072\u0301"]
)
def test_a_builder_is_compared_byte_for_byte(builder: str) -> None:
    answer = BUILT.check(subject(), facts(provenance=[provenance(builder=builder)]), NOW, KEYS)
    assert not isinstance(answer, Pass)
    assert answer.code == "built-by.other-builder"
