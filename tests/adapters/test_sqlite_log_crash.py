"""SIGKILL at every step and at moments chosen at random: what was acknowledged is there, and all that is there is whole."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from adapters.log_child import KEY, VKEY, entry
from lockgate.adapters.store.sqlite_log import FAILPOINTS, SqliteLog
from lockgate.errors import LedgerError
from naive_tree import naive_root

CHILD = Path(__file__).with_name("log_child.py")
SRC = Path(__file__).parents[2] / "src"


def start(path: Path, step: str = "", *, nth: int = 1, threads: int = 8, count: int = 200, first: int = 0) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(CHILD), str(path), step, *map(str, (nth, threads, count, first))]
    return subprocess.Popen(command, stdout=subprocess.PIPE, env={"PYTHONPATH": str(SRC)})


def acknowledged(child: subprocess.Popen[bytes]) -> dict[int, int]:
    """Number -> index of every append the child was told of before it died; a line cut off by the kill counts as none."""
    out, _ = child.communicate(timeout=60)
    lines = out.decode().split("\n")[:-1]
    return {int(number): int(index) for number, index, _ in (line.split() for line in lines)}


def opened(path: Path) -> SqliteLog:
    return SqliteLog(path, origin=KEY.name, signer=KEY, vkey=VKEY)


def require_whole(path: Path, acked: dict[int, int], count: int) -> None:
    """Nothing acknowledged is lost, nothing is half there, and a retry of everything gives one leaf for each key."""
    with opened(path) as log:
        size = log.head().size
        assert log.check() == size >= len(acked)
        leaves = list(log.leaves(0, size))
        assert log.head().root == naive_root(leaves)
        for number, index in acked.items():
            assert leaves[index] == entry(number).leaf
        for number in range(count):
            receipt = log.append(entry(number))
            assert log.leaf(receipt.index) == entry(number).leaf
            assert receipt.new is (receipt.index >= size)
            if number in acked:
                assert receipt.index == acked[number] and not receipt.new
        assert log.check() == log.head().size == count


@pytest.mark.parametrize("threads", [1, 8])
@pytest.mark.parametrize("step", [step for step in FAILPOINTS if step.startswith("append.")])
def test_killed_at(step: str, threads: int, tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with SqliteLog.create(path, origin=KEY.name, signer=KEY, vkey=VKEY) as log:
        log.append_many([entry(number) for number in range(250)])  # so that a tile fills up on the way
    child = start(path, step, nth=7 if threads == 1 else 3, threads=threads, first=250, count=50)
    acked = acknowledged(child)
    assert child.returncode == -signal.SIGKILL
    with opened(path) as log:
        unanswered = log.head().size - 250 - len(acked)
    if threads == 1:
        assert unanswered == (step == "append.committed"), "durable and unanswered only between commit and answer"
    require_whole(path, {**{number: number for number in range(250)}, **acked}, 300)


@pytest.mark.parametrize(("step", "made"), [("create.written", False), ("create.linked", True)])
def test_killed_while_the_log_is_made(step: str, made: bool, tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    child = start(path, step, count=0)
    child.communicate(timeout=60)
    assert child.returncode == -signal.SIGKILL
    assert path.exists() is made
    if made:
        with pytest.raises(LedgerError) as err:
            SqliteLog.create(path, origin=KEY.name, signer=KEY, vkey=VKEY)
        assert err.value.code == "log.exists"
    else:
        SqliteLog.create(path, origin=KEY.name, signer=KEY, vkey=VKEY).close()
    require_whole(path, {}, 5)


def test_killed_at_moments_chosen_at_random(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    SqliteLog.create(path, origin=KEY.name, signer=KEY, vkey=VKEY).close()
    seed = random.randrange(2**32)
    draw, acked, first = random.Random(seed), {}, 0
    for _ in range(4):
        child = start(path, first=first, count=5000)
        assert child.stdout is not None
        child.stdout.read(1)  # it is at work
        time.sleep(draw.uniform(0, 0.25))
        child.kill()
        out, _ = child.communicate(timeout=60)
        for line in out.decode().split("\n")[1:-1]:  # the first one lost a byte to the read above
            number, index, _milliseconds = map(int, line.split())
            acked[number] = index
        with opened(path) as log:
            size = log.head().size
            leaves = list(log.leaves(0, size))
            assert log.check() == size >= len(acked), f"seed {seed}"
            assert log.head().root == naive_root(leaves), f"seed {seed}"
            assert all(leaves[index] == entry(number).leaf for number, index in acked.items()), f"seed {seed}"
        first += 5000


def test_eight_processes_at_once_and_nobody_waits_long(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    SqliteLog.create(path, origin=KEY.name, signer=KEY, vkey=VKEY).close()
    children = [start(path, threads=1, count=25, first=process * 25) for process in range(8)]
    found, longest = {}, 0
    for child in children:
        out, _ = child.communicate(timeout=60)
        assert child.returncode == 0
        for line in out.decode().splitlines():
            number, index, milliseconds = map(int, line.split())
            found[number], longest = index, max(longest, milliseconds)
    assert sorted(found) == sorted(found.values()) == list(range(200))
    assert longest < 5000
    require_whole(path, found, 200)
