"""Deployments that broke off, were stopped, or went on while something else happened: what nobody knows is never said to run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attack.stage import small_rooms
from build import NOW, digest, key, nonce, person, person_id
from lockgate.app import deploy, report, say
from lockgate.app.deploy import end_of
from lockgate.app.permit import standing
from lockgate.app.project import project
from lockgate.core import events
from lockgate.core.ports import Ended
from lockgate.core.state import EnvironmentState
from lockgate.errors import LedgerError, LockgateError
from world import PEOPLE, World

Fails = Callable[..., str]
SHOP = (digest("shop"),)
HOUR = timedelta(hours=1)


class Killed(BaseException):
    """This process dies: nothing that follows is done."""


def state(world: World, environment: str = "staging") -> EnvironmentState:
    return project(world.ports, environment).state.environment


def codes(gated: Any) -> set[str]:
    return {one.code for one in gated.decision.outcomes if one.code}


def die(world: World, to: str = "staging", **more: Any) -> None:
    """`deploy` that ends with the process, while the command runs."""

    def now() -> None:
        raise Killed

    world.runner.during = now
    with pytest.raises(Killed):
        world.deploy(to, **more)
    world.runner.during = lambda: None
    world.caught_up()


@given(st.integers(0, 255), st.sampled_from([0, 2, 9, 15]), st.sampled_from(["", "timed-out", "interrupted"]), st.sampled_from([0, 2, 15]))
def test_nothing_is_called_deployed_unless_it_ended_with_0_by_itself(status: int, number: int, stopped: Any, heard: int) -> None:
    begun = events.DeployStarted(log=digest("log"), permit=3, environment="staging", config="none", started_at=NOW, ends_by=NOW + HOUR, nonce=nonce())
    ended = Ended(status=128 + number if number else status, signal=number, stopped=stopped, heard=heard)
    event = end_of(begun, ended, NOW, digest("evidence"), ())
    well = ended.status == 0 and not number and not stopped
    assert (type(event) is events.Deployed) == well
    assert isinstance(event, events.DeployUnknown) == bool(number or stopped)
    assert isinstance(event, events.DeployFailed) == (not number and not stopped and ended.status != 0)
    assert (deploy._exit_code(event, ended) == 0) == well


KILLED = [
    (Ended(status=137, signal=9), "killed", 137),
    (Ended(status=143, signal=15, stopped="interrupted", heard=15), "interrupted", 143),
    (Ended(status=0, stopped="interrupted", heard=2), "interrupted", 130),
    (Ended(status=1, stopped="interrupted", heard=2), "interrupted", 1),
    (Ended(status=0, stopped="timed-out"), "timed-out", 124),
    (Ended(status=137, signal=9, stopped="timed-out"), "timed-out", 137),
]


class TestUnknown:
    @pytest.mark.parametrize(("ended", "because", "code"), KILLED)
    def test_what_was_stopped_or_killed(self, world: World, ended: Ended, because: str, code: int) -> None:
        world.runner.ended = ended
        done = world.deploy("staging")
        assert (done.outcome, done.because, done.exit_code) == ("deploy-unknown", because, code)
        here = state(world)
        assert (here.occupant(), here.stays, here.running) == (None, (), None)
        assert here.unclear is not None
        assert (here.unclear.because, here.unclear.leaf, here.unclear.by) == (because, done.index, person_id("dora"))

    def test_it_breaks_the_soak_of_the_old_and_of_the_new_until_one_ends_well(self, world: World) -> None:
        world.soaked()
        world.artifact("other")
        assert "soaked.never-there" not in codes(world.gate())
        world.clock.advance(hours=1)
        began = world.clock.at
        world.runner.ended, world.runner.during = Ended(status=137, signal=9), lambda: world.clock.advance(minutes=3)
        world.deploy("staging", "other")
        here = state(world)
        assert here.occupant() is None
        (old,) = here.stays
        assert (old.until, old.end) == (began, "unknown")
        # The old one soaked long enough before; it does not go on, and the new one is not there.
        assert not codes(world.gate()) & {"soaked.unknown", "soaked.too-young"}
        assert {"came-through.never-there", "soaked.never-there"} <= codes(world.gate(ref="other"))
        world.runner.ended, world.runner.during = None, lambda: None
        done = world.deploy("staging", "other")
        here = state(world)
        assert here.unclear is None
        assert here.occupant() is not None
        assert here.stays[-1].leaf == done.index
        assert "soaked.too-young" in codes(world.gate(ref="other"))

    def test_the_same_release_again_is_a_new_stay(self, world: World) -> None:
        world.deploy("staging")
        world.clock.advance(hours=20)
        world.runner.ended = Ended(status=137, signal=9)
        world.deploy("staging")
        world.clock.advance(hours=20)
        assert "soaked.unknown" in codes(world.gate())
        world.runner.ended = None
        world.deploy("staging")
        assert "soaked.too-young" in codes(world.gate())
        assert len(state(world).stays) == 2

    def test_the_permit_is_given_back_and_approvals_stay(self, world: World) -> None:
        """What was shown to approvers was what was last known: that it is not known any more takes nothing back."""
        world.soaked()
        world.approved()
        world.runner.ended = Ended(status=137, signal=9)
        world.deploy()
        world.runner.ended = None
        assert world.deploy().outcome == "deployed"

    def test_status_says_so(self, world: World) -> None:
        world.deploy("staging")
        world.runner.ended = Ended(status=137, signal=9)
        world.deploy("staging")
        (staging,) = (one for one in report.status(world.ports).environments if one.name == "staging")
        assert staging.occupant is None
        assert staging.last_known is not None
        assert staging.unclear is not None
        assert staging.unclear.because == "killed"


class TestDied:
    def test_from_its_begin_on_nothing_is_known(self, world: World) -> None:
        """Without anybody saying so: whoever reads the log sees a begin without an end."""
        world.deploy("staging")
        world.clock.advance(hours=20)
        die(world)
        world.clock.advance(hours=20)
        here = state(world)
        assert here.running is not None
        assert here.counted()[-1].until == here.running.at
        assert "soaked.unknown" in codes(world.gate())
        (staging,) = (one for one in report.status(world.ports).environments if one.name == "staging")
        assert staging.running == here.running

    def test_the_next_deployment_says_that_it_is_unknown(self, world: World) -> None:
        die(world)
        running = state(world).running
        assert running is not None
        world.underway.dead = set(world.underway.begun)
        done = world.deploy("staging")
        assert done.settled == running
        assert done.outcome == "deployed"
        kinds = [report.show(world.ports, index).kind for index in range(running.leaf, done.index + 1)]
        assert kinds == ["deploy-started", "deploy-unknown", "decision", "deploy-started", "deployed"]
        unknown = report.show(world.ports, running.leaf + 1).event
        assert isinstance(unknown, events.DeployUnknown)
        assert unknown.because == "unfinished"
        assert (world.underway.begun, world.underway.dead) == (set(), set())

    def test_while_it_may_still_go_on_nothing_else_begins(self, world: World, fails: Fails) -> None:
        die(world)
        size, ran = world.log.head().size, len(world.runner.ran)
        assert fails(world.deploy, "staging") == "deployed.under-way"
        assert (world.log.head().size, len(world.runner.ran)) == (size, ran)

    def test_whoever_began_it_may_say_outright_that_it_is_lost(self, world: World) -> None:
        die(world)
        done = deploy.deploy(world.ports, world.ask("staging"), ["run", "{ref}"], key("dora"), lambda _: None, deploy.How(abandon=True))
        world.caught_up()
        assert (done.settled is not None, done.outcome) == (True, "deployed")

    def test_anybody_who_may_deploy_says_it_once_its_time_is_past(self, world: World, fails: Fails) -> None:
        world.roster(*PEOPLE, person("otto", {"staging": ["deploy"]}))
        die(world)
        assert fails(world.deploy, "staging", by="otto") == "deployed.under-way"
        how = deploy.How(abandon=True)
        assert fails(deploy.deploy, world.ports, world.ask("staging"), ["run", "{ref}"], key("otto"), print, how) == "deployed.under-way"
        running = state(world).running
        assert running is not None
        world.clock.at = running.ends_by
        world.artifact("shop")
        assert world.deploy("staging", by="otto").outcome == "deployed"
        occupant = state(world).occupant()
        assert occupant is not None
        assert occupant.deployer == person_id("otto")

    def test_its_late_word_means_nothing_then(self, world: World, fails: Fails) -> None:
        die(world)
        running = state(world).running
        assert running is not None
        late = world.deployed(running.decision, "staging", started_at=running.started_at)
        world.underway.dead = set(world.underway.begun)
        world.deploy("staging")
        assert fails(world.record, late, SHOP, "dora") == "deployed.no-permit"

    def test_its_end_may_be_told_by_hand(self, world: World) -> None:
        die(world)
        running = state(world).running
        assert running is not None
        world.record(world.deployed(running.decision, "staging", started_at=running.started_at), SHOP, "dora")
        here = state(world)
        assert (here.running, here.unclear) == (None, None)
        assert here.occupant() is not None

    @pytest.mark.parametrize(
        ("struct", "changes", "subjects", "by", "code"),
        [
            (events.Deployed, {"started_at": NOW - timedelta(days=1)}, SHOP, "dora", "deployed.other-start"),
            (events.Deployed, {"ended_at": NOW - timedelta(days=1)}, SHOP, "dora", "deployed.other-start"),
            (events.Deployed, {}, (digest("other"),), "dora", "deployed.other-release"),
            (events.Deployed, {"config": digest("config")}, SHOP, "dora", "deployed.other-release"),
            (events.Deployed, {}, SHOP, "otto", "deployed.other-person"),
            (events.DeployFailed, {"exit_status": 1}, SHOP, "otto", "deployed.other-person"),
            (events.DeployUnknown, {"because": "unfinished"}, SHOP, "otto", "deployed.not-over"),
            (events.Deployed, {}, SHOP, "eve", "people.no-duty"),
        ],
    )
    def test_what_is_no_end_of_it(self, world: World, fails: Fails, struct: Any, changes: Any, subjects: Any, by: str, code: str) -> None:
        world.roster(*PEOPLE, person("otto", {"staging": ["deploy"]}))
        die(world)
        running = state(world).running
        assert running is not None
        said: dict[str, Any] = {
            "log": world.genesis,
            "permit": running.decision,
            "environment": "staging",
            "config": "none",
            "started_at": running.started_at,
            "ended_at": running.at,
        }
        assert fails(world.record, struct(**{**said, **changes}), subjects, by) == code
        index = world.smuggle(say.sign_event(struct(**{**said, **changes}), subjects, key(by)))
        assert world.ignored()[str(index)] == code
        assert state(world).running == running

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"permit": 3}, "deployed.no-permit"),
            ({"config": digest("config")}, "deployed.other-release"),
            ({"started_at": NOW + timedelta(days=1), "ends_by": NOW + timedelta(days=1, hours=1)}, "deployed.permit-expired"),
            ({"ends_by": NOW + timedelta(days=3)}, "deployed.other-start"),
            ({"ends_by": NOW}, "deployed.other-start"),
        ],
    )
    def test_what_is_no_begin(self, world: World, fails: Fails, changes: Any, code: str) -> None:
        gated = world.gate("staging")
        said: dict[str, Any] = {
            "log": world.genesis,
            "permit": gated.index,
            "environment": "staging",
            "config": "none",
            "started_at": world.clock.at,
            "ends_by": world.clock.at + HOUR,
            "nonce": nonce(),
        }
        assert fails(world.record, events.DeployStarted(**{**said, **changes}), SHOP, "dora") == code
        assert fails(world.record, events.DeployStarted(**said), SHOP, "eve") == "people.no-duty"

    def test_one_permit_begins_one_deployment_and_an_environment_has_one_at_a_time(self, world: World, fails: Fails) -> None:
        first, second = world.gate("staging"), world.gate("staging")
        said: dict[str, Any] = {
            "log": world.genesis,
            "environment": "staging",
            "config": "none",
            "started_at": world.clock.at,
            "ends_by": world.clock.at + HOUR,
            "nonce": nonce(),
        }
        world.record(events.DeployStarted(**said, permit=first.index), SHOP, "dora")
        assert fails(standing, world.ports, "staging", first.index, first.release) == "permit.gone"
        assert fails(world.record, events.DeployStarted(**said, permit=second.index), SHOP, "dora") == "deployed.under-way"
        assert (
            fails(world.record, events.DeployStarted(**{**said, "ends_by": world.clock.at + 2 * HOUR}, permit=first.index), SHOP, "dora")
            == "deployed.no-permit"
        )

    def test_two_processes_of_one_person_run_one_command(self, world: World, fails: Fails) -> None:
        """They hold one permit; whoever begins first uses it."""
        world.soaked()
        world.approved()
        ran = len(world.runner.ran)
        codes_of_second: list[str] = []

        def second() -> None:
            world.runner.during = lambda: None
            codes_of_second.append(fails(world.deploy))

        world.runner.during = second
        assert world.deploy().outcome == "deployed"
        assert codes_of_second == ["deployed.under-way"]
        assert len(world.runner.ran) == ran + 1

    def test_two_processes_that_begin_by_one_permit_in_one_second_run_one_command(self, world: World, fails: Fails) -> None:
        """Their begins differ, so that no log takes the second for the first said again."""
        world.soaked()
        world.approved()
        ran, real = len(world.runner.ran), world.log.append
        done: list[str] = []

        def append(entry: Any, guard: Any = None) -> Any:
            if world.underway.begun and not done:
                world.log.append = real
                done.append(world.deploy().outcome)
            return real(entry, guard)

        world.log.append = append
        assert fails(world.deploy) == "permit.gone"
        assert (done, len(world.runner.ran)) == (["deployed"], ran + 1)

    def test_what_could_not_be_recorded_is_not_said_to_have_died(self, world: World, fails: Fails) -> None:
        """Its end is known and kept: to call it unknown would be to forget it."""
        world.runner.during = lambda: setattr(world.log, "fails", LedgerError("log.full", "no space"))
        assert fails(world.deploy, "staging") == "log.full"
        assert world.underway.begun == set()
        world.log.fails, world.runner.during = None, lambda: None
        assert fails(world.deploy, "staging") == "deployed.under-way"

    def test_what_was_recorded_meanwhile_is_looked_at_before_it_begins(self, world: World, fails: Fails) -> None:
        """Between the last look and the record of the begin somebody says no: nothing is run."""
        world.soaked()
        id_ = world.approved()
        ran, real = len(world.runner.ran), world.log.append

        def append(entry: Any, guard: Any = None) -> Any:
            if world.underway.begun:
                world.log.append = real
                world.reject(id_, "carl")
            return real(entry, guard)

        world.log.append = append
        assert fails(world.deploy) == "permit.gone"
        assert len(world.runner.ran) == ran
        assert world.underway.begun == set()


class TestWhileItRuns:
    @pytest.mark.parametrize("what", ["rejected", "withdrawn"])
    def test_what_fell_meanwhile_is_recorded_and_counts_for_nothing(self, world: World, what: str) -> None:
        """It runs: that has to be recordable. Nobody allows it any more: so it soaks for nothing and came through nothing."""
        world.soaked()
        id_ = world.approved()
        world.runner.during = lambda: world.reject(id_, "carl") if what == "rejected" else world.withdraw(id_, "rita", "request")
        done = world.deploy()
        assert done.outcome == "deployed"
        here = state(world, "production")
        occupant = here.occupant()
        assert occupant is not None
        assert (occupant.fell, occupant.leaf) == (True, done.index)
        assert [stay.fell for stay in here.counted()] == [True]
        request = here.request(id_)
        assert request is not None
        assert request.deployed == -1

    def test_what_ran_before_does_not_seem_to_run_still(self, world: World) -> None:
        world.soaked()
        world.approved()
        world.deploy()
        world.artifact("other")
        world.soaked("other")
        id_ = world.approved("other")
        world.runner.during = lambda: world.reject(id_, "carl")
        world.deploy(ref="other")
        here = state(world, "production")
        assert [(stay.release.artifacts, stay.until is None, stay.fell) for stay in here.stays] == [(SHOP, False, False), ((digest("other"),), True, True)]

    @pytest.mark.parametrize("ref", ["other", "shop"])
    def test_another_one_is_not_recorded_as_deployed_meanwhile(self, world: World, ref: str) -> None:
        """By a pipeline that tells no begin: of two at once nobody knows which one runs. That its own failed is taken."""
        world.artifact("other")
        other, heard = world.gate("staging", ref), list[str]()

        def beside() -> None:
            with pytest.raises(LockgateError) as err:
                world.record(world.deployed(other.index, "staging"), (digest(ref),), "dora")
            heard.append(err.value.code)

        world.runner.during = beside
        world.deploy("staging")
        assert heard == ["deployed.under-way"]
        assert [(stay.release.artifacts, stay.fell) for stay in state(world).stays] == [(SHOP, False)]

    def test_requests_that_come_meanwhile_do_not_push_its_own_out(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        """Its approvals ended while it ran, and as many came as there is room for: it was not rejected, and counts."""
        small_rooms(monkeypatch)
        world.soaked()
        id_ = world.request()
        for by in ("ann", "bob"):
            world.approve(id_, by, lasts="10m")

        def meanwhile() -> None:
            world.clock.advance(minutes=20)
            for _ in range(6):
                world.request()

        world.runner.during = meanwhile
        assert world.deploy(request=id_).outcome == "deployed"
        here = state(world, "production")
        assert [(stay.release.artifacts, stay.fell) for stay in here.stays] == [(SHOP, False)]
        assert here.request(id_) is not None
        assert len(here.requests) == 4

    def test_whoever_lost_the_duty_meanwhile_leaves_it_unknown(self, world: World, fails: Fails) -> None:
        world.runner.during = lambda: world.roster(*PEOPLE[:1], person("dora"), *PEOPLE[2:])
        assert fails(world.deploy, "staging") == "people.no-duty"
        assert state(world).running is not None


class TestUnannounced:
    """Ends without a begin, as pipelines without lockgate tell them."""

    def test_unknown_by_a_permit(self, world: World) -> None:
        world.deploy("staging")
        world.clock.advance(hours=1)
        gated = world.gate("staging")
        began = world.clock.at
        world.clock.advance(minutes=2)
        said: dict[str, Any] = {
            "log": world.genesis,
            "permit": gated.index,
            "environment": "staging",
            "config": "none",
            "started_at": began,
            "ended_at": world.clock.at,
        }
        world.record(events.DeployUnknown(**said, because="killed", exit_status=137), SHOP, "dora")
        here = state(world)
        assert (here.stays[-1].until, here.occupant()) == (began, None)

    def test_one_that_began_before_the_other_broke_off_does_not_clear_it(self, world: World) -> None:
        one, other = world.gate("staging"), world.gate("staging")
        said: dict[str, Any] = {"log": world.genesis, "environment": "staging", "config": "none", "started_at": world.clock.at, "ended_at": world.clock.at}
        began = world.clock.at
        world.clock.advance(minutes=1)
        world.record(events.DeployUnknown(**said, permit=one.index, because="killed"), SHOP, "dora")
        world.record(world.deployed(other.index, "staging", started_at=began), SHOP, "dora")
        here = state(world)
        assert here.occupant() is None
        assert here.unclear is not None
        assert here.permits == ()
