"""Grype's JSON report -> what it looked at and found.

at             ``descriptor.timestamp``
database       ``descriptor.db.status.built``, before Grype 0.88 ``descriptor.db.built``; one that is not valid is no database
digests        ``source.target.manifestDigest`` and ``repoDigests``, of an image
findings       ``matches``
suppressed     ``ignoredMatches``
"""

from __future__ import annotations

from typing import Any

from lockgate.core.digest import Digest
from lockgate.core.findings import ScanFinding
from lockgate.errors import EvidenceError
from lockgate.evidence import foreign, scans


def recognises(document: dict[str, Any]) -> bool:
    """Whether this is a report of Grype's."""
    return "matches" in document and "descriptor" in document


def look(document: dict[str, Any], subject: Digest) -> list[scans.Looked]:
    """What this report says.

    Raises:
        ValueError: where it is malformed.
        EvidenceError: ``scan.failed``, ``scan.saw-nothing``, ``scan.other-digest``.
    """
    descriptor = foreign.within(document, "descriptor")
    database = foreign.within(descriptor, "db")
    status = foreign.within(database, "status") or database
    if status.get("valid") is False or status.get("error") not in (None, ""):
        raise EvidenceError("scan.failed", "its database was not valid")
    target = foreign.within(document, "source").get("target")
    if isinstance(target, dict):
        listed = [foreign.text({"a digest": one}, "a digest") for one in foreign.items(target, "repoDigests")]
        scans.fits(subject, [foreign.optional_text(target, "manifestDigest"), *listed])
    if document.get("matches") is None:
        raise scans.saw_nothing("Grype reports no matches, not even none")
    return [
        scans.Looked(
            foreign.text(descriptor, "name").lower(),
            "grype",
            [_finding(foreign.mapping(one, "a match")) for one in foreign.items(document, "matches")],
            foreign.optional_text(descriptor, "version"),
            scans.time(descriptor, "timestamp"),
            scans.time(status, "built"),
            len(foreign.items(document, "ignoredMatches")),
        )
    ]


def _finding(match: dict[str, Any]) -> ScanFinding:
    weakness, package = foreign.within(match, "vulnerability"), foreign.within(match, "artifact")
    named = f"{package.get('name') or ''}@{package.get('version') or ''}"
    level = scans.level_of(foreign.optional_text(weakness, "severity"))
    return scans.finding(foreign.text(weakness, "id"), level, package.get("purl") or named)
