"""C2SP tlog-tiles (v0.1.0): where each hash of a tree stands, and proofs read from tiles.

A tile of level L, index N holds up to 256 hashes of perfect subtrees of 256^L leaves, side by side. Full tiles never
change; the partial ones are the right edge of the tree. Everything here takes a `ReadTile`, so that the same code
makes proofs from a database, a directory or a mirror. `AuthenticTiles` believes none of them: it checks every tile
against a root before it hands it on.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence

from lockgate.canon import Noun
from lockgate.errors import LedgerError
from lockgate.ledger.merkle import EMPTY_ROOT, HASH_SIZE, MAX_SIZE, fold, node_hash

HEIGHT = 8
WIDTH = 256
TILE_BYTES = WIDTH * HASH_SIZE

ReadTile = Callable[[int, int, int], bytes]
"""(level, index, width) -> `width` x 32 bytes; raises LedgerError."""

Range = tuple[int, int]
"""Leaves [begin, end) whose Merkle tree hash is meant."""


class Tile(Noun, frozen=True, kw_only=True):
    """Where a tile stands: level 0-7, index from 0, width 1-256 (256 is a full one)."""

    level: int
    index: int
    width: int


def width_of(level: int, index: int, size: int) -> int:
    """How wide this tile is in a tree of `size` leaves: 0 (absent) to 256."""
    return min(WIDTH, max(0, (size >> HEIGHT * level) - index * WIDTH))


def tile_path(tile: Tile) -> str:
    """The tile's path below the log's prefix: ``tile/<L>/<N>[.p/<W>]``, N as ``x001/x234/067``."""
    return f"tile/{tile.level}/{_number(tile.index, tile.width)}"


def entries_path(index: int, width: int) -> str:
    """The path of the bundle with the leaves of level-0 tile `index`: ``tile/entries/<N>[.p/<W>]``."""
    return f"tile/entries/{_number(index, width)}"


def _number(index: int, width: int) -> str:
    groups = [f"{index % 1000:03}"]
    while index := index // 1000:
        groups.append(f"x{index % 1000:03}")
    return "/".join(reversed(groups)) + ("" if width == WIDTH else f".p/{width}")


def entry_bundle(leaves: Sequence[bytes]) -> bytes:
    """Leaves as tlog-tiles serves them: each behind its length, 16 bits, big-endian (leaves <= 65,535 bytes)."""
    return b"".join([len(leaf).to_bytes(2, "big") + leaf for leaf in leaves])


def tiles_of(size: int) -> Iterator[Tile]:
    """Every tile of a tree of `size` leaves, level by level."""
    level = 0
    while count := size >> HEIGHT * level:
        for index in range(-(-count // WIDTH)):
            yield Tile(level=level, index=index, width=width_of(level, index, size))
        level += 1


# --- proofs ----------------------------------------------------------------------------------------------------------


def inclusion_proof(index: int, size: int, read_tile: ReadTile) -> list[bytes]:
    """The audit path of leaf `index` in the tree of `size` leaves (RFC 6962 section 2.1.1), leaf's sibling first.

    Raises:
        LedgerError: ``proof.no-such-leaf``; what `read_tile` raises; ``log.tile-altered`` for a tile of another width.
    """
    return _hashes(_inclusion_ranges(index, size), size, read_tile)


def inclusion_tiles(index: int, size: int) -> list[Tile]:
    """The tiles `inclusion_proof` reads, each once: at 10^6 leaves at most five."""
    return _tiles_needed(_inclusion_ranges(index, size), size)


def consistency_proof(size1: int, size2: int, read_tile: ReadTile) -> list[bytes]:
    """The proof that the tree of `size1` leaves begins the tree of `size2` (RFC 6962 section 2.1.2); 0 < size1 <= size2.

    Raises:
        LedgerError: ``proof.no-such-tree``; as `inclusion_proof`.
    """
    if not 0 < size1 <= size2 < MAX_SIZE:
        raise LedgerError("proof.no-such-tree", f"there is no consistency proof from size {size1} to size {size2}")
    ranges: list[Range] = []
    begin, end, rest, whole = 0, size2, size1, True
    while rest != end - begin:
        middle = _split(begin, end)
        if rest <= middle - begin:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((begin, middle))
            rest, begin, whole = rest - (middle - begin), middle, False
    if not whole:
        ranges.append((begin, end))
    return _hashes(ranges[::-1], size2, read_tile)


def root(size: int, read_tile: ReadTile) -> bytes:
    """The root hash of the tree of `size` leaves; reads only the tiles of its right edge."""
    return _hashes([(0, size)], size, read_tile)[0] if size else EMPTY_ROOT


def _inclusion_ranges(index: int, size: int) -> list[Range]:
    if not 0 <= index < size < MAX_SIZE:
        raise LedgerError("proof.no-such-leaf", f"there is no leaf {index} in a tree of {size}")
    ranges: list[Range] = []
    begin, end = 0, size
    while end - begin > 1:
        middle = _split(begin, end)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((begin, middle))
            begin = middle
    return ranges[::-1]


def _split(begin: int, end: int) -> int:
    """Where RFC 6962 cuts [begin, end): after the largest power of two below its length."""
    return begin + (1 << (end - begin - 1).bit_length() - 1)


def _perfect(span: Range) -> Iterator[tuple[int, int]]:
    """The perfect subtrees (height, first leaf) that make up a range, widest first."""
    begin, end = span
    while begin < end:
        height = (end - begin).bit_length() - 1
        yield height, begin
        begin += 1 << height


def _tiles_needed(ranges: Sequence[Range], size: int) -> list[Tile]:
    places = {(height // HEIGHT, first >> HEIGHT * (height // HEIGHT + 1)) for span in ranges for height, first in _perfect(span)}
    return [Tile(level=level, index=index, width=width_of(level, index, size)) for level, index in sorted(places)]


def _hashes(ranges: Sequence[Range], size: int, read_tile: ReadTile) -> list[bytes]:
    """The Merkle tree hash of each range, every tile read once."""
    tiles = {}
    for tile in _tiles_needed(ranges, size):
        tiles[tile.level, tile.index] = data = read_tile(tile.level, tile.index, tile.width)
        if len(data) != tile.width * HASH_SIZE:
            raise LedgerError("log.tile-altered", f"tile {tile_path(tile)} has {len(data)} bytes, not {tile.width * HASH_SIZE}")
    found = []
    for span in ranges:
        nodes = []
        for height, first in _perfect(span):
            level, within = divmod(height, HEIGHT)
            index, position = divmod(first >> HEIGHT * level, WIDTH)
            nodes.append(fold(tiles[level, index][position * HASH_SIZE : (position + (1 << within)) * HASH_SIZE]))
        whole = nodes.pop()
        while nodes:
            whole = node_hash(nodes.pop(), whole)
        found.append(whole)
    return found


# --- tiles that are believed -----------------------------------------------------------------------------------------


class AuthenticTiles:
    """A `ReadTile` over another one that checks each tile against the root of a tree before it returns it.

    The partial tiles of the right edge hash to the root; each full tile hashes to its place in the tile above. The
    last `keep` full tiles (8 KiB each) are remembered. Not safe for several threads at once.

    Raises:
        LedgerError: ``log.tile-altered`` at construction where the edge does not hash to `root_hash`, or when called;
            ``log.no-such-tile`` where the tree has no such tile.
    """

    def __init__(self, size: int, root_hash: bytes, read_tile: ReadTile, *, keep: int = 256) -> None:
        self.size = size
        self._read = read_tile
        self._keep = keep
        self._full: OrderedDict[tuple[int, int], bytes] = OrderedDict()
        self._edge: dict[int, bytes] = {}
        if root(size, self._read_edge) != root_hash:
            raise LedgerError("log.tile-altered", f"the right edge of the tree of {size} leaves does not hash to its signed root")

    def _read_edge(self, level: int, index: int, width: int) -> bytes:
        self._edge[level] = data = self._read(level, index, width)
        return data

    def __call__(self, level: int, index: int, width: int) -> bytes:
        """The first `width` hashes of a tile, 1 <= width <= its width in this tree."""
        if level < 0 or index < 0 or not 1 <= width <= width_of(level, index, self.size):
            raise LedgerError("log.no-such-tile", f"a tree of {self.size} leaves has no tile {level}/{index} with {width} hashes")
        return self._whole(level, index)[: width * HASH_SIZE]

    def _whole(self, level: int, index: int) -> bytes:
        if width_of(level, index, self.size) < WIDTH:
            return self._edge[level]
        known = self._full.get((level, index))
        if known is not None:
            self._full.move_to_end((level, index))
            return known
        above, position = divmod(index, WIDTH)
        expected = self._whole(level + 1, above)[position * HASH_SIZE : (position + 1) * HASH_SIZE]
        data = self._read(level, index, WIDTH)
        if len(data) != TILE_BYTES or fold(data) != expected:
            raise LedgerError("log.tile-altered", f"tile {level}/{index} does not hash to the signed root")
        self._full[level, index] = data
        if len(self._full) > self._keep:
            self._full.popitem(last=False)
        return data
