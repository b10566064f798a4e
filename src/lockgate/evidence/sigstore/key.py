"""Public keys as Sigstore has them: SPKI, with the one algorithm that goes with each (`evidence.algorithms`).

It follows from the key (algorithm registry of the Sigstore protobuf specifications); of an RSA key the trusted root or whoever
gives the key says whether it signs PKCS#1 v1.5, as is usual, or PSS.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key, load_pem_public_key

from lockgate.canon import Noun
from lockgate.core.identity import EvidenceKey
from lockgate.errors import EvidenceError
from lockgate.evidence import algorithms, keys

MAX_KEY = 16_384
RSA = "rsa-pkcs1-sha256"
"""What an RSA key verifies with where nobody says otherwise: Sigstore's only one without PSS in its name."""


class Key(Noun, frozen=True, kw_only=True):
    """A public key to verify with.

    Attributes:
        spki: its SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7), DER.
        algorithm: by its name in `algorithms.ALGORITHMS`.
    """

    spki: bytes
    algorithm: str

    @property
    def id(self) -> bytes:
        """SHA-256 of the SubjectPublicKeyInfo, 32 bytes: the log id of RFC 6962 section 3.2."""
        return sha256(self.spki).digest()

    @property
    def prehash(self) -> str:
        """The hash a signature of this key is made over: ``sha256``, ``sha384`` or ``sha512``; empty where the key signs the bytes themselves."""
        return algorithms.ALGORITHMS[self.algorithm].hash


def key_of(data: bytes, *, rsa: str = RSA) -> Key:
    """A key from PEM or DER (SubjectPublicKeyInfo, or the PKCS#1 form of an RSA key).

    Args:
        data: the key. rsa: the algorithm, where it is an RSA key.

    Raises:
        EvidenceError: ``key.malformed``, ``key.unsupported`` or ``key.weak``.
    """
    if len(data) > MAX_KEY:
        raise EvidenceError("key.malformed", f"a public key has at most {MAX_KEY} bytes")
    try:
        loaded = load_pem_public_key(data) if data.lstrip().startswith(b"-----BEGIN") else load_der_public_key(data)
    except (ValueError, UnsupportedAlgorithm):
        raise EvidenceError("key.malformed", "this is no public key in PEM or DER") from None
    return loaded_key(loaded, rsa=rsa)


def named_key(key: EvidenceKey) -> Key:
    """A key that a policy or the command line names. Raises EvidenceError ``key.no-algorithm``, ``key.unsupported``, or as `keys.parse_key`."""
    named = keys.with_algorithm(key, "")
    spki = keys.verifier_of(named).public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return Key(spki=spki, algorithm=keys.algorithm_of(named))


def loaded_key(loaded: object, *, rsa: str = RSA) -> Key:
    """The key of a certificate, or of `key_of`. Raises EvidenceError ``key.unsupported``, ``key.weak``."""
    strong = algorithms.require_strong(loaded)
    return Key(spki=strong.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo), algorithm=algorithms.of(strong) or rsa)


def verify(key: Key, signature: bytes, message: bytes, *, digest: str = "") -> None:
    """Check a signature over `message`.

    Args:
        key, signature: ECDSA signatures are DER (RFC 3279 section 2.2.3).
        message: the bytes.
        digest: where another format names the hash (an SCT, a time stamp): ``sha256``, ``sha384`` or ``sha512``; empty for the key's own.

    Raises:
        ValueError: it is not this key's signature over these bytes.
    """
    algorithms.verify(_load(key.spki), key.algorithm, signature, message, digest=digest)


def verify_digest(key: Key, signature: bytes, digest: bytes) -> None:
    """Check a signature over bytes of which only the digest, by the key's own hash, is known.

    Raises:
        ValueError: it is not this key's, or the key signs no digests.
    """
    algorithms.verify(_load(key.spki), key.algorithm, signature, digest, prehashed=True)


@lru_cache(maxsize=64)
def _load(spki: bytes) -> algorithms.Loaded:
    return algorithms.require_strong(load_der_public_key(spki))
