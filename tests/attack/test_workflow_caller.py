"""Somebody else's repository, whose workflow calls the one that the policy names, where that may be called from elsewhere.

The certificate names the workflow that was called; who called it stands in its claims alone. No key, and no say in the repository of the workflow.
"""

from __future__ import annotations

from typing import Any

import pytest
from cryptography import x509
from msgspec.structs import replace

from attack.stage import Stage
from attack.vouched import OURS, RULE, answer, believe
from lockgate.core.signers import Accepts
from private_sigstore import ISSUER, WHO, der


def called(by: str, number: str, *, envelope: bool = True, **leaf: Any) -> dict[str, Any]:
    """A bundle that the workflow signed, called from this repository."""
    said = {8: ISSUER, 12: by, 15: number}
    return OURS.bundle(log=1, envelope=envelope, leaf={"claims": {last: der(0x0C, text.encode()) for last, text in said.items()}, **leaf})


class TestForge:
    @pytest.mark.not_caught
    def test_can_have_it_sign_for_them_where_the_policy_names_it_without_claims(self, stage: Stage) -> None:
        believe(stage)
        assert answer(stage, called("https://git.example/mallory/own", "666")) == "allowed"

    def test_cannot_where_the_policy_claims_whose_repository_it_is(self, stage: Stage) -> None:
        believe(stage, rule=replace(RULE, claims={"source-repository-identifier": "1"}))
        assert answer(stage, called("https://git.example/mallory/own", "666")) == "identity.other-claim"
        assert answer(stage, called("https://git.example/acme/shop", "1")) == "allowed"

    def test_cannot_be_that_workflow_by_one_of_their_own(self, stage: Stage) -> None:
        """A longer name, one with another host before it, or two names in one certificate."""
        believe(stage)
        for names in ([WHO + "/more"], ["https://mallory.example/" + WHO], [WHO.upper()]):
            document = called("https://git.example/acme/shop", "1", names=[x509.UniformResourceIdentifier(one) for one in names])
            assert answer(stage, document) == "identity.other-subject"
        two = [x509.UniformResourceIdentifier(one) for one in (WHO, "https://mallory.example")]
        assert answer(stage, called("https://git.example/acme/shop", "1", names=two)) == "certificate.no-identity"


class TestHide:
    def test_cannot_hide_who_signed(self, stage: Stage) -> None:
        """An entry of another signature stands in the log in its place."""
        believe(stage)
        document, other = called("https://git.example/mallory/own", "666"), OURS.bundle(log=1)
        document["verificationMaterial"]["tlogEntries"] = other["verificationMaterial"]["tlogEntries"]
        assert answer(stage, document) == "log-entry.other-signature"


class TestDelay:
    def test_cannot_keep_the_workflow_from_being_believed(self, stage: Stage) -> None:
        """Theirs claims nobody whom the policy means, so that it takes nothing away either, where one format is weaker than another."""
        accepts = Accepts(formats=("sigstore-bundle", "sigstore-message"))
        believe(stage, rule=replace(RULE, claims={"source-repository-identifier": "1"}), accepts=accepts)
        theirs, good = called("https://git.example/mallory/own", "666"), called("https://git.example/acme/shop", "1", envelope=False)
        assert answer(stage, theirs, good) == "allowed"
