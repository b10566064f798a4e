"""app.advise: what the gate would say, in none of its words, and without a trace."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from build import key
from lockgate.app.advise import advise
from lockgate.app.gate import gate
from lockgate.canon import encode
from lockgate.errors import LockgateError, UnreadableError
from world import World

SAYS = {"allowed": "would-pass", "refused": "would-refuse", "undecided": "would-not-decide"}


def _unreadable(world: World) -> None:
    world.source.fails["attached"] = UnreadableError("ref.unreadable", "the registry does not answer")


def _all(*steps: Callable[[], object]) -> None:
    for step in steps:
        step()


STATES: dict[str, tuple[str, Callable[[World], object]]] = {
    "signed": ("staging", lambda world: None),
    "unsigned": ("staging", lambda world: world.artifact("shop", b"other", signed="")),
    "not soaked": ("production", lambda world: world.deploy("staging")),
    "not approved": ("production", lambda world: world.soaked()),
    "all there": ("production", lambda world: _all(world.soaked, world.approved)),
    "a permit is out": ("production", lambda world: _all(world.soaked, world.approved, world.gate)),
    "rejected": ("production", lambda world: _all(world.soaked, lambda: world.reject(world.approved(), "ann"))),
    "unreadable": ("staging", _unreadable),
    "altered": ("staging", lambda world: setattr(world.source.artifacts["shop"], "data", b"altered")),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("by", ["dora", None])
def test_it_says_what_the_gate_then_says(world: World, state: str, by: str | None) -> None:
    environment, prepare = STATES[state]
    prepare(world)
    ask, signer = world.ask(environment), key(by) if by else None
    advice, _, release = advise(world.ports, ask, signer)
    gated = gate(world.ports, ask, signer)
    assert advice.advice == SAYS[gated.decision.outcome]
    assert (advice.outcomes, advice.about, release) == (gated.decision.outcomes, gated.pinned, gated.release)
    assert (advice.recorded, advice.unpinned, advice.environment) == (False, False, environment)


@pytest.mark.parametrize("state", STATES)
def test_it_leaves_no_trace_and_needs_no_key(world: World, state: str) -> None:
    environment, prepare = STATES[state]
    prepare(world)
    world.permit = None
    before = (world.log.head(), dict(world.blobs.held), world.index.dump(), dict(world.index.states), world.source.artifacts["shop"].evidence[:])
    advise(world.ports, world.ask(environment), None)
    assert (world.log.head(), dict(world.blobs.held), world.index.dump(), dict(world.index.states), world.source.artifacts["shop"].evidence[:]) == before


@pytest.mark.parametrize("state", STATES)
def test_no_word_of_a_decision_is_in_it(world: World, state: str) -> None:
    environment, prepare = STATES[state]
    prepare(world)
    said = encode(advise(world.ports, world.ask(environment), key("dora"))[0]).decode()
    for word in ("allow", '"outcome"', '"pinned"', '"permit"', "notAfter", "not_after"):
        assert word not in said


def test_without_a_pinned_root_it_would_refuse_whatever_holds(world: World) -> None:
    world.pinned = None
    ask = world.ask("staging")
    advice, _, _ = advise(world.ports, ask, key("dora"))
    assert (advice.advice, advice.unpinned) == ("would-refuse", True)
    with pytest.raises(LockgateError) as err:
        gate(world.ports, ask, key("dora"))
    assert err.value.code == "root.unpinned"


def test_where_there_is_nothing_to_advise_on_it_says_what_the_gate_says(world: World) -> None:
    for ask, code in ((world.ask("nowhere"), "policy.no-environment"), (replace(world.ask(), refs=("file:gone",)), "ref.not-found")):
        with pytest.raises(LockgateError) as err:
            advise(world.ports, ask, None)
        assert err.value.code == code
