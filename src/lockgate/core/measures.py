"""How deployments go, counted from what was recorded: DORA's measures, each with its definition, and none where there is too little to tell.

- **Deployment frequency**: deployments that ended well, over the time since the first attempt that is looked at.
- **Lead time**: from the request, and from the build's end where verified provenance told it, to the first recorded `deployed` of a release there: one
  that is deployed again, or comes back, brings no change. When a change was committed no evidence that is read here tells, so that DORA's own
  lead time, from commit, is longer than either.
- **Change-failure rate**: of all attempts, rollbacks left out: those that failed, whose end nobody knows, or that the next deployment rolled back.
- **Time to restore**: from the first failure to the next deployment that ended well.
- **Rollback**: a deployment of a release that was deployed there before and is not what was deployed last.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from statistics import median
from typing import Literal

from lockgate.canon import Noun
from lockgate.core.duration import Time
from lockgate.core.model import Release

ENOUGH = 3
"""Of fewer cases nothing is said but how many there were."""


class Attempt(Noun, frozen=True, kw_only=True):
    """One deployment, as recorded.

    Attributes:
        at: when its end was recorded. leaf: where.
        asked: when its request was recorded; None for none. built: when the first of its builds ended, as its builder says; None where nobody said.
    """

    outcome: Literal["deployed", "deploy-failed", "deploy-unknown"]
    release: Release
    at: Time
    leaf: int
    asked: Time | None = None
    built: Time | None = None


class Spread(Noun, frozen=True, kw_only=True):
    """Some durations, in seconds; `middle`, `least` and `most` are None where there are too few to tell."""

    count: int
    middle: int | None = None
    least: int | None = None
    most: int | None = None


class Measures(Noun, frozen=True, kw_only=True):
    """What one environment's deployments come to.

    Attributes:
        environment: whose. since: of what is looked at; None where there is nothing. until: now.
        deployed, failed, unknown: attempts, by how they ended. rollbacks: of those deployed.
        seconds_per_deployment: the time looked at, divided by the deployments that ended well; None for too few.
        changes: attempts that count for the rate. change_failures: those of them that failed. change_failure_percent: rounded; None for too few.
        lead: from request. lead_built: from the build's end. restore: from failure.
    """

    environment: str
    since: Time | None
    until: Time
    deployed: int = 0
    failed: int = 0
    unknown: int = 0
    rollbacks: int = 0
    seconds_per_deployment: int | None = None
    changes: int = 0
    change_failures: int = 0
    change_failure_percent: int | None = None
    lead: Spread = Spread(count=0)
    lead_built: Spread = Spread(count=0)
    restore: Spread = Spread(count=0)


class _Judged(Noun, frozen=True, kw_only=True):
    attempt: Attempt
    change: bool
    first: bool
    rollback: bool
    failure: bool


def measure(environment: str, attempts: Sequence[Attempt], since: datetime | None, now: datetime) -> Measures:
    """What the attempts since `since` come to.

    Args:
        environment: whose they are.
        attempts: all there ever were there, oldest first: what is a rollback, those before tell.
        since: None for all. now: until when.
    """
    judged = [one for one in _judged(attempts) if since is None or one.attempt.at >= since]
    outcomes = [one.attempt.outcome for one in judged]
    deployed = [one.attempt for one in judged if one.attempt.outcome == "deployed"]
    brought = [one.attempt for one in judged if one.first]
    begin = max(since, attempts[0].at) if since is not None and attempts else attempts[0].at if attempts else None
    changes, failures = sum(one.change for one in judged), sum(one.change and one.failure for one in judged)
    return Measures(
        environment=environment,
        since=begin,
        until=now,
        deployed=len(deployed),
        failed=outcomes.count("deploy-failed"),
        unknown=outcomes.count("deploy-unknown"),
        rollbacks=sum(one.rollback for one in judged),
        seconds_per_deployment=_seconds(begin, now) // len(deployed) if begin is not None and len(deployed) >= ENOUGH else None,
        changes=changes,
        change_failures=failures,
        change_failure_percent=round(100 * failures / changes) if changes >= ENOUGH else None,
        lead=_spread([_seconds(one.asked, one.at) for one in brought if one.asked is not None]),
        lead_built=_spread([_seconds(one.built, one.at) for one in brought if one.built is not None]),
        restore=_spread(_restored(judged)),
    )


def _judged(attempts: Sequence[Attempt]) -> list[_Judged]:
    """Each attempt, and what it was; whether it was rolled back, the next that ended well tells."""
    judged: list[_Judged] = []
    before: list[Release] = []
    for number, one in enumerate(attempts):
        last = before[-1] if before else None
        back = one.release != last and one.release in before
        failed = one.outcome != "deployed"
        following = next((each for each in attempts[number + 1 :] if each.outcome == "deployed"), None)
        undone = not failed and following is not None and following.release != one.release and following.release in before
        rollback = not failed and back
        first = not failed and one.release not in before
        judged.append(_Judged(attempt=one, change=not back, first=first, rollback=rollback, failure=failed or undone))
        if not failed:
            before.append(one.release)
    return judged


def _restored(judged: Sequence[_Judged]) -> list[int]:
    found: list[int] = []
    down: datetime | None = None
    for one in judged:
        if down is not None and one.attempt.outcome == "deployed":
            found.append(_seconds(down, one.attempt.at))
            down = None
        if one.failure and down is None:
            down = one.attempt.at
    return found


def _seconds(start: datetime, end: datetime) -> int:
    return max(0, int((end - start).total_seconds()))


def _spread(found: Sequence[int]) -> Spread:
    if len(found) < ENOUGH:
        return Spread(count=len(found))
    return Spread(count=len(found), middle=int(median(found)), least=min(found), most=max(found))
