"""No port that fails or lies, at any one moment, opens the gate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from build import key
from lockgate.app import gate
from lockgate.errors import LedgerError, LockgateError, UnreadableError
from world import World

PORTS = ("log", "blobs", "index", "heads", "source")
ERRORS: tuple[LockgateError, ...] = (UnreadableError("port.failed", "at this moment"), LedgerError("port.failed", "at this moment"))


class Counted:
    """A port whose calls are counted together with those of others; `at` is called before each, and may answer in its place."""

    def __init__(self, real: Any, name: str, at: Callable[[str], Any]) -> None:
        self._real, self._name, self._at = real, name, at

    def __getattr__(self, method: str) -> Any:
        found = getattr(self._real, method)
        if not callable(found):
            return found

        def call(*args: Any, **kwargs: Any) -> Any:
            answer = self._at(f"{self._name}.{method}")
            return found(*args, **kwargs) if answer is None else answer[0]

        return call


def watched(world: World, at: Callable[[str], Any]) -> World:
    """The same world, whose ports tell of their calls."""
    other = world.copy()
    for name in PORTS:
        setattr(other, name, Counted(getattr(other, name), name, at))
    return other


def ready(world: World) -> World:
    world.soaked()
    world.approved()
    return world


def ask(world: World) -> gate.Gated:
    return gate.gate(world.ports, world.ask(key="job-7"), key("dora"))


def said(world: World) -> str:
    """An outcome or a code."""
    try:
        return ask(world).decision.outcome
    except LockgateError as err:
        return err.code


def calls(world: World) -> list[str]:
    """What the gate asks of the world, in order."""
    heard: list[str] = []
    ask(watched(world, heard.append))
    return heard


def test_the_gate_would_open(world: World) -> None:
    assert ask(ready(world)).decision.outcome == "allowed"
    world.caught_up()


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_port_that_fails_at_any_moment_opens_nothing_and_spoils_nothing(world: World, error: LockgateError) -> None:
    ready(world)
    whole = calls(world)
    assert len(whole) > 30
    for moment in range(len(whole)):
        heard: list[str] = []

        def at(name: str, moment: int = moment, heard: list[str] = heard) -> None:
            heard.append(name)
            if len(heard) == moment + 1:
                raise error

        failing = watched(world, at)
        assert said(failing) != "allowed", whole[moment]
        # Afterwards all is whole, and the same question gets its answer.
        for name in PORTS:
            setattr(failing, name, getattr(failing, name)._real)
        again = ask(failing) if failing.log.find("gate:production:job-7") is None else None
        if again is not None:
            assert again.decision.outcome == "allowed", whole[moment]
        if moment % 7 == 0:
            failing.check()


LIES: dict[str, Any] = {
    "log.last": [-1, None, 0, 9],
    "log.find": [None],
    "index.snapshot": [None, b"{}", b""],
    "index.newest": [None, -1, 0, 9],
    "heads.recall": [None],
    "source.attached": [()],
}


def test_one_lie_at_any_moment_opens_nothing(world: World) -> None:
    """Somebody said no. What only hints may say nothing of it, once: the gate stays shut."""
    id_ = ready(world).request()
    world.approve(id_, "ann")
    world.approve(id_, "bob")
    world.reject(id_, "carl")
    whole = calls(world)
    told = 0
    for moment, name in enumerate(whole):
        for lie in LIES.get(name, []):
            heard: list[str] = []

            def at(called: str, moment: int = moment, heard: list[str] = heard, lie: Any = lie) -> Any:
                heard.append(called)
                return (lie,) if len(heard) == moment + 1 else None

            told += 1
            assert said(watched(world, at)) != "allowed", (name, lie)
    assert told > 20


def test_an_index_that_always_lies_opens_nothing(world: World) -> None:
    """The ledger's own hints are enough where nobody edited them."""
    id_ = ready(world).request()
    world.approve(id_, "ann")
    world.approve(id_, "bob")
    world.reject(id_, "carl")
    deaf = watched(world, lambda name: (None,) if name in {"index.newest", "index.snapshot"} else None)
    assert ask(deaf).decision.outcome == "refused"
