"""How long is waited and how much is taken: of one answer, and of everything that one look at a registry asks for."""

from __future__ import annotations

import threading
import time
import weakref
from dataclasses import dataclass
from typing import Protocol

import httpcore

from lockgate.errors import UnreadableError


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long is waited, and how much is taken.

    Attributes:
        connect, read: seconds for one connection, and for the next bytes.
        total: seconds for one document, with all that is tried again; a blob has as many more as what came of it takes at `rate`, and
            never more than these from any moment on: what came fast buys no wait.
        rate: bytes a second below which a blob is not waited for.
        retries: how often something is tried again. pause: seconds before the first time; then twice as many each.
        longest: seconds that a registry may ask to wait.
        look: as `total`, for all that one look asks for: every page, manifest and piece together.
        most: bytes that may come in one look, besides blobs of a size that is known before.
    """

    connect: float = 5.0
    read: float = 10.0
    total: float = 60.0
    rate: int = 64 << 10
    retries: int = 3
    pause: float = 0.25
    longest: float = 10.0
    look: float = 180.0
    most: int = 128 << 20


class Stoppable(Protocol):
    """A connection."""

    def stop(self) -> None:
        """Wake whoever reads from it or writes to it: there is no more."""


class Allowance:
    """What is left of one look: shared by its threads, and by all the registries it asks."""

    def __init__(self, patience: Patience) -> None:
        self._patience, self._lock = patience, threading.Lock()
        self.end, self._bytes = time.monotonic() + patience.look, patience.most
        self._open: weakref.WeakSet[Stoppable] = weakref.WeakSet()

    def opened(self, stream: Stoppable) -> None:
        """A connection was made."""
        with self._lock:
            self._open.add(stream)

    def stop(self) -> None:
        """Nothing is waited for any more; what waits is woken."""
        with self._lock:
            self.end, left = 0.0, list(self._open)
        for stream in left:
            stream.stop()

    def expect(self, size: int) -> None:
        """So many bytes of a blob may come besides."""
        with self._lock:
            self._bytes += size

    def took(self, size: int) -> None:
        """So many bytes came. Raises UnreadableError ``ref.unreadable`` where that is more than may."""
        with self._lock:
            self._bytes -= size
            if self._bytes < 0:
                raise UnreadableError("ref.unreadable", f"more than {self._patience.most >> 20} MiB came besides the image itself, and no end of it")

    def moved(self, seconds: float) -> None:
        """A blob came nearer: the end is as much later, and no further off than at the beginning."""
        with self._lock:
            self.end = max(self.end, min(self.end + seconds, time.monotonic() + self._patience.look))


class Watch(threading.local):
    """The deadline of what this thread is at, within what the whole look may take."""

    def __init__(self, patience: Patience, allowance: Allowance) -> None:
        self.patience, self.allowance, self._end = patience, allowance, float("inf")

    def start(self) -> None:
        """Something else is asked for from now on."""
        self._end = time.monotonic() + self.patience.total

    def moved(self, size: int) -> None:
        """So many bytes of a blob came: the end is as much later as they take at the least rate, and no further off than at the beginning."""
        seconds = size / self.patience.rate
        self._end = max(self._end, min(self._end + seconds, time.monotonic() + self.patience.total))
        self.allowance.moved(seconds)

    def left(self, most: float | None = None) -> float:
        """Seconds that may be waited, at most `most`. Raises ReadTimeout of httpcore where none is left."""
        left = min(self._end, self.allowance.end) - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the time is up")
        return left if most is None else min(left, most)
