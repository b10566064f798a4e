"""What the exceptional does to a decision: holds and open reviews refuse; a waiver, or a broken glass, lets a refusal pass.

  1. A hold that stands, and a broken glass nobody has reviewed, refuse every release there.
  2. A waiver lets one failed requirement pass for one request: where the kind may be waived at all and the policy in
     force names it, while nothing about the waiver has ended or changed. What is unknown is never waived.
  3. A broken glass, signed by two people for exactly this release, lets pass what yields to it: holds, open reviews,
     and requirements whose kind says so. Nothing else: neither the bytes, nor who signed and built them, nor the root.

Each only ever looks at facts; where they cannot be read, nothing is let pass.
"""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec.structs import replace

from lockgate.canon import Noun
from lockgate.core.duration import Time
from lockgate.core.exceptional import GLASS_PERMIT, Exceptional, Glass, Hold, Waiver
from lockgate.core.facts import Enrolled, Facts, InForce, Request, Unreadable
from lockgate.core.identity import Name, Roster, fingerprint
from lockgate.core.model import Subject
from lockgate.core.outcome import Fail, Outcome, Params, Pass, Verdict, Waived, outcome
from lockgate.core.policy import EnvironmentPolicy, requirement_id
from lockgate.core.requirements import AnyRequirement
from lockgate.core.requirements.base import unknown

SHOWN = 8
"""How many holds, reviews and people are named."""


class Ground(Noun, frozen=True, kw_only=True):
    """What waivers and broken glasses are looked at by: what stands, the request gone by, the section and the roster in force."""

    here: Exceptional
    request: Request | None
    in_force: InForce
    roster: Roster


def ground(subject: Subject, facts: Facts) -> Ground | Unreadable:
    """The ground of a decision; `Unreadable` where a part of it is, or is not there once."""
    here, in_force, enrolled, requests = facts.of(Exceptional), facts.of(InForce), facts.of(Enrolled), facts.of(Request)
    if isinstance(here, Unreadable) or isinstance(in_force, Unreadable) or isinstance(enrolled, Unreadable) or isinstance(requests, Unreadable):
        return Unreadable(code="facts.not-gathered")
    if not len(here.items) == len(in_force.items) == len(enrolled.items) == 1:
        return Unreadable(code="facts.not-gathered")
    request = next((one for one in requests.items if one.id == subject.request), None)
    return Ground(here=here.items[0], request=request, in_force=in_force.items[0], roster=enrolled.items[0].roster)


def refusals(facts: Facts, now: datetime) -> list[Outcome]:
    """Step 1: a row where something refuses every release here, or where that cannot be told; none where nothing does."""
    found = facts.of(Exceptional)
    if isinstance(found, Unreadable):
        return [outcome("hold", unknown(found, "exception.unreadable"))]
    if len(found.items) != 1:
        return [outcome("hold", unknown(Unreadable(code="facts.not-gathered"), "exception.unreadable"))]
    (here,) = found.items
    rows = []
    if holds := here.standing(now):
        rows.append(outcome("hold", _held(holds)))
    if open_ := here.to_review():
        newest = open_[-1]
        rows.append(outcome("review", Fail(code="review.open", params={"break-glass": newest.id, "decision": newest.decision, "open": len(open_)})))
    return rows


def _held(holds: tuple[Hold, ...]) -> Fail:
    ends = [one.expires for one in holds]
    last = None if None in ends else max(end for end in ends if end is not None)
    params: Params = {"hold": tuple(one.id for one in holds[:SHOWN]), "by": tuple(dict.fromkeys(one.by for one in holds[:SHOWN])), "held": len(holds)}
    return Fail(code="hold.standing", params=params, opens_at=last)


def waived(
    verdict: Verdict, requirement: AnyRequirement, section: EnvironmentPolicy, subject: Subject, on: Ground | Unreadable, now: datetime
) -> Verdict | Waived:
    """Step 2: the verdict, or `Waived` where a waiver stands for it."""
    id_ = requirement_id(requirement)
    if not isinstance(verdict, Fail) or not type(requirement).waivable or id_ not in section.waivable or isinstance(on, Unreadable):
        return verdict
    waiver = next((one for one in on.here.waivers if _stands(one, id_, subject, on, now)), None)
    if waiver is None:
        return verdict
    who: Params = {"waiver": waiver.id, "waived-by": waiver.by, "waived-until": _text(waiver.expires)}
    return Waived(code=verdict.code, params={**verdict.params, **who}, opens_at=verdict.opens_at)


def _stands(waiver: Waiver, requirement: Name, subject: Subject, on: Ground, now: datetime) -> bool:
    """Whether a waiver counts, for this requirement, request and moment, by somebody who may and is neither requester nor deployer."""
    request, person = on.request, on.roster.get(waiver.by)
    if request is None or person is None or waiver.request != request.id or waiver.requirement != requirement:
        return False
    if request.release != subject.release or request.withdrawn or request.rejected_by or request.over:
        return False
    if waiver.lifted or waiver.over(now) or waiver.section != on.in_force.section:
        return False
    if waiver.key not in map(fingerprint, person.keys) or not on.roster.may_waive(waiver.by, requirement, subject.environment):
        return False
    return waiver.by != request.by and (subject.actor is None or waiver.by != subject.actor.person)


class Broken(Noun, frozen=True, kw_only=True):
    """A decision by break-glass.

    Attributes:
        rows: the outcomes, what yields waived, and last that of the glass itself.
        glass: its id. ends: when a permit by it ends at the latest.
        outstanding: the decision whose permit, by this glass, the asker holds already; -1 for none.
    """

    rows: tuple[Outcome, ...]
    glass: str
    ends: Time
    outstanding: int = -1


def broken(rows: list[tuple[Outcome, bool]], subject: Subject, on: Ground | Unreadable, now: datetime) -> Broken | None:
    """Step 3: the decision by a glass that two people broke for this release; None where they did not.

    Args:
        rows: every outcome of the ordinary course, and whether it yields.
        subject, on, now: of the decision.
    """
    if isinstance(on, Unreadable):
        return None
    glass = next((one for one in reversed(on.here.glasses) if _complete(one, subject, on, now)), None)
    if glass is None:
        return None
    verdict = _glass_verdict(glass, subject, on.roster, now)
    held = _permit_is_out(glass, now) and isinstance(verdict, Pass)
    passed = [_past(row, glass) if yields and isinstance(verdict, Pass) else row for row, yields in rows]
    return Broken(
        rows=(*passed, outcome("break-glass", verdict)),
        glass=glass.id,
        ends=min(glass.until, now + GLASS_PERMIT),
        outstanding=glass.decision if held else -1,
    )


def _complete(glass: Glass, subject: Subject, on: Ground, now: datetime) -> bool:
    """Whether two distinct people, who may and still hold the keys they signed with, broke it for exactly this, and it is not spent."""
    if glass.release != subject.release or not glass.ready(now):
        return False
    counting = set()
    for by, key in zip(glass.by, glass.keys, strict=True):
        person = on.roster.get(by)
        if person is not None and key in map(fingerprint, person.keys) and on.roster.may(by, "break-glass", subject.environment):
            counting.add(by)
    return len(counting) >= 2


def _permit_is_out(glass: Glass, now: datetime) -> bool:
    return glass.permit_until is not None and now < glass.permit_until


def _glass_verdict(glass: Glass, subject: Subject, roster: Roster, now: datetime) -> Verdict:
    """A permit by it is for somebody who proved who they are and may deploy here, and there is one at a time."""
    person = subject.actor.person if subject.actor else None
    if person is None or not roster.may(person, "deploy", subject.environment):
        may = tuple(sorted(one.id for one in roster.people if roster.may(one.id, "deploy", subject.environment)))[:SHOWN]
        return Fail(code="break-glass.not-deployer", params={"break-glass": glass.id, "may": may})
    if _permit_is_out(glass, now) and glass.permit_by != person:
        params: Params = {"break-glass": glass.id, "decision": glass.decision, "by": glass.permit_by or ""}
        return Fail(code="break-glass.permit-outstanding", params=params, opens_at=glass.permit_until)
    return Pass(params={"break-glass": glass.id, "by": glass.by, "until": _text(glass.until)})


def _past(row: Outcome, glass: Glass) -> Outcome:
    return row if row.result in {"pass", "waived"} else replace(row, result="waived", params={**row.params, "break-glass": glass.id})


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
