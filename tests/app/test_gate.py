from __future__ import annotations

import threading
from collections.abc import Callable
from copy import copy
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from build import APPROVED, BUILT, NOW, SIGNED, digest, key, person, person_id
from lockgate import canon
from lockgate.app import asking, gate, say
from lockgate.app.gather import Manifest
from lockgate.app.project import project
from lockgate.app.replay import replay as replayed
from lockgate.app.why import explain, would
from lockgate.core.policy import EnvironmentPolicy, Policy
from lockgate.core.ports import Entry, Evidence, Guard, Receipt
from lockgate.core.state import state_digest
from lockgate.errors import EvidenceError, LedgerError, UnreadableError
from lockgate.evidence.place import ASKED_WITHIN
from world import PEOPLE, World, changed, standard_policy

Fails = Callable[..., str]
DON = person("don", {"production": ["deploy"]})


def codes(gated: gate.Gated) -> dict[str, str]:
    return {one.requirement: one.code for one in gated.decision.outcomes if one.code}


class TestMainPath:
    def test_from_nothing_to_production(self, world: World) -> None:
        assert world.gate("staging").decision.outcome == "allowed"
        assert set(codes(world.gate())) == {"came-through", "soaked", "approved"}
        world.deploy("staging")
        assert codes(world.gate()) == {"soaked": "soaked.too-young", "approved": "approved.no-request"}
        id_ = world.request()
        world.clock.advance(hours=25)
        world.approve(id_, "ann")
        assert codes(world.gate()) == {"approved": "approved.too-few-people"}
        world.approve(id_, "bob")
        allowed = world.gate()
        assert allowed.decision.outcome == "allowed"
        assert allowed.decision.request == id_
        assert allowed.decision.person == person_id("dora")
        assert allowed.decision.not_after == world.clock.at + timedelta(minutes=15)
        assert allowed.pinned == (f"file:shop@{digest('shop')}",)

    def test_unsigned_is_refused(self, world: World) -> None:
        world.artifact("bare", signed="", built="")
        assert codes(world.gate("staging", "bare")) == {"signed-by": "signed-by.no-signature"}

    def test_wrongly_signed_is_refused(self, world: World) -> None:
        world.artifact("wrong", signed="mallory")
        assert codes(world.gate("staging", "wrong")) == {"signed-by": "signed-by.no-good-signature"}

    def test_a_changed_byte_is_refused(self, world: World) -> None:
        world.soaked()
        world.approved()
        world.source.artifacts["shop"].data = b"shoq"
        assert codes(world.gate()) == {"digest": "digest.mismatch"}

    def test_one_person_with_two_duties_counts_once(self, world: World) -> None:
        world.soaked()
        id_ = world.request()
        world.approve(id_, "carl", "security")
        world.approve(id_, "carl", "release-management")
        assert codes(world.gate()) == {"approved": "approved.too-few-people"}

    def test_whoever_asks_without_a_key_is_nobody(self, world: World) -> None:
        world.soaked()
        world.approved()
        assert codes(world.gate(by=None)) == {"approved": "approved.deployer-unknown"}
        assert world.gate(by=None).decision.outcome == "undecided"

    def test_who_approved_does_not_deploy(self, world: World) -> None:
        world.roster(*PEOPLE[:2], person("ann", {"production": ["approve:release-management", "deploy"]}), PEOPLE[3])
        world.soaked()
        world.approved()
        assert codes(world.gate(by="ann")) == {"approved": "approved.too-few-people"}

    def test_several_artifacts_are_one_release(self, world: World) -> None:
        world.artifact("worker")
        both = world.gate("staging", refs=("file:worker", "file:shop"))
        assert both.release.artifacts == tuple(sorted([digest("shop"), digest("worker")]))
        world.artifact("bare", signed="")
        assert codes(world.gate("staging", refs=("file:shop", "file:bare"))) == {"signed-by": "signed-by.no-signature"}

    def test_the_end_of_the_root_ends_decisions(self, world: World) -> None:
        world.clock.at = NOW + timedelta(days=366)
        world.artifact("new")
        assert codes(world.gate("staging", "new")) == {"root": "root.expired"}

    def test_an_environment_that_asks_for_nothing_allows_nothing(self, world: World) -> None:
        world.policy(Policy(version=1, project="shop", environments={"staging": EnvironmentPolicy(requires=())}))
        assert codes(world.gate("staging")) == {"policy": "policy.requires-nothing"}


class TestUsage:
    def test_nothing_is_recorded_of_a_question_that_makes_no_sense(self, world: World, fails: Fails) -> None:
        size = world.log.head().size
        assert fails(world.gate, "staing") == "policy.no-environment"
        assert fails(world.gate, "house") == "policy.no-environment"
        assert fails(world.gate, "No Name\n") == "policy.no-environment"
        assert fails(world.gate, request="r-0000000000nobody") == "request.unknown"
        assert fails(world.gate, request="nonsense") == "request.unknown"
        assert fails(world.gate, refs=("file:shop", "shop")) == "ref.twice"
        assert fails(world.gate, refs=()) == "ref.too-many"
        assert fails(world.gate, refs=tuple(f"file:{n}" for n in range(65))) == "ref.too-many"
        assert fails(world.gate, ref="gone") == "ref.not-found"
        assert world.log.head().size == size

    @pytest.mark.parametrize("bad", ["", "a\n", "x" * 129, "ä", "\0"])
    def test_an_idempotency_key_is_short_and_printable(self, world: World, fails: Fails, bad: str) -> None:
        assert fails(world.gate, key=bad) == "gate.bad-key"

    def test_without_the_permit_key_nothing_is_decided(self, world: World, fails: Fails) -> None:
        world.permit = None
        assert fails(world.gate, "staging") == "permit.no-key"

    def test_before_there_is_a_policy_nothing_is_decided(self, fails: Fails) -> None:
        world = World()
        world.begin()
        world.artifact()
        assert fails(world.gate, "staging") == "policy.none-in-force"

    def test_an_empty_log_decides_nothing(self, fails: Fails) -> None:
        world = World()
        world.artifact()
        assert fails(world.gate, "staging") == "log.empty"

    def test_unpinned_refuses_and_never_allows(self, world: World, fails: Fails) -> None:
        root, world.pinned = world.pinned, None
        refused = world.gate()
        assert refused.unpinned
        assert refused.decision.outcome == "refused"
        size = world.log.head().size
        assert fails(world.gate, "staging") == "root.unpinned"
        assert world.log.head().size == size
        world.pinned = root
        assert not world.gate("staging").unpinned

    def test_an_other_permit_key_than_the_roots_allows_nothing(self, world: World, fails: Fails) -> None:
        world.root(permit=key("next permit").public)
        size = world.log.head().size
        assert fails(world.gate, "staging") == "permit.other-key"
        assert world.log.head().size == size
        world.permit = key("next permit")
        assert world.gate("staging").decision.outcome == "allowed"

    def test_a_retry_after_another_permit_key_gets_the_decision_of_before(self, world: World, fails: Fails) -> None:
        first = world.gate("staging", key="once")
        world.root(permit=key("next permit").public)
        assert fails(world.gate, "staging", key="once") == "permit.other-key"
        world.permit = key("next permit")
        again = world.gate("staging", key="once")
        assert (again.index, again.new, again.decision) == (first.index, False, first.decision)


class TestRefusalsAreRecordedOnce:
    def test_the_same_refusal_is_recorded_once_and_told_as_it_is_now(self, world: World) -> None:
        world.deploy("staging")
        first = world.gate()
        blobs = len(world.blobs.held)
        world.clock.advance(hours=5)
        again = world.gate()
        assert (again.index, again.new, codes(again)) == (first.index, False, codes(first))
        params = {one.requirement: one.params for one in again.decision.outcomes}
        assert params["soaked"]["seconds"] == 5 * 3600
        assert len(world.blobs.held) == blobs

    def test_the_same_refusal_of_an_other_asker_is_their_own(self, world: World) -> None:
        first = world.gate()
        for by in ("rita", "mallory", None):
            other = world.gate(by=by)
            assert other.new
            assert other.decision.actor == (key(by).fingerprint if by else "")
            again = world.gate(by=by)
            assert (again.index, again.new) == (other.index, False)
        assert world.gate().index > first.index

    def test_an_other_outcome_is_recorded(self, world: World) -> None:
        first = world.gate()
        world.deploy("staging")
        second = world.gate()
        assert second.new
        assert second.index > first.index

    def test_the_same_outcome_by_an_other_section_is_recorded(self, world: World) -> None:
        """What a code stands for may be another then: whom to believe, or how long to wait."""
        first = world.gate()
        world.policy(standard_policy(permit="1h"))
        second = world.gate()
        assert (second.new, codes(second)) == (True, codes(first))
        world.policy(changed(standard_policy(permit="1h"), project="other"))
        third = world.gate()
        assert (third.new, third.index) == (False, second.index), "of a change elsewhere it is the same"

    def test_an_other_release_or_request_is_recorded(self, world: World) -> None:
        world.artifact("other")
        first = world.gate()
        assert world.gate(ref="other").new
        assert world.gate(config=digest("config")).new
        assert world.gate().index != first.index

    def test_a_forged_refusal_is_not_taken_for_one(self, world: World) -> None:
        first = world.gate()
        forged = world.smuggle(world.decided(first, key("mallory"), history=first.index + 1))
        again = world.gate()
        assert again.new
        assert again.index > forged


class TestIdempotency:
    def test_a_retry_gets_the_same_permit(self, world: World) -> None:
        world.soaked()
        world.approved()
        first = world.gate(key="job-7")
        world.clock.advance(minutes=14)
        again = world.gate(key="job-7")
        assert (again.decision, again.index, again.new) == (first.decision, first.index, False)

    def test_who_asks_again_proves_it_again(self, world: World, fails: Fails) -> None:
        """A key that only says it is the asker's hears of no permit."""
        world.soaked()
        world.approved()
        world.gate(key="job-7")
        liar = copy(key("mallory"))
        liar.public = key("dora").public
        assert fails(gate.gate, world.ports, world.ask(key="job-7"), liar) == "sshsig.bad-signature"

    def test_a_lost_answer_is_found_again(self, world: World, fails: Fails) -> None:
        world.soaked()
        world.approved()
        world.log.answer_lost = LedgerError("log.unwritable", "the process died")
        assert fails(world.gate, key="job-7") == "log.unwritable"
        size = world.log.head().size
        again = world.gate(key="job-7")
        assert (again.decision.outcome, again.new, world.log.head().size) == ("allowed", False, size)
        other = world.gate(key="job-8")
        assert (other.index, other.decision, other.new) == (again.index, again.decision, False)

    def test_a_failed_append_leaves_nothing(self, world: World, fails: Fails) -> None:
        size = world.log.head().size
        world.log.fails = LedgerError("log.full", "no space")
        assert fails(world.gate, "staging", key="job-7") == "log.full"
        assert world.log.head().size == size
        assert world.gate("staging", key="job-7").new

    def test_a_retried_refusal_is_the_refusal(self, world: World) -> None:
        first = world.gate(key="job-7")
        world.soaked()
        world.approved()
        again = world.gate(key="job-7")
        assert (again.decision, again.index) == (first.decision, first.index)

    def test_the_key_of_an_other_question_or_person_is_refused(self, world: World, fails: Fails) -> None:
        world.artifact("other")
        world.gate("staging", key="job-7")
        assert fails(world.gate, "staging", "other", key="job-7") == "gate.key-reused"
        assert fails(world.gate, "staging", config=digest("config"), key="job-7") == "gate.key-reused"
        assert fails(world.gate, "staging", by="rita", key="job-7") == "gate.key-reused"
        assert fails(world.gate, "staging", by=None, key="job-7") == "gate.key-reused"
        id_ = world.request("staging")
        assert fails(world.gate, "staging", request=id_, key="job-7") == "gate.key-reused"
        assert world.gate("production", key="job-7").new

    @pytest.mark.parametrize("how", ["rejected", "withdrawn", "used", "failed", "expired", "replaced"])
    def test_a_retry_never_brings_back_a_permit_that_fell(self, world: World, fails: Fails, how: str) -> None:
        world.soaked()
        id_ = world.approved()
        first = world.gate(key="job-7")
        match how:
            case "rejected":
                world.reject(id_, "carl")
            case "withdrawn":
                world.withdraw(id_, "rita", "request")
            case "used" | "replaced":
                world.record(world.deployed(first.index), first.release.artifacts, "dora")
            case "failed":
                world.runner.status = 3
                from lockgate.core import events

                failed = events.DeployFailed(
                    log=world.genesis, permit=first.index, environment="production", config="none", started_at=NOW, ended_at=NOW, exit_status=3
                )
                world.record(failed, first.release.artifacts, "dora")
            case _:
                world.clock.advance(minutes=15)
        assert fails(world.gate, key="job-7") == ("permit.expired" if how == "expired" else "permit.gone")

    def test_two_at_once_with_one_key_get_one_decision(self, world: World) -> None:
        real = world.log.append
        first: list[gate.Gated] = []

        def append(entry: Entry, guard: Guard | None = None) -> Receipt:
            world.log.append = real
            first.append(world.gate("staging", key="job-7"))
            receipt: Receipt = real(entry, guard)
            return receipt

        world.log.append = append
        second = world.gate("staging", key="job-7")
        assert (second.index, second.new) == (first[0].index, False)


class TestTheOutstandingPermit:
    def test_who_holds_it_gets_it_again(self, world: World) -> None:
        world.soaked()
        world.approved()
        first = world.gate()
        world.clock.advance(minutes=14)
        for again in (world.gate(), world.gate(request=first.decision.request)):
            assert (again.decision, again.index, again.new) == (first.decision, first.index, False)
        assert would(world.ports, world.ask(), key("dora"))[0] == first.decision
        world.clock.advance(minutes=1)
        assert world.gate().new

    def test_gate_then_deploy_is_one_permit(self, world: World) -> None:
        world.soaked()
        world.approved()
        first = world.gate()
        done = world.deploy("production")
        assert (done.gated.index, done.exit_status) == (first.index, 0)
        assert allowed_in_production(world) == [first.index]

    def test_with_another_key_of_the_same_person(self, world: World) -> None:
        world.roster(*(one for one in PEOPLE if one.id != person_id("dora")), person("dora", PEOPLE[1].duties, keys=["dora", "dora-at-home"]))
        world.soaked()
        world.approved()
        assert world.gate(by="dora-at-home").index == world.gate(by="dora").index

    @pytest.mark.parametrize("by", ["don", "mallory", None])
    def test_nobody_else_gets_it(self, world: World, by: str | None) -> None:
        world.roster(*PEOPLE, DON)
        world.soaked()
        id_ = world.approved()
        first = world.gate()
        other = world.gate(by=by)
        expected = {"don": "approved.permit-outstanding"}.get(by or "", "approved.deployer-unknown")
        assert codes(other) == {"approved": expected}
        assert other.index != first.index
        if by == "don":
            (outcome,) = (one for one in other.decision.outcomes if one.code)
            assert outcome.params == {"request": id_, "decision": first.index, "by": person_id("dora")}
            assert outcome.opens_at == first.decision.not_after

    def test_not_for_another_release_configuration_or_request(self, world: World) -> None:
        world.artifact("other")
        world.soaked()
        world.approved()
        first = world.gate()
        assert codes(world.gate(ref="other"))["approved"] == "approved.no-request"
        assert codes(world.gate(config=digest("config")))["approved"] == "approved.no-request"
        second = world.request()
        assert codes(world.gate(request=second)) == {"approved": "approved.too-few-people"}
        assert world.gate(request=first.decision.request or "").index == first.index

    def test_not_where_it_would_not_be_given_any_more(self, world: World) -> None:
        world.soaked()
        id_ = world.approved()
        world.gate()
        world.withdraw(id_, "bob")
        assert codes(world.gate()) == {"approved": "approved.too-few-people"}
        world.approve(id_, "carl", "security")
        world.reject(id_, "carl")
        assert codes(world.gate()) == {"approved": "approved.rejected"}

    def test_not_on_evidence_that_has_aged_since(self, world: World) -> None:
        """The artifact was signed anew: a new permit would be given, and the old one, which is out still, stands on the old signature."""
        world.policy(standard_policy(requires=(replace(SIGNED, max_age="1h"), APPROVED)))
        world.clock.advance(minutes=50)
        world.approved()
        world.gate()
        world.clock.advance(minutes=11)
        world.artifact()
        with pytest.raises(EvidenceError) as err:
            world.gate()
        assert (err.value.code, err.value.remedy) == ("permit.gone", "lockgate status")
        assert "signed-by.too-old" in err.value.message
        world.clock.advance(minutes=4)
        assert world.gate().new

    def test_not_without_a_pinned_root(self, world: World, fails: Fails) -> None:
        world.soaked()
        world.approved()
        world.gate()
        pinned, world.pinned = world.pinned, None
        assert fails(world.gate) == "root.unpinned"
        world.pinned = pinned

    def test_not_once_it_was_used_or_given_back(self, world: World) -> None:
        world.soaked()
        world.approved()
        first = world.gate()
        world.runner.status = 3
        assert world.deploy("production").gated.index == first.index
        second = world.gate()
        assert second.new
        world.runner.status = 0
        assert world.deploy("production").gated.index == second.index
        assert world.gate().new


class TestWhoAsks:
    def test_a_permit_is_for_who_may_deploy(self, world: World) -> None:
        world.policy(standard_policy(requires=(SIGNED, replace(APPROVED, independent_of=()))))
        world.approved()
        for by, code in (
            ("ann", "not-deployer"),
            ("rita", "not-deployer"),
            ("eve", "not-deployer"),
            ("mallory", "deployer-unknown"),
            (None, "deployer-unknown"),
        ):
            refused = world.gate(by=by)
            assert codes(refused) == {"approved": f"approved.{code}"}
            assert refused.decision.outcomes[-1].params == {"may": (person_id("dora"),)}
        assert world.gate(by="dora").decision.outcome == "allowed"

    def test_who_may_deploy_elsewhere_only(self, world: World) -> None:
        world.roster(*PEOPLE, person("stan", {"staging": ["deploy"]}))
        world.soaked()
        world.approved()
        assert codes(world.gate(by="stan")) == {"approved": "approved.not-deployer"}

    def test_an_approver_who_tries_is_told_what_is_missing_first(self, world: World) -> None:
        world.soaked()
        id_ = world.request()
        world.approve(id_, "ann")
        refused = world.gate(by="ann")
        assert codes(refused) == {"approved": "approved.too-few-people"}
        assert refused.decision.outcomes[-1].params["have"] == 1

    def test_a_question_proves_who_asks_for_minutes(self, world: World) -> None:
        """By whoever holds the gate's keys: a question that was kept as evidence, put again."""
        world.soaked()
        world.approved()
        gated = world.gate()
        own = project(world.ports, "production", gated.index)
        asked = world.blobs.held[manifest_of(world, gated).asked]

        def who(at: timedelta) -> str | None:
            subject = asking.subject_of(own, gated.release, "production", "", asked, gated.decision.decided_at + at)
            return subject.actor.person if subject.actor else None

        for near in (-ASKED_WITHIN, timedelta(0), ASKED_WITHIN):
            assert who(near) == person_id("dora")
        for far in (-ASKED_WITHIN - timedelta(seconds=1), ASKED_WITHIN + timedelta(seconds=1), timedelta(days=1)):
            assert who(far) is None

    def test_a_decision_on_an_old_question_is_not_what_it_says(self, world: World) -> None:
        """By whoever holds the log key and the permit key: replay finds that nobody proved to have asked then."""
        world.soaked()
        world.approved()
        first = world.gate()
        world.clock.advance(minutes=16)
        state = project(world.ports, "production").state
        at, end = world.clock.at, world.clock.at + timedelta(minutes=15)
        forged = world.decided(first, key("permit"), decided_at=at, not_after=end, history=world.log.head().size, state=state_digest(state))
        index = world.smuggle(forged)
        answer = replayed(world.ports, index)
        assert answer.result == "differs"
        assert [one.code for one in answer.replayed if one.code] == ["approved.deployer-unknown"]
        world.broken = True

    def test_the_question_is_signed_when_all_is_read(self, world: World) -> None:
        """However long reading takes, who asks is known."""
        world.soaked()
        world.approved()
        measure = world.source.measure

        def slowly(*args: Any) -> Any:
            world.clock.advance(minutes=30)
            return measure(*args)

        world.source.measure = slowly  # type: ignore[assignment,method-assign]
        assert world.gate().decision.outcome == "allowed"


class TestRaces:
    def test_a_withdrawal_between_decide_and_record(self, world: World) -> None:
        world.soaked()
        id_ = world.approved()
        between(world, lambda: world.withdraw(id_, "bob"))
        assert codes(world.gate()) == {"approved": "approved.too-few-people"}

    def test_a_rejection_between_decide_and_record(self, world: World) -> None:
        world.soaked()
        id_ = world.approved()
        between(world, lambda: world.reject(id_, "carl"))
        assert codes(world.gate()) == {"approved": "approved.rejected"}

    def test_a_policy_between_decide_and_record(self, world: World) -> None:
        between(world, lambda: world.policy(standard_policy(requires=(SIGNED, BUILT))))
        assert set(codes(world.gate())) == set()

    def test_a_roster_between_decide_and_record(self, world: World) -> None:
        world.soaked()
        world.approved()
        between(world, lambda: world.roster(*(one for one in PEOPLE if one.id != person_id("bob"))))
        assert codes(world.gate()) == {"approved": "approved.too-few-people"}

    def test_what_is_deployed_elsewhere_between_decide_and_record(self, world: World) -> None:
        world.artifact("other")
        world.deploy("staging")
        world.clock.advance(hours=23)
        world.approved()
        between(world, lambda: world.deploy("staging", "other"))
        world.clock.advance(minutes=59)
        assert codes(world.gate()) == {"soaked": "soaked.replaced"}

    def test_what_is_said_elsewhere_is_no_conflict(self, world: World) -> None:
        world.policy(
            Policy(
                version=1,
                project="shop",
                environments={**standard_policy().environments, "beside": EnvironmentPolicy(requires=(SIGNED,))},
                keys=standard_policy().keys,
            )
        )
        between(world, lambda: world.gate("beside"))
        gated = world.gate("staging")
        assert gated.index == gated.decision.history + 1

    def test_endless_contention_ends(self, world: World, fails: Fails, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(say, "ATTEMPTS", 4)
        world.soaked()
        id_ = world.approved()
        real = world.log.append

        def append(entry: Entry, guard: Guard | None = None) -> Receipt:
            world.log.append = real
            world.approve(id_, "carl", "security")
            world.withdraw(id_, "carl")
            world.log.append = append
            receipt: Receipt = real(entry, guard)
            return receipt

        world.log.append = append
        assert fails(world.gate) == "record.contended"

    def test_two_gates_one_approval_one_allow(self, world: World) -> None:
        world.soaked()
        world.approved()
        first: list[gate.Gated] = []
        between(world, lambda: first.append(world.gate()))
        second = world.gate()
        assert (second.index, second.decision, second.new) == (first[0].index, first[0].decision, False)
        assert allowed_in_production(world) == [second.index]

    def test_two_people_one_approval_one_allow(self, world: World) -> None:
        world.roster(*PEOPLE, DON)
        world.soaked()
        world.approved()
        first: list[gate.Gated] = []
        between(world, lambda: first.append(world.gate()))
        second = world.gate(by="don")
        assert codes(second) == {"approved": "approved.permit-outstanding"}
        assert allowed_in_production(world) == [first[0].index]

    def test_many_threads_one_allow(self, world: World) -> None:
        world.soaked()
        world.approved()
        world.roster(*PEOPLE, DON)
        answers: list[tuple[str, str, int]] = []

        def ask(by: str) -> None:
            gated = gate.gate(world.ports, world.ask(), key(by))
            answers.append((by, gated.decision.outcome, gated.index))

        threads = [threading.Thread(target=ask, args=(by,)) for by in ["dora", "don"] * 3]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        world.caught_up()
        (index,) = allowed_in_production(world)
        let_in = {by for by, outcome, _ in answers if outcome == "allowed"}
        assert len(let_in) == 1
        assert sorted(outcome for _, outcome, _ in answers) == ["allowed"] * 3 + ["refused"] * 3
        assert {at for by, _, at in answers if by in let_in} == {index}


class TestClock:
    def test_a_clock_behind_the_log_refuses(self, world: World, fails: Fails) -> None:
        world.gate()
        world.clock.advance(seconds=-1)
        assert fails(world.gate, "staging") == "time.behind-log"

    def test_a_clock_that_stands_still_does_not(self, world: World) -> None:
        world.gate()
        assert world.gate("staging").new


class TestUnreadable:
    @pytest.mark.parametrize("method", ["measure", "attached"])
    def test_a_source_that_fails_is_not_absence(self, world: World, method: str) -> None:
        world.source.fails[method] = UnreadableError("ref.unreadable", "the disk says no")
        gated = world.gate("staging")
        assert gated.decision.outcome == "undecided"
        assert codes(gated)["signed-by"] == "signed-by.unreadable"

    def test_more_evidence_than_is_read_is_not_absence(self, world: World) -> None:
        world.source.artifacts["shop"].evidence += [Evidence(media_type="x", data=b"%d" % n, origin="") for n in range(300)]
        gated = world.gate("staging")
        assert gated.decision.outcome == "undecided"
        assert codes(gated) == {"signed-by": "signed-by.unreadable"}

    def test_memory_that_cannot_be_read_or_written_refuses(self, world: World, fails: Fails) -> None:
        world.heads.recall_fails = UnreadableError("head.unreadable", "no")
        assert fails(world.gate, "staging") == "head.unreadable"
        world.heads.recall_fails = None
        world.heads.remember_fails = UnreadableError("head.unwritable", "no")
        assert fails(world.gate, "staging", key="job-7") == "head.unwritable"
        world.heads.remember_fails = None
        assert world.gate("staging", key="job-7").decision.outcome == "allowed"

    def test_evidence_that_cannot_be_kept_allows_nothing(self, world: World, fails: Fails) -> None:
        size = world.log.head().size
        world.blobs.put_fails = LedgerError("blob.full", "no space")
        assert fails(world.gate, "staging") == "blob.full"
        assert world.log.head().size == size

    def test_a_lost_document_refuses(self, world: World, fails: Fails) -> None:
        world.broken = True
        policy = project(world.ports, "").state.house.policy
        assert policy is not None
        del world.blobs.held[policy.digest]
        assert fails(world.gate, "staging") == "document.unreadable"

    def test_an_altered_document_refuses(self, world: World, fails: Fails) -> None:
        world.broken = True
        roster = project(world.ports, "").state.house.roster
        assert roster is not None
        world.blobs.held[roster.digest] += b" "
        assert fails(world.gate, "staging") == "document.unreadable"


def manifest_of(world: World, gated: gate.Gated) -> Manifest:
    return canon.decode(world.blobs.held[gated.decision.evidence], Manifest, what="manifest")


def between(world: World, happens: Callable[[], object]) -> None:
    """The next append is preceded by this."""
    real = world.log.append

    def append(entry: Entry, guard: Guard | None = None) -> Receipt:
        world.log.append = real
        happens()
        receipt: Receipt = real(entry, guard)
        return receipt

    world.log.append = append


def allowed_in_production(world: World) -> list[int]:
    """Leaves that allowed something there."""
    decided = ((index, explain(world.ports, index)[0]) for index in world.decisions())
    return [index for index, decision in decided if (decision.outcome, decision.environment) == ("allowed", "production")]
