from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace as changed_noun

from build import KEYS, key
from lockgate.app.permit import standing
from lockgate.app.recheck import Look
from lockgate.core.policy import Policy
from world import World, standard_policy

Fails = Callable[..., str]


def without_the_release_key(**changes: Any) -> Policy:
    """The standard policy under which another key than the one that signed ``shop`` is the release key."""
    return changed_noun(standard_policy(**changes), keys={**KEYS, "release": key("the next release").public})


def answers(looks: list[Look]) -> list[tuple[str, str, str]]:
    return [(one.environment, one.outcome, one.code) for one in looks]


@pytest.fixture
def running(world: World) -> World:
    """``shop`` runs in staging."""
    world.deploy("staging")
    return world


class TestAllowedStill:
    def test_nothing_changed_and_nothing_is_recorded(self, running: World) -> None:
        size = running.log.head().size
        assert answers(running.recheck()) == [("staging", "allowed", "")]
        assert running.log.head().size == size

    def test_ages_are_as_of_the_decision(self, running: World) -> None:
        running.clock.advance(days=300)
        assert answers(running.recheck()) == [("staging", "allowed", "")]


class TestRefused:
    def test_a_key_is_revoked(self, running: World, fails: Fails) -> None:
        gated = running.gate("staging")
        running.policy(without_the_release_key())
        looks = running.recheck()
        assert {one[1:] for one in answers(looks)} == {("refused", "signed-by.no-good-signature")}
        assert fails(standing, running.ports, "staging", gated.index, gated.release) == "permit.revoked"
