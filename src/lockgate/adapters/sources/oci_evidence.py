"""What is attached to an image, out of the manifests that might refer to it; the same for layouts and registries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lockgate import canon
from lockgate.adapters.sources.limits import BUNDLE, KNOWN, MAX_EVIDENCE, MAX_ITEMS, MAX_TOTAL, PAYLOAD, require_within_limits
from lockgate.adapters.sources.oci_blobs import MAX_LOOKED_AT, Images, is_too_much
from lockgate.adapters.sources.oci_descriptor import EMPTY, EMPTY_BYTES, INDEX, MANIFEST, SIGNATURE, Descriptor, as_json, contents, distinct, is_index
from lockgate.core.digest import Digest, digest_of
from lockgate.core.ports import Evidence
from lockgate.errors import EvidenceError, LedgerError, UnreadableError
from lockgate.evidence import simple_signing


@contextmanager
def complete(digest: Digest) -> Iterator[None]:
    """What is attached is read whole or not at all: a part with wrong bytes makes it unreadable. Raises UnreadableError ``ref.unreadable``."""
    try:
        yield
    except EvidenceError as err:
        raise UnreadableError("ref.unreadable", f"what is attached to {digest} could not be read whole: {err.message}") from None


def evidence_among(images: Images, digest: Digest, candidates: list[Descriptor], tagged: list[Descriptor]) -> list[Evidence]:
    """Every piece of evidence in these manifests, each once.

    1. Read each, checking digest and size before looking; keep those whose ``subject`` is this digest, and those that are `tagged`
       as this digest's, which name it nowhere but in what is signed.
    2. Read their layers of a known media type, checked likewise.

    Raises:
        UnreadableError: ``ref.unreadable``, ``ref.too-much-evidence``. EvidenceError: a part is missing or has other bytes.
    """
    found, sizes, own = dict[tuple[Digest, str], Evidence](), [0], {each.digest for each in tagged}
    for candidate in distinct([*candidates, *tagged]):
        _, document = images.document(candidate.digest, candidate.size)
        at = f"{images.path}: {candidate.digest}"
        if is_index(document, candidate.media_type, at) or not (candidate.digest in own or refers_to(document, digest)):
            continue
        for layer, media_type in _known_layers(document, at):
            signature = layer.annotations.get(SIGNATURE, "") if media_type == PAYLOAD else ""
            if (layer.digest, signature) not in found:
                sizes.append(layer.size + len(signature))
                require_within_limits(sizes[1:], images.path)
                piece = images.blob(layer.digest, layer.size, MAX_EVIDENCE)
                data = simple_signing.join(piece, signature) if media_type == PAYLOAD else piece
                found[layer.digest, signature] = Evidence(media_type=media_type, data=data, origin=images.origin(candidate.digest))
    return list(found.values())


def searchable(listed: list[Descriptor], where: str) -> list[Descriptor]:
    """Each once. Raises UnreadableError ``ref.too-much-evidence`` where they are too much to read."""
    if is_too_much(listed):
        raise UnreadableError("ref.too-much-evidence", f"{where} lists more manifests than are searched: {MAX_LOOKED_AT} bytes at most")
    return distinct(listed)


def refers_to(document: dict[str, Any], digest: Digest) -> bool:
    """Whether a manifest's ``subject`` is this digest."""
    subject = document.get("subject")
    return isinstance(subject, dict) and subject.get("digest") == digest


def _known_layers(document: dict[str, Any], where: str) -> list[tuple[Descriptor, str]]:
    """The layers some reader knows, by their own media type or else by the artifact type of the whole manifest."""
    config, *layers = contents(document, where)
    artifact_type = document.get("artifactType") or config.media_type
    typed = [(each, each.media_type if each.media_type in KNOWN else artifact_type) for each in layers if each.media_type != EMPTY]
    return [(each, media_type) for each, media_type in typed if media_type in KNOWN]


def require_readable(evidence: Evidence) -> None:
    """Whether it would be read back. Raises LedgerError ``ref.unwritable``."""
    if evidence.media_type not in KNOWN - {PAYLOAD} or len(evidence.data) > MAX_EVIDENCE:
        raise LedgerError(
            "ref.unwritable", f"{len(evidence.data)} bytes of {evidence.media_type or 'no media type'} would not be read back: nothing was attached"
        )


def new_referrer(images: Images, digest: Digest, evidence: Evidence, held: list[Evidence]) -> tuple[bytes, Descriptor]:
    """A manifest that holds this evidence and names `digest` as its subject, and its descriptor.

    Args:
        images: where the subject is, which is read for its size and media type.
        digest: the subject's.
        evidence: to be attached.
        held: what is attached already.

    Raises:
        LedgerError: ``ref.unwritable``: no room for it. UnreadableError, EvidenceError: as `Images.document`.
    """
    data, subject = images.document(digest)
    shape = INDEX if is_index(subject, "", f"{images.path}: {digest}") else MANIFEST
    if len(held) >= MAX_ITEMS or sum(len(each.data) for each in held) + len(evidence.data) > MAX_TOTAL:
        raise LedgerError("ref.unwritable", f"at most {MAX_ITEMS} pieces and {MAX_TOTAL} bytes of evidence are read back, and there is no room for this one")
    layer = Descriptor(media_type=evidence.media_type, digest=digest_of(evidence.data), size=len(evidence.data))
    config = Descriptor(media_type=EMPTY, digest=digest_of(EMPTY_BYTES), size=len(EMPTY_BYTES))
    annotations = {}
    if evidence.media_type == BUNDLE and evidence.predicate:
        annotations = {"dev.sigstore.bundle.content": "dsse-envelope", "dev.sigstore.bundle.predicateType": evidence.predicate}
    written = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": evidence.media_type,
        "config": as_json(config),
        "layers": [as_json(layer)],
        "subject": {"mediaType": subject.get("mediaType") or shape, "digest": digest, "size": len(data)},
    }
    manifest = canon.encode({**written, "annotations": annotations} if annotations else written)
    found = Descriptor(media_type=MANIFEST, digest=digest_of(manifest), size=len(manifest), artifact_type=evidence.media_type, annotations=annotations)
    return manifest, found
