"""What the errors of SQLite and of the system mean for a ledger."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from lockgate.errors import LedgerError

_DAMAGE = {
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_FORMAT,
    sqlite3.SQLITE_ERROR,  # "no such table", for statements that never change
    sqlite3.SQLITE_CONSTRAINT,  # rows where there should be none
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_TOOBIG,
    0,  # a value that Python could not read
}


@contextlib.contextmanager
def reading(path: Path) -> Iterator[None]:
    """Errors while reading become LedgerError ``log.damaged``, ``log.busy`` or ``log.unreadable``."""
    try:
        yield
    except UnicodeDecodeError:
        raise LedgerError("log.damaged", f"{path} is damaged: a text in it is not UTF-8") from None
    except sqlite3.Error as err:
        raise _either(err, path) or LedgerError("log.unreadable", f"{path} could not be read: {err}") from None
    except OSError as err:
        raise LedgerError("log.unreadable", f"{path} could not be read: {err.strerror}") from None


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Errors while writing become LedgerError ``log.full``, ``log.read-only``, ``log.busy``, ``log.damaged`` or ``log.unwritable``."""
    try:
        yield
    except UnicodeDecodeError:
        raise LedgerError("log.damaged", f"{path} is damaged: a text in it is not UTF-8") from None
    except sqlite3.Error as err:
        raise _refusal(primary_code(err), err, path) from None
    except OSError as err:
        raise _system_refusal(err, path) from None


def primary_code(err: sqlite3.Error) -> int:
    """SQLite's primary result code; 0 where Python's own layer could not read a value."""
    return int(getattr(err, "sqlite_errorcode", 0)) & 0xFF


def _refusal(code: int, err: sqlite3.Error, path: Path) -> LedgerError:
    if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and _is_full(path)):
        return LedgerError("log.full", f"there is no space left for {path}; nothing was recorded")
    if code in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH}:
        return LedgerError("log.read-only", f"{path} may not be written; nothing was recorded")
    return _either(err, path) or LedgerError("log.unwritable", f"{path} could not be written: {err}")


def _system_refusal(err: OSError, path: Path) -> LedgerError:
    if err.errno in {errno.ENOSPC, errno.EDQUOT}:
        return LedgerError("log.full", f"there is no space left for {path}; nothing was recorded")
    if err.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return LedgerError("log.read-only", f"{path} may not be written; nothing was recorded")
    return LedgerError("log.unwritable", f"{path} could not be written ({err.strerror}); nothing was recorded")


def _either(err: sqlite3.Error, path: Path) -> LedgerError | None:
    code = primary_code(err)
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return LedgerError("log.busy", f"another process holds {path} and does not let go; nothing was recorded")
    if code in _DAMAGE:
        return LedgerError("log.damaged", f"{path} is damaged: {err}")
    return None


def _is_full(path: Path) -> bool:
    with contextlib.suppress(OSError):
        return os.statvfs(path.parent).f_bavail == 0
    return False
