"""A scanner's own report -> in-toto's vulnerabilities predicate 0.2, small: who looked, when, with data of when, and what was found.

What is not known is left out, and nothing is made up for it: the time of the scan is the report's, never that of the attestation.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from lockgate.core.digest import Digest
from lockgate.core.findings import Scan
from lockgate.errors import EvidenceError
from lockgate.evidence import scan_vulns, scans
from lockgate.evidence.said_types import VULNS

PREDICATE_TYPE = VULNS[-1]

_HOMES = {"trivy": ("github", "aquasecurity"), "grype": ("github", "anchore")}
"""Tools whose home is known: type and namespace of their package URL."""


def vulns_of(document: dict[str, Any], subject: Digest, now: datetime, database_at: datetime | None = None) -> dict[str, Any]:
    """The predicate of one scanner's report about this artifact.

    Args:
        document: as `scan_vulns.read` reads it.
        subject: what was scanned.
        now: UTC.
        database_at: of when the scanner's data was, where the report does not say; where it does, the earlier of both counts.

    Raises:
        EvidenceError: as `scan_vulns.read` and `scans.Looked.fact`; ``scan.several-tools``; ``scan.too-many``, where it found more than is kept.
    """
    looked = scan_vulns.read(document, subject)
    if len(looked) != 1:
        raise EvidenceError("scan.several-tools", f"{len(looked)} tools looked here, and a statement is of one: attest each by itself")
    one = looked[0]._replace(database_at=scans.earlier(looked[0].database_at, database_at))
    fact = one.fact(subject, (), subject, now)
    if fact.more:
        raise EvidenceError("scan.too-many", f"it found {len(fact.findings) + fact.more} things; a statement holds {scans.MAX_FINDINGS}")
    written = _written(fact)
    (again,) = scan_vulns.read(written, subject)
    if again.tool != fact.tool:
        raise EvidenceError("scan.malformed", "the scanner's name cannot be written as a package URL's")
    return written


def _written(scan: Scan) -> dict[str, Any]:
    found = [
        {
            "id": one.id,
            "severity": [{"method": scan.tool, "score": one.level}],
            **({"annotations": [{"component": one.component}]} if one.component else {}),
        }
        for one in scan.findings
    ]
    database = {"db": {"lastUpdate": _text(scan.database_at)}} if scan.database_at is not None else {}
    version = {"version": scan.version} if scan.version else {}
    finished = {"scanFinishedOn": _text(scan.at)} if scan.at is not None else {}
    return {"scanner": {"uri": _uri(scan), **version, **database, "result": found}, "metadata": finished}


def _uri(scan: Scan) -> str:
    from packageurl import PackageURL  # noqa: PLC0415  as in `vex`

    kind, namespace = _HOMES.get(scan.tool, ("generic", None))
    return PackageURL(type=kind, namespace=namespace, name=scan.tool, version=scan.version or None).to_string()


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
