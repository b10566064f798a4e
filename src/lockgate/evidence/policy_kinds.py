"""What cannot be meant by change windows, attestations and test results: see `policy_sense`, which says where each stands."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from lockgate.core.duration import span
from lockgate.core.openings import inside
from lockgate.core.policy import EnvironmentPolicy
from lockgate.core.requirements import AnyRequirement
from lockgate.core.requirements.has_attestation import HasAttestation
from lockgate.core.requirements.not_revoked import NotRevoked
from lockgate.core.requirements.soaked import Soaked
from lockgate.core.requirements.tested import Tested
from lockgate.core.requirements.within_hours import WithinHours

_MINUTES = range(0, 7 * 86_400, 60)


class Remark(NamedTuple):
    """Something about a requirement, and the field it is about; empty for the requirement itself."""

    field: str
    text: str


def never(requirement: AnyRequirement, section: EnvironmentPolicy, zones: Collection[str]) -> Iterator[Remark]:
    """Why it can never pass. `zones`: those there are; none, where that is not known."""
    match requirement:
        case HasAttestation(keys=keys, identities=identities, threshold=threshold) if threshold > len(keys) + len(identities):
            names = ", ".join((*keys, *identities))
            yield Remark("threshold", f"threshold is {threshold}, and only {len(keys) + len(identities)} can say it: {names}")
        case HasAttestation(max_age=str(), time=None, identities=()):
            yield Remark(
                "max-age", "nothing says when keys signed this, so that it is never young enough: name the place of its time by time, or take max-age out"
            )
        case WithinHours() as hours:
            if zones and hours.zone not in zones:
                close = difflib.get_close_matches(hours.zone, zones, n=1, cutoff=0.5)
                near = f": did you mean {close[0]!r}?" if close else ""
                yield Remark("zone", f"there is no time zone {hours.zone!r}{near}")
            others = _hours(section)
            if hours is not others[0] and not _together([one for one in others[: others.index(hours) + 1] if one.zone == hours.zone]):
                yield Remark("", "its windows and those of the within-hours before it are never open together")
        case _:
            pass


def _hours(section: EnvironmentPolicy) -> list[WithinHours]:
    return [one for one in section.requires if isinstance(one, WithinHours)]


def _together(several: Sequence[WithinHours]) -> bool:
    """Whether there is a minute of the week at which all of them are open; of one zone, whose clock is one."""
    return any(all(inside(minute, one.openings()) for one in several) for minute in _MINUTES)


def odd(requirement: AnyRequirement, section: EnvironmentPolicy, environment: str, now: datetime | None) -> Iterator[Remark]:
    """What is probably not meant. `now`: None, where the time is not known."""
    soak = max((span(one.for_) for one in section.requires if isinstance(one, Soaked)), default=timedelta(0))
    match requirement:
        case HasAttestation(max_age=str(age)) if soak >= span(age):
            yield Remark("max-age", "what is said before the soak is too old when it ends")
        case Tested(max_age=str(age)) if soak >= span(age):
            yield Remark("max-age", "a test result from before the soak is too old when it ends")
        case NotRevoked(in_=names) if environment in names:
            yield Remark("in", f"what is revoked in {environment} counts there anyway")
        case WithinHours(freezes=freezes) if now is not None:
            for one in freezes:
                if one.to[:10] < f"{now - timedelta(days=2):%Y-%m-%d}":
                    yield Remark("freezes", f"the freeze from {one.from_} to {one.to} is over")
        case _:
            pass
