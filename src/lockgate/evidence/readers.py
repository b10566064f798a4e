"""Which predicate types are read, and by what: one line here for each. A Statement of any other type is no fact, and no problem.

A reader is given what somebody we believe signed, and makes facts of it or raises `EvidenceError`: then the piece is a `Rejected`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from lockgate.core.components import Sbom
from lockgate.core.digest import Digest
from lockgate.core.facts import Provenance, Rejected, Signature, Summary
from lockgate.core.identity import Fingerprint
from lockgate.errors import EvidenceError
from lockgate.evidence import foreign, sbom_types, slsa, vsa
from lockgate.evidence.statement import Statement
from lockgate.evidence.stronger import SIGNATURE_TYPE, Read

Reader = Callable[[Statement, Digest, tuple[Fingerprint, ...], Digest, datetime], list[Read]]
"""What was said, about which artifact, by which keys (a single empty one for the holder of a certificate), digest of its bytes, now -> the facts."""

KINDS = (Signature, Provenance, Summary, Sbom, Rejected)
"""Every kind of fact that comes of a piece of evidence."""


def not_later(at: datetime | None, now: datetime) -> None:
    """Nothing is made after it is read. Raises EvidenceError ``evidence.from-future``."""
    if at is not None and at > now:
        raise EvidenceError("evidence.from-future", "this says it was made later than now: its clock or ours is wrong")


def _signature(said: Statement, subject: Digest, keys: tuple[Fingerprint, ...], source: Digest, now: datetime) -> list[Read]:
    try:
        signed_at = foreign.instant(said.predicate, "signedAt")
    except ValueError as err:
        raise EvidenceError("statement.malformed", f"this signature's predicate is malformed: {err}") from None
    not_later(signed_at, now)
    return [Signature(subject=subject, key=key, source=source, signed_at=signed_at) for key in keys]


def _provenance(said: Statement, subject: Digest, keys: tuple[Fingerprint, ...], source: Digest, now: datetime) -> list[Read]:
    fact = slsa.of(said.predicate_type, said.predicate, subject, keys, source)
    not_later(fact.finished_at, now)
    return [fact]


def _summary(said: Statement, subject: Digest, keys: tuple[Fingerprint, ...], source: Digest, now: datetime) -> list[Read]:
    fact = vsa.read(said.predicate, subject, keys, source)
    not_later(fact.verified_at, now)
    return [fact]


def _sbom(said: Statement, subject: Digest, keys: tuple[Fingerprint, ...], source: Digest, now: datetime) -> list[Read]:
    from lockgate.evidence import sbom  # noqa: PLC0415  only what has one waits for it

    return [sbom.fact(sbom.parse(said.raw), subject, source, now, keys=keys)]


BEFORE_3: dict[str, Reader] = {
    SIGNATURE_TYPE: _signature,
    slsa.PREDICATE_TYPE: _provenance,
    slsa.PREDICATE_TYPE_V02: _provenance,
    vsa.PREDICATE_TYPE: _summary,
}
"""What was read by the rules before 3 (`core.decide.RULES`), so that a decision of then is replayed on the facts of then."""

READERS: dict[str, Reader] = {
    **BEFORE_3,
    **dict.fromkeys(sbom_types.PREDICATES, _sbom),
}
"""Predicate type -> its reader."""
