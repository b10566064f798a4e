"""``built-by``: every artifact has provenance from this builder, source and ref (SLSA provenance v1)."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Annotated

import msgspec

from lockgate.core.facts import Facts, Need, Provenance, Rejected, Unreadable
from lockgate.core.identity import EvidenceKey, Fingerprint, Name, fingerprint
from lockgate.core.model import Subject
from lockgate.core.outcome import Fail, Params, Pass, Verdict
from lockgate.core.requirements.base import Requirement, unknown

Source = Annotated[str, msgspec.Meta(pattern=r"^[^\s@]+@[^\s@]+\Z", max_length=1000)]
"""``<repository>@<ref>``, such as ``git+https://github.com/acme/shop@refs/heads/main``."""


class BuiltBy(Requirement, tag="built-by", frozen=True, kw_only=True):
    """Each artifact carries provenance that names exactly this builder and source, signed by a key or an identity that may speak for it.

    Attributes:
        builder: ``runDetails.builder.id``, compared byte for byte.
        source: repository and ref, compared byte for byte.
        keys: names of the policy's keys that may sign this builder's provenance. identities: of its identities. One at least of both.

    Raises:
        ValueError: at construction, where it names nobody.
    """

    builder: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
    source: Source
    keys: Annotated[tuple[Name, ...], msgspec.Meta(max_length=64)] = ()
    identities: Annotated[tuple[Name, ...], msgspec.Meta(max_length=64)] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.keys and not self.identities:
            raise ValueError("built-by names neither keys nor identities")

    def key_names(self) -> tuple[Name, ...]:
        """The keys that may speak for the builder."""
        return self.keys

    def identity_names(self) -> tuple[Name, ...]:
        """The identities that may."""
        return self.identities

    def needs(self) -> tuple[Need, ...]:
        """Provenance, and what was attached but proves nothing."""
        return (Need(Provenance), Need(Rejected))

    def check(self, subject: Subject, facts: Facts, _now: datetime, keys: dict[Name, EvidenceKey]) -> Verdict:
        """Each artifact on its own; the first without a match speaks for all."""
        provenance = facts.of(Provenance)
        if isinstance(provenance, Unreadable):
            return unknown(provenance, "built-by.unreadable")
        trusted = {fingerprint(keys[name]) for name in self.keys}
        params: Params = {}
        for artifact in subject.release.artifacts:
            ours = [fact for fact in provenance.items if fact.subject == artifact and self._speaks(fact, trusted)]
            if not ours:
                return self._none(artifact, facts)
            match = next((fact for fact in ours if fact.builder == self.builder and f"{fact.repository}@{fact.ref}" == self.source), None)
            if match is None:
                return self._mismatch(artifact, ours[0])
            params = {"builder": self.builder, "source": self.source, "commit": match.commit}
        return Pass(params=params) if params else Fail(code="built-by.no-provenance")

    def _speaks(self, fact: Provenance, trusted: AbstractSet[Fingerprint]) -> bool:
        return bool(trusted & set(fact.keys) or (fact.by is not None and set(fact.by.names) & set(self.identities)))

    def _none(self, artifact: str, facts: Facts) -> Verdict:
        rejected = facts.of(Rejected)
        if isinstance(rejected, Unreadable):
            return unknown(rejected, "built-by.unreadable")
        params: Params = {"artifact": artifact, "keys": self.keys, **({"identities": self.identities} if self.identities else {})}
        if because := sorted({fact.code for fact in rejected.items}):
            return Fail(code="built-by.no-good-provenance", params={**params, "because": tuple(because[:8])})
        return Fail(code="built-by.no-provenance", params=params)

    def _mismatch(self, artifact: str, found: Provenance) -> Verdict:
        source = f"{found.repository}@{found.ref}"
        if found.builder != self.builder:
            return Fail(code="built-by.other-builder", params={"artifact": artifact, "found": found.builder, "need": self.builder})
        if not found.repository or not found.ref:
            return Fail(code="built-by.no-source", params={"artifact": artifact, "found": source, "need": self.source})
        return Fail(code="built-by.other-source", params={"artifact": artifact, "found": source, "need": self.source})
