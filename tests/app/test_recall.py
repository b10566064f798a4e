from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from build import KEYS, SIGNED, digest, key, person, person_id
from lockgate.app import gate, recall, report, say, status_list
from lockgate.app.permit import standing
from lockgate.app.project import project
from lockgate.core import events
from lockgate.core.envelope import Envelope
from lockgate.core.policy import EnvironmentPolicy, Policy
from lockgate.core.sightings import Blank, Located
from world import PEOPLE, World, standard_policy

Fails = Callable[..., str]
SHOP = digest("shop")
INDEX = "application/vnd.oci.image.index.v1+json"


def locate(world: World, *names: str) -> Located:
    return recall.locate(world.ports, [digest(name) for name in names or ("shop",)])


def where(found: Located) -> tuple[list[str], list[str], list[str]]:
    return [one.environment for one in found.running], [one.environment for one in found.ran], [one.environment for one in found.permits]


def revoke(world: World, by: str = "owner", environment: str = "", about: str = "shop") -> list[Any]:
    done = recall.revoke(world.ports, [digest(about)], "vulnerable", environment, world.id, key(by))
    world.caught_up()
    return done


def quietly(world: World, environment: str = "") -> None:
    revoke(world, "owner", environment)


def codes(world: World, to: str = "production", ref: str = "shop", **more: Any) -> set[str]:
    return {one.code for one in world.gate(to, ref, **more).decision.outcomes if one.code}


@pytest.fixture
def running(world: World) -> World:
    """``shop`` runs in staging and in production."""
    world.soaked()
    world.approved()
    assert world.deploy().exit_status == 0
    return world


class TestLocate:
    def test_where_it_runs_and_ran(self, running: World) -> None:
        found = locate(running)
        assert where(found) == (["production", "staging"], [], [])
        stay = found.running[0].stay
        assert (stay.deployer, stay.until, found.running[0].how, found.answer()) == (person_id("dora"), None, "itself", "found")
        running.artifact("other")
        running.deploy("staging", "other")
        assert where(locate(running)) == (["production"], ["staging"], [])

    def test_permits_that_live(self, running: World) -> None:
        running.gate("staging")
        assert where(locate(running))[2] == ["staging"]
        running.clock.advance(minutes=15)
        assert where(locate(running))[2] == []

    def test_nowhere(self, running: World) -> None:
        assert locate(running, "other").answer() == "nowhere"

    def test_a_configuration(self, world: World) -> None:
        world.gate("staging", config=digest("config"))
        found = locate(world, "config")
        assert (found.permits[0].through, found.answer()) == (digest("config"), "found")

    def test_one_artifact_of_several(self, world: World) -> None:
        world.artifact("worker")
        ask = world.ask("staging", refs=("file:shop", "file:worker"))
        gated = gate.gate(world.ports, ask, key("dora"))
        world.record(world.deployed(gated.index, "staging"), gated.release.artifacts, "dora")
        found = locate(world, "worker")
        assert [one.through for one in found.running] == [digest("worker")]

    def test_what_the_policy_names_no_more(self, running: World) -> None:
        only = standard_policy()
        running.policy(Policy(version=1, project="shop", environments={"staging": only.environments["staging"]}, keys=dict(KEYS)))
        assert where(locate(running))[0] == ["production", "staging"]

    def test_inside_an_index(self, world: World, fails: Fails) -> None:
        inside = (digest("amd64"), digest("arm64"))
        world.artifact("index")
        world.source.artifacts["index"].inside, world.source.artifacts["index"].media_type = inside, INDEX
        world.deploy("staging", "index")
        found = locate(world, "arm64")
        assert [(one.how, one.through) for one in found.running] == [("inside", digest("index"))]
        assert recall.read_inside(world.ports, "file:index", "") == ((digest("index"), *inside), "")
        revoke(world, about="arm64")
        assert codes(world, "staging", "index") == {"release.recalled"}

    def test_what_is_inside_may_not_be_known(self, world: World) -> None:
        world.artifact("index")
        world.source.artifacts["index"].media_type = INDEX
        done = world.deploy("staging", "index")
        found = locate(world, "arm64")
        assert found.unknown == (Blank(environment="staging", artifact=digest("index"), code="recall.inside-unknown"),)
        assert found.answer() == "unknown"
        assert locate(world, "index").answer() == "found"
        del world.blobs.held[done.gated.decision.evidence]
        world.erased.add(done.gated.index)
        assert [one.code for one in locate(world, "arm64").unknown] == ["blob.missing"]

    def test_an_environment_that_cannot_be_read(self, running: World) -> None:
        """What a later lockgate wrote there may be anything; the other environments are listed."""
        newer = running.envelope(running.log.last("env:staging"))
        statement = b'{"_type":"https://in-toto.io/Statement/v1","predicate":{},"predicateType":"https://lockgate.dev/attestation/later/v1","subject":[]}'
        from lockgate.evidence import b64

        running.smuggle(Envelope(payload=b64.encode(statement), payload_type=newer.payload_type, signatures=newer.signatures), "env:staging", previous=None)
        found = locate(running)
        assert where(found)[0] == ["production"]
        assert (found.answer(), [(one.environment, one.code) for one in found.unknown]) == ("unknown", [("staging", "event.newer")])
        running.broken = True

    def test_it_records_nothing(self, running: World) -> None:
        size = running.log.head().size
        locate(running)
        assert running.log.head().size == size


class TestRevoke:
    def test_an_owner_everywhere_at_once(self, running: World) -> None:
        (done,) = revoke(running)
        assert (done.environment, done.code) == ("house", "")
        assert codes(running) == {"release.recalled"}
        assert codes(running, "staging") == {"release.recalled"}
        found = report.status(running.ports)
        assert [[one.id for one in each.recalled] for each in found.environments] == [[done.id], [done.id]]
        assert [one.id for one in found.revoked] == [done.id]
        assert [one.id for one in locate(running).revoked] == [done.id]

    def test_an_approver_where_they_may_say_no(self, running: World) -> None:
        done = {one.environment: one.code for one in revoke(running, "bob")}
        assert done == {"production": "", "staging": "revocation.not-yours"}
        assert codes(running) == {"release.recalled"}
        assert codes(running, "staging") == set()

    def test_a_place_that_fails_keeps_it_from_no_other(self, running: World) -> None:
        running.roster(*(person(name, {"production": ["approve:x"], "staging": ["approve:x"]}) for name in ("dora", "bob")))
        last = running.envelope(running.log.last("env:production"))
        running.smuggle(last, "env:production", at=running.clock.now() - timedelta(hours=1))
        assert {one.environment: one.code for one in revoke(running, "bob")} == {"production": "time.backwards", "staging": ""}
        running.broken = True

    def test_in_one_environment(self, running: World, fails: Fails) -> None:
        (done,) = revoke(running, "owner", "staging")
        assert (done.environment, done.code) == ("staging", "")
        assert codes(running) == set()
        assert [one.code for one in revoke(running, "bob", "staging")] == [""]  # it stands already
        assert fails(revoke, running, "bob", "staging", "other") == "revocation.not-yours"
        assert fails(revoke, running, "owner", "nowhere") == "policy.no-environment"

    def test_an_owner_whom_nobody_enrolled(self, running: World, fails: Fails) -> None:
        """In one environment as everywhere, and what somebody else revoked there is lifted by them too: as with holds."""
        running.root(owners=tuple(sorted([key("owner").public, key("opal").public])))
        (theirs,) = revoke(running, "bob", "production")
        recall.lift(running.ports, theirs.id, running.nonce(), key("opal"))
        running.caught_up()
        assert codes(running) == set()
        (own,) = revoke(running, "opal", "production")
        assert (own.environment, codes(running), codes(running, "staging")) == ("production", {"release.recalled"}, set())
        assert fails(recall.lift, running.ports, own.id, running.nonce(), key("bob")) == "revocation.not-yours"
        recall.lift(running.ports, own.id, running.nonce(), key("owner"))
        running.caught_up()
        assert codes(running) == set()

    @pytest.mark.parametrize("by", ["eve", "dora", "mallory"])
    def test_nobody_else(self, running: World, fails: Fails, by: str) -> None:
        size = running.log.head().size
        assert fails(revoke, running, by) == "revocation.not-yours"
        assert running.log.head().size == size

    def test_twice_is_once(self, running: World) -> None:
        (first,), size = revoke(running), running.log.head().size
        assert revoke(running) == [first]
        assert revoke(running, "bob", "production") == [first]
        assert running.log.head().size == size

    def test_more_than_one_event_can_name(self, world: World) -> None:
        many = [digest(str(number)) for number in range(100)]
        done = recall.revoke(world.ports, many, "other", "", world.id, key("owner"))
        world.caught_up()
        assert [one.code for one in done] == ["", ""]
        assert sum(len(one.digests) for one in project(world.ports, "").state.house.revoked) == 100

    def test_lifted_it_may_be_asked_for_again(self, running: World, fails: Fails) -> None:
        (done,) = revoke(running)
        assert fails(recall.lift, running.ports, done.id, running.nonce(), key("bob")) == "revocation.not-yours"
        recall.lift(running.ports, done.id, running.nonce(), key("owner"))
        running.caught_up()
        assert codes(running) == set()
        assert fails(recall.lift, running.ports, done.id, running.nonce(), key("owner")) == "revocation.unknown"
        assert report.status(running.ports).revoked == ()

    def test_said_again_after_it_was_lifted(self, running: World, fails: Fails) -> None:
        genesis = running.genesis
        event = events.Revoked(log=genesis, id=running.id(), environment="house", reason="other")
        envelope = say.sign_event(event, (SHOP,), key("owner"))
        first = say.record_event(running.ports, envelope)
        running.caught_up()
        assert say.record_event(running.ports, envelope) == say.Recorded(index=first.index, new=False)
        recall.lift(running.ports, event.id, running.nonce(), key("owner"))
        running.caught_up()
        assert fails(say.record_event, running.ports, envelope) == "event.replayed"

    def test_what_is_recalled_is_not_asked_for(self, running: World, fails: Fails) -> None:
        revoke(running)
        assert fails(running.request) == "release.recalled"


class TestPermits:
    def test_it_is_gone_between_gate_and_deploy(self, world: World, fails: Fails) -> None:
        world.soaked()
        world.approved()
        gated = world.gate()
        revoke(world, "bob", "production")
        assert fails(standing, world.ports, "production", gated.index, gated.release) == "permit.revoked"
        done = world.deploy()
        assert (done.exit_status, {one.code for one in done.gated.decision.outcomes if one.code}) == (None, {"release.recalled"})
        assert world.runner.ran[1:] == []

    @pytest.mark.parametrize("environment", ["", "production"])
    def test_what_is_revoked_while_the_command_runs_is_known_to_run_and_counts_nowhere(self, world: World, environment: str) -> None:
        world.soaked()
        world.approved()
        world.runner.during = lambda: quietly(world, environment)
        assert world.deploy().outcome == "deployed"
        here = project(world.ports, "production").state.environment
        assert here.stays[-1].fell
        assert [stay.fell for stay in here.counted()] == [True]

    def test_a_failed_deployment_is_still_recorded(self, world: World) -> None:
        world.soaked()
        world.approved()
        world.runner.status, world.runner.during = 3, lambda: quietly(world)
        assert world.deploy().exit_status == 3

    def test_one_permit_frees_its_request(self, world: World, fails: Fails) -> None:
        world.soaked()
        world.approved()
        gated = world.gate()
        assert recall.permit_at(world.ports, gated.index) == ("production", gated.release)
        recall.revoke_permit(world.ports, gated.index, "mistaken", world.id(), key("ann"))
        world.caught_up()
        assert report.status(world.ports).environments[0].permits == ()
        assert fails(standing, world.ports, "production", gated.index, gated.release) == "permit.revoked"
        again = world.gate()
        assert (again.decision.outcome, again.index > gated.index) == ("allowed", True)
        assert world.deploy().exit_status == 0

    def test_given_back_by_who_holds_it(self, world: World, fails: Fails) -> None:
        """Unused, it keeps nobody else out any more; and nobody can use it."""
        world.roster(*PEOPLE, person("don", {"production": ["deploy"]}))
        world.soaked()
        world.approved()
        held = world.gate()
        assert codes(world, by="don") == {"approved.permit-outstanding"}
        recall.revoke_permit(world.ports, held.index, "other", world.id(), key("dora"))
        world.caught_up()
        assert fails(standing, world.ports, "production", held.index, held.release) == "permit.revoked"
        assert world.deploy(by="don").outcome == "deployed"

    def test_a_number_that_is_no_permit(self, world: World, fails: Fails) -> None:
        refused = world.gate()
        for index in (0, refused.index, 10_000):
            assert fails(recall.permit_at, world.ports, index) == "recall.no-permit"

    def test_an_idempotent_retry_hears_of_it(self, world: World, fails: Fails) -> None:
        world.gate("staging", key="again")
        revoke(world)
        assert fails(world.gate, "staging", key="again") == "permit.revoked"


def test_a_gate_that_looked_before_it_looks_again(world: World) -> None:
    """Revoked between decide and record: compare-and-append notices, in the environment and in the house."""
    for environment in ("staging", ""):
        seen: list[int] = []

        def once(environment: str = environment, seen: list[int] = seen) -> None:
            if not seen:
                seen.append(1)
                revoke(world, "owner", environment)

        put = world.blobs.put

        def during(data: bytes, put: Any = put, once: Any = once) -> Any:
            once()
            return put(data)

        world.blobs.put = during
        gated = world.gate("staging")
        world.blobs.put = put
        assert gated.decision.outcome == "refused"
        assert "release.recalled" in {one.code for one in gated.decision.outcomes}
        for one in (*project(world.ports, "staging").state.environment.revoked, *project(world.ports, "").state.house.revoked):
            if one.lifted < 0:
                recall.lift(world.ports, one.id, world.nonce(), key("owner"))
                world.caught_up()


def test_an_environment_without_approvals_has_an_owner(world: World) -> None:
    world.policy(Policy(version=1, project="shop", environments={"staging": EnvironmentPolicy(requires=(SIGNED,))}, keys=dict(KEYS)))
    assert [one.code for one in revoke(world, "owner", "staging")] == [""]
    assert codes(world, "staging") == {"release.recalled"}
    assert status_list.issue(world.ports, "1h")[0].revoked[0].environment == "staging"
