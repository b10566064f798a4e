"""This user's memory of the newest head seen of each log: one file per log key."""

from __future__ import annotations

import hashlib
from pathlib import Path

from lockgate.adapters import disk
from lockgate.errors import LedgerError, UnreadableError
from lockgate.ledger.checkpoint import parse_checkpoint

MAX_NOTE = 1 << 16


class FileHeads:
    """Checkpoint notes in files named by the SHA-256 of the log's verifier key, origin and all (port `Heads`).

    Args:
        path: the directory, made when first needed; the user's state directory, never the gate's.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def recall(self, vkey: str) -> bytes | None:
        """The note last remembered.

        Raises:
            UnreadableError: ``head.unreadable``: whether the log went back cannot be told.
        """
        try:
            return disk.read_file(self._path / _name(vkey), MAX_NOTE)
        except FileNotFoundError:
            return None
        except OSError as err:
            raise UnreadableError("head.unreadable", f"the head last seen of {_origin(vkey)} could not be read: {disk.reason(err)}") from None

    def remember(self, vkey: str, note: bytes) -> None:
        """Remember a note, durably; where another process remembered a larger tree meanwhile, that one stays.

        Raises:
            UnreadableError: ``head.unwritable``.
        """
        try:
            disk.make_directory(self._path)
            with disk.directory(self._path, follow=True) as fd, disk.locked(fd):
                held = self.recall(vkey)
                if held is None or _size(held) <= _size(note):
                    disk.write_atomic(_name(vkey), note, 0o600, dir_fd=fd)
        except OSError as err:
            raise UnreadableError("head.unwritable", f"the head of {_origin(vkey)} could not be remembered in {self._path}: {disk.reason(err)}") from None


class RecalledHeads(FileHeads):
    """The same memory, for whoever only looks: it is compared with, and what was seen is remembered by the next command that may write."""

    def remember(self, vkey: str, note: bytes) -> None:
        """Nothing is written."""


def _name(vkey: str) -> str:
    return hashlib.sha256(vkey.encode()).hexdigest()


def _origin(vkey: str) -> str:
    return vkey.partition("+")[0]


def _size(note: bytes) -> int:
    """The size a note speaks of; -1 for what is no checkpoint."""
    try:
        return parse_checkpoint(note.decode().partition("\n\n")[0] + "\n").size
    except (LedgerError, UnicodeDecodeError):
        return -1
