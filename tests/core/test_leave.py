"""Out of the ordinary: what refuses every release, what one waiver lets pass, and what two people who break the glass do; never the bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from build import (
    APPROVED,
    BUILT,
    CAME,
    NOW,
    SHOP,
    SIGNED,
    SOAKED,
    UNREADABLE,
    actor,
    ago,
    digest,
    facts,
    glass,
    held,
    intact,
    key,
    later,
    person,
    person_id,
    policy,
    release,
    request,
    request_id,
    root,
    roster,
    stay,
    waiver,
)
from core.cases import ANN, ANNS, ASKED, BOB, DORA, GOOD, MAX, RITA, SAM, SAMS
from lockgate.core.decide import Judgement, decide
from lockgate.core.exceptional import Exceptional, Glass, Hold, Waiver
from lockgate.core.facts import Facts
from lockgate.core.identity import Person, Roster
from lockgate.core.model import Subject
from lockgate.core.outcome import Outcome
from lockgate.core.policy import Policy, section_digest


def with_duties(one: Person, *duties: str) -> Person:
    return replace(one, duties={**one.duties, "production": (*one.duties.get("production", ()), *duties)})


PEOPLE = roster(
    with_duties(RITA, "waive", "break-glass"),
    with_duties(DORA, "waive", "break-glass"),
    BOB,
    with_duties(ANN, "break-glass"),
    with_duties(SAM, "break-glass"),
    with_duties(MAX, "waive:soaked", "waive:came-through"),
    person("otto", {"production": ["deploy"]}),
    person("wim", {"production": ["waive"], "staging": ["break-glass"]}),
)
"""As `core.cases`; Ann, Sam, Rita and Dora may break the glass; Rita, Dora and Wim may waive anything, Max what is about staging."""

REQUIRES = (SIGNED, BUILT, CAME, SOAKED, APPROVED)
STRICT, LAX = policy(*REQUIRES), policy(*REQUIRES, waivable=("soaked", "came-through"))
FOUND = {**GOOD, "roster": PEOPLE}
YOUNG: dict[str, Any] = {**FOUND, "stays": {"staging": [stay(since="5h")]}}


def judged(*stands: Hold | Waiver | Glass, policy: Policy = LAX, subject: Subject = ASKED, found: Mapping[str, Any] = FOUND) -> Judgement:
    here = Exceptional(
        holds=tuple(one for one in stands if isinstance(one, Hold)),
        waivers=tuple(one for one in stands if isinstance(one, Waiver)),
        glasses=tuple(one for one in stands if isinstance(one, Glass)),
    )
    return decide(subject, policy, facts(**found, exceptional=[here]), NOW, root())


def row(judgement: Judgement, requirement: str) -> Outcome:
    (found,) = (one for one in judgement.outcomes if one.requirement == requirement)
    return found


def results(judgement: Judgement) -> dict[str, str]:
    return {one.requirement: one.result for one in judgement.outcomes}


def test_nothing_exceptional_leaves_no_trace() -> None:
    assert judged().result == "allowed"
    assert list(results(judged())) == ["digest", "signed-by", "built-by", "came-through", "soaked", "approved"]
    assert judged(held(expires=NOW), waiver(), glass(), glass(name="2", reviewed=9, decision=8)).outcomes == judged().outcomes
    assert judged(glass()).glass == ""


# Holds and open reviews.


def test_a_hold_refuses_what_would_be_allowed() -> None:
    refused = judged(held())
    assert refused.result == "refused"
    assert row(refused, "hold").code == "hold.standing"
    assert row(refused, "hold").params == {"hold": (held().id,), "by": (person_id("sam"),), "held": 1}
    assert row(refused, "hold").opens_at is None


def test_a_hold_ends_when_it_says_and_the_last_of_several_counts() -> None:
    assert row(judged(held(expires=later("1s"))), "hold").opens_at == later("1s")
    assert judged(held(expires=NOW)).result == "allowed"
    assert row(judged(held(expires=later("1h")), held("2", expires=later("1d"))), "hold").opens_at == later("1d")
    assert row(judged(held(expires=later("1h")), held("2")), "hold").opens_at is None


def test_many_holds_are_named_and_counted_in_one_row() -> None:
    refused = row(judged(*(held(str(number)) for number in range(20))), "hold")
    assert refused.params["held"] == 20
    assert len(refused.params["hold"]) == 8  # type: ignore[arg-type]


def test_an_open_review_refuses_until_it_is_closed() -> None:
    used = glass(decision=7, until=ago("1m"))
    assert row(judged(used), "review").code == "review.open"
    assert row(judged(used), "review").params == {"break-glass": used.id, "decision": 7, "open": 1}
    assert judged(replace(used, reviewed=9)).result == "allowed"
    assert judged(glass(until=ago("1m"))).result == "allowed"  # never used


@pytest.mark.parametrize("found", [UNREADABLE, None, [], [Exceptional(), Exceptional()]])
def test_what_stands_and_cannot_be_read_refuses(found: Any) -> None:
    judgement = decide(ASKED, LAX, facts(**FOUND, exceptional=found), NOW, root())
    assert judgement.result == "undecided"
    assert row(judgement, "hold").code == "exception.unreadable"


# Waivers.


def test_a_waiver_lets_one_requirement_fail_and_says_so() -> None:
    let = judged(waiver(), found=YOUNG)
    assert let.result == "allowed"
    soaked = row(let, "soaked")
    assert (soaked.result, soaked.code, soaked.opens_at) == ("waived", "soaked.too-young", ago("5h") + (later("24h") - NOW))
    assert soaked.params["waiver"] == waiver().id
    assert soaked.params["waived-by"] == person_id("max")
    assert soaked.params["waived-until"] == "2026-11-23T20:14:03Z"
    assert soaked.params["for"] == "24h"


def test_what_holds_needs_no_waiver() -> None:
    assert row(judged(waiver()), "soaked").result == "pass"


def without(roster_: Roster, name: str) -> Roster:
    return replace(roster_, people=tuple(one for one in roster_.people if one.id != person_id(name)))


@pytest.mark.parametrize(
    "given_",
    [
        waiver(request=request_id("other")),
        waiver(requirement="came-through"),
        waiver(requirement="signed-by"),
        waiver(expires=NOW),
        waiver(lifted=True),
        waiver(section=digest("the section before")),
        waiver(by="rita"),
        waiver(by="dora"),
        waiver(by="sam"),
        waiver(by="stranger"),
        waiver(key=key("lost").fingerprint),
    ],
)
def test_a_waiver_that_does_not_count(given_: Waiver) -> None:
    refused = judged(given_, found=YOUNG)
    assert refused.result == "refused"
    assert row(refused, "soaked").result == "fail"


@pytest.mark.parametrize(
    "changes", [{"release": release("other")}, {"withdrawn": True}, {"rejected_by": (person_id("bob"),)}, {"over": True}, {"by": person_id("max")}]
)
def test_a_waiver_falls_with_its_request(changes: dict[str, Any]) -> None:
    found = {**YOUNG, "requests": [replace(request(ANNS, SAMS), **changes)]}
    assert row(judged(waiver(), found=found), "soaked").result == "fail"


def test_a_waiver_of_a_person_who_may_no_more_does_not_count() -> None:
    assert row(judged(waiver(), found={**YOUNG, "roster": without(PEOPLE, "max")}), "soaked").result == "fail"
    assert row(judged(waiver(by="wim"), found=YOUNG), "soaked").result == "waived"


def test_nothing_is_waivable_unless_the_policy_names_it() -> None:
    assert row(judged(waiver(), policy=STRICT, found=YOUNG), "soaked").result == "fail"


@pytest.mark.parametrize("named", ["signed-by", "built-by", "approved", "digest", "nothing"])
def test_a_policy_cannot_name_what_is_never_waivable(named: str) -> None:
    with pytest.raises(ValueError, match="which is no requirement there that can be"):
        policy(*REQUIRES, waivable=(named,))


def test_what_is_unknown_is_not_waived() -> None:
    found = {**FOUND, "stays": {"staging": UNREADABLE}}
    assert row(judged(waiver(), found=found), "soaked").result == "unknown"


@pytest.mark.parametrize("kind", ["requests", "in_force"])
def test_a_waiver_on_unreadable_ground_is_none(kind: str) -> None:
    assert row(judged(waiver(), found={**YOUNG, kind: UNREADABLE}, policy=LAX), "soaked").result in {"fail", "unknown"}


def test_everything_waived_allows_nothing() -> None:
    only = policy(CAME, SOAKED, waivable=("soaked", "came-through"))
    found = {**FOUND, "stays": {"staging": []}}
    refused = judged(waiver(), waiver("2", requirement="came-through"), policy=only, found=found)
    assert results(refused) == {"digest": "pass", "came-through": "waived", "soaked": "waived", "policy": "fail"}
    assert refused.outcomes[-1].code == "policy.all-waived"
    assert judged(waiver(), policy=policy(SIGNED, SOAKED, waivable=("soaked",)), found=YOUNG).result == "allowed"


def test_a_hold_wins_over_a_waiver() -> None:
    assert judged(waiver(), held(), found=YOUNG).result == "refused"


# Broken glasses.

NOTHING: dict[str, Any] = {**FOUND, "stays": {"staging": []}, "requests": []}


def test_two_people_go_past_everything_but_integrity() -> None:
    let = judged(glass(), held(), glass(name="older", decision=3, until=ago("1h")), found=NOTHING, policy=STRICT)
    assert let.result == "allowed"
    assert results(let) == {
        "digest": "pass",
        "hold": "waived",
        "review": "waived",
        "signed-by": "pass",
        "built-by": "pass",
        "came-through": "waived",
        "soaked": "waived",
        "approved": "waived",
        "break-glass": "pass",
    }
    assert (let.glass, let.ends, let.outstanding) == (glass().id, later("15m"), -1)
    assert row(let, "approved").code == "approved.no-request"
    assert row(let, "approved").params["break-glass"] == glass().id


def test_a_permit_by_break_glass_ends_with_the_glass() -> None:
    assert judged(glass(until=later("1m")), held()).ends == later("1m")


def test_what_could_not_be_looked_at_is_passed_too() -> None:
    assert judged(glass(), found={**NOTHING, "stays": {"staging": UNREADABLE}}).result == "allowed"


@pytest.mark.parametrize(
    "broken",
    [
        {"intact": [intact(problem="digest.mismatch")]},
        {"intact": []},
        {"intact": UNREADABLE},
        {"signatures": []},
        {"signatures": UNREADABLE},
        {"provenance": []},
        {"provenance": UNREADABLE},
    ],
)
def test_integrity_never_gives_way(broken: dict[str, Any]) -> None:
    assert judged(glass(), waiver(), found={**NOTHING, **broken}).result != "allowed"
    assert judged(glass(), waiver(), found={**FOUND, **broken}).result != "allowed"


def test_an_ended_root_and_a_policy_without_the_environment_never_give_way() -> None:
    here = Exceptional(glasses=(glass(),))
    assert decide(ASKED, LAX, facts(**FOUND, exceptional=[here]), NOW, root(expires=NOW)).result == "refused"
    elsewhere = replace(ASKED, environment="vault")
    assert [one.code for one in decide(elsewhere, LAX, facts(**FOUND, exceptional=[here]), NOW, root()).outcomes] == ["policy.no-environment"]


@pytest.mark.parametrize(
    "not_good",
    [
        glass("ann"),
        glass("ann", "stranger"),
        glass("ann", "wim"),
        glass("ann", "max"),
        glass("ann", "ann"),
        glass(release=release("other")),
        glass(release=replace(SHOP, config=digest("config"))),
        glass(until=NOW),
        glass(deployed=9, decision=8),
        glass(keys=(key("ann").fingerprint, key("lost").fingerprint)),
    ],
)
def test_a_glass_that_is_none(not_good: Glass) -> None:
    refused = judged(not_good, found=NOTHING)
    assert refused.result == "refused"
    assert refused.glass == ""
    assert "break-glass" not in results(refused)


@pytest.mark.parametrize("who", [None, actor("ann"), actor("stranger")])
def test_its_permit_is_for_a_deployer(who: Any) -> None:
    refused = judged(glass(), subject=replace(ASKED, actor=who), found=NOTHING)
    assert refused.result == "refused"
    assert row(refused, "break-glass").code == "break-glass.not-deployer"
    assert row(refused, "break-glass").params["may"] == tuple(sorted((person_id("dora"), person_id("otto"))))
    assert row(refused, "soaked").result == "fail"


def test_a_signer_may_deploy_by_it() -> None:
    assert judged(glass("ann", "dora"), found=NOTHING).result == "allowed"


def test_one_permit_at_a_time_by_a_glass() -> None:
    out = glass(decision=8, permit_until=later("5m"), permit_by=person_id("dora"), users=(person_id("dora"),))
    again = judged(out, found=NOTHING)
    assert (again.result, again.outstanding) == ("allowed", 8)
    other = judged(out, found=NOTHING, subject=replace(ASKED, actor=actor("otto")))
    assert row(other, "break-glass").code == "break-glass.permit-outstanding"
    assert row(other, "break-glass").opens_at == later("5m")
    ended = replace(out, permit_until=NOW)
    assert judged(ended, found=NOTHING, subject=replace(ASKED, actor=actor("otto"))).outstanding == -1


def test_where_the_ordinary_course_allows_the_glass_is_not_used() -> None:
    assert judged(glass()).glass == ""
    assert judged(glass(), waiver(), found=YOUNG).glass == ""


def test_a_glass_on_unreadable_ground_is_none() -> None:
    assert judged(glass(), found={**NOTHING, "requests": UNREADABLE}).result == "refused"


# Properties.

WHEN = st.sampled_from([NOW, later("1s"), later("1h"), ago("1s")])
HOLDS = st.builds(lambda name, end: held(name, expires=end), st.sampled_from("ab"), st.one_of(st.none(), WHEN))
WAIVERS = st.builds(
    lambda by, what, changes: waiver(f"{by} {what}", by, what, **changes),
    st.sampled_from(["max", "max", "wim", "wim", "rita", "dora", "sam"]),
    st.sampled_from(["soaked", "soaked", "soaked", "came-through", "came-through", "signed-by", "built-by", "approved", "digest"]),
    st.sampled_from([{}, {}, {"expires": NOW}, {"lifted": True}, {"section": digest("old")}]),
)
GLASSES = st.builds(
    lambda by, changes: glass(*by, name=" ".join(by), **changes),
    st.lists(st.sampled_from(["ann", "sam", "rita", "dora", "max"]), min_size=1, max_size=2, unique=True),
    st.sampled_from([{}, {}, {}, {"until": NOW}, {"deployed": 9, "decision": 8}, {"decision": 8}, {"release": release("other")}]),
)
HERE = st.builds(
    lambda holds, waivers, glasses: Exceptional(holds=tuple(holds), waivers=tuple(waivers), glasses=tuple(glasses)),
    st.one_of(st.just([]), st.just([]), st.lists(HOLDS, max_size=2)),
    st.one_of(st.just([waiver()]), st.lists(WAIVERS, max_size=4)),
    st.one_of(st.just([]), st.lists(GLASSES, max_size=2, unique_by=lambda one: one.id)),
)
POLICIES = st.sampled_from([STRICT, LAX, LAX, policy(SIGNED, SOAKED, waivable=("soaked",)), policy(BUILT, CAME, SOAKED, waivable=("soaked", "came-through"))])
STAYS = st.sampled_from([[], [stay(since="5h")], [stay()]])
REQUESTS = st.sampled_from([[], [request()], [request(ANNS, SAMS)], [request(ANNS, SAMS)]])
ASKERS = st.sampled_from([actor("dora"), actor("dora"), actor("dora"), actor("otto"), actor("ann"), None])


def decided(some: Policy, here: Exceptional, stays: list[Any], requests: list[Any], who: Any, **broken: Any) -> Judgement:
    found: Facts = facts(**{**FOUND, "stays": {"staging": stays}, "requests": requests, **broken}, exceptional=[here])
    return decide(replace(ASKED, actor=who), some, found, NOW, root())


@given(POLICIES, HERE, STAYS, REQUESTS, ASKERS, st.sampled_from(["intact", "signatures", "provenance"]), st.sampled_from([[], UNREADABLE, None]))
@settings(max_examples=400)
def test_no_combination_opens_without_integrity(
    some: Policy, here: Exceptional, stays: list[Any], requests: list[Any], who: Any, broken: str, instead: Any
) -> None:
    kinds = {"intact": "digest", "signatures": "signed-by", "provenance": "built-by"}
    asked = kinds[broken] == "digest" or any(one.__struct_config__.tag == kinds[broken] for one in some.environments["production"].requires)
    judgement = decided(some, here, stays, requests, who, **{broken: instead})
    assert not asked or judgement.result != "allowed"
    for one in judgement.outcomes:
        assert one.requirement not in {"digest", "signed-by", "built-by"} or one.result != "waived"


def fewer(here: Exceptional) -> Iterator[Exceptional]:
    """One waiver, one glass, or one signature of a glass taken away."""
    for name in ("waivers", "glasses"):
        held_ = getattr(here, name)
        for place in range(len(held_)):
            if name == "glasses" and held_[place].under_review():
                continue  # that refuses: to take it away may open
            yield replace(here, **{name: (*held_[:place], *held_[place + 1 :])})
    for place, one in enumerate(here.glasses):
        if len(one.by) == 2:
            for left in (0, 1):
                half = replace(one, by=(one.by[left],), keys=(one.keys[left],))
                yield replace(here, glasses=(*here.glasses[:place], half, *here.glasses[place + 1 :]))


@given(POLICIES, HERE, STAYS, REQUESTS, ASKERS)
@settings(max_examples=400)
def test_taking_a_waiver_or_a_signature_away_never_opens(some: Policy, here: Exceptional, stays: list[Any], requests: list[Any], who: Any) -> None:
    if decided(some, here, stays, requests, who).result != "allowed":
        assert not any(decided(some, less, stays, requests, who).result == "allowed" for less in fewer(here))


@given(POLICIES, HERE, STAYS, REQUESTS, ASKERS, HOLDS)
@settings(max_examples=400)
def test_one_more_hold_never_opens(some: Policy, here: Exceptional, stays: list[Any], requests: list[Any], who: Any, more: Hold) -> None:
    if decided(some, here, stays, requests, who).result != "allowed":
        assert decided(some, replace(here, holds=(*here.holds, more)), stays, requests, who).result != "allowed"


@given(POLICIES, HERE, STAYS, REQUESTS, ASKERS)
@settings(max_examples=400)
def test_what_is_allowed_has_no_failure_and_what_is_waived_says_by_what(
    some: Policy, here: Exceptional, stays: list[Any], requests: list[Any], who: Any
) -> None:
    judgement = decided(some, here, stays, requests, who)
    for one in judgement.outcomes:
        assert one.result != "waived" or one.params.get("waiver") in {each.id for each in here.waivers} or one.params.get("break-glass") == judgement.glass
    if judgement.result == "allowed":
        assert {one.result for one in judgement.outcomes} <= {"pass", "waived"}
        assert judgement.glass or "pass" in {one.result for one in judgement.outcomes if one.requirement != "digest"}
        assert judgement.glass or not here.standing(NOW)


def test_these_worlds_are_open_often_enough_to_mean_something() -> None:
    seen = {"glass": 0, "waiver": 0, "refused": 0}

    @given(POLICIES, HERE, STAYS, REQUESTS, ASKERS)
    @settings(max_examples=500, derandomize=True)
    def count(some: Policy, here: Exceptional, stays: list[Any], requests: list[Any], who: Any) -> None:
        judgement = decided(some, here, stays, requests, who)
        if judgement.result != "allowed":
            seen["refused"] += 1
        elif judgement.glass:
            seen["glass"] += 1
        elif any(one.result == "waived" for one in judgement.outcomes):
            seen["waiver"] += 1

    count()
    assert min(seen.values()) > 10, seen


def test_the_section_that_names_nothing_has_the_digest_it_always_had() -> None:
    """A field that came later: what was approved before it is approved still."""
    assert section_digest(STRICT, "production") != section_digest(LAX, "production")
    assert section_digest(STRICT, "production") == "sha256:7a8cd0fb5662642510743a5b0972a6a3e31f17b6b60114176de3ecacee1e54ed"
