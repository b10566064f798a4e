"""``ledger.db``: its tables, how it is made and opened, and how its rows are read.

Rows are read with suspicion: a value of another type than its column's is damage, whatever SQLite thinks of it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from lockgate.adapters.store.faults import primary_code, reading, writing
from lockgate.core.ports import Head
from lockgate.errors import LedgerError
from lockgate.ledger.checkpoint import Checkpoint, verify_checkpoint
from lockgate.ledger.merkle import HASH_SIZE
from lockgate.ledger.note import VerifierKey
from lockgate.ledger.tiles import WIDTH, ReadTile

Db = sqlite3.Connection
Failpoint = Callable[[str], None]

BUSY_SECONDS = 30.0
_APPLICATION = 0x6C6B6774  # "lkgt"
_VERSION = 1
_CACHE_KIB = 16_384
_SCHEMA = (
    "CREATE TABLE entry (idx INTEGER PRIMARY KEY, hash BLOB NOT NULL, key TEXT NOT NULL UNIQUE, stream TEXT NOT NULL, leaf BLOB NOT NULL) STRICT",
    "CREATE INDEX entry_stream ON entry (stream)",
    "CREATE TABLE tile (level INTEGER NOT NULL, idx INTEGER NOT NULL, hashes BLOB NOT NULL, PRIMARY KEY (level, idx)) STRICT",
    "CREATE TABLE head (id INTEGER PRIMARY KEY CHECK (id = 0), size INTEGER NOT NULL, root BLOB NOT NULL, note BLOB NOT NULL) STRICT",
)


def create(path: Path, head: Head, key: VerifierKey, failpoint: Failpoint) -> None:
    """Make a ledger that holds no leaf and this head, signed by `key`; it is there whole and durable, or not at all.

    Raises:
        LedgerError: ``log.wrong-key`` where it is not signed by it; ``log.exists``, ``log.full``, ``log.read-only``, ``log.unwritable``.
    """
    try:
        verify_checkpoint(head.note, key)
    except LedgerError:
        raise LedgerError("log.wrong-key", f"the signing key is not the log key of {key.name}; nothing was made") from None
    with writing(path):
        if any(path.with_name(path.name + suffix).exists() for suffix in ("", "-wal", "-shm", "-journal")):  # SQLite would replay an old -wal into a new file
            raise LedgerError("log.exists", f"{path} or a part of it is there already; a ledger is never made anew over another")
        made = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
        try:
            _write_new(made / path.name, head)
            failpoint("create.written")
            os.link(made / path.name, path)  # unlike a rename, a link never replaces
            _sync_directory(path.parent)
            failpoint("create.linked")
        except FileExistsError:
            raise LedgerError("log.exists", f"{path} is there already; a ledger is never made anew over another") from None
        finally:
            shutil.rmtree(made, ignore_errors=True)


def _write_new(path: Path, head: Head) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        path.chmod(0o600)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("BEGIN")
        for statement in _SCHEMA:
            db.execute(statement)
        db.execute(f"PRAGMA application_id = {_APPLICATION}")
        db.execute(f"PRAGMA user_version = {_VERSION}")
        db.execute("INSERT INTO head (id, size, root, note) VALUES (0, ?, ?, ?)", (head.size, head.root, head.note))
        db.execute("COMMIT")


def _sync_directory(path: Path) -> None:
    file = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def open_writer(path: Path) -> Db:
    """A connection whose commits are durable when they return (WAL, synchronous=FULL).

    Raises:
        sqlite3.Error; LedgerError ``log.foreign``, ``log.newer``, ``log.schema-altered``.
    """
    db = _open(path, "mode=rw")
    db.execute("PRAGMA synchronous = FULL")
    db.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    return db


def open_reader(path: Path) -> Db:
    """A connection that never writes; works where neither file nor directory may be written.

    Raises:
        LedgerError: ``log.missing``, ``log.foreign``, ``log.newer``, ``log.schema-altered``, ``log.wal-unreadable``,
            or as `faults.reading`.
    """
    with reading(path):
        if not path.is_file():
            raise LedgerError("log.missing", f"there is no ledger at {path}")
        try:
            return _open(path, "mode=ro")
        except sqlite3.OperationalError as err:
            if primary_code(err) not in {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY}:
                raise
        # A ledger in WAL mode wants a -shm file beside it, which cannot be made here. Without the write-ahead log the
        # file can be read as it is; where there is one, it holds the newest leaves and must not be passed over.
        wal = path.with_name(path.name + "-wal")
        if wal.exists() and wal.stat().st_size:
            raise LedgerError("log.wal-unreadable", f"{wal} holds leaves and cannot be read in a read-only directory: copy the directory to a writable place")
        return _open(path, "mode=ro&immutable=1")


def _open(path: Path, how: str) -> Db:
    db = sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        db.execute("PRAGMA trusted_schema = OFF")
        _require_ours(db, path)
    except BaseException:
        db.close()
        raise
    return db


def _require_ours(db: Db, path: Path) -> None:
    """The file is a ledger of this version with exactly our tables: no trigger, no view, no missing index."""
    (application,) = db.execute("PRAGMA application_id").fetchone()
    if application != _APPLICATION:
        raise LedgerError("log.foreign", f"{path} is no lockgate ledger")
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version != _VERSION:
        raise LedgerError("log.newer", f"{path} has ledger version {version}; this lockgate reads version {_VERSION}")
    found = tuple(row[0] for row in db.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid"))
    if found != _SCHEMA:
        raise LedgerError("log.schema-altered", f"the tables of {path} are not as lockgate made them")


# --- rows ------------------------------------------------------------------------------------------------------------


def read_head(db: Db, key: VerifierKey) -> Head:
    """The head row, whose note is signed by the log's key and says the same as the row.

    Raises:
        LedgerError: ``log.head-forged`` where the log's key did not sign it, ``log.head-altered`` where row and note differ.
    """
    head = read_head_row(db)
    try:
        checkpoint = verify_checkpoint(head.note, key)
    except LedgerError as err:
        raise LedgerError("log.head-forged", f"the ledger's head is not signed by {key.name}: {err.message}") from None
    if checkpoint != Checkpoint(origin=key.name, size=head.size, root=head.root):
        raise LedgerError("log.head-altered", "the ledger's head says something else than its signed note")
    return head


def read_head_row(db: Db) -> Head:
    """The head row as it stands, unverified. Raises LedgerError ``log.head-altered`` where there is none."""
    rows = db.execute("SELECT size, root, note FROM head").fetchall()
    match rows:
        case [(int() as size, bytes() as root, bytes() as note)]:
            return Head(size=size, root=root, note=note)
        case _:
            raise LedgerError("log.head-altered", "the ledger has not exactly one head")


def require_no_stray(db: Db, size: int) -> None:
    """No leaf stands beyond the head and the last one is there. Raises LedgerError ``log.head-altered``."""
    (last,) = db.execute("SELECT max(idx) FROM entry").fetchone()
    if last != (size - 1 if size else None):
        raise LedgerError("log.head-altered", f"the ledger's head covers {size} leaves, and its last leaf is {last}")


def tile_reader(db: Db) -> ReadTile:
    """Tiles as they stand in the database, unverified; LedgerError ``log.tile-altered`` where one is missing or too narrow.

    The partial tile of level 0 is not kept as a tile: it would be written anew with every leaf. Its hashes stand in the
    rows of its leaves.
    """

    def read(level: int, index: int, width: int) -> bytes:
        row = db.execute("SELECT hashes FROM tile WHERE level = ? AND idx = ?", (level, index)).fetchone()
        if row is not None:
            hashes = row[0]
        elif level == 0:
            first = index * WIDTH
            hashes = b"".join(blobs(db.execute("SELECT hash FROM entry WHERE idx >= ? AND idx < ? ORDER BY idx", (first, first + width))))
        else:
            hashes = b""
        if not isinstance(hashes, bytes) or len(hashes) < width * HASH_SIZE:
            raise LedgerError("log.tile-altered", f"tile {level}/{index} of the ledger is missing or cut")
        return hashes[: width * HASH_SIZE]

    return read


def blobs(rows: Iterator[Any]) -> list[bytes]:
    """The one column of rows, each of them bytes. Raises LedgerError ``log.leaf-altered``."""
    found = [row[0] for row in rows]
    if not all(isinstance(each, bytes) for each in found):
        raise LedgerError("log.leaf-altered", "a leaf of the ledger or its hash is not bytes any more")
    return found
