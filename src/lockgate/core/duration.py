"""Durations as policy writes them (``90s``, ``30m``, ``24h``, ``7d``), and points in time."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Annotated

import msgspec

_FORM = r"^[1-9][0-9]{0,5}[smhd]\Z"
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_MATCH = re.compile(_FORM).match

Duration = Annotated[str, msgspec.Meta(pattern=_FORM)]
"""A positive whole number and ``s``, ``m``, ``h`` or ``d``; never zero, so that no period can be switched off by it."""

Time = Annotated[datetime, msgspec.Meta(tz=True)]
"""A point in time with its offset from UTC: one without could not be compared with others, and is refused when read."""


def span(duration: Duration) -> timedelta:
    """The length of a duration.

    Raises:
        ValueError: for text that is none.
    """
    if not _MATCH(duration):
        raise ValueError(f"{duration[:20]!r} is no duration: write 30m, 24h or 7d")
    return timedelta(seconds=int(duration[:-1]) * _UNITS[duration[-1]])
