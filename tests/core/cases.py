"""Every answer of every requirement, with the exact situation that gives it: what `test_mutation` and the requirements' own tests share.

Each list begins with the situation in which the requirement passes; every other case changes one thing of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from build import (
    APPROVED,
    BUILDER,
    BUILT,
    CAME,
    COMMIT,
    IMAGE,
    KEYS,
    NOW,
    RESOURCE,
    SCANNED,
    SHOP,
    SIGNED,
    SOAKED,
    SOURCE,
    UNREADABLE,
    VERIFIED,
    VERIFIER,
    actor,
    ago,
    certified,
    digest,
    facts,
    forced,
    given,
    holder,
    in_force,
    intact,
    key,
    later,
    person,
    person_id,
    provenance,
    rejected,
    release,
    request,
    request_id,
    roster,
    scan,
    signature,
    stay,
    subject,
    summary,
)
from core.case import WHOLE, Case
from core.cases_of_kinds import HAS_ATTESTATION, NOT_REVOKED_CASES, TESTED_CASES, WITHIN_HOURS
from core.cases_of_sboms import HAS_SBOM, NO_COMPONENT
from core.cases_of_soaks import SOAKED_ON_DEPENDENCIES
from core.cases_of_vulnerable import VULNERABLE_ANSWERS
from lockgate.core.facts import Given
from lockgate.core.identity import PublicKey
from lockgate.core.model import Subject
from lockgate.core.outcome import Fail, Pass, Unknown, Verdict
from lockgate.core.requirements import AnyRequirement
from lockgate.core.requirements.built_by import BuiltBy
from lockgate.core.requirements.signed_by import SignedBy

TWO = release("shop", "worker")
FIRST, OTHER = TWO.artifacts
BOTH = ("release", "second")
SECOND = timedelta(seconds=1)


def _signed(name: str, answer: Verdict, requirement: AnyRequirement = SIGNED, subject: Subject = WHOLE, **found: Any) -> Case:
    return Case(name=name, answer=answer, requirement=requirement, subject=subject, facts=facts(**found))


def _unsigned(code: str, have: int = 0, need: int = 1, **more: Any) -> Fail:
    return Fail(code=f"signed-by.{code}", params={"artifact": IMAGE, "have": have, "need": need, "keys": ("release",), **more})


AGE: dict[str, Any] = {"max-age": "30d"}
YOUNG = replace(SIGNED, max_age="30d")
TWICE = replace(SIGNED, keys=BOTH, threshold=2)

HELD = SignedBy(identities=("ci",))
TWO_HELD = SignedBy(identities=("ci", "nightly"), threshold=2)
MIXED = SignedBy(keys=("release",), identities=("ci",), threshold=2)


def _uncertified(code: str, have: int = 0, need: int = 1, **more: Any) -> Fail:
    return Fail(code=f"signed-by.{code}", params={"artifact": IMAGE, "have": have, "need": need, "keys": (), "identities": ("ci",), **more})


NOTHING = subject(forced(SHOP, artifacts=()))
SIGNED_BY = [
    _signed("signed", Pass(params={"keys": ("release",)}), signatures=[signature()]),
    _signed("no artifact at all", Fail(code="signed-by.no-signature"), subject=NOTHING, signatures=[signature()]),
    _signed("unsigned", _unsigned("no-signature")),
    _signed("signed by another of the policy's keys", _unsigned("no-signature"), signatures=[signature("second")]),
    _signed("another artifact is signed", _unsigned("no-signature"), signatures=[signature(artifact=digest("other"))]),
    _signed("wrongly signed", _unsigned("no-good-signature", because=("dsse.bad-signature",)), rejected=[rejected(), rejected()]),
    _signed("signatures unreadable", Unknown(code="signed-by.unreadable", params={"because": "ref.unreadable"}), signatures=UNREADABLE),
    _signed("signatures never gathered", Unknown(code="signed-by.unreadable", params={"because": "facts.not-gathered"}), signatures=None),
    _signed("unsigned, and why is unreadable", Unknown(code="signed-by.unreadable", params={"because": "ref.unreadable"}), rejected=UNREADABLE),
    _signed("signed, and the rest unreadable", Pass(params={"keys": ("release",)}), signatures=[signature()], rejected=UNREADABLE),
    _signed("young enough", Pass(params={"keys": ("release",)}), YOUNG, signatures=[signature(signed_at=ago("30d"))]),
    _signed("signed this very second", Pass(params={"keys": ("release",)}), YOUNG, signatures=[signature(signed_at=NOW)]),
    _signed("too old", _unsigned("too-old", **AGE), YOUNG, signatures=[signature(signed_at=ago("30d") - SECOND)]),
    _signed("without a time", _unsigned("too-old", **AGE), YOUNG, signatures=[signature()]),
    _signed("signed tomorrow", _unsigned("too-old", **AGE), YOUNG, signatures=[signature(signed_at=later("1s"))]),
    _signed("both keys", Pass(params={"keys": BOTH}), TWICE, signatures=[signature("second"), signature()]),
    _signed("one key of two", _unsigned("too-few-keys", 1, 2, keys=BOTH, signed=("release",)), TWICE, signatures=[signature()]),
    _signed(
        "one key twice",
        _unsigned("too-few-keys", 1, 2, keys=BOTH, signed=("release",)),
        TWICE,
        signatures=[signature(), replace(signature(), source=digest("a second envelope"))],
    ),
    _signed(
        "one old, one young",
        _unsigned("too-old", 1, 2, keys=BOTH, **AGE),
        replace(TWICE, max_age="30d"),
        signatures=[signature(signed_at=ago("1d")), signature("second", signed_at=ago("31d"))],
    ),
    _signed(
        "every artifact signed", Pass(params={"keys": ("release",)}), subject=subject(TWO), signatures=[signature(artifact=FIRST), signature(artifact=OTHER)]
    ),
    _signed(
        "one artifact of two signed",
        Fail(code="signed-by.no-signature", params={"artifact": OTHER, "have": 0, "need": 1, "keys": ("release",)}),
        subject=subject(TWO),
        signatures=[signature(artifact=FIRST), signature(artifact=FIRST)],
    ),
    _signed(
        "each artifact by another key",
        Pass(params={"keys": BOTH, "each": 1}),
        replace(SIGNED, keys=BOTH),
        subject(TWO),
        signatures=[signature(artifact=FIRST), signature("second", artifact=OTHER)],
    ),
    _signed(
        "each artifact by other two of three",
        Pass(params={"keys": ("builder", "release", "second"), "each": 2}),
        replace(TWICE, keys=(*BOTH, "builder")),
        subject(TWO),
        signatures=[signature(by, artifact=one) for one, by in ((FIRST, "release"), (FIRST, "second"), (OTHER, "second"), (OTHER, "builder"))],
    ),
    _signed("a certificate that is meant", Pass(params={"identities": ("ci",)}), HELD, signatures=[certified("ci")]),
    _signed("a certificate of another identity", _uncertified("no-signature"), HELD, signatures=[certified("nightly")]),
    _signed("a certificate where keys are asked for", _unsigned("no-signature"), signatures=[certified("ci")]),
    _signed("a key where certificates are asked for", _uncertified("no-signature"), HELD, signatures=[signature()]),
    _signed("a key and an identity", Pass(params={"keys": ("release",), "identities": ("ci",)}), MIXED, signatures=[certified("ci"), signature()]),
    _signed(
        "an identity, and no key",
        _unsigned("too-few-keys", 1, 2, identities=("ci",), signed=("ci",)),
        MIXED,
        signatures=[certified("ci"), certified("ci", who="somebody else")],
    ),
    _signed(
        "one certificate under two names",
        _uncertified("too-few-keys", 1, 2, identities=("ci", "nightly"), signed=("ci",)),
        TWO_HELD,
        signatures=[certified("ci", "nightly"), certified("nightly")],
    ),
    _signed(
        "two certificates, of which each could be either",
        Pass(params={"identities": ("ci", "nightly")}),
        TWO_HELD,
        signatures=[certified("ci", "nightly"), certified("ci", "nightly", who="nightly")],
    ),
    _signed(
        "a certificate too old",
        _uncertified("too-old", **AGE),
        replace(HELD, max_age="30d"),
        signatures=[certified("ci", at=ago("30d") - SECOND)],
    ),
    _signed("a certificate young enough", Pass(params={"identities": ("ci",)}), replace(HELD, max_age="30d"), signatures=[certified("ci", at=ago("30d"))]),
    _signed(
        "another's certificate", _uncertified("no-good-signature", because=("identity.other-subject",)), HELD, rejected=[rejected("identity.other-subject")]
    ),
    _signed(
        "each artifact by the same two of three",
        Pass(params={"keys": BOTH}),
        replace(TWICE, keys=(*BOTH, "builder")),
        subject(TWO),
        signatures=[signature(by, artifact=one) for one in TWO.artifacts for by in BOTH],
    ),
]


def _built(name: str, answer: Verdict, requirement: AnyRequirement = BUILT, subject: Subject = WHOLE, **found: Any) -> Case:
    return Case(name=name, answer=answer, requirement=requirement, subject=subject, facts=facts(**found))


BUILT_PASS = Pass(params={"builder": BUILDER, "source": SOURCE, "commit": COMMIT})
NOT_BUILT = Fail(code="built-by.no-provenance", params={"artifact": IMAGE, "keys": ("builder",)})
BUILT_HELD = BuiltBy(builder=BUILDER, source=SOURCE, identities=("ci",))
NOT_HELD = Fail(code="built-by.no-provenance", params={"artifact": IMAGE, "keys": (), "identities": ("ci",)})


def _other_source(found: str) -> Fail:
    return Fail(code="built-by.other-source", params={"artifact": IMAGE, "found": found, "need": SOURCE})


BUILT_BY = [
    _built("built", BUILT_PASS, provenance=[provenance()]),
    _built("built, one signature of two ours", BUILT_PASS, provenance=[provenance("stranger", "builder")]),
    _built("built, by an identity's word", BUILT_PASS, BUILT_HELD, provenance=[provenance(keys=(), by=holder("nightly", "ci"))]),
    _built("built by another identity's word", NOT_HELD, BUILT_HELD, provenance=[provenance(keys=(), by=holder("nightly"))]),
    _built("an identity's word where a key's is asked for", NOT_BUILT, provenance=[provenance(keys=(), by=holder("ci"))]),
    _built("a key's word where an identity's is asked for", NOT_HELD, BUILT_HELD, provenance=[provenance()]),
    _built("no artifact at all", Fail(code="built-by.no-provenance"), subject=NOTHING, provenance=[provenance()]),
    _built("no provenance", NOT_BUILT),
    _built("provenance signed by another of the policy's keys", NOT_BUILT, provenance=[provenance("release")]),
    _built("provenance signed by nobody", NOT_BUILT, provenance=[provenance(keys=())]),
    _built("provenance of another artifact", NOT_BUILT, provenance=[provenance(artifact=digest("other"))]),
    _built(
        "only bad provenance",
        Fail(code="built-by.no-good-provenance", params={**NOT_BUILT.params, "because": ("dsse.bad-signature", "slsa.malformed")}),
        rejected=[rejected("slsa.malformed"), rejected()],
    ),
    _built("provenance unreadable", Unknown(code="built-by.unreadable", params={"because": "ref.unreadable"}), provenance=UNREADABLE),
    _built("provenance never gathered", Unknown(code="built-by.unreadable", params={"because": "facts.not-gathered"}), provenance=None),
    _built("no provenance, and why is unreadable", Unknown(code="built-by.unreadable", params={"because": "ref.unreadable"}), rejected=UNREADABLE),
    _built(
        "another builder",
        Fail(code="built-by.other-builder", params={"artifact": IMAGE, "found": f"{BUILDER}/", "need": BUILDER}),
        provenance=[provenance(builder=f"{BUILDER}/")],
    ),
    _built(
        "no source said",
        Fail(code="built-by.no-source", params={"artifact": IMAGE, "found": "@", "need": SOURCE}),
        provenance=[provenance(repository="", ref="")],
    ),
    _built(
        "no ref said",
        Fail(code="built-by.no-source", params={"artifact": IMAGE, "found": f"{provenance().repository}@", "need": SOURCE}),
        provenance=[provenance(ref="")],
    ),
    _built("another ref", _other_source(f"{provenance().repository}@refs/heads/evil"), provenance=[provenance(ref="refs/heads/evil")]),
    _built(
        "another repository",
        _other_source("git+https://example.com/evil/shop@refs/heads/main"),
        provenance=[provenance(repository="git+https://example.com/evil/shop")],
    ),
    _built(
        "repository and ref cut elsewhere",
        _other_source(f"{provenance().repository}@refs/heads/main@refs/heads/main"),
        provenance=[provenance(repository=SOURCE)],
    ),
    _built(
        "the right builder in one, the right source in another",
        Fail(code="built-by.other-builder", params={"artifact": IMAGE, "found": "x", "need": BUILDER}),
        provenance=[provenance(builder="x"), provenance(ref="refs/heads/evil")],
    ),
    _built("one right among wrong ones", BUILT_PASS, provenance=[provenance(builder="x"), provenance(), provenance(ref="refs/heads/evil")]),
    _built(
        "one artifact of two",
        Fail(code="built-by.no-provenance", params={"artifact": OTHER, "keys": ("builder",)}),
        subject=subject(TWO),
        provenance=[provenance(artifact=FIRST)],
    ),
]


def _verified(name: str, answer: Verdict, requirement: AnyRequirement = VERIFIED, subject: Subject = WHOLE, **found: Any) -> Case:
    return Case(name=name, answer=answer, requirement=requirement, subject=subject, facts=facts(**found))


def _passed(*levels: str, resource: str = RESOURCE) -> Pass:
    return Pass(params={"verifier": VERIFIER, "resource": resource, "levels": levels or ("SLSA_BUILD_LEVEL_3",)})


def _unverified(code: str, **more: Any) -> Fail:
    return Fail(code=f"verified-by.{code}", params={"artifact": IMAGE, **more})


VERIFIED_HELD = replace(VERIFIED, keys=(), identities=("ci",))
NOT_VERIFIED_HELD = _unverified("no-summary", keys=(), identities=("ci",))
NOT_VERIFIED = _unverified("no-summary", keys=("builder",))
GLOB = replace(VERIFIED, resource=None, resource_glob="pkg:oci/**/ac*")
JUDGED = replace(VERIFIED, policy="https://example.com/p", policy_digest=digest("p"))
UNDER: dict[str, Any] = {"policy": "https://example.com/p", "policy_digest": digest("p")}
NEED_POLICY = ("https://example.com/p", digest("p"))
WEEK = replace(VERIFIED, max_age="7d")
STALE = _unverified("too-old", verifier=VERIFIER, **{"max-age": "7d"})
NAMED = replace(VERIFIED, levels=("ACME_REVIEWED", "SLSA_SOURCE_LEVEL_1"))


def _low(need: tuple[str, ...], *found: str) -> Fail:
    return _unverified("too-low", verifier=VERIFIER, found=found, need=need)


def _other_resource(found: str, need: str = RESOURCE) -> Fail:
    return _unverified("other-resource", found=found, need=need)


VERIFIED_BY = [
    _verified("verified", _passed(), summaries=[summary()]),
    _verified("verified, by a certificate that is meant", _passed(), VERIFIED_HELD, summaries=[summary(keys=(), by=holder("ci"))]),
    _verified("by a certificate that another identity means", NOT_VERIFIED_HELD, VERIFIED_HELD, summaries=[summary(keys=(), by=holder("nightly"))]),
    _verified("by a certificate, where only keys are asked for", NOT_VERIFIED, summaries=[summary(keys=(), by=holder("ci"))]),
    _verified("verified by a key, where identities will do too", _passed(), replace(VERIFIED, identities=("ci",)), summaries=[summary()]),
    _verified("verified, one signature of two ours", _passed(), summaries=[summary("stranger", "builder")]),
    _verified("no artifact at all", Fail(code="verified-by.no-summary"), subject=NOTHING, summaries=[summary()]),
    _verified("no summary", NOT_VERIFIED),
    _verified("a summary signed by another of the policy's keys", NOT_VERIFIED, summaries=[summary("release")]),
    _verified("a summary signed by nobody", NOT_VERIFIED, summaries=[summary(keys=())]),
    _verified("a summary of another artifact", NOT_VERIFIED, summaries=[summary(artifact=digest("other"))]),
    _verified("only bad summaries", _unverified("no-good-summary", keys=("builder",), because=("vsa.malformed",)), rejected=[rejected("vsa.malformed")] * 2),
    _verified("summaries unreadable", Unknown(code="verified-by.unreadable", params={"because": "ref.unreadable"}), summaries=UNREADABLE),
    _verified("summaries never gathered", Unknown(code="verified-by.unreadable", params={"because": "facts.not-gathered"}), summaries=None),
    _verified("no summary, and why is unreadable", Unknown(code="verified-by.unreadable", params={"because": "ref.unreadable"}), rejected=UNREADABLE),
    _verified(
        "another verifier, by the right key",
        _unverified("other-verifier", found=f"{VERIFIER}/", need=VERIFIER),
        summaries=[summary(verifier=f"{VERIFIER}/")],
    ),
    _verified("a pair where DER is asked for", _unverified("other-form", need="der"), summaries=[summary(raw=True)]),
    _verified("DER where a pair is asked for", _unverified("other-form", need="raw"), replace(VERIFIED, signature_form="raw"), summaries=[summary()]),
    _verified("a pair where one is asked for", _passed(), replace(VERIFIED, signature_form="raw"), summaries=[summary(raw=True)]),
    _verified(
        "by a certificate, where keys sign pairs",
        _passed(),
        replace(VERIFIED_HELD, signature_form="raw"),
        summaries=[summary(keys=(), by=holder("ci"))],
    ),
    _verified("as another resource", _other_resource(f"{RESOURCE}2"), summaries=[summary(resource=f"{RESOURCE}2")]),
    _verified("as one of those that fit", _passed(), GLOB, summaries=[summary()]),
    _verified("as none that fits", _other_resource(f"{RESOURCE}/2", str(GLOB.resource_glob)), GLOB, summaries=[summary(resource=f"{RESOURCE}/2")]),
    _verified("under the policy", _passed(), JUDGED, summaries=[summary(**UNDER)]),
    _verified(
        "under another policy",
        _unverified("other-policy", found=("https://example.com/q", digest("p")), need=NEED_POLICY),
        JUDGED,
        summaries=[summary(**{**UNDER, "policy": "https://example.com/q"})],
    ),
    _verified(
        "under the policy as it was",
        _unverified("other-policy", found=("https://example.com/p", digest("q")), need=NEED_POLICY),
        JUDGED,
        summaries=[summary(**{**UNDER, "policy_digest": digest("q")})],
    ),
    _verified("under no policy that is named", _unverified("other-policy", found=(), need=NEED_POLICY), JUDGED, summaries=[summary()]),
    _verified(
        "under another policy, where only its address is asked for",
        _unverified("other-policy", found=("https://example.com/q",), need=("https://example.com/p",)),
        replace(JUDGED, policy_digest=None),
        summaries=[summary(policy="https://example.com/q")],
    ),
    _verified("it did not pass", _unverified("not-passed", verifier=VERIFIER), summaries=[summary(passed=False)]),
    _verified("it passed once and failed once", _passed(), summaries=[summary(passed=False), summary()]),
    _verified("at a lower level", _low(("SLSA_BUILD_LEVEL_2",), "SLSA_BUILD_LEVEL_1"), summaries=[summary(levels=("SLSA_BUILD_LEVEL_1",))]),
    _verified("at exactly that level", _passed("SLSA_BUILD_LEVEL_2"), summaries=[summary(levels=("SLSA_BUILD_LEVEL_2",))]),
    _verified("at no level", _low(("SLSA_BUILD_LEVEL_2",)), summaries=[summary(levels=())]),
    _verified("at a level of another track", _low(NAMED.levels, "SLSA_BUILD_LEVEL_3"), NAMED, summaries=[summary()]),
    _verified(
        "at a level of a track and under a name",
        _passed("SLSA_SOURCE_LEVEL_3", "ACME_REVIEWED"),
        NAMED,
        summaries=[summary(levels=("SLSA_SOURCE_LEVEL_3", "ACME_REVIEWED"))],
    ),
    _verified("a week old", _passed(), WEEK, summaries=[summary(verified_at=ago("7d"))]),
    _verified("verified this very second", _passed(), WEEK, summaries=[summary(verified_at=NOW)]),
    _verified("too old", STALE, WEEK, summaries=[summary(verified_at=ago("7d") - SECOND)]),
    _verified("verified tomorrow", STALE, WEEK, summaries=[summary(verified_at=later("1s"))]),
    _verified("without a time", STALE, WEEK, summaries=[summary()]),
    _verified(
        "each thing right in another summary",
        _unverified("not-passed", verifier=VERIFIER),
        summaries=[summary(verifier="x"), summary(resource="x"), summary(passed=False), summary(artifact=digest("other"))],
    ),
    _verified("one right among wrong ones", _passed(), summaries=[summary(verifier="x"), summary(raw=True), summary(), summary(levels=())]),
    _verified("every artifact verified", _passed(), subject=subject(TWO), summaries=[summary(artifact=FIRST), summary(artifact=OTHER)]),
    _verified(
        "one artifact of two verified",
        Fail(code="verified-by.no-summary", params={"artifact": OTHER, "keys": ("builder",)}),
        subject=subject(TWO),
        summaries=[summary(artifact=FIRST), summary(artifact=FIRST)],
    ),
    _verified(
        "one artifact of two passed",
        Fail(code="verified-by.not-passed", params={"artifact": OTHER, "verifier": VERIFIER}),
        subject=subject(TWO),
        summaries=[summary(artifact=FIRST), summary(artifact=OTHER, passed=False)],
    ),
]


def _came(name: str, answer: Verdict, **stays: Any) -> Case:
    return Case(name=name, answer=answer, requirement=CAME, facts=facts(stays=stays))


CAME_PASS = Pass(params={"environment": "staging", "decision": 7})
NEVER = Fail(code="came-through.never-there", params={"environment": "staging"})

CAME_THROUGH = [
    _came("there now", CAME_PASS, staging=[stay()]),
    _came("there once", CAME_PASS, staging=[stay(since="9d", until="8d"), stay(release("other"))]),
    _came("with another configuration", CAME_PASS, staging=[stay(release("shop", config=digest("staging's")))]),
    _came("the newest of two stays is named", CAME_PASS, staging=[stay(since="9d", until="8d", decision=3), stay()]),
    _came("never there", NEVER, staging=[]),
    _came("another release there", NEVER, staging=[stay(release("other"))]),
    _came("more artifacts there", NEVER, staging=[stay(TWO)]),
    _came("in another environment", NEVER, staging=[], testing=[stay()]),
    _came("stays unreadable", Unknown(code="came-through.unreadable", params={"because": "ref.unreadable"}), staging=UNREADABLE),
    _came("only another environment was gathered", Unknown(code="came-through.unreadable", params={"because": "facts.not-gathered"}), testing=[stay()]),
]


def _soaked(name: str, answer: Verdict, *stays: Any, requirement: AnyRequirement = SOAKED, **found: Any) -> Case:
    return Case(name=name, answer=answer, requirement=requirement, facts=facts(**{"stays": {"staging": stays}, "in_force": [in_force()], **found}))


def _soaked_pass(since: datetime, known: str = "claimed") -> Pass:
    return Pass(params={"in": "staging", "for": "24h", "since": _text(since), "known": known})


def _too_young(since: datetime) -> Fail:
    seconds = int((NOW - since).total_seconds())
    return Fail(
        code="soaked.too-young", params={"in": "staging", "for": "24h", "since": _text(since), "seconds": seconds}, opens_at=since + timedelta(hours=24)
    )


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


HOURS = 3600
OBSERVED = replace(SOAKED, occupancy="observed")
ONLY_CLAIMED = Fail(code="soaked.only-claimed", params={"in": "staging", "for": "24h"})
NEVER_SOAKED = Fail(code="soaked.never-there", params={"in": "staging", "for": "24h"})
REPLACED = Fail(code="soaked.replaced", params={"in": "staging", "for": "24h", "seconds": 20 * HOURS})
UNCLEAR = Fail(code="soaked.unknown", params={"in": "staging", "for": "24h", "since": _text(ago("1h"))})
SOAK_UNREADABLE = Unknown(code="soaked.unreadable", params={"because": "ref.unreadable"})

SOAKED_CASES = [
    _soaked("long enough", _soaked_pass(ago("25h")), stay()),
    _soaked("long enough to the second", _soaked_pass(ago("24h")), stay(since="24h")),
    _soaked("a second short", _too_young(ago("86399s")), stay(since="86399s")),
    _soaked("long ago, and long enough then", _soaked_pass(ago("9d")), stay(since="9d", until="8d")),
    _soaked("long ago, a second short then", Fail(code="soaked.replaced", params={**NEVER_SOAKED.params, "seconds": 86399}), stay(since="86400s", until="1s")),
    _soaked("with another configuration there than here", _soaked_pass(ago("25h")), stay(release("shop", config=digest("staging's")))),
    _soaked(
        "configuration changed in between",
        _too_young(ago("5h")),
        stay(release("shop", config=digest("one")), since="25h", until="5h"),
        stay(release("shop", config=digest("two")), since="5h"),
    ),
    _soaked(
        "two stays do not add up", _too_young(ago("20h")), stay(since="40h", until="22h"), stay(release("other"), since="22h", until="20h"), stay(since="20h")
    ),
    _soaked("replaced too early", REPLACED, stay(since="21h", until="1h"), stay(release("other"), since="1h")),
    _soaked("a deployment broke off too early", UNCLEAR, replace(stay(since="21h", until="1h"), end="unknown")),
    _soaked("a deployment broke off, long enough before", _soaked_pass(ago("26h")), replace(stay(since="26h", until="1h"), end="unknown")),
    _soaked("a deployment broke off, and then it came back", _too_young(ago("1h")), replace(stay(since="21h", until="2h"), end="unknown"), stay(since="1h")),
    _soaked(
        "replaced, and before that one broke off",
        Fail(code="soaked.replaced", params={**NEVER_SOAKED.params, "seconds": 2 * HOURS}),
        replace(stay(since="5h", until="4h"), end="unknown"),
        stay(since="3h", until="1h"),
    ),
    _soaked("never there", NEVER_SOAKED),
    _soaked("another release there", NEVER_SOAKED, stay(release("other"))),
    _soaked("in another environment", NEVER_SOAKED, stays={"staging": [], "testing": [stay()]}),
    _soaked("only claimed, observed asked for", ONLY_CLAIMED, stay(), requirement=OBSERVED),
    _soaked("observed, as asked for", _soaked_pass(ago("25h"), "observed"), stay(known="observed"), requirement=OBSERVED),
    _soaked("observed, claimed would do", _soaked_pass(ago("25h"), "observed"), stay(known="observed")),
    _soaked(
        "observed too shortly, claimed long enough",
        Fail(code="soaked.replaced", params={**NEVER_SOAKED.params, "seconds": 2 * HOURS}),
        stay(since="30h", until="28h", known="observed"),
        stay(),
        requirement=OBSERVED,
    ),
    _soaked("recorded in the future", _too_young(later("1h")), replace(stay(), since=later("1h"))),
    _soaked(
        "replaced in the future", Fail(code="soaked.replaced", params={**NEVER_SOAKED.params, "seconds": HOURS}), replace(stay(since="1h"), until=later("30h"))
    ),
    _soaked("time stamps asked for", Unknown(code="time.unattested", params={"in": "staging"}), stay(), in_force=[in_force(time="attested")]),
    _soaked("stays unreadable", SOAK_UNREADABLE, stays={"staging": UNREADABLE}),
    _soaked("section unreadable", SOAK_UNREADABLE, stay(), in_force=UNREADABLE),
    _soaked("no section", Unknown(code="soaked.unreadable"), stay(), in_force=[]),
    _soaked("two sections", Unknown(code="soaked.unreadable"), stay(), in_force=[in_force(), in_force()]),
    _soaked("stays never gathered", Unknown(code="soaked.unreadable", params={"because": "facts.not-gathered"}), stays={}),
    _soaked("section never gathered", Unknown(code="soaked.unreadable", params={"because": "facts.not-gathered"}), stay(), in_force=None),
]

# Approved. Rita asks, Dora deploys and the key `builder` is Bob's; Ann may approve releases, Sam security, Max both.

RELEASES, SECURITY = "release-management", "security"
RITA, DORA, BOB, ANN, SAM, MAX = (
    person("rita", {"production": ["request", "approve:security"]}),
    person("dora", {"production": ["deploy", "approve:security"]}),
    person("bob", {"production": ["approve:security"]}, keys=["builder"]),
    person("ann", {"production": ["approve:release-management"]}, keys=["ann", "ann-at-home"]),
    person("sam", {"production": ["approve:security"], "staging": ["approve:release-management"]}),
    person("max", {"production": ["approve:release-management", "approve:security"]}, keys=["max", "max-at-home"]),
)
PEOPLE = roster(RITA, DORA, BOB, ANN, SAM, MAX)
ASKED = subject(actor=actor("dora"), request=request_id())
ANNS, SAMS = given("ann", RELEASES, leaf=11), given("sam", SECURITY, leaf=12)
GOOD: dict[str, Any] = {
    "intact": [intact()],
    "signatures": [signature()],
    "provenance": [provenance()],
    "stays": {"staging": [stay()]},
    "in_force": [in_force()],
    "requests": [request(ANNS, SAMS)],
    "roster": PEOPLE,
}
"""What has to be found for `ASKED` to be allowed by every requirement there is."""


def approved(
    name: str,
    answer: Verdict,
    *approvals: Given,
    requirement: AnyRequirement = APPROVED,
    subject: Subject = ASKED,
    asked: Mapping[str, Any] | None = None,
    keys: Mapping[str, PublicKey] = KEYS,
    **found: Any,
) -> Case:
    base = {"requests": [request(*approvals, **(asked or {}))], "in_force": [in_force()], "roster": PEOPLE, "provenance": [provenance()]}
    return Case(name=name, answer=answer, requirement=requirement, subject=subject, keys=keys, facts=facts(**{**base, **found}))


def approved_by(*names: str, leaves: tuple[str, ...] = ("11", "12")) -> Pass:
    return Pass(params={"request": request_id(), "by": tuple(sorted(map(person_id, names))), "leaves": leaves})


def missing(*duties: str, have: int, able: int, need: int = 2, code: str = "approved.too-few-people", **more: Any) -> Fail:
    return Fail(code=code, params={"request": request_id(), "have": have, "need": need, "missing": duties, "able": able, **more})


def lost(code: str) -> Fail:
    """Sam's approval alone was given, and does not count for one reason."""
    return missing(RELEASES, SECURITY, have=0, able=3, code=code, dropped=(code,))


def _refused(code: str, **more: Any) -> Fail:
    return Fail(code=f"approved.{code}", params={"request": request_id(), **more})


def _unknown(code: str, because: str = "") -> Unknown:
    return Unknown(code=f"approved.{code}", params={"because": because} if because else {})


DEPLOYERS: dict[str, Any] = {"may": (person_id("dora"),)}
NOBODY = replace(ASKED, actor=None)
CREW = [person(f"crew-{number}", {"production": ["deploy"]}) for number in range(9)]
COVERED = {"decision": 20, "deployed": 21, "permit_until": later("5m")}
OLD = {"at": ago("9d"), "expires": ago("8d")}

APPROVED_CASES = [
    approved("both duties, two people", approved_by("ann", "sam"), ANNS, SAMS),
    approved("nobody yet", missing(RELEASES, SECURITY, have=0, able=3)),
    approved("one duty of two", missing(SECURITY, have=1, able=2), ANNS),
    approved("one person for both duties", missing(SECURITY, have=1, able=2), given("max", RELEASES), given("max", SECURITY)),
    approved(
        "one person with two keys",
        missing(SECURITY, have=1, able=2),
        given("max", RELEASES),
        replace(given("max", SECURITY), key=key("max-at-home").fingerprint),
    ),
    approved("two people, one of them for both", approved_by("max", "sam", leaves=("12", "103")), given("max", RELEASES), given("max", SECURITY), SAMS),
    approved("two of one duty, none of the other", missing(RELEASES, have=1, able=2), SAMS, given("max", SECURITY)),
    approved("who could move counts as able", missing(SECURITY, have=1, able=1), given("max", RELEASES), given("max", SECURITY), roster=roster(ANN, MAX)),
    approved(
        "who may only what is full is not able",
        missing(RELEASES, have=1, able=1),
        SAMS,
        roster=roster(ANN, SAM, person("kim", {"production": ["approve:security"]})),
    ),
    approved("a duty the giver does not have", lost("approved.not-enrolled"), given("ann", "art")),
    approved(
        "a duty nobody asks for",
        missing(RELEASES, SECURITY, have=0, able=2),
        given("ann", "art"),
        roster=roster(person("ann", {"production": ["approve:art"]}), SAM, MAX),
    ),
    approved(
        "two of one duty asked for",
        approved_by("max", "sam", leaves=("12", "103")),
        SAMS,
        given("max", SECURITY),
        requirement=replace(APPROVED, duties={SECURITY: 2}),
    ),
    approved(
        "one twice, two asked for",
        missing(SECURITY, have=1, able=1, need=2),
        SAMS,
        replace(SAMS, nonce="0" * 32),
        requirement=replace(APPROVED, duties={SECURITY: 2}),
    ),
    # the request
    approved("no request named", Fail(code="approved.no-request"), ANNS, SAMS, subject=replace(ASKED, request=None)),
    approved("another request named", Fail(code="approved.no-request"), ANNS, SAMS, subject=replace(ASKED, request=request_id("other"))),
    approved("another artifact", _refused("other-release"), ANNS, SAMS, asked={"release": release("other")}),
    approved("another configuration", _refused("other-release"), ANNS, SAMS, asked={"release": release("shop", config=digest("config"))}),
    approved("request withdrawn", _refused("request-withdrawn"), ANNS, SAMS, asked={"withdrawn": True}),
    approved("rejected", _refused("rejected", by=(person_id("bob"),)), ANNS, SAMS, asked={"rejected_by": (person_id("bob"),)}),
    approved("rejected after it was deployed", _refused("rejected", by=(person_id("bob"),)), ANNS, SAMS, asked={**COVERED, "rejected_by": (person_id("bob"),)}),
    approved("another release ran since", _refused("spent", decision=20), ANNS, SAMS, asked={**COVERED, "over": True}),
    approved("another release ran since it was recorded first", _refused("spent", decision=20), ANNS, SAMS, asked={**COVERED, "deployed": 0, "over": True}),
    approved("it was over before it was deployed", _refused("spent"), ANNS, SAMS, asked={"rollback": True, "over": True}),
    approved(
        "a permit is outstanding",
        replace(_refused("permit-outstanding", decision=20, by=person_id("dora")), opens_at=later("5m")),
        ANNS,
        SAMS,
        asked={"decision": 20, "permit_until": later("5m"), "permit_by": person_id("dora")},
    ),
    approved(
        "a permit is outstanding, and nobody proved whose it is",
        replace(_refused("permit-outstanding", decision=20, by=""), opens_at=later("5m")),
        ANNS,
        SAMS,
        asked={"decision": 20, "permit_until": later("5m")},
    ),
    approved(
        "a permit is outstanding, and an approval of it was withdrawn",
        missing(SECURITY, have=1, able=2, dropped=("approved.withdrawn",)),
        ANNS,
        replace(SAMS, withdrawn=True),
        asked={"decision": 20, "permit_until": later("5m")},
    ),
    approved("the permit has ended unused", approved_by("ann", "sam"), ANNS, SAMS, asked={"decision": 20, "permit_until": NOW}),
    approved("the permit was given back", approved_by("ann", "sam"), ANNS, SAMS, asked={"decision": 20}),
    approved("deployed, and again", approved_by("ann", "sam"), ANNS, SAMS, asked=COVERED),
    approved(
        "deployed, and again when the approvals have ended",
        approved_by("ann", "sam"),
        replace(ANNS, **OLD),
        replace(SAMS, **OLD),
        asked=COVERED,
        in_force=[in_force(from_=digest("itself"))],
    ),
    approved("deployed at the first leaf there is", approved_by("ann", "sam"), replace(ANNS, **OLD), replace(SAMS, **OLD), asked={**COVERED, "deployed": 0}),
    # what an approval is given over
    approved("withdrawn", lost("approved.withdrawn"), replace(SAMS, withdrawn=True)),
    approved("withdrawn after it was deployed", lost("approved.withdrawn"), replace(SAMS, withdrawn=True), asked=COVERED),
    approved("withdrawn and given again", approved_by("ann", "sam"), ANNS, replace(SAMS, withdrawn=True), SAMS),
    approved("its own end has come", lost("approved.expired"), replace(SAMS, expires=NOW)),
    approved("the policy's end has come", lost("approved.expired"), replace(SAMS, at=ago("72h"), expires=later("9d"))),
    approved("a second before the policy's end", approved_by("ann", "sam"), ANNS, replace(SAMS, at=ago("259199s"), expires=later("1s"))),
    approved("another section", lost("approved.policy-changed"), replace(SAMS, section=digest("before"))),
    approved("another section after it was deployed", lost("approved.policy-changed"), replace(SAMS, section=digest("before")), asked=COVERED),
    approved("another baseline", lost("approved.policy-changed"), replace(SAMS, baseline=digest("before"))),
    approved("another release ran when it was given", lost("approved.from-changed"), replace(SAMS, from_=digest("before"))),
    approved("something runs there now", lost("approved.from-changed"), SAMS, in_force=[in_force(from_=digest("after"))]),
    approved(
        "two reasons",
        missing(RELEASES, SECURITY, have=0, able=3, dropped=("approved.expired", "approved.withdrawn")),
        replace(SAMS, withdrawn=True),
        replace(ANNS, expires=NOW),
    ),
    approved("one reason beside one that counts", missing(RELEASES, have=1, able=2, dropped=("approved.expired",)), SAMS, replace(ANNS, expires=NOW)),
    # who may give it
    approved("by the requester", lost("approved.not-independent"), given("rita", SECURITY)),
    approved("by the deployer", lost("approved.not-independent"), given("dora", SECURITY)),
    approved("by the builder", lost("approved.not-independent"), replace(given("bob", SECURITY), key=key("builder").fingerprint)),
    approved(
        "by somebody who holds another of the policy's keys",
        missing(RELEASES, SECURITY, have=0, able=2, code="approved.not-independent", dropped=("approved.not-independent",)),
        SAMS,
        keys={**KEYS, "his": key("sam").public},
    ),
    approved(
        "by somebody who signed provenance with a key of nobody's policy", approved_by("ann", "sam"), ANNS, SAMS, provenance=[provenance("builder", "sam")]
    ),
    approved(
        "by somebody with a key of the policy, where the builder may",
        approved_by("ann", "sam"),
        ANNS,
        SAMS,
        keys={**KEYS, "his": key("sam").public},
        requirement=replace(APPROVED, independent_of=("requester", "deployer")),
        provenance=None,
    ),
    approved("by the requester, with another key", lost("approved.not-independent"), replace(given("rita", SECURITY), key=key("ann-at-home").fingerprint)),
    approved(
        "by the requester, who may",
        approved_by("ann", "rita", leaves=("11", "104")),
        ANNS,
        given("rita", SECURITY),
        requirement=replace(APPROVED, independent_of=()),
    ),
    approved(
        "by somebody with the duty elsewhere",
        missing(RELEASES, SECURITY, have=0, able=3, code="approved.not-enrolled", dropped=("approved.not-enrolled",)),
        given("sam", RELEASES),
    ),
    approved(
        "by somebody who has left",
        missing(RELEASES, SECURITY, have=0, able=2, code="approved.not-enrolled", dropped=("approved.not-enrolled",)),
        SAMS,
        roster=roster(RITA, DORA, BOB, ANN, MAX),
    ),
    approved("with a key that was taken off the roster", lost("approved.not-enrolled"), replace(SAMS, key=key("sam-lost-it").fingerprint)),
    approved("with a key that is somebody else's now", lost("approved.not-enrolled"), replace(SAMS, key=ANNS.key)),
    # what cannot be told
    approved("nobody proved who deploys", Unknown(code="approved.deployer-unknown", params=DEPLOYERS), ANNS, SAMS, subject=NOBODY),
    approved(
        "nobody proved who deploys, and the deployer may approve",
        Unknown(code="approved.deployer-unknown", params=DEPLOYERS),
        ANNS,
        SAMS,
        subject=NOBODY,
        requirement=replace(APPROVED, independent_of=()),
    ),
    approved("nobody proved who deploys, and nobody approved either", missing(SECURITY, have=1, able=3), ANNS, subject=NOBODY),
    approved(
        "a key nobody enrolled asks",
        Unknown(code="approved.deployer-unknown", params=DEPLOYERS),
        ANNS,
        SAMS,
        subject=replace(ASKED, actor=replace(actor("dora"), person=None)),
    ),
    approved(
        "an approver asks, and may not deploy", Fail(code="approved.not-deployer", params=DEPLOYERS), ANNS, SAMS, subject=replace(ASKED, actor=actor("ann"))
    ),
    approved(
        "somebody asks who may deploy elsewhere",
        Fail(code="approved.not-deployer", params={"may": ()}),
        ANNS,
        SAMS,
        roster=roster(RITA, person("dora", {"staging": ["deploy"]}), ANN, SAM),
        requirement=replace(APPROVED, independent_of=()),
    ),
    approved("somebody asks who has left", Fail(code="approved.not-deployer", params={"may": ()}), ANNS, SAMS, roster=roster(RITA, ANN, SAM)),
    approved("an approver looks what is missing", missing(SECURITY, have=1, able=3), ANNS, subject=replace(ASKED, actor=actor("ann"))),
    approved(
        "an approver asks while a permit is out",
        Fail(code="approved.not-deployer", params=DEPLOYERS),
        ANNS,
        SAMS,
        subject=replace(ASKED, actor=actor("ann")),
        asked={"decision": 20, "permit_until": later("5m"), "permit_by": person_id("dora")},
    ),
    approved(
        "more may deploy than are named",
        Unknown(code="approved.deployer-unknown", params={"may": tuple(sorted(one.id for one in CREW)[:8])}),
        ANNS,
        SAMS,
        subject=NOBODY,
        roster=roster(ANN, SAM, *CREW),
    ),
    approved("no provenance", Unknown(code="approved.builder-unknown", params={"artifact": IMAGE}), ANNS, SAMS, provenance=[]),
    approved(
        "provenance by none of the policy's keys",
        Unknown(code="approved.builder-unknown", params={"artifact": IMAGE}),
        ANNS,
        SAMS,
        provenance=[provenance("sam")],
    ),
    approved("built by a workflow that a certificate names", approved_by("ann", "sam"), ANNS, SAMS, provenance=[provenance(keys=(), by=holder("ci"))]),
    approved(
        "built by a person that a certificate names",
        Unknown(code="approved.builder-unknown", params={"artifact": IMAGE}),
        ANNS,
        SAMS,
        provenance=[provenance(keys=(), by=replace(holder("ci"), subject="ann@acme.example"))],
    ),
    approved("provenance nobody signed", Unknown(code="approved.builder-unknown", params={"artifact": IMAGE}), ANNS, SAMS, provenance=[provenance(keys=())]),
    approved(
        "provenance of one artifact of two",
        Unknown(code="approved.builder-unknown", params={"artifact": OTHER}),
        ANNS,
        SAMS,
        subject=replace(ASKED, release=TWO),
        asked={"release": TWO},
        provenance=[provenance(artifact=FIRST)],
    ),
    approved("provenance unreadable", _unknown("builder-unknown", "ref.unreadable"), ANNS, SAMS, provenance=UNREADABLE),
    approved("provenance never gathered", _unknown("builder-unknown", "facts.not-gathered"), ANNS, SAMS, provenance=None),
    approved("independent of the author", _unknown("author-unknown"), ANNS, SAMS, requirement=replace(APPROVED, independent_of=("author",))),
    approved("requests unreadable", _unknown("unreadable", "ref.unreadable"), ANNS, SAMS, requests=UNREADABLE),
    approved("requests never gathered", _unknown("unreadable", "facts.not-gathered"), ANNS, SAMS, requests=None),
    approved("section unreadable", _unknown("unreadable", "ref.unreadable"), ANNS, SAMS, in_force=UNREADABLE),
    approved("roster unreadable", _unknown("unreadable", "ref.unreadable"), ANNS, SAMS, roster=UNREADABLE),
    approved("no section", _unknown("unreadable"), ANNS, SAMS, in_force=[]),
    approved("two sections", _unknown("unreadable"), ANNS, SAMS, in_force=[in_force(), in_force()]),
    approved("roster never gathered", _unknown("unreadable", "facts.not-gathered"), ANNS, SAMS, roster=None),
]


def _scanned(name: str, answer: Verdict, requirement: AnyRequirement = SCANNED, subject: Subject = WHOLE, **found: Any) -> Case:
    return Case(name=name, answer=answer, requirement=requirement, subject=subject, facts=facts(**found))


def _clean(*tools: str, at_most: str = "medium") -> Pass:
    return Pass(params={"tools": tools or ("trivy",), "at-most": at_most})


def _unscanned(code: str, **more: Any) -> Fail:
    return Fail(code=f"scanned.{code}", params={"artifact": IMAGE, **more})


def _too_much(level: str, *ids: str, tool: str = "trivy", count: int = 0, at: str = "2026-11-22T19:14:03Z", at_most: str = "medium") -> Fail:
    return _unscanned("found", tool=tool, at=at, **{"at-most": at_most}, level=level, count=count or len(ids), ids=ids)


NOT_SCANNED = _unscanned("no-scan", keys=("builder",))
SCANNED_HELD = replace(SCANNED, keys=(), identities=("ci",))
BY_GRYPE = replace(SCANNED, by=("Grype",))
FRESH = replace(SCANNED, max_age="7d")
FRESH_DATA = replace(SCANNED, database_max_age="2d")
TRIVY: dict[str, Any] = {"tools": ("trivy",)}
OLD_DATA = _unscanned("database-too-old", **TRIVY, **{"database-max-age": "2d"})

SCANNED_CASES = [
    _scanned("scanned", _clean(), scans=[scan()]),
    _scanned("by a certificate that is meant", _clean(), SCANNED_HELD, scans=[scan(keys=(), by=holder("ci"))]),
    _scanned(
        "by a certificate that another identity means",
        _unscanned("no-scan", keys=(), identities=("ci",)),
        SCANNED_HELD,
        scans=[scan(keys=(), by=holder("nightly"))],
    ),
    _scanned("no artifact at all", Fail(code="scanned.no-scan"), subject=NOTHING, scans=[scan()]),
    _scanned("not scanned", NOT_SCANNED),
    _scanned("scanned by a stranger", NOT_SCANNED, scans=[scan(signed=("stranger",))]),
    _scanned("a stranger's findings do not count", _clean(), scans=[scan(), scan("critical", signed=("stranger",))]),
    _scanned("a scan of another artifact", NOT_SCANNED, scans=[scan(artifact=digest("other"))]),
    _scanned("only bad scans", _unscanned("no-good-scan", keys=("builder",), because=("scan.failed",)), rejected=[rejected("scan.failed")] * 2),
    _scanned("scans unreadable", Unknown(code="scanned.unreadable", params={"because": "ref.unreadable"}), scans=UNREADABLE),
    _scanned("scans never gathered", Unknown(code="scanned.unreadable", params={"because": "facts.not-gathered"}), scans=None),
    _scanned("not scanned, and why is unreadable", Unknown(code="scanned.unreadable", params={"because": "ref.unreadable"}), rejected=UNREADABLE),
    _scanned("by the tool that is asked for, however it is written", _clean("grype"), BY_GRYPE, scans=[scan(tool="grype")]),
    _scanned("by another tool", _unscanned("other-tool", found=("trivy",), need=("Grype",)), BY_GRYPE, scans=[scan()]),
    _scanned("another tool's findings do not count", _clean("grype"), BY_GRYPE, scans=[scan("critical"), scan(tool="grype")]),
    _scanned("as much as is allowed", _clean(), scans=[scan("none", "low", "medium")]),
    _scanned("too much", _too_much("critical", "CVE-2026-2", "CVE-2026-1"), scans=[scan("low", "high", "critical")]),
    _scanned(
        "much too much",
        _too_much("high", *(f"CVE-2026-{place}" for place in range(8)), count=9),
        scans=[scan("high", "high", "high", "high", "high", "high", "high", "high", "high")],
    ),
    _scanned("found, whatever it was, where that is not asked", _clean(at_most="any"), replace(SCANNED, at_most="any"), scans=[scan("critical", "unknown")]),
    _scanned("nobody said how severe", _too_much("unknown", "CVE-2026-0"), scans=[scan("unknown")]),
    _scanned("nobody said how severe, and that is allowed", _clean(), replace(SCANNED, unscored="allow"), scans=[scan("unknown", "low")]),
    _scanned(
        "nobody said how severe, and more was left out",
        _unscanned("too-many", tool="trivy", at="2026-11-22T19:14:03Z", **{"at-most": "medium"}, more=3),
        replace(SCANNED, unscored="allow"),
        scans=[scan("unknown", more=3)],
    ),
    _scanned("found since", _too_much("high", "CVE-2026-0"), scans=[scan(at=ago("2h")), scan("high")]),
    _scanned("not found any more", _clean(), scans=[scan("high", at=ago("2h")), scan()]),
    _scanned(
        "found by one tool of two",
        _too_much("high", "CVE-2026-0", tool="grype", at="2026-11-22T14:14:03Z"),
        scans=[scan(), scan("high", tool="grype", at=ago("6h"))],
    ),
    _scanned("found, and nobody says when", _too_much("high", "CVE-2026-0", at=""), scans=[scan(), scan("high", at=None)]),
    _scanned("young enough", _clean(), FRESH, scans=[scan(at=ago("7d"), database_at=None)]),
    _scanned("too old", _unscanned("too-old", **TRIVY, **{"max-age": "7d"}), FRESH, scans=[scan(at=ago("7d") - SECOND)]),
    _scanned("done since, for a recheck of then", _clean(), FRESH, scans=[scan(at=later("1h"))]),
    _scanned("one young enough of two tools", _clean("grype", "trivy"), FRESH, scans=[scan(at=ago("8d")), scan(tool="grype")]),
    _scanned("without a date", _unscanned("no-date", **TRIVY), FRESH, scans=[scan(at=None)]),
    _scanned("without a date, where none is asked for", _clean(), scans=[scan(at=None, database_at=None)]),
    _scanned("data young enough", _clean(), FRESH_DATA, scans=[scan(at=ago("9d"), database_at=ago("11d"))]),
    _scanned("data too old", OLD_DATA, FRESH_DATA, scans=[scan(at=ago("1h"), database_at=ago("1h") - timedelta(days=2) - SECOND)]),
    _scanned("data without a date", _unscanned("no-database-date", **TRIVY), FRESH_DATA, scans=[scan(database_at=None)]),
    _scanned("data with a date, of a scan without", _unscanned("no-date", **TRIVY), FRESH_DATA, scans=[scan(at=None)]),
    _scanned("one with fresh data of two tools", _clean("grype", "trivy"), FRESH_DATA, scans=[scan(database_at=ago("30d")), scan(tool="grype")]),
    _scanned(
        "one artifact of two",
        Fail(code="scanned.no-scan", params={"artifact": OTHER, "keys": ("builder",)}),
        subject=subject(TWO),
        scans=[scan(artifact=FIRST)],
    ),
    _scanned(
        "found in one artifact of two",
        Fail(
            code="scanned.found",
            params={"artifact": OTHER, "tool": "trivy", "at": "2026-11-22T19:14:03Z", "at-most": "medium", "level": "high", "count": 1, "ids": ("CVE-2026-0",)},
        ),
        subject=subject(TWO),
        scans=[scan(artifact=FIRST), scan("high", artifact=OTHER)],
    ),
]

VULNERABLE_CASES = [
    Case(name=name, answer=answer, requirement=requirement, subject=asked, facts=known) for name, answer, requirement, asked, known in VULNERABLE_ANSWERS
]

CASES: dict[str, list[Case]] = {
    "signed-by": SIGNED_BY,
    "built-by": BUILT_BY,
    "verified-by": VERIFIED_BY,
    "came-through": CAME_THROUGH,
    "soaked": [*SOAKED_CASES, *SOAKED_ON_DEPENDENCIES],
    "approved": APPROVED_CASES,
    "scanned": SCANNED_CASES,
    "has-attestation": HAS_ATTESTATION,
    "tested": TESTED_CASES,
    "not-revoked": NOT_REVOKED_CASES,
    "within-hours": WITHIN_HOURS,
    "vulnerable": VULNERABLE_CASES,
    "has-sbom": HAS_SBOM,
    "no-component": NO_COMPONENT,
}
