"""Processes take turns at the ledger's write lock, in about the order they came.

SQLite's own busy handler sleeps ever longer between its tries: whoever waited longest asks least often, and a busy
process takes the lock again before anyone else is awake. This is only about waiting; that two never write at once is
SQLite's own lock.
"""

from __future__ import annotations

import fcntl
import os
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lockgate.adapters.store.faults import writing
from lockgate.errors import LedgerError

_PAUSE = 0.0005
"""Seconds between two tries; a commit takes one to three milliseconds."""


class Turn:
    """A lock file with a waiting room: whoever had a turn queues behind the one who waits in the room.

    Args:
        path: the lock file, made when it is missing; ``<path>-next`` is the waiting room.
        timeout: seconds to wait.
    """

    def __init__(self, path: Path, *, timeout: float) -> None:
        self._path = path
        self._timeout = timeout
        self._files: tuple[int, int] | None = None
        self._put_away: Callable[[], object] = _nothing

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Wait for the turn and hold it.

        Raises:
            LedgerError: ``log.busy`` after the time-out; ``log.read-only``, ``log.full`` or ``log.unwritable`` where the
                lock file cannot be made.
        """
        room, turn = self._open()
        deadline = time.monotonic() + self._timeout
        try:
            _lock(room, deadline)
            _lock(turn, deadline)
            fcntl.flock(room, fcntl.LOCK_UN)
            yield
            fcntl.flock(turn, fcntl.LOCK_UN)
        except BaseException:
            self.close()  # with the files goes whatever is locked
            raise

    def _open(self) -> tuple[int, int]:
        if self._files is None:
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW  # a link would have files made wherever it leads
            with writing(self._path):
                room = os.open(f"{self._path}-next", flags, 0o600)
                try:
                    self._files = room, os.open(self._path, flags, 0o600)
                except OSError:
                    os.close(room)
                    raise
            self._put_away = weakref.finalize(self, _close, *self._files)  # a process that opens many gates closes none by name
        return self._files

    def close(self) -> None:
        """Give up the turn, if held, and the files."""
        self._files = None
        self._put_away()


def _nothing() -> None:
    """There are no files yet."""


def _close(*files: int) -> None:
    for file in files:
        os.close(file)


def _lock(file: int, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise LedgerError("log.busy", "another process holds the ledger and does not let go; nothing was recorded") from None
            time.sleep(_PAUSE)
        else:
            return
