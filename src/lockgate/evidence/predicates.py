"""Predicate types of in-toto Statements, by the names people know them under. To know a type's name is to read nothing of it.

What makes a fact is listed in `artifact`; a Statement of any other type, known here or not, is no fact and opens nothing.
"""

from __future__ import annotations

import re

_NAMES = {
    "https://sigstore.dev/cosign/sign/v1": "cosign signature",
    "https://slsa.dev/provenance": "SLSA provenance",
    "https://slsa.dev/verification_summary": "SLSA verification summary",
    "https://slsa.dev/deployment": "SLSA deployment attestation",
    "https://in-toto.io/attestation/svr": "simple verification result",
    "https://in-toto.io/attestation/link": "in-toto link",
    "https://in-toto.io/Link": "in-toto link",
    "https://in-toto.io/attestation/test-result": "test result",
    "https://in-toto.io/attestation/vulns": "vulnerability scan",
    "https://cosign.sigstore.dev/attestation/vuln": "vulnerability scan by cosign",
    "cosign.sigstore.dev/attestation/vuln": "vulnerability scan by cosign",
    "https://in-toto.io/attestation/release": "release",
    "https://in-toto.io/attestation/reference": "references",
    "https://in-toto.io/attestation/scai": "SCAI attribute report",
    "https://in-toto.io/attestation/runtime-trace": "runtime trace",
    "https://in-toto.io/attestation/deployment": "deployment attestation",
    "https://cyclonedx.org/bom": "CycloneDX bill of materials",
    "https://spdx.dev/Document": "SPDX bill of materials",
    "https://openvex.dev/ns": "OpenVEX statements",
    "https://docs.oasis-open.org/csaf/csaf/v2.0/csaf_json_schema.json": "CSAF statements",
    "https://trivy.dev/report": "Trivy report",
    "https://json.schemastore.org/sarif-2.1.0.json": "SARIF log",
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json": "SARIF log",
    "https://cosign.sigstore.dev/attestation": "custom statement by cosign",
    "https://gittuf.dev/reference-authorization": "gittuf reference authorization",
    "https://gittuf.dev/github-pull-request": "gittuf pull request",
    "https://gittuf.dev/github-pull-request-approval": "gittuf pull request approval",
    "chainloop.dev/attestation": "Chainloop attestation",
    "https://witness.testifysec.com/attestation-collection": "witness collection",
    "https://witness.dev/attestations/product": "witness products",
    "https://witness.dev/attestations/material": "witness materials",
    "https://witness.dev/attestations/command-run": "witness command run",
    "https://witness.dev/attestations/environment": "witness environment",
    "https://witness.dev/attestations/aws": "witness AWS identity",
    "https://brigade.dev/attestation/human-approval": "human approval",
}
"""Type without its version -> name."""

_ENDINGS = {"/attestations/publish": "publish attestation", "/specs/publish": "publish attestation"}
"""Of types whose beginning names the index that writes them."""

_VERSION = re.compile(r"(?P<kind>.*?)[/@](?:v?[0-9]+(?:\.[0-9]+){0,2}(?:-rc[0-9]+)?)\Z", re.DOTALL).match


def name_of(predicate_type: str) -> str:
    """What people call this type, of whichever version; empty for a type nobody here has heard of."""
    versioned = _VERSION(predicate_type)
    kind = versioned["kind"] if versioned else predicate_type
    known = _NAMES.get(predicate_type) or _NAMES.get(kind)
    return known or next((name for ending, name in _ENDINGS.items() if kind.endswith(ending)), "")
