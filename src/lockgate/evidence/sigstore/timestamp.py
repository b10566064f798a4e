"""RFC 3161 time stamps over a signature, by an authority of the trusted root.

1. the response was granted, and holds a signed TSTInfo (RFC 3161 section 2.4.2);
2. the imprint is the hash of exactly these bytes;
3. the signer is the authority of the trusted root, or a certificate that came along and that authority issued;
4. the signed attributes name the content's type and digest, and the signer's certificate (RFC 5816), and the signature over them verifies;
5. the certificate is for time stamps alone, critically, and its path was valid when the stamp says (RFC 3161 section 2.3);
6. the trusted root counts the authority then, bounds inside.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from lockgate.canon import Noun
from lockgate.errors import EvidenceError
from lockgate.evidence.sigstore import certificate, der, key
from lockgate.evidence.sigstore.fields import Span
from lockgate.evidence.sigstore.trust import Authority

if TYPE_CHECKING:
    from cryptography import x509

MAX_RESPONSE = 64 << 10
_SIGNED_DATA, _TST_INFO = "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4"
_TST_INFO_DER = bytes.fromhex("060b2a864886f70d0109100104")
_CONTENT_TYPE, _MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
_SIGNING_CERTIFICATE, _SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.12", "1.2.840.113549.1.9.16.2.47"
_HASHES = {"2.16.840.1.101.3.4.2.1": "sha256", "2.16.840.1.101.3.4.2.2": "sha384", "2.16.840.1.101.3.4.2.3": "sha512"}
_SIGNATURES = {
    "1.2.840.10045.2.1", "1.2.840.10045.4.3.2", "1.2.840.10045.4.3.3", "1.2.840.10045.4.3.4", "1.3.101.112",
    "1.2.840.113549.1.1.1", "1.2.840.113549.1.1.11", "1.2.840.113549.1.1.12", "1.2.840.113549.1.1.13",
}  # fmt: skip
"""ECDSA, Ed25519 and RSA PKCS#1 v1.5, by any of the names in use; the algorithm is the key's and the digest's, whatever stands here."""
_GENERAL_TIME = re.compile(rb"(\d{14})(?:\.(\d{1,9}))?Z\Z").match
GRANTED = {0, 1}
_ALWAYS = Span()


class _Stamp(Noun, frozen=True, kw_only=True):
    """A response taken apart."""

    info: bytes
    algorithm: str
    imprint: bytes
    at: datetime
    certificates: tuple[bytes, ...]
    digest: str
    attributes: dict[str, bytes]
    to_verify: bytes
    signature: bytes
    serial: int | None


def verify(response: bytes, message: bytes, authorities: Sequence[Authority]) -> datetime:
    """When `message` existed, by a time stamp over it: UTC.

    Raises:
        EvidenceError: ``timestamp.malformed``, ``timestamp.not-granted``, ``timestamp.other-message``, ``timestamp.untrusted`` (by nobody the
            trusted root names), ``timestamp.forged``, ``timestamp.outside-validity`` (of the authority's certificates),
            ``timestamp.outside-trust`` (of the trusted root's word for it).
    """
    stamp = _open(response)
    # 2. The imprint.
    if hashlib.new(stamp.algorithm, message).digest() != stamp.imprint:
        raise EvidenceError("timestamp.other-message", "the time stamp is over other bytes than this signature")
    failed: EvidenceError | None = None
    for authority in authorities:
        for signer in _signers(stamp, authority):
            try:
                return _verified(stamp, signer, authority)
            except EvidenceError as err:
                failed = failed or err
    raise failed or EvidenceError("timestamp.untrusted", "the time stamp was made by nobody the trusted root names")


def _open(response: bytes) -> _Stamp:
    """Step 1."""
    if len(response) > MAX_RESPONSE:
        raise EvidenceError("timestamp.malformed", f"a time stamp has at most {MAX_RESPONSE >> 10} KiB")
    try:
        parts = der.single(response).require(der.SEQUENCE).items()
        if der.integer(parts[0].require(der.SEQUENCE).items()[0]) not in GRANTED:
            raise EvidenceError("timestamp.not-granted", "the time-stamping authority refused")
        return _token(parts[1])
    except (ValueError, IndexError, KeyError):
        raise EvidenceError("timestamp.malformed", "the time stamp cannot be read, or uses what is not supported") from None


def _token(token: der.Element) -> _Stamp:
    kind, content = token.require(der.SEQUENCE).items()
    if der.oid(kind) != _SIGNED_DATA:
        raise ValueError("it is not signed")
    version, hashes, inner, *rest = der.single(content.require(0xA0).value).require(der.SEQUENCE).items()
    inner_kind, wrapped = inner.require(der.SEQUENCE).items()
    if der.oid(inner_kind) != _TST_INFO:
        raise ValueError("it holds no TSTInfo")
    info = der.single(wrapped.require(0xA0).value).require(der.OCTETS).value
    (signer,) = rest[-1].require(der.SET).items()
    certificates = tuple(one.whole for one in rest[0].items()) if rest[0].tag == 0xA0 else ()
    signer_version, sid, digest, attributes, algorithm, signature, *_unsigned = signer.require(der.SEQUENCE).items()
    tst = der.single(info).require(der.SEQUENCE).items()
    hashed, imprint = tst[2].require(der.SEQUENCE).items()
    if der.integer(tst[0]) != 1 or der.integer(version) not in {1, 3} or der.integer(signer_version) not in {1, 3}:
        raise ValueError("it is of another version")
    if not all(der.oid(one.items()[0]) in _HASHES for one in hashes.require(der.SET).items()) or der.oid(algorithm.items()[0]) not in _SIGNATURES:
        raise ValueError("it names algorithms that are not used")
    return _Stamp(
        info=info,
        algorithm=_HASHES[der.oid(hashed.items()[0])],
        imprint=imprint.require(der.OCTETS).value,
        at=_time(tst[4].require(der.TIME).value),
        certificates=certificates[: certificate.MAX_PATH],
        digest=_HASHES[der.oid(digest.require(der.SEQUENCE).items()[0])],
        attributes=_attributes(attributes.require(0xA0)),
        to_verify=b"\x31" + attributes.whole[1:],
        signature=signature.require(der.OCTETS).value,
        serial=der.integer(sid.items()[1]) if sid.tag == der.SEQUENCE else None,
    )


def _attributes(listed: der.Element) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for one in listed.items():
        name, values = one.require(der.SEQUENCE).items()
        if der.oid(name) in found:
            raise ValueError("an attribute stands twice")
        (value,) = values.require(der.SET).items()
        found[der.oid(name)] = value.whole
    return found


def _time(value: bytes) -> datetime:
    match = _GENERAL_TIME(value)
    if match is None:
        raise ValueError("its time is none")
    fraction = timedelta(microseconds=int((match[2] or b"0").ljust(6, b"0")[:6]))
    return datetime.strptime(match[1].decode(), "%Y%m%d%H%M%S").replace(tzinfo=UTC) + fraction


def _signers(stamp: _Stamp, authority: Authority) -> Iterable[x509.Certificate]:
    """Step 3: whoever the signed attribute names, of the authority's own certificates and those that came along."""
    try:
        algorithm, named = _named(stamp)
    except (ValueError, IndexError, KeyError):
        raise EvidenceError("timestamp.malformed", "the time stamp does not name its signer's certificate (RFC 5816)") from None
    for one in dict.fromkeys((*authority.chain, *stamp.certificates)):
        if hashlib.new(algorithm, one, usedforsecurity=algorithm != "sha1").digest() == named:
            yield certificate.load(one)


def _named(stamp: _Stamp) -> tuple[str, bytes]:
    second = stamp.attributes.get(_SIGNING_CERTIFICATE_V2)
    attribute = second or stamp.attributes[_SIGNING_CERTIFICATE]
    first = der.single(attribute).require(der.SEQUENCE).items()[0].require(der.SEQUENCE).items()[0].require(der.SEQUENCE).items()
    if second is None:
        return "sha1", first[0].require(der.OCTETS).value
    if first[0].tag == der.SEQUENCE:
        return _HASHES[der.oid(first[0].items()[0])], first[1].require(der.OCTETS).value
    return "sha256", first[0].require(der.OCTETS).value


def _verified(stamp: _Stamp, signer: x509.Certificate, authority: Authority) -> datetime:
    from cryptography import x509  # noqa: PLC0415  as in `certificate.load`
    from cryptography.x509.oid import ExtendedKeyUsageOID  # noqa: PLC0415

    # 3. A certificate that merely came along is the authority's only where the authority issued it; 5. and all were valid then.
    chain = [certificate.load(one) for one in authority.chain]
    try:
        if signer == chain[-1]:
            raise EvidenceError("certificate.untrusted", "a root signs no time stamps")
        above = certificate.path(signer, [*chain, *map(certificate.load, stamp.certificates)], [Authority(chain=authority.chain, valid=_ALWAYS)], stamp.at)
        certificate.require_purpose(signer, (), ExtendedKeyUsageOID.TIME_STAMPING)
    except EvidenceError as err:
        code = "timestamp.outside-validity" if err.code.endswith("outside-validity") else "timestamp.untrusted"
        raise EvidenceError(code, f"the time-stamping authority: {err.message}") from None
    if stamp.serial not in {None, signer.serial_number}:
        raise EvidenceError("timestamp.untrusted", "the time stamp names two different certificates of its signer")
    purposes = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    if not purposes.critical or len(list(purposes.value)) != 1 or not above:
        raise EvidenceError("timestamp.untrusted", "the authority's certificate is not for time stamps alone (RFC 3161 section 2.3)")
    # 4. What is signed, and the signature.
    digest = stamp.attributes.get(_MESSAGE_DIGEST, b"")
    if stamp.attributes.get(_CONTENT_TYPE) != _TST_INFO_DER or digest != _octets(hashlib.new(stamp.digest, stamp.info).digest()):
        raise EvidenceError("timestamp.forged", "what the time stamp signs is not what it holds")
    try:
        key.verify(key.loaded_key(signer.public_key()), stamp.signature, stamp.to_verify, digest=stamp.digest)
    except ValueError:
        raise EvidenceError("timestamp.forged", "the time stamp's signature is not its authority's") from None
    # 6. The trusted root's own bounds.
    if not authority.valid.holds(stamp.at):
        raise EvidenceError("timestamp.outside-trust", f"the trusted root does not count this authority at {stamp.at:%Y-%m-%d %H:%M:%S} UTC")
    return stamp.at


def _octets(value: bytes) -> bytes:
    return bytes((der.OCTETS, len(value))) + value
