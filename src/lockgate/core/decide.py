"""decide: the one place where "may it?" is answered. Read this file first.

What a decision guarantees
  1. It is a pure function of its arguments: the same subject, policy section, facts and `now` give the same outcomes,
     here, on an auditor's machine, or years later. It reads no clock, file or network.
  2. Every artifact's bytes were read and matched its digest (`digest`, which no policy can leave out).
  3. Every requirement of the environment's section was checked, each on facts only; the order of outcomes is the
     policy's. Nothing is skipped: a requirement that raises is a bug and stops everything.
  4. Nobody recalled the release, and it does not come back to where it was replaced unless it is asked back as a rollback
     (`core.reentry`). That is an outcome of its own, ``release``, only where it bars the way.
  5. ``allowed`` comes only of all outcomes being ``pass`` or ``waived``, of at least one requirement that passes. ``fail``
     and ``unknown`` both refuse; they are told apart because only a failed one was looked at.
  6. ``waived`` comes only of a waiver, where the policy in force names that requirement, or of two people who broke the glass
     for this release (`core.leave`). Nothing that tells whether these are the right bytes is ever waived, and no recall.

What it leaves to others
  - that facts are true of their evidence: `evidence/` makes no other kind;
  - that the policy is the one in force, and history complete: `app.project`;
  - that nothing relevant was recorded meanwhile: the ledger's compare-and-append, `app.record`.

A worked example: production asks for `signed-by` and `soaked` (24h in staging). The key's signature verified, so
`signed-by` passes; staging's stay began 5 hours ago, so `soaked` fails with ``soaked.too-young``, opening in 19 hours.
One fail: the judgement is ``refused``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from msgspec.structs import replace

from lockgate.canon import Noun
from lockgate.core.duration import Time
from lockgate.core.facts import Facts, Intact, Unreadable
from lockgate.core.identity import Root
from lockgate.core.leave import broken, ground, refusals, waived
from lockgate.core.model import Subject
from lockgate.core.outcome import Fail, Outcome, Pass, Unknown, Verdict, outcome
from lockgate.core.policy import Policy, requirement_id
from lockgate.core.reentry import barred
from lockgate.core.requirements.base import unknown

RULES = 3
"""The newest of these rules, recorded in each decision, so that an older one is replayed by its own, and what was before it folds as it did.

0: all but the rollback of `core.reentry`. 1: all but what `EnvironmentState.goes_by` and `app.gather.history_facts` ask for.
2: all but what `evidence.readers` reads besides what it read then. 3: all.
"""


class Judgement(Noun, frozen=True, kw_only=True):
    """What `decide` answers.

    Attributes:
        result: ``allowed``; ``refused``, where something failed; ``undecided``, where nothing failed and something
            could not be looked at.
        outcomes: every outcome, in order: ``digest`` first, then what refuses every release, then the policy's.
        glass: the broken glass it goes by; empty for the ordinary course. ends: when a permit by it ends at the latest.
        outstanding: the decision whose permit by that glass the asker holds already; -1 for none.
    """

    result: Literal["allowed", "refused", "undecided"]
    outcomes: tuple[Outcome, ...]
    glass: str = ""
    ends: Time | None = None
    outstanding: int = -1


def decide(subject: Subject, policy: Policy, facts: Facts, now: datetime, root: Root, rules: int = RULES) -> Judgement:
    """Whether `subject` may enter its environment at `now`.

    Args:
        subject: the release, the environment and who asks.
        policy: the policy in force.
        facts: what was gathered; a kind that is missing is unknown, not absent.
        now: UTC.
        root: the root in force; past its end nothing is decided.
        rules: as of which `RULES`: the newest, unless an older decision is replayed.
    """
    section = policy.environments.get(subject.environment)
    if section is None:
        return judge([outcome("policy", Fail(code="policy.no-environment", params={"environment": subject.environment}))])
    if not section.requires:
        return judge([outcome("policy", Fail(code="policy.requires-nothing", params={"environment": subject.environment}))])
    rows = [(outcome("digest", intact(subject, facts)), False)]
    if now >= root.expires:
        rows.append((outcome("root", Fail(code="root.expired", params={"version": root.version})), False))
    if (bar := barred(subject, facts, rules)) is not None:
        row = outcome("release", bar)
        rows.append((row, row.code == "release.downgrade"))  # two people may bring back what was here; nobody, what was recalled
    rows += [(row, row.result == "fail") for row in refusals(facts, now)]
    on, required = ground(subject, facts), []
    for requirement in section.requires:
        verdict = waived(requirement.check(subject, facts, now, policy.keys), requirement, section, subject, on, now)
        required.append((outcome(requirement_id(requirement), verdict), type(requirement).yields))
    ordinary = judge([row for row, _ in (*rows, *required)] + _all_waived([row for row, _ in required]))
    by_glass = broken([*rows, *required], subject, on, now) if ordinary.result != "allowed" else None
    if by_glass is None:
        return ordinary
    return replace(judge(by_glass.rows), glass=by_glass.glass, ends=by_glass.ends, outstanding=by_glass.outstanding)


def _all_waived(required: Sequence[Outcome]) -> list[Outcome]:
    """A row that refuses where waivers alone would allow: one requirement at least has to hold."""
    if any(one.result != "waived" for one in required):
        return []
    return [outcome("policy", Fail(code="policy.all-waived", params={"waived": len(required)}))]


def intact(subject: Subject, facts: Facts) -> Verdict:
    """Every artifact was read whole and is what its digest says."""
    measured = facts.of(Intact)
    if isinstance(measured, Unreadable):
        return unknown(measured, "digest.unreadable")
    if not subject.release.artifacts:
        return Unknown(code="digest.unreadable")
    for artifact in subject.release.artifacts:
        found = [fact for fact in measured.items if fact.subject == artifact]
        if not found:
            return Unknown(code="digest.unreadable", params={"artifact": artifact})
        for fact in found:
            if fact.problem:
                return Fail(code=fact.problem, params={"artifact": artifact, "where": fact.where})
    return Pass()


def judge(outcomes: Sequence[Outcome]) -> Judgement:
    """What these outcomes come to."""
    results = {one.result for one in outcomes}
    if results in ({"pass"}, {"pass", "waived"}):
        return Judgement(result="allowed", outcomes=tuple(outcomes))
    return Judgement(result="refused" if "fail" in results else "undecided", outcomes=tuple(outcomes))
