"""The worst that fits into a statement about weaknesses: answered as quickly as any other."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fuzz.said_targets import SUBJECT, TYPES, read_said
from fuzz.test_bounded_readers import MEBI, bounded

OURS = f"pkg:oci/shop@{SUBJECT.replace(':', '%3A')}"
LONG = "pkg:pypi/" + "x" * 900
ABOUT = {"vulnerability": "CVE-1", "status": "fixed"}


def filling(of: list[Any], room: int = MEBI // 2) -> list[Any]:
    """As many copies as there is room for, in half of a statement: time and memory are linear."""
    return of * (room // len(json.dumps(of)[1:]))


def openvex(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"@context": "https://openvex.dev/ns", "timestamp": "2026-01-01T00:00:00Z", "statements": list(statements)}


def cyclonedx(affects: list[Any], components: list[Any]) -> dict[str, Any]:
    one = {"id": "CVE-1", "analysis": {"state": "resolved", "lastUpdated": "2026-01-01T00:00:00Z"}, "affects": affects}
    return {"components": components, "vulnerabilities": [one]}


def csaf(tree: dict[str, Any], one: dict[str, Any]) -> dict[str, Any]:
    tracking = {"status": "final", "current_release_date": "2026-01-01T00:00:00Z"}
    return {
        "document": {"category": "csaf_vex", "csaf_version": "2.0", "tracking": tracking},
        "product_tree": tree,
        "vulnerabilities": [{"cve": "CVE-1", **one}],
    }


def sarif(results: list[Any], rules: list[Any]) -> dict[str, Any]:
    return {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x", "rules": rules}}, "results": results}]}


FLAG = {"label": "component_not_present", "group_ids": ["g"]}
CHAIN = [{"product_reference": f"p{n - 1}", "relates_to_product_reference": f"p{n - 1}", "full_product_name": {"product_id": f"p{n}"}} for n in range(1, 6_000)]
HOSTILE: dict[str, tuple[str, Any]] = {
    "products": ("vex_openvex", openvex({**ABOUT, "products": filling([OURS])})),
    "products-each-with-all": ("vex_openvex", openvex({**ABOUT, "products": filling([OURS], MEBI // 4), "subcomponents": filling(["pkg:a/b"], MEBI // 4)})),
    "long-products": ("vex_openvex", openvex({**ABOUT, "products": filling([LONG])})),
    "other-components": ("vex_openvex", openvex({**ABOUT, "products": [f"pkg:pypi/a{n}" for n in range(20_000)]})),
    "statements": ("vex_openvex", openvex(*filling([ABOUT]))),
    "references": ("vex_cyclonedx", cyclonedx(filling([{"ref": "c"}]), [{"bom-ref": "c", "purl": LONG}])),
    "references-nowhere": ("vex_cyclonedx", cyclonedx(filling([{"ref": "urn:cdx:a/1#%70"}]), [])),
    "components": ("vex_cyclonedx", cyclonedx([{"ref": "c"}], filling([{}]))),
    "versions": ("vex_cyclonedx", cyclonedx([{"ref": "pkg:a/b", "versions": filling([{"version": "1"}])}], [])),
    "groups": ("vex_csaf", csaf({"product_groups": [{"group_id": "g", "product_ids": filling(["a"], MEBI // 4)}]}, {"flags": filling([FLAG], MEBI // 4)})),
    "statuses": ("vex_csaf", csaf({"full_product_names": [{"product_id": "a"}]}, {"product_status": {"fixed": filling(["a"])}})),
    "chain": ("vex_csaf", csaf({"full_product_names": [{"product_id": "p0"}], "relationships": CHAIN}, {"product_status": {"fixed": ["p5000", "p15"]}})),
    "findings": ("scan_vulns", {"scanner": {"uri": "a", "result": filling([{"id": "a"}])}}),
    "severities": ("scan_vulns", {"scanner": {"uri": "a", "result": [{"id": "a", "severity": filling([{"score": "9"}])}]}}),
    "results": ("scan_trivy", {"SchemaVersion": 2, "Results": filling([{"Secrets": [{"RuleID": "a"}]}])}),
    "matches": ("scan_cosign", {"scanner": {"result": {"descriptor": {"name": "grype"}, "matches": filling([{"vulnerability": {"id": "a"}}])}}}),
    "rules": ("scan_sarif", sarif(filling([{"ruleIndex": 0}], MEBI // 4), filling([{"id": "a"}], MEBI // 4))),
    "other-rules": ("scan_sarif", sarif([{"ruleId": f"r{n}"} for n in range(20_000)], [])),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_the_worst_statement_is_answered_quickly(name: str) -> None:
    folder, document = HOSTILE[name]
    data = json.dumps(document, separators=(",", ":")).encode()
    assert len(data) <= MEBI + 1000
    bounded(lambda: read_said(TYPES[folder], data))
