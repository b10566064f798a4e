"""A person says something: sign an event with their own key, and bring it into the record."""

from __future__ import annotations

from lockgate.app.project import Projection, project
from lockgate.app.world import Ports
from lockgate.canon import Noun
from lockgate.core import events
from lockgate.core.digest import Digest, digest_of
from lockgate.core.ports import Entry, Guard, PersonSigner, Receipt
from lockgate.errors import ConflictError, EvidenceError, LedgerError
from lockgate.evidence import history, record

ATTEMPTS = 8
"""How often a record is tried again because something else was recorded meanwhile."""


class Recorded(Noun, frozen=True, kw_only=True):
    """Where an event stands.

    Attributes:
        index: its leaf. new: False where these very bytes were recorded before.
    """

    index: int
    new: bool = True


def sign_event(event: events.Event, subjects: tuple[Digest, ...], signer: PersonSigner) -> events.Envelope:
    """The event in an envelope, signed as SSHSIG under its kind's namespace."""
    statement = record.statement_bytes(event, subjects)
    return record.seal_by_agent(statement, signer.public, signer.sign_ssh(record.agent_data(statement)))


def seal_prepared(prepared: bytes, armored: str) -> events.Envelope:
    """The envelope of what `lockgate approve --prepare` wrote and ``ssh-keygen -Y sign`` signed.

    Raises:
        EvidenceError: ``event.malformed`` where this is not what was written; ``sshsig.…``.
    """
    statement = prepared.split(b" ", 4)[-1]
    if record.to_sign(statement) != prepared:
        raise EvidenceError("event.malformed", "this is not what --prepare wrote")
    return record.seal_armored(statement, armored)


def record_event(ports: Ports, envelope: events.Envelope) -> Recorded:
    """Append a signed event, if it is a fact where it would stand.

    Raises:
        EvidenceError, TrustError: why it would mean nothing there; nothing is recorded.
        LedgerError: it could not be recorded; ``record.contended`` after `ATTEMPTS` tries.
    """
    event = record.open_envelope(envelope).event
    environment = getattr(event, "environment", events.HOUSE)
    environment = "" if environment == events.HOUSE else environment

    key = event_key(envelope)
    known = ports.log.find(key)
    if known is not None:
        return Recorded(index=known.index, new=False)
    for _ in range(ATTEMPTS):
        projection = project(ports, environment)
        leaf = leaf_for(ports, envelope, events.stream_of(event), projection)
        history.admit(projection.state, leaf, projection.size, ports.blobs.get, ports.pinned)
        try:
            receipt = append(ports, leaf, key, projection.size, (leaf.stream, events.HOUSE))
        except ConflictError:
            continue
        return Recorded(index=receipt.index, new=receipt.new)
    raise LedgerError("record.contended", f"something else was recorded {ATTEMPTS} times in between: nothing was recorded")


def event_key(envelope: events.Envelope) -> str:
    """The idempotency key of a signed event: its statement, so that one statement is recorded once, whatever signs it."""
    return "event:" + digest_of(envelope.payload.encode())


def append(ports: Ports, leaf: events.Leaf, key: str, size: int, streams: tuple[str, ...]) -> Receipt:
    """Append a leaf unless one of these streams grew since `size`; remember the new head."""
    receipt = ports.log.append(Entry(leaf=record.leaf_bytes(leaf), stream=leaf.stream, key=key), Guard(size=size, streams=tuple(dict.fromkeys(streams))))
    ports.heads.remember(ports.log.origin, ports.log.head().note)
    return receipt


def leaf_for(ports: Ports, envelope: events.Envelope, stream: str, projection: Projection) -> events.Leaf:
    """The leaf an envelope would become now.

    Raises:
        LedgerError: ``time.behind-log``.
    """
    now = ports.clock.now()
    if now < projection.latest:
        clock, newest = f"{now:%Y-%m-%d %H:%M:%S} UTC", f"{projection.latest:%Y-%m-%d %H:%M:%S} UTC"
        raise LedgerError("time.behind-log", f"this machine's clock says {clock}, and the log's newest leaf is of {newest}: nothing was recorded")
    last = ports.log.last(stream)
    return events.Leaf(at=now, event=envelope, stream=stream, previous=-1 if last is None else last)
