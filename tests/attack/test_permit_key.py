"""Who has the permit key alone: the key that signs decisions. It is kept beside the log key, and does not append."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from attack.leaving import revoke
from attack.stage import NEXT, Stage, question_of, refused
from attack.taker import Taker, list_now, permit_file
from build import digest, exception_id, key
from lockgate.app import prove, say, status_list, summarize
from lockgate.app.project import documents, project
from lockgate.canon import encode
from lockgate.core.envelope import Envelope
from lockgate.core.facts import Summary
from lockgate.core.outcome import Outcome
from lockgate.core.ports import Evidence
from lockgate.core.rechecked import Rechecked
from lockgate.core.state import state_digest
from lockgate.evidence import artifact, attestation, dsse, history, record, status
from lockgate.ledger import proof
from lockgate.render import vsa
from world import WEEK, changed


def door(stage: Stage, envelope: Envelope) -> None:
    """What every fold asks of a leaf, of this one where it would stand."""
    own = project(stage.ports, "production")
    history.admit(own.state, say.leaf_for(stage.ports, envelope, "env:production", own), own.size, documents(stage.ports), stage.pinned)


def listed(stage: Stage, **changes: Any) -> bytes:
    """A status list of now, with changes, as only the permit key signs it."""
    said = replace(status_list.issue(stage.ports, "1h")[0], **changes)
    return status.seal(said, key("permit").public, key("permit").sign(status.to_sign(said)))


class TestForge:
    @pytest.mark.not_caught
    def test_can_decide_on_a_state_that_nobody_made_where_somebody_appends_it_and_edits_the_index(self, stage: Stage) -> None:
        """The rejection left out of the state that the next decision stands on; `log check` and a replay fold it themselves."""
        before = project(stage.ports, "production").state
        stage.reject(stage.asked, "carl")
        refusal = stage.gate(ref="next")
        invented = changed(before, environment=changed(before.environment, at=stage.clock.at, leaf=stage.log.head().size - 1))
        stage.index.keep("env:production", state_digest(invented), encode(invented))
        lie = stage.smuggle(stage.decided(refusal, key("permit"), state=state_digest(invented), history=stage.log.head().size))
        allowed = stage.gate(ref="next")
        assert allowed.decision.outcome == "allowed"
        assert stage.why_nothing(lie) == "decision.other-state"
        assert stage.replayed(lie) == "decision.other-state"
        assert stage.replayed(allowed.index) == "decision.other-state"

    def test_cannot_bring_a_decision_in_by_hand(self, stage: Stage) -> None:
        """At the door, only the gate records decisions."""
        stage.reject(stage.asked, "carl")
        refusal = stage.gate(ref="next")
        allowed = stage.decided(refusal, key("permit"), outcome="allowed", not_after=stage.clock.at + WEEK, history=stage.log.head().size)
        size = stage.log.head().size
        assert refused(say.record_event, stage.ports, allowed) == "event.not-recorded"
        assert refused(stage.record, stage.deployed(size), NEXT, "dora") == "deployed.no-permit"

    @pytest.mark.not_caught
    def test_can_call_waived_what_nobody_waived_where_somebody_appends_it(self, stage: Stage) -> None:
        """A replay looks for the waiver."""
        stage.artifact("third")
        refusal = stage.gate(ref="third")
        rows = tuple(replace(one, result="waived", params={"waiver": exception_id("w")}) if one.code else one for one in refusal.decision.outcomes)
        said = {"outcome": "allowed", "outcomes": rows, "not_after": stage.clock.at + WEEK}
        index = stage.smuggle(stage.decided(refusal, key("permit"), **said, history=stage.log.head().size))
        assert stage.why_nothing(index) == ""
        assert stage.replayed(index) == "differs"

    @pytest.mark.not_caught
    def test_can_say_that_what_runs_would_be_refused_where_somebody_appends_it(self, stage: Stage) -> None:
        """A permit falls, and nothing is allowed by it; a replay says that it differs. Of what runs by no permit, nothing is said."""
        permit = stage.gate(ref="next").index
        own = project(stage.ports, "production")
        policy = own.state.house.policy
        assert policy is not None
        said = Rechecked(
            log=stage.genesis, environment="production", config="none", decision=permit, outcome="refused", checked_at=stage.clock.at, engine="1",
            outcomes=(Outcome(requirement="signed-by", result="fail", code="signed-by.no-signature"),), rules=3, history=own.size,
            state=state_digest(own.state), policy=policy.digest, section="none", root=1, roster=own.roster.version,
            evidence=question_of(stage, permit),
        )  # fmt: skip

        def sealed(event: Rechecked, about: tuple[str, ...] = NEXT) -> Envelope:
            statement = record.statement_bytes(event, about)
            return record.seal_by_permit_key(statement, key("permit").public, key("permit").sign(record.to_sign(statement)))

        wrong = [sealed(changed(said, decision=3)), sealed(said, (digest("third"),)), sealed(changed(said, state=digest("made up")))]
        assert [refused(door, stage, one) for one in wrong] == ["recheck.no-permit", "recheck.other-release", "decision.other-state"]
        lie = stage.smuggle(sealed(said))
        assert (stage.why_nothing(lie), stage.replayed(lie)) == ("", "differs")
        assert refused(stage.record, stage.deployed(permit), NEXT, "dora") == "deployed.no-permit"

    def test_cannot_go_by_a_glass_that_nobody_broke(self, stage: Stage) -> None:
        """Not even where somebody appends it."""
        refusal = stage.gate(ref="next", by="eve")
        said = {"outcome": "allowed", "break_glass": exception_id("g"), "not_after": stage.clock.at + WEEK}
        index = stage.smuggle(stage.decided(refusal, key("permit"), **said, history=stage.log.head().size))
        assert stage.why_nothing(index) == "exception.unknown"
        assert refused(stage.record, stage.deployed(index), NEXT, "dora") == "deployed.no-permit"

    def test_cannot_go_by_the_rules_of_before_rollbacks_were_told_apart(self, stage: Stage) -> None:
        stage.deploy(ref="next")
        refusal = stage.gate(ref="shop")
        said = {"outcome": "allowed", "rules": 0, "not_after": stage.clock.at + WEEK}
        index = stage.smuggle(stage.decided(refusal, key("permit"), **said, history=stage.log.head().size))
        assert stage.why_nothing(index) == "decision.older-rules"

    @pytest.mark.not_caught
    def test_can_say_in_a_status_list_that_something_runs(self, stage: Stage) -> None:
        """So that its permit, which has ended, restarts what was replaced, or what never was there."""
        permit = permit_file(stage, stage.gate(ref="next").index)
        stage.clock.advance(hours=5)
        assert Taker(stage).takes(permit, list_now(stage), run=True) == "permit.expired"
        runs = status.Runs(environment="production", release=stage.here("staging").stays[-1].release)
        assert Taker(stage).takes(permit, listed(stage, runs=(runs,)), run=True) == "taken"

    @pytest.mark.not_caught
    def test_can_sum_up_what_nobody_decided(self, stage: Stage) -> None:
        """A verification summary is the permit key's word and no proof: whoever relies on it alone is not told that the log holds no such decision."""
        refusal = stage.gate(ref="next", by="eve")
        lie = changed(refusal.decision, outcome="allowed", not_after=stage.clock.at + WEEK)
        envelope = attestation.seal(vsa.statement(lie, NEXT, stage.log.origin, (refusal.index, digest("leaf")), None), key("permit").public, key("permit").sign)
        piece = Evidence(media_type=dsse.MEDIA_TYPE, data=envelope, origin="")
        (fact,) = artifact.read([piece], {"gate": key("permit").public}, set(NEXT), stage.clock.at)
        assert isinstance(fact, Summary)
        assert fact.passed
        assert not summarize.summarize(stage.ports, refusal.index)[0].passed
        assert refused(record.open_envelope, record.read_envelope(envelope)) == "event.malformed"

    def test_cannot_prove_what_is_not_in_the_log(self, stage: Stage) -> None:
        """A proof of another leaf with the forged decision put in its place."""
        refusal = stage.gate(ref="next", request=stage.asked, by="eve")
        allowed = stage.decided(refusal, key("permit"), outcome="allowed", not_after=stage.clock.at + WEEK)
        real = proof.parse_proof(prove.prove(stage.ports, refusal.index))
        leaf = encode(replace(record.read_leaf(stage.log.leaf(refusal.index)), event=allowed))
        assert stage.pinned is not None
        assert refused(prove.check, proof.format_proof(real.index, real.hashes, real.checkpoint, leaf), stage.pinned) == "proof.wrong-root"

    def test_cannot_sign_for_people(self, stage: Stage) -> None:
        index = stage.smuggle(stage.signed(stage.approval(stage.asked, "security"), "permit"))
        assert stage.why_nothing(index) == "key.not-enrolled"


class TestHide:
    @pytest.mark.not_caught
    def test_can_hide_a_revocation_in_a_status_list_of_their_own(self, stage: Stage) -> None:
        """Over the log's newest head, which anybody has; until the permit ends. The gate is not asked by lists."""
        permit, taker = permit_file(stage, stage.gate(ref="next").index), Taker(stage)
        revoke(stage)
        assert taker.takes(permit, list_now(stage)) == "permit.revoked"
        assert taker.takes(permit, listed(stage, revoked=())) == "taken"
        stage.clock.advance(minutes=15)
        assert taker.takes(permit, listed(stage, revoked=())) == "permit.expired"
        assert stage.answer() == "release.recalled"

    def test_cannot_make_a_list_over_a_head_of_their_own(self, stage: Stage) -> None:
        said, _ = status_list.issue(stage.ports, "1h")
        permit = permit_file(stage, stage.gate(ref="next").index)
        longer = said.checkpoint.replace(f"\n{stage.log.head().size - 1}\n", f"\n{10**6}\n")
        assert longer != said.checkpoint
        assert Taker(stage).takes(permit, listed(stage, checkpoint=longer)) == "status.forged"

    def test_cannot_pass_over_what_was_said_since(self, stage: Stage) -> None:
        """A decision that looked at an earlier size, recorded after the rejection."""
        size, state = stage.log.head().size, state_digest(project(stage.ports, "production").state)
        stage.reject(stage.asked, "carl")
        refusal = stage.gate(ref="next")
        late = stage.decided(refusal, key("permit"), outcome="allowed", not_after=stage.clock.at + WEEK, history=size, state=state)
        assert stage.why_nothing(stage.smuggle(late)) == "decision.stale"
        assert stage.answer() == "approved.rejected"


class TestDelay:
    def test_can_call_every_permit_revoked_in_a_status_list(self, stage: Stage) -> None:
        permit = permit_file(stage, stage.gate(ref="next").index)
        struck = status.Struck(environment=status.EVERYWHERE, leaf=0)
        assert Taker(stage).takes(permit, listed(stage, revoked=(struck,))) == "permit.revoked"
        assert Taker(stage).takes(permit, list_now(stage)) == "taken"

    def test_cannot_shut_by_refusing(self, stage: Stage) -> None:
        """A refusal that nobody decided is only that: the next question is decided anew."""
        allowed = stage.would()
        refusal = stage.gate(ref="next", by="eve")
        assert refusal.decision.outcome == "refused"
        stage.smuggle(stage.decided(refusal, key("permit"), history=stage.log.head().size))
        assert stage.answer() == allowed.outcome == "allowed"
