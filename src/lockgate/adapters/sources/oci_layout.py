"""OCI image layout directories (image-spec v1.1, image-layout.md) as a `Source`.

What is attached to an image is found where the specification puts it: manifests in ``index.json`` whose ``subject``
is the image, and the index under the fallback tag ``sha256-<hex>``. A manifest that cannot be read might be one of
them, so it makes the evidence unreadable rather than absent.

It is found too where cosign puts it: under ``sha256-<hex>.sig`` and ``.att``, which is its older layout; in entries that ``cosign save``
marks as signatures or attestations; and in referrers that ``cosign save`` leaves among the blobs and lists nowhere.
"""

from __future__ import annotations

import json
import os
from itertools import islice
from pathlib import PurePath
from typing import Any

from lockgate.adapters import disk
from lockgate.adapters.sources.layer_files import read_inside
from lockgate.adapters.sources.limits import BUNDLE
from lockgate.adapters.sources.oci_blobs import MAX_LOOKED_AT, MAX_MANIFEST, MAX_PARTS, Layout, open_layout
from lockgate.adapters.sources.oci_copy import copy_of
from lockgate.adapters.sources.oci_descriptor import (
    EMPTY_BYTES,
    KIND,
    KIND_IMAGE,
    KINDS_ATTACHED,
    KINDS_SAVED,
    MANIFEST,
    MANIFESTS,
    Descriptor,
    as_json,
    attached_tags,
)
from lockgate.adapters.sources.oci_evidence import Referrers, complete, evidence_among, new_referrer, read_referrers, refers_to, require_readable, searchable
from lockgate.adapters.sources.oci_select import platforms, select
from lockgate.core.digest import Digest, Ref, digest_of, hex_of
from lockgate.core.ports import Evidence, Measured
from lockgate.errors import LedgerError, LockgateError, UnreadableError

MAX_REFERRER = 1 << 16
"""The largest manifest, bytes, that is looked for among blobs; those that attach something have a thousand."""


class OciLayouts:
    """Images in OCI image layout directories (port `Source`)."""

    def resolve(self, ref: Ref, platform: str = "") -> tuple[Ref, Digest]:
        """The image's digest; of a multi-platform index named by tag, the one manifest for `platform`.

        A digest the user gives stands for itself, an index included, unless a platform is asked of it.

        Raises:
            UnreadableError: ``ref.not-found``, ``ref.unreadable``, ``ref.ambiguous``, ``ref.no-platform``, ``ref.which-platform``.
            EvidenceError: ``digest.mismatch``, ``digest.truncated``.
            UsageError: ``platform.malformed``.
        """
        with open_layout(ref.path) as layout:
            return Ref(scheme="oci", path=ref.path, tag=ref.tag, digest=ref.digest), select(layout, ref, platform)

    def measure(self, ref: Ref, digest: Digest) -> Measured:
        """Read manifest, config and layers (of an index: of all its manifests) and compare digests and sizes."""
        with open_layout(ref.path) as layout:
            return layout.measured(digest)

    def platforms(self, ref: Ref, digest: Digest) -> tuple[str, ...]:
        """By the image's own configuration; of an index, by what it lists."""
        with open_layout(ref.path) as layout:
            return platforms(layout, digest)

    def attached(self, ref: Ref, digest: Digest) -> list[Evidence]:
        """The evidence in manifests that name this digest as their subject, each piece once."""
        with open_layout(ref.path) as layout:
            return _evidence(layout, digest)

    def inside(self, ref: Ref, digest: Digest, path: str) -> bytes | None:
        """A file out of the image's layers."""
        with open_layout(ref.path) as layout:
            return read_inside(layout, digest, path)

    def attach(self, ref: Ref, digest: Digest, evidence: Evidence) -> str:
        """Add a manifest that holds the evidence and names the digest as its subject; its reference is returned.

        The blobs are durable before ``index.json``, exchanged in one step, names them; what else it holds stays.
        """
        require_readable(evidence)
        try:
            with open_layout(ref.path) as layout, disk.locked(layout.root_fd):
                return _attach(layout, digest, evidence)
        except OSError as err:
            raise LedgerError("ref.unwritable", f"{ref.path} could not be written: {disk.reason(err)}; attaching again does no harm") from None
        except LockgateError as err:
            raise LedgerError("ref.unwritable", f"nothing was attached to {digest}: {err.message}") from None

    def copy(self, ref: Ref, digest: Digest, into: PurePath) -> PurePath:
        """A layout that holds this image or index and nothing else, copied byte by byte: files 0400, directories 0500."""
        with open_layout(ref.path) as layout:
            return copy_of(layout, digest, into)


def _evidence(layout: Layout, digest: Digest) -> list[Evidence]:
    """Every piece of evidence, or an error: of the manifests of ``index.json``, and of the index under the fallback tag (distribution-spec v1.1)."""
    with complete(digest):
        listed, tags = layout.descriptors(), attached_tags(digest)
        tagged = [each for each in listed if each.tag in tags or each.annotations.get(KIND) in KINDS_ATTACHED]
        manifests, odd = _candidates(layout, digest, listed)
        return evidence_among(layout, digest, Referrers(manifests, odd, searchable(tagged, f"{layout.path}/index.json")))


def _candidates(layout: Layout, digest: Digest, listed: list[Descriptor]) -> tuple[list[Descriptor], list[bytes]]:
    """What might refer to this digest, and what of it is not followed."""
    where, tag = f"{layout.path}/index.json", f"sha256-{hex_of(digest)}"
    odd: list[bytes] = []
    candidates = [each for each in listed if each.tag != tag and each.media_type in MANIFESTS]
    for each in searchable([each for each in listed if each.tag == tag and each.digest != digest], where):
        _, document = layout.document(each.digest, each.size)
        fallback = read_referrers(document.get("manifests"), where)
        candidates, odd = candidates + fallback.manifests, odd + fallback.odd
    if any(each.digest == digest and each.annotations.get(KIND) in KINDS_SAVED for each in listed):
        candidates += _unlisted(layout, digest)
    return searchable(candidates, where), list(dict.fromkeys(odd))


def _unlisted(layout: Layout, digest: Digest) -> list[Descriptor]:
    """Referrers among the blobs of a layout that cosign saved: it lists none of them there, and finds them in this way (pkg/cosign, GetLocalBundles).

    A small blob that is no referrer of this digest, or cannot be read, is passed over: nobody said that it was one.

    Raises:
        UnreadableError: ``ref.too-much-evidence``.
    """
    found, looked_at = list[Descriptor](), 0
    with os.scandir(layout.blobs_fd) as entries:
        names = sorted(each.name for each in islice(entries, MAX_PARTS + 1))
    if len(names) > MAX_PARTS:
        raise UnreadableError("ref.too-much-evidence", f"{layout.path} has more than the {MAX_PARTS} blobs among which referrers are looked for")
    for name in names:
        try:
            data = disk.read_file(name, MAX_REFERRER, dir_fd=layout.blobs_fd)
            looked_at += len(data)
            if looked_at > MAX_LOOKED_AT:
                raise UnreadableError(
                    "ref.too-much-evidence", f"{layout.path} has more than {MAX_LOOKED_AT} bytes of small blobs, among which referrers are looked for"
                )
            own = digest_of(data)
            if hex_of(own) == name and digest.encode() in data and refers_to(layout.parse(data, name), digest):
                found.append(Descriptor(media_type=MANIFEST, digest=own, size=len(data)))
        except OSError:
            continue
        except UnreadableError as err:
            if err.code != "ref.unreadable":
                raise
    return found


def _attach(layout: Layout, digest: Digest, evidence: Evidence) -> str:
    held = _evidence(layout, digest)
    for each in held:
        if each.data == evidence.data:
            return each.origin
    manifest, referrer = new_referrer(layout, digest, evidence, held)
    index = layout.index()
    index["manifests"].append(as_json(referrer))
    if evidence.media_type == BUNDLE:
        _mark(index["manifests"], digest)
    written = json.dumps(index, allow_nan=False, separators=(",", ":")).encode()
    if len(written) > MAX_MANIFEST:
        raise LedgerError("ref.unwritable", f"{layout.path}/index.json would grow larger than {MAX_MANIFEST} bytes")
    mode = os.stat("index.json", dir_fd=layout.root_fd, follow_symlinks=False).st_mode & 0o666
    for blob in (evidence.data, EMPTY_BYTES, manifest):
        disk.keep(hex_of(digest_of(blob)), blob, mode, dir_fd=layout.blobs_fd)
    disk.write_atomic("index.json", written, mode, dir_fd=layout.root_fd)
    return f"oci:{layout.path}@{referrer.digest}"


def _mark(listed: list[dict[str, Any]], digest: Digest) -> None:
    """Mark the image as cosign's own where none is: in a layout it looks for what is attached to the one that is marked, and to no other."""
    if all((each.get("annotations") or {}).get(KIND) != KIND_IMAGE for each in listed):
        for each in listed:
            if each["digest"] == digest and each["mediaType"] in MANIFESTS:
                each["annotations"] = {**(each.get("annotations") or {}), KIND: KIND_IMAGE}
                return
