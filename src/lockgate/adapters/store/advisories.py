"""``advisories/``: a copy of other people's advisories, made for looking them up: ``osv.db`` (SQLite) and ``kev.json``.

A new copy is written beside, synced, and renamed over the one before: whoever reads has the old one or the new, and a process that dies leaves
the old. Nothing is ever changed in place, so that reading takes no lock. Nobody's signature is on it: whoever may write the gate's directory may
write this, as they may the policy's index.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

import msgspec

from lockgate import canon
from lockgate.adapters import disk
from lockgate.canon import Noun, encode
from lockgate.core.advisories import Advisory, Exploited, Extract, Package
from lockgate.core.digest import digest_of
from lockgate.core.duration import Time
from lockgate.core.findings import Database
from lockgate.errors import EvidenceError, LedgerError, UnreadableError

OSV, KEV = "osv.db", "kev.json"
MAX_EXTRACT = 48 << 20
"""The most bytes of advisories that one lookup gives."""
MAX_KEV = 16 << 20
WAIT = disk.LOCK_SECONDS
"""How long an import waits for another one."""
_APPLICATION = 0x6C6B6761  # "lkga"
_SCHEMA = (
    "CREATE TABLE entry (id TEXT PRIMARY KEY, modified TEXT NOT NULL, family INTEGER, data BLOB NOT NULL) STRICT",
    "CREATE TABLE package (ecosystem TEXT, name TEXT, family INTEGER, PRIMARY KEY (ecosystem, name, family)) STRICT, WITHOUT ROWID",
    "CREATE TABLE packed (family INTEGER, entry INTEGER, PRIMARY KEY (family, entry)) STRICT, WITHOUT ROWID",
    "CREATE TABLE about (id INTEGER PRIMARY KEY CHECK (id = 0), data BLOB NOT NULL) STRICT",
    f"PRAGMA application_id = {_APPLICATION}",
)
_FOUND = """
    WITH wanted AS (SELECT DISTINCT family FROM json_each(?) AS asked JOIN package ON ecosystem = asked.value ->> 0 AND name = asked.value ->> 1)
    SELECT data FROM entry WHERE family IN wanted
    UNION SELECT data FROM entry WHERE rowid IN (SELECT entry FROM packed WHERE family IN wanted)
"""
_decoder = msgspec.json.Decoder(Advisory)


class _Listed(Noun, frozen=True, kw_only=True):
    """``kev.json``."""

    database: Database
    exploited: tuple[tuple[str, str], ...]


class SqliteAdvisories:
    """Advisories in a directory of their own (port `Advisories`).

    Args:
        path: the directory; made with the first import.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def databases(self) -> tuple[Database, ...]:
        """What was imported."""
        found = []
        with self._reading() as db:
            if db is not None:
                found.append(_about(db))
        if (listed := self._listed()) is not None:
            found.append(listed.database)
        return tuple(found)

    def lookup(self, packages: Sequence[Package]) -> Extract:
        """One query by the packages' names."""
        with self._reading() as db:
            if db is None:
                raise UnreadableError("advisories.none", "no advisories were imported here")
            databases, advisories, size = [_about(db)], [], 0
            for (data,) in db.execute(_FOUND, (json.dumps([[one.ecosystem, one.name] for one in packages]),)):
                size += len(data)
                if size > MAX_EXTRACT:
                    raise UnreadableError("advisories.too-much", f"more than {MAX_EXTRACT >> 20} MiB of advisories name these packages")
                advisories.append(_decoder.decode(data))
        exploited: tuple[Exploited, ...] = ()
        if (listed := self._listed()) is not None:
            databases.append(listed.database)
            ids = {id_ for one in advisories for id_ in (one.id, *one.aliases, *one.upstream)}
            exploited = tuple(Exploited(cve=cve, added=added) for cve, added in listed.exploited if cve in ids)
        return Extract(
            asked=digest_of(encode(packages)),
            databases=tuple(databases),
            advisories=tuple(sorted(advisories, key=lambda one: one.id)),
            exploited=exploited,
        )

    def replace(self, entries: Iterable[Advisory], settle: Callable[[Database], Database]) -> Database:
        """Write a new file and rename it."""
        with self._writing() as fd:
            temporary = f".{OSV}.{os.getpid()}.new"
            try:
                with closing(sqlite3.connect(self._path / temporary, isolation_level=None)) as db:
                    database = settle(_fill(db, entries))
                    db.execute("INSERT INTO about VALUES (0, ?)", (encode(database),))
                    db.execute("COMMIT")
                with os.fdopen(os.open(temporary, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=fd), "rb") as file:
                    os.fchmod(file.fileno(), 0o600)
                    os.fsync(file.fileno())
                os.rename(temporary, OSV, src_dir_fd=fd, dst_dir_fd=fd)
                os.fsync(fd)
            finally:
                with suppress(FileNotFoundError):
                    os.unlink(temporary, dir_fd=fd)
        return database

    def replace_exploited(self, exploited: Sequence[Exploited], database: Database) -> None:
        """Write a new file and rename it."""
        listed = _Listed(database=database, exploited=tuple((one.cve, one.added) for one in exploited))
        with self._writing() as fd:
            disk.write_atomic(KEV, encode(listed), 0o600, dir_fd=fd)

    @contextmanager
    def _writing(self) -> Iterator[int]:
        """The directory, locked; what an import that died left in it is gone."""
        try:
            disk.make_directory(self._path)
            with disk.directory(self._path) as fd, disk.locked(fd, WAIT):
                for left in self._path.glob(f".{OSV}.*"):
                    os.unlink(left.name, dir_fd=fd)
                yield fd
        except BlockingIOError:
            raise LedgerError("advisories.busy", "another process is importing advisories here, and did not end in time") from None
        except sqlite3.Error as err:
            raise LedgerError("advisories.unwritable", f"{self._path} could not be written: {err}; what was there stands") from None
        except OSError as err:
            raise LedgerError("advisories.unwritable", f"{self._path} could not be written: {disk.reason(err)}; what was there stands") from None

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        """The file as it is now, however often it is replaced meanwhile; None where there is none."""
        file = self._path / OSV
        try:
            if not file.exists():
                yield None
                return
            with closing(sqlite3.connect(f"file:{quote(str(file))}?mode=ro&immutable=1", uri=True, isolation_level=None)) as db:
                if db.execute("PRAGMA application_id").fetchone() != (_APPLICATION,):
                    raise sqlite3.DatabaseError("it is no copy of advisories")
                yield db
        except (sqlite3.Error, OSError, msgspec.DecodeError, EvidenceError, TypeError, ValueError) as err:
            raise UnreadableError("advisories.unreadable", f"{file} could not be read: {str(err)[:200]}") from None

    def _listed(self) -> _Listed | None:
        try:
            return canon.decode(disk.read_file(self._path / KEV, MAX_KEV), _Listed, what="list of what is exploited", code="advisories.unreadable")
        except FileNotFoundError:
            return None
        except OSError as err:
            raise UnreadableError("advisories.unreadable", f"{self._path / KEV} could not be read: {disk.reason(err)}") from None
        except EvidenceError as err:
            raise UnreadableError("advisories.unreadable", f"{self._path / KEV}: {err.message}") from None


def _about(db: sqlite3.Connection) -> Database:
    row = db.execute("SELECT data FROM about WHERE id = 0").fetchone()
    if row is None or not isinstance(row[0], bytes):
        raise sqlite3.DatabaseError("it does not say what it holds")
    return canon.decode(row[0], Database, what="database of advisories")


def _fill(db: sqlite3.Connection, entries: Iterable[Advisory]) -> Database:
    """Write the entries, then what finds them; what was counted. The transaction is left open."""
    db.execute("PRAGMA journal_mode = OFF")
    db.execute("PRAGMA synchronous = OFF")
    db.execute("BEGIN")
    for statement in _SCHEMA:
        db.execute(statement)
    for one in entries:
        _insert(db, one)
    digest, newest, count, ecosystems = sha256(), "", 0, set[str]()
    names: list[Advisory] = []
    for data, modified in db.execute("SELECT data, modified FROM entry ORDER BY id"):
        digest.update(data + b"\n")
        newest, count = max(newest, modified), count + 1
        entry = _decoder.decode(data)
        if entry.withdrawn is None:
            ecosystems |= {name for affected in entry.affected for name in _covers(affected.ecosystem)}
            names.append(msgspec.structs.replace(entry, affected=(), vectors=(), words=()))
    _join(db, names)
    at = msgspec.convert(newest, Time) if newest else msgspec.convert("1970-01-01T00:00:00Z", Time)
    return Database(name="osv", digest="sha256:" + digest.hexdigest(), as_of=at, entries=count, ecosystems=tuple(sorted(ecosystems)))


def _insert(db: sqlite3.Connection, one: Advisory) -> None:
    modified, data = f"{one.modified:%Y-%m-%dT%H:%M:%SZ}", encode(one)
    try:
        db.execute("INSERT INTO entry (id, modified, data) VALUES (?, ?, ?)", (one.id, modified, data))
    except sqlite3.IntegrityError:
        before = db.execute("SELECT modified, data FROM entry WHERE id = ?", (one.id,)).fetchone()
        if before == (modified, data) or before[0] > modified:
            return
        if before[0] == modified:
            raise EvidenceError("advisories.twice", f"{one.id} stands in it twice, of one time and not the same: nothing was imported") from None
        db.execute("UPDATE entry SET modified = ?, data = ? WHERE id = ?", (modified, data, one.id))


def _covers(ecosystem: str) -> tuple[str, ...]:
    """An ecosystem as a component is known by, with and without the release."""
    from lockgate.evidence.advisories.packages import base_of, release_of  # noqa: PLC0415  only an import of advisories waits for it

    base = base_of(ecosystem)
    release = release_of(base, ecosystem.partition(":")[2])
    return (base, f"{base}:{release}") if release else (base,)


def _join(db: sqlite3.Connection, standing: Sequence[Advisory]) -> None:
    """Families by aliases, which packages name each, and which entries each packs together."""
    from lockgate.evidence.advisories.match import joined  # noqa: PLC0415  likewise
    from lockgate.evidence.advisories.packages import base_of  # noqa: PLC0415  likewise

    group, members = joined(standing)
    number = {name: place for place, name in enumerate(members, 1)}
    db.executemany("UPDATE entry SET family = ? WHERE id = ?", ((number[group[one.id]], one.id) for one in standing))
    db.execute("CREATE INDEX family ON entry (family)")
    rows = (
        (base_of(affected.ecosystem), affected.name, family)
        for data, family in db.execute("SELECT data, family FROM entry WHERE family IS NOT NULL")
        for affected in _decoder.decode(data).affected
    )
    db.executemany("INSERT OR IGNORE INTO package VALUES (?, ?, ?)", rows)
    called: dict[str, set[str]] = {}
    for one in standing:
        for id_ in (one.id, *one.aliases):
            called.setdefault(id_, set()).add(one.id)
    packed = ((number[group[one.id]], id_) for one in standing for upstream in one.upstream for id_ in called.get(upstream, ()))
    db.executemany("INSERT OR IGNORE INTO packed SELECT ?, rowid FROM entry WHERE id = ?", packed)
