"""Predicate types of scanners' results and of statements about exploitability, beside the readers: these are imported only where there is such a statement."""

from __future__ import annotations

from lockgate.evidence.sbom_types import CYCLONEDX, PREDICATES

OPENVEX_VERSIONS = ("v0.0.1", "v0.0.2", "v0.2.0")
OPENVEX_NAMESPACE = "https://openvex.dev/ns"
OPENVEX = (OPENVEX_NAMESPACE, *(f"{OPENVEX_NAMESPACE}{mark}{version}" for version in OPENVEX_VERSIONS for mark in "/@"))
"""Both spellings of a versioned type are in use."""

CYCLONEDX_VEX = frozenset(kind for kind in PREDICATES if kind.startswith(CYCLONEDX))

CSAF = "https://docs.oasis-open.org/csaf/csaf/v2.0/csaf_json_schema.json"

VULNS = ("https://in-toto.io/attestation/vulns/v0.1", "https://in-toto.io/attestation/vulns/v0.2")

COSIGN = ("https://cosign.sigstore.dev/attestation/vuln/v1", "cosign.sigstore.dev/attestation/vuln/v1")
"""cosign wrote the second one until 2.0."""

TRIVY = "https://trivy.dev/report"

SARIF = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
    "https://json.schemastore.org/sarif-2.1.0.json",
)
