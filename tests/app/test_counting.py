"""What `status` counts is what the gate would count, and why the rest does not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from build import key, nonce, person, person_id
from lockgate.app import govern, request
from lockgate.app.counting import counted, prospect, requirements, tally
from lockgate.app.project import project
from lockgate.core.counts import Tally
from world import PEOPLE, WEEK, World, standard_policy


@pytest.fixture
def asked(world: World) -> str:
    world.soaked()
    return world.request()


def only(world: World, id_: str) -> Tally:
    (found,) = counted(world.ports).approvals[id_]
    return found


def told(found: Tally) -> list[tuple[str, str]]:
    return [(one.person, "counts" if one.counts else one.because) for one in found.given]


def test_nobody_yet_one_and_both(world: World, asked: str) -> None:
    assert only(world, asked) == Tally(have=0, need=2, missing=("release-management", "security"), able=only(world, asked).able)
    world.approve(asked, "ann")
    assert (only(world, asked).have, only(world, asked).missing) == (1, ("security",))
    world.approve(asked, "bob")
    assert (only(world, asked).have, only(world, asked).missing, told(only(world, asked))) == (
        2,
        (),
        [(person_id("ann"), "counts"), (person_id("bob"), "counts")],
    )


def test_withdrawn(world: World, asked: str) -> None:
    world.approve(asked, "ann")
    world.withdraw(asked, "ann")
    assert (only(world, asked).have, told(only(world, asked))) == (0, [(person_id("ann"), "approved.withdrawn")])


def test_ended_by_its_givers_word_or_the_policys(world: World, asked: str) -> None:
    world.approve(asked, "ann", lasts="1h")
    world.approve(asked, "bob", lasts="720h")
    first, second = only(world, asked).given
    assert first.until == world.clock.at + timedelta(hours=1)
    assert second.until == world.clock.at + timedelta(hours=72)
    world.clock.advance(hours=2)
    assert told(only(world, asked)) == [(person_id("ann"), "approved.expired"), (person_id("bob"), "counts")]


def test_of_somebody_who_left_the_roster(world: World, asked: str) -> None:
    world.approve(asked, "ann")
    world.roster(*(one for one in PEOPLE if one.id not in {person_id("ann"), person_id("owner")}))
    assert told(only(world, asked)) == [(person_id("ann"), "approved.not-enrolled")]


def test_given_under_another_policy(world: World, asked: str) -> None:
    world.approve(asked, "ann")
    world.policy(standard_policy(permit="1h"))
    assert told(only(world, asked)) == [(person_id("ann"), "approved.policy-changed")]


def test_a_rejection_hides_nothing_of_it(world: World, asked: str) -> None:
    world.approve(asked, "ann")
    world.reject(asked, "bob")
    assert only(world, asked).have == 1


def test_what_an_approval_would_count_before_it_is_signed(world: World, asked: str) -> None:
    """The requester's own approval is recorded and does not count: whoever gives it is told before."""
    everything = person("rita", {"production": ["request", "approve:security", "approve:cooking"]})
    world.roster(*(one for one in PEOPLE if one.id not in {everything.id, person_id("owner")}), everything)
    found = request.find(world.ports, asked)
    assert found.request is not None
    now = world.clock.now()

    def of(who: str, duty: str) -> list[tuple[bool, str]]:
        assert found.request is not None
        event = request.approval(found, duty, nonce(), now, WEEK)
        return [(one.counts, one.because) for one in prospect(found.projection, found.request, event, key(who).public, now)]

    assert of("rita", "security") == [(False, "approved.not-independent")]
    assert of("bob", "security") == [(True, "")]
    assert of("rita", "cooking") == [(False, "approved.not-independent")]
    assert of("mallory", "security") == []


def test_an_environment_that_asks_for_none(world: World) -> None:
    own = project(world.ports, "staging")
    assert requirements(own) == ()
    rita = person("rita", {"staging": ["request"], "production": ["request"]})
    world.roster(*(one for one in PEOPLE if one.id not in {rita.id, person_id("owner")}), rita)
    id_ = world.request("staging")
    assert counted(world.ports).approvals[id_] == ()
    assert tally(own, request.find(world.ports, id_).request, world.clock.now()) == ()  # type: ignore[arg-type]


def test_owners_are_counted_as_people_and_named() -> None:
    world = World()
    world.begin("owner", "eve", "ann", threshold=2)
    changed = govern.change(world.ports, standard_policy(), world.id(), world.nonce(), timedelta(hours=1), key("owner"))
    assert changed.backed is not None
    assert (changed.backed.need, changed.backed.by) == (2, (key("owner").fingerprint,))
    assert set(changed.backed.missing) == {key("eve").fingerprint, key("ann").fingerprint}
    assert changed.backed.until == world.clock.at + timedelta(hours=1)
    world.clock.advance(hours=1)
    late = counted(world.ports).backing[changed.id]
    assert (late.by, late.until, late.dropped) == ((), None, {key("owner").fingerprint: "expired"})
    world.approve(changed.id, "eve")
    world.withdraw(changed.id, "eve")
    assert counted(world.ports).backing[changed.id].dropped == {key("owner").fingerprint: "expired", key("eve").fingerprint: "withdrawn"}
