"""openssl as second opinion on bare signatures and PEM, in both directions."""

from __future__ import annotations

import base64
import json
import random
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from lockgate.core.digest import digest_of
from lockgate.core.facts import Signature
from lockgate.core.identity import fingerprint
from lockgate.core.ports import Evidence
from lockgate.errors import EvidenceError
from lockgate.evidence import artifact, attestation, dsse, keys

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed: apt-get install openssl")

KINDS = {"ed25519": ["-algorithm", "ed25519"], "p256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]}
SUBJECT = "sha256:" + "9f2c" * 16
NOW = datetime(2026, 11, 22, 20, tzinfo=UTC)
MUTANTS = 150


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Throw-away key pairs."""
    made = tmp_path_factory.mktemp("ssl")
    for name, options in KINDS.items():
        subprocess.run(["openssl", "genpkey", *options, "-out", made / f"{name}.pem"], check=True, capture_output=True)
        subprocess.run(["openssl", "pkey", "-in", made / f"{name}.pem", "-pubout", "-out", made / f"{name}.pub"], check=True)
    return made


def public(folder: Path, name: str) -> str:
    return keys.parse_public_key((folder / f"{name}.pub").read_bytes())


def sign(folder: Path, name: str, message: bytes) -> bytes:
    (folder / "message").write_bytes(message)
    how = ["pkeyutl", "-sign", "-rawin", "-in", folder / "message", "-inkey"] if name == "ed25519" else ["dgst", "-sha256", "-sign"]
    tail = [] if name == "ed25519" else [folder / "message"]
    return subprocess.run(["openssl", *how, folder / f"{name}.pem", *tail], capture_output=True, check=True).stdout


def accepts(folder: Path, name: str, message: bytes, signature: bytes, pem: str) -> bool:
    """What openssl says of it, under our PEM of the key."""
    for file, data in (("message", message), ("signature", signature), ("ours.pub", pem.encode())):
        (folder / file).write_bytes(data)
    if name == "ed25519":
        command = ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", "ours.pub", "-in", "message", "-sigfile", "signature"]
    else:
        command = ["openssl", "dgst", "-sha256", "-verify", "ours.pub", "-signature", "signature", "message"]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode == 0


def we_accept(key: str, message: bytes, signature: bytes) -> bool:
    try:
        keys.verify_raw(key, message, signature)
    except EvidenceError:
        return False
    return True


@pytest.mark.parametrize("name", KINDS)
def test_what_openssl_signs_is_a_fact(folder: Path, name: str) -> None:
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "predicateType": artifact.SIGNATURE_TYPE,
        "predicate": {},
        "subject": [{"digest": {"sha256": SUBJECT[7:]}}],
    }
    payload = json.dumps(statement).encode()
    signature = sign(folder, name, dsse.pae("application/vnd.in-toto+json", payload))
    envelope = {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": "application/vnd.in-toto+json",
        "signatures": [{"sig": base64.b64encode(signature).decode()}],
    }
    piece = Evidence(media_type=dsse.MEDIA_TYPE, data=json.dumps(envelope).encode(), origin="openssl")
    key = public(folder, name)
    assert artifact.read([piece], {"release": key}, {SUBJECT}, NOW) == (Signature(subject=SUBJECT, key=fingerprint(key), source=digest_of(piece.data)),)


@pytest.mark.parametrize("name", KINDS)
def test_what_we_attest_openssl_accepts(folder: Path, name: str) -> None:
    private = load_pem_private_key((folder / f"{name}.pem").read_bytes(), None)

    def signer(message: bytes) -> bytes:
        if isinstance(private, ed25519.Ed25519PrivateKey):
            return private.sign(message)
        assert isinstance(private, ec.EllipticCurvePrivateKey)
        return private.sign(message, ec.ECDSA(hashes.SHA256()))

    key = public(folder, name)
    envelope = dsse.parse(attestation.write_attestation(SUBJECT, artifact.SIGNATURE_TYPE, {}, key, signer))
    message = dsse.pae(envelope.payload_type, envelope.payload)
    assert accepts(folder, name, message, envelope.signatures[0].sig, keys.spki_pem(key))
    assert not accepts(folder, name, message + b" ", envelope.signatures[0].sig, keys.spki_pem(key))
    assert keys.spki_pem(key).strip() == (folder / f"{name}.pub").read_text().strip()


LONGEST_P256 = 72


@pytest.mark.parametrize("name", KINDS)
def test_we_and_openssl_agree_on_bent_signatures(folder: Path, name: str) -> None:
    message, chance, key = b"the message", random.Random(f"mutants of {name}"), public(folder, name)
    pem, good = keys.spki_pem(key), sign(folder, name, message)
    assert we_accept(key, message, good)
    for _ in range(MUTANTS):
        bent = bytearray(good)
        for _ in range(chance.randrange(1, 3)):
            at = chance.randrange(len(bent))
            match chance.randrange(4):
                case 0:
                    bent[at] ^= 1 << chance.randrange(8)
                case 1:
                    bent.insert(at, chance.choice([0, 0x80, 0xFF]))
                case 2:
                    del bent[at]
                case _:
                    bent += bytes([chance.randrange(256)])
        # `openssl dgst` reads no more of the file than the longest signature of the key has bytes: it never sees what follows.
        seen = bytes(bent[:LONGEST_P256]) if name == "p256" else bytes(bent)
        if seen == bytes(bent):
            assert we_accept(key, message, seen) == accepts(folder, name, message, seen, pem)
        else:
            assert not we_accept(key, message, bytes(bent))
