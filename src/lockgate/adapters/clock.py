"""The system's clock: the only place that reads one."""

from __future__ import annotations

from datetime import UTC, datetime


class SystemClock:
    """The machine's clock (port `Clock`)."""

    def now(self) -> datetime:
        """UTC, whole seconds."""
        return datetime.now(UTC).replace(microsecond=0)
