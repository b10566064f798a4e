"""What to do about each code: one line, keyed by code, shown where an error brings no remedy of its own."""

from __future__ import annotations

REMEDIES: dict[str, str] = {}


def remedy_for(code: str) -> str:
    """The remedy of a code; where the code says it all, the page to read."""
    return REMEDIES.get(code, "")
