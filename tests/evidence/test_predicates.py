"""Names of predicate types: those that people know, of any version; and of no type that is only like one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.evidence import artifact, slsa, vsa
from lockgate.evidence.predicates import name_of

KNOWN = {
    "https://slsa.dev/provenance/v1": "SLSA provenance",
    "https://slsa.dev/provenance/v0.2": "SLSA provenance",
    "https://slsa.dev/verification_summary/v1": "SLSA verification summary",
    "https://in-toto.io/attestation/svr/v0.2": "simple verification result",
    "https://in-toto.io/attestation/link/v0.3": "in-toto link",
    "https://in-toto.io/Link/v1": "in-toto link",
    "https://in-toto.io/attestation/test-result/v0.1": "test result",
    "https://in-toto.io/attestation/vulns/v0.1": "vulnerability scan",
    "https://cosign.sigstore.dev/attestation/vuln/v1": "vulnerability scan by cosign",
    "https://in-toto.io/attestation/release/v0.1": "release",
    "https://in-toto.io/attestation/reference/v0.1": "references",
    "https://in-toto.io/attestation/scai/v0.3": "SCAI attribute report",
    "https://in-toto.io/attestation/runtime-trace/v0.1": "runtime trace",
    "https://cyclonedx.org/bom": "CycloneDX bill of materials",
    "https://cyclonedx.org/bom/v1.4": "CycloneDX bill of materials",
    "https://spdx.dev/Document": "SPDX bill of materials",
    "https://spdx.dev/Document/v2.3": "SPDX bill of materials",
    "https://spdx.dev/Document/v3": "SPDX bill of materials",
    "https://openvex.dev/ns": "OpenVEX statements",
    "https://openvex.dev/ns/v0.2.0": "OpenVEX statements",
    "https://cosign.sigstore.dev/attestation/v1": "custom statement by cosign",
    "https://gittuf.dev/reference-authorization/v0.2": "gittuf reference authorization",
    "https://gittuf.dev/github-pull-request/v0.1": "gittuf pull request",
    "https://gittuf.dev/github-pull-request-approval/v0.1": "gittuf pull request approval",
    "chainloop.dev/attestation/v0.2": "Chainloop attestation",
    "https://witness.testifysec.com/attestation-collection/v0.1": "witness collection",
    "https://witness.dev/attestations/product/v0.1": "witness products",
    "https://slsa.dev/deployment/v0.1": "SLSA deployment attestation",
    "https://in-toto.io/attestation/deployment/v1": "deployment attestation",
    "https://brigade.dev/attestation/human-approval/v1": "human approval",
    "https://index.example/attestations/publish/v1": "publish attestation",
    "https://github.com/npm/attestation/tree/main/specs/publish/v0.1": "publish attestation",
}


@pytest.mark.parametrize("predicate_type", KNOWN)
def test_known_types(predicate_type: str) -> None:
    assert name_of(predicate_type) == KNOWN[predicate_type]


@pytest.mark.parametrize(
    "predicate_type",
    [
        "",
        "/v1",
        "v1",
        "https://slsa.dev",
        "https://slsa.dev/provenance/v1/",
        "https://slsa.dev/provenances/v1",
        "https://slsa.dev/provenance/v1/v1",
        "https://slsa.dev/provenance/vx",
        "https://SLSA.dev/provenance/v1",
        "x/https://spdx.dev/Document",
        "https://spdx.dev/Document\n",
        "https://spdx.dev/Document/v2.3.4.5",
    ],
)
def test_types_that_are_only_like_one(predicate_type: str) -> None:
    assert name_of(predicate_type) == ""


def test_what_is_read_has_a_name() -> None:
    assert all(map(name_of, [artifact.SIGNATURE_TYPE, *slsa.PREDICATE_TYPES, vsa.PREDICATE_TYPE]))


@given(st.text(max_size=60), st.text(max_size=10))
def test_any_text_has_a_name_or_none(one: str, other: str) -> None:
    assert isinstance(name_of(one), str)
    assert isinstance(name_of(f"{one}/v{other}"), str)
