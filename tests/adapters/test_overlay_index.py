"""What only looks: an index over a file that is never written, heads that are recalled and not remembered, a gate of which no byte changes."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from lockgate.adapters.store.heads import FileHeads, RecalledHeads
from lockgate.adapters.store.overlay_index import OverlayIndex
from lockgate.adapters.store.sqlite_index import SqliteIndex
from lockgate.core.digest import digest_of
from lockgate.errors import LedgerError

ROWS = [("request", "r-1", 1), ("stream", "house", 0), ("stream", "house", 2)]
VKEY = "example.com/log+00000000+AAAA"


def filed(path: Path) -> Path:
    """An index with some rows and a state."""
    index = SqliteIndex(path)
    index.cursor()
    index.file(3, ROWS)
    index.keep("env:x", digest_of(b"state"), b"state")
    index.close()
    return path


def test_it_shows_the_file_and_what_was_filed_since_and_writes_neither(tmp_path: Path) -> None:
    path = filed(tmp_path / "index.db")
    before = path.read_bytes()
    over = OverlayIndex(path)
    assert (over.cursor(), over.dump(), over.snapshot(digest_of(b"state"))) == (3, ROWS, b"state")
    over.file(6, [("stream", "house", 5), ("request", "r-1", 4), ("stream", "house", 5)])
    over.keep("env:x", digest_of(b"more"), b"more")
    assert (over.cursor(), over.find("request", "r-1"), over.find("stream", "house")) == (6, [1, 4], [0, 2, 5])
    assert [over.newest("stream", "house", below) for below in (9, 5, 2, 1, 0)] == [5, 2, 0, 0, None]
    assert over.dump(2, 5) == [("request", "r-1", 4), ("stream", "house", 2)]
    assert over.snapshot(digest_of(b"more")) == b"more"
    assert path.read_bytes() == before
    assert SqliteIndex(path).dump() == ROWS


def test_clearing_forgets_the_file_and_leaves_it(tmp_path: Path) -> None:
    path = filed(tmp_path / "index.db")
    over = OverlayIndex(path)
    over.clear()
    assert (over.cursor(), over.dump(), over.snapshot(digest_of(b"state"))) == (0, [], None)
    assert OverlayIndex(path).dump() == ROWS


@pytest.mark.parametrize("what", ["nothing", "rubbish", "another database", "a directory", "a trigger in it"])
def test_no_index_is_an_empty_one_and_none_is_made(tmp_path: Path, what: str) -> None:
    path = tmp_path / "index.db"
    match what:
        case "rubbish":
            path.write_bytes(b"no database at all" * 100)
        case "another database":
            sqlite3.connect(path).execute("CREATE TABLE x (y)").connection.close()
        case "a directory":
            path.mkdir()
        case "a trigger in it":
            sqlite3.connect(filed(path)).execute("CREATE TRIGGER t AFTER INSERT ON row BEGIN DELETE FROM row; END").connection.close()
        case _:
            pass
    over = OverlayIndex(path)
    assert (over.cursor(), over.dump(), over.newest("stream", "house", 9)) == (0, [], None)
    over.file(1, [("stream", "house", 0)])
    assert over.dump() == [("stream", "house", 0)]
    assert path.exists() == (what != "nothing")


def test_a_directory_that_may_only_be_read_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = filed(tmp_path / "index.db")
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert OverlayIndex(path).dump() == ROWS
    assert [each.name for each in tmp_path.iterdir()] == ["index.db"]


def test_looking_at_a_file_never_writes_to_it(tmp_path: Path) -> None:
    index = SqliteIndex(filed(tmp_path / "index.db"), looking=True)
    with pytest.raises(LedgerError) as err:
        index.keep("env:x", digest_of(b"more"), b"more")
    assert err.value.code == "index.unwritable"
    with pytest.raises(LedgerError):
        SqliteIndex(tmp_path / "none.db", looking=True).cursor()
    assert not (tmp_path / "none.db").exists()


def test_heads_are_recalled_and_not_remembered(tmp_path: Path) -> None:
    RecalledHeads(tmp_path / "heads").remember(VKEY, b"note")
    assert not (tmp_path / "heads").exists()
    FileHeads(tmp_path / "heads").remember(VKEY, b"note")
    assert RecalledHeads(tmp_path / "heads").recall(VKEY) == b"note"
