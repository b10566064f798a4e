"""Who has the permit key alone: the key that signs decisions. It is kept beside the log key, and does not append."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from attack.stage import NEXT, Stage, refused
from build import key
from lockgate.app import prove, say
from lockgate.app.project import project
from lockgate.canon import encode
from lockgate.core.state import state_digest
from lockgate.evidence import record
from lockgate.ledger import proof
from world import WEEK, changed


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
    def test_cannot_pass_over_what_was_said_since(self, stage: Stage) -> None:
        """A decision that looked at an earlier size, recorded after the rejection."""
        size, state = stage.log.head().size, state_digest(project(stage.ports, "production").state)
        stage.reject(stage.asked, "carl")
        refusal = stage.gate(ref="next")
        late = stage.decided(refusal, key("permit"), outcome="allowed", not_after=stage.clock.at + WEEK, history=size, state=state)
        assert stage.why_nothing(stage.smuggle(late)) == "decision.stale"
        assert stage.answer() == "approved.rejected"


class TestDelay:
    def test_cannot_shut_by_refusing(self, stage: Stage) -> None:
        """A refusal that nobody decided is only that: the next question is decided anew."""
        allowed = stage.would()
        refusal = stage.gate(ref="next", by="eve")
        assert refusal.decision.outcome == "refused"
        stage.smuggle(stage.decided(refusal, key("permit"), history=stage.log.head().size))
        assert stage.answer() == allowed.outcome == "allowed"
