"""Signed events that could not be recorded: files in this user's own state directory, or where that refuses in a new temporary one."""

from __future__ import annotations

import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from lockgate.adapters import disk


class FileOutbox:
    """Port `Outbox`.

    Args:
        path: the directory, made when first needed; None where this user has none.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def keep(self, name: str, data: bytes) -> str:
        """Write it, durably and readable by this user alone, under a name that nothing has yet."""
        for folder in (self._path, None):
            with suppress(OSError):
                place = folder if folder is not None else Path(tempfile.mkdtemp(prefix="lockgate-unrecorded-"))
                disk.make_directory(place)
                with disk.directory(place, follow=True) as fd:
                    free = f"{secrets.token_hex(4)}-{name}"
                    disk.write_new(free, data, 0o600, dir_fd=fd)
                return str(place / free)
        return ""
