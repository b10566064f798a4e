"""A gate that asks for scans: attached by `attest_scan`, decided on, replayed."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from build import NOW, SIGNED, key, policy
from lockgate.app import attach, gate, replay
from lockgate.core.requirements.scanned import Scanned
from lockgate.errors import EvidenceError
from world import World

SCANNED = Scanned(at_most="medium", keys=("builder",), by=("trivy",), max_age="7d", database_max_age="2d")
DATA = timedelta(hours=6)


def report(at: datetime, *severities: str, **changes: Any) -> bytes:
    found = [{"VulnerabilityID": f"CVE-2026-{number}", "PkgName": "a", "Severity": severity} for number, severity in enumerate(severities)]
    return json.dumps({"SchemaVersion": 2, "CreatedAt": f"{at:%Y-%m-%dT%H:%M:%SZ}", "Results": [{"Target": "x", "Vulnerabilities": found}], **changes}).encode()


def scan(world: World, *severities: str, ago: timedelta = timedelta(hours=1), by: str = "builder", **changes: Any) -> attach.Attached:
    bench = attach.Bench(source=world.source, clock=world.clock)
    at = world.clock.at - ago
    return attach.attest_scan(bench, "file:shop", report(at, *severities, **changes), key(by), database_at=at - DATA)


def codes(world: World) -> list[str]:
    return [one.code for one in world.gate("staging").decision.outcomes if one.requirement == "scanned"]


@pytest.fixture
def asking(world: World) -> World:
    world.policy(policy(staging=(SIGNED, SCANNED)))
    return world


def test_a_release_is_let_in_by_its_scan_and_kept_out_by_a_newer_one(asking: World) -> None:
    assert codes(asking) == ["scanned.no-scan"]
    scan(asking, "LOW", "MEDIUM", by="stranger")
    assert codes(asking) == ["scanned.no-good-scan"]
    scan(asking, "LOW", "MEDIUM")
    assert codes(asking) == [""]
    asking.clock.at += timedelta(days=2)
    scan(asking, "LOW", "CRITICAL")
    assert codes(asking) == ["scanned.found"]
    scan(asking, ago=timedelta(days=1))
    assert codes(asking) == ["scanned.found"]
    asking.clock.at += timedelta(days=1)
    scan(asking)
    assert codes(asking) == [""]
    asking.clock.at += timedelta(days=8)
    assert codes(asking) == ["scanned.too-old"]
    for index in asking.decisions():
        replayed = replay.replay(asking.ports, index)
        assert (replayed.result, gate.codes(replayed.replayed)) == ("same", gate.codes(replayed.recorded))


def test_data_that_was_too_old(asking: World) -> None:
    bench = attach.Bench(source=asking.source, clock=asking.clock)
    attach.attest_scan(bench, "file:shop", report(NOW - timedelta(hours=1)), key("builder"))
    assert codes(asking) == ["scanned.no-database-date"]
    attach.attest_scan(bench, "file:shop", report(NOW - timedelta(minutes=30)), key("builder"), database_at=NOW - timedelta(days=3))
    assert codes(asking) == ["scanned.database-too-old"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (report(NOW, Metadata={"RepoDigests": ["shop@sha256:" + "0" * 64]}), "scan.other-digest"),
        (report(NOW, Results=[]), "scan.saw-nothing"),
        (report(NOW + timedelta(seconds=1)), "evidence.from-future"),
        (b"[]", "scan.unknown-result"),
        (b"{}", "scan.saw-nothing"),
        (b'{"a": 1, "a": 2}', "json.duplicate-key"),
    ],
)
def test_what_the_gate_would_not_believe_is_not_attested(asking: World, data: bytes, code: str) -> None:
    bench = attach.Bench(source=asking.source, clock=asking.clock)
    with pytest.raises(EvidenceError) as err:
        attach.attest_scan(bench, "file:shop", data, key("builder"))
    assert err.value.code == code
    assert codes(asking) == ["scanned.no-scan"]


def test_a_large_report_becomes_a_small_statement(asking: World) -> None:
    """4,096 findings, in a report of 20 MiB."""
    found = [
        {"VulnerabilityID": f"CVE-2026-{n}", "PkgIdentifier": {"PURL": f"pkg:deb/debian/package-{n}@1"}, "Severity": "LOW", "Description": "x" * 5000}
        for n in range(4096)
    ]
    bench = attach.Bench(source=asking.source, clock=asking.clock)
    data = report(NOW, Results=[{"Target": "x", "Vulnerabilities": found}])
    assert len(data) > 20 << 20
    attach.attest_scan(bench, "file:shop", data, key("builder"), database_at=NOW)
    assert codes(asking) == [""]
