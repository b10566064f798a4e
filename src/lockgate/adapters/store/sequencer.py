"""The ledger's one write path: a batch of entries becomes rows, tiles and a signed head in one transaction.

What holds when `Sequencer.commit` returns: each entry that got a receipt is durable, with its tiles and a signed
checkpoint that covers it (WAL, synchronous=FULL, one commit). What holds when it raises: nothing of the batch was
recorded; or, where the commit's own outcome is unknown, perhaps all of it was. Then the connection has been dropped
and the state will be read anew, and a retry with the same keys finds out.

`Growth` is what a batch does besides storing rows. The log's own is `SignedTree`; a benchmark puts nothing there and
so measures the queue, the table and the commit alone.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from lockgate.adapters.store.faults import writing
from lockgate.adapters.store.ledger_db import BUSY_SECONDS, Db, Failpoint, open_writer, read_head, read_head_row, require_no_stray, tile_reader
from lockgate.adapters.store.turn import Turn
from lockgate.core.ports import Entry, Guard, Head, Receipt
from lockgate.errors import ConflictError, LedgerError
from lockgate.ledger.batch import Edge, edge_of, grow
from lockgate.ledger.checkpoint import Checkpoint, require_extension, sign_checkpoint
from lockgate.ledger.merkle import leaf_hash
from lockgate.ledger.note import VerifierKey, require_signature
from lockgate.ledger.tiles import TILE_BYTES, AuthenticTiles

Pending = tuple[Entry, Guard | None]

FAILPOINTS = (
    "create.written",
    "create.linked",
    "append.turn-taken",
    "append.begun",
    "append.admitted",
    "append.inserted",
    "append.rechecked",
    "append.tiles-written",
    "append.signed",
    "append.before-commit",
    "append.committed",
)
"""The steps of making a log and of a commit, in order; each is named to the `failpoint` the log was opened with."""


class Growth(Protocol):
    """What a batch does in its transaction besides storing rows."""

    def begin(self, db: Db) -> int:
        """Bring memory level with the database, which other processes write too; returns the next leaf index."""

    def hashes(self, leaves: Sequence[bytes]) -> list[bytes]:
        """What goes into the `hash` column of each leaf's row."""

    def extend(self, db: Db, start: int, hashes: Sequence[bytes]) -> None:
        """The rows from `start` on, with these hashes, were inserted: add what belongs to them."""

    def settle(self) -> None:
        """The transaction is durable."""

    def forget(self) -> None:
        """The transaction failed or its outcome is unknown: read everything anew at the next one."""


class SignedTree:
    """The log's growth: tiles, compare-and-swap of the head, signed checkpoint.

    Args:
        key: the log's verifier key; its name is the origin.
        sign: message -> raw Ed25519 signature by its private half.
        failpoint: told each step's name.
    """

    def __init__(self, key: VerifierKey, sign: Callable[[bytes], bytes], failpoint: Failpoint) -> None:
        self._key = key
        self._sign = sign
        self._failpoint = failpoint
        self._head: Head | None = None
        self._edge: Edge | None = None
        self._next: tuple[Head, Edge] | None = None
        self._key_fits = False

    def begin(self, db: Db) -> int:
        """See `Growth`. Raises as `ledger_db.read_head`; ``head.rolled-back``, ``head.forked`` against what this process has seen."""
        if self._edge is None or read_head_row(db) != self._head:
            head = read_head(db, self._key)
            tiles = AuthenticTiles(head.size, head.root, tile_reader(db))
            require_no_stray(db, head.size)
            if self._head is not None:
                require_extension(self._checkpoint(self._head), self._checkpoint(head), tiles)
            self._head, self._edge = head, edge_of(head.size, tiles)
        return self._edge.size

    def hashes(self, leaves: Sequence[bytes]) -> list[bytes]:
        """See `Growth`: the RFC 6962 leaf hashes."""
        return [leaf_hash(leaf) for leaf in leaves]

    def extend(self, db: Db, start: int, hashes: Sequence[bytes]) -> None:
        """See `Growth`. Raises LedgerError ``log.leaf-altered``, ``log.head-moved``, ``log.wrong-key``."""
        if self._edge is None or self._head is None:
            raise AssertionError("extend without begin")
        # 1. Hash again what the table now holds: a bit that flipped in between must not be signed.
        stored = db.execute("SELECT hash, leaf FROM entry WHERE idx >= ? ORDER BY idx", (start,))
        if [(hash_, leaf_hash(leaf)) for hash_, leaf in stored] != [(hash_, hash_) for hash_ in hashes]:
            raise LedgerError("log.leaf-altered", "the table gave other bytes back than were stored: nothing was signed or recorded")
        self._failpoint("append.rechecked")
        # 2. Tiles, but for the partial one of level 0 (see `tile_reader`).
        edge, tiles, root = grow(self._edge, hashes)
        kept = [tile for tile in tiles if tile[0] or len(tile[2]) == TILE_BYTES]
        if kept:
            db.executemany("INSERT INTO tile (level, idx, hashes) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET hashes = excluded.hashes", kept)
        self._failpoint("append.tiles-written")
        # 3. Sign.
        checkpoint = Checkpoint(origin=self._key.name, size=edge.size, root=root)
        head = Head(size=edge.size, root=root, note=sign_checkpoint(checkpoint, self._key, self._signed))
        self._failpoint("append.signed")
        # 4. Compare and swap.
        swapped = db.execute(
            "UPDATE head SET size = ?, root = ?, note = ? WHERE size = ? AND root = ?", (head.size, head.root, head.note, self._head.size, self._head.root)
        )
        if swapped.rowcount != 1:
            raise LedgerError("log.head-moved", "the ledger's head moved under its own lock; nothing was recorded")
        self._next = head, edge

    def settle(self) -> None:
        """See `Growth`."""
        if self._next is not None:
            self._head, self._edge = self._next
            self._next = None

    def forget(self) -> None:
        """See `Growth`; the head last seen stays, as what the next one must follow."""
        self._edge = self._next = None

    def _checkpoint(self, head: Head) -> Checkpoint:
        return Checkpoint(origin=self._key.name, size=head.size, root=head.root)

    def _signed(self, message: bytes) -> bytes:
        """A signature; the first is verified, since a checkpoint of another key would close the log for good."""
        signature = self._sign(message)
        if not self._key_fits:
            try:
                require_signature(self._key, signature, message)
            except LedgerError:
                raise LedgerError("log.wrong-key", f"the signing key is not the log key of {self._key.name}; nothing was recorded") from None
            self._key_fits = True
        return signature


class Sequencer:
    """Commits batches, one at a time, whoever calls.

    Args:
        path: the ledger.
        growth: what a batch does besides storing rows.
        failpoint: told each step's name, see `FAILPOINTS`.
    """

    def __init__(self, path: Path, growth: Growth, failpoint: Failpoint) -> None:
        self._path = path
        self._growth = growth
        self._failpoint = failpoint
        self._mutex = threading.Lock()
        self._turn = Turn(path.with_name(path.name + "-turn"), timeout=BUSY_SECONDS)
        self._db: Db | None = None
        self._identity = (0, 0)

    def commit(self, batch: Sequence[Pending]) -> list[Receipt | LedgerError]:
        """Append a batch in order; a receipt for each entry, or the reason why it alone was refused.

        Raises:
            LedgerError: nothing of the batch was recorded, or the outcome is unknown; codes as `core.ports.Log.append`.
        """
        with self._mutex, self._turn.taken():
            self._failpoint("append.turn-taken")
            try:
                with writing(self._path):
                    return self._transaction(self._connected(), batch)
            except BaseException:
                self._drop()
                raise

    def close(self) -> None:
        """Give the connection back."""
        with self._mutex:
            self._drop()
            self._turn.close()

    def _connected(self) -> Db:
        """The connection, made anew where another file now has the ledger's name (a restored copy)."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            raise LedgerError("log.missing", f"there is no ledger at {self._path}") from None
        if self._db is not None and self._identity != (found.st_dev, found.st_ino):
            self._drop()
        if self._db is None:
            self._db = open_writer(self._path)
            self._identity = (found.st_dev, found.st_ino)
        return self._db

    def _drop(self) -> None:
        """Never go on with a connection whose transaction failed: what it holds in memory may not be what is on disk."""
        db, self._db = self._db, None
        self._growth.forget()
        if db is not None:
            with contextlib.suppress(sqlite3.Error):
                db.close()

    def _transaction(self, db: Db, batch: Sequence[Pending]) -> list[Receipt | LedgerError]:
        # 1. Alone with the newest state.
        db.execute("BEGIN IMMEDIATE")
        self._failpoint("append.begun")
        start = self._growth.begin(db)
        # 2. Known keys get their receipt, guards are compared; the rest is admitted.
        answers, admitted = _admit(db, batch, start)
        self._failpoint("append.admitted")
        if not admitted:
            db.execute("ROLLBACK")
            return answers
        # 3. Rows, then what belongs to them.
        hashes = self._growth.hashes([entry.leaf for entry in admitted])
        rows = [(start + at, hashes[at], entry.key, entry.stream, entry.leaf) for at, entry in enumerate(admitted)]
        db.executemany("INSERT INTO entry (idx, hash, key, stream, leaf) VALUES (?, ?, ?, ?, ?)", rows)
        self._failpoint("append.inserted")
        self._growth.extend(db, start, hashes)
        # 4. Durable, and only then acknowledged.
        self._failpoint("append.before-commit")
        db.execute("COMMIT")
        self._failpoint("append.committed")
        self._growth.settle()
        return answers


def _admit(db: Db, batch: Sequence[Pending], start: int) -> tuple[list[Receipt | LedgerError], list[Entry]]:
    """An answer for each of the batch, and the entries to insert from index `start` on."""
    answers: list[Receipt | LedgerError] = []
    admitted: list[Entry] = []
    keys: dict[str, int] = {}
    streams: set[str] = set()
    for entry, guard in batch:
        index = keys.get(entry.key)
        if index is not None:
            answers.append(_again(index, admitted[index - start].leaf, entry))
            continue
        known = db.execute("SELECT idx, leaf FROM entry WHERE key = ?", (entry.key,)).fetchone()
        if known is not None:
            answers.append(_again(known[0], known[1], entry))
            continue
        refused = None if guard is None else _compare(db, guard, start, streams)
        if refused is not None:
            answers.append(refused)
            continue
        keys[entry.key] = start + len(admitted)
        streams.add(entry.stream)
        answers.append(Receipt(index=start + len(admitted)))
        admitted.append(entry)
    return answers, admitted


def _again(index: int, leaf: bytes, entry: Entry) -> Receipt | LedgerError:
    """The answer for a key that is known."""
    if leaf != entry.leaf:
        return LedgerError("log.key-reused", f"leaf {index} has this idempotency key and other bytes; nothing was recorded")
    return Receipt(index=index, new=False)


def _compare(db: Db, guard: Guard, start: int, streams: set[str]) -> LedgerError | None:
    """Whether something the caller looked at has moved; `streams` are those of the same batch, all after `start`."""
    if guard.size > start:
        return LedgerError("head.rolled-back", f"the caller has seen {guard.size} leaves and the log has {start}: an older copy was put back")
    for stream in guard.streams:
        moved = stream in streams
        if not moved and guard.size < start:
            moved = db.execute("SELECT 1 FROM entry WHERE stream = ? AND idx >= ? LIMIT 1", (stream, guard.size)).fetchone() is not None
        if moved:
            return ConflictError("log.conflict", f"something was recorded in {stream} since the history of {guard.size} leaves that was looked at")
    return None
