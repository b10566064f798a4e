"""What is attached to an image, out of the manifests that might refer to it; the same for layouts and registries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from lockgate import canon
from lockgate.adapters.sources.limits import BUNDLE, DSSE, KNOWN, MAX_EVIDENCE, MAX_ITEMS, MAX_TOTAL, MAX_UNSIGNED, PAYLOAD, SBOMS, require_within_limits
from lockgate.adapters.sources.oci_blobs import MAX_LOOKED_AT, Images, is_too_much
from lockgate.adapters.sources.oci_descriptor import (
    CERTIFICATE,
    CHAIN,
    DOCUMENTS,
    EMPTY,
    EMPTY_BYTES,
    INDEX,
    LOG,
    MANIFEST,
    SIGNATURE,
    TIME_STAMP,
    Descriptor,
    as_json,
    contents,
    distinct,
    is_index,
    read_descriptor,
)
from lockgate.core.digest import Digest, digest_of
from lockgate.core.ports import Evidence
from lockgate.errors import EvidenceError, LedgerError, UnreadableError
from lockgate.evidence import annotated
from lockgate.evidence.annotated import Beside

POINTER = "application/vnd.oci.descriptor.v1+json"
"""The media type of a descriptor itself: evidence that no reader reads."""

_DIGEST = re.compile(r"(?:sha256:[0-9a-f]{64}|(?!sha256:)[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[A-Za-z0-9=_-]{1,255})\Z").match
"""descriptor.md, "Digests"."""


@contextmanager
def complete(digest: Digest) -> Iterator[None]:
    """What is attached is read whole or not at all: a part with wrong bytes makes it unreadable. Raises UnreadableError ``ref.unreadable``."""
    try:
        yield
    except EvidenceError as err:
        raise UnreadableError("ref.unreadable", f"what is attached to {digest} could not be read whole: {err.message}") from None


class Referrers(NamedTuple):
    """What might refer to an image.

    Attributes:
        manifests: to be read. odd: entries that point to what is not followed here, in canonical JSON.
        tagged: manifests under a tag that is made of the image's digest, which name it nowhere but in what is signed.
    """

    manifests: list[Descriptor]
    odd: list[bytes]
    tagged: list[Descriptor]


def read_referrers(value: Any, where: str) -> Referrers:  # noqa: ANN401  a JSON value
    """Read a list of referrers.

    What is well formed and points to content of another digest algorithm, or of a media type that is no manifest's, is not followed: it is
    kept as evidence that proves nothing, so that one such entry does not hide all others, and is not silently left out either. That is
    safe because what is attached only ever permits: see ADR 0020.

    Raises:
        UnreadableError: ``ref.unreadable``: the list itself cannot be read.
    """
    if not isinstance(value, list):
        raise UnreadableError("ref.unreadable", f"{where} has no list where descriptors belong")
    found = Referrers([], [], [])
    for each in value:
        odd = _odd(each)
        if odd is None:
            found.manifests.append(read_descriptor(each, where))
        else:
            found.odd.append(odd)
    return found


def _odd(entry: Any) -> bytes | None:  # noqa: ANN401  a JSON value
    """What an entry says that is not followed; None for one that is read like any other, or is refused there."""
    media_type, digest, size = (entry.get("mediaType"), entry.get("digest"), entry.get("size")) if isinstance(entry, dict) else (None, None, None)
    if not isinstance(media_type, str) or not isinstance(digest, str) or type(size) is not int or not 0 <= size < 2**53 or not _DIGEST(digest):
        return None
    if digest.startswith("sha256:") and (not media_type or media_type in DOCUMENTS):
        return None
    return _pointer(media_type, digest, size)


def _pointer(media_type: str, digest: str, size: int) -> bytes:
    return canon.encode({"mediaType": media_type[:255].encode("ascii", "backslashreplace").decode(), "digest": digest, "size": size})


class _Room:
    """For bills of materials without a signature: anybody's may be large, and none of them hides what is signed. What finds none is not followed."""

    def __init__(self) -> None:
        self._taken = dict[Digest, int]()

    def takes(self, layer: Descriptor) -> bool:
        """Whether there is room for it, which it then has."""
        if sum(self._taken.values()) + layer.size <= MAX_UNSIGNED:
            self._taken[layer.digest] = layer.size
        return layer.digest in self._taken


def evidence_among(images: Images, digest: Digest, referrers: Referrers) -> list[Evidence]:
    """Every piece of evidence in these manifests, each once; and what was not followed.

    1. Read each, checking digest and size before looking; keep those whose ``subject`` is this digest, and the tagged ones.
    2. Read their layers of a known media type, checked likewise; of what nobody signed, as much as there is room for (`_Room`).

    Raises:
        UnreadableError: ``ref.unreadable``, ``ref.too-much-evidence``. EvidenceError: a part is missing or has other bytes.
    """
    pieces = dict[tuple[Digest, str, Beside], tuple[Descriptor, str, Digest]]()
    found = [Evidence(media_type=POINTER, data=each, origin=images.path) for each in referrers.odd]
    sizes, own = [len(each.data) for each in found], {each.digest for each in referrers.tagged}
    candidates, room = distinct([*referrers.manifests, *referrers.tagged]), _Room()
    for candidate, (data, said) in zip(candidates, images.beside(lambda each: images.raw(each.digest, each.size), candidates), strict=True):
        document = images.parsed(candidate.digest, data, said)  # one after another: what is read beside each other is bytes alone
        at = f"{images.path}: {candidate.digest}"
        if is_index(document, candidate.media_type, at) or not (candidate.digest in own or refers_to(document, digest)):
            continue
        for layer, media_type in _known_layers(document, at):
            if media_type in SBOMS and not room.takes(layer):
                found.append(Evidence(media_type=POINTER, data=_pointer(layer.media_type, layer.digest, layer.size), origin=at))
                sizes.append(len(found[-1].data))
                continue
            signature, beside = layer.annotations.get(SIGNATURE, "") if media_type == PAYLOAD else "", _beside(layer, media_type)
            if (layer.digest, signature, beside) not in pieces:
                sizes.append(layer.size + sum(map(len, (signature, beside.certificate, beside.chain, beside.log, beside.time_stamp))))
                require_within_limits(sizes, images.path)
                pieces[layer.digest, signature, beside] = layer, media_type, candidate.digest
    if sizes:
        require_within_limits(sizes, images.path)
    read = images.beside(lambda one: images.blob(one[0].digest, one[0].size, MAX_EVIDENCE), pieces.values())
    for ((_, signature, beside), (_, kind, at)), data in zip(pieces.items(), read, strict=True):
        whole, media_type = data, kind
        if kind == PAYLOAD:
            whole = annotated.join(data, signature, beside)
        elif beside != Beside():
            whole, media_type = annotated.join(data, "", beside), annotated.ATTESTATION
        found.append(Evidence(media_type=media_type, data=whole, origin=images.origin(at)))
    return found


def _beside(layer: Descriptor, media_type: str) -> Beside:
    """The annotations of a payload or an envelope; what of them is no text at all counts as missing, as with the signature."""
    if media_type not in {PAYLOAD, DSSE}:
        return Beside()
    said = layer.annotations
    return Beside(certificate=said.get(CERTIFICATE, ""), chain=said.get(CHAIN, ""), log=said.get(LOG, ""), time_stamp=said.get(TIME_STAMP, ""))


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
