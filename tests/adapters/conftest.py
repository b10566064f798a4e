"""Disks that are full or read-only: a small tmpfs where one can be mounted, the system's refusal put in by hand elsewhere."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


def _mount(*args: str) -> bool:
    return subprocess.run(["mount", *args], check=False, capture_output=True).returncode == 0


@pytest.fixture
def disk_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], tuple[Path, Callable[[], None]]]]:
    """``disk_at(size)`` gives a directory on a disk of so many bytes, and a function that makes it read-only."""
    mounted: list[Path] = []

    def make(size: int) -> tuple[Path, Callable[[], None]]:
        path = tmp_path / "disk"
        path.mkdir()
        if _mount("-t", "tmpfs", "-o", f"size={size}", "none", str(path)):
            mounted.append(path)

            def remount() -> None:
                subprocess.run(["mount", "-o", "remount,ro", str(path)], check=True)

            return path, remount
        write = os.write

        def full(fd: int, data: Any) -> int:
            if sum(each.stat().st_size for each in path.rglob("*") if each.is_file()) + len(data) > size:
                raise OSError(errno.ENOSPC, "No space left on device")
            return write(fd, data)

        def read_only() -> None:
            def refuse(*args: Any, **kwargs: Any) -> int:
                raise OSError(errno.EROFS, "Read-only file system")

            monkeypatch.setattr(os, "write", refuse)

        monkeypatch.setattr(os, "write", full)
        return path, read_only

    yield make
    for path in mounted:
        subprocess.run(["umount", str(path)], check=True)


WRITES = ("open", "write", "fsync", "rename", "fchmod", "mkdir")


@contextmanager
def failing_at(step: int, fail: Callable[[], None]) -> Iterator[None]:
    """`fail` is called before the call of that number (from 1) that writes to the disk."""
    seen = 0

    def counted(name: str) -> Callable[..., Any]:
        real = getattr(os, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            nonlocal seen
            if name != "open" or args[1] & os.O_CREAT:
                seen += 1
                if seen == step:
                    fail()
            return real(*args, **kwargs)

        return call

    with pytest.MonkeyPatch.context() as patch:
        for name in WRITES:
            patch.setattr(os, name, counted(name))
        yield


@pytest.fixture
def failing() -> Callable[[int, Callable[[], None]], Any]:
    return failing_at
