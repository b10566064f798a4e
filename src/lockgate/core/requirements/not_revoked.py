"""``not-revoked``: nothing that went into a release, and nothing that speaks for it, was recalled; and it was not recalled where it was before.

That the release itself is recalled, everywhere or here, refuses it whatever a policy says (`core.reentry`). Here stands what that does not see.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Annotated, ClassVar, Literal

import msgspec

from lockgate.core.digest import Digest
from lockgate.core.facts import Complete, Facts, Intact, Need, Provenance, Source, Unreadable
from lockgate.core.identity import EvidenceKey, Name
from lockgate.core.model import Subject
from lockgate.core.outcome import Fail, Params, Pass, Unknown, Verdict
from lockgate.core.recall import names, recalling
from lockgate.core.requirements.base import Requirement, unknown
from lockgate.core.revocation import Reason, Revocation

YesNo = Literal["yes", "no"]

SHOWN = 200
"""Characters of a material's place that a refusal shows."""


class NotRevoked(Requirement, tag="not-revoked", frozen=True, kw_only=True):
    """No revocation that stands names a material of an artifact, the evidence about it, or in these other environments the release.

    Attributes:
        materials: whether what provenance says went into each artifact is looked at; one of which nothing is said is not known.
        evidence: whether the evidence about each artifact is.
        in_: other environments: what is recalled in any of them alone counts here as well.
        reasons: those that count; none named, and all do.

    Raises:
        ValueError: at construction, where nothing is asked.
    """

    lasts: ClassVar[Literal["no", "then", "now"]] = "now"
    materials: YesNo = "no"
    evidence: YesNo = "no"
    in_: Annotated[tuple[Name, ...], msgspec.Meta(max_length=64)] = msgspec.field(default=(), name="in")
    reasons: Annotated[tuple[Reason, ...], msgspec.Meta(max_length=5)] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.materials == "no" and self.evidence == "no" and not self.in_:
            raise ValueError("not-revoked asks nothing: say materials: yes, evidence: yes, or in")

    def needs(self) -> tuple[Need, ...]:
        """Revocations, here and there, and what they are held against."""
        return (Need(Revocation), *(Need(Revocation, name) for name in self.in_), Need(Intact), Need(Provenance), Need(Source))

    def check(self, subject: Subject, facts: Facts, _now: datetime, _keys: dict[Name, EvidenceKey]) -> Verdict:
        """The release in other environments first; then each artifact's materials, and what speaks for it."""
        intact, found = facts.of(Intact), [facts.of(Revocation), *(facts.of(Revocation, name) for name in self.in_)]
        lost = next((one for one in (*found, intact) if isinstance(one, Unreadable)), None)
        if lost is not None:
            return unknown(lost, "not-revoked.unreadable")
        standing = [one for all_ in found if isinstance(all_, Complete) for one in all_.items if not self.reasons or one.reason in self.reasons]
        inside = {digest for fact in (intact.items if isinstance(intact, Complete) else ()) for digest in fact.inside}
        if there := _struck(names(subject.release) | inside, standing):
            return Fail(code="not-revoked.elsewhere", params=there)
        for artifact in subject.release.artifacts:
            bad = self._materials(artifact, facts, standing) or self._evidence(artifact, facts, standing)
            if bad is not None:
                return bad
        return Pass(params={"standing": len(standing)}) if subject.release.artifacts else Unknown(code="not-revoked.unreadable")

    def _materials(self, artifact: Digest, facts: Facts, standing: Sequence[Revocation]) -> Fail | Unknown | None:
        provenance = facts.of(Provenance)
        if self.materials == "no":
            return None
        if isinstance(provenance, Unreadable):
            return unknown(provenance, "not-revoked.unreadable")
        materials = [one for fact in provenance.items if fact.subject == artifact for one in fact.materials]
        if not materials:
            return Fail(code="not-revoked.unknown-materials", params={"artifact": artifact})
        if went_in := _struck({digest for one in materials for digest in one.digests}, standing):
            uri = next((one.uri for one in materials if went_in["digest"] in one.digests), "")
            return Fail(code="not-revoked.material", params={"artifact": artifact, "uri": uri[:SHOWN], **went_in})
        return None

    def _evidence(self, artifact: Digest, facts: Facts, standing: Sequence[Revocation]) -> Fail | Unknown | None:
        sources = facts.of(Source)
        if self.evidence == "no":
            return None
        if isinstance(sources, Unreadable):
            return unknown(sources, "not-revoked.unreadable")
        if speaks := _struck({fact.source for fact in sources.items if fact.subject == artifact}, standing):
            return Fail(code="not-revoked.evidence", params={"artifact": artifact, **speaks})
        return None


def _struck(digests: AbstractSet[str], standing: Sequence[Revocation]) -> Params:
    """What to tell of the first revocation that names one of these digests; nothing, where none does."""
    found = recalling(standing, digests)
    if found is None:
        return {}
    return {"digest": min(digests & set(found.digests)), "revocation": found.id, "reason": found.reason, "in": found.environment, "leaf": found.leaf}
