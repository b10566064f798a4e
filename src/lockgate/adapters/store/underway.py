"""Which deployments this account has under way on this machine: a locked file for each, which the kernel unlocks with the last process that holds it."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from lockgate.adapters import disk


class LockedFiles:
    """Port `Underway`.

    Args:
        path: the directory, made when first needed; None where this user has none: then nobody is ever known to have died.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._held: dict[str, int] = {}

    def begin(self, name: str) -> None:
        """Hold it; the command inherits the hold, and so do those it leaves behind: none of them has died while one of them lives."""
        if self._path is None:
            return
        with suppress(OSError):
            disk.make_directory(self._path)
            fd = os.open(self._path / name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:  # of two that go by one permit, the other one was first
                os.close(fd)
                raise
            os.set_inheritable(fd, True)
            self._held[name] = fd

    def over(self, name: str) -> None:
        """Forget it, where it is held here or by nobody: another one's hold is theirs."""
        if self._path is not None and (name in self._held or self.died(name)):
            with suppress(OSError):
                (self._path / name).unlink()
        if name in self._held:
            os.close(self._held.pop(name))

    def died(self, name: str) -> bool:
        """Whether it was begun here and nobody holds it."""
        if self._path is None or name in self._held:
            return False
        try:
            fd = os.open(self._path / name, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        finally:
            os.close(fd)
        return True
