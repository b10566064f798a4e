"""Which image of a layout is meant: by digest, by tag, by platform. A guess is never made."""

from __future__ import annotations

from lockgate.adapters.sources.oci_blobs import Layout
from lockgate.adapters.sources.oci_descriptor import (
    IMAGE_CONFIGS,
    Descriptor,
    distinct,
    is_index,
    is_referrers_tag,
    matches,
    platform_of,
    read_descriptor,
    read_descriptors,
    require_platform,
)
from lockgate.core.digest import Digest, Ref
from lockgate.errors import EvidenceError, UnreadableError

MAX_NESTING = 8
"""How many indexes deep a manifest may lie."""

MAX_LOOKED_AT = 64 << 20
"""Most bytes of manifests read in search of the one image of a layout."""


def select(layout: Layout, ref: Ref, platform: str) -> Digest:
    """The digest of what `ref` names.

    1. A digest the user gave: its bytes are read and checked; an index stands for itself unless a platform is asked.
    2. Otherwise the candidates are what ``index.json`` lists under the tag; without a tag, all that refer to no other.
    3. Of several, the platform decides; an index is entered the same way.
    4. The manifest's bytes are read and checked; where a platform was asked, it is the manifest's.

    Raises:
        UnreadableError: ``ref.not-found``, ``ref.unreadable``, ``ref.ambiguous``, ``ref.no-platform``.
        EvidenceError: ``digest.mismatch`` or ``digest.truncated``.
        UsageError: ``platform.malformed``.
    """
    asked = require_platform(platform)
    if ref.digest is not None:
        try:
            _, document = layout.document(ref.digest)
        except EvidenceError as err:
            if err.code != "digest.missing":
                raise
            raise UnreadableError("ref.not-found", err.message) from None
        if is_index(document, "", f"{layout.path}: {ref.digest}") and not asked:
            return ref.digest
        candidates = [Descriptor(media_type="", digest=ref.digest, size=-1)]
    else:
        candidates = _listed(layout, ref.tag)
    for _ in range(MAX_NESTING):
        chosen = _one(candidates, asked, layout.path)
        where = f"{layout.path}: {chosen.digest}"
        try:
            _, document = layout.document(chosen.digest, None if chosen.size < 0 else chosen.size)
        except EvidenceError as err:
            if err.code != "digest.missing":
                raise
            raise UnreadableError("ref.unreadable", err.message) from None
        if not is_index(document, chosen.media_type, where):
            if asked and not chosen.platform:
                _require_own_platform(layout, document, asked, where)
            return chosen.digest
        candidates = read_descriptors(document["manifests"], where)
    raise UnreadableError("ref.unreadable", f"{layout.path}: indexes nest deeper than {MAX_NESTING}")


def _listed(layout: Layout, tag: str) -> list[Descriptor]:
    """What ``index.json`` lists under a tag; or, without one, every image that is nobody's attachment."""
    listed = layout.descriptors()
    if tag:
        found = [each for each in listed if each.tag == tag]
        if not found:
            raise UnreadableError("ref.not-found", f"{layout.path} has no tag {tag!r}")
        return found
    candidates = _images(layout, [each for each in listed if not is_referrers_tag(each.tag)])
    if not candidates:
        raise UnreadableError("ref.not-found", f"{layout.path} lists no image")
    tags = sorted({each.tag for each in candidates})
    if len(distinct(candidates)) > 1 and len(tags) > 1:
        raise UnreadableError("ref.ambiguous", f"{layout.path} holds several images: name one of its tags ({', '.join(filter(None, tags[:6]))})")
    return candidates


def _images(layout: Layout, listed: list[Descriptor]) -> list[Descriptor]:
    """Those that do not refer to another one; what cannot be read counts as an image, and is told when it is chosen."""
    images, looked_at = [], 0
    for each in listed:
        try:
            data, document = layout.document(each.digest, each.size)
        except (EvidenceError, UnreadableError):
            images.append(each)
            continue
        looked_at += len(data)
        if looked_at > MAX_LOOKED_AT:
            raise UnreadableError("ref.ambiguous", f"{layout.path} lists more than is searched for its one image: name a tag or a digest")
        if document.get("subject") is None:
            images.append(each)
    return images


def _one(candidates: list[Descriptor], asked: str, where: str) -> Descriptor:
    images = distinct(each for each in candidates if not each.attestation)
    if asked:
        matching = [each for each in images if each.platform and matches(asked, each.platform)]
        images = matching or [each for each in images if not each.platform]
    if not images:
        raise UnreadableError("ref.no-platform", f"{where} has nothing for {asked or 'any platform'}")
    if len(images) > 1:
        platforms = sorted({each.platform for each in images if each.platform})
        raise UnreadableError("ref.ambiguous", f"{where} holds several images: name a platform ({', '.join(platforms[:8]) or 'none is given'})")
    return images[0]


def _require_own_platform(layout: Layout, manifest: dict[str, object], asked: str, where: str) -> None:
    """Check what an image's own configuration says; other artifacts have no platform, and serve any."""
    config = read_descriptor(manifest.get("config"), where)
    if config.media_type not in IMAGE_CONFIGS:
        return
    _, document = layout.document(config.digest, config.size)
    if not matches(asked, platform_of(document)):
        raise UnreadableError("ref.no-platform", f"{where} is for {platform_of(document) or 'an unnamed platform'}, and {asked} is asked for")
