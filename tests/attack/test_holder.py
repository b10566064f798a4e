"""One who may hold: Bob, who has a duty to approve in production, and so may let nothing enter it."""

from __future__ import annotations

from datetime import timedelta

from attack.leaving import BOB, BREAKERS, break_glass, enrol, hold, lift, standing, whose
from attack.stage import NEXT, Stage, refused
from lockgate.app import exceptional
from lockgate.app.exceptions import exceptions


class TestForge:
    def test_cannot_hold_where_they_may_not_approve(self, stage: Stage) -> None:
        assert refused(hold, stage, to="staging") == "people.no-duty"

    def test_cannot_make_what_was_deployed_meanwhile_count_less(self, stage: Stage) -> None:
        """A command that runs already is recorded as what it is."""
        stage.runner.during = lambda: print(hold(stage))
        assert stage.deploy(ref="next").outcome == "deployed"
        assert (stage.here().stays[-1].release.artifacts, stage.here().stays[-1].fell) == (NEXT, False)

    def test_cannot_hold_for_longer_than_is_said_nor_in_the_past(self, stage: Stage) -> None:
        assert refused(hold, stage, lasts=timedelta(days=91)) == "exception.too-long"
        assert refused(hold, stage, lasts=timedelta(0)) == "exception.expired"


class TestHide:
    def test_cannot_hold_without_a_name(self, stage: Stage) -> None:
        hold(stage)
        gated = stage.gate(ref="next")
        assert (standing(gated), whose(gated, "hold.standing")) == (["hold.standing"], (BOB,))

    def test_cannot_hide_that_they_held_by_lifting_it(self, stage: Stage) -> None:
        held = hold(stage)
        lift(stage, held)
        assert [(one.id, one.by, one.fate) for one in exceptions(stage.ports)] == [(held, (BOB,), "lifted")]

    def test_cannot_lift_what_somebody_else_held(self, stage: Stage) -> None:
        """Nor what an owner did."""
        for by in ("carl", "owner"):
            assert refused(lift, stage, hold(stage, by)) == "exception.not-yours"


class TestDelay:
    def test_can_keep_everything_out_until_an_owner_lifts_it(self, stage: Stage) -> None:
        held = hold(stage)
        assert stage.answer() == "hold.standing"
        assert refused(lift, stage, held, "carl") == "exception.not-yours"
        lift(stage, held, "owner")
        assert stage.answer() == "allowed"

    def test_can_stop_a_permit_from_being_used_while_it_stands(self, stage: Stage) -> None:
        assert stage.answer() == "allowed"
        held = hold(stage)
        made = stage.deploy(ref="next")
        assert "hold.standing" in standing(made.gated)
        assert stage.runner.ran == []
        lift(stage, held, "owner")
        assert stage.deploy(ref="next").outcome == "deployed"

    def test_can_keep_a_remedy_out_but_not_from_two_who_break_the_glass(self, stage: Stage) -> None:
        enrol(stage, *BREAKERS)
        hold(stage)
        stage.artifact("third")
        assert "hold.standing" in stage.answer("third")
        break_glass(stage)
        assert stage.deploy(ref="third").outcome == "deployed"
        assert exceptional.standing(stage.ports, "production").holds != ()
