"""What another policy would have said of the decisions that were recorded."""

from __future__ import annotations

from typing import Literal

from lockgate.canon import Noun
from lockgate.core.duration import Time
from lockgate.core.identity import Name
from lockgate.core.outcome import Outcome


class Tried(Noun, frozen=True, kw_only=True):
    """A decision that would have been another, or of which that cannot be known.

    Attributes:
        leaf: where it is recorded. at: when it was made.
        result: ``flips``, or ``cannot-know``.
        recorded: what it said. would: what the other policy says; of what cannot be known, on what there is.
        outcomes: what does not hold by the other policy; of what it would allow, what did not hold then.
        lost: the evidence that is gone, where that is why.
    """

    leaf: int
    environment: Name
    at: Time
    result: Literal["flips", "cannot-know"]
    recorded: Literal["allowed", "refused", "undecided"]
    would: Literal["allowed", "refused", "undecided"] = "undecided"
    outcomes: tuple[Outcome, ...] = ()
    lost: str = ""


class Count(Noun, frozen=True, kw_only=True):
    """How many decisions of an environment came to what.

    Attributes:
        same: the same answer; other_reasons: those of them that were refused, and are refused by other codes.
        would_refuse: allowed then; would_allow: refused then. cannot_know: neither can be told.
    """

    environment: Name
    same: int = 0
    other_reasons: int = 0
    would_refuse: int = 0
    would_allow: int = 0
    cannot_know: int = 0


class Backtest(Noun, frozen=True, kw_only=True):
    """What came of all of them. `tried` has those that flip or cannot be known, oldest first."""

    decisions: int
    counts: tuple[Count, ...]
    tried: tuple[Tried, ...]
