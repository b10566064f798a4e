"""What came with an artifact -> facts: signatures and provenance, or why a piece of it proves nothing.

Each piece goes through these steps; where one fails, the piece becomes a `Rejected` with the code, which explains
refusals and opens nothing:

  1. its media type is one that is read, and what is read is what it says, never a weaker format;
  2. it is a DSSE envelope, or a Sigstore bundle with one in it (`bundle`), and a key we know signed it (`dsse`); nothing in
     it is looked at before that;
  3. its payload is an in-toto Statement about one of the digests that were asked for (`statement`);
  4. its predicate type is one that is read: a signature, SLSA provenance or a verification summary; any other is no fact and
     no problem;
  5. what it says of time is not later than `now`.

cosign's signatures of before its bundles have steps of their own in place of 2 to 4 (`simple_signing`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from lockgate.core.digest import Digest, digest_of
from lockgate.core.facts import Provenance, Rejected, Signature, Summary
from lockgate.core.identity import Fingerprint, Name, PublicKey, fingerprint
from lockgate.core.ports import Evidence
from lockgate.errors import EvidenceError, UnreadableError
from lockgate.evidence import bundle, dsse, foreign, raw_pair, simple_signing, slsa, statement, vsa

SIGNATURE_TYPE = "https://sigstore.dev/cosign/sign/v1"
"""The predicate type of a signature that says nothing but "signed"; ``signedAt`` in its predicate says when."""

MAX_PIECES = 256
MAX_TOTAL = 8 << 20
MAX_WORK = 256 << 20
"""The most work all pieces together may ask for, as `dsse.work` counts it: half a second or so."""

Read = Signature | Provenance | Summary | Rejected
Reader = Callable[[dict[str, Any], Digest, tuple[Fingerprint, ...], Digest, datetime], list[Read]]
"""Predicate, subject, keys, source, now -> the facts."""


def read(evidence: Sequence[Evidence], keys: Mapping[Name, PublicKey], digests: AbstractSet[Digest], now: datetime) -> tuple[Read, ...]:
    """The facts these pieces of evidence are, in their order.

    Args:
        evidence: everything attached to the artifacts; at most 256 pieces, 8 MiB.
        keys: the policy's keys.
        digests: the artifacts asked about.
        now: UTC; what claims to be later proves nothing.

    Raises:
        UnreadableError: ``evidence.too-much``: there is more than is read, so that nothing is known of it.
    """
    if len(evidence) > MAX_PIECES or sum(len(piece.data) for piece in evidence) > MAX_TOTAL:
        raise UnreadableError("evidence.too-much", f"more than {MAX_PIECES} pieces or {MAX_TOTAL >> 20} MiB of evidence are attached; nothing of it was read")
    known = {fingerprint(key): key for key in keys.values()}
    facts: list[Read] = []
    spent = 0
    for piece in evidence:
        source = digest_of(piece.data)
        try:
            opened = take_apart(piece)
            spent += _work(opened, known)
            if spent > MAX_WORK:
                raise UnreadableError("evidence.too-much", "more signatures are attached than can be tried; name the key in keyid, or attach less")
            if isinstance(opened, simple_signing.Signed):
                facts += _read_payload(opened, source, known, digests, now)
            else:
                facts += _read(opened, source, known, digests, now)
        except EvidenceError as err:
            facts.append(Rejected(source=source, code=err.code))
    return tuple(facts)


def _work(opened: bundle.Bundle | simple_signing.Signed, known: Mapping[Fingerprint, PublicKey]) -> int:
    if isinstance(opened, simple_signing.Signed):
        return simple_signing.work(opened, known)
    again = raw_pair.in_der(opened.envelope)
    return dsse.work(opened.envelope, known) + (dsse.work(again, known) if again else 0)


def take_apart(piece: Evidence) -> bundle.Bundle | simple_signing.Signed:
    """Steps 1 and 2 but for the key: nothing in it is believed.

    Raises:
        EvidenceError: ``evidence.unknown-format``, and those of `dsse.parse`, `bundle.parse` and `simple_signing.parse`.
    """
    match piece.media_type:
        case dsse.MEDIA_TYPE:
            return bundle.Bundle(envelope=dsse.parse(piece.data), certified=False)
        case bundle.MEDIA_TYPE:
            return bundle.parse(piece.data)
        case simple_signing.MEDIA_TYPE:
            return simple_signing.parse(piece.data)
        case _:
            raise EvidenceError("evidence.unknown-format", f"{piece.media_type[:80]!r} is no format of evidence that is read")


def _read_payload(
    signed: simple_signing.Signed, source: Digest, known: Mapping[Fingerprint, PublicKey], digests: AbstractSet[Digest], now: datetime
) -> list[Read]:
    try:
        said = simple_signing.verify(signed, known, digests)
        _not_later(said.signed_at, now)
    except EvidenceError as err:
        return [Rejected(source=source, code=err.code, predicate=SIGNATURE_TYPE)]
    return [Signature(subject=said.subject, key=said.key, source=source, signed_at=said.signed_at)]


def _read(opened: bundle.Bundle, source: Digest, known: Mapping[Fingerprint, PublicKey], digests: AbstractSet[Digest], now: datetime) -> list[Read]:
    try:
        verified, raw = _verified(opened, known)
    except EvidenceError as err:
        return _unverified(opened.envelope, source, err.code)
    said = statement.parse(verified.payload_type, verified.payload)
    if said.predicate_type not in _READERS:
        return []
    subjects = [subject for subject in said.subjects if subject in digests]
    try:
        if not subjects:
            raise EvidenceError("statement.other-subject", "this Statement is about other digests than the artifact's")
        facts = [fact for subject in subjects for fact in _READERS[said.predicate_type](said.predicate, subject, verified.keys, source, now)]
        return [_marked(fact) for fact in facts] if raw else facts
    except EvidenceError as err:
        return [Rejected(source=source, code=err.code, predicate=said.predicate_type)]


def _marked(fact: Read) -> Read:
    """The same, of an envelope signed with pairs of r and s."""
    if not isinstance(fact, Summary):
        raise EvidenceError("dsse.raw-signature", "this signature is r and s side by side, and for this kind of evidence only DER counts")
    return replace(fact, raw=True)


def _verified(opened: bundle.Bundle, known: Mapping[Fingerprint, PublicKey]) -> tuple[dsse.Verified, bool]:
    """What was signed, and whether only pairs of r and s say so (`raw_pair`)."""
    try:
        return dsse.verify(opened.envelope, known), False
    except EvidenceError as err:
        if again := raw_pair.in_der(opened.envelope):
            with suppress(EvidenceError):
                return dsse.verify(again, known), True
        if opened.certified and err.code == "dsse.unknown-key":
            raise EvidenceError("bundle.keyless", "this bundle was signed by the key in a certificate, and only keys that are known count") from None
        raise


def _unverified(envelope: dsse.Envelope, source: Digest, code: str) -> list[Read]:
    """Why it proves nothing. What it claims to be is looked at only to leave out what would not have been read anyway."""
    try:
        claimed = statement.parse(envelope.payload_type, envelope.payload).predicate_type
    except EvidenceError:
        return [Rejected(source=source, code=code)]
    return [Rejected(source=source, code=code, predicate=claimed)] if claimed in _READERS else []


def _signature(predicate: dict[str, Any], subject: Digest, keys: tuple[Fingerprint, ...], source: Digest, now: datetime) -> list[Read]:
    try:
        signed_at = foreign.instant(predicate, "signedAt")
    except ValueError as err:
        raise EvidenceError("statement.malformed", f"this signature's predicate is malformed: {err}") from None
    _not_later(signed_at, now)
    return [Signature(subject=subject, key=key, source=source, signed_at=signed_at) for key in keys]


def _provenance(version: str) -> Reader:
    def read(predicate: dict[str, Any], subject: Digest, keys: tuple[Fingerprint, ...], source: Digest, now: datetime) -> list[Read]:
        fact = slsa.of(version, predicate, subject, keys, source)
        _not_later(fact.finished_at, now)
        return [fact]

    return read


def _summary(predicate: dict[str, Any], subject: Digest, keys: tuple[Fingerprint, ...], source: Digest, now: datetime) -> list[Read]:
    fact = vsa.read(predicate, subject, keys, source)
    _not_later(fact.verified_at, now)
    return [fact]


def _not_later(at: datetime | None, now: datetime) -> None:
    if at is not None and at > now:
        raise EvidenceError("evidence.from-future", "this says it was made later than now: its clock or ours is wrong")


_READERS: dict[str, Reader] = {
    SIGNATURE_TYPE: _signature,
    slsa.PREDICATE_TYPE: _provenance(slsa.PREDICATE_TYPE),
    slsa.PREDICATE_TYPE_V02: _provenance(slsa.PREDICATE_TYPE_V02),
    vsa.PREDICATE_TYPE: _summary,
}
