"""Real provenance and a real summary, as their builders published them; ``../shared/data/README.md`` says from where."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from house import ROOT
from lockgate.core.facts import Rejected
from lockgate.core.identity import fingerprint
from lockgate.core.ports import Evidence
from lockgate.errors import EvidenceError
from lockgate.evidence import artifact, dsse, keys, slsa, statement
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


@pytest.mark.parametrize("name", ["binary-linux-amd64-expired-cert.intoto.jsonl", "gha_generic/v1.10.0/binary-linux-amd64-push-v14.2.intoto.jsonl"])
def test_provenance_v02_is_another_type(name: str) -> None:
    found = envelope(DATA / "slsa" / name)
    assert statement.parse(found.payload_type, found.payload).predicate_type == "https://slsa.dev/provenance/v0.2"


def test_a_summary_whose_signature_is_a_raw_pair() -> None:
    """Google signs r and s side by side: only DER is read. Nor is there a SHA-256 in it that it could be about."""
    folder = DATA / "vsa" / "gce" / "v1"
    found, key = envelope(folder / "gke-gce-pre.bcid-vsa.jsonl"), keys.parse_public_key((folder / "vsa_signing_public_key.pem").read_bytes())
    with pytest.raises(EvidenceError) as err:
        dsse.verify(found, {fingerprint(key): key})
    assert err.value.code == "dsse.unknown-key"
    assert code(found) == "statement.no-sha256"


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
