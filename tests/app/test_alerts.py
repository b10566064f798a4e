"""Alerts follow the log: each recheck that counts is told, in order, at least once, and nothing before it is recorded."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from build import KEYS, key
from lockgate.app import alerts, say
from lockgate.errors import LedgerError
from lockgate.evidence import record
from world import World, changed, standard_policy

NEXT = replace(standard_policy(), keys={**KEYS, "release": key("the next release").public})


class FakeCourier:
    """Port `Courier`: takes alerts, or as many as it is told to."""

    def __init__(self, takes: int = 1_000) -> None:
        self.taken: list[dict[str, Any]] = []
        self.takes = takes

    def deliver(self, alert: bytes) -> None:
        if len(self.taken) >= self.takes:
            raise LedgerError("alert.not-delivered", "nobody there")
        self.taken.append(json.loads(alert))


class FakeCursor:
    """Port `Cursor` in memory; where it is told to, it dies before it moves."""

    def __init__(self) -> None:
        self.at, self.dies = 0, False

    def read(self) -> int:
        return self.at

    def move(self, index: int) -> None:
        if self.dies:
            raise KeyboardInterrupt
        self.at = max(self.at, index)


@pytest.fixture
def refused(world: World) -> World:
    """What runs in staging and a permit there were refused: two alerts."""
    world.deploy("staging")
    world.gate("staging")
    world.policy(NEXT)
    world.recheck()
    return world


def test_what_is_told(refused: World) -> None:
    courier, cursor = FakeCourier(), FakeCursor()
    assert alerts.tell(refused.ports, cursor, courier) == alerts.Told(delivered=2, left=0)
    first, second = courier.taken
    assert (first["runs"], second["runs"]) == (True, False)
    assert {name: first[name] for name in first if name not in {"leaf", "decision", "artifacts", "outcomes"}} == {
        "schema": "https://lockgate.dev/alert/v1",
        "origin": "example.com/shop",
        "recordedAt": "2026-11-22T20:14:03Z",
        "environment": "staging",
        "config": "none",
        "runs": True,
        "outcome": "refused",
        "requirement": "signed-by",
        "code": "signed-by.no-good-signature",
    }
    assert [one["result"] for one in first["outcomes"]] == ["pass", "fail"]


def test_each_once_where_all_goes_well(refused: World) -> None:
    courier, cursor = FakeCourier(), FakeCursor()
    alerts.tell(refused.ports, cursor, courier)
    assert alerts.tell(refused.ports, cursor, courier) == alerts.Told(delivered=0, left=0)
    attested = key("the next release")
    from lockgate.app import attach

    attach.sign(attach.Bench(source=refused.source, clock=refused.clock), "file:shop", attested)
    refused.recheck()
    assert alerts.tell(refused.ports, cursor, courier).delivered == 1
    assert [one["outcome"] for one in courier.taken] == ["refused", "refused", "allowed"]


def test_what_is_not_taken_is_left_with_all_behind_it(refused: World) -> None:
    courier, cursor = FakeCourier(takes=1), FakeCursor()
    assert alerts.tell(refused.ports, cursor, courier) == alerts.Told(delivered=1, left=1, why="nobody there")
    courier.takes = 2
    assert alerts.tell(refused.ports, cursor, courier) == alerts.Told(delivered=1, left=0)
    assert len({one["leaf"] for one in courier.taken}) == 2


def test_who_dies_before_the_cursor_moves_tells_it_again(refused: World) -> None:
    courier, cursor = FakeCourier(), FakeCursor()
    cursor.dies = True
    with pytest.raises(KeyboardInterrupt):
        alerts.tell(refused.ports, cursor, courier)
    cursor.dies = False
    alerts.tell(refused.ports, cursor, courier)
    assert [one["leaf"] for one in courier.taken] == [courier.taken[0]["leaf"]] * 2 + [courier.taken[2]["leaf"]]


def test_a_leaf_that_means_nothing_is_not_told(refused: World) -> None:
    index = refused.index.find("kind", "rechecked")[0]
    refused.smuggle(refused.envelope(index))
    forged = record.open_envelope(refused.envelope(index)).event
    statement = record.statement_bytes(changed(forged, history=refused.log.head().size), record.open_envelope(refused.envelope(index)).subjects)
    refused.smuggle(record.seal_by_permit_key(statement, key("log").public, key("log").sign(record.to_sign(statement))))
    assert len(refused.ignored()) == 2
    courier = FakeCourier()
    assert alerts.tell(refused.ports, FakeCursor(), courier).delivered == 2


def test_a_row_of_the_index_that_lies(refused: World) -> None:
    refused.index.rows.add(("kind", "rechecked", 3))
    with pytest.raises(LedgerError) as err:
        alerts.tell(refused.ports, FakeCursor(), FakeCourier())
    assert err.value.code == "index.differs"
    refused.index.rows.discard(("kind", "rechecked", 3))


def test_a_person_cannot_say_it(refused: World) -> None:
    index = refused.index.find("kind", "rechecked")[0]
    opened = record.open_envelope(refused.envelope(index))
    by_owner = say.sign_event(changed(opened.event, history=refused.log.head().size), opened.subjects, key("owner"))
    refused.smuggle(by_owner)
    assert list(refused.ignored().values()) == ["event.other-key"]
