"""Anyone who is enrolled, and has no duty at all: Eve. And Mallory, whom nobody enrolled."""

from __future__ import annotations

import pytest

from attack.leaving import break_glass, hold, lift, restore, revoke, waive
from attack.stage import NEXT, Stage, refused, small_rooms
from lockgate.app.project import project
from lockgate.core import events
from lockgate.core.model import NONE
from world import standard_policy


class TestForge:
    def test_cannot_say_anything_that_takes_a_duty(self, stage: Stage) -> None:
        gated = stage.gate(ref="next")
        asked = events.Requested(log=stage.genesis, id=stage.id(), environment="production", config=NONE, from_=NONE, requested_at=stage.clock.at)
        for said in (asked, stage.approval(stage.asked, "security"), stage.deployed(gated.index)):
            assert refused(stage.record, said, NEXT, "eve") == "people.no-duty"
            assert refused(stage.record, said, NEXT, "mallory") == "key.not-enrolled"

    def test_cannot_be_let_through(self, stage: Stage) -> None:
        assert stage.answer(by="eve") == "approved.not-deployer"
        assert stage.answer(by="mallory") == "approved.deployer-unknown"
        assert refused(stage.deploy, ref="next", by="eve") == "people.no-duty"
        assert refused(stage.deploy, ref="next", by="mallory") == "key.not-enrolled"

    def test_cannot_leave_the_ordinary_course(self, stage: Stage) -> None:
        stage.policy(standard_policy(waivable=("soaked",)))
        stage.artifact("third")
        asked = stage.request(ref="third")
        for by, code in (("eve", "people.no-duty"), ("mallory", "key.not-enrolled")):
            assert refused(hold, stage, by) == code
            assert refused(waive, stage, asked, by=by) == code
            assert refused(break_glass, stage, (by,)) == code
            assert refused(revoke, stage, by, "") == "revocation.not-yours"

    def test_cannot_put_a_document_in_force(self, stage: Stage) -> None:
        proposed = stage.policy(standard_policy(permit="1h"), by="eve")
        assert not proposed.in_force
        assert refused(stage.approve, proposed.id, "eve") == "approval.not-owner"
        assert refused(stage.policy, standard_policy(permit="1h"), by="mallory") == "key.not-enrolled"

    def test_cannot_use_a_question_that_somebody_else_asked(self, stage: Stage) -> None:
        """With Dora's idempotency key, which a pipeline may have printed: the answer was to her."""
        stage.gate(ref="next", key="job-1")
        assert stage.answer(by="eve", key="job-1") == "gate.key-reused"


class TestHide:
    def test_cannot_reject_or_take_back(self, stage: Stage) -> None:
        assert refused(stage.reject, stage.asked, "eve") == "people.no-duty"
        for what in ("request", "approval"):
            assert refused(stage.withdraw, stage.asked, "eve", what) == "withdrawal.not-yours"

    def test_cannot_lift_what_others_held_or_recalled(self, stage: Stage) -> None:
        held, recalled = hold(stage), revoke(stage)
        for by, code in (("eve", "exception.not-yours"), ("mallory", "key.not-enrolled")):
            assert refused(lift, stage, held, by) == code
        assert refused(restore, stage, recalled, "eve") == "revocation.not-yours"

    def test_cannot_close_what_others_proposed(self, stage: Stage) -> None:
        proposed = stage.policy(standard_policy(permit="1h"), by="rita")
        assert refused(stage.reject, proposed.id, "eve") == "approval.not-owner"
        assert refused(stage.withdraw, proposed.id, "eve", "request") == "withdrawal.not-yours"


class TestDelay:
    @pytest.mark.not_caught
    def test_can_propose_documents_that_every_walk_reads_again(self, stage: Stage) -> None:
        """Large ones make every command slow for good: they are leaves of the house, which is folded from leaf 0."""
        loads: list[str] = []
        real = stage.blobs.get

        def get(digest: str, *, max_bytes: int = 1 << 30) -> bytes:
            loads.append(digest)
            data: bytes = real(digest, max_bytes=max_bytes)
            return data

        stage.blobs.get = get
        project(stage.ports, "production")
        before = len(loads)
        for number in range(1, 6):
            stage.policy(standard_policy(permit=f"{number}h"), by="eve")
        loads.clear()
        project(stage.ports, "production")
        assert len(loads) == before + 5

    def test_can_push_out_proposals_that_no_owner_approved_yet(self, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        """By 256 of their own in earnest; what an owner approved stays."""
        small_rooms(monkeypatch)
        theirs = stage.policy(standard_policy(permit="1h"), by="rita").id
        for number in range(2, 6):
            stage.policy(standard_policy(permit=f"{number}h"), by="eve")
        assert refused(stage.approve, theirs, "owner") == "request.unknown"

    def test_can_take_an_idempotency_key_that_a_job_is_about_to_use(self, stage: Stage) -> None:
        """The job is told, and asks with another one."""
        stage.answer(by=None, key="job-2")
        assert stage.answer(key="job-2") == "gate.key-reused"
        assert stage.answer(key="job-2, again") == "allowed"
