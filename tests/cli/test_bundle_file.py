"""``lockgate verify`` of a Sigstore bundle, against a Sigstore of our own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from command_line import call, move_to
from private_sigstore import ARTIFACT, DIGESTS, ISSUER, WHO, Instance, p256, spki

OURS = Instance()
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
