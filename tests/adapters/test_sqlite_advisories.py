"""The copy of advisories on disk: killed, damaged, locked, full of odd things; and exports as files."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lockgate.adapters import disk
from lockgate.adapters.sources import advisory_exports
from lockgate.adapters.sources.advisory_exports import catalogue, exported
from lockgate.adapters.store import advisories
from lockgate.adapters.store.advisories import SqliteAdvisories
from lockgate.core.advisories import Advisory, Affected, Exported, Package
from lockgate.core.findings import Database
from lockgate.errors import EvidenceError, LedgerError, UnreadableError
from lockgate.evidence.advisories.osv import MAX_ENTRY

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ENTRY = b'{"id":"OSV-1","modified":"2026-11-20T08:00:00Z"}'


def about(number: int = 1, name: str = "a") -> Advisory:
    return Advisory(id=f"A-{number}", modified=NOON, affected=(Affected(ecosystem="PyPI", name=name),))


def same(counted: Database) -> Database:
    return counted


KILLED = """
import sys, time
from pathlib import Path
from datetime import UTC, datetime
from lockgate.adapters.store.advisories import SqliteAdvisories
from lockgate.core.advisories import Advisory

def entries():
    for number in range(20_000):
        yield Advisory(id=f"K-{number}", modified=datetime(2026, 11, 21, tzinfo=UTC))
    print("half", flush=True)
    time.sleep(60)

SqliteAdvisories(Path(sys.argv[1])).replace(entries(), lambda counted: counted)
"""


def test_an_import_that_is_killed_halfway_leaves_what_was_there(tmp_path: Path) -> None:
    kept = SqliteAdvisories(tmp_path)
    before = kept.replace([about()], same)
    with subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "half\n"
        assert len(list(tmp_path.iterdir())) == 2
        child.send_signal(signal.SIGKILL)
    assert child.returncode == -signal.SIGKILL
    assert kept.databases() == (before,)
    assert [one.id for one in kept.lookup([Package("PyPI", "a")]).advisories] == ["A-1"]
    kept.replace([about(2)], same)
    assert [path.name for path in tmp_path.iterdir()] == ["osv.db"]


def test_two_imports_do_not_meet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(advisories, "WAIT", 0.05)
    kept = SqliteAdvisories(tmp_path)
    with disk.directory(tmp_path) as fd, disk.locked(fd), pytest.raises(LedgerError) as err:
        kept.replace([about()], same)
    assert err.value.code == "advisories.busy"


def test_a_file_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LedgerError) as err:
        SqliteAdvisories(tmp_path / "file" / "advisories").replace([about()], same)
    assert err.value.code == "advisories.unwritable"


@pytest.mark.parametrize("data", [b"", b"x" * 5000, b"SQLite format 3\0" + bytes(5000)])
def test_a_damaged_copy_is_unreadable(tmp_path: Path, data: bytes) -> None:
    kept = SqliteAdvisories(tmp_path)
    kept.replace([about()], same)
    (tmp_path / "osv.db").write_bytes(data)
    for ask in (kept.databases, lambda: kept.lookup([Package("PyPI", "a")])):
        with pytest.raises(UnreadableError) as err:
            ask()
        assert err.value.code == "advisories.unreadable"


@pytest.mark.parametrize("at", range(0, 36, 3))
def test_a_copy_with_a_hole_is_unreadable_or_right(tmp_path: Path, at: int) -> None:
    kept = SqliteAdvisories(tmp_path)
    kept.replace([about(number, f"p{number}") for number in range(60)], same)
    data = bytearray((tmp_path / "osv.db").read_bytes())
    begin = len(data) * at // 36
    data[begin : begin + 200] = bytes(200)
    (tmp_path / "osv.db").write_bytes(data)
    try:
        found = kept.lookup([Package("PyPI", f"p{number}") for number in range(60)])
    except UnreadableError as err:
        assert err.code == "advisories.unreadable"  # noqa: PT017  one or the other
    else:
        assert set(found.advisories) <= {about(number, f"p{number}") for number in range(60)}


@pytest.mark.parametrize("data", [b"", b"{}", b"[1]", b'{"database":{},"exploited":[]}'])
def test_a_damaged_catalogue_is_unreadable(tmp_path: Path, data: bytes) -> None:
    kept = SqliteAdvisories(tmp_path)
    kept.replace([about()], same)
    (tmp_path / "kev.json").write_bytes(data)
    with pytest.raises(UnreadableError) as err:
        kept.lookup([])
    assert err.value.code == "advisories.unreadable"


def test_more_than_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(advisories, "MAX_EXTRACT", 500)
    kept = SqliteAdvisories(tmp_path)
    kept.replace([about(number) for number in range(9)], same)
    with pytest.raises(UnreadableError) as err:
        kept.lookup([Package("PyPI", "a")])
    assert err.value.code == "advisories.too-much"


def test_it_is_nobody_elses_to_read(tmp_path: Path) -> None:
    kept = SqliteAdvisories(tmp_path / "advisories")
    kept.replace([about()], same)
    assert [(tmp_path / "advisories" / name).stat().st_mode & 0o777 for name in ("osv.db", ".")] == [0o600, 0o700]


# Exports.


def archive(path: Path, files: dict[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", how) as file:
        for name, data in files.items():
            file.writestr(name, data)
    return path


def code_of(found: Iterator[Exported]) -> str:
    with pytest.raises((EvidenceError, UnreadableError)) as err:
        list(found)
    return err.value.code


def test_a_directory_is_read_in_its_order_and_only_entries(tmp_path: Path) -> None:
    for name in ("b.json", "a/c.yaml", "a/b.yml", ".git/x.json", "a/.hidden.json", "README.md", "list.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    found = list(exported([tmp_path]))
    assert [(Path(one.origin).relative_to(tmp_path).as_posix(), one.data, one.yaml) for one in found] == [
        ("b.json", b"b.json", False), ("a/b.yml", b"a/b.yml", True), ("a/c.yaml", b"a/c.yaml", True),
    ]  # fmt: skip


def test_an_archive_and_a_single_file(tmp_path: Path) -> None:
    whole = archive(tmp_path / "all.zip", {"OSV-1.json": ENTRY, "../../etc/passwd.json": b"2", "README": b"x"})
    (tmp_path / "one.json").write_bytes(ENTRY)
    found = list(exported([whole, tmp_path / "one.json"]))
    assert [one.data for one in found] == [ENTRY, b"2", ENTRY]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["all.zip", "one.json"]


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9, 0.999])
def test_an_archive_that_was_not_written_to_its_end(tmp_path: Path, kept: float) -> None:
    data = archive(tmp_path / "all.zip", {f"{n}.json": os.urandom(3000) for n in range(20)}).read_bytes()
    (tmp_path / "all.zip").write_bytes(data[: int(len(data) * kept)])
    assert code_of(exported([tmp_path / "all.zip"])) == "advisories.export-cut"


def test_an_archive_with_other_bytes_than_it_says(tmp_path: Path) -> None:
    path = archive(tmp_path / "all.zip", {"1.json": b"A" * 5000}, zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(b"AAAA", b"AAAB", 1))
    assert code_of(exported([path])) == "advisories.export-cut"


def test_an_archive_that_unpacks_to_more_than_it_could(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(advisory_exports, "SPARE", 1 << 20)
    path = archive(tmp_path / "all.zip", {f"{n}.json": bytes(4 << 20) for n in range(9)})
    assert path.stat().st_size < 100_000
    assert code_of(exported([path])) == "advisories.export-malformed"


def test_one_entry_larger_than_any_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = archive(tmp_path / "all.zip", {"1.json": bytes(40 << 20)})
    assert [len(one.data) for one in exported([path])] == [MAX_ENTRY + 1]


@pytest.mark.parametrize(("change", "value"), [("flag_bits", 1), ("compress_type", 97), ("external_attr", 0o120777 << 16)])
def test_an_archive_of_a_kind_that_is_not_read(tmp_path: Path, change: str, value: int) -> None:
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("1.json", ENTRY)
        setattr(file.filelist[0], change, value)
    assert code_of(exported([path])) == "advisories.export-malformed"


def test_more_files_than_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(advisory_exports, "MAX_FILES", 2)
    files = {f"{n}.json": ENTRY for n in range(3)}
    assert code_of(exported([archive(tmp_path / "all.zip", files)])) == "advisories.export-malformed"
    (tmp_path / "d").mkdir()
    for name, data in files.items():
        (tmp_path / "d" / name).write_bytes(data)
    assert code_of(exported([tmp_path / "d"])) == "advisories.export-malformed"


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    os.mkfifo(tmp_path / "d" / "pipe.json")
    (tmp_path / "l").mkdir()
    (tmp_path / "l" / "link.json").symlink_to(tmp_path / "d" / "pipe.json")
    for path in (tmp_path / "d", tmp_path / "d" / "pipe.json", tmp_path / "l", tmp_path / "nowhere"):
        assert code_of(exported([path])) == "advisories.export-unreadable"
    with pytest.raises(UnreadableError) as err:
        catalogue(tmp_path / "nowhere")
    assert err.value.code == "advisories.export-unreadable"


def test_a_link_that_is_named_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real.json").write_bytes(ENTRY)
    (tmp_path / "link.json").symlink_to("real.json")
    assert [one.data for one in exported([tmp_path / "link.json"])] == [ENTRY]
    assert catalogue(tmp_path / "link.json") == ENTRY
