"""The trusted root (protobuf-specs ``TrustedRoot`` and ``ClientTrustConfig``): whom Sigstore bundles are believed from, and when.

It is read whole or not at all. An authority or log that this release could not verify with (another hash, another kind of key) is left
out by name, so that what it signed is ``unknown`` and refused, and the others stay usable.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from lockgate import canon
from lockgate.canon import Noun
from lockgate.core.signers import RootText
from lockgate.errors import EvidenceError
from lockgate.evidence import foreign
from lockgate.evidence.sigstore import fields
from lockgate.evidence.sigstore.fields import Span
from lockgate.evidence.sigstore.key import RSA, Key, key_of

MAX_ROOT = 1 << 20
MAX_KEPT = 65_536
MAX_EACH = 64
ROOTS = frozenset({f"application/vnd.dev.sigstore.trustedroot{form}" for form in ("+json;version=0.1", "+json;version=0.2", ".v0.1+json", ".v0.2+json")})
CONFIGS = frozenset({"application/vnd.dev.sigstore.clienttrustconfig.v0.1+json", "application/vnd.dev.sigstore.clienttrustconfig+json;version=0.1"})

T = TypeVar("T")


class Log(Noun, frozen=True, kw_only=True):
    """A transparency log (Rekor) or certificate transparency log.

    Attributes:
        host: of its base URL, with the port where it has one. origin: the base URL without its scheme.
        id: how entries or SCTs name it: 4 to 32 bytes. hint: how signature lines of checkpoints do: 4 bytes.
        key, valid: its key, and when that counts.
    """

    host: str
    origin: str
    id: bytes
    hint: bytes
    key: Key
    valid: Span


class Authority(Noun, frozen=True, kw_only=True):
    """A certificate authority (Fulcio) or time-stamping authority.

    Attributes:
        chain: certificates in DER, the nearest to what it signs first, its root last.
        valid: when it counts.
    """

    chain: tuple[bytes, ...]
    valid: Span


class TrustedRoot(Noun, frozen=True, kw_only=True):
    """Whom to believe."""

    logs: tuple[Log, ...]
    authorities: tuple[Authority, ...]
    certificate_logs: tuple[Log, ...]
    time_stampers: tuple[Authority, ...]


def parse(data: bytes) -> TrustedRoot:
    """Read a trusted root, alone or within a ClientTrustConfig.

    Raises:
        EvidenceError: ``trusted-root.malformed``, ``trusted-root.unknown-version``, or `canon.parse_foreign`'s codes.
    """
    try:
        document = foreign.mapping(canon.parse_foreign(data, max_bytes=MAX_ROOT, what="trusted root"), "it")
        kind = foreign.text(document, "mediaType")
        if kind in CONFIGS:
            document = foreign.within(document, "trustedRoot")
            kind = foreign.text(document, "mediaType")
        if kind not in ROOTS:
            raise EvidenceError("trusted-root.unknown-version", f"{kind[:80]!r} is no trusted root that is read")
        return TrustedRoot(
            logs=_each(document, "tlogs", _log),
            authorities=_each(document, "certificateAuthorities", _authority),
            certificate_logs=_each(document, "ctlogs", _log),
            time_stampers=_each(document, "timestampAuthorities", _authority),
        )
    except ValueError as err:
        raise EvidenceError("trusted-root.malformed", f"this is no trusted root of Sigstore's: {err}") from None


def kept(data: bytes) -> RootText:
    """A trusted root as a policy keeps it.

    Raises:
        EvidenceError: as `parse`; ``trusted-root.malformed`` where it is larger than is kept, or believes nobody.
    """
    read_root = parse(data)
    document = foreign.mapping(canon.parse_foreign(data, max_bytes=MAX_ROOT, what="trusted root"), "it")
    inner = document["trustedRoot"] if document["mediaType"] in CONFIGS else document
    text = canon.encode(inner).decode()
    if len(text) > MAX_KEPT:
        raise EvidenceError("trusted-root.malformed", f"this trusted root has {len(text)} characters; a policy keeps at most {MAX_KEPT}")
    if not read_root.authorities:
        raise EvidenceError("trusted-root.malformed", "this trusted root names no certificate authority: nobody's certificate could be believed by it")
    return text


def _each(document: dict[str, Any], name: str, read: Callable[[dict[str, Any]], T | None]) -> tuple[T, ...]:
    listed = foreign.items(document, name)
    if len(listed) > MAX_EACH:
        raise ValueError(f"it has {len(listed)} {name}; at most {MAX_EACH} are read")
    found = (read(foreign.mapping(one, f"one of {name}")) for one in listed)
    return tuple(one for one in found if one is not None)


def _log(one: dict[str, Any]) -> Log | None:
    public = foreign.within(one, "publicKey")
    details = foreign.optional_text(public, "keyDetails")
    whole, short = foreign.within(one, "logId"), foreign.within(one, "checkpointKeyId")  # one of them may be missing
    origin = foreign.text(one, "baseUrl").rpartition("://")[2].rstrip("/")
    id_, hint = fields.raw(whole or short, "keyId"), fields.raw(short or whole, "keyId")
    bytes_, valid = fields.raw(public, "rawBytes"), fields.span(public, "validFor")
    if not (4 <= len(id_) <= 32 and 4 <= len(hint) <= 32):
        raise ValueError("a log's keyId has 4 to 32 bytes")
    if foreign.optional_text(one, "hashAlgorithm") not in {"", "SHA2_256"}:
        return None  # of its tree
    try:
        key = key_of(bytes_, rsa="rsa-pss-sha256" if "PSS" in details else RSA)
    except EvidenceError as err:
        if err.code != "key.malformed":
            return None
        raise ValueError("a log's public key is none") from None
    return Log(host=origin.partition("/")[0], origin=origin, id=id_, hint=hint[:4], key=key, valid=valid)


def _authority(one: dict[str, Any]) -> Authority:
    listed = foreign.items(foreign.within(one, "certChain"), "certificates")
    if not 1 <= len(listed) <= 8:
        raise ValueError("an authority has a chain of 1 to 8 certificates")
    return Authority(chain=tuple(fields.raw(foreign.mapping(each, "a certificate"), "rawBytes") for each in listed), valid=fields.span(one, "validFor"))
