"""One who may waive: Wim, who has the duty ``waive`` in production, where the policy lets ``soaked`` be waived."""

from __future__ import annotations

from datetime import timedelta

import pytest

from attack.leaving import WIM, enrol, lift, passed_over, standing, waive
from attack.stage import Stage, refused, small_rooms
from build import SOAKED, digest, exception_id, person
from lockgate.app.exceptions import exceptions
from lockgate.core.exceptional_events import WaiverGiven
from lockgate.core.policy import section_digest
from world import changed, standard_policy

POLICY = standard_policy(waivable=("soaked",))


@pytest.fixture
def young(stage: Stage) -> str:
    """A third release, in staging for an hour, asked for and approved: nothing but its soak stands against it. The request's id."""
    stage.policy(POLICY)
    enrol(stage, person("wim", {"production": ["waive"]}))
    stage.artifact("third")
    stage.deploy("staging", "third")
    stage.clock.advance(hours=1)
    return stage.approved("third")


def by_hand(stage: Stage, request: str, **changes: object) -> WaiverGiven:
    """What Wim's own tool would sign."""
    said = WaiverGiven(
        log=stage.genesis, id=exception_id("w", stage.nonce()), request=request, environment="production", config="none", requirement="soaked",
        section=section_digest(POLICY, "production"), expires=stage.clock.at + timedelta(hours=1), reason=digest("why"),
    )  # fmt: skip
    return changed(said, **changes)


class TestForge:
    def test_can_let_one_request_in_before_it_soaked_where_the_policy_names_that(self, stage: Stage, young: str) -> None:
        assert stage.answer("third") == "soaked.too-young"
        waive(stage, young)
        gated = stage.gate(ref="third")
        assert (gated.decision.outcome, passed_over(gated)) == ("allowed", ["soaked.too-young"])

    @pytest.mark.parametrize("what", ["signed-by", "built-by", "came-through", "approved"])
    def test_cannot_waive_what_the_policy_does_not_name(self, stage: Stage, young: str, what: str) -> None:
        assert refused(waive, stage, young, what) == "waiver.not-waivable"
        assert refused(stage.record, by_hand(stage, young, requirement=what), (digest("third"),), "wim") == "waiver.not-waivable"

    def test_cannot_waive_for_what_they_asked_for_or_deploy(self, stage: Stage, young: str) -> None:
        enrol(stage, person("wim", {"production": ["waive", "deploy", "request"]}))
        own = stage.request(ref="third", by="wim")
        assert refused(waive, stage, own) == "waiver.not-independent"
        waive(stage, young)
        assert stage.answer("third", by="wim", request=young) == "soaked.too-young"
        assert stage.answer("third", by="dora", request=young) == "allowed"
        assert refused(waive, stage, young, by="dora") == "people.no-duty"

    def test_cannot_use_it_for_another_request_or_other_bytes(self, stage: Stage, young: str) -> None:
        waive(stage, young)
        again = stage.approved("third")
        assert stage.answer("third", request=again) == "soaked.too-young"
        assert refused(stage.record, by_hand(stage, young), (digest("evil"),), "wim") == "waiver.other-release"

    def test_cannot_bring_one_of_another_policy(self, stage: Stage, young: str) -> None:
        """Held back until the policy asks for a longer soak."""
        said = by_hand(stage, young)
        longer = (*(one for one in POLICY.environments["production"].requires if one != SOAKED), changed(SOAKED, for_="48h"))
        stage.policy(standard_policy(waivable=("soaked",), requires=longer))
        assert refused(stage.record, said, (digest("third"),), "wim") == "waiver.policy-changed"

    def test_cannot_waive_everything(self, stage: Stage, young: str) -> None:
        only = standard_policy(waivable=("soaked",), requires=(SOAKED,))
        stage.policy(only)
        waive(stage, young)
        assert "policy.all-waived" in stage.answer("third", request=young)

    def test_cannot_waive_for_good(self, stage: Stage, young: str) -> None:
        assert refused(waive, stage, young, lasts=timedelta(days=31)) == "exception.too-long"
        waive(stage, young, lasts=timedelta(minutes=30))
        stage.clock.advance(minutes=30)
        assert stage.answer("third") == "soaked.too-young"


class TestHide:
    def test_cannot_waive_without_a_name(self, stage: Stage, young: str) -> None:
        waiver = waive(stage, young)
        (row,) = [one for one in stage.gate(ref="third").decision.outcomes if one.result == "waived"]
        assert (row.params["waiver"], row.params["waived-by"]) == (waiver, WIM)
        assert [(one.id, one.by, one.reason, one.fate) for one in exceptions(stage.ports)] == [(waiver, (WIM,), "the shop is down", "used")]

    def test_cannot_hide_it_by_lifting_it(self, stage: Stage, young: str) -> None:
        """The permit that rests on it goes with it, and what was waived is told on."""
        waiver = waive(stage, young)
        gated, ran = stage.gate(ref="third"), len(stage.runner.ran)
        lift(stage, waiver, "wim")
        assert "soaked.too-young" in standing(stage.deploy(ref="third").gated)
        assert len(stage.runner.ran) == ran
        assert [(one.id, one.decision) for one in exceptions(stage.ports)] == [(waiver, gated.index)]


class TestDelay:
    def test_cannot_alone_use_up_the_room_for_waivers(self, stage: Stage, young: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """A quarter of it at most is one person's, 16 of 64 in earnest, that stand or were lifted; so four people can, for thirty days."""
        small_rooms(monkeypatch, size=8, room="KEPT")
        enrol(stage, person("wim", {"production": ["waive"]}), person("ada", {"production": ["waive"]}))
        given = [waive(stage, young, lasts=timedelta(days=30)) for _ in range(2)]
        lift(stage, given[0], "owner")
        assert refused(waive, stage, young) == "exception.too-many"
        waive(stage, young, by="ada")
        assert stage.answer("third") == "allowed"
        stage.clock.advance(days=30)
        waive(stage, young)

    def test_cannot_take_back_what_others_said(self, stage: Stage, young: str) -> None:
        enrol(stage, person("wim", {"production": ["waive"]}), person("ada", {"production": ["waive"]}))
        theirs = waive(stage, young, by="ada")
        assert refused(lift, stage, theirs, "wim") == "exception.not-yours"
        assert refused(stage.reject, young, "wim") == "people.no-duty"
        assert stage.answer("third") == "allowed"
