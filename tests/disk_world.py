"""A gate on a real disk: the world of `world`, with SQLite, files and this user's memory in place of the fakes."""

from __future__ import annotations

import copy
import shutil
from itertools import count
from pathlib import Path

from lockgate.adapters.store.blobs import DiskBlobs
from lockgate.adapters.store.heads import FileHeads
from lockgate.adapters.store.ledger_db import Failpoint
from lockgate.adapters.store.sqlite_index import SqliteIndex
from lockgate.adapters.store.sqlite_log import SqliteLog
from lockgate.canon import encode
from lockgate.core.envelope import Leaf
from lockgate.core.ports import Entry
from world import ORIGIN, PEOPLE, World, signer_key, standard_policy

KEY = signer_key()
FILLING = 270
"""Leaves that mean nothing, so that the tree has a full tile."""


class DiskWorld(World):
    """A gate below `path`: ``gate/`` and, outside it, ``state/``."""

    def __init__(self, path: Path, failpoint: Failpoint | None = None) -> None:
        self.path = path
        self.gate_path = path / "gate"
        fresh = not self.gate_path.exists()
        self.gate_path.mkdir(parents=True, exist_ok=True)
        make = SqliteLog.create if fresh else SqliteLog
        points = {} if failpoint is None else {"failpoint": failpoint}
        super().__init__(
            log=make(self.gate_path / "ledger.db", origin=ORIGIN, signer=KEY, vkey=str(KEY.verifier), **points),
            blobs=DiskBlobs(self.gate_path),
            index=SqliteIndex(self.gate_path / "index.db"),
            heads=FileHeads(path / "state"),
        )

    def close(self) -> None:
        """Give everything back; what is on disk is whole."""
        self.log.close()
        self.index.close()


def reopened(like: World, path: Path, failpoint: Failpoint | None = None) -> DiskWorld:
    """What stands below `path`, with the clock, artifacts and pinned root of another world."""
    world = DiskWorld(path, failpoint)
    world.clock.at, world.pinned = like.clock.at, like.pinned
    world.source, world._count = copy.deepcopy(like.source), count(next(like._count) + 10_000)
    return world


def copied(like: DiskWorld, path: Path) -> DiskWorld:
    """A copy of a closed gate and of this user's memory, opened."""
    shutil.copytree(like.path, path)
    return reopened(like, path)


def build(path: Path, filling: int = FILLING) -> DiskWorld:
    """A gate with some history, 270 leaves that mean nothing, and a rejected request; open."""
    world = DiskWorld(path)
    world.begin()
    world.roster(*PEOPLE)
    world.policy(standard_policy())
    world.artifact()
    refused = world.gate()
    previous, entries = -1, []
    at, envelope, start = world.clock.at, world.envelope(refused.index), world.log.head().size
    for number in range(filling):
        leaf = Leaf(at=at, event=envelope, stream="env:filling", previous=previous)
        entries.append(Entry(leaf=encode(leaf), stream="env:filling", key=f"filling {number}"))
        previous = start + number
    world.log.append_many(entries)
    world.soaked()
    world.approved()
    world.deploy(key="job-1")
    world.clock.advance(hours=1)
    world.artifact("next")
    world.deploy("staging", "next")
    world.clock.advance(hours=25)
    id_ = world.approved("next")
    world.gate(ref="next")
    world.clock.advance(hours=1)
    world.reject(id_, "carl")
    return world
