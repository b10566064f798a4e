"""What a requirement answers: `Pass`, `Fail` or `Unknown`, what `decide` may make of it, `Waived`, and the row that is recorded of it.

Anything but a `Pass` without a code cannot be built, so that each refusal has its page and its remedy.
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
"""What a requirement's check answers; never `Waived`, which is not for a requirement to say."""


class Waived(Noun, frozen=True, kw_only=True):
    """It does not hold, and by a waiver or a broken glass it need not.

    Attributes:
        code: of what does not hold, as it would have refused.
        params: what that came with, and ``waiver``, ``waived-by`` and ``waived-until``, or ``break-glass``.
        opens_at: when time alone would have mended it.
    """

    code: str
    params: Params = {}
    opens_at: Time | None = None


class Outcome(Noun, frozen=True, kw_only=True):
    """One requirement's verdict, as recorded.

    Attributes:
        requirement: its id.
        result: ``pass``, ``fail``, ``unknown`` or ``waived``.
        code: empty only for ``pass``; of what is waived, the code it would have refused with.
    """

    requirement: str
    result: Literal["pass", "fail", "unknown", "waived"]
    code: str = ""
    params: Params = {}
    opens_at: Time | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.result == "pass") == bool(self.code):
            raise ValueError("every result but pass has a code")


def outcome(requirement: str, verdict: Verdict | Waived) -> Outcome:
    """The row that records this verdict."""
    if isinstance(verdict, Pass):
        return Outcome(requirement=requirement, result="pass", params=verdict.params)
    if isinstance(verdict, Unknown):
        return Outcome(requirement=requirement, result="unknown", code=verdict.code, params=verdict.params)
    result: Literal["fail", "waived"] = "waived" if isinstance(verdict, Waived) else "fail"
    return Outcome(requirement=requirement, result=result, code=verdict.code, params=verdict.params, opens_at=verdict.opens_at)
