"""Every answer of ``soaked`` where it asks about dependencies, with the exact situation that gives it; see `cases`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec.structs import replace

from bills import OLD_IMAGE, ran, ran_finding, sbom, scan, seen, soak_facts
from build import IMAGE, SHOP, SOAKED, UNREADABLE, ago, later, request, request_id, stay, subject
from core.case import Case
from lockgate.core.dependencies import Whose
from lockgate.core.duration import span
from lockgate.core.outcome import Fail, Params, Pass, Unknown, Verdict
from lockgate.core.requirements.soaked import Soaked
from lockgate.core.soak import FixLane, ScansWithin

BILLS = Whose(keys=("builder",))
LONGER = replace(SOAKED, changed_dependencies="72h", sboms=BILLS)
AGED = replace(SOAKED, component_age="7d", sboms=BILLS)
SCANNED = replace(SOAKED, scans=ScansWithin(keys=("builder",)))
HURRY = replace(LONGER, security_fix=FixLane(for_="2h"))
UNPROVEN = replace(LONGER, security_fix=FixLane(for_="2h", proven="no"))
MADE = sbom("flask 3.0.1", "jinja2 3.1.4")
BEFORE = ran(sbom("flask 3.0.0", "jinja2 3.1.4", artifact=OLD_IMAGE))
CURED = [ran_finding("flask 3.0.0", aliases=("CVE-2026-1",))]
NAMED = [request(fixes=("GHSA-1",))]
FIX: dict[str, Any] = {"bills": [MADE], "runs": [BEFORE], "requests": NAMED, "findings": [], "ran_findings": CURED}
CHANGED: dict[str, Any] = {"bills": [MADE], "runs": [BEFORE]}
DEPENDENCIES: Params = {"dependencies": "changed", "changed": 1}
PACKAGES: Params = {"changed": 1, "packages": ("pkg:pypi/flask",)}
LANE: Params = {**DEPENDENCIES, "lane": "security-fix", "fixes": ("GHSA-1",)}


def _case(name: str, answer: Verdict, requirement: Soaked, **found: Any) -> Case:
    return Case(name=name, answer=answer, requirement=requirement, facts=soak_facts(**found), subject=subject(request=request_id()))


def _since(since: datetime) -> str:
    return since.strftime("%Y-%m-%dT%H:%M:%SZ")


def _passes(hours: int, asked: str, **told: Any) -> Pass:
    return Pass(params={"in": "staging", "for": asked, **told, "since": _since(ago(f"{hours}h")), "known": "claimed"})


def _young(reason: str, hours: int, asked: str, params: Params, **told: Any) -> Fail:
    stayed: Params = {"in": "staging", "for": asked, **told, "since": _since(ago(f"{hours}h")), "seconds": hours * 3600}
    return Fail(code="soaked." + reason, params={**stayed, **params}, opens_at=ago(f"{hours}h") + span(asked))


def _unknown(reason: str, hours: int, asked: str, params: Params, **told: Any) -> Unknown:
    return Unknown(code="soaked." + reason, params={**_young(reason, hours, asked, params, **told).params})


NEW: Params = {"component-age": "7d", "components": ("pkg:pypi/flask@3.0.1",), "count": 1}
AS_EVER = _passes(25, "24h", dependencies="same")
HURRIED = replace(HURRY, component_age="7d", scans=ScansWithin(keys=("builder",)))

NO_BILL: Params = {"side": "proposed", "artifact": IMAGE}
PARTIAL: Params = {"side": "proposed", "components": 0}
UNTOLD: Params = {"side": "running", "because": "ref.unreadable"}
UNSHOWN: Params = {"fixes": ("GHSA-1",), "unproven": ("GHSA-1",)}
SHOWN_UNREADABLE: Params = {"fixes": ("GHSA-1",), "because": "facts.not-gathered"}
SLOW = replace(HURRY, security_fix=FixLane(for_="72h"))

SOAKED_ON_DEPENDENCIES = [
    _case("dependencies unchanged", AS_EVER, LONGER, bills=[MADE], runs=[ran(sbom("flask 3.0.1", "jinja2 3.1.4", artifact=OLD_IMAGE))]),
    _case("the artifacts that run", AS_EVER, LONGER, runs=[ran(release=SHOP)]),
    _case("dependencies changed", _young("dependencies-changed", 25, "72h", PACKAGES, **DEPENDENCIES), LONGER, **CHANGED),
    _case("changed, long enough for that", _passes(72, "72h", **DEPENDENCIES), LONGER, stays=[stay(since="72h")], **CHANGED),
    _case("changed, too young anyway", _young("too-young", 23, "72h", {}, **DEPENDENCIES), LONGER, stays=[stay(since="23h")], **CHANGED),
    _case(
        "changed, just not too young anyway", _young("dependencies-changed", 24, "72h", PACKAGES, **DEPENDENCIES), LONGER, stays=[stay(since="24h")], **CHANGED
    ),
    _case("changed, where that asks for less", _passes(25, "24h", **DEPENDENCIES), replace(LONGER, changed_dependencies="1h"), **CHANGED),
    _case(
        "changed, and replaced there since",
        Fail(code="soaked.replaced", params={"in": "staging", "for": "72h", **DEPENDENCIES, "seconds": 25 * 3600}),
        LONGER,
        stays=[stay(since="26h", until="1h")],
        **CHANGED,
    ),
    _case(
        "changed, and nobody knows what runs there since",
        Fail(code="soaked.unknown", params={"in": "staging", "for": "72h", **DEPENDENCIES, "since": _since(ago("1h"))}),
        LONGER,
        stays=[replace(stay(since="26h", until="1h"), end="unknown")],
        **CHANGED,
    ),
    _case("no bill of what is proposed", _young("no-sbom", 25, "72h", NO_BILL, dependencies="unknown"), LONGER, runs=[BEFORE]),
    _case("no bill, too young anyway", _young("too-young", 23, "72h", {}, dependencies="unknown"), LONGER, stays=[stay(since="23h")], runs=[BEFORE]),
    _case("no bill of what is proposed, long enough for all", _passes(72, "72h", dependencies="unknown"), LONGER, stays=[stay(since="72h")], runs=[BEFORE]),
    _case(
        "a bill that leaves something out",
        _young("sbom-partial", 25, "72h", PARTIAL, dependencies="unknown"),
        LONGER,
        bills=[replace(MADE, skipped=1)],
        runs=[BEFORE],
    ),
    _case("what runs is unreadable", _unknown("sbom-unreadable", 25, "72h", UNTOLD, dependencies="unknown"), LONGER, bills=[MADE], runs=UNREADABLE),
    _case("bills are named, and nothing is asked of them", _passes(25, "24h"), replace(SOAKED, sboms=BILLS), bills=[MADE]),
    _case(
        "old enough",
        replace(_passes(25, "24h"), params={**_passes(25, "24h").params, "components": 1}),
        AGED,
        remembered=[seen("7d", "flask 3.0.1")],
        **CHANGED,
    ),
    _case("nothing new", _passes(25, "24h"), AGED, bills=[MADE], runs=[ran(replace(MADE, subject=OLD_IMAGE))]),
    _case(
        "a second too new",
        Fail(code="soaked.component-too-young", params=NEW, opens_at=ago("6d") + span("7d")),
        AGED,
        remembered=[seen("6d", "flask 3.0.1")],
        **CHANGED,
    ),
    _case("never seen before", Fail(code="soaked.component-new", params=NEW, opens_at=later("7d")), AGED, **CHANGED),
    _case("new components, and no bill of them", Unknown(code="soaked.no-sbom", params=NO_BILL), AGED, runs=[BEFORE]),
    _case(
        "what opens last is told: the soak",
        _young("dependencies-changed", 25, "72h", PACKAGES, **DEPENDENCIES),
        replace(AGED, changed_dependencies="72h"),
        remembered=[seen("6d", "flask 3.0.1")],
        **CHANGED,
    ),
    _case(
        "what opens last is told: the component",
        Fail(code="soaked.component-new", params=NEW, opens_at=later("7d")),
        replace(AGED, changed_dependencies="72h"),
        **CHANGED,
    ),
    _case("what no time mends is told before all", Fail(code="soaked.no-scan", params={"artifact": IMAGE, "since": _since(ago("25h"))}), HURRIED, **CHANGED),
    _case("scanned clean", _passes(25, "24h"), SCANNED, scans=[scan("CVE-2026-1 medium")]),
    _case("not scanned", Fail(code="soaked.no-scan", params={"artifact": IMAGE, "since": _since(ago("25h"))}), SCANNED),
    _case(
        "scanned, and found",
        Fail(code="soaked.scan-found", params={"artifact": IMAGE, "tool": "grype", "at-most": "medium", "ids": ("CVE-2026-1",), "count": 1}),
        SCANNED,
        scans=[scan("CVE-2026-1 high")],
    ),
    _case("a fix hurries", _passes(3, "2h", **LANE), HURRY, stays=[stay(since="3h")], **FIX),
    _case("a fix hurries, to the second", _passes(2, "2h", **LANE), HURRY, stays=[stay(since="2h")], **FIX),
    _case("a fix is too young", _young("too-young", 1, "2h", {}, **LANE), HURRY, stays=[stay(since="1h")], **FIX),
    _case("a fix that need not be proven", _passes(3, "2h", **LANE), UNPROVEN, stays=[stay(since="3h")], **{**FIX, "findings": None}),
    _case("a lane that is no shorter", _young("dependencies-changed", 25, "72h", PACKAGES, **DEPENDENCIES), SLOW, **FIX),
    _case("no fix is named", _young("dependencies-changed", 25, "72h", PACKAGES, **DEPENDENCIES), HURRY, **{**FIX, "requests": [request()]}),
    _case(
        "a fix without a soak for dependencies",
        _passes(3, "2h", lane="security-fix", fixes=("GHSA-1",)),
        replace(HURRY, changed_dependencies=None),
        stays=[stay(since="3h")],
        **FIX,
    ),
    _case("not proven", _young("fix-unproven", 3, "72h", UNSHOWN, **DEPENDENCIES), HURRY, stays=[stay(since="3h")], **{**FIX, "ran_findings": []}),
    _case(
        "not proven, just long enough for a fix",
        _young("fix-unproven", 2, "72h", UNSHOWN, **DEPENDENCIES),
        HURRY,
        stays=[stay(since="2h")],
        **{**FIX, "ran_findings": []},
    ),
    _case("not proven, too young anyway", _young("too-young", 1, "72h", {}, **DEPENDENCIES), HURRY, stays=[stay(since="1h")], **{**FIX, "ran_findings": []}),
    _case("not proven, long enough for all", _passes(72, "72h", **DEPENDENCIES), HURRY, stays=[stay(since="72h")], **{**FIX, "ran_findings": []}),
    _case(
        "proof unreadable", _unknown("fix-unreadable", 3, "72h", SHOWN_UNREADABLE, **DEPENDENCIES), HURRY, stays=[stay(since="3h")], **{**FIX, "findings": None}
    ),
]
