"""Which image of a layout is meant: by digest, by tag, by platform. A guess is never made."""

from __future__ import annotations

from lockgate.adapters.sources.oci_blobs import MAX_MANIFEST, Images, is_too_much
from lockgate.adapters.sources.oci_descriptor import (
    IMAGE_CONFIGS,
    KIND,
    KINDS_ATTACHED,
    Descriptor,
    contents,
    cut,
    distinct,
    is_index,
    is_referrers_tag,
    matches,
    platform_of,
    require_platform,
)
from lockgate.core.digest import Digest, Ref
from lockgate.errors import EvidenceError, UnreadableError

MAX_NESTING = 8
"""How many indexes deep a manifest may lie."""

MAX_UNTOLD = 16
"""How many images that are listed without a platform are asked for it: a manifest and a configuration are read of each."""


def select(layout: Images, ref: Ref, platform: str) -> Digest:
    """The digest of what `ref` names.

    1. A digest the user gave: its bytes are read and checked.
    2. Otherwise the candidates are what ``index.json`` lists under the tag; without a tag, all that refer to no other.
    3. An index stands for itself, with every platform in it, unless a platform is asked: then it is entered. What it says of its platforms
       is nobody's word, since only the manifest's digest is signed and pinned: it narrows the choice and decides nothing.
    4. The manifest's bytes are read and checked; where a platform was asked, its own configuration has to name it.

    Raises:
        UnreadableError: ``ref.not-found``, ``ref.unreadable``, ``ref.ambiguous``, ``ref.no-platform``, ``ref.which-platform``.
        EvidenceError: ``digest.mismatch`` or ``digest.truncated``.
        UsageError: ``platform.malformed``.
    """
    asked = require_platform(platform)
    if ref.digest is not None:
        try:
            layout.document(ref.digest)
        except EvidenceError as err:
            if err.code != "digest.missing":
                raise
            raise UnreadableError("ref.not-found", err.message) from None
        candidates = [Descriptor(media_type="", digest=ref.digest, size=-1)]
    else:
        candidates = _listed(layout, ref.tag)
    for _ in range(MAX_NESTING):
        chosen = _one(layout, candidates, asked)
        where = f"{layout.path}: {chosen.digest}"
        try:
            _, document = layout.document(chosen.digest, None if chosen.size < 0 else chosen.size)
        except EvidenceError as err:
            if err.code != "digest.missing":
                raise
            raise UnreadableError("ref.unreadable", err.message) from None
        index, inside = is_index(document, chosen.media_type, where), contents(document, where)
        if not index or not asked:
            if asked:
                _require_own_platform(layout, inside[0], chosen, asked)
            return chosen.digest
        candidates = inside
    raise UnreadableError("ref.unreadable", f"{layout.path}: indexes nest deeper than {MAX_NESTING}")


def platforms(images: Images, digest: Digest) -> tuple[str, ...]:
    """Which platforms this image, or what this index lists, says it is for; sorted. Nobody's word, and nothing is chosen by it.

    Raises:
        UnreadableError: ``ref.unreadable``. EvidenceError: a part is missing or has other bytes.
    """
    _, document = images.document(digest)
    where = f"{images.path}: {digest}"
    inside = contents(document, where)
    if is_index(document, "", where):
        return tuple(sorted({each.platform for each in inside if each.platform and not each.attestation}))
    return tuple(filter(None, [_own_platform(images, inside[0])]))


def _listed(layout: Images, tag: str) -> list[Descriptor]:
    """What ``index.json`` lists under a tag; or, without one, every image that is nobody's attachment."""
    listed = layout.descriptors()
    if tag:
        found = [each for each in listed if each.tag == tag]
        if not found:
            raise UnreadableError("ref.not-found", f"{layout.path} has no tag {tag!r}")
        return found
    candidates = _images(layout, [each for each in listed if not is_referrers_tag(each.tag) and each.annotations.get(KIND) not in KINDS_ATTACHED])
    if not candidates:
        raise UnreadableError("ref.not-found", f"{layout.path} lists no image")
    tags = sorted({each.tag for each in candidates})
    if len(distinct(candidates)) > 1 and len(tags) > 1:
        told = ", ".join(tag[:100] for tag in tags[:6] if tag)
        raise UnreadableError("ref.ambiguous", f"{layout.path} holds several images: name one of its tags ({told})", f"name one: oci:{layout.path}:TAG")
    return candidates


def _images(layout: Images, listed: list[Descriptor]) -> list[Descriptor]:
    """Those that do not refer to another one; what cannot be read counts as an image, and is told when it is chosen."""
    if is_too_much(listed):
        raise UnreadableError("ref.ambiguous", f"{layout.path} lists more than is searched for its one image: name a tag or a digest")
    attachments = {each.digest for each in distinct(listed) if _refers(layout, each)}
    return [each for each in listed if each.digest not in attachments]


def _refers(layout: Images, each: Descriptor) -> bool:
    try:
        _, document = layout.document(each.digest, each.size)
    except (EvidenceError, UnreadableError):
        return False
    return document.get("subject") is not None


def _one(layout: Images, candidates: list[Descriptor], asked: str) -> Descriptor:
    images = distinct(each for each in candidates if not each.attestation)
    if asked:
        images = [each for each in images if not each.platform or matches(asked, each.platform)]
        untold = [each for each in images if not each.platform]
        if len(images) > 1 and untold:
            if len(untold) > MAX_UNTOLD:
                raise UnreadableError("ref.ambiguous", f"{layout.path} lists {len(untold)} images without a platform: name a tag or a digest")
            images = [each for each in images if each.platform or _may_be_for(layout, each, asked)]
    if not images:
        raise UnreadableError("ref.no-platform", f"{layout.path} has nothing for {asked or 'any platform'}")
    if len(images) > 1:
        platforms = sorted({each.platform for each in images if each.platform})
        if len(platforms) > 1:
            raise UnreadableError("ref.which-platform", f"{layout.path} holds several images: name a platform ({', '.join(platforms[:8])})")
        raise UnreadableError("ref.ambiguous", f"{layout.path} holds several images for {''.join(platforms) or 'no platform'}: name a tag or a digest")
    return images[0]


def _may_be_for(layout: Images, each: Descriptor, asked: str) -> bool:
    """Whether an entry that names no platform might be the one; what cannot be told might, and is told when it is chosen."""
    where = f"{layout.path}: {each.digest}"
    try:
        _, document = layout.document(each.digest, None if each.size < 0 else each.size)
        if is_index(document, each.media_type, where):
            return True
        own = _own_platform(layout, contents(document, where)[0])
    except (EvidenceError, UnreadableError):
        return True
    return own is None or matches(asked, own)


def _own_platform(layout: Images, config: Descriptor) -> str | None:
    """What a configuration says it is for, empty where it does not say; None for an artifact that is no image, and serves any.

    What calls itself something else than an image's configuration and names a system or an architecture is held to it:
    there are runtimes that do not look at the media type.
    """
    data = layout.blob(config.digest, config.size, MAX_MANIFEST)
    try:
        document = layout.parse(data, config.digest)
    except UnreadableError:
        if config.media_type in IMAGE_CONFIGS:
            raise
        return None
    own = platform_of(document, f"{layout.path}: {config.digest}")
    is_image = config.media_type in IMAGE_CONFIGS or not document.keys().isdisjoint(("os", "architecture"))
    return own if is_image else None


def _require_own_platform(layout: Images, config: Descriptor, chosen: Descriptor, asked: str) -> None:
    """Step 4: the platform asked for is the one the image names itself."""
    own = _own_platform(layout, config)
    if own is None or matches(asked, own):
        return
    listed = f", is listed for {cut(chosen.platform)}" if chosen.platform else ""
    raise UnreadableError(
        "ref.no-platform",
        f"{layout.path}: {chosen.digest} is for {own or 'an unnamed platform'} by its own configuration{listed}, and {asked} is asked for",
    )
