"""Public keys as Sigstore has them: SPKI, with the one hash and padding that goes with each kind of key.

Which algorithm a signature has is never read from the signature: it follows from the key (algorithm registry of the Sigstore
protobuf specifications). ECDSA on P-256, P-384, P-521 hashes with SHA-256, SHA-384, SHA-512; RSA is PKCS#1 v1.5 or PSS with SHA-256.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key, load_pem_public_key

from lockgate.canon import Noun
from lockgate.errors import EvidenceError

MAX_KEY = 16_384

Loaded = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey

_CURVES = {"secp256r1": hashes.SHA256(), "secp384r1": hashes.SHA384(), "secp521r1": hashes.SHA512()}
MIN_RSA, MAX_RSA = 2048, 8192


class Key(Noun, frozen=True, kw_only=True):
    """A public key to verify with.

    Attributes:
        spki: its SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7), DER.
        pss: of an RSA key, whether its signatures are PSS.
    """

    spki: bytes
    pss: bool = False

    @property
    def id(self) -> bytes:
        """SHA-256 of the SubjectPublicKeyInfo, 32 bytes: the log id of RFC 6962 section 3.2."""
        return sha256(self.spki).digest()

    @property
    def is_rsa(self) -> bool:
        """Whether it is an RSA key."""
        return isinstance(_load(self.spki), rsa.RSAPublicKey)

    @property
    def prehash(self) -> str:
        """The hash a signature of this key is made over: ``sha256``, ``sha384`` or ``sha512``; empty where the key signs the bytes themselves."""
        loaded = _load(self.spki)
        if isinstance(loaded, ed25519.Ed25519PublicKey):
            return ""
        return _CURVES[loaded.curve.name].name if isinstance(loaded, ec.EllipticCurvePublicKey) else "sha256"


def key_of(data: bytes, *, pss: bool = False) -> Key:
    """A key from PEM or DER (SubjectPublicKeyInfo, or the PKCS#1 form of an RSA key).

    Raises:
        EvidenceError: ``key.malformed``, ``key.unsupported`` or ``key.weak``.
    """
    if len(data) > MAX_KEY:
        raise EvidenceError("key.malformed", f"a public key has at most {MAX_KEY} bytes")
    try:
        loaded = load_pem_public_key(data) if data.lstrip().startswith(b"-----BEGIN") else load_der_public_key(data)
    except (ValueError, UnsupportedAlgorithm):
        raise EvidenceError("key.malformed", "this is no public key in PEM or DER") from None
    return loaded_key(loaded, pss=pss)


def loaded_key(loaded: object, *, pss: bool = False) -> Key:
    """The key of a certificate, or of `key_of`. Raises EvidenceError ``key.unsupported``, ``key.weak``."""
    if isinstance(loaded, ec.EllipticCurvePublicKey) and loaded.curve.name not in _CURVES:
        raise EvidenceError("key.unsupported", f"keys on the curve {loaded.curve.name} are not used")
    if not isinstance(loaded, ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey):
        raise EvidenceError("key.unsupported", "the key is none of ECDSA, Ed25519 and RSA")
    if isinstance(loaded, rsa.RSAPublicKey) and not (MIN_RSA <= loaded.key_size <= MAX_RSA and loaded.public_numbers().e > 2):
        raise EvidenceError("key.weak", f"an RSA key has {MIN_RSA} to {MAX_RSA} bits")
    return Key(spki=loaded.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo), pss=pss)


def verify(key: Key, signature: bytes, message: bytes, *, digest: str = "") -> None:
    """Check a signature over `message`.

    Args:
        key, signature: ECDSA signatures are DER (RFC 3279 section 2.2.3).
        message: the bytes.
        digest: where another format names the hash (an SCT, a time stamp): ``sha256``, ``sha384`` or ``sha512``; empty for the key's own.

    Raises:
        ValueError: it is not this key's signature over these bytes.
    """
    _verify(key, signature, message, _hash(digest or key.prehash))


def verify_digest(key: Key, signature: bytes, digest: bytes) -> None:
    """Check a signature over bytes of which only the digest, by the key's own hash, is known.

    Raises:
        ValueError: it is not this key's, or the key signs no digests.
    """
    algorithm = _hash(key.prehash)
    if algorithm is None or len(digest) != algorithm.digest_size:
        raise ValueError("this key signs another digest, or none")
    _verify(key, signature, digest, Prehashed(algorithm))


def _verify(key: Key, signature: bytes, message: bytes, algorithm: hashes.HashAlgorithm | Prehashed | None) -> None:
    loaded = _load(key.spki)
    try:
        if isinstance(loaded, ed25519.Ed25519PublicKey):
            loaded.verify(signature, message)
        elif algorithm is None:
            raise ValueError("no hash is named")
        elif isinstance(loaded, ec.EllipticCurvePublicKey):
            loaded.verify(signature, message, ec.ECDSA(algorithm))
        else:
            salt = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=padding.PSS.DIGEST_LENGTH)
            loaded.verify(signature, message, salt if key.pss else padding.PKCS1v15(), algorithm)
    except InvalidSignature:
        raise ValueError("the signature does not fit") from None


def _hash(name: str) -> hashes.HashAlgorithm | None:
    return next((algorithm for algorithm in _CURVES.values() if algorithm.name == name), None)


@lru_cache(maxsize=64)
def _load(spki: bytes) -> Loaded:
    loaded = load_der_public_key(spki)
    if not isinstance(loaded, ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey):
        raise EvidenceError("key.unsupported", "the key is none of ECDSA, Ed25519 and RSA")
    return loaded
