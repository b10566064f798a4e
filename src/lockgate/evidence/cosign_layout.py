"""cosign's layout of before its bundles, signed with a certificate or logged: a layer and its annotations, as the bundle they amount to.

A layer under the tag ``sha256-<hex>.sig`` is a simple signing payload with its signature in an annotation (`simple_signing`); one under
``sha256-<hex>.att`` is a DSSE envelope. Beside either stand the signer's certificate, a log's promise and a time stamp, as annotations
(cosign, SIGNATURE_SPEC.md and pkg/oci/static). `verify` takes these steps:

  1. they are read into a `Bundle` (`bundle_of`), which is how far this layout differs from one; a chain's roots are left out, for
     roots are believed from the trusted root alone;
  2. the bundle is verified like any other (`sigstore.verify`). It has no proof of inclusion, so that where a log is asked for,
     only `Demands` with ``log="promise"`` accept it;
  3. a payload is cosign's, and about one of the digests that were asked for (`simple_signing.says`). What an envelope is about, its
     Statement says, to whoever reads that.

Two things are not as in a bundle: the time stamp of an envelope is over the envelope's bytes (until cosign 3.0; over the signature in it since), and
Rekor's oldest kind of entry (``intoto`` 0.0.1) records the hash of these bytes in place of the signature.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Set as AbstractSet

from lockgate import canon
from lockgate.core.digest import Digest
from lockgate.core.ports import Evidence
from lockgate.errors import EvidenceError
from lockgate.evidence import annotated, dsse, foreign, simple_signing
from lockgate.evidence.annotated import Beside
from lockgate.evidence.sigstore import certificate, fields
from lockgate.evidence.sigstore import verify as sigstore
from lockgate.evidence.sigstore.bundle import MAX_CERTIFICATE, MAX_CHAIN, Bundle, Entry, Signed
from lockgate.evidence.sigstore.key import Key
from lockgate.evidence.sigstore.trust import TrustedRoot
from lockgate.evidence.sigstore.verify import Demands, Verified

MAX_ANNOTATION = 256 << 10
"""The longest annotation read, characters; Rekor's have some 5,000."""

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*")


def verify(
    piece: Evidence,
    root: TrustedRoot,
    digests: AbstractSet[Digest],
    *,
    signer: Key | None = None,
    demands: Demands = Demands(),  # noqa: B008  frozen
) -> Verified:
    """Verify a layer with its annotations, offline.

    Args:
        piece: of the media type of `simple_signing`, or `annotated.ATTESTATION`.
        root: whom to believe.
        digests: the artifacts asked about, which a simple signing payload names one of.
        signer: the key to verify with, where no certificate stands beside.
        demands: what has to be there.

    Returns:
        Who signed, and the payload: the simple signing document (then the type is empty), or the envelope's.

    Raises:
        EvidenceError: ``annotation.malformed``, ``evidence.unknown-format``, the codes of `sigstore.verify`, of `simple_signing` and of `dsse.parse`.
    """
    found = sigstore.verify(bundle_of(piece), root, {}, signer=signer, demands=demands)
    if piece.media_type == simple_signing.MEDIA_TYPE:
        simple_signing.says(found.payload, digests)
    return found


def bundle_of(piece: Evidence) -> Bundle:
    """Step 1. Raises EvidenceError as `verify` does."""
    match piece.media_type:
        case simple_signing.MEDIA_TYPE:
            read = simple_signing.parse(piece.data)
            return _bundle(Signed(signature=read.signature, payload=read.payload), read.beside)
        case annotated.ATTESTATION:
            data, beside = annotated.envelope_of(piece.data)
            envelope = dsse.parse(data)
            if len(envelope.signatures) != 1:
                raise EvidenceError("sigstore.too-many-signatures", f"the envelope has {len(envelope.signatures)} signatures, where cosign puts one")
            signed = Signed(signature=envelope.signatures[0].sig, payload=envelope.payload, payload_type=envelope.payload_type, envelope=data)
            return _bundle(signed, beside)
        case _:
            raise EvidenceError("evidence.unknown-format", f"{piece.media_type[:80]!r} is no layer of cosign's older layout")


def _bundle(signed: Signed, beside: Beside) -> Bundle:
    what = "certificate"
    try:
        if any(len(text) > MAX_ANNOTATION for text in (beside.certificate, beside.chain, beside.log, beside.time_stamp)):
            raise ValueError(f"one has more than {MAX_ANNOTATION >> 10} KiB")
        leaf = _certificates(beside.certificate)
        if len(leaf) > 1:
            raise ValueError("it holds more than the signer's own")
        what = "chain"
        between = [one for one in _certificates(beside.chain) if not certificate.is_root(certificate.load(one))]
        what = "log entry"
        entry = _entry(beside.log) if beside.log else None
        what = "time stamp"
        stamps = (_time_stamp(beside.time_stamp),) if beside.time_stamp else ()
    except ValueError as err:
        raise EvidenceError("annotation.malformed", f"the {what} beside the signature cannot be read: {err}") from None
    return Bundle(version=1, chain=(*leaf, *between) if leaf else (), hint="", entry=entry, time_stamps=stamps, signed=signed)


def _certificates(pem: str) -> list[bytes]:
    """All of them, and nothing beside them; none in an empty text."""
    found = [b64decode("".join(one.split()), validate=True) for one in _PEM.findall(pem)]
    if _PEM.sub("", pem).strip():
        raise ValueError("there is something else than certificates in PEM")
    if len(found) > MAX_CHAIN or any(len(one) > MAX_CERTIFICATE for one in found):
        raise ValueError(f"there are more than {MAX_CHAIN} certificates, or one has more than {MAX_CERTIFICATE >> 10} KiB")
    return found


def _entry(text: str) -> Entry:
    """cosign, pkg/cosign/bundle/rekor.go; what kind of entry it is, its body says."""
    outer = foreign.mapping(canon.parse_foreign(text.encode(), max_bytes=MAX_ANNOTATION, what="log annotation"), "it")
    payload = foreign.within(outer, "Payload")
    body = fields.raw({"body": payload.get("body")}, "body")
    spoken = foreign.mapping(canon.parse_foreign(body, max_bytes=MAX_ANNOTATION, what="log entry"), "its body")
    return Entry(
        kind=foreign.text(spoken, "kind"),
        version=foreign.text(spoken, "apiVersion"),
        index=fields.integer(payload, "logIndex"),
        log=bytes.fromhex(foreign.text(payload, "logID", longest=64)),
        integrated=fields.integer(payload, "integratedTime"),
        promise=fields.raw(outer, "SignedEntryTimestamp"),
        proof=None,
        body=body,
    )


def _time_stamp(text: str) -> bytes:
    """cosign, pkg/cosign/bundle/tsa.go."""
    outer = canon.parse_foreign(text.encode(), max_bytes=MAX_ANNOTATION, what="time stamp annotation")
    return fields.raw(foreign.mapping(outer, "it"), "SignedRFC3161Timestamp")
