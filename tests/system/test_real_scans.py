"""What grype and osv-scanner say of a real image, attested and asked for: each finding of theirs is one here, and a scan of another image is none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import real_sboms
import scanners
from advisory_data import advisories
from own_process import lockgate, well

scanners.require(scanners.SYFT, scanners.GRYPE, scanners.GRYPE_DB, scanners.OSV_SCANNER)

POLICY = """\
version: 1
project: shop
environments:
  production:
    requires:
      - scanned: {at-most: low, unscored: allow, by: [grype, osv-scanner], keys: [scanner], max-age: 1d}
keys:
  scanner: {file: scanner.key.pub}
"""
MENDED = {"Flask": "2.3.2", "Jinja2": "2.11.3", "Werkzeug": "3.0.1", "requests": "2.31.0"}
"""Packages that none of the advisories is about."""


@pytest.fixture
def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A gate, an image that a lot is known against and one without, and databases."""
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    real_sboms.image(tmp_path / "old")
    real_sboms.image(tmp_path / "new", MENDED)
    scanners.grype_database(tmp_path, advisories())
    scanners.osv_scanner_database(tmp_path, advisories())
    well("key", "new", "scanner.key")
    well("init", "--origin", "example.com/scans", "--name", "Ada")
    Path("policy.yaml").write_text(POLICY)
    well("policy", "apply", "policy.yaml")
    well("people", "add", "Ada", "--duty", "production=deploy")
    return tmp_path


def refused(image: str) -> dict[str, Any]:
    """The outcome of `scanned`; empty where it held."""
    outcomes = json.loads(lockgate("gate", f"oci:{image}:1", "--to", "production", "--format", "json").stdout)["decision"]["outcomes"]
    (found,) = (each for each in outcomes if each["requirement"] == "scanned")
    return {} if found["result"] == "pass" else dict(found)


def attest(image: str, report: str) -> None:
    well("attest", f"oci:{image}:1", "--scan", report, "--key", "scanner.key")


def seen(image: str) -> list[str]:
    """The scans attached to an image, as people are told of them, without when they were."""
    lines = well("verify", f"oci:{image}:1", "--public", "scanner.key.pub").splitlines()
    return [line.split("scan", 1)[1].split(", 20")[0].split(", nobody")[0].strip() for line in lines if "pass  scan" in line]


def test_what_they_find_is_what_is_asked_for(gate: Path) -> None:
    for image in ("old", "new"):
        scanners.syft(f"oci-dir:{image}", f"cyclonedx-json={image}.cdx.json")
        for output in ("json", "sarif"):
            Path(f"{image}-grype.{output}").write_text(scanners.grype(f"oci-dir:{image}", gate, output))
        Path(f"{image}-osv.sarif").write_text(scanners.osv_scanner(Path(f"{image}.cdx.json"), gate, "sarif"))
    found = sorted({each["vulnerability"]["id"] for each in json.loads(Path("old-grype.json").read_text())["matches"]})
    assert len(found) == 88
    assert refused("old")["code"] == refused("new")["code"] == "scanned.no-scan"

    for report in ("grype.json", "grype.sarif", "osv.sarif"):
        attest("old", f"old-{report}")
    # The made-up database for grype says high of everything; OSV's own records mostly do not say.
    assert seen("old") == ["grype 0.119.0: 88 high", "grype 0.119.0: 88 high", "osv-scanner 2.5.1: 77 unknown, 5 high, 6 medium"]
    told = refused("old")
    assert (told["code"], told["params"]["tool"], told["params"]["count"], told["params"]["ids"]) == ("scanned.found", "grype", 88, found[:8])

    attest("new", "new-osv.sarif")
    assert refused("new")["code"] == "scanned.no-date", "osv-scanner's SARIF does not say when"
    other = lockgate("attest", "oci:new:1", "--scan", "old-grype.json", "--key", "scanner.key")
    assert (other.returncode, "scan.other-digest" in other.stderr) == (1, True)
    attest("new", "new-grype.json")
    assert refused("new") == {}
    assert seen("new") == ["osv-scanner 2.5.1: nothing found", "grype 0.119.0: nothing found"]
