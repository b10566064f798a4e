from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from lockgate.errors import EvidenceError
from lockgate.evidence import sshsig
from lockgate.evidence.sshwire import string

ED = ed25519.Ed25519PrivateKey.from_private_bytes(b"throw-away key of these tests 02")
KEY = ED.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
EC = ec.derive_private_key(0xABCDEF, ec.SECP256R1())
EC_KEY = EC.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
NAMESPACE = "lockgate-approval@v1"
MESSAGE = b"the bytes"


def signed(message: bytes = MESSAGE, namespace: str = NAMESPACE, hash_: sshsig.HashName = "sha512") -> bytes:
    signature = string(b"ssh-ed25519") + string(ED.sign(sshsig.signed_data(namespace, message, hash_)))
    return sshsig.assemble(KEY, namespace, signature, hash_)


def code(blob: bytes, message: bytes = MESSAGE, namespace: str = NAMESPACE) -> str:
    with pytest.raises(EvidenceError) as err:
        sshsig.verify_sshsig(blob, message, namespace)
    return err.value.code


@given(st.binary(max_size=100), st.sampled_from(["sha256", "sha512"]))
def test_what_is_signed_verifies_as_that_key(message: bytes, hash_: sshsig.HashName) -> None:
    blob = signed(message, hash_=hash_)
    assert sshsig.verify_sshsig(blob, message, NAMESPACE) == KEY
    assert sshsig.dearmor(sshsig.armor(blob)) == blob
    assert code(blob, message + b"\0") == "sshsig.bad-signature"


def test_a_signature_for_one_thing_is_none_for_another() -> None:
    assert code(signed(namespace="lockgate-rejection@v1")) == "sshsig.other-namespace"
    assert code(signed(), namespace="lockgate-approval@v2") == "sshsig.other-namespace"


@given(st.data())
def test_no_byte_can_be_changed(data: st.DataObject) -> None:
    blob = bytearray(signed())
    at = data.draw(st.integers(0, len(blob) - 1))
    blob[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(EvidenceError):
        sshsig.verify_sshsig(bytes(blob), MESSAGE, NAMESPACE)


@pytest.mark.parametrize("pair", [b"", string(b""), string(b"\1"), string(b"\1") * 3, string(b"\0\1") + string(b"\1"), string(b"\1") + b"\0"])
def test_an_ecdsa_signature_is_two_shortest_numbers(pair: bytes) -> None:
    blob = sshsig.assemble(EC_KEY, NAMESPACE, string(b"ecdsa-sha2-nistp256") + string(pair))
    assert code(blob) == "sshsig.bad-signature"


def test_an_ecdsa_signature_in_der_is_none_for_ssh() -> None:
    der = EC.sign(sshsig.signed_data(NAMESPACE, MESSAGE), ec.ECDSA(hashes.SHA256()))
    assert code(sshsig.assemble(EC_KEY, NAMESPACE, string(b"ecdsa-sha2-nistp256") + string(der))) == "sshsig.bad-signature"


def test_armor_is_bounded() -> None:
    with pytest.raises(EvidenceError) as err:
        sshsig.dearmor("x" * 40_000)
    assert err.value.code == "sshsig.too-large"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-----BEGIN SSH SIGNATURE-----",
        "-----BEGIN SSH SIGNATURE-----\n*\n-----END SSH SIGNATURE-----",
        "-----BEGIN SSH SIGNATURE-----\nÄAAA\n-----END SSH SIGNATURE-----",
    ],
)
def test_armor_that_is_none(text: str) -> None:
    with pytest.raises(EvidenceError) as err:
        sshsig.dearmor(text)
    assert err.value.code == "sshsig.malformed"


def test_armor_looks_as_ssh_keygen_writes_it() -> None:
    lines = sshsig.armor(signed()).splitlines()
    assert (lines[0], lines[-1]) == ("-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----")
    assert {len(line) for line in lines[1:-2]} == {70}
