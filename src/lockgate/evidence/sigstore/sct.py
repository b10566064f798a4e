"""Signed certificate timestamps (RFC 6962 section 3.2): the certificate was shown to a certificate transparency log the trusted root names."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes

from lockgate.errors import EvidenceError
from lockgate.evidence.sigstore import key
from lockgate.evidence.sigstore.trust import Log

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.x509.certificate_transparency import SignedCertificateTimestamp

MAX_STAMPS = 8
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def verify(certificate: x509.Certificate, issuer: x509.Certificate, logs: Sequence[Log]) -> tuple[str, ...]:
    """Every stamp of a log that is known verifies, and there is one at least: the hosts of these logs.

    Raises:
        EvidenceError: ``certificate.no-sct``, ``certificate.sct-unknown-log``, ``certificate.sct-forged``.
    """
    from cryptography import x509  # noqa: PLC0415  as in `certificate.load`

    try:
        stamps = list(certificate.extensions.get_extension_for_class(x509.PrecertificateSignedCertificateTimestamps).value)[: MAX_STAMPS + 1]
        times = [stamp.timestamp.replace(tzinfo=UTC) for stamp in stamps]
    except x509.ExtensionNotFound:
        stamps, times = [], []
    except (ValueError, OverflowError):
        raise EvidenceError("certificate.sct-forged", "a signed timestamp in the certificate is of no time before the year 10000") from None
    if not 1 <= len(stamps) <= MAX_STAMPS:
        raise EvidenceError("certificate.no-sct", f"the certificate holds {'too many' if stamps else 'no'} signed timestamps of certificate transparency logs")
    known: list[str] = []
    for stamp, at in zip(stamps, times, strict=True):
        mine = [log for log in logs if log.id == stamp.log_id and log.valid.holds(at)]
        known += [log.host for log in mine]
        for log in mine:
            try:
                _verify_one(stamp, certificate, issuer, log)
            except (ValueError, UnsupportedAlgorithm):
                raise EvidenceError("certificate.sct-forged", f"a signed timestamp in the certificate is not that of {log.host}") from None
    if not known:
        raise EvidenceError("certificate.sct-unknown-log", "the certificate was shown to no certificate transparency log the trusted root names at that time")
    return tuple(dict.fromkeys(known))


def _verify_one(stamp: SignedCertificateTimestamp, certificate: x509.Certificate, issuer: x509.Certificate, log: Log) -> None:
    from cryptography.x509.certificate_transparency import LogEntryType  # noqa: PLC0415  as in `certificate.load`

    if stamp.entry_type != LogEntryType.PRE_CERTIFICATE or not isinstance(stamp.signature_hash_algorithm, hashes.SHA256):
        raise ValueError("it is of a kind that is not used")
    issuer_key = key.loaded_key(issuer.public_key()).id
    body = certificate.tbs_precertificate_bytes
    at = (stamp.timestamp.replace(tzinfo=UTC) - _EPOCH) // timedelta(milliseconds=1)
    signed = b"".join((
        b"\x00\x00", at.to_bytes(8, "big"), b"\x00\x01", issuer_key, len(body).to_bytes(3, "big"), body,
        len(stamp.extension_bytes).to_bytes(2, "big"), stamp.extension_bytes,
    ))  # fmt: skip
    key.verify(log.key, stamp.signature, signed, digest="sha256")
