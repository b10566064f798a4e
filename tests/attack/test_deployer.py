"""Who may deploy, or has such a key: Dora. What she says was deployed is her word, and the command is hers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from attack.stage import NEXT, Stage, refused, small_rooms
from attack.taker import Taker, list_now, permit_file
from build import NOW, key, nonce, person_id
from lockgate.app import deploy, prove, recall, report
from lockgate.core import events
from lockgate.core.digest import digest_of
from lockgate.core.model import NONE
from world import changed

THIRD = (digest_of(b"third"),)


class TestForge:
    @pytest.mark.not_caught
    def test_can_say_deployed_though_nothing_was(self, stage: Stage) -> None:
        """Hence soak, as claimed: `occupancy: observed` refuses instead, for nothing is observed yet."""
        stage.artifact("third")
        gated = stage.gate("staging", "third")
        stage.record(stage.deployed(gated.index, "staging"), THIRD, "dora")
        stage.clock.advance(hours=25)
        assert stage.answer("third") == "approved.no-request"
        assert stage.runner.ran == []

    def test_cannot_say_it_without_a_permit(self, stage: Stage) -> None:
        refusal = stage.gate(ref="next", by="eve").index
        for index in (refusal, 0, 10**6):
            assert refused(stage.record, stage.deployed(index), NEXT, "dora") == "deployed.no-permit"

    def test_cannot_say_it_of_other_bytes_or_another_configuration(self, stage: Stage) -> None:
        gated = stage.gate(ref="next")
        assert refused(stage.record, stage.deployed(gated.index), THIRD, "dora") == "deployed.other-release"
        assert refused(stage.record, stage.deployed(gated.index, config=THIRD[0]), NEXT, "dora") == "deployed.other-release"

    def test_cannot_use_anothers_permit(self, stage: Stage) -> None:
        gated = stage.gate(ref="next", by="don")
        assert refused(stage.record, stage.deployed(gated.index), NEXT, "dora") == "deployed.other-person"

    def test_cannot_use_a_permit_twice(self, stage: Stage) -> None:
        """Used, another release, and used again: it would bring back what was replaced."""
        stage.artifact("third")
        stage.artifact("fourth")
        old = stage.gate("staging", "third").index
        stage.record(stage.deployed(old, "staging"), THIRD, "dora")
        stage.deploy("staging", "fourth")
        stage.clock.advance(minutes=1)
        assert refused(stage.record, stage.deployed(old, "staging"), THIRD, "dora") == "deployed.no-permit"

    def test_cannot_begin_when_it_has_ended(self, stage: Stage) -> None:
        gated = stage.gate(ref="next")
        stage.clock.advance(hours=1)
        assert refused(stage.record, stage.deployed(gated.index), NEXT, "dora") == "deployed.permit-expired"

    def test_cannot_use_it_in_another_environment(self, stage: Stage) -> None:
        gated = stage.gate("staging", "next")
        assert refused(stage.record, stage.deployed(gated.index, "production"), NEXT, "dora") == "deployed.no-permit"

    def test_cannot_bring_a_replaced_release_back_unasked(self, stage: Stage) -> None:
        """Not by a request that was approved while it was new: it comes back as a rollback, which approvers see."""
        other = stage.approved("next")
        stage.deploy(ref="next", request=stage.asked)
        assert stage.answer("shop") == "release.downgrade approved.no-request"
        assert refused(stage.request) == "release.downgrade"
        stage.deploy(request=asked_back(stage))
        assert stage.answer(request=other) == "release.downgrade"
        assert stage.answer(request=stage.asked).startswith("release.downgrade")

    def test_cannot_call_a_request_a_rollback_that_is_none(self, stage: Stage) -> None:
        """What approvers sign says which it is."""
        stage.deploy(ref="next")
        asked = stage.request(rollback=True)
        unmarked = stage.approval(asked, "security")
        said = changed(unmarked, shown=changed(unmarked.shown, rollback=False))
        assert refused(stage.record, said, (digest_of(b"shop"),), "bob") == "approval.other-marking"

    def test_cannot_bring_a_replaced_release_back_by_another_rollback_that_was_approved_before(self, stage: Stage) -> None:
        """Two rollbacks to one release, both approved over what ran then, and runs again: once one was deployed, both are over."""
        stage.deploy(ref="next")
        one, other = asked_back(stage), asked_back(stage)
        stage.deploy(request=one)
        stage.clock.advance(hours=1)
        stage.deploy(ref="next", request=asked_back(stage, "next"))
        assert stage.answer("shop", request=one).startswith("release.downgrade")
        assert stage.answer("shop", request=other) == "release.downgrade approved.spent"
        stage.deploy(request=asked_back(stage))
        assert stage.here().stays[-1].release.artifacts != NEXT

    def test_cannot_make_a_deployment_count_whose_permit_fell_while_it_ran(self, stage: Stage) -> None:
        """It is recorded, for what runs has to be known; it soaks for nothing, and nothing came through it."""
        stage.runner.during = lambda: print(stage.reject(stage.asked, "carl"))
        assert stage.deploy(ref="next").outcome == "deployed"
        here = stage.here()
        assert (here.stays[-1].release.artifacts, here.stays[-1].fell) == (NEXT, True)
        assert NEXT not in [stay.release.artifacts for stay in here.counted() if not stay.fell]
        stage.artifact("third")
        stage.runner.during = lambda: print(recall.revoke_permit(stage.ports, stage.log.last("env:staging") - 1, "mistaken", stage.id(), key("owner")))
        assert stage.deploy("staging", "third").outcome == "deployed"
        stage.runner.during = lambda: None
        stage.clock.advance(hours=25)
        assert stage.answer("third") == "came-through.never-there soaked.never-there approved.no-request"

    def test_cannot_say_how_another_ones_deployment_ended(self, stage: Stage) -> None:
        gated = stage.gate(ref="next", by="dora")
        stage.record(begun(stage, gated.index), NEXT, "dora")
        assert refused(stage.record, stage.deployed(gated.index), NEXT, "don") == "deployed.other-person"
        assert refused(stage.record, stage.deployed(gated.index, started_at=NOW), NEXT, "dora") == "deployed.other-start"

    @pytest.mark.not_caught
    def test_can_show_the_proof_of_a_permit_that_fell(self, stage: Stage) -> None:
        """One leaf does not show what came after it, and `lockgate verify` says so; it ends with the permit, minutes later."""
        gated = stage.gate(ref="next")
        stage.reject(stage.asked, "carl")
        assert stage.pinned is not None
        event = prove.check(prove.prove(stage.ports, gated.index), stage.pinned).event
        assert isinstance(event, events.Decided)
        assert event.outcome == "allowed"
        assert stage.answer() == "approved.rejected"


class TestHide:
    @pytest.mark.not_caught
    def test_can_deploy_something_else_past_the_gate(self, stage: Stage) -> None:
        """The command is theirs: it has the private copy, and may run anything beside it."""
        command = ["install", "/some/where/evil", "--not", "{ref}"]
        made = deploy.deploy(stage.ports, stage.ask(ref="next"), command, key("dora"), lambda _: None)
        assert made.exit_status == 0
        assert stage.runner.ran[-1][:2] == ["install", "/some/where/evil"]
        assert stage.here().stays[-1].release.artifacts == NEXT

    def test_cannot_hide_that_the_command_failed(self, stage: Stage) -> None:
        """Through `lockgate deploy`: what did not succeed is never recorded as deployed."""
        stage.runner.status = 3
        made = stage.deploy(ref="next")
        assert report.show(stage.ports, made.index).kind == "deploy-failed"
        assert stage.here().stays[-1].release.artifacts != NEXT

    def test_cannot_approve_their_own_release(self, stage: Stage) -> None:
        assert refused(stage.approve, stage.asked, "dora") == "people.no-duty"


class TestDelay:
    @pytest.mark.not_caught
    def test_can_keep_other_deployers_out_by_not_using_a_permit(self, stage: Stage) -> None:
        """Until it ends; or they give it back, or whoever may revoke there ends it."""
        stage.gate(ref="next", by="dora")
        assert stage.answer(by="don") == "approved.permit-outstanding"
        stage.clock.advance(minutes=16)
        held = stage.gate(ref="next", by="don")
        assert stage.answer(by="dora") == "approved.permit-outstanding"
        recall.revoke_permit(stage.ports, held.index, "other", stage.id(), key("bob"))
        assert stage.answer(by="dora") == "allowed"

    def test_cannot_take_back_more_than_their_own_permit_while_it_lives(self, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        """Given back, it is revoked, and keeps nobody out; and half of the room stays for those who may revoke."""
        held = stage.gate(ref="next", by="dora")
        assert refused(recall.revoke_permit, stage.ports, held.index, "other", stage.id(), key("don")) == "revocation.not-yours"
        recall.revoke_permit(stage.ports, held.index, "other", stage.id(), key("dora"))
        assert refused(stage.record, begun(stage, held.index), NEXT, "dora") == "deployed.no-permit"
        assert stage.answer(by="don") == "allowed"
        used = stage.deploy("staging", "next", by="dora").gated.index
        assert refused(recall.revoke_permit, stage.ports, used, "other", stage.id(), key("dora")) == "revocation.not-yours"
        small_rooms(monkeypatch, room="KEPT_REVOKED")
        stage.clock.advance(minutes=16)
        recall.revoke_permit(stage.ports, stage.gate(ref="next", by="dora").index, "other", stage.id(), key("dora"))
        third = stage.gate(ref="next", by="dora").index
        assert refused(recall.revoke_permit, stage.ports, third, "other", stage.id(), key("dora")) == "revocation.not-yours"
        recall.revoke_permit(stage.ports, third, "other", stage.id(), key("bob"))

    def test_cannot_end_what_runs_by_giving_back_permits_until_the_first_is_forgotten(self, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        """What was given back is over a day later, and makes room; what runs since before that is no worse for it."""
        small_rooms(monkeypatch, room="KEPT_REVOKED")
        file, taker = permit_file(stage, stage.deploy(ref="next").gated.index), Taker(stage)
        given = []
        for _ in range(3):
            stage.clock.advance(days=1, hours=1)
            for _ in range(2):
                given.append(stage.gate(ref="next", request=stage.asked).index)
                recall.revoke_permit(stage.ports, given[-1], "other", stage.id(), key("dora"))
                stage.caught_up()
        assert [one.permit for one in stage.here().revoked] == given[2:]
        assert taker.takes(file, list_now(stage), run=True) == "taken"

    def test_cannot_say_that_another_release_runs_while_one_is_being_deployed(self, stage: Stage) -> None:
        stage.artifact("third")
        running, beside = stage.gate("staging", "next").index, stage.gate("staging", "third", by="don").index
        stage.record(changed(begun(stage, running), environment="staging"), NEXT, "dora")
        assert refused(stage.record, stage.deployed(beside, "staging"), THIRD, "don") == "deployed.under-way"

    @pytest.mark.not_caught
    def test_can_keep_other_deployers_out_by_a_deployment_that_they_begin_and_do_not_end(self, stage: Stage) -> None:
        """For a day, in their own name; and from its begin on nobody knows what runs, so that it counts nowhere."""
        gated = stage.gate(ref="next", by="dora")
        stage.record(begun(stage, gated.index), NEXT, "dora")
        assert refused(stage.deploy, ref="next", by="don") == "deployed.under-way"
        given_up = events.DeployUnknown(**fields(stage, gated.index), ended_at=stage.clock.at, because="unfinished")
        assert refused(stage.record, given_up, NEXT, "don") == "deployed.not-over"
        assert stage.here().counted()[-1].until == stage.clock.at
        stage.clock.advance(days=1)
        made = stage.deploy(ref="next", by="don")
        assert made.settled is not None
        assert (made.settled.person, made.outcome) == (person_id("dora"), "deployed")

    def test_cannot_begin_one_that_lasts_longer_or_beside_another(self, stage: Stage) -> None:
        gated = stage.gate(ref="next", by="dora")
        long = changed(begun(stage, gated.index), ends_by=stage.clock.at + timedelta(days=2))
        assert refused(stage.record, long, NEXT, "dora") == "deployed.other-start"
        stage.record(begun(stage, gated.index), NEXT, "dora")
        assert refused(stage.deploy, ref="next", by="dora") == "deployed.under-way"

    def test_cannot_keep_a_release_in_the_way_for_longer_than_a_permit(self, stage: Stage) -> None:
        """Asked again and again, it is one permit, and ends when it said."""
        first = stage.gate(ref="next", by="dora")
        stage.clock.advance(minutes=10)
        again = stage.gate(ref="next", by="dora")
        assert (again.index, again.decision.not_after) == (first.index, first.decision.not_after)
        stage.clock.advance(minutes=6)
        assert stage.answer(by="don") == "allowed"


def asked_back(stage: Stage, ref: str = "shop") -> str:
    """A rollback that was asked for and approved; the request's id."""
    asked = stage.request(ref=ref, rollback=True)
    stage.approve(asked, "ann")
    stage.approve(asked, "bob")
    return asked


def fields(stage: Stage, permit: int) -> dict[str, Any]:
    """What a deployment says at its begin and at its end."""
    return {"log": stage.genesis, "permit": permit, "environment": "production", "config": NONE, "started_at": stage.clock.at}


def begun(stage: Stage, permit: int) -> events.DeployStarted:
    """The event a deployer would sign before the command runs, for as long as there is."""
    return events.DeployStarted(**fields(stage, permit), ends_by=stage.clock.at + timedelta(days=1), nonce=nonce("begun"))
