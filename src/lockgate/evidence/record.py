"""Our own events: to bytes that are signed, and from signed bytes that the log keeps.

An event travels as an in-toto Statement v1 in canonical JSON, in a DSSE envelope. A person signs the envelope's PAE
with SSHSIG under the namespace of that one kind (`events.namespace`); the permit key signs it bare, with Ed25519 or
ECDSA P-256. `open_envelope` only reads; who signed is for `person_key` and `check_permit_signature`, and whether they
may is for `history`.

Reading is strict: canonical bytes, no field, no kind and no word of a fixed list that we do not know. What a later lockgate wrote is ``event.newer``
and means nothing here, which refuses; it is never half understood.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Annotated, Literal, TypeVar

import msgspec

from lockgate import canon
from lockgate.canon import Noun
from lockgate.core import events
from lockgate.core.digest import Digest, hex_of
from lockgate.core.envelope import MAX_LEAF, Envelope, EnvelopeSignature, Leaf
from lockgate.core.events import PAYLOAD_TYPE
from lockgate.core.exceptional_events import Held, Lifted
from lockgate.core.identity import PublicKey, fingerprint
from lockgate.errors import EvidenceError
from lockgate.evidence import b64, dsse, keys, sshsig

T = TypeVar("T")

MAX_SUBJECTS = 64
_OURS = re.compile(re.escape(events.PREFIX) + r"([a-z][a-z-]*)/v([1-9][0-9]*)\Z").match
_OFFSET = re.compile(rb'[+-][0-9]{2}:?[0-9]{2}"').search
"""What a time that is not in UTC ends with, and many another text: where there is none, nobody has to look at each value."""
_NEWER = ("Object contains unknown field", "Invalid enum value")


class _DigestSet(Noun, frozen=True, kw_only=True):
    sha256: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]


class _Subject(Noun, frozen=True, kw_only=True):
    digest: _DigestSet


class _Statement(Noun, frozen=True, kw_only=True):
    type_: Literal["https://in-toto.io/Statement/v1"] = msgspec.field(name="_type")
    subject: tuple[_Subject, ...]
    predicate_type: str
    predicate: msgspec.Raw


class Opened(Noun, frozen=True, kw_only=True):
    """What an envelope of ours says; who signed it is not checked yet.

    Attributes:
        event: the predicate.
        subjects: the digests it is about, sorted, each once.
    """

    event: events.Event
    subjects: tuple[Digest, ...]


def statement_bytes(event: events.Event, subjects: tuple[Digest, ...]) -> bytes:
    """The event's canonical Statement.

    Args:
        subjects: what it is about: sorted, each once, 1 to 64; none for a genesis, a hold and what lifts one.

    Raises:
        EvidenceError: as `parse_statement`, where it would not read back.
    """
    said = _Statement(
        type_="https://in-toto.io/Statement/v1",
        predicate_type=events.predicate_type(events.kind_of(event)),
        predicate=msgspec.Raw(canon.encode(event)),
        subject=tuple(_Subject(digest=_DigestSet(sha256=hex_of(subject))) for subject in subjects),
    )
    data = canon.encode(said)
    parse_statement(data)
    return data


@lru_cache(maxsize=32)  # one leaf is opened several times in a walk
def parse_statement(data: bytes) -> tuple[events.Event, tuple[Digest, ...]]:
    """The event a canonical Statement of ours is, and its subjects.

    Raises:
        EvidenceError: ``event.newer`` for a kind, version, field or word of a fixed list we do not know; ``event.malformed``,
            ``json.not-canonical``.
    """
    said = _decode(data, _Statement, "Statement")
    found = _OURS(said.predicate_type)
    if not found:
        raise EvidenceError("event.malformed", f"{said.predicate_type[:100]!r} is no event of lockgate's")
    struct = events.KINDS.get(found[1])
    if struct is None or found[2] != "1":
        raise EvidenceError("event.newer", f"this lockgate does not know {said.predicate_type[:100]!r}: a later one wrote it")
    predicate = bytes(said.predicate)
    event = _decode(predicate, struct, found[1])
    if _OFFSET(predicate) and not all(_is_utc(value) for value in _values(event) if isinstance(value, datetime)):
        raise EvidenceError("event.malformed", "a time in this event is not in UTC")
    subjects = tuple("sha256:" + one.digest.sha256 for one in said.subject)
    if list(subjects) != sorted(set(subjects)) or not (isinstance(event, events.Genesis | Held | Lifted) or subjects) or len(subjects) > MAX_SUBJECTS:
        raise EvidenceError("event.malformed", f"an event's subjects are sorted, each once, 1 to {MAX_SUBJECTS}")
    return event, subjects


def to_sign(statement: bytes) -> bytes:
    """The bytes that stand under a signature of this Statement: its DSSE PAE. A person signs them as SSHSIG."""
    return dsse.pae(PAYLOAD_TYPE, statement)


def agent_data(statement: bytes) -> bytes:
    """The bytes an SSH key or agent is asked to sign for this Statement: `to_sign`, as SSHSIG wraps it, with SHA-512.

    Raises:
        EvidenceError: as `parse_statement`: what is no event of ours is not put before anybody's key.
    """
    return sshsig.signed_data(_namespace(statement), to_sign(statement))


def seal_by_agent(statement: bytes, key: PublicKey, signature: bytes) -> Envelope:
    """The envelope of a person's signature over `agent_data`, checked.

    Args:
        key: whose signature it is.
        signature: as an SSH agent returns it (`sshsig.assemble`).

    Raises:
        EvidenceError: ``sshsig.…`` where it does not verify, or as `parse_statement`.
    """
    namespace = _namespace(statement)
    return _seal_person(statement, namespace, sshsig.assemble(key, namespace, signature))


def seal_armored(statement: bytes, armored: str) -> Envelope:
    """The envelope of a signature that ``ssh-keygen -Y sign -n lockgate-<kind>@v1`` made over `to_sign`, checked.

    Raises:
        EvidenceError: as `seal_by_agent`.
    """
    return _seal_person(statement, _namespace(statement), sshsig.dearmor(armored))


def seal_by_permit_key(statement: bytes, permit: PublicKey, signature: bytes) -> Envelope:
    """The envelope of the permit key's bare signature over `to_sign`, checked.

    Raises:
        EvidenceError: ``signature.bad``, or as `parse_statement`.
    """
    parse_statement(statement)
    sealed = _envelope(statement, EnvelopeSignature(keyid=fingerprint(permit), sig=b64.encode(signature)))
    check_permit_signature(sealed, permit)
    return sealed


def seal_genesis(statement: bytes) -> Envelope:
    """The envelope of a genesis, which nobody signs: the root names its hash, and the root is signed.

    Raises:
        EvidenceError: ``event.malformed`` for any other event.
    """
    if not isinstance(parse_statement(statement)[0], events.Genesis):
        raise EvidenceError("event.malformed", "only a genesis goes unsigned")
    return _envelope(statement)


def open_envelope(envelope: Envelope) -> Opened:
    """What this envelope says. No signature is checked here: see `person_key` and `check_permit_signature`.

    Raises:
        EvidenceError: ``event.malformed``, ``event.newer``, ``json.not-canonical``.
    """
    event, subjects = parse_statement(_payload(envelope))
    return Opened(event=event, subjects=subjects)


def person_key(envelope: Envelope, kind: str) -> PublicKey:
    """The key of the one person who signed this, as an event of this kind; in normal form.

    Raises:
        EvidenceError: ``event.unsigned``, ``event.malformed``, ``event.other-key``, ``sshsig.…``, ``key.…``.
    """
    signature = _only(envelope)
    key = sshsig.verify_sshsig(_bytes(signature.sig), to_sign(_payload(envelope)), events.namespace(kind))
    if signature.keyid != fingerprint(key):
        raise EvidenceError("event.other-key", "the envelope names another key than the one that signed it")
    return key


@lru_cache(maxsize=16)  # a walk asks of the decision it ends at, and its fold asks again
def check_permit_signature(envelope: Envelope, permit: PublicKey) -> None:
    """The permit key, and nobody else, signed this.

    Raises:
        EvidenceError: ``event.unsigned``, ``event.malformed``, ``event.other-key``, ``signature.bad``.
    """
    signature = _only(envelope)
    if signature.keyid != fingerprint(permit):
        raise EvidenceError("event.other-key", f"this names the key {signature.keyid[:60]!r}, not the permit key")
    keys.verify_raw(permit, to_sign(_payload(envelope)), _bytes(signature.sig))


def read_envelope(data: bytes) -> Envelope:
    """An event somebody signed elsewhere, from a file: any JSON of a DSSE envelope, made canonical. Nothing is verified.

    Raises:
        EvidenceError: `dsse.parse`'s codes, or ``event.malformed`` for another payload type.
    """
    found = dsse.parse(data)
    if found.payload_type != PAYLOAD_TYPE:
        raise EvidenceError("event.malformed", f"the payload is {found.payload_type[:80]!r}, not an event of lockgate's")
    return _envelope(found.payload, *(EnvelopeSignature(keyid=part.keyid, sig=b64.encode(part.sig)) for part in found.signatures))


def leaf_bytes(leaf: Leaf) -> bytes:
    """The leaf as the log keeps it.

    Raises:
        EvidenceError: ``leaf.too-large``.
    """
    data = canon.encode(leaf)
    if len(data) > MAX_LEAF:
        raise EvidenceError("leaf.too-large", f"this event has {len(data)} bytes; at most {MAX_LEAF} are recorded")
    return data


def read_leaf(data: bytes) -> Leaf:
    """A leaf from the log; what it says is not read yet (`open_envelope`).

    Raises:
        EvidenceError: ``leaf.too-large``, ``event.newer``, ``event.malformed``, ``json.not-canonical``.
    """
    if len(data) > MAX_LEAF:
        raise EvidenceError("leaf.too-large", f"this leaf has {len(data)} bytes; at most {MAX_LEAF} are read")
    leaf = _decode(data, Leaf, "leaf")
    if not _is_utc(leaf.at):
        raise EvidenceError("event.malformed", "the time of this leaf is not in UTC")
    return leaf


def _seal_person(statement: bytes, namespace: str, blob: bytes) -> Envelope:
    key = sshsig.verify_sshsig(blob, to_sign(statement), namespace)
    return _envelope(statement, EnvelopeSignature(keyid=fingerprint(key), sig=b64.encode(blob)))


def _envelope(statement: bytes, *signatures: EnvelopeSignature) -> Envelope:
    return Envelope(payload=b64.encode(statement), payload_type="application/vnd.in-toto+json", signatures=signatures)


def _namespace(statement: bytes) -> str:
    return events.namespace(events.kind_of(parse_statement(statement)[0]))


def _only(envelope: Envelope) -> EnvelopeSignature:
    if len(envelope.signatures) != 1:
        raise EvidenceError("event.unsigned", f"this event has {len(envelope.signatures)} signatures; exactly one person or key says it")
    return envelope.signatures[0]


def _payload(envelope: Envelope) -> bytes:
    return _bytes(envelope.payload)


def _bytes(text: str) -> bytes:
    try:
        return b64.decode(text)
    except ValueError as err:
        raise EvidenceError("event.malformed", f"this is no envelope: {err}") from None


def _decode(data: bytes, type_: type[T], what: str) -> T:
    try:
        return canon.decode(data, type_, what=what, code="event.malformed")
    except EvidenceError as err:
        if err.code == "event.malformed" and err.message.removeprefix(f"this is no {what}: ").startswith(_NEWER):
            raise EvidenceError("event.newer", f"this {what} has a field or a word this lockgate does not know: a later one wrote it") from None
        raise


def _values(value: object) -> Iterator[object]:
    """Every value in a noun, at any depth."""
    if isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from _values(getattr(value, name))
    elif isinstance(value, tuple):
        for item in value:
            yield from _values(item)
    else:
        yield value


def _is_utc(at: datetime) -> bool:
    return at.utcoffset() == timedelta(0)
