"""The cases of what asks about bills of materials: `has-sbom` and `no-component`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from build import IMAGE, NOW, UNREADABLE, ago, digest, facts, forced, holder, key, later, rejected, release, subject
from core.case import Case
from lockgate.core.components import Component, LookedInside, Sbom
from lockgate.core.digest import Digest
from lockgate.core.facts import Complete, Facts, Need, Unreadable
from lockgate.core.model import Subject
from lockgate.core.outcome import Fail, Pass, Unknown, Verdict
from lockgate.core.requirements.has_sbom import HasSbom
from lockgate.core.requirements.no_component import NoComponent

PAD = Component(purl="pkg:npm/left-pad@1.3.0", name="left-pad", version="1.3.0", licences=("MIT",))
YAML = Component(purl="pkg:pypi/pyyaml@6.0", name="PyYAML", version="6.0", licences=("MIT OR GPL-3.0-only",))
ROOT = Component(name="debian", version="12", kind="operating-system")
INSIDE = "/usr/share/sbom/app.cdx.json"

HAS = HasSbom(keys=("builder",))
NONE_OF = NoComponent(keys=("builder",), purls=("pkg:npm/event-stream",), licences=("GPL-*",))


def sbom(*by: str, artifact: Digest = IMAGE, **changes: Any) -> Sbom:
    """Signed by ``builder``, with two packages and a system."""
    keys = tuple(sorted(key(one).fingerprint for one in (by or ["builder"])))
    base: dict[str, Any] = {"keys": keys, "source": digest("sbom"), "format": "cyclonedx", "spec": "1.6", "components": (PAD, YAML, ROOT)}
    return Sbom(subject=artifact, **{**base, **changes})


def inside(**changes: Any) -> Sbom:
    return sbom(**{"keys": (), "found": "inside", "where": INSIDE, **changes})


def _facts(sboms: Sequence[Sbom] | Unreadable | None, looked: Sequence[LookedInside] | Unreadable | None, **more: Any) -> Facts:
    found = facts(**more)
    for kind, some in ((Sbom, sboms), (LookedInside, looked)):
        if some is not None:
            found = found.replace(Need(kind), some if isinstance(some, Unreadable) else Complete(items=tuple(some), as_of=NOW))
    return found


def has(name: str, answer: Verdict, *sboms: Sbom, requirement: HasSbom = HAS, about: Subject | None = None, **more: Any) -> Case:
    given: Any = more.pop("sboms", sboms)
    return Case(name=name, answer=answer, requirement=requirement, subject=about or subject(), facts=_facts(given, more.pop("looked", ()), **more))


def no(name: str, answer: Verdict, *sboms: Sbom, requirement: NoComponent = NONE_OF, about: Subject | None = None, **more: Any) -> Case:
    given: Any = more.pop("sboms", sboms)
    return Case(name=name, answer=answer, requirement=requirement, subject=about or subject(), facts=_facts(given, more.pop("looked", ()), **more))


def refused(code: str, **more: Any) -> Fail:
    return Fail(code=code, params={"artifact": IMAGE, **more})


def untold(code: str, **more: Any) -> Unknown:
    return Unknown(code=code, params={"artifact": IMAGE, **more})


GOOD = Pass(params={"format": "cyclonedx", "components": 3})
BY = {"keys": ("builder",)}
HELD = {"keys": (), "identities": ("ci",)}
TWO = release("shop", "worker")
FIRST, OTHER = TWO.artifacts
NOBODY = subject(forced(TWO, artifacts=()))
IN = HasSbom(inside=INSIDE)
WHOLE = replace(HAS, complete="required")
YOUNG = replace(HAS, max_age="30d")
CISA = replace(HAS, elements=("cisa",))
LACKS = ("context", "supplier")
BARE = Component(name="x")
SYSTEM = {"components": (ROOT,)}
ELSE = sbom(components=(PAD, ROOT), source=digest("another"))
AGE = {"max-age": "30d"}

HAS_SBOM = [
    has("signed", GOOD, sbom()),
    has("by an identity", GOOD, sbom(keys=(), by=holder("ci")), requirement=HasSbom(identities=("ci",))),
    has("by another identity", refused("has-sbom.no-sbom", **HELD), sbom(keys=(), by=holder("else")), requirement=HasSbom(identities=("ci",))),
    has("none", refused("has-sbom.no-sbom", **BY)),
    has("no artifact at all", Fail(code="has-sbom.no-sbom"), sbom(), about=NOBODY),
    has("by a stranger", refused("has-sbom.no-sbom", **BY), sbom("stranger")),
    has("of another artifact", refused("has-sbom.no-sbom", **BY), sbom(artifact=digest("other"))),
    has("of one artifact of two", Fail(code="has-sbom.no-sbom", params={"artifact": OTHER, **BY}), sbom(artifact=FIRST), about=subject(TWO)),
    has("of both", GOOD, sbom(artifact=FIRST), sbom(artifact=OTHER), about=subject(TWO)),
    has("one that proves nothing", refused("has-sbom.no-good-sbom", **BY, because=("sbom.malformed",)), rejected=[rejected("sbom.malformed")] * 2),
    has("unreadable", Unknown(code="has-sbom.unreadable", params={"because": "ref.unreadable"}), sboms=UNREADABLE),
    has("never gathered", Unknown(code="has-sbom.unreadable", params={"because": "facts.not-gathered"}), sboms=None),
    has("none, and why is unreadable", Unknown(code="has-sbom.unreadable", params={"because": "ref.unreadable"}), rejected=UNREADABLE),
    has("of a format that counts", GOOD, sbom(), requirement=replace(HAS, formats=("spdx", "cyclonedx"))),
    has(
        "of another format",
        refused("has-sbom.other-format", found="cyclonedx", need=("spdx",)),
        sbom(),
        requirement=replace(HAS, formats=("spdx",)),
    ),
    has("the other format does not disagree", GOOD, sbom(), replace(ELSE, format="spdx"), requirement=replace(HAS, formats=("cyclonedx",))),
    has("attached by nobody does not count", refused("has-sbom.no-sbom", **BY), sbom(keys=(), found="attached")),
    has("attached, as asked", GOOD, sbom(keys=(), found="attached"), requirement=HasSbom(found="attached")),
    has("signed, where attached is asked", refused("has-sbom.no-sbom", keys=()), sbom(), requirement=HasSbom(found="attached")),
    has("inside", GOOD, inside(), requirement=IN, looked=[LookedInside(subject=IMAGE, path=INSIDE)]),
    has(
        "inside, elsewhere",
        refused("has-sbom.no-sbom", inside=INSIDE),
        inside(where="/else"),
        requirement=IN,
        looked=[LookedInside(subject=IMAGE, path=INSIDE)],
    ),
    has(
        "inside, spoiled",
        refused("has-sbom.no-good-sbom", inside=INSIDE, because=("sbom.other-format",)),
        requirement=IN,
        looked=[LookedInside(subject=IMAGE, path=INSIDE)],
        rejected=[rejected("sbom.other-format")],
    ),
    has(
        "inside of what is no image",
        untold("has-sbom.not-looked", inside=INSIDE, because="inside.no-image"),
        requirement=IN,
        looked=[LookedInside(subject=IMAGE, path=INSIDE, problem="inside.no-image")],
    ),
    has(
        "nobody looked there",
        untold("has-sbom.not-looked", inside=INSIDE, because="facts.not-gathered"),
        requirement=IN,
        looked=[LookedInside(subject=IMAGE, path="/else"), LookedInside(subject=digest("other"), path=INSIDE)],
    ),
    has("looking inside is unreadable", Unknown(code="has-sbom.unreadable", params={"because": "ref.unreadable"}), requirement=IN, looked=UNREADABLE),
    has("young", GOOD, sbom(created_at=ago("30d")), requirement=YOUNG),
    has("too old", refused("has-sbom.too-old", **AGE), sbom(created_at=ago("31d")), requirement=YOUNG),
    has("without a time", refused("has-sbom.too-old", **AGE), sbom(), requirement=YOUNG),
    has("made tomorrow", refused("has-sbom.too-old", **AGE), sbom(created_at=later("1h")), requirement=YOUNG),
    has("the old one does not disagree", GOOD, sbom(created_at=ago("1d")), replace(ELSE, created_at=ago("31d")), requirement=YOUNG),
    has("two that disagree", refused("has-sbom.disagree", sboms=2, apart=1, first="pkg:pypi/pyyaml@6.0"), sbom(), ELSE),
    has("two that disagree in a name", refused("has-sbom.disagree", sboms=2, apart=1, first="x"), sbom(), sbom(components=(PAD, YAML, BARE))),
    has("two that disagree, where any will do", GOOD, sbom(), ELSE, requirement=replace(HAS, several="any")),
    has("two that agree on packages", GOOD, sbom(), sbom(components=(YAML, PAD), format="spdx")),
    has("empty", untold("has-sbom.empty"), sbom(components=())),
    has("nothing but the name of a system", untold("has-sbom.empty"), sbom(components=(ROOT,))),
    has("has the elements", GOOD, sbom(lacks=("context", "hash")), requirement=replace(HAS, elements=("ntia", "licence"))),
    has("lacks one of NTIA's", refused("has-sbom.lacks", lacks=("supplier",)), sbom(lacks=LACKS), requirement=replace(HAS, elements=("ntia",))),
    has("lacks two of CISA's", refused("has-sbom.lacks", lacks=LACKS), sbom(lacks=LACKS), requirement=CISA),
    has("lacks one that is named", refused("has-sbom.lacks", lacks=("hash",)), sbom(lacks=("hash", "tool")), requirement=replace(HAS, elements=("hash",))),
    has("one of two has the elements", GOOD, sbom(lacks=LACKS), sbom(source=digest("2")), requirement=CISA),
    has("complete", GOOD, sbom(complete="complete"), requirement=WHOLE),
    has("says nothing of that", untold("has-sbom.incomplete", says="unsaid", skipped=0), sbom(), requirement=WHOLE),
    has("says it is incomplete", untold("has-sbom.incomplete", says="incomplete", skipped=0), sbom(complete="incomplete"), requirement=WHOLE),
    has("has what cannot be read", untold("has-sbom.incomplete", says="complete", skipped=2), sbom(complete="complete", skipped=2), requirement=WHOLE),
    has("incomplete, where nobody asks", GOOD, sbom(complete="incomplete", skipped=2)),
    has(
        "without a version",
        untold("has-sbom.no-versions", without=1),
        sbom(complete="complete", components=(PAD, BARE, replace(ROOT, version=""))),
        requirement=WHOLE,
    ),
    has("a file without a version", GOOD, sbom(complete="complete", components=(PAD, YAML, replace(ROOT, version=""))), requirement=WHOLE),
]

CLEAN = Pass(params={"components": 3})
BAD = Component(purl="pkg:npm/event-stream@3.3.6", name="event-stream", version="3.3.6", licences=("MIT",))
COPYLEFT = Component(purl="pkg:npm/x@1", name="x", version="1", licences=("GPL-3.0-only",))
FREE = Component(purl="pkg:npm/y@1", name="y", version="1")
NAMELESS = Component(name="z", version="1", licences=("MIT",))
PURLS = NoComponent(keys=("builder",), purls=("pkg:npm/event-stream",))
LICENCES = NoComponent(keys=("builder",), licences=("GPL-*",))
NO_IN = NoComponent(inside=INSIDE, purls=("pkg:npm/event-stream",))


def with_(*parts: Component, **changes: Any) -> Sbom:
    return sbom(components=(PAD, *parts), **changes)


NO_COMPONENT = [
    no("clean", CLEAN, sbom()),
    no("by an identity", CLEAN, sbom(keys=(), by=holder("ci")), requirement=replace(NONE_OF, keys=(), identities=("ci",))),
    no("by nobody of ours", refused("no-component.no-sbom", **HELD), sbom(), requirement=replace(NONE_OF, keys=(), identities=("ci",))),
    no("none", refused("no-component.no-sbom", **BY)),
    no("no artifact at all", Fail(code="no-component.no-sbom"), sbom(), about=NOBODY),
    no("by a stranger", refused("no-component.no-sbom", **BY), sbom("stranger")),
    no("of another format", refused("no-component.no-sbom", **BY), sbom(), requirement=replace(NONE_OF, formats=("spdx",))),
    no("of a format that counts", CLEAN, sbom(), requirement=replace(NONE_OF, formats=("cyclonedx",))),
    no("one that proves nothing", refused("no-component.no-good-sbom", **BY, because=("sbom.malformed",)), rejected=[rejected("sbom.malformed")]),
    no("unreadable", Unknown(code="no-component.unreadable", params={"because": "ref.unreadable"}), sboms=UNREADABLE),
    no("none, and why is unreadable", Unknown(code="no-component.unreadable", params={"because": "ref.unreadable"}), rejected=UNREADABLE),
    no("inside", CLEAN, inside(), requirement=NO_IN, looked=[LookedInside(subject=IMAGE, path=INSIDE)]),
    no("nothing inside", refused("no-component.no-sbom", inside=INSIDE), requirement=NO_IN, looked=[LookedInside(subject=IMAGE, path=INSIDE)]),
    no(
        "inside of what is no image",
        untold("no-component.not-looked", inside=INSIDE, because="inside.no-image"),
        requirement=NO_IN,
        looked=[LookedInside(subject=IMAGE, path=INSIDE, problem="inside.no-image")],
    ),
    no(
        "nobody looked there",
        untold("no-component.not-looked", inside=INSIDE, because="facts.not-gathered"),
        requirement=NO_IN,
        looked=[LookedInside(subject=IMAGE, path="/else"), LookedInside(subject=digest("other"), path=INSIDE)],
    ),
    no("looking inside is unreadable", Unknown(code="no-component.unreadable", params={"because": "ref.unreadable"}), requirement=NO_IN, looked=UNREADABLE),
    no("too old", refused("no-component.too-old", **AGE), sbom(created_at=ago("31d")), requirement=replace(NONE_OF, max_age="30d")),
    no("an old one is passed over", CLEAN, sbom(created_at=ago("1d")), with_(BAD, created_at=ago("31d")), requirement=replace(NONE_OF, max_age="30d")),
    no("forbidden", refused("no-component.forbidden", found=(BAD.purl,), count=1), with_(BAD)),
    no("forbidden by one of two", refused("no-component.forbidden", found=(BAD.purl,), count=1), sbom(), with_(BAD)),
    no("forbidden in the second artifact", Fail(code="no-component.forbidden", params={"artifact": OTHER, "found": (BAD.purl,), "count": 1}),
       sbom(artifact=FIRST, skipped=1), with_(BAD, artifact=OTHER), about=subject(TWO)),
    no("a licence that is forbidden", refused("no-component.forbidden-licence", found=(COPYLEFT.purl,), licences=("GPL-3.0-only",), count=1), with_(COPYLEFT)),
    no("a licence nobody asks about", Pass(params={"components": 2}), with_(COPYLEFT), requirement=PURLS),
    no("under no licence", untold("no-component.unlicensed", found=(FREE.purl,), count=1), with_(FREE)),
    no("under no licence, which is allowed", Pass(params={"components": 2}), with_(FREE), requirement=replace(NONE_OF, unlicensed="allow")),
    no("under no licence, where none is asked about", Pass(params={"components": 2}), with_(FREE), requirement=PURLS),
    no("without a package URL", untold("no-component.unidentified", found=("z 1",), count=1), with_(NAMELESS)),
    no("without any name", untold("no-component.unidentified", found=("?",), count=1), with_(replace(NAMELESS, name="", version=""))),
    no("without a package URL, which is allowed", Pass(params={"components": 2}), with_(NAMELESS), requirement=replace(NONE_OF, unidentified="allow")),
    no("without a package URL, where none is asked about", Pass(params={"components": 2}), with_(NAMELESS), requirement=LICENCES),
    no("empty", untold("no-component.empty"), sbom(components=())),
    no("nothing but the name of a system", untold("no-component.empty"), sbom(components=(ROOT,))),
    no("one of two is empty", untold("no-component.empty"), sbom(), sbom(components=())),
    no("incomplete", untold("no-component.incomplete"), sbom(complete="incomplete")),
    no("complete", CLEAN, sbom(complete="complete")),
    no("skipped", untold("no-component.skipped", count=3), sbom(skipped=1), sbom(skipped=2)),
    no("what is known against it comes first", refused("no-component.forbidden", found=(BAD.purl,), count=1), with_(BAD, skipped=1, complete="incomplete")),
    no("not known of one artifact", Unknown(code="no-component.skipped", params={"artifact": OTHER, "count": 1}),
       sbom(artifact=FIRST), sbom(artifact=OTHER, skipped=1), about=subject(TWO)),
]  # fmt: skip
