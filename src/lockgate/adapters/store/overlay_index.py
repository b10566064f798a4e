"""An index that is read and not written: what is filed anew stays in this process's memory."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from lockgate.adapters.store.sqlite_index import SqliteIndex
from lockgate.core.digest import Digest, digest_of
from lockgate.core.ports import KEPT_STATES
from lockgate.errors import LedgerError


class OverlayIndex:
    """``index.db`` as it is, with what was filed since on top (port `Index`). Where there is none, or none that can be read, all is filed in memory.

    Args:
        path: the file, whether it is there or not.
    """

    def __init__(self, path: Path) -> None:
        self._below: SqliteIndex | None = SqliteIndex(path, looking=True)
        self._clear()
        try:
            self._cursor = self._below.cursor()
        except LedgerError:  # it is nothing but a cache: what it would say is in the ledger
            self._below = None

    def snapshot(self, digest: Digest) -> bytes | None:
        """A folded state by its digest."""
        own = next((kept[digest] for kept in self._states.values() if digest in kept), None)
        return self._below.snapshot(digest) if own is None and self._below is not None else own

    def keep(self, stream: str, digest: Digest, state: bytes) -> None:
        """Keep a folded state as long as this process lasts; the `KEPT_STATES` newest stay."""
        if digest_of(state) != digest:
            return
        kept = self._states.setdefault(stream, {})
        kept.pop(digest, None)
        kept[digest] = state
        if len(kept) > KEPT_STATES:
            del kept[next(iter(kept))]

    def find(self, kind: str, name: str) -> list[int]:
        """Leaf indices, ascending."""
        below = self._below.find(kind, name) if self._below is not None else []
        return sorted({*below, *self._rows.get((kind, name), ())})

    def newest(self, kind: str, name: str, below: int) -> int | None:
        """The greatest leaf index under `below`."""
        own = self._rows.get((kind, name), [])
        at = bisect.bisect_left(own, below)
        found = [own[at - 1]] if at else []
        if self._below is not None and (filed := self._below.newest(kind, name, below)) is not None:
            found.append(filed)
        return max(found, default=None)

    def file(self, size: int, rows: Sequence[tuple[str, str, int]]) -> None:
        """File rows in memory, and move the cursor."""
        for kind, name, leaf in rows:
            held = self._rows.setdefault((kind, name), [])
            at = bisect.bisect_left(held, leaf)
            if held[at : at + 1] != [leaf]:
                held.insert(at, leaf)
        self._cursor = max(self._cursor, size)

    def cursor(self) -> int:
        """How many leaves are filed."""
        return self._cursor

    def clear(self) -> None:
        """Forget everything, the file's rows too; the file stays as it is."""
        with suppress(LedgerError):
            if self._below is not None:
                self._below.close()
        self._below = None
        self._clear()

    def dump(self, start: int | None = None, end: int | None = None) -> list[tuple[str, str, int]]:
        """Rows of a range of leaves, sorted."""
        below = self._below.dump(start, end) if self._below is not None else []
        own = [(kind, name, leaf) for (kind, name), leaves in self._rows.items() for leaf in leaves]
        return sorted({*below, *(row for row in own if (start is None or row[2] >= start) and (end is None or row[2] < end))})

    def _clear(self) -> None:
        self._rows: dict[tuple[str, str], list[int]] = {}
        self._states: dict[str, dict[Digest, bytes]] = {}
        self._cursor = 0
