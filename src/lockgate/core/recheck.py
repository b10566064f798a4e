"""recheck: what was allowed is decided again, on the facts of today. And what history keeps of it.

`again` answers another question than `decide`: not "may it enter?", but "may it still run?". So

  1. the bytes are those that were measured, and nobody recalled them;
  2. of the requirements only those are asked that are about what runs (`Requirement.lasts`): those that were about the
     moment of entering (approvals, soak, hours) are over, and so are holds, reviews and the bar to what was replaced;
  3. where ages are counted they are counted to today (``now``), or to the decision (``then``), as the kind says: what was fresh then does not
     rot. What was made since is none of then, so that ``then`` is satisfied today too;
  4. a waiver covers while it stands: one that ended covers nothing any more;
  5. what two people let pass by breaking the glass stays let pass, for the very requirement and code that they saw refuse;
  6. past the end of the root nothing is decided, and so nothing refused: ``unknown``.

A refusal strikes the permit of the decision, for good, and marks what runs by it. A later answer lifts the mark alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from msgspec.structs import replace

from lockgate.core.decide import Judgement, intact, judge
from lockgate.core.facts import Facts
from lockgate.core.identity import Root
from lockgate.core.leave import ground, waived
from lockgate.core.model import Release, Subject
from lockgate.core.outcome import Fail, Outcome, Pass, Unknown, outcome
from lockgate.core.policy import Policy, requirement_id
from lockgate.core.recall import permit_of
from lockgate.core.rechecked import Mark, Rechecked, against
from lockgate.core.reentry import recalled
from lockgate.core.requirements import AnyRequirement
from lockgate.core.state import EnvironmentState


def again(subject: Subject, policy: Policy, facts: Facts, decided_at: datetime, now: datetime, root: Root, then: tuple[Outcome, ...] = ()) -> Judgement:
    """Whether `subject`, which was allowed at `decided_at`, may still run at `now`.

    Args:
        subject: the release, the environment, the request it went by.
        policy, facts, root: of today.
        decided_at: when it was allowed. now: UTC.
        then: the outcomes it was allowed with.
    """
    section = policy.environments.get(subject.environment)
    if section is None:
        return judge([outcome("policy", Fail(code="policy.no-environment", params={"environment": subject.environment}))])
    if not section.requires:
        return judge([outcome("policy", Fail(code="policy.requires-nothing", params={"environment": subject.environment}))])
    rows = [outcome("digest", intact(subject, facts))]
    if now >= root.expires:
        rows.append(outcome("root", Unknown(code="root.expired", params={"version": root.version})))
    if (bar := recalled(subject, facts)) is not None:
        rows.append(outcome("release", bar))
    on, past = ground(subject, facts), _past_the_glass(then)
    for requirement in lasting(section.requires):
        verdict = requirement.check(subject, facts, now, policy.keys)
        if type(requirement).lasts == "then" and not isinstance(verdict, Pass):
            verdict = requirement.check(subject, facts, decided_at, policy.keys)
        row = outcome(requirement_id(requirement), waived(verdict, requirement, section, subject, on, now))
        glass = past.get((row.requirement, row.code), "") if row.result == "fail" and type(requirement).yields else ""
        rows.append(replace(row, result="waived", params={**row.params, "break-glass": glass}) if glass else row)
    return judge(rows)


def lasting(requires: tuple[AnyRequirement, ...]) -> Iterator[AnyRequirement]:
    """The requirements that are asked of what runs."""
    return (one for one in requires if type(one).lasts != "no")


def _past_the_glass(then: tuple[Outcome, ...]) -> dict[tuple[str, str], str]:
    """Requirement and code of what a broken glass let pass, and which."""
    return {(one.requirement, one.code): str(one.params["break-glass"]) for one in then if one.result == "waived" and "break-glass" in one.params}


def runs_or_may(state: EnvironmentState) -> dict[int, tuple[Release, datetime | None]]:
    """The decisions that may be looked at again, oldest first: by which something runs, is being deployed or perhaps runs, and those whose permit is there.

    With each its release, and since when it runs as far as that is known; None for a permit that was not used yet.
    """
    found: dict[int, tuple[Release, datetime | None]] = {permit.decision: (permit.release, None) for permit in state.permits}
    if (last := state.last_known()) is not None and (last.until is None or state.unclear is not None):
        found[last.decision] = (last.release, last.since)
    if state.unclear is not None:
        found[state.unclear.decision] = (state.unclear.release, state.unclear.since)
    if state.running is not None:
        found[state.running.decision] = (state.running.release, state.running.at)
    return dict(sorted(found.items()))


def marks_of_what_runs(state: EnvironmentState) -> tuple[Mark, ...]:
    """What stands recorded of what runs, is being deployed or perhaps runs."""
    runs = [decision for decision, (_, since) in runs_or_may(state).items() if since is not None]
    return tuple(mark for decision in runs if (mark := state.mark(decision)) is not None)


def fold_rechecked(state: EnvironmentState, event: Rechecked, index: int, at: datetime) -> EnvironmentState:
    """The environment after one more recheck. A mark is kept as long as its permit is known; what was struck stays struck."""
    before = state.mark(event.decision)
    struck = before.struck if before is not None else -1
    if struck < 0 and event.outcome == "refused":
        struck = index
    permit = permit_of(state, event.decision)
    requirement, code = against(event.outcomes) if event.outcome != "allowed" else ("", "")
    mark = Mark(
        decision=event.decision,
        outcome=event.outcome,
        requirement=requirement,
        code=code,
        since=before.since if before is not None and before.outcome == event.outcome else at,
        leaf=index,
        struck=struck,
        until=before.until if before is not None else permit[1] if permit is not None else None,
    )
    known = {*runs_or_may(state), *(permit.decision for permit in state.spent), *state.run_by()}
    kept = tuple(one for one in state.rechecked if one.decision in known and one.decision != event.decision)
    return replace(state, rechecked=(*kept, mark), rules=max(state.rules, event.rules))
