"""The names of people, by person id: one small JSON file outside the log, which can be erased."""

from __future__ import annotations

from pathlib import Path

from lockgate import canon
from lockgate.adapters import disk
from lockgate.errors import EvidenceError, LedgerError, UnreadableError, UsageError

MAX_FILE = 4 << 20
MAX_NAME = 200


class FileDirectory:
    """Person id -> name in a file of mode 0600 (port `Directory`).

    Args:
        path: the file; it and its directory are made with the first name.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def names(self) -> dict[str, str]:
        """All names; empty where there is no file.

        Raises:
            UnreadableError: ``directory.unreadable``.
        """
        try:
            data = disk.read_file(self._path, MAX_FILE)
            return canon.decode(data, dict[str, str], what="directory of names")
        except FileNotFoundError:
            return {}
        except OSError as err:
            raise UnreadableError("directory.unreadable", f"{self._path} could not be read: {disk.reason(err)}") from None
        except EvidenceError as err:
            raise UnreadableError("directory.unreadable", f"{self._path}: {err.message}") from None

    def set(self, person: str, name: str | None) -> None:
        """Set or erase a name; the file is exchanged in one step, so that readers see all names or all names.

        Raises:
            UsageError: ``directory.bad-name``: empty, longer than 200 characters, or not printable.
            UnreadableError: ``directory.unreadable``.
            LedgerError: ``directory.unwritable``.
        """
        if name is not None and not (name.isprintable() and 0 < len(name) <= MAX_NAME):
            raise UsageError("directory.bad-name", f"a name has 1 to {MAX_NAME} printable characters")
        try:
            disk.make_directory(self._path.parent)
            with disk.directory(self._path.parent, follow=True) as fd, disk.locked(fd):
                names = self.names()
                names.pop(person, None)
                if name is not None:
                    names[person] = name
                disk.write_atomic(self._path.name, canon.encode(names), 0o600, dir_fd=fd)
        except OSError as err:
            raise LedgerError("directory.unwritable", f"{self._path} could not be written: {disk.reason(err)}; nothing was changed") from None
