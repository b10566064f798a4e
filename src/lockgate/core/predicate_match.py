"""What a policy asks of one place in a predicate: typed, so that a number is compared with a number alone, and nothing is turned into another kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from lockgate.canon import Noun
from lockgate.core import pattern
from lockgate.core.attested import Attested, Field, Path, steps

if TYPE_CHECKING:
    from decimal import Decimal

Text = Annotated[str, msgspec.Meta(max_length=1000)]
Integer = Annotated[int, msgspec.Meta(ge=-(2**53) + 1, le=2**53 - 1)]
Value = Integer | bool | Text
"""A whole number, ``true`` or ``false``, or a text."""

Decimals = Annotated[str, msgspec.Meta(pattern=r"^-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,9})?\Z")]
"""A number, written out, such as ``80`` or ``7.5``: no float stands in a policy."""

Mismatch = Literal["missing-field", "other-type", "other-value"]


class Match(Noun, rename="kebab", frozen=True, kw_only=True):
    """What must stand at a path: one of these forms; of at_least and at_most both may be.

    Attributes:
        path: where.
        equals: exactly this. one_of: exactly one of these.
        at_least, at_most: a number no smaller, no larger.
        glob, regex: a text that fits a pattern over the whole of it (`core.pattern`).

    Raises:
        ValueError: at construction, where the path or a pattern is none, no form is said, or several are, or no number could be meant.
    """

    path: Path
    equals: Value | None = None
    one_of: Annotated[tuple[Value, ...], msgspec.Meta(max_length=64)] = ()
    at_least: Decimals | None = None
    at_most: Decimals | None = None
    glob: Text | None = None
    regex: Text | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        steps(self.path)
        forms = [
            self.equals is not None,
            bool(self.one_of),
            self.at_least is not None or self.at_most is not None,
            self.glob is not None,
            self.regex is not None,
        ]
        if forms.count(True) != 1:
            raise ValueError(f"at {self.path}, one of equals, one-of, at-least with at-most, glob and regex is written")
        if self.at_least is not None and self.at_most is not None and _exactly(self.at_least) > _exactly(self.at_most):
            raise ValueError(f"at {self.path}, no number is at least {self.at_least} and at most {self.at_most}")
        if self.glob is not None:
            pattern.glob(self.glob)
        if self.regex is not None:
            pattern.regex(self.regex)

    def wanted(self) -> tuple[str, ...]:
        """What is asked, for people."""
        bounds = [f"{word} {value}" for word, value in (("at least", self.at_least), ("at most", self.at_most)) if value is not None]
        fits = [f"{word} {value}" for word, value in (("glob", self.glob), ("regex", self.regex)) if value is not None]
        exact = [_told(value) for value in ((self.equals,) if self.equals is not None else self.one_of)]
        return (*exact[:8], *bounds, *fits)


def _told(value: Value) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def mismatch(asked: Match, fact: Attested) -> Mismatch | None:
    """What is wrong with what stands at the path: nothing stands there, it is of another kind, or it is another value; None for nothing."""
    found = fact.field(asked.path)
    if found is None:
        return "missing-field"
    if asked.at_least is not None or asked.at_most is not None:
        return _within(asked, found)
    if asked.glob is not None or asked.regex is not None:
        meant = pattern.glob(asked.glob) if asked.glob is not None else pattern.regex(asked.regex or "")
        return "other-type" if found.kind != "text" else None if meant.holds(found.text) else "other-value"
    wanted = asked.one_of if asked.equals is None else (asked.equals,)
    if found.kind not in {_kind(one) for one in wanted}:
        return "other-type"
    return None if any(_kind(one) == found.kind and _same(one, found) for one in wanted) else "other-value"


def _within(asked: Match, found: Field) -> Mismatch | None:
    if found.kind != "number":
        return "other-type"
    number = _exactly(found.text)
    low = asked.at_least is None or number >= _exactly(asked.at_least)
    high = asked.at_most is None or number <= _exactly(asked.at_most)
    return None if low and high else "other-value"


def _kind(value: Value) -> str:
    return "truth" if isinstance(value, bool) else "number" if isinstance(value, int) else "text"


def _same(value: Value, found: Field) -> bool:
    return _exactly(found.text) == value if found.kind == "number" else found.text == _told(value)


def _exactly(number: str) -> Decimal:
    """A number as it is written: comparing such is exact, of any length."""
    from decimal import Decimal  # noqa: PLC0415  only a policy that compares numbers waits for it

    return Decimal(number)
