"""sign and attest: make evidence for an artifact and attach it where the artifact is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lockgate.canon import Noun, parse_foreign
from lockgate.core.digest import Digest, Ref, digest_of, parse_ref
from lockgate.core.identity import fingerprint
from lockgate.core.ports import Clock, Evidence, Signer, Source
from lockgate.errors import EvidenceError
from lockgate.evidence import artifact, dsse, sbom, sbom_types, scan_writing
from lockgate.evidence.attestation import write_attestation
from lockgate.evidence.sigstore import bundle

MAX_REPORT = 32 << 20
"""The largest report of a scanner that is read, bytes."""


@dataclass(frozen=True, kw_only=True)
class Bench:
    """The ports of work on artifacts, which needs no gate."""

    source: Source
    clock: Clock


class Attached(Noun, frozen=True, kw_only=True):
    """What was attached, and where.

    Attributes:
        subject: the artifact's digest. key: fingerprint of the key that signed. place: as the source names it.
    """

    subject: Digest
    key: str
    place: str


def sign(bench: Bench, ref_text: str, signer: Signer, platform: str = "") -> Attached:
    """Sign an artifact's digest, and attach the signature."""
    return attest(bench, ref_text, artifact.SIGNATURE_TYPE, {"signedAt": f"{bench.clock.now():%Y-%m-%dT%H:%M:%SZ}"}, signer, platform)


def attest(bench: Bench, ref_text: str, predicate_type: str, predicate: dict[str, Any], signer: Signer, platform: str = "") -> Attached:
    """Sign a statement about an artifact (in-toto Statement v1 in DSSE), and attach it: to images in a Sigstore bundle, where cosign looks for it.

    Raises:
        LockgateError: from the source or the key.
    """
    ref, digest = bench.source.resolve(parse_ref(ref_text), platform)
    return _attach(bench, ref, digest, predicate_type, predicate, signer)


def attest_scan(bench: Bench, ref_text: str, report: bytes, signer: Signer, platform: str = "", database_at: datetime | None = None) -> Attached:
    """Sign what a scanner's own report says of an artifact (in-toto vulnerabilities 0.2), and attach it as `attest`.

    Args:
        report: JSON of Trivy, Grype or SARIF; or a predicate that holds one.
        database_at: of when the scanner's data was, where the report does not say.

    Raises:
        EvidenceError: ``json.…``; where it is no scan of this artifact, as `scan_writing.vulns_of`.
        LockgateError: from the source or the key.
    """
    document = parse_foreign(report, max_bytes=MAX_REPORT, what="scanner's report")
    if not isinstance(document, dict):
        raise EvidenceError("scan.unknown-result", "this is no JSON object, and every scanner's report that is read is one")
    ref, digest = bench.source.resolve(parse_ref(ref_text), platform)
    predicate = scan_writing.vulns_of(document, digest, bench.clock.now(), database_at)
    return _attach(bench, ref, digest, scan_writing.PREDICATE_TYPE, predicate, signer)


def attest_sbom(bench: Bench, ref_text: str, document: bytes, signer: Signer, platform: str = "", asked: str = "") -> tuple[Attached, str]:
    """Sign a bill of materials, CycloneDX or SPDX in JSON, as it is, and attach it as `attest`; and the predicate type it was given.

    Args:
        document: its bytes.
        asked: the predicate type it should be given; empty for whichever it is.

    Raises:
        EvidenceError: ``json.…``, ``sbom.…``, ``evidence.from-future``: it would not be read back as one of this artifact.
        LockgateError: from the source or the key.
    """
    ref, digest = bench.source.resolve(parse_ref(ref_text), platform)
    document = document.strip()
    if document[:1] != b"{":
        raise EvidenceError("sbom.other-format", "this is no JSON object, and every bill of materials that is read is one")
    parse_foreign(document, max_bytes=sbom_types.MAX_DOCUMENT, what="bill of materials")
    fact = sbom.fact(sbom.parse(document), digest, digest_of(document), bench.clock.now())
    predicate_type = {"cyclonedx": sbom_types.CYCLONEDX, "spdx": sbom_types.SPDX}[fact.format]
    if asked not in {"", predicate_type}:
        raise EvidenceError("sbom.other-format", f"this is {fact.format}, by its own word, and not what it should be attested as")
    return _attach(bench, ref, digest, predicate_type, document, signer), predicate_type


def _attach(bench: Bench, ref: Ref, digest: Digest, predicate_type: str, predicate: dict[str, Any] | bytes, signer: Signer) -> Attached:
    data, media_type = write_attestation(digest, predicate_type, predicate, signer.public, signer.sign), dsse.MEDIA_TYPE
    if ref.scheme != "file":
        data, media_type = bundle.write(data, signer.public), bundle.MEDIA_TYPE
    place = bench.source.attach(ref, digest, Evidence(media_type=media_type, data=data, origin="", predicate=predicate_type))
    return Attached(subject=digest, key=fingerprint(signer.public), place=place)
