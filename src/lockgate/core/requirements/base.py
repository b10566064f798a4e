"""What every requirement shares: a frozen value from policy with methods that see facts and nothing else.

Each kind has ``needs()``, the fact kinds it will ask for, and ``check(subject, facts, now)``, its verdict.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from lockgate.canon import Noun
from lockgate.core.facts import Unreadable
from lockgate.core.identity import Name
from lockgate.core.outcome import Unknown


class Requirement(Noun, tag_field="kind", rename="kebab", frozen=True, kw_only=True):
    """Something that must hold before a release may enter an environment.

    Attributes:
        id: its name in outcomes; given in policy only where one kind stands twice.
        waivable: whether a policy may let one person waive it, for one request. yields: whether two people who break the glass
            go past it. Both are False unless a kind says otherwise: whatever tells whether these are the right bytes never gives way.
        lasts: what is asked of it again of what runs: ``no``, it was about the moment of entering; ``then``, on the facts of today, its ages as
            they were at the decision; ``now``, on the facts and by the clock of today.
    """

    waivable: ClassVar[bool] = False
    yields: ClassVar[bool] = False
    lasts: ClassVar[Literal["no", "then", "now"]] = "then"
    id: Name | None = None

    def key_names(self) -> tuple[Name, ...]:
        """Names of the policy's keys it relies on: their bytes enter the effective section's digest."""
        return ()

    def identity_names(self) -> tuple[Name, ...]:
        """Names of the policy's identities it relies on: they enter the digest as well, and so do the roots they are believed by."""
        return ()


def unknown(unreadable: Unreadable, code: str) -> Unknown:
    """The verdict where a source could not be read: the requirement's own code, with the source's as a parameter."""
    return Unknown(code=code, params={"because": unreadable.code})
