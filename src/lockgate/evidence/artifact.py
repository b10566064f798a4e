"""What came with an artifact -> facts: signatures and provenance, or why a piece of it proves nothing.

Each piece goes through these steps; where one fails, the piece becomes a `Rejected` with the code, which explains
refusals and opens nothing:

  1. its media type is one that is read, and what is read is what it says, never a weaker format; and that format counts here;
  2. it is a DSSE envelope, or a Sigstore bundle (`sigstore.bundle`), and a key we know signed it (`dsse`), or the holder of a certificate
     that the policy's identities mean (`certified`); nothing in it is looked at before that;
  3. its payload is an in-toto Statement about one of the digests that were asked for (`statement`), or it signs the artifact's own bytes;
  4. its predicate type is one that is read: a signature, SLSA provenance or a verification summary; any other is no fact and
     no problem;
  5. what it says of time is not later than `now`;
  6. its signer's evidence of that kind did not fail in a stronger format (`stronger`).

cosign's signatures of before its bundles have steps of their own in place of 2 to 4 (`simple_signing`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple

from msgspec.structs import replace

from lockgate.core.digest import Digest, digest_of, hex_of
from lockgate.core.facts import Holder, Provenance, Rejected, Signature, Summary
from lockgate.core.identity import EvidenceKey, Fingerprint, Name, fingerprint
from lockgate.core.ports import Evidence
from lockgate.core.signers import KEYS_ALONE, Accepts, Believed, Format
from lockgate.errors import EvidenceError, UnreadableError
from lockgate.evidence import accepted, annotated, certified, cosign_layout, dsse, foreign, keys, raw_pair, simple_signing, slsa, statement, stronger, vsa
from lockgate.evidence.sigstore import bundle, key, verify
from lockgate.evidence.sigstore.bundle import Bundle
from lockgate.evidence.stronger import Outcome, claimed, not_rescued

SIGNATURE_TYPE = stronger.SIGNATURE_TYPE

MAX_PIECES = 256
MAX_TOTAL = 8 << 20
MAX_WORK = 256 << 20
"""The most work all pieces together may ask for, as `dsse.work` counts it: half a second or so."""

Read = Signature | Provenance | Summary | Rejected
Reader = Callable[[dict[str, Any], Digest, tuple[Fingerprint, ...], Digest, datetime], list[Read]]
"""Predicate, subject, keys, source, now -> the facts."""


class Opened(NamedTuple):
    """A piece taken apart, believed in nothing.

    Attributes:
        format: which it is.
        envelope: of a statement, bare or in a bundle. bundle: a Sigstore bundle. payload: what cosign signed before its bundles.
        layer: of what it wrote then, where a certificate stands beside it.
    """

    format: Format
    envelope: dsse.Envelope | None = None
    bundle: bundle.Opened | None = None
    payload: simple_signing.Signed | None = None
    layer: Evidence | None = None

    @property
    def certified(self) -> bool:
        """Whether a certificate signed it, by its own word."""
        return self.layer is not None or (self.bundle is not None and self.bundle.certified)

    def whole(self) -> Bundle | None:
        """The bundle that a certificate signed, or what amounts to one; None where none did.

        Raises:
            EvidenceError: as `bundle.material` and `cosign_layout.bundle_of`.
        """
        if self.layer is not None:
            return cosign_layout.bundle_of(self.layer)
        return bundle.material(self.bundle) if self.bundle is not None and self.bundle.certified else None


class Signers(NamedTuple):
    """Who signed something: keys we know, or holders of certificates that are meant; at least one. `raw`: as pairs of r and s."""

    keys: tuple[Fingerprint, ...] = ()
    holders: tuple[Holder, ...] = ()
    raw: bool = False


class _Asked(NamedTuple):
    """What is asked of every piece."""

    known: Mapping[Fingerprint, EvidenceKey]
    believed: Believed
    digests: AbstractSet[Digest]
    now: datetime


def read(
    evidence: Sequence[Evidence], keys: Mapping[Name, EvidenceKey], digests: AbstractSet[Digest], now: datetime, believed: Believed = KEYS_ALONE
) -> tuple[Read, ...]:
    """The facts these pieces of evidence are, in their order.

    Args:
        evidence: everything attached to the artifacts; at most 256 pieces, 8 MiB.
        keys: the policy's keys.
        digests: the artifacts asked about.
        now: UTC; what claims to be later proves nothing.
        believed: whom besides keys the policy believes, and what counts.

    Raises:
        UnreadableError: ``evidence.too-much``: there is more than is read, so that nothing is known of it.
    """
    if len(evidence) > MAX_PIECES or sum(len(piece.data) for piece in evidence) > MAX_TOTAL:
        raise UnreadableError("evidence.too-much", f"more than {MAX_PIECES} pieces or {MAX_TOTAL >> 20} MiB of evidence are attached; nothing of it was read")
    asked = _Asked({fingerprint(one): one for one in keys.values()}, believed, digests, now)
    outcomes: list[Outcome] = []
    spent = 0
    for piece in evidence:
        source = digest_of(piece.data)
        try:
            opened = take_apart(piece)
            _require_counted(opened, believed.accepts)
            spent += _work(opened, asked)
            if spent > MAX_WORK:
                raise UnreadableError("evidence.too-much", "more signatures are attached than can be tried; name the key in keyid, or attach less")
            outcomes.append(_outcome(opened, source, asked))
        except EvidenceError as err:
            outcomes.append(Outcome("dsse", [Rejected(source=source, code=err.code)]))
    return not_rescued(outcomes, believed.accepts)


def take_apart(piece: Evidence) -> Opened:
    """Steps 1 and 2 but for who signed: nothing in it is believed.

    Raises:
        EvidenceError: ``evidence.unknown-format``, ``bundle.other-version``, and those of `dsse.parse`, `bundle.read`, `annotated.envelope_of` and
            `simple_signing.parse`.
    """
    match piece.media_type:
        case dsse.MEDIA_TYPE:
            return Opened("dsse", envelope=dsse.parse(piece.data))
        case annotated.ATTESTATION:
            envelope, beside = annotated.envelope_of(piece.data)
            return Opened("cosign-attestation", envelope=dsse.parse(envelope), layer=piece if beside.certificate else None)
        case simple_signing.MEDIA_TYPE:
            signed = simple_signing.parse(piece.data)
            return Opened("cosign-signature", payload=signed, layer=piece if signed.beside.certificate else None)
        case _ if piece.media_type in bundle.VERSIONS:
            return _take_bundle_apart(bundle.read(piece.data, max_bytes=dsse.MAX_ENVELOPE), bundle.VERSIONS[piece.media_type])
        case _:
            raise EvidenceError("evidence.unknown-format", f"{piece.media_type[:80]!r} is no format of evidence that is read")


def _take_bundle_apart(opened: bundle.Opened, version: int) -> Opened:
    if opened.version != version:
        raise EvidenceError("bundle.other-version", f"this Sigstore bundle is of version 0.{opened.version}, and was attached as one of version 0.{version}")
    if not opened.signed.payload_type:
        return Opened("sigstore-message", bundle=opened)
    part = dsse.Part(keyid=opened.signed.keyid, sig=opened.signed.signature)
    envelope = dsse.Envelope(payload=opened.signed.payload, payload_type=opened.signed.payload_type, signatures=(part,))
    return Opened("sigstore-bundle", envelope=envelope, bundle=opened)


def _require_counted(opened: Opened, accepts: Accepts) -> None:
    """Step 1, what counts here. Where formats are not named, what counted before they could be does."""
    if accepts.formats and opened.format not in accepts.formats:
        raise EvidenceError("evidence.format-not-accepted", f"this is a {opened.format}, and the policy counts {', '.join(accepts.formats)}")
    if accepts.formats:
        return
    if opened.format == "sigstore-message":
        raise EvidenceError(
            "bundle.no-envelope", "this Sigstore bundle signs bare bytes, which counts only where the policy accepts the format sigstore-message"
        )
    if opened.bundle is not None and not opened.bundle.certified and opened.bundle.version < 3:
        raise EvidenceError(
            "bundle.other-version", "a bundle before version 0.3 that a key signed counts only where the policy accepts the format sigstore-bundle"
        )


def _work(opened: Opened, asked: _Asked) -> int:
    """What step 2 costs at most."""
    tries = len(asked.known) * certified.TRY
    if opened.payload is not None:
        tries = simple_signing.work(opened.payload, asked.known)
    elif opened.envelope is not None:
        again = raw_pair.in_der(opened.envelope)
        tries = dsse.work(opened.envelope, asked.known) + (dsse.work(again, asked.known) if again else 0)
    whole = opened.whole() if asked.believed.identities else None
    if whole is None:
        return tries
    each = certified.work(whole, asked.believed) * (len(asked.digests) if opened.format == "sigstore-message" else 1)
    return tries + each + stronger.work(whole, asked.believed)


def _outcome(opened: Opened, source: Digest, asked: _Asked) -> Outcome:
    """Steps 2 to 5 of one piece."""
    try:
        if opened.payload is not None:
            return Outcome(opened.format, _read_payload(opened, opened.payload, source, asked), kind=SIGNATURE_TYPE)
        if opened.envelope is None:
            return Outcome(opened.format, _read_message(opened, source, asked), kind=SIGNATURE_TYPE)
        signers = _signers(opened.envelope, opened, asked)
    except EvidenceError as err:
        kind = _claimed_kind(opened.envelope)
        if kind and kind not in _READERS:
            return Outcome(opened.format, [])
        rejected = Rejected(source=source, code=err.code, predicate=kind)
        return Outcome(opened.format, [rejected], _claims(opened, asked), kind)
    return Outcome(opened.format, _read(opened.envelope, signers, source, asked))


def _claims(opened: Opened, asked: _Asked) -> frozenset[str]:
    """The signers a piece that failed claims to be by; nobody where no format is weaker than another, so that nobody asks."""
    if not stronger.matters(asked.believed.accepts):
        return frozenset()
    try:
        whole = opened.whole()
    except EvidenceError:
        whole = None
    return claimed(opened.envelope, opened.bundle.hint if opened.bundle is not None else "", whole, asked.known, asked.believed)


def _held(whole: Bundle | None, over: Mapping[str, bytes], asked: _Asked) -> Signers:
    """The holders of the certificate that signed this. `over`: digests of what is signed, where it did not come along."""
    if whole is None or not asked.believed.identities:
        raise EvidenceError("bundle.keyless", "this was signed by the key in a certificate, and the policy names no identity that a certificate could have")
    found = certified.held(lambda root, demands: verify.verify(whole, root, over, demands=demands), asked.believed, asked.now)
    accepted.require_own_key(found.verified.certificate, asked.known)
    return Signers(holders=found.holders)


def _read_payload(opened: Opened, signed: simple_signing.Signed, source: Digest, asked: _Asked) -> list[Read]:
    """Steps 2 to 5 of what cosign signed before its bundles. To be about another image is no failure to verify."""
    try:
        said = simple_signing.verify(signed, asked.known, asked.digests)
        accepted.require(asked.believed.accepts, [keys.algorithm_of(asked.known[said.key])])
        _not_later(said.signed_at, asked.now)
        return [Signature(subject=said.subject, key=said.key, source=source, signed_at=said.signed_at)]
    except EvidenceError as err:
        if err.code != "simple-signing.unknown-key" or opened.layer is None:
            return [Rejected(source=source, code=err.code, predicate=SIGNATURE_TYPE)]
    signers = _held(opened.whole(), {}, asked)
    try:
        subject, _ = simple_signing.says(signed.payload, asked.digests)
    except EvidenceError as err:
        return [Rejected(source=source, code=err.code, predicate=SIGNATURE_TYPE)]
    return _signatures(subject, signers, source)


def _read_message(opened: Opened, source: Digest, asked: _Asked) -> list[Read]:
    """Steps 2 and 3 of a bundle that signs the artifact's own bytes, which is of one artifact at most."""
    failed: EvidenceError | None = None
    for digest in sorted(asked.digests):
        try:
            return _signatures(digest, _message_signers(opened, digest, asked), source)
        except EvidenceError as err:
            failed = err
    raise failed or EvidenceError("statement.other-subject", "this is about other digests than the artifact's")


def _message_signers(opened: Opened, digest: Digest, asked: _Asked) -> Signers:
    """Step 2, of which a certificate for a key that is known is that key, as in `_signers`."""
    over = {"sha256": bytes.fromhex(hex_of(digest))}
    signature = opened.bundle.signed.signature if opened.bundle is not None else b""
    for name, public in asked.known.items():
        try:
            key.verify_digest(key.named_key(public), signature, over["sha256"])
        except (EvidenceError, ValueError):
            continue
        accepted.require(asked.believed.accepts, [keys.algorithm_of(public)])
        return Signers(keys=(name,))
    if opened.certified:
        return _held(opened.whole(), over, asked)
    raise EvidenceError("dsse.unknown-key", "no key that is known signed these bytes: another key did, or they were altered")


def _signers(envelope: dsse.Envelope, opened: Opened, asked: _Asked) -> Signers:
    """Step 2. A certificate whose key the policy knows is that key: one private key is one signer, whatever it came with."""
    try:
        names, raw = _verified(envelope, asked.known)
    except EvidenceError as err:
        if err.code != "dsse.unknown-key" or not opened.certified:
            raise
        return _held(opened.whole() if asked.believed.identities else None, {}, asked)
    counted = accepted.require(asked.believed.accepts, [keys.algorithm_of(asked.known[name]) for name in names])
    return Signers(keys=tuple(names[place] for place in counted), raw=raw)


def _read(envelope: dsse.Envelope, signers: Signers, source: Digest, asked: _Asked) -> list[Read]:
    """Steps 3 to 5 of what somebody we believe signed."""
    predicate = ""
    try:
        said = statement.parse(envelope.payload_type, envelope.payload)
        if said.predicate_type not in _READERS:
            return []
        predicate = said.predicate_type
        subjects = [subject for subject in said.subjects if subject in asked.digests]
        if not subjects:
            raise EvidenceError("statement.other-subject", "this Statement is about other digests than the artifact's")
        facts: list[Read] = []
        for subject in subjects:
            if signers.keys:
                facts += _READERS[predicate](said.predicate, subject, signers.keys, source, asked.now)
            for holder in signers.holders:
                facts += [_by(holder, fact) for fact in _READERS[predicate](said.predicate, subject, ("",), source, asked.now)]
        return [_marked(fact) for fact in facts] if signers.raw else facts
    except EvidenceError as err:
        return [Rejected(source=source, code=err.code, predicate=predicate)]


def _by(holder: Holder, fact: Read) -> Read:
    """The fact as a certificate's: no key of the policy's signed it, and when it was signed is known and need not be believed."""
    match fact:
        case Signature():
            return replace(fact, key="", by=holder, signed_at=holder.at)
        case Provenance() | Summary():
            return replace(fact, keys=(), by=holder)
        case _:
            return fact


def _marked(fact: Read) -> Read:
    """The same, of an envelope signed with pairs of r and s."""
    if not isinstance(fact, Summary):
        raise EvidenceError("dsse.raw-signature", "this signature is r and s side by side, and for this kind of evidence only DER counts")
    return replace(fact, raw=True)


def _verified(envelope: dsse.Envelope, known: Mapping[Fingerprint, EvidenceKey]) -> tuple[tuple[Fingerprint, ...], bool]:
    """Who signed, and whether only pairs of r and s say so (`raw_pair`)."""
    try:
        return dsse.verify(envelope, known).keys, False
    except EvidenceError:
        if again := raw_pair.in_der(envelope):
            with suppress(EvidenceError):
                return dsse.verify(again, known).keys, True
        raise


def _claimed_kind(envelope: dsse.Envelope | None) -> str:
    """What it claims to be, which is looked at only to leave out what would not have been read anyway; empty where that cannot be read."""
    if envelope is None:
        return SIGNATURE_TYPE
    try:
        return statement.parse(envelope.payload_type, envelope.payload).predicate_type
    except EvidenceError:
        return ""


def _signatures(subject: Digest, signers: Signers, source: Digest, signed_at: datetime | None = None) -> list[Read]:
    by_keys = [Signature(subject=subject, key=name, source=source, signed_at=signed_at) for name in signers.keys]
    return [*by_keys, *(Signature(subject=subject, key="", source=source, signed_at=one.at, by=one) for one in signers.holders)]


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
