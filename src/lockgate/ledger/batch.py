"""The pure growth of a tree: its right edge and some new leaves give the new edge, the tiles to write and the root.

Worked example: an edge of 255 leaves grows by two. Level 0 gives tile 0 (full, 256 hashes) and tile 1 (width 1);
the full one's root becomes the first hash of tile 0 on level 1. Three tiles to write.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from lockgate.canon import Noun
from lockgate.ledger.merkle import EMPTY_ROOT, HASH_SIZE, fold
from lockgate.ledger.tiles import HEIGHT, TILE_BYTES, WIDTH, ReadTile

Written = tuple[int, int, bytes]
"""A tile to write: (level, index, its hashes). A partial one replaces the narrower tile at its place."""


class Edge(Noun, frozen=True, kw_only=True):
    """The right edge of a tree: all that is needed to grow it.

    Attributes:
        size: leaves.
        frontier: by height: the hash of the perfect subtree that ends the tree there, or empty where it has none
            (so bit h of `size` says whether ``frontier[h]`` is there).
        tiles: by level: the hashes of the partial tile, possibly empty.
    """

    size: int = 0
    frontier: tuple[bytes, ...] = ()
    tiles: tuple[bytes, ...] = ()

    @property
    def root(self) -> bytes:
        """The tree's root hash (RFC 6962 section 2.1): the frontier folded from the right."""
        whole = b""
        for node in self.frontier:
            if node:
                whole = sha256(b"\x01" + node + whole).digest() if whole else node
        return whole or EMPTY_ROOT


def edge_of(size: int, read_tile: ReadTile) -> Edge:
    """Rebuild the edge of a tree of `size` leaves from its partial tiles. Believes them: compare `Edge.root`."""
    tiles: list[bytes] = []
    frontier: list[bytes] = []
    while count := size >> HEIGHT * len(tiles):
        index, width = divmod(count, WIDTH)
        tile = read_tile(len(tiles), index, width) if width else b""
        tiles.append(tile)
        for bit in range(HEIGHT):
            begin = width >> bit + 1 << bit + 1
            frontier.append(fold(tile[begin * HASH_SIZE : (begin + (1 << bit)) * HASH_SIZE]) if width >> bit & 1 else b"")
    return Edge(size=size, frontier=tuple(frontier[: size.bit_length()]), tiles=tuple(tiles))


def grow(edge: Edge, leaf_hashes: Sequence[bytes]) -> tuple[Edge, list[Written], bytes]:
    """Append leaves, given by their 32-byte hashes, to a tree.

    Returns:
        The new edge; every tile that became wider, full or not; the new root.
    """
    frontier = list(edge.frontier)
    tiles = list(edge.tiles)
    written: list[Written] = []
    fresh = b"".join(leaf_hashes)
    height = 0
    while fresh:
        # `fresh` holds, side by side, the hashes of the perfect subtrees of this height that are new.
        if height == len(frontier):
            frontier.append(b"")
        if height % HEIGHT == 0:
            level = height // HEIGHT
            if level == len(tiles):
                tiles.append(b"")
            tiles[level] = _widen(level, (edge.size >> height) // WIDTH, tiles[level] + fresh, written)
        nodes = frontier[height] + fresh
        paired = len(nodes) // 64 * 64
        frontier[height] = nodes[paired:]
        fresh = b"".join([sha256(b"\x01" + nodes[at : at + 64]).digest() for at in range(0, paired, 64)])
        height += 1
    grown = Edge(size=edge.size + len(leaf_hashes), frontier=tuple(frontier), tiles=tuple(tiles))
    return grown, written, grown.root


def _widen(level: int, index: int, hashes: bytes, written: list[Written]) -> bytes:
    """Cut hashes into tiles from `index` on, and return what is left in the partial one."""
    for offset, at in enumerate(range(0, len(hashes), TILE_BYTES)):
        written.append((level, index + offset, hashes[at : at + TILE_BYTES]))
    return hashes[len(hashes) // TILE_BYTES * TILE_BYTES :]
