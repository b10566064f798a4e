"""Files the user names: read no further than asked, written whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lockgate.core.digest import Digest, Ref


def read_head(path: str | Path, max_bytes: int) -> bytes:
    """The first `max_bytes` of a file the user names, a regular one: never waits for a FIFO. Raises OSError."""
    from lockgate.adapters import disk

    with os.fdopen(disk.open_regular(path, follow=True), "rb") as file:
        return file.read(max_bytes)


def file_digest(path: str | Path) -> str:
    """SHA-256 of a regular file the user names, in 64 hex digits and bounded memory. Raises OSError."""
    import hashlib

    from lockgate.adapters import disk

    with os.fdopen(disk.open_regular(path, follow=True), "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_for_signatures(ref: Ref) -> tuple[Digest, dict[str, bytes], bytes | None] | None:
    """As `sources.files.read_for_signatures`; None for what is no plain file. Raises UnreadableError, EvidenceError as it, and as `local.located`."""
    from lockgate.adapters.sources import files, local

    found = local.located(ref)
    return files.read_for_signatures(found) if found.scheme == "file" else None


def require_writable(path: str | Path) -> None:
    """A file could be put there, as `write_file` does it. Raises OSError."""
    from lockgate.adapters import disk

    target = Path(path)
    if os.path.lexists(target):
        os.close(disk.open_regular(target))
    with disk.directory(target.parent, follow=True) as fd:
        if not os.access(".", os.W_OK | os.X_OK, dir_fd=fd):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(target.parent))


def write_file(path: str | Path, data: bytes, *, new: bool = False) -> None:
    """Put `data` in a file the user names, whole or not at all; a regular file there is replaced, unless it is to be `new`; anything else never is.

    Raises:
        OSError: FileExistsError for a new one that is there.
    """
    from lockgate.adapters import disk

    target = Path(path)
    if not new and os.path.lexists(target):
        os.close(disk.open_regular(target))
    with disk.directory(target.parent, follow=True) as fd:
        (disk.write_new if new else disk.write_atomic)(target.name, data, 0o644, dir_fd=fd)
        os.fsync(fd)
