"""Real provenance and a real summary, as their builders published them; ``../shared/data/README.md`` says from where."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from house import ROOT
from lockgate.core.facts import Rejected
from lockgate.core.identity import fingerprint
from lockgate.core.ports import Evidence
from lockgate.errors import EvidenceError
from lockgate.evidence import artifact, dsse, keys, raw_pair, slsa, statement, vsa
from lockgate.evidence.sigstore import bundle

DATA = ROOT.parent / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not there")
SOURCE = "sha256:" + "0" * 64


def envelope(path: Path) -> dsse.Envelope:
    """The envelope in a file, or in the first bundle of one."""
    document = json.loads(path.read_text().splitlines()[0])
    return dsse.parse(json.dumps(document.get("dsseEnvelope", document)).encode())


def code(found: dsse.Envelope) -> str:
    with pytest.raises(EvidenceError) as err:
        statement.parse(found.payload_type, found.payload)
    return err.value.code


def test_github_provenance_v1() -> None:
    found = envelope(DATA / "slsa" / "bcr" / "rules_lint-v1.3.1.tar.gz.intoto.jsonl")
    said = statement.parse(found.payload_type, found.payload)
    assert said.subjects == ("sha256:1636f443b01c9ee310ee5834956d0dce374c3d3bf8d4cebc9f6b86f8304b4982",)
    assert said.predicate_type == slsa.PREDICATE_TYPE
    fact = slsa.read(said.predicate, said.subjects[0], [], SOURCE)
    assert fact.builder == "https://github.com/bazel-contrib/.github/.github/workflows/release_ruleset.yaml@refs/tags/v7.1.0"
    assert (fact.repository, fact.ref) == ("git+https://github.com/aspect-build/rules_lint", "refs/heads/publish-to-bcr")
    assert fact.commit == "8f70009fde0c94ade6ce2a054b94718c819126ec"
    assert fact.finished_at is None


def test_container_based_provenance_in_an_older_statement() -> None:
    found = envelope(DATA / "slsa" / "gha_container-based" / "v1.8.0" / "binary-linux-amd64-push-v14.2.intoto.jsonl")
    said = statement.parse(found.payload_type, found.payload)
    assert said.predicate_type == slsa.PREDICATE_TYPE
    fact = slsa.read(said.predicate, said.subjects[0], [], SOURCE)
    assert (fact.repository, fact.ref) == ("git+https://github.com/slsa-framework/example-package", "refs/tags/v14.2")
    assert fact.commit == "6cf671f47f3752f97b9f5bff511e37b938fe10d2"


GENERATOR = ".github/workflows/verifier-e2e"
V02 = {
    "binary-linux-amd64-expired-cert.intoto.jsonl": (
        "https://github.com/asraa/slsa-github-generator/.github/workflows/builder_go_slsa3.yml@refs/heads/malicious",
        ("git+https://github.com/asraa/slsa-on-github-test", "refs/heads/main", "06f43f769174a538bf9ea44723d9c6c25ba4278d"),
        ".github/workflows/slsa-reusable.yaml",
    ),
    "gha_generic/v1.10.0/binary-linux-amd64-push-v14.2.intoto.jsonl": (
        "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_generic_slsa3.yml@refs/tags/v1.10.0",
        ("git+https://github.com/slsa-framework/example-package", "refs/tags/v14.2", "d37a7f740ee7404914456f24dcd90e865a0509e8"),
        f"{GENERATOR}.all.workflow_dispatch.main.all.slsa3.yml",
    ),
    "gha_generic/v1.2.2/binary-linux-amd64-push-v14.2.intoto.jsonl": (
        "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_generic_slsa3.yml@refs/tags/v1.2.2",
        ("git+https://github.com/slsa-framework/example-package", "refs/tags/v14.2", "5a2e2926e30c40a35e0102cebe293987fb1922b0"),
        f"{GENERATOR}.generic.workflow_dispatch.main.all.slsa3.yml",
    ),
}


@pytest.mark.parametrize("name", V02)
def test_github_provenance_v02_is_the_same_fact(name: str) -> None:
    found = envelope(DATA / "slsa" / name)
    said = statement.parse(found.payload_type, found.payload)
    assert said.predicate_type == slsa.PREDICATE_TYPE_V02
    fact = slsa.of(said.predicate_type, said.predicate, said.subjects[0], [], SOURCE)
    builder, source, entry_point = V02[name]
    assert (fact.builder, (fact.repository, fact.ref, fact.commit), fact.entry_point) == (builder, source, entry_point)
    assert fact.level == "SLSA_BUILD_LEVEL_3"
    assert any(one.digests == (f"sha1:{fact.commit}",) for one in fact.materials)


def test_a_summary_whose_signature_is_a_raw_pair() -> None:
    """Google signs r and s side by side: that is no DER, and is read as what it is. There is no SHA-256 in it that it could be about."""
    folder = DATA / "vsa" / "gce" / "v1"
    found, key = envelope(folder / "gke-gce-pre.bcid-vsa.jsonl"), keys.parse_public_key((folder / "vsa_signing_public_key.pem").read_bytes())
    known = {fingerprint(key): key}
    with pytest.raises(EvidenceError) as err:
        dsse.verify(found, known)
    assert err.value.code == "dsse.unknown-key"
    again = raw_pair.in_der(found)
    assert again is not None
    assert dsse.verify(again, known).keys == tuple(known)
    assert code(found) == "statement.no-sha256"
    fact = vsa.read(json.loads(found.payload)["predicate"], SOURCE, [], SOURCE)
    assert (fact.passed, fact.levels) == (True, ("BCID_L1", "SLSA_BUILD_LEVEL_2"))
    assert fact.verifier == "https://bcid.corp.google.com/verifier/bcid_package_enforcer/v0.1"
    assert fact.resource.startswith("gce_image://gke-node-images:")
    altered = replace(again, payload=again.payload.replace(b"PASSED", b"passed"))
    with pytest.raises(EvidenceError) as err:
        dsse.verify(altered, known)
    assert err.value.code == "dsse.unknown-key"


def test_the_dsse_envelopes_of_the_sigstore_bundles() -> None:
    """Each reads as an envelope, and verifies under no key we know."""
    read = 0
    for path in sorted((DATA / "sigstore-bundles").glob("*/bundle.sigstore.json")):
        document = json.loads(path.read_text()).get("dsseEnvelope")
        if document is None:
            continue
        found = dsse.parse(json.dumps(document).encode())
        assert found.payload == base64.b64decode(document["payload"])
        with pytest.raises(EvidenceError) as err:
            dsse.verify(found, {})
        assert err.value.code == "dsse.unknown-key"
        read += 1
    assert read > 0


def test_the_sigstore_bundles_prove_nothing_without_their_keys() -> None:
    """Each is refused for what it is, and none for another reason."""
    found: dict[str, set[str]] = {}
    for path in sorted((DATA / "sigstore-bundles").glob("*/bundle.sigstore.json")):
        piece = Evidence(media_type=bundle.MEDIA_TYPE, data=path.read_bytes(), origin="shared")
        for fact in artifact.read([piece], {}, {SOURCE}, datetime(2030, 1, 1, tzinfo=UTC)):
            assert isinstance(fact, Rejected)
            found.setdefault(fact.code, set()).add(path.parent.name)
    assert found.keys() == {"bundle.keyless", "bundle.no-envelope", "bundle.other-version", "sigstore.unknown-version"}, found
    assert "managed-key-happy-path" in found["bundle.no-envelope"]
