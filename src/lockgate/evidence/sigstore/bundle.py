"""Sigstore bundles v0.1, v0.2 and v0.3 (protobuf-specs ``Bundle``) taken apart; nothing in them is believed here.

What each version asks for is checked while reading: v0.1 an inclusion promise, v0.2 and later an inclusion proof (that it has a checkpoint,
`rekor.included` asks), v0.3 one certificate instead of a chain. A chain holds no root: roots come from the trusted root alone.
"""

from __future__ import annotations

from typing import Any

from lockgate import canon
from lockgate.canon import Noun
from lockgate.errors import EvidenceError
from lockgate.evidence import foreign
from lockgate.evidence.sigstore import fields

MAX_BUNDLE = 3 << 20
"""Bytes: what JSON can make of them fits in a hundred megabytes."""
MAX_TIME_STAMPS = 32
MAX_HASHES = 64
MAX_CHAIN = 8
MAX_CERTIFICATE = 64 << 10

VERSIONS = {
    "application/vnd.dev.sigstore.bundle+json;version=0.1": 1,
    "application/vnd.dev.sigstore.bundle+json;version=0.2": 2,
    "application/vnd.dev.sigstore.bundle+json;version=0.3": 3,
    "application/vnd.dev.sigstore.bundle.v0.3+json": 3,
}


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
        signature: as it came.
        payload, payload_type: of an envelope; the type is empty for a message.
        algorithm, digest: of a message, what the bundle says of its digest: a hint.
    """

    signature: bytes
    payload: bytes = b""
    payload_type: str = ""
    algorithm: str = ""
    digest: bytes = b""


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
    """Read a bundle.

    Raises:
        EvidenceError: ``sigstore.unknown-version``, ``sigstore.malformed``, ``sigstore.no-certificate``, ``sigstore.negative-log-index``,
            ``sigstore.no-promise``, ``sigstore.no-inclusion-proof``, ``sigstore.too-many-entries``, ``sigstore.too-many-signatures``,
            or `canon.parse_foreign`'s codes.
    """
    try:
        document = foreign.mapping(canon.parse_foreign(data, max_bytes=MAX_BUNDLE, what="Sigstore bundle"), "it")
        kind = foreign.text(document, "mediaType")
        if kind not in VERSIONS:
            raise EvidenceError("sigstore.unknown-version", f"{kind[:80]!r} is no version of Sigstore bundles that is read")
        version = VERSIONS[kind]
        material = foreign.within(document, "verificationMaterial")
        chain, hint = _signer(material, version)
        stamps = foreign.items(foreign.within(material, "timestampVerificationData"), "rfc3161Timestamps")
        time_stamps = tuple(fields.raw(foreign.mapping(one, "a time stamp"), "signedTimestamp") for one in stamps[: MAX_TIME_STAMPS + 1])
        if len(stamps) > MAX_TIME_STAMPS or len(set(time_stamps)) != len(stamps):
            raise ValueError(f"it has {len(stamps)} time stamps, of which one stands twice, or more than {MAX_TIME_STAMPS}")
        return Bundle(
            version=version,
            chain=chain,
            hint=hint,
            entry=_entry(material, version),
            time_stamps=time_stamps,
            signed=_signed(document),
        )
    except ValueError as err:
        raise EvidenceError("sigstore.malformed", f"this is no Sigstore bundle: {err}") from None


def _signer(material: dict[str, Any], version: int) -> tuple[tuple[bytes, ...], str]:
    forms = [name for name in ("certificate", "x509CertificateChain", "publicKey") if material.get(name) is not None]
    if len(forms) != 1:
        raise EvidenceError("sigstore.no-certificate", "a bundle has one of a certificate, a chain of certificates and a key")
    if forms == ["publicKey"]:
        return (), foreign.optional_text(foreign.within(material, "publicKey"), "hint")
    if (forms == ["certificate"]) != (version >= 3):
        raise EvidenceError("sigstore.malformed", "bundles have a chain of certificates before version 0.3, and one certificate from then on")
    if forms == ["certificate"]:
        listed: list[Any] = [material["certificate"]]
    else:
        listed = foreign.items(foreign.within(material, "x509CertificateChain"), "certificates")
    if not listed:
        raise EvidenceError("sigstore.no-certificate", "the chain of certificates in this bundle is empty")
    if len(listed) > MAX_CHAIN:
        raise ValueError(f"it has {len(listed)} certificates; at most {MAX_CHAIN} are read")
    chain = tuple(fields.raw(foreign.mapping(one, "a certificate"), "rawBytes") for one in listed)
    if any(len(one) > MAX_CERTIFICATE for one in chain):
        raise ValueError(f"a certificate has more than {MAX_CERTIFICATE >> 10} KiB")
    return chain, ""


def _entry(material: dict[str, Any], version: int) -> Entry | None:
    listed = foreign.items(material, "tlogEntries")
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
    forms = [name for name in ("messageSignature", "dsseEnvelope") if document.get(name) is not None]
    if len(forms) != 1:
        raise ValueError("it holds one of a message's signature and a DSSE envelope")
    inner = foreign.within(document, forms[0])
    if forms == ["messageSignature"]:
        said = foreign.within(inner, "messageDigest")
        if inner.get("messageDigest") is None:
            return Signed(signature=fields.raw(inner, "signature"))
        return Signed(signature=fields.raw(inner, "signature"), algorithm=foreign.text(said, "algorithm"), digest=fields.raw(said, "digest"))
    signatures = foreign.items(inner, "signatures")
    if len(signatures) != 1:
        raise EvidenceError("sigstore.too-many-signatures", f"the envelope in a bundle has one signature, and this one has {len(signatures)}")
    one = foreign.mapping(signatures[0], "a signature")
    foreign.optional_text(one, "keyid")
    return Signed(
        signature=fields.raw(one, "sig"),
        payload=fields.raw(inner, "payload"),
        payload_type=foreign.text(inner, "payloadType"),
    )
