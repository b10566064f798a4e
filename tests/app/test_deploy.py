from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from build import NOW, digest, key, person, person_id
from lockgate.app import deploy, gate, say
from lockgate.app.permit import standing
from lockgate.app.project import project
from lockgate.core import events
from lockgate.core.facts import Stay
from lockgate.errors import LedgerError
from lockgate.evidence import record
from world import PEOPLE, World, changed

Fails = Callable[..., str]
SHOP = (digest("shop"),)


def occupant(world: World, environment: str = "production") -> Stay | None:
    return project(world.ports, environment).state.environment.occupant()


@pytest.fixture
def ready(world: World) -> str:
    """Everything holds; the request's id."""
    world.soaked()
    return world.approved()


class TestDeploy:
    def test_it_runs_on_a_copy_and_records_what_came_of_it(self, world: World, ready: str) -> None:
        done = world.deploy()
        assert done.exit_status == 0
        (command,) = world.runner.ran[1:]
        assert command == ["run", f"/scratch/{digest('shop')[:19]}"]
        stay = occupant(world)
        assert stay is not None
        assert (stay.leaf, stay.decision, stay.deployer, stay.known) == (done.index, done.gated.index, person_id("dora"), "claimed")
        assert project(world.ports, "production").state.environment.permits == ()

    def test_a_refusal_runs_nothing(self, world: World) -> None:
        done = world.deploy()
        assert (done.exit_status, done.index, world.runner.ran) == (None, -1, [])

    @pytest.mark.parametrize(("status", "recorded"), [(3, 3), (137, 137), (255, 255)])
    def test_a_failed_command_gives_the_permit_back(self, world: World, ready: str, status: int, recorded: int) -> None:
        world.runner.status = status
        done = world.deploy()
        assert done.exit_status == status
        event = events_at(world, done.index)
        assert isinstance(event, events.DeployFailed)
        assert event.exit_status == recorded
        assert (done.outcome, done.exit_code) == ("deploy-failed", status)
        assert occupant(world) is None
        world.runner.status = 0
        assert world.deploy().exit_status == 0

    def test_usage(self, world: World, fails: Fails) -> None:
        assert fails(world.deploy, "nowhere") == "policy.no-environment"
        assert fails(deploy.deploy, world.ports, world.ask("staging"), ["run"], key("dora"), print) == "deploy.no-ref"

    @pytest.mark.parametrize(("by", "code"), [("eve", "people.no-duty"), ("rita", "people.no-duty"), ("mallory", "key.not-enrolled")])
    def test_who_may_not_deploy_gets_no_permit_and_runs_nothing(self, world: World, fails: Fails, by: str, code: str) -> None:
        size = world.log.head().size
        assert fails(world.deploy, "staging", by=by) == code
        assert (world.log.head().size, world.runner.ran) == (size, [])

    def test_unpinned_nothing_is_run(self, world: World, fails: Fails) -> None:
        world.pinned = None
        assert fails(world.deploy, "staging") == "root.unpinned"
        assert world.runner.ran == []


MEANWHILE: dict[str, tuple[str, Callable[[World, str], object]]] = {
    "somebody says no": ("permit.gone", lambda world, id_: world.reject(id_, "carl")),
    "the request is withdrawn": ("permit.gone", lambda world, id_: world.withdraw(id_, "rita", "request")),
    "an approver takes it back": ("permit.gone", lambda world, id_: world.withdraw(id_, "bob", "approval")),
    "an approver leaves": ("permit.gone", lambda world, id_: world.roster(*(one for one in PEOPLE if one.id != person_id("bob")))),
    "the permit is used": ("permit.gone", lambda world, id_: world.record(world.deployed(world.decisions()[-1]), SHOP, "dora")),
    "the permit ends": ("permit.expired", lambda world, id_: world.clock.advance(minutes=15)),
    "the deployer leaves": ("key.not-enrolled", lambda world, id_: world.roster(*(one for one in PEOPLE if one.id != person_id("dora")))),
    "the deployer loses the duty": ("people.no-duty", lambda world, id_: world.roster(*PEOPLE[:1], person("dora"), *PEOPLE[2:])),
    "the clock goes back": ("time.behind-log", lambda world, id_: world.clock.advance(minutes=-1)),
}


class TestBetweenGateAndRun:
    @pytest.mark.parametrize("what", MEANWHILE)
    def test_nothing_is_run(self, world: World, ready: str, fails: Fails, what: str) -> None:
        """It happens while the bytes are copied."""
        code, happens = MEANWHILE[what]
        before, at, copied = len(world.runner.ran), world.clock.at, world.source.copy

        def copy(*args: Any) -> Any:
            world.caught_up()
            happens(world, ready)
            return copied(*args)

        world.source.copy = copy  # type: ignore[assignment, method-assign]
        assert fails(world.deploy) == code
        assert len(world.runner.ran) == before
        world.clock.at = max(at, world.clock.at)

    def test_a_permit_stands_for_nobody_who_pins_no_root(self, world: World, ready: str, fails: Fails) -> None:
        gated = world.gate()
        root, world.pinned = world.pinned, None
        assert fails(standing, world.ports, "production", gated.index, gated.release) == "root.unpinned"
        world.pinned = root

    def test_other_bytes_under_the_name(self, world: World, ready: str, fails: Fails) -> None:
        told: list[gate.Gated] = []

        def tell(gated: gate.Gated) -> None:
            told.append(gated)
            world.source.artifacts["shop"].data = b"others"

        assert fails(deploy.deploy, world.ports, world.ask(), ["run", "{ref}"], key("dora"), tell) == "digest.mismatch"
        assert told[0].decision.outcome == "allowed"
        assert len(world.runner.ran) == 1

    def test_another_artifact_under_the_tag(self, world: World, ready: str, fails: Fails) -> None:
        """The reference is looked up once: what it names later does not matter, and is not run."""
        world.artifact("other", data=b"other")
        real = world.source.resolve
        calls = []

        def resolve(*args: Any) -> Any:
            calls.append(args)
            return real(*args)

        world.source.resolve = resolve  # type: ignore[assignment, method-assign]
        world.deploy()
        assert len(calls) == 1


class TestRecordOfIt:
    def test_a_deployment_that_cannot_be_recorded_says_so(self, world: World) -> None:
        world.runner.during = lambda: setattr(world.log, "fails", LedgerError("log.full", "no space"))
        with pytest.raises(LedgerError) as err:
            world.deploy("staging")
        assert err.value.code == "log.full"
        assert "the command succeeded, and that could not be recorded" in err.value.message
        ((name, kept),) = world.outbox.kept.items()
        assert (name in err.value.message, err.value.remedy) == (True, f"lockgate log record {name}")
        world.log.fails = None
        say.record_event(world.ports, record.read_envelope(kept))
        occupant = project(world.ports, "staging").state.environment.occupant()
        assert occupant is not None
        assert occupant.release.artifacts == SHOP

    def test_a_deployment_that_is_stopped_while_it_is_recorded_is_kept(self, world: World) -> None:
        """Its turn at the log may be long in coming."""
        world.runner.during = lambda: setattr(world.log, "fails", KeyboardInterrupt())
        with pytest.raises(LedgerError) as err:
            world.deploy("staging")
        assert err.value.code == "command.stopped"
        assert "the command succeeded" in err.value.message
        ((name, kept),) = world.outbox.kept.items()
        assert err.value.remedy == f"lockgate log record {name}"
        world.log.fails = None
        say.record_event(world.ports, record.read_envelope(kept))
        assert occupant(world, "staging") is not None

    def test_where_nothing_takes_it_that_is_said_too(self, world: World) -> None:
        world.outbox.full = True
        world.runner.during = lambda: setattr(world.log, "fails", LedgerError("log.full", "no space"))
        with pytest.raises(LedgerError) as err:
            world.deploy("staging")
        assert "could not be recorded or kept anywhere" in err.value.message

    @pytest.mark.parametrize("status", [126, 127])
    def test_a_command_that_cannot_be_run_failed(self, world: World, status: int) -> None:
        world.runner.status = status
        done = world.deploy("staging")
        assert (done.outcome, done.exit_code) == ("deploy-failed", status)
        assert occupant(world, "staging") is None

    def test_unsigned(self, world: World, fails: Fails) -> None:
        gated = world.gate("staging")
        good = say.sign_event(world.deployed(gated.index, "staging"), SHOP, key("dora"))
        unsigned = changed(good, signatures=())
        assert fails(say.record_event, world.ports, unsigned) == "event.unsigned"
        index = world.smuggle(unsigned)
        assert world.ignored()[str(index)] == "event.unsigned"
        assert occupant(world, "staging") is None

    @pytest.mark.parametrize(
        ("changes", "subjects", "by", "code"),
        [
            ({}, SHOP, "eve", "people.no-duty"),
            ({}, SHOP, "mallory", "key.not-enrolled"),
            ({}, (digest("other"),), "dora", "deployed.other-release"),
            ({"config": digest("config")}, SHOP, "dora", "deployed.other-release"),
            ({"permit": 3}, SHOP, "dora", "deployed.no-permit"),
            ({"permit": 10**9}, SHOP, "dora", "deployed.no-permit"),
            ({"environment": "production"}, SHOP, "dora", "deployed.no-permit"),
            ({"started_at": NOW + timedelta(minutes=15), "ended_at": NOW + timedelta(hours=1)}, SHOP, "dora", "deployed.permit-expired"),
            ({"ended_at": NOW - timedelta(seconds=1)}, SHOP, "dora", "deployed.permit-expired"),
        ],
    )
    def test_what_is_no_deployment(self, world: World, fails: Fails, changes: dict[str, Any], subjects: tuple[str, ...], by: str, code: str) -> None:
        gated = world.gate("staging")
        said = world.deployed(gated.index, "staging", **changes)
        assert fails(world.record, said, subjects, by) == code
        index = world.smuggle(say.sign_event(said, subjects, key(by)))
        assert world.ignored()[str(index)] == code
        assert occupant(world, "staging") is None

    def test_for_a_digest_without_a_permit(self, world: World, fails: Fails) -> None:
        world.artifact("other", signed="")
        refused = world.gate("staging", "other")
        assert fails(world.record, world.deployed(refused.index, "staging"), (digest("other"),), "dora") == "deployed.no-permit"

    def test_somebody_elses_permit(self, world: World, fails: Fails) -> None:
        world.roster(*PEOPLE, person("dave", {"staging": ["deploy"]}))
        gated = world.gate("staging", by="dora")
        assert fails(world.record, world.deployed(gated.index, "staging"), SHOP, "dave") == "deployed.other-person"

    def test_nobodys_permit_is_anybodys(self, world: World) -> None:
        gated = world.gate("staging", by=None)
        world.record(world.deployed(gated.index, "staging"), SHOP, "dora")
        assert occupant(world, "staging") is not None

    def test_a_permit_is_used_once(self, world: World, fails: Fails) -> None:
        gated = world.gate("staging")
        first = say.sign_event(world.deployed(gated.index, "staging"), SHOP, key("dora"))
        recorded = say.record_event(world.ports, first)
        assert say.record_event(world.ports, first) == say.Recorded(index=recorded.index, new=False)
        world.clock.advance(seconds=1)
        assert fails(world.record, world.deployed(gated.index, "staging"), SHOP, "dora") == "deployed.no-permit"
        index = world.smuggle(first)
        assert world.ignored()[str(index)] == "deployed.no-permit"

    def test_recorded_late_it_still_counts_for_a_day(self, world: World, fails: Fails) -> None:
        late, too_late = world.gate("staging", key="a"), world.gate("staging", key="b")
        said = world.deployed(late.index, "staging")
        world.clock.advance(hours=24, minutes=14)
        world.record(said, SHOP, "dora")
        world.clock.advance(minutes=1)
        assert fails(world.record, world.deployed(too_late.index, "staging", started_at=NOW, ended_at=NOW), SHOP, "dora") in {
            "deployed.permit-expired",
            "deployed.no-permit",
        }

    def test_redeploying_what_runs_needs_no_new_approval_until_another_was_there(self, world: World, ready: str) -> None:
        world.deploy()
        world.clock.advance(hours=100)
        world.artifact("shop")
        assert world.deploy().exit_status == 0
        world.artifact("other")
        world.soaked("other")
        world.approved("other")
        assert world.deploy(ref="other").exit_status == 0
        again = world.gate()
        assert {one.code for one in again.decision.outcomes if one.code} == {"approved.no-request", "release.downgrade"}
        spent = world.gate(request=ready)
        assert {one.code for one in spent.decision.outcomes if one.code} == {"approved.spent", "release.downgrade"}


def events_at(world: World, index: int) -> events.Event:
    from lockgate.evidence import record

    return record.open_envelope(world.envelope(index)).event
