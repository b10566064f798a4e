"""Many at once on one real log: threads, and processes of their own."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from build import key, person
from children import forked
from disk_world import DiskWorld, build, reopened
from lockgate.app import gate, report, request, say
from lockgate.app.why import explain
from lockgate.core.ports import Entry, Guard, Receipt
from lockgate.errors import LockgateError
from world import PEOPLE


@pytest.fixture
def house(tmp_path: Path) -> DiskWorld:
    """Open; the shop may go to production again, by one request."""
    world = build(tmp_path / "house", filling=0)
    world.roster(*PEOPLE, person("don", {"production": ["deploy"]}))
    world.clock.advance(hours=1)
    world.artifact("third")
    world.soaked("third")
    world.approved("third")
    return world


def outcomes(world: DiskWorld, askers: Sequence[str], ref: str, to: str) -> list[tuple[str, str, int]]:
    """So many threads, each with its own connection, ask at once: who, what they heard, and of which decision."""
    others = [reopened(world, world.path) for _ in askers]
    barrier = threading.Barrier(len(askers))
    answers: list[tuple[str, str, int]] = []

    def ask(by: str, other: DiskWorld) -> None:
        barrier.wait()
        try:
            gated = gate.gate(other.ports, other.ask(to, ref), key(by))
            answers.append((by, gated.decision.outcome, gated.index))
        except LockgateError as err:
            answers.append((by, err.code, -1))

    threads = [threading.Thread(target=ask, args=asker) for asker in zip(askers, others, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for other in others:
        other.close()
    return sorted(answers)


def allowed_in_production(world: DiskWorld) -> list[int]:
    """Leaves that allowed the third release there."""
    world.caught_up()
    third = (world.source.artifacts["third"].digest,)
    decided = ((index, *explain(world.ports, index)) for index in world.decisions())
    return [index for index, made, release in decided if (made.outcome, made.environment, release.artifacts) == ("allowed", "production", third)]


@pytest.mark.parametrize("count", [2, 8])
def test_of_many_people_with_one_approval_exactly_one_is_let_through(house: DiskWorld, count: int) -> None:
    answers = outcomes(house, ["dora", "don"] * (count // 2), "third", "production")
    (index,) = allowed_in_production(house)
    (let_in,) = {by for by, outcome, _ in answers if outcome == "allowed"}
    assert sorted(outcome for _, outcome, _ in answers) == ["allowed"] * (count // 2) + ["refused"] * (count // 2)
    assert {at for by, _, at in answers if by == let_in} == {index}
    house.check()
    house.close()


def test_one_person_who_asks_many_times_at_once_has_one_permit(house: DiskWorld) -> None:
    answers = outcomes(house, ["dora"] * 8, "third", "production")
    (index,) = allowed_in_production(house)
    assert answers == [("dora", "allowed", index)] * 8
    house.check()
    house.close()


def test_nobody_waits_for_ever_where_all_may(house: DiskWorld) -> None:
    """Eight permits for staging: each finds that the others were recorded, looks again, and gets its own."""
    answers = outcomes(house, ["dora"] * 8, "third", "staging")
    assert [outcome for _, outcome, _ in answers] == ["allowed"] * 8
    assert len({index for _, _, index in answers}) == 8
    house.check()
    house.close()


def test_of_many_processes_exactly_one(house: DiskWorld) -> None:
    house.close()

    def ask(number: int) -> None:
        other = reopened(house, house.path)
        gated = gate.gate(other.ports, other.ask(ref="third", key=f"run-{number}", nonce=f"{number:032x}"), key(("dora", "don")[number % 2]))
        (house.path / f"answer-{number}").write_text(json.dumps([gated.decision.outcome, gated.index]))
        other.close()

    assert forked(6, ask) == [0] * 6
    answers = sorted(json.loads(path.read_text()) for path in house.path.glob("answer-*"))
    assert [outcome for outcome, _ in answers] == ["allowed"] * 3 + ["refused"] * 3
    assert len({index for outcome, index in answers if outcome == "allowed"}) == 1
    world = reopened(house, house.path)
    world.check()
    assert allowed_in_production(world) == [answers[0][1]]
    first = next(n for n in range(6) if json.loads((house.path / f"answer-{n}").read_text())[0] == "allowed")
    again = world.gate(ref="third", key=f"run-{first}", by=("dora", "don")[first % 2])
    assert (again.index, again.new) == (answers[0][1], False)
    world.close()


def test_a_retry_beside_the_first_try_gets_the_same_permit(house: DiskWorld) -> None:
    """A pipeline that gave up waiting asks again with its key while the first try still runs."""
    others = [reopened(house, house.path) for _ in range(4)]
    ask = house.ask(ref="third", key="job-7")
    answers: list[gate.Gated] = []
    threads = [threading.Thread(target=lambda other=other: answers.append(gate.gate(other.ports, ask, key("dora")))) for other in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({gated.index for gated in answers}) == 1
    assert {gated.decision.outcome for gated in answers} == {"allowed"}
    assert sum(gated.new for gated in answers) == 1
    for other in others:
        other.close()
    house.check()
    house.close()


def test_a_withdrawal_between_decide_and_record(house: DiskWorld) -> None:
    (id_,) = [one.id for one in report.status(house.ports).environments[0].requests if one.release.artifacts == (house.source.artifacts["third"].digest,)]
    other = reopened(house, house.path)
    real = house.log.append

    def append(entry: Entry, guard: Guard | None = None) -> Receipt:
        house.log.append = real
        other.withdraw(id_, "bob")
        receipt: Receipt = real(entry, guard)
        return receipt

    house.log.append = append
    gated = house.gate(ref="third")
    assert [one.code for one in gated.decision.outcomes if one.code] == ["approved.too-few-people"]
    other.close()
    house.check()
    house.close()


def test_people_answer_at_once(house: DiskWorld) -> None:
    id_ = house.request(ref="next")
    others = {name: reopened(house, house.path) for name in ("ann", "bob", "carl")}
    done: list[say.Recorded] = []

    def answer(name: str, other: DiskWorld) -> None:
        found = request.find(other.ports, id_)
        duty = "security" if name == "carl" else ""
        done.append(
            request.approve(other.ports, found, request.duty_of(found, key(name), duty), f"{name:0<32}".encode().hex()[:32], timedelta(hours=1), key(name))
        )

    threads = [threading.Thread(target=answer, args=item) for item in others.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({one.index for one in done}) == 3
    for other in others.values():
        other.close()
    house.caught_up()
    house.check()
    house.close()
