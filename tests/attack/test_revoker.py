"""One who revokes: Bob, who has a duty to approve in production, and so may say of any release that it may not enter it."""

from __future__ import annotations

import pytest

from attack.leaving import BOB, enrol, restore, revoke, standing
from attack.stage import NEXT, Stage, refused, small_rooms
from attack.taker import Taker, list_now, permit_file
from build import digest, key, person
from lockgate.app import recall
from lockgate.core import events
from lockgate.core.ports import Ended


class TestForge:
    def test_cannot_bring_a_permit_back_by_lifting_what_ended_it(self, stage: Stage) -> None:
        gated = stage.gate(ref="next")
        revoked = revoke(stage)
        assert refused(stage.record, stage.deployed(gated.index), NEXT, "dora") == "deployed.no-permit"
        restore(stage, revoked)
        assert refused(stage.record, stage.deployed(gated.index), NEXT, "dora") == "deployed.no-permit"
        alone = stage.gate(ref="next")
        recall.revoke_permit(stage.ports, alone.index, "mistaken", stage.id(), key("bob"))
        stage.caught_up()
        event = events.Revoked(log=stage.genesis, id=stage.id(), environment="production", reason="other", permit=alone.index)
        assert refused(stage.record, event, (digest("shop"),), "bob") == "revocation.other-release"
        (final,) = [one.id for one in stage.here().revoked if one.permit == alone.index]
        back = events.Withdrawn(log=stage.genesis, request=final, environment="production", what="revocation", nonce=stage.nonce())
        assert refused(stage.record, back, NEXT, "bob") == "revocation.final"

    def test_cannot_revoke_elsewhere_or_everywhere(self, stage: Stage) -> None:
        assert refused(revoke, stage, environment="staging") == "revocation.not-yours"
        for place in ("staging", "house"):
            event = events.Revoked(log=stage.genesis, id=stage.id(), environment=place, reason="other")
            assert refused(stage.record, event, NEXT, "bob") == "revocation.not-yours"
        assert stage.answer() == "allowed"

    def test_cannot_let_in_what_somebody_else_recalled(self, stage: Stage) -> None:
        for by, environment in (("carl", "production"), ("owner", "")):
            assert refused(restore, stage, revoke(stage, by, environment, (digest(by),))) == "revocation.not-yours"

    def test_cannot_lift_their_own_once_they_may_not_approve(self, stage: Stage) -> None:
        """What they said stands, and lifting opens."""
        revoked = revoke(stage)
        enrol(stage, person("bob"))
        assert refused(restore, stage, revoked) == "revocation.not-yours"
        assert stage.answer().startswith("release.recalled")


class TestHide:
    def test_cannot_revoke_without_a_name(self, stage: Stage) -> None:
        revoked = revoke(stage)
        assert [(one.id, one.by) for one in recall.locate(stage.ports, NEXT).revoked] == [(revoked, BOB)]
        restore(stage, revoked)
        assert len(stage.index.find("kind", "revocation")) == 1

    def test_cannot_hide_that_it_runs(self, stage: Stage) -> None:
        """Revoked, what runs is still told of."""
        stage.deploy(ref="next")
        revoke(stage)
        assert [one.environment for one in recall.locate(stage.ports, NEXT).running] == ["production", "staging"]
        assert stage.here().stays[-1].release.artifacts == NEXT


class TestDelay:
    def test_can_recall_any_release_until_an_owner_lifts_it(self, stage: Stage) -> None:
        revoked = revoke(stage)
        (outcome,) = [one for one in stage.gate(ref="next").decision.outcomes if one.code]
        assert (outcome.code, outcome.params["revocation"]) == ("release.recalled", revoked)
        assert refused(restore, stage, revoked, "carl") == "revocation.not-yours"
        restore(stage, revoked, "owner")
        assert stage.answer() == "allowed"

    def test_can_end_a_permit_that_is_out(self, stage: Stage) -> None:
        stage.gate(ref="next")
        revoke(stage)
        assert "release.recalled" in standing(stage.deploy(ref="next").gated)
        assert stage.runner.ran == []

    def test_can_have_what_is_being_deployed_count_nowhere(self, stage: Stage) -> None:
        """It is recorded as what runs; but it soaks for nothing."""
        stage.runner.during = lambda: print(revoke(stage))
        assert stage.deploy(ref="next").outcome == "deployed"
        assert (stage.here().stays[-1].release.artifacts, stage.here().stays[-1].fell) == (NEXT, True)
        assert [one.release.artifacts for one in stage.here().counted() if not one.fell] == [(digest("shop"),)]

    def test_can_use_up_the_room_for_revocations_but_not_an_owners_everywhere(self, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        """By 256 that stand, in earnest; lifted, one makes room."""
        small_rooms(monkeypatch, room="KEPT_REVOKED")
        ids = [revoke(stage, about=(digest(str(number)),)) for number in range(4)]
        assert refused(revoke, stage, "carl") == "revocation.too-many"
        assert refused(revoke, stage, "owner") == "revocation.too-many"
        everywhere = revoke(stage, "owner", "")
        assert stage.answer() == "release.recalled"
        restore(stage, everywhere, "owner")
        restore(stage, ids[0], "owner")
        revoke(stage, "carl")
        assert stage.answer() == "release.recalled"

    def test_can_use_up_the_room_for_a_day_by_revoking_permits_that_were_used(self, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        """What revoked one is final, for an owner too, and one is revoked once; a day after it ended it gives way, and every permit of before with it."""
        small_rooms(monkeypatch, room="KEPT_REVOKED")
        for _ in range(4):
            used = stage.deploy(ref="shop").gated.index
            recall.revoke_permit(stage.ports, used, "other", stage.id(), key("bob"))
            stage.caught_up()
            assert refused(recall.revoke_permit, stage.ports, used, "other", stage.id(), key("bob")) == "revocation.final"
        for by in ("carl", "owner"):
            assert refused(revoke, stage, by) == "revocation.too-many"
        assert refused(restore, stage, stage.here().revoked[0].id, "owner") == "revocation.final"
        stage.clock.advance(days=1, minutes=15)
        revoke(stage, "carl")
        assert stage.answer().startswith("release.recalled")

    def test_can_revoke_a_permit_that_was_used_for_nothing(self, stage: Stage) -> None:
        """Its deployment failed, or nobody knows how it ended; its file would be taken until it ends."""
        stage.runner.status = 3
        failed = stage.deploy(ref="next")
        stage.runner.ended = Ended(status=137, signal=9)
        unknown = stage.deploy(ref="next")
        stage.gate(ref="next")
        assert (failed.outcome, unknown.outcome) == ("deploy-failed", "deploy-unknown")
        for made in (failed, unknown):
            file, taker = permit_file(stage, made.gated.index), Taker(stage)
            assert taker.takes(file, list_now(stage)) == "taken"
            recall.revoke_permit(stage.ports, made.gated.index, "mistaken", stage.id(), key("bob"))
            stage.caught_up()
            assert taker.takes(file, list_now(stage)) == "permit.revoked"
