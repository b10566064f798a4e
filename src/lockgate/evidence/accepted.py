"""Which algorithm a signature is made by: its key says it, never the signature. Where a policy lists algorithms, others do not count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lockgate.core.identity import EvidenceKey, Fingerprint
from lockgate.core.signers import Accepts
from lockgate.errors import EvidenceError
from lockgate.evidence import b64
from lockgate.evidence.sigstore import bundle, certificate, key


def of_certificate(der: bytes) -> str:
    """Of the key in a certificate, by its name in `ALGORITHMS`. Raises EvidenceError ``certificate.malformed``, ``key.unsupported``, ``key.weak``."""
    return key.loaded_key(certificate.load(der).public_key()).algorithm


def require(accepts: Accepts, algorithms: Sequence[str]) -> list[int]:
    """The places of those that count, one at least. Raises EvidenceError ``evidence.algorithm-not-accepted``."""
    counted = [place for place, one in enumerate(algorithms) if not accepts.algorithms or one in accepts.algorithms]
    if not counted:
        raise EvidenceError("evidence.algorithm-not-accepted", f"this is signed by {', '.join(sorted(set(algorithms)))}, which the policy does not count")
    return counted


def require_own_key(der: bytes, known: Mapping[Fingerprint, EvidenceKey]) -> None:
    """A certificate whose signature no known key made is not for a known key either: an RSA key signs by the algorithm the policy names, or not at all.

    Raises:
        EvidenceError: ``evidence.algorithm-not-accepted``: it would be a second signer besides that key. ``certificate.malformed``.
    """
    hint = b64.encode(key.loaded_key(certificate.load(der).public_key()).id)
    if any(bundle.hint_of(one) == hint for one in known.values()):
        raise EvidenceError("evidence.algorithm-not-accepted", "the certificate is for a key of the policy, which signs by another algorithm there")
