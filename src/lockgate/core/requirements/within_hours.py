"""``within-hours``: it is a time at which changes are made: inside a window of a zone's wall clock, and in no freeze."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar, Literal

import msgspec

from lockgate.core.facts import Facts, Need, Unreadable
from lockgate.core.identity import EvidenceKey, Name
from lockgate.core.model import Subject
from lockgate.core.openings import Opening, frozen, inside, local_seconds, next_opening
from lockgate.core.outcome import Fail, Params, Pass, Unknown, Verdict
from lockgate.core.requirements.base import Requirement, unknown
from lockgate.core.windows import Clock, Days, Freeze, Window, in_numbers, require_form, wall
from lockgate.core.zones import Zone, ZoneName


class WithinHours(Requirement, tag="within-hours", frozen=True, kw_only=True):
    """It is decided while the wall clock in that zone shows a time inside a window, and in no freeze.

    Attributes:
        zone: of the IANA time zone database.
        days, from_, to: the one window; or
        windows: several. One form of both, or none, where freezes alone are meant.
        freezes: when nothing is open whatever the windows say.

    Raises:
        ValueError: at construction, where the window is said in both forms or half, or there is neither window nor freeze.
    """

    waivable: ClassVar[bool] = True
    yields: ClassVar[bool] = True
    lasts: ClassVar[Literal["no", "then", "now"]] = "no"
    zone: ZoneName
    days: Annotated[tuple[Days, ...], msgspec.Meta(max_length=7)] = ()
    from_: Clock | None = msgspec.field(default=None, name="from")
    to: Clock | None = None
    windows: Annotated[tuple[Window, ...], msgspec.Meta(max_length=16)] = ()
    freezes: Annotated[tuple[Freeze, ...], msgspec.Meta(max_length=64)] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        require_form(self.days, self.from_, self.to, self.windows, self.freezes)
        self.openings()

    def openings(self) -> tuple[Opening, ...]:
        """Its windows in numbers; none for always."""
        return in_numbers(self.days, self.from_, self.to, self.windows)

    def needs(self) -> tuple[Need, ...]:
        """What the zone's clocks show."""
        return (Need(Zone),)

    def check(self, _subject: Subject, facts: Facts, now: datetime, _keys: dict[Name, EvidenceKey]) -> Verdict:
        """A freeze first, which no window opens."""
        zones = facts.of(Zone)
        if isinstance(zones, Unreadable):
            return unknown(zones, "within-hours.unreadable")
        zone = next((one for one in zones.items if one.name == self.zone), None)
        local = local_seconds(zone, now) if zone is not None else None
        if zone is None or local is None:
            return Unknown(code="within-hours.unreadable", params={"zone": self.zone})
        params: Params = {"zone": self.zone, "now": wall(local)}
        windows, freezes = self.openings(), [one.closed() for one in self.freezes]
        place = frozen(local, freezes)
        if place is not None:
            held = self.freezes[place]
            told: Params = {**params, "freeze": f"{held.from_}..{held.to}", **({"reason": held.reason} if held.reason else {})}
            return Fail(code="within-hours.frozen", params=told, opens_at=next_opening(zone, now, windows, freezes))
        if not inside(local, windows):
            return Fail(code="within-hours.closed", params=params, opens_at=next_opening(zone, now, windows, freezes))
        return Pass(params=params)
