"""Sigstore bundles v0.1, v0.2 and v0.3 (protobuf-specs ``Bundle``) taken apart; nothing in them is believed here.

`read` takes what was signed, and by what kind of signer: all that matters where a key signed that is known. `material` takes the rest, certificates, log
entry and time stamps, and `parse` both. As protobuf's own readers have it (ProtoJSON), a field that is none of a bundle's is refused.

What each version asks for is checked while reading: v0.1 an inclusion promise, v0.2 and later an inclusion proof (that it has a checkpoint,
`rekor.included` asks), v0.3 one certificate instead of a chain. A chain holds no root: roots come from the trusted root alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lockgate import canon
from lockgate.canon import Noun
from lockgate.core.identity import EvidenceKey
from lockgate.errors import EvidenceError
from lockgate.evidence import b64, foreign, keys, large_json
from lockgate.evidence.sigstore import fields

MAX_BUNDLE = 3 << 20
"""Bytes: what JSON can make of them fits in a hundred megabytes."""
MAX_TIME_STAMPS = 32
MAX_HASHES = 64
MAX_CHAIN = 8
MAX_CERTIFICATE = 64 << 10

MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
VERSIONS = {
    "application/vnd.dev.sigstore.bundle+json;version=0.1": 1,
    "application/vnd.dev.sigstore.bundle+json;version=0.2": 2,
    "application/vnd.dev.sigstore.bundle+json;version=0.3": 3,
    MEDIA_TYPE: 3,
}

_CONTENT = ("messageSignature", "dsseEnvelope")
_SIGNERS = ("certificate", "x509CertificateChain", "publicKey")


class Proof(Noun, frozen=True, kw_only=True):
    """An inclusion proof (RFC 9162 section 2.1.3) and the signed checkpoint of its tree; the checkpoint may be empty in v0.1."""

    index: int
    size: int
    root: bytes
    hashes: tuple[bytes, ...]
    checkpoint: str


class Entry(Noun, frozen=True, kw_only=True):
    """An entry of a transparency log.

    Attributes:
        kind, version: such as ``hashedrekord`` and ``0.0.1``.
        index: in the whole log. log: the log's id.
        integrated: seconds since 1970, as the log says; 0 where it says none. promise: its signature over that; empty for none.
        body: what was logged.
    """

    kind: str
    version: str
    index: int
    log: bytes
    integrated: int
    promise: bytes
    proof: Proof | None
    body: bytes


class Signed(Noun, frozen=True, kw_only=True):
    """What was signed: a DSSE envelope, or a message of which the bundle holds the signature alone.

    Attributes:
        signature: as it came. keyid: of an envelope, which key, as the signer says.
        payload, payload_type: of an envelope; the type is empty for a message, and the payload too unless its bytes came along.
        algorithm, digest: of a message, what the bundle says of its digest: a hint.
        envelope: the envelope's own bytes where it came as a file: a time stamp may be over these, and so may a hash that a log recorded.
    """

    signature: bytes
    payload: bytes = b""
    payload_type: str = ""
    algorithm: str = ""
    digest: bytes = b""
    envelope: bytes = b""
    keyid: str = ""


class Opened(NamedTuple):
    """A bundle of which the material was not looked at.

    Attributes:
        version: 1, 2 or 3.
        certified: whether it came with certificates and not with the hint of a key. hint: of a key, as the signer says.
        signed: what was signed.
        rest: the material, JSON.
    """

    version: int
    certified: bool
    hint: str
    signed: Signed
    rest: dict[str, Any]


class Bundle(Noun, frozen=True, kw_only=True):
    """A bundle.

    Attributes:
        version: 1, 2 or 3.
        chain: the signer's certificate first, in DER; empty where a key signed. hint: which key, as the signer says.
        entry: of the transparency log; None for none.
        time_stamps: RFC 3161 responses, in DER.
    """

    version: int
    chain: tuple[bytes, ...]
    hint: str
    entry: Entry | None
    time_stamps: tuple[bytes, ...]
    signed: Signed


def parse(data: bytes) -> Bundle:
    """Read a bundle whole. Raises EvidenceError: as `read` and `material`."""
    return material(read(data))


def read(data: bytes, *, max_bytes: int = MAX_BUNDLE) -> Opened:
    """Read what was signed. `max_bytes`: the largest bundle read; one larger than `MAX_BUNDLE` is so by the payload of its envelope alone.

    Raises:
        EvidenceError: ``sigstore.unknown-version``, ``sigstore.malformed``, ``sigstore.no-certificate``, ``sigstore.too-many-signatures``,
            or `canon.parse_foreign`'s codes.
    """
    try:
        document = foreign.mapping(_document(data, max_bytes), "it")
        kind = foreign.text(document, "mediaType")
        if kind not in VERSIONS:
            raise EvidenceError("sigstore.unknown-version", f"{kind[:80]!r} is no version of Sigstore bundles that is read")
        _require_known(document, "it", {"mediaType", "verificationMaterial", *_CONTENT})
        rest = foreign.within(document, "verificationMaterial")
        _require_known(rest, "verificationMaterial", {"tlogEntries", "timestampVerificationData", *_SIGNERS})
        forms = [name for name in _SIGNERS if rest.get(name) is not None]
        if len(forms) != 1:
            raise EvidenceError("sigstore.no-certificate", "a bundle has one of a certificate, a chain of certificates and a key")
        inner = foreign.within(rest, forms[0])
        certified = forms != ["publicKey"]
        hint = "" if certified else foreign.optional_text(inner, "hint")
        return Opened(VERSIONS[kind], certified, hint, _signed(document), rest)
    except ValueError as err:
        raise EvidenceError("sigstore.malformed", f"this is no Sigstore bundle: {err}") from None


def material(opened: Opened) -> Bundle:
    """Read the material of an opened bundle.

    Raises:
        EvidenceError: ``sigstore.malformed``, ``sigstore.no-certificate``, ``sigstore.negative-log-index``, ``sigstore.no-promise``,
            ``sigstore.no-inclusion-proof``, ``sigstore.too-many-entries``.
    """
    try:
        stamps = foreign.items(foreign.within(opened.rest, "timestampVerificationData"), "rfc3161Timestamps")
        chain = _chain(opened.rest, opened.version) if opened.certified else ()
        time_stamps = tuple(fields.raw(foreign.mapping(one, "a time stamp"), "signedTimestamp") for one in stamps[: MAX_TIME_STAMPS + 1])
        if len(stamps) > MAX_TIME_STAMPS or len(set(time_stamps)) != len(stamps):
            raise ValueError(f"it has {len(stamps)} time stamps, of which one stands twice, or more than {MAX_TIME_STAMPS}")
        entry = _entry(opened.rest, opened.version)
    except ValueError as err:
        raise EvidenceError("sigstore.malformed", f"this is no Sigstore bundle: {err}") from None
    return Bundle(version=opened.version, chain=chain, hint=opened.hint, entry=entry, time_stamps=time_stamps, signed=opened.signed)


def _document(data: bytes, max_bytes: int) -> Any:  # noqa: ANN401  a JSON value
    if max_bytes <= MAX_BUNDLE:
        return canon.parse_foreign(data, max_bytes=max_bytes, what="Sigstore bundle")
    return large_json.holding(data, ("dsseEnvelope", "payload"), max_bytes=max_bytes, what="Sigstore bundle")


def _require_known(found: dict[str, Any], what: str, known: AbstractSet[str]) -> None:
    if other := sorted(found.keys() - known):
        raise ValueError(f"{what} has the field {other[0][:60]!r}, which is none of a bundle's")


def _chain(found: dict[str, Any], version: int) -> tuple[bytes, ...]:
    single = found.get("certificate") is not None
    if single != (version >= 3):
        raise EvidenceError("sigstore.malformed", "bundles have a chain of certificates before version 0.3, and one certificate from then on")
    listed = [found["certificate"]] if single else foreign.items(foreign.within(found, "x509CertificateChain"), "certificates")
    if not listed:
        raise EvidenceError("sigstore.no-certificate", "the chain of certificates in this bundle is empty")
    if len(listed) > MAX_CHAIN:
        raise ValueError(f"it has {len(listed)} certificates; at most {MAX_CHAIN} are read")
    chain = tuple(fields.raw(foreign.mapping(one, "a certificate"), "rawBytes") for one in listed)
    if any(len(one) > MAX_CERTIFICATE for one in chain):
        raise ValueError(f"a certificate has more than {MAX_CERTIFICATE >> 10} KiB")
    return chain


def _entry(found: dict[str, Any], version: int) -> Entry | None:
    listed = foreign.items(found, "tlogEntries")
    if not listed:
        return None
    if len(listed) > 1:
        raise EvidenceError("sigstore.too-many-entries", f"this bundle has {len(listed)} entries of transparency logs; one is read")
    one = foreign.mapping(listed[0], "an entry")
    for holder in (one, foreign.within(one, "inclusionProof")):
        if str(holder.get("logIndex", "0")).startswith("-"):
            raise EvidenceError("sigstore.negative-log-index", "the log index in this bundle is below 0")
    kind = foreign.within(one, "kindVersion")
    proof = _proof(foreign.within(one, "inclusionProof"))
    promise = fields.raw(foreign.within(one, "inclusionPromise"), "signedEntryTimestamp") if one.get("inclusionPromise") is not None else b""
    if version == 1 and not promise:
        raise EvidenceError("sigstore.no-promise", "a bundle of version 0.1 holds the log's promise of inclusion, and this one does not")
    if version >= 2 and proof is None:
        raise EvidenceError("sigstore.no-inclusion-proof", "a bundle of version 0.2 or later holds a proof of inclusion, and this one does not")
    return Entry(
        kind=foreign.text(kind, "kind"),
        version=foreign.text(kind, "version"),
        index=fields.integer(one, "logIndex", default=0),
        log=fields.raw(foreign.within(one, "logId"), "keyId"),
        integrated=fields.integer(one, "integratedTime", default=0),
        promise=promise,
        proof=proof,
        body=fields.raw(one, "canonicalizedBody"),
    )


def _proof(found: dict[str, Any]) -> Proof | None:
    if not found:
        return None
    hashes = foreign.items(found, "hashes")
    if len(hashes) > MAX_HASHES:
        raise ValueError(f"its proof of inclusion has {len(hashes)} hashes; at most {MAX_HASHES} are read")
    return Proof(
        index=fields.integer(found, "logIndex", default=0),
        size=fields.integer(found, "treeSize"),
        root=fields.raw(found, "rootHash"),
        hashes=tuple(fields.raw({"a hash": one}, "a hash") for one in hashes),
        checkpoint=_lines(foreign.within(found, "checkpoint")) if found.get("checkpoint") is not None else "",
    )


def _lines(checkpoint: dict[str, Any]) -> str:
    value = checkpoint.get("envelope")
    if not isinstance(value, str) or not 0 < len(value) <= 64 << 10:
        raise ValueError("its checkpoint is no text of at most 64 KiB")
    return value


def _signed(document: dict[str, Any]) -> Signed:
    forms = [name for name in _CONTENT if document.get(name) is not None]
    if len(forms) != 1:
        raise ValueError("it holds one of a message's signature and a DSSE envelope")
    inner = foreign.within(document, forms[0])
    if forms == ["messageSignature"]:
        said = foreign.within(inner, "messageDigest")
        if inner.get("messageDigest") is None:
            return Signed(signature=fields.raw(inner, "signature"))
        return Signed(signature=fields.raw(inner, "signature"), algorithm=foreign.text(said, "algorithm"), digest=fields.raw(said, "digest"))
    _require_known(inner, "dsseEnvelope", {"payload", "payloadType", "signatures"})
    signatures = foreign.items(inner, "signatures")
    if len(signatures) != 1:
        raise EvidenceError("sigstore.too-many-signatures", f"the envelope in a bundle has one signature, and this one has {len(signatures)}")
    one = foreign.mapping(signatures[0], "a signature")
    _require_known(one, "a signature", {"sig", "keyid"})
    return Signed(
        keyid=foreign.optional_text(one, "keyid"),
        signature=fields.raw(one, "sig"),
        payload=fields.raw(inner, "payload"),
        payload_type=foreign.text(inner, "payloadType"),
    )


def write(envelope: bytes, key: EvidenceKey) -> bytes:
    """A bundle around an envelope, one line of JSON; it hints at the key as cosign does: base64 of the SHA-256 of its DER SubjectPublicKeyInfo.

    Args:
        envelope: a DSSE envelope with one signature, JSON. key: who signed it: Ed25519 or ECDSA P-256.
    """
    written = {"mediaType": MEDIA_TYPE, "verificationMaterial": {"publicKey": {"hint": hint_of(key)}}, "dsseEnvelope": json.loads(envelope)}
    return json.dumps(written, separators=(",", ":")).encode()


@lru_cache(maxsize=1024)
def hint_of(key: EvidenceKey) -> str:
    """How a bundle names a key: it proves nothing."""
    return b64.encode(hashlib.sha256(keys.verifier_of(key).public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest())
