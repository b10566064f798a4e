from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from build import digest, key, person_id
from lockgate import canon
from lockgate.app import replay, request
from lockgate.app.project import project
from lockgate.core import events
from lockgate.core.decide import RULES
from lockgate.core.digest import digest_of
from lockgate.core.identity import Root
from lockgate.core.ports import Ended, Entry
from lockgate.core.state import state_digest
from lockgate.evidence import record
from world import World, changed, standard_policy

Fails = Callable[..., str]
CASES = Path(__file__).parent / "cases"


def roll_back(world: World, ref: str = "", by: str = "rita", config: str = "none") -> str:
    id_ = world.id()
    request.request_release(world.ports, (f"file:{ref}",) if ref else (), "production", config, id_, key(by), rollback=True)
    world.caught_up()
    return id_


def codes(world: World, ref: str = "shop", **more: str) -> set[str]:
    return {one.code for one in world.gate(ref=ref, **more).decision.outcomes if one.code}


@pytest.fixture
def replaced(world: World) -> World:
    """``shop`` ran in production, and ``other`` runs now."""
    world.artifact("other")
    for ref in ("shop", "other"):
        world.soaked(ref)
        world.approved(ref)
        assert world.deploy(ref=ref).exit_status == 0
    return world


class TestRollback:
    def test_it_is_asked_for_approved_and_deployed(self, replaced: World, fails: Fails) -> None:
        assert fails(replaced.request) == "release.downgrade"
        assert codes(replaced) == {"release.downgrade", "approved.no-request"}
        id_ = roll_back(replaced)
        assert codes(replaced) == {"approved.too-few-people"}
        replaced.approve(id_, "ann")
        replaced.approve(id_, "bob")
        assert replaced.deploy().exit_status == 0
        # What came back is covered as anything is, and going forward again is to go back to what was replaced.
        replaced.clock.advance(hours=100)
        assert replaced.deploy().exit_status == 0
        assert codes(replaced, "other") == {"release.downgrade", "approved.no-request"}

    def test_the_marking_alone_is_no_approval(self, replaced: World, fails: Fails) -> None:
        id_ = roll_back(replaced)
        unmarked = replaced.approval(id_, "security")
        assert unmarked.shown.rollback
        shown = changed(unmarked.shown, rollback=False)
        assert fails(replaced.record, changed(unmarked, shown=shown), (digest("shop"),), "bob") == "approval.other-marking"

    def test_a_request_that_is_none_takes_no_marked_approval(self, world: World, fails: Fails) -> None:
        id_ = world.request()
        made = world.approval(id_, "security")
        assert fails(world.record, changed(made, shown=changed(made.shown, rollback=True)), (digest("shop"),), "bob") == "approval.other-marking"

    def test_what_was_never_there_is_no_rollback(self, replaced: World, fails: Fails) -> None:
        replaced.artifact("third")
        assert fails(roll_back, replaced, "third") == "request.no-rollback"
        assert fails(roll_back, replaced, "other") == "request.no-rollback"

    def test_without_a_name_it_is_what_ran_there_last(self, replaced: World, fails: Fails) -> None:
        replaced.artifact("third")
        replaced.soaked("third")
        replaced.approved("third")
        replaced.deploy(ref="third")
        id_ = roll_back(replaced)
        asked = project(replaced.ports, "production").state.environment.request(id_)
        assert asked is not None
        assert (asked.release.artifacts, asked.rollback) == ((digest("other"),), True)

    @pytest.mark.parametrize("ends", [Ended(status=137, signal=9), None])
    def test_where_nobody_knows_what_runs_it_is_what_was_last_known(self, replaced: World, ends: Ended | None) -> None:
        """Killed, or under way still: what was to replace it may run, and what was there goes back in as any other, for nothing replaced it."""
        replaced.artifact("third")
        replaced.soaked("third")
        replaced.approved("third")
        asked = list[str]()
        replaced.runner.ended, replaced.runner.during = ends, lambda: asked.append(roll_back(replaced))
        replaced.deploy(ref="third")
        if ends is not None:
            asked.append(roll_back(replaced))
        here = project(replaced.ports, "production").state.environment
        found = [here.request(id_) for id_ in asked]
        assert [(one.release.artifacts, one.rollback) for one in found if one] == [((digest("other"),), False)] * len(asked)

    def test_where_it_broke_off_itself_it_is_what_was_before_it(self, replaced: World) -> None:
        replaced.runner.ended = Ended(status=137, signal=9)
        assert replaced.deploy(ref="other").outcome == "deploy-unknown"
        id_ = roll_back(replaced)
        asked = project(replaced.ports, "production").state.environment.request(id_)
        assert asked is not None
        assert (asked.release.artifacts, asked.rollback) == ((digest("shop"),), True)

    def test_there_is_nothing_before_the_first(self, world: World, fails: Fails) -> None:
        assert fails(roll_back, world) == "request.nothing-before"
        world.soaked()
        world.approved()
        world.deploy()
        assert fails(roll_back, world) == "request.nothing-before"

    def test_every_requirement_holds_for_it(self, replaced: World) -> None:
        id_ = roll_back(replaced)
        replaced.approve(id_, "ann")
        replaced.approve(id_, "bob")
        replaced.source.artifacts["shop"].evidence.clear()
        assert codes(replaced) == {"signed-by.no-signature", "built-by.no-provenance", "approved.builder-unknown"}

    def test_where_nobody_has_to_approve_it_is_asked_for_all_the_same(self, world: World) -> None:
        world.artifact("other")
        world.deploy("staging")
        world.deploy("staging", "other")
        assert world.deploy("staging").gated.decision.outcome == "refused"
        id_ = world.id()
        request.request_release(world.ports, ("file:shop",), "staging", "none", id_, key("rita"), rollback=True)
        assert world.deploy("staging").exit_status == 0


class TestRules:
    def test_a_log_from_before_replays_the_same_and_goes_on_by_the_new(self) -> None:
        """Leaves and blobs of lockgate as it was before rollbacks were told apart: there a release came back unmarked, and was allowed."""
        world = _from_before()
        decisions = world.decisions()
        said = {index: record.open_envelope(world.envelope(index)).event for index in decisions}
        allowed = [index for index, one in said.items() if isinstance(one, events.Decided) and (one.environment, one.outcome) == ("production", "allowed")]
        assert len(allowed) == 3
        assert all(isinstance(one, events.Decided) and one.rules == 0 for one in said.values())
        assert {index: replay.replay(world.ports, index).result for index in decisions} == dict.fromkeys(decisions, "same")
        world.check()
        stays = project(world.ports, "production").state.environment.stays
        assert [one.release.artifacts for one in stays] == [(digest("shop"),), (digest("other"),), (digest("shop"),)]
        world.artifact("other")
        again = world.gate(ref="other")
        assert "release.downgrade" in {one.code for one in again.decision.outcomes}
        world.check()

    def test_a_log_of_rules_1_folds_and_replays_the_same_and_goes_on_by_the_new(self) -> None:
        """Leaves of lockgate as it was then: a second rollback, a `deployed` beside one under way, a glass shut by a revoked permit, 18 waivers of one."""
        world = _from_before("rules-1.json")
        kept = json.loads((CASES / "rules-1.json").read_bytes())
        assert {name: state_digest(project(world.ports, name).state) for name in kept["states"]} == kept["states"]
        assert world.ignored() == {}
        decisions = world.decisions()
        assert {index: replay.replay(world.ports, index).result for index in decisions} == dict.fromkeys(decisions, "same")
        world.check()
        world.artifact("third")
        gated = world.gate(ref="third")
        assert (gated.decision.outcome, gated.decision.rules) == ("allowed", RULES)  # what was revoked keeps its glass shut no longer
        world.check()

    def test_beside_a_lockgate_of_rules_1_nothing_is_said_that_it_would_pass_over(self, fails: Fails) -> None:
        """It would decide as if nothing had been said, on a state that lacks it, and that state would be believed here."""
        world = _from_before("rules-1.json")
        world.root(owners=tuple(sorted([key("owner").public, key("opal").public])))
        (live,) = project(world.ports, "staging").state.environment.permits
        said: dict[str, Any] = {"log": world.genesis, "environment": "staging", "reason": "other"}
        back = events.Revoked(**said, id=world.id(), permit=live.decision)
        stop = events.Revoked(**said, id=world.id())
        assert live.person == person_id("dora")
        assert fails(world.record, back, live.release.artifacts, "dora") == "revocation.not-yours"
        assert fails(world.record, stop, (digest("third"),), "opal") == "key.not-enrolled"
        world.artifact("third")
        world.gate("staging", "third", "eve")
        world.record(back, live.release.artifacts, "dora")
        world.record(stop, (digest("third"),), "opal")
        assert codes(world, "third", to="staging") == {"release.recalled"}
        world.check()

    def test_whoever_holds_the_permit_key_cannot_reach_back(self, replaced: World) -> None:
        """A decision that says it is from before means nothing where newer ones are."""
        last = replaced.gate()
        assert last.decision.rules == RULES
        size = replaced.log.head().size
        forged = replaced.decided(last, key("permit"), rules=0, outcome="allowed", not_after=last.decision.decided_at, history=size)
        index = replaced.smuggle(forged)
        assert replaced.ignored()[str(index)] == "decision.older-rules"

    def test_rules_that_are_not_known_are_not_guessed(self, world: World, fails: Fails) -> None:
        last = world.gate()
        size = world.log.head().size
        index = world.smuggle(world.decided(last, key("permit"), rules=RULES + 1, history=size))
        assert fails(replay.replay, world.ports, index) == "replay.newer-rules"
        assert fails(project, world.ports, "production") == "event.newer"
        world.broken = True

    def test_a_section_from_before_keeps_its_digest(self) -> None:
        from lockgate.core.policy import section_digest

        assert section_digest(standard_policy(), "production") != section_digest(standard_policy(status_max_age="1h"), "production")
        leaves = json.loads((CASES / "rules-0.json").read_bytes())["leaves"]
        opened = [record.open_envelope(record.read_leaf(base64.b64decode(one["leaf"])).event).event for one in leaves]
        sections = {one.section for one in opened if isinstance(one, events.Decided) and one.environment == "production"}
        assert sections == {section_digest(standard_policy(), "production")}


def _from_before(name: str = "rules-0.json") -> World:
    kept = json.loads((CASES / name).read_bytes())
    world = World()
    world.log.entries = [Entry(leaf=base64.b64decode(one["leaf"]), stream=one["stream"], key=one["key"]) for one in kept["leaves"]]
    world.blobs.held = {digest_of(data): data for data in map(base64.b64decode, kept["blobs"])}
    world.pinned = canon.decode(base64.b64decode(kept["root"]), Root)
    world.clock.at = datetime.fromisoformat(kept["at"])
    world.artifact()
    world.caught_up()
    return world
