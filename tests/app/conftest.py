"""The world of the use cases' tests: after each of them everything is held against everything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lockgate.errors import LockgateError
from world import World, opened


@pytest.fixture
def world() -> Iterator[World]:
    """A gate with policy and people, checked at the end, unless the test broke it on purpose (`World.broken`)."""
    made = opened()
    yield made
    if not made.broken:
        made.check()


@pytest.fixture
def fails() -> Callable[..., str]:
    """``fails(call, …)``: the code of the error it ends with."""

    def run(call: Callable[..., Any], *args: Any, **kwargs: Any) -> str:
        with pytest.raises(LockgateError) as err:
            call(*args, **kwargs)
        return err.value.code

    return run
