"""Who may deploy, or has such a key: Dora. What she says was deployed is her word, and the command is hers."""

from __future__ import annotations

import pytest

from attack.stage import NEXT, Stage, refused
from build import key
from lockgate.app import deploy, prove, report
from lockgate.core import events
from lockgate.core.digest import digest_of

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
        old = stage.gate("staging", "shop").index
        stage.record(stage.deployed(old, "staging"), (digest_of(b"shop"),), "dora")
        stage.deploy("staging", "third")
        stage.clock.advance(minutes=1)
        assert refused(stage.record, stage.deployed(old, "staging"), (digest_of(b"shop"),), "dora") == "deployed.no-permit"

    def test_cannot_begin_when_it_has_ended(self, stage: Stage) -> None:
        gated = stage.gate(ref="next")
        stage.clock.advance(hours=1)
        assert refused(stage.record, stage.deployed(gated.index), NEXT, "dora") == "deployed.permit-expired"

    def test_cannot_use_it_in_another_environment(self, stage: Stage) -> None:
        gated = stage.gate("staging", "next")
        assert refused(stage.record, stage.deployed(gated.index, "production"), NEXT, "dora") == "deployed.no-permit"

    @pytest.mark.not_caught
    def test_can_bring_a_replaced_release_back_by_another_request_that_was_approved_before(self, stage: Stage) -> None:
        """Two requests for one release, both approved over what ran then, and runs again: one is spent, the other is not."""
        stage.approved("next")
        stage.deploy(ref="next")
        stage.clock.advance(hours=1)
        back = stage.approved("shop")
        stage.deploy(ref="shop", request=back)
        assert stage.answer() == "allowed"

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
        stage.gate(ref="next", by="dora")
        assert stage.answer(by="don") == "approved.permit-outstanding"
        stage.clock.advance(minutes=16)
        assert stage.answer(by="don") == "allowed"

    @pytest.mark.not_caught
    def test_can_have_it_run_while_it_is_rejected_so_that_it_cannot_be_recorded(self, stage: Stage) -> None:
        """What ran before seems to run still, until the rejection is taken back; the signed event is kept."""
        before = stage.here().stays
        stage.runner.during = lambda: print(stage.reject(stage.asked, "carl"))
        assert refused(stage.deploy, ref="next") == "deployed.no-permit"
        assert len(stage.runner.ran) == 1
        assert stage.here().stays == before
        assert stage.outbox.kept

    def test_cannot_keep_a_release_in_the_way_for_longer_than_a_permit(self, stage: Stage) -> None:
        """Asked again and again, it is one permit, and ends when it said."""
        first = stage.gate(ref="next", by="dora")
        stage.clock.advance(minutes=10)
        again = stage.gate(ref="next", by="dora")
        assert (again.index, again.decision.not_after) == (first.index, first.decision.not_after)
        stage.clock.advance(minutes=6)
        assert stage.answer(by="don") == "allowed"
