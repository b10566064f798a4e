from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from lockgate.core.facts import Rejected, Signature
from lockgate.core.identity import fingerprint
from lockgate.core.ports import Evidence
from lockgate.evidence import artifact, attestation, dsse, simple_signing
from lockgate.evidence.sigstore import bundle

NOW = datetime(2026, 11, 22, 20, tzinfo=UTC)
DIGEST = "sha256:" + "9f2c" * 16
ED = ed25519.Ed25519PrivateKey.from_private_bytes(b"throw-away key of these tests 30")
EC = ec.derive_private_key(0xABCDE, ec.SECP256R1())
ED_KEY, EC_KEY = (private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode() for private in (ED, EC))
CASES = Path(__file__).parent / "cases"


def ec_sign(message: bytes) -> bytes:
    return EC.sign(message, ec.ECDSA(hashes.SHA256()))


def ours(kind: str = "ed25519") -> bytes:
    key, sign = (ED_KEY, ED.sign) if kind == "ed25519" else (EC_KEY, ec_sign)
    return bundle.write(attestation.write_attestation(DIGEST, artifact.SIGNATURE_TYPE, {}, key, sign), key)


def read(media_type: str, data: bytes) -> tuple[artifact.Read, ...]:
    return artifact.read([Evidence(media_type=media_type, data=data, origin="here")], {"ed": ED_KEY, "ec": EC_KEY}, {DIGEST}, NOW)


@pytest.mark.parametrize("kind", ["ed25519", "p256"])
def test_what_is_written_is_read_and_has_cosigns_fields(kind: str) -> None:
    data, private, key = (ours(kind), ED, ED_KEY) if kind == "ed25519" else (ours(kind), EC, EC_KEY)
    (fact,) = read(bundle.MEDIA_TYPE, data)
    assert isinstance(fact, Signature)
    assert fact.key == fingerprint(key)
    written, cosigns = json.loads(data), json.loads((CASES / "bundle" / "cosign-signature" / "input").read_bytes())
    assert written.keys() == cosigns.keys()
    assert written["verificationMaterial"].keys() == cosigns["verificationMaterial"].keys() == {"publicKey"}
    assert written["mediaType"] == cosigns["mediaType"] == bundle.MEDIA_TYPE
    der = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert written["verificationMaterial"]["publicKey"]["hint"] == base64.b64encode(hashlib.sha256(der).digest()).decode()


def test_cosigns_hint_is_made_the_same_way() -> None:
    folder = CASES / "bundle" / "cosign-signature"
    key = json.loads((folder / "case.json").read_text())["keys"]["release"]
    written = bundle.write(b"{}", key)
    assert json.loads(written)["verificationMaterial"] == json.loads((folder / "input").read_bytes())["verificationMaterial"]


@given(st.data())
def test_no_altered_bundle_signs_anything_else(data: st.DataObject) -> None:
    """A bit of any byte: what still reads as a signature has the same payload."""
    bent = bytearray(ours())
    bent[data.draw(st.integers(0, len(bent) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    if any(isinstance(fact, Signature) for fact in read(bundle.MEDIA_TYPE, bytes(bent))):
        assert bundle.parse(bytes(bent)).signed.payload == bundle.parse(ours()).signed.payload


PAYLOAD = json.dumps(
    {"critical": {"identity": {"docker-reference": "a"}, "image": {"docker-manifest-digest": DIGEST}, "type": "cosign container image signature"}}
).encode()


@pytest.mark.parametrize("signature", [ED.sign(PAYLOAD), ec_sign(PAYLOAD)], ids=["ed25519", "p256"])
def test_a_payload_is_signed_by_either_kind_of_key(signature: bytes) -> None:
    (fact,) = read(simple_signing.MEDIA_TYPE, simple_signing.join(PAYLOAD, base64.b64encode(signature).decode()))
    assert isinstance(fact, Signature)
    assert fact.signed_at is None


@given(st.data())
def test_no_altered_payload_is_signed(data: st.DataObject) -> None:
    bent = bytearray(PAYLOAD)
    bent[data.draw(st.integers(0, len(bent) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    (fact,) = read(simple_signing.MEDIA_TYPE, simple_signing.join(bytes(bent), base64.b64encode(ED.sign(PAYLOAD)).decode()))
    assert isinstance(fact, Rejected)
    assert (fact.code, fact.predicate) == ("simple-signing.unknown-key", artifact.SIGNATURE_TYPE)


def test_no_signature_of_one_form_passes_for_the_other() -> None:
    """An envelope's signature is of its PAE, which is no payload; a payload's is of JSON, which is no PAE."""
    inside = bundle.parse(ours()).signed
    signed = base64.b64encode(inside.signature).decode()
    pae = dsse.pae(inside.payload_type, inside.payload)
    for payload, code in ((inside.payload, "simple-signing.unknown-key"), (pae, "json.malformed")):
        (fact,) = read(simple_signing.MEDIA_TYPE, simple_signing.join(payload, signed))
        assert isinstance(fact, Rejected)
        assert fact.code == code
    document = json.loads(ours())
    document["dsseEnvelope"] |= {"payload": base64.b64encode(PAYLOAD).decode(), "signatures": [{"sig": base64.b64encode(ED.sign(PAYLOAD)).decode()}]}
    (fact,) = read(bundle.MEDIA_TYPE, json.dumps(document).encode())
    assert isinstance(fact, Rejected)
    assert fact.code == "dsse.unknown-key"


def test_the_formats_do_not_stand_in_for_each_other() -> None:
    """The media type decides how a piece is read; what would read as another format is refused."""
    piece = simple_signing.join(PAYLOAD, base64.b64encode(ED.sign(PAYLOAD)).decode())
    envelope = json.dumps(json.loads(ours())["dsseEnvelope"]).encode()
    forms = {bundle.MEDIA_TYPE: ours(), dsse.MEDIA_TYPE: envelope, simple_signing.MEDIA_TYPE: piece}
    for named in forms:
        for held, data in forms.items():
            assert isinstance(read(named, data)[0], Signature) == (named == held)
