"""The clock of the machine that decides, wrong by mistake or on purpose.

It holds no key and writes nowhere. When something was recorded is its word, so soak is; what people signed carries its own times.
"""

from __future__ import annotations

import pytest

from attack.stage import Stage, refused
from build import key
from lockgate.app import deploy
from world import standard_policy


class TestForge:
    @pytest.mark.not_caught
    def test_can_end_a_soak_early_by_running_ahead(self, stage: Stage) -> None:
        stage.artifact("third")
        stage.deploy("staging", "third")
        assert "soaked.too-young" in stage.answer("third")
        stage.clock.advance(hours=25)
        assert "soaked" not in stage.answer("third")
        assert stage.log_check() == "whole"

    def test_cannot_where_time_is_to_be_attested(self, stage: Stage) -> None:
        stage.policy(standard_policy(time="attested"))
        stage.clock.advance(days=30)
        assert "time.unattested" in stage.answer()

    def test_cannot_make_evidence_of_the_future_count(self, stage: Stage) -> None:
        stage.clock.advance(days=1)
        stage.artifact("third")
        stage.clock.advance(days=-1)
        assert stage.answer("third", "staging") == "signed-by.no-good-signature"


class TestHide:
    def test_cannot_hide_a_rejection_by_going_back_to_before_it(self, stage: Stage) -> None:
        stage.clock.advance(minutes=5)
        stage.reject(stage.asked, "carl")
        stage.clock.advance(minutes=-5)
        assert stage.answer() == "time.behind-log"

    def test_cannot_be_set_back_between_the_decision_and_the_command(self, stage: Stage) -> None:
        ask = stage.ask(ref="next")
        assert refused(deploy.deploy, stage.ports, ask, ["run", "{ref}"], key("dora"), lambda _: stage.clock.advance(days=-2)) == "time.behind-log"
        assert stage.runner.ran == []


class TestDelay:
    def test_can_stop_everything_by_running_behind_the_log(self, stage: Stage) -> None:
        stage.clock.advance(seconds=-1)
        assert stage.answer() == "time.behind-log"
        assert refused(stage.request) == "time.behind-log"
        assert refused(stage.reject, stage.asked, "carl") == "time.behind-log"

    def test_can_stop_everything_when_it_ran_ahead_and_is_set_right(self, stage: Stage) -> None:
        stage.clock.advance(days=1)
        stage.request()
        stage.clock.advance(days=-1)
        assert stage.answer() == "time.behind-log"
        stage.clock.advance(days=1)
        assert stage.answer() == "allowed"

    def test_can_end_approvals_and_permits_early(self, stage: Stage) -> None:
        gated = stage.gate(ref="next")
        stage.clock.advance(hours=1)
        assert stage.here().permits[-1].decision == gated.index
        assert stage.here().permits[-1].not_after < stage.clock.at
        stage.clock.advance(days=4)
        assert stage.answer() == "approved.expired"
