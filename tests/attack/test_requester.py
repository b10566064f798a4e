"""Who may request, or has such a key: Rita. She asks for releases, and approves and deploys none."""

from __future__ import annotations

import pytest

from attack.stage import CAST, NEXT, Stage, refused, small_rooms
from build import person
from lockgate.app import request, say
from lockgate.core import events
from lockgate.core.digest import digest_of
from lockgate.core.model import NONE
from lockgate.evidence import record


class TestForge:
    def test_cannot_approve_what_they_asked_for(self, stage: Stage) -> None:
        """Not even where the roster gives them the duty."""
        rita = person("rita", {"production": ["request", "approve:security"]})
        stage.roster(*(rita if one.id == rita.id else one for one in CAST))
        stage.withdraw(stage.asked, "bob")
        stage.approve(stage.asked, "rita")
        assert stage.answer() == "approved.too-few-people"

    def test_cannot_ask_where_they_have_no_duty(self, stage: Stage) -> None:
        assert refused(stage.request, ref="next", by="ann") == "people.no-duty"

    def test_cannot_be_let_through_themselves(self, stage: Stage) -> None:
        assert stage.answer(by="rita") == "approved.not-deployer"

    def test_cannot_take_an_id_that_somebody_is_about_to_approve(self, stage: Stage) -> None:
        """One id, one request, in all the house: whoever approves names nothing else."""
        for to, ref in (("staging", "next"), ("production", "shop")):
            assert refused(stage.request, to=to, ref=ref, id_=stage.asked) == "request.reused"
        past_the_door = events.Requested(log=stage.genesis, id=stage.asked, environment="staging", config=NONE, from_=NONE, requested_at=stage.clock.at)
        stage.smuggle(stage.signed(past_the_door, "rita"))
        assert refused(stage.approve, stage.asked, "carl", "security") == "request.ambiguous"

    @pytest.mark.not_caught
    def test_can_ask_anew_for_what_was_rejected(self, stage: Stage) -> None:
        """A no is to a request. Approvals of the new one are needed, by people who are told of the no; and who deploys has to name it."""
        stage.reject(stage.asked, "carl")
        again = stage.approved("next")
        assert [one.id for one in request.rejected_beside(request.find(stage.ports, again))] == [stage.asked]
        assert stage.answer() == "approved.rejected"
        assert stage.answer(request=again) == "allowed"


class TestHide:
    def test_cannot_withdraw_what_others_said(self, stage: Stage) -> None:
        assert refused(stage.withdraw, stage.asked, "rita", "approval") == "withdrawal.not-yours"
        stage.reject(stage.asked, "carl")
        assert refused(stage.withdraw, stage.asked, "rita", "rejection") == "withdrawal.not-yours"

    def test_cannot_hide_what_was_asked_by_asking_for_something_else(self, stage: Stage) -> None:
        """The same words about other bytes are another signature; those of the first say what was asked."""
        asked = stage.envelope(stage.index.find("request", stage.asked)[0])
        said = record.open_envelope(asked).event
        assert refused(stage.record, said, (digest_of(b"shop"),), "rita") == "request.reused"
        assert not say.record_event(stage.ports, asked).new


class TestDelay:
    def test_can_take_their_request_back_until_a_permit_was_used(self, stage: Stage) -> None:
        gated = stage.gate(ref="next")
        stage.withdraw(stage.asked, "rita", "request")
        assert stage.answer(request=stage.asked) == "approved.request-withdrawn"
        assert refused(stage.record, stage.deployed(gated.index), NEXT, "dora") == "deployed.no-permit"

    def test_can_push_out_what_others_asked_for_and_nobody_approved_yet(self, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        """By 256 requests in earnest; what has an approval that lasts is never pushed out."""
        small_rooms(monkeypatch)
        stage.roster(*CAST, person("rob", {"production": ["request"]}))
        theirs = stage.request(ref="next", by="rob")
        for _ in range(3):
            stage.request(ref="shop")
        assert stage.here().request(theirs) is None
        assert stage.here().request(stage.asked) is not None
        assert stage.answer() == "allowed"
