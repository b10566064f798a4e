"""The user's memory of heads, and the directory of names: small files that must be whole."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from children import forked
from lockgate.adapters.store.directory import FileDirectory
from lockgate.adapters.store.heads import FileHeads
from lockgate.errors import LockgateError
from lockgate.ledger.note import verifier_key

ORIGIN = "example.com/shop"
VKEY = str(verifier_key(ORIGIN, bytes(32)))


def note(size: int) -> bytes:
    return f"{ORIGIN}\n{size}\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n— {ORIGIN} AAAA\n".encode()


def code(call: Callable[[], object]) -> str:
    with pytest.raises(LockgateError) as err:
        call()
    return err.value.code


class TestHeads:
    @pytest.fixture
    def at(self, tmp_path: Path) -> Path:
        return tmp_path / hashlib.sha256(VKEY.encode()).hexdigest()

    def test_one_file_for_each_log_its_owners_alone(self, tmp_path: Path, at: Path) -> None:
        FileHeads(tmp_path).remember(VKEY, note(1))
        assert [each.name for each in tmp_path.iterdir()] == [at.name]
        assert stat.S_IMODE(at.stat().st_mode) == 0o600

    def test_a_slower_process_does_not_make_it_forget(self, tmp_path: Path) -> None:
        heads = FileHeads(tmp_path)
        forked(8, lambda number: heads.remember(VKEY, note(number + 1)))
        assert heads.recall(VKEY) == note(8)
        heads.remember(VKEY, note(7))
        assert heads.recall(VKEY) == note(8)

    def test_what_is_no_checkpoint_gives_way_to_one(self, tmp_path: Path, at: Path) -> None:
        at.write_bytes(b"\xff garbage")
        heads = FileHeads(tmp_path)
        assert heads.recall(VKEY) == b"\xff garbage"
        heads.remember(VKEY, note(1))
        assert heads.recall(VKEY) == note(1)

    @pytest.mark.parametrize("kind", ["link", "fifo", "directory", "huge"])
    def test_what_cannot_be_read_is_not_never_seen(self, tmp_path: Path, at: Path, kind: str) -> None:
        match kind:
            case "link":
                at.symlink_to(tmp_path / "gone")
            case "fifo":
                os.mkfifo(at)
            case "directory":
                at.mkdir()
            case _:
                at.write_bytes(b"x" * (1 << 17))
        assert code(lambda: FileHeads(tmp_path).recall(VKEY)) == "head.unreadable"
        assert code(lambda: FileHeads(tmp_path).remember(VKEY, note(1))) == "head.unreadable"

    def test_a_place_that_cannot_be_written(self, tmp_path: Path, disk_at: Callable[[int], tuple[Path, Callable[[], None]]]) -> None:
        (tmp_path / "file").write_bytes(b"")
        assert code(lambda: FileHeads(tmp_path / "file" / "below").remember(VKEY, note(1))) == "head.unwritable"
        path, make_read_only = disk_at(64 << 10)
        heads = FileHeads(path)
        heads.remember(VKEY, note(1))
        make_read_only()
        assert code(lambda: heads.remember(VKEY, note(2))) == "head.unwritable"
        assert heads.recall(VKEY) == note(1)


class TestDirectory:
    def test_an_erased_name_is_gone_from_the_disk(self, tmp_path: Path) -> None:
        directory = FileDirectory(tmp_path / "people.json")
        directory.set("p-one", "Zoë")
        directory.set("p-two", "Bob")
        assert stat.S_IMODE((tmp_path / "people.json").stat().st_mode) == 0o600
        directory.set("p-two", None)
        assert json.loads((tmp_path / "people.json").read_bytes()) == {"p-one": "Zoë"}
        assert [each.name for each in tmp_path.iterdir()] == ["people.json"]

    def test_many_processes_set_at_once_and_nothing_is_lost(self, tmp_path: Path) -> None:
        directory = FileDirectory(tmp_path / "people.json")
        assert forked(8, lambda number: directory.set(f"p-{number}", f"Name {number}")) == [0] * 8
        assert directory.names() == {f"p-{number}": f"Name {number}" for number in range(8)}

    @pytest.mark.parametrize("data", [b"", b"[]", b'{"p-one": 1}', b'{"p-one":"a","p-one":"b"}', b"x" * (5 << 20)])
    def test_what_is_no_directory_is_unreadable_and_not_written_over(self, tmp_path: Path, data: bytes) -> None:
        (tmp_path / "people.json").write_bytes(data)
        directory = FileDirectory(tmp_path / "people.json")
        assert code(directory.names) == "directory.unreadable"
        assert code(lambda: directory.set("p-one", "Zoë")) == "directory.unreadable"
        assert (tmp_path / "people.json").read_bytes() == data

    def test_full_and_read_only_disks_keep_the_old_names(self, disk_at: Callable[[int], tuple[Path, Callable[[], None]]]) -> None:
        path, make_read_only = disk_at(64 << 10)
        directory = FileDirectory(path / "people.json")
        directory.set("p-one", "Zoë")
        make_read_only()
        assert code(lambda: directory.set("p-one", None)) == "directory.unwritable"
        assert directory.names() == {"p-one": "Zoë"}
