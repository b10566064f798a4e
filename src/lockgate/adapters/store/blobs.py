"""Blobs on disk: ``blobs/sha256/<first two hex digits>/<hex>`` below one directory."""

from __future__ import annotations

from pathlib import Path

from lockgate.adapters import disk
from lockgate.core.digest import Digest, digest_of, hex_of
from lockgate.errors import LedgerError, UnreadableError


class DiskBlobs:
    """Content-addressed files (port `Blobs`), safe for many threads and processes.

    Args:
        path: the gate's directory; ``blobs/`` in it is made with the first blob.
    """

    def __init__(self, path: Path) -> None:
        self._path = path / "blobs" / "sha256"

    def put(self, data: bytes) -> Digest:
        """Write to a temporary file, sync it, rename it, sync the directory. What is there already and right stays."""
        digest = digest_of(data)
        name = hex_of(digest)
        try:
            disk.make_directory(self._path / name[:2])
            with disk.directory(self._path / name[:2]) as fd:
                disk.keep(name, data, 0o400, dir_fd=fd)
        except OSError as err:
            if err.errno in disk.FULL:
                raise LedgerError("blob.full", f"there is no space left for {digest} below {self._path}") from None
            if err.errno in disk.READ_ONLY:
                raise LedgerError("blob.read-only", f"nothing may be written below {self._path}") from None
            raise LedgerError("blob.unwritable", f"{digest} could not be written below {self._path}: {disk.reason(err)}") from None
        return digest

    def get(self, digest: Digest, *, max_bytes: int = 64 << 20) -> bytes:
        """The bytes, re-hashed."""
        name = hex_of(digest)
        try:
            data = disk.read_file(self._path / name[:2] / name, max_bytes)
        except FileNotFoundError:
            raise UnreadableError("blob.missing", f"{digest} is not kept here: it was never stored, or was erased") from None
        except OSError as err:
            if disk.is_too_large(err):
                raise UnreadableError("blob.too-large", f"{digest} has more than {max_bytes} bytes") from None
            raise UnreadableError("blob.unreadable", f"{digest} could not be read below {self._path}: {disk.reason(err)}") from None
        if digest_of(data) != digest:
            raise UnreadableError("blob.altered", f"the bytes kept as {digest} are others: somebody changed them, or the disk did")
        return data
