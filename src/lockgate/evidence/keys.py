"""Public keys: every file format they come in -> the one normal form, and raw signatures checked with them.

The normal form (`core.identity.PublicKey`) is ``<type> <base64 of the SSH wire blob>`` (RFC 4253 section 6.6, RFC 5656
section 3.1, RFC 8709 section 4, PROTOCOL.u2f for ``sk-``). The blob is read strictly, so that a key has exactly one
normal form, whether it came as PEM, as an ``authorized_keys`` line or as raw bytes.

A key that signs evidence has one algorithm (`algorithm_of`). An RSA key's does not follow from the key, so that it stands in place of the
type: ``rsa-pss-sha256 <base64 of the same blob>``; as ``ssh-rsa`` alone it verifies only SSH signatures, which name theirs.

What is refused: DSA, certificates, RSA below 2048 or above 8192 bits or with a public exponent below 17 (with 1, anyone
signs; above 4096 bits for evidence), points that are not on their curve, Ed25519 points of small order (RFC 8032 section 5.1; under those, one
signature fits any message).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lockgate.core.identity import EvidenceKey, PublicKey
from lockgate.errors import EvidenceError
from lockgate.evidence import algorithms, b64
from lockgate.evidence.algorithms import Loaded
from lockgate.evidence.sigstore.der import BITS, INTEGER, SEQUENCE, single
from lockgate.evidence.sshwire import Reader, string

MAX_KEY = 16_384
"""The longest text or blob of a key that is looked at."""

ED25519 = "ssh-ed25519"
P256 = "ecdsa-sha2-nistp256"
RSA = "ssh-rsa"
SK_ED25519 = "sk-ssh-ed25519@openssh.com"
SK_P256 = "sk-ecdsa-sha2-nistp256@openssh.com"

RSA_ALGORITHMS = tuple(name for name in algorithms.ALGORITHMS if name.startswith("rsa-"))
MAX_EVIDENCE_RSA = 4096
"""The largest RSA key that signs evidence, bits: what one try costs is bounded."""

_RSA_ENCRYPTION = bytes.fromhex("06092a864886f70d0101010500")
_OWN = frozenset({ED25519, P256})
_CURVES: dict[str, ec.EllipticCurve] = {"nistp256": ec.SECP256R1(), "nistp384": ec.SECP384R1(), "nistp521": ec.SECP521R1()}
_ALGORITHMS = {ED25519: "ed25519", P256: "ecdsa-p256", "ecdsa-sha2-nistp384": "ecdsa-p384", "ecdsa-sha2-nistp521": "ecdsa-p521"}
_FIELD = 2**255 - 19
_ORDER_8 = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
_SMALL_ORDER_Y = frozenset({0, 1, _FIELD - 1, _ORDER_8, _FIELD - _ORDER_8})


class Verifier(NamedTuple):
    """A loaded public key.

    Attributes:
        type: the SSH key type, or an RSA key's algorithm.
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
    """A public key file, in any of the formats `parse_key` reads, or DER SubjectPublicKeyInfo.

    Raises:
        EvidenceError: as `parse_key`.
    """
    if data[:1] == b"0" and len(data) <= MAX_KEY:
        return parse_spki(data)  # DER of a SEQUENCE; no text of a key begins so
    if len(data) > MAX_KEY or not data.isascii() or not data.strip():
        raise EvidenceError("key.malformed", f"this is no public key file: it holds one key in ASCII or DER, at most {MAX_KEY} bytes")
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
    """PEM SubjectPublicKeyInfo (``BEGIN PUBLIC KEY``) of an Ed25519, ECDSA or RSA key.

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
    """DER SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7) of an Ed25519, ECDSA or RSA key.

    Raises:
        EvidenceError: as `parse_key`.
    """
    if (numbers := _rsa_numbers(der)) is not None:
        return parse_blob(string(RSA.encode()) + numbers)
    try:
        key = serialization.load_der_public_key(der)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise EvidenceError("key.malformed", "this is no DER SubjectPublicKeyInfo of a kind of key that is known") from None
    if isinstance(key, ed25519.Ed25519PublicKey):
        return parse_ed25519(key.public_bytes(Encoding.Raw, PublicFormat.Raw))
    if isinstance(strong := algorithms.require_strong(key), ec.EllipticCurvePublicKey):
        curve = f"nistp{strong.curve.key_size}"
        point = strong.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return parse_blob(string(f"ecdsa-sha2-{curve}".encode()) + string(curve.encode()) + string(point))
    raise EvidenceError(
        "key.unsupported", "an RSA key is written as rsaEncryption (RFC 3279 section 2.3.1), which says nothing of PSS: its algorithm stands beside it"
    )


def _rsa_numbers(der: bytes) -> bytes | None:
    """Exponent and modulus of an RSA key (RFC 3279 section 2.3.1) as an SSH blob has them, however weak; None where it is no RSA key."""
    try:
        algorithm, key = single(der).require(SEQUENCE).items()
        if algorithm.value != _RSA_ENCRYPTION or key.tag != BITS or key.value[:1] != b"\0":
            return None
        modulus, exponent = (one.require(INTEGER).value for one in single(key.value[1:]).require(SEQUENCE).items())
        return string(exponent) + string(modulus)
    except ValueError:
        return None


def with_algorithm(key: PublicKey, algorithm: str) -> EvidenceKey:
    """The key, to verify evidence with this algorithm and no other.

    Args:
        key: in normal form. algorithm: by its name in `algorithms.ALGORITHMS`; empty where the key has one of its own.

    Raises:
        EvidenceError: ``key.no-algorithm`` for an RSA key without; ``key.other-algorithm`` for a key that does not verify with it;
            ``key.weak`` for an RSA key above 4096 bits; ``key.unsupported`` for a security key; else as `parse_key`.
    """
    loaded = verifier_of(key)
    if loaded.application:
        raise EvidenceError("key.unsupported", f"a {loaded.type} key signs SSH signatures only, and no evidence")
    if not isinstance(loaded.public, rsa.RSAPublicKey):
        if algorithm not in {"", algorithm_of(key)}:
            raise EvidenceError("key.other-algorithm", f"this key verifies with {algorithm_of(key)}, and {algorithm[:60]!r} is asked for")
        return key
    algorithm = algorithm or algorithm_of(key)
    if not algorithm:
        raise EvidenceError("key.no-algorithm", f"an RSA key does not say how it signs: name one of {', '.join(RSA_ALGORITHMS)}")
    if algorithm not in RSA_ALGORITHMS or loaded.type in set(RSA_ALGORITHMS) - {algorithm}:
        raise EvidenceError(
            "key.other-algorithm", f"this RSA key does not verify with {algorithm[:60]!r}: it is one of {', '.join(RSA_ALGORITHMS)}, and one only"
        )
    verifier_of(named := f"{algorithm} {key.partition(' ')[2]}")
    return named


def algorithm_of(key: EvidenceKey) -> str:
    """The one algorithm, by its name in `algorithms.ALGORITHMS`, that evidence is verified with under this key; empty where it verifies none."""
    kind = key.partition(" ")[0]
    return kind if kind in RSA_ALGORITHMS else _ALGORITHMS.get(kind, "")


def parse_ed25519(raw: bytes) -> PublicKey:
    """The 32 bytes of an Ed25519 public key (RFC 8032 section 5.1.2).

    Raises:
        EvidenceError: as `parse_key`.
    """
    return parse_blob(string(ED25519.encode()) + string(raw))


def check(key: EvidenceKey) -> EvidenceKey:
    """The same key, where it is in normal form.

    Raises:
        EvidenceError: as `parse_key`; ``key.malformed`` also for a comment or white space too many.
    """
    kind, _, text = key.partition(" ")
    plain = f"{RSA} {text}" if kind in RSA_ALGORITHMS else key
    if plain != parse_openssh(plain):
        raise EvidenceError("key.malformed", "this key is not in normal form: a type, one space and base64")
    return key


@lru_cache(maxsize=1024)
def verifier_of(key: EvidenceKey) -> Verifier:
    """The key loaded, ready to verify; kept, because loading costs more than verifying.

    Raises:
        EvidenceError: as `parse_key`.
    """
    loaded = _load(blob_of(check(key)))
    if (kind := key.partition(" ")[0]) not in RSA_ALGORITHMS:
        return loaded
    if isinstance(loaded.public, rsa.RSAPublicKey) and loaded.public.key_size > MAX_EVIDENCE_RSA:
        raise EvidenceError("key.weak", f"an RSA key that signs evidence has 2048 to {MAX_EVIDENCE_RSA} bits: larger ones take too long to try")
    return loaded._replace(type=kind)


def blob_of(key: EvidenceKey) -> bytes:
    """The wire blob of a key in normal form.

    Raises:
        EvidenceError: ``key.malformed``.
    """
    try:
        return b64.decode(key.partition(" ")[2])
    except ValueError as err:
        raise EvidenceError("key.malformed", f"this is no key in normal form: {err}") from None


def spki_pem(key: EvidenceKey) -> str:
    """The key as PEM SubjectPublicKeyInfo, as openssl reads it.

    Raises:
        EvidenceError: ``key.unsupported`` for an ``sk-`` key, whose signatures openssl cannot check.
    """
    loaded = verifier_of(key)
    if loaded.application:
        raise EvidenceError("key.unsupported", f"a {loaded.type} key has no PEM form that says what it is")
    return loaded.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


def verify_raw(key: PublicKey, message: bytes, signature: bytes) -> None:
    """Check a bare signature of lockgate's own: Ed25519 (64 bytes, RFC 8032) or ECDSA P-256 with SHA-256 (DER, as openssl writes it).

    Raises:
        EvidenceError: ``key.unsupported`` for other kinds of key; else as `verify_evidence`.
    """
    if (kind := key.partition(" ")[0]) not in _OWN:
        raise EvidenceError("key.unsupported", f"a {kind} key makes no bare signatures here: use Ed25519 or ECDSA P-256")
    verify_evidence(key, message, signature)


def verify_evidence(key: EvidenceKey, message: bytes, signature: bytes) -> None:
    """Check a bare signature with the key's one algorithm (`algorithm_of`).

    Raises:
        EvidenceError: ``signature.bad`` where it is not this key's over this message, or not in the one form it has;
            ``key.no-algorithm``, ``key.unsupported`` for a key that has none; else as `parse_key`.
    """
    loaded, algorithm = verifier_of(key), algorithm_of(key)
    if not algorithm:
        algorithm = algorithm_of(with_algorithm(key, ""))
    if not algorithms.fits(loaded.public, signature):
        raise EvidenceError("signature.bad", f"these {len(signature)} bytes are no signature of a {loaded.type} key")
    try:
        algorithms.verify(loaded.public, algorithm, signature, message)
    except ValueError:
        raise EvidenceError("signature.bad", f"this signature is not that {loaded.type} key's over these bytes") from None


def candidates(known: Mapping[str, EvidenceKey], signature: bytes) -> list[str]:
    """The names of the keys whose evidence has this form, which says nothing of what it proves."""
    fitting: dict[tuple[str, int], bool] = {}
    found = []
    for name, key in known.items():
        if (form := _form(key)) not in fitting:
            fitting[form] = bool(form[0]) and algorithms.fits(verifier_of(key).public, signature)
        found += [name] if fitting[form] else []
    return found


@lru_cache(maxsize=4096)
def _form(key: EvidenceKey) -> tuple[str, int]:
    """What the form of a key's evidence depends on: keys that agree in it are asked once. Empty for a key that signs none."""
    algorithm = algorithm_of(key)
    if algorithm not in RSA_ALGORITHMS:
        return algorithm, 0
    public = verifier_of(key).public
    return algorithm, public.key_size if isinstance(public, rsa.RSAPublicKey) else 0


def effort(key: EvidenceKey) -> int:
    """What one try under this key costs, in bytes hashed, besides the message's own."""
    return algorithms.ALGORITHMS[algorithm_of(key)].cost << 16 if algorithm_of(key) else 0


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
