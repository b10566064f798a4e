"""Which scans decide, and what they found too much."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from build import NOW, ago, later
from build import scan as found
from lockgate.core.findings import Scan
from lockgate.core.scanning import Excess, Within, clean_within, excess, newest

LEVELS = ("none", "low", "medium", "high", "critical", "unknown")
CLEAN = found()


@pytest.mark.parametrize(
    ("scan", "at_most", "unscored", "answer"),
    [
        (CLEAN, "none", "refuse", None),
        (found("none"), "none", "refuse", None),
        (found("low"), "none", "refuse", Excess(("CVE-2026-0",), "low")),
        (found("medium", "high", "critical"), "medium", "refuse", Excess(("CVE-2026-2", "CVE-2026-1"), "critical")),
        (found("critical"), "critical", "refuse", None),
        (found("critical", "unknown"), "any", "refuse", None),
        (found("unknown"), "critical", "refuse", Excess(("CVE-2026-0",), "unknown")),
        (found("unknown"), "none", "allow", None),
        (found("unknown", more=1), "none", "allow", Excess((), "unknown", untold=True)),
        (found("unknown", more=1), "any", "allow", None),
        (found("low", more=1), "low", "refuse", None),
        (replace(CLEAN, more=1), "critical", "refuse", Excess((), "unknown", untold=True)),
    ],
)
def test_excess(scan: Scan, at_most: Any, unscored: Any, answer: Excess | None) -> None:
    assert excess(scan, at_most, unscored) == answer


@given(st.lists(st.sampled_from(LEVELS), max_size=8), st.sampled_from(["none", "low", "medium", "high", "critical", "any"]), st.integers(0, 8))
def test_what_was_left_out_never_opens(levels: list[Any], at_most: Any, kept: int) -> None:
    whole = found(*levels)
    cut = replace(whole, findings=whole.findings[:kept], more=max(0, len(levels) - kept))
    for unscored in ("refuse", "allow"):
        assert excess(whole, at_most, unscored) is None or excess(cut, at_most, unscored) is not None


def test_of_each_tool_the_newest_decides() -> None:
    old, new, twin = replace(CLEAN, at=ago("2h")), CLEAN, replace(CLEAN, version="2")
    grype, undated = replace(CLEAN, tool="grype", at=ago("9d")), replace(CLEAN, at=None)
    assert newest([old, new, grype, undated, twin]) == (new, grype, undated, twin)


def test_within() -> None:
    since, until = ago("24h"), NOW
    bad = found("high")
    assert clean_within([], since, until, "low") == Within("none")
    assert clean_within([replace(CLEAN, at=None)], since, until, "low") == Within("none")
    assert clean_within([replace(CLEAN, at=since - timedelta(seconds=1)), replace(CLEAN, at=later("1s"))], since, until, "low") == Within("none")
    for edge in (since, until):
        assert clean_within([replace(CLEAN, at=edge)], since, until, "low") == Within("clean", replace(CLEAN, at=edge))
    assert clean_within([CLEAN, bad], since, until, "low") == Within("found", bad, ("CVE-2026-0",))
    assert clean_within([CLEAN, replace(bad, at=ago("2h"))], since, until, "low") == Within("clean", CLEAN)
    assert clean_within([replace(CLEAN, at=ago("2h")), bad], since, until, "low") == Within("found", bad, ("CVE-2026-0",))
    assert clean_within([CLEAN, replace(bad, tool="grype", at=ago("3h"))], since, until, "low").answer == "found"
    assert clean_within([CLEAN, replace(bad, at=ago("25h"))], since, until, "low").answer == "clean"
    assert clean_within([found("unknown", more=1)], since, until, "low", "allow").answer == "untold"
