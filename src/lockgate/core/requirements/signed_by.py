"""``signed-by``: every artifact is signed by enough of the named keys and identities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated

import msgspec

from lockgate.core.duration import Duration, span
from lockgate.core.facts import Facts, Need, Rejected, Signature, Unreadable
from lockgate.core.identity import EvidenceKey, Fingerprint, Name, fingerprint
from lockgate.core.matching import assign
from lockgate.core.model import Subject
from lockgate.core.outcome import Fail, Params, Pass, Verdict
from lockgate.core.requirements.base import Requirement, unknown


class SignedBy(Requirement, tag="signed-by", frozen=True, kw_only=True):
    """Each artifact carries signatures by at least `threshold` of these keys and identities.

    Attributes:
        keys: names of keys in the policy. identities: names of its identities. One at least of both.
        threshold: how many distinct signers; 1 or more.
        max_age: the oldest a signature may be: of a key, by its signer's own word, and one that does not say is too old; of an
            identity, by the time that is known.

    Raises:
        ValueError: at construction, where it names nobody.
    """

    keys: Annotated[tuple[Name, ...], msgspec.Meta(max_length=64)] = ()
    identities: Annotated[tuple[Name, ...], msgspec.Meta(max_length=64)] = ()
    threshold: Annotated[int, msgspec.Meta(ge=1, le=64)] = 1
    max_age: Duration | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.keys and not self.identities:
            raise ValueError("signed-by names neither keys nor identities")

    def key_names(self) -> tuple[Name, ...]:
        """The keys that may sign."""
        return self.keys

    def identity_names(self) -> tuple[Name, ...]:
        """The identities that may."""
        return self.identities

    def needs(self) -> tuple[Need, ...]:
        """Signatures, and what was attached but proves nothing."""
        return (Need(Signature), Need(Rejected))

    def check(self, subject: Subject, facts: Facts, now: datetime, keys: dict[Name, EvidenceKey]) -> Verdict:
        """Count distinct signers for each artifact; the artifact with the fewest speaks for all."""
        signatures = facts.of(Signature)
        if isinstance(signatures, Unreadable):
            return unknown(signatures, "signed-by.unreadable")
        wanted = {fingerprint(keys[name]): name for name in self.keys}
        common, signers = {*self.keys, *self.identities}, set[Name]()
        for artifact in subject.release.artifacts:
            ours = [fact for fact in signatures.items if fact.subject == artifact and self._asked(fact, wanted)]
            names = self._distinct([fact for fact in ours if not self._too_old(fact, now)], wanted)
            if not 1 <= self.threshold <= len(names):
                return self._fail(artifact, names, stale=any(self._too_old(fact, now) for fact in ours), facts=facts)
            common &= set(names)
            signers |= set(names)
        if not subject.release.artifacts:
            return Fail(code="signed-by.no-signature")
        if len(common) < self.threshold:  # enough for each artifact, and not the same ones
            return Pass(params={**self._told(signers), "each": self.threshold})
        return Pass(params=self._told(common))

    def _asked(self, fact: Signature, wanted: Mapping[Fingerprint, Name]) -> bool:
        return fact.key in wanted if fact.by is None else any(name in self.identities for name in fact.by.names)

    def _distinct(self, facts: Sequence[Signature], wanted: Mapping[Fingerprint, Name]) -> list[Name]:
        """The signers, each once. An identity stands for one subject and a subject for one identity, whatever certificates and names they have."""
        names = list(dict.fromkeys(wanted[fact.key] for fact in facts if fact.by is None))
        held = [fact.by for fact in facts if fact.by is not None]
        seats = assign([{one.subject for one in held if name in one.names} for name in self.identities])
        return names + [self.identities[seat] for seat in sorted(seats)]

    def _told(self, names: set[Name]) -> Params:
        """The signers, as keys and as identities; keys alone, where only those are asked for."""
        found: dict[str, tuple[str, ...]] = {"keys": tuple(sorted(names & set(self.keys))), "identities": tuple(sorted(names & set(self.identities)))}
        return {kind: some for kind, some in found.items() if some}

    def _too_old(self, fact: Signature, now: datetime) -> bool:
        if self.max_age is None:
            return False
        return fact.signed_at is None or not timedelta(0) <= now - fact.signed_at <= span(self.max_age)

    def _fail(self, artifact: str, names: list[str], *, stale: bool, facts: Facts) -> Verdict:
        params: Params = {"artifact": artifact, "have": len(names), "need": self.threshold, "keys": self.keys}
        if self.identities:
            params["identities"] = self.identities
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
