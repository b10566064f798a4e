"""Trivy's JSON report (``SchemaVersion`` 2) -> what it looked at and found.

    at             ``CreatedAt``
    database       not in the report; ``lockgate attest --scan`` takes its date beside it
    digests        ``Metadata.RepoDigests``
    findings       ``Vulnerabilities``, ``Misconfigurations`` that failed, ``Secrets``; of licences none
    suppressed     ``ExperimentalModifiedFindings``, which the report holds where Trivy was asked for them

A report without ``Results`` is of something in which Trivy knew nothing to look for. A distribution past its end, for which no advisory is
written any more, is a finding of its own, of unknown severity: Trivy finds ever less in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from lockgate.core.digest import Digest
from lockgate.core.findings import Level, ScanFinding
from lockgate.errors import EvidenceError
from lockgate.evidence import foreign, scans

SCHEMA_VERSION = 2
END_OF_LIFE = "end-of-life"
"""The id of the finding that a distribution is past its end."""


def recognises(document: dict[str, Any]) -> bool:
    """Whether this is a report of Trivy's, of whichever version."""
    return "SchemaVersion" in document


def look(document: dict[str, Any], subject: Digest) -> list[scans.Looked]:
    """What this report says.

    Raises:
        ValueError: where it is malformed.
        EvidenceError: ``scan.other-version``, ``scan.saw-nothing``, ``scan.other-digest``.
    """
    if document.get("SchemaVersion") != SCHEMA_VERSION:
        raise EvidenceError("scan.other-version", f"this is a Trivy report of another schema; {SCHEMA_VERSION} is read")
    metadata = foreign.within(document, "Metadata")
    scans.fits(subject, (foreign.text({"a digest": one}, "a digest") for one in foreign.items(metadata, "RepoDigests")))
    results = [foreign.mapping(one, "a result") for one in foreign.items(document, "Results")]
    if not results:
        raise scans.saw_nothing("Trivy reports no target")
    found = [each for one in results for each in _findings(one)]
    system = foreign.within(metadata, "OS")
    if system.get("EOSL") is True:
        found.append(scans.finding(END_OF_LIFE, "unknown", f"{system.get('Family')} {system.get('Name')}"))
    version = foreign.optional_text(foreign.within(document, "Trivy"), "Version")
    suppressed = sum(len(foreign.items(one, "ExperimentalModifiedFindings")) for one in results)
    return [scans.Looked("trivy", "trivy", found, version, _created(document), suppressed=suppressed)]


def _created(document: dict[str, Any]) -> datetime | None:
    at = document.get("CreatedAt")
    return scans.seconds(at) if isinstance(at, int) else scans.time(document, "CreatedAt")


def _findings(result: dict[str, Any]) -> Iterator[ScanFinding]:
    for one in foreign.items(result, "Vulnerabilities"):
        fields = foreign.mapping(one, "a vulnerability")
        purl = foreign.within(fields, "PkgIdentifier").get("PURL")
        named = f"{fields.get('PkgName') or ''}@{fields.get('InstalledVersion') or ''}"
        yield scans.finding(foreign.text(fields, "VulnerabilityID"), _level(fields), purl or named)
    for one in foreign.items(result, "Misconfigurations"):
        fields = foreign.mapping(one, "a misconfiguration")
        if foreign.optional_text(fields, "Status") in {"", "FAIL"}:
            yield scans.finding(foreign.text(fields, "ID"), _level(fields), result.get("Target"))
    for one in foreign.items(result, "Secrets"):
        fields = foreign.mapping(one, "a secret")
        yield scans.finding(foreign.text(fields, "RuleID"), _level(fields), result.get("Target"))


def _level(fields: dict[str, Any]) -> Level:
    return scans.level_of(foreign.optional_text(fields, "Severity"))
