"""Which predicate types are read, and by what: one line here for each. A Statement of any other type is no fact, and no problem.

A reader is given what somebody we believe signed, and makes facts of it or raises `EvidenceError`: then the piece is a `Rejected`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from lockgate.core.attested import Attested
from lockgate.core.components import LookedInside, Sbom
from lockgate.core.digest import Digest
from lockgate.core.facts import Provenance, Rejected, Signature, Source, Summary
from lockgate.core.findings import Exploitability, Scan
from lockgate.core.identity import Fingerprint
from lockgate.core.trial import Trial
from lockgate.errors import EvidenceError
from lockgate.evidence import foreign, said_types, sbom_types, slsa, test_result, vsa
from lockgate.evidence.clock import not_later
from lockgate.evidence.statement import Statement
from lockgate.evidence.stronger import SIGNATURE_TYPE, Read

Reader = Callable[[Statement, Digest, tuple[Fingerprint, ...], Digest, datetime], Sequence[Read]]
"""What was said, about which artifact, by which keys (a single empty one for the holder of a certificate), digest of its bytes, now -> the facts."""

KINDS: tuple[type, ...] = (Signature, Provenance, Summary, Exploitability, Scan, Sbom, LookedInside, Rejected, Source, Attested, Trial)
"""Every kind of fact that comes of a piece of evidence."""


def each_of(*readers: Reader) -> Reader:
    """One reader of what several read: the facts of each, and where one of them refuses what another reads, that as a `Rejected` beside them.

    Raises:
        EvidenceError: the first one's that refuses it, where none of them makes a fact of it.
    """

    def read(said: Statement, subject: Digest, keys: tuple[Fingerprint, ...], source: Digest, now: datetime) -> list[Read]:
        facts: list[Read] = []
        refused: list[EvidenceError] = []
        for reader in readers:
            try:
                facts += reader(said, subject, keys, source, now)
            except EvidenceError as err:
                refused.append(err)
        if refused and not facts:
            raise refused[0]
        return [*facts, *(Rejected(source=source, code=err.code, predicate=said.predicate_type) for err in refused)]

    return read


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


def _trial(said: Statement, subject: Digest, keys: tuple[Fingerprint, ...], source: Digest, now: datetime) -> list[Read]:
    fact = test_result.read(said.predicate, subject, keys, source)
    not_later(fact.at, now)
    return [fact]


def _sbom(said: Statement, subject: Digest, keys: tuple[Fingerprint, ...], source: Digest, now: datetime) -> list[Read]:
    """A list of weaknesses that lists no component is a VEX, and no bill of materials."""
    from lockgate.evidence import sbom  # noqa: PLC0415  only what has one waits for it

    fact = sbom.fact(sbom.parse(said.raw), subject, source, now, keys=keys)
    return [fact] if fact.components or fact.skipped or _WEAKNESSES not in said.raw else []


def _openvex(said: Statement, subject: Digest, keys: tuple[Fingerprint, ...], source: Digest, now: datetime) -> Sequence[Read]:
    from lockgate.evidence import vex_openvex  # noqa: PLC0415  as `_sbom`

    return vex_openvex.read(said, subject, keys, source, now)


def _cyclonedx(said: Statement, subject: Digest, keys: tuple[Fingerprint, ...], source: Digest, now: datetime) -> Sequence[Read]:
    from lockgate.evidence import vex_cyclonedx  # noqa: PLC0415  as `_sbom`

    return vex_cyclonedx.statements(said, subject, keys, source, now)


def _csaf(said: Statement, subject: Digest, keys: tuple[Fingerprint, ...], source: Digest, now: datetime) -> Sequence[Read]:
    from lockgate.evidence import vex_csaf  # noqa: PLC0415  as `_sbom`

    return vex_csaf.read(said, subject, keys, source, now)


def _scan(said: Statement, subject: Digest, keys: tuple[Fingerprint, ...], source: Digest, now: datetime) -> Sequence[Read]:
    from lockgate.evidence import scan_vulns  # noqa: PLC0415  as `_sbom`

    return scan_vulns.scan(said, subject, keys, source, now)


_WEAKNESSES = b'"vulnerabilities"'


BEFORE_3: dict[str, Reader] = {
    SIGNATURE_TYPE: _signature,
    slsa.PREDICATE_TYPE: _provenance,
    slsa.PREDICATE_TYPE_V02: _provenance,
    vsa.PREDICATE_TYPE: _summary,
}
"""What was read by the rules before 3 (`core.decide.RULES`), so that a decision of then is replayed on the facts of then."""

READERS: dict[str, Reader] = {
    **BEFORE_3,
    **dict.fromkeys(said_types.OPENVEX, _openvex),
    said_types.CSAF: _csaf,
    **dict.fromkeys((*said_types.VULNS, *said_types.COSIGN, said_types.TRIVY, *said_types.SARIF), _scan),
    test_result.PREDICATE_TYPE: _trial,
    **dict.fromkeys(sbom_types.PREDICATES, _sbom),
    **dict.fromkeys(said_types.CYCLONEDX_VEX, each_of(_sbom, _cyclonedx)),
}
"""Predicate type -> its reader."""
