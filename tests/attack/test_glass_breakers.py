"""Two who may break the glass, Gus and Hal, together with a deployer: Dora. None of them approves."""

from __future__ import annotations

import re

import pytest

from attack.desk import Desk
from attack.leaving import BREAKERS, break_glass, enrol, join, passed_over, review, revoke, standing
from attack.stage import Stage, refused, small_rooms
from build import digest, key, person, person_id
from lockgate.app import recall

THIRD = (digest("third"),)


@pytest.fixture
def breakers(stage: Stage) -> Stage:
    """With a third release, signed and built, that was never anywhere."""
    enrol(stage, *BREAKERS)
    stage.artifact("third")
    return stage


class TestForge:
    def test_can_deploy_what_nobody_approved_and_never_soaked(self, breakers: Stage) -> None:
        break_glass(breakers)
        made = breakers.deploy(ref="third")
        assert made.outcome == "deployed"
        assert passed_over(made.gated) == ["came-through.never-there", "soaked.never-there", "approved.no-request"]
        assert breakers.here().stays[-1].release.artifacts == THIRD

    def test_can_bring_back_what_was_replaced(self, breakers: Stage) -> None:
        breakers.deploy(ref="next")
        assert "release.downgrade" in breakers.answer("shop")
        break_glass(breakers, ref="shop")
        assert "release.downgrade" in passed_over(breakers.deploy(ref="shop").gated)

    @pytest.mark.parametrize(
        ("signed", "built", "code"),
        [("", "builder", "signed-by.no-signature"), ("mallory", "builder", "signed-by.no-good-signature"), ("release", "", "built-by.no-provenance")],
    )
    def test_cannot_go_past_who_signed_and_built_it(self, breakers: Stage, signed: str, built: str, code: str) -> None:
        breakers.artifact("evil", signed=signed, built=built)
        break_glass(breakers, ref="evil")
        gated = breakers.gate(ref="evil")
        assert (gated.decision.outcome, standing(gated)) == ("refused", [code])

    def test_cannot_put_other_bytes_in_its_place(self, breakers: Stage) -> None:
        break_glass(breakers)
        (breakers.source.folder / "third").write_bytes(b"evil")
        assert "approved.no-request" in standing(breakers.gate(ref="third"))

    def test_cannot_go_past_a_recall(self, breakers: Stage) -> None:
        break_glass(breakers)
        revoke(breakers, about=THIRD)
        assert standing(breakers.gate(ref="third")) == ["release.recalled"]

    def test_cannot_be_one_person(self, breakers: Stage) -> None:
        """Nor with two keys."""
        twice = person("gus", {"production": ["break-glass"]}, keys=["gus", "gus-at-home"])
        enrol(breakers, twice, BREAKERS[1])
        id_ = break_glass(breakers, ("gus",))
        assert refused(join, breakers, id_, "gus") == "break-glass.same-person"
        assert refused(join, breakers, id_, "gus-at-home") == "break-glass.same-person"
        assert refused(join, breakers, id_, "dora") == "people.no-duty"
        assert "approved.no-request" in standing(breakers.gate(ref="third"))

    def test_cannot_without_somebody_who_may_deploy(self, breakers: Stage) -> None:
        break_glass(breakers)
        for by in ("gus", "eve", None):
            assert "break-glass.not-deployer" in standing(breakers.gate(ref="third", by=by))

    def test_cannot_use_it_twice_or_after_its_hour(self, breakers: Stage) -> None:
        """Neither by a second deployer, nor for another release, nor with the second signature an hour later."""
        break_glass(breakers)
        breakers.gate(ref="third")
        assert standing(breakers.gate(ref="third", by="don"))[-1] == "break-glass.permit-outstanding"
        assert breakers.deploy(ref="third").outcome == "deployed"
        assert breakers.deploy(ref="third").outcome == ""
        half = break_glass(breakers, ("gus",))
        breakers.clock.advance(hours=1)
        assert refused(join, breakers, half, "hal") == "exception.expired"
        assert breakers.deploy(ref="third", by="don").outcome == ""


class TestHide:
    def test_cannot_break_it_without_their_names(self, breakers: Stage) -> None:
        id_ = break_glass(breakers)
        decision = breakers.deploy(ref="third").gated.decision
        (row,) = [one for one in decision.outcomes if one.requirement == "break-glass"]
        assert (decision.break_glass, row.params["by"]) == (id_, (person_id("gus"), person_id("hal")))
        (glass,) = breakers.here().exceptional.to_review()
        assert (glass.id, glass.users) == (id_, (person_id("dora"),))

    def test_cannot_close_their_own_review(self, breakers: Stage) -> None:
        """Not even with a duty to approve; nor before it is over."""
        approves = {"production": ["break-glass", "approve:security"]}
        enrol(breakers, person("gus", approves), BREAKERS[1], person("dora", {"production": ["deploy", "approve:security"]}))
        id_ = break_glass(breakers)
        breakers.gate(ref="third")
        assert refused(review, breakers, id_, "carl") == "review.too-early"
        breakers.deploy(ref="third")
        assert refused(review, breakers, id_, "hal") == "people.no-duty"
        for by in ("gus", "dora"):
            assert refused(review, breakers, id_, by) == "review.not-independent"

    def test_cannot_break_it_quietly(self, desk: Desk) -> None:
        """Every command about that environment says so."""
        desk.call("key", "new", "bo.key")
        assert desk.call("people", "add", "Bo", "--public", "bo.key.pub", "--duty", "staging=break-glass").code == 0
        assert desk.call("people", "add", "Ada", "--duty", "staging=break-glass").code == 0
        begun = desk.call("break-glass", "file:app", "--to", "staging", "--reason", "the shop is down")
        assert desk.call("break-glass", "--join", begun.out.split()[-1], "--key", "bo.key").code == 0
        for words in (("gate", "file:app", "--to", "staging"), ("status",), ("why", "file:app", "--to", "staging")):
            said = desk.call(*words)
            assert re.search(r"\[break-glass\.open\]|BROKEN", said.out + said.err), (words, said)
        assert "[break-glass.open]" in desk.call("gate", "file:app", "--to", "staging").err


class TestDelay:
    def test_can_keep_everything_else_out_until_somebody_else_closes_the_review(self, breakers: Stage) -> None:
        """Used or not."""
        id_ = break_glass(breakers)
        breakers.gate(ref="third")
        assert breakers.answer() == "review.open"
        breakers.clock.advance(hours=1)
        review(breakers, id_, "carl")
        assert breakers.answer() == "allowed"

    def test_cannot_alone_use_up_the_room_for_broken_glasses(self, breakers: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        """A quarter of it at most is one person's, 16 of 64 in earnest; and that for two hours, though nobody joins."""
        small_rooms(monkeypatch, size=8, room="KEPT")
        for _ in range(2):
            break_glass(breakers, ("gus",))
        assert refused(break_glass, breakers, ("gus",)) == "exception.too-many"
        break_glass(breakers, ("hal", "gus"))
        assert breakers.deploy(ref="third").outcome == "deployed"
        breakers.clock.advance(hours=2, minutes=15)
        break_glass(breakers, ("gus",))

    def test_cannot_keep_it_shut_by_a_permit_that_was_revoked(self, breakers: Stage) -> None:
        break_glass(breakers)
        held = breakers.gate(ref="third")
        assert standing(breakers.gate(ref="third", by="don"))[-1] == "break-glass.permit-outstanding"
        recall.revoke_permit(breakers.ports, held.index, "mistaken", breakers.id(), key("bob"))
        assert breakers.deploy(ref="third", by="don").outcome == "deployed"

    def test_cannot_alone_keep_anything_out(self, breakers: Stage) -> None:
        break_glass(breakers, ("gus",))
        assert breakers.answer() == "allowed"
