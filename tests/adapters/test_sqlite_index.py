from __future__ import annotations

import contextlib
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from children import forked
from lockgate.adapters.store import sqlite_index
from lockgate.adapters.store.sqlite_index import SqliteIndex
from lockgate.core.digest import digest_of
from lockgate.errors import ConflictError, LedgerError

STATE = b"state"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "index.db"


@pytest.fixture
def index(path: Path) -> Iterator[SqliteIndex]:
    opened = SqliteIndex(path)
    yield opened
    opened.close()


@pytest.fixture
def other(path: Path) -> Iterator[SqliteIndex]:
    opened = SqliteIndex(path)
    yield opened
    opened.close()


def edit(path: Path, statement: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.executescript(statement)


def fill(index: SqliteIndex) -> None:
    index.cursor()
    index.file(3, [("request", "r-1", leaf) for leaf in range(3)])
    index.keep("env:x", digest_of(STATE), STATE)
    index.close()


CALLS: list[Callable[[SqliteIndex], object]] = [
    lambda index: index.find("request", "r-1"),
    lambda index: index.dump(),
    lambda index: index.cursor(),
    lambda index: index.snapshot(digest_of(STATE)),
    lambda index: index.keep("env:x", digest_of(STATE), STATE),
    lambda index: index.file(4, [("request", "r-1", 3)]),
]
DAMAGE: dict[str, Callable[[Path], object]] = {
    "not a database": lambda path: path.write_bytes(b"not a database at all, not a database at all"),
    "another's database": lambda path: edit(path, "DROP TABLE place; PRAGMA application_id = 7"),
    "overwritten": lambda path: path.write_bytes(path.read_bytes()[:1024] + b"\xff" * (len(path.read_bytes()) - 1024)),
    "no tables": lambda path: edit(path, "DROP TABLE row; DROP TABLE state; DROP TABLE place"),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_file_is_said_to_be_and_clearing_makes_it_anew(index: SqliteIndex, path: Path, damage: Callable[[Path], object]) -> None:
    fill(index)
    damage(path)
    for call in CALLS:
        with pytest.raises(LedgerError) as err:
            call(index)
        assert (err.value.code, err.value.remedy) == ("index.altered", "lockgate log rebuild")
    index.clear()
    assert (index.cursor(), index.dump()) == (0, [])
    fill(index)
    assert index.find("request", "r-1") == [0, 1, 2]


@pytest.mark.parametrize(
    ("statement", "call"),
    [
        ("DELETE FROM place", CALLS[2]),
        ("DROP TABLE place; CREATE TABLE place (id, cursor, generation); INSERT INTO place VALUES (0, 'many', 0)", CALLS[2]),
        ("DROP TABLE row; CREATE TABLE row (kind, name, leaf); INSERT INTO row VALUES ('request', 'r-1', 'first')", CALLS[0]),
        ("DROP TABLE row; CREATE TABLE row (kind, name, leaf); INSERT INTO row VALUES (NULL, 7, 0), ('request', x'00', 1)", CALLS[1]),
        ("INSERT INTO row VALUES ('request', CAST(x'ff' AS TEXT), 1)", CALLS[1]),
    ],
)
def test_values_of_another_type_are_damage(index: SqliteIndex, path: Path, statement: str, call: Callable[[SqliteIndex], object]) -> None:
    fill(index)
    edit(path, statement)
    with pytest.raises(LedgerError) as err:
        call(index)
    assert err.value.code == "index.altered"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(min_value=0, max_value=40_000), bit=st.integers(min_value=0, max_value=7))
def test_one_flipped_bit_gives_an_answer_or_an_error_of_ours(tmp_path: Path, at: int, bit: int) -> None:
    path = tmp_path / f"{at}-{bit}.db"
    index = SqliteIndex(path)
    index.clear()
    fill(index)
    data = bytearray(path.read_bytes())
    data[at % len(data)] ^= 1 << bit
    path.write_bytes(data)
    for call in CALLS:
        try:
            call(index)
        except LedgerError as err:
            assert err.code in {"index.altered", "index.unwritable", "index.rebuilt"}  # noqa: PT017  an answer is right too
    index.close()


@pytest.mark.parametrize("value", ["x'737461746521'", "x'00'", "x''"])
def test_an_edited_state_is_no_state(index: SqliteIndex, path: Path, value: str) -> None:
    fill(index)
    edit(path, f"UPDATE state SET state = {value}")
    assert index.snapshot(digest_of(STATE)) is None


@pytest.mark.parametrize(
    "script",
    [
        f"DROP TABLE state; CREATE TABLE state (digest, state); INSERT INTO state VALUES ('{digest_of(STATE)}', 7)",
        "CREATE TRIGGER t AFTER INSERT ON row BEGIN DELETE FROM row WHERE leaf = NEW.leaf; END",
        "DROP TABLE row; CREATE VIEW row AS WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT 'a' AS kind, 'b' AS name, x AS leaf FROM c",
        "DROP INDEX newest",
        "CREATE TABLE more (a)",
    ],
)
def test_other_tables_than_ours_are_no_index_until_a_rebuild(index: SqliteIndex, path: Path, script: str) -> None:
    fill(index)
    index.close()
    edit(path, script)
    with pytest.raises(LedgerError) as err:
        index.cursor()
    assert err.value.code == "index.altered"
    index.clear()
    fill(index)


def test_it_is_its_owners_alone(index: SqliteIndex, path: Path) -> None:
    fill(index)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_writer_from_before_a_rebuild_leaves_no_gap(index: SqliteIndex, other: SqliteIndex) -> None:
    fill(index)
    assert other.cursor() == 3
    index.clear()
    with pytest.raises(ConflictError) as err:
        other.file(4, [("request", "r-1", 3)])
    assert err.value.code == "index.rebuilt"
    assert (index.cursor(), index.dump()) == (0, [])
    assert other.cursor() == 0
    other.file(1, [("request", "r-1", 0)])
    assert index.dump() == [("request", "r-1", 0)]


def test_many_processes_open_it_new_and_file_at_once(path: Path) -> None:
    def work(worker: int) -> None:
        index = SqliteIndex(path)
        for number in range(20):
            size = index.cursor()
            index.file(max(size, worker * 20 + number + 1), [("request", f"r-{worker}", number)])
            index.keep("env:x", digest_of(b"%d" % number), b"%d" % number)
        index.close()

    assert forked(6, work) == [0] * 6
    index = SqliteIndex(path)
    assert (index.cursor(), len(index.dump())) == (120, 120)
    index.close()


def test_many_threads_share_one(index: SqliteIndex) -> None:
    index.cursor()
    threads = [threading.Thread(target=index.file, args=(number, [("k", "n", number)])) for number in range(1, 17)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (index.cursor(), index.find("k", "n")) == (16, list(range(1, 17)))


def test_whoever_holds_it_too_long_is_named(index: SqliteIndex, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(index)
    monkeypatch.setattr(sqlite_index, "_BUSY_SECONDS", 0.05)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerError) as err:
            index.keep("env:x", digest_of(STATE), STATE)
    assert err.value.code == "index.busy"


@pytest.mark.parametrize("kind", ["gone", "a directory"])
def test_a_place_that_cannot_be_used(tmp_path: Path, path: Path, kind: str) -> None:
    if kind == "a directory":
        path.mkdir()
    index = SqliteIndex(path if kind == "a directory" else tmp_path / "gone" / "index.db")
    with pytest.raises(LedgerError) as err:
        index.cursor()
    assert err.value.code == "index.unwritable"


def test_a_full_or_read_only_disk_loses_nothing_filed(disk_at: Callable[[int], tuple[Path, Callable[[], None]]]) -> None:
    path, make_read_only = disk_at(512 << 10)
    if not path.is_mount():
        pytest.skip("SQLite writes without Python: this needs a small disk")
    index = SqliteIndex(path / "index.db")
    fill(index)
    with pytest.raises(LedgerError) as err:
        index.keep("env:x", digest_of(b"large"), b"x" * (1 << 20))
    assert err.value.code == "index.unwritable"
    assert index.find("request", "r-1") == [0, 1, 2]
    index.close()
    make_read_only()
    with pytest.raises(LedgerError) as err:
        index.keep("env:x", digest_of(STATE), STATE)
    assert err.value.code == "index.unwritable"


def test_a_link_is_not_followed_to_make_or_change_a_database(tmp_path: Path, path: Path) -> None:
    there, missing = tmp_path / "there.db", tmp_path / "missing.db"
    with contextlib.closing(sqlite3.connect(there)) as db:
        db.execute("CREATE TABLE theirs (a)")
    before = there.read_bytes()
    for target in (there, missing):
        path.unlink(missing_ok=True)
        path.symlink_to(target)
        with pytest.raises(LedgerError) as err:
            SqliteIndex(path).cursor()
        assert err.value.code == "index.unwritable"
    assert there.read_bytes() == before
    assert sorted(each.name for each in tmp_path.iterdir()) == ["index.db", "there.db"]
