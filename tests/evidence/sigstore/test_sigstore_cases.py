"""Sigstore's own conformance cases (sigstore-conformance, ``bundle-verify``): each ``_fail`` case for the reason its name says."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from house import ROOT
from lockgate.errors import EvidenceError
from lockgate.evidence.sigstore import bundle, identity, trust, verify
from lockgate.evidence.sigstore.key import key_of

CASES = ROOT.parent / "shared" / "data" / "sigstore-bundles"
pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="../shared/data is not there")

PUBLIC_GOOD = Path(__file__).parent / "public-good.json"
BEACON = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main"

CODES = {
    "bundle-empty-certificate-chain_fail": "sigstore.no-certificate",
    "bundle-negative-log-index_fail": "sigstore.negative-log-index",
    "bundle-unknown-version_fail": "sigstore.unknown-version",
    "bundle-with-root-cert_fail": "sigstore.root-certificate",
    "checkpoint-bad-keyhint_fail": "log-entry.checkpoint-unsigned",
    "dsse-invalid-sig_fail": "signature.bad",
    "dsse-mismatch-sig_fail": "log-entry.other-signature",
    "incorrect-public-key_fail": "log-entry.promise-forged",
    "integrated-time-in-future_fail": "certificate.outside-validity",
    "intoto-log-entry-mismatch_fail": "log-entry.other-signature",
    "intoto-missing-inclusion-proof_fail": "sigstore.no-inclusion-proof",
    "intoto-set-outside-signing-cert-validity_fail": "certificate.outside-validity",
    "intoto-tsa-timestamp-outside-cert-validity_fail": "certificate.outside-validity",
    "invalid-checkpoint-signature_fail": "log-entry.checkpoint-forged",
    "invalid-ct-key_fail": "certificate.sct-unknown-log",
    "invalid-inclusion-proof_fail": "log-entry.not-included",
    "managed-key-no-key_fail": "sigstore.no-key",
    "managed-key-wrong-key_fail": "key.malformed",
    "message-digest-mismatch_fail": "sigstore.other-artifact",
    "rekor2-checkpoint-missing-log-signature_fail": "log-entry.checkpoint-unsigned",
    "rekor2-checkpoint-missing-origin_fail": "log-entry.checkpoint-malformed",
    "rekor2-checkpoint-missing-root-hash_fail": "log-entry.checkpoint-malformed",
    "rekor2-checkpoint-no-matching-signature_fail": "log-entry.checkpoint-unsigned",
    "rekor2-dsse-invalid-sig_fail": "signature.bad",
    "rekor2-dsse-mismatch-sig_fail": "log-entry.other-signature",
    "rekor2-no-inclusion-proof_fail": "sigstore.no-inclusion-proof",
    "rekor2-no-timestamp_fail": "sigstore.no-time",
    "rekor2-timestamp-outside-trust-root-tsa-validity_fail": "timestamp.outside-trust",
    "rekor2-timestamp-outside-tsa-cert-validity_fail": "timestamp.outside-validity",
    "rekor2-timestamp-untrusted-tsa-with-embedded-cert_fail": "timestamp.untrusted",
    "wrong-hashedrekord-artifact_fail": "log-entry.other-artifact",
    "wrong-material_fail": "sigstore.other-artifact",
}


def outcome(case: Path) -> str:
    """The code it is refused with; empty where it verifies, for the identity and artifact the case names."""
    artifact = (case / "artifact" if (case / "artifact").exists() else CASES / "a.txt").read_bytes()
    own_root, own_key = case / "trusted_root.json", case / "key.pub"
    digests = {name: hashlib.new(name, artifact).digest() for name in ("sha256", "sha384", "sha512")}
    try:
        root = trust.parse((own_root if own_root.exists() else PUBLIC_GOOD).read_bytes())
        signer = key_of(own_key.read_bytes()) if own_key.exists() else None
        verified = verify.verify(bundle.parse((case / "bundle.sigstore.json").read_bytes()), root, digests, signer=signer)
    except EvidenceError as err:
        return err.code
    if verified.payload_type:
        subjects = [one["digest"]["sha256"] for one in json.loads(verified.payload)["subject"]]
        assert digests["sha256"].hex() in subjects
    if verified.certificate:
        who = identity.read(verified.certificate)
        named = (case / "identity").read_text().strip() if (case / "identity").exists() else BEACON
        issuer = (case / "issuer").read_text().strip() if (case / "issuer").exists() else "https://token.actions.githubusercontent.com"
        assert (who.subject, who.issuer) == (named, issuer)
    return ""


@pytest.mark.parametrize("name", sorted(path.name for path in CASES.iterdir() if path.is_dir()) if CASES.is_dir() else [])
def test_a_case_ends_as_its_name_says(name: str) -> None:
    assert outcome(CASES / name) == (CODES[name] if name.endswith("_fail") else "")
