"""OCI image specification v1.1, as values: descriptors, platforms, and what a manifest or index points to."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from typing import Any

from lockgate.canon import Noun
from lockgate.core.digest import Digest, digest_of, hex_of
from lockgate.errors import UnreadableError, UsageError

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
EMPTY = "application/vnd.oci.empty.v1+json"
EMPTY_BYTES = b"{}"

MANIFESTS = frozenset({MANIFEST, "application/vnd.docker.distribution.manifest.v2+json"})
INDEXES = frozenset({INDEX, "application/vnd.docker.distribution.manifest.list.v2+json"})
DOCUMENTS = MANIFESTS | INDEXES
"""What is read, and followed to what it points to."""

POINTERS = DOCUMENTS | {
    "application/vnd.docker.distribution.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v1+prettyjws",
    "application/vnd.oci.artifact.manifest.v1+json",
}
"""What some runtime or tool follows, or once did: never a configuration or a layer."""

IMAGE_CONFIGS = frozenset({"application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"})

TAG = "org.opencontainers.image.ref.name"
"""The annotation that holds a descriptor's tag (image-layout.md, "index.json")."""

KIND = "kind"
"""The annotation by which cosign knows its own in ``index.json`` (cosign, pkg/oci/layout)."""

KIND_IMAGE = "dev.cosignproject.cosign/image"
KINDS_SAVED = frozenset({KIND_IMAGE, "dev.cosignproject.cosign/imageIndex"})
KINDS_ATTACHED = frozenset({"dev.cosignproject.cosign/sigs", "dev.cosignproject.cosign/atts"})

SIGNATURE = "dev.cosignproject.cosign/signature"
"""The annotation of a layer that holds the signature of its bytes (cosign, SIGNATURE_SPEC.md)."""

CERTIFICATE, CHAIN, LOG, TIME_STAMP = (f"dev.sigstore.cosign/{each}" for each in ("certificate", "chain", "bundle", "rfc3161timestamp"))
"""Those that hold what a bundle would: the signer's certificate, those above it, a log's promise, a time stamp (cosign, pkg/oci/static)."""

_IN_DOCUMENT = {each.casefold(): each for each in ("schemaVersion", "mediaType", "artifactType", "config", "layers", "manifests", "subject", "fsLayers")}
_IN_DESCRIPTOR = {each.casefold(): each for each in ("mediaType", "digest", "size", "urls", "annotations", "data", "platform", "artifactType")}
_IN_PLATFORM = {each: each for each in ("os", "architecture", "variant")}

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z").match
_PART = re.compile(r"[A-Za-z0-9._-]{1,64}\Z").match
_PLATFORM = re.compile(r"[a-z0-9._-]{1,64}/[a-z0-9._-]{1,64}(/[a-z0-9._-]{1,64})?\Z").match
_REFERRERS_TAG = re.compile(r"sha256-[0-9a-f]{64}(\.[a-z0-9]+)?\Z").match


class Descriptor(Noun, frozen=True, kw_only=True):
    """A pointer to content (descriptor.md): what of it is used here.

    Attributes:
        media_type: as it says. digest: of the content. size: bytes, from 0.
        tag: its name in index.json; empty for none.
        platform: ``os/architecture[/variant]``; empty where it does not say.
        artifact_type: as it says; empty for none.
        attestation: a build tool's attestation manifest among the platforms, and no platform itself.
        annotations: those that are text.
    """

    media_type: str
    digest: Digest
    size: int
    tag: str = ""
    platform: str = ""
    artifact_type: str = ""
    attestation: bool = False
    annotations: dict[str, str] = {}


def read_descriptor(value: Any, where: str) -> Descriptor:  # noqa: ANN401  a JSON value
    """Read one descriptor. The digest's form keeps it from being a path to anywhere.

    Raises:
        UnreadableError: ``ref.unreadable``.
    """
    if not isinstance(value, dict):
        raise UnreadableError("ref.unreadable", f"{where} has a descriptor that is no object")
    _require_spelling(value, _IN_DESCRIPTOR, where)
    media_type, digest, size = value.get("mediaType"), value.get("digest"), value.get("size")
    if not isinstance(media_type, str) or not isinstance(digest, str) or type(size) is not int or not 0 <= size < 2**63:
        raise UnreadableError("ref.unreadable", f"{where} has a descriptor without media type, digest or size")
    if not _DIGEST(digest):
        raise UnreadableError("ref.unreadable", f"{where} has a descriptor whose digest is not sha256: and 64 lower-case hex digits")
    annotations = value.get("annotations") or {}
    artifact_type = value.get("artifactType") or ""
    if not isinstance(annotations, dict) or not isinstance(artifact_type, str) or not isinstance(annotations.get(TAG, ""), str):
        raise UnreadableError("ref.unreadable", f"{where} has a descriptor with malformed annotations or artifact type")
    if value.get("data") is not None:
        _require_data(value["data"], digest, size, where)
    platform = platform_of(value.get("platform"), where)
    return Descriptor(
        media_type=media_type,
        digest=digest,
        size=size,
        tag=annotations.get(TAG, ""),
        platform=platform,
        artifact_type=artifact_type,
        attestation=annotations.get("vnd.docker.reference.type") == "attestation-manifest" or platform == "unknown/unknown",
        annotations={name: text for name, text in annotations.items() if isinstance(text, str)},
    )


def read_descriptors(value: Any, where: str) -> list[Descriptor]:  # noqa: ANN401  a JSON value
    """Read a list of descriptors. Raises UnreadableError ``ref.unreadable``."""
    if not isinstance(value, list):
        raise UnreadableError("ref.unreadable", f"{where} has no list where descriptors belong")
    return [read_descriptor(each, where) for each in value]


def is_index(document: dict[str, Any], media_type: str, where: str) -> bool:
    """Whether a document is an index (or else a manifest): by its shape, which must agree with all it is said to be.

    A document that can be read as both is refused (image-spec security advisory on media type confusion, CVE-2021-41190),
    and so is one of a media type that is not known here: another reader might find in it what was not looked at.

    Args:
        document: the parsed content.
        media_type: what its descriptor calls it; empty where there is none.
        where: for messages.

    Raises:
        UnreadableError: ``ref.unreadable``.
    """
    _require_spelling(document, _IN_DOCUMENT, where)
    index, manifest = "manifests" in document, "config" in document or "layers" in document
    if index == manifest or "fsLayers" in document:
        raise UnreadableError("ref.unreadable", f"{where} is neither a manifest nor an index, or claims to be both")
    version = document.get("schemaVersion", 2)
    if type(version) is not int or version != 2:
        raise UnreadableError("ref.unreadable", f"{where} is of another schema version than 2")
    own = document.get("mediaType", "")
    for said in filter(None, (own, media_type)):
        if said not in (INDEXES if index else MANIFESTS):
            raise UnreadableError("ref.unreadable", f"{where} is {'an index' if index else 'a manifest'}, and said to be {cut(said)}")
    if own and media_type and own != media_type:
        raise UnreadableError("ref.unreadable", f"{where} calls itself {cut(own)}, and its descriptor calls it {cut(media_type)}")
    return index


def contents(document: dict[str, Any], where: str) -> list[Descriptor]:
    """What an index or a manifest covers: its manifests; or its config, then its layers (never its ``subject``).

    An index may point to manifests and indexes alone, and the parts of a manifest are neither: a document is read as
    one wherever somebody else might do so.

    Raises:
        UnreadableError: ``ref.unreadable``.
    """
    index = "manifests" in document
    found = read_descriptors(document["manifests"], where) if index else []
    if not index:
        found = [read_descriptor(document.get("config"), where), *read_descriptors(document.get("layers"), where)]
    for each in found:
        if index and each.media_type not in DOCUMENTS:
            raise UnreadableError("ref.unreadable", f"{where} is an index and lists {each.digest} as {cut(each.media_type)}: that is no manifest known here")
        if not index and each.media_type.partition(";")[0].strip().casefold() in POINTERS:
            raise UnreadableError("ref.unreadable", f"{where} has {each.digest} for a configuration or layer, as {cut(each.media_type)}")
    return found


def platform_of(value: Any, where: str) -> str:  # noqa: ANN401  a JSON value
    """``os/architecture[/variant]`` of a platform object or an image configuration; empty where it does not say.

    Raises:
        UnreadableError: ``ref.unreadable``.
    """
    if not isinstance(value, dict):
        return ""
    _require_spelling(value, _IN_PLATFORM, where)
    parts = [value.get("os"), value.get("architecture"), *([value["variant"]] if value.get("variant") else [])]
    named = [part for part in parts if isinstance(part, str) and _PART(part)]
    return "/".join(named) if len(named) == len(parts) else ""


def require_platform(text: str) -> str:
    """The platform a user asks for; empty for none. Raises UsageError ``platform.malformed``."""
    if text and not _PLATFORM(text):
        raise UsageError("platform.malformed", f"{text[:100]!r} is no platform: write os/architecture or os/architecture/variant, such as linux/amd64")
    return text


def matches(asked: str, found: str) -> bool:
    """Whether a platform is the one asked for; without a variant any will do, and arm64 means arm64/v8."""
    if found == asked or found.startswith(asked + "/"):
        return True
    return asked.endswith("/arm64/v8") and found == asked.removesuffix("/v8")


def is_referrers_tag(tag: str) -> bool:
    """Whether a tag is no image's name but the fallback for what refers to one (distribution-spec, "Referrers Tag Schema")."""
    return _REFERRERS_TAG(tag) is not None


def attached_tags(digest: Digest) -> tuple[str, str]:
    """The tags of cosign's older layout for what is attached to an image: its signatures, and its attestations (cosign, SIGNATURE_SPEC.md)."""
    return f"sha256-{hex_of(digest)}.sig", f"sha256-{hex_of(digest)}.att"


def cut(text: str) -> str:
    """Somebody else's text, for a message."""
    return repr(text if len(text) <= 100 else text[:100] + "...")


def distinct(descriptors: Iterable[Descriptor]) -> list[Descriptor]:
    """The descriptors, each digest once."""
    return list({each.digest: each for each in descriptors}.values())


def as_json(descriptor: Descriptor) -> dict[str, Any]:
    """The descriptor as a manifest or index holds it."""
    written: dict[str, Any] = {"mediaType": descriptor.media_type, "digest": descriptor.digest, "size": descriptor.size}
    if descriptor.artifact_type:
        written["artifactType"] = descriptor.artifact_type
    if descriptor.annotations:
        written["annotations"] = descriptor.annotations
    return written


def _require_spelling(value: dict[str, Any], names: dict[str, str], where: str) -> None:
    """No key is one of these names but for its case: many readers take it for that name, and would see other content."""
    for key in value:
        if names.get(key.casefold(), key) != key:
            raise UnreadableError("ref.unreadable", f"{where} has the key {cut(key)}, which some read as {names[key.casefold()]}")


def _require_data(data: Any, digest: Digest, size: int, where: str) -> None:  # noqa: ANN401  a JSON value
    """Content that a descriptor has in itself is what it describes (descriptor.md, "data"): some use it instead of the blob."""
    try:
        held = base64.b64decode(data, validate=True) if isinstance(data, str) else None
    except (binascii.Error, ValueError):
        held = None
    if held is None or len(held) != size or digest_of(held) != digest:
        raise UnreadableError("ref.unreadable", f"{where} has a descriptor of {digest} with other data in it")
