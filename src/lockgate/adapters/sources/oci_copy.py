"""A private copy of an image, as an OCI image layout that holds nothing else."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path, PurePath

from lockgate import canon
from lockgate.adapters import disk
from lockgate.adapters.sources.oci_blobs import Images, unreadable
from lockgate.adapters.sources.oci_descriptor import INDEX
from lockgate.core.digest import Digest, hex_of
from lockgate.core.ports import Measured
from lockgate.errors import EvidenceError


def copy_of(images: Images, digest: Digest, into: PurePath) -> PurePath:
    """A layout that holds this image or index and nothing else, copied byte by byte: files 0400, directories 0500.

    Raises:
        EvidenceError: ``digest.mismatch``. UnreadableError: ``ref.unreadable``.
    """
    target = Path(into) / f"{hex_of(digest)[:12]}-{secrets.token_hex(4)}"
    try:
        _copy(images, digest, target)
    except BaseException as err:
        shutil.rmtree(target, ignore_errors=True)
        if isinstance(err, OSError):
            raise unreadable(f"{images.path}, on its way to {into},", err) from None
        raise
    return PurePath(target)


def _copy(images: Images, digest: Digest, target: Path) -> None:
    blobs = target / "blobs" / "sha256"
    disk.make_directory(target.parent)
    for directory in (target, blobs.parent, blobs):
        directory.mkdir(0o700)
    image: Measured | None = None
    with disk.directory(blobs) as out_dir:
        for part in images.parts(digest, out_dir):
            if part.problem:
                raise EvidenceError("digest.mismatch", f"{images.path}: {part.where} is missing or not what it was: nothing was copied")
            image = image or part
    if image is None:
        raise EvidenceError("digest.mismatch", f"{images.path} does not hold {digest}")
    listed = {"mediaType": image.media_type, "digest": digest, "size": image.size}
    with disk.directory(target) as root:
        disk.write_new("oci-layout", canon.encode({"imageLayoutVersion": "1.0.0"}), 0o400, dir_fd=root)
        disk.write_new("index.json", canon.encode({"schemaVersion": 2, "mediaType": INDEX, "manifests": [listed]}), 0o400, dir_fd=root)
    for directory in (blobs, blobs.parent, target):
        directory.chmod(0o500)
