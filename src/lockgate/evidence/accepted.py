"""Which algorithm a signature is made by: its key's kind says it, never the signature. Where a policy lists algorithms, others do not count."""

from __future__ import annotations

from collections.abc import Sequence

from lockgate.core.identity import PublicKey
from lockgate.core.signers import Accepts, Algorithm
from lockgate.errors import EvidenceError
from lockgate.evidence.sigstore import certificate, key

_OF_TYPE: dict[str, Algorithm] = {
    "ssh-ed25519": "ed25519",
    "ecdsa-sha2-nistp256": "ecdsa-p256",
    "ecdsa-sha2-nistp384": "ecdsa-p384",
    "ecdsa-sha2-nistp521": "ecdsa-p521",
}
_OF_HASH: dict[str, Algorithm] = {"sha256": "ecdsa-p256", "sha384": "ecdsa-p384", "sha512": "ecdsa-p521", "": "ed25519"}


def of_key(public: PublicKey) -> Algorithm | None:
    """Of a policy's key; None for one that signs no evidence."""
    return _OF_TYPE.get(public.partition(" ")[0])


def of_certificate(der: bytes) -> Algorithm:
    """Of the key in a certificate. Raises EvidenceError ``certificate.malformed``, ``key.unsupported``, ``key.weak``."""
    found = key.loaded_key(certificate.load(der).public_key())
    return "rsa-pkcs1-sha256" if found.is_rsa else _OF_HASH[found.prehash]


def require(accepts: Accepts, algorithms: Sequence[Algorithm | None]) -> list[int]:
    """The places of those that count, one at least. Raises EvidenceError ``evidence.algorithm-not-accepted``."""
    counted = [place for place, one in enumerate(algorithms) if not accepts.algorithms or one in accepts.algorithms]
    if not counted:
        raise EvidenceError(
            "evidence.algorithm-not-accepted",
            f"this is signed by {', '.join(sorted({one or 'another' for one in algorithms}))}, which the policy does not count",
        )
    return counted
