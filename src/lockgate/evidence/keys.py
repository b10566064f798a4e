"""Public keys: every file format they come in -> the one normal form, and raw signatures checked with them.

The normal form (`core.identity.PublicKey`) is ``<type> <base64 of the SSH wire blob>`` (RFC 4253 section 6.6, RFC 5656
section 3.1, RFC 8709 section 4, PROTOCOL.u2f for ``sk-``). The blob is read strictly, so that a key has exactly one
normal form, whether it came as PEM, as an ``authorized_keys`` line or as raw bytes.

What is refused: DSA, certificates, RSA below 2048 or above 8192 bits or with a public exponent below 17 (with 1, anyone
signs), points that are not on their curve, Ed25519 points of small order (RFC 8032 section 5.1; under those, one
signature fits any message).
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple, cast

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lockgate.core.identity import PublicKey
from lockgate.errors import EvidenceError
from lockgate.evidence import b64
from lockgate.evidence.sshwire import Reader, string

MAX_KEY = 16_384
"""The longest text or blob of a key that is looked at."""

ED25519 = "ssh-ed25519"
P256 = "ecdsa-sha2-nistp256"
RSA = "ssh-rsa"
SK_ED25519 = "sk-ssh-ed25519@openssh.com"
SK_P256 = "sk-ecdsa-sha2-nistp256@openssh.com"

_CURVES: dict[str, ec.EllipticCurve] = {"nistp256": ec.SECP256R1(), "nistp384": ec.SECP384R1(), "nistp521": ec.SECP521R1()}
_FIELD = 2**255 - 19
_ORDER_8 = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
_SMALL_ORDER_Y = frozenset({0, 1, _FIELD - 1, _ORDER_8, _FIELD - _ORDER_8})

Loaded = ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey | rsa.RSAPublicKey


class Verifier(NamedTuple):
    """A loaded public key.

    Attributes:
        type: the SSH key type.
        public: the key itself.
        application: of an ``sk-`` key the application it was made for; empty for others.
    """

    type: str
    public: Loaded
    application: bytes = b""


def parse_key(text: str) -> PublicKey:
    """A key in PEM or as one OpenSSH line, whichever it is.

    Raises:
        EvidenceError: ``key.malformed``, ``key.unsupported`` or ``key.weak``.
    """
    return parse_pem(text) if text.lstrip().startswith("-----BEGIN") else parse_openssh(text)


def parse_public_key(data: bytes) -> PublicKey:
    """A public key file, in any of the formats `parse_key` reads.

    Raises:
        EvidenceError: as `parse_key`.
    """
    if len(data) > MAX_KEY or not data.isascii() or not data.strip():
        raise EvidenceError("key.malformed", f"this is no public key file: it holds one key in ASCII, at most {MAX_KEY} bytes")
    return parse_key(data.decode("ascii"))


def parse_openssh(line: str) -> PublicKey:
    """An OpenSSH public key line: type, base64, and a comment that is dropped; no options before it.

    Raises:
        EvidenceError: as `parse_key`.
    """
    words = line.strip().split(None, 2)
    if len(line) > MAX_KEY or len(line.strip().splitlines()) != 1 or len(words) < 2:
        raise EvidenceError("key.malformed", "this is no OpenSSH public key: write one line, such as ssh-ed25519 AAAA…")
    try:
        blob = b64.decode(words[1])
    except ValueError as err:
        raise EvidenceError("key.malformed", f"this is no OpenSSH public key: {err}") from None
    key = parse_blob(blob)
    if key.partition(" ")[0] != words[0]:
        raise EvidenceError("key.malformed", "this OpenSSH line names another key type than the key in it has")
    return key


def parse_blob(blob: bytes) -> PublicKey:
    """A key as its SSH wire blob, which must be the only way to write it.

    Raises:
        EvidenceError: as `parse_key`.
    """
    if len(blob) > MAX_KEY:
        raise EvidenceError("key.malformed", f"this key has {len(blob)} bytes; at most {MAX_KEY} are read")
    return f"{_load(blob).type} {b64.encode(blob)}"


def parse_pem(text: str) -> PublicKey:
    """PEM SubjectPublicKeyInfo (``BEGIN PUBLIC KEY``) of an Ed25519 or ECDSA P-256 key.

    Raises:
        EvidenceError: as `parse_key`; ``key.private`` where it is a private key, which must be shown to nobody.
    """
    if len(text) > MAX_KEY:
        raise EvidenceError("key.malformed", f"this key has {len(text)} characters; at most {MAX_KEY} are read")
    if "PRIVATE KEY" in text:
        raise EvidenceError("key.private", "this is a private key: give the public one, and trust this one no more if others could read it")
    lines = [line.strip() for line in text.strip().splitlines()]
    if len(lines) < 3 or lines[0] != "-----BEGIN PUBLIC KEY-----" or lines[-1] != "-----END PUBLIC KEY-----":
        raise EvidenceError("key.malformed", "this is no PEM public key: it begins with -----BEGIN PUBLIC KEY-----, and nothing else stands in it")
    try:
        der = b64.decode("".join(lines[1:-1]))
    except ValueError as err:
        raise EvidenceError("key.malformed", f"this is no PEM public key: {err}") from None
    return parse_spki(der)


def parse_spki(der: bytes) -> PublicKey:
    """DER SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7) of an Ed25519 or ECDSA P-256 key.

    Raises:
        EvidenceError: as `parse_key`.
    """
    try:
        key = serialization.load_der_public_key(der)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise EvidenceError("key.malformed", "this is no DER SubjectPublicKeyInfo of a kind of key that is known") from None
    if isinstance(key, ed25519.Ed25519PublicKey):
        return parse_ed25519(key.public_bytes(Encoding.Raw, PublicFormat.Raw))
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        point = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return parse_blob(string(P256.encode()) + string(b"nistp256") + string(point))
    raise EvidenceError("key.unsupported", "only Ed25519 and ECDSA P-256 keys are read from PEM or DER")


def parse_ed25519(raw: bytes) -> PublicKey:
    """The 32 bytes of an Ed25519 public key (RFC 8032 section 5.1.2).

    Raises:
        EvidenceError: as `parse_key`.
    """
    return parse_blob(string(ED25519.encode()) + string(raw))


def check(key: PublicKey) -> PublicKey:
    """The same key, where it is in normal form.

    Raises:
        EvidenceError: as `parse_key`; ``key.malformed`` also for a comment or white space too many.
    """
    if key != parse_openssh(key):
        raise EvidenceError("key.malformed", "this key is not in normal form: a type, one space and base64")
    return key


@lru_cache(maxsize=1024)
def verifier_of(key: PublicKey) -> Verifier:
    """The key loaded, ready to verify; kept, because loading costs more than verifying.

    Raises:
        EvidenceError: as `parse_key`.
    """
    return _load(blob_of(check(key)))


def blob_of(key: PublicKey) -> bytes:
    """The wire blob of a key in normal form.

    Raises:
        EvidenceError: ``key.malformed``.
    """
    try:
        return b64.decode(key.partition(" ")[2])
    except ValueError as err:
        raise EvidenceError("key.malformed", f"this is no key in normal form: {err}") from None


def spki_pem(key: PublicKey) -> str:
    """The key as PEM SubjectPublicKeyInfo, as openssl reads it.

    Raises:
        EvidenceError: ``key.unsupported`` for an ``sk-`` key, whose signatures openssl cannot check.
    """
    loaded = verifier_of(key)
    if loaded.application:
        raise EvidenceError("key.unsupported", f"a {loaded.type} key has no PEM form that says what it is")
    return loaded.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


def verify_raw(key: PublicKey, message: bytes, signature: bytes) -> None:
    """Check a bare signature: Ed25519 (64 bytes, RFC 8032) or ECDSA P-256 with SHA-256 (DER, as openssl writes it).

    Raises:
        EvidenceError: ``signature.bad`` where it is not this key's over this message, or not strictly DER;
            ``key.unsupported`` for other kinds of key; else as `parse_key`.
    """
    loaded = verifier_of(key)
    if not fits_raw(key, signature):
        raise EvidenceError("signature.bad", f"these {len(signature)} bytes are no signature of a {loaded.type} key")
    try:
        if isinstance(loaded.public, ed25519.Ed25519PublicKey):
            loaded.public.verify(signature, message)
        else:
            cast("ec.EllipticCurvePublicKey", loaded.public).verify(signature, message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise EvidenceError("signature.bad", f"this signature is not that {loaded.type} key's over these bytes") from None


def fits_raw(key: PublicKey, signature: bytes) -> bool:
    """Whether these bytes have the form of a bare signature by this kind of key; says nothing of what they prove.

    Raises:
        EvidenceError: ``key.unsupported`` for keys that make no bare signatures here.
    """
    match key.partition(" ")[0]:
        case "ssh-ed25519":
            return len(signature) == 64
        case "ecdsa-sha2-nistp256":
            return is_der(signature)
        case other:
            raise EvidenceError("key.unsupported", f"a {other} key signs nothing but SSHSIG here: use Ed25519 or ECDSA P-256")


def is_der(signature: bytes) -> bool:
    """Whether this is the DER of two positive numbers, in its only form (X.690 section 10)."""
    try:
        r, s = decode_dss_signature(signature)
        return r > 0 and s > 0 and encode_dss_signature(r, s) == signature
    except ValueError:
        return False


def _load(blob: bytes) -> Verifier:
    """1 the type; 2 its fields; 3 nothing after them; 4 a key that is strong enough."""
    try:
        reader = Reader(blob)
        kind = reader.name()
        loaded = _fields(kind, reader)
        reader.end()
    except ValueError as err:
        raise EvidenceError("key.malformed", f"this is no SSH public key: {err}") from None
    return loaded


def _fields(kind: str, reader: Reader) -> Verifier:
    match kind:
        case "ssh-ed25519":
            return Verifier(kind, _ed25519(reader.string()))
        case "sk-ssh-ed25519@openssh.com":
            public: Loaded = _ed25519(reader.string())
            return Verifier(kind, public, _application(reader))
        case "ecdsa-sha2-nistp256" | "ecdsa-sha2-nistp384" | "ecdsa-sha2-nistp521":
            return Verifier(kind, _point(kind.rpartition("-")[2], reader))
        case "sk-ecdsa-sha2-nistp256@openssh.com":
            public = _point("nistp256", reader)
            return Verifier(kind, public, _application(reader))
        case "ssh-rsa":
            exponent, modulus = reader.positive(), reader.positive()
            return Verifier(kind, _rsa(exponent, modulus))
        case _:
            raise EvidenceError("key.unsupported", f"{kind[:60]!r} is no kind of key lockgate accepts: use ssh-ed25519")


def _ed25519(raw: bytes) -> ed25519.Ed25519PublicKey:
    y = int.from_bytes(raw, "little") & (2**255 - 1)
    if len(raw) != 32 or y >= _FIELD:
        raise ValueError("an Ed25519 key is one point, of 32 bytes")
    if y in _SMALL_ORDER_Y:
        raise EvidenceError("key.weak", "this Ed25519 key is a point of small order: anybody can sign under it")
    return ed25519.Ed25519PublicKey.from_public_bytes(raw)


def _point(curve: str, reader: Reader) -> ec.EllipticCurvePublicKey:
    named, point = reader.name(), reader.string()
    if named != curve or point[:1] != b"\x04":
        raise ValueError(f"an ECDSA key of this type holds {curve} and one uncompressed point")
    return ec.EllipticCurvePublicKey.from_encoded_point(_CURVES[curve], point)


def _application(reader: Reader) -> bytes:
    application = reader.string()
    if not application.startswith(b"ssh:"):
        raise ValueError("a security key's application begins with ssh:")
    return application


def _rsa(exponent: int, modulus: int) -> rsa.RSAPublicKey:
    if not 2048 <= modulus.bit_length() <= 8192 or not 17 <= exponent < 2**32 or not exponent & modulus & 1:
        raise EvidenceError("key.weak", "an RSA key has 2048 to 8192 bits and an odd public exponent of 17 or more: use ssh-ed25519")
    return rsa.RSAPublicNumbers(exponent, modulus).public_key()
