"""What checking and trying a policy's change windows takes of the world: time zones, their names, and the time."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lockgate.core.zones import ZoneData


def read_zone(name: str) -> ZoneData:
    """A time zone, whole. Raises UnreadableError ``zone.unknown``, ``zone.unreadable``."""
    from lockgate.adapters.zones import PackagedZones

    return PackagedZones().read(name)


def zone_names() -> tuple[str, ...]:
    """Every time zone there is. Raises UnreadableError ``zone.unreadable``."""
    from lockgate.adapters.zones import PackagedZones

    return PackagedZones().names()


def now() -> datetime:
    """UTC, whole seconds."""
    from lockgate.adapters.clock import SystemClock

    return SystemClock().now()
