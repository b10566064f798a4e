"""The stage that every attack is played on: a gate on a real disk, with people, two environments and something to decide.

What stands there when the curtain rises: ``shop`` runs in production, as it came through staging, soaked and approved.
``next`` has soaked in staging for 25 hours; Rita asked for it in production (`Stage.asked`), and Ann and Bob approved. So
Dora, or Don, may bring it there now: ``stage.answer()`` is ``allowed``, and an attack shows what becomes of that.

Who is there, besides those of `world`: ``don``, who deploys as ``dora`` does; ``mallory``, whom nobody enrolled. Everybody's key
is `build.key` of their name, the gate's own are ``log`` and ``permit``. Ledger, index, blobs, files and remembered heads are the real
ones, below `Stage.path`; only the clock is the test's.
"""

from __future__ import annotations

import shutil
import sqlite3
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import timedelta
from itertools import count
from pathlib import Path, PurePath
from typing import Any

import pytest
from msgspec.structs import replace

from build import NOW, key, person
from disk_world import DiskWorld
from lockgate.adapters.scratch import TemporaryScratch
from lockgate.adapters.sources.local import LocalSource
from lockgate.adapters.store.heads import FileHeads
from lockgate.app import filing, replay, report, say, why
from lockgate.app.gate import Gated
from lockgate.app.project import project
from lockgate.core import events
from lockgate.core.digest import Digest, Ref, digest_of
from lockgate.core.envelope import Envelope
from lockgate.core.ports import Evidence, Measured
from lockgate.core.state import EnvironmentState
from lockgate.errors import LockgateError
from lockgate.evidence import record
from world import PEOPLE, World, standard_policy

CAST = (*PEOPLE, person("don", {"staging": ["deploy"], "production": ["deploy"]}))
NEXT = (digest_of(b"next"),)


def refused(call: Callable[..., object], *args: Any, **kwargs: Any) -> str:
    """The code that a call is refused with."""
    with pytest.raises(LockgateError) as err:
        call(*args, **kwargs)
    return err.value.code


def small_rooms(patch: pytest.MonkeyPatch, size: int = 4, room: str = "KEPT_REQUESTS") -> None:
    """Room for so many requests and proposals, where there are 256 in earnest; or for so many of what another room holds."""
    for name, module in list(sys.modules.items()):
        if name.startswith("lockgate.") and hasattr(module, room):
            patch.setattr(module, room, size)


class Shelf:
    """Port `Source`: the real ones; ``file:shop`` and ``oci:image`` are what stands in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.real = folder, LocalSource()
        folder.mkdir(exist_ok=True)

    def put(self, name: str, data: bytes) -> Digest:
        """A file with these bytes."""
        (self.folder / name).write_bytes(data)
        return digest_of(data)

    def resolve(self, ref: Ref, platform: str = "") -> tuple[Ref, Digest]:
        return self.real.resolve(self._here(ref), platform)

    def measure(self, ref: Ref, digest: Digest) -> Measured:
        return self.real.measure(self._here(ref), digest)

    def attached(self, ref: Ref, digest: Digest) -> Sequence[Evidence]:
        return self.real.attached(self._here(ref), digest)

    def inside(self, ref: Ref, digest: Digest, path: str) -> bytes | None:
        return self.real.inside(self._here(ref), digest, path)

    def attach(self, ref: Ref, digest: Digest, evidence: Evidence) -> str:
        return self.real.attach(self._here(ref), digest, evidence)

    def copy(self, ref: Ref, digest: Digest, into: PurePath) -> PurePath:
        return self.real.copy(self._here(ref), digest, into)

    def _here(self, ref: Ref) -> Ref:
        return ref if ref.scheme == "registry" else replace(ref, path=str(self.folder / ref.path))


class Stage(DiskWorld):
    """The gate below `path`: ``gate/``, this account's memory in ``state/``, artifacts on ``shelf/``.

    Attributes:
        asked: the id of Rita's request for ``next``.
    """

    source: Any
    scratch: Any

    def __init__(self, path: Path, like: Stage | None = None) -> None:
        super().__init__(path)
        self.source = Shelf(path / "shelf")
        self.scratch = TemporaryScratch()
        self.asked = ""
        if like is not None:
            self.clock.at, self.pinned, self.asked = like.clock.at, like.pinned, like.asked
            self._count = count(next(like._count) + 10_000)

    # --- questions ---------------------------------------------------------------------------------------------------

    def answer(self, ref: str = "next", to: str = "production", by: str | None = "dora", **more: Any) -> str:
        """What the gate says: ``allowed``, or the codes that stand against it, or the one it cannot decide for."""
        try:
            return spoken(self.gate(to, ref, by, **more))
        except LockgateError as err:
            return err.code

    def would(self, ref: str = "next") -> events.Decided:
        """The decision the gate would make now."""
        found: events.Decided = why.would(self.ports, self.ask(ref=ref), key("dora"))[0]
        return found

    def log_check(self) -> str:
        """What ``lockgate log check`` ends with: ``whole`` or a code."""
        try:
            report.check(self.ports)
        except LockgateError as err:
            return err.code
        return "whole"

    def replayed(self, index: int) -> str:
        """What ``lockgate log replay`` says of a decision."""
        try:
            return replay.replay(self.ports, index).result
        except LockgateError as err:
            return err.code

    def here(self, environment: str = "production") -> EnvironmentState:
        """An environment, as it is folded from history."""
        return project(self.ports, environment).state.environment

    def why_nothing(self, index: int) -> str:
        """Why a leaf means nothing, as ``lockgate log check`` shows it; empty where it means something."""
        return self.ignored().get(str(index), "")

    def signed(self, event: events.Event, by: str, about: tuple[Digest, ...] = NEXT) -> Envelope:
        """An event, signed by the key of this name; about ``next`` unless told otherwise."""
        return say.sign_event(event, about, key(by))

    # --- what an attacker does ---------------------------------------------------------------------------------------

    def edit(self, file: str, statement: str, *values: Any) -> None:
        """Edit a database as its writer can, between two commands; one row at least."""
        self.edit_all(file, (statement, *values))

    def edit_all(self, file: str, *statements: tuple[Any, ...]) -> None:
        """Several edits: each ``(statement, value, …)``."""
        self.close()
        with closing(sqlite3.connect(self.gate_path / file, isolation_level=None)) as db:
            for statement, *values in statements:
                assert db.execute(statement, values).rowcount >= 1
        self.reopen()

    def change(self, file: str, *statements: str) -> None:
        """Change what a database is made of: its tables, views and triggers."""
        self.close()
        with closing(sqlite3.connect(self.gate_path / file, isolation_level=None)) as db:
            for statement in statements:
                db.execute(statement)
        self.reopen()

    def cut_to(self, size: int, root: bytes, note: bytes) -> None:
        """The ledger as short as an older head of its says, with that head in place."""
        self.edit_all("ledger.db", ("DELETE FROM entry WHERE idx >= ?", size), ("UPDATE head SET size = ?, root = ?, note = ?", size, root, note))

    def rows(self, file: str, statement: str, *values: Any) -> list[Any]:
        """Read a database."""
        with closing(sqlite3.connect(self.gate_path / file)) as db:
            return db.execute(statement, values).fetchall()

    def blob(self, digest: str) -> Path:
        """Where a blob stands, made writable."""
        path = self.gate_path / "blobs" / "sha256" / digest[7:9] / digest[7:]
        path.chmod(0o600)
        return path

    def backup(self) -> Path:
        """A copy of the gate's whole directory."""
        self.close()
        to = self.path / f"backup-{next(self._count)}"
        shutil.copytree(self.gate_path, to)
        self.reopen()
        return to

    def restore(self, backup: Path) -> None:
        """That copy in the gate's place."""
        self.close()
        shutil.rmtree(self.gate_path)
        shutil.copytree(backup, self.gate_path)
        self.reopen()

    def reopen(self) -> None:
        """As the next command finds it."""
        other = Stage(self.path, self)
        self.log, self.index = other.log, other.index

    def as_stranger(self) -> None:
        """From here on, an account that never saw this log."""
        self.heads = FileHeads(self.path / f"stranger-{next(self._count)}")


def spoken(gated: Gated) -> str:
    """A decision in a word or a few: ``allowed``, or the codes against it."""
    return gated.decision.outcome if gated.decision.outcome == "allowed" else " ".join(one.code for one in gated.decision.outcomes if one.code)


def question_of(stage: World, index: int) -> Digest:
    """The evidence manifest of a decision: with it, the signed question."""
    event = record.open_envelope(stage.envelope(index)).event
    assert isinstance(event, events.Decided)
    return event.evidence


def build(path: Path) -> Stage:
    """The stage, set; open."""
    stage = Stage(path)
    stage.begin()
    stage.roster(*CAST)
    stage.policy(standard_policy())
    stage.artifact()
    stage.soaked()
    stage.approved()
    stage.deploy()
    stage.clock.advance(hours=1)
    stage.artifact("next")
    stage.soaked("next")
    stage.asked = stage.approved("next")
    assert stage.clock.at - NOW == timedelta(hours=51)
    filing.catch_up(stage.ports)
    return stage


def copied(like: Stage, path: Path) -> Stage:
    """A copy of a closed stage, opened."""
    shutil.copytree(like.path, path)
    return Stage(path, like)
