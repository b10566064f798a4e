from __future__ import annotations

from datetime import datetime, timedelta


class FixedClock:
    """Port `Clock` that stands still until a test moves it, forward or back."""

    def __init__(self, now: datetime) -> None:
        self.at = now

    def now(self) -> datetime:
        return self.at

    def advance(self, **by: float) -> None:
        """As `timedelta` takes it: ``advance(hours=24)``."""
        self.at += timedelta(**by)
