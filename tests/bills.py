"""Builders of what releases are made of: bills of materials, what runs, what was seen before, scans and findings, as plain facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from build import IMAGE, SHOP, UNREADABLE, ago, complete, digest, facts, in_force, key, release, stay
from lockgate.core.components import Component, Sbom
from lockgate.core.dependencies import Ran, RanFinding, Remembered
from lockgate.core.facts import Facts, Need, Unreadable
from lockgate.core.findings import Finding, Scan, ScanFinding
from lockgate.core.model import Release

OLD = release("shop of last week")
(OLD_IMAGE,) = OLD.artifacts


def purl(text: str) -> str:
    """``purl("flask 3.0.1")``."""
    name, _, version = text.partition(" ")
    return f"pkg:pypi/{name}" + (f"@{version}" if version else "")


def sbom(*components: str, by: str = "builder", artifact: str = IMAGE, **changes: Any) -> Sbom:
    """``sbom("flask 3.0.1", "jinja2 3.1.4")``, signed by ``builder``."""
    made = tuple(Component(purl=purl(one), name=one.partition(" ")[0], version=one.partition(" ")[2]) for one in components)
    base: dict[str, Any] = {"source": digest(f"bill {components} {by}"), "keys": (key(by).fingerprint,), "format": "cyclonedx", "spec": "1.6"}
    return Sbom(subject=artifact, components=made, **{**base, **changes})


def ran(*sboms: Sbom, release: Release = OLD, decision: int = 5) -> Ran:
    """What runs in production: last week's shop."""
    return Ran(release=release, decision=decision, sboms=sboms)


def seen(at: str, *components: str, by: str = "builder") -> Remembered:
    """``seen("8d", "flask 3.0.1")``: in a bill that came with a decision recorded so long ago."""
    listed = tuple(sorted(purl(one) for one in components))
    return Remembered(subject=IMAGE, source=digest(f"bill {components}"), keys=(key(by).fingerprint,), decision=3, at=ago(at), components=listed)


AN_HOUR_OLD = ago("1h")


def scan(*found: str, at: datetime | None = AN_HOUR_OLD, by: str = "builder", artifact: str = IMAGE, **changes: Any) -> Scan:
    """``scan("CVE-2026-1 high")``, an hour old."""
    made = tuple(ScanFinding(id=one.split()[0], level=one.split()[1]) for one in found)  # type: ignore[arg-type]
    base: dict[str, Any] = {"source": digest(f"scan {found}"), "keys": (key(by).fingerprint,), "tool": "grype", "format": "grype", "at": at}
    return Scan(subject=artifact, findings=made, **{**base, **changes})


def finding(component: str, advisory: str = "GHSA-1", **changes: Any) -> Finding:
    """Of what is proposed."""
    return Finding(**{"subject": IMAGE, "component": purl(component), "advisory": advisory, **changes})


def ran_finding(component: str, advisory: str = "GHSA-1", **changes: Any) -> RanFinding:
    """Of what runs, by the bill that lists flask 3.0.0 and jinja2 3.1.4."""
    listed = (sbom("flask 3.0.0", "jinja2 3.1.4").source,)
    return RanFinding(**{"subject": OLD_IMAGE, "component": purl(component), "advisory": advisory, "sboms": listed, **changes})


NEVER_GATHERED = None


def soak_facts(
    *,
    stays: Sequence[Any] = (stay(),),
    bills: Any = (),
    runs: Any = (),
    remembered: Any = (),
    scans: Any = (),
    findings: Any = NEVER_GATHERED,
    ran_findings: Any = NEVER_GATHERED,
    **more: Any,
) -> Facts:
    """All that ``soaked`` may look at; a sequence is complete, `Unreadable` stays so, None was never gathered."""
    known = facts(stays={"staging": stays}, in_force=[in_force()], **more)
    found: Mapping[Need, Sequence[Any] | Unreadable | None] = {
        Need(Sbom): bills,
        Need(Ran): runs,
        Need(Remembered): remembered,
        Need(Scan): scans,
        Need(Finding): findings,
        Need(RanFinding): ran_findings,
    }
    for need, items in found.items():
        if items is not None:
            known = known.replace(need, complete(items))
    return known


__all__ = ["IMAGE", "OLD", "OLD_IMAGE", "SHOP", "UNREADABLE", "finding", "purl", "ran", "ran_finding", "sbom", "scan", "seen", "soak_facts"]
