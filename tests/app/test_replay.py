from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from build import NOW, digest, key
from lockgate.app import asking, gate, gather, replay, report
from lockgate.app.project import look_beside, project
from lockgate.core import events
from lockgate.core.decide import decide
from lockgate.errors import UnreadableError
from lockgate.evidence import record
from world import PEOPLE, World, changed, standard_policy

Fails = Callable[..., str]


def manifest_of(world: World, index: int) -> str:
    event = record.open_envelope(world.envelope(index)).event
    assert isinstance(event, events.Decided)
    return event.evidence


@pytest.fixture
def history(world: World) -> World:
    """Refused, allowed, deployed, undecided: a bit of everything."""
    world.gate()
    world.soaked()
    world.gate()
    id_ = world.request()
    world.approve(id_, "ann")
    world.gate()
    world.gate(by=None)
    world.approve(id_, "bob")
    world.deploy()
    world.source.fails["attached"] = UnreadableError("ref.unreadable", "no")
    world.gate("staging")
    world.source.fails.clear()
    world.roster(*PEOPLE[:4])
    world.policy(standard_policy(permit="1h"))
    world.gate("staging")
    return world


class TestReplay:
    def test_every_decision_comes_to_the_same(self, history: World) -> None:
        assert len(history.decisions()) >= 7
        for index in history.decisions():
            replayed = replay.replay(history.ports, index)
            assert (replayed.result, gate.codes(replayed.replayed)) == ("same", gate.codes(replayed.recorded))

    def test_nothing_of_today_matters(self, history: World) -> None:
        """The artifacts are gone, the index is empty, the clock is elsewhere, and nobody remembers anything."""
        history.source.artifacts.clear()
        indices = history.decisions()
        history.index.clear()
        history.clock.at = NOW - timedelta(days=3000)
        history.heads.notes.clear()
        for index in indices:
            assert replay.replay(history.ports, index).result == "same"

    def test_after_the_root_changed_old_decisions_still_replay(self, history: World, fails: Fails) -> None:
        old = history.decisions()
        history.root(expires=NOW + timedelta(days=500), permit=key("next permit").public)
        history.permit = key("next permit")
        first, second = history.pinned, project(history.ports, "").root
        history.gate("staging", key="after")
        for pinned in (first, second):
            history.pinned = pinned
            for index in [*old, history.decisions()[-1]]:
                assert replay.replay(history.ports, index).result == "same"
        history.pinned = changed(second, expires=NOW + timedelta(days=501))
        assert fails(replay.replay, history.ports, old[0]) == "root.other"
        history.pinned = second

    def test_erased_evidence_is_never_the_same(self, history: World) -> None:
        index = history.decisions()[-1]
        del history.blobs.held[manifest_of(history, index)]
        replayed = replay.replay(history.ports, index)
        assert (replayed.result, replayed.replayed) == ("evidence-erased", ())
        assert "blob" not in replayed.result
        history.erased.add(index)

    def test_an_erased_question_is_evidence_too(self, history: World) -> None:
        index = history.decisions()[1]
        manifest = json.loads(history.blobs.held[manifest_of(history, index)])
        del history.blobs.held[manifest["asked"]]
        assert replay.replay(history.ports, index).result == "evidence-erased"
        history.erased.add(index)

    def test_altered_evidence_is_an_error(self, history: World, fails: Fails) -> None:
        history.broken = True
        index = history.decisions()[-1]
        manifest = json.loads(history.blobs.held[manifest_of(history, index)])
        history.blobs.held[manifest["items"][0]["digest"]] += b" "
        assert fails(replay.replay, history.ports, index) == "blob.altered"
        history.blobs.held[manifest_of(history, index)] += b" "
        assert fails(replay.replay, history.ports, index) == "blob.altered"

    def test_a_lost_document_is_an_error(self, history: World, fails: Fails) -> None:
        history.broken = True
        policy = project(history.ports, "").state.house.policy
        assert policy is not None
        del history.blobs.held[policy.digest]
        assert fails(replay.replay, history.ports, history.decisions()[-1]) == "document.unreadable"

    def test_what_is_no_decision(self, history: World, fails: Fails) -> None:
        assert fails(replay.replay, history.ports, 0) == "replay.not-a-decision"
        assert fails(replay.replay, history.ports, -1) == "log.no-such-leaf"
        assert fails(replay.replay, history.ports, 10**9) == "log.no-such-leaf"

    def test_a_copied_decision_does_not_count_and_says_so(self, history: World, fails: Fails) -> None:
        for index in history.decisions():
            copied = history.smuggle(history.envelope(index))
            assert fails(replay.replay, history.ports, copied) == "decision.stale"

    def test_a_decision_of_another_key_does_not_count(self, history: World, fails: Fails) -> None:
        gated = history.gate("staging", key="x")
        forged = history.smuggle(history.decided(gated, key("mallory"), history=history.log.head().size))
        assert fails(replay.replay, history.ports, forged) == "event.other-key"

    @pytest.mark.parametrize(
        "lie",
        [
            {"not_after": NOW + timedelta(days=365)},
            {"outcome": "refused", "not_after": None},
            {"policy": digest("other")},
            {"section": digest("other")},
            {"roster": 7},
            {"root": 7},
            {"person": None},
            {"actor": key("ann").fingerprint},
            {"evidence": digest("other")},
            {"config": digest("other")},
            {"outcomes": ()},
        ],
    )
    def test_a_lie_under_the_permit_key_is_found(self, history: World, lie: dict[str, object]) -> None:
        """Whoever holds both keys can record a decision that nobody made; a replay tells."""
        history.broken = True
        gated = history.gate("staging", key="x")
        forged = history.smuggle(history.decided(gated, key("permit"), **{"history": history.log.head().size, **lie}))
        assert replay.replay(history.ports, forged).result != "same"

    def test_a_request_that_nobody_made_makes_it_no_decision(self, history: World, fails: Fails) -> None:
        history.broken = True
        gated = history.gate("staging", key="x")
        forged = history.smuggle(history.decided(gated, key("permit"), history=history.log.head().size, request="r-0000000000nobody"))
        assert fails(replay.replay, history.ports, forged) == "request.unknown"

    def test_a_lie_about_the_state_makes_it_no_decision(self, history: World, fails: Fails) -> None:
        history.broken = True
        gated = history.gate("staging", key="x")
        forged = history.smuggle(history.decided(gated, key("permit"), history=history.log.head().size, state=digest("other")))
        assert fails(replay.replay, history.ports, forged) == "decision.other-state"
        assert report.check(history.ports).ignored[str(forged)] == "decision.other-state"

    def test_a_decision_that_looked_at_another_environment_too_early_differs(self, world: World) -> None:
        """Both gate keys and the deployer: the release was replaced in staging, and they decide as of before that."""
        world.artifact("other")
        world.deploy("staging")
        world.approved()
        before = project(world.ports, "production").size
        world.clock.advance(hours=10)
        world.deploy("staging", "other")
        world.clock.advance(hours=15)
        own, ask, now = project(world.ports, "production"), world.ask(), world.clock.now()
        resolved = gate.resolve(world.ports, ask.refs, ask.config)
        basket, asked = asking.question(world.ports, own, ask.environment, ask.nonce, resolved.release, key("dora"), gather.fetch(world.ports, resolved.places))
        evidence = gather.keep(world.ports, basket)
        subject = asking.subject_of(own, resolved.release, ask.environment, "", asked, now)
        others = look_beside(world.ports, own, ask.environment, before)
        facts = gather.facts_of(basket, resolved.release.artifacts, own, others, now)
        judgement = decide(subject, own.policy_in_force(), facts, now, own.root)
        assert judgement.result == "allowed"
        decision = changed(gate.decision_of(subject, judgement, own, evidence, now), history=before)
        statement = record.statement_bytes(decision, resolved.release.artifacts)
        permit = key("permit")
        index = world.smuggle(record.seal_by_permit_key(statement, permit.public, permit.sign(record.to_sign(statement))))
        replayed = replay.replay(world.ports, index)
        assert (replayed.result, [one.code for one in replayed.replayed if one.code]) == ("differs", ["soaked.replaced"])
        world.broken = True

    def test_trust_of_another_gate(self, history: World, fails: Fails) -> None:
        other = World()
        other.clock.advance(seconds=1)
        own, history.pinned = history.pinned, other.begin()
        assert fails(replay.replay, history.ports, history.decisions()[0]) == "root.other"
        history.pinned = changed(other.pinned, log="example.com/else+4b8b5b1d+AQAB") if other.pinned else None
        assert fails(replay.replay, history.ports, history.decisions()[0]) == "root.other-log"
        history.pinned = own


SCRIPT = """
import json, sys
sys.path[:0] = sys.argv[1:3]
from datetime import UTC, datetime
import time; time.tzset()
from fakes.memory_log import MemoryLog
from lockgate import canon
from lockgate.app import replay
from lockgate.core.identity import Root
from lockgate.core.ports import Entry
from world import ORIGIN, World
import base64
given = json.load(sys.stdin)
world = World()
world.pinned = canon.decode(base64.b64decode(given["root"]), Root)
for stream, leaf in given["leaves"]:
    world.log.append(Entry(leaf=base64.b64decode(leaf), stream=stream, key=str(len(world.log.entries))))
for blob in given["blobs"]:
    world.blobs.put(base64.b64decode(blob))
answers = [(index, replay.replay(world.ports, index)) for index in given["decisions"]]
print(json.dumps([[index, one.result, [[o.requirement, o.code, str(sorted(o.params.items()))] for o in one.replayed]] for index, one in answers]))
"""


def test_another_process_time_zone_and_hash_seed(history: World) -> None:
    """An export, replayed elsewhere: the same codes and parameters, byte for byte."""
    import base64

    from lockgate.canon import encode

    tests = Path(__file__).parents[1]
    export = {
        "root": base64.b64encode(encode(history.pinned)).decode(),
        "leaves": [[entry.stream, base64.b64encode(entry.leaf).decode()] for entry in history.log.entries],
        "blobs": [base64.b64encode(data).decode() for data in history.blobs.held.values()],
        "decisions": history.decisions(),
    }
    answers = set()
    for zone, seed in (("UTC", "0"), ("Pacific/Kiritimati", "1"), ("America/St_Johns", "4711")):
        env = {**os.environ, "TZ": zone, "PYTHONHASHSEED": seed}
        args = [sys.executable, "-c", SCRIPT, str(tests), str(tests.parent / "src")]
        answers.add(subprocess.run(args, input=json.dumps(export), env=env, check=True, capture_output=True, text=True).stdout)
    (answer,) = answers
    assert [result for _, result, _ in json.loads(answer)] == ["same"] * len(history.decisions())
