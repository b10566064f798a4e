"""again: what is asked of what runs, what is not, by which clock; and how much of it history keeps."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from build import (
    APPROVED,
    BUILT,
    CAME,
    NOW,
    SCANNED,
    SHOP,
    SIGNED,
    SOAKED,
    UNREADABLE,
    digest,
    facts,
    glass,
    intact,
    later,
    policy,
    release,
    root,
    scan,
    signature,
    stay,
    summary,
)
from core.cases import ASKED, GOOD
from lockgate.core.decide import Judgement, decide
from lockgate.core.exceptional import Exceptional
from lockgate.core.findings import Exploitability
from lockgate.core.outcome import Outcome
from lockgate.core.recall import struck
from lockgate.core.recheck import again, fold_rechecked, lasting, marks_of_what_runs, runs_or_may
from lockgate.core.rechecked import Rechecked, against
from lockgate.core.requirements import KINDS
from lockgate.core.requirements.signed_by import SignedBy
from lockgate.core.revocation import Revocation
from lockgate.core.state import KEPT_PERMITS, EnvironmentState, Permit, Running, State, Unclear
from lockgate.core.sticking import tells_against
from lockgate.core.trial import Trial

ALL = policy(SIGNED, BUILT, CAME, SOAKED, APPROVED)
AGED = policy(SignedBy(keys=("release",), max_age="1d"))
REVOKED = Revocation(id="r-0123456789", environment="house", by="p", at=NOW, leaf=3, reason="vulnerable", digests=SHOP.artifacts)


def judge(asks: Any = ALL, then: tuple[Outcome, ...] = (), decided_at: Any = NOW, now: Any = NOW, **found: Any) -> Judgement:
    return again(ASKED, asks, facts(**{**GOOD, **found}), decided_at, now, root(), then)


def codes(judgement: Judgement) -> list[tuple[str, str]]:
    return [(one.requirement, one.code or one.result) for one in judgement.outcomes]


def test_only_what_is_about_what_runs_is_asked() -> None:
    found = judge(requests=UNREADABLE, stays={"staging": UNREADABLE, "production": UNREADABLE}, exceptional=UNREADABLE)
    assert (found.result, codes(found)) == ("allowed", [("digest", "pass"), ("signed-by", "pass"), ("built-by", "pass")])


@pytest.mark.parametrize(
    ("changes", "result", "code"),
    [
        ({"intact": [intact(problem="digest.mismatch")]}, "refused", "digest.mismatch"),
        ({"intact": UNREADABLE}, "undecided", "digest.unreadable"),
        ({"signatures": []}, "refused", "signed-by.no-signature"),
        ({"signatures": UNREADABLE}, "undecided", "signed-by.unreadable"),
        ({"revoked": [REVOKED]}, "refused", "release.recalled"),
        ({"revoked": UNREADABLE}, "undecided", "release.unreadable"),
        ({"asks": policy(*ALL.environments["production"].requires, staging=(SIGNED,)), "now": later("366d")}, "undecided", "root.expired"),
    ],
)
def test_what_stands_against_it(changes: dict[str, Any], result: str, code: str) -> None:
    found = judge(**changes)
    assert (found.result, against(found.outcomes)[1]) == (result, code)


def test_what_the_policy_has_no_more() -> None:
    left = replace(ALL, environments={"staging": ALL.environments["staging"]})
    assert codes(judge(left)) == [("policy", "policy.no-environment")]
    assert codes(judge(policy())) == [("policy", "policy.requires-nothing")]


def test_what_fails_is_told_before_what_is_not_known() -> None:
    assert against(judge(signatures=UNREADABLE, provenance=[]).outcomes) == ("built-by", "built-by.no-provenance")


def test_ages_are_counted_to_the_decision_where_the_kind_says_so() -> None:
    old = [signature(signed_at=NOW - timedelta(hours=23))]
    assert judge(AGED, decided_at=NOW, now=later("90d"), signatures=old).result == "allowed"
    assert judge(AGED, decided_at=later("2h"), now=later("90d"), signatures=old).result == "refused"
    since = [signature(signed_at=later("89d"))]
    assert judge(AGED, now=later("89d"), signatures=since).result == "allowed"
    assert against(judge(AGED, now=later("91d"), signatures=since).outcomes) == ("signed-by", "signed-by.too-old")


def test_the_glass_lets_pass_what_two_people_saw_and_no_more() -> None:
    asks = policy(SCANNED)
    seen = Outcome(requirement="scanned", result="waived", code="scanned.no-scan", params={"break-glass": glass().id})
    assert judge(asks, (seen,), scans=[]).outcomes[-1] == replace(seen, params={**seen.params, **judge(asks, scans=[]).outcomes[-1].params})
    assert judge(asks, (seen,), scans=[scan("critical")]).result == "refused"
    assert judge(asks, (replace(seen, params={}),), scans=[]).result == "refused"
    unyielding = Outcome(requirement="signed-by", result="waived", code="signed-by.no-signature", params={"break-glass": glass().id})
    assert judge(ALL, (unyielding,), signatures=[]).result == "refused"


@given(st.lists(st.sampled_from(["signatures", "provenance", "scans"]), unique=True), st.booleans())
def test_allowed_is_allowed_by_each_that_lasts(missing: list[str], unreadable: bool) -> None:
    asks = policy(SIGNED, BUILT, SCANNED, SOAKED)
    there: dict[str, Any] = {"scans": [scan()], **dict.fromkeys(missing, UNREADABLE if unreadable else [])}
    found = judge(asks, **there)
    assert found.result == ("allowed" if not missing else "undecided" if unreadable else "refused")
    assert [one.requirement for one in found.outcomes] == ["digest", "signed-by", "built-by", "scanned"]


def test_what_enters_today_may_run_today() -> None:
    """Whatever the gate allows, a recheck of that moment allows."""
    entering = decide(ASKED, ALL, facts(**GOOD), NOW, root())
    assert (entering.result, judge(then=entering.outcomes).result) == ("allowed", "allowed")


def test_each_kind_says_what_lasts_of_it() -> None:
    assert {kind.lasts for kind in KINDS.values()} <= {"no", "then", "now"}
    assert list(lasting((CAME, SIGNED, SOAKED, APPROVED))) == [SIGNED]


class TestKept:
    def rechecked(self, decision: int, outcome: Any = "refused") -> Rechecked:
        rows = () if outcome == "allowed" else (Outcome(requirement="signed-by", result="fail", code="signed-by.no-signature"),)
        return Rechecked(
            log=digest("log"), environment="production", config="none", decision=decision, outcome=outcome, outcomes=rows, checked_at=NOW, engine="1", rules=3,
            history=1, state=digest("state"), policy=digest("policy"), section="none", root=1, roster=1, evidence=digest("evidence"),
        )  # fmt: skip

    def permit(self, decision: int) -> Permit:
        return Permit(decision=decision, release=SHOP, not_after=later("15m"))

    def test_a_refusal_strikes_for_good(self) -> None:
        state = EnvironmentState(name="production", permits=(self.permit(4),))
        for index, outcome in enumerate(("undecided", "refused", "undecided", "allowed", "refused"), 10):
            state = fold_rechecked(state, self.rechecked(4, outcome), index, NOW + timedelta(minutes=index))
            assert struck(State(environment=state), self.permit(4)) == (-1 if index < 11 else 11)
        (mark,) = state.rechecked
        assert (mark.leaf, mark.since, mark.until, state.rules) == (14, NOW + timedelta(minutes=14), later("15m"), 3)
        assert struck(State(environment=state), self.permit(5)) == -1

    def test_there_is_a_mark_for_each_permit_that_is_known_and_no_more(self) -> None:
        state = EnvironmentState(name="production", rules=3)
        for number in range(3 * KEPT_PERMITS):
            state = replace(state, permits=(*state.permits, self.permit(number))[-KEPT_PERMITS:])
            state = fold_rechecked(state, self.rechecked(number), 1000 + number, NOW)
        assert len(state.rechecked) == KEPT_PERMITS
        assert {one.decision for one in state.rechecked} == {one.decision for one in state.permits}

    def test_what_runs_or_may(self) -> None:
        state = EnvironmentState(name="production", stays=(stay(since="9h", decision=3),), permits=(self.permit(5),))
        assert {decision: since is None for decision, (_, since) in runs_or_may(state).items()} == {3: False, 5: True}
        begun = Running(decision=6, release=release("next"), person="p-aaaaaaaaaaaaaaaa", started_at=NOW, ends_by=later("1h"), at=NOW, leaf=9)
        assert list(runs_or_may(replace(state, running=begun))) == [3, 5, 6]
        broken = replace(state.stays[0], until=NOW, end="unknown")
        unclear = Unclear(decision=7, release=release("next"), by="p-aaaaaaaaaaaaaaaa", because="killed", since=NOW, at=NOW, leaf=9)
        assert list(runs_or_may(replace(state, stays=(broken,), unclear=unclear))) == [3, 5, 7]
        assert list(runs_or_may(replace(state, stays=(broken,)))) == [5]

    def test_only_what_runs_is_marked_as_running(self) -> None:
        state = EnvironmentState(name="production", stays=(stay(since="9h", decision=3),), permits=(self.permit(5),), exceptional=Exceptional())
        for index, decision in enumerate((3, 5), 10):
            state = fold_rechecked(state, self.rechecked(decision), index, NOW)
        assert [one.decision for one in marks_of_what_runs(state)] == [3]


@pytest.mark.parametrize(
    ("fact", "against"),
    [
        (summary(passed=False), True),
        (summary(), False),
        (scan("low"), True),
        (scan(), False),
        (scan(more=1), True),
        *((Trial(subject=digest("shop"), source=digest("run"), result=result), result != "passed") for result in ("passed", "warned", "failed")),
        (signature(), False),
        *(
            (Exploitability(subject=digest("shop"), source=digest("vex"), ids=("CVE-1",), status=status), status in {"affected", "under_investigation"})
            for status in ("affected", "not_affected", "fixed", "under_investigation")
        ),
    ],
)  # fmt: skip
def test_what_tells_against_an_artifact(fact: Any, against: bool) -> None:
    assert tells_against(fact) is against
