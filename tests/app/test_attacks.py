"""A gate on a real disk, with bytes and rows of it changed at random: refused by code, or nothing changed; never another answer.

The seed is printed with every failure; ``ATTACK_SEED=… pytest tests/app/test_attacks.py`` plays it again. Attacks that somebody
thought out are in `tests/attack/`, a file for each attacker.
"""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from build import digest, key
from disk_world import FILLING, DiskWorld, build, copied, reopened
from lockgate.app import filing, gate, prove, replay, report, why
from lockgate.app.project import project
from lockgate.canon import encode
from lockgate.core.ports import Entry
from lockgate.core.state import state_digest
from lockgate.errors import LockgateError
from world import World, changed

Fails = Callable[..., str]
SHOP, NEXT = (digest("shop"),), (digest("next"),)
ROUNDS = 12


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> DiskWorld:
    """A closed gate, to be copied; nobody may deploy ``next`` to production: it is approved by two and rejected by one."""
    made = build(tmp_path_factory.mktemp("template") / "house")
    made.check()
    made.close()
    return made


@pytest.fixture
def house(template: DiskWorld, tmp_path: Path) -> Iterator[DiskWorld]:
    """A copy of the gate, opened."""
    made = copied(template, tmp_path / "house")
    yield made
    made.close()


@pytest.fixture
def dice() -> random.Random:
    """Chance, repeatable by its seed."""
    seed = int(os.environ.get("ATTACK_SEED", "0")) or random.SystemRandom().randrange(1, 2**32)
    print(f"ATTACK_SEED={seed}")
    return random.Random(seed)


PROBES: dict[str, Callable[[World], Any]] = {
    "check": lambda world: report.check(world.ports),
    "status": lambda world: report.status(world.ports),
    "staging": lambda world: state_digest(project(world.ports, "staging").state),
    "production": lambda world: state_digest(project(world.ports, "production", walk="chain").state),
    "would": lambda world: gate.codes(why.would(world.ports, world.ask(ref="next"), key("dora"))[0].outcomes),
    "replay": lambda world: [replay.replay(world.ports, index).result for index in world.decisions()[-3:]],
    "prove": lambda world: prove.check(prove.prove(world.ports, world.log.head().size - 1), world.pinned),  # type: ignore[arg-type]
}


def answers(world: World) -> dict[str, Any]:
    """What the gate says to every question: a value, or the code of the error it is refused with."""
    found = {}
    for name, probe in PROBES.items():
        try:
            found[name] = probe(world)
        except LockgateError as err:
            found[name] = err.code
    return found


@pytest.fixture(scope="module")
def honest(template: DiskWorld, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The answers nobody tampered with."""
    world = copied(template, tmp_path_factory.mktemp("honest") / "house")
    found = answers(world)
    world.close()
    assert not any(isinstance(answer, str) and "." in answer for answer in found.values())
    return found


def attacked(template: DiskWorld, path: Path, attack: Callable[[Path], object]) -> dict[str, Any]:
    """The answers after an attack on a closed copy of the gate; where it cannot be opened, the code alone."""
    if path.exists():
        shutil.rmtree(path)
    shutil.copytree(template.path, path)
    attack(path / "gate")
    try:
        world = reopened(template, path)
    except LockgateError as err:
        return dict.fromkeys(PROBES, err.code)
    try:
        filing.catch_up(world.ports)
        return answers(world)
    except LockgateError as err:
        return dict.fromkeys(PROBES, err.code)
    finally:
        world.close()


def wrong(found: dict[str, Any], honest: dict[str, Any]) -> dict[str, Any]:
    """Answers that are neither the honest ones nor refused."""
    return {name: answer for name, answer in found.items() if answer != honest[name] and not (isinstance(answer, str) and "." in answer)}


def edit(path: Path, statement: str, *values: Any) -> int:
    """Edit a database as its owner can; how many rows changed."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        return db.execute(statement, values).rowcount


def edited(file: str, statements: Sequence[tuple[Any, ...]], gate_path: Path) -> None:
    """An attack: these statements, each on one row at least."""
    for statement, *values in statements:
        assert edit(gate_path / file, statement, *values) >= 1


def cut(file: str, length: int, gate_path: Path) -> None:
    """An attack: only so many bytes are left."""
    os.truncate(gate_path / file, length)


def rows(path: Path, statement: str, *values: Any) -> list[Any]:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        return db.execute(statement, values).fetchall()


def flipped(data: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << dice.randrange(8)]) + data[at + 1 :]


# --- bytes and rows --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", ["ledger.db", "index.db"])
def test_bits_of_a_database(template: DiskWorld, tmp_path: Path, honest: dict[str, Any], dice: random.Random, file: str) -> None:
    """Flipped anywhere in the file: refused, or nothing changed. Nothing else ever comes out than an error of ours."""
    for _ in range(ROUNDS):
        bits = dice.choice([1, 1, 1, 8])

        def attack(gate_path: Path, bits: int = bits) -> None:
            data = (gate_path / file).read_bytes()
            for _ in range(bits):
                data = flipped(data, dice)
            (gate_path / file).write_bytes(data)

        found = attacked(template, tmp_path / "a", attack)
        assert wrong(found, honest) == {}


@pytest.mark.parametrize("file", ["ledger.db", "index.db"])
def test_a_database_cut_off(template: DiskWorld, tmp_path: Path, honest: dict[str, Any], dice: random.Random, file: str) -> None:
    """An empty or missing index is filed anew; every other piece of a file is refused."""
    size = (template.gate_path / file).stat().st_size
    for length in [0, 100, dice.randrange(size), dice.randrange(size) // 4096 * 4096]:
        found = attacked(template, tmp_path / "a", partial(cut, file, length))
        assert wrong(found, honest) == {}
        assert file == "index.db" or set(map(str, found.values())) <= {"log.damaged", "log.foreign", "log.unreadable", "log.head-altered", "log.schema-altered"}


LEDGER_EDITS = {
    "entry.leaf": "UPDATE entry SET leaf = ? WHERE idx = ?",
    "entry.hash": "UPDATE entry SET hash = ? WHERE idx = ?",
    "tile.hashes": "UPDATE tile SET hashes = ? WHERE rowid = ?",
    "head.note": "UPDATE head SET note = ? WHERE ? >= 0",
    "head.root": "UPDATE head SET root = ? WHERE ? >= 0",
}


@pytest.mark.parametrize("column", LEDGER_EDITS)
def test_a_row_of_the_ledger(template: DiskWorld, tmp_path: Path, honest: dict[str, Any], dice: random.Random, column: str) -> None:
    """One bit of one row: `log check` names it, and whatever else needs it is refused."""
    table, name = column.split(".")
    for _ in range(ROUNDS // 3):

        def attack(gate_path: Path) -> None:
            found = rows(gate_path / "ledger.db", f"SELECT {'idx' if table == 'entry' else 'rowid'}, {name} FROM {table}")
            index, data = dice.choice(found)
            assert edit(gate_path / "ledger.db", LEDGER_EDITS[column], flipped(data, dice), index) == 1

        found = attacked(template, tmp_path / "a", attack)
        assert wrong(found, honest) == {}
        # A full tile's leaves have their hash in the tile; the copy in their row is read by nobody.
        assert column == "entry.hash" or found["check"] in {"log.leaf-altered", "log.tile-altered", "log.head-forged", "log.head-altered"}


def test_rows_of_the_ledger_gone_or_exchanged(template: DiskWorld, tmp_path: Path, honest: dict[str, Any], dice: random.Random) -> None:
    size = len(rows(template.gate_path / "ledger.db", "SELECT idx FROM entry"))
    for _ in range(ROUNDS // 2):
        one, two = dice.sample(range(size), 2)
        swap: list[tuple[Any, ...]] = [
            ("UPDATE entry SET idx = -1 WHERE idx = ?", one),
            ("UPDATE entry SET idx = ? WHERE idx = ?", one, two),
            ("UPDATE entry SET idx = ? WHERE idx = -1", two),
        ]
        gone: list[tuple[Any, ...]] = [("DELETE FROM entry WHERE idx = ?", one)]
        moved: list[tuple[Any, ...]] = [("UPDATE entry SET idx = ? WHERE idx = ?", 10**6, one)]
        sized: list[tuple[Any, ...]] = [("UPDATE head SET size = ?", one)]
        statements = dice.choice([swap, gone, moved, sized])
        found = attacked(template, tmp_path / "a", partial(edited, "ledger.db", statements))
        assert wrong(found, honest) == {}
        assert found["check"] in {"log.leaf-altered", "log.head-altered", "log.tile-altered"}


def test_the_stream_hint(template: DiskWorld, tmp_path: Path, honest: dict[str, Any], dice: random.Random) -> None:
    """Of any leaf that means something, to any other stream: `log check` names it, and the gate does not open."""
    streams = ["env:staging", "env:production", "house", "env:elsewhere", ""]
    real = [index for index, stream in rows(template.gate_path / "ledger.db", "SELECT idx, stream FROM entry") if stream != "env:filling"]
    last = {
        stream: max(index for index, found in rows(template.gate_path / "ledger.db", "SELECT idx, stream FROM entry") if found == stream)
        for stream in streams[:3]
    }
    for index in [*last.values(), *dice.sample(real, ROUNDS // 3)]:
        stream = dice.choice(streams)
        found = attacked(template, tmp_path / "a", partial(edited, "ledger.db", [("UPDATE entry SET stream = ? WHERE idx = ?", stream, index)]))
        assert wrong(found, honest) == {}
        if index in last.values() and last.get(stream) != index:
            assert found["check"] in {"log.stream-hidden", "log.chain-broken"}, (index, stream)


def test_the_idempotency_keys(template: DiskWorld, tmp_path: Path, honest: dict[str, Any], dice: random.Random) -> None:
    """The column of idempotency keys is covered by nothing but SQLite's own structure.

    An edit makes a retry look like a first question, or the other way round; so it can cost an answer, and cannot open
    the gate: what is found under a key must be this very question's, and its permit must stand.
    """
    index = dice.choice(rows(template.gate_path / "ledger.db", "SELECT idx FROM entry WHERE key NOT LIKE 'filling%'"))[0]
    found = attacked(
        template, tmp_path / "a", lambda gate_path: edit(gate_path / "ledger.db", "UPDATE entry SET key = 'gate:production:job-2' WHERE idx = ?", index)
    )
    assert wrong(found, honest) == {}
    world = reopened(template, tmp_path / "a")
    said = asked(world, "job-2")
    world.close()
    assert said in {"refused", "gate.key-reused", "permit.gone", "permit.expired", "event.malformed"}


def asked(world: DiskWorld, idempotency: str) -> str:
    """What the gate says of the rejected release: an outcome or a code."""
    try:
        return world.gate(ref="next", key=idempotency).decision.outcome
    except LockgateError as err:
        return err.code


INDEX_EDITS = [
    "UPDATE OR REPLACE row SET leaf = leaf + 1 WHERE rowid_ = ?",
    "UPDATE OR REPLACE row SET name = 'x' WHERE rowid_ = ?",
    "UPDATE OR REPLACE row SET kind = 'stream' WHERE rowid_ = ?",
    "DELETE FROM row WHERE rowid_ = ?",
    "INSERT OR REPLACE INTO row SELECT kind, name || 'y', leaf FROM row WHERE rowid_ = ?",
]


def test_a_row_of_the_index(template: DiskWorld, tmp_path: Path, honest: dict[str, Any], dice: random.Random) -> None:
    """Any row, edited in any way: `log check` says so and `log rebuild` mends it; no answer changes."""
    found_rows = rows(template.gate_path / "index.db", "SELECT kind, name, leaf FROM row WHERE name NOT LIKE '%filling'")
    for statement in INDEX_EDITS:
        kind, name, leaf = dice.choice(found_rows)
        where = statement.replace("rowid_ = ?", "kind = ? AND name = ? AND leaf = ?")

        def attack(gate_path: Path, where: str = where, values: tuple[Any, ...] = (kind, name, leaf)) -> None:
            edit(gate_path / "index.db", where, *values)

        found = attacked(template, tmp_path / "a", attack)
        same = found["check"] == honest["check"]
        assert wrong(found, honest) == {}
        assert (same and kind == "stream" and "kind = 'stream'" in statement) or found["check"] in {"index.differs", "log.chain-broken"}, (
            statement,
            kind,
            name,
            leaf,
        )
        world = reopened(template, tmp_path / "a")
        filing.rebuild(world.ports)
        assert answers(world) == honest
        world.close()


def test_a_kept_state(template: DiskWorld, tmp_path: Path, honest: dict[str, Any], dice: random.Random) -> None:
    """What a decision commits to, edited in the index: not believed, folded anew."""
    for _ in range(ROUNDS // 3):

        def attack(gate_path: Path) -> None:
            name, state = dice.choice(rows(gate_path / "index.db", "SELECT digest, state FROM state"))
            edit(gate_path / "index.db", "UPDATE state SET state = ? WHERE digest = ?", flipped(state, dice), name)

        assert attacked(template, tmp_path / "a", attack) == honest


def test_the_cursor_of_the_index(template: DiskWorld, tmp_path: Path, honest: dict[str, Any], dice: random.Random) -> None:
    for cursor in [0, dice.randrange(FILLING), 10**7, -5]:
        found = attacked(template, tmp_path / "a", partial(edited, "index.db", [("UPDATE place SET cursor = ?", cursor)]))
        assert wrong(found, honest) == {}


def test_a_blob(template: DiskWorld, tmp_path: Path, honest: dict[str, Any], dice: random.Random) -> None:
    """Of any document or evidence: one bit, nothing at all, or another blob's bytes."""
    blobs = sorted((template.gate_path / "blobs").rglob("*"))
    names = [path.relative_to(template.gate_path) for path in blobs if path.is_file()]
    for _ in range(ROUNDS):
        name, other = dice.sample(names, 2)

        def attack(gate_path: Path, name: Path = name, other: Path = other) -> None:
            path = gate_path / name
            data = path.read_bytes()
            path.chmod(0o600)
            match dice.randrange(4):
                case 0:
                    path.unlink()
                case 1:
                    path.write_bytes((gate_path / other).read_bytes())
                case 2:
                    path.write_bytes(data[: dice.randrange(len(data))])
                case _:
                    path.write_bytes(flipped(data, dice))

        found = attacked(template, tmp_path / "a", attack)
        found["replay"] = (
            [answer for answer in found["replay"] if answer != "evidence-erased"] or "blob.missing" if isinstance(found["replay"], list) else found["replay"]
        )
        if isinstance(found["check"], report.Checked) and found["check"].unevidenced:  # a blob that is gone is said to be
            found["check"] = changed(found["check"], unevidenced=(), evidenced=honest["check"].evidenced)
        if isinstance(found["replay"], list):
            found["replay"] = honest["replay"] if set(found["replay"]) == {"same"} else found["replay"]
        assert wrong(found, honest) == {}


def test_the_memory_of_the_head(template: DiskWorld, tmp_path: Path, honest: dict[str, Any], dice: random.Random) -> None:
    """Whoever can write this user's state directory can make them refuse, or forget (then they are a stranger)."""
    for _ in range(ROUNDS // 3):

        def attack(gate_path: Path) -> None:
            (memory,) = (gate_path.parent / "state").iterdir()
            data = memory.read_bytes()
            memory.write_bytes(dice.choice([flipped(data, dice), data[: dice.randrange(len(data))]]))

        assert wrong(attacked(template, tmp_path / "a", attack), honest) == {}


def test_a_proof_with_other_bytes(house: DiskWorld, dice: random.Random) -> None:
    """Bytes changed, taken out and put in, anywhere: it never verifies again, as the same or as something else."""
    assert house.pinned is not None
    data = prove.prove(house.ports, house.log.last(dice.choice(["house", "env:staging", "env:production"])))
    prove.check(data, house.pinned)
    for _ in range(400):
        at, length = dice.randrange(len(data)), dice.randrange(3)
        put = bytes(dice.randrange(256) for _ in range(dice.randrange(3)))
        if (forged := data[:at] + put + data[at + length :]) != data:
            with pytest.raises(LockgateError):
                prove.check(forged, house.pinned)


def test_entries_that_are_no_leaves(house: DiskWorld, fails: Fails, dice: random.Random) -> None:
    """Any bytes under the log key: whatever depends on them is refused, and `log check` says where they stand."""
    junk = dice.choice([dice.randbytes(dice.randrange(1, 16_000)), b"{}", encode({"at": "2026-11-22T20:14:03Z"}), b"[" * 5000])
    house.log.append(Entry(leaf=junk, stream=dice.choice(["env:staging", "house", "x"]), key="junk"))
    assert fails(house.gate, "staging", key="x") == "event.malformed"
    assert fails(report.check, house.ports) == "event.malformed"
