"""``has-attestation``: for every artifact somebody we trust signed a statement of this type, and it says what is asked."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated

import msgspec

from lockgate.core.attested import Attested, Path, PredicateType, means, steps
from lockgate.core.digest import Digest
from lockgate.core.duration import Duration
from lockgate.core.facts import Facts, Need, Rejected, Unreadable
from lockgate.core.identity import EvidenceKey, Name
from lockgate.core.model import Subject
from lockgate.core.outcome import Fail, Params, Pass, Verdict
from lockgate.core.predicate_match import Match, mismatch
from lockgate.core.requirements.base import Requirement, unknown
from lockgate.core.vouching import Asked, asked, by_signer, distinct, named, newest, said_at, signers, young

SHOWN = 200
"""Characters of what was found that a refusal shows."""


class HasAttestation(Requirement, tag="has-attestation", frozen=True, kw_only=True):
    """Each artifact carries statements of this type by at least `threshold` of these signers, and nobody of them says otherwise.

    Attributes:
        type: the predicate type, with its version or for every version.
        keys: names of the policy's keys that may speak. identities: of its identities. One at least of both.
        threshold: how many distinct signers; 1 or more.
        where: which statements are meant; of others nothing is asked.
        match: what those must say.
        time: where in the predicate stands when it was said; None, and only a certificate's known time tells.
        max_age: the oldest it may be; what is not dated is refused.

    Raises:
        ValueError: at construction, where it names nobody, or the path of `time` is none.
    """

    type: PredicateType
    keys: Annotated[tuple[Name, ...], msgspec.Meta(max_length=64)] = ()
    identities: Annotated[tuple[Name, ...], msgspec.Meta(max_length=64)] = ()
    threshold: Annotated[int, msgspec.Meta(ge=1, le=64)] = 1
    where: Annotated[tuple[Match, ...], msgspec.Meta(max_length=16)] = ()
    match: Annotated[tuple[Match, ...], msgspec.Meta(max_length=16)] = ()
    time: Path | None = None
    max_age: Duration | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.keys and not self.identities:
            raise ValueError("has-attestation names neither keys nor identities")
        steps(self.time or "/")

    def key_names(self) -> tuple[Name, ...]:
        """The keys that may speak."""
        return self.keys

    def identity_names(self) -> tuple[Name, ...]:
        """The identities that may."""
        return self.identities

    def paths(self) -> tuple[Path, ...]:
        """Every place of a predicate that it looks at."""
        return tuple(filter(None, (*(one.path for one in (*self.where, *self.match)), self.time)))

    def needs(self) -> tuple[Need, ...]:
        """Statements, and what was attached but proves nothing."""
        return (Need(Attested), Need(Rejected))

    def check(self, subject: Subject, facts: Facts, now: datetime, keys: dict[Name, EvidenceKey]) -> Verdict:
        """Each artifact on its own; the first that lacks something speaks for all."""
        attested = facts.of(Attested)
        if isinstance(attested, Unreadable):
            return unknown(attested, "has-attestation.unreadable")
        who, told = asked(self.keys, self.identities, keys), set[Name]()
        for artifact in subject.release.artifacts:
            ours = [fact for fact in attested.items if fact.subject == artifact and means(self.type, fact.type) and signers(fact, who)]
            if not ours:
                return self._none(artifact, facts)
            found = self._of(artifact, ours, who, now)
            if isinstance(found, Fail):
                return found
            told |= set(found)
        params = named(tuple(name for name in self.keys if name in told), tuple(name for name in self.identities if name in told))
        return Pass(params={"type": self.type, **params}) if told else Fail(code="has-attestation.no-attestation")

    def _of(self, artifact: Digest, ours: list[Attested], who: Asked, now: datetime) -> list[Name] | Fail:
        """Who said it of this artifact; or what is wrong: a no by anybody first, whatever others say."""
        params: Params = {"artifact": artifact, "type": self.type}
        meant = [fact for fact in ours if not any(mismatch(one, fact) for one in self.where)]
        if not meant:
            return Fail(code="has-attestation.not-meant", params={**params, "where": tuple(one.path for one in self.where)})
        said = {name: newest(all_, self._at) for name, all_ in by_signer(meant, who).items()}
        for name, newest_ones in said.items():
            for fact in newest_ones:
                if (wrong := self._wrong(fact)) is not None:
                    return Fail(code=wrong.code, params={**params, "by": name, **wrong.params})
        good = {name: ones for name, ones in said.items() if all(young(self._at(one), self.max_age, now) for one in ones)}
        have = distinct(good, who)
        if 1 <= self.threshold <= len(have):
            return have
        if len(good) < len(said):
            undated = any(self._at(one) is None for ones in said.values() for one in ones)
            old = partial(Fail, params={**params, "max-age": self.max_age or ""})
            return old(code="has-attestation.no-time") if undated else old(code="has-attestation.too-old")
        return Fail(code="has-attestation.too-few", params={**params, "have": len(have), "need": self.threshold, **named(self.keys, self.identities)})

    def _at(self, fact: Attested) -> datetime | None:
        field = fact.field(self.time) if self.time is not None else None
        return said_at(fact, field.at if field is not None else None, needs_told=self.time is not None)

    def _wrong(self, fact: Attested) -> Fail | None:
        """The first place of it that does not say what is asked."""
        for one in self.match:
            found = fact.field(one.path)
            params: Params = {"path": one.path, "need": one.wanted()}
            match mismatch(one, fact):
                case "missing-field":
                    return Fail(code="has-attestation.missing-field", params=params)
                case "other-type":
                    return Fail(code="has-attestation.other-type", params={**params, "found": found.kind if found else ""})
                case "other-value":
                    return Fail(code="has-attestation.other-value", params={**params, "found": found.text[:SHOWN] if found else ""})
                case _:
                    continue
        return None

    def _none(self, artifact: Digest, facts: Facts) -> Verdict:
        rejected = facts.of(Rejected)
        if isinstance(rejected, Unreadable):
            return unknown(rejected, "has-attestation.unreadable")
        params: Params = {"artifact": artifact, "type": self.type, **named(self.keys, self.identities)}
        if because := sorted({fact.code for fact in rejected.items}):
            return Fail(code="has-attestation.no-good-attestation", params={**params, "because": tuple(because[:8])})
        return Fail(code="has-attestation.no-attestation", params=params)
