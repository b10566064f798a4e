"""A permit in a file, checked offline: each thing that can be wrong with it has its code, and what is left is a yes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from build import digest, key
from lockgate.app import artifacts, attach, inspect, present, prove, recall, status_list
from lockgate.app.present import Terms
from lockgate.core.ports import Ended
from lockgate.errors import LockgateError
from lockgate.evidence import status
from world import World, standard_policy

SHOP = (digest("shop"),)
HERE = Terms(environment="production", artifacts=SHOP, config="none")


class Held:
    """A permit's file and whoever checks it, who has the root and remembers a head."""

    def __init__(self, world: World) -> None:
        self.world = world
        world.soaked()
        world.approved()
        self.index = world.gate().index
        self.permit = prove.prove(world.ports, self.index)
        self.remembered: bytes | None = None

    def list(self, max_age: str = "1h") -> bytes:
        return status_list.issue(self.world.ports, max_age)[1]

    def check(self, terms: Terms = HERE, *, permit: bytes = b"", now: datetime | None = None, **more: Any) -> inspect.SeenProof:
        assert self.world.pinned is not None
        at = now or self.world.clock.now()
        terms = Terms(**{**{name: getattr(terms, name) for name in terms.__struct_fields__}, **more})
        seen = inspect.inspect_proof(permit or self.permit, self.world.pinned, "lockgate.trust", at)
        found, newest = present.present(permit or self.permit, seen, terms, self.world.pinned, at, self.remembered)
        if found.code != "permit.smaller-tree":
            self.remembered = newest
        return found

    def code(self, terms: Terms = HERE, **more: Any) -> str:
        try:
            return self.check(terms, **more).code
        except LockgateError as err:
            return err.code

    def revoke(self, by: str = "owner", environment: str = "") -> None:
        recall.revoke(self.world.ports, SHOP, "vulnerable", environment, self.world.id, key(by))
        self.world.caught_up()


@pytest.fixture
def held(world: World) -> Held:
    return Held(world)


@pytest.fixture
def strict(world: World) -> Held:
    """The policy asks for lists of ten minutes."""
    world.policy(standard_policy(status_max_age="10m"))
    return Held(world)


class TestWhatIsAsked:
    def test_all_of_it_holds(self, held: Held) -> None:
        seen = held.check()
        assert (seen.code, seen.listed, seen.runs, seen.index) == ("", -1, False, held.index)
        assert held.check(status=held.list()).listed == held.world.log.head().size

    @pytest.mark.parametrize(
        ("terms", "code"),
        [
            ({"environment": "staging"}, "permit.other-environment"),
            ({"artifacts": (digest("other"),)}, "permit.other-artifact"),
            ({"artifacts": (*SHOP, digest("other"))}, "permit.other-artifact"),
            ({"config": digest("config")}, "permit.other-config"),
        ],
    )
    def test_another_one(self, held: Held, terms: dict[str, Any], code: str) -> None:
        assert held.code(**terms) == code
        assert held.code(**terms, status=held.list()) == code

    def test_it_ends(self, held: Held) -> None:
        end = held.world.clock.now() + timedelta(minutes=15)
        assert held.code(now=end - timedelta(seconds=1)) == ""
        assert held.code(now=end) == "permit.expired"

    def test_what_is_no_permit(self, held: Held) -> None:
        world = held.world
        refused = world.gate(by="eve")
        assert refused.decision.outcome == "refused"
        for index in (refused.index, held.index - 1, 0):
            assert held.code(permit=prove.prove(world.ports, index)) == "permit.none"

    def test_a_forged_one(self, held: Held) -> None:
        world = held.world
        good = world.gate()
        forged = world.smuggle(world.decided(good, key("mallory"), history=world.log.head().size))
        assert held.code(permit=prove.prove(world.ports, forged)) == "event.other-key"
        world.broken = True

    def test_a_changed_byte(self, held: Held) -> None:
        for place in range(0, len(held.permit), 97):
            data = bytearray(held.permit)
            data[place] ^= 1
            assert held.code(permit=bytes(data)) != ""

    def test_artifacts_are_read(self, held: Held) -> None:
        bench = attach.Bench(source=held.world.source, clock=held.world.clock)
        assert artifacts.artifacts_of(bench, ("file:shop", digest("x"))) == ((*SHOP, digest("x")), ())
        held.world.source.artifacts["shop"].data = b"other bytes"
        with pytest.raises(LockgateError) as err:
            artifacts.artifacts_of(bench, ("file:shop",))
        assert err.value.code == "digest.mismatch"


class TestRevoked:
    @pytest.mark.parametrize(("by", "environment"), [("owner", ""), ("bob", ""), ("ann", "production")])
    def test_the_list_says_it(self, held: Held, by: str, environment: str) -> None:
        held.revoke(by, environment)
        found = held.check(status=held.list())
        assert (found.code, found.because) == ("permit.revoked", "vulnerable")

    def test_elsewhere_alone_it_is_not(self, held: Held) -> None:
        held.world.roster(*_with_staging())
        held.permit = prove.prove(held.world.ports, held.index)
        held.revoke("bob", "staging")
        assert held.code(status=held.list()) == ""

    def test_lifted_the_old_permit_stays_gone(self, held: Held) -> None:
        world = held.world
        held.revoke()
        (one,) = recall.locate(world.ports, SHOP).revoked
        recall.lift(world.ports, one.id, world.nonce(), key("owner"))
        world.caught_up()
        assert held.code(status=held.list()) == "permit.revoked"
        world.clock.advance(minutes=16)
        again = world.gate()
        assert again.decision.outcome == "allowed"
        assert held.code(permit=prove.prove(world.ports, again.index), status=held.list()) == ""

    def test_one_permit(self, held: Held) -> None:
        world = held.world
        recall.revoke_permit(world.ports, held.index, "mistaken", world.id(), key("bob"))
        world.caught_up()
        assert held.code(status=held.list()) == "permit.revoked"
        again = world.gate()
        assert (again.decision.outcome, again.new) == ("allowed", True)
        assert held.code(permit=prove.prove(world.ports, again.index), status=held.list()) == ""


class TestList:
    def test_a_policy_that_asks_for_one(self, strict: Held) -> None:
        assert strict.code() == "status.missing"
        assert strict.code(Terms()) == "status.missing"
        data = strict.list()
        assert strict.code(status=data) == ""
        assert strict.code(status=data, now=strict.world.clock.now() + timedelta(minutes=10, seconds=1)) == "status.too-old"

    def test_what_is_wrong_anyway_is_said_first(self, strict: Held) -> None:
        assert strict.code(environment="staging") == "permit.other-environment"

    def test_forged(self, held: Held) -> None:
        said, _ = status_list.issue(held.world.ports, "1h")
        signature = key("mallory").sign(status.to_sign(said))
        assert held.code(status=status.seal(said, key("mallory").public, signature)) == "status.forged"
        assert held.code(status=b"{}") == "status.malformed"

    def test_of_another_log(self, held: Held) -> None:
        other = World()
        other.clock.at = held.world.clock.at
        other.begin()
        assert held.code(status=status_list.issue(other.ports, "1h")[1]) == "status.other-log"

    def test_from_before_the_permit(self, held: Held) -> None:
        world, early = held.world, held.list()
        world.clock.advance(minutes=16)
        again = world.gate()
        assert held.code(permit=prove.prove(world.ports, again.index), status=early) == "status.older-tree"

    def test_a_fork_of_one_size(self, held: Held) -> None:
        other = held.world.copy()
        for world, by in ((held.world, "eve"), (other, "rita")):
            world.gate(by=by)
        permit = prove.prove(held.world.ports, held.index)
        assert held.code(permit=permit, status=status_list.issue(other.ports, "1h")[1]) == "head.forked"
        assert held.code(permit=permit) == ""
        assert held.code(permit=prove.prove(other.ports, held.index)) == "head.forked"

    def test_it_is_made_from_history_alone(self, held: Held) -> None:
        size = held.world.log.head().size
        held.list()
        assert held.world.log.head().size == size

    def test_nobody_vouches_or_nobody_signs(self, held: Held) -> None:
        held.world.permit = None
        assert _code(held.list) == "permit.no-key"
        held.world.permit = key("mallory")
        assert _code(held.list) == "permit.other-key"
        held.world.pinned = None
        assert _code(held.list) == "root.unpinned"

    def test_what_ends_by_itself_is_left_out(self, held: Held) -> None:
        world = held.world
        recall.revoke_permit(world.ports, held.index, "mistaken", world.id(), key("bob"))
        said, _ = status_list.issue(world.ports, "1h")
        assert [one.permit for one in said.revoked] == [held.index]
        world.clock.advance(hours=25)
        assert status_list.issue(world.ports, "1h")[0].revoked == ()

    def test_what_runs_by_it_is_not(self, held: Held) -> None:
        world = held.world
        world.deploy()
        recall.revoke_permit(world.ports, held.index, "mistaken", world.id(), key("bob"))
        world.clock.advance(hours=25)
        assert [one.permit for one in status_list.issue(world.ports, "1h")[0].revoked] == [held.index]


class TestSeen:
    def test_never_a_smaller_tree_than_was_seen(self, held: Held) -> None:
        world, early = held.world, held.list()
        world.gate(by="eve")
        later = held.list()
        assert held.code(status=later) == ""
        assert held.code() == "permit.smaller-tree"
        assert held.code(status=early) == "permit.smaller-tree"
        assert held.code(permit=prove.prove(world.ports, held.index)) == ""
        assert held.code(status=later) == ""

    def test_a_memory_that_is_damaged_is_no_memory_of_nothing(self, held: Held) -> None:
        held.remembered = b"rubbish"
        assert held.code() == "head.unreadable"


class TestRun:
    def test_what_runs_may_restart_past_the_permits_end(self, held: Held) -> None:
        world = held.world
        world.deploy()
        world.clock.advance(hours=5)
        assert held.code(status=held.list()) == "permit.expired"
        seen = held.check(run=True, status=held.list())
        assert (seen.code, seen.runs) == ("", True)
        assert held.code(run=True) == "status.missing"

    def test_not_where_it_does_not_run(self, held: Held) -> None:
        world = held.world
        world.clock.advance(hours=5)
        assert held.code(run=True, status=held.list()) == "permit.expired"

    def test_not_once_something_else_runs(self, held: Held) -> None:
        world = held.world
        world.deploy()
        world.artifact("other")
        world.soaked("other")
        world.approved("other")
        world.deploy(ref="other")
        world.clock.advance(hours=5)
        assert held.code(run=True, status=held.list()) == "permit.expired"

    def test_not_where_nobody_knows_what_runs(self, held: Held) -> None:
        """While something else is deployed it is what runs still, pod by pod; where that broke off, nobody knows."""
        world, lists = held.world, list[bytes]()
        world.deploy()
        world.artifact("other")
        world.soaked("other")
        world.approved("other")
        world.runner.ended = Ended(status=137, signal=9)
        world.runner.during = lambda: lists.append(held.list())
        assert world.deploy(ref="other").outcome == "deploy-unknown"
        world.clock.advance(minutes=30)
        assert held.code(run=True, status=lists[0]) == ""
        assert held.code(run=True, status=held.list()) == "permit.expired"
        world.runner.ended, world.runner.during = None, lambda: None
        world.deploy()
        assert held.code(run=True, status=held.list()) == ""

    def test_not_once_it_was_recalled(self, held: Held) -> None:
        held.world.deploy()
        held.world.clock.advance(hours=5)
        held.revoke()
        assert held.code(run=True, status=held.list()) == "permit.revoked"

    def test_not_under_a_root_that_ended(self, held: Held) -> None:
        world = held.world
        world.deploy()
        said, data = status_list.issue(world.ports, "9000d")
        assert said.runs
        assert held.code(run=True, status=data, now=world.clock.now() + timedelta(days=400)) == "root.expired"


def _code(call: Any) -> str:
    with pytest.raises(LockgateError) as err:
        call()
    return err.value.code


def _with_staging() -> tuple[Any, ...]:
    from build import person
    from world import PEOPLE

    bob = person("bob", {"production": ["approve:security"], "staging": ["approve:security"]})
    return tuple(bob if one.id == bob.id else one for one in PEOPLE)
