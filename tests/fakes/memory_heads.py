from __future__ import annotations

from lockgate.errors import LockgateError


class MemoryHeads:
    """Port `Heads` in memory; an error put into `recall_fails` or `remember_fails` is raised instead of answering."""

    def __init__(self) -> None:
        self.notes: dict[str, bytes] = {}
        self.recall_fails: LockgateError | None = None
        self.remember_fails: LockgateError | None = None

    def recall(self, vkey: str) -> bytes | None:
        if self.recall_fails is not None:
            raise self.recall_fails
        return self.notes.get(vkey)

    def remember(self, vkey: str, note: bytes) -> None:
        if self.remember_fails is not None:
            raise self.remember_fails
        self.notes[vkey] = note
