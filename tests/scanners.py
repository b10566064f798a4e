"""Programs that make bills of materials and look them up in advisories: syft, grype and osv-scanner, which dev/servers builds, and cyclonedx-py.

All of them work offline here: on files that tests make, and with databases that tests make.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from advisory_data import Advisory, export
from house import ROOT
from version_lists import KINDS

SYSTEM = ROOT / "tests" / "system"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lockgate-dev"
"""Read before a test gives itself another home."""

VERSION = re.search(r"^require github.com/google/osv-scanner/v2 (\S+)$", (SYSTEM / "osv_scanner/go.mod").read_text(), re.MULTILINE)
assert VERSION
OSV_SCANNER = CACHE / f"osv-scanner-{VERSION[1]}" / "osv-scanner"
SOURCES = b"".join((SYSTEM / "syft_grype" / name).read_bytes() for name in ("main.go", "go.mod", "go.sum"))
ANCHORE = CACHE / f"syft-grype-{hashlib.sha256(SOURCES).hexdigest()[:16]}"

Json = dict[str, Any]
Match = tuple[str, str]
"""A package URL, and the id of an advisory that is about it."""


def require(*programs: Path) -> None:
    """Skip what is collected where one of them is not built."""
    for program in programs:
        if not program.exists():
            pytest.skip(f"{program.name} is not here: dev/servers builds it", allow_module_level=True)


SYFT, GRYPE, GRYPE_DB = (ANCHORE / name for name in ("syft", "grype", "grype-db"))


def run(*words: str | Path, ok: tuple[int, ...] = (0,), **environment: str) -> str:
    """The stdout of a program that has to end well, and asks nobody."""
    done = subprocess.run(words, capture_output=True, text=True, check=False, env={**os.environ, **environment}, stdin=subprocess.DEVNULL)
    assert done.returncode in ok, (words, done.stdout[-2000:], done.stderr[-2000:])
    return done.stdout


def syft(what: str, *outputs: str) -> str:
    """``syft scan``: `what` is ``dir:…``, ``oci-dir:…`` or the like; each output a format, or ``format=FILE``."""
    return run(SYFT, "scan", "-q", what, *(f"-o={each}" for each in outputs), SYFT_CHECK_FOR_APP_UPDATE="false")


def cyclonedx(*words: str) -> str:
    """``cyclonedx-py``, of the virtual environment the tests run in."""
    return run(Path(sys.executable).parent / "cyclonedx-py", *words)


def osv_scanner(sbom: Path, below: Path, output: str = "json") -> str:
    """What osv-scanner says of a bill of materials, by the exports that `osv_scanner_database` laid below a folder."""
    done = subprocess.run(
        [OSV_SCANNER, "scan", "source", "--offline", f"--format={output}", f"--lockfile={sbom}"],
        capture_output=True, text=True, check=False, env={**os.environ, "OSV_SCANNER_LOCAL_DB_CACHE_DIRECTORY": str(below)},
    )  # fmt: skip
    # What it could not look up, or could not read, it tells on stderr alone, beside what it found before that.
    assert done.returncode in {0, 1} and "could not" not in done.stderr and "rror" not in done.stderr, done
    return done.stdout


def osv_scanner_matches(sbom: Path, below: Path) -> set[Match]:
    """What of it matches."""
    packages = [each for result in json.loads(osv_scanner(sbom, below))["results"] for each in result["packages"]]
    return {(f"{each['package']['name']}@{each['package']['version']}", one["id"]) for each in packages for one in each["vulnerabilities"]}


def osv_scanner_database(below: Path, records: Iterable[Advisory]) -> None:
    """Lay the records as exports where `osv_scanner` looks; an ecosystem without any has an empty one."""
    of: dict[str, list[Advisory]] = {ecosystem.partition(":")[0]: [] for ecosystem in KINDS}
    for record in records:
        for ecosystem in sorted({each["package"]["ecosystem"].partition(":")[0] for each in record["affected"]}):
            of[ecosystem].append(record)
    for ecosystem, those in of.items():
        export(below / "osv-scalibr" / ecosystem / "all.zip", those)


def grype(what: str, database: Path, output: str = "json") -> str:
    """What grype says of ``sbom:FILE`` or ``oci-dir:FOLDER``, by a database that `grype_database` made."""
    return run(
        GRYPE, what, "-q", f"-o={output}",
        GRYPE_DB_CACHE_DIR=str(database), GRYPE_DB_AUTO_UPDATE="false", GRYPE_DB_VALIDATE_AGE="false", GRYPE_CHECK_FOR_APP_UPDATE="false",
    )  # fmt: skip


def grype_matches(sbom: Path, database: Path) -> set[Match]:
    """What of it matches."""
    found = json.loads(grype(f"sbom:{sbom}", database))["matches"]
    return {(f"{each['artifact']['name'].lower()}@{each['artifact']['version']}", each["vulnerability"]["id"]) for each in found}


_GITHUB = {
    "PyPI": "python", "npm": "npm", "Go": "go", "crates.io": "rust", "RubyGems": "gem", "Maven": "java", "NuGet": "nuget", "Packagist": "composer",
    "Hex": "hex", "Pub": "dart",
}  # fmt: skip


def grype_database(database: Path, records: Iterable[Advisory]) -> None:
    """The same advisories as a database of grype's: told as the source it matches languages' packages by tells them, built by grype's own code.

    That source names ranges alone, so versions that an advisory names one by one are not in it.
    """
    workspace = database / "workspace"
    (workspace / "results").mkdir(parents=True)
    listing = ""
    for record in records:
        fixed = [
            {"ecosystem": _GITHUB[each["package"]["ecosystem"]], "namespace": "github:any", "name": each["package"]["name"], "range": text, "identifier": fix}
            for each in record["affected"]
            for text, fix in _spans(each)
        ]
        said = {
            "ghsaId": record["id"], "namespace": "github:any", "url": f"https://example.com/{record['id']}", "Severity": "High", "Classification": "GENERAL",
            "Summary": "", "CVE": [], "Metadata": {"CVE": []}, "published": record.get("published", ""), "updated": record["modified"],
            "withdrawn": record.get("withdrawn"), "FixedIn": fixed,
        }  # fmt: skip
        whole = {"schema": "https://example.com/github-security-advisory/schema-1.0.1.json", "identifier": record["id"], "item": {"Advisory": said}}
        (workspace / "results" / f"{record['id']}.json").write_text(json.dumps(whole))
        listing += f"0  results/{record['id']}.json\n"
    (workspace / "results/listing.xxh64").write_text(listing)
    state = {
        "provider": "github", "version": 1, "distribution_version": 1, "processor": "test", "schema": {"version": "1.0.3", "url": "https://example.com"},
        "urls": [], "timestamp": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", "store": "flat-file", "stale": False,
        "listing": {"path": "results/listing.xxh64", "digest": "0", "algorithm": "xxh64"},
    }  # fmt: skip
    (workspace / "metadata.json").write_text(json.dumps(state))
    (database / "6").mkdir()
    run(GRYPE_DB, workspace / "metadata.json", database / "6")


def _spans(affected: Advisory) -> Iterator[tuple[str, str]]:
    """Each range as that source writes it, such as ``>= 1.0, < 1.2``, and the fix, empty for none."""
    for each in affected.get("ranges", ()):
        low, open_ = "", False
        for event in each["events"] if each["type"] != "GIT" else ():
            if "introduced" in event:
                low, open_ = ("" if event["introduced"] == "0" else f">= {event['introduced']}"), True
                continue
            high = f"< {event['fixed']}" if "fixed" in event else f"<= {event['last_affected']}"
            yield (", ".join(filter(None, (low, high))), event.get("fixed", ""))
            open_ = False
        if open_:
            yield low or ">= 0", ""
