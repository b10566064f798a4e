"""A person says something: sign an event with their own key, and bring it into the record."""

from __future__ import annotations

from datetime import datetime

from lockgate.app.project import Projection, documents, holders, newest, project
from lockgate.app.world import Ports
from lockgate.canon import Noun
from lockgate.core import events
from lockgate.core.digest import Digest, digest_of
from lockgate.core.envelope import Envelope, Leaf
from lockgate.core.exceptional import Exceptional
from lockgate.core.exceptional_events import Departure, Lifted
from lockgate.core.identity import fingerprint
from lockgate.core.ports import Entry, Guard, PersonSigner, Receipt
from lockgate.core.rechecked import Rechecked
from lockgate.core.state import House, State
from lockgate.errors import ConflictError, EvidenceError, LedgerError, UnreadableError
from lockgate.evidence import history, record
from lockgate.evidence.place import SKEW

ATTEMPTS = 32
"""How often a record is tried again because something else was recorded meanwhile."""


class Recorded(Noun, frozen=True, kw_only=True):
    """Where an event stands.

    Attributes:
        index: its leaf. new: False where these very bytes were recorded before, and still stand.
    """

    index: int
    new: bool = True


def sign_event(event: events.Event, subjects: tuple[Digest, ...], signer: PersonSigner) -> Envelope:
    """The event in an envelope, signed as SSHSIG under its kind's namespace."""
    statement = record.statement_bytes(event, subjects)
    return record.seal_by_agent(statement, signer.public, signer.sign_ssh(record.agent_data(statement)))


def seal_prepared(prepared: bytes, armored: str) -> Envelope:
    """The envelope of what `lockgate approve --prepare` wrote and ``ssh-keygen -Y sign`` signed.

    Raises:
        EvidenceError: ``event.malformed`` where this is not what was written; ``sshsig.…``.
    """
    statement = prepared.split(b" ", 4)[-1]
    if record.to_sign(statement) != prepared:
        raise EvidenceError("event.malformed", "this is not what --prepare wrote")
    return record.seal_armored(statement, armored)


def record_event(ports: Ports, envelope: Envelope) -> Recorded:
    """Append a signed event, if it is a fact where it would stand; said again after a lost answer, it is found.

    Raises:
        EvidenceError, TrustError: why it would mean nothing there; nothing is recorded. ``event.replayed``,
            ``approval.replayed``, ``rejection.replayed``, ``withdrawal.replayed``: it was said before and stands no more.
            ``event.not-recorded``: it is a decision, and the gate records those it makes itself.
        LedgerError: it could not be recorded; ``record.contended`` after `ATTEMPTS` tries.
    """
    event = record.open_envelope(envelope).event
    if isinstance(event, events.Decided | Rechecked):
        raise EvidenceError("event.not-recorded", "a decision is recorded by the gate that makes it, and is never brought in, whoever signed it")
    environment = getattr(event, "environment", events.HOUSE)
    environment = "" if environment == events.HOUSE else environment
    key = event_key(envelope)
    for _ in range(ATTEMPTS):
        projection = project(ports, environment)
        known = ports.log.find(key)
        if known is not None:
            _require_standing(ports, envelope, known.index, project(ports, environment, walk="chain"))
            return Recorded(index=known.index, new=False)
        leaf = leaf_for(ports, envelope, events.stream_of(event), projection)
        history.admit(projection.state, leaf, projection.size, documents(ports), ports.pinned)
        if isinstance(event, events.Requested | events.Proposal):
            _require_unused(ports, event.id)
        try:
            receipt = append(ports, leaf, key, projection.size, (leaf.stream, events.HOUSE))
        except LedgerError as err:
            if not isinstance(err, ConflictError) and err.code != "log.key-reused":
                raise
            continue
        return Recorded(index=receipt.index, new=receipt.new)
    raise LedgerError("record.contended", f"something else was recorded {ATTEMPTS} times in between: nothing was recorded")


def _require_unused(ports: Ports, id_: str) -> None:
    """One id, one request: whoever approves names nothing else."""
    for environment, _ in holders(ports, id_):
        raise EvidenceError("request.reused", f"the id {id_} is taken in {environment}")


def _require_standing(ports: Ports, envelope: Envelope, index: int, projection: Projection) -> None:
    """The leaf at `index` is this very event, is a fact, and nobody took it back since.

    1. It is this event by this key: where the log has an idempotency key is a hint.
    2. It means something there.
    3. It stands: who says again what was taken back must not hear that it is recorded.
    """
    event = record.open_envelope(envelope).event
    key = record.person_key(envelope, events.kind_of(event))
    said = record.read_leaf(ports.log.leaf(index)).event
    if said.payload != envelope.payload or [one.keyid for one in said.signatures] != [fingerprint(key)]:
        raise EvidenceError("event.replayed", f"leaf {index} says this already, by another key: nothing was recorded")
    if code := projection.ignored.get(str(index)):
        raise EvidenceError("event.replayed", f"this was recorded as leaf {index}, where it means nothing ({code}): say it anew")
    if isinstance(event, events.Requested):
        asked = projection.state.environment.request(event.id)
        if asked is None or asked.withdrawn:
            raise EvidenceError("event.replayed", f"{event.id} is leaf {index}, and was withdrawn or forgotten since: request anew")
    if isinstance(event, events.Revoked) or (isinstance(event, events.Withdrawn) and event.what == "revocation"):
        _require_revocation(projection.state, event, index)
        return
    if isinstance(event, Departure):
        _require_exceptional(event, projection.state.environment.exceptional, index)
    if not isinstance(event, events.Approved | events.Rejected | events.Withdrawn):
        return
    person = projection.roster.person_of(key)
    by = person.id if person else fingerprint(key)
    if event.environment == events.HOUSE:
        if isinstance(event, events.Approved):
            _require_backing(projection.state.house, event)
        return
    request = projection.state.environment.request(event.request)
    if request is None:
        raise EvidenceError("request.unknown", f"{event.request} is no request in {event.environment}")
    live = {given.nonce for given in request.given if not given.withdrawn}
    match event:
        case events.Approved():
            if event.nonce not in live:
                raise EvidenceError("approval.replayed", f"this very approval is leaf {index}, and does not stand any more: approve anew")
        case events.Rejected():
            if by not in request.rejected_by:
                raise EvidenceError("rejection.replayed", f"this very rejection is leaf {index}, and does not stand any more: reject anew")
        case events.Withdrawn():
            theirs = any(given.person == by and not given.withdrawn for given in request.given)
            if (event.what == "approval" and theirs) or (event.what == "rejection" and by in request.rejected_by):
                raise EvidenceError("withdrawal.replayed", f"this very withdrawal is leaf {index}, and more was said since: withdraw anew")


def _require_revocation(state: State, event: events.Revoked | events.Withdrawn, index: int) -> None:
    """A revocation stands; a lifted one stands no more, and that is what its lifting says."""
    held = state.house if event.environment == events.HOUSE else state.environment
    if isinstance(event, events.Revoked) and not any(one.id == event.id and one.lifted < 0 for one in held.revoked):
        raise EvidenceError("event.replayed", f"{event.id} is leaf {index}, and was lifted since: revoke anew")


def _require_exceptional(event: Departure, here: Exceptional, index: int) -> None:
    """A hold or waiver that is said again still stands; what is lifted again is lifted still."""
    waiver = here.waiver(event.id)
    stands = here.hold(event.id) is not None or (waiver is not None and not waiver.lifted) or here.glass(event.id) is not None
    if stands == isinstance(event, Lifted):
        raise EvidenceError("event.replayed", f"this very event is leaf {index}, and {event.id} was lifted, given again or forgotten since: say it anew")


def _require_backing(house: House, event: events.Approved) -> None:
    """An owner's approval of a proposal stands, or the proposal is done with."""
    for proposal in house.proposals:
        if proposal.id == event.request and any(given.nonce == event.nonce and given.withdrawn for given in proposal.approvals):
            raise EvidenceError("approval.replayed", "this very approval was withdrawn since: approve anew")
    for closed in house.closed:
        held = {"root": house.root, "roster": house.roster, "policy": house.policy}[closed.kind]
        if closed.id == event.request and (held is None or held.version < closed.version):
            raise EvidenceError("approval.replayed", f"{event.request} was rejected or withdrawn since this approval")


def event_key(envelope: Envelope) -> str:
    """The idempotency key of a signed event: its statement, so that one statement is recorded once, whatever signs it."""
    return "event:" + digest_of(envelope.payload.encode())


def append(ports: Ports, leaf: Leaf, key: str, size: int, streams: tuple[str, ...]) -> Receipt:
    """Append a leaf unless one of these streams grew since `size`; remember the new head, under a pinned root.

    Raises:
        LedgerError: from the log: nothing was recorded. UnreadableError: it was, and that could not be remembered.
    """
    if ports.clock.now() - leaf.at > SKEW / 2:  # a process that slept: later leaves of others would stand before it
        raise ConflictError("log.conflict", "too much time went by between looking and recording")
    receipt = ports.log.append(Entry(leaf=record.leaf_bytes(leaf), stream=leaf.stream, key=key), Guard(size=size, streams=tuple(dict.fromkeys(streams))))
    try:
        if ports.pinned is not None:
            ports.heads.remember(ports.log.vkey, ports.log.head().note)
    except UnreadableError as err:
        raise UnreadableError(err.code, f"leaf {receipt.index} was recorded, and then: {err.message}", err.remedy) from err
    return receipt


def leaf_for(ports: Ports, envelope: Envelope, stream: str, projection: Projection) -> Leaf:
    """The leaf an envelope would become now.

    Raises:
        LedgerError: ``time.behind-log``; as `newest`.
    """
    now = require_clock(ports, projection)
    last = newest(ports, stream)
    return Leaf(at=now, event=envelope, stream=stream, previous=-1 if last is None else last)


def require_clock(ports: Ports, projection: Projection) -> datetime:
    """Now, which is not before the log's newest leaf. Raises LedgerError ``time.behind-log``."""
    now = ports.clock.now()
    if now < projection.latest:
        clock, latest = f"{now:%Y-%m-%d %H:%M:%S} UTC", f"{projection.latest:%Y-%m-%d %H:%M:%S} UTC"
        raise LedgerError("time.behind-log", f"this machine's clock says {clock}, and the log's newest leaf is of {latest}: nothing was recorded")
    return now
