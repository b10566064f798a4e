from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from lockgate.core.identity import fingerprint
from lockgate.errors import EvidenceError
from lockgate.evidence import dsse

TYPE = "application/vnd.in-toto+json"
EDS = [ed25519.Ed25519PrivateKey.from_private_bytes(b"throw-away key of these tests %02d" % number) for number in range(10, 14)]
EC = ec.derive_private_key(0xABCDE, ec.SECP256R1())
LINES = [
    *(private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode() for private in EDS),
    EC.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode(),
]
KNOWN = {fingerprint(line): line for line in LINES}
RSA = "ssh-rsa AAAAB3NzaC1yc2E="


def envelope(payload: bytes, *signatures: tuple[bytes, str], kind: str = TYPE) -> dsse.Envelope:
    parts = tuple(dsse.Part(keyid=keyid, sig=sig) for sig, keyid in signatures)
    return dsse.Envelope(payload=payload, payload_type=kind, signatures=parts)


def code(found: dsse.Envelope, known: dict[str, str] = KNOWN) -> str:
    with pytest.raises(EvidenceError) as err:
        dsse.verify(found, known)
    return err.value.code


def test_pae_is_the_specifications_example() -> None:
    assert dsse.pae("http://example.com/HelloWorld", b"hello world") == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"


def test_pae_counts_bytes() -> None:
    assert dsse.pae("ä", b"") == "DSSEv1 2 ä 0 ".encode()


@given(st.tuples(st.text(max_size=9), st.binary(max_size=9)), st.tuples(st.text(max_size=9), st.binary(max_size=9)))
def test_two_envelopes_never_sign_alike(one: tuple[str, bytes], other: tuple[str, bytes]) -> None:
    assert (dsse.pae(*one) == dsse.pae(*other)) == (one == other)


@given(st.binary(min_size=1, max_size=99), st.lists(st.integers(0, 4), min_size=1, max_size=8))
def test_the_distinct_keys_that_signed_come_back(payload: bytes, signers: list[int]) -> None:
    message = dsse.pae(TYPE, payload)
    made = [EDS[number].sign(message) if number < 4 else EC.sign(message, ec.ECDSA(hashes.SHA256())) for number in signers]
    document = {"payload": base64.b64encode(payload).decode(), "payloadType": TYPE, "signatures": [{"sig": base64.b64encode(sig).decode()} for sig in made]}
    verified = dsse.verify(dsse.parse(json.dumps(document).encode()), KNOWN)
    assert (verified.payload, verified.payload_type) == (payload, TYPE)
    assert verified.keys == tuple(sorted({list(KNOWN)[number] for number in signers}))


def test_no_known_keys_at_all() -> None:
    assert code(envelope(b"x", (EDS[0].sign(dsse.pae(TYPE, b"x")), "")), {}) == "dsse.unknown-key"


def test_a_hint_is_never_proof_and_a_claim_is_held_to() -> None:
    good, names = EDS[0].sign(dsse.pae(TYPE, b"x")), list(KNOWN)
    assert dsse.verify(envelope(b"x", (good, names[0])), KNOWN).keys == (names[0],)
    assert dsse.verify(envelope(b"x", (good, "somebody else")), KNOWN).keys == (names[0],)
    assert code(envelope(b"x", (good, names[1]))) == "dsse.bad-signature"
    assert code(envelope(b"x", (good, ""), (bytes(64), names[1]))) == "dsse.bad-signature"


def test_a_key_that_signs_no_envelopes_is_passed_over() -> None:
    good = EDS[0].sign(dsse.pae(TYPE, b"x"))
    assert dsse.verify(envelope(b"x", (good, "")), {"SHA256:rsa": RSA, **KNOWN}).keys == (next(iter(KNOWN)),)
    assert code(envelope(b"x", (good, "SHA256:rsa")), {"SHA256:rsa": RSA}) == "dsse.bad-signature"


def test_a_keyid_that_is_no_text_is_no_hint() -> None:
    document = {"payload": "eA==", "payloadType": TYPE, "signatures": [{"sig": "AAAA", "keyid": 7}]}
    assert dsse.parse(json.dumps(document).encode()).signatures[0].keyid == ""


def test_the_work_is_bounded() -> None:
    many = {f"SHA256:{number}": next(iter(KNOWN.values())) for number in range(64)}
    flood = envelope(b"x", *[(bytes(64), "")] * 64)
    assert dsse.work(flood, many) == 64 * 64 * (65_536 + 1)
    assert code(flood, many) == "dsse.too-many-signatures"
    named = envelope(b"x", *[(bytes(64), "SHA256:1")] * 64)
    assert code(named, many) == "dsse.bad-signature"


@pytest.mark.parametrize("field", ["payload", "payloadType", "signatures"])
@pytest.mark.parametrize("value", [None, 7, "", [], {}, [None], [{}], [{"sig": None}], [{"sig": "*"}], "*"])
def test_a_field_of_another_type(field: str, value: Any) -> None:
    good = {"payload": "eA==", "payloadType": TYPE, "signatures": [{"sig": "AAAA"}]}
    if field == "payloadType" and value == "*":
        return
    with pytest.raises(EvidenceError) as err:
        dsse.parse(json.dumps({**good, field: value}).encode())
    assert err.value.code == "dsse.malformed"
