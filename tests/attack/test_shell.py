"""A shell on the gate's machine, as the gate's account: log key, permit key, ledger, index and blobs. No person's key, and no other account's memory."""

from __future__ import annotations

import shutil
from datetime import timedelta

import pytest

from attack.desk import Desk
from attack.stage import NEXT, Stage, refused
from build import digest, key, person_id
from fakes.fake_agent import agent, serve
from lockgate.adapters.keys.agent import AgentSigner, held_keys
from lockgate.app import prove, report, request
from lockgate.app.project import project
from lockgate.canon import encode
from lockgate.core import events
from lockgate.core.envelope import Envelope
from lockgate.core.model import NONE
from world import changed, standard_policy


class TestForge:
    @pytest.mark.not_caught
    def test_can_allow_what_nobody_decided(self, stage: Stage) -> None:
        """With the state as it is, and an accomplice who may deploy; a replay tells that it was not decided so."""
        stage.reject(stage.asked, "carl")
        refusal = stage.gate(ref="next")
        until = stage.clock.at + timedelta(minutes=15)
        index = stage.smuggle(stage.decided(refusal, key("permit"), outcome="allowed", not_after=until, history=stage.log.head().size, request=""))
        stage.record(stage.deployed(index), NEXT, "dora")
        assert stage.here().stays[-1].release.artifacts == NEXT
        assert stage.log_check() == "whole"
        assert stage.replayed(index) == "differs"

    @pytest.mark.not_caught
    def test_can_allow_it_on_evidence_that_is_not_there(self, stage: Stage) -> None:
        stage.reject(stage.asked, "carl")
        refusal = stage.gate(ref="next")
        until = stage.clock.at + timedelta(minutes=15)
        forged = stage.decided(refusal, key("permit"), outcome="allowed", not_after=until, history=stage.log.head().size, evidence=digest("nothing"))
        assert stage.replayed(stage.smuggle(forged)) == "evidence-erased"
        assert stage.log_check() == "whole"

    @pytest.mark.not_caught
    def test_can_put_a_signed_question_again_within_five_minutes(self, stage: Stage) -> None:
        """Dora asked and was refused; the no was taken back; before she asks anew, there is a permit that only she can use."""
        stage.reject(stage.asked, "carl")
        refusal = stage.gate(ref="next")
        stage.withdraw(stage.asked, "carl", "rejection")
        stage.clock.advance(minutes=4)
        index = stage.smuggle(self.again(stage, refusal.decision.evidence))
        assert stage.replayed(index) == "same"
        assert stage.here().permits[-1].person == person_id("dora")

    @pytest.mark.not_caught
    def test_can_approve_with_an_agent_that_somebody_forwards(self, stage: Stage) -> None:
        """As long as Bob is connected with ``ssh -A``: his agent signs what it is asked to, unless it asks him, or wants his touch."""
        stage.withdraw(stage.asked, "bob")
        with agent(serve({key("bob").public: lambda data, _: key("bob").sign_ssh(data)})) as forwarded:
            (held,) = held_keys(forwarded)
            request.give(stage.ports, request.find(stage.ports, stage.asked), stage.approval(stage.asked, "security"), AgentSigner(held, forwarded))
        assert stage.answer() == "allowed"
        assert stage.log_check() == "whole"

    def test_cannot_put_it_again_later(self, stage: Stage) -> None:
        stage.reject(stage.asked, "carl")
        refusal = stage.gate(ref="next")
        stage.withdraw(stage.asked, "carl", "rejection")
        stage.clock.advance(minutes=6)
        assert stage.replayed(stage.smuggle(self.again(stage, refusal.decision.evidence))) == "differs"

    def test_cannot_forge_what_people_say(self, stage: Stage) -> None:
        """A request, an approval, a withdrawal, a deployment, each under every key there is on the machine."""
        gated, at = stage.gate(ref="next"), stage.clock.at
        said: tuple[events.Event, ...] = (
            events.Requested(log=stage.genesis, id=stage.id(), environment="production", config=NONE, from_=NONE, requested_at=at),
            stage.approval(stage.asked, "security"),
            events.Withdrawn(log=stage.genesis, request=stage.asked, environment="production", what="approval", nonce=stage.nonce()),
            stage.deployed(gated.index),
        )
        for event in said:
            for by in ("log", "permit"):
                assert stage.why_nothing(stage.smuggle(stage.signed(event, by))) == "key.not-enrolled"

    def test_cannot_put_a_policy_a_roster_or_a_root_in_force(self, stage: Stage) -> None:
        house = project(stage.ports, "").state.house
        assert house.policy is not None
        weaker = standard_policy(requires=standard_policy().environments["staging"].requires)
        subject = (stage.blobs.put(encode(weaker)),)
        proposal = events.PolicyProposed(log=stage.genesis, id=stage.id(), version=2, replaces=house.policy.digest, requested_at=stage.clock.at)
        assert stage.why_nothing(stage.smuggle(stage.signed(proposal, "permit", subject))) == "key.not-enrolled"
        by_eve = stage.smuggle(stage.signed(proposal, "eve", subject))  # an accomplice who may propose
        assert stage.why_nothing(by_eve) == ""
        yes = stage.approval(stage.asked, "owner", request=proposal.id, environment="house", section=NONE, baseline=NONE)
        yes = changed(yes, shown=events.Shown(from_=house.policy.digest, to=subject[0]))
        codes = [stage.why_nothing(stage.smuggle(stage.signed(yes, by, subject))) for by in ("log", "permit", "eve")]
        assert codes == ["key.not-enrolled", "key.not-enrolled", "approval.not-owner"]
        assert project(stage.ports, "").state.house.policy == house.policy

    def test_cannot_decide_with_keys_of_their_own(self, desk: Desk) -> None:
        """Another key in ``keys/``: nothing is decided, and nothing is recorded."""
        for name, code in (("permit", "permit.other-key"), ("log", "log.wrong-key")):
            theirs = desk.work / ".lockgate" / "keys" / f"{name}.key"
            kept = theirs.read_bytes()
            desk.call("key", "new", "mine.key")
            shutil.move("mine.key", theirs)
            assert desk.code("gate", "file:app", "--to", "staging") == code
            theirs.write_bytes(kept)
            (desk.work / "mine.key.pub").unlink()
        assert desk.call("gate", "file:app", "--to", "staging").code == 0

    @staticmethod
    def again(stage: Stage, evidence: str) -> Envelope:
        """What the gate would decide now, with the question of then."""
        would = changed(stage.would(), evidence=evidence)
        made = stage.gate("staging", "next")
        return stage.decided(changed(made, decision=would), key("permit"), history=stage.log.head().size)


class TestHide:
    @pytest.mark.not_caught
    def test_can_hide_everything_that_was_recorded_since_from_an_account_that_saw_nothing_newer(self, stage: Stage) -> None:
        older = stage.backup()
        stage.reject(stage.asked, "carl")
        stage.restore(older)
        stage.as_stranger()
        assert stage.answer() == "allowed"
        assert stage.log_check() == "whole"

    def test_cannot_hide_it_from_an_account_that_saw_it(self, stage: Stage) -> None:
        older = stage.backup()
        stage.reject(stage.asked, "carl")
        stage.restore(older)
        for call in (lambda: stage.gate("staging"), lambda: report.check(stage.ports), lambda: report.status(stage.ports), lambda: prove.prove(stage.ports, 1)):
            assert refused(call) == "head.rolled-back"
        assert stage.replayed(stage.decisions()[0]) == "head.rolled-back"

    def test_cannot_hide_it_by_telling_it_anew(self, stage: Stage) -> None:
        """Without the rejection, and longer."""
        older = stage.backup()
        stage.reject(stage.asked, "carl")
        stage.restore(older)
        remembered = stage.heads
        stage.as_stranger()
        for number in range(3):
            stage.gate("staging", "next", key=f"{number}")
        stage.heads = remembered
        assert stage.answer() == "head.forked"

    def test_cannot_restore_it_under_a_running_gate(self, stage: Stage) -> None:
        older = stage.backup()
        stage.reject(stage.asked, "carl")
        (older / "ledger.db").replace(stage.gate_path / "ledger.db")
        for suffix in ("-wal", "-shm"):
            (stage.gate_path / f"ledger.db{suffix}").unlink(missing_ok=True)
        assert stage.answer() in {"head.rolled-back", "head.forked"}

    def test_cannot_take_back_a_proof_that_somebody_holds(self, stage: Stage) -> None:
        older = stage.backup()
        rejection = stage.reject(stage.asked, "carl").index
        held = prove.prove(stage.ports, rejection)
        stage.restore(older)
        assert stage.pinned is not None
        assert isinstance(prove.check(held, stage.pinned).event, events.Rejected)


class TestDelay:
    @pytest.mark.parametrize(
        ("name", "code"), [("ledger.db", "log.missing"), ("log.vkey", "gate.none"), ("keys", "permit.no-key"), ("blobs", "document.unreadable")]
    )
    def test_can_stop_everything_by_deleting(self, desk: Desk, name: str, code: str) -> None:
        victim = desk.work / ".lockgate" / name
        shutil.rmtree(victim) if victim.is_dir() else victim.unlink()
        assert desk.code("gate", "file:app", "--to", "staging") == code
