"""The house attacked on a real disk, with bytes, rows and moments chosen at random: each attack is caught, by code.

The seed is printed with every failure; ``ATTACK_SEED=… pytest tests/app/test_attacks.py`` plays it again. What is not
caught says NOT CAUGHT in its docstring, and stands in docs/threat-model.md.
"""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from build import NOW, digest, key
from disk_world import FILLING, DiskWorld, build, copied, reopened
from lockgate.app import filing, gate, prove, replay, report, say, why
from lockgate.app.project import project
from lockgate.canon import encode
from lockgate.core import events
from lockgate.core.ports import Entry
from lockgate.core.state import Permit, state_digest
from lockgate.errors import LockgateError
from lockgate.evidence import record
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
    """NOT CAUGHT: the column of idempotency keys is covered by nothing but SQLite's own structure.

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


def test_a_key_swapped_in_the_roster(house: DiskWorld, fails: Fails) -> None:
    """Carl's key exchanged for Mallory's, in the blob of the roster in force."""
    roster = project(house.ports, "").state.house.roster
    assert roster is not None
    path = house.gate_path / "blobs" / "sha256" / roster.digest[7:9] / roster.digest[7:]
    data = path.read_bytes()
    path.chmod(0o600)
    path.write_bytes(data.replace(key("carl").public.encode(), key("mallory").public.encode()))
    assert path.read_bytes() != data
    assert fails(house.gate, ref="next") == "document.unreadable"
    assert fails(report.check, house.ports) == "document.unreadable"


# --- the past --------------------------------------------------------------------------------------------------------


def test_the_whole_directory_restored(template: DiskWorld, tmp_path: Path, fails: Fails) -> None:
    """From a copy of before the rejection: this user has seen more."""
    world = build_until_rejection(tmp_path / "old")
    older = tmp_path / "backup"
    world.close()
    shutil.copytree(world.gate_path, older)
    world = reopened(world, world.path)
    id_ = world.request(ref="shop")
    world.reject(id_, "carl")
    world.close()
    shutil.rmtree(world.gate_path)
    shutil.copytree(older, world.gate_path)
    again = reopened(world, world.path)
    for call in (lambda: again.gate("staging"), lambda: report.check(again.ports), lambda: report.status(again.ports), lambda: prove.prove(again.ports, 1)):
        assert fails(call) == "head.rolled-back"
    assert fails(replay.replay, again.ports, 8) == "head.rolled-back"
    again.close()


def test_the_directory_restored_under_a_running_gate(tmp_path: Path, fails: Fails) -> None:
    world = build_until_rejection(tmp_path / "old")
    world.close()
    shutil.copytree(world.gate_path, tmp_path / "backup")
    world = reopened(world, world.path)
    world.gate("staging", key="x")
    (tmp_path / "backup" / "ledger.db").replace(world.gate_path / "ledger.db")
    for suffix in ("-wal", "-shm"):
        (world.gate_path / f"ledger.db{suffix}").unlink(missing_ok=True)
    assert fails(world.gate, "staging", key="y") in {"head.rolled-back", "head.forked"}
    world.close()


def test_the_tail_cut_off(template: DiskWorld, tmp_path: Path, dice: random.Random, fails: Fails) -> None:
    """As somebody does who has an older signed head: the tree is whole and signed, and shorter than what was seen."""
    world = build_until_rejection(tmp_path / "old")
    heads = [rows(world.gate_path / "ledger.db", "SELECT size, root, note FROM head")[0]]
    for number in range(4):
        world.gate("staging", key=f"{number}")
        heads.append(rows(world.gate_path / "ledger.db", "SELECT size, root, note FROM head")[0])
    world.close()
    size, root, note = dice.choice(heads[:-1])
    edit(world.gate_path / "ledger.db", "DELETE FROM entry WHERE idx >= ?", size)
    edit(world.gate_path / "ledger.db", "UPDATE head SET size = ?, root = ?, note = ?", size, root, note)
    seen = reopened(world, world.path)
    assert fails(seen.gate, "staging") == "head.rolled-back"
    seen.close()
    # Somebody who sees this log for the first time is told by the index, while that one is not cut off too.
    shutil.rmtree(world.path / "state")
    stranger = reopened(world, world.path)
    assert fails(stranger.gate, "staging") == "index.differs"
    assert fails(report.check, stranger.ports) == "index.differs"
    stranger.close()


def test_everything_cut_off_before_a_stranger(tmp_path: Path) -> None:
    """NOT CAUGHT: an older copy of the whole directory, shown to somebody who has seen nothing newer (`head.unpinned`)."""
    world = build_until_rejection(tmp_path / "old")
    world.close()
    shutil.copytree(world.gate_path, tmp_path / "elsewhere" / "gate")
    world = reopened(world, world.path)
    world.gate("staging", key="x")
    world.close()
    stranger = reopened(world, tmp_path / "elsewhere")
    assert stranger.gate("staging", key="y").decision.outcome == "allowed"
    stranger.check()
    stranger.close()


def test_the_clock_moved_back(house: DiskWorld, fails: Fails, dice: random.Random) -> None:
    house.clock.advance(seconds=-dice.randrange(1, 10**8))
    assert fails(house.gate, "staging", key="x") == "time.behind-log"
    assert fails(house.request) == "time.behind-log"


def test_the_clock_moved_forward(house: DiskWorld) -> None:
    """NOT CAUGHT: a clock that runs ahead ends soaking early; only attested time would tell (`time: attested`)."""
    house.deploy("staging", "next")
    house.clock.advance(days=30)
    gated = house.gate(ref="next")
    assert {one.requirement for one in gated.decision.outcomes if one.result == "pass"} >= {"soaked"}


# --- the log key in the wrong hands ----------------------------------------------------------------------------------


def test_a_forged_person(house: DiskWorld) -> None:
    """Leaves in the name of people who signed nothing: each is shown by `log check`, and the gate stays shut."""
    id_ = project(house.ports, "production").state.environment.requests[-1].id
    approval = house.approval(id_, "security")
    back = events.Withdrawn(log=house.genesis, request=id_, environment="production", what="rejection", nonce=house.nonce())
    forged: list[tuple[events.Envelope, str]] = []
    for said in (approval, back):
        good = say.sign_event(said, NEXT, key("mallory"))
        forged += [
            (changed(good, signatures=()), "event.unsigned"),
            (good, "key.not-enrolled"),
            (changed(good, signatures=(changed(good.signatures[0], keyid=key("carl").fingerprint),)), "event.other-key"),
            (say.sign_event(said, NEXT, key("eve")), "people.no-duty" if said is approval else "withdrawal.not-yours"),
        ]
    expected = {str(house.smuggle(envelope)): code for envelope, code in forged}
    gated = house.gate(ref="next")
    assert {one.code for one in gated.decision.outcomes if one.code} == {"approved.rejected"}
    ignored = house.ignored()
    assert {index: ignored[index] for index in expected} == expected
    assert report.status(house.ports).ignored.keys() <= ignored.keys()


def test_an_unsigned_deployed(house: DiskWorld) -> None:
    before = project(house.ports, "production").state.environment.occupant()
    gated = house.gate("staging", "next", key="x")
    said = say.sign_event(house.deployed(gated.index, "staging"), NEXT, key("dora"))
    unsigned = house.smuggle(changed(said, signatures=()))
    elsewhere = house.smuggle(said, stream="env:production")
    by_the_log = house.smuggle(say.sign_event(house.deployed(gated.index, "staging"), NEXT, key("log")))
    ignored = house.ignored()
    assert (ignored[str(unsigned)], ignored[str(elsewhere)], ignored[str(by_the_log)]) == ("event.unsigned", "event.other-stream", "key.not-enrolled")
    assert project(house.ports, "production").state.environment.occupant() == before


def test_a_forged_decision(house: DiskWorld, fails: Fails) -> None:
    """Signed by the log key, with a forged state in the index: no permit, and the short cut is not taken."""
    refused = house.gate(ref="next")
    honest = project(house.ports, "production").state
    permit = Permit(decision=house.log.head().size, release=refused.release, not_after=NOW + timedelta(days=3000))
    state = changed(honest, environment=changed(honest.environment, permits=(permit,), requests=()))
    house.index.keep("env:production", state_digest(state), encode(state))
    forged = house.decided(refused, key("log"), outcome="allowed", not_after=NOW + timedelta(days=9), state=state_digest(state), history=house.log.head().size)
    index = house.smuggle(forged)
    assert project(house.ports, "production").state.environment.permits == honest.environment.permits
    assert house.ignored()[str(index)] == "event.other-key"
    for call in (replay.replay, why.explain):
        assert fails(call, house.ports, index) == "event.other-key"
    assert house.pinned is not None
    assert fails(prove.check, prove.prove(house.ports, index), house.pinned) == "event.other-key"
    assert fails(house.record, house.deployed(index), NEXT, "dora") == "deployed.no-permit"


def test_valid_leaves_copied_anywhere(house: DiskWorld, dice: random.Random) -> None:
    """Any leaf, appended again to any stream at the end: it changes nothing, and is shown."""
    nothing = house.ignored()
    meant = [index for index in range(house.log.head().size) if str(index) not in nothing]
    before = {name: project(house.ports, name).state for name in ("staging", "production")}
    put: dict[str, bool] = {}
    for _ in range(ROUNDS):
        envelope = house.envelope(dice.choice(meant))
        index = house.smuggle(envelope, stream=dice.choice(["env:staging", "env:production", "house"]))
        # A rejection said twice is still one: the only leaf that may mean something again, and it only shuts.
        put[str(index)] = isinstance(record.open_envelope(envelope).event, events.Rejected)
    ignored = house.ignored()
    assert [index for index, harmless in put.items() if index not in ignored and not harmless] == []
    for name, state in before.items():
        after = project(house.ports, name).state
        for part in ("house", "environment"):  # a rejection said again moves the clock, and nothing else
            assert changed(getattr(after, part), at=None, leaf=-1) == changed(getattr(state, part), at=None, leaf=-1)


def test_leaves_that_lead_past_others(house: DiskWorld, fails: Fails, dice: random.Random) -> None:
    """A back link of the log key's own making, over the rejection: the index remembers what stands there."""
    last = house.log.last("env:production")
    old = house.envelope(dice.choice([index for index in house.decisions() if index not in range(9, 9 + FILLING + 1)]))
    house.smuggle(old, stream="env:production", previous=dice.randrange(-1, last))
    assert fails(house.gate, ref="next") == "log.chain-broken"
    assert fails(report.check, house.ports) == "log.chain-broken"


def test_leaves_that_lead_past_others_and_an_edited_index(house: DiskWorld, fails: Fails) -> None:
    """NOT CAUGHT by the gate: the log key *and* the index. `log check` finds it, and so does a replay, and whoever rebuilds the index."""
    rejection = house.log.last("env:production")
    allowed = next(index for index in reversed(house.decisions()) if house.log.last("env:production") > index > rejection - 3)
    house.smuggle(house.envelope(allowed), stream="env:production", previous=rejection - 1)
    edit(house.gate_path / "index.db", "DELETE FROM row WHERE kind = 'stream' AND leaf = ?", rejection)
    gated = gate.gate(house.ports, house.ask(ref="next"), key("dora"))
    assert not [one.code for one in gated.decision.outcomes if one.code == "approved.rejected"]
    assert fails(replay.replay, house.ports, gated.index) == "decision.other-state"
    assert fails(report.check, house.ports) == "log.chain-broken"
    filing.catch_up(house.ports)
    house.index.clear()
    filing.catch_up(house.ports)
    assert fails(house.gate, ref="next") == "log.chain-broken"


def test_a_leaf_dated_back(house: DiskWorld, fails: Fails, dice: random.Random) -> None:
    house.smuggle(house.envelope(house.log.last("env:production")), at=house.clock.at - timedelta(seconds=dice.randrange(121, 10**7)))
    assert fails(report.check, house.ports) == "time.backwards"


def test_a_leaf_dated_back_a_little(house: DiskWorld) -> None:
    """NOT CAUGHT: up to two minutes, as long as an honest process may wait for its turn."""
    index = house.smuggle(house.envelope(house.log.last("env:production")), at=house.clock.at - timedelta(seconds=119))
    assert report.check(house.ports).size == index + 1


def test_the_permit_key_too(house: DiskWorld) -> None:
    """NOT CAUGHT by the gate: whoever holds log key *and* permit key allows what they like. A replay tells that it was not decided."""
    refused = house.gate(ref="next")
    until = house.clock.at + timedelta(minutes=9)
    index = house.smuggle(house.decided(refused, key("permit"), outcome="allowed", not_after=until, history=house.log.head().size, request=""))
    house.record(house.deployed(index), NEXT, "dora")
    assert replay.replay(house.ports, index).result == "differs"


# --- trust and memory ------------------------------------------------------------------------------------------------


def test_the_trust_file_of_another_gate(house: DiskWorld, fails: Fails) -> None:
    from fakes.memory_log import MemoryLog

    other = World(log=MemoryLog("example.com/other", seed=bytes(32)))
    house.pinned = other.begin()
    for call in (lambda: house.gate("staging"), lambda: report.check(house.ports), lambda: report.status(house.ports), lambda: replay.replay(house.ports, 8)):
        assert fails(call) == "root.other-log"


def test_the_trust_file_of_another_gate_with_this_ones_log_key(house: DiskWorld, fails: Fails) -> None:
    own = house.pinned
    assert own is not None
    for lie in ({"owners": (key("mallory").public,)}, {"permit": key("mallory").public}, {"genesis": digest("x")}, {"expires": NOW + timedelta(days=9999)}):
        house.pinned = changed(own, **lie)
        assert fails(house.gate, "staging") == "root.other"
        assert fails(report.check, house.ports) == "root.other"


def test_a_log_begun_anew_under_the_old_name(house: DiskWorld, tmp_path: Path, fails: Fails) -> None:
    """Whoever pinned the old one sees it at once; and the new one leaves nothing in the memory of the old."""
    from fakes.memory_log import MemoryLog

    own, remembered = house.pinned, house.heads.recall(house.log.vkey)
    again = World(log=MemoryLog(house.log.origin, seed=bytes(32)), heads=house.heads)
    again.begin()
    again.pinned = own
    assert fails(report.check, again.ports) == "root.other-log"
    assert house.heads.recall(house.log.vkey) == remembered
    report.check(house.ports)


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


def build_until_rejection(path: Path) -> DiskWorld:
    """A gate in a few leaves."""
    from world import PEOPLE, standard_policy

    world = DiskWorld(path)
    world.begin()
    world.roster(*PEOPLE)
    world.policy(standard_policy())
    world.artifact()
    world.gate("staging", key="first")
    return world


def test_entries_that_are_no_leaves(house: DiskWorld, fails: Fails, dice: random.Random) -> None:
    """Any bytes under the log key: whatever depends on them is refused, and `log check` says where they stand."""
    junk = dice.choice([dice.randbytes(dice.randrange(1, 16_000)), b"{}", encode({"at": "2026-11-22T20:14:03Z"}), b"[" * 5000])
    house.log.append(Entry(leaf=junk, stream=dice.choice(["env:staging", "house", "x"]), key="junk"))
    assert fails(house.gate, "staging", key="x") == "event.malformed"
    assert fails(report.check, house.ports) == "event.malformed"
