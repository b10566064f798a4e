"""Time zones: what a zone's clocks show from now on, and the port that reads the zone's data.

A zone is evidence like any other: its bytes are kept with the decision that used them, so that a replay elsewhere, under newer rules of that
country, still sees the clocks of then.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Protocol

import msgspec

from lockgate.canon import Noun
from lockgate.core.duration import Time

ZoneName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z][A-Za-z0-9_+-]{0,31}(/[A-Za-z0-9_+-]{1,31}){0,2}\Z")]
"""A name of the IANA time zone database, such as ``Europe/Berlin``."""

MAX_ZONE = 1 << 16
"""The largest zone file that is read, bytes; the database's are below 4 KiB."""

AHEAD = timedelta(days=400)
"""How far ahead a zone is told, and so how far ahead an opening is looked for."""


class Shift(Noun, frozen=True, kw_only=True):
    """From this instant on clocks are this many seconds ahead of UTC; behind, where it is negative."""

    at: Time
    offset: int


class Zone(Noun, frozen=True, kw_only=True):
    """What a zone's clocks show, for a while.

    Attributes:
        name: of the zone. version: of the database, such as ``2026f``.
        shifts: oldest first; at least one, and the first is no later than the decision.
        until: to where that is told.
    """

    name: ZoneName
    version: str
    shifts: tuple[Shift, ...]
    until: Time


class ZoneData(Noun, frozen=True, kw_only=True):
    """A zone as the database has it: its TZif bytes, and the database's version."""

    data: bytes
    version: str


class Zones(Protocol):
    """The time zone database."""

    def read(self, name: str) -> ZoneData:
        """A zone, whole.

        Raises:
            UnreadableError: ``zone.unknown``: the database has no such zone; ``zone.unreadable``: it, or the database, cannot be read.
        """

    def names(self) -> tuple[str, ...]:
        """Every zone there is, sorted. Raises UnreadableError ``zone.unreadable``."""
