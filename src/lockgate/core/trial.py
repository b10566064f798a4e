"""That an artifact was tested, and what came of it."""

from __future__ import annotations

from typing import Literal

from lockgate.core.duration import Time
from lockgate.core.facts import Vouched


class Trial(Vouched, frozen=True, kw_only=True):
    """Somebody ran tests on an artifact (in-toto test result v0.1).

    Attributes:
        result: the worst of what is said: of the whole run, and by any of its tests.
        passed, warned, failed: names of tests, each once and in the worst list that has it, sorted.
        configuration: names of what it was run with, sorted; none where that is not said. It tells one suite from another.
        at: when it was run, as is said; None where it is not.
    """

    result: Literal["passed", "warned", "failed"]
    passed: tuple[str, ...] = ()
    warned: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    configuration: tuple[str, ...] = ()
    at: Time | None = None
