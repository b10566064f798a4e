"""X.509 paths, as Sigstore has them (Fulcio's certificate profile; RFC 5280 section 6.1 where it applies): a leaf, and up to an authority of the trusted root.

Every certificate of the path is valid at the time in question, bounds inside; authorities may sign certificates, and for this purpose; a critical
extension that is not understood refuses. Names are not constrained otherwise: identities are compared by policy.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from lockgate.errors import EvidenceError
from lockgate.evidence import algorithms
from lockgate.evidence.sigstore.trust import Authority

if TYPE_CHECKING:
    from cryptography import x509

MAX_PATH, MAX_TRIES = 8, 16
_KNOWN_CRITICAL = {"2.5.29.19", "2.5.29.15", "2.5.29.37", "2.5.29.17"}
"""Basic constraints, key usage, extended key usage and subject alternative name."""


@lru_cache(maxsize=64)
def load(der: bytes) -> x509.Certificate:
    """A certificate. Raises EvidenceError ``certificate.malformed``: also where an extension or its key cannot be read."""
    from cryptography import x509  # noqa: PLC0415  a tenth of a start that only certificates wait for

    try:
        found = x509.load_der_x509_certificate(der)
        # These are parsed only now: what cannot be read is found here, and nowhere later.
        _ = (list(found.extensions), found.public_key(), found.issuer, found.subject, found.not_valid_before_utc, found.not_valid_after_utc)
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion, x509.UnsupportedGeneralNameType, x509.DuplicateExtension):
        raise EvidenceError("certificate.malformed", "a certificate cannot be read") from None
    return found


def is_root(certificate: x509.Certificate) -> bool:
    """Whether it is a certificate authority that is its own issuer."""
    return certificate.subject == certificate.issuer and _is_authority(certificate)


def path(leaf: x509.Certificate, between: Sequence[x509.Certificate], authorities: Sequence[Authority], at: datetime) -> tuple[x509.Certificate, ...]:
    """The authorities above `leaf` at that time, its issuer first, up to the last of a trusted chain.

    Args:
        leaf: what is to be believed.
        between: certificates that came with it, which may stand in between.
        authorities: the trusted ones.
        at: when; those not valid then are not looked at.

    Raises:
        EvidenceError: ``certificate.outside-validity`` where it was not valid then; ``certificate.authority-outside-validity`` where whoever
            issued it was not; ``certificate.untrusted`` where nobody trusted did.
    """
    if not _valid(leaf, at):
        raise EvidenceError("certificate.outside-validity", f"the certificate is not valid at {at:%Y-%m-%d %H:%M:%S} UTC, when it was used")
    late = False
    for authority in authorities:
        found = _climb(leaf, between, [load(der) for der in authority.chain])
        if found is None:
            continue
        if authority.valid.holds(at) and all(_valid(one, at) for one in found):
            return found
        late = True
    if late:
        raise EvidenceError("certificate.authority-outside-validity", f"whoever issued the certificate was not trusted at {at:%Y-%m-%d %H:%M:%S} UTC")
    raise EvidenceError("certificate.untrusted", "the certificate was issued by nobody the trusted root names")


def _climb(leaf: x509.Certificate, between: Sequence[x509.Certificate], chain: Sequence[x509.Certificate]) -> tuple[x509.Certificate, ...] | None:
    """Issuers from `leaf` up to the last of `chain`; None where there are none. Each step takes the first that signed.

    There are few in an honest chain: one that needs more tries than `MAX_TRIES` was made to need them, and leads nowhere.
    """
    found: list[x509.Certificate] = []
    below, anchor, tries = leaf, chain[-1], 0
    while len(found) < MAX_PATH:
        for above in (anchor, *chain[:-1], *between):
            if above in found or above == below or below.issuer != above.subject or not _is_authority(above, len(found)):
                continue
            tries += 1
            if tries > MAX_TRIES:
                return None
            if _signed_once(below, above) if below in chain and above in chain else _signed(below, above):
                break
        else:
            return None
        found.append(above)
        if above == anchor:
            return tuple(found)
        below = above
    return None


def _signed(below: x509.Certificate, above: x509.Certificate) -> bool:
    try:
        algorithms.require_strong(above.public_key())
        below.verify_directly_issued_by(above)
    except (EvidenceError, ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


_signed_once = lru_cache(maxsize=64)(_signed)
"""Within a trusted root the same few certificates are compared for every bundle."""


def _is_authority(certificate: x509.Certificate, depth: int = 0) -> bool:
    from cryptography import x509  # noqa: PLC0415  as in `load`

    extensions = certificate.extensions
    try:
        constraints = extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        return False
    if not constraints.ca or (constraints.path_length is not None and constraints.path_length < depth) or unknown_critical(certificate):
        return False
    try:
        return extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    except x509.ExtensionNotFound:
        return False


def unknown_critical(certificate: x509.Certificate) -> bool:
    """Whether it has a critical extension that is not understood here."""
    return any(one.critical and one.oid.dotted_string not in _KNOWN_CRITICAL for one in certificate.extensions)


def require_purpose(certificate: x509.Certificate, above: Sequence[x509.Certificate], purpose: x509.ObjectIdentifier) -> None:
    """The leaf is for this purpose, signs digitally, and is no authority; none above it is for other purposes only.

    Raises:
        EvidenceError: ``certificate.not-for-signing``.
    """
    from cryptography import x509  # noqa: PLC0415  as in `load`

    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
        purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        raise EvidenceError("certificate.not-for-signing", "the certificate does not say what it is for") from None
    limited = [one for one in above if not _allows(one, purpose)]
    authority = any(isinstance(one.value, x509.BasicConstraints) and one.value.ca for one in certificate.extensions)
    if not usage.digital_signature or purpose not in purposes or authority or limited or unknown_critical(certificate):
        raise EvidenceError("certificate.not-for-signing", "the certificate, or one above it, is not for signing this kind of thing")


def _allows(authority: x509.Certificate, purpose: x509.ObjectIdentifier) -> bool:
    from cryptography import x509  # noqa: PLC0415  as in `load`
    from cryptography.x509.oid import ExtendedKeyUsageOID  # noqa: PLC0415

    try:
        purposes = authority.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return purpose in purposes or ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE in purposes


def _valid(certificate: x509.Certificate, at: datetime) -> bool:
    """Both bounds are inside (RFC 5280 section 4.1.2.5), in whole seconds as they are written."""
    return certificate.not_valid_before_utc <= at and at.replace(microsecond=0) <= certificate.not_valid_after_utc
