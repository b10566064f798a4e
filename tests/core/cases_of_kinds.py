"""The cases of `within-hours`, `has-attestation`, `tested` and `not-revoked`, as `cases` has those of the others."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from build import (
    ABSENT,
    ATTESTED,
    HOURS,
    IMAGE,
    NOT_REVOKED,
    NOW,
    REVIEW,
    TESTED,
    UNREADABLE,
    ago,
    attested,
    digest,
    facts,
    forced,
    holder,
    intact,
    later,
    provenance,
    rejected,
    release,
    request_id,
    revocation,
    source,
    subject,
    trial,
    zone,
)
from core.case import Case
from lockgate.core.facts import Material
from lockgate.core.model import Subject
from lockgate.core.outcome import Fail, Pass, Unknown, Verdict
from lockgate.core.predicate_match import Match
from lockgate.core.requirements.has_attestation import HasAttestation
from lockgate.core.requirements.not_revoked import NotRevoked
from lockgate.core.requirements.tested import Tested
from lockgate.core.requirements.within_hours import WithinHours
from lockgate.core.windows import Freeze, Window

BERLIN = (zone(),)
ZONED: dict[str, Any] = {"zone": "Europe/Berlin", "now": "sun 2026-11-22 21:14"}


def at(*when: int) -> datetime:
    return datetime(*when, tzinfo=UTC)  # type: ignore[arg-type,misc]


def hours(name: str, answer: Verdict, requirement: WithinHours = HOURS, zones: Any = BERLIN, now: datetime = NOW) -> Case:
    return Case(name=name, answer=answer, requirement=requirement, facts=facts(zones=zones), now=now)


def one(days: str, start: str, end: str, **more: Any) -> WithinHours:
    return WithinHours(zone="Europe/Berlin", days=(days,), from_=start, to=end, **more)


def closed(opens: datetime | None, **params: Any) -> Fail:
    return Fail(code="within-hours.closed", params={**ZONED, **params}, opens_at=opens)


def frozen(opens: datetime | None, freeze: str, **more: Any) -> Fail:
    return Fail(code="within-hours.frozen", params={**ZONED, "freeze": freeze, **more}, opens_at=opens)


YEAR_END = Freeze(from_="2026-11-20", to="2026-11-24", reason="year-end")
HOLIDAY = Freeze(from_="2026-11-22T21:00", to="2026-11-22T21:14")
UNTIL_NIGHT = Freeze(from_="2026-11-22T21:14", to="2026-11-22T21:59")

WITHIN_HOURS: list[Case] = [
    hours("open", Pass(params=ZONED)),
    hours("open in the short form", Pass(params=ZONED), one("sun", "21:00", "22:00")),
    hours("every day, where none is named", Pass(params=ZONED), WithinHours(zone="Europe/Berlin", from_="21:00", to="22:00")),
    hours("not frozen, and no window", Pass(params=ZONED), WithinHours(zone="Europe/Berlin", freezes=(HOLIDAY,))),
    hours("the second of two", Pass(params=ZONED), replace(HOURS, windows=(Window(days=("mon",), from_="08:00", to="09:00"), *HOURS.windows))),
    hours("the first second", Pass(params={**ZONED, "now": "sun 2026-11-22 21:00"}), now=at(2026, 11, 22, 20)),
    hours("a second too early", closed(at(2026, 11, 22, 20), now="sun 2026-11-22 20:59"), now=at(2026, 11, 22, 19, 59, 59)),
    hours("the first second after it", closed(at(2026, 11, 29, 20), now="sun 2026-11-22 22:00"), now=at(2026, 11, 22, 21)),
    hours("another day", closed(at(2026, 11, 23, 20)), one("mon..sat", "21:00", "22:00")),
    hours("past midnight, before it", Pass(params=ZONED), one("sun", "21:00", "04:00")),
    hours("past midnight, after it", Pass(params={**ZONED, "now": "mon 2026-11-23 03:59"}), one("sun", "21:00", "04:00"), now=at(2026, 11, 23, 2, 59)),
    hours("past midnight, of the day it begins on", closed(at(2026, 11, 23, 20)), one("mon", "21:00", "22:00")),
    hours("frozen", frozen(at(2026, 11, 29, 20), "2026-11-20..2026-11-24", reason="year-end"), replace(HOURS, freezes=(YEAR_END,))),
    hours("frozen for a while", frozen(at(2026, 11, 22, 20, 59), "2026-11-22T21:14..2026-11-22T21:59"), replace(HOURS, freezes=(HOLIDAY, UNTIL_NIGHT))),
    hours("frozen, and no window", frozen(at(2026, 11, 24, 23), "2026-11-20..2026-11-24", reason="year-end"), replace(HOURS, windows=(), freezes=(YEAR_END,))),
    hours(
        "the freeze that lasts longest",
        frozen(at(2026, 11, 29, 20), "2026-11-20..2026-11-24", reason="year-end"),
        replace(HOURS, freezes=(UNTIL_NIGHT, YEAR_END)),
    ),
    hours("zone unreadable", Unknown(code="within-hours.unreadable", params={"because": "ref.unreadable"}), zones=UNREADABLE),
    hours("zone never gathered", Unknown(code="within-hours.unreadable", params={"because": "facts.not-gathered"}), zones=None),
    hours("another zone", Unknown(code="within-hours.unreadable", params={"zone": "Europe/Berlin"}), zones=[zone("Europe/Paris")]),
    hours("the right one of two zones", Pass(params=ZONED), zones=[zone("Asia/Tokyo", shifts=()), zone()]),
    hours("a zone that is told from later on", Unknown(code="within-hours.unreadable", params={"zone": "Europe/Berlin"}), now=ago("2h")),
    hours("a zone that is told no further", Unknown(code="within-hours.unreadable", params={"zone": "Europe/Berlin"}), now=later("400d")),
]


TWO = release("shop", "worker")
FIRST, OTHER = TWO.artifacts
BOTH = subject(TWO)
AGED = replace(ATTESTED, max_age="7d", time="on")
HELD = replace(ATTESTED, keys=(), identities=("ci",), max_age="7d")
MIXED = replace(ATTESTED, identities=("ci", "nightly"), threshold=2)
MEANT = replace(ATTESTED, where=(Match(path="stage", equals="production"),))


def said(name: str, answer: Verdict, *found: Any, requirement: HasAttestation = ATTESTED, about: Subject = subject(), **more: Any) -> Case:  # noqa: B008  a value
    return Case(name=name, answer=answer, requirement=requirement, subject=about, facts=facts(**{"attested": found, **more}))


def unsaid(reason: str, **params: Any) -> Fail:
    return Fail(code=f"has-attestation.{reason}", params={"artifact": IMAGE, "type": REVIEW, **params})


BY: dict[str, Any] = {"type": REVIEW, "keys": ("builder",)}
WRONG: dict[str, Any] = {"by": "builder", "path": "result", "need": ("good",)}
BAD = {**WRONG, "found": "bad"}
NO_WORD = Fail(code="has-attestation.no-attestation", params={"artifact": IMAGE, **BY})
CI: dict[str, Any] = {"type": REVIEW, "identities": ("ci",)}

HAS_ATTESTATION: list[Case] = [
    said("said", Pass(params=BY), attested()),
    said("of a version that is asked for", Pass(params={**BY, "type": f"{REVIEW}/v1"}), attested(), requirement=replace(ATTESTED, type=f"{REVIEW}/v1")),
    said("nothing but that it was said", Pass(params=BY), attested(result=ABSENT), requirement=replace(ATTESTED, match=())),
    said("nobody", NO_WORD),
    said("by a stranger", NO_WORD, attested("second")),
    said("of another artifact", NO_WORD, attested(artifact=FIRST)),
    said("of another type", NO_WORD, attested(type_="https://example.com/other")),
    said("by nobody good", unsaid("no-good-attestation", keys=("builder",), because=("dsse.bad-signature",)), rejected=[rejected()]),
    said("nothing to say it of", Fail(code="has-attestation.no-attestation"), attested(), about=subject(forced(release("shop"), artifacts=()))),
    said("of one of two", replace(NO_WORD, params={"artifact": OTHER, **BY}), attested(artifact=FIRST), about=BOTH),
    said("of both", Pass(params=BY), attested(artifact=FIRST), attested(artifact=OTHER), about=BOTH),
    said("of both, by one each", Pass(params={"type": REVIEW, "keys": ("release",), "identities": ("ci",)}),
        attested("release", artifact=FIRST), attested(artifact=OTHER, holder=holder("ci")), about=BOTH,
        requirement=replace(ATTESTED, keys=("release", "second"), identities=("nightly", "ci"))),
    said("another value", unsaid("other-value", **BAD), attested(result="bad")),
    said("another value, long", unsaid("other-value", **{**WRONG, "found": "x" * 200}), attested(result="x" * 1001)),
    said("another kind", unsaid("other-type", **WRONG, found="number"), attested(result=1)),
    said("nothing there", unsaid("missing-field", **WRONG), attested(result=ABSENT)),
    said("the second of two", unsaid("other-value", **{**BAD, "path": "level", "need": ("at least 3",), "found": "2"}), attested(level=2),
        requirement=replace(ATTESTED, match=(*ATTESTED.match, Match(path="level", at_least="3")))),
    said("yes and no by one, undated", unsaid("other-value", **BAD), attested(), attested(result="bad")),
    said("no, and then yes", Pass(params=BY), attested(at=ago("1h")), attested(result="bad", at=ago("2h")), requirement=AGED),
    said("yes, and then no", unsaid("other-value", **BAD), attested(at=ago("2h")), attested(result="bad", at=ago("1h")), requirement=AGED),
    said("yes and no at once", unsaid("other-value", **BAD), attested(at=ago("2h")), attested(result="bad", at=ago("2h")), requirement=AGED),
    said("yes, and an undated no", unsaid("other-value", **BAD), attested(at=ago("2h")), attested(result="bad"), requirement=AGED),
    said("an old no and nothing since", unsaid("other-value", **BAD), attested(result="bad", at=ago("40d")), requirement=AGED),
    said("yes by one and no by another", unsaid("other-value", **{**BAD, "by": "second"}), attested(), attested("second", result="bad"),
        requirement=replace(ATTESTED, keys=("builder", "second"))),
    said("a no by a stranger", Pass(params=BY), attested(), attested("second", result="bad")),
    said("just young enough", Pass(params=BY), attested(at=ago("7d")), requirement=AGED),
    said("too old", unsaid("too-old", **{"max-age": "7d"}), attested(at=ago("8d")), requirement=AGED),
    said("later than now", unsaid("too-old", **{"max-age": "7d"}), attested(at=later("1h")), requirement=AGED),
    said("undated", unsaid("no-time", **{"max-age": "7d"}), attested(), requirement=AGED),
    said("undated, where no place is named", unsaid("no-time", **{"max-age": "7d"}), attested(at=NOW), requirement=replace(AGED, time=None)),
    said("undated, and a certificate", unsaid("no-time", **{"max-age": "7d"}), attested(holder=holder("ci")), requirement=replace(HELD, time="on")),
    said("dated by its certificate", Pass(params=CI), attested(holder=holder("ci")), requirement=HELD),
    said("an old certificate", unsaid("too-old", **{"max-age": "7d"}), attested(holder=holder("ci", at=ago("8d"))), requirement=HELD),
    said("signed later than it says", unsaid("too-old", **{"max-age": "7d"}), attested(holder=holder("ci"), at=ago("8d")),
        requirement=replace(HELD, time="on")),
    said("signed before the time it says", unsaid("too-old", **{"max-age": "7d"}), attested(holder=holder("ci", at=ago("8d")), at=ago("1d")),
        requirement=replace(HELD, time="on")),
    said("two signers", Pass(params={**BY, "identities": ("ci",)}), attested(), attested(holder=holder("ci")), requirement=MIXED),
    said("one of two", unsaid("too-few", have=1, need=2, keys=("builder",), identities=("ci", "nightly")), attested(), requirement=MIXED),
    said("one subject of two identities", unsaid("too-few", have=1, need=2, keys=("builder",), identities=("ci", "nightly")),
        attested(holder=holder("ci", "nightly")), requirement=MIXED),
    said("one of two, and one too old", unsaid("too-old", **{"max-age": "7d"}), attested(at=NOW), attested("second", at=ago("8d")),
        requirement=replace(AGED, keys=("builder", "second"), threshold=2)),
    said("one young enough of two", Pass(params=BY), attested(at=NOW), attested("second", at=ago("8d")), requirement=replace(AGED, keys=("builder", "second"))),
    said("no threshold", unsaid("too-few", have=1, need=0, keys=("builder",)), attested(), requirement=forced(ATTESTED, threshold=0)),
    said("meant", Pass(params=BY), attested(stage="production"), attested(stage="staging", result="bad"), attested(result="bad"), requirement=MEANT),
    said("not meant", unsaid("not-meant", where=("stage",)), attested(stage="staging"), requirement=MEANT),
    said("unreadable", Unknown(code="has-attestation.unreadable", params={"because": "ref.unreadable"}), attested=UNREADABLE),
    said("never gathered", Unknown(code="has-attestation.unreadable", params={"because": "facts.not-gathered"}), attested=None),
    said("what was rejected unreadable", Unknown(code="has-attestation.unreadable", params={"because": "ref.unreadable"}), rejected=UNREADABLE),
]  # fmt: skip


def ran(name: str, answer: Verdict, *found: Any, requirement: Tested = TESTED, about: Subject = subject(), **more: Any) -> Case:  # noqa: B008  a value
    return Case(name=name, answer=answer, requirement=requirement, subject=about, facts=facts(**{"trials": found, **more}))


def untested(reason: str, **params: Any) -> Fail:
    return Fail(code=f"tested.{reason}", params={"artifact": IMAGE, **params})


TWICE = Pass(params={"tests": 2})
NOT_TESTED = untested("no-result", keys=("builder",))
FAILED = untested("failed", failed=1, tests=("a",))
RED: dict[str, Any] = {"result": "failed", "passed": ("b",), "failed": ("a",)}
YELLOW: dict[str, Any] = {"result": "warned", "passed": ("b",), "warned": ("a",)}
E2E: dict[str, Any] = {"configuration": ("e2e",)}
RECENT = replace(TESTED, max_age="7d")
OF_E2E = replace(TESTED, configuration="e2e")
MANY = tuple(f"t{number}" for number in range(10, 20))

TESTED_CASES: list[Case] = [
    ran("tested", TWICE, trial()),
    ran("nobody", NOT_TESTED),
    ran("by a stranger", NOT_TESTED, trial("second")),
    ran("another artifact", NOT_TESTED, trial(artifact=FIRST)),
    ran("by nobody good", untested("no-good-result", keys=("builder",), because=("dsse.bad-signature",)), rejected=[rejected()]),
    ran("by a certificate", TWICE, trial(holder=holder("ci")), requirement=Tested(identities=("ci",))),
    ran("no artifact at all", Fail(code="tested.no-result"), trial(), about=subject(forced(release("shop"), artifacts=()))),
    ran("one of two artifacts", replace(NOT_TESTED, params={"artifact": OTHER, "keys": ("builder",)}), trial(artifact=FIRST), about=BOTH),
    ran("both, one with fewer tests", Pass(params={"tests": 1}), trial(artifact=OTHER), trial(artifact=FIRST, passed=("a",)), about=BOTH),
    ran("failed", FAILED, trial(**RED)),
    ran("failed, and nothing named", untested("failed", failed=0, tests=()), trial(result="failed")),
    ran("many failed", untested("failed", failed=10, tests=MANY[:8]), trial(result="failed", failed=MANY)),
    ran("a long name failed", untested("failed", failed=1, tests=("x" * 120,)), trial(result="failed", failed=("x" * 121,))),
    ran("passed, and then failed", FAILED, trial(at=ago("2h")), trial(**RED, at=ago("1h"))),
    ran("failed, and then passed", TWICE, trial(**RED, at=ago("2h")), trial(at=ago("1h"))),
    ran("failed and passed at once", FAILED, trial(**RED, at=ago("1h")), trial(at=ago("1h"))),
    ran("failed and passed, undated", FAILED, trial(**RED), trial(at=ago("1h"))),
    ran("failed long ago", FAILED, trial(**RED, at=ago("40d")), requirement=RECENT),
    ran("failed, and passed by another", FAILED, trial(**RED), trial("second"), requirement=replace(TESTED, keys=("builder", "second"))),
    ran("another suite passed since", untested("failed", failed=1, tests=("a",), **E2E), trial(**RED, **E2E, at=ago("2h")), trial(at=ago("1h"))),
    ran("the suite that is meant", TWICE, trial(**RED), trial(**E2E), requirement=OF_E2E),
    ran("no suite that is meant", untested("no-result", keys=("builder",), configuration="e2e"), trial(), requirement=OF_E2E),
    ran("warned", untested("warned", warned=1, tests=("a",)), trial(**YELLOW)),
    ran("warned, and that is allowed", TWICE, trial(**YELLOW), requirement=replace(TESTED, warned="allow")),
    ran("just young enough", TWICE, trial(at=ago("7d")), requirement=RECENT),
    ran("too old", untested("too-old", **{"max-age": "7d"}), trial(at=ago("8d")), requirement=RECENT),
    ran("undated", untested("no-time", **{"max-age": "7d"}), trial(), requirement=RECENT),
    ran("dated by its certificate", TWICE, trial(holder=holder("ci")), requirement=Tested(identities=("ci",), max_age="7d")),
    ran("one suite young enough", Pass(params={"tests": 1}), trial(at=ago("8d")), trial(passed=("c",), **E2E, at=ago("1d")), requirement=RECENT),
    ran("one suite undated, one old", untested("no-time", **{"max-age": "7d"}), trial(at=ago("8d")), trial(**E2E), requirement=RECENT),
    ran("nothing ran", untested("nothing-ran"), trial(passed=())),
    ran("the tests that are asked for", TWICE, trial(), requirement=replace(TESTED, tests=("b", "a"))),
    ran("a test is missing", untested("missing", missing=1, tests=("c",)), trial(), requirement=replace(TESTED, tests=("a", "c"))),
    ran("enough", TWICE, trial(), requirement=replace(TESTED, at_least=2)),
    ran("too few", untested("too-few", have=2, need=3), trial(), requirement=replace(TESTED, at_least=3)),
    ran("two suites together", Pass(params={"tests": 3}), trial(), trial(passed=("b", "c"), **E2E), requirement=replace(TESTED, at_least=3)),
    ran("nothing asked for", untested("too-few", have=2, need=0), trial(), requirement=forced(TESTED, at_least=0)),
    ran("unreadable", Unknown(code="tested.unreadable", params={"because": "ref.unreadable"}), trials=UNREADABLE),
    ran("never gathered", Unknown(code="tested.unreadable", params={"because": "facts.not-gathered"}), trials=None),
    ran("what was rejected unreadable", Unknown(code="tested.unreadable", params={"because": "ref.unreadable"}), rejected=UNREADABLE),
]  # fmt: skip


BASE = Material(uri="pkg:docker/base", digests=(digest("base"),))
BUILT_OF = provenance(materials=(Material(uri="git+https://example.com/acme/shop", digests=("sha1:c0ffee",)), BASE))
ONLY = {"materials": NotRevoked(materials="yes"), "evidence": NotRevoked(evidence="yes"), "in": NotRevoked(in_=("staging",))}


def free(name: str, answer: Verdict, *revoked: Any, requirement: NotRevoked = NOT_REVOKED, about: Subject = subject(), **more: Any) -> Case:  # noqa: B008  a value
    world: dict[str, Any] = {"revoked": revoked, "intact": [intact()], "provenance": [BUILT_OF], "sources": [source()]}
    return Case(name=name, answer=answer, requirement=requirement, subject=about, facts=facts(**{**world, **more}))


def struck(reason: str, name: str, **params: Any) -> Fail:
    told: dict[str, Any] = {"digest": digest(name), "revocation": request_id("no"), "reason": "vulnerable", "in": "house", "leaf": 40}
    return Fail(code=f"not-revoked.{reason}", params={"artifact": IMAGE, **told, **params})


def nothing_known(because: str = "ref.unreadable") -> Unknown:
    return Unknown(code="not-revoked.unreadable", params={"because": because})


THERE = replace(
    struck("elsewhere", "shop"), params={**{name: value for name, value in struck("", "shop").params.items() if name != "artifact"}, "in": "staging"}
)
FREE = Pass(params={"standing": 1})
MATERIAL = struck("material", "base", uri="pkg:docker/base")

NOT_REVOKED_CASES: list[Case] = [
    free("nothing revoked", Pass(params={"standing": 0})),
    free("another thing revoked", FREE, revocation(digest("other"))),
    free("a material", MATERIAL, revocation(digest("base"))),
    free("a material, with a long place", struck("material", "base", uri="x" * 200), revocation(digest("base")),
        provenance=[provenance(materials=(replace(BASE, uri="x" * 201),))]),
    free("a material, here", replace(MATERIAL, params={**MATERIAL.params, "in": "production"}), revocation(digest("base"), environment="production")),
    free("a material, for a reason that counts", MATERIAL, revocation(digest("base")), requirement=replace(NOT_REVOKED, reasons=("other", "vulnerable"))),
    free("a material, for a reason that does not", Pass(params={"standing": 0}), revocation(digest("base")),
        requirement=replace(NOT_REVOKED, reasons=("other",))),
    free("a material, in another environment", replace(MATERIAL, params={**MATERIAL.params, "in": "staging"}),
        revoked_in={"staging": [revocation(digest("base"), environment="staging")]}),
    free("a material that nobody asks for", FREE, revocation(digest("base")), requirement=ONLY["evidence"]),
    free("a material of another artifact", FREE, revocation(digest("other")),
        provenance=[BUILT_OF, provenance(artifact=FIRST, materials=(replace(BASE, digests=(digest("other"),)),))]),
    free("materials of nothing", Fail(code="not-revoked.unknown-materials", params={"artifact": IMAGE}), provenance=[provenance()]),
    free("materials of one of two", Fail(code="not-revoked.unknown-materials", params={"artifact": FIRST}), about=BOTH),
    free("evidence", struck("evidence", "provenance"), revocation(digest("provenance"))),
    free("evidence that nobody asks for", FREE, revocation(digest("provenance")), requirement=ONLY["materials"]),
    free("evidence of another artifact", FREE, revocation(digest("other")), sources=[source(), source("other", FIRST)]),
    free("revoked there", THERE, revoked_in={"staging": [revocation(IMAGE, environment="staging")]}),
    free("an image inside it revoked there", replace(THERE, params={**THERE.params, "digest": digest("inside")}),
        revoked_in={"staging": [revocation(digest("inside"), environment="staging")]}, intact=[replace(intact(), inside=(digest("inside"),))]),
    free("nobody asks of there", Pass(params={"standing": 0}), revoked_in={"staging": [revocation(IMAGE)]}, requirement=ONLY["evidence"]),
    free("two digests revoked at once", replace(THERE, params={**THERE.params, "digest": min(TWO.artifacts)}), about=BOTH,
        revoked_in={"staging": [revocation(*TWO.artifacts, environment="staging")]}),
    free("revocations unreadable", nothing_known(), revoked=UNREADABLE),
    free("revocations there unreadable", nothing_known(), revoked_in={"staging": UNREADABLE}),
    free("revocations there never gathered", nothing_known("facts.not-gathered"), requirement=NotRevoked(in_=("elsewhere",))),
    free("bytes unreadable", nothing_known(), intact=UNREADABLE),
    free("provenance unreadable", nothing_known(), provenance=UNREADABLE),
    free("provenance unreadable, and nobody asks", Pass(params={"standing": 0}), provenance=UNREADABLE, requirement=ONLY["in"]),
    free("evidence unreadable", nothing_known(), sources=UNREADABLE),
    free("evidence unreadable, and nobody asks", Pass(params={"standing": 0}), sources=UNREADABLE, requirement=ONLY["in"]),
    free("no artifact at all", Unknown(code="not-revoked.unreadable"), about=subject(forced(release("shop"), artifacts=()))),
]  # fmt: skip
