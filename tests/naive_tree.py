"""RFC 6962 section 2.1 word for word: slow, recursive, and sharing nothing with `lockgate.ledger` but SHA-256."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256


def naive_leaf(leaf: bytes) -> bytes:
    return sha256(b"\x00" + leaf).digest()


def naive_root(leaves: Sequence[bytes]) -> bytes:
    """MTH(D[n])."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return naive_leaf(leaves[0])
    k = naive_split(len(leaves))
    return sha256(b"\x01" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


def naive_split(n: int) -> int:
    """The largest power of two smaller than n."""
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def naive_path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH(m, D[n])."""
    if len(leaves) == 1:
        return []
    k = naive_split(len(leaves))
    if m < k:
        return [*naive_path(m, leaves[:k]), naive_root(leaves[k:])]
    return [*naive_path(m - k, leaves[k:]), naive_root(leaves[:k])]


def naive_consistency(m: int, leaves: Sequence[bytes], *, whole: bool = True) -> list[bytes]:
    """PROOF(m, D[n]) = SUBPROOF(m, D[n], true)."""
    if m == len(leaves):
        return [] if whole else [naive_root(leaves)]
    k = naive_split(len(leaves))
    if m <= k:
        return [*naive_consistency(m, leaves[:k], whole=whole), naive_root(leaves[k:])]
    return [*naive_consistency(m - k, leaves[k:], whole=False), naive_root(leaves[:k])]


class NaiveTiles:
    """Tiles of a list of leaves as tlog-tiles defines them: MTH(D[(n * 256 + i) * 256**l : (n * 256 + i + 1) * 256**l])."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.leaves = leaves
        self.read: list[tuple[int, int, int]] = []

    def __call__(self, level: int, index: int, width: int) -> bytes:
        self.read.append((level, index, width))
        span = 256**level
        first = index * 256
        assert 1 <= width <= 256 and (first + width) * span <= len(self.leaves), "a tile that does not exist"
        return b"".join(naive_root(self.leaves[(first + i) * span : (first + i + 1) * span]) for i in range(width))
