"""Bits that flip and tails that vanish, at places chosen at random: an error with a code, or no harm at all."""

from __future__ import annotations

import contextlib
import random
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lockgate.adapters.store.sqlite_log import SqliteLog
from lockgate.core.ports import Entry
from lockgate.errors import LedgerError
from lockgate.ledger.checkpoint import require_not_older
from lockgate.ledger.note import SignerKey
from lockgate.ledger.tiles import tiles_of

KEY = SignerKey(name="example.com/log", seed=bytes(range(32)))
VKEY = str(KEY.verifier)
SIZE = 530
PLACES = [(tile.level, tile.index, tile.width) for tile in tiles_of(SIZE)]


def entry(number: int) -> Entry:
    return Entry(leaf=b"leaf %d " % number + b"." * (37 * number % 700), stream=f"env:{number % 3}", key=f"key-{number}")


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a closed ledger."""
    path = tmp_path_factory.mktemp("rot") / "ledger.db"
    with SqliteLog.create(path, origin=KEY.name, signer=KEY, vkey=VKEY) as log:
        log.append_many([entry(number) for number in range(SIZE)])
    assert not path.with_name("ledger.db-wal").exists()
    return path.read_bytes()


@pytest.fixture(scope="module")
def truth(ledger: bytes, tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    path = tmp_path_factory.mktemp("truth") / "ledger.db"
    path.write_bytes(ledger)
    with SqliteLog(path, origin=KEY.name, signer=None, vkey=VKEY) as log:
        return [read() for read in (*proved(log), *hinted(log))]


def proved(log: SqliteLog) -> list[Callable[[], Any]]:
    """Reads whose answer is authenticated."""
    singles: list[Callable[[], Any]] = [lambda index=index: log.leaf(index) for index in range(0, SIZE, 23)]  # type: ignore[misc]
    tiles: list[Callable[[], Any]] = [lambda place=place: log.tile(*place) for place in PLACES]  # type: ignore[misc]
    return [log.head, lambda: list(log.leaves(0, SIZE)), *singles, *tiles]


def hinted(log: SqliteLog) -> list[Callable[[], Any]]:
    """Reads by a column that no hash covers."""
    return [lambda: [log.last(f"env:{at}") for at in range(3)], lambda: [log.find(f"key-{number}") for number in range(SIZE)]]


def observe(path: Path, truth: list[Any]) -> bool:
    """Whether the damage was noticed. Every answer is the true one or an error; a wrong hint is at least found by `check`."""
    noticed = wrong_hint = False
    try:
        log = SqliteLog(path, origin=KEY.name, signer=KEY, vkey=VKEY)
    except LedgerError:
        return True
    with log:
        for at, read in enumerate((*proved(log), *hinted(log))):
            try:
                answer = read()
            except LedgerError:
                noticed = True
            else:
                if answer != truth[at]:
                    assert at >= len(truth) - 2, f"read {at} gave another answer"
                    wrong_hint = True
        try:
            assert log.check() == SIZE
        except LedgerError:
            noticed = True
        assert noticed or not wrong_hint, "a wrong hint, and check finds nothing"
        try:
            log.append(entry(SIZE))
        except LedgerError:
            noticed = True
        else:
            head = log.head()
            assert head.size in {SIZE, SIZE + 1}
    return noticed


def test_one_flipped_bit_anywhere_in_the_file(ledger: bytes, truth: list[Any], tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    draw = random.Random(seed)
    noticed = 0
    for _ in range(100):
        bit = draw.randrange(len(ledger) * 8)
        path = tmp_path / f"{bit}.db"
        path.write_bytes(flipped(ledger, bit))
        try:
            noticed += observe(path, truth)
        except AssertionError as err:
            raise AssertionError(f"seed {seed}, bit {bit} of the file: {err}") from err
        for each in tmp_path.glob(f"{bit}.db*"):
            each.unlink()
    assert noticed > 15, f"seed {seed}: most of the file holds something"


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


COLUMNS = [("entry", "leaf"), ("entry", "hash"), ("entry", "key"), ("entry", "stream"), ("tile", "hashes"), ("head", "root"), ("head", "note")]


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_one_flipped_bit_of_every_column(table: str, column: str, ledger: bytes, truth: list[Any], tmp_path: Path) -> None:
    """In the file, where the value stands; SQL would mend both copies of a key."""
    seed = random.randrange(2**32)
    draw = random.Random(seed)
    for attempt in range(3):
        path = tmp_path / f"{attempt}.db"
        path.write_bytes(ledger)
        with contextlib.closing(sqlite3.connect(path)) as db:
            values = db.execute(f"SELECT rowid, {column} FROM {table}").fetchall()
        row, value = draw.choice(values)
        if table == "entry" and column in {"key", "stream"}:
            value = entry(row).key.encode() + entry(row).stream.encode() + entry(row).leaf[:8]  # as they stand side by side in the row
            width = len(entry(row).key) if column == "key" else len(entry(row).stream)
            skip = 0 if column == "key" else len(entry(row).key)
        elif len(value) > 3000:
            value, skip, width = value[:400], 0, 400  # the rest of a tile stands on other pages
        else:
            skip, width = 0, len(value)
        at = ledger.find(value)
        assert at > 0, f"seed {seed}: {table}.{column} of row {row} is not in the file"
        path.write_bytes(flipped(ledger, (at + skip) * 8 + draw.randrange(width * 8)))
        try:
            assert observe(path, truth), "not noticed"
        except AssertionError as err:
            raise AssertionError(f"seed {seed}, {table}.{column}, row {row}: {err}") from err


@pytest.mark.parametrize("text", [b"CREATE TABLE tile", b"env:1leaf 4 ", b"key-77env:"])
def test_a_text_that_is_not_utf_8_any_more(text: bytes, ledger: bytes, truth: list[Any], tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(flipped(ledger, ledger.index(text) * 8 + 7))
    assert observe(path, truth)


@pytest.mark.parametrize("part", [0.001, 0.3, 0.6, 0.9, 1.0])
def test_a_file_cut_off(part: float, ledger: bytes, truth: list[Any], tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(ledger[: int((len(ledger) - 4096) * part)])  # a page at least
    assert observe(path, truth)


def test_a_tail_cut_off_by_transactions_is_found_by_whoever_remembers(tmp_path: Path) -> None:
    """The write-ahead log ends early, as after a restored or lost tail: the ledger is whole, but older than it was."""
    path, wal = tmp_path / "ledger.db", tmp_path / "ledger.db-wal"
    with SqliteLog.create(path, origin=KEY.name, signer=KEY, vkey=VKEY) as log:
        for number in range(20):
            log.append(entry(number))
        remembered = log.head().note
        database, tail = path.read_bytes(), wal.read_bytes()
    cut = tmp_path / "cut.db"
    cut.write_bytes(database)
    cut.with_name("cut.db-wal").write_bytes(tail[: len(tail) * 2 // 3])
    with SqliteLog(cut, origin=KEY.name, signer=KEY, vkey=VKEY) as log:
        assert 0 < log.check() == log.head().size < 20
        with pytest.raises(LedgerError) as err:
            require_not_older(remembered, log.head().note, VKEY, log.tile)
        assert err.value.code == "head.rolled-back"
        for number in range(20, 45):
            log.append(entry(number))
        with pytest.raises(LedgerError) as err:
            require_not_older(remembered, log.head().note, VKEY, log.tile)
        assert err.value.code == "head.forked"


def test_the_present_head_follows_the_remembered_one(tmp_path: Path) -> None:
    with SqliteLog.create(tmp_path / "ledger.db", origin=KEY.name, signer=KEY, vkey=VKEY) as log:
        for number in range(10):
            note = log.head().note
            log.append(entry(number))
            assert require_not_older(note, log.head().note, VKEY, log.tile).size == number + 1
