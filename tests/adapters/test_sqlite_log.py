"""Making, opening, refusing: everything but crashes (test_sqlite_log_crash) and rot (test_sqlite_log_rot)."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import stat
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lockgate.adapters.store.sqlite_log import MAX_BATCH, SqliteLog
from lockgate.core.ports import Entry, Guard, Receipt
from lockgate.errors import LedgerError, UnreadableError
from lockgate.ledger.checkpoint import verify_checkpoint
from lockgate.ledger.note import SignerKey
from naive_tree import naive_leaf, naive_root

KEY = SignerKey(name="example.com/log", seed=bytes(range(32)))
VKEY = str(KEY.verifier)
STRANGER = SignerKey(name=KEY.name, seed=bytes(32))


def entry(number: int, stream: str = "house") -> Entry:
    return Entry(leaf=b"leaf %d" % number, stream=stream, key=f"key-{number}")


def create(path: Path) -> SqliteLog:
    return SqliteLog.create(path, origin=KEY.name, signer=KEY, vkey=VKEY)


def opened(path: Path, *, read_only: bool = False) -> SqliteLog:
    return SqliteLog(path, origin=KEY.name, signer=None if read_only else KEY, vkey=VKEY)


def code_of(work: Callable[[], object]) -> str:
    with pytest.raises(LedgerError) as err:
        work()
    return err.value.code


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A log of 600 leaves, closed."""
    path = tmp_path / "ledger.db"
    with create(path) as log:
        log.append_many([entry(number, f"env:{number % 3}") for number in range(600)])
    return path


# --- making and opening ----------------------------------------------------------------------------------------------


def test_a_log_is_never_made_over_another(path: Path) -> None:
    before = path.read_bytes()
    assert code_of(lambda: create(path)) == "log.exists"
    assert path.read_bytes() == before
    assert sorted(each.name for each in path.parent.iterdir()) == ["ledger.db", "ledger.db-turn", "ledger.db-turn-next"]


def test_an_old_write_ahead_log_is_not_replayed_into_a_new_log(path: Path) -> None:
    path.rename(path.with_name("ledger.db-wal"))
    assert code_of(lambda: create(path)) == "log.exists"


def test_only_its_user_may_read_a_new_log(tmp_path: Path) -> None:
    create(tmp_path / "ledger.db").close()
    assert stat.S_IMODE((tmp_path / "ledger.db").stat().st_mode) == 0o600


def test_nothing_is_made_where_nothing_can_be(tmp_path: Path) -> None:
    assert code_of(lambda: create(tmp_path / "no" / "ledger.db")) == "log.unwritable"


def test_another_key_makes_and_writes_nothing(tmp_path: Path, path: Path) -> None:
    new = tmp_path / "new.db"
    assert code_of(lambda: SqliteLog.create(new, origin=KEY.name, signer=STRANGER, vkey=VKEY)) == "log.wrong-key"
    assert not new.exists()
    with SqliteLog(path, origin=KEY.name, signer=STRANGER, vkey=VKEY) as log:
        assert code_of(lambda: log.append(entry(600))) == "log.wrong-key"
        assert log.head().size == 600
    with opened(path) as log:
        assert log.append(entry(600)).index == 600


def test_opening_with_another_key_or_origin(path: Path) -> None:
    assert code_of(lambda: SqliteLog(path, origin=KEY.name, signer=None, vkey=str(STRANGER.verifier))) == "log.head-forged"
    assert code_of(lambda: SqliteLog(path, origin="example.com/other", signer=None, vkey=VKEY)) == "log.wrong-origin"
    assert code_of(lambda: SqliteLog(path, origin=KEY.name, signer=None, vkey="nonsense")) == "vkey.malformed"


def test_files_that_are_no_ledger(tmp_path: Path) -> None:
    assert code_of(lambda: opened(tmp_path / "none.db")) == "log.missing"
    assert code_of(lambda: opened(tmp_path)) == "log.missing"
    (tmp_path / "empty.db").write_bytes(b"")
    assert code_of(lambda: opened(tmp_path / "empty.db")) == "log.foreign"
    (tmp_path / "text.db").write_bytes(b"hello world, this is no database " * 100)
    assert code_of(lambda: opened(tmp_path / "text.db")) == "log.damaged"
    with contextlib.closing(sqlite3.connect(tmp_path / "other.db")) as db:
        db.execute("CREATE TABLE entry (idx INTEGER PRIMARY KEY)")
    assert code_of(lambda: opened(tmp_path / "other.db")) == "log.foreign"


def test_what_is_appended_is_there_when_opened_again(path: Path) -> None:
    leaves = [entry(number).leaf for number in range(600)]
    with opened(path) as log:
        assert log.check() == 600
        assert list(log.leaves(0, 600)) == leaves
        assert log.append(entry(600)) == Receipt(index=600)
    with opened(path, read_only=True) as log:
        assert log.head().root == naive_root([*leaves, entry(600).leaf])
        assert log.check() == 601


def test_opened_for_reading_it_does_not_write(path: Path) -> None:
    before = path.read_bytes()
    with opened(path, read_only=True) as log:
        assert code_of(lambda: log.append(entry(600))) == "log.read-only"
        assert code_of(lambda: log.append_many([entry(600)])) == "log.read-only"
        assert list(log.leaves(599, 600)) == [b"leaf 599"]
    assert path.read_bytes() == before


def test_append_many_stops_at_what_is_refused(path: Path) -> None:
    with opened(path) as log:
        many = [entry(number) for number in range(600, 600 + MAX_BATCH + 5)]
        assert code_of(lambda: log.append_many([*many, Entry(leaf=b"other", stream="house", key="key-3")])) == "log.key-reused"
        assert log.head().size == 600 + len(many)
        assert [receipt.new for receipt in log.append_many(many[:2])] == [False, False]
        assert code_of(lambda: log.append_many([entry(5000), Entry(leaf=b"", stream="house", key="k")])) == "log.entry-malformed"
        assert log.find("key-5000") is None


# --- several at once -------------------------------------------------------------------------------------------------


def test_one_refusal_does_not_fail_its_batch_mates(path: Path) -> None:
    """While the first commit waits in its transaction seven more callers come; they make up the second."""
    inside, go = threading.Event(), threading.Event()

    def wait_inside(step: str) -> None:
        if step == "append.begun" and not inside.is_set():
            inside.set()
            go.wait(10)

    answers: dict[str, object] = {}

    def ask(name: str, what: Entry, guard: Guard | None = None) -> None:
        try:
            answers[name] = log.append(what, guard)
        except LedgerError as err:
            answers[name] = err.code

    with SqliteLog(path, origin=KEY.name, signer=KEY, vkey=VKEY, failpoint=wait_inside) as log:
        first = threading.Thread(target=ask, args=("first", entry(600)))
        first.start()
        assert inside.wait(10)
        guard = Guard(size=601, streams=("env:production",))
        asked: list[tuple[str, Entry, Guard | None]] = [
            ("plain", entry(601), None),
            ("reused", Entry(leaf=b"other", stream="house", key="key-7"), None),
            ("retry", entry(7), None),
            ("decision", entry(602, "env:production"), guard),
            ("rival", entry(603, "env:production"), guard),
            ("twin", entry(601), None),
            ("false twin", Entry(leaf=b"other", stream="house", key="key-601"), None),
            ("late", entry(604), Guard(size=600, streams=("house",))),
        ]
        threads = []
        for at, (name, what, asked_guard) in enumerate(asked):
            threads.append(threading.Thread(target=ask, args=(name, what, asked_guard)))
            threads[-1].start()
            while len(log._queue._queue) <= at:
                time.sleep(0)
        go.set()
        for thread in (first, *threads):
            thread.join()
        assert answers == {
            "first": Receipt(index=600),
            "plain": Receipt(index=601),
            "reused": "log.key-reused",
            "retry": Receipt(index=7, new=False),
            "decision": Receipt(index=602),
            "rival": "log.conflict",
            "twin": Receipt(index=601, new=False),
            "false twin": "log.key-reused",
            "late": "log.conflict",
        }
        assert (log.head().size, log.check()) == (603, 603)


def test_two_logs_on_one_file_follow_each_other(path: Path) -> None:
    """As two processes: each finds the head moved under its own transaction."""
    with opened(path) as one, opened(path) as two:
        for number in range(600, 640):
            assert (one, two)[number % 2].append(entry(number)).index == number
        assert one.head() == two.head()
        assert one.check() == 640


def test_an_error_while_committing_reaches_all_and_the_next_append_works(path: Path) -> None:
    broken = [True]

    def fail(step: str) -> None:
        if step == "append.before-commit" and broken[0]:
            raise UnreadableError("key.unavailable", "the agent is gone")

    with SqliteLog(path, origin=KEY.name, signer=KEY, vkey=VKEY, failpoint=fail) as log:
        with pytest.raises(UnreadableError) as err:
            log.append(entry(600))
        assert err.value.code == "key.unavailable"
        assert log.head().size == 600
        broken[0] = False
        assert log.append(entry(601)).index == 600
        assert log.check() == 601


@pytest.mark.parametrize("step", ["append.before-commit", "append.committed"])
def test_a_leader_who_is_interrupted_leaves_nobody_waiting(path: Path, step: str) -> None:
    inside, go = threading.Event(), threading.Event()
    strikes = [KeyboardInterrupt()]

    def interrupt(reached: str) -> None:
        if reached == "append.begun" and strikes:
            inside.set()
            go.wait(10)
        if reached == step and strikes:
            raise strikes.pop()

    outcome: dict[int, str] = {}

    def ask(number: int) -> None:
        try:
            outcome[number] = str(log.append(entry(number)).new)
        except KeyboardInterrupt:
            outcome[number] = "interrupted"

    with SqliteLog(path, origin=KEY.name, signer=KEY, vkey=VKEY, failpoint=interrupt) as log:
        threads = [threading.Thread(target=ask, args=(number,)) for number in range(600, 610)]
        threads[0].start()
        assert inside.wait(10)
        for thread in threads[1:]:
            thread.start()
        go.set()
        for thread in threads:
            thread.join(10)
        assert outcome == {600: "interrupted", **dict.fromkeys(range(601, 610), "True")}
        assert log.append(entry(600)).new is (step == "append.before-commit")
        assert log.check() == 610


@pytest.mark.parametrize(
    ("step", "sql", "code"),
    [
        ("append.inserted", "UPDATE entry SET leaf = CAST(replace(CAST(leaf AS TEXT), 'a', 'b') AS BLOB) WHERE idx = 600", "log.leaf-altered"),
        ("append.inserted", "UPDATE entry SET hash = zeroblob(32) WHERE idx = 600", "log.leaf-altered"),
        ("append.inserted", "DELETE FROM entry WHERE idx = 600", "log.leaf-altered"),
        ("append.signed", "UPDATE head SET size = 599", "log.head-moved"),
    ],
)
def test_nothing_is_recorded_when_the_table_gives_other_bytes_back(path: Path, step: str, sql: str, code: str) -> None:
    """A bit that flips between storing and signing: the CT log Yeti 2022 ended so."""
    strikes = [sql]

    def strike(reached: str) -> None:
        if reached == step and strikes:
            assert log._sequencer is not None and log._sequencer._db is not None
            log._sequencer._db.execute(strikes.pop())

    with SqliteLog(path, origin=KEY.name, signer=KEY, vkey=VKEY, failpoint=strike) as log:
        assert code_of(lambda: log.append(entry(600))) == code
        assert log.head().size == 600
        assert log.append(entry(600)) == Receipt(index=600)
        assert log.check() == 601


def test_a_lock_that_is_never_given_back(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lockgate.adapters.store.ledger_db.BUSY_SECONDS", 0.2)
    with opened(path) as log, contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert code_of(lambda: log.append(entry(600))) == "log.busy"
        other.execute("ROLLBACK")
        assert log.append(entry(600)).index == 600


def test_a_turn_that_is_never_given_back(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lockgate.adapters.store.sequencer.BUSY_SECONDS", 0.2)
    inside, go = threading.Event(), threading.Event()

    def hold(step: str) -> None:
        if step == "append.turn-taken":
            inside.set()
            go.wait(10)

    with SqliteLog(path, origin=KEY.name, signer=KEY, vkey=VKEY, failpoint=hold) as holder, opened(path) as other:
        holding = threading.Thread(target=holder.append, args=(entry(600),))
        holding.start()
        assert inside.wait(10)
        assert code_of(lambda: other.append(entry(601))) == "log.busy"
        go.set()
        holding.join()
        assert other.append(entry(601)).index == 601


# --- where nothing can be written ------------------------------------------------------------------------------------


@contextlib.contextmanager
def nobody() -> Iterator[None]:
    """Permissions do not bind root: be somebody else."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def public_path() -> Iterator[Path]:
    """A log of three leaves in a directory everybody may pass."""
    folder = Path(tempfile.mkdtemp(prefix="lockgate-test-"))
    folder.chmod(0o755)
    with create(folder / "ledger.db") as log:
        log.append_many([entry(number) for number in range(3)])
    yield folder / "ledger.db"
    folder.chmod(0o755)
    shutil.rmtree(folder)


def read_only(path: Path, *, with_shm: bool = False) -> None:
    for each in path.parent.iterdir():
        if each.name.endswith("-shm") and not with_shm:
            each.unlink()
        else:
            each.chmod(0o444)
    path.parent.chmod(0o555)


def test_a_read_only_directory_is_read_and_not_written(public_path: Path) -> None:
    read_only(public_path)
    with nobody():
        with opened(public_path) as log:
            assert list(log.leaves(0, 3)) == [b"leaf 0", b"leaf 1", b"leaf 2"]
            assert log.check() == 3
            assert code_of(lambda: log.append(entry(3))) == "log.read-only"
        with opened(public_path, read_only=True) as log:
            assert log.head().size == 3
        assert code_of(lambda: create(public_path.with_name("new.db"))) == "log.read-only"


def test_leaves_in_the_write_ahead_log_of_a_read_only_directory_are_not_passed_over(public_path: Path) -> None:
    with opened(public_path) as log:
        log.append(entry(3))
        copied = {each.name: each.read_bytes() for each in public_path.parent.iterdir()}
    for name, data in copied.items():
        public_path.with_name(name).write_bytes(data)
    read_only(public_path, with_shm=True)
    with nobody(), opened(public_path, read_only=True) as log:
        assert log.head().size == 4
    public_path.parent.chmod(0o755)
    read_only(public_path)
    with nobody():
        assert code_of(lambda: opened(public_path, read_only=True)) == "log.wal-unreadable"


def test_a_file_that_may_not_be_read(public_path: Path) -> None:
    public_path.chmod(0)
    with nobody():
        assert code_of(lambda: opened(public_path)) == "log.unreadable"


def test_a_full_database(path: Path) -> None:
    with opened(path) as log:
        assert log.append(entry(600)).index == 600
        assert log._sequencer is not None and log._sequencer._db is not None
        (pages,) = log._sequencer._db.execute("PRAGMA page_count").fetchone()
        log._sequencer._db.execute(f"PRAGMA max_page_count = {pages}")
        large = [Entry(leaf=b"x" * 16_000, stream="house", key=f"large-{number}") for number in range(10)]
        assert code_of(lambda: log.append_many(large)) == "log.full"
        assert log.check() == 601
        assert log.append(entry(601)).index == 601


def test_a_full_disk(tmp_path: Path) -> None:
    """A real one, of one megabyte."""
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", tmp_path], capture_output=True, check=False).returncode:
        pytest.skip("mounting a small file system is not permitted here")
    try:
        path = tmp_path / "ledger.db"
        with create(path) as log:
            acknowledged, code = 0, ""
            while not code:
                try:
                    log.append(Entry(leaf=b"x" * 16_000, stream="house", key=f"key-{acknowledged}"))
                    acknowledged += 1
                except LedgerError as err:
                    code = err.code
            assert code == "log.full"
            assert code_of(lambda: log.append(Entry(leaf=b"x" * 16_000, stream="house", key="again"))) == "log.full"
            assert log.check() == log.head().size == acknowledged > 10
        with opened(path) as log:
            assert log.check() == acknowledged
        assert code_of(lambda: create(tmp_path / "second.db")) == "log.full"
        subprocess.run(["mount", "-o", "remount,size=4m", tmp_path], check=True)
        with opened(path) as log:
            assert log.append(Entry(leaf=b"x" * 16_000, stream="house", key="again")).index == acknowledged
    finally:
        subprocess.run(["umount", tmp_path], check=True)


# --- edited by hand --------------------------------------------------------------------------------------------------


EDITS = {
    "the size in the head": ("UPDATE head SET size = 599", "log.head-altered"),
    "the root in the head": ("UPDATE head SET root = zeroblob(32)", "log.head-altered"),
    "a byte of the note": ("UPDATE head SET note = CAST(replace(CAST(note AS TEXT), '600', '601') AS BLOB)", "log.head-forged"),
    "no head": ("DELETE FROM head", "log.head-altered"),
    "the last leaf": ("UPDATE entry SET leaf = x'00' WHERE idx = 599", "log.leaf-altered"),
    "the hash of an edge leaf": ("UPDATE entry SET hash = zeroblob(32) WHERE idx = 513", "log.tile-altered"),
    "no last leaf": ("DELETE FROM entry WHERE idx = 599", "log.tile-altered"),
    "no edge leaf": ("DELETE FROM entry WHERE idx = 520", "log.tile-altered"),
    "a leaf too many": ("INSERT INTO entry VALUES (600, zeroblob(32), 'k', 's', x'00')", "log.head-altered"),
    "a tile of the edge": ("UPDATE tile SET hashes = zeroblob(64) WHERE level = 1", "log.tile-altered"),
    "no tile of the edge": ("DELETE FROM tile WHERE level = 1", "log.tile-altered"),
    "a narrower tile of the edge": ("UPDATE tile SET hashes = substr(hashes, 1, 63) WHERE level = 1", "log.tile-altered"),
    "a trigger": ("CREATE TRIGGER t AFTER INSERT ON entry BEGIN DELETE FROM entry WHERE idx = 3; END", "log.schema-altered"),
    "no index": ("DROP INDEX entry_stream", "log.schema-altered"),
    "a newer version": ("PRAGMA user_version = 2", "log.newer"),
    "a foreign file": ("PRAGMA application_id = 7", "log.foreign"),
}


def edit(path: Path, sql: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.execute(sql)


@pytest.mark.parametrize("what", EDITS)
def test_an_edited_ledger_is_not_opened(path: Path, what: str) -> None:
    sql, code = EDITS[what]
    edit(path, sql)
    assert code_of(lambda: opened(path)) == code
    assert code_of(lambda: opened(path, read_only=True)) == code


@pytest.mark.parametrize("what", ["the size in the head", "the root in the head", "a byte of the note", "no head"])
def test_a_head_edited_while_the_log_is_open(path: Path, what: str) -> None:
    sql, code = EDITS[what]
    with opened(path) as log:
        log.append(entry(600))
        edit(path, sql.replace("600", "601").replace("'601', '601'", "'601', '602'"))
        assert code_of(lambda: log.append(entry(601))) == code
        assert code_of(log.head) == code
        assert code_of(lambda: log.leaf(3)) == code


def test_a_row_put_where_the_next_leaf_belongs(path: Path) -> None:
    with opened(path) as log:
        log.append(entry(600))
        edit(path, EDITS["a leaf too many"][0].replace("600", "601"))
        assert code_of(lambda: log.append(entry(601))) == "log.damaged"
        assert code_of(lambda: log.append(entry(601))) == "log.head-altered"
        assert code_of(log.head) == "log.head-altered"


def test_a_tile_edited_while_the_log_is_open_is_made_right_by_the_next_that_needs_it(path: Path) -> None:
    with opened(path) as log:
        log.append(entry(600))
        edit(path, EDITS["a tile of the edge"][0])
        log.append_many([entry(number) for number in range(601, 800)])
        assert log.check() == 800


def test_a_leaf_in_the_middle(path: Path) -> None:
    edit(path, "UPDATE entry SET leaf = x'00' WHERE idx = 100")
    with opened(path) as log:
        assert code_of(lambda: log.leaf(100)) == "log.leaf-altered"
        assert code_of(lambda: list(log.leaves(0, 600))) == "log.leaf-altered"
        assert code_of(log.check) == "log.leaf-altered"
        assert log.leaf(101) == b"leaf 101"
        assert code_of(lambda: log.append(Entry(leaf=b"\0", stream="house", key="key-100"))) == "log.leaf-altered", (
            "no receipt for a leaf that is not in the tree"
        )


def test_a_leaf_that_is_gone(path: Path) -> None:
    edit(path, "DELETE FROM entry WHERE idx = 100")
    with opened(path) as log:
        assert code_of(lambda: log.leaf(100)) == "log.leaf-altered"
        assert code_of(lambda: list(log.leaves(90, 110))) == "log.leaf-altered"


def test_leaf_and_hash_and_tile_changed_together(path: Path) -> None:
    """The edit Tessera's users found (its issue 629), and one level deeper: the body with its hash, then with its tile."""
    other = b"another decision"
    with opened(path) as log:
        tile = bytearray(log.tile(0, 0, 256))
    tile[100 * 32 : 101 * 32] = naive_leaf(other)
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE entry SET leaf = ?, hash = ? WHERE idx = 100", (other, naive_leaf(other)))
    with opened(path) as log:
        assert code_of(lambda: log.leaf(100)) == "log.leaf-altered"
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE tile SET hashes = ? WHERE level = 0 AND idx = 0", (bytes(tile),))
    with opened(path) as log:
        assert code_of(lambda: log.leaf(100)) == "log.tile-altered"
        assert code_of(lambda: log.tile(0, 0, 1)) == "log.tile-altered"
        assert code_of(log.check) == "log.tile-altered"


def test_tiles_nobody_asks_for_are_found_by_check(path: Path) -> None:
    edit(path, "INSERT INTO tile VALUES (5, 7, zeroblob(32))")
    with opened(path) as log:
        assert code_of(log.check) == "log.tile-altered"


def test_a_row_before_the_first_leaf_is_found_by_check(path: Path) -> None:
    edit(path, "INSERT INTO entry VALUES (-1, zeroblob(32), 'k', 'env:production', x'00')")
    with opened(path) as log:
        assert list(log.leaves(0, 600)) == [entry(number).leaf for number in range(600)]
        assert code_of(log.check) == "log.leaf-altered"


def test_a_hash_behind_a_full_tile_is_found_by_check(path: Path) -> None:
    edit(path, "UPDATE entry SET hash = zeroblob(32) WHERE idx = 3")
    with opened(path) as log:
        assert log.leaf(3) == b"leaf 3"
        assert code_of(log.check) == "log.leaf-altered"


# --- another history under the same name -----------------------------------------------------------------------------


def restored(path: Path, size: int, leaf: Callable[[int], Entry]) -> None:
    """Put another ledger, signed by the log's own key, in the place of this one."""
    other = path.with_name("other.db")
    with create(other) as log:
        log.append_many([leaf(number) for number in range(size)])
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    other.replace(path)


@pytest.mark.parametrize(("size", "fork", "code"), [(599, False, "head.rolled-back"), (600, True, "head.forked"), (700, True, "head.forked")])
def test_an_older_copy_or_a_fork_put_under_a_running_process(path: Path, size: int, fork: bool, code: str) -> None:
    with opened(path) as log:
        assert log.append(entry(600)).index == 600
        assert log.head().size == 601
        restored(path, size if not fork else size + 1, lambda number: entry(number if not fork or number != 5 else 10_000))
        assert code_of(lambda: log.append(entry(601))) == code
        assert code_of(log.head) == code
        assert code_of(lambda: log.leaf(3)) == code


def test_the_same_history_put_back_is_followed(path: Path) -> None:
    with opened(path) as log:
        assert log.append(entry(600)).index == 600
        restored(path, 650, entry)
        assert log.append(entry(650)).index == 650
        assert log.head().size == 651


def test_a_ledger_that_vanished(path: Path) -> None:
    with opened(path) as log:
        log.append(entry(600))
        path.unlink()
        assert code_of(lambda: log.append(entry(601))) == "log.missing"
        assert code_of(log.head) == "log.unreadable"


def test_the_first_signature_of_a_stranger_is_not_stored(path: Path) -> None:
    """A checkpoint nobody accepts would close the log for good."""
    with SqliteLog(path, origin=KEY.name, signer=STRANGER, vkey=VKEY) as log:
        assert code_of(lambda: log.append(entry(600))) == "log.wrong-key"
    with opened(path) as log:
        assert verify_checkpoint(log.head().note, KEY.verifier).size == 600


@pytest.mark.parametrize("name", ["ledger.db-turn", "ledger.db-turn-next"])
def test_no_file_is_made_where_a_lock_file_links_to(tmp_path: Path, path: Path, name: str) -> None:
    path.with_name(name).unlink(missing_ok=True)
    path.with_name(name).symlink_to(tmp_path / "elsewhere")
    with opened(path) as log:
        assert code_of(lambda: log.append(entry(600))) == "log.unwritable"
    assert not (tmp_path / "elsewhere").exists()
