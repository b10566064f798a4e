"""What was recorded of a second look at a decision: the event, and the mark it leaves in history."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from lockgate.canon import Noun
from lockgate.core.bound import Bound
from lockgate.core.digest import Digest
from lockgate.core.duration import Time
from lockgate.core.identity import Name
from lockgate.core.model import DigestOrNone
from lockgate.core.outcome import Outcome

Answer = Literal["allowed", "refused", "undecided"]
"""Whether it may run still: ``undecided`` where nothing failed and something could not be looked at."""


class Rechecked(Bound, frozen=True, kw_only=True):
    """What the gate makes today of what it allowed; signed by the permit key. Refused, the permit of that decision is gone for good.

    It is said where the answer changes, not each time somebody asks. The subjects are the decision's.

    Attributes:
        environment, config: as of the decision.
        decision: leaf of the decision it is about.
        outcome, outcomes: the answer, and why.
        checked_at: the gate's clock.
        engine: lockgate's version. rules: which of `core.decide`'s own it was made by.
        history: how many leaves it looked at. state: digest of the environment's folded state there.
        policy, section: digests in force; no section where the policy has the environment no more. root, roster: versions in force.
        evidence: digest of the evidence manifest it rests on.
    """

    environment: Name
    config: DigestOrNone
    decision: Annotated[int, msgspec.Meta(ge=0, lt=2**53)]
    outcome: Answer
    outcomes: tuple[Outcome, ...]
    checked_at: Time
    engine: str
    tzdata: str = ""
    rules: Annotated[int, msgspec.Meta(ge=0, lt=256)] = 0
    history: int
    state: Digest
    policy: Digest
    section: DigestOrNone
    root: int
    roster: int
    evidence: Digest


class Mark(Noun, frozen=True, kw_only=True):
    """What stands recorded of a decision since it was looked at again.

    Attributes:
        decision: its leaf.
        outcome: the newest answer. requirement, code: of the first thing against it; empty where it is allowed.
        since: when that answer was first recorded. leaf: where the newest recheck stands.
        struck: leaf of the first refusal, by which its permit is gone for good; -1 for none.
        until: the end of its permit, where that is known.
    """

    decision: int
    outcome: Answer
    requirement: str = ""
    code: str = ""
    since: Time
    leaf: int
    struck: int = -1
    until: Time | None = None


def against(outcomes: tuple[Outcome, ...]) -> tuple[str, str]:
    """The requirement and code that tell most of why it is not allowed: of what fails, else of what is unknown; empty for nothing."""
    found = [one for result in ("fail", "unknown") for one in outcomes if one.result == result]
    return (found[0].requirement, found[0].code) if found else ("", "")
