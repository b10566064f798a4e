"""A CI job, or who broke into it: it holds the policy's signing keys, ``release`` and ``builder``, and nobody's key."""

from __future__ import annotations

from datetime import timedelta

import pytest

from attack.stage import CAST, NEXT, Stage, refused
from build import SIGNED, key, person
from fakes.fixed_clock import FixedClock
from lockgate.app import attach
from lockgate.core.policy import EnvironmentPolicy
from world import changed, standard_policy


class TestForge:
    @pytest.mark.not_caught
    def test_can_sign_and_vouch_for_any_bytes(self, stage: Stage) -> None:
        """In staging, where only its signature is asked for, that is enough."""
        stage.artifact("evil")
        assert stage.answer("evil", "staging") == "allowed"
        assert stage.answer("evil") == "came-through.never-there soaked.never-there approved.no-request"

    @pytest.mark.not_caught
    def test_can_say_that_it_signed_at_any_time(self, stage: Stage) -> None:
        """`max-age` goes by the signer's own word: a key that leaked signs as of today, for as long as the policy names it."""
        policy = standard_policy()
        stage.policy(changed(policy, environments={**policy.environments, "staging": EnvironmentPolicy(requires=(changed(SIGNED, max_age="24h"),))}))
        stage.artifact("older")
        stage.clock.advance(hours=25)
        assert stage.answer("older", "staging") == "signed-by.too-old"
        attach.sign(attach.Bench(source=stage.source, clock=FixedClock(stage.clock.at - timedelta(hours=1))), "file:older", key("release"))
        assert stage.answer("older", "staging") == "allowed"

    def test_cannot_let_one_key_do_for_the_other(self, stage: Stage) -> None:
        """With the builder's key alone: provenance is no signature, nor is a signature by another key than the one that is named."""
        stage.artifact("evil", signed="builder", built="builder")
        assert stage.answer("evil", "staging") == "signed-by.no-signature"
        stage.artifact("worse", signed="release", built="release")
        assert "built-by.no-provenance" in stage.answer("worse")

    def test_cannot_approve(self, stage: Stage) -> None:
        index = stage.smuggle(stage.signed(stage.approval(stage.asked, "security"), "builder"))
        assert stage.why_nothing(index) == "key.not-enrolled"

    def test_cannot_approve_as_a_person_who_holds_its_key(self, stage: Stage) -> None:
        """Whoever holds a key of the policy is the builder, and independent of nothing that it signs."""
        builder = person("bob", {"production": ["approve:security"]}, keys=["bob", "builder"])
        stage.roster(*(builder if one.id == builder.id else one for one in CAST))
        gated = stage.gate(ref="next")
        (outcome,) = [one for one in gated.decision.outcomes if one.code]
        assert (outcome.code, outcome.params["dropped"]) == ("approved.too-few-people", ("approved.not-independent",))

    def test_cannot_ask_for_a_permit_where_people_approve(self, stage: Stage) -> None:
        assert stage.answer(by=None) == "approved.deployer-unknown"
        assert stage.answer(by="builder") == "approved.deployer-unknown"


class TestHide:
    def test_can_leave_its_own_evidence_out_and_then_it_refuses(self, stage: Stage) -> None:
        stage.artifact("third", signed="", built="")
        assert stage.answer("third", "staging") == "signed-by.no-signature"

    def test_cannot_hide_that_it_built_by_leaving_its_provenance_out(self, stage: Stage) -> None:
        """Knowing less never makes anybody independent."""
        stage.artifact("third", built="")
        id_ = stage.approved("third")
        assert "approved.builder-unknown" in stage.answer("third", request=id_)


class TestDelay:
    def test_can_push_permits_out_where_nobody_approves(self, stage: Stage) -> None:
        """By asking 64 times: what is deployed meanwhile cannot be recorded, and is asked for anew."""
        gated = stage.gate("staging", "next")
        for _ in range(64):
            assert stage.answer(to="staging", by=None) == "allowed"
        assert refused(stage.record, stage.deployed(gated.index, "staging"), NEXT, "dora") == "deployed.no-permit"
        stage.deploy("staging", "next")

    def test_cannot_push_one_out_that_people_approved(self, stage: Stage) -> None:
        gated = stage.gate(ref="next")
        for _ in range(65):
            stage.answer(to="production", by=None)
        assert stage.answer() == "allowed"
        assert stage.here().permits[-1].decision == gated.index

    def test_can_hold_back_its_own_builds(self, stage: Stage) -> None:
        stage.source.put("third", b"third")
        assert stage.answer("third", "staging") == "signed-by.no-signature"
