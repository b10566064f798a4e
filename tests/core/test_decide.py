"""decide: all must hold, nothing is skipped, and nothing is not enough."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from build import (
    APPROVED,
    BUILT,
    CAME,
    IMAGE,
    NOW,
    SHOP,
    SIGNED,
    SOAKED,
    UNREADABLE,
    digest,
    facts,
    forced,
    in_force,
    intact,
    later,
    policy,
    provenance,
    release,
    request,
    root,
    signature,
    stay,
    subject,
)
from core.cases import ANNS, ASKED, GOOD, PEOPLE, SAMS
from lockgate.core.decide import Judgement, decide
from lockgate.core.facts import Facts
from lockgate.core.model import Subject
from lockgate.core.outcome import Outcome
from lockgate.core.policy import Policy
from lockgate.core.requirements import AnyRequirement

ALL = policy(SIGNED, BUILT, CAME, SOAKED, APPROVED)
ROOT = root()


def judge(policy: Policy = ALL, subject: Subject = ASKED, now: Any = NOW, **found: Any) -> Judgement:
    return decide(subject, policy, facts(**{**GOOD, **found}), now, ROOT)


def codes(judgement: Judgement) -> list[tuple[str, str]]:
    return [(one.requirement, one.code or one.result) for one in judgement.outcomes]


PASSES = [("digest", "pass"), ("signed-by", "pass"), ("built-by", "pass"), ("came-through", "pass"), ("soaked", "pass"), ("approved", "pass")]


def but(**refused: str) -> list[tuple[str, str]]:
    return [(requirement, refused.get(requirement.replace("-", "_"), answer)) for requirement, answer in PASSES]


def test_allowed_when_all_hold_in_the_policys_order() -> None:
    judgement = judge()
    assert judgement.result == "allowed"
    assert codes(judgement) == PASSES
    again = policy(APPROVED, SIGNED)
    assert [one.requirement for one in judge(again).outcomes] == ["digest", "approved", "signed-by"]


@pytest.mark.parametrize(
    ("found", "result", "expected"),
    [
        ({"signatures": []}, "refused", but(signed_by="signed-by.no-signature")),
        ({"signatures": UNREADABLE}, "undecided", but(signed_by="signed-by.unreadable")),
        ({"signatures": UNREADABLE, "stays": {"staging": []}}, "refused",
         but(signed_by="signed-by.unreadable", came_through="came-through.never-there", soaked="soaked.never-there")),
        ({"requests": [request(ANNS)]}, "refused", but(approved="approved.too-few-people")),
        ({"in_force": [in_force(time="attested")]}, "undecided", but(soaked="time.unattested")),
        ({"intact": [intact(problem="digest.mismatch", where="sha256:layer")]}, "refused", but(digest="digest.mismatch")),
        ({"intact": [intact(problem="digest.missing")]}, "refused", but(digest="digest.missing")),
        ({"intact": [intact(problem="digest.truncated")]}, "refused", but(digest="digest.truncated")),
        ({"intact": [intact(), intact(problem="digest.mismatch")]}, "refused", but(digest="digest.mismatch")),
        ({"intact": []}, "undecided", but(digest="digest.unreadable")),
        ({"intact": [intact(digest("other"))]}, "undecided", but(digest="digest.unreadable")),
        ({"intact": UNREADABLE}, "undecided", but(digest="digest.unreadable")),
        ({"intact": None}, "undecided", but(digest="digest.unreadable")),
    ],
)  # fmt: skip
def test_one_refusal_refuses_and_the_rest_is_still_looked_at(found: dict[str, Any], result: str, expected: list[tuple[str, str]]) -> None:
    judgement = judge(**found)
    assert judgement.result == result
    assert codes(judgement) == expected


def test_what_is_wrong_with_the_bytes_is_said() -> None:
    outcome = judge(intact=[intact(problem="digest.mismatch", where="sha256:layer")]).outcomes[0]
    assert outcome == Outcome(requirement="digest", result="fail", code="digest.mismatch", params={"artifact": IMAGE, "where": "sha256:layer"})
    assert judge(intact=UNREADABLE).outcomes[0].params == {"because": "ref.unreadable"}
    assert judge(intact=None).outcomes[0].params == {"because": "facts.not-gathered"}
    assert judge(intact=[]).outcomes[0].params == {"artifact": IMAGE}


def test_every_artifact_is_looked_at() -> None:
    two = release("shop", "worker")
    first, second = two.artifacts
    judgement = judge(policy(SIGNED), subject(two), intact=[intact(first)], signatures=[signature(artifact=first), signature(artifact=second)])
    assert codes(judgement) == [("digest", "digest.unreadable"), ("signed-by", "pass")]
    assert judgement.outcomes[0].params == {"artifact": second}


def test_with_no_facts_at_all_nothing_is_decided() -> None:
    judgement = decide(ASKED, ALL, Facts({}), NOW, ROOT)
    assert judgement.result == "undecided"
    assert all(one.result == "unknown" and one.params == {"because": "facts.not-gathered"} for one in judgement.outcomes)


def test_an_environment_the_policy_does_not_have() -> None:
    judgement = judge(subject=subject(environment="moon"))
    assert judgement.result == "refused"
    assert judgement.outcomes == (Outcome(requirement="policy", result="fail", code="policy.no-environment", params={"environment": "moon"}),)


def test_an_environment_that_requires_nothing() -> None:
    judgement = judge(policy())
    assert judgement.result == "refused"
    assert judgement.outcomes == (Outcome(requirement="policy", result="fail", code="policy.requires-nothing", params={"environment": "production"}),)


@pytest.mark.parametrize("late", [timedelta(0), timedelta(days=1)])
def test_an_expired_root_decides_nothing(late: timedelta) -> None:
    judgement = decide(ASKED, ALL, facts(**GOOD), ROOT.expires + late, ROOT)
    assert judgement.result == "refused"
    assert judgement.outcomes[1] == Outcome(requirement="root", result="fail", code="root.expired", params={"version": 1})
    assert len(judgement.outcomes) == len(PASSES) + 1


def test_to_its_last_second_a_root_holds() -> None:
    judgement = decide(ASKED, policy(SIGNED), facts(**GOOD), ROOT.expires - timedelta(seconds=1), ROOT)
    assert judgement.result == "allowed"


def test_two_requirements_of_one_kind_are_both_asked() -> None:
    both = policy(SIGNED, msgspec.structs.replace(SIGNED, id="signed-twice", keys=("release", "second"), threshold=2))
    judgement = judge(both)
    assert judgement.result == "refused"
    assert codes(judgement) == [("digest", "pass"), ("signed-by", "pass"), ("signed-twice", "signed-by.too-few-keys")]


# Built around validation: whoever gets such values past the readers still gets nothing past decide.


NOBODY: dict[str, Any] = {"intact": [intact()], "in_force": [in_force()], "requests": [request()], "roster": PEOPLE, "provenance": [provenance()]}
FORCED = {
    "signed by none of no keys": forced(SIGNED, keys=(), threshold=0),
    "signed by zero keys": forced(SIGNED, threshold=0),
    "signed by minus one key": forced(SIGNED, threshold=-1),
    "built by whoever": forced(BUILT, keys=()),
    "built by nobody from nowhere": forced(BUILT, keys=(), builder="", source="@"),
    "approved with no duties": forced(APPROVED, duties={}),
    "approved with zero people": forced(APPROVED, duties={"security": 0}),
    "approved with minus one": forced(APPROVED, duties={"security": -1, "release-management": 0}),
}


@pytest.mark.parametrize("name", FORCED)
@pytest.mark.parametrize("signed", [False, True])
def test_zero_thresholds_and_empty_lists_allow_nothing(name: str, signed: bool) -> None:
    found = {**NOBODY, "provenance": [provenance("stranger")]} if name.startswith("built") else NOBODY
    judgement = judge(forced(ALL, environments={"production": forced(ALL.environments["production"], requires=(FORCED[name],))}),
                      **{**found, "signatures": [signature("stranger")] if signed else []})  # fmt: skip
    assert judgement.result != "allowed"
    assert judgement.outcomes[1].result == "fail"


@pytest.mark.parametrize("requirement", [SIGNED, BUILT, APPROVED, CAME, SOAKED], ids=lambda one: one.__struct_config__.tag)
def test_a_release_of_nothing_is_not_allowed(requirement: Any) -> None:
    nothing = forced(SHOP, artifacts=())
    judgement = judge(policy(requirement), forced(ASKED, release=nothing))
    assert judgement.result != "allowed"
    assert judgement.outcomes[0].code == "digest.unreadable"
    assert judgement.outcomes[1].result == "fail"


# Properties.

CHANGES: dict[str, list[Any]] = {
    "intact": [[], UNREADABLE, [intact(problem="digest.mismatch")]],
    "signatures": [[], UNREADABLE, [signature("second")]],
    "provenance": [[], UNREADABLE, [provenance(ref="refs/heads/evil")]],
    "stays": [{}, {"staging": UNREADABLE}, {"staging": [stay(since="1h")]}],
    "in_force": [[], UNREADABLE, [in_force(section=digest("another"))]],
    "requests": [[], UNREADABLE, [request(ANNS)], [request(SAMS)]],
    "roster": [None, UNREADABLE],
}
WORLDS = st.fixed_dictionaries({name: st.sampled_from([GOOD[name], GOOD[name], *others]) for name, others in CHANGES.items()})
KINDS: st.SearchStrategy[AnyRequirement] = st.sampled_from([SIGNED, BUILT, CAME, SOAKED, APPROVED])
POLICIES = st.lists(KINDS, unique_by=lambda one: one.__struct_config__.tag).map(lambda some: policy(*some))


@given(POLICIES, WORLDS)
def test_allowed_exactly_when_all_of_at_least_one_hold(policy: Policy, world: dict[str, Any]) -> None:
    judgement = judge(policy, **world)
    results = [one.result for one in judgement.outcomes]
    assert (judgement.result == "allowed") == (results == ["pass"] * (1 + len(policy.environments["production"].requires)) and len(results) > 1)
    assert (judgement.result == "refused") == ("fail" in results)
    assert (judgement.result == "undecided") == ("fail" not in results and "unknown" in results)


@given(POLICIES, WORLDS)
def test_the_same_question_has_the_same_answer_also_from_copies(policy: Policy, world: dict[str, Any]) -> None:
    again = msgspec.json.decode(msgspec.json.encode(policy), type=Policy)
    assert judge(policy, **world) == judge(again, **world)
    written = msgspec.json.encode(judge(policy, **world))
    assert msgspec.json.decode(written, type=Judgement) == judge(policy, **world)


def test_order_of_facts_does_not_matter() -> None:
    stays = [stay(since="9d", until="8d"), stay(release("other"), since="8d", until="30h"), stay()]
    assert codes(judge(stays={"staging": stays})) == codes(judge(stays={"staging": stays[::-1]}))
    assert codes(judge(requests=[request(ANNS, SAMS), request(name="other")])) == codes(judge(requests=[request(name="other"), request(SAMS, ANNS)]))


def test_time_goes_by() -> None:
    assert codes(judge(now=later("23h"))) == PASSES
    assert codes(judge(now=later("24h"))) == but(approved="approved.expired")
