"""A permit holder: who has a permit's file, and shows it to whoever takes permits away from the gate. No key."""

from __future__ import annotations

from typing import Any

import pytest

from attack.leaving import restore, revoke
from attack.stage import NEXT, Stage, refused
from attack.taker import Taker, list_now, permit_file
from build import digest
from lockgate.app import artifacts, attach
from world import standard_policy


@pytest.fixture
def permit(stage: Stage) -> bytes:
    """Dora's, for ``next`` in production."""
    return permit_file(stage, stage.gate(ref="next").index)


@pytest.fixture
def taker(stage: Stage, permit: bytes) -> Taker:
    """Who takes it."""
    made = Taker(stage)
    assert made.takes(permit) == "taken"
    return made


class TestForge:
    @pytest.mark.parametrize(
        ("terms", "code"),
        [
            ({"environment": "staging"}, "permit.other-environment"),
            ({"artifacts": (digest("evil"),)}, "permit.other-artifact"),
            ({"artifacts": (*NEXT, digest("evil"))}, "permit.other-artifact"),
            ({"config": digest("config")}, "permit.other-config"),
        ],
    )
    def test_cannot_use_it_for_anything_else(self, stage: Stage, permit: bytes, taker: Taker, terms: dict[str, Any], code: str) -> None:
        assert taker.takes(permit, **terms) == code
        assert taker.takes(permit, list_now(stage), **terms) == code

    def test_cannot_bring_other_bytes_under_it(self, stage: Stage) -> None:
        """Whoever takes it reads the artifact."""
        (stage.source.folder / "next").write_bytes(b"evil")
        bench = attach.Bench(source=stage.source, clock=stage.clock)
        assert artifacts.artifacts_of(bench, ("file:next",))[0] != NEXT

    def test_cannot_use_it_past_its_end(self, stage: Stage, permit: bytes, taker: Taker) -> None:
        """Nor to restart what does not run there."""
        stage.clock.advance(minutes=15)
        assert taker.takes(permit) == "permit.expired"
        assert taker.takes(permit, list_now(stage), run=True) == "permit.expired"

    def test_cannot_change_it(self, permit: bytes, taker: Taker) -> None:
        for place in range(0, len(permit), 29):
            data = bytearray(permit)
            data[place] ^= 1
            assert taker.takes(bytes(data)) != "taken"

    def test_cannot_make_one_of_anything_else_in_the_log(self, stage: Stage, taker: Taker) -> None:
        refusal = stage.gate(ref="next", by="eve")
        for index in (0, stage.log.last("env:production"), refusal.index):
            assert taker.takes(permit_file(stage, index)) == "permit.none"

    def test_cannot_deploy_with_it_at_the_gate(self, stage: Stage, permit: bytes) -> None:
        assert permit
        (given,) = stage.here().permits[-1:]
        assert refused(stage.record, stage.deployed(given.decision), NEXT, "don") == "deployed.other-person"


class TestHide:
    @pytest.mark.not_caught
    def test_can_hide_that_it_was_revoked_from_who_asks_for_no_list(self, stage: Stage, permit: bytes, taker: Taker) -> None:
        """Until it ends, minutes later."""
        revoke(stage)
        assert taker.takes(permit) == "taken"
        assert Taker(stage).takes(permit, list_now(stage)) == "permit.revoked"
        stage.clock.advance(minutes=15)
        assert taker.takes(permit) == "permit.expired"

    @pytest.mark.not_caught
    def test_can_hide_that_it_was_used_and_that_something_else_was_deployed_since(self, stage: Stage, permit: bytes, taker: Taker) -> None:
        """With a list too: whether it was used, no file shows, but the gate, which takes it once."""
        stage.deploy(ref="next")
        stage.deploy(ref="shop", request=rolled_back(stage))
        assert stage.answer().startswith("release.downgrade")
        assert taker.takes(permit, list_now(stage)) == "taken"
        stage.clock.advance(minutes=15)
        assert taker.takes(permit, list_now(stage)) == "permit.expired"
        assert taker.takes(permit, list_now(stage), run=True) == "permit.expired"

    def test_cannot_hide_it_where_the_policy_asks_for_lists(self, stage: Stage) -> None:
        """It stands in the permit, and is signed."""
        stage.policy(standard_policy(status_max_age="10m"))
        stage.withdraw(stage.asked, "rita", "request")
        stage.approved("next")
        permit, taker = permit_file(stage, stage.gate(ref="next").index), Taker(stage)
        assert taker.takes(permit) == "status.missing"
        assert taker.takes(permit, list_now(stage)) == "taken"
        restore(stage, revoke(stage))
        assert taker.takes(permit, list_now(stage)) == "permit.revoked"

    def test_cannot_hide_that_it_was_revoked_by_showing_another_copy_of_it(self, stage: Stage) -> None:
        """Made from a later tree, with a list from before."""
        index, taker = stage.gate(ref="next").index, Taker(stage)
        before = list_now(stage)
        revoke(stage)
        assert taker.takes(permit_file(stage, index), before) == "status.older-tree"
        assert taker.takes(permit_file(stage, index), list_now(stage)) == "permit.revoked"


class TestDelay:
    def test_cannot_run_on_past_a_recall(self, stage: Stage, permit: bytes, taker: Taker) -> None:
        stage.deploy(ref="next")
        stage.clock.advance(minutes=15)
        assert taker.takes(permit, list_now(stage), run=True) == "taken"
        revoke(stage)
        assert taker.takes(permit, list_now(stage), run=True) == "permit.revoked"

    def test_cannot_run_on_by_showing_no_list(self, stage: Stage, permit: bytes, taker: Taker) -> None:
        stage.deploy(ref="next")
        assert taker.takes(permit, run=True) == "status.missing"


def rolled_back(stage: Stage) -> str:
    """``shop`` asked back, and approved; the request's id."""
    asked = stage.request(rollback=True)
    stage.approve(asked, "ann")
    stage.approve(asked, "bob")
    return asked
