"""evidence.keys: one key, one normal form; what is weak or ambiguous is refused."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from hypothesis import given
from hypothesis import strategies as st

from lockgate.core.identity import fingerprint
from lockgate.errors import EvidenceError
from lockgate.evidence import b64, keys
from lockgate.evidence.algorithms import Loaded
from lockgate.evidence.sshwire import string

ED = ed25519.Ed25519PrivateKey.from_private_bytes(b"throw-away key of these tests 01")
EC = ec.derive_private_key(0x1234567890ABCDEF, ec.SECP256R1())
RSA = rsa.generate_private_key(65537, 2048)
P384, P521 = ec.derive_private_key(7, ec.SECP384R1()), ec.derive_private_key(7, ec.SECP521R1())
PUBLIC: dict[str, Loaded] = {
    "ed25519": ED.public_key(),
    "p256": EC.public_key(),
    "p384": P384.public_key(),
    "p521": P521.public_key(),
    "rsa": RSA.public_key(),
}
LINES = {name: public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode() for name, public in PUBLIC.items()}
MESSAGE = b"message"
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@pytest.mark.parametrize("name", LINES)
def test_every_form_of_a_key_is_the_same_key(name: str) -> None:
    line = LINES[name]
    assert keys.parse_openssh(f"  {line}\ta comment\n") == line
    assert keys.check(line) == line
    assert keys.parse_blob(keys.blob_of(line)) == line
    assert load_pem_public_key(keys.spki_pem(line).encode()).public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode() == line
    if name in {"ed25519", "p256"}:
        assert keys.parse_key(keys.spki_pem(line)) == line
        assert keys.parse_public_key(keys.spki_pem(line).replace("\n", "\r\n").encode()) == line


def test_raw_ed25519() -> None:
    assert keys.parse_ed25519(ED.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)) == LINES["ed25519"]


@given(st.integers(0, 200), st.integers(0, 255))
def test_no_other_blob_is_the_same_key(at: int, value: int) -> None:
    blob = bytearray(keys.blob_of(LINES["p256"]))
    blob[at % len(blob)] = value
    try:
        line = keys.parse_blob(bytes(blob))
    except EvidenceError:
        return
    assert keys.blob_of(line) == bytes(blob)


@pytest.mark.parametrize("key", [LINES["ed25519"] + " ", LINES["ed25519"] + " comment", LINES["ed25519"].replace(" ", "  ")])
def test_what_is_not_in_normal_form_is_not_used(key: str) -> None:
    with pytest.raises(EvidenceError) as err:
        keys.verifier_of(key)
    assert err.value.code == "key.malformed"


def test_a_blob_that_is_no_base64() -> None:
    with pytest.raises(EvidenceError) as err:
        keys.blob_of("ssh-ed25519 AAAAA")
    assert err.value.code == "key.malformed"


@pytest.mark.parametrize("text", ["x" * 20_000, "-----BEGIN PUBLIC KEY-----\n" + "A" * 20_000])
def test_a_huge_key(text: str) -> None:
    for parse in (keys.parse_key, keys.parse_pem):
        with pytest.raises(EvidenceError) as err:
            parse(text)
        assert err.value.code == "key.malformed"


def test_a_huge_blob() -> None:
    with pytest.raises(EvidenceError) as err:
        keys.parse_blob(bytes(20_000))
    assert err.value.code == "key.malformed"


def test_pem_that_is_no_base64_or_no_key() -> None:
    for body in ("*", "AAAA"):
        with pytest.raises(EvidenceError) as err:
            keys.parse_pem(f"-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n")
        assert err.value.code == "key.malformed"


def test_signatures_verify() -> None:
    keys.verify_raw(LINES["ed25519"], MESSAGE, ED.sign(MESSAGE))
    keys.verify_raw(LINES["p256"], MESSAGE, EC.sign(MESSAGE, ec.ECDSA(hashes.SHA256())))


def bad(key: str, signature: bytes, message: bytes = MESSAGE) -> str:
    with pytest.raises(EvidenceError) as err:
        keys.verify_raw(key, message, signature)
    return err.value.code


def test_signatures_that_are_not_this_keys() -> None:
    ed, der = ED.sign(MESSAGE), EC.sign(MESSAGE, ec.ECDSA(hashes.SHA256()))
    r, s = decode_dss_signature(der)
    assert bad(LINES["ed25519"], ed, b"other") == "signature.bad"
    assert bad(LINES["p256"], der, b"other") == "signature.bad"
    assert bad(LINES["p256"], EC.sign(MESSAGE, ec.ECDSA(hashes.SHA384()))) == "signature.bad"
    assert bad(LINES["ed25519"], ed[:-1]) == "signature.bad"
    assert bad(LINES["ed25519"], ed + b"\0") == "signature.bad"
    assert bad(LINES["ed25519"], b"") == "signature.bad"
    for wrong in (
        encode_dss_signature(0, s),
        encode_dss_signature(r, 0),
        encode_dss_signature(r, s + ORDER),
        encode_dss_signature(r, ORDER),
        bytes.fromhex("30060201ff020101"),
    ):
        assert bad(LINES["p256"], wrong) == "signature.bad"
    assert bad(LINES["p256"], der[:2] + b"\x02\x22\0" + der[4:]) == "signature.bad"
    assert bad(LINES["p256"], ed) == "signature.bad"


@given(st.binary(max_size=80))
def test_any_bytes_are_no_signature(signature: bytes) -> None:
    for name in ("ed25519", "p256"):
        assert bad(LINES[name], signature) == "signature.bad"


@pytest.mark.parametrize("name", ["rsa", "p384", "p521"])
def test_keys_that_make_no_bare_signatures(name: str) -> None:
    assert bad(LINES[name], b"x" * 64) == "key.unsupported"


def test_a_point_of_small_order_would_fit_any_message() -> None:
    identity = (1).to_bytes(32, "little")
    ed25519.Ed25519PublicKey.from_public_bytes(identity).verify(identity + bytes(32), b"whatever you like")  # OpenSSL says yes
    assert bad("ssh-ed25519 " + b64.encode(string(b"ssh-ed25519") + string(identity)), identity + bytes(32)) == "key.weak"


def test_a_security_key_has_no_pem() -> None:
    blob = string(b"sk-ssh-ed25519@openssh.com") + string(ED.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)) + string(b"ssh:")
    key = keys.parse_blob(blob)
    assert keys.verifier_of(key).application == b"ssh:"
    with pytest.raises(EvidenceError) as err:
        keys.spki_pem(key)
    assert err.value.code == "key.unsupported"
    assert bad(key, ED.sign(MESSAGE)) == "key.unsupported"


def test_an_error_shows_no_key() -> None:
    secret = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU"
    with pytest.raises(EvidenceError) as err:
        keys.parse_key(f"-----BEGIN OPENSSH PRIVATE KEY-----\n{secret}\n-----END OPENSSH PRIVATE KEY-----")
    assert err.value.code == "key.private"
    assert secret not in str(err.value)


def test_the_same_key_has_the_same_fingerprint() -> None:
    assert len({fingerprint(keys.parse_key(keys.spki_pem(LINES["p256"]))), fingerprint(LINES["p256"])}) == 1
