"""Who has the log key, and so may append what they like: the key that says in which order things were said, and nothing of who may say them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from attack.leaving import BREAKERS, break_glass, enrol, hold, lift, restore, review, revoke, waive
from attack.stage import NEXT, Stage, refused, small_rooms
from build import KEYS, digest, key, person, person_id
from lockgate.app import filing, gate, prove, replay, report, say, why
from lockgate.app.project import project
from lockgate.canon import encode
from lockgate.core import events
from lockgate.core.envelope import Envelope, Leaf
from lockgate.core.model import NONE
from lockgate.core.ports import Entry
from lockgate.core.state import Permit, state_digest
from lockgate.evidence import record
from world import WEEK, changed, standard_policy

ANOTHER_LOG = digest("leaf 0 of another log")


class TestForge:
    def test_cannot_say_anything_in_a_persons_name(self, stage: Stage) -> None:
        """Leaves in the name of people who signed nothing: each means nothing, `log check` says why, and a no stands."""
        stage.reject(stage.asked, "carl")
        approval = stage.approval(stage.asked, "security")
        back = events.Withdrawn(log=stage.genesis, request=stage.asked, environment="production", what="rejection", nonce=stage.nonce())
        expected: dict[int, str] = {}
        for said in (approval, back):
            by_mallory, by_eve = stage.signed(said, "mallory"), stage.signed(said, "eve")
            expected |= {
                stage.smuggle(changed(by_mallory, signatures=())): "event.unsigned",
                stage.smuggle(by_mallory): "key.not-enrolled",
                stage.smuggle(changed(by_mallory, signatures=(changed(by_mallory.signatures[0], keyid=key("carl").fingerprint),))): "event.other-key",
                stage.smuggle(by_eve): "people.no-duty" if said is approval else "withdrawal.not-yours",
            }
        ignored = stage.ignored()
        assert {index: ignored[str(index)] for index in expected} == expected
        assert stage.answer() == "approved.rejected"

    def test_cannot_say_that_something_was_deployed(self, stage: Stage) -> None:
        before = stage.here().stays
        gated = stage.gate(ref="next")
        said = stage.signed(stage.deployed(gated.index), "dora")
        unsigned = stage.smuggle(changed(said, signatures=()))
        by_the_log = stage.smuggle(stage.signed(stage.deployed(gated.index), "log"))
        elsewhere = stage.smuggle(said, stream="env:staging")
        assert [stage.why_nothing(index) for index in (unsigned, by_the_log, elsewhere)] == ["event.unsigned", "key.not-enrolled", "event.other-stream"]
        assert stage.here().stays == before

    def test_cannot_decide(self, stage: Stage) -> None:
        """Signed by the log key, with a forged state in the index: no permit, and the state is not used."""
        stage.reject(stage.asked, "carl")
        refusal = stage.gate(ref="next")
        honest, size = project(stage.ports, "production").state, stage.log.head().size
        permit = Permit(decision=size, release=refusal.release, not_after=stage.clock.at + WEEK)
        state = changed(honest, environment=changed(honest.environment, permits=(permit,), requests=()))
        stage.index.keep("env:production", state_digest(state), encode(state))
        forged = stage.smuggle(stage.decided(refusal, key("log"), outcome="allowed", not_after=stage.clock.at + WEEK, state=state_digest(state), history=size))
        assert stage.here().permits == honest.environment.permits
        assert stage.why_nothing(forged) == "event.other-key"
        for call in (replay.replay, why.explain):
            assert refused(call, stage.ports, forged) == "event.other-key"
        assert stage.pinned is not None
        assert refused(prove.check, prove.prove(stage.ports, forged), stage.pinned) == "event.other-key"
        assert refused(stage.record, stage.deployed(forged), NEXT, "dora") == "deployed.no-permit"

    def test_cannot_say_what_a_recheck_came_to(self, stage: Stage) -> None:
        """By its own key, by a person's, for another environment or log, or once more: the mark is as the gate left it."""
        stage.policy(changed(standard_policy(), keys={**KEYS, "release": key("the next release").public}))
        (look, *_) = stage.recheck("production")
        stage.policy(standard_policy())
        (lifted,) = [one for one in stage.recheck("production") if one.decision == look.decision]
        assert (look.outcome, lifted.outcome) == ("refused", "allowed")
        here, true = stage.here(), stage.envelope(look.leaf)
        opened = record.open_envelope(true)
        anew = changed(opened.event, history=stage.log.head().size, state=state_digest(project(stage.ports, "production").state))

        def sealed(event: events.Event, by: str) -> Envelope:
            statement = record.statement_bytes(event, opened.subjects)
            return record.seal_by_permit_key(statement, key(by).public, key(by).sign(record.to_sign(statement)))

        said = [
            stage.smuggle(sealed(anew, "log")),
            stage.smuggle(say.sign_event(anew, opened.subjects, key("owner"))),
            stage.smuggle(sealed(changed(anew, log=ANOTHER_LOG), "permit")),
            stage.smuggle(true, stream="env:staging"),
            stage.smuggle(true),
        ]
        why = ["event.other-key", "event.other-key", "event.other-log", "event.other-stream", "decision.stale"]
        assert [stage.why_nothing(index) for index in said] == why
        assert stage.here().rechecked == here.rechecked
        assert refused(say.record_event, stage.ports, true) == "event.not-recorded"

    def test_cannot_use_what_was_signed_for_another_log(self, stage: Stage) -> None:
        """One key may be enrolled in two gates: a yes in one is none in the other."""
        said = (
            (events.Requested(log=ANOTHER_LOG, id=stage.id(), environment="production", config=NONE, from_=NONE, requested_at=stage.clock.at), "rita"),
            (stage.approval(stage.asked, "security", log=ANOTHER_LOG), "bob"),
            (stage.deployed(stage.gate(ref="next").index, log=ANOTHER_LOG), "dora"),
        )
        indices = [stage.smuggle(stage.signed(event, by)) for event, by in said]
        assert [stage.why_nothing(index) for index in indices] == ["event.other-log"] * 3

    def test_cannot_make_a_copy_of_what_was_said_mean_more(self, stage: Stage) -> None:
        """Every leaf there is, appended again where it belongs and elsewhere: nothing is opened, and each copy says that it is one."""
        before = {name: stage.here(name) for name in ("staging", "production")}
        size = stage.log.head().size
        for index in range(size):
            for stream in ("", "env:staging", "env:production", "house"):
                stage.smuggle(stage.envelope(index), stream)
        assert set(range(size, 5 * size)) <= set(map(int, stage.ignored()))
        assert {name: stage.here(name) for name in before} == before

    def test_cannot_bring_a_withdrawn_approval_back(self, stage: Stage) -> None:
        approval = next(given.leaf for given in stage.here().requests[-1].given if given.person == person_id("bob"))
        stage.withdraw(stage.asked, "bob")
        assert stage.why_nothing(stage.smuggle(stage.envelope(approval))) == "approval.replayed"
        assert stage.answer() == "approved.too-few-people"

    def test_cannot_put_a_policy_in_force_again_with_the_approvals_of_then(self, stage: Stage) -> None:
        """A lax policy for an hour, the strict one again; and the very words of then, with anybody's proposal under the id of then."""
        lax = standard_policy(requires=standard_policy().environments["staging"].requires)
        first = stage.policy(lax)
        approval = stage.index.find("request", first.id)[1]
        stage.clock.advance(hours=1)
        assert stage.policy(standard_policy()).in_force
        strict = project(stage.ports, "").state.house.policy
        assert strict is not None
        again = events.PolicyProposed(log=stage.genesis, id=first.id, version=4, replaces=strict.digest, requested_at=stage.clock.at)
        assert stage.why_nothing(stage.smuggle(stage.signed(again, "eve", (stage.blobs.put(encode(lax)),)))) == "request.reused"
        assert stage.why_nothing(stage.smuggle(stage.envelope(approval))) == "request.unknown"
        assert project(stage.ports, "").state.house.policy == strict

    def test_cannot_bring_back_a_waiver_a_broken_glass_or_what_lifted_a_recall(self, stage: Stage) -> None:
        """What was lifted, used up or ended opens nothing when its leaf is copied, and a lifted recall stays lifted."""
        enrol(stage, *BREAKERS, person("wim", {"production": ["waive"]}))
        stage.policy(standard_policy(waivable=("soaked",)))
        stage.artifact("third")
        waiver = waive(stage, stage.request(ref="third"))
        glass = break_glass(stage)
        stage.deploy(ref="third")
        recall = revoke(stage, "owner", "")
        given, (first, second), revoked = (
            stage.index.find("request", waiver)[0], stage.index.find("request", glass)[:2], stage.index.find("request", recall)[0]
        )  # fmt: skip
        lifted = restore(stage, recall, "owner")
        lift(stage, waiver, "wim")
        expected = {given: "exception.reused", first: "break-glass.same-person", second: "break-glass.same-person"}
        expected |= {revoked: "revocation.reused", lifted: "revocation.unknown"}
        assert {leaf: stage.why_nothing(stage.smuggle(stage.envelope(leaf))) for leaf in expected} == expected
        stage.clock.advance(hours=25)
        review(stage, glass, "carl")
        ended = {given: "exception.expired", first: "exception.expired", second: "exception.expired"}
        assert {leaf: stage.why_nothing(stage.smuggle(stage.envelope(leaf))) for leaf in ended} == ended

    @pytest.mark.not_caught
    def test_can_make_a_soak_two_minutes_longer(self, stage: Stage) -> None:
        """A leaf dated back by as much as an honest process may wait for its turn."""
        gated = self.staged(stage)
        stage.clock.advance(minutes=10)
        said = stage.deployed(gated.index, "staging")
        stage.smuggle(stage.signed(said, "dora", gated.release.artifacts), at=stage.clock.at - timedelta(seconds=119))
        assert stage.here("staging").stays[-1].since == stage.clock.at - timedelta(seconds=119)
        assert stage.log_check() == "whole"

    def test_cannot_make_it_longer_than_that(self, stage: Stage) -> None:
        """Not before the leaves before it, nor before what the deployer signed."""
        gated = self.staged(stage)
        said = stage.signed(stage.deployed(gated.index, "staging"), "dora", gated.release.artifacts)
        stage.clock.advance(hours=-24)
        backwards = stage.smuggle(said)
        stage.clock.advance(hours=24)
        assert backwards
        assert stage.log_check() == "time.backwards"
        assert stage.answer("third", "staging") == "time.backwards"

    def test_cannot_date_it_back_where_nothing_stands_before_it(self, stage: Stage) -> None:
        gated = self.staged(stage)
        late = timedelta(minutes=30)
        said = stage.deployed(gated.index, "staging", started_at=stage.clock.at, ended_at=stage.clock.at + late)
        index = stage.smuggle(stage.signed(said, "dora", gated.release.artifacts))
        assert stage.why_nothing(index) == "event.from-future"

    @pytest.mark.not_caught
    def test_can_make_a_soak_last_by_holding_back_what_ended_it(self, stage: Stage) -> None:
        """What Dora signed as deployed after it is recorded 23 hours late, within what is granted; she is not told that it is recorded."""
        stage.artifact("third")
        stage.deploy("staging", "third")
        stage.clock.advance(hours=2)
        stage.artifact("fourth")
        gated = stage.gate("staging", "fourth")
        held_back = stage.signed(stage.deployed(gated.index, "staging"), "dora", gated.release.artifacts)
        stage.clock.advance(hours=23)
        assert stage.answer("third") == "approved.no-request"
        assert stage.why_nothing(stage.smuggle(held_back)) == ""
        assert stage.log_check() == "whole"

    @pytest.mark.not_caught
    def test_can_make_an_owners_expired_approval_count(self, stage: Stage) -> None:
        """One that was never recorded, dated back to when it had not ended, with no document recorded since; `log check` finds it."""
        proposed = stage.policy(standard_policy(permit="1h"), by="rita")
        yes = stage.signed(
            events.Approved(
                log=stage.genesis, request=proposed.id, environment="house", duty="owner", config=NONE, section=NONE, baseline=NONE,
                shown=self.over(stage, proposed.id), expires=stage.clock.at + timedelta(hours=1), nonce=stage.nonce(),
            ),
            "owner", (self.over(stage, proposed.id).to,),
        )  # fmt: skip
        given = stage.clock.at
        stage.clock.advance(hours=2)
        stage.gate("staging", "next")
        assert refused(say.record_event, stage.ports, yes) == "approval.expired"
        stage.smuggle(yes, at=given)
        policy = project(stage.ports, "").policy
        assert policy is not None
        assert policy.environments["production"].permit == "1h"
        assert stage.log_check() == "time.backwards"

    @staticmethod
    def staged(stage: Stage) -> gate.Gated:
        """A permit for a third release in staging."""
        stage.artifact("third")
        return stage.gate("staging", "third")

    @staticmethod
    def over(stage: Stage, id_: str) -> events.Shown:
        """What an owner is shown of a proposal."""
        house = project(stage.ports, "").state.house
        proposal = next(one for one in house.proposals if one.id == id_)
        return events.Shown(from_=house.policy.digest if house.policy else NONE, to=proposal.digest)


class TestHide:
    @pytest.mark.parametrize("back", [1, 2, 7, 1000])
    def test_cannot_lead_past_a_rejection_while_the_index_knows_it(self, stage: Stage, back: int) -> None:
        """A back link of its own making."""
        rejection = stage.reject(stage.asked, "carl").index
        stage.smuggle(stage.envelope(rejection - 1), stream="env:production", previous=max(-1, rejection - back))
        assert stage.answer() == "log.chain-broken"
        assert stage.log_check() == "log.chain-broken"

    @pytest.mark.not_caught
    def test_can_lead_past_a_rejection_with_the_index_edited_too(self, stage: Stage) -> None:
        rejection = stage.reject(stage.asked, "carl").index
        stage.smuggle(stage.envelope(rejection - 1), stream="env:production", previous=rejection - 1)
        stage.edit("index.db", "DELETE FROM row WHERE kind = 'stream' AND leaf = ?", rejection)
        gated = stage.gate(ref="next")
        assert gated.decision.outcome == "allowed"
        assert stage.replayed(gated.index) == "decision.other-state"
        assert stage.log_check() == "log.chain-broken"
        stage.index.clear()
        filing.catch_up(stage.ports)
        assert stage.answer() == "log.chain-broken"

    @pytest.mark.not_caught
    def test_can_bring_a_forgotten_request_back_and_take_its_rejection_back_by_an_older_withdrawal(self, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        """Forgotten: 256 newer ones came in earnest, and its approvals had ended. Every approval has to be given anew before that opens anything."""
        small_rooms(monkeypatch)
        asked = stage.here().request(stage.asked)
        assert asked is not None
        stage.reject(stage.asked, "carl")
        withdrawal = stage.withdraw(stage.asked, "carl", "rejection").index
        stage.clock.advance(days=4)
        for _ in range(4):
            stage.request(ref="shop")
        assert stage.here().request(stage.asked) is None
        stage.smuggle(stage.envelope(stage.index.find("request", stage.asked)[0]))
        stage.approve(stage.asked, "ann")
        stage.approve(stage.asked, "bob")
        stage.reject(stage.asked, "carl")
        assert stage.answer() == "approved.rejected"
        stage.smuggle(stage.envelope(withdrawal))
        assert stage.answer() == "allowed"
        assert stage.log_check() == "whole"

    def test_cannot_hide_the_tail_from_who_saw_it(self, stage: Stage) -> None:
        older = stage.backup()
        stage.reject(stage.asked, "carl")
        stage.restore(older)
        assert stage.answer() == "head.rolled-back"

    def test_cannot_tell_another_history_to_who_saw_the_first(self, stage: Stage) -> None:
        """As long, or longer, and signed: another leaf stands where the rejection stood."""
        older = stage.backup()
        stage.reject(stage.asked, "carl")
        stage.restore(older)
        log, stage.heads = stage.heads, type(stage.heads)(stage.path / "nobody")
        for _ in range(3):
            stage.request(ref="next")
        stage.heads = log
        assert stage.answer() == "head.forked"
        assert stage.log_check() == "head.forked"


class TestDelay:
    def test_can_append_what_nobody_can_read(self, stage: Stage) -> None:
        stage.log.append(Entry(leaf=b"{}", stream="env:production", key="junk"))
        assert stage.answer() == "event.malformed"
        assert refused(report.check, stage.ports) == "event.malformed"

    def test_can_append_what_a_later_release_would_have_written(self, stage: Stage) -> None:
        leaf = encode(Leaf(at=stage.clock.at, event=stage.envelope(0), stream="env:production"))
        newer = leaf.removesuffix(b"}") + b',"zeal":"of a later lockgate"}'
        stage.log.append(Entry(leaf=newer, stream="env:production", key="newer"))
        assert stage.answer() == "event.newer"

    def test_can_put_a_leaf_in_the_future(self, stage: Stage) -> None:
        stage.smuggle(stage.envelope(7), at=stage.clock.at + timedelta(days=400))
        assert stage.answer() == "time.behind-log"

    def test_can_date_a_leaf_back(self, stage: Stage) -> None:
        """In the environment's own stream; in another one only `log check` says so."""
        own, other = stage.log.last("env:production"), stage.log.last("env:staging")
        stage.smuggle(stage.envelope(other), at=stage.clock.at - timedelta(seconds=121))
        assert stage.answer() == "allowed"
        assert stage.log_check() == "time.backwards"
        stage.smuggle(stage.envelope(own), at=stage.clock.at - timedelta(hours=30))
        assert stage.answer() == "time.backwards"

    def test_can_say_a_rejection_again_that_was_taken_back(self, stage: Stage) -> None:
        """It only shuts."""
        rejection = stage.reject(stage.asked, "carl").index
        stage.withdraw(stage.asked, "carl", "rejection")
        assert stage.answer() == "allowed"
        stage.smuggle(stage.envelope(rejection))
        assert stage.answer() == "approved.rejected"

    def test_can_say_a_hold_again_that_was_lifted(self, stage: Stage) -> None:
        """It only shuts, until it is lifted again; one that says when it ends does not stand past that."""
        held, brief = hold(stage), hold(stage, lasts=timedelta(hours=1))
        first = stage.log.last("env:production") - 1
        for one in (held, brief):
            lift(stage, one)
        assert stage.answer() == "allowed"
        stage.smuggle(stage.envelope(first))
        assert stage.answer().startswith("hold.standing")
        lift(stage, held)
        stage.clock.advance(hours=1)
        assert stage.why_nothing(stage.smuggle(stage.envelope(first + 1))) == "exception.expired"

    def test_can_take_back_a_later_approval_by_a_withdrawal_of_an_earlier_one(self, stage: Stage) -> None:
        withdrawal = stage.withdraw(stage.asked, "bob").index
        stage.approve(stage.asked, "bob")
        stage.smuggle(stage.envelope(withdrawal))
        assert stage.answer() == "approved.too-few-people"
