"""The first leaves of a log: genesis, the first root, the first roster."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from lockgate.app import request, say
from lockgate.app.world import Ports
from lockgate.canon import Noun, encode
from lockgate.core import events
from lockgate.core.envelope import Leaf
from lockgate.core.identity import Person, PersonId, PublicKey, Root, Roster
from lockgate.core.model import NONE
from lockgate.core.ports import Entry, Guard, PersonSigner
from lockgate.errors import TrustError, UsageError
from lockgate.evidence import record
from lockgate.ledger.merkle import leaf_hash


class Beginning(Noun, frozen=True, kw_only=True):
    """What a new gate begins with.

    Attributes:
        owners: the owners' keys, the signer's among them. threshold: how many must approve what governs the gate.
        expires: the end of the first root.
        nonce: 16 random bytes in hex. person: the first owner's person id.
    """

    owners: tuple[PublicKey, ...]
    threshold: int
    expires: datetime
    nonce: str
    person: PersonId


def begin(ports: Ports, plan: Beginning, ids: tuple[str, str], signer: PersonSigner, lasts: datetime) -> tuple[Root, say.Recorded]:
    """Write the first leaves of an empty log.

    Args:
        ports: over a log without leaves, with the permit key.
        plan: what it begins with.
        ids: two fresh request ids, for root and roster.
        signer: an owner's key.
        lasts: when the owner's approval of the first roster ends.

    Returns:
        the root, to be pinned, and where the first roster was proposed; with a threshold above 1 it waits for others.

    Raises:
        UsageError: ``init.not-empty``, ``root.bad-value``. LedgerError: from the log.
    """
    if ports.permit is None:
        raise TrustError("permit.no-key", "a gate begins with its permit key")
    if ports.log.head().size:
        raise UsageError("init.not-empty", "this log has begun already")
    now = ports.clock.now()
    first = events.Genesis(origin=ports.log.origin, nonce=plan.nonce, created_at=now)
    leaf = Leaf(at=now, event=record.seal_genesis(record.statement_bytes(first, ())), stream=events.HOUSE)
    try:
        root = Root(
            version=1,
            threshold=plan.threshold,
            owners=plan.owners,
            log=ports.log.vkey,
            permit=ports.permit.public,
            genesis="sha256:" + leaf_hash(encode(leaf)).hex(),
            expires=plan.expires,
        )
    except ValueError as err:
        raise UsageError("root.bad-value", f"this root cannot be: {err}", "lockgate init --origin NAME --owner FILE --threshold N") from None
    ports.log.append(Entry(leaf=encode(leaf), stream=events.HOUSE, key="genesis"), Guard(size=0, streams=(events.HOUSE,)))
    proposed = events.RootProposed(log=root.genesis, id=ids[0], version=1, replaces=NONE, requested_at=now)
    envelope = say.sign_event(proposed, (ports.blobs.put(encode(root)),), signer)
    second = Leaf(at=now, event=envelope, stream=events.HOUSE, previous=0)
    ports.log.append(Entry(leaf=encode(second), stream=events.HOUSE, key=say.event_key(envelope)), Guard(size=1, streams=(events.HOUSE,)))
    ours = replace(ports, pinned=root)
    roster = Roster(version=1, people=(Person(id=plan.person, keys=(signer.public,)),))
    recorded = request.propose(ours, roster, ids[1], signer)
    request.approve(ours, request.find(ours, ids[1]), "owner", plan.nonce, lasts - now, signer)
    return root, recorded
