"""Holds, waivers, broken glasses and reviews in a history: who may say what, when, and what copied leaves come to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from build import APPROVED, BUILT, CAME, SHOP, SIGNED, SOAKED, digest, exception_id, key, nonce, person, person_id, policy, release, request_id, roster
from lockgate.core.exceptional import KEPT, Glass
from lockgate.core.exceptional_events import GlassBroken, Held, Lifted, Reviewed, WaiverGiven
from lockgate.core.model import NONE, Release
from lockgate.core.outcome import Outcome
from lockgate.core.policy import section_digest
from story import LOG, STEP, Story

PEOPLE = roster(
    person("rita", {"production": ["request", "waive", "break-glass"]}),
    person("dora", {"production": ["deploy", "waive"]}),
    person("ann", {"production": ["approve:release-management", "break-glass"]}),
    person("sam", {"production": ["approve:security", "break-glass"], "staging": ["approve:security", "waive", "break-glass"]}),
    person("max", {"production": ["approve:security", "waive:soaked"]}),
    person("wim", {"production": ["waive", "break-glass"]}),
    person("eve", {"staging": ["approve:security"]}),
)
POLICY = policy(SIGNED, BUILT, CAME, SOAKED, APPROVED, waivable=("soaked", "came-through"))
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WHY, GLASS = digest("why"), exception_id("g")


def opened() -> Story:
    """Rita has asked for the shop."""
    story = Story()
    story.begin()
    story.enact(PEOPLE, "roster 1")
    story.enact(POLICY, "policy 1")
    assert story.request(SHOP) == ""
    return story


def hold(story: Story, by: str = "sam", name: str = "", about: tuple[str, ...] = (), **changes: Any) -> str:
    event = Held(**{"log": LOG, "id": exception_id("h", name), "environment": "production", "reason": WHY, **changes})
    return story.say(event, about, by)


def lift(story: Story, by: str = "sam", id_: str = "", again: str = "", **changes: Any) -> str:
    event = Lifted(**{"log": LOG, "id": id_ or exception_id("h"), "environment": "production", "nonce": nonce(f"lift {again}"), **changes})
    return story.say(event, (), by)


def waive(story: Story, by: str = "max", name: str = "", about: Release = SHOP, **changes: Any) -> str:
    base: dict[str, Any] = {
        "log": LOG,
        "id": exception_id("w", name),
        "request": request_id(),
        "environment": "production",
        "config": about.config,
        "requirement": "soaked",
        "section": section_digest(story.policy_in_force(), "production"),
        "expires": story.now + DAY,
        "reason": WHY,
    }
    return story.say(WaiverGiven(**{**base, **changes}), about.artifacts, by)


def break_(story: Story, by: str, name: str = "", about: Release = SHOP, again: str = "", at: datetime | None = None, **changes: Any) -> str:
    base: dict[str, Any] = {"id": exception_id("g", name), "environment": "production", "config": about.config, "expires": story.now + HOUR, "reason": WHY}
    return story.say(GlassBroken(**{"log": LOG, **base, "nonce": nonce(f"glass {by} {name} {again}"), **changes}), about.artifacts, by, at)


def review(story: Story, by: str = "max", name: str = "", about: Release = SHOP, **changes: Any) -> str:
    base: dict[str, Any] = {"log": LOG, "id": exception_id("g", name), "environment": "production", "findings": digest("findings"), "nonce": nonce(name)}
    return story.say(Reviewed(**{**base, **changes}), about.artifacts, by)


def broken() -> Story:
    """By two people, for the shop."""
    story = opened()
    assert break_(story, "ann") == ""
    assert break_(story, "wim") == ""
    return story


def used() -> Story:
    """Dora has a permit by it."""
    story = broken()
    assert story.decide(SHOP, None, break_glass=GLASS) == ""
    return story


def glass(story: Story, name: str = "") -> Glass:
    found = story.state.environment.exceptional.glass(exception_id("g", name))
    assert found is not None
    return found


# Holds.


@pytest.mark.parametrize(
    ("by", "code"),
    [
        ("sam", ""),
        ("ann", ""),
        ("owner", ""),
        ("rita", "people.no-duty"),
        ("dora", "people.no-duty"),
        ("wim", "people.no-duty"),
        ("eve", "people.no-duty"),
        ("mallory", "key.not-enrolled"),
    ],
)
def test_who_may_hold(by: str, code: str) -> None:
    story = opened()
    assert hold(story, by) == code
    assert [one.by for one in story.state.environment.exceptional.holds] == ([] if code else [key("owner").fingerprint if by == "owner" else person_id(by)])


@pytest.mark.parametrize(
    ("lasts", "code"),
    [
        (timedelta(days=90), ""),
        (timedelta(days=90, minutes=5), "exception.too-long"),
        (timedelta(minutes=1), "exception.expired"),
        (timedelta(days=-1), "exception.expired"),
    ],
)
def test_how_long_a_hold_lasts(lasts: timedelta, code: str) -> None:
    story = opened()
    assert hold(story, expires=story.now + lasts) == code


def test_a_hold_is_about_an_environment_and_no_artifact() -> None:
    story = opened()
    assert hold(story, about=SHOP.artifacts) == "event.malformed"
    assert hold(story, environment="house") == "event.other-stream"
    assert hold(story, log=digest("another log")) == "event.other-log"


def test_an_id_is_one_holds_while_it_stands() -> None:
    story = opened()
    assert hold(story) == ""
    assert hold(story, "ann") == "exception.reused"
    assert story.copy(len(story.leaves) - 2) == "exception.reused"
    assert lift(story) == ""
    assert story.state.environment.exceptional.holds == ()


@pytest.mark.parametrize(("by", "code"), [("sam", ""), ("owner", ""), ("ann", "exception.not-yours"), ("mallory", "key.not-enrolled")])
def test_who_may_lift(by: str, code: str) -> None:
    story = opened()
    hold(story)
    assert lift(story, by) == code
    assert bool(story.state.environment.exceptional.holds) == bool(code)


def test_what_is_not_there_is_not_lifted() -> None:
    story = opened()
    assert lift(story) == "exception.unknown"
    hold(story)
    assert lift(story) == ""
    assert lift(story, again="again") == "exception.unknown"
    assert story.copy(len(story.leaves) - 2) == "exception.unknown"


def test_a_copied_hold_refuses_again_and_opens_nothing() -> None:
    story = opened()
    hold(story)
    lift(story)
    assert story.copy(len(story.leaves) - 2) == ""
    assert len(story.state.environment.exceptional.standing(story.now)) == 1


def test_no_hold_is_forgotten_while_it_stands() -> None:
    story = opened()
    for number in range(KEPT):
        assert hold(story, name=str(number), expires=story.now + HOUR * 3 if number % 2 else None) == ""
    assert hold(story, name="more") == "exception.too-many"
    story.now += 4 * HOUR
    assert hold(story, name="more") == ""
    assert len(story.state.environment.exceptional.holds) == KEPT // 2 + 1


# Waivers.


@pytest.mark.parametrize(
    ("by", "changes", "code"),
    [
        ("max", {}, ""),
        ("wim", {}, ""),
        ("wim", {"requirement": "came-through"}, ""),
        ("max", {"requirement": "came-through"}, "people.no-duty"),
        ("sam", {}, "people.no-duty"),
        ("ann", {}, "people.no-duty"),
        ("owner", {}, "key.not-enrolled"),
        ("mallory", {}, "key.not-enrolled"),
        ("rita", {}, "waiver.not-independent"),
        ("wim", {"requirement": "signed-by"}, "waiver.not-waivable"),
        ("wim", {"requirement": "approved"}, "waiver.not-waivable"),
        ("wim", {"requirement": "digest"}, "waiver.not-waivable"),
        ("max", {"request": request_id("other")}, "request.unknown"),
        ("max", {"config": digest("config")}, "waiver.other-release"),
        ("max", {"section": digest("another section")}, "waiver.policy-changed"),
        ("max", {"environment": "staging"}, "people.no-duty"),
    ],
)
def test_who_may_waive_what(by: str, changes: dict[str, Any], code: str) -> None:
    story = opened()
    assert waive(story, by, **changes) == code
    assert len(story.state.environment.exceptional.waivers) == (not code)


def test_a_waiver_is_for_these_artifacts() -> None:
    story = opened()
    assert waive(story, about=release("other")) == "waiver.other-release"


@pytest.mark.parametrize(
    ("lasts", "code"),
    [(timedelta(days=30), ""), (timedelta(days=30, minutes=5), "exception.too-long"), (timedelta(minutes=1), "exception.expired")],
)
def test_how_long_a_waiver_lasts(lasts: timedelta, code: str) -> None:
    story = opened()
    assert waive(story, expires=story.now + lasts) == code


def test_the_deployer_who_holds_the_permit_does_not_waive() -> None:
    story = opened()
    assert story.decide(SHOP) == ""
    assert waive(story, "dora") == "waiver.not-independent"


def test_nothing_is_waived_for_a_request_that_was_withdrawn() -> None:
    story = opened()
    assert story.withdraw(SHOP, "rita", "request") == ""
    assert waive(story) == "request.unknown"


def test_nothing_is_waivable_unless_the_policy_in_force_names_it() -> None:
    story = opened()
    assert waive(story) == ""
    story.enact(policy(SIGNED, BUILT, CAME, SOAKED, APPROVED), "policy 2")
    assert waive(story, name="2") == "waiver.not-waivable"


def test_a_waiver_stands_once_and_lifted_it_never_comes_back() -> None:
    story = opened()
    waive(story)
    given = len(story.leaves) - 1
    assert story.copy(given) == "exception.reused"
    assert lift(story, "ann", exception_id("w")) == "exception.not-yours"
    assert lift(story, "max", exception_id("w")) == ""
    assert story.copy(given) == "exception.reused"
    assert lift(story, "max", exception_id("w"), "again") == "exception.unknown"
    assert [one.lifted for one in story.state.environment.exceptional.waivers] == [True]
    story.now += 2 * DAY
    assert story.copy(given) == "exception.expired"


def test_an_owner_lifts_a_waiver() -> None:
    story = opened()
    waive(story)
    assert lift(story, "owner", exception_id("w")) == ""


def test_a_waiver_is_forgotten_only_when_its_leaf_means_nothing_any_more() -> None:
    story = opened()
    for number in range(KEPT):
        assert waive(story, name=str(number), expires=story.now + timedelta(hours=3 if number else 200)) == ""
    assert waive(story, name="more") == "exception.too-many"
    story.now += 4 * HOUR
    first = len(story.leaves) - KEPT
    assert waive(story, name="more") == ""
    assert len(story.state.environment.exceptional.waivers) == 2
    assert {story.copy(index) for index in range(first, first + KEPT - 1)} == {"exception.expired"}


def test_the_decision_that_rests_on_a_waiver_is_remembered_with_it() -> None:
    story = opened()
    waive(story)
    row = Outcome(requirement="soaked", result="waived", code="soaked.too-young", params={"waiver": exception_id("w")})
    assert story.decide(SHOP, outcome="refused", outcomes=(row,), not_after=None) == ""
    assert story.state.environment.exceptional.waivers[0].used == -1
    assert story.decide(SHOP, outcomes=(row,)) == ""
    assert story.state.environment.exceptional.waivers[0].used == len(story.leaves) - 1


# Broken glasses.


@pytest.mark.parametrize(
    ("by", "code"),
    [("ann", ""), ("rita", ""), ("max", "people.no-duty"), ("dora", "people.no-duty"), ("owner", "key.not-enrolled"), ("mallory", "key.not-enrolled")],
)
def test_who_may_break_the_glass(by: str, code: str) -> None:
    story = opened()
    assert break_(story, by) == code


@pytest.mark.parametrize(
    ("by", "changes", "code"),
    [
        ("wim", {}, ""),
        ("rita", {}, ""),
        ("ann", {}, "break-glass.same-person"),
        ("max", {}, "people.no-duty"),
        ("wim", {"about": release("other")}, "break-glass.other-release"),
        ("wim", {"config": digest("config")}, "break-glass.other-release"),
        ("wim", {"reason": digest("another reason")}, "break-glass.other-release"),
        ("wim", {"environment": "staging"}, "people.no-duty"),
    ],
)
def test_the_second_signature(by: str, changes: dict[str, Any], code: str) -> None:
    story = opened()
    break_(story, "ann")
    assert break_(story, by, again="second", **changes) == code
    assert len(glass(story).by) == (1 if code else 2)


def test_a_glass_in_staging_is_none_in_production() -> None:
    story = opened()
    event = GlassBroken(log=LOG, id=GLASS, environment="staging", config=NONE, expires=story.now + HOUR, reason=WHY, nonce=nonce())
    assert story.say(event, SHOP.artifacts, "sam") == ""
    assert story.state.environment.exceptional.glasses == ()


def test_two_signatures_are_enough_and_no_third_counts() -> None:
    story = broken()
    assert break_(story, "rita") == "exception.reused"


def test_a_copied_signature_is_no_second_one() -> None:
    story = opened()
    break_(story, "ann")
    assert story.copy(len(story.leaves) - 1) == "break-glass.same-person"


def test_the_second_signs_within_the_hour() -> None:
    story = opened()
    break_(story, "ann")
    story.now += HOUR
    assert break_(story, "wim") == "exception.expired"


@pytest.mark.parametrize(
    ("lasts", "code"),
    [(HOUR, ""), (HOUR + timedelta(minutes=5), "exception.too-long"), (timedelta(minutes=1), "exception.expired")],
)
def test_how_long_a_glass_is_broken(lasts: timedelta, code: str) -> None:
    story = opened()
    assert break_(story, "ann", expires=story.now + lasts) == code


def test_a_glass_ends_with_the_shorter_signature() -> None:
    story = opened()
    break_(story, "ann")
    assert glass(story).until == glass(story).at + HOUR - STEP
    break_(story, "wim", expires=story.now + 10 * STEP)
    assert glass(story).until == story.now + 9 * STEP


def half() -> Story:
    story = opened()
    break_(story, "ann")
    return story


@pytest.mark.parametrize("make", [opened, half])
def test_a_decision_goes_by_a_glass_that_two_people_broke(make: Callable[[], Story]) -> None:
    assert make().decide(SHOP, None, break_glass=GLASS) == "exception.unknown"


def test_a_permit_opens_a_review_whatever_comes_of_it() -> None:
    story = used()
    assert glass(story).under_review()
    assert (glass(story).decision, glass(story).permit_by, glass(story).users) == (len(story.leaves) - 1, person_id("dora"), (person_id("dora"),))
    assert story.state.environment.permits[-1].glass == GLASS
    assert story.deploy(SHOP, failed=1) == ""
    assert glass(story).under_review()
    assert glass(story).permit_until is None


def test_a_glass_is_good_for_one_deployment() -> None:
    story = used()
    assert story.decide(SHOP, None, break_glass=GLASS) == ""
    first, second = (one.decision for one in story.state.environment.permits)
    assert story.deploy(SHOP, permit=first) == ""
    assert not glass(story).ready(story.now)
    assert story.deploy(SHOP, permit=second) == "deployed.no-permit"


def test_the_deployment_by_break_glass_replaces_what_was_permitted() -> None:
    story = used()
    assert story.deploy(SHOP) == ""
    occupant = story.state.environment.occupant()
    assert occupant is not None
    assert occupant.release == SHOP
    assert glass(story).deployed == len(story.leaves) - 1


def test_what_another_release_replaced_is_permitted_anew() -> None:
    """The permit by a glass falls when something else is deployed; until its end nobody would get another."""
    other = release("other")
    story = opened()
    assert story.request(other, "other") == ""
    assert story.decide(other, "other") == ""
    assert break_(story, "ann") == ""
    assert break_(story, "wim") == ""
    assert story.decide(SHOP, None, break_glass=GLASS) == ""
    assert story.deploy(other, permit=story.state.environment.permits[0].decision) == ""
    assert story.state.environment.permits == ()
    assert glass(story).permit_until is None
    assert glass(story).ready(story.now)


@pytest.mark.parametrize(
    ("by", "changes", "code"),
    [
        ("max", {}, ""),
        ("sam", {}, ""),
        ("ann", {}, "review.not-independent"),
        ("wim", {}, "people.no-duty"),
        ("dora", {}, "people.no-duty"),
        ("rita", {}, "people.no-duty"),
        ("owner", {}, "key.not-enrolled"),
        ("max", {"name": "other"}, "exception.unknown"),
        ("max", {"about": release("other")}, "break-glass.other-release"),
    ],
)
def test_who_may_review(by: str, changes: dict[str, Any], code: str) -> None:
    story = used()
    assert story.deploy(SHOP) == ""
    assert review(story, by, **changes) == code
    assert glass(story).under_review() == bool(code)


def test_whoever_used_it_does_not_review_it() -> None:
    story = broken()
    story.enact(
        roster(*(one for one in PEOPLE.people if one.id != person_id("dora")), person("dora", {"production": ["deploy", "approve:security"]}), version=2),
        "roster 2",
    )
    assert story.decide(SHOP, None, break_glass=GLASS) == ""
    assert story.deploy(SHOP) == ""
    assert review(story, "dora") == "review.not-independent"


def test_a_review_comes_after_the_use() -> None:
    story = used()
    assert review(story) == "review.too-early"
    story.now += HOUR
    assert review(story) == ""
    assert review(story, "sam") == "exception.unknown"


def test_a_late_deployment_opens_a_closed_review_again() -> None:
    story = used()
    permit = story.state.environment.permits[-1]
    story.now += HOUR
    assert review(story) == ""
    assert story.deploy(SHOP, permit=permit.decision, started_at=permit.not_after - STEP) == ""
    assert glass(story).under_review()


def test_what_was_never_used_needs_no_review() -> None:
    story = broken()
    story.now += 2 * HOUR
    assert review(story) == "exception.unknown"


def test_an_open_review_is_never_forgotten_and_a_closed_glass_never_comes_back() -> None:
    story = used()
    first = len(story.leaves) - 3
    for number in range(KEPT - 1):
        assert break_(story, "ann", str(number)) == ""
    assert break_(story, "ann", "more") == "exception.too-many"
    story.now += 4 * HOUR
    assert break_(story, "ann", "more") == ""
    assert [one.id for one in story.state.environment.exceptional.glasses] == [GLASS, exception_id("g", "more")]
    assert {story.copy(index) for index in range(first, first + 6)} == {"exception.expired", "decision.stale"}
    assert [one.id for one in story.state.environment.exceptional.glasses if len(one.by) == 2] == [GLASS]


def test_a_spent_glass_is_remembered_as_long_as_its_second_signature_could_be_copied() -> None:
    story = opened()
    break_(story, "ann")
    story.now += timedelta(minutes=50)
    assert break_(story, "wim") == ""
    second = len(story.leaves) - 1
    assert story.decide(SHOP, None, break_glass=GLASS) == ""
    assert story.deploy(SHOP) == ""
    assert review(story) == ""
    for number in range(KEPT - 1):
        story.now -= STEP  # all of them at once
        assert break_(story, "ann", str(number), expires=story.now + HOUR) == ""
    story.now += timedelta(minutes=30)
    assert break_(story, "ann", "more") == "exception.too-many"
    assert story.copy(second) == "break-glass.same-person"


def test_what_never_leaves_the_ordinary_course_folds_to_the_state_it_always_did() -> None:
    from build import NOW, given, later, request, stay
    from lockgate.core.state import EnvironmentState, Permit, State, state_digest

    here = EnvironmentState(
        name="production",
        stays=(stay(),),
        requests=(request(given("ann", "security")),),
        permits=(Permit(decision=3, release=SHOP, not_after=later("15m")),),
        at=NOW,
        leaf=3,
    )
    assert state_digest(State(environment=here)) == "sha256:3fbb1fd95a908c7f57033bc7e36b7429dfeface4884a62c2f1dfefa5b1a4f7a2"
