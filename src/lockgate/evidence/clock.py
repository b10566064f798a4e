"""What evidence says of time, held against now."""

from __future__ import annotations

from datetime import datetime

from lockgate.errors import EvidenceError


def not_later(at: datetime | None, now: datetime) -> None:
    """Nothing is made after it is read. Raises EvidenceError ``evidence.from-future``."""
    if at is not None and at > now:
        raise EvidenceError("evidence.from-future", "this says it was made later than now: its clock or ours is wrong")
