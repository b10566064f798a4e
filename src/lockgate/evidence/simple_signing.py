"""How cosign signed images before its bundles (cosign, SIGNATURE_SPEC.md): a payload that names a digest, and a signature of that payload's bytes.

The payload is a layer of the manifest under the tag ``sha256-<hex>.sig``, and its signature an annotation of that layer. A source
hands on both in one `annotated.Piece`: neither is evidence without the other. What else stands beside them (`annotated.Beside`) counts for certificates
(`cosign_layout`), and not here, where keys do.

  1. the signature is there, and base64 of something;
  2. it is one by a key we know over exactly the payload's bytes ("Signature Schemes"); nothing in them is looked at before that;
  3. they are JSON in the form of "Simple Signing" (containers/image, containers-signature.5): ``critical`` has ``identity``, ``image``
     and ``type`` and nothing else, for what is critical and not understood must not be passed over;
  4. ``critical.type`` is cosign's;
  5. ``critical.image.docker-manifest-digest`` is one of the digests that were asked for.

``critical.identity.docker-reference`` is text and ignored, as cosign's specification has it: a digest is the same wherever it lies.
``optional`` may hold anything; a whole number as its ``timestamp`` is the time of signing in seconds since 1970, by the signer's word.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from typing import Any

from lockgate import canon
from lockgate.canon import Noun
from lockgate.core.digest import Digest
from lockgate.core.identity import EvidenceKey, Fingerprint
from lockgate.errors import EvidenceError
from lockgate.evidence import annotated, b64, foreign, keys
from lockgate.evidence.annotated import Beside, Piece

MEDIA_TYPE = "application/vnd.dev.cosign.simplesigning.v1+json"
PAYLOAD_TYPE = "cosign container image signature"
MAX_PAYLOAD = 1 << 16
"""The largest payload read, bytes; cosign's have some 250."""

_LAST_SECOND = 253_402_300_799


class Signed(Noun, frozen=True, kw_only=True):
    """A piece taken apart, believed in nothing.

    Attributes:
        payload: the bytes that were signed. signature: by whatever kind of key.
        beside: the other annotations, unread.
    """

    payload: bytes
    signature: bytes
    beside: Beside = Beside()


class Said(Noun, frozen=True, kw_only=True):
    """What a payload says that a known key signed.

    Attributes:
        subject: the image's digest. key: who signed. signed_at: UTC, by the signer's own word; None where it does not say.
    """

    subject: Digest
    key: Fingerprint
    signed_at: datetime | None


def join(payload: bytes, signature: str, beside: Beside = Beside()) -> bytes:  # noqa: B008  frozen
    """A layer's bytes, its annotation ``dev.cosignproject.cosign/signature`` and the others, as one piece of evidence."""
    return annotated.join(payload, signature, beside)


def parse(data: bytes) -> Signed:
    """Step 1.

    Raises:
        EvidenceError: ``simple-signing.malformed``, ``simple-signing.unsigned``, ``json.not-canonical``.
    """
    piece = canon.decode(data, Piece, what="payload with its signature", code="simple-signing.malformed")
    try:
        payload = b64.decode(piece.payload)
    except ValueError as err:
        raise EvidenceError("simple-signing.malformed", f"this is no payload with its signature: {err}") from None
    if len(payload) > MAX_PAYLOAD:
        raise EvidenceError("simple-signing.malformed", f"this payload has {len(payload)} bytes; at most {MAX_PAYLOAD} are read")
    try:
        signature = b64.decode(piece.signature)
    except ValueError as err:
        raise EvidenceError("simple-signing.unsigned", f"the annotation beside this payload is no signature: {err}") from None
    if not signature:
        raise EvidenceError("simple-signing.unsigned", "no signature stands beside this payload")
    return Signed(payload=payload, signature=signature, beside=piece.beside)


def work(signed: Signed, known: Mapping[Fingerprint, EvidenceKey]) -> int:
    """What verifying would cost at most, counted as `dsse.work` does."""
    return sum(keys.effort(known[name]) + len(signed.payload) for name in keys.candidates(known, signed.signature))


def verify(signed: Signed, known: Mapping[Fingerprint, EvidenceKey], digests: AbstractSet[Digest]) -> Said:
    """Steps 2 to 5.

    Raises:
        EvidenceError: ``simple-signing.unknown-key``, ``simple-signing.malformed``, ``simple-signing.other-type``,
            ``simple-signing.other-digest``, or `canon.parse_foreign`'s codes.
    """
    key = signer(signed, known)
    subject, signed_at = says(signed.payload, digests)
    return Said(subject=subject, key=key, signed_at=signed_at)


def says(payload: bytes, digests: AbstractSet[Digest]) -> tuple[Digest, datetime | None]:
    """Steps 3 to 5, of a payload that somebody known signed: the image's digest, and the time of signing by the signer's own word.

    Raises:
        EvidenceError: ``simple-signing.malformed``, ``simple-signing.other-type``, ``simple-signing.other-digest``, or `canon.parse_foreign`'s codes.
    """
    try:
        document = foreign.mapping(canon.parse_foreign(payload, max_bytes=MAX_PAYLOAD, what="signed payload"), "it")
        critical = foreign.mapping(document.get("critical"), "critical")
        kind = foreign.text(critical, "type")
        if kind != PAYLOAD_TYPE:
            raise EvidenceError("simple-signing.other-type", f"this payload is a {kind[:80]!r}; only a {PAYLOAD_TYPE!r} is read")
        if critical.keys() != {"identity", "image", "type"} or not document.keys() <= {"critical", "optional"}:
            raise ValueError("it has other fields than critical (identity, image, type) and optional")
        foreign.optional_text(foreign.mapping(critical["identity"], "identity"), "docker-reference")
        subject = foreign.text(foreign.mapping(critical["image"], "image"), "docker-manifest-digest")
        signed_at = _time(foreign.within(document, "optional"))
    except ValueError as err:
        raise EvidenceError("simple-signing.malformed", f"this is no payload of cosign's: {err}") from None
    if subject not in digests:
        raise EvidenceError("simple-signing.other-digest", "this signature is of another image than the one it stands beside")
    return subject, signed_at


def signer(signed: Signed, known: Mapping[Fingerprint, EvidenceKey]) -> Fingerprint:
    """Step 2: the key that signed. Raises EvidenceError ``simple-signing.unknown-key``."""
    for name in keys.candidates(known, signed.signature):
        try:
            keys.verify_evidence(known[name], signed.payload, signed.signature)
        except EvidenceError:
            continue
        return name
    raise EvidenceError(
        "simple-signing.unknown-key", "this signature does not verify under a key that is known: another key signed, or the payload was altered"
    )


def _time(optional: dict[str, Any]) -> datetime | None:
    """The time of signing. Text under that name is somebody's own annotation, and no time."""
    seconds = optional.get("timestamp")
    if type(seconds) is not int:
        return None
    if not 0 <= seconds <= _LAST_SECOND:
        raise ValueError("timestamp is no time before the year 10000")
    return datetime.fromtimestamp(seconds, UTC)
