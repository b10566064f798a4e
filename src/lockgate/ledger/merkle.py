"""RFC 6962 Merkle trees: hashing, and checking of inclusion and consistency proofs.

A check raises or says nothing; there is no answer to overlook. Hashes are public, so plain comparison is enough.
The algorithms are those of RFC 9162 sections 2.1.3.2 and 2.1.4.2 (the same trees as RFC 6962, with the steps spelt out).
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from lockgate.errors import LedgerError

HASH_SIZE = 32
MAX_SIZE = 2**63
"""Trees hold fewer leaves than this."""

EMPTY_ROOT = sha256(b"").digest()
"""The root of a tree without leaves (RFC 6962 section 2.1)."""


def leaf_hash(leaf: bytes) -> bytes:
    """The hash of one leaf's bytes (RFC 6962 section 2.1): 32 bytes."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node over two 32-byte hashes (RFC 6962 section 2.1)."""
    return sha256(b"\x01" + left + right).digest()


def fold(hashes: bytes) -> bytes:
    """The root of a perfect subtree over 1, 2, 4, … concatenated 32-byte hashes."""
    while len(hashes) > HASH_SIZE:
        hashes = b"".join([sha256(b"\x01" + hashes[at : at + 64]).digest() for at in range(0, len(hashes), 64)])
    return hashes


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Check that the leaf with hash `leaf` stands at `index` in the tree of `size` leaves with this root.

    Args:
        index: 0 <= index < size.
        size: 1 <= size < 2^63.
        leaf: the leaf's *hash*, 32 bytes.
        proof: the sibling hashes, from the leaf's up to the root's child.
        root: 32 bytes.

    Raises:
        LedgerError: ``proof.malformed`` where the numbers or lengths cannot be a proof; ``proof.wrong-root`` where
            it leads to another root.
    """
    # 1. RFC 9162 2.1.3.2 step 1: the index lies in the tree; every hash is a hash.
    if not 0 <= index < size < MAX_SIZE:
        raise LedgerError("proof.malformed", f"there is no leaf {index} in a tree of {size}")
    _require_hashes((leaf, root, *proof))
    # 2. Steps 2-4: walk up; `fn` is the node, `sn` the last node of its row.
    fn, sn, found = index, size - 1, leaf
    for sibling in proof:
        if sn == 0:
            raise LedgerError("proof.malformed", f"{len(proof)} hashes are too many for leaf {index} of {size}")
        if fn & 1 or fn == sn:
            found = node_hash(sibling, found)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            found = node_hash(found, sibling)
        fn, sn = fn >> 1, sn >> 1
    # 3. Step 5: at the root, and it is the one.
    if sn:
        raise LedgerError("proof.malformed", f"{len(proof)} hashes are too few for leaf {index} of {size}")
    if found != root:
        raise LedgerError("proof.wrong-root", f"the proof of leaf {index} leads to another root: leaf, proof or tree are not the ones")


def verify_consistency(size1: int, size2: int, root1: bytes, root2: bytes, proof: Sequence[bytes]) -> None:
    """Check that the tree (`size1`, `root1`) is a prefix of the tree (`size2`, `root2`).

    An empty first tree is refused: it is a prefix of everything and proves nothing (`checkpoint.require_extension`
    treats it). Where both sizes are equal the roots are compared as they are, without a look at their length.

    Raises:
        LedgerError: ``proof.malformed`` or ``proof.wrong-root``.
    """
    # 1. RFC 9162 2.1.4.2: the sizes, and the two cases without a walk.
    if not 0 < size1 <= size2 < MAX_SIZE:
        raise LedgerError("proof.malformed", f"a tree of {size1} cannot be shown to begin a tree of {size2}")
    if size1 == size2:
        if proof:
            raise LedgerError("proof.malformed", "two trees of one size need no proof, and one is given")
        if root1 != root2:
            raise LedgerError("proof.wrong-root", f"two trees of {size1} leaves have different roots")
        return
    _require_hashes((root1, root2, *proof))
    if not proof:
        raise LedgerError("proof.malformed", f"the proof from {size1} to {size2} is empty")
    # 2. Steps 2-4: where size1 is a power of two its root is the first node.
    path = list(proof) if size1 & (size1 - 1) else [root1, *proof]
    fn, sn = size1 - 1, size2 - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    # 3. Steps 5-6: build both roots from the same nodes.
    old = new = path[0]
    for node in path[1:]:
        if sn == 0:
            raise LedgerError("proof.malformed", f"{len(proof)} hashes are too many from {size1} to {size2}")
        if fn & 1 or fn == sn:
            old, new = node_hash(node, old), node_hash(node, new)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            new = node_hash(new, node)
        fn, sn = fn >> 1, sn >> 1
    # 4. Step 7: both roots are the ones.
    if sn:
        raise LedgerError("proof.malformed", f"{len(proof)} hashes are too few from {size1} to {size2}")
    if old != root1 or new != root2:
        raise LedgerError("proof.wrong-root", f"the tree of {size1} is not the beginning of the tree of {size2}")


def _require_hashes(hashes: Sequence[bytes]) -> None:
    if any(len(each) != HASH_SIZE for each in hashes):
        raise LedgerError("proof.malformed", f"a hash of the proof has not {HASH_SIZE} bytes")
