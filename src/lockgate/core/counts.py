"""How far something is that waits for people: which approvals count, and whose are missing."""

from __future__ import annotations

from typing import Literal

from lockgate.canon import Noun
from lockgate.core.duration import Time
from lockgate.core.identity import Name, PersonId
from lockgate.core.state import Who


class Backed(Noun, frozen=True, kw_only=True):
    """How far a proposal is.

    Attributes:
        need: how many owners must approve it.
        by: those whose approval counts. missing: the other owners.
        until: when the first approval that counts ends; None where none does.
        dropped: who else approved it -> why that does not count.
    """

    need: int
    by: tuple[Who, ...]
    missing: tuple[Who, ...]
    until: Time | None = None
    dropped: dict[Who, Literal["withdrawn", "expired", "not-owner"]] = {}


class Weighed(Noun, frozen=True, kw_only=True):
    """One approval of a release, and whether it counts.

    Attributes:
        until: when it ends, by its giver's word and the policy's.
        counts: whether it does. because: the code that says why not; empty where the policy asks for no such duty.
    """

    person: PersonId
    duty: Name
    until: Time
    counts: bool
    because: str = ""


class Tally(Noun, frozen=True, kw_only=True):
    """The approvals of a request, as one requirement of its environment counts them.

    Attributes:
        have, need: places filled, of how many. missing: duties of the others. able: how many people could fill one.
        given: every approval, oldest first.
    """

    have: int
    need: int
    missing: tuple[Name, ...] = ()
    able: int = 0
    given: tuple[Weighed, ...] = ()
