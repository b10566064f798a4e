"""C2SP tlog-proof@v1: one file that proves, offline and to anyone who holds the log's key, that a leaf is in the log.

    c2sp.org/tlog-proof@v1
    extra <base64 of the leaf>
    index <decimal>
    <base64 of a 32-byte hash>, one line each, from the leaf's sibling up
    <empty line>
    <the signed checkpoint>

The specification leaves the meaning of `extra` to the application; here it is the leaf itself, so that the file stands
alone. It is believed only because the proof hashes it.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence

from lockgate.canon import Noun
from lockgate.errors import LedgerError
from lockgate.ledger.checkpoint import Checkpoint, verify_checkpoint
from lockgate.ledger.merkle import HASH_SIZE, MAX_SIZE, leaf_hash, verify_inclusion
from lockgate.ledger.note import MAX_NOTE_BYTES, b64decode, parse_vkey

MAX_PROOF_BYTES = MAX_NOTE_BYTES + (128 << 10)
MAX_LEAF_BYTES = 65_535
"""tlog-tiles writes a leaf's length in 16 bits."""

_FIRST = "c2sp.org/tlog-proof@v1"
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})\Z")
_MAX_HASHES = 63


class Proof(Noun, frozen=True, kw_only=True):
    """A proof file as read, not yet believed.

    Attributes:
        index: the leaf's index, from 0.
        hashes: the inclusion proof, 32 bytes each.
        checkpoint: the signed note, verbatim.
        leaf: the leaf's bytes from the `extra` line; None without one.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    leaf: bytes | None = None


class ProvenLeaf(Noun, frozen=True, kw_only=True):
    """A leaf that is in the log: its index, its bytes, and the verified checkpoint with its note."""

    index: int
    leaf: bytes
    checkpoint: Checkpoint
    note: bytes

    @property
    def size(self) -> int:
        """The size of the log the proof was made for."""
        return self.checkpoint.size


def format_proof(index: int, hashes: Sequence[bytes], checkpoint: bytes, leaf: bytes | None = None) -> bytes:
    """Write a proof file. `checkpoint` is the signed note that covers the leaf; `leaf` goes into the `extra` line."""
    lines = [_FIRST]
    if leaf is not None:
        lines.append("extra " + base64.b64encode(leaf).decode())
    lines.append(f"index {index}")
    lines.extend(base64.b64encode(each).decode() for each in hashes)
    return "\n".join([*lines, "", ""]).encode() + checkpoint


def parse_proof(data: bytes) -> Proof:
    """Read a proof file without verifying it.

    Raises:
        LedgerError: ``proof.too-large`` or ``proof.malformed``.
    """
    if len(data) > MAX_PROOF_BYTES:
        raise LedgerError("proof.too-large", f"a proof of {len(data)} bytes; at most {MAX_PROOF_BYTES} are read")
    head, gap, checkpoint = data.partition(b"\n\n")
    if not gap or not head.isascii():
        raise LedgerError("proof.malformed", "this is no tlog-proof: no empty line stands before the checkpoint")
    first, *lines = head.decode("ascii").split("\n")
    if first != _FIRST:
        raise LedgerError("proof.malformed", f"this is no tlog-proof: the first line is not {_FIRST}")
    leaf = None
    if lines and lines[0].startswith("extra "):
        leaf = b64decode(lines.pop(0)[6:])
        if leaf is None or len(leaf) > MAX_LEAF_BYTES:
            raise LedgerError("proof.malformed", "the extra line of the proof is not the base64 of a leaf")
    index = _INDEX.match(lines[0]) if lines else None
    if index is None or int(index[1]) >= MAX_SIZE:
        raise LedgerError("proof.malformed", "the proof has no index line with a decimal number")
    hashes = tuple(b64decode(line) or b"" for line in lines[1:])
    if len(hashes) > _MAX_HASHES or any(len(each) != HASH_SIZE for each in hashes):
        raise LedgerError("proof.malformed", f"a hash of the proof is not the base64 of {HASH_SIZE} bytes, or there are too many")
    return Proof(index=int(index[1]), hashes=hashes, checkpoint=checkpoint, leaf=leaf)


def verify_proof(data: bytes, vkey: str, *, leaf: bytes | None = None) -> ProvenLeaf:
    """Check a proof file against the log's key, and return what it proves.

    Args:
        data: the file.
        vkey: the log's verifier key, pinned by whoever asks.
        leaf: the bytes that should be in the log; None takes the file's own, which the proof then binds.

    Raises:
        LedgerError: as `parse_proof`, `checkpoint.verify_checkpoint` and `merkle.verify_inclusion`; ``proof.no-leaf``
            where nobody says which bytes are meant; ``proof.wrong-leaf`` where the file holds others than `leaf`.
    """
    # 1. tlog-proof: read the file.
    proof = parse_proof(data)
    # 2. tlog-checkpoint: the log's key signed size and root.
    checkpoint = verify_checkpoint(proof.checkpoint, parse_vkey(vkey))
    # 3. The leaf is recomputed from the bytes in question, never taken as a hash.
    if leaf is not None and proof.leaf is not None and leaf != proof.leaf:
        raise LedgerError("proof.wrong-leaf", "the proof is of another leaf")
    meant = proof.leaf if leaf is None else leaf
    if meant is None:
        raise LedgerError("proof.no-leaf", "the proof does not hold its leaf, and none was given")
    # 4. RFC 6962 section 2.1.1: the path leads to the signed root.
    verify_inclusion(proof.index, checkpoint.size, leaf_hash(meant), proof.hashes, checkpoint.root)
    return ProvenLeaf(index=proof.index, leaf=meant, checkpoint=checkpoint, note=proof.checkpoint)
