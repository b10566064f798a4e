"""`verified-by`: this verifier, by a key that may speak for it, as this resource, at these levels."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from build import KEYS, NOW, RESOURCE, VERIFIED, VERIFIER, ago, digest, facts, later, subject, summary
from core.case import Case
from core.cases import VERIFIED_BY
from lockgate.core.facts import Need, Rejected, Summary
from lockgate.core.outcome import Pass
from lockgate.core.requirements.verified_by import VerifiedBy


@pytest.mark.parametrize("case", VERIFIED_BY, ids=str)
def test_answers(case: Case) -> None:
    assert case.verdict() == case.answer


def test_what_it_asks_for() -> None:
    assert VERIFIED.needs() == (Need(Summary), Need(Rejected))
    assert replace(VERIFIED, keys=("builder", "second")).key_names() == ("builder", "second")


def test_somebody_has_to_be_named() -> None:
    with pytest.raises(ValueError, match="neither keys nor identities"):
        VerifiedBy(verifier=VERIFIER, resource=RESOURCE)
    assert replace(VERIFIED, identities=("ci",)).identity_names() == ("ci",)


@pytest.mark.parametrize("name", [None, "a"])
def test_a_resource_is_named_in_exactly_one_way(name: str | None) -> None:
    with pytest.raises(ValueError, match="by resource or by resource-glob"):
        VerifiedBy(verifier=VERIFIER, keys=("builder",), resource=name, resource_glob=name)


def test_a_pattern_that_is_too_large_is_none() -> None:
    with pytest.raises(ValueError, match="too large"):
        replace(VERIFIED, resource=None, resource_glob="x" * 401)


SUMMARIES = st.builds(
    summary,
    verifier=st.sampled_from([VERIFIER, "x"]),
    resource=st.sampled_from([RESOURCE, "x"]),
    passed=st.booleans(),
    raw=st.booleans(),
    levels=st.sampled_from([(), ("SLSA_BUILD_LEVEL_1",), ("SLSA_BUILD_LEVEL_2",), ("SLSA_BUILD_LEVEL_3", "X")]),
    policy=st.sampled_from(["", "p"]),
    policy_digest=st.sampled_from(["", digest("p")]),
    verified_at=st.sampled_from([None, ago("1d"), ago("8d"), later("1s")]),
    keys=st.sampled_from([summary().keys, summary("release").keys, summary("release", "builder").keys]),
)
ASKED = st.builds(
    VerifiedBy,
    verifier=st.just(VERIFIER),
    keys=st.just(("builder",)),
    resource=st.just(RESOURCE),
    levels=st.sampled_from([(), ("SLSA_BUILD_LEVEL_2",), ("X",)]),
    policy=st.sampled_from([None, "p"]),
    policy_digest=st.sampled_from([None, digest("p")]),
    max_age=st.sampled_from([None, "7d"]),
    signature_form=st.sampled_from(["der", "raw"]),
)


def holds(asked: VerifiedBy, one: Summary) -> bool:
    """The seven steps, each on its own."""
    return (
        summary().keys[0] in one.keys
        and (one.verifier, one.resource, one.passed) == (asked.verifier, asked.resource, True)
        and one.raw == (asked.signature_form == "raw")
        and all(level in one.levels or (level == "SLSA_BUILD_LEVEL_2" and "SLSA_BUILD_LEVEL_3" in one.levels) for level in asked.levels)
        and (asked.policy is None or one.policy == asked.policy)
        and (asked.policy_digest is None or one.policy_digest == asked.policy_digest)
        and (asked.max_age is None or one.verified_at == ago("1d"))
    )


@given(ASKED, st.lists(SUMMARIES, max_size=4))
def test_it_passes_exactly_where_one_summary_has_everything(asked: VerifiedBy, some: list[Summary]) -> None:
    answer = asked.check(subject(), facts(summaries=some), NOW, KEYS)
    assert isinstance(answer, Pass) == any(holds(asked, one) for one in some)
