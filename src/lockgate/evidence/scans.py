"""What results of scanners share, whatever their format: severities, the digest they name, and the most that is kept of them.

A result that failed, was of another version, or looked at nothing is no scan: each is an error with its code. So is one that names digests, and the
artifact's is not among them.

    severity          words of CVSS ("critical" to "none"), of vendors ("important", "moderate", "negligible"); scores by CVSS 3.1, section 5
    not known         everything else: no severity, no score, a vector without its score
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from lockgate.core.digest import Digest, hex_of
from lockgate.core.findings import Level, Scan, ScanFinding
from lockgate.core.identity import Fingerprint
from lockgate.core.scanning import order
from lockgate.errors import EvidenceError
from lockgate.evidence import foreign
from lockgate.evidence.clock import not_later

MAX_FINDINGS = 4096
"""The most that are kept of one scan."""

Format = Literal["vulns", "cosign-vuln", "sarif", "grype", "trivy"]

_WORDS: dict[str, Level] = {
    "critical": "critical",
    "high": "high",
    "important": "high",
    "medium": "medium",
    "moderate": "medium",
    "low": "low",
    "minor": "low",
    "negligible": "low",
    "none": "none",
}
_SCORE = re.compile(r"[0-9]{1,2}(\.[0-9]{1,4})?\Z").match
_DIGEST = re.compile(r"(?:\A|@)sha256:([0-9a-f]{64})\Z").search
_NEVER = 1
"""The year of a time that was never set, as Go writes it."""


class Looked(NamedTuple):
    """What one scanner says, before it is a fact. `findings`: in any order, some of them perhaps twice."""

    tool: str
    format: Format
    findings: Sequence[ScanFinding]
    version: str = ""
    at: datetime | None = None
    database_at: datetime | None = None
    suppressed: int = 0

    def fact(self, subject: Digest, keys: tuple[Fingerprint, ...], source: Digest, now: datetime) -> Scan:
        """The scan this is.

        Raises:
            EvidenceError: ``evidence.from-future``; ``scan.database-later``, where its database is newer than the scan.
        """
        not_later(self.at, now)
        not_later(self.database_at, now)
        if self.at is not None and self.database_at is not None and self.database_at > self.at:
            raise EvidenceError("scan.database-later", "its database is newer than the scan, so that one of both times is wrong")
        found = sorted(set(self.findings), key=lambda one: (order(one.level), one.id, one.component))
        return Scan(
            subject=subject,
            source=source,
            keys=keys,
            tool=self.tool,
            version=self.version,
            format=self.format,
            at=self.at,
            database_at=self.database_at,
            findings=tuple(found[:MAX_FINDINGS]),
            more=max(0, len(found) - MAX_FINDINGS),
            suppressed=self.suppressed,
        )


def level_of(text: str) -> Level:
    """The severity a word or a score says."""
    word = text.strip().lower()
    if _SCORE(word):
        return scored(float(word))
    return _WORDS.get(word, "unknown")


def scored(score: float) -> Level:
    """The severity of a CVSS score."""
    if not 0 <= score <= 10:
        return "unknown"
    levels: tuple[tuple[float, Level], ...] = ((9, "critical"), (7, "high"), (4, "medium"), (0.1, "low"))
    return next((level for least, level in levels if score >= least), "none")


def time(outer: Mapping[str, Any], name: str) -> datetime | None:
    """A time that may be missing, empty, or never set. Raises ValueError as `foreign.instant`."""
    found = foreign.instant(outer, name) if outer.get(name) != "" else None
    return None if found is None or found.year == _NEVER else found


def seconds(value: int) -> datetime:
    """Seconds since 1970 as a time. Raises ValueError where there is no such time."""
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, OSError, ValueError):
        raise ValueError("a time is out of range") from None


def earlier(*times: datetime | None) -> datetime | None:
    """The earliest of several words for one time."""
    return min((one for one in times if one is not None), default=None)


def finding(id_: str, level: Level, component: object) -> ScanFinding:
    """Something that was found; a component that is no printable text of at most 1,000 characters is left out."""
    shown = component if isinstance(component, str) and len(component) <= foreign.MAX_TEXT and component.isprintable() else ""
    return ScanFinding(id=id_, level=level, component=shown)


def fits(subject: Digest, named: Iterable[str]) -> None:
    """That a result is about this artifact, where it names digests (``sha256:…`` or ``name@sha256:…``).

    Raises:
        EvidenceError: ``scan.other-digest``.
    """
    digests = {found[1] for one in named if (found := _DIGEST(one))}
    if digests and hex_of(subject) not in digests:
        raise EvidenceError("scan.other-digest", "it says itself that something else was scanned")


def saw_nothing(why: str) -> EvidenceError:
    """The error of a result that looked at nothing."""
    return EvidenceError("scan.saw-nothing", f"{why}: that is no scan that found nothing")
