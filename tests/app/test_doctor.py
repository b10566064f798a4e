"""app.doctor and app.places: each thing that can be wrong is found under its name, and nothing is changed by looking."""

from __future__ import annotations

from datetime import timedelta

import pytest

from build import NOW, key
from lockgate.app import doctor, places
from lockgate.core.health import Finding, Place
from lockgate.core.identity import Person
from lockgate.errors import UnreadableError, UsageError
from lockgate.ledger.note import verifier_key
from world import World, opened, standard_policy


def found(world: World, *, own: str | None = "owner", permit: str | None = "permit") -> dict[str, Finding]:
    """What the log says, by what was looked at."""
    findings = doctor.log_findings(world.ports, key(own).public if own else None, key(permit).public if permit else None)
    assert len({one.check for one in findings}) == len(findings)
    return {one.check: one for one in findings}


def wrong(world: World, **more: str | None) -> dict[str, tuple[str, str]]:
    """All that is not in order, with result and code."""
    return {check: (one.result, one.code) for check, one in found(world, **more).items() if one.result != "ok"}


def test_all_is_in_order(world: World) -> None:
    world.gate("staging")
    assert wrong(world) == {}
    assert set(found(world)) == {"head", "index", "permit key", "root", "clock", "policy", "proposals", "you"}
    assert set(found(world, own=None, permit=None)) == {"head", "index", "root", "clock", "policy", "proposals"}


def test_looking_changes_nothing(world: World) -> None:
    before = (world.log.head(), world.index.dump(), dict(world.index.states), dict(world.blobs.held))
    found(world)
    assert (world.log.head(), world.index.dump(), dict(world.index.states), dict(world.blobs.held)) == before


def test_the_root_ends(world: World) -> None:
    for days, answer in ((334, None), (336, ("warn", "root.expired")), (366, ("fail", "root.expired"))):
        world.clock.at = NOW + timedelta(days=days)
        assert wrong(world).get("root") == answer
    world.broken = True


def test_the_clock_is_behind(world: World) -> None:
    world.clock.at = NOW - timedelta(seconds=1)
    assert wrong(world) == {"clock": ("fail", "time.behind-log")}
    world.clock.at = NOW


def test_another_permit_key(world: World) -> None:
    assert wrong(world, permit="other") == {"permit key": ("fail", "permit.other-key")}


def test_who_the_user_is(world: World) -> None:
    assert found(world)["you"].said.startswith("an owner; p-")
    assert "production: deploy; staging: deploy" in found(world, own="dora")["you"].said
    assert "no duties" in found(world, own="eve")["you"].said
    assert wrong(world, own="mallory") == {"you": ("warn", "key.not-enrolled")}


def test_an_owner_who_is_nobody_in_the_roster() -> None:
    world = World()
    world.begin("owner", "second")
    assert found(world, own="second")["you"].said == "an owner, and nobody in the roster"


def test_an_older_copy_is_told_once(world: World) -> None:
    older = world.copy()
    world.gate("staging")
    older.heads = world.heads
    assert wrong(older) == {"head": ("fail", "head.rolled-back")}
    older.broken = True


def test_no_head_is_remembered_yet(world: World) -> None:
    fresh = World(log=world.log, blobs=world.blobs, index=world.index)
    fresh.pinned, fresh.permit = world.pinned, world.permit
    assert wrong(fresh) == {"head": ("warn", "head.unpinned")}


def test_memory_that_cannot_be_read_is_not_taken_for_none(world: World) -> None:
    class Unreadable:
        def recall(self, vkey: str) -> bytes | None:
            raise UnreadableError("head.unreadable", "the head last seen could not be read")

        def remember(self, vkey: str, note: bytes) -> None:
            raise AssertionError

    other = World(log=world.log, blobs=world.blobs, index=world.index, heads=Unreadable())
    other.pinned, other.permit = world.pinned, world.permit
    assert wrong(other) == {"head": ("fail", "head.unreadable")}


def test_the_index_is_behind_or_ahead(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    size = world.log.head().size
    world.index.size = size - 1
    assert wrong(world) == {}
    monkeypatch.setattr(doctor, "MANY", 0)
    assert wrong(world) == {"index": ("warn", "")}
    world.index.size = size + 1
    assert wrong(world) == {"index": ("fail", "index.differs")}
    world.index.size = size


def test_no_policy_and_what_waits_for_owners() -> None:
    world = World()
    world.begin("owner", "second", threshold=2)
    assert wrong(world) == {"policy": ("warn", "policy.none-in-force"), "proposals": ("warn", "")}
    world.policy(standard_policy())
    assert "policy version 1" in found(world)["proposals"].said


def test_leaves_that_mean_nothing() -> None:
    world = opened()
    event = world.envelope(1)
    world.smuggle(event)
    assert wrong(world) == {"leaves": ("fail", "")}


def test_the_log_key_is_the_logs() -> None:
    vkey = str(verifier_key("example.com/shop", key("log").raw))
    assert doctor.log_key(vkey, "example.com/shop", key("log").public).result == "ok"
    assert doctor.log_key(vkey, "example.com/shop", key("other").public).code == "log.wrong-key"
    assert doctor.log_key(vkey, "a b", key("log").public).code == "vkey.malformed"


def test_the_pinned_root(world: World) -> None:
    assert doctor.trust(None, "", "", "").code == "root.unpinned"
    assert doctor.trust(world.pinned, "lockgate.trust", "found here or above", world.log.vkey).result == "ok"
    assert doctor.trust(world.pinned, "lockgate.trust", "named by --trust", "example.com/other+00000000+AAAA").code == "root.other-log"


def test_no_key_is_no_mistake_and_one_that_cannot_be_used_is() -> None:
    assert doctor.own_key(UsageError("key.none", "no key is named")).result == "warn"
    assert doctor.own_key(UnreadableError("key.unavailable", "not there")).result == "fail"


def place(path: str = "/gate/ledger.db", state: str = "there", **more: object) -> Place:
    return Place(**{"path": path, "state": state, "mode": 0o600, "ours": True, "readable": True, "writable": True, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("looked", "strange", "answer"),
    [
        (place("/gate", directory=True), "", ("ok", "")),
        (place("/gate", "absent"), "", ("fail", "gate.none")),
        (place("/gate", "unreadable", why="Permission denied"), "", ("fail", "gate.unreadable")),
        (place("/gate"), "", ("fail", "gate.none")),
        (place("/gate", directory=True), "everybody may write to /", ("fail", "gate.not-yours")),
    ],
)
def test_the_gates_place(looked: Place, strange: str, answer: tuple[str, str]) -> None:
    one = places.gate_place(looked, "named by --gate", strange)
    assert (one.result, one.code) == answer


@pytest.mark.parametrize(
    ("looked", "result"),
    [
        (place(), "ok"),
        (place("/gate/index.db", "absent"), "ok"),
        (place(state="absent"), "fail"),
        (place(state="unreadable"), "fail"),
        (place(mode=0o602), "fail"),
        (place(mode=0o620), "warn"),
        (place(ours=False, owner=1000), "warn"),
    ],
)
def test_the_gates_files(looked: Place, result: str) -> None:
    assert [one.result for one in places.files([looked], ["/gate/ledger.db"])] == [result]


@pytest.mark.parametrize(
    ("looked", "result"),
    [
        (place(), None),
        (place(state="absent"), "warn"),
        (place(state="unreadable"), "warn"),
        (place(readable=False), "warn"),
        (place(mode=0o640), "fail"),
        (place(mode=0o604), "fail"),
    ],
)
def test_the_gates_keys(looked: Place, result: str | None) -> None:
    one = places.key_place("log key", looked, "nothing can be recorded here")
    assert (one.result if one else None) == result


@pytest.mark.parametrize(
    ("looked", "above", "answer"),
    [
        (None, None, ("fail", "setting.no-home")),
        (place("/s", directory=True), None, ("ok", "")),
        (place("/s", directory=True, writable=False), None, ("fail", "head.unwritable")),
        (place("/s"), None, ("fail", "head.unwritable")),
        (place("/s", "unreadable"), None, ("fail", "head.unreadable")),
        (place("/s", "absent"), place("/", directory=True), ("ok", "")),
        (place("/s", "absent"), place("/", directory=True, writable=False), ("fail", "head.unwritable")),
        (place("/s", "absent"), None, ("fail", "head.unwritable")),
    ],
)
def test_the_state_directory(looked: Place | None, above: Place | None, answer: tuple[str, str]) -> None:
    one = places.state_place(looked, above)
    assert (one.result, one.code) == answer


def test_what_waits_and_what_is_free() -> None:
    assert places.waiting([], "").result == "ok"
    assert places.waiting(["/s/a b.json"], "").remedy == "lockgate log record '/s/a b.json'"
    assert places.waiting([], "Permission denied").result == "warn"
    answers = {None: "warn", 0: "fail", places.NONE_LEFT - 1: "fail", places.NONE_LEFT: "warn", places.SCARCE: "ok"}
    assert {free: places.room("/g", free).result for free in answers} == answers


def test_people_are_told_by_id(world: World) -> None:
    world.roster(Person(id="p-" + "a" * 16, keys=(key("zoe").public,), duties={"staging": ("deploy",)}))
    assert found(world, own="zoe")["you"].said == f"p-{'a' * 16}; staging: deploy"
