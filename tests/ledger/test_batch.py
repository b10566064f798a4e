from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from lockgate.ledger.batch import Edge, edge_of, grow
from lockgate.ledger.merkle import EMPTY_ROOT, leaf_hash
from lockgate.ledger.tiles import root, tiles_of
from naive_tree import NaiveTiles, naive_root

LEAVES = [b"leaf %d" % index for index in range(3100)]
HASHES = [leaf_hash(leaf) for leaf in LEAVES]


class Kept:
    """Tiles as a store keeps them: the newest at each place."""

    def __init__(self) -> None:
        self.tiles: dict[tuple[int, int], bytes] = {}

    def __call__(self, level: int, index: int, width: int) -> bytes:
        return self.tiles[level, index][: width * 32]


@settings(max_examples=40)
@given(st.lists(st.one_of(st.integers(0, 300), st.sampled_from([1, 255, 256, 257, 512])), max_size=6))
@example([256, 256, 512, 1024])
@example([255, 1, 1])
def test_growing_in_batches_is_the_naive_tree(batches: list[int]) -> None:
    edge, kept, size = Edge(), Kept(), 0
    for count in batches:
        edge, written, root_hash = grow(edge, HASHES[size : size + count])
        size += count
        for level, index, hashes in written:
            assert len(hashes) > len(kept.tiles.get((level, index), b"")), "a tile is written only to become wider"
            kept.tiles[level, index] = hashes
        assert edge.size == size
        assert root_hash == edge.root == naive_root(LEAVES[:size]) == root(size, kept)
        assert edge_of(size, kept) == edge
    naive = NaiveTiles(LEAVES[:size])
    assert {place: len(hashes) // 32 for place, hashes in kept.tiles.items()} == {(tile.level, tile.index): tile.width for tile in tiles_of(size)}
    for tile in list(tiles_of(size))[-4:]:
        assert kept(tile.level, tile.index, tile.width) == naive(tile.level, tile.index, tile.width)


def test_the_worked_example() -> None:
    edge, _, _ = grow(Edge(), HASHES[:255])
    _, written, _ = grow(edge, HASHES[255:257])
    assert [(level, index, len(hashes) // 32) for level, index, hashes in written] == [(0, 0, 256), (0, 1, 1), (1, 0, 1)]


def test_nothing_grows_by_nothing() -> None:
    assert grow(Edge(), []) == (Edge(), [], EMPTY_ROOT)
    assert edge_of(0, NaiveTiles([])) == Edge()


def test_three_levels() -> None:
    """65,536 leaves fill a tile of level 1, whose root is the first hash of level 2."""
    edge, written, root_hash = grow(Edge(), HASHES[:1] * 65_537)
    assert [len(tile) // 32 for tile in edge.tiles] == [1, 0, 1]
    assert len(written) == 256 + 1 + 1 + 1
    kept = Kept()
    kept.tiles = {(level, index): hashes for level, index, hashes in written}
    assert edge_of(65_537, kept) == edge
    assert root(65_537, kept) == root_hash
