"""Cases that a policy is tried on: facts that somebody made up, and what the gate has to answer. Nothing here proves anything about a release."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from lockgate.canon import Noun
from lockgate.core.decide import Judgement, decide
from lockgate.core.facts import Facts
from lockgate.core.identity import Root
from lockgate.core.model import Subject
from lockgate.core.outcome import Outcome
from lockgate.core.policy import Policy

OURS = ("digest", "root", "release", "hold", "review", "policy")
"""Outcomes that no requirement gives: what they are about holds where they are not there."""


class Case(NamedTuple):
    """One case.

    Attributes:
        name: what it shows. line: where it begins.
        subject, facts, now, root: what is decided, on what.
        expect: ``result`` and ids of requirements -> what has to come of them.
    """

    name: str
    line: int
    subject: Subject
    facts: Facts
    now: datetime
    root: Root
    expect: Mapping[str, str]


class Miss(Noun, frozen=True, kw_only=True):
    """Something that came out otherwise: `what` is ``result`` or the requirement's id."""

    what: str
    expected: str
    got: str


class Tested(Noun, frozen=True, kw_only=True):
    """What came of a case.

    Attributes:
        file, line: where it stands.
        passed: whether all came as expected. misses: what did not.
        result, outcomes: the whole answer.
    """

    file: str
    line: int
    name: str
    passed: bool
    misses: tuple[Miss, ...]
    result: str
    outcomes: tuple[Outcome, ...]


def run_case(case: Case, policy: Policy, file: str) -> Tested:
    """Decide a case, and compare what it names with what came of it."""
    judgement = decide(case.subject, policy, case.facts, case.now, case.root)
    misses = tuple(miss for what, expected in case.expect.items() if (miss := _miss(what, expected, judgement)) is not None)
    return Tested(file=file, line=case.line, name=case.name, passed=not misses, misses=misses, result=judgement.result, outcomes=judgement.outcomes)


def _miss(what: str, expected: str, judgement: Judgement) -> Miss | None:
    """Why one of the answers is not what was expected; None where it is.

    A code is met by what fails or is unknown with it, and never by what is waived: that lets pass.
    """
    if what == "result":
        return None if expected == judgement.result else Miss(what=what, expected=expected, got=judgement.result)
    row = next((one for one in judgement.outcomes if one.requirement == what), None)
    result, code = (row.result, row.code) if row is not None else ("pass" if what in OURS else "not asked", "")
    if expected == result or (code and expected == code and result != "waived"):
        return None
    return Miss(what=what, expected=expected, got=f"{result} {code}".strip())
