"""Who a Fulcio certificate says signed (Fulcio's certificate specification and OID information, arc 1.3.6.1.4.1.57264.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lockgate.canon import Noun
from lockgate.errors import EvidenceError
from lockgate.evidence.sigstore import certificate, der

if TYPE_CHECKING:
    from cryptography import x509

MAX_TEXT = 1000
_ARC = "1.3.6.1.4.1.57264.1."
_OTHER_NAME = _ARC + "7"
_UTF8 = 0x0C

EXTENSIONS = {
    9: "build-signer-uri",
    10: "build-signer-digest",
    11: "runner-environment",
    12: "source-repository-uri",
    13: "source-repository-digest",
    14: "source-repository-ref",
    15: "source-repository-identifier",
    16: "source-repository-owner-uri",
    17: "source-repository-owner-identifier",
    18: "build-config-uri",
    19: "build-config-digest",
    20: "build-trigger",
    21: "run-invocation-uri",
    22: "source-repository-visibility",
    23: "deployment-environment",
    24: "token-subject",
}
"""The last number of the OID -> its name here; values are DER UTF8Strings."""

_OLD = {2: "build-trigger", 3: "source-repository-digest", 4: "workflow-name", 5: "repository", 6: "source-repository-ref"}
"""GitHub's first extensions: raw text. They are taken where the newer one is not there."""


class Identity(Noun, frozen=True, kw_only=True):
    """Whom a certificate authority vouched for.

    Attributes:
        subject: the certificate's one subject alternative name: an e-mail address, a URI, or another name.
        issuer: who authenticated it (an OpenID Connect issuer).
        claims: what else the certificate says, by the names of `EXTENSIONS`; of a build, where its source is and what triggered it.
    """

    subject: str
    issuer: str
    claims: dict[str, str]


def read(leaf: bytes) -> Identity:
    """The identity in a verified certificate, DER.

    Raises:
        EvidenceError: ``certificate.no-identity``: no issuer, or not exactly one name; ``certificate.malformed``.
    """
    from cryptography import x509  # noqa: PLC0415  as in `certificate.load`

    found = certificate.load(leaf)
    values = {one.oid.dotted_string: one.value.value for one in found.extensions if isinstance(one.value, x509.UnrecognizedExtension)}
    try:
        claims = {name: _text(values[f"{_ARC}{last}"]) for last, name in _OLD.items() if f"{_ARC}{last}" in values}
        claims |= {name: _string(values[f"{_ARC}{last}"]) for last, name in EXTENSIONS.items() if f"{_ARC}{last}" in values}
        issuer = _string(values[_ARC + "8"]) if _ARC + "8" in values else _text(values.get(_ARC + "1", b""))
        subject = _subject(found)
    except ValueError as err:
        raise EvidenceError("certificate.malformed", f"what the certificate says of its holder cannot be read: {err}") from None
    if not subject or not issuer:
        raise EvidenceError("certificate.no-identity", "the certificate does not name one identity and who authenticated it")
    return Identity(subject=subject, issuer=issuer, claims=dict(sorted(claims.items())))


def _subject(found: x509.Certificate) -> str:
    from cryptography import x509  # noqa: PLC0415  as in `certificate.load`

    try:
        names = list(found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except x509.ExtensionNotFound:
        return ""
    if len(names) != 1:
        return ""
    match names[0]:
        case x509.RFC822Name(value=value) | x509.UniformResourceIdentifier(value=value):
            return _text(value.encode())
        case x509.OtherName(type_id=type_id, value=value) if type_id.dotted_string == _OTHER_NAME:
            return _string(value)
        case _:
            return ""


def _string(value: bytes) -> str:
    return _text(der.single(value).require(_UTF8).value)


def _text(value: bytes) -> str:
    text = value.decode("utf-8")
    if len(text) > MAX_TEXT or (text and not text.isprintable()):
        raise ValueError("a text is too long, or not printable")
    return text
