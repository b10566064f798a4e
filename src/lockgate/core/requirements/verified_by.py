"""``verified-by``: somebody we trust verified every artifact for this resource, and says so in a SLSA verification summary (VSA v1)."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import Annotated, Literal

import msgspec

from lockgate.core import pattern
from lockgate.core.digest import Digest
from lockgate.core.duration import Duration, span
from lockgate.core.facts import Facts, Need, Rejected, Summary, Unreadable
from lockgate.core.identity import EvidenceKey, Fingerprint, Name, fingerprint
from lockgate.core.levels import missing
from lockgate.core.model import Subject
from lockgate.core.outcome import Fail, Params, Pass, Verdict
from lockgate.core.requirements.base import Requirement, unknown

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
Level = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class VerifiedBy(Requirement, tag="verified-by", frozen=True, kw_only=True):
    """Each artifact carries a summary in which this verifier says PASSED for this resource, signed by a key or an identity that may speak for it.

    Attributes:
        verifier: ``verifier.id``, compared byte for byte.
        keys: names of the policy's keys that may sign this verifier's summaries. identities: of its identities. One at least of both.
        resource: ``resourceUri``, compared byte for byte; or else
        resource_glob: a pattern over the whole of it (`core.pattern`). Exactly one of both is there.
        levels: what ``verifiedLevels`` must reach: of a SLSA track that level or a higher one, any other name as it is.
        policy: ``policy.uri``, compared byte for byte; None for any.
        policy_digest: the SHA-256 in ``policy.digest``; None for any.
        max_age: the oldest a summary may be, by its verifier's own word; one that does not say is too old.
        signature_form: how ECDSA signatures of these keys are written: ``der``, or ``raw``, r and s side by side. Only that form counts.

    Raises:
        ValueError: at construction, where it names nobody, for both or neither of resource and resource_glob, or a pattern that is none.
    """

    verifier: Text
    keys: Annotated[tuple[Name, ...], msgspec.Meta(max_length=64)] = ()
    identities: Annotated[tuple[Name, ...], msgspec.Meta(max_length=64)] = ()
    resource: Text | None = None
    resource_glob: Text | None = None
    levels: Annotated[tuple[Level, ...], msgspec.Meta(max_length=16)] = ()
    policy: Text | None = None
    policy_digest: Digest | None = None
    max_age: Duration | None = None
    signature_form: Literal["der", "raw"] = "der"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.keys and not self.identities:
            raise ValueError("verified-by names neither keys nor identities")
        if (self.resource is None) == (self.resource_glob is None):
            raise ValueError("verified-by names what was verified, by resource or by resource-glob, and not by both")
        if self.resource_glob is not None:
            pattern.glob(self.resource_glob)

    def key_names(self) -> tuple[Name, ...]:
        """The keys that may speak for the verifier."""
        return self.keys

    def identity_names(self) -> tuple[Name, ...]:
        """The identities that may."""
        return self.identities

    def needs(self) -> tuple[Need, ...]:
        """Summaries, and what was attached but proves nothing."""
        return (Need(Summary), Need(Rejected))

    def check(self, subject: Subject, facts: Facts, now: datetime, keys: dict[Name, EvidenceKey]) -> Verdict:
        """Each artifact on its own; the first without a match speaks for all."""
        summaries = facts.of(Summary)
        if isinstance(summaries, Unreadable):
            return unknown(summaries, "verified-by.unreadable")
        trusted = {fingerprint(keys[name]) for name in self.keys}
        params: Params = {}
        for artifact in subject.release.artifacts:
            ours = [fact for fact in summaries.items if fact.subject == artifact and self._speaks(fact, trusted)]
            if not ours:
                return self._none(artifact, facts)
            match = self._who_and_what(artifact, ours)
            match = match if isinstance(match, Fail) else self._result(artifact, match, now)
            if isinstance(match, Fail):
                return match
            params = {"verifier": self.verifier, "resource": match[0].resource, "levels": match[0].levels}
        return Pass(params=params) if params else Fail(code="verified-by.no-summary")

    def _speaks(self, fact: Summary, trusted: AbstractSet[Fingerprint]) -> bool:
        return bool(trusted & set(fact.keys) or (fact.by is not None and set(fact.by.names) & set(self.identities)))

    def _who_and_what(self, artifact: Digest, found: list[Summary]) -> list[Summary] | Fail:
        """Those by this verifier, in this form, about this resource under this policy; or what the first that came furthest lacks."""
        params: Params = {"artifact": artifact}
        left = [one for one in found if one.verifier == self.verifier]
        if not left:
            return Fail(code="verified-by.other-verifier", params={**params, "found": found[0].verifier, "need": self.verifier})
        found, left = left, [one for one in left if one.by is not None or one.raw == (self.signature_form == "raw")]
        if not left:
            return Fail(code="verified-by.other-form", params={**params, "need": self.signature_form})
        found, left = left, [one for one in left if self._fits(one.resource)]
        if not left:
            need = self.resource or self.resource_glob or ""
            return Fail(code="verified-by.other-resource", params={**params, "found": found[0].resource, "need": need})
        found, left = left, [one for one in left if self.policy in {None, one.policy} and self.policy_digest in {None, one.policy_digest}]
        if not left:
            first = found[0]
            needs = tuple(filter(None, (self.policy, self.policy_digest)))
            return Fail(code="verified-by.other-policy", params={**params, "found": tuple(filter(None, (first.policy, first.policy_digest))), "need": needs})
        return left

    def _result(self, artifact: Digest, found: list[Summary], now: datetime) -> list[Summary] | Fail:
        """Those that passed, reach the levels and are young enough; or what the first that came furthest lacks."""
        params: Params = {"artifact": artifact, "verifier": self.verifier}
        left = [one for one in found if one.passed]
        if not left:
            return Fail(code="verified-by.not-passed", params=params)
        found, left = left, [one for one in left if not missing(one.levels, self.levels)]
        if not left:
            lacks = missing(found[0].levels, self.levels)
            return Fail(code="verified-by.too-low", params={**params, "found": found[0].levels, "need": lacks})
        left = [one for one in left if self._young(one, now)]
        if not left:
            return Fail(code="verified-by.too-old", params={**params, "max-age": self.max_age or ""})
        return left

    def _fits(self, resource: str) -> bool:
        return resource == self.resource if self.resource_glob is None else pattern.glob(self.resource_glob).holds(resource)

    def _young(self, fact: Summary, now: datetime) -> bool:
        if self.max_age is None:
            return True
        return fact.verified_at is not None and timedelta(0) <= now - fact.verified_at <= span(self.max_age)

    def _none(self, artifact: Digest, facts: Facts) -> Verdict:
        rejected = facts.of(Rejected)
        if isinstance(rejected, Unreadable):
            return unknown(rejected, "verified-by.unreadable")
        params: Params = {"artifact": artifact, "keys": self.keys, **({"identities": self.identities} if self.identities else {})}
        if because := sorted({fact.code for fact in rejected.items}):
            return Fail(code="verified-by.no-good-summary", params={**params, "because": tuple(because[:8])})
        return Fail(code="verified-by.no-summary", params=params)
