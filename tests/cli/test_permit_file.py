"""--permit-out writes a whole permit or none: killed at any step of it, what stands there is what stood there, or the new one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from lockgate.core.revocation import Reason

OLD, NEW = b"an older permit\n", b"c2sp.org/tlog-proof@v1\n" * 200

KILLED = """\
import os, signal, sys
from lockgate.wire import files
left = [int(sys.argv[1])]
def counted(real):
    def call(*args, **kwargs):
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args, **kwargs)
    return call
from lockgate.adapters import disk
for name in ("open", "fchmod", "write", "fsync", "close", "rename"):
    setattr(os, name, counted(getattr(os, name)))
files.write_file(sys.argv[2], sys.stdin.buffer.read())
os.write(1, b"done")
"""


def written(path: Path, step: int) -> tuple[int, bytes]:
    """Write `NEW` in a process that kills itself at the `step`-th call; its exit code and what it said."""
    done = subprocess.run([sys.executable, "-c", KILLED, str(step), str(path)], input=NEW, capture_output=True, check=False)
    assert done.returncode in {0, -9}, done.stderr
    return done.returncode, done.stdout


@pytest.mark.parametrize("before", [None, OLD])
def test_killed_at_every_step_it_leaves_the_old_or_the_new(tmp_path: Path, before: bytes | None) -> None:
    seen, step = [], 0
    while True:
        step += 1
        folder = tmp_path / str(step)
        folder.mkdir()
        path = folder / "shop.permit"
        if before is not None:
            path.write_bytes(before)
        code, _ = written(path, step)
        there = path.read_bytes() if path.exists() else None
        assert there in {before, NEW}
        seen.append(there)
        if code == 0:
            break
    # Half-way through the calls it was put in place, once and for good.
    assert seen[-1] == NEW
    assert seen == sorted(seen, key=lambda found: found == NEW)
    assert step > 6
    assert path.stat().st_mode & 0o777 == 0o644
    assert [one.name for one in folder.iterdir()] == ["shop.permit"]


def test_the_reasons_of_the_help_are_the_reasons_there_are() -> None:
    from lockgate.cli.recall_command import REASONS

    assert tuple(REASONS) == get_args(Reason)
