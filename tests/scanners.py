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
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from advisory_data import Advisory, export
from house import ROOT

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


def osv_scanner(sbom: Path, below: Path) -> set[Match]:
    """What osv-scanner finds in a bill of materials, by the exports below ``osv/<ecosystem>/all.zip`` there."""
    said = run(
        OSV_SCANNER, "scan", "source", "--offline", "--all-packages", "--format=json", f"--lockfile={sbom}",
        ok=(0, 1), OSV_SCANNER_LOCAL_DB_CACHE_DIRECTORY=str(below),
    )  # fmt: skip
    packages = [each for result in json.loads(said)["results"] for each in result["packages"]]
    return {(f"{each['package']['name']}@{each['package']['version']}", one["id"]) for each in packages for one in each.get("vulnerabilities", ())}


def osv_scanner_database(below: Path, ecosystem: str, records: Iterable[Advisory]) -> None:
    """Lay an export where `osv_scanner` looks."""
    export(below / "osv-scalibr" / ecosystem / "all.zip", records)
