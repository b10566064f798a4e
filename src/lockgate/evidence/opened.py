"""A piece of evidence taken apart, by its media type and by nothing else, and whether its format counts: nothing in it is believed here."""

from __future__ import annotations

from typing import NamedTuple

from lockgate.core.ports import Evidence
from lockgate.core.signers import Accepts, Format
from lockgate.errors import EvidenceError
from lockgate.evidence import annotated, cosign_layout, dsse, sbom_types, simple_signing
from lockgate.evidence.sigstore import bundle
from lockgate.evidence.sigstore.bundle import Bundle


class Opened(NamedTuple):
    """A piece taken apart, believed in nothing.

    Attributes:
        format: which it is.
        envelope: of a statement, bare or in a bundle. bundle: a Sigstore bundle. payload: what cosign signed before its bundles.
        layer: of what it wrote then, where a certificate stands beside it.
    """

    format: Format
    envelope: dsse.Envelope | None = None
    bundle: bundle.Opened | None = None
    payload: simple_signing.Signed | None = None
    layer: Evidence | None = None

    @property
    def certified(self) -> bool:
        """Whether a certificate signed it, by its own word."""
        return self.layer is not None or (self.bundle is not None and self.bundle.certified)

    def whole(self) -> Bundle | None:
        """The bundle that a certificate signed, or what amounts to one; None where none did.

        Raises:
            EvidenceError: as `bundle.material` and `cosign_layout.bundle_of`.
        """
        if self.layer is not None:
            return cosign_layout.bundle_of(self.layer)
        return bundle.material(self.bundle) if self.bundle is not None and self.bundle.certified else None


def take_apart(piece: Evidence) -> Opened:
    """Steps 1 and 2 but for who signed: nothing in it is believed.

    Raises:
        EvidenceError: ``evidence.unknown-format``, ``bundle.other-version``, and those of `dsse.parse`, `bundle.read`, `annotated.envelope_of` and
            `simple_signing.parse`.
    """
    match piece.media_type:
        case dsse.MEDIA_TYPE:
            return Opened("dsse", envelope=dsse.parse(piece.data, max_bytes=sbom_types.MAX_ENVELOPE))
        case annotated.ATTESTATION:
            envelope, beside = annotated.envelope_of(piece.data)
            return Opened("cosign-attestation", envelope=dsse.parse(envelope, max_bytes=sbom_types.MAX_ENVELOPE), layer=piece if beside.certificate else None)
        case simple_signing.MEDIA_TYPE:
            signed = simple_signing.parse(piece.data)
            return Opened("cosign-signature", payload=signed, layer=piece if signed.beside.certificate else None)
        case _ if piece.media_type in bundle.VERSIONS:
            return _take_bundle_apart(bundle.read(piece.data, max_bytes=sbom_types.MAX_ENVELOPE), bundle.VERSIONS[piece.media_type])
        case _:
            raise EvidenceError("evidence.unknown-format", f"{piece.media_type[:80]!r} is no format of evidence that is read")


def _take_bundle_apart(opened: bundle.Opened, version: int) -> Opened:
    if opened.version != version:
        raise EvidenceError("bundle.other-version", f"this Sigstore bundle is of version 0.{opened.version}, and was attached as one of version 0.{version}")
    if not opened.signed.payload_type:
        return Opened("sigstore-message", bundle=opened)
    part = dsse.Part(keyid=opened.signed.keyid, sig=opened.signed.signature)
    envelope = dsse.Envelope(payload=opened.signed.payload, payload_type=opened.signed.payload_type, signatures=(part,))
    return Opened("sigstore-bundle", envelope=envelope, bundle=opened)


def require_counted(opened: Opened, accepts: Accepts) -> None:
    """Step 1, what counts here. Where formats are not named, what counted before they could be does."""
    if accepts.formats and opened.format not in accepts.formats:
        raise EvidenceError("evidence.format-not-accepted", f"this is a {opened.format}, and the policy counts {', '.join(accepts.formats)}")
    if accepts.formats:
        return
    if opened.format == "sigstore-message":
        raise EvidenceError(
            "bundle.no-envelope", "this Sigstore bundle signs bare bytes, which counts only where the policy accepts the format sigstore-message"
        )
    if opened.bundle is not None and not opened.bundle.certified and opened.bundle.version < 3:
        raise EvidenceError(
            "bundle.other-version", "a bundle before version 0.3 that a key signed counts only where the policy accepts the format sigstore-bundle"
        )
