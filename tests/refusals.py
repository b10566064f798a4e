"""Recorded decisions, as plain values, for what shows them."""

from __future__ import annotations

from typing import Any

from build import LOG, NOW, digest, later
from lockgate.core.events import Decided
from lockgate.core.outcome import Outcome

SIGNED = Outcome(requirement="signed-by", result="pass", params={"keys": ("release",)})
SOAKS = Outcome(requirement="soaked", result="fail", code="soaked.too-young", params={"for": "24h", "in": "staging", "seconds": 18840}, opens_at=later("19h"))


def decided(*found: Outcome, **changes: Any) -> Decided:
    """A refusal of something for production, with these outcomes."""
    base: dict[str, Any] = {
        "log": LOG,
        "environment": "production",
        "config": "none",
        "outcome": "refused",
        "outcomes": found,
        "decided_at": NOW,
        "engine": "0",
        "history": 1,
        "policy": digest("policy"),
        "section": digest("section"),
        "root": 1,
        "roster": 1,
        "evidence": digest("evidence"),
        "state": digest("state"),
    }
    return Decided(**{**base, **changes})
