"""``soaked``: the same artifacts ran long enough, without a break, in another environment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import ClassVar, Literal

import msgspec

from lockgate.core.duration import Duration, span
from lockgate.core.facts import Facts, InForce, Need, Stay, Unreadable
from lockgate.core.identity import EvidenceKey, Name, Occupancy
from lockgate.core.model import Subject
from lockgate.core.outcome import Fail, Params, Pass, Unknown, Verdict
from lockgate.core.requirements.base import Requirement, unknown


class Soaked(Requirement, tag="soaked", frozen=True, kw_only=True):
    """One continuous stay of these artifacts there lasted at least `for_`.

    The clock starts when lockgate recorded a signed `deployed`; a publisher's time stamp never counts, what was never
    recorded is too young, and another release or another configuration in between begins a new stay. So does a deployment
    whose end nobody knows, from its begin on; what ran there though its permit fell is no stay that counts.

    Attributes:
        in_: the environment.
        for_: how long.
        occupancy: the least that must be known of the stay: ``claimed`` by its deployer or ``observed`` by another.
    """

    waivable: ClassVar[bool] = True
    yields: ClassVar[bool] = True
    lasts: ClassVar[Literal["no", "then", "now"]] = "no"
    in_: Name = msgspec.field(name="in")
    for_: Duration = msgspec.field(name="for")
    occupancy: Occupancy = "claimed"

    def needs(self) -> tuple[Need, ...]:
        """What stayed there, and whether the section asks for attested time."""
        return (Need(Stay, self.in_), Need(InForce))

    def check(self, subject: Subject, facts: Facts, now: datetime, _keys: dict[Name, EvidenceKey]) -> Verdict:
        """The longest stay decides; the one that lasts says when the gate will open."""
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
        if not known:
            return Fail(code="soaked.only-claimed", params={"in": self.in_, "for": self.for_})
        best = max(known, key=lambda stay: _length(stay, now))
        if _length(best, now) >= span(self.for_):
            return Pass(params={"in": self.in_, "for": self.for_, "since": _text(best.since), "known": best.known})
        current = next((stay for stay in known if stay.until is None), None)
        if current is None and known[-1].end == "unknown":
            return Fail(code="soaked.unknown", params={"in": self.in_, "for": self.for_, "since": _text(known[-1].until or now)})
        if current is None:
            return Fail(code="soaked.replaced", params={"in": self.in_, "for": self.for_, "seconds": _seconds(best, now)})
        params: Params = {"in": self.in_, "for": self.for_, "since": _text(current.since), "seconds": _seconds(current, now)}
        return Fail(code="soaked.too-young", params=params, opens_at=current.since + span(self.for_))


def _length(stay: Stay, now: datetime) -> timedelta:
    return (now if stay.until is None else min(stay.until, now)) - stay.since


def _seconds(stay: Stay, now: datetime) -> int:
    return int(_length(stay, now).total_seconds())


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
