from __future__ import annotations

from collections.abc import Sequence

from lockgate.core.digest import Digest, digest_of
from lockgate.core.ports import KEPT_STATES


class MemoryIndex:
    """Port `Index` in memory. What it holds may be edited by a test: it is never the truth."""

    def __init__(self) -> None:
        self.states: dict[Digest, bytes] = {}
        self.streams: dict[Digest, str] = {}
        self.rows: set[tuple[str, str, int]] = set()
        self.size = 0

    def snapshot(self, digest: Digest) -> bytes | None:
        state = self.states.get(digest)
        return state if state is not None and digest_of(state) == digest else None

    def keep(self, stream: str, digest: Digest, state: bytes) -> None:
        mine = [kept for kept, of in self.streams.items() if of == stream and kept != digest]
        for old in mine[: max(0, len(mine) - KEPT_STATES + 1)]:
            del self.states[old], self.streams[old]
        self.states.pop(digest, None)
        self.streams.pop(digest, None)
        self.states[digest], self.streams[digest] = state, stream

    def find(self, kind: str, name: str) -> list[int]:
        return sorted(leaf for found_kind, found_name, leaf in self.rows if (found_kind, found_name) == (kind, name))

    def newest(self, kind: str, name: str, below: int) -> int | None:
        return max((leaf for leaf in self.find(kind, name) if leaf < below), default=None)

    def file(self, size: int, rows: Sequence[tuple[str, str, int]]) -> None:
        self.rows.update(rows)
        self.size = max(self.size, size)

    def cursor(self) -> int:
        return self.size

    def clear(self) -> None:
        self.states.clear()
        self.streams.clear()
        self.rows.clear()
        self.size = 0

    def dump(self, start: int | None = None, end: int | None = None) -> list[tuple[str, str, int]]:
        return sorted(row for row in self.rows if (start is None or start <= row[2]) and (end is None or row[2] < end))
