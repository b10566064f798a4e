"""SARIF 2.1.0 (docs.oasis-open.org/sarif/sarif/v2.1.0) -> what its tools looked at and found: one scan for each tool of its runs.

SARIF has no predicate type of in-toto's: it is attested under the URI of its JSON schema, of which two are in use.

    at             the earliest ``endTimeUtc`` of its invocations (3.20.8); none where a run says none
    database       not said
    digests        ``properties.repoDigests`` of the run, where Trivy puts them
    findings       ``results`` (3.27) of kind ``fail``, ``open`` or ``review``, but those that are absent since a baseline
    severity       ``security-severity`` of the result or of its rule, a score; 0 is what tools write where they know none
    suppressed     results with a suppression that is not rejected or under review (3.35)

No scan is a run whose ``results`` are missing or null, which says that nobody looked (3.14.23); and one that was not successful, by
``executionSuccessful`` (3.20.14), or by a notification of level ``error`` about its own execution (3.20.21).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from lockgate.core.digest import Digest
from lockgate.core.findings import Level, ScanFinding
from lockgate.errors import EvidenceError
from lockgate.evidence import foreign, scans

VERSION = "2.1.0"
MAX_RUNS = 256

_FOUND = frozenset({"fail", "open", "review"})


def recognises(document: dict[str, Any]) -> bool:
    """Whether this is SARIF, of whichever version."""
    return "runs" in document


def look(document: dict[str, Any], subject: Digest) -> list[scans.Looked]:
    """What this log says: the runs of one tool are one scan.

    Raises:
        ValueError: where it is malformed.
        EvidenceError: ``scan.other-version``, ``scan.saw-nothing``, ``scan.failed``, ``scan.other-digest``.
    """
    if document.get("version") != VERSION:
        raise EvidenceError("scan.other-version", f"this is SARIF of another version; {VERSION} is read")
    runs = [foreign.mapping(one, "a run") for one in foreign.items(document, "runs")]
    if not runs:
        raise scans.saw_nothing("it has no run")
    if len(runs) > MAX_RUNS:
        raise ValueError(f"it has {len(runs)} runs; at most {MAX_RUNS} are read")
    together: dict[str, scans.Looked] = {}
    for run in runs:
        one = _run(run, subject)
        before = together.get(one.tool)
        together[one.tool] = one if before is None else _joined(before, one)
    return list(together.values())


def _joined(one: scans.Looked, other: scans.Looked) -> scans.Looked:
    at = scans.earlier(one.at, other.at) if one.at is not None and other.at is not None else None
    return one._replace(at=at, findings=[*one.findings, *other.findings], suppressed=one.suppressed + other.suppressed)


def _run(run: dict[str, Any], subject: Digest) -> scans.Looked:
    listed = foreign.items(foreign.within(run, "properties"), "repoDigests")
    scans.fits(subject, (foreign.text({"a digest": one}, "a digest") for one in listed))
    at = _ended(run)
    if run.get("results") is None:
        raise scans.saw_nothing("a run has no results, not even none")
    tool = foreign.within(run, "tool")
    driver = foreign.within(tool, "driver")
    rules = _Rules(tool, driver)
    found: list[ScanFinding] = []
    suppressed = 0
    for each in foreign.items(run, "results"):
        result = foreign.mapping(each, "a result")
        kind = foreign.optional_text(result, "kind") or "fail"
        if kind not in _FOUND or result.get("baselineState") == "absent":
            continue
        if _suppressed(result):
            suppressed += 1
        else:
            found.append(rules.finding(result))
    version = foreign.optional_text(driver, "version") or foreign.optional_text(driver, "semanticVersion")
    return scans.Looked(foreign.text(driver, "name").lower(), "sarif", found, version, at, suppressed=suppressed)


def _ended(run: dict[str, Any]) -> datetime | None:
    """When it was done. Raises EvidenceError ``scan.failed`` where it was not."""
    ends = []
    for each in foreign.items(run, "invocations"):
        one = foreign.mapping(each, "an invocation")
        if one.get("executionSuccessful") is not True:
            raise EvidenceError("scan.failed", "it says itself that it was not successful")
        told = [foreign.mapping(told, "a notification") for told in foreign.items(one, "toolExecutionNotifications")]
        if any(each.get("level") == "error" for each in told):
            raise EvidenceError("scan.failed", "it says itself that it met an error")
        ends.append(scans.time(one, "endTimeUtc"))
    return None if None in ends else scans.earlier(*ends)


def _suppressed(result: dict[str, Any]) -> bool:
    listed = [foreign.mapping(one, "a suppression") for one in foreign.items(result, "suppressions")]
    return any(one.get("status") in (None, "accepted") for one in listed)


class _Rules:
    """Severities by rule, of a tool and its extensions."""

    def __init__(self, tool: dict[str, Any], driver: dict[str, Any]) -> None:
        extensions = [foreign.mapping(one, "an extension") for one in foreign.items(tool, "extensions")]
        self._driver = [foreign.mapping(one, "a rule") for one in foreign.items(driver, "rules")]
        others = [foreign.mapping(one, "a rule") for extension in extensions for one in foreign.items(extension, "rules")]
        self._by_id: dict[str, Level] = {}
        for rule in (*others, *self._driver):
            self._by_id[foreign.text(rule, "id")] = _severity(rule)

    def finding(self, result: dict[str, Any]) -> ScanFinding:
        """What a result found."""
        id_ = foreign.optional_text(result, "ruleId") or foreign.optional_text(foreign.within(result, "rule"), "id")
        index = result.get("ruleIndex")
        if not id_ and isinstance(index, int) and 0 <= index < len(self._driver):
            id_ = foreign.text(self._driver[index], "id")
        if not id_:
            raise ValueError("a result names no rule")
        level = _severity(result)
        if level == "unknown":  # a result's rule may be one below the rule that is described: "CA1000/1" (3.27.5)
            level = self._by_id.get(id_) or self._by_id.get(id_.rpartition("/")[0], "unknown")
        return scans.finding(id_, level, _where(result))


def _severity(outer: dict[str, Any]) -> Level:
    value = foreign.within(outer, "properties").get("security-severity")
    level = scans.level_of(str(value)) if isinstance(value, str | int | float) and not isinstance(value, bool) else "unknown"
    return "unknown" if level == "none" else level


def _where(result: dict[str, Any]) -> str:
    for each in foreign.items(result, "locations")[:1]:
        physical = foreign.within(foreign.mapping(each, "a location"), "physicalLocation")
        uri = foreign.within(physical, "artifactLocation").get("uri")
        return uri if isinstance(uri, str) else ""
    return ""
