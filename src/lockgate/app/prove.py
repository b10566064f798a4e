"""Proofs: one file that shows a leaf to somebody who trusts nobody here, and its check offline."""

from __future__ import annotations

from lockgate.app.project import trusted_head
from lockgate.app.world import Ports
from lockgate.canon import Noun
from lockgate.core import events
from lockgate.core.bound import Bound
from lockgate.core.digest import Digest
from lockgate.core.identity import Root, fingerprint
from lockgate.core.rechecked import Rechecked
from lockgate.errors import EvidenceError, UsageError
from lockgate.evidence import record
from lockgate.ledger import proof, tiles


class Proven(Noun, frozen=True, kw_only=True):
    """A leaf that a pinned root's log holds.

    Attributes:
        index: its leaf index. size: of the tree the proof is for.
        event: what was said. subjects: about what. at: recorded when, RFC 3339.
        signed: who signed the event: ``permit key`` or a key's fingerprint, as far as the file alone shows.
    """

    index: int
    size: int
    event: events.Event
    subjects: tuple[Digest, ...]
    at: str
    signed: str


def prove(ports: Ports, index: int) -> bytes:
    """The proof file of one leaf (c2sp.org/tlog-proof@v1), with the leaf's bytes inside.

    Raises:
        UsageError: ``log.no-such-leaf``.
    """
    head = trusted_head(ports)
    if not 0 <= index < head.size:
        raise UsageError("log.no-such-leaf", f"there is no leaf {index}: the log has {head.size}, from 0")
    leaf = ports.log.leaf(index)
    hashes = tiles.inclusion_proof(index, head.size, ports.log.tile)
    return proof.format_proof(index, hashes, head.note, leaf)


def check(data: bytes, root: Root) -> Proven:
    """Check a proof file with nothing but the pinned root: no log, no network.

      1  the checkpoint is signed by the root's log key
      2  the leaf in the file is in that tree, at that index
      3  the leaf's event was said in this log, and stands in the stream it belongs to: elsewhere it means nothing
      4  the event is signed: a decision by the root's permit key, anything else by the key it names

    Not checked here, because one leaf does not show it: whether the signer may say it, and whether it was taken back.

    Raises:
        EvidenceError, LedgerError: which step failed, by code.
    """
    proven = proof.verify_proof(data, root.log)
    leaf = record.read_leaf(proven.leaf)
    opened = record.open_envelope(leaf.event)
    if leaf.stream != events.stream_of(opened.event):
        raise EvidenceError("event.other-stream", f"this {events.kind_of(opened.event)} was put into the stream {leaf.stream[:80]}, where it means nothing")
    if isinstance(opened.event, Bound) and opened.event.log != root.genesis:
        raise EvidenceError("event.other-log", f"this {events.kind_of(opened.event)} was signed for another log than the pinned root's")
    if isinstance(opened.event, events.Decided | Rechecked):
        record.check_permit_signature(leaf.event, root.permit)
        signed = "permit key"
    elif isinstance(opened.event, events.Genesis):
        signed = "nobody: it says nothing but where the log begins"
    else:
        signed = fingerprint(record.person_key(leaf.event, events.kind_of(opened.event)))
    return Proven(index=proven.index, size=proven.size, event=opened.event, subjects=opened.subjects, at=f"{leaf.at:%Y-%m-%dT%H:%M:%SZ}", signed=signed)
