"""One approver, or who has their key: Carl, who holds both duties that production asks for."""

from __future__ import annotations

import pytest

from attack.stage import CAST, NEXT, Stage, refused
from build import person, person_id


@pytest.fixture
def fresh(stage: Stage) -> str:
    """Another request for ``next``, which nobody has approved."""
    stage.withdraw(stage.asked, "rita", "request")
    return stage.request(ref="next")


class TestForge:
    def test_can_give_each_duty_that_is_theirs_once(self, stage: Stage, fresh: str) -> None:
        stage.approve(fresh, "carl", "security")
        stage.approve(fresh, "ann")
        assert stage.answer() == "allowed"

    def test_cannot_be_two_people(self, stage: Stage, fresh: str) -> None:
        stage.approve(fresh, "carl", "security")
        stage.approve(fresh, "carl", "release-management")
        assert stage.answer() == "approved.too-few-people"

    def test_cannot_be_two_people_with_two_keys(self, stage: Stage, fresh: str) -> None:
        two = person("carl", dict(next(one for one in CAST if one.id == person_id("carl")).duties), keys=["carl", "carl-at-home"])
        stage.roster(*(two if one.id == two.id else one for one in CAST))
        stage.approve(fresh, "carl", "security")
        stage.approve(fresh, "carl-at-home", "release-management")
        assert stage.answer() == "approved.too-few-people"

    def test_cannot_move_an_approval_to_other_bytes(self, stage: Stage) -> None:
        old = stage.here().request(stage.asked)
        assert old is not None
        stage.artifact("third")
        other = stage.request(ref="third")
        approval = stage.approval(stage.asked, "security", request=other)
        assert refused(stage.record, approval, NEXT, "carl") == "approval.other-release"

    def test_cannot_say_a_duty_that_is_not_theirs(self, stage: Stage, fresh: str) -> None:
        assert refused(stage.approve, fresh, "ann", "security") == "people.no-duty"
        assert refused(stage.record, stage.approval(fresh, "security"), NEXT, "ann") == "people.no-duty"

    def test_cannot_approve_what_they_deploy_themselves(self, stage: Stage, fresh: str) -> None:
        both = person("carl", {"production": ["approve:security", "deploy"]})
        stage.roster(*(both if one.id == both.id else one for one in CAST))
        stage.approve(fresh, "carl", "security")
        stage.approve(fresh, "ann")
        assert stage.answer(by="dora") == "allowed"
        assert stage.answer(by="carl") == "approved.too-few-people"

    @pytest.mark.not_caught
    def test_can_be_somebody_else_who_has_their_key(self, stage: Stage, fresh: str) -> None:
        """The thief signs as Bob, until the owners take the key off the roster: then it counts no more."""
        stage.approve(fresh, "ann")
        stage.approve(fresh, "bob")
        assert stage.would().outcome == "allowed"
        stage.roster(*(person("bob", {"production": ["approve:security"]}, keys=["bob-anew"]) if one.id == person_id("bob") else one for one in CAST))
        assert stage.answer() == "approved.too-few-people"

    @pytest.mark.not_caught
    def test_can_be_enrolled_twice_under_two_ids(self, stage: Stage, fresh: str) -> None:
        """That two ids are two people is what the roster's owners vouch for."""
        twice = person("carla", {"production": ["approve:security"]})
        stage.roster(*CAST, twice)
        stage.approve(fresh, "carl", "release-management")
        stage.approve(fresh, "carla")
        assert stage.answer() == "allowed"


class TestHide:
    def test_cannot_take_back_anothers_rejection(self, stage: Stage) -> None:
        stage.reject(stage.asked, "carl")
        assert refused(stage.withdraw, stage.asked, "bob", "rejection") == "withdrawal.not-yours"

    def test_cannot_outweigh_it(self, stage: Stage) -> None:
        stage.reject(stage.asked, "bob")
        stage.approve(stage.asked, "carl", "security")
        assert stage.answer() == "approved.rejected"

    def test_cannot_unsay_an_approval_after_the_deployment(self, stage: Stage) -> None:
        """They may take it back, and both stand in the log."""
        stage.deploy(ref="next")
        stage.withdraw(stage.asked, "bob")
        assert [given.withdrawn for given in stage.here().requests[-1].given] == [False, True]
        assert stage.here().stays[-1].release.artifacts == NEXT


class TestDelay:
    def test_can_reject_every_release_and_a_name_stands_beside_it(self, stage: Stage) -> None:
        stage.reject(stage.asked, "carl")
        gated = stage.gate(ref="next")
        (outcome,) = [one for one in gated.decision.outcomes if one.code]
        assert (outcome.code, outcome.params["by"]) == ("approved.rejected", (person_id("carl"),))

    def test_can_fill_a_request_with_approvals_so_that_nobody_elses_is_taken(self, stage: Stage, fresh: str) -> None:
        """It has to be asked for anew, and their name stands 64 times beside the old one."""
        for _ in range(64):
            stage.approve(fresh, "carl", "security")
        assert refused(stage.approve, fresh, "ann") == "request.too-many-answers"
        stage.withdraw(fresh, "rita", "request")
        stage.approved("next")
        assert stage.answer() == "allowed"

    def test_can_end_a_permit_by_taking_their_approval_back(self, stage: Stage) -> None:
        assert stage.answer() == "allowed"
        stage.withdraw(stage.asked, "bob")
        assert stage.answer() == "approved.too-few-people"
