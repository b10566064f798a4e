from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.memory_index import MemoryIndex
from lockgate.adapters.store.overlay_index import OverlayIndex
from lockgate.adapters.store.sqlite_index import SqliteIndex
from lockgate.core.digest import digest_of
from lockgate.core.ports import KEPT_STATES, Index


@pytest.fixture(params=["memory", "sqlite", "overlay of none"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Index]:
    if request.param == "memory":
        yield MemoryIndex()
        return
    if request.param == "overlay of none":
        yield OverlayIndex(tmp_path / "index.db")
        return
    sqlite = SqliteIndex(tmp_path / "index.db")
    yield sqlite
    sqlite.close()


ROWS = [("request", "r-2", 5), ("digest", "sha256:ab", 5), ("request", "r-1", 9), ("request", "r-1", 2)]


class TestIndex:
    def test_a_new_one_is_empty(self, index: Index) -> None:
        assert (index.cursor(), index.dump(), index.find("request", "r-1")) == (0, [], [])
        assert index.snapshot(digest_of(b"state")) is None

    def test_rows_are_found_in_the_order_of_the_log(self, index: Index) -> None:
        assert index.cursor() == 0
        index.file(10, ROWS)
        assert index.cursor() == 10
        assert index.find("request", "r-1") == [2, 9]
        assert index.find("digest", "r-1") == []
        assert index.dump() == sorted(ROWS)

    def test_the_newest_row_of_a_name_is_found_and_the_one_before_it(self, index: Index) -> None:
        index.cursor()
        index.file(10, ROWS)
        assert index.newest("request", "r-1", 2**62) == 9
        assert index.newest("request", "r-1", 9) == 2
        assert index.newest("request", "r-1", 2) is None
        assert index.newest("digest", "r-1", 2**62) is None

    def test_a_range_of_leaves_is_dumped(self, index: Index) -> None:
        index.cursor()
        index.file(10, ROWS)
        assert index.dump(None, 5) == [("request", "r-1", 2)]
        assert index.dump(5, 9) == sorted(ROWS[:2])
        assert index.dump(5) == sorted(ROWS[:3])
        assert index.dump(10, None) == []

    def test_filing_again_changes_nothing_and_the_cursor_never_goes_back(self, index: Index) -> None:
        index.cursor()
        index.file(10, ROWS)
        index.file(6, ROWS[:2])
        assert (index.cursor(), index.dump()) == (10, sorted(ROWS))

    def test_a_state_is_kept_by_its_digest(self, index: Index) -> None:
        index.keep("env:x", digest_of(b"one"), b"one")
        index.keep("env:x", digest_of(b"one"), b"one")
        assert index.snapshot(digest_of(b"one")) == b"one"
        assert index.snapshot(digest_of(b"two")) is None

    def test_a_state_that_is_not_its_digest_is_no_state(self, index: Index) -> None:
        index.keep("env:x", digest_of(b"one"), b"forged")
        assert index.snapshot(digest_of(b"one")) is None

    def test_the_newest_states_of_each_stream_are_kept(self, index: Index) -> None:
        index.keep("env:quiet", digest_of(b"quiet"), b"quiet")
        states = [f"{number}".encode() for number in range(KEPT_STATES + 5)]
        for state in states:
            index.keep("env:x", digest_of(state), state)
            index.keep("env:x", digest_of(states[0]), states[0])
        kept = [state for state in states if index.snapshot(digest_of(state)) is not None]
        assert kept == [states[0], *states[-(KEPT_STATES - 1) :]]
        assert index.snapshot(digest_of(b"quiet")) == b"quiet"

    def test_clearing_forgets_everything(self, index: Index) -> None:
        index.cursor()
        index.file(10, ROWS)
        index.keep("env:x", digest_of(b"one"), b"one")
        index.clear()
        assert (index.cursor(), index.dump(), index.snapshot(digest_of(b"one"))) == (0, [], None)
        index.file(3, ROWS[:1])
        assert (index.cursor(), index.dump()) == (3, ROWS[:1])
