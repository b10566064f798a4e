"""Cases of scanners' results: run it by hand to make these anew, and no others.

    cd tests && python -m evidence.cases_of_scans

The shapes are those that Trivy 0.30 to 0.70, Grype 0.60 to 0.111, cosign and CodeQL write, and in-toto's specification; the values are made up.
Nothing of lockgate is imported.
"""

# ruff: noqa: E501  one case, one line: a table

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from evidence.cases_of_vex import AT, GONE, LATER, REQUESTS, bent, write
from evidence.make_cases import CASES, DIGEST, OTHER, Maker

Json = Any
DATA = "2026-11-20T06:00:00Z"
EARLIER = "2026-11-19T10:00:00Z"
COSIGN = "https://cosign.sigstore.dev/attestation/vuln/v1"


def finding(id_: str, level: str = "", component: str = "") -> Json:
    return {"id": id_, **({"level": level} if level else {}), **({"component": component} if component else {})}


def scan(tool: str, form: str, *findings: Json, version: str = "", at: str | None = AT, data: str | None = None, **more: Json) -> Json:
    said: Json = {"tool": tool, "format": form, **more}
    for name, value in (("version", version), ("at", at), ("databaseAt", data)):
        if value:
            said[name] = value
    return {**said, "findings": list(findings)} if findings else said


TRIVY: Json = {
    "SchemaVersion": 2,
    "Trivy": {"Version": "0.70.0"},
    "CreatedAt": "2026-11-20T12:00:00.123456789+02:00",
    "ArtifactName": "registry.example/shop:1",
    "ArtifactType": "container_image",
    "Metadata": {"OS": {"Family": "debian", "Name": "13.1"}, "ImageID": "sha256:" + "77" * 32, "RepoDigests": [f"registry.example/shop@sha256:{DIGEST}"]},
    "Results": [
        {"Target": "shop (debian 13.1)", "Class": "os-pkgs", "Type": "debian"},
        {
            "Target": "requirements.txt",
            "Class": "lang-pkgs",
            "Type": "pip",
            "Vulnerabilities": [
                {
                    "VulnerabilityID": "CVE-2026-1",
                    "PkgName": "requests",
                    "InstalledVersion": "2.31.0",
                    "PkgIdentifier": {"PURL": REQUESTS},
                    "Severity": "MEDIUM",
                },
                {"VulnerabilityID": "CVE-2026-2", "PkgName": "pip", "InstalledVersion": "1", "Severity": "CRITICAL"},
                {"VulnerabilityID": "CVE-2026-3", "PkgName": "pip", "InstalledVersion": "1", "Severity": "UNKNOWN"},
            ],
        },
    ],
}
FOUND = (finding("CVE-2026-3", "", "pip@1"), finding("CVE-2026-2", "critical", "pip@1"), finding("CVE-2026-1", "medium", REQUESTS))
GRYPE: Json = {
    "matches": [
        {
            "vulnerability": {"id": "GHSA-aaaa-bbbb-cccc", "severity": "High", "fix": {"state": "fixed"}},
            "relatedVulnerabilities": [{"id": "CVE-2026-1"}],
            "artifact": {"name": "requests", "version": "2.31.0", "purl": REQUESTS},
        },
        {"vulnerability": {"id": "CVE-2026-9", "severity": "Negligible"}, "artifact": {"name": "zlib", "version": "1.3"}},
    ],
    "ignoredMatches": [
        {"vulnerability": {"id": "CVE-2026-4", "severity": "Critical"}, "artifact": {"name": "x"}, "appliedIgnoreRules": [{"vulnerability": "CVE-2026-4"}]}
    ],
    "source": {"type": "image", "target": {"userInput": "shop:1", "imageID": "sha256:" + "77" * 32, "manifestDigest": f"sha256:{DIGEST}", "repoDigests": []}},
    "descriptor": {
        "name": "grype",
        "version": "0.111.0",
        "timestamp": "2026-11-20T11:00:00.5+01:00",
        "db": {"status": {"schemaVersion": "v6.1.9", "built": DATA, "valid": True}, "providers": {}},
    },
}
MATCHED = (finding("GHSA-aaaa-bbbb-cccc", "high", REQUESTS), finding("CVE-2026-9", "low", "zlib@1.3"))


def sarif_run(name: str = "CodeQL", end: str | None = AT, **more: Json) -> Json:
    rules = [
        {"id": "py/injection", "properties": {"security-severity": "9.8"}},
        {"id": "py/weak", "properties": {"security-severity": "5.0"}},
        {"id": "py/style", "defaultConfiguration": {"level": "error"}},
    ]
    results = [
        {
            "ruleId": "py/weak",
            "ruleIndex": 1,
            "level": "warning",
            "message": {"text": "x"},
            "locations": [{"physicalLocation": {"artifactLocation": {"uri": "a.py"}}}],
        },
        {"ruleId": "py/injection", "message": {"text": "x"}, "locations": [{"physicalLocation": {"artifactLocation": {"uri": "b.py"}}}]},
    ]
    ended = {"endTimeUtc": end} if end else {}
    return {
        "tool": {"driver": {"name": name, "semanticVersion": "2.18.0", "rules": rules}},
        "invocations": [{"executionSuccessful": True, **ended}],
        "results": results,
        **more,
    }


def trivy(make: Maker) -> None:
    def said(*changes: tuple[str, Json]) -> Json:
        return bent(TRIVY, *changes)

    whole = scan("trivy", "trivy", *FOUND, version="0.70.0")
    more = {
        "Target": "Dockerfile",
        "Class": "config",
        "Misconfigurations": [{"ID": "DS001", "Status": "FAIL", "Severity": "LOW"}, {"ID": "DS002", "Status": "PASS", "Severity": "HIGH"}],
        "Secrets": [{"RuleID": "aws-key", "Severity": "CRITICAL"}],
        "Licenses": [{"Severity": "HIGH", "Name": "GPL"}],
        "ExperimentalModifiedFindings": [{"Type": "vulnerability", "Status": "not_affected", "Finding": {}}],
    }
    passes = {
        "whole": (TRIVY, [whole], "an image, with its packages'"),
        "clean": (said(("Results", [TRIVY["Results"][0]])), [scan("trivy", "trivy", version="0.70.0")], "it looked, and found nothing"),
        "other-findings": (
            said(("Results", [more])),
            [scan("trivy", "trivy", finding("aws-key", "critical", "Dockerfile"), finding("DS001", "low", "Dockerfile"), version="0.70.0", suppressed=1)],
            "misconfigurations that failed, and secrets; licences are none",
        ),
        "end-of-life": (
            said(("Results", [TRIVY["Results"][0]]), ("Metadata.OS", {"Family": "debian", "Name": "8.11", "EOSL": True})),
            [scan("trivy", "trivy", finding("end-of-life", "", "debian 8.11"), version="0.70.0")],
            "a distribution past its end finds nothing any more: that is a finding",
        ),
        "same-twice": (said(("Results", [TRIVY["Results"][1], TRIVY["Results"][1]])), [whole], "each finding once"),
        "no-digests": (said(("Metadata.RepoDigests", GONE)), [whole], "an image that was not pulled names none"),
        "several-digests": (said(("Metadata.RepoDigests", [f"a@sha256:{OTHER}", f"b@sha256:{DIGEST}"])), [whole], "the image under two names"),
        "no-date": (said(("CreatedAt", GONE)), [scan("trivy", "trivy", *FOUND, version="0.70.0", at=None)], "versions before 0.48 wrote none"),
        "date-as-number": (
            said(("CreatedAt", 1_779_000_000)),
            [scan("trivy", "trivy", *FOUND, version="0.70.0", at="2026-05-17T06:40:00Z")],
            "seconds since 1970, as the documentation shows",
        ),
        "date-never-set": (
            said(("CreatedAt", "0001-01-01T00:00:00Z")),
            [scan("trivy", "trivy", *FOUND, version="0.70.0", at=None)],
            "what Go writes where it has none",
        ),
        "no-version": (said(("Trivy", GONE)), [scan("trivy", "trivy", *FOUND)], "versions before 0.68 wrote none"),
        "component-unprintable": (
            said(("Results", [{"Target": "x\x1b[2J", "Secrets": [{"RuleID": "r", "Severity": "LOW"}]}])),
            [scan("trivy", "trivy", finding("r", "low"), version="0.70.0")],
            "what a terminal would obey is left out",
        ),
    }
    fails = {
        "other-digest": (said(("Metadata.RepoDigests", [f"registry.example/shop@sha256:{OTHER}"])), "scan.other-digest", "another image was scanned"),
        "no-results": (said(("Results", GONE)), "scan.saw-nothing", "nothing it knows was there: Trivy leaves Results out"),
        "empty-results": (said(("Results", [])), "scan.saw-nothing", "the same, written otherwise"),
        "null-results": (said(("Results", None)), "scan.saw-nothing", "and otherwise again"),
        "schema-3": (said(("SchemaVersion", 3)), "scan.other-version", "a schema that is not read"),
        "schema-text": (said(("SchemaVersion", "2")), "scan.other-version", "a version that is a text"),
        "no-id": (said(("Results.1.Vulnerabilities.0.VulnerabilityID", GONE)), "scan.malformed", "a weakness without a name"),
        "id-escape": (said(("Results.1.Vulnerabilities.0.VulnerabilityID", "a\x1b[2J")), "scan.malformed", "what a terminal would obey"),
        "severity-number": (said(("Results.1.Vulnerabilities.0.Severity", 7)), "scan.malformed", "a severity that is a number"),
        "results-object": (said(("Results", {})), "scan.malformed", "no list"),
        "result-text": (said(("Results", ["x"])), "scan.malformed", "a result that is a text"),
        "date-local": (said(("CreatedAt", "2026-11-20T10:00:00")), "scan.malformed", "no offset"),
        "date-huge": (said(("CreatedAt", 10**18)), "scan.malformed", "a year that no calendar has"),
        "from-future": (said(("CreatedAt", LATER)), "evidence.from-future", "a second from now"),
    }
    write(make, "scan_trivy", "https://trivy.dev/report", passes, fails)


def in_cosign(report: Json, **more: Json) -> Json:
    return {
        "invocation": {"parameters": None, "uri": "", "event_id": "", "builder.id": ""},
        "scanner": {"uri": "", "version": "", "db": {"uri": "", "version": ""}, "result": report},
        "metadata": {"scanStartedOn": AT, "scanFinishedOn": AT},
        **more,
    }


def grype(make: Maker) -> None:
    def said(*changes: tuple[str, Json]) -> Json:
        return in_cosign(bent(GRYPE, *changes))

    def whole(*findings: Json, **more: Json) -> Json:
        return scan("grype", "cosign-vuln", *findings, **{"version": "0.111.0", "data": DATA, "suppressed": 1, **more})

    passes = {
        "whole": (said(), [whole(*MATCHED)], "an image, in cosign's record: Grype's report has no type of its own"),
        "clean": (
            said(("matches", []), ("ignoredMatches", GONE)),
            [scan("grype", "cosign-vuln", version="0.111.0", data=DATA)],
            "it looked, and found nothing",
        ),
        "older-database-status": (
            said(("descriptor.db", {"built": DATA, "schemaVersion": 5, "checksum": "sha256:x", "error": None})),
            [whole(*MATCHED)],
            "before 0.88 the status stood by itself",
        ),
        "no-database": (said(("descriptor.db", GONE)), [whole(*MATCHED, data=None)], "the database is not said"),
        "no-timestamp": (said(("descriptor.timestamp", "")), [whole(*MATCHED)], "switched off: cosign's record says when"),
        "of-an-sbom": (said(("source", {"type": "sbom-file", "target": "sbom.json"})), [whole(*MATCHED)], "no digest is named"),
        "repository-digest": (
            said(("source.target.manifestDigest", f"sha256:{OTHER}"), ("source.target.repoDigests", [f"registry.example/shop@sha256:{DIGEST}"])),
            [whole(*MATCHED)],
            "Docker makes another manifest; the registry's digest is there",
        ),
    }
    fails = {
        "other-digest": (said(("source.target.manifestDigest", f"sha256:{OTHER}")), "scan.other-digest", "another image was scanned"),
        "database-invalid": (said(("descriptor.db.status.valid", False)), "scan.failed", "its database was not valid"),
        "database-error": (said(("descriptor.db.status.error", "checksum")), "scan.failed", "or it says what is wrong with it"),
        "null-matches": (said(("matches", None)), "scan.saw-nothing", "not even none"),
        "no-name": (said(("descriptor.name", GONE)), "scan.malformed", "no tool"),
        "match-text": (said(("matches", ["CVE-2026-1"])), "scan.malformed", "a match that is a text"),
        "no-id": (said(("matches.0.vulnerability.id", GONE)), "scan.malformed", "a weakness without a name"),
        "database-later": (said(("descriptor.db.status.built", "2026-11-20T10:00:01Z")), "scan.database-later", "data newer than the scan"),
        "database-from-future": (said(("descriptor.db.status.built", LATER)), "evidence.from-future", "a second from now"),
    }
    write(make, "scan_grype", COSIGN, passes, fails)


def sarif(make: Maker) -> None:
    one = sarif_run()
    whole = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [one]}
    said_first = scan("codeql", "sarif", finding("py/injection", "critical", "b.py"), finding("py/weak", "medium", "a.py"), version="2.18.0")

    def said(*changes: tuple[str, Json]) -> Json:
        return bent(whole, *((f"runs.0.{path}" if not path.startswith("/") else path[1:], value) for path, value in changes))

    def result(**more: Json) -> Json:
        return said(("results", [{"ruleId": "py/weak", "message": {"text": "x"}, **more}]))

    def found(level: str, id_: str = "py/weak") -> list[Json]:
        return [scan("codeql", "sarif", finding(id_, level), version="2.18.0")]

    nothing = [scan("codeql", "sarif", version="2.18.0")]
    quiet = [scan("codeql", "sarif", version="2.18.0", suppressed=1)]
    passes = {
        "whole": (whole, [said_first], "results by rule, with scores of their rules"),
        "clean": (said(("results", [])), nothing, "an empty list: it looked, and found nothing"),
        "score-of-the-result": (result(properties={"security-severity": 7.1}), found("high"), "before its rule's; a number will do"),
        "score-zero": (result(properties={"security-severity": "0.0"}), found("medium"), "what tools write where they know none: the rule's counts"),
        "score-too-high": (result(properties={"security-severity": "11"}), found("medium"), "no CVSS score"),
        "no-score": (result(ruleId="py/style", level="error"), found("", "py/style"), "a level is no severity"),
        "rule-below-a-rule": (result(ruleId="py/weak/1"), found("medium", "py/weak/1"), "a rule one below that is described (3.27.5)"),
        "rule-by-index": (said(("results", [{"ruleIndex": 1, "message": {"text": "x"}}])), found("medium"), "by its place alone"),
        "rule-of-an-extension": (
            said(
                ("tool.extensions", [{"name": "x", "rules": [{"id": "ext/a", "properties": {"security-severity": "3.0"}}]}]),
                ("results", [{"rule": {"id": "ext/a"}, "message": {"text": "x"}}]),
            ),
            found("low", "ext/a"),
            "CodeQL keeps its rules there",
        ),
        "passes": (result(kind="pass"), nothing, "a result that passes is no finding"),
        "not-applicable": (result(kind="notApplicable"), nothing, "nor is one that does not apply"),
        "under-review": (result(kind="review"), found("medium"), "what somebody has yet to judge is one"),
        "absent": (result(baselineState="absent"), nothing, "gone since the baseline"),
        "suppressed": (result(suppressions=[{"kind": "inSource"}]), quiet, "by a comment in the source"),
        "suppression-rejected": (result(suppressions=[{"kind": "external", "status": "rejected"}]), found("medium"), "it was not to be suppressed"),
        "no-invocation": (
            said(("invocations", GONE)),
            [{key: value for key, value in said_first.items() if key != "at"}],
            "Trivy's and Grype's logs have none: nobody says when",
        ),
        "no-end": (said(("invocations", [{"executionSuccessful": True}])), [{key: value for key, value in said_first.items() if key != "at"}], "nor here"),
        "two-invocations": (
            said(("invocations", [{"executionSuccessful": True, "endTimeUtc": AT}, {"executionSuccessful": True, "endTimeUtc": EARLIER}])),
            [{**said_first, "at": EARLIER}],
            "the earlier counts",
        ),
        "warned": (said(("invocations.0.toolExecutionNotifications", [{"level": "warning", "message": {"text": "x"}}])), [said_first], "a warning is no error"),
        "two-runs-of-a-tool": (
            bent(whole, ("runs", [one, sarif_run("codeql", EARLIER, results=[{"ruleId": "py/injection"}])])),
            [
                scan(
                    "codeql",
                    "sarif",
                    finding("py/injection", "critical"),
                    finding("py/injection", "critical", "b.py"),
                    finding("py/weak", "medium", "a.py"),
                    version="2.18.0",
                    at=EARLIER,
                )
            ],
            "one scan: all findings, the earlier time",
        ),
        "one-run-undated": (
            bent(whole, ("runs", [one, sarif_run(end=None, results=[])])),
            [{key: value for key, value in said_first.items() if key != "at"}],
            "one scan, and nobody says when all of it was done",
        ),
        "two-tools": (bent(whole, ("runs", [one, sarif_run("Trivy", results=[])])), [said_first, scan("trivy", "sarif", version="2.18.0")], "a scan each"),
        "digest": (said(("properties", {"imageName": "shop", "repoDigests": [f"shop@sha256:{DIGEST}"]})), [said_first], "as Trivy names what was scanned"),
    }
    fails = {
        "other-digest": (said(("properties", {"repoDigests": [f"shop@sha256:{OTHER}"]})), "scan.other-digest", "another image was scanned"),
        "not-successful": (said(("invocations.0.executionSuccessful", False)), "scan.failed", "it says so itself (3.20.14)"),
        "success-missing": (said(("invocations.0.executionSuccessful", GONE)), "scan.failed", "the field is required: who leaves it out does not say that it was"),
        "success-text": (said(("invocations.0.executionSuccessful", "true")), "scan.failed", "a text is not true"),
        "one-of-two-failed": (said(("invocations", [{"executionSuccessful": True, "endTimeUtc": AT}, {"executionSuccessful": False}])), "scan.failed", "a part of it"),
        "error-noted": (said(("invocations.0.toolExecutionNotifications", [{"level": "error", "message": {"text": "out of memory"}}])), "scan.failed", "an error in between (3.20.21)"),
        "no-results": (said(("results", GONE)), "scan.saw-nothing", "nobody looked (3.14.23)"),
        "null-results": (said(("results", None)), "scan.saw-nothing", "it failed to (3.14.23)"),
        "no-runs": (bent(whole, ("runs", [])), "scan.saw-nothing", "nothing ran"),
        "one-run-without-results": (bent(whole, ("runs", [one, sarif_run(results=None)])), "scan.saw-nothing", "then all of it is no scan"),
        "version-2-0": (bent(whole, ("version", "2.0.0")), "scan.other-version", "a version that is not read"),
        "no-version": (bent(whole, ("version", GONE)), "scan.other-version", "nor is one that is not said"),
        "no-tool": (said(("tool", GONE)), "scan.malformed", "no tool"),
        "no-rule": (said(("results", [{"message": {"text": "x"}}])), "scan.malformed", "a result of no rule"),
        "rule-index-negative": (said(("results", [{"ruleIndex": -1}])), "scan.malformed", "the place of no rule"),
        "rule-without-id": (said(("tool.driver.rules.0.id", GONE)), "scan.malformed", "a rule without a name"),
        "results-text": (said(("results", "none")), "scan.malformed", "no list"),
        "too-many-runs": (bent(whole, ("runs", [sarif_run(results=[])] * 257)), "scan.malformed", "257 runs"),
        "end-local": (said(("invocations.0.endTimeUtc", "2026-11-20T10:00:00")), "scan.malformed", "no offset"),
        "from-future": (said(("invocations.0.endTimeUtc", LATER)), "evidence.from-future", "a second from now"),
    }  # fmt: skip
    write(make, "scan_sarif", "https://json.schemastore.org/sarif-2.1.0.json", passes, fails)


def vulns(make: Maker) -> None:
    whole = {
        "scanner": {
            "uri": "pkg:github/aquasecurity/trivy@244fd47e07d1004f0aed9",
            "version": "0.19.2",
            "db": {"uri": "pkg:github/aquasecurity/trivy-db", "version": "v1", "lastUpdate": "2026-11-20T06:00:00.52Z"},
            "result": [
                {"id": "CVE-2026-1", "severity": [{"method": "nvd", "score": "medium"}, {"method": "cvss_score", "score": "7.2"}]},
                {"id": "CVE-2026-2", "severity": [{"method": "redhat", "score": "Moderate"}], "annotations": [{"fix": "1.2"}, {"purl": REQUESTS}]},
            ],
        },
        "metadata": {"scanStartedOn": EARLIER, "scanFinishedOn": AT},
    }
    found = (finding("CVE-2026-1", "high"), finding("CVE-2026-2", "medium", REQUESTS))

    def said(*changes: tuple[str, Json]) -> Json:
        return bent(whole, *changes)

    def says(*findings: Json, tool: str = "trivy", at: str | None = AT, data: str | None = DATA) -> list[Json]:
        return [scan(tool, "vulns", *findings, version="0.19.2", at=at, data=data)]

    def severity(*listed: Json) -> Json:
        return said(("scanner.result", [{"id": "CVE-2026-1", "severity": list(listed)}]))

    passes = {
        "whole": (whole, says(*found), "0.2, as its specification shows it"),
        "version-0-1": (
            said(("scanner.result", [{"vulnerability": {"id": "CVE-2026-1", "severity": {"method": "nvd", "score": "HIGH"}}}])),
            says(finding("CVE-2026-1", "high")),
            "0.1, as its fields are described: in vulnerability, one severity",
        ),
        "clean": (said(("scanner.result", [])), says(), "an empty list: it looked, and found nothing"),
        "score-none": (severity({"method": "cvss", "score": "0.0"}), says(finding("CVE-2026-1", "none")), "CVSS has a severity none"),
        "score-at-bounds": (
            said(
                (
                    "scanner.result",
                    [
                        {"id": f"CVE-{n}", "severity": [{"method": "cvss", "score": score}]}
                        for n, score in enumerate(("0.1", "3.9", "4.0", "6.9", "7.0", "8.9", "9.0", "10"))
                    ],
                )
            ),
            says(
                *(
                    finding(f"CVE-{n}", level)
                    for n, level in ((6, "critical"), (7, "critical"), (4, "high"), (5, "high"), (2, "medium"), (3, "medium"), (0, "low"), (1, "low"))
                )
            ),
            "CVSS 3.1, table 14",
        ),
        "score-number": (severity({"method": "cvss", "score": 9.1}), says(finding("CVE-2026-1", "critical")), "a number in place of a text"),
        "score-too-high": (severity({"method": "cvss", "score": "10.1"}), says(finding("CVE-2026-1")), "no score: not known"),
        "score-negative": (severity({"method": "cvss", "score": "-1"}), says(finding("CVE-2026-1")), "nor is that"),
        "vector": (
            severity({"method": "cvss", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}),
            says(finding("CVE-2026-1")),
            "a vector without its score: not known",
        ),
        "probability": (severity({"method": "EPSS", "score": "0.97"}), says(finding("CVE-2026-1")), "EPSS is no severity"),
        "no-severity": (said(("scanner.result", [{"id": "CVE-2026-1"}])), says(finding("CVE-2026-1")), "none is said: not known, and not low"),
        "word-unknown": (severity({"method": "x", "score": "catastrophic"}), says(finding("CVE-2026-1")), "a word nobody knows is no low one"),
        "one-known-of-two": (
            severity({"method": "x", "score": "?"}, {"method": "nvd", "score": "low"}),
            says(finding("CVE-2026-1", "low")),
            "the one that is known",
        ),
        "web-address": (said(("scanner.uri", "https://github.com/anchore/grype.git")), says(*found, tool="grype"), "a tool by its address"),
        "generic-package": (said(("scanner.uri", "pkg:generic/semgrep%20oss@1.2")), says(*found, tool="semgrep oss"), "a tool of two words"),
        "no-database": (said(("scanner.db", GONE)), says(*found, data=None), "it is required, and some leave it out"),
        "no-metadata": (said(("metadata", GONE)), says(*found, at=None), "nobody says when"),
        "own-annotation": (
            said(("scanner.result", [{"id": "CVE-2026-1", "annotations": [{"component": "a.py"}]}])),
            says(finding("CVE-2026-1", "", "a.py")),
            "as lockgate attest --scan writes it",
        ),
    }
    fails = {
        "no-result": (said(("scanner.result", GONE)), "scan.saw-nothing", "not even an empty one"),
        "result-object": (said(("scanner.result", {})), "scan.malformed", "no list"),
        "no-scanner": (said(("scanner", GONE)), "scan.saw-nothing", "nobody looked"),
        "no-uri": (said(("scanner.uri", "")), "scan.malformed", "no tool"),
        "uri-without-name": (said(("scanner.uri", "https:///")), "scan.malformed", "an address of nothing"),
        "uri-lying": (said(("scanner.uri", "pkg:generic/a%ff")), "scan.malformed", "an encoding that holds no text"),
        "no-id": (said(("scanner.result.0.id", GONE)), "scan.malformed", "a weakness without a name"),
        "finding-text": (said(("scanner.result", ["CVE-2026-1"])), "scan.malformed", "a finding that is a text"),
        "severity-text": (said(("scanner.result.0.severity", "high")), "scan.malformed", "a severity without its method"),
        "finished-local": (said(("metadata.scanFinishedOn", "2026-11-20T10:00:00")), "scan.malformed", "no offset"),
        "from-future": (said(("metadata.scanFinishedOn", LATER)), "evidence.from-future", "a second from now"),
        "database-later": (said(("scanner.db.lastUpdate", "2026-11-20T10:00:01Z")), "scan.database-later", "data newer than the scan"),
    }
    write(make, "scan_vulns", "https://in-toto.io/attestation/vulns/v0.2", passes, fails)


def cosign(make: Maker) -> None:
    trivy_whole = scan("trivy", "cosign-vuln", *FOUND, version="0.70.0")
    sarif_log = {"version": "2.1.0", "runs": [sarif_run()]}
    several = {
        "scanners": [{"uri": "pkg:github/aquasecurity/trivy@0.19", "version": "0.19", "result": TRIVY}, {"uri": "grype", "version": "1", "result": GRYPE}],
        "metadata": {"scanFinishedOn": AT},
    }
    listed = in_cosign([{"id": "CVE-2026-1", "severity": [{"method": "nvd", "score": "low"}]}])
    passes = {
        "trivy": (in_cosign(TRIVY), [trivy_whole], "what trivy --format cosign-vuln writes"),
        "sarif": (
            in_cosign(sarif_log),
            [scan("codeql", "cosign-vuln", finding("py/injection", "critical", "b.py"), finding("py/weak", "medium", "a.py"), version="2.18.0")],
            "a SARIF log",
        ),
        "earlier-time": (bent(in_cosign(TRIVY), ("metadata.scanFinishedOn", EARLIER)), [{**trivy_whole, "at": EARLIER}], "of two words the earlier counts"),
        "report-earlier": (
            bent(in_cosign(TRIVY), ("metadata.scanFinishedOn", "2026-11-22T10:00:00Z")),
            [trivy_whole],
            "a record made later makes the scan no newer",
        ),
        "time-never-set": (
            bent(in_cosign(bent(TRIVY, ("CreatedAt", GONE))), ("metadata.scanFinishedOn", "0001-01-01T00:00:00Z")),
            [scan("trivy", "cosign-vuln", *FOUND, version="0.70.0", at=None)],
            "what cosign writes where it has none",
        ),
        "database-date": (
            bent(in_cosign(TRIVY), ("scanner.db", {"lastUpdate": DATA})),
            [scan("trivy", "cosign-vuln", *FOUND, version="0.70.0", data=DATA)],
            "an addition some make, because Trivy says none",
        ),
        "version-of-the-record": (
            bent(in_cosign(bent(TRIVY, ("Trivy", GONE))), ("scanner.version", "v0.30.1")),
            [scan("trivy", "cosign-vuln", *FOUND, version="v0.30.1")],
            "where the report has none",
        ),
        "several-scanners": (
            several,
            [scan("trivy", "cosign-vuln", *FOUND, version="0.70.0"), scan("grype", "cosign-vuln", *MATCHED, version="0.111.0", data=DATA, suppressed=1)],
            "a list, as cosign's specification has it",
        ),
        "listed": (
            bent(listed, ("scanner.uri", "pkg:github/acme/look@1")),
            [scan("look", "cosign-vuln", finding("CVE-2026-1", "low"))],
            "a list of findings, as in-toto's",
        ),
    }
    fails = {
        "empty-result": (in_cosign({}), "scan.saw-nothing", "what cosign makes of a report that is no scan record: all of it is dropped"),
        "no-result": (bent(in_cosign({}), ("scanner.result", GONE)), "scan.saw-nothing", "the same, without the field"),
        "unknown-report": (in_cosign({"findings": []}), "scan.unknown-result", "a report of nobody we know"),
        "failed-report": (in_cosign({"version": "2.1.0", "runs": [sarif_run(invocations=[{"executionSuccessful": False}])]}), "scan.failed", "what is wrong inside is wrong outside"),
        "other-digest": (in_cosign(bent(TRIVY, ("Metadata.RepoDigests", [f"a@sha256:{OTHER}"]))), "scan.other-digest", "another image was scanned"),
        "no-scanner": ({"metadata": {"scanFinishedOn": AT}}, "scan.malformed", "nobody looked"),
        "bare-report": (TRIVY, "scan.malformed", "a report without the record around it, under cosign's type"),
        "too-many-scanners": ({"scanners": [{"uri": "a", "result": []}] * 17}, "scan.malformed", "17 scanners"),
        "scanner-text": ({"scanner": "trivy"}, "scan.malformed", "a scanner that is a text"),
        "result-text": (in_cosign("clean"), "scan.malformed", "a result that is a text"),
        "list-of-nobody": (listed, "scan.malformed", "a list of findings by no tool"),
    }  # fmt: skip
    write(make, "scan_cosign", COSIGN, passes, fails)


def main() -> None:
    for reader in ("scan_trivy", "scan_grype", "scan_sarif", "scan_vulns", "scan_cosign"):
        shutil.rmtree(CASES / reader, ignore_errors=True)
    with tempfile.TemporaryDirectory() as scratch:
        make = Maker(Path(scratch))
        for each in (trivy, grype, sarif, vulns, cosign):
            each(make)
        print(f"{make.written} cases written")


if __name__ == "__main__":
    main()
