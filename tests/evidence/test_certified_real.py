"""Sigstore's conformance cases as evidence of an image that a policy has an identity for: the gate's door says what the verifier says."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from house import ROOT
from lockgate.core.facts import Provenance, Rejected, Signature
from lockgate.core.ports import Evidence
from lockgate.core.signers import Accepts, Believed, Claim, IdentityRule
from lockgate.evidence import artifact
from lockgate.evidence.sigstore import trust

CASES = ROOT.parent / "shared" / "data" / "sigstore-bundles"
pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="../shared/data is not there")

PUBLIC_GOOD = Path(__file__).parent / "sigstore" / "public-good.json"
BEACON = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/*@refs/heads/main"
GITHUB = "https://token.actions.githubusercontent.com"
NOW = datetime(2030, 1, 1, tzinfo=UTC)
EVERYTHING = Accepts(formats=("sigstore-bundle", "sigstore-message"))


def read(case: Path, *, rule: IdentityRule | None = None, accepts: Accepts = EVERYTHING) -> tuple[artifact.Read, ...]:
    own_root, data = case / "trusted_root.json", (case / "bundle.sigstore.json").read_bytes()
    who = (case / "identity").read_text().strip() if (case / "identity").exists() else None
    issuer = (case / "issuer").read_text().strip() if (case / "issuer").exists() else GITHUB
    ours = rule or IdentityRule(root="theirs", issuer=issuer, identity=who, identity_glob=None if who else BEACON)
    root = trust.kept((own_root if own_root.exists() else PUBLIC_GOOD).read_bytes())
    over = (case / "artifact" if (case / "artifact").exists() else CASES / "a.txt").read_bytes()
    piece = Evidence(media_type=json.loads(data).get("mediaType", ""), data=data, origin="shared")
    digest = "sha256:" + hashlib.sha256(over).hexdigest()
    return artifact.read([piece], {}, {digest}, NOW, Believed(identities={"beacon": ours}, roots={"theirs": root}, accepts=accepts))


KEYED = {"managed-key-and-trusted-root", "managed-key-happy-path", "managed-key-no-key_fail", "managed-key-wrong-key_fail"}
NAMES = sorted(path.name for path in CASES.iterdir() if path.is_dir()) if CASES.is_dir() else []


@pytest.mark.parametrize("name", sorted(set(NAMES) - KEYED))
def test_a_case_is_a_signature_or_is_rejected_as_its_name_says(name: str) -> None:
    from evidence.sigstore.test_sigstore_cases import CODES

    found = read(CASES / name)
    if name.endswith("_fail"):
        expected = {"bundle-unknown-version_fail": "evidence.unknown-format"}.get(name, CODES[name])
        assert [one.code if isinstance(one, Rejected) else type(one).__name__ for one in found] == [expected]
        return
    said = json.loads((CASES / name / "bundle.sigstore.json").read_bytes())
    (one,) = found
    assert isinstance(one, Signature if "messageSignature" in said else Provenance)
    assert one.by is not None
    assert one.by.names == ("beacon",)


@pytest.mark.parametrize("name", sorted(name for name in set(NAMES) - KEYED if not name.endswith("_fail")))
def test_for_another_identity_a_good_case_is_nobodys(name: str) -> None:
    rule = IdentityRule(root="theirs", issuer=GITHUB, identity="https://github.com/acme/shop/.github/workflows/release.yml@refs/heads/main")
    found = read(CASES / name, rule=rule)
    assert {one.code if isinstance(one, Rejected) else "" for one in found} <= {"identity.other-subject", "identity.other-issuer"}
    assert len(found) == 1


def test_the_claims_of_a_real_certificate() -> None:
    claims: dict[Claim, str] = {"build-trigger": "workflow_dispatch", "runner-environment": "github-hosted", "source-repository-ref": "refs/heads/main"}
    (found,) = read(CASES / "happy-path-v0.3")
    assert isinstance(found, Signature)
    assert found.by is not None
    assert {name: found.by.claims[name] for name in claims} == claims
    pushed: dict[Claim, str] = {**claims, "build-trigger": "push"}
    for asked, kind in ((claims, Signature), (pushed, Rejected)):
        (found,) = read(CASES / "happy-path-v0.3", rule=IdentityRule(root="theirs", issuer=GITHUB, identity_glob=BEACON, claims=asked))
        assert isinstance(found, kind)
