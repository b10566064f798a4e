"""What a requirement answers: `Pass`, `Fail` or `Unknown`, and the row that is recorded of it.

A `Fail` or `Unknown` without a code cannot be built, so that each refusal has its page and its remedy.
"""

from __future__ import annotations

from typing import Literal

from lockgate.canon import Noun
from lockgate.core.duration import Time

Params = dict[str, str | int | tuple[str, ...]]
"""Codes' parameters: text, whole numbers and lists of text; no prose, no names of people."""


class Pass(Noun, frozen=True, kw_only=True):
    """It holds."""

    params: Params = {}


class Fail(Noun, frozen=True, kw_only=True):
    """It does not hold.

    Attributes:
        code: ``<requirement>.<reason>``.
        params: what the remedy needs.
        opens_at: when time alone will mend it.
    """

    code: str
    params: Params = {}
    opens_at: Time | None = None


class Unknown(Noun, frozen=True, kw_only=True):
    """It could not be looked at, which refuses as much as a `Fail` does."""

    code: str
    params: Params = {}


Verdict = Pass | Fail | Unknown


class Outcome(Noun, frozen=True, kw_only=True):
    """One requirement's verdict, as recorded.

    Attributes:
        requirement: its id.
        result: ``pass``, ``fail`` or ``unknown``.
        code: empty only for ``pass``.
    """

    requirement: str
    result: Literal["pass", "fail", "unknown"]
    code: str = ""
    params: Params = {}
    opens_at: Time | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.result == "pass") == bool(self.code):
            raise ValueError("every result but pass has a code")


def outcome(requirement: str, verdict: Verdict) -> Outcome:
    """The row that records this verdict."""
    if isinstance(verdict, Pass):
        return Outcome(requirement=requirement, result="pass", params=verdict.params)
    if isinstance(verdict, Unknown):
        return Outcome(requirement=requirement, result="unknown", code=verdict.code, params=verdict.params)
    return Outcome(requirement=requirement, result="fail", code=verdict.code, params=verdict.params, opens_at=verdict.opens_at)
