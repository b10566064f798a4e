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

cosign's signatures of before its bundles have steps of their own in place of 2 to 4 (`simple_signing`). Each step is told to a `Walk`, and `examine`
gives what was told beside the facts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

from msgspec.structs import replace

from lockgate.core.digest import Digest, digest_of, hex_of
from lockgate.core.examined import Piece
from lockgate.core.facts import Holder, Rejected, Signature, Summary
from lockgate.core.identity import EvidenceKey, Fingerprint, Name, fingerprint
from lockgate.core.ports import Evidence
from lockgate.core.signers import KEYS_ALONE, Believed
from lockgate.errors import EvidenceError, UnreadableError
from lockgate.evidence import accepted, certified, dsse, keys, predicates, raw_pair, sbom_attached, sbom_types, simple_signing, statement, stronger
from lockgate.evidence.clock import not_later
from lockgate.evidence.examined import pieces
from lockgate.evidence.opened import Opened, require_counted, take_apart
from lockgate.evidence.readers import READERS, Reader
from lockgate.evidence.sigstore import key, verify
from lockgate.evidence.sigstore.trust import TrustedRoot
from lockgate.evidence.steps import Walk
from lockgate.evidence.stronger import Outcome, claimed

SIGNATURE_TYPE = stronger.SIGNATURE_TYPE
Read = stronger.Read

MAX_PIECES = 256
MAX_TOTAL = 96 << 20
MAX_WORK = 512 << 20
"""The most work all pieces together may ask for, as `dsse.work` counts it: a second or so."""


class Signers(NamedTuple):
    """Who signed something: keys we know, or holders of certificates that are meant; at least one.

    Attributes:
        raw: as pairs of r and s. verified: what the certificate's signature proves; None for keys.
    """

    keys: tuple[Fingerprint, ...] = ()
    holders: tuple[Holder, ...] = ()
    raw: bool = False
    verified: verify.Verified | None = None


class _Asked(NamedTuple):
    """What is asked of every piece. `names`: what the policy calls its keys. `readers`: the predicate types that are read."""

    names: Mapping[Fingerprint, Name]
    known: Mapping[Fingerprint, EvidenceKey]
    believed: Believed
    digests: AbstractSet[Digest]
    now: datetime
    readers: Mapping[str, Reader]


def read(
    evidence: Sequence[Evidence],
    keys: Mapping[Name, EvidenceKey],
    digests: AbstractSet[Digest],
    now: datetime,
    believed: Believed = KEYS_ALONE,
    readers: Mapping[str, Reader] = READERS,
) -> tuple[Read, ...]:
    """The facts these pieces of evidence are, in their order; arguments and errors as for `examine`."""
    return tuple(fact for piece in examine(evidence, keys, digests, now, believed, readers) for fact in piece.facts)


def examine(
    evidence: Sequence[Evidence],
    keys: Mapping[Name, EvidenceKey],
    digests: AbstractSet[Digest],
    now: datetime,
    believed: Believed = KEYS_ALONE,
    readers: Mapping[str, Reader] = READERS,
) -> tuple[Piece, ...]:
    """What each of these pieces of evidence is, proves, and by which steps, in their order.

    Args:
        evidence: everything attached to the artifacts; at most 256 pieces, 96 MiB.
        keys: the policy's keys.
        digests: the artifacts asked about.
        now: UTC; what claims to be later proves nothing.
        believed: whom besides keys the policy believes, and what counts.
        readers: predicate type -> its reader; a statement of any other type is no fact and no problem.

    Raises:
        UnreadableError: ``evidence.too-much``: there is more than is read, so that nothing is known of it.
    """
    if len(evidence) > MAX_PIECES or sum(len(piece.data) for piece in evidence) > MAX_TOTAL:
        raise UnreadableError("evidence.too-much", f"more than {MAX_PIECES} pieces or {MAX_TOTAL >> 20} MiB of evidence are attached; nothing of it was read")
    by_print = {fingerprint(one): (name, one) for name, one in keys.items()}
    asked = _Asked({each: name for each, (name, _) in by_print.items()}, {each: one for each, (_, one) in by_print.items()}, believed, digests, now, readers)
    outcomes: list[Outcome] = []
    spent = 0
    for piece in evidence:
        if piece.media_type in sbom_types.MEDIA and sbom_types.CYCLONEDX in readers:
            outcomes.append(sbom_attached.outcome(piece, digests, now))
            continue
        source, walk = digest_of(piece.data), Walk()
        try:
            with walk.at("format"):
                opened = take_apart(piece)
                walk.note(opened.format)
                require_counted(opened, believed.accepts)
                spent += _work(opened, asked)
        except EvidenceError as err:
            outcomes.append(Outcome("dsse", [Rejected(source=source, code=err.code)], walk=walk))
            continue
        if spent > MAX_WORK:
            raise UnreadableError("evidence.too-much", "more signatures are attached than can be tried; name the key in keyid, or attach less")
        outcomes.append(_outcome(opened, source, asked, walk))
    return pieces(evidence, outcomes, believed.accepts)


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


def _outcome(opened: Opened, source: Digest, asked: _Asked, walk: Walk) -> Outcome:
    """Steps 2 to 5 of one piece."""
    kind = SIGNATURE_TYPE
    try:
        if opened.payload is not None:
            facts, signers = _read_payload(opened, opened.payload, source, asked, walk)
        elif opened.envelope is None:
            facts, signers = _read_message(opened, source, asked, walk)
        else:
            signers = _signers(opened.envelope, opened, asked, walk)
            facts, kind = _read(opened.envelope, signers, source, asked, walk)
    except EvidenceError as err:
        kind = _claimed_kind(opened.envelope)
        if kind and kind not in asked.readers:
            return Outcome(opened.format, [], kind=kind, walk=walk, certified=opened.certified)
        rejected = Rejected(source=source, code=err.code, predicate=kind)
        return Outcome(opened.format, [rejected], _claims(opened, asked), kind, walk=walk, certified=opened.certified)
    return Outcome(opened.format, facts, kind=kind, walk=walk, verified=signers.verified, certified=opened.certified)


def _claims(opened: Opened, asked: _Asked) -> frozenset[str]:
    """The signers a piece that failed claims to be by; nobody where no format is weaker than another, so that nobody asks."""
    if not stronger.matters(asked.believed.accepts):
        return frozenset()
    try:
        whole = opened.whole()
    except EvidenceError:
        whole = None
    return claimed(opened.envelope, opened.bundle.hint if opened.bundle is not None else "", whole, asked.known, asked.believed)


def _held(opened: Opened, over: Mapping[str, bytes], asked: _Asked, walk: Walk) -> Signers:
    """The holders of the certificate that signed this. `over`: digests of what is signed, where it did not come along."""
    with walk.at("signer"):
        whole = opened.whole() if asked.believed.identities else None
        if whole is None:
            raise EvidenceError("bundle.keyless", "this was signed by the key in a certificate, and no identity is named that a certificate could have")

    def under(root: TrustedRoot, demands: verify.Demands, mine: Walk) -> verify.Verified:
        return verify.verify(whole, root, over, demands=demands, walk=mine)

    held = certified.held(under, asked.believed, asked.now, walk)
    with walk.at("algorithm"):
        accepted.require_own_key(held.verified.certificate, asked.known)
    return Signers(holders=held.holders, verified=held.verified)


def _known(names: Sequence[Fingerprint], asked: _Asked, walk: Walk) -> list[int]:
    """That keys we know signed, and by an algorithm that counts: the places of those."""
    with walk.at("signature"):
        walk.note("key " + ", ".join(asked.names[name] for name in names))
    with walk.at("algorithm"):
        algorithms = [keys.algorithm_of(asked.known[name]) for name in names]
        walk.note(", ".join(dict.fromkeys(algorithms)))
        return accepted.require(asked.believed.accepts, algorithms)


def _read_payload(opened: Opened, signed: simple_signing.Signed, source: Digest, asked: _Asked, walk: Walk) -> tuple[list[Read], Signers]:
    """Steps 2 to 5 of what cosign signed before its bundles. To be about another image is no failure to verify."""
    try:
        signers = Signers(keys=(simple_signing.signer(signed, asked.known),))
    except EvidenceError:
        if opened.layer is None:
            with walk.at("signature"):
                raise
        signers = _held(opened, {}, asked, walk)
    try:
        if signers.keys:
            _known(signers.keys, asked, walk)
        with walk.at("subject"):
            subject, signed_at = simple_signing.says(signed.payload, asked.digests)
        with walk.at("predicate"):
            walk.note(predicates.name_of(SIGNATURE_TYPE))
            if signers.keys:
                not_later(signed_at, asked.now)
    except EvidenceError as err:
        return [Rejected(source=source, code=err.code, predicate=SIGNATURE_TYPE)], signers
    return _signatures(subject, signers, source, signed_at), signers


def _read_message(opened: Opened, source: Digest, asked: _Asked, walk: Walk) -> tuple[list[Read], Signers]:
    """Steps 2 and 3 of a bundle that signs the artifact's own bytes, which is of one artifact at most."""
    failed, before = EvidenceError("statement.other-subject", "this is about other digests than the artifact's"), walk.taken
    for digest in sorted(asked.digests):
        walk.taken = list(before)
        try:
            signers = _message_signers(opened, digest, asked, walk)
        except EvidenceError as err:
            failed = err
            continue
        return _signatures(digest, signers, source), signers
    raise failed


def _message_signers(opened: Opened, digest: Digest, asked: _Asked, walk: Walk) -> Signers:
    """Step 2, of which a certificate for a key that is known is that key, as in `_signers`."""
    over = {"sha256": bytes.fromhex(hex_of(digest))}
    signature = opened.bundle.signed.signature if opened.bundle is not None else b""
    for name, public in asked.known.items():
        try:
            key.verify_digest(key.named_key(public), signature, over["sha256"])
        except (EvidenceError, ValueError):
            continue
        _known([name], asked, walk)
        return Signers(keys=(name,))
    if opened.certified:
        return _held(opened, over, asked, walk)
    with walk.at("signature"):
        raise EvidenceError("dsse.unknown-key", "no key that is known signed these bytes: another key did, or they were altered")


def _signers(envelope: dsse.Envelope, opened: Opened, asked: _Asked, walk: Walk) -> Signers:
    """Step 2. A certificate whose key the policy knows is that key: one private key is one signer, whatever it came with."""
    try:
        names, raw = _verified(envelope, asked.known)
    except EvidenceError as err:
        if err.code == "dsse.unknown-key" and opened.certified:
            return _held(opened, {}, asked, walk)
        with walk.at("signature"):
            raise
    counted = _known(names, asked, walk)
    return Signers(keys=tuple(names[place] for place in counted), raw=raw)


def _read(envelope: dsse.Envelope, signers: Signers, source: Digest, asked: _Asked, walk: Walk) -> tuple[list[Read], str]:
    """Steps 3 to 5 of what somebody we believe signed, and what kind of thing it is."""
    predicate = ""
    try:
        with walk.at("subject"):
            said = statement.parse(envelope.payload_type, envelope.payload)
            subjects = [subject for subject in said.subjects if subject in asked.digests]
            predicate = said.predicate_type if said.predicate_type in asked.readers else ""
            if predicate and not subjects:
                raise EvidenceError("statement.other-subject", "this Statement is about other digests than the artifact's")
        called = predicates.name_of(said.predicate_type) or "of a type that is not known"
        if not predicate and said.raw[:1] == b'"':
            raise EvidenceError("statement.malformed", "this is no in-toto Statement: predicate is no object")
        if not predicate:
            walk.skip("predicate", f"{called}: not read")
            return [], said.predicate_type
        with walk.at("predicate"):
            walk.note(called)
            return _facts(said, subjects, signers, source, asked), predicate
    except EvidenceError as err:
        return [Rejected(source=source, code=err.code, predicate=predicate)], predicate


def _facts(said: statement.Statement, subjects: Sequence[Digest], signers: Signers, source: Digest, asked: _Asked) -> list[Read]:
    """Steps 4 and 5."""
    facts: list[Read] = []
    reader = asked.readers[said.predicate_type]
    for subject in subjects:
        if signers.keys:
            facts += reader(said, subject, signers.keys, source, asked.now)
        for holder in signers.holders:
            facts += [_by(holder, fact) for fact in reader(said, subject, ("",), source, asked.now)]
    return [_marked(fact) for fact in facts] if signers.raw else facts


def _by(holder: Holder, fact: Read) -> Read:
    """The fact as a certificate's: no key of the policy's signed it, and when it was signed is known and need not be believed."""
    match fact:
        case Signature():
            return replace(fact, key="", by=holder, signed_at=holder.at)
        case Rejected():
            return fact
        case _:
            return replace(fact, keys=(), by=holder)


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
