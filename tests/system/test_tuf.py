"""``lockgate trusted-root fetch`` from a TUF repository on loopback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from command_line import call, move_to
from tuf_world import LATER, TRUSTED_ROOT, World, hang, on_loopback


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[World, tuple[str, ...]]]:
    move_to(tmp_path, monkeypatch)
    world = World()
    Path("root.json").write_bytes(world.pinned)
    with on_loopback(world) as url:
        yield world, ("trusted-root", "fetch", "--from", url, "--root", "root.json")


def code(*words: str) -> str:
    said = call(*words, "--format", "json")
    assert said.code != 0
    found: str = json.loads(said.out)["error"]["code"]
    return found


def test_a_fetch_writes_the_file_and_the_next_one_says_what_changed(world: tuple[World, tuple[str, ...]]) -> None:
    repository, fetch = world
    said = call(*fetch)
    assert said.code == 0, said
    assert Path("trusted_root.json").read_bytes() == TRUSTED_ROOT
    assert said.out.splitlines()[1].startswith("by        root 1, timestamp 1, snapshot 1, targets 1; the first of them ends ")
    assert said.err == "next:  lockgate trusted-root show trusted_root.json\n"
    assert call(*fetch).out.splitlines()[-1] == "unchanged"
    repository.rotate()
    repository.publish(LATER)
    lines = call(*fetch).out.splitlines()
    assert [line.split("  ")[0].strip() for line in lines if not line.startswith((" ", "fetched", "by")) and line] == ["removed", "other time", "added"]
    assert Path("trusted_root.json").read_bytes() == LATER


def test_what_is_refused_leaves_the_file_as_it_was(world: tuple[World, tuple[str, ...]]) -> None:
    repository, fetch = world
    old = dict(repository.files)
    repository.publish(LATER)
    call(*fetch)
    repository.files = old
    assert code(*fetch) == "tuf.rolled-back"
    repository.publish(b'{"mediaType": "none"}')
    repository.publish(b'{"mediaType": "none"}')
    assert code(*fetch) == "trusted-root.unknown-version"
    assert Path("trusted_root.json").read_bytes() == LATER
    assert code(*fetch, "--target", "other.json") == "tuf.no-target"


def test_nobody_listens(world: tuple[World, tuple[str, ...]]) -> None:
    _, fetch = world
    assert code(*fetch[:3], "http://127.0.0.1:1/repo", *fetch[4:]) == "tuf.unreachable"


def test_killed_half_way_nothing_is_half(world: tuple[World, tuple[str, ...]]) -> None:
    repository, fetch = world
    call(*fetch)
    repository.publish(LATER)
    for part in ("timestamp.json", "2.snapshot.json", "2.targets.json", "targets/"):
        repository.asked.clear()
        repository.faults = {part: hang}
        child = subprocess.Popen([sys.executable, "-m", "lockgate.cli.main", *fetch], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        end = time.monotonic() + 20
        while not any(part in asked for asked in repository.asked):
            assert time.monotonic() < end
            time.sleep(0.02)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        assert Path("trusted_root.json").read_bytes() == TRUSTED_ROOT
    repository.faults = {}
    assert call(*fetch).code == 0
    assert Path("trusted_root.json").read_bytes() == LATER


def test_two_at_once_do_not_harm_each_other(world: tuple[World, tuple[str, ...]]) -> None:
    _, fetch = world
    children = [subprocess.Popen([sys.executable, "-m", "lockgate.cli.main", *fetch], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) for _ in range(4)]
    assert [child.wait() for child in children] == [0] * 4
    assert Path("trusted_root.json").read_bytes() == TRUSTED_ROOT
