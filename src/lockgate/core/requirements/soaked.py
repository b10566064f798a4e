"""``soaked``: the same artifacts ran long enough, without a break, in another environment; longer where what they are made of changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import ClassVar, Literal, NamedTuple

import msgspec
from msgspec.structs import replace

from lockgate.core.dependencies import Whose
from lockgate.core.duration import Duration, span
from lockgate.core.facts import Facts, InForce, Need, Stay, Unreadable
from lockgate.core.identity import EvidenceKey, Name, Occupancy
from lockgate.core.model import Subject
from lockgate.core.outcome import Fail, Params, Pass, Unknown, Verdict
from lockgate.core.requirements.base import Requirement, unknown
from lockgate.core.soak import SHOWN, Delta, FixLane, Lane, ScansWithin, clean_within, delta, lane, looks_at, require_vouched, text_of, too_young


class _Due(NamedTuple):
    """How long it must soak.

    Attributes:
        for_: so long. least: so long at least, whatever is known of its dependencies: a stay shorter than this is simply too young.
        refusal: what is said of a stay between the two; None where they are one. told: parameters of the outcome that say why it is so long.
    """

    for_: Duration
    least: Duration
    refusal: Fail | Unknown | None
    told: Params


class Soaked(Requirement, tag="soaked", frozen=True, kw_only=True):
    """One continuous stay of these artifacts there lasted at least `for_`.

    The clock starts when lockgate recorded a signed `deployed`; a publisher's time stamp never counts, what was never
    recorded is too young, and another release or another configuration in between begins a new stay. So does a deployment
    whose end nobody knows, from its begin on; what ran there though its permit fell is no stay that counts.

    Attributes:
        in_: the environment.
        for_: how long.
        occupancy: the least that must be known of the stay: ``claimed`` by its deployer or ``observed`` by another.
        changed_dependencies: how long where dependencies differ from what runs, or that cannot be told; the longer of both is asked.
        component_age: how long ago lockgate must have seen each component version first that is new against what runs.
        scans: what scans dated within the stay must not have found.
        security_fix: the lane for requests that name the advisories they fix.
        sboms: whose bills of materials count, for all that is asked of dependencies.

    Raises:
        ValueError: at construction, where something is asked of dependencies and nobody is named whose bills count.
    """

    waivable: ClassVar[bool] = True
    yields: ClassVar[bool] = True
    lasts: ClassVar[Literal["no", "then", "now"]] = "no"
    in_: Name = msgspec.field(name="in")
    for_: Duration = msgspec.field(name="for")
    occupancy: Occupancy = "claimed"
    changed_dependencies: Duration | None = None
    component_age: Duration | None = None
    scans: ScansWithin | None = None
    security_fix: FixLane | None = None
    sboms: Whose | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        require_vouched(self.sboms, (self.changed_dependencies, self.component_age), self.security_fix)

    def key_names(self) -> tuple[Name, ...]:
        """The keys that may vouch for bills of materials and scans."""
        return tuple(dict.fromkeys(name for one in filter(None, (self.sboms, self.scans)) for name in one.keys))

    def identity_names(self) -> tuple[Name, ...]:
        """The identities that may."""
        return tuple(dict.fromkeys(name for one in filter(None, (self.sboms, self.scans)) for name in one.identities))

    def needs(self) -> tuple[Need, ...]:
        """What stayed there, whether the section asks for attested time, and what is asked besides time."""
        besides = map(Need, looks_at(self.sboms, self.component_age, self.scans, self.security_fix))
        return (Need(Stay, self.in_), Need(InForce), *besides)

    def check(self, subject: Subject, facts: Facts, now: datetime, keys: dict[Name, EvidenceKey]) -> Verdict:
        """The longest stay decides; the one that lasts says when the gate will open."""
        known = self._stays(subject, facts)
        if not isinstance(known, list):
            return known
        found = delta(subject, facts, self.sboms, keys) if self.sboms is not None else None
        fix = lane(subject, facts, self.security_fix, found, self.sboms, keys) if self.security_fix is not None else Lane()
        best = max(known, key=lambda stay: _length(stay, now))
        verdicts = [self._long_enough(known, best, self._due(found, fix), now)]
        if self.component_age is not None and self.sboms is not None and found is not None:
            verdicts.append(too_young(found, self.component_age, fix.spared, facts, self.sboms, keys, now))
        if self.scans is not None:
            verdicts.append(clean_within(subject, facts, self.scans, best, now, keys))
        return _worst(verdicts)

    def _stays(self, subject: Subject, facts: Facts) -> list[Stay] | Fail | Unknown:
        """The stays that count, as far as they are known; at least one."""
        stays, in_force = facts.of(Stay, self.in_), facts.of(InForce)
        if isinstance(stays, Unreadable):
            return unknown(stays, "soaked.unreadable")
        if isinstance(in_force, Unreadable):
            return unknown(in_force, "soaked.unreadable")
        if len(in_force.items) != 1:
            return Unknown(code="soaked.unreadable")
        if in_force.items[0].time == "attested":
            return Unknown(code="time.unattested", params={"in": self.in_})
        ours = [stay for stay in stays.items if stay.release.artifacts == subject.release.artifacts and not stay.fell]
        if not ours:
            return Fail(code="soaked.never-there", params={"in": self.in_, "for": self.for_})
        known = [stay for stay in ours if self.occupancy in {"claimed", stay.known}]
        return known or Fail(code="soaked.only-claimed", params={"in": self.in_, "for": self.for_})

    def _due(self, found: Delta | None, fix: Lane) -> _Due:
        """How long it must soak, and why."""
        due = _Due(self.for_, self.for_, None, {})
        if found is not None and self.changed_dependencies is not None:
            packages = found.packages()
            longer = max(self.for_, self.changed_dependencies, key=span)
            if found.gap is not None and not found.same:
                due = _Due(longer, self.for_, found.gap.refusal(), {"dependencies": "unknown"})
            elif found.differs():
                told: Params = {"dependencies": "changed", "changed": len(packages)}
                refusal = Fail(code="soaked.dependencies-changed", params={"changed": len(packages), "packages": packages[:SHOWN]})
                due = _Due(longer, self.for_, refusal, told)
            else:
                due = due._replace(told={"dependencies": "same"})
        if self.security_fix is None or not fix.fixes or span(self.security_fix.for_) >= span(due.for_):
            return due
        short = self.security_fix.for_
        if fix.closed is not None:
            return due._replace(least=min(due.least, short, key=span), refusal=fix.closed)
        return _Due(short, short, None, {**due.told, "lane": "security-fix", "fixes": fix.fixes})

    def _long_enough(self, known: list[Stay], best: Stay, due: _Due, now: datetime) -> Verdict:
        asked: Params = {"in": self.in_, "for": due.for_, **due.told}
        if _length(best, now) >= span(due.for_):
            return Pass(params={**asked, "since": text_of(best.since), "known": best.known})
        current = next((stay for stay in known if stay.until is None), None)
        if current is None and known[-1].end == "unknown":
            return Fail(code="soaked.unknown", params={**asked, "since": text_of(known[-1].until or now)})
        if current is None:
            return Fail(code="soaked.replaced", params={**asked, "seconds": _seconds(best, now)})
        params: Params = {**asked, "since": text_of(current.since), "seconds": _seconds(current, now)}
        if due.refusal is None or _length(current, now) < span(due.least):
            return Fail(code="soaked.too-young", params=params, opens_at=current.since + span(due.for_))
        if isinstance(due.refusal, Unknown):
            return replace(due.refusal, params={**params, **due.refusal.params})
        return replace(due.refusal, params={**params, **due.refusal.params}, opens_at=current.since + span(due.for_))


def _worst(verdicts: list[Verdict]) -> Verdict:
    """The one that stands longest against it: what time alone does not mend, else what time mends last; all their parameters where all pass."""
    against = [one for one in verdicts if not isinstance(one, Pass)]
    if not against:
        return Pass(params={name: value for one in verdicts for name, value in one.params.items()})
    return max(against, key=_stands_until)


def _stands_until(verdict: Verdict) -> datetime:
    return (verdict.opens_at if isinstance(verdict, Fail) else None) or datetime.max.replace(tzinfo=UTC)


def _length(stay: Stay, now: datetime) -> timedelta:
    return (now if stay.until is None else min(stay.until, now)) - stay.since


def _seconds(stay: Stay, now: datetime) -> int:
    return int(_length(stay, now).total_seconds())
