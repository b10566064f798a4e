"""Small words people read: times, spans, short digests, marks."""

from __future__ import annotations

from datetime import datetime

from lockgate.core.digest import short
from lockgate.core.model import Release

MARKS = {"pass": "pass", "fail": "FAIL", "unknown": "????"}
COLOURS = {"pass": "\x1b[32m", "fail": "\x1b[31m", "unknown": "\x1b[33m"}
RESET = "\x1b[0m"


def when(at: datetime) -> str:
    """``2026-11-22 20:14:03 UTC``."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def how_long(seconds: int) -> str:
    """``5 h 14 min``, ``2 d 3 h``, ``40 s``: the two largest units."""
    units = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
    parts = []
    for name, size in units:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {name}")
    return " ".join(parts[:2]) or "0 s"


def artifacts(release: Release) -> str:
    """The release's digests, short."""
    return " ".join(short(digest) for digest in release.artifacts)
