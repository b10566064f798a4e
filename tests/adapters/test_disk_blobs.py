from __future__ import annotations

import os
import signal
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from children import forked
from lockgate.adapters.store.blobs import DiskBlobs
from lockgate.core.digest import digest_of, hex_of
from lockgate.errors import LockgateError

DATA = b"a document"
DIGEST = digest_of(DATA)


@pytest.fixture
def blobs(tmp_path: Path) -> DiskBlobs:
    return DiskBlobs(tmp_path)


@pytest.fixture
def at(tmp_path: Path) -> Path:
    return tmp_path / "blobs" / "sha256" / hex_of(DIGEST)[:2] / hex_of(DIGEST)


def code(call: Callable[[], object]) -> str:
    with pytest.raises(LockgateError) as err:
        call()
    return err.value.code


def replace(path: Path, data: bytes) -> None:
    path.chmod(0o600)
    path.write_bytes(data)


def test_it_stands_under_its_digest_read_only(blobs: DiskBlobs, at: Path) -> None:
    blobs.put(DATA)
    assert at.read_bytes() == DATA
    assert stat.S_IMODE(at.stat().st_mode) == 0o400
    assert [each.name for each in at.parent.iterdir()] == [at.name]


def test_one_flipped_bit_is_seen_and_mended_by_putting_it_again(blobs: DiskBlobs, at: Path) -> None:
    blobs.put(DATA)
    replace(at, bytes([DATA[0] ^ 1]) + DATA[1:])
    assert code(lambda: blobs.get(DIGEST)) == "blob.altered"
    blobs.put(DATA)
    assert blobs.get(DIGEST) == DATA


@pytest.mark.parametrize("data", [DATA[:-1], DATA + b"x", b""])
def test_truncated_or_longer_bytes_are_seen(blobs: DiskBlobs, at: Path, data: bytes) -> None:
    blobs.put(DATA)
    replace(at, data)
    assert code(lambda: blobs.get(DIGEST)) == "blob.altered"


def test_an_erased_one_is_missing(blobs: DiskBlobs, at: Path) -> None:
    blobs.put(DATA)
    at.unlink()
    assert code(lambda: blobs.get(DIGEST)) == "blob.missing"


@pytest.mark.parametrize("kind", ["link", "fifo", "directory"])
def test_what_is_no_file_is_unreadable_and_never_waited_for(blobs: DiskBlobs, at: Path, tmp_path: Path, kind: str) -> None:
    blobs.put(DATA)
    at.unlink()
    if kind == "link":
        (tmp_path / "outside").write_bytes(DATA)
        at.symlink_to(tmp_path / "outside")
    elif kind == "fifo":
        os.mkfifo(at)
    else:
        at.mkdir()
    assert code(lambda: blobs.get(DIGEST)) == "blob.unreadable"


def test_a_full_disk_keeps_nothing_half(disk_at: Callable[[int], tuple[Path, Callable[[], None]]]) -> None:
    path, _ = disk_at(64 << 10)
    blobs = DiskBlobs(path)
    blobs.put(DATA)
    large = b"x" * (128 << 10)
    assert code(lambda: blobs.put(large)) == "blob.full"
    assert code(lambda: blobs.get(digest_of(large))) == "blob.missing"
    assert [each.name for each in path.rglob("*") if each.is_file()] == [hex_of(DIGEST)]
    assert blobs.get(DIGEST) == DATA


def test_a_read_only_disk(disk_at: Callable[[int], tuple[Path, Callable[[], None]]]) -> None:
    path, make_read_only = disk_at(64 << 10)
    blobs = DiskBlobs(path)
    blobs.put(DATA)
    make_read_only()
    assert code(lambda: blobs.put(b"another")) == "blob.read-only"
    assert blobs.get(DIGEST) == DATA


def test_a_directory_that_cannot_be_one(tmp_path: Path) -> None:
    (tmp_path / "blobs").write_bytes(b"")
    assert code(lambda: DiskBlobs(tmp_path).put(DATA)) == "blob.unwritable"


def test_a_kill_at_any_step_leaves_all_of_it_or_nothing(blobs: DiskBlobs, at: Path, failing: Callable[..., Any]) -> None:
    for step in range(1, 40):

        def killed(_: int, step: int = step) -> None:
            with failing(step, lambda: os.kill(os.getpid(), signal.SIGKILL)):
                blobs.put(DATA)

        (status,) = forked(1, killed)
        assert not at.exists() or at.read_bytes() == DATA
        if status == 0:
            break
        at.unlink(missing_ok=True)
    assert step > 4
    assert blobs.get(DIGEST) == DATA
