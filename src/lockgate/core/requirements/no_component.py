"""``no-component``: nothing that a bill of materials lists in any artifact is one of these packages, or comes under one of these licences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Annotated, ClassVar, Literal

import msgspec

from lockgate.core import counted_sboms, globs, package_patterns
from lockgate.core.components import Component, LookedInside, Sbom
from lockgate.core.counted_sboms import Format, Found, InsidePath, Which, counted, young
from lockgate.core.digest import Digest
from lockgate.core.duration import Duration
from lockgate.core.facts import Facts, Need, Rejected, Unreadable
from lockgate.core.identity import EvidenceKey, Name, fingerprint
from lockgate.core.licences import Judged, all_of
from lockgate.core.model import Subject
from lockgate.core.outcome import Fail, Params, Pass, Unknown, Verdict
from lockgate.core.requirements.base import Requirement, unknown

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class NoComponent(Requirement, tag="no-component", frozen=True, kw_only=True):
    """No bill of materials that counts lists such a package, and one at least was read, whole.

    Attributes:
        purls: patterns over package URLs (`core.package_patterns`). licences: over licences' names (`core.pattern`). One at least of both.
        keys, identities, formats, found, inside, max_age: which bills of materials count, as `has-sbom` has it. All that count are looked at.
        unidentified: whether a package without a package URL refuses, where `purls` are asked for.
        unlicensed: whether a package under no licence that is known refuses, where `licences` are asked for.

    Raises:
        ValueError: at construction, where nothing is forbidden, a pattern is none, or `counted_sboms.place` says so.
    """

    waivable: ClassVar[bool] = True
    yields: ClassVar[bool] = True
    lasts: ClassVar[Literal["no", "then", "now"]] = "now"

    purls: Annotated[tuple[Text, ...], msgspec.Meta(max_length=256)] = ()
    licences: Annotated[tuple[Text, ...], msgspec.Meta(max_length=256)] = ()
    keys: Annotated[tuple[Name, ...], msgspec.Meta(max_length=64)] = ()
    identities: Annotated[tuple[Name, ...], msgspec.Meta(max_length=64)] = ()
    formats: Annotated[tuple[Format, ...], msgspec.Meta(max_length=2)] = ()
    found: Found | None = None
    inside: InsidePath | None = None
    unidentified: Literal["refuse", "allow"] = "refuse"
    unlicensed: Literal["refuse", "allow"] = "refuse"
    max_age: Duration | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        counted_sboms.place(self.found, self.inside, self.keys, self.identities)
        if not self.purls and not self.licences:
            raise ValueError("no-component forbids neither purls nor licences")
        package_patterns.matcher(self.purls)
        _meant(self.licences)

    def key_names(self) -> tuple[Name, ...]:
        """The keys that may sign what is read."""
        return self.keys

    def identity_names(self) -> tuple[Name, ...]:
        """The identities that may."""
        return self.identities

    def needs(self) -> tuple[Need, ...]:
        """Bills of materials, what proves nothing, and where was looked inside."""
        return (Need(Sbom), Need(Rejected), Need(LookedInside))

    def check(self, subject: Subject, facts: Facts, now: datetime, keys: dict[Name, EvidenceKey]) -> Verdict:
        """Every artifact; the first that fails speaks for all, and else the first of which something is not known."""
        sboms = facts.of(Sbom)
        if isinstance(sboms, Unreadable):
            return unknown(sboms, "no-component.unreadable")
        where = counted_sboms.place(self.found, self.inside, self.keys, self.identities)
        which = Which({fingerprint(keys[name]) for name in self.keys}, set(self.identities), where, self.inside or "")
        verdicts = [self._artifact(artifact, counted(sboms.items, artifact, which), facts, now) for artifact in subject.release.artifacts]
        against: list[Verdict] = [one for one in verdicts if isinstance(one, Fail)]
        against += [one for one in verdicts if isinstance(one, Unknown)]
        return against[0] if against else verdicts[0] if verdicts else Fail(code="no-component.no-sbom")

    def _artifact(self, artifact: Digest, found: list[Sbom], facts: Facts, now: datetime) -> Verdict:
        left = [one for one in found if not self.formats or one.format in self.formats]
        if not left:
            return self._none(artifact, facts)
        params: Params = {"artifact": artifact}
        left = [one for one in left if young(one, self.max_age, now)]
        if not left:
            return Fail(code="no-component.too-old", params={**params, "max-age": self.max_age or ""})
        parts = list(dict.fromkeys(part for one in left for part in one.components))
        if hit := self._forbidden(parts):
            return Fail(code="no-component.forbidden", params={**params, "found": _brief(hit), "count": len(hit)})
        if hit := self._licensed(parts, "forbidden"):
            return Fail(code="no-component.forbidden-licence", params={**params, "found": _brief(hit), "licences": hit[0].licences, "count": len(hit)})
        return self._seen(params, left, parts) or Pass(params={"components": len(parts)})

    def _seen(self, params: Params, left: list[Sbom], parts: list[Component]) -> Unknown | None:
        """What of these packages cannot be told; None where all can."""
        if any(not counted_sboms.packages(one) for one in left):
            return Unknown(code="no-component.empty", params=params)
        if any(one.complete == "incomplete" for one in left):
            return Unknown(code="no-component.incomplete", params=params)
        if skipped := sum(one.skipped for one in left):
            return Unknown(code="no-component.skipped", params={**params, "count": skipped})
        if self.purls and self.unidentified == "refuse" and (nameless := [one for one in parts if not one.kind and not one.purl]):
            return Unknown(code="no-component.unidentified", params={**params, "found": _brief(nameless), "count": len(nameless)})
        if self.unlicensed == "refuse" and (free := self._licensed(parts, "unknown")):
            return Unknown(code="no-component.unlicensed", params={**params, "found": _brief(free), "count": len(free)})
        return None

    def _forbidden(self, parts: Sequence[Component]) -> list[Component]:
        meant = package_patterns.matcher(self.purls)
        return [one for one in parts if one.purl and meant(one.purl)]

    def _licensed(self, parts: Sequence[Component], word: Judged) -> list[Component]:
        """Packages of which this is to be said; none where no licence is asked about."""
        meant, known = _meant(self.licences), dict[tuple[str, ...], Judged]()
        found = list[Component]()
        for one in parts if self.licences else ():
            judged = known.get(one.licences)
            if judged is None:
                judged = known[one.licences] = all_of(one.licences, meant)
            if judged == word and not one.kind:
                found.append(one)
        return found

    def _none(self, artifact: Digest, facts: Facts) -> Verdict:
        params: Params = {"artifact": artifact, "keys": self.keys, **({"identities": self.identities} if self.identities else {})}
        if self.inside is not None:
            params = {"artifact": artifact, "inside": self.inside}
            looked = facts.of(LookedInside)
            if isinstance(looked, Unreadable):
                return unknown(looked, "no-component.unreadable")
            if because := counted_sboms.unseen(looked.items, artifact, self.inside):
                return Unknown(code="no-component.not-looked", params={**params, "because": because})
        rejected = facts.of(Rejected)
        if isinstance(rejected, Unreadable):
            return unknown(rejected, "no-component.unreadable")
        if codes := sorted({fact.code for fact in rejected.items}):
            return Fail(code="no-component.no-good-sbom", params={**params, "because": tuple(codes[:8])})
        return Fail(code="no-component.no-sbom", params=params)


def _meant(patterns: tuple[str, ...]) -> Callable[[str], bool]:
    """Whether a licence in lower case is one of these."""
    compiled = [globs.glob(one.lower()) for one in patterns]
    return lambda text: any(one.holds(text) for one in compiled)


def _brief(parts: Sequence[Component]) -> tuple[str, ...]:
    """The first few, as people know them."""
    return tuple(_called(parts))[:8]


def _called(parts: Sequence[Component]) -> Iterator[str]:
    for one in parts:
        yield one.purl or f"{one.name} {one.version}".strip() or "?"
