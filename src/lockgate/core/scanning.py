"""What scans say of one artifact: which of them count now, and whether they found more than is allowed.

Scanners find more as their databases grow, so that of one tool the newest scan decides, and an older one that found less does not rescue
it. A scan that does not say when it was done cannot be told to be the older one: it always counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from lockgate.core.findings import Level, Scan

AtMost = Literal["none", "low", "medium", "high", "critical", "any"]
"""The highest severity that is allowed; ``any`` asks nothing of what was found."""

Unscored = Literal["refuse", "allow"]
"""What becomes of findings whose severity nobody said, where severity is asked about."""

_RANK: dict[Level, int] = {"none": 0, "low": 1, "medium": 2, "high": 3, "critical": 4}


def order(level: Level) -> int:
    """The place of a severity among findings: those not known first, then the most severe."""
    return -_RANK.get(level, 5)


class Excess(NamedTuple):
    """What a scan found beyond what is allowed.

    Attributes:
        ids: of those findings, each once, in the scan's order. level: the first one's.
        untold: there may be others among those that were left out.
    """

    ids: tuple[str, ...]
    level: Level
    untold: bool = False


def excess(scan: Scan, at_most: AtMost, unscored: Unscored = "refuse") -> Excess | None:
    """What it found beyond this; None where that is nothing, and nothing can have been left out."""
    if at_most == "any":
        return None
    over = [one for one in scan.findings if (unscored == "refuse" if one.level == "unknown" else _RANK[one.level] > _RANK[at_most])]
    if over:
        return Excess(ids=tuple(dict.fromkeys(one.id for one in over)), level=over[0].level)
    if scan.more and (not scan.findings or scan.findings[-1].level == "unknown"):
        return Excess(ids=(), level="unknown", untold=True)
    return None


def newest(scans: Sequence[Scan]) -> tuple[Scan, ...]:
    """Those that decide: of each tool the newest, all of them where several are equally new, and each that does not say when it was done."""
    last: dict[str, datetime] = {}
    for scan in scans:
        if scan.at is not None:
            last[scan.tool] = max(scan.at, last.get(scan.tool, scan.at))
    return tuple(scan for scan in scans if scan.at is None or scan.at == last[scan.tool])


class Within(NamedTuple):
    """What scans of a span of time say.

    Attributes:
        answer: ``clean``: there is one, and none of those that decide found too much; ``found``: one did; ``untold``: one left out findings
            that may be too much; ``none``: none was done then.
        scan: the one that says so; None for ``none``. ids: what it found too much.
    """

    answer: Literal["clean", "found", "untold", "none"]
    scan: Scan | None = None
    ids: tuple[str, ...] = ()


def clean_within(scans: Sequence[Scan], since: datetime, until: datetime, at_most: AtMost, unscored: Unscored = "refuse") -> Within:
    """Whether scans that were done between two times, both included, are clean.

    Args:
        scans: of one artifact, by signers that are believed; one that does not say when it was done is not looked at.
        since, until: UTC.
        at_most, unscored: what they may have found.
    """
    inside = newest([scan for scan in scans if scan.at is not None and since <= scan.at <= until])
    for scan in inside:
        over = excess(scan, at_most, unscored)
        if over is not None:
            return Within("untold" if over.untold else "found", scan, over.ids)
    return Within("clean", inside[-1]) if inside else Within("none")
