"""How public keys verify: the one table of algorithms, for whatever format a signature stands in.

    ed25519                       the bytes themselves (RFC 8032 section 5.1.7)
    ecdsa-p256  -p384  -p521      SHA-256, SHA-384, SHA-512 of them; r and s in DER (RFC 3279 section 2.2.3)
    rsa-pkcs1-sha256  …384  …512  RSASSA-PKCS1-v1_5 (RFC 8017 section 8.2)
    rsa-pss-sha256  …384  …512    RSASSA-PSS (section 8.1), MGF1 with the same hash, the salt as long as the hash

Which one a signature has is never read from it, and never tried out: an Ed25519 or ECDSA key has one, and beside an RSA key its name stands.
"""

from __future__ import annotations

from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature, encode_dss_signature

from lockgate.errors import EvidenceError

Loaded = ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey | rsa.RSAPublicKey

MIN_RSA, MAX_RSA = 2048, 8192
"""The sizes of RSA keys that verify at all, bits."""


class Algorithm(NamedTuple):
    """One row.

    Attributes:
        hash: ``sha256``, ``sha384`` or ``sha512``; empty where the bytes themselves are signed.
        cost: of one try, in tries of Ed25519 (some 80 µs); for RSA with the largest exponent that is read.
    """

    hash: str
    cost: int


ALGORITHMS: dict[str, Algorithm] = {
    "ed25519": Algorithm("", 1),
    "ecdsa-p256": Algorithm("sha256", 1),
    "ecdsa-p384": Algorithm("sha384", 4),
    "ecdsa-p521": Algorithm("sha512", 5),
    **{f"rsa-{padded}-{name}": Algorithm(name, 2) for padded in ("pkcs1", "pss") for name in ("sha256", "sha384", "sha512")},
}
_CURVES = {"secp256r1": "ecdsa-p256", "secp384r1": "ecdsa-p384", "secp521r1": "ecdsa-p521"}
_HASHES: dict[str, hashes.HashAlgorithm] = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}


def of(public: Loaded) -> str:
    """The one algorithm this key verifies with; empty for an RSA key, which does not say.

    Raises:
        EvidenceError: ``key.unsupported``, for another curve.
    """
    if isinstance(public, ed25519.Ed25519PublicKey):
        return "ed25519"
    if isinstance(public, rsa.RSAPublicKey):
        return ""
    if public.curve.name not in _CURVES:
        raise EvidenceError("key.unsupported", f"keys on the curve {public.curve.name} are not used")
    return _CURVES[public.curve.name]


def require_strong(public: object) -> Loaded:
    """The key, where it is of a kind that is known and nobody else can sign under it.

    Raises:
        EvidenceError: ``key.unsupported``; ``key.weak`` for RSA below 2048 or above 8192 bits or with an exponent that is even or below
            3, and for curves below 256 bits.
    """
    if not isinstance(public, ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
        raise EvidenceError("key.unsupported", "the key is none of ECDSA, Ed25519 and RSA")
    if isinstance(public, ec.EllipticCurvePublicKey) and public.curve.key_size < 256:
        raise EvidenceError("key.weak", f"a key on the curve {public.curve.name} can be broken: use P-256 or Ed25519")
    if isinstance(public, rsa.RSAPublicKey):
        numbers = public.public_numbers()
        if not (MIN_RSA <= public.key_size <= MAX_RSA and 3 <= numbers.e < 2**32 and numbers.e & numbers.n & 1):
            raise EvidenceError("key.weak", f"an RSA key has {MIN_RSA} to {MAX_RSA} bits and an odd public exponent of 3 or more")
    else:
        of(public)
    return public


def fits(public: Loaded, signature: bytes) -> bool:
    """Whether these bytes have the one form of a signature by this key; says nothing of what they prove."""
    if isinstance(public, ed25519.Ed25519PublicKey):
        return len(signature) == 64
    if isinstance(public, rsa.RSAPublicKey):
        return len(signature) == (public.key_size + 7) // 8
    try:
        r, s = decode_dss_signature(signature)
    except ValueError:
        return False
    return min(r, s) > 0 and max(r, s).bit_length() <= public.curve.key_size and encode_dss_signature(r, s) == signature


def verify(public: Loaded, algorithm: str, signature: bytes, message: bytes, *, digest: str = "", prehashed: bool = False) -> None:
    """Check a signature.

    Args:
        public, algorithm: the key, and how it verifies.
        signature: ECDSA in DER.
        message: the bytes, or only their digest.
        digest: where a format names the hash apart from the key (an SCT, a time stamp); empty for the algorithm's own.
        prehashed: whether `message` is the digest.

    Raises:
        ValueError: it is not this key's signature over these bytes.
    """
    name = digest or ALGORITHMS[algorithm].hash
    try:
        if isinstance(public, ed25519.Ed25519PublicKey):
            if prehashed:
                raise ValueError("this key signs no digests")
            public.verify(signature, message)
            return
        if prehashed and len(message) != _HASHES[name].digest_size:
            raise ValueError("this key signs another digest")
        hashed = Prehashed(_HASHES[name]) if prehashed else _HASHES[name]
        if isinstance(public, ec.EllipticCurvePublicKey):
            public.verify(signature, message, ec.ECDSA(hashed))
        else:
            pss = padding.PSS(mgf=padding.MGF1(_HASHES[name]), salt_length=padding.PSS.DIGEST_LENGTH)
            public.verify(signature, message, pss if algorithm.startswith("rsa-pss-") else padding.PKCS1v15(), hashed)
    except InvalidSignature:
        raise ValueError("the signature does not fit") from None
