"""What is attached to an image, out of the manifests that might refer to it; the same for layouts and registries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lockgate.adapters.sources.limits import KNOWN, MAX_EVIDENCE, require_within_limits
from lockgate.adapters.sources.oci_blobs import MAX_LOOKED_AT, Images, is_too_much
from lockgate.adapters.sources.oci_descriptor import EMPTY, Descriptor, contents, distinct, is_index
from lockgate.core.digest import Digest
from lockgate.core.ports import Evidence
from lockgate.errors import EvidenceError, UnreadableError


@contextmanager
def complete(digest: Digest) -> Iterator[None]:
    """What is attached is read whole or not at all: a part with wrong bytes makes it unreadable. Raises UnreadableError ``ref.unreadable``."""
    try:
        yield
    except EvidenceError as err:
        raise UnreadableError("ref.unreadable", f"what is attached to {digest} could not be read whole: {err.message}") from None


def evidence_among(images: Images, digest: Digest, candidates: list[Descriptor]) -> list[Evidence]:
    """Every piece of evidence in these manifests, each once.

    1. Read each, checking digest and size before looking; keep those whose ``subject`` is this digest.
    2. Read their layers of a known media type, checked likewise.

    Raises:
        UnreadableError: ``ref.unreadable``, ``ref.too-much-evidence``. EvidenceError: a part is missing or has other bytes.
    """
    found, sizes = dict[Digest, Evidence](), [0]
    for candidate in candidates:
        _, document = images.document(candidate.digest, candidate.size)
        at = f"{images.path}: {candidate.digest}"
        if is_index(document, candidate.media_type, at) or not _refers_to(document, digest):
            continue
        for layer, media_type in _known_layers(document, at):
            if layer.digest not in found:
                sizes.append(layer.size)
                require_within_limits(sizes[1:], images.path)
                piece = images.blob(layer.digest, layer.size, MAX_EVIDENCE)
                found[layer.digest] = Evidence(media_type=media_type, data=piece, origin=images.origin(candidate.digest))
    return list(found.values())


def searchable(listed: list[Descriptor], where: str) -> list[Descriptor]:
    """Each once. Raises UnreadableError ``ref.too-much-evidence`` where they are too much to read."""
    if is_too_much(listed):
        raise UnreadableError("ref.too-much-evidence", f"{where} lists more manifests than are searched: {MAX_LOOKED_AT} bytes at most")
    return distinct(listed)


def _refers_to(document: dict[str, Any], digest: Digest) -> bool:
    subject = document.get("subject")
    return isinstance(subject, dict) and subject.get("digest") == digest


def _known_layers(document: dict[str, Any], where: str) -> list[tuple[Descriptor, str]]:
    """The layers some reader knows, by their own media type or else by the artifact type of the whole manifest."""
    config, *layers = contents(document, where)
    artifact_type = document.get("artifactType") or config.media_type
    typed = [(each, each.media_type if each.media_type in KNOWN else artifact_type) for each in layers if each.media_type != EMPTY]
    return [(each, media_type) for each, media_type in typed if media_type in KNOWN]
