"""ssh-keygen as second opinion: what it signs we accept, what we assemble it accepts, and never we what it refuses."""

from __future__ import annotations

import base64
import random
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import load_ssh_private_key

from evidence.cases_by_hand import security_key_sshsig
from lockgate.core import events
from lockgate.core.identity import fingerprint
from lockgate.errors import EvidenceError
from lockgate.evidence import keys, record, sshsig
from lockgate.evidence.sshwire import mpint, string

pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed: apt-get install openssh-client")

NAMESPACE = "lockgate-approval@v1"
KINDS = {"ed25519": ("ed25519", 0), "p256": ("ecdsa", 256), "p384": ("ecdsa", 384), "p521": ("ecdsa", 521), "rsa": ("rsa", 2048)}
MESSAGES = [b"", b"\0", b"text\r\nwith both\n", bytes(range(256)) * 300]
MUTANTS = 120
CURVE_HASHES: dict[str, hashes.HashAlgorithm] = {"secp256r1": hashes.SHA256(), "secp384r1": hashes.SHA384(), "secp521r1": hashes.SHA512()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Throw-away key pairs of every kind."""
    made = tmp_path_factory.mktemp("ssh")
    for name, (kind, bits) in KINDS.items():
        subprocess.run(["ssh-keygen", "-q", "-t", kind, *(["-b", str(bits)] if bits else []), "-N", "", "-f", str(made / name)], check=True)
    return made


def public(folder: Path, name: str) -> str:
    return keys.parse_public_key((folder / f"{name}.pub").read_bytes())


def sign(folder: Path, name: str, message: bytes, namespace: str = NAMESPACE, hash_: str = "sha512") -> str:
    command = ["ssh-keygen", "-Y", "sign", "-q", "-O", f"hashalg={hash_}", "-n", namespace, "-f", str(folder / name)]
    return subprocess.run(command, input=message, capture_output=True, check=True).stdout.decode()


def accepts(folder: Path, line: str, message: bytes, blob: bytes, namespace: str = NAMESPACE) -> bool:
    """What ``ssh-keygen -Y verify`` says."""
    (folder / "signers").write_text(f'somebody namespaces="{namespace}" {line}\n')
    (folder / "signature").write_text(sshsig.armor(blob))
    command = ["ssh-keygen", "-Y", "verify", "-f", str(folder / "signers"), "-I", "somebody", "-n", namespace, "-s", str(folder / "signature")]
    return subprocess.run(command, input=message, capture_output=True, check=False).returncode == 0


def we_accept(line: str, message: bytes, blob: bytes) -> bool:
    try:
        return sshsig.verify_sshsig(blob, message, NAMESPACE) == line
    except EvidenceError:
        return False


def ssh_signature(folder: Path, name: str, data: bytes) -> bytes:
    """What an SSH agent would return, made with Python's cryptography."""
    private = load_ssh_private_key((folder / name).read_bytes(), None)
    kind = public(folder, name).partition(" ")[0].encode()
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return string(kind) + string(private.sign(data))
    if isinstance(private, rsa.RSAPrivateKey):
        return string(b"rsa-sha2-512") + string(private.sign(data, padding.PKCS1v15(), hashes.SHA512()))
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    r, s = decode_dss_signature(private.sign(data, ec.ECDSA(CURVE_HASHES[private.curve.name])))
    return string(kind) + string(mpint(r) + mpint(s))


@pytest.mark.parametrize("name", KINDS)
def test_fingerprints_are_ssh_keygens(folder: Path, name: str) -> None:
    said = subprocess.run(["ssh-keygen", "-l", "-f", folder / f"{name}.pub"], capture_output=True, check=True, text=True).stdout
    assert said.split()[1] == fingerprint(public(folder, name))


@pytest.mark.parametrize("name", KINDS)
def test_what_ssh_keygen_signs_we_accept(folder: Path, name: str) -> None:
    for message in MESSAGES:
        for hash_ in ("sha256", "sha512"):
            armored = sign(folder, name, message, hash_=hash_)
            assert sshsig.verify_sshsig(sshsig.dearmor(armored), message, NAMESPACE) == public(folder, name)
            assert sshsig.armor(sshsig.dearmor(armored)) == armored


@pytest.mark.parametrize("name", KINDS)
def test_what_we_assemble_ssh_keygen_accepts(folder: Path, name: str) -> None:
    line = public(folder, name)
    for message in MESSAGES:
        blob = sshsig.assemble(line, NAMESPACE, ssh_signature(folder, name, sshsig.signed_data(NAMESPACE, message)))
        assert accepts(folder, line, message, blob)
        assert we_accept(line, message, blob)
        assert not accepts(folder, line, message + b"x", blob)
        assert not accepts(folder, line, message, blob, "lockgate-rejection@v1")


@pytest.mark.parametrize("flags", [0x00, 0x01, 0x05])
@pytest.mark.parametrize("kind", ["ed25519", "p256"])
def test_security_keys(folder: Path, kind: str, flags: int) -> None:
    private = ed25519.Ed25519PrivateKey.generate() if kind == "ed25519" else ec.generate_private_key(ec.SECP256R1())
    for counter in (0, 1, 2**32 - 1):
        line, blob = security_key_sshsig(private, b"message", NAMESPACE, flags, counter)
        # ssh-keygen does not ask for the touch; we do.
        assert accepts(folder, line, b"message", blob)
        assert we_accept(line, b"message", blob) == bool(flags & 1)
        _, other = security_key_sshsig(private, b"message", NAMESPACE, flags, counter, signed_application=b"ssh:other")
        assert not accepts(folder, line, b"message", other)
        assert not we_accept(line, b"message", other)


def mutants(blob: bytes, chance: random.Random) -> list[bytes]:
    """Bent signatures: bits flipped, bytes put in, taken out, doubled, lengths changed."""
    made = []
    for _ in range(MUTANTS):
        bent = bytearray(blob)
        at = chance.randrange(len(bent))
        match chance.randrange(5):
            case 0:
                bent[at] ^= 1 << chance.randrange(8)
            case 1:
                bent.insert(at, chance.randrange(256))
            case 2:
                del bent[at]
            case 3:
                bent[at : at + 4] = (int.from_bytes(bent[at : at + 4], "big") + chance.choice([-1, 1])).to_bytes(5, "big", signed=True)[-4:]
            case _:
                bent += bytes([chance.randrange(256)])
        made.append(bytes(bent))
    return made


@pytest.mark.parametrize("name", [*KINDS, "sk"])
def test_we_never_accept_what_ssh_keygen_refuses(folder: Path, name: str) -> None:
    message, chance = b"the message", random.Random(f"mutants of {name}")
    if name == "sk":
        line, blob = security_key_sshsig(ed25519.Ed25519PrivateKey.generate(), message, NAMESPACE, 0x01, 7)
    else:
        line, blob = public(folder, name), sshsig.dearmor(sign(folder, name, message))
    assert we_accept(line, message, blob)
    assert accepts(folder, line, message, blob)
    for bent in mutants(blob, chance):
        assert not we_accept(line, message, bent) or accepts(folder, line, message, bent)


def test_an_approval_made_with_ssh_keygen_alone(folder: Path) -> None:
    at = datetime(2026, 11, 22, 20, tzinfo=UTC)
    event = events.Requested(log="sha256:" + "0" * 64, id="r-0123456789", environment="production", config="none", from_="none", requested_at=at)
    statement = record.statement_bytes(event, ("sha256:" + "9f2c" * 16,))
    (folder / "to-sign").write_bytes(record.to_sign(statement))
    subprocess.run(["ssh-keygen", "-Y", "sign", "-q", "-n", "lockgate-request@v1", "-f", folder / "p256", folder / "to-sign"], check=True, capture_output=True)
    envelope = record.seal_armored(statement, (folder / "to-sign.sig").read_text())
    assert record.person_key(envelope, "request") == public(folder, "p256")
    blob = base64.b64decode(envelope.signatures[0].sig)
    assert accepts(folder, public(folder, "p256"), record.to_sign(base64.b64decode(envelope.payload)), blob, "lockgate-request@v1")
