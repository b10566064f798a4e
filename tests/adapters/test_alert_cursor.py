"""How far alerts were delivered: durably, and never back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lockgate.adapters.store.cursor import FileCursor
from lockgate.errors import LedgerError, UnreadableError


def test_it_begins_at_the_first_leaf_and_never_goes_back(tmp_path: Path) -> None:
    cursor = FileCursor(tmp_path / "alerts-told")
    assert cursor.read() == 0
    cursor.move(7)
    cursor.move(3)
    assert (cursor.read(), FileCursor(tmp_path / "alerts-told").read(), (tmp_path / "alerts-told").read_text()) == (7, 7, "7\n")


@pytest.mark.parametrize("text", [b"", b"7", b"-7\n", b"seven\n", b"\xff\n", "\u0667\n".encode(), b"9" * 99 + b"\n"])
def test_what_is_no_number(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "alerts-told").write_bytes(text)
    with pytest.raises(UnreadableError) as err:
        FileCursor(tmp_path / "alerts-told").read()
    assert err.value.code == "alert.cursor-unreadable"


def test_a_disk_that_takes_nothing(disk_at: Callable[[int], tuple[Path, Callable[[], None]]]) -> None:
    path, read_only = disk_at(1 << 20)
    cursor = FileCursor(path / "alerts-told")
    cursor.move(1)
    read_only()
    with pytest.raises(LedgerError) as err:
        cursor.move(2)
    assert err.value.code == "alert.cursor-unwritable"
    assert cursor.read() == 1
