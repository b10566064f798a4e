"""How far alerts were delivered: a small file in the gate's directory."""

from __future__ import annotations

from pathlib import Path

from lockgate.adapters import disk
from lockgate.errors import LedgerError, UnreadableError

MAX = 32


class FileCursor:
    """Port `Cursor`: a decimal number in a file.

    Args:
        path: the file, in a directory that is there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> int:
        """See `core.telling.Cursor`."""
        try:
            text = disk.read_file(self._path, MAX).decode()
        except FileNotFoundError:
            return 0
        except (OSError, UnicodeDecodeError) as err:
            why = disk.reason(err) if isinstance(err, OSError) else "it is no text"
            raise UnreadableError("alert.cursor-unreadable", f"how far alerts were delivered cannot be read from {self._path}: {why}") from None
        if not (text.endswith("\n") and text[:-1].isascii() and text[:-1].isdigit()):
            raise UnreadableError("alert.cursor-unreadable", f"{self._path}, which says how far alerts were delivered, holds no number")
        return int(text)

    def move(self, index: int) -> None:
        """See `core.telling.Cursor`."""
        try:
            with disk.directory(self._path.parent, follow=True) as fd, disk.locked(fd):
                if index > self.read():
                    disk.write_atomic(self._path.name, f"{index}\n".encode(), 0o644, dir_fd=fd)
        except OSError as err:
            raise LedgerError("alert.cursor-unwritable", f"how far alerts were delivered cannot be written to {self._path}: {disk.reason(err)}") from None
