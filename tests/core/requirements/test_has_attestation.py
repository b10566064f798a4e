"""`has-attestation`: this type, by enough of these signers, in these words, and nobody of them says otherwise."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from build import ATTESTED, KEYS, NOW, ago, attested, facts, holder, subject
from core.case import Case
from core.cases_of_kinds import HAS_ATTESTATION
from lockgate.core.attested import Attested
from lockgate.core.facts import Need, Rejected
from lockgate.core.outcome import Pass
from lockgate.core.predicate_match import Match
from lockgate.core.requirements.has_attestation import HasAttestation


@pytest.mark.parametrize("case", HAS_ATTESTATION, ids=str)
def test_answers(case: Case) -> None:
    assert case.verdict() == case.answer


def test_what_it_asks_for() -> None:
    assert ATTESTED.needs() == (Need(Attested), Need(Rejected))
    both = replace(ATTESTED, identities=("ci",), time="on", where=(Match(path="stage", equals="x"),))
    assert (both.key_names(), both.identity_names()) == (("builder",), ("ci",))
    assert both.paths() == ("stage", "result", "on")
    assert (HasAttestation.lasts, HasAttestation.waivable, HasAttestation.yields) == ("then", False, False)


def test_somebody_has_to_be_named_and_a_path_has_to_be_one() -> None:
    with pytest.raises(ValueError, match="neither keys nor identities"):
        HasAttestation(type="https://example.com/x")
    with pytest.raises(ValueError, match="no path"):
        replace(ATTESTED, time="a..b")


SAID = st.builds(
    lambda by, result, at: attested(*([by] if by != "ci" else []), result=result, at=at, holder=holder("ci", at=at or NOW) if by == "ci" else None),
    st.sampled_from(["builder", "second", "ci", "stranger"]), st.sampled_from(["good", "bad"]), st.sampled_from([None, NOW, ago("1h"), ago("8d")]),
)  # fmt: skip


def on(fact: Attested) -> datetime | None:
    field = fact.field("on")
    return field.at if field else None


@given(st.lists(SAID, max_size=6), st.integers(1, 3), st.booleans())
def test_it_passes_exactly_where_enough_say_yes_and_none_says_no(said: list[Attested], threshold: int, aged: bool) -> None:
    asked = HasAttestation(
        type=ATTESTED.type, keys=("builder", "second"), identities=("ci",), threshold=threshold, match=ATTESTED.match, time="on", max_age="7d" if aged else None
    )
    yes = 0
    for mine in (
        [one for one in said if attested("builder").keys == one.keys],
        [one for one in said if attested("second").keys == one.keys],
        [one for one in said if one.by is not None],
    ):
        times = [on(one) for one in mine]
        last = [one for one in mine if None in times or on(one) == max(at for at in times if at)]
        if any(one.field("result").text == "bad" for one in last):  # type: ignore[union-attr]
            yes = -9
        elif last and (not aged or all(at is not None and at >= ago("7d") for at in map(on, last))):
            yes += 1
    answer = asked.check(subject(), facts(attested=said), NOW, KEYS)
    assert isinstance(answer, Pass) == (yes >= threshold)
