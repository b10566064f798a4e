"""The ledger's read side: believes nothing but the head that the log's key signed.

A view is one signed head with the tiles below it, each checked up to its root. When the head moves, the next view must
extend the last one, so that no process ever follows a fork. Leaves and hashes only grow, so an older view stays right
while others append.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lockgate.adapters.store.faults import reading
from lockgate.adapters.store.ledger_db import Db, blobs, open_reader, read_head, read_head_row, require_no_stray, tile_reader
from lockgate.core.ports import Head
from lockgate.errors import LedgerError
from lockgate.ledger.checkpoint import Checkpoint, require_extension
from lockgate.ledger.merkle import HASH_SIZE, leaf_hash
from lockgate.ledger.note import VerifierKey
from lockgate.ledger.tiles import WIDTH, AuthenticTiles, tiles_of


class View:
    """One verified head and the authenticated tiles of its tree."""

    __slots__ = ("head", "tiles")

    def __init__(self, head: Head, tiles: AuthenticTiles) -> None:
        self.head = head
        self.tiles = tiles


class Reader:
    """Reads one ledger; safe for many threads.

    Args:
        path: the ledger file.
        key: the log's verifier key.

    Raises:
        LedgerError: see `SqliteLog`; any read raises ``log.damaged``, ``log.busy`` or ``log.unreadable`` besides its own.
    """

    def __init__(self, path: Path, key: VerifierKey) -> None:
        self._path = path
        self._key = key
        self._lock = threading.RLock()
        self._view: View | None = None
        self._db, self._identity = open_reader(path), _identity(path)

    def close(self) -> None:
        """Give the connection back."""
        with self._lock:
            self._db.close()

    def view(self) -> View:
        """The newest durable head, verified.

        Raises:
            LedgerError: ``log.head-altered``, ``log.head-forged``, ``log.tile-altered``; ``head.rolled-back`` or
                ``head.forked`` where it does not follow the head this reader has seen before.
        """
        with self._lock, reading(self._path):
            if self._identity != _identity(self._path):  # another file has the ledger's name now: a restored copy
                self._db.close()
                self._db, self._identity = open_reader(self._path), _identity(self._path)
            if self._view is None or read_head_row(self._db) != self._view.head:
                with _snapshot(self._db):
                    self._view = self._newer(self._view)
            return self._view

    def leaves(self, start: int, end: int) -> Iterator[bytes]:
        """The leaves in [start, end), each checked, at most 256 in memory.

        Raises:
            LedgerError: ``log.no-such-leaf``, ``log.leaf-altered``, ``log.tile-altered``.
        """
        view = self.view()
        if not 0 <= start <= end <= view.head.size:
            raise LedgerError("log.no-such-leaf", f"the log has {view.head.size} leaves; those in [{start}, {end}) were asked for")
        return self._checked(view, start, end)

    def tile(self, level: int, index: int, width: int) -> bytes:
        """The first `width` hashes of a tile, authenticated. Raises LedgerError ``log.no-such-tile``, ``log.tile-altered``."""
        with self._lock, reading(self._path):
            return self.view().tiles(level, index, width)

    def index(self, query: str, value: str) -> int | None:
        """The one integer a query finds, None for none; unauthenticated."""
        with self._lock, reading(self._path):
            try:
                row = self._db.execute(query, (value,)).fetchone()
            except UnicodeEncodeError:
                return None  # a lone surrogate: no stored text can be this
        if row is None:
            return None
        if not isinstance(row[0], int):
            raise LedgerError("log.damaged", f"{self._path} is damaged: a leaf's index is no number")
        return row[0]

    def check(self) -> int:
        """Check the whole ledger in one snapshot, see `SqliteLog.check`. Uses the connection for seconds: take a reader of its own."""
        with self._lock, reading(self._path), _snapshot(self._db):
            view = self._newer(self._view)
            for (problem,) in self._db.execute("PRAGMA integrity_check(1)"):
                if problem != "ok":
                    raise LedgerError("log.damaged", f"{self._path} is damaged: {str(problem)[:200]}")
            expected = 0
            for tile in tiles_of(view.head.size):
                view.tiles(tile.level, tile.index, tile.width)
                expected += tile.level > 0 or tile.width == WIDTH
            if self._db.execute("SELECT count(*), total(length(hashes) % 32) FROM tile").fetchone() != (expected, 0.0):
                raise LedgerError("log.tile-altered", f"the ledger has other tiles than its {expected}")
            if self._db.execute("SELECT count(*) FROM entry").fetchone() != (view.head.size,):
                raise LedgerError("log.leaf-altered", f"the ledger has other rows than those of its {view.head.size} leaves")
            leaves = 0
            hashes = self._db.execute("SELECT hash FROM entry ORDER BY idx")
            for leaf, (hash_,) in zip(self._checked(view, 0, view.head.size), hashes, strict=True):
                if leaf_hash(leaf) != hash_:
                    raise LedgerError("log.leaf-altered", f"the row of leaf {leaves} has another hash than the leaf")
                leaves += 1
            return leaves

    def _newer(self, older: View | None) -> View:
        head = read_head(self._db, self._key)
        tiles = AuthenticTiles(head.size, head.root, self._read_tile)
        require_no_stray(self._db, head.size)
        if older is not None:
            require_extension(self._checkpoint(older.head), self._checkpoint(head), tiles)
        return View(head, tiles)

    def _checkpoint(self, head: Head) -> Checkpoint:
        return Checkpoint(origin=self._key.name, size=head.size, root=head.root)

    def _read_tile(self, level: int, index: int, width: int) -> bytes:
        return tile_reader(self._db)(level, index, width)

    def _checked(self, view: View, start: int, end: int) -> Iterator[bytes]:
        while start < end:
            index = start // WIDTH
            stop = min(end, (index + 1) * WIDTH)
            with self._lock, reading(self._path):
                hashes = view.tiles(0, index, stop - index * WIDTH)[(start - index * WIDTH) * HASH_SIZE :]
                found = blobs(self._db.execute("SELECT leaf FROM entry WHERE idx >= ? AND idx < ? ORDER BY idx", (start, stop)))
            if len(found) != stop - start:
                raise LedgerError("log.leaf-altered", f"leaves are missing between {start} and {stop}")
            for offset, leaf in enumerate(found):
                if leaf_hash(leaf) != hashes[offset * HASH_SIZE : (offset + 1) * HASH_SIZE]:
                    raise LedgerError("log.leaf-altered", f"leaf {start + offset} is not the one that was recorded")
                yield leaf
            start = stop


def _identity(path: Path) -> tuple[int, int]:
    with reading(path):
        found = path.stat()
    return found.st_dev, found.st_ino


@contextlib.contextmanager
def _snapshot(db: Db) -> Iterator[Any]:
    """Everything read inside is of one moment."""
    db.execute("BEGIN")
    try:
        yield
    finally:
        with contextlib.suppress(sqlite3.Error):
            db.execute("ROLLBACK")
