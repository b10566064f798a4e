"""Every answer of ``vulnerable``; as `cases`, of which this is a part."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from msgspec.structs import replace

from build import IMAGE, NOW, SHOP, UNREADABLE, VULNERABLE, ago, complete, digest, facts, forced, holder, key, later, release, subject
from lockgate.core.components import Component, Sbom
from lockgate.core.facts import Facts, Need, Unreadable
from lockgate.core.findings import Database, Exploitability, Finding, LookedUp, Uncovered
from lockgate.core.model import Subject
from lockgate.core.outcome import Fail, Pass, Unknown, Verdict
from lockgate.core.requirements.vulnerable import Vulnerable

WHOLE = subject()
TWO = release("shop", "worker")
FIRST, OTHER = TWO.artifacts
LISTED, ELSE = digest("sbom"), digest("another sbom")
PURL = "pkg:pypi/aiohttp@3.8.0"
OSV = Database(name="osv", digest=digest("osv"), as_of=ago("1h"), entries=3, ecosystems=("PyPI",))
KEV = Database(name="kev", digest=digest("kev"), as_of=ago("2d"), entries=1)
CURE = replace(VULNERABLE, vex_keys=("builder",))


class Answer(NamedTuple):
    """A case, but for its class."""

    name: str
    answer: Verdict
    requirement: Vulnerable
    subject: Subject
    facts: Facts


def sbom(by: str = "builder", *, artifact: str = IMAGE, source: str = LISTED, **changes: Any) -> Sbom:
    """A bill of materials that lists one thing."""
    base: dict[str, Any] = {"format": "cyclonedx", "spec": "1.6", "components": (Component(purl=PURL),), "keys": (key(by).fingerprint,) if by else ()}
    return Sbom(subject=artifact, source=source, **{**base, **changes})


def looked_up(artifact: str = IMAGE, source: str = LISTED, *uncovered: Uncovered) -> LookedUp:
    return LookedUp(subject=artifact, sbom=source, components=4, uncovered=uncovered)


def finding(advisory: str = "CVE-2024-1", level: Any = "high", **changes: Any) -> Finding:
    base: dict[str, Any] = {"subject": IMAGE, "component": PURL, "sboms": (LISTED,), "fixed_in": ("3.9.2",)}
    return Finding(advisory=advisory, level=level, **{**base, **changes})


def vex(status: Any = "not_affected", by: str = "builder", *ids: str, at: datetime | None = NOW, **changes: Any) -> Exploitability:
    base: dict[str, Any] = {"subject": IMAGE, "source": digest("vex"), "keys": (key(by).fingerprint,) if by else ()}
    return Exploitability(ids=ids or ("CVE-2024-1",), status=status, at=at, **{**base, **changes})


def _case(
    name: str,
    answer: Verdict,
    requirement: Vulnerable = VULNERABLE,
    asked: Subject = WHOLE,
    *,
    sboms: Any = None,
    looked: Any = None,
    findings: Any = (),
    databases: Any = (OSV, KEV),
    said: Any = (),
) -> Answer:
    given = {Sbom: [sbom()] if sboms is None else sboms, LookedUp: [looked_up()] if looked is None else looked, Finding: findings}
    known = facts()
    for kind, items in {**given, Database: databases, Exploitability: said}.items():
        known = known.replace(Need(kind), complete(items))
    return Answer(name, answer, requirement, asked, known)


def _passed(**more: Any) -> Pass:
    return Pass(params={"components": 4, "as-of": "2026-11-22T19:14:03Z", **more})


def _found(code: str, *worst: str, refuse: str = "high", count: int = 0) -> Fail:
    return Fail(code=f"vulnerable.{code}", params={"found": count or len(worst), "refuse": refuse, "worst": worst})


def _unknown(reason: str, because: str = "", /, **params: Any) -> Unknown:
    return Unknown(code=f"vulnerable.{reason}", params={"because": because} if because else params)


def _db(name: str, at: str, oldest: str) -> dict[str, Any]:
    return {"database": name, "as-of": at, "max-age": oldest}


HIGH = "CVE-2024-1 high pkg:pypi/aiohttp@3.8.0 3.9.2"
MANY = [finding(f"CVE-2024-{number}") for number in range(10, 22)]
NAMED = replace(VULNERABLE, sbom_keys=("builder",))
HELD = replace(VULNERABLE, sbom_identities=("ci",))
STRANGERS: dict[str, Any] = {"artifact": IMAGE, "others": 1}
WEEK = replace(VULNERABLE, grace={"high": "7d"})
NOT_SO = vex("affected", "builder", at=ago("1h"))
GENERIC = Uncovered(kind="generic", count=2, example="pkg:generic/busybox")
BARE = Uncovered(kind="none", count=1, example="app")

VULNERABLE_ANSWERS = [
    _case(
        "nothing but the name of a system is listed",
        Unknown(code="vulnerable.no-sbom", params={"artifact": IMAGE}),
        replace(VULNERABLE, uncovered=("none",)),
        sboms=[sbom(components=(Component(name="debian", kind="operating-system"),))],
    ),
    _case("published in time to come, and so never too young", _found("found", HIGH), WEEK, findings=[finding(published=later("400d"))]),
    _case("published a moment from now, as clocks differ", _passed(findings=1), WEEK, findings=[finding(published=later("5m"))]),
    _case("published further from now than clocks differ", _found("found", HIGH), WEEK, findings=[finding(published=later("301s"))]),
    _case("nothing is known against it", _passed()),
    _case("something that is not so severe", _passed(findings=1), findings=[finding(level="medium")]),
    _case("as severe as what refuses", _found("found", HIGH), findings=[finding()]),
    _case("more severe", _found("found", HIGH.replace("high", "critical")), findings=[finding(level="critical")]),
    _case("of no severity", _passed(findings=1), replace(VULNERABLE, refuse="low"), findings=[finding(level="none")]),
    _case(
        "the worst first",
        _found("found", "A critical p 1", "B high p 1"),
        findings=[finding("B", component="p", fixed_in=("1",)), finding("A", "critical", component="p", fixed_in=("1",))],
    ),
    _case(
        "an unknown severity stands before a high one",
        _found("found", "B unknown p 1", "A high p 1"),
        findings=[finding("A", component="p", fixed_in=("1",)), finding("B", "unknown", component="p", fixed_in=("1",))],
    ),
    _case("more than are told", _found("found", *(f"CVE-2024-{n} high {PURL} 3.9.2" for n in range(10, 18)), count=12), findings=MANY),
    _case("by its CVE, whatever it is called", _found("found", HIGH), findings=[finding("GHSA-x", aliases=("CVE-2024-1",))]),
    _case("without a fix", _found("found", "CVE-2024-1 high pkg:pypi/aiohttp@3.8.0"), findings=[finding(fixed_in=())]),
    _case("without a fix, where that is asked for", _passed(findings=1), replace(VULNERABLE, only_fixable="yes"), findings=[finding(fixed_in=())]),
    _case("with a fix, where that is asked for", _found("found", HIGH), replace(VULNERABLE, only_fixable="yes"), findings=[finding()]),
    _case("exploited", _found("exploited", "CVE-2024-1 low+exploited pkg:pypi/aiohttp@3.8.0 3.9.2"), findings=[finding(level="low", kev=True)]),
    _case(
        "exploited, without a fix, in its grace",
        _found("exploited", "CVE-2024-1 high+exploited pkg:pypi/aiohttp@3.8.0"),
        replace(WEEK, only_fixable="yes"),
        findings=[finding(kev=True, fixed_in=(), published=NOW)],
    ),
    _case(
        "exploited and not, exploited first",
        _found("exploited", "CVE-2024-2 low+exploited pkg:pypi/aiohttp@3.8.0 3.9.2", HIGH.replace("high", "critical")),
        findings=[finding(level="critical"), finding("CVE-2024-2", "low", kev=True)],
    ),
    _case("exploited, and that is ignored", _passed(findings=1), replace(VULNERABLE, kev="ignore"), findings=[finding(level="low", kev=True)]),
    _case(
        "exploited and severe, and exploited is ignored",
        _found("found", HIGH.replace("high", "high+exploited")),
        replace(VULNERABLE, kev="ignore"),
        findings=[finding(kev=True)],
    ),
    _case("nobody says how severe", _found("unknown-severity", HIGH.replace("high", "unknown")), findings=[finding(level="unknown")]),
    _case(
        "nobody says how severe, and that is ignored", _passed(findings=1), replace(VULNERABLE, unknown_severity="ignore"), findings=[finding(level="unknown")]
    ),
    _case("in its grace", _passed(findings=1), WEEK, findings=[finding(published=later("1s") - (NOW - ago("7d")))]),
    _case("its grace is over", _found("found", HIGH), WEEK, findings=[finding(published=ago("7d"))]),
    _case("its grace cannot be told", _found("found", HIGH), WEEK, findings=[finding()]),
    _case("another severity has a grace", _found("found", HIGH.replace("high", "critical")), WEEK, findings=[finding(level="critical", published=NOW)]),
    _case("in a bill of materials that does not count", _passed(), findings=[finding(sboms=(ELSE,))]),
    _case("in one that counts, and in one that does not", _found("found", HIGH), findings=[finding(sboms=(ELSE, LISTED))]),
    _case("of another artifact", _passed(), findings=[finding(subject=OTHER if OTHER != IMAGE else FIRST)]),
    _case("no artifact at all", Unknown(code="vulnerable.no-sbom", params={"artifact": ""}), asked=subject(forced(SHOP, artifacts=())), findings=[finding()]),
    _case("no bill of materials", _unknown("no-sbom", artifact=IMAGE), sboms=[], looked=[], findings=Unreadable(code="vulnerable.no-sbom")),
    _case("one that lists nothing", _unknown("no-sbom", artifact=IMAGE), sboms=[sbom(components=())]),
    _case("one that lists what could not be taken in", _passed(), sboms=[sbom(components=(), skipped=1)]),
    _case(
        "one by somebody else, and one that lists nothing",
        _unknown("other-sbom", **STRANGERS, keys=("builder",), identities=()),
        NAMED,
        sboms=[sbom("release"), sbom(components=(), source=ELSE)],
    ),
    _case("one that nobody signed", _unknown("other-sbom", **STRANGERS, keys=(), identities=()), sboms=[sbom("", found="attached")], findings=UNREADABLE),
    _case("one by somebody else", _unknown("other-sbom", **STRANGERS, keys=("builder",), identities=()), NAMED, sboms=[sbom("release")]),
    _case("one by a key that is named", _passed(), NAMED),
    _case("one by a key, where an identity is named", _unknown("other-sbom", **STRANGERS, keys=(), identities=("ci",)), HELD),
    _case("one by an identity that is named", _passed(), HELD, sboms=[replace(sbom(""), by=holder("ci"))]),
    _case("one inside, by a key that is named", _unknown("other-sbom", **STRANGERS, keys=("builder",), identities=()), NAMED, sboms=[sbom(found="inside")]),
    _case(
        "one artifact of two has none",
        _unknown("no-sbom", artifact=OTHER),
        asked=subject(TWO),
        sboms=[sbom(artifact=FIRST)],
        looked=[looked_up(FIRST)],
    ),
    _case(
        "one artifact of two has none, and the other a finding",
        _found("found", HIGH),
        asked=subject(TWO),
        sboms=[sbom(artifact=FIRST)],
        looked=[looked_up(FIRST)],
        findings=[finding(subject=FIRST)],
    ),
    _case(
        "each artifact has one",
        _passed(components=8),
        asked=subject(TWO),
        sboms=[sbom(artifact=one) for one in TWO.artifacts],
        looked=[looked_up(one) for one in TWO.artifacts],
    ),
    _case("one was not looked up", _unknown("unreadable"), sboms=[sbom(), sbom(source=ELSE)]),
    _case("one that does not count was looked up", _passed(), looked=[looked_up(), looked_up(IMAGE, ELSE, GENERIC)]),
    _case("bills of materials unreadable", _unknown("unreadable", "ref.unreadable"), sboms=UNREADABLE),
    _case("findings unreadable", _unknown("unreadable", "ref.unreadable"), findings=UNREADABLE),
    _case("what was looked up unreadable", _unknown("unreadable", "ref.unreadable"), looked=UNREADABLE),
    _case("databases unreadable", _unknown("unreadable", "ref.unreadable"), databases=UNREADABLE),
    _case("no database", _unknown("no-data", "advisories.none"), findings=Unreadable(code="advisories.none")),
    _case("a database that is not there", _unknown("no-data"), databases=[KEV]),
    _case("no catalogue", _unknown("no-kev"), databases=[OSV]),
    _case("no catalogue, and none is asked for", _passed(), replace(VULNERABLE, kev="ignore"), databases=[OSV]),
    _case("as old as may be", Pass(params={"components": 4, "as-of": "2026-11-19T20:14:03Z"}), databases=[replace(OSV, as_of=ago("3d")), KEV]),
    _case("too old", _unknown("stale", **_db("osv", "2026-11-19T20:14:02Z", "72h")), databases=[replace(OSV, as_of=ago("259201s")), KEV]),
    _case("a catalogue too old", _unknown("stale", **_db("kev", "2026-10-22T20:14:03Z", "30d")), databases=[OSV, replace(KEV, as_of=ago("31d"))]),
    _case("its clock is a little ahead", Pass(params={"components": 4, "as-of": "2026-11-22T20:19:03Z"}), databases=[replace(OSV, as_of=later("5m")), KEV]),
    _case("from the future", _unknown("from-future", **_db("osv", "2026-11-22T20:19:04Z", "72h")), databases=[replace(OSV, as_of=later("301s")), KEV]),
    _case("too old, and a finding all the same", _found("found", HIGH), databases=[replace(OSV, as_of=ago("9d"))], findings=[finding()]),
    _case("entries that could not be read", _passed(unread=2), databases=[replace(OSV, refused=2), KEV]),
    _case(
        "not covered",
        _unknown("not-covered", count=3, kinds=("generic", "none"), example="pkg:generic/busybox"),
        looked=[looked_up(IMAGE, LISTED, GENERIC, BARE)],
    ),
    _case(
        "one kind not covered",
        _unknown("not-covered", count=1, kinds=("none",), example="app"),
        replace(VULNERABLE, uncovered=("generic",)),
        looked=[looked_up(IMAGE, LISTED, GENERIC, BARE)],
    ),
    _case("need not be covered", _passed(uncovered=3), replace(VULNERABLE, uncovered=("any",)), looked=[looked_up(IMAGE, LISTED, GENERIC, BARE)]),
    _case("may be affected", Unknown(code="vulnerable.unknown-version", params=_found("", HIGH).params), findings=[finding(certain=False)]),
    _case("may be affected, by nothing severe", _passed(findings=1), findings=[finding(level="low", certain=False)]),
    _case("one is, another may be", _found("found", HIGH), findings=[finding(), finding("CVE-2024-2", certain=False)]),
    _case("not affected, as a key says that counts", _passed(**{"passed-over": 1}), CURE, findings=[finding()], said=[vex()]),
    _case(
        "not affected, as an identity says",
        _passed(**{"passed-over": 1}),
        replace(VULNERABLE, vex_identities=("ci",)),
        findings=[finding()],
        said=[replace(vex(), keys=(), by=holder("ci"))],
    ),
    _case("not affected, as somebody else says", _found("found", HIGH), CURE, findings=[finding()], said=[vex(by="release")]),
    _case("not affected, as a key says, and nobody counts", _found("found", HIGH), findings=[finding()], said=[vex()]),
    _case("what is said is unreadable", _unknown("unreadable", "ref.unreadable"), CURE, findings=[finding()], said=UNREADABLE),
    _case("what is said is unreadable, and nobody asks", _passed(), said=UNREADABLE),
    _case("affected, as was said later", _found("found", HIGH), CURE, findings=[finding()], said=[vex(at=ago("2h")), NOT_SO]),
]
