"""Holds, waivers and break-glass through the whole gate: what they open and end, races, replay, and what is told of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from build import digest, exception_id, key, nonce, person, person_id
from lockgate.app import deploy, exceptional, gate, recall, replay, report
from lockgate.app.exceptions import exceptions, standing
from lockgate.app.project import project
from lockgate.app.summarize import summarize
from lockgate.app.why import explain, would
from lockgate.core.exceptional import Exceptional
from lockgate.core.ports import Ended, Entry, Guard, Receipt
from lockgate.core.state import EnvironmentState
from lockgate.errors import LockgateError
from world import PEOPLE, World, opened, standard_policy

Fails = Callable[..., str]
SIGNERS = (
    *PEOPLE,
    person("gus", {"production": ["break-glass", "deploy"]}),
    person("hal", {"production": ["break-glass"], "staging": ["break-glass"]}),
    person("wim", {"production": ["waive:soaked"]}),
    person("don", {"production": ["deploy"]}),
)


@pytest.fixture
def world() -> World:
    """Soak may be waived in production; Wim may do so; Gus and Hal may break the glass."""
    made = opened()
    made.policy(standard_policy(waivable=("soaked",)))
    made.roster(*SIGNERS)
    return made


def why(text: str = "the shop is down") -> Any:
    return exceptional.prose(text, nonce(text))


def hold(world: World, by: str = "bob", name: str = "", lasts: timedelta | None = None, to: str = "production") -> str:
    expires = world.clock.now() + lasts if lasts else None
    exceptional.hold(world.ports, to, expires, why("a freeze"), exception_id("h", name), key(by))
    world.caught_up()
    return exception_id("h", name)


def lift(world: World, id_: str, by: str = "bob") -> None:
    exceptional.lift(world.ports, exceptional.find(world.ports, id_), id_, world.nonce(), key(by))
    world.caught_up()


def waive(world: World, request: str, by: str = "wim", lasts: timedelta = timedelta(hours=2), what: str = "soaked") -> str:
    exceptional.waive(world.ports, what, request, world.clock.now() + lasts, why(), exception_id("w", request), key(by))
    world.caught_up()
    return exception_id("w", request)


def begin(world: World, by: str = "gus", name: str = "", ref: str = "shop") -> str:
    ids = (exception_id("g", name), world.nonce())
    exceptional.break_glass(world.ports, (f"file:{ref}",), "production", "none", why(), ids, key(by))
    world.caught_up()
    return exception_id("g", name)


def join(world: World, id_: str, by: str = "hal") -> None:
    exceptional.join(world.ports, exceptional.find(world.ports, id_), world.nonce(), key(by))
    world.caught_up()


def break_(world: World, name: str = "", ref: str = "shop") -> str:
    id_ = begin(world, name=name, ref=ref)
    join(world, id_)
    return id_


def review(world: World, id_: str, by: str = "bob") -> None:
    exceptional.review(world.ports, exceptional.find(world.ports, id_), why("nothing else was touched"), world.nonce(), key(by))
    world.caught_up()


def failing(gated: gate.Gated) -> list[str]:
    return [one.code for one in gated.decision.outcomes if one.result not in {"pass", "waived"}]


def waived(gated: gate.Gated) -> list[str]:
    return [one.code for one in gated.decision.outcomes if one.result == "waived"]


def code(call: Callable[..., object], *args: Any, **more: Any) -> str:
    with pytest.raises(LockgateError) as err:
        call(*args, **more)
    return err.value.code


def young(world: World) -> str:
    """In staging for an hour, and approved; the request's id."""
    world.deploy("staging")
    world.clock.advance(hours=1)
    return world.approved()


# Holds.


def test_a_hold_refuses_until_it_is_lifted(world: World) -> None:
    world.soaked()
    world.approved()
    id_ = hold(world)
    assert failing(world.gate()) == ["hold.standing"]
    assert code(lift, world, id_, "ann") == "exception.not-yours"
    lift(world, id_)
    assert world.gate().decision.outcome == "allowed"
    world.check()


def test_a_hold_ends_of_itself_and_is_of_one_environment(world: World) -> None:
    world.artifact("other")
    hold(world, lasts=timedelta(hours=30))
    world.soaked()
    world.approved()
    assert failing(world.gate()) == ["hold.standing"]
    world.clock.advance(hours=6)
    assert world.gate().decision.outcome == "allowed"
    world.check()


def test_an_owner_holds_and_lifts_what_others_held(world: World) -> None:
    lift(world, hold(world, "owner", "theirs", to="staging"), "owner")
    assert world.gate("staging").decision.outcome == "allowed"
    lift(world, hold(world), "owner")
    assert exceptional.standing(world.ports, "production").holds == ()
    world.check()


def test_a_hold_ends_a_permit_that_is_out(world: World) -> None:
    world.soaked()
    world.approved()
    assert world.gate().decision.outcome == "allowed"
    hold(world)
    done = world.deploy()
    assert failing(done.gated) == ["hold.standing", "approved.permit-outstanding"]
    assert len(world.runner.ran) == 1  # staging's
    world.check()


def test_a_hold_during_the_copy_stops_the_command(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.soaked()
    world.approved()
    ran = len(world.runner.ran)
    copy = world.source.copy

    def slow(*args: Any) -> Any:
        hold(world)
        return copy(*args)

    monkeypatch.setattr(world.source, "copy", slow)
    assert code(world.deploy) == "permit.gone"
    assert len(world.runner.ran) == ran
    world.check()


class Racing:
    """A log to which somebody else appends first, once."""

    def __init__(self, log: Any, first: Callable[[], object]) -> None:
        self.log, self.first = log, first

    def __getattr__(self, name: str) -> Any:
        return getattr(self.log, name)

    def append(self, entry: Entry, guard: Guard | None = None) -> Receipt:
        first, self.first = self.first, lambda: None
        first()
        made: Receipt = self.log.append(entry, guard)
        return made


def racing(world: World, first: Callable[[], object]) -> None:
    """What is decided is recorded only after `first` was."""
    log = world.log

    def before() -> None:
        world.log = log
        first()
        world.log = race

    race = Racing(log, before)
    world.log = race


def test_a_hold_between_decision_and_record_is_seen(world: World) -> None:
    world.soaked()
    world.approved()
    racing(world, lambda: hold(world))
    assert failing(world.gate()) == ["hold.standing"]
    world.log = world.log.log
    world.check()


def test_a_waiver_lifted_between_decision_and_record_is_none(world: World) -> None:
    id_ = waive(world, young(world))
    racing(world, lambda: lift(world, id_, "wim"))
    assert failing(world.gate()) == ["soaked.too-young"]
    world.log = world.log.log
    world.check()


# Waivers.


def test_a_waiver_lets_the_soak_be_short_and_is_remembered_as_used(world: World) -> None:
    id_ = waive(world, young(world))
    gated = world.gate()
    assert (gated.decision.outcome, waived(gated)) == ("allowed", ["soaked.too-young"])
    assert [(one.id, one.used) for one in exceptional.standing(world.ports, "production").waivers] == [(id_, gated.index)]
    assert world.gate().index == gated.index  # the permit that is out, told again
    assert world.deploy().exit_status == 0
    world.check()


def test_a_waiver_is_for_one_request(world: World) -> None:
    waive(world, young(world))
    world.artifact("other")
    world.deploy("staging", "other")
    world.clock.advance(minutes=10)
    world.approved("other")
    assert failing(world.gate(ref="other")) == ["soaked.too-young"]
    world.check()


def test_a_lifted_waiver_ends_the_permit_that_rests_on_it(world: World) -> None:
    id_ = waive(world, young(world))
    assert world.gate().decision.outcome == "allowed"
    lift(world, id_, "wim")
    assert failing(world.deploy().gated) == ["soaked.too-young", "approved.permit-outstanding"]
    world.check()


def test_an_ended_waiver_ends_the_permit_that_rests_on_it(world: World) -> None:
    waive(world, young(world), lasts=timedelta(minutes=5))
    assert world.gate().decision.outcome == "allowed"
    world.clock.advance(minutes=6)
    assert failing(world.deploy().gated) == ["soaked.too-young", "approved.permit-outstanding"]
    world.check()


def test_a_policy_that_names_it_no_more_ends_a_waiver(world: World) -> None:
    waive(world, young(world))
    world.policy(standard_policy())
    assert "soaked.too-young" in failing(world.gate())
    world.check()


@pytest.mark.parametrize("what", ["signed-by", "built-by", "approved", "came-through", "nothing"])
def test_what_the_policy_does_not_name_is_not_waived(world: World, what: str) -> None:
    assert code(waive, world, world.request(), what=what) == "waiver.not-waivable"


def test_a_document_is_waived_nothing_for(world: World) -> None:
    proposed = exception_id("r", "policy")
    from lockgate.app import request

    request.propose(world.ports, standard_policy(permit="1h"), proposed, key("owner"))
    assert code(waive, world, proposed) == "request.unknown"


# Break-glass.


def test_two_people_go_past_what_stands_against_it_and_leave_a_review(world: World) -> None:
    hold(world)
    id_ = break_(world)
    done = world.deploy(by="dora")
    assert done.exit_status == 0
    assert waived(done.gated) == ["hold.standing", "came-through.never-there", "soaked.never-there", "approved.no-request"]
    assert (done.gated.decision.break_glass, done.gated.decision.request) == (id_, "")
    assert failing(world.gate()) == ["hold.standing", "review.open", "came-through.never-there", "soaked.never-there", "approved.no-request"]
    world.check()


def test_what_went_past_the_rules_is_summed_up_as_failed(world: World) -> None:
    break_(world)
    done = world.gate()
    assert (done.decision.outcome, bool(done.decision.break_glass)) == ("allowed", True)
    said, _ = summarize(world.ports, done.index)
    assert (said.passed, said.levels) == (False, ("FAILED",))


def test_what_was_waived_is_no_level(world: World) -> None:
    world.deploy("staging")
    id_ = world.approved()
    waive(world, id_)
    said, _ = summarize(world.ports, world.gate(request=id_).index)
    assert said.passed
    assert "LOCKGATE_CAME_THROUGH" in said.levels
    assert "LOCKGATE_SOAKED" not in said.levels


def test_an_open_review_refuses_all_else_until_somebody_else_closes_it(world: World) -> None:
    id_ = break_(world)
    world.deploy(by="gus")
    world.artifact("next")
    world.soaked("next")
    world.approved("next")
    assert failing(world.gate(ref="next")) == ["review.open"]
    assert code(review, world, id_, "gus") == "people.no-duty"
    review(world, id_)
    assert code(review, world, id_) == "exception.unknown"
    assert world.gate(ref="next").decision.outcome == "allowed"
    world.check()


def test_emergencies_come_twice(world: World) -> None:
    world.artifact("fix")
    first = break_(world)
    world.deploy(by="gus")
    second = break_(world, "second", "fix")
    assert world.deploy(ref="fix", by="gus").exit_status == 0
    assert [one.id for one in exceptional.standing(world.ports, "production").to_review()] == [first, second]
    assert next(one for one in world.gate().decision.outcomes if one.requirement == "review").params["open"] == 2
    review(world, second)
    assert "review.open" in failing(world.gate())
    review(world, first)
    assert "review.open" not in failing(world.gate())
    world.check()


def test_one_person_breaks_no_glass(world: World) -> None:
    id_ = begin(world)
    assert code(join, world, id_, "gus") == "break-glass.same-person"
    assert code(join, world, id_, "dora") == "people.no-duty"
    assert "break-glass" not in {one.requirement for one in world.gate().decision.outcomes}
    world.check()


def test_its_permit_is_short_ends_within_the_hour_and_is_one(world: World) -> None:
    break_(world)
    world.clock.advance(minutes=50)
    gated = world.gate()
    assert gated.decision.not_after == world.clock.now() + timedelta(minutes=10)
    assert world.gate().index == gated.index
    assert failing(world.gate(by="don"))[-1] == "break-glass.permit-outstanding"
    world.clock.advance(minutes=10)
    assert world.gate().decision.outcome == "refused"
    assert code(world.record, world.deployed(gated.index), gated.release.artifacts, "don") == "deployed.other-person"
    world.check()


def test_a_failed_deployment_may_be_tried_again_and_a_done_one_not(world: World) -> None:
    break_(world)
    world.runner.status = 3
    assert world.deploy().exit_status == 3
    world.runner.status = 0
    assert world.deploy(by="gus").exit_status == 0
    assert world.deploy().exit_status is None
    world.check()


def test_a_glass_is_for_one_release(world: World) -> None:
    world.artifact("other")
    break_(world)
    assert "break-glass" not in {one.requirement for one in world.gate(ref="other").decision.outcomes}
    world.check()


@pytest.mark.parametrize(("signed", "built", "refusal"), [("", "builder", "signed-by.no-signature"), ("release", "", "built-by.no-provenance")])
def test_it_never_goes_past_signatures_and_builders(world: World, signed: str, built: str, refusal: str) -> None:
    world.artifact("bare", signed=signed, built=built)
    break_(world, ref="bare")
    gated = world.gate(ref="bare")
    assert (gated.decision.outcome, failing(gated)) == ("refused", [refusal])
    assert exceptional.standing(world.ports, "production").to_review() == ()
    world.check()


def test_a_removed_signer_ends_the_glass_and_its_permit(world: World) -> None:
    break_(world)
    assert world.gate().decision.outcome == "allowed"
    world.roster(*(one for one in SIGNERS if one.id != person_id("hal")))
    assert world.deploy().exit_status is None
    world.check()


def test_what_would_be_decided_is_told_and_opens_no_review(world: World) -> None:
    id_ = break_(world)
    decided, _ = would(world.ports, world.ask(), key("dora"))
    assert (decided.outcome, decided.break_glass) == ("allowed", id_)
    assert exceptional.standing(world.ports, "production").to_review() == ()


def test_its_review_waits_until_the_hour_is_over_where_nothing_was_deployed(world: World) -> None:
    id_ = break_(world)
    world.gate()
    assert code(review, world, id_) == "review.too-early"
    world.clock.advance(hours=1)
    review(world, id_)
    world.check()


# Around it.


def test_every_decision_is_replayed_and_its_history_filed(world: World) -> None:
    hold(world)
    id_ = break_(world)
    done = world.deploy()
    assert replay.replay(world.ports, done.gated.index).result == "same"
    assert explain(world.ports, done.gated.index)[0].break_glass == id_
    assert [one.kind for one in report.listed(world.ports, 20, id_)] == ["break-glass", "break-glass", "decision"]
    world.check()


def test_the_gates_own_keys_cannot_invent_a_glass(world: World) -> None:
    refused = world.gate()
    forged = world.decided(
        refused,
        key("permit"),
        outcome="allowed",
        not_after=world.clock.now() + timedelta(minutes=5),
        break_glass=exception_id("g"),
        history=world.log.head().size,
    )
    index = world.smuggle(forged)
    assert world.ignored()[str(index)] == "exception.unknown"


def test_a_decision_that_says_waived_of_what_nobody_waived_is_found_by_replay(world: World) -> None:
    from msgspec.structs import replace

    young(world)
    refused = world.gate()
    rows = tuple(replace(one, result="waived", params={"waiver": exception_id("w")}) if one.code else one for one in refused.decision.outcomes)
    forged = world.decided(
        refused, key("permit"), outcome="allowed", not_after=world.clock.now() + timedelta(minutes=5), outcomes=rows, history=world.log.head().size
    )
    index = world.smuggle(forged)
    assert replay.replay(world.ports, index).result == "differs"


def test_said_again_it_is_found_while_it_stands(world: World) -> None:
    from lockgate.app import say

    id_ = hold(world)
    first = world.log.head().size - 1
    assert say.record_event(world.ports, world.envelope(first)).new is False
    lift(world, id_)
    assert code(say.record_event, world.ports, world.envelope(first)) == "event.replayed"
    assert say.record_event(world.ports, world.envelope(world.log.head().size - 1)).new is False


def test_the_second_signature_is_its_own_statement(world: World) -> None:
    id_ = break_(world)
    assert len(exceptional.standing(world.ports, "production").glasses[0].by) == 2
    assert code(join, world, id_, "hal") == "break-glass.same-person"


def test_an_id_in_two_environments_is_signed_for_by_nobody(world: World) -> None:
    hold(world)
    exceptional.hold(world.ports, "staging", None, why(), exception_id("h"), key("owner"))
    world.caught_up()
    assert code(exceptional.find, world.ports, exception_id("h")) == "exception.ambiguous"


@pytest.mark.parametrize("id_", ["h-nothing0000", "", "../../x", "r-0000000000"])
def test_an_id_that_is_nowhere(world: World, id_: str) -> None:
    assert code(exceptional.find, world.ports, id_) == "exception.unknown"


def test_each_is_used_as_what_it_is(world: World) -> None:
    there = exceptional.find(world.ports, hold(world))
    assert code(exceptional.join, world.ports, there, world.nonce(), key("hal")) == "exception.unknown"
    glass = exceptional.find(world.ports, begin(world))
    assert code(exceptional.lift, world.ports, glass, exception_id("g"), world.nonce(), key("gus")) == "exception.unknown"


@pytest.mark.parametrize("text", ["", "  ", "x" * 8193])
def test_a_reason_says_something(text: str) -> None:
    assert code(exceptional.prose, text, nonce()) == "exception.bad-reason"


def test_everything_is_told_with_what_became_of_it(world: World) -> None:
    request = young(world)
    lift(world, hold(world, name="lifted"))
    hold(world, name="ended", lasts=timedelta(minutes=30))
    unused = waive(world, world.request())
    world.clock.advance(hours=3)
    used = waive(world, request)
    world.gate()
    half = begin(world, name="half")
    hold(world, name="stands")
    told = {one.id: one for one in exceptions(world.ports)}
    assert {id_: one.fate for id_, one in told.items()} == {
        exception_id("h", "lifted"): "lifted",
        exception_id("h", "ended"): "expired",
        unused: "expired-unused",
        used: "used",
        half: "half-signed",
        exception_id("h", "stands"): "standing",
    }
    assert told[used].decision == world.log.head().size - 3
    assert (told[used].requirement, told[used].request, told[used].by) == ("soaked", request, (person_id("wim"),))
    assert told[unused].reason == "the shop is down"
    here = project(world.ports, "production").state.environment.exceptional
    assert {one.id for one in standing(world.ports, "production", here)} == set(told) - {exception_id("h", "lifted")}
    status = {one.name: one.exceptional for one in report.status(world.ports).environments}
    assert status == {"production": here, "staging": Exceptional()}
    world.check()


def test_a_glass_is_told_from_its_first_signature_to_its_review(world: World) -> None:
    fates: list[str] = []

    def look() -> None:
        fates.extend(one.fate for one in exceptions(world.ports))

    id_ = begin(world)
    look()
    join(world, id_)
    look()
    world.deploy()
    look()
    review(world, id_)
    look()
    assert fates == ["half-signed", "unused", "review-open", "reviewed"]


def test_an_erased_reason_erases_nothing_else(world: World) -> None:
    id_ = hold(world)
    reason = exceptional.standing(world.ports, "production").holds[0].reason
    world.blobs.held.pop(reason)
    assert [(one.id, one.reason, one.fate) for one in exceptions(world.ports)] == [(id_, "", "standing")]
    assert "hold.standing" in failing(world.gate())
    world.check()


def test_the_same_words_have_another_digest_each_time() -> None:
    from lockgate.canon import encode

    assert encode(exceptional.prose("x", nonce("1"))) != encode(exceptional.prose("x", nonce("2")))


# Between the begin of a deployment, recalls, holds and broken glasses.


def here(world: World, environment: str = "production") -> EnvironmentState:
    return project(world.ports, environment).state.environment


def test_a_glass_keeps_no_ordinary_permit_alive(world: World, fails: Fails) -> None:
    """Allowed in the ordinary course, then held: what the glass allows goes by the glass, and is reviewed."""
    world.soaked()
    world.approved()
    again = world.nonce()
    assert world.gate(key=again).decision.break_glass == ""
    hold(world)
    glass = break_(world)
    assert fails(deploy.deploy, world.ports, world.ask(key=again), ["run", "{ref}"], key("dora"), lambda _: None) == "permit.gone"
    assert world.deploy().gated.decision.break_glass == glass
    assert [one.id for one in here(world).exceptional.to_review()] == [glass]
    world.check()


def test_while_its_deployment_runs_a_glass_gives_no_other_permit_and_is_not_reviewed(world: World, fails: Fails) -> None:
    glass = break_(world)

    def during() -> None:
        world.runner.during = lambda: None
        world.clock.advance(minutes=20)
        assert world.gate(by="don").decision.outcome == "refused"
        world.clock.advance(minutes=60)
        assert fails(review, world, glass) == "review.too-early"

    world.runner.during = during
    assert world.deploy().outcome == "deployed"
    review(world, glass)
    world.check()


def revoked_meanwhile(world: World, environment: str) -> None:
    def during() -> None:
        world.runner.during = lambda: None
        begun = here(world, environment).running
        assert begun is not None
        recall.revoke_permit(world.ports, begun.decision, "mistaken", world.id(), key("owner"))
        world.caught_up()

    world.runner.during = during


def test_what_was_replaced_by_what_fell_comes_back_as_a_rollback_only(world: World) -> None:
    world.artifact("two")
    world.deploy("staging")
    revoked_meanwhile(world, "staging")
    assert world.deploy("staging", "two").outcome == "deployed"
    assert [stay.fell for stay in here(world, "staging").stays] == [False, True]
    assert "release.downgrade" in {one.code for one in world.gate("staging").decision.outcomes}
    world.check()


def test_a_good_permit_ends_what_fell(world: World) -> None:
    """The same release again, by a permit that stands: from then on it soaks."""
    revoked_meanwhile(world, "staging")
    world.deploy("staging")
    assert here(world, "staging").stays[-1].fell
    world.clock.advance(hours=1)
    world.deploy("staging")
    assert [stay.fell for stay in here(world, "staging").stays] == [True, False]
    world.clock.advance(hours=25)
    world.approved()
    assert world.gate().decision.outcome == "allowed"
    world.check()


def test_what_is_being_deployed_and_what_may_run_is_found(world: World) -> None:
    found: list[str] = []

    def during() -> None:
        world.runner.during = lambda: None
        found.append(recall.locate(world.ports, [digest("shop")]).answer())
        recall.revoke(world.ports, [digest("shop")], "compromised", "", world.id, key("owner"))
        world.caught_up()
        (staging,) = (one for one in report.status(world.ports).environments if one.name == "staging")
        found.append("recalled" if staging.recalled else "")

    world.runner.during, world.runner.ended = during, Ended(status=137, signal=9)
    world.deploy("staging")
    assert found == ["found", "recalled"]
    assert here(world, "staging").unclear is not None
    assert recall.locate(world.ports, [digest("shop")]).answer() == "found"
    world.check()
