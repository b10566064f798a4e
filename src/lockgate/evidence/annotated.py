"""What cosign attached before its bundles: a layer and the annotations beside it, as one piece of evidence, canonical.

Neither is evidence without the other, and a source hands on both. Nothing in either is believed here.
"""

from __future__ import annotations

from lockgate import canon
from lockgate.canon import Noun
from lockgate.errors import EvidenceError
from lockgate.evidence import b64

ATTESTATION = "application/vnd.lockgate.cosign-attestation.v1+json"
"""The media type of the piece that a DSSE envelope makes with its annotations; a payload's piece keeps that of its layer."""


class Beside(Noun, frozen=True, kw_only=True):
    """The annotations of a layer but for its signature, as they are; empty where there is none.

    Attributes:
        certificate, chain: the signer's, PEM: ``dev.sigstore.cosign/certificate``, ``…/chain``.
        log: a log's promise and what it promised, JSON: ``…/bundle``.
        time_stamp: an RFC 3161 response, JSON: ``…/rfc3161timestamp``.
    """

    certificate: str = ""
    chain: str = ""
    log: str = ""
    time_stamp: str = ""


class Piece(Noun, frozen=True, kw_only=True):
    """What a source hands on.

    Attributes:
        payload: base64 of the layer's bytes. signature: the annotation as it is; empty where there is none.
        beside: the other annotations.
    """

    payload: str
    signature: str
    beside: Beside = Beside()


def join(layer: bytes, signature: str, beside: Beside) -> bytes:
    """A layer's bytes, its annotation ``dev.cosignproject.cosign/signature`` and the others, as one piece of evidence."""
    return canon.encode(Piece(payload=b64.encode(layer), signature=signature, beside=beside))


def envelope_of(data: bytes) -> tuple[bytes, Beside]:
    """The envelope of a piece of the media type `ATTESTATION`, and what stood beside it.

    Raises:
        EvidenceError: ``annotation.malformed``, ``json.not-canonical``.
    """
    piece = canon.decode(data, Piece, what="envelope with its annotations", code="annotation.malformed")
    try:
        return b64.decode(piece.payload), piece.beside
    except ValueError as err:
        raise EvidenceError("annotation.malformed", f"this is no envelope with its annotations: {err}") from None
