"""What is fuzzed of statements that somebody vouches for: each predicate type that makes such a fact, read as if it were well signed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from lockgate import canon
from lockgate.core.facts import Vouched
from lockgate.core.findings import Exploitability, Scan
from lockgate.core.scanning import order
from lockgate.errors import EvidenceError
from lockgate.evidence import readers, said_types, scan_vulns, scan_writing, statement, vex_cyclonedx

CASES = Path(__file__).parent.parent / "evidence" / "cases"
SUBJECT, SOURCE = "sha256:" + "9f2c" * 16, "sha256:" + "0" * 64
NOW = datetime(2026, 11, 22, 20, tzinfo=UTC)

TYPES = {
    "vex_openvex": "https://openvex.dev/ns",
    "vex_cyclonedx": "https://cyclonedx.org/bom",
    "vex_csaf": said_types.CSAF,
    "scan_vulns": said_types.VULNS[0],
    "scan_cosign": said_types.COSIGN[0],
    "scan_trivy": "https://trivy.dev/report",
    "scan_grype": said_types.COSIGN[1],
    "scan_sarif": "https://json.schemastore.org/sarif-2.1.0.json",
}
"""Folder of cases -> the type they are read as."""


def read_said(kind: str, data: bytes) -> None:
    """The same facts twice, which can be recorded and read back; and what they promise."""
    try:
        predicate = canon.parse_foreign(data, max_bytes=1 << 20, what="predicate")
    except EvidenceError:
        return
    whole = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"digest": {"sha256": SUBJECT.removeprefix("sha256:")}}],
        "predicateType": kind,
        "predicate": predicate if isinstance(predicate, dict) else {"x": predicate},
    }
    read: readers.Reader = vex_cyclonedx.statements if kind in said_types.CYCLONEDX_VEX else readers.READERS[kind]
    try:
        said = statement.parse("application/vnd.in-toto+json", json.dumps(whole).encode())
        facts = list(read(said, SUBJECT, ("SHA256:x",), SOURCE, NOW))
    except EvidenceError:
        return
    if facts != list(read(said, SUBJECT, ("SHA256:x",), SOURCE, NOW)):
        raise AssertionError("the same bytes gave other facts")
    for fact in facts:
        if not isinstance(fact, Vouched) or (fact.subject, fact.source, fact.keys) != (SUBJECT, SOURCE, ("SHA256:x",)):
            raise AssertionError("a fact of somebody else's")
        if canon.decode(canon.encode(fact), type(fact)) != fact:
            raise AssertionError("a fact that cannot be recorded")
        if isinstance(fact, Exploitability):
            _require_said(fact)
        if isinstance(fact, Scan):
            _require_scan(fact)
    if any(isinstance(fact, Scan) for fact in facts):
        _require_attestable(said.predicate)


def _require_said(fact: Exploitability) -> None:
    if not fact.ids or fact.at is None or fact.at > NOW or list(fact.components) != sorted(set(fact.components)):
        raise AssertionError("a statement of nothing, of no time, or of a component twice")
    if not all(one.startswith("pkg:") and one.isprintable() for one in fact.components):
        raise AssertionError("a component that is no package URL")


def _require_scan(fact: Scan) -> None:
    ranks = [order(one.level) for one in fact.findings]
    if ranks != sorted(ranks) or not fact.tool or fact.tool != fact.tool.lower() or any(at is not None and at > NOW for at in (fact.at, fact.database_at)):
        raise AssertionError("a scan by nobody, from the future, or out of order")


def _require_attestable(predicate: dict[str, object]) -> None:
    """What `attest --scan` makes of a report is read as the same scan."""
    try:
        (looked,) = scan_vulns.read(predicate, SUBJECT)
        written = scan_writing.vulns_of(predicate, SUBJECT, NOW)
    except (EvidenceError, ValueError):
        return
    (again,) = scan_vulns.read(json.loads(json.dumps(written)), SUBJECT)
    before, after = looked.fact(SUBJECT, (), SOURCE, NOW), again.fact(SUBJECT, (), SOURCE, NOW)
    if (before.tool, before.at, before.database_at, before.findings) != (after.tool, after.at, after.database_at, after.findings):
        raise AssertionError("what is attested is not what was reported")


def _target(folder: str) -> tuple[Callable[[bytes], None], Callable[[], list[bytes]]]:
    def run(data: bytes) -> None:
        read_said(TYPES[folder], data)

    def seeds() -> list[bytes]:
        return sorted((path.read_bytes() for path in sorted((CASES / folder).glob("*/input")) if path.stat().st_size < 10_000), key=len)

    return run, seeds


SAID = {folder.replace("_", "-"): _target(folder) for folder in TYPES}
