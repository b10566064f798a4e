"""``index.db``: what is derived from the ledger and can be made again from it; so it is never waited for (synchronous=NORMAL).

Many threads and processes may use one file. A rebuild (`clear`) starts a new generation: a writer that counted on the
rows of the generation before is told so, and does not file behind a gap.
"""

from __future__ import annotations

import errno
import os
import secrets
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from lockgate.adapters import disk
from lockgate.adapters.store.faults import primary_code
from lockgate.core.digest import Digest, digest_of
from lockgate.core.ports import KEPT_STATES
from lockgate.errors import ConflictError, LedgerError

SQLITE = sqlite3.sqlite_version
_APPLICATION = 0x6C6B6769  # "lkgi"
_BUSY_SECONDS = 10.0
_LEAST, _GREATEST = -(2**63), 2**63 - 1
_SCHEMA = (
    "CREATE TABLE place (id INTEGER PRIMARY KEY CHECK (id = 0), cursor INTEGER NOT NULL, generation INTEGER NOT NULL) STRICT",
    "CREATE TABLE row (kind TEXT, name TEXT, leaf INTEGER, PRIMARY KEY (kind, name, leaf)) STRICT, WITHOUT ROWID",
    "CREATE TABLE state (number INTEGER PRIMARY KEY, stream TEXT NOT NULL, digest TEXT NOT NULL UNIQUE, state BLOB NOT NULL) STRICT",
    "CREATE INDEX newest ON state (stream, number)",
    f"PRAGMA application_id = {_APPLICATION}",
)
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_UNWRITABLE = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH}


class SqliteIndex:
    """The index in one SQLite file (port `Index`), made when first used.

    Every method raises LedgerError ``index.altered`` where the file is no index any more (`lockgate log rebuild` makes
    it anew), ``index.busy`` where another process does not let go, and ``index.unwritable`` where the disk refuses.

    Args:
        path: the file; its directory is there.
        looking: whether it is read and never written, nor made where it is not there; works on read-only media too.
    """

    def __init__(self, path: Path, *, looking: bool = False) -> None:
        self._path = path
        self._open = _looked_at if looking else _opened
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._generation = 0

    def snapshot(self, digest: Digest) -> bytes | None:
        """A folded state by its digest; None also where the bytes kept under it are others."""
        with self._use() as db:
            found = db.execute("SELECT state FROM state WHERE digest = ?", (digest,)).fetchone()
        return found[0] if found and isinstance(found[0], bytes) and digest_of(found[0]) == digest else None

    def keep(self, stream: str, digest: Digest, state: bytes) -> None:
        """Keep a folded state as the newest of its stream; the `KEPT_STATES` newest stay."""
        with self._use() as db, _transaction(db):
            db.execute("INSERT OR REPLACE INTO state (stream, digest, state) VALUES (?, ?, ?)", (stream, digest, state))
            db.execute(
                "DELETE FROM state WHERE number IN (SELECT number FROM state WHERE stream = ? ORDER BY number DESC LIMIT -1 OFFSET ?)", (stream, KEPT_STATES)
            )

    def find(self, kind: str, name: str) -> list[int]:
        """Leaf indices, ascending."""
        with self._use() as db:
            return [_int(leaf) for (leaf,) in db.execute("SELECT leaf FROM row WHERE kind = ? AND name = ? ORDER BY leaf", (kind, name))]

    def newest(self, kind: str, name: str, below: int) -> int | None:
        """The greatest leaf index under `below`, by the primary key."""
        with self._use() as db:
            found = db.execute("SELECT max(leaf) FROM row WHERE kind = ? AND name = ? AND leaf < ?", (kind, name, below)).fetchone()
            return None if found[0] is None else _int(found[0])

    def file(self, size: int, rows: Sequence[tuple[str, str, int]]) -> None:
        """File rows and move the cursor to `size`, in one transaction; rows filed before, and a cursor further on, stay.

        Raises:
            ConflictError: ``index.rebuilt``: it was cleared since this process last asked for the cursor; ask again.
        """
        with self._use() as db, _transaction(db):
            if _place(db)[1] != self._generation:
                raise ConflictError("index.rebuilt", "the index is being rebuilt by another process: nothing was filed")
            db.executemany("INSERT OR IGNORE INTO row VALUES (?, ?, ?)", rows)
            db.execute("UPDATE place SET cursor = max(cursor, ?)", (size,))

    def cursor(self) -> int:
        """How many leaves are filed."""
        with self._use() as db:
            cursor, self._generation = _place(db)
        return cursor

    def clear(self) -> None:
        """Forget everything and start a generation; a file that is no index any more is replaced."""
        try:
            with self._use() as db, _transaction(db):
                db.execute("DELETE FROM row")
                db.execute("DELETE FROM state")
                db.execute("UPDATE place SET cursor = 0, generation = ?", (secrets.randbits(62),))
                self._generation = _place(db)[1]
        except LedgerError as err:
            if err.code != "index.altered":
                raise
            self._replace()

    def dump(self, start: int | None = None, end: int | None = None) -> list[tuple[str, str, int]]:
        """Rows of a range of leaves, sorted; reads the whole table."""
        with self._use() as db:
            first, last = _LEAST if start is None else start, _GREATEST if end is None else end - 1
            return sorted(_row(*each) for each in db.execute("SELECT kind, name, leaf FROM row WHERE leaf BETWEEN ? AND ?", (first, last)))

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _replace(self) -> None:
        self.close()
        try:
            for suffix in ("", "-wal", "-shm"):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        except OSError as err:
            raise LedgerError("index.unwritable", f"{self._path} could not be replaced: {disk.reason(err)}") from None
        self.cursor()

    @contextmanager
    def _use(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                if self._connection is None:
                    self._connection = self._open(self._path)
                yield self._connection
            except sqlite3.Error as err:
                code = primary_code(err)
                self.close()
                if code in _BUSY:
                    raise LedgerError("index.busy", f"another process holds {self._path} and does not let go") from None
                if code in _UNWRITABLE:
                    raise LedgerError("index.unwritable", f"{self._path} cannot be used: {err}") from None
                raise LedgerError("index.altered", f"{self._path} is no index any more: {err}", "lockgate log rebuild") from None
            except UnicodeDecodeError:
                self.close()
                raise LedgerError("index.altered", f"{self._path} is no index any more: a text in it is not UTF-8", "lockgate log rebuild") from None
            except OSError as err:
                raise LedgerError("index.unwritable", f"{self._path} cannot be used: {disk.reason(err)}") from None


def _opened(path: Path) -> sqlite3.Connection:
    if path.is_symlink():  # SQLite would make a database wherever it leads, or change the one that is there
        raise OSError(errno.ELOOP, "a symbolic link, which is not followed here")
    db = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        db.execute("PRAGMA trusted_schema = OFF")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        if db.execute("PRAGMA application_id").fetchone() != (_APPLICATION,):
            with _transaction(db):
                if db.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,):
                    for statement in _SCHEMA:
                        db.execute(statement)
                    db.execute("INSERT INTO place VALUES (0, 0, ?)", (secrets.randbits(62),))
                    path.chmod(0o600)
                elif db.execute("PRAGMA application_id").fetchone() != (_APPLICATION,):
                    raise sqlite3.DatabaseError("another application's database")
        _require_ours(db)
    except BaseException:
        db.close()
        raise
    return db


def _looked_at(path: Path) -> sqlite3.Connection:
    """A connection that writes nothing. A read-only directory takes no ``-shm`` file: there, what is in the ``-wal`` file is left out, to be filed anew."""
    how = "mode=ro" if os.access(path.parent, os.W_OK) else "mode=ro&immutable=1"
    db = sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        db.execute("PRAGMA trusted_schema = OFF")
        if db.execute("PRAGMA application_id").fetchone() != (_APPLICATION,):
            raise sqlite3.DatabaseError("another application's database")
        _require_ours(db)
    except BaseException:
        db.close()
        raise
    return db


def _require_ours(db: sqlite3.Connection) -> None:
    """Exactly our tables: a trigger would edit what is filed from then on, also by a rebuild, and a view may have no end."""
    if tuple(sql for (sql,) in db.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid")) != _SCHEMA[:-1]:
        raise sqlite3.DatabaseError("its tables are not as lockgate made them")


@contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[None]:
    """All of it, or nothing."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            db.execute("ROLLBACK")
        raise


def _place(db: sqlite3.Connection) -> tuple[int, int]:
    found = db.execute("SELECT cursor, generation FROM place").fetchone()
    if found is None:
        raise sqlite3.DatabaseError("it has no cursor")
    return _int(found[0]), _int(found[1])


def _row(kind: object, name: object, leaf: object) -> tuple[str, str, int]:
    if not isinstance(kind, str) or not isinstance(name, str):
        raise sqlite3.DatabaseError("a name in it is no text")
    return kind, name, _int(leaf)


def _int(value: object) -> int:
    """A column's value, where it is what its column says: an edited schema may hold anything."""
    if not isinstance(value, int):
        raise sqlite3.DatabaseError("a value in it is no number")
    return value
