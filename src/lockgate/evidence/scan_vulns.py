"""Scanners' results in statements made for them: in-toto's vulnerabilities 0.1 and 0.2, cosign's vulnerability scan record.

                     in-toto (spec/predicates/vulns.md)                    cosign (COSIGN_VULN_ATTESTATION_SPEC.md)
    tool             the last part of ``scanner.uri``, without a version    the report's own; or else as in-toto's
    version          ``scanner.version``                                    the same, or the report's own
    at               ``metadata.scanFinishedOn``                            the same, or the report's own: the earlier
    database         ``scanner.db.lastUpdate``                              the same, or the report's own: the earlier
    findings         ``scanner.result``: a list                             ``scanner.result``: the scanner's own report: of Trivy, Grype or SARIF

In 0.1 a finding stands in ``vulnerability``, in its example and in 0.2 beside it: both are read. Of the severities of one finding the highest
counts, and probabilities of exploitation (EPSS) are none. Where an annotation has a ``component`` or ``purl``, it says in what. Before 1.13,
cosign listed several ``scanners``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from lockgate.core.digest import Digest
from lockgate.core.findings import Level, Scan, ScanFinding
from lockgate.core.identity import Fingerprint
from lockgate.core.scanning import order
from lockgate.errors import EvidenceError
from lockgate.evidence import foreign, scan_grype, scan_sarif, scan_trivy, scans, vex
from lockgate.evidence.said_types import COSIGN, VULNS
from lockgate.evidence.statement import Statement

MAX_SCANNERS = 16

Report = tuple[Callable[[dict[str, Any]], bool], Callable[[dict[str, Any], Digest], list[scans.Looked]]]
REPORTS: tuple[Report, ...] = tuple((each.recognises, each.look) for each in (scan_trivy, scan_grype, scan_sarif))
"""Scanners' own reports: by what one is known, and what it says."""


def scan(said: Statement, subject: Digest, keys: tuple[Fingerprint, ...], source: Digest, now: datetime) -> list[Scan]:
    """The scans that a predicate of one of these types is (`said_types`): each type is read as what it says, and as nothing else.

    Raises:
        EvidenceError: as `read` and `scans.Looked.fact`.
    """
    try:
        return [one.fact(subject, keys, source, now) for one in _looked(said, subject)]
    except ValueError as err:
        raise _malformed(err) from None


def _looked(said: Statement, subject: Digest) -> list[scans.Looked]:
    if said.predicate_type in VULNS:
        return [_listed(said.predicate, foreign.within(said.predicate, "scanner"), "vulns")]
    return _recorded(said.predicate, subject) if said.predicate_type in COSIGN else _own(said.predicate, subject)


def read(document: dict[str, Any], subject: Digest) -> list[scans.Looked]:
    """What a document says that may be any of these.

    Raises:
        EvidenceError: ``scan.malformed``, ``scan.unknown-result``, ``scan.other-version``, ``scan.failed``, ``scan.saw-nothing``, ``scan.other-digest``.
    """
    try:
        if "scanner" not in document and "scanners" not in document:
            return _own(document, subject)
        if isinstance(foreign.within(document, "scanner").get("result"), list):
            return [_listed(document, foreign.within(document, "scanner"), "vulns")]
        return _recorded(document, subject)
    except ValueError as err:
        raise _malformed(err) from None


def _malformed(err: ValueError) -> EvidenceError:
    return EvidenceError("scan.malformed", f"this is no scanner's result: {err}")


def _own(document: dict[str, Any], subject: Digest) -> list[scans.Looked]:
    for recognises, look in REPORTS:
        if recognises(document):
            return look(document, subject)
    if not document:
        raise scans.saw_nothing("the result is empty")
    raise EvidenceError("scan.unknown-result", "this is no report of Trivy or Grype, and no SARIF")


def _recorded(predicate: dict[str, Any], subject: Digest) -> list[scans.Looked]:
    scanners = foreign.items(predicate, "scanners") if predicate.get("scanner") is None else [predicate["scanner"]]
    if not 1 <= len(scanners) <= MAX_SCANNERS:
        raise ValueError(f"it has {len(scanners)} scanners; 1 to {MAX_SCANNERS} are read")
    return [one for each in scanners for one in _scanner(predicate, foreign.mapping(each, "a scanner"), subject)]


def _scanner(predicate: dict[str, Any], scanner: dict[str, Any], subject: Digest) -> list[scans.Looked]:
    if isinstance(scanner.get("result"), list):
        return [_listed(predicate, scanner, "cosign-vuln")]
    inside = _own(foreign.within(scanner, "result"), subject)
    at, database_at = _times(predicate, scanner)
    version = foreign.optional_text(scanner, "version")
    return [
        one._replace(
            format="cosign-vuln",
            version=one.version or version,
            at=scans.earlier(one.at, at),
            database_at=scans.earlier(one.database_at, database_at),
        )
        for one in inside
    ]


def _times(predicate: dict[str, Any], scanner: dict[str, Any]) -> tuple[datetime | None, datetime | None]:
    at = scans.time(foreign.within(predicate, "metadata"), "scanFinishedOn")
    return at, scans.time(foreign.within(scanner, "db"), "lastUpdate")


def _listed(predicate: dict[str, Any], scanner: dict[str, Any], form: scans.Format) -> scans.Looked:
    at, database_at = _times(predicate, scanner)
    if scanner.get("result") is None:
        raise scans.saw_nothing("it has no result, not even none")
    found = [_finding(foreign.mapping(one, "a vulnerability")) for one in foreign.items(scanner, "result")]
    return scans.Looked(_tool(foreign.text(scanner, "uri")), form, found, foreign.optional_text(scanner, "version"), at, database_at)


def _tool(uri: str) -> str:
    """``trivy``, of ``pkg:github/aquasecurity/trivy@v0.30.1`` or ``https://github.com/aquasecurity/trivy``. Raises ValueError where nothing is left."""
    written = vex.purl(uri) if uri.lower().startswith("pkg:") else uri
    path = written.rpartition("://")[2].partition("#")[0].partition("?")[0].rstrip("/")
    name = vex.unquoted(path.rpartition("/")[2].partition("@")[0]).removesuffix(".git").lower()
    return foreign.text({"the scanner's name": name}, "the scanner's name")


def _finding(one: dict[str, Any]) -> ScanFinding:
    fields = foreign.within(one, "vulnerability") or one
    said = fields.get("severity")
    listed = [foreign.mapping(each, "a severity") for each in (said if isinstance(said, list) else [] if said is None else [said])]
    levels: list[Level] = [
        scans.level_of(str(each.get("score"))) for each in listed if "epss" not in str(each.get("method")).lower() and each.get("score") is not None
    ]
    level: Level = min((each for each in levels if each != "unknown"), key=order, default="unknown")
    noted = [foreign.mapping(each, "an annotation") for each in foreign.items(one, "annotations")]
    return scans.finding(foreign.text(fields, "id"), level, next((each[name] for each in noted for name in ("component", "purl") if name in each), ""))
