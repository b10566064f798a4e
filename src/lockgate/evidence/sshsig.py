"""SSH signatures of files (OpenSSH's PROTOCOL.sshsig): what ``ssh-keygen -Y sign`` writes and ``-Y verify`` checks.

`verify_sshsig` takes these steps, in this order:

  1. the blob is an SSHSIG of version 1, whole, with nothing left over (PROTOCOL.sshsig section 2);
  2. its namespace is the one the caller fixed, and its reserved field is empty;
  3. its hash is SHA-256 or SHA-512;
  4. its key reads strictly (`keys`), and its signature algorithm is the key's own: for RSA ``rsa-sha2-256`` or
     ``-512``, never ``ssh-rsa``, which is SHA-1 (RFC 8332);
  5. of a security key, somebody touched it, and, where the caller asks, proved who they are (PROTOCOL.u2f);
  6. the signature verifies over the bytes of section 3.

Whether that key may say this is not checked here: the caller compares the returned key with the roster. A security
key's counter is under the signature, but nobody keeps the last one, so that it proves nothing more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Literal

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from lockgate.canon import Noun
from lockgate.core.identity import PublicKey
from lockgate.errors import EvidenceError
from lockgate.evidence import algorithms, b64, keys
from lockgate.evidence.sshwire import Reader, string, uint32

MAGIC = b"SSHSIG"
MAX_SSHSIG = 16_384
"""The longest blob or armor looked at, bytes; an RSA-8192 signature needs 2.2 KiB."""

_BEGIN, _END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
_HASHES: dict[str, Callable[[bytes], bytes]] = {"sha256": lambda data: hashlib.sha256(data).digest(), "sha512": lambda data: hashlib.sha512(data).digest()}
_RSA = {"rsa-sha2-256": "rsa-pkcs1-sha256", "rsa-sha2-512": "rsa-pkcs1-sha512"}
_PRESENT, _VERIFIED = 0x01, 0x04

HashName = Literal["sha256", "sha512"]


class SshSig(Noun, frozen=True, kw_only=True):
    """An SSHSIG taken apart, believed in nothing.

    Attributes:
        key: who signed, as it says; in normal form.
        namespace: what it was signed for.
        hash: ``sha256`` or ``sha512``, of the message.
        algorithm: the signature algorithm. signature: its own bytes.
        flags, counter: of a security key; 0 for others.
    """

    key: PublicKey
    namespace: str
    hash: str
    algorithm: str
    signature: bytes
    flags: int = 0
    counter: int = 0


def signed_data(namespace: str, message: bytes, hash_: HashName = "sha512") -> bytes:
    """The bytes an SSH key signs for this message (PROTOCOL.sshsig section 3); what an agent is asked to sign.

    Raises:
        ValueError: for another hash.
    """
    return _preimage(namespace, _HASHES[hash_](message), hash_)


def assemble(key: PublicKey, namespace: str, signature_blob: bytes, hash_: HashName = "sha512") -> bytes:
    """The SSHSIG blob of a key's signature over `signed_data`.

    Args:
        key: in normal form.
        signature_blob: as an SSH agent returns it: algorithm, signature, and of a security key flags and counter.
    """
    return MAGIC + uint32(1) + string(keys.blob_of(key)) + string(namespace.encode()) + string(b"") + string(hash_.encode()) + string(signature_blob)


def armor(blob: bytes) -> str:
    """The blob as text, as ``ssh-keygen -Y sign`` writes it."""
    text = b64.encode(blob)
    return "\n".join([_BEGIN, *(text[start : start + 70] for start in range(0, len(text), 70)), _END, ""])


def dearmor(armored: str) -> bytes:
    """The blob of an armored signature; nothing but white space may stand around it.

    Raises:
        EvidenceError: ``sshsig.malformed`` or ``sshsig.too-large``.
    """
    if len(armored) > 2 * MAX_SSHSIG:
        raise EvidenceError("sshsig.too-large", f"this SSH signature has {len(armored)} characters; at most {2 * MAX_SSHSIG} are read")
    lines = [line.rstrip() for line in armored.strip().split("\n")]
    if len(lines) < 3 or lines[0] != _BEGIN or lines[-1] != _END:
        raise EvidenceError("sshsig.malformed", f"this is no SSH signature: it begins with {_BEGIN} and ends with {_END}")
    try:
        return b64.decode("".join(lines[1:-1]))
    except ValueError as err:
        raise EvidenceError("sshsig.malformed", f"this is no SSH signature: {err}") from None


def parse_sshsig(blob: bytes) -> SshSig:
    """Take an SSHSIG blob apart (steps 1, 3 and 4); nothing is verified.

    Raises:
        EvidenceError: ``sshsig.malformed``, ``sshsig.too-large``, ``sshsig.unsupported``, or the key's code.
    """
    if len(blob) > MAX_SSHSIG:
        raise EvidenceError("sshsig.too-large", f"this SSH signature has {len(blob)} bytes; at most {MAX_SSHSIG} are read")
    try:
        return _parse(Reader(blob))
    except ValueError as err:
        raise EvidenceError("sshsig.malformed", f"this is no SSH signature: {err}") from None


def verify_sshsig(blob: bytes, message: bytes, namespace: str, *, require_uv: bool = False) -> PublicKey:
    """The key that signed this message in this namespace, in normal form.

    Args:
        blob: the binary SSHSIG (`dearmor` an armored one).
        message: what was signed.
        namespace: the only one accepted.
        require_uv: a security key must also have verified its user (PIN or biometric), not only felt a touch.

    Raises:
        EvidenceError: ``sshsig.malformed``, ``sshsig.too-large``, ``sshsig.unsupported``, ``sshsig.other-namespace``,
            ``sshsig.no-touch``, ``sshsig.no-user-verification``, ``sshsig.bad-signature``, or the key's code.
    """
    found = parse_sshsig(blob)
    if found.namespace != namespace:
        raise EvidenceError("sshsig.other-namespace", f"this was signed as {found.namespace[:80]!r}, not as {namespace!r}: it says something else")
    data = _preimage(namespace, _HASHES[found.hash](message), found.hash)
    loaded = keys.verifier_of(found.key)
    if loaded.application:
        if not found.flags & _PRESENT:
            raise EvidenceError("sshsig.no-touch", "the security key signed this without being touched")
        if require_uv and not found.flags & _VERIFIED:
            raise EvidenceError("sshsig.no-user-verification", "the security key did not verify who touched it (PIN or biometric)")
        data = hashlib.sha256(loaded.application).digest() + bytes([found.flags]) + uint32(found.counter) + hashlib.sha256(data).digest()
    try:
        _verify(loaded.public, found, data)
    except ValueError:
        raise EvidenceError("sshsig.bad-signature", f"this signature is not that {loaded.type} key's over these bytes") from None
    return found.key


def _preimage(namespace: str, hashed: bytes, hash_: str) -> bytes:
    return MAGIC + string(namespace.encode()) + string(b"") + string(hash_.encode()) + string(hashed)


def _parse(reader: Reader) -> SshSig:
    if reader.take(len(MAGIC)) != MAGIC:
        raise ValueError("it does not begin with SSHSIG")
    version = reader.uint32()
    if version != 1:
        raise EvidenceError("sshsig.unsupported", f"this SSH signature is of version {version}; only version 1 is known")
    key = keys.parse_blob(reader.string())
    namespace, reserved, hash_, signature = reader.name(), reader.string(), reader.name(), Reader(reader.string())
    reader.end()
    if not namespace or reserved:
        raise ValueError("its namespace is empty, or its reserved field is not")
    if hash_ not in _HASHES:
        raise EvidenceError("sshsig.unsupported", f"this SSH signature uses the hash {hash_[:40]!r}; only sha256 and sha512 are accepted")
    kind, algorithm = key.partition(" ")[0], signature.name()
    if algorithm not in (tuple(_RSA) if kind == keys.RSA else (kind,)):
        raise EvidenceError("sshsig.unsupported", f"{algorithm[:60]!r} is no signature algorithm for a {kind} key")
    raw = signature.string()
    flags, counter = (signature.uint8(), signature.uint32()) if kind in {keys.SK_ED25519, keys.SK_P256} else (0, 0)
    signature.end()
    return SshSig(key=key, namespace=namespace, hash=hash_, algorithm=algorithm, signature=raw, flags=flags, counter=counter)


def _verify(public: algorithms.Loaded, found: SshSig, data: bytes) -> None:
    """Raises ValueError, also where the signature has not even the form of one."""
    signature = found.signature
    if isinstance(public, ec.EllipticCurvePublicKey):
        reader = Reader(signature)
        signature = encode_dss_signature(reader.positive(), reader.positive())
        reader.end()
    elif isinstance(public, rsa.RSAPublicKey) and not algorithms.fits(public, signature):
        raise ValueError  # Shorter ones would be padded by OpenSSH; one signature, one form.
    algorithms.verify(public, algorithms.of(public) or _RSA[found.algorithm], signature, data)
