"""decide: the one place where "may it?" is answered. Read this file first.

What a decision guarantees
  1. It is a pure function of its arguments: the same subject, policy section, facts and `now` give the same outcomes,
     here, on an auditor's machine, or years later. It reads no clock, file or network.
  2. Every artifact's bytes were read and matched its digest (`digest`, which no policy can leave out).
  3. Every requirement of the environment's section was checked, each on facts only; the order of outcomes is the
     policy's. Nothing is skipped: a requirement that raises is a bug and stops everything.
  4. Nobody recalled the release, and it does not come back to where it was replaced unless it is asked back as a rollback
     (`core.reentry`). That is an outcome of its own, ``release``, only where it bars the way.
  5. ``allowed`` comes only of all outcomes being ``pass``, of at least one requirement. ``fail`` and ``unknown`` both
     refuse; they are told apart because only a failed one was looked at.

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

from lockgate.canon import Noun
from lockgate.core.facts import Facts, Intact, Unreadable
from lockgate.core.identity import Root
from lockgate.core.model import Subject
from lockgate.core.outcome import Fail, Outcome, Pass, Unknown, Verdict, outcome
from lockgate.core.policy import Policy, requirement_id
from lockgate.core.reentry import barred
from lockgate.core.requirements.base import unknown

RULES = 1
"""The newest of these rules, recorded in each decision, so that an older one is replayed by its own: 0 is all but the rollback of `core.reentry`; 1 is all."""


class Judgement(Noun, frozen=True, kw_only=True):
    """What `decide` answers.

    Attributes:
        result: ``allowed``; ``refused``, where something failed; ``undecided``, where nothing failed and something
            could not be looked at.
        outcomes: every outcome, in order: ``digest`` first, ``root`` and ``release`` where they bar the way, then the policy's.
    """

    result: Literal["allowed", "refused", "undecided"]
    outcomes: tuple[Outcome, ...]


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
        return _judge([outcome("policy", Fail(code="policy.no-environment", params={"environment": subject.environment}))])
    if not section.requires:
        return _judge([outcome("policy", Fail(code="policy.requires-nothing", params={"environment": subject.environment}))])
    outcomes = [outcome("digest", _intact(subject, facts))]
    if now >= root.expires:
        outcomes.append(outcome("root", Fail(code="root.expired", params={"version": root.version})))
    if (bar := barred(subject, facts, rules)) is not None:
        outcomes.append(outcome("release", bar))
    outcomes += [outcome(requirement_id(requirement), requirement.check(subject, facts, now, policy.keys)) for requirement in section.requires]
    return _judge(outcomes)


def _intact(subject: Subject, facts: Facts) -> Verdict:
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


def _judge(outcomes: Sequence[Outcome]) -> Judgement:
    results = {one.result for one in outcomes}
    if results == {"pass"}:
        return Judgement(result="allowed", outcomes=tuple(outcomes))
    return Judgement(result="refused" if "fail" in results else "undecided", outcomes=tuple(outcomes))
