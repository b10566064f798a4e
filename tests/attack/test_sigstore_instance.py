"""Who runs a Sigstore instance that the policy's trusted root names, or broke into it: its certificate authority, its logs, or all of it.

No key of anybody else's, and none of another instance.
"""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from attack.stage import Stage
from attack.vouched import OURS, THEIRS, answer, believe
from lockgate.core.requirements.signed_by import SignedBy
from private_sigstore import p256
from world import standard_policy

KEYS_TOO = SignedBy(identities=("workflow",), keys=("release",), threshold=2)


class TestForge:
    @pytest.mark.not_caught
    def test_can_sign_as_anybody_whom_it_may_vouch_for(self, stage: Stage) -> None:
        """With all of its keys: nobody has to have authenticated anybody."""
        believe(stage)
        assert answer(stage, OURS.bundle(p256(), log=1)) == "allowed"

    def test_cannot_be_the_authority_alone(self, stage: Stage) -> None:
        """Who can issue certificates, and has neither the certificate log nor the transparency log."""
        believe(stage)
        assert answer(stage, OURS.bundle(log=1, leaf={"sct": False})) == "certificate.no-sct"

    def test_cannot_be_the_authority_and_its_certificate_log_without_a_transparency_log(self, stage: Stage) -> None:
        believe(stage)
        assert answer(stage, OURS.bundle(log=0, stamp=True)) == "sigstore.no-log-entry"

    def test_cannot_be_the_logs_alone(self, stage: Stage) -> None:
        """A certificate by another authority, shown to our certificate log and logged by our log."""
        believe(stage)
        leaf = OURS.leaf(signer := p256(), issuer=(THEIRS.middle_certificate, THEIRS.middle))
        assert answer(stage, OURS.bundle(signer, log=1, certificate=leaf)) == "certificate.untrusted"

    def test_cannot_vouch_for_whom_another_root_has_to_vouch(self, stage: Stage) -> None:
        believe(stage)
        assert answer(stage, THEIRS.bundle(log=1)) == "identity.other-subject"

    def test_cannot_be_a_key_of_the_policy(self, stage: Stage) -> None:
        believe(stage, KEYS_TOO)
        assert answer(stage, OURS.bundle(p256(), log=1)) == "signed-by.too-few-keys"


class TestHide:
    def test_cannot_change_what_was_decided_by_ending(self, stage: Stage) -> None:
        """The trusted root is in the policy by value: a replay asks nobody, and needs no instance that is still there."""
        believe(stage)
        assert answer(stage, OURS.bundle(log=1)) == "allowed"
        index = stage.decisions()[-1]
        stage.policy(standard_policy())
        assert stage.replayed(index) == "same"


class TestDelay:
    def test_cannot_keep_a_decision_from_being_made(self, stage: Stage) -> None:
        """Nobody is asked: keys count beside it, and what it vouched for before counts on."""
        believe(stage, replace(KEYS_TOO, threshold=1))
        stage.artifact("other")
        assert stage.answer("other", "staging") == "allowed"
