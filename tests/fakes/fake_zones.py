"""Time zones that a test can take away, or have another country's parliament change."""

from __future__ import annotations

from lockgate.adapters.zones import PackagedZones
from lockgate.core.zones import ZoneData
from lockgate.errors import UnreadableError


class FakeZones:
    """Port `Zones`: the package's, but for what a test says.

    Attributes:
        said: zones by name, in place of the package's. lost: the database cannot be read.
    """

    def __init__(self) -> None:
        self.said: dict[str, ZoneData] = {}
        self.lost = False
        self._packaged = PackagedZones()

    def read(self, name: str) -> ZoneData:
        if self.lost:
            raise UnreadableError("zone.unreadable", "the time zone database cannot be read")
        return self.said.get(name) or self._packaged.read(name)

    def names(self) -> tuple[str, ...]:
        if self.lost:
            raise UnreadableError("zone.unreadable", "the time zone database cannot be read")
        return tuple(sorted({*self.said, *self._packaged.names()}))
