"""Measures from the log: what counts, and where it came from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from build import digest, key
from lockgate.app import request, say, stats
from lockgate.core.model import NONE
from lockgate.core.ports import Ended
from world import World

Fails = Callable[..., str]


def test_from_the_events_alone(world: World, fails: Fails) -> None:
    world.soaked()
    world.artifact("other")
    world.runner.status = 1
    world.deploy("staging", "other")
    world.runner.status, world.runner.ended = 0, Ended(status=137, signal=9)
    world.deploy("staging", "other")
    world.runner.ended = None
    world.deploy("staging", "other")
    request.request_release(world.ports, ("file:shop",), "staging", NONE, world.id(), key("rita"), rollback=True)
    world.deploy("staging")
    world.approved()
    world.clock.advance(hours=2)
    world.deploy()
    production, staging = stats.stats(world.ports, "", None)
    assert (staging.deployed, staging.failed, staging.unknown, staging.rollbacks) == (3, 1, 1, 1)
    assert (production.deployed, production.lead.count, production.lead.middle) == (1, 1, None)
    assert stats.stats(world.ports, "staging", None) == (staging,)
    assert stats.stats(world.ports, "staging", world.clock.now() - timedelta(hours=1))[0].deployed == 0
    assert fails(stats.stats, world.ports, "stagin", None) == "policy.no-environment"


def test_what_means_nothing_is_not_counted(world: World) -> None:
    gated = world.gate("staging")
    index = world.smuggle(say.sign_event(world.deployed(gated.index, "staging"), (digest("shop"),), key("eve")))
    assert str(index) in world.ignored()
    assert stats.stats(world.ports, "staging", None)[0].deployed == 0


def test_lead_time_is_from_the_request(world: World) -> None:
    for number in range(3):
        name = f"r{number}"
        world.artifact(name)
        world.soaked(name)
        world.approved(name)
        world.clock.advance(hours=1)
        world.deploy(ref=name)
    (production,) = stats.stats(world.ports, "production", None)
    assert (production.lead.count, production.lead.least) == (3, 3600)
