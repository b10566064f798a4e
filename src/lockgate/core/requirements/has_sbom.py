"""``has-sbom``: every artifact has a bill of materials, from where the policy says, with what the policy asks of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar, Literal

import msgspec

from lockgate.core import counted_sboms
from lockgate.core.components import CISA, NTIA, Element, LookedInside, Sbom
from lockgate.core.counted_sboms import Format, Found, InsidePath, Which, counted, young
from lockgate.core.digest import Digest
from lockgate.core.duration import Duration
from lockgate.core.facts import Facts, Need, Rejected, Unreadable
from lockgate.core.identity import EvidenceKey, Name, fingerprint
from lockgate.core.model import Subject
from lockgate.core.outcome import Fail, Params, Pass, Unknown, Verdict
from lockgate.core.requirements.base import Requirement, unknown


class HasSbom(Requirement, tag="has-sbom", frozen=True, kw_only=True):
    """Each artifact has a bill of materials that counts, and one at least of those has all that is asked.

    Attributes:
        keys: names of the policy's keys that may sign it. identities: of its identities. One at least of both, for an attestation alone.
        formats: those that count; empty for any.
        found: where it comes from: a signed ``attestation``; ``attached`` without a signature, which is nobody's word; or
        inside: the path in the image where it stands, which is the word of whoever made the image.
        elements: the minimum elements it must have for every package; ``ntia`` and ``cisa`` stand for theirs.
        complete: ``required``: it must say that it is complete, know every version, and hold nothing that could not be read.
        several: of several that count, all must list the same packages (``agree``), or not (``any``).
        max_age: the oldest it may be, by its maker's word; one that does not say is too old.

    Raises:
        ValueError: at construction, where `counted_sboms.place` says so.
    """

    waivable: ClassVar[bool] = True
    yields: ClassVar[bool] = True
    lasts: ClassVar[Literal["no", "then", "now"]] = "now"

    keys: Annotated[tuple[Name, ...], msgspec.Meta(max_length=64)] = ()
    identities: Annotated[tuple[Name, ...], msgspec.Meta(max_length=64)] = ()
    formats: Annotated[tuple[Format, ...], msgspec.Meta(max_length=2)] = ()
    found: Found | None = None
    inside: InsidePath | None = None
    elements: Annotated[tuple[Literal[Element, "ntia", "cisa"], ...], msgspec.Meta(max_length=16)] = ()
    complete: Literal["required", "any"] = "any"
    several: Literal["agree", "any"] = "agree"
    max_age: Duration | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        counted_sboms.place(self.found, self.inside, self.keys, self.identities)

    def key_names(self) -> tuple[Name, ...]:
        """The keys that may sign it."""
        return self.keys

    def identity_names(self) -> tuple[Name, ...]:
        """The identities that may."""
        return self.identities

    def needs(self) -> tuple[Need, ...]:
        """Bills of materials, what proves nothing, and where was looked inside."""
        return (Need(Sbom), Need(Rejected), Need(LookedInside))

    def check(self, subject: Subject, facts: Facts, now: datetime, keys: dict[Name, EvidenceKey]) -> Verdict:
        """Each artifact on its own; the first without one that will do speaks for all."""
        sboms = facts.of(Sbom)
        if isinstance(sboms, Unreadable):
            return unknown(sboms, "has-sbom.unreadable")
        where = counted_sboms.place(self.found, self.inside, self.keys, self.identities)
        which = Which({fingerprint(keys[name]) for name in self.keys}, set(self.identities), where, self.inside or "")
        params: Params = {}
        for artifact in subject.release.artifacts:
            ours = counted(sboms.items, artifact, which)
            if not ours:
                return self._none(artifact, facts)
            left = self._which(artifact, ours, now)
            match = left if isinstance(left, Fail) else self._content(artifact, left)
            if not isinstance(match, Sbom):
                return match
            params = {"format": match.format, "components": len(match.components)}
        return Pass(params=params) if params else Fail(code="has-sbom.no-sbom")

    def _which(self, artifact: Digest, found: list[Sbom], now: datetime) -> list[Sbom] | Fail:
        """Those of a format that counts that are young enough, and agree."""
        left = [one for one in found if not self.formats or one.format in self.formats]
        if not left:
            return Fail(code="has-sbom.other-format", params={"artifact": artifact, "found": found[0].format, "need": self.formats})
        left = [one for one in left if young(one, self.max_age, now)]
        if not left:
            return Fail(code="has-sbom.too-old", params={"artifact": artifact, "max-age": self.max_age or ""})
        if self.several == "agree":
            different = {counted_sboms.names(one) for one in left}
            if len(different) != 1:
                apart = frozenset.union(*different) - frozenset.intersection(*different)
                return Fail(code="has-sbom.disagree", params={"artifact": artifact, "sboms": len(left), "apart": len(apart), "first": min(apart)[0]})
        return left

    def _content(self, artifact: Digest, found: list[Sbom]) -> Sbom | Fail | Unknown:
        """The first that has all that is asked; or what the first that came furthest lacks."""
        params: Params = {"artifact": artifact}
        left = [one for one in found if counted_sboms.packages(one)]
        if not left:
            return Unknown(code="has-sbom.empty", params=params)
        asked = {*(self.elements), *(NTIA if "ntia" in self.elements else ()), *(CISA if "cisa" in self.elements else ())}
        found, left = left, [one for one in left if not asked & set(one.lacks)]
        if not left:
            return Fail(code="has-sbom.lacks", params={**params, "lacks": tuple(sorted(asked & set(found[0].lacks)))})
        if self.complete == "any":
            return left[0]
        found, left = left, [one for one in left if one.complete == "complete" and not one.skipped]
        if not left:
            return Unknown(code="has-sbom.incomplete", params={**params, "says": found[0].complete, "skipped": found[0].skipped})
        found, left = left, [one for one in left if all(part.version for part in counted_sboms.packages(one))]
        if not left:
            return Unknown(code="has-sbom.no-versions", params={**params, "without": sum(not part.version for part in counted_sboms.packages(found[0]))})
        return left[0]

    def _none(self, artifact: Digest, facts: Facts) -> Verdict:
        params: Params = {"artifact": artifact, "keys": self.keys, **({"identities": self.identities} if self.identities else {})}
        if self.inside is not None:
            params = {"artifact": artifact, "inside": self.inside}
            looked = facts.of(LookedInside)
            if isinstance(looked, Unreadable):
                return unknown(looked, "has-sbom.unreadable")
            if because := counted_sboms.unseen(looked.items, artifact, self.inside):
                return Unknown(code="has-sbom.not-looked", params={**params, "because": because})
        rejected = facts.of(Rejected)
        if isinstance(rejected, Unreadable):
            return unknown(rejected, "has-sbom.unreadable")
        if codes := sorted({fact.code for fact in rejected.items}):
            return Fail(code="has-sbom.no-good-sbom", params={**params, "because": tuple(codes[:8])})
        return Fail(code="has-sbom.no-sbom", params=params)
