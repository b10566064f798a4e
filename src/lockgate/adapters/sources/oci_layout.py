"""OCI image layout directories (image-spec v1.1, image-layout.md) as a `Source`.

What is attached to an image is found where the specification puts it: manifests in ``index.json`` whose ``subject``
is the image, and the index under the fallback tag ``sha256-<hex>``. A manifest that cannot be read might be one of
them, so it makes the evidence unreadable rather than absent.
"""

from __future__ import annotations

import json
import os
from pathlib import PurePath

from lockgate.adapters import disk
from lockgate.adapters.sources.oci_blobs import MAX_MANIFEST, Layout, open_layout
from lockgate.adapters.sources.oci_copy import copy_of
from lockgate.adapters.sources.oci_descriptor import (
    EMPTY_BYTES,
    MANIFESTS,
    Descriptor,
    as_json,
    read_descriptors,
)
from lockgate.adapters.sources.oci_evidence import complete, evidence_among, new_referrer, require_readable, searchable
from lockgate.adapters.sources.oci_select import platforms, select
from lockgate.core.digest import Digest, Ref, digest_of, hex_of
from lockgate.core.ports import Evidence, Measured
from lockgate.errors import LedgerError, LockgateError


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
        return evidence_among(layout, digest, _candidates(layout, digest, f"{layout.path}/index.json"))


def _candidates(layout: Layout, digest: Digest, where: str) -> list[Descriptor]:
    """What might refer to this digest."""
    listed, tag = layout.descriptors(), f"sha256-{hex_of(digest)}"
    candidates = [each for each in listed if each.tag != tag and each.media_type in MANIFESTS]
    for each in searchable([each for each in listed if each.tag == tag], where):
        _, document = layout.document(each.digest, each.size)
        candidates += read_descriptors(document.get("manifests"), where)
    return searchable(candidates, where)


def _attach(layout: Layout, digest: Digest, evidence: Evidence) -> str:
    held = _evidence(layout, digest)
    for each in held:
        if each.data == evidence.data:
            return each.origin
    manifest, referrer = new_referrer(layout, digest, evidence, held)
    index = layout.index()
    index["manifests"].append(as_json(referrer))
    written = json.dumps(index, allow_nan=False, separators=(",", ":")).encode()
    if len(written) > MAX_MANIFEST:
        raise LedgerError("ref.unwritable", f"{layout.path}/index.json would grow larger than {MAX_MANIFEST} bytes")
    mode = os.stat("index.json", dir_fd=layout.root_fd, follow_symlinks=False).st_mode & 0o666
    for blob in (evidence.data, EMPTY_BYTES, manifest):
        disk.keep(hex_of(digest_of(blob)), blob, mode, dir_fd=layout.blobs_fd)
    disk.write_atomic("index.json", written, mode, dir_fd=layout.root_fd)
    return f"oci:{layout.path}@{referrer.digest}"
