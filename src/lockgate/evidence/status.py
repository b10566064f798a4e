"""The status list: a small document, signed by the permit key, that says what is revoked; a verifier offline asks for a fresh one.

It is canonical JSON in a DSSE envelope under a payload type of its own, so that it is no event and no event is one. It names its log by genesis and
holds the log's own signed checkpoint: how far history was looked at is the log key's word, what is revoked in it is the permit key's.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

import msgspec

from lockgate import canon
from lockgate.canon import Noun
from lockgate.core.digest import Digest
from lockgate.core.duration import Duration, Time, span
from lockgate.core.identity import Name, PublicKey, Root, fingerprint
from lockgate.core.model import Release
from lockgate.core.recall import names
from lockgate.core.revocation import EVERY_PERMIT
from lockgate.errors import EvidenceError, LedgerError, UnreadableError
from lockgate.evidence import b64, dsse, keys
from lockgate.evidence.place import SKEW
from lockgate.ledger.checkpoint import Checkpoint, verify_checkpoint
from lockgate.ledger.note import parse_vkey

PAYLOAD_TYPE = "application/vnd.lockgate.status+json"

MAX_LIST = 1 << 20
"""The largest status list, bytes; a state holds some hundred revocations, of up to 64 digests each."""

EVERYWHERE = "house"


class Struck(Noun, frozen=True, kw_only=True):
    """Permits that are gone.

    Attributes:
        environment: of these; ``house`` for every one's.
        permit: the one that the decision at this leaf gave; `EVERY_PERMIT` for those of releases with one of these digests.
        digests: of artifacts and configurations; none for whatever was permitted before `before`.
        before: only those that were permitted before this leaf, as what revoked them was lifted there; -1 for all.
        leaf: of the revocation. reason: why; empty where it is not known any more.
    """

    environment: Name
    permit: int = EVERY_PERMIT
    digests: tuple[Digest, ...] = ()
    before: int = -1
    leaf: int
    reason: str = ""


class Runs(Noun, frozen=True, kw_only=True):
    """What occupies an environment: its permit lets it restart and scale there, past its end too, while a fresh list says so."""

    environment: Name
    release: Release


class StatusList(Noun, frozen=True, kw_only=True):
    """What is revoked, as of one head of one log.

    Attributes:
        version: of this format: 1.
        log: RFC 6962 hash of the log's leaf 0.
        checkpoint: the log's signed head that was looked at.
        issued_at: by the issuer's clock. status_max_age: how long it may be believed.
        revoked: permits that are gone and would not be over by themselves. runs: what occupies each environment.
    """

    version: Literal[1] = 1
    log: Digest
    checkpoint: str
    issued_at: Time
    status_max_age: Duration
    revoked: Annotated[tuple[Struck, ...], msgspec.Meta(max_length=16_384)] = ()
    runs: tuple[Runs, ...] = ()


class Fresh(Noun, frozen=True, kw_only=True):
    """A status list that is believed: what it says, and the head it looked at."""

    said: StatusList
    checkpoint: Checkpoint


def to_sign(listed: StatusList) -> bytes:
    """The bytes the permit key signs: the DSSE PAE of the canonical list."""
    return dsse.pae(PAYLOAD_TYPE, canon.encode(listed))


def seal(listed: StatusList, permit: PublicKey, signature: bytes) -> bytes:
    """The file of a list with its signature, checked. Raises EvidenceError ``status.forged``, ``status.too-large``."""
    payload = b64.encode(canon.encode(listed))
    envelope = {"payload": payload, "payloadType": PAYLOAD_TYPE, "signatures": [{"keyid": fingerprint(permit), "sig": b64.encode(signature)}]}
    data = canon.encode(envelope) + b"\n"
    _opened(data, permit)
    return data


def read(data: bytes, root: Root, now: datetime, max_age: str = "") -> Fresh:
    """A status list that may be believed now.

      1  the envelope is of a status list, and the root's permit key signed it
      2  it is about the root's log, and holds a head that the root's log key signed
      3  it is not of the future, and not older than it or whoever asks allows

    Args:
        data: the file.
        root: pinned. now: UTC.
        max_age: the longest age that whoever asks allows, a duration; empty for the list's own.

    Raises:
        EvidenceError: ``status.malformed``, ``status.too-large``, ``status.forged``, ``status.other-log``, ``status.from-future``.
        UnreadableError: ``status.too-old``: what was revoked since is not known.
    """
    said = _opened(data, root.permit)
    if said.log != root.genesis:
        raise EvidenceError("status.other-log", "this status list is about another log than the pinned root's")
    try:
        checkpoint = verify_checkpoint(said.checkpoint.encode(), parse_vkey(root.log))
    except LedgerError as err:
        raise EvidenceError("status.forged", f"the head in this status list is not the log's: {err.message}") from None
    if said.issued_at - now > SKEW:
        raise EvidenceError("status.from-future", f"this status list says it was issued {said.issued_at:%Y-%m-%d %H:%M:%S} UTC, which is yet to come")
    allowed = min([said.status_max_age, *([max_age] if max_age else [])], key=span)
    if now - said.issued_at > span(allowed):
        raise UnreadableError("status.too-old", f"this status list is of {said.issued_at:%Y-%m-%d %H:%M:%S} UTC, and may be {allowed} old at most")
    return Fresh(said=said, checkpoint=checkpoint)


def _opened(data: bytes, permit: PublicKey) -> StatusList:
    """Step 1."""
    if len(data) > MAX_LIST:
        raise EvidenceError("status.too-large", f"a status list of {len(data)} bytes; at most {MAX_LIST} are read")
    try:
        found = dsse.parse(data)
    except EvidenceError as err:
        raise EvidenceError("status.malformed", f"this is no status list: {err.message}") from None
    if found.payload_type != PAYLOAD_TYPE:
        raise EvidenceError("status.malformed", f"this is no status list, but {found.payload_type[:80]!r}")
    if len(found.signatures) != 1:
        raise EvidenceError("status.forged", f"this status list has {len(found.signatures)} signatures; the permit key's alone says it")
    try:
        keys.verify_raw(permit, dsse.pae(PAYLOAD_TYPE, found.payload), found.signatures[0].sig)
    except EvidenceError:
        raise EvidenceError("status.forged", "this status list is not signed by the permit key of the pinned root") from None
    return canon.decode(found.payload, StatusList, what="status list", code="status.malformed")


def struck(listed: StatusList, environment: Name, decision: int, release: Release, inside: Sequence[Digest] = ()) -> Struck | None:
    """What ended this permit, as the list says; None where nothing did.

    Args:
        listed: the list.
        environment, decision, release: the permit.
        inside: images inside its artifacts, as far as they were read.
    """
    held = names(release) | set(inside)
    for one in listed.revoked:
        if one.environment not in {EVERYWHERE, environment}:
            continue
        meant = one.permit == decision if one.permit != EVERY_PERMIT else not one.digests or bool(held & set(one.digests))
        if meant and (one.before < 0 or decision < one.before):
            return one
    return None


def lets_run(listed: StatusList, environment: Name, release: Release) -> bool:
    """Whether this very release is what the list says runs there."""
    return Runs(environment=environment, release=release) in listed.runs
