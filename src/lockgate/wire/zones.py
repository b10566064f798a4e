"""What checking a policy's change windows takes of the world: the names of time zones, and the time."""

from __future__ import annotations

from datetime import datetime


def zone_names() -> tuple[str, ...]:
    """Every time zone there is. Raises UnreadableError ``zone.unreadable``."""
    from lockgate.adapters.zones import PackagedZones

    return PackagedZones().names()


def now() -> datetime:
    """UTC, whole seconds."""
    from lockgate.adapters.clock import SystemClock

    return SystemClock().now()
