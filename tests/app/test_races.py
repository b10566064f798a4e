"""Many at once on one real log: threads, and processes of their own."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from build import key
from children import forked
from disk_world import DiskWorld, build, reopened
from lockgate.app import gate, report, request, say
from lockgate.core.ports import Entry, Guard, Receipt
from lockgate.errors import LockgateError


@pytest.fixture
def house(tmp_path: Path) -> DiskWorld:
    """Open; the shop may go to production again, by one request."""
    world = build(tmp_path / "house", filling=0)
    world.clock.advance(hours=1)
    world.artifact("third")
    world.soaked("third")
    world.approved("third")
    return world


def outcomes(world: DiskWorld, count: int, ref: str, to: str) -> list[str]:
    """So many threads, each with its own connection, ask at once."""
    others = [reopened(world, world.path) for _ in range(count)]
    barrier = threading.Barrier(count)
    answers: list[str] = []

    def ask(other: DiskWorld) -> None:
        barrier.wait()
        try:
            answers.append(gate.gate(other.ports, other.ask(to, ref), key("dora")).decision.outcome)
        except LockgateError as err:
            answers.append(err.code)

    threads = [threading.Thread(target=ask, args=(other,)) for other in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for other in others:
        other.close()
    return sorted(answers)


def test_of_two_gates_with_one_approval_exactly_one_is_let_through(house: DiskWorld) -> None:
    assert outcomes(house, 2, "third", "production") == ["allowed", "refused"]
    house.check()
    house.close()


def test_of_many_threads_exactly_one(house: DiskWorld) -> None:
    assert outcomes(house, 8, "third", "production") == ["allowed", *["refused"] * 7]
    house.check()
    house.close()


def test_nobody_waits_for_ever_where_all_may(house: DiskWorld) -> None:
    """Eight permits for staging: each finds that the others were recorded, looks again, and gets its own."""
    assert outcomes(house, 8, "third", "staging") == ["allowed"] * 8
    house.check()
    house.close()


def test_of_many_processes_exactly_one(house: DiskWorld) -> None:
    house.close()

    def ask(number: int) -> None:
        other = reopened(house, house.path)
        gated = gate.gate(other.ports, other.ask(ref="third", key=f"run-{number}", nonce=f"{number:032x}"), key("dora"))
        (house.path / f"answer-{number}").write_text(json.dumps([gated.decision.outcome, gated.index]))
        other.close()

    assert forked(6, ask) == [0] * 6
    answers = sorted(json.loads(path.read_text()) for path in house.path.glob("answer-*"))
    assert [outcome for outcome, _ in answers] == ["allowed", *["refused"] * 5]
    world = reopened(house, house.path)
    world.check()
    again = world.gate(ref="third", request="", key=next(f"run-{n}" for n in range(6) if json.loads((house.path / f"answer-{n}").read_text())[0] == "allowed"))
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
