"""`tested`: the newest of what each signer ran has not failed, and enough of it passed."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from build import KEYS, NOW, TESTED, ago, facts, subject, trial
from core.case import Case
from core.cases_of_kinds import TESTED_CASES
from lockgate.core.facts import Need, Rejected
from lockgate.core.outcome import Fail, Pass
from lockgate.core.requirements import tested
from lockgate.core.trial import Trial


@pytest.mark.parametrize("case", TESTED_CASES, ids=str)
def test_answers(case: Case) -> None:
    assert case.verdict() == case.answer


def test_what_it_asks_for() -> None:
    assert TESTED.needs() == (Need(Trial), Need(Rejected))
    assert (TESTED.key_names(), tested.Tested(identities=("ci",)).identity_names()) == (("builder",), ("ci",))
    assert (type(TESTED).lasts, type(TESTED).waivable, type(TESTED).yields) == ("then", False, False)


def test_somebody_has_to_be_named() -> None:
    with pytest.raises(ValueError, match="neither keys nor identities"):
        tested.Tested()


TRIALS = st.builds(
    lambda result, suite, at: trial(configuration=(suite,), at=at, result=result, failed=("a",) if result == "failed" else ()),
    st.sampled_from(["passed", "failed"]), st.sampled_from(["unit", "e2e"]), st.sampled_from([None, NOW, ago("1h"), ago("2h")]),
)  # fmt: skip


@given(st.lists(TRIALS, min_size=1, max_size=6))
def test_a_failure_refuses_unless_the_same_suite_passed_later(some: list[Trial]) -> None:
    def mended(one: Trial) -> bool:
        same = [other for other in some if other.configuration == one.configuration]
        return all(other.at is not None for other in same) and any(other.at > one.at for other in same)  # type: ignore[operator]

    answer = TESTED.check(subject(), facts(trials=some), NOW, KEYS)
    assert isinstance(answer, Pass) == all(mended(one) for one in some if one.result == "failed")
    assert isinstance(answer, Pass) or (isinstance(answer, Fail) and answer.code == "tested.failed")


@given(st.lists(TRIALS, min_size=1, max_size=4))
def test_the_order_in_which_results_lie_there_does_not_matter(some: list[Trial]) -> None:
    answers = {isinstance(TESTED.check(subject(), facts(trials=list(order)), NOW, KEYS), Pass) for order in itertools.permutations(some)}
    assert len(answers) == 1
