"""Who hands out status lists: they choose which list whoever takes permits gets to see, and when. No key of the gate."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from attack.leaving import revoke
from attack.stage import Stage
from attack.taker import Taker, list_now, permit_file
from build import key
from fakes.memory_log import MemoryLog
from lockgate.app import status_list
from lockgate.canon import encode
from lockgate.evidence import b64, dsse, status
from world import World, standard_policy


@pytest.fixture
def permit(stage: Stage) -> bytes:
    """For ``next`` in production, where permits are taken with a list only."""
    stage.policy(standard_policy(status_max_age="1h", permit="2h"))
    stage.withdraw(stage.asked, "rita", "request")
    stage.approved("next")
    return permit_file(stage, stage.gate(ref="next").index)


class TestForge:
    def test_cannot_make_one(self, stage: Stage, permit: bytes) -> None:
        """Nor with the log key, which signs heads."""
        said, _ = status_list.issue(stage.ports, "1h")
        for name in ("mallory", "log"):
            forged = status.seal(said, key(name).public, key(name).sign(status.to_sign(said)))
            assert Taker(stage).takes(permit, forged) == "status.forged"

    def test_cannot_take_a_line_out_of_one_or_let_it_last(self, stage: Stage, permit: bytes) -> None:
        revoke(stage)
        said, real = status_list.issue(stage.ports, "1h")
        envelope = dsse.parse(real)
        assert Taker(stage).takes(permit, real) == "permit.revoked"
        for changed in (replace(said, revoked=()), replace(said, status_max_age="9000d"), replace(said, issued_at=said.issued_at + timedelta(minutes=1))):
            payload = b64.encode(encode(changed))
            signatures = [{"keyid": key("permit").fingerprint, "sig": b64.encode(envelope.signatures[0].sig)}]
            altered = encode({"payload": payload, "payloadType": envelope.payload_type, "signatures": signatures})
            assert Taker(stage).takes(permit, altered) == "status.forged"

    def test_cannot_give_one_of_another_log(self, stage: Stage, permit: bytes) -> None:
        other = World(log=MemoryLog("example.com/other", seed=bytes(32)))
        other.clock.at = stage.clock.at
        other.begin()
        assert Taker(stage).takes(permit, status_list.issue(other.ports, "1h")[1]) == "status.other-log"


class TestHide:
    @pytest.mark.not_caught
    def test_can_hide_a_revocation_by_withholding_the_newer_list(self, stage: Stage, permit: bytes) -> None:
        """For as long as the older one may be believed: here an hour."""
        older, taker = list_now(stage), Taker(stage)
        revoke(stage)
        stage.clock.advance(minutes=60)
        assert taker.takes(permit, older) == "taken"
        stage.clock.advance(seconds=1)
        assert taker.takes(permit, older) == "status.too-old"

    def test_cannot_from_who_saw_the_newer_one(self, stage: Stage, permit: bytes) -> None:
        older, taker = list_now(stage), Taker(stage)
        revoke(stage)
        assert taker.takes(permit, list_now(stage)) == "permit.revoked"
        assert taker.takes(permit, older) == "permit.smaller-tree"

    def test_cannot_give_one_from_before_the_permit(self, stage: Stage, permit: bytes) -> None:
        """Which says nothing of what was revoked since."""
        older = list_now(stage)
        stage.clock.advance(minutes=1)
        stage.gate(ref="next", by="eve")
        index = next(one.decision for one in stage.here().permits if one.request)
        assert Taker(stage).takes(permit_file(stage, index), older) == "status.older-tree"

    def test_cannot_say_that_something_runs_on(self, stage: Stage, permit: bytes) -> None:
        """An old list says that it runs, and is too old when its permit has ended."""
        stage.deploy(ref="next")
        older = list_now(stage)
        stage.clock.advance(hours=2)
        assert Taker(stage).takes(permit, older, run=True) == "status.too-old"


class TestDelay:
    def test_can_hand_out_none(self, stage: Stage, permit: bytes) -> None:
        assert Taker(stage).takes(permit) == "status.missing"

    def test_can_hand_out_rubbish(self, stage: Stage, permit: bytes) -> None:
        assert Taker(stage).takes(permit, b"{}") == "status.malformed"
        assert Taker(stage).takes(permit, b" " * ((1 << 20) + 1)) == "status.too-large"

    def test_cannot_where_permits_are_taken_without(self, stage: Stage) -> None:
        assert Taker(stage).takes(permit_file(stage, stage.gate(ref="next").index)) == "taken"
