"""SHA-256 beside what brings the bytes: hashing holds no lock of Python's, so that a second core does it while the first one reads."""

from __future__ import annotations

import hashlib
import threading
from queue import Queue
from typing import Self

_AHEAD = 8
"""Most chunks that wait to be hashed."""


class HashBeside:
    """Hashes chunks in a thread; use it as a context, which ends the thread."""

    def __init__(self) -> None:
        self._sha, self._waiting = hashlib.sha256(), Queue[bytes](_AHEAD)
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def update(self, chunk: bytes) -> None:
        """Hash this, too; waits where much is waiting. An empty chunk is nothing."""
        if chunk:
            self._waiting.put(chunk)

    def hexdigest(self) -> str:
        """The digest of all chunks, once they are hashed; there may be no more."""
        self._end()
        return self._sha.hexdigest()

    def _end(self) -> None:
        if self._thread.is_alive():
            self._waiting.put(b"")
            self._thread.join()

    def _work(self) -> None:
        while chunk := self._waiting.get():
            self._sha.update(chunk)
