"""slsa-verifier and cosign beside lockgate: both accept lockgate's decisions as summaries, and it judges others' summaries as slsa-verifier does."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import cosigning
import debian_registry
from cosigning import NO_LOG, cosign
from house import ROOT
from lockgate.core.facts import Complete, Facts, Need, Rejected, Summary
from lockgate.core.identity import fingerprint
from lockgate.core.model import Release, Subject
from lockgate.core.outcome import Pass
from lockgate.core.ports import Evidence
from lockgate.core.requirements.verified_by import VerifiedBy
from lockgate.evidence import artifact, dsse, keys, raw_pair, vsa
from own_process import lockgate, well

BUILD = Path(__file__).parent / "slsa_verifier"
VERSION = re.search(r"^require github.com/slsa-framework/slsa-verifier/v2 (\S+)$", (BUILD / "go.mod").read_text(), re.MULTILINE)
assert VERSION
VERIFIER = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lockgate-dev" / f"slsa-verifier-{VERSION[1]}" / "slsa-verifier"
TYPE, IN_TOTO = "https://slsa.dev/verification_summary/v1", "application/vnd.in-toto+json"
DATA = ROOT.parent / "shared" / "data" / "vsa" / "gce" / "v1"

for program in ("docker-registry", "skopeo", "ssh-keygen"):
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not here: dev/servers installs it", allow_module_level=True)
if not (VERIFIER.exists() and cosigning.COSIGN.exists()):
    pytest.skip("slsa-verifier or cosign is not here: dev/servers builds them", allow_module_level=True)

POLICY = """\
version: 1
project: shop
environments:
  production:
    requires:
      - signed-by: {keys: [release]}
keys:
  release: {file: release.key.pub}
"""
OTHER = """\
version: 1
project: other
environments:
  production:
    requires:
      - verified-by:
          verifier: "https://example.com/shop"
          keys: [gate]
          resource: "https://example.com/shop/environments/production"
          levels: [LOCKGATE_SIGNED_BY]
          max-age: 1h
keys:
  gate: {file: permit.pem}
"""

Json = dict[str, Any]


def slsa_verifier(path: Path | str, public: Path | str, subject: str, *levels: str, verifier: str, resource: str, keyid: str = "") -> bool:
    """Whether slsa-verifier accepts this summary. `keyid`: the name the envelope gives the key, where that is not its OpenSSH fingerprint."""
    asked = ["--attestation-path", str(path), "--public-key-path", str(public), "--subject-digest", subject, "--verifier-id", verifier]
    more = [word for level in levels for word in ("--verified-level", level)] + (["--public-key-id", keyid] if keyid else [])
    done = subprocess.run([VERIFIER, "verify-vsa", *asked, "--resource-uri", resource, *more], capture_output=True, text=True, check=False)
    assert ("Verifying VSA: PASSED" in done.stderr) == (done.returncode == 0), done
    return done.returncode == 0


@pytest.fixture
def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A gate that wants a signature, and a file that has one."""
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    well("key", "new", "release.key")
    Path("policy.yaml").write_text(POLICY)
    well("init", "--origin", "example.com/shop", "--name", "Ada")
    well("policy", "apply", "policy.yaml")
    well("people", "add", "Ada", "--duty", "production=deploy")
    Path("app.bin").write_bytes(b"the bytes of release 1.0")
    return tmp_path


def decided(ref: str) -> tuple[int, str]:
    """The leaf and the outcome of a decision about this artifact."""
    said = json.loads(lockgate("gate", ref, "--to", "production", "--format", "json").stdout)
    return said["index"], said["decision"]["outcome"]


def by_slsa_verifier(path: str, subject: str, **other: str) -> bool:
    asked = {"verifier": "https://example.com/shop", "resource": "https://example.com/shop/environments/production", **other}
    return slsa_verifier(path, "permit.pem", subject, "LOCKGATE_SIGNED_BY", **asked)


def tampered(change: Callable[[Json], None], path: str, into: str) -> None:
    """The summary with its predicate changed, under the signature as it was; in an envelope or a bundle."""
    document = json.loads(Path(path).read_text())
    envelope = document.get("dsseEnvelope", document)
    said = json.loads(base64.b64decode(envelope["payload"]))
    change(said)
    envelope["payload"] = base64.b64encode(json.dumps(said).encode()).decode()
    Path(into).write_text(json.dumps(document))


def test_slsa_verifier_accepts_a_decision_and_no_other(gate: Path) -> None:
    index, outcome = decided("file:app.bin")
    assert outcome == "refused"
    said = lockgate("log", "vsa", str(index), "--out", "refused.json", "--public-out", "permit.pem")
    assert (said.returncode, "FAILED" in said.stderr) == (1, True)
    subject = digest_of("refused.json")
    assert not by_slsa_verifier("refused.json", subject)
    well("sign", "file:app.bin", "--key", "release.key")
    index, outcome = decided("file:app.bin")
    assert outcome == "allowed"
    well("log", "vsa", str(index), "--out", "allowed.json")
    assert by_slsa_verifier("allowed.json", subject)
    assert not by_slsa_verifier("allowed.json", subject, resource="https://example.com/shop/environments/staging")
    assert not by_slsa_verifier("allowed.json", subject, verifier="https://example.com/other")
    assert not by_slsa_verifier("allowed.json", "sha256:" + "0" * 64)
    tampered(lambda one: one["predicate"].update(resourceUri="https://example.com/shop/environments/staging"), "allowed.json", "moved.json")
    assert not by_slsa_verifier("moved.json", subject, resource="https://example.com/shop/environments/staging")
    tampered(lambda one: one["predicate"].update(verificationResult="PASSED", verifiedLevels=["LOCKGATE_SIGNED_BY"]), "refused.json", "passed.json")
    assert not by_slsa_verifier("passed.json", subject)


def digest_of(path: str) -> str:
    """The digest of the one subject of a summary."""
    (subject,) = json.loads(base64.b64decode(json.loads(Path(path).read_text())["payload"]))["subject"]
    return f"sha256:{subject['digest']['sha256']}"


def test_cosign_accepts_it_for_a_file(gate: Path) -> None:
    well("sign", "file:app.bin", "--key", "release.key")
    index, _ = decided("file:app.bin")
    well("log", "vsa", str(index), "--bundle", "--out", "vsa.sigstore.json", "--public-out", "permit.pem")

    def verify(bundle: str, blob: str = "app.bin") -> int:
        return cosign("verify-blob-attestation", "--key", "permit.pem", NO_LOG, "--type", TYPE, "--bundle", bundle, blob).returncode

    assert verify("vsa.sigstore.json") == 0
    tampered(lambda one: one["predicate"].update(timeVerified="2030-01-01T00:00:00Z"), "vsa.sigstore.json", "tampered.json")
    assert verify("tampered.json") != 0
    Path("other.bin").write_bytes(b"other bytes")
    assert verify("vsa.sigstore.json", "other.bin") != 0


def test_cosign_and_another_gate_accept_it_in_a_registry(gate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cosigning.image(gate / "image")
    with debian_registry.registry(gate) as host:
        place = f"{host}/shop/app:1"
        cosigning.push(gate / "image", place)
        well("sign", place, "--key", "release.key")
        index, outcome = decided(place)
        assert outcome == "allowed"
        well("log", "vsa", str(index), "--attach", place, "--public-out", "permit.pem")
        verify = ("verify-attestation", "--key", "permit.pem", NO_LOG, "--type", TYPE, place)
        done = cosign(*verify)
        assert done.returncode == 0, done
        (gate / "other").mkdir()
        shutil.copy("permit.pem", "other/permit.pem")
        monkeypatch.chdir(gate / "other")
        Path("policy.yaml").write_text(OTHER)
        well("init", "--origin", "example.com/other", "--name", "Bo")
        well("policy", "apply", "policy.yaml")
        well("people", "add", "Bo", "--duty", "production=deploy")
        assert decided(place)[1] == "allowed"
        shown = well("verify", place)
        assert "https://example.com/shop/environments/production passed as LOCKGATE_DIGEST and LOCKGATE_SIGNED_BY" in shown
        cosigning.push(gate / "image", f"{host}/shop/bare:1")
        said = json.loads(lockgate("gate", f"{host}/shop/bare:1", "--to", "production", "--format", "json").stdout)
        assert [one["code"] for one in said["decision"]["outcomes"] if one["result"] == "fail"] == ["verified-by.no-summary"]


# What others wrote: the same verdict, outside a list with reasons.

NOW = datetime(2026, 11, 22, 20, tzinfo=UTC)
DIGEST = "sha256:" + "9f2c" * 16
WHO, WHAT = "https://verifier.example/v1", "pkg:oci/shop"
GOOD: Json = {
    "verifier": {"id": WHO},
    "timeVerified": "2026-11-22T10:00:00Z",
    "resourceUri": WHAT,
    "policy": {"uri": "https://verifier.example/policy"},
    "verificationResult": "PASSED",
    "verifiedLevels": ["SLSA_BUILD_LEVEL_3", "ACME_REVIEWED"],
}


def raw(der: bytes) -> bytes:
    numbers, place = b"", 2
    for _ in range(2):
        length = der[place + 1]
        numbers += int.from_bytes(der[place + 2 : place + 2 + length]).to_bytes(32)
        place += 2 + length
    return numbers


class Signed:
    """Summaries under one P-256 key, as files for slsa-verifier and as evidence for lockgate."""

    def __init__(self, folder: Path) -> None:
        self.private, self.folder = ec.generate_private_key(ec.SECP256R1()), folder
        pem = self.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (folder / "key.pem").write_bytes(pem)
        self.public = keys.parse_pem(pem.decode())

    def envelope(self, predicate: Json, *, by: ec.EllipticCurvePrivateKey | None = None, form: Callable[[bytes], bytes] = bytes, **statement: Any) -> bytes:
        said = {"_type": "https://in-toto.io/Statement/v1", "subject": [{"digest": {"sha256": DIGEST[7:]}}], "predicateType": TYPE, "predicate": predicate}
        payload = json.dumps({**said, **statement}).encode()
        signature = form((by or self.private).sign(dsse.pae(IN_TOTO, payload), ec.ECDSA(hashes.SHA256())))
        encoded = {"payload": base64.b64encode(payload).decode(), "payloadType": IN_TOTO, "signatures": [{"sig": base64.b64encode(signature).decode()}]}
        return json.dumps(encoded).encode()

    def verdicts(self, data: bytes, asked: VerifiedBy) -> tuple[bool, bool]:
        """lockgate's, and slsa-verifier's."""
        (self.folder / "vsa.json").write_bytes(data)
        facts = artifact.read([Evidence(media_type=dsse.MEDIA_TYPE, data=data, origin="here")], {"key": self.public}, {DIGEST}, NOW)
        found = {kind: tuple(fact for fact in facts if isinstance(fact, kind)) for kind in (Summary, Rejected)}
        known = Facts({Need(kind): Complete(items=items, as_of=NOW) for kind, items in found.items()})
        subject = Subject(release=Release(artifacts=(DIGEST,)), environment="production")
        ours = isinstance(asked.check(subject, known, NOW, {"key": self.public}), Pass)
        theirs = slsa_verifier(self.folder / "vsa.json", self.folder / "key.pem", DIGEST, *asked.levels, verifier=asked.verifier, resource=asked.resource or "")
        return ours, theirs


PLAIN = VerifiedBy(verifier=WHO, keys=("key",), resource=WHAT)
SAME: dict[str, tuple[Json, Json, tuple[str, ...], bool]] = {
    "good": ({}, {}, (), True),
    "v0.1": ({}, {"_type": "https://in-toto.io/Statement/v0.1"}, (), True),
    "at a lower level than it has": ({}, {}, ("SLSA_BUILD_LEVEL_2",), True),
    "at exactly its levels": ({}, {}, ("SLSA_BUILD_LEVEL_3", "ACME_REVIEWED"), True),
    "at a higher level": ({}, {}, ("SLSA_BUILD_LEVEL_4",), False),
    "at a level of another track": ({}, {}, ("SLSA_SOURCE_LEVEL_1",), False),
    "under a name it does not have": ({}, {}, ("ACME",), False),
    "no levels": ({"verifiedLevels": []}, {}, (), True),
    "failed": ({"verificationResult": "FAILED"}, {}, (), False),
    "passed in lower case": ({"verificationResult": "passed"}, {}, (), False),
    "another verifier": ({"verifier": {"id": WHO + "/"}}, {}, (), False),
    "no verifier": ({"verifier": {}}, {}, (), False),
    "another resource": ({"resourceUri": WHAT + "/"}, {}, (), False),
    "no resource": ({"resourceUri": ""}, {}, (), False),
    "another subject": ({}, {"subject": [{"digest": {"sha256": "0" * 64}}]}, (), False),
    "no subject": ({}, {"subject": []}, (), False),
    "another predicate": ({}, {"predicateType": "https://slsa.dev/verification_summary/v0.2"}, (), False),
    "another Statement": ({}, {"_type": "https://in-toto.io/Statement/v2"}, (), False),
    "more fields": ({"https://example.com/x": 1}, {}, (), True),
}
STRICTER: dict[str, tuple[Json, str]] = {
    "two levels of one track": (
        {"verifiedLevels": ["SLSA_BUILD_LEVEL_1", "SLSA_BUILD_LEVEL_3"]},
        "producers must not write them; slsa-verifier takes the higher",
    ),
    "passed and failed": ({"verifiedLevels": ["SLSA_BUILD_LEVEL_3", "FAILED"]}, "it contradicts itself; slsa-verifier does not look"),
    "tomorrow": ({"timeVerified": "2026-11-23T20:00:01Z"}, "it is of the future; slsa-verifier looks at no clock"),
}


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Signed:
    return Signed(tmp_path_factory.mktemp("vsa"))


@pytest.mark.parametrize("name", SAME)
def test_the_same_verdict(signed: Signed, name: str) -> None:
    predicate, statement, levels, accepted = SAME[name]
    data = signed.envelope({**GOOD, **predicate}, **statement)
    asked = VerifiedBy(verifier=WHO, keys=("key",), resource=WHAT, levels=levels)
    assert signed.verdicts(data, asked) == (accepted, accepted)


@pytest.mark.parametrize("name", STRICTER)
def test_what_lockgate_refuses_and_slsa_verifier_does_not(signed: Signed, name: str) -> None:
    predicate, _why = STRICTER[name]
    assert signed.verdicts(signed.envelope({**GOOD, **predicate}), PLAIN) == (False, True)


def test_a_signature_by_another_key_or_over_other_bytes(signed: Signed) -> None:
    assert signed.verdicts(signed.envelope(GOOD, by=ec.generate_private_key(ec.SECP256R1())), PLAIN) == (False, False)
    document = json.loads(signed.envelope(GOOD))
    document["payload"] = json.loads(signed.envelope({**GOOD, "slsaVersion": "1.1"}))["payload"]
    assert signed.verdicts(json.dumps(document).encode(), PLAIN) == (False, False)


def test_a_pair_of_r_and_s_counts_where_policy_names_it(signed: Signed) -> None:
    """slsa-verifier takes either form from anybody."""
    data = signed.envelope(GOOD, form=raw)
    assert signed.verdicts(data, PLAIN) == (False, True)
    named = VerifiedBy(verifier=WHO, keys=("key",), resource=WHAT, signature_form="raw")
    assert signed.verdicts(data, named) == (True, True)
    assert signed.verdicts(signed.envelope(GOOD), named) == (False, True)


@pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not there")
def test_google_s_summary(tmp_path: Path) -> None:
    """The signature verifies as a pair and the summary says the same to both; that it is about no SHA-256 only lockgate minds."""
    path, pem = DATA / "gke-gce-pre.bcid-vsa.jsonl", DATA / "vsa_signing_public_key.pem"
    public = keys.parse_public_key(pem.read_bytes())
    again = raw_pair.in_der(dsse.parse(path.read_bytes()))
    assert again is not None
    fact = vsa.read(json.loads(dsse.verify(again, {fingerprint(public): public}).payload)["predicate"], DIGEST, [], DIGEST)
    ask = {"keyid": "keystore://76574:prod:vsa_signing_public_key", "resource": fact.resource}
    ask |= {"verifier": "https://bcid.corp.google.com/verifier/bcid_package_enforcer/v0.1"}
    assert fact.verifier == ask["verifier"]
    image = "gce_image_id:8970095005306000053"
    assert fact.levels == ("BCID_L1", "SLSA_BUILD_LEVEL_2")
    assert slsa_verifier(path, pem, image, "BCID_L1", "SLSA_BUILD_LEVEL_2", **ask)
    assert not slsa_verifier(path, pem, image, "SLSA_BUILD_LEVEL_3", **ask)
    assert not slsa_verifier(path, pem, "gce_image_id:1", **ask)
    (rejected,) = artifact.read([Evidence(media_type=dsse.MEDIA_TYPE, data=path.read_bytes(), origin="shared")], {"google": public}, {DIGEST}, NOW)
    assert isinstance(rejected, Rejected)
    assert rejected.code == "statement.no-sha256"
