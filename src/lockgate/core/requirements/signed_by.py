"""``signed-by``: every artifact is signed by enough of the named keys."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

import msgspec

from lockgate.core.duration import Duration, span
from lockgate.core.facts import Facts, Need, Rejected, Signature, Unreadable
from lockgate.core.identity import EvidenceKey, Name, fingerprint
from lockgate.core.model import Subject
from lockgate.core.outcome import Fail, Params, Pass, Verdict
from lockgate.core.requirements.base import Requirement, unknown


class SignedBy(Requirement, tag="signed-by", frozen=True, kw_only=True):
    """Each artifact carries signatures by at least `threshold` of these keys.

    Attributes:
        keys: names of keys in the policy.
        threshold: how many distinct keys; 1 or more.
        max_age: the oldest a signature may be, by its signer's own word; one that does not say is too old.
    """

    keys: Annotated[tuple[Name, ...], msgspec.Meta(min_length=1, max_length=64)]
    threshold: Annotated[int, msgspec.Meta(ge=1, le=64)] = 1
    max_age: Duration | None = None

    def key_names(self) -> tuple[Name, ...]:
        """The keys that may sign."""
        return self.keys

    def needs(self) -> tuple[Need, ...]:
        """Signatures, and what was attached but proves nothing."""
        return (Need(Signature), Need(Rejected))

    def check(self, subject: Subject, facts: Facts, now: datetime, keys: dict[Name, EvidenceKey]) -> Verdict:
        """Count distinct keys for each artifact; the artifact with the fewest speaks for all."""
        signatures = facts.of(Signature)
        if isinstance(signatures, Unreadable):
            return unknown(signatures, "signed-by.unreadable")
        wanted = {fingerprint(keys[name]): name for name in self.keys}
        found: dict[str, list[str]] = {}
        stale: set[str] = set()
        for fact in signatures.items:
            if fact.key not in wanted:
                continue
            if self._too_old(fact, now):
                stale.add(fact.subject)
            elif wanted[fact.key] not in (names := found.setdefault(fact.subject, [])):
                names.append(wanted[fact.key])
        common, signers = set(self.keys), set[Name]()
        for artifact in subject.release.artifacts:
            names = found.get(artifact, [])
            if not 1 <= self.threshold <= len(names):
                return self._fail(artifact, names, stale=artifact in stale, facts=facts)
            common &= set(names)
            signers |= set(names)
        if not subject.release.artifacts:
            return Fail(code="signed-by.no-signature")
        if len(common) < self.threshold:  # enough for each artifact, and not the same ones
            return Pass(params={"keys": tuple(sorted(signers)), "each": self.threshold})
        return Pass(params={"keys": tuple(sorted(common))})

    def _too_old(self, fact: Signature, now: datetime) -> bool:
        if self.max_age is None:
            return False
        return fact.signed_at is None or not timedelta(0) <= now - fact.signed_at <= span(self.max_age)

    def _fail(self, artifact: str, names: list[str], *, stale: bool, facts: Facts) -> Verdict:
        params: Params = {"artifact": artifact, "have": len(names), "need": self.threshold, "keys": self.keys}
        if stale:
            return Fail(code="signed-by.too-old", params={**params, "max-age": self.max_age or ""})
        if names:
            return Fail(code="signed-by.too-few-keys", params={**params, "signed": tuple(names)})
        rejected = facts.of(Rejected)
        if isinstance(rejected, Unreadable):
            return unknown(rejected, "signed-by.unreadable")
        if because := sorted({fact.code for fact in rejected.items}):
            return Fail(code="signed-by.no-good-signature", params={**params, "because": tuple(because[:8])})
        return Fail(code="signed-by.no-signature", params=params)
