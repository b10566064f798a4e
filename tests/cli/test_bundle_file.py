"""``lockgate verify`` of a Sigstore bundle, against a Sigstore of our own."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from command_line import call, move_to
from private_sigstore import ARTIFACT, DIGESTS, ISSUER, WHO, Instance, cosignature, p256, spki, witness_key

OURS, KEY = Instance(), Ed25519PrivateKey.generate()
BY = ("--identity", WHO, "--issuer", ISSUER)


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    move_to(tmp_path, monkeypatch)
    Path("app").write_bytes(ARTIFACT)
    Path("root.json").write_text(json.dumps(OURS.root_json))
    Path("bundle.json").write_text(json.dumps(OURS.bundle()))


def code(*words: str) -> str:
    said = call("verify", *words, "--format", "json")
    assert said.code != 0
    found: str = json.loads(said.out)["error"]["code"]
    return found


@pytest.mark.parametrize("artifact", ["file:app", f"sha256:{DIGESTS['sha256'].hex()}"])
def test_who_signed_what_when_and_how_it_is_known(artifact: str) -> None:
    said = call("verify", "bundle.json", "--trusted-root", "root.json", "--artifact", artifact, *BY)
    assert said.code == 0, said
    lines = said.out.splitlines()
    assert lines[:2] == [f"verified  a signature by {WHO}", f"by word   of {ISSUER}"]
    assert "when      2026-11-20 12:00:00 UTC, by a time stamp" in lines
    assert "says      https://sigstore.dev/cosign/sign/v1" in lines
    seen = json.loads(call("verify", "bundle.json", "--trusted-root", "root.json", "--artifact", artifact, *BY, "--format", "json").out)
    assert (seen["identity"], seen["issuer"], seen["logged"]) == (WHO, ISSUER, 1)


def test_a_stranger_never_ends_with_0() -> None:
    named = ("bundle.json", "--trusted-root", "root.json", "--artifact", "file:app")
    assert code(*named) == "sigstore.whose"
    assert code(*named, "--identity", WHO) == "sigstore.whose"
    assert code(*named, "--identity", WHO, "--issuer", "https://other.example") == "sigstore.other-identity"
    assert code(*named, "--identity", WHO + "x", "--issuer", ISSUER) == "sigstore.other-identity"
    assert code("bundle.json", *BY) == "sigstore.whose"
    assert code("bundle.json", "--trusted-root", "root.json", *BY) == "sigstore.no-artifact"
    Path("other").write_bytes(b"other")
    assert code("bundle.json", "--trusted-root", "root.json", "--artifact", "file:other", *BY) == "statement.other-subject"
    Path("root.json").write_text(json.dumps(Instance().root_json))
    assert code(*named, *BY) == "timestamp.untrusted"


def test_of_a_bundle_that_a_key_signed_the_key_is_named() -> None:
    key = p256()
    Path("bundle.json").write_text(json.dumps(OURS.bundle(key, by_key=True)))
    Path("key.pub").write_bytes(spki(key))
    Path("other.pub").write_bytes(spki(p256()))
    named = ("bundle.json", "--trusted-root", "root.json", "--artifact", "file:app")
    assert call("verify", *named, "--public", "key.pub").code == 0
    assert code(*named, "--public", "other.pub") == "signature.bad"
    assert code(*named, *BY) == "sigstore.no-key"
    large = rsa.generate_private_key(65537, 2048)
    Path("bundle.json").write_text(json.dumps(OURS.bundle(large, by_key=True)))
    Path("key.pub").write_bytes(spki(large))
    assert call("verify", *named, "--public", "rsa-pkcs1-sha256:key.pub").code == 0
    assert code(*named, "--public", "rsa-pss-sha256:key.pub") == "signature.bad"
    assert code(*named, "--public", "key.pub") == "key.no-algorithm"


def test_of_a_log_that_has_to_be_witnessed_who_witnessed_it_is_told() -> None:
    named = ("bundle.json", "--trusted-root", "root.json", "--artifact", "file:app", *BY)
    one, other = witness_key("w.example/1", OURS.rekor2), witness_key("w.example/2", KEY)
    Path("bundle.json").write_text(json.dumps(OURS.bundle(entry={"lines": [lambda text: cosignature(text, "w.example/2", KEY)]})))
    said = call("verify", *named, "--witness", other)
    assert (said.code, "witnessed by w.example/2, 2026-11-18 11:06:40 UTC" in said.out.splitlines()) == (0, True)
    assert json.loads(call("verify", *named, "--witness", one, "--witness", other, "--quorum", "1", "--format", "json").out)["cosigned"] == [
        {"at": 1_795_000_000, "witness": "w.example/2"}
    ]
    assert code(*named, "--witness", one, "--witness", other) == "log-entry.too-few-witnesses"
    assert code(*named, "--witness", other, "--quorum", "2") == "witness.quorum"
    assert code(*named, "--quorum", "1") == "witness.quorum"
    assert code(*named, "--witness", other, "--quorum", "-1") == "witness.quorum"
    assert code(*named, "--witness", "w.example/2") == "witness.malformed"
    assert code(*named, "--witness", other, "--witness", other) == "witness.twice"
    assert code("bundle.json", "--witness", other) == "sigstore.whose"


@pytest.mark.parametrize("key", [ec.generate_private_key(ec.SECP384R1()), ec.generate_private_key(ec.SECP521R1()), Ed25519PrivateKey.generate()])
def test_a_files_own_bytes_are_enough_for_any_key(key: ec.EllipticCurvePrivateKey | Ed25519PrivateKey) -> None:
    """A message's signature over SHA-384, SHA-512 or the bytes themselves: of a file all are known, of a digest that alone."""
    Path("bundle.json").write_text(json.dumps(OURS.bundle(key, envelope=False)))
    named = ("bundle.json", "--trusted-root", "root.json", *BY, "--artifact")
    for artifact in ("app", "file:app", f"file:app@sha256:{DIGESTS['sha256'].hex()}"):
        said = call("verify", *named, artifact)
        assert said.code == 0, said
    assert code(*named, f"sha256:{DIGESTS['sha256'].hex()}") == "signature.needs-bytes"
    assert code(*named, f"file:app@sha256:{'0' * 64}") == "digest.mismatch"
    assert code(*named, "file:nowhere") == "ref.not-found"
    Path("other").write_bytes(b"other")
    assert code(*named, "file:other") == "sigstore.other-artifact"
    document = OURS.bundle(key, envelope=False)
    hint = document["messageSignature"].pop("messageDigest")
    Path("bundle.json").write_text(json.dumps(document))
    assert call("verify", *named, "app").code == 0
    assert code(*named, "file:other") == "signature.bad"
    document["messageSignature"]["messageDigest"] = hint | {"algorithm": "SHA2_512", "digest": base64.b64encode(DIGESTS["sha512"]).decode()}
    Path("bundle.json").write_text(json.dumps(document))
    assert call("verify", *named, "app").code == 0
    assert code(*named, f"sha256:{DIGESTS['sha256'].hex()}") == "signature.needs-bytes", "that digest is not known, which is no other artifact"


def test_bytes_that_a_key_signs_itself_are_kept_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("bundle.json").write_text(json.dumps(OURS.bundle(Ed25519PrivateKey.generate(), envelope=False)))
    named = ("bundle.json", "--trusted-root", "root.json", *BY, "--artifact", "app")
    monkeypatch.setattr("lockgate.adapters.sources.files.MAX_CONTENT", len(ARTIFACT))
    assert call("verify", *named).code == 0
    monkeypatch.setattr("lockgate.adapters.sources.files.MAX_CONTENT", len(ARTIFACT) - 1)
    assert code(*named) == "signature.needs-bytes"


def test_files_that_are_too_large_are_told_so() -> None:
    named = ("--artifact", "app", *BY)
    Path("large.json").write_text(json.dumps({"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "x": "a" * (3 << 20)}))
    assert code("large.json", "--trusted-root", "root.json", *named) == "json.too-large"
    Path("large.json").write_text(json.dumps({**OURS.root_json, "x": "a" * (1 << 20)}))
    assert code("bundle.json", "--trusted-root", "large.json", *named) == "json.too-large"
    assert code("file:app", "--trusted-root", "large.json", *BY) == "json.too-large"
