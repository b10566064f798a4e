from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lockgate.errors import LedgerError
from lockgate.ledger.merkle import EMPTY_ROOT, fold, leaf_hash, verify_consistency, verify_inclusion
from lockgate.ledger.tiles import (
    AuthenticTiles,
    Tile,
    consistency_proof,
    entries_path,
    entry_bundle,
    inclusion_proof,
    inclusion_tiles,
    root,
    tile_path,
    tiles_of,
    width_of,
)
from naive_tree import NaiveTiles, naive_consistency, naive_path, naive_root

LEAVES = [b"leaf %d" % index for index in range(1100)]
SIZES = st.one_of(st.integers(1, len(LEAVES)), st.sampled_from([1, 2, 255, 256, 257, 511, 512, 513, 768, 1024, 1025]))


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(level=0, index=0, width=256), "tile/0/000"),
        (Tile(level=0, index=273, width=112), "tile/0/273.p/112"),
        (Tile(level=1, index=999, width=1), "tile/1/999.p/1"),
        (Tile(level=1, index=1000, width=255), "tile/1/x001/000.p/255"),
        (Tile(level=2, index=1234067, width=256), "tile/2/x001/x234/067"),
    ],
)
def test_path(tile: Tile, path: str) -> None:
    assert tile_path(tile) == path
    assert entries_path(tile.index, tile.width) == "tile/entries" + path[6:]


def test_the_specifications_example_of_70000_leaves() -> None:
    """273 full tiles and one of width 112; one full and one of 17; one of 1 (tlog-tiles, "Partial Tiles")."""
    found = list(tiles_of(70_000))
    by_level = [[tile.width for tile in found if tile.level == level] for level in range(3)]
    assert by_level == [[256] * 273 + [112], [256, 17], [1]]
    assert [(tile.level, tile.width) for tile in tiles_of(256)] == [(0, 256), (1, 1)]
    assert list(tiles_of(0)) == []
    assert width_of(3, 0, 70_000) == 0


def test_an_entry_bundle_has_each_leaf_behind_its_length() -> None:
    assert entry_bundle([b"ab", b"", b"x" * 258]) == b"\x00\x02ab\x00\x00\x01\x02" + b"x" * 258


@given(SIZES, st.data())
def test_proofs_from_tiles_are_the_naive_ones(size: int, data: st.DataObject) -> None:
    leaves = LEAVES[:size]
    tiles = NaiveTiles(leaves)
    assert root(size, tiles) == naive_root(leaves)
    index = data.draw(st.integers(0, size - 1))
    tiles.read.clear()
    proof = inclusion_proof(index, size, tiles)
    assert proof == naive_path(index, leaves)
    assert tiles.read == [(tile.level, tile.index, tile.width) for tile in inclusion_tiles(index, size)]
    verify_inclusion(index, size, leaf_hash(leaves[index]), proof, naive_root(leaves))
    old = data.draw(st.integers(1, size))
    proof = consistency_proof(old, size, tiles)
    assert proof == naive_consistency(old, leaves)
    verify_consistency(old, size, naive_root(leaves[:old]), naive_root(leaves), proof)


@given(st.integers(0, 999_999), st.integers(1_000_000, 1_065_536))
@example(0, 1_000_000)
@example(999_999, 1_000_000)
def test_a_proof_in_a_million_leaves_needs_five_tiles_at_most(index: int, size: int) -> None:
    needed = inclusion_tiles(index, size)
    assert len(needed) == len(set(needed)) <= 5
    assert all(1 <= tile.width <= width_of(tile.level, tile.index, size) for tile in needed)


@pytest.mark.parametrize(("index", "size"), [(-1, 5), (5, 5), (0, 0), (0, 2**63)])
def test_no_proof_of_a_leaf_that_is_not_there(index: int, size: int) -> None:
    with pytest.raises(LedgerError) as err:
        inclusion_proof(index, size, NaiveTiles(LEAVES[:5]))
    assert err.value.code == "proof.no-such-leaf"


@pytest.mark.parametrize(("size1", "size2"), [(0, 5), (6, 5), (1, 2**63)])
def test_no_proof_between_trees_that_are_not_there(size1: int, size2: int) -> None:
    with pytest.raises(LedgerError) as err:
        consistency_proof(size1, size2, NaiveTiles(LEAVES[:5]))
    assert err.value.code == "proof.no-such-tree"


def test_a_tile_of_another_width_is_refused() -> None:
    with pytest.raises(LedgerError) as err:
        root(5, lambda level, index, width: bytes(32 * width - 1))
    assert err.value.code == "log.tile-altered"


# --- AuthenticTiles --------------------------------------------------------------------------------------------------


def test_authentic_tiles_are_the_tiles() -> None:
    tiles = NaiveTiles(LEAVES)
    checked = AuthenticTiles(len(LEAVES), naive_root(LEAVES), tiles)
    for tile in tiles_of(len(LEAVES)):
        assert checked(tile.level, tile.index, tile.width) == tiles(tile.level, tile.index, tile.width)
        assert checked(tile.level, tile.index, 1) == tiles(tile.level, tile.index, 1)


@pytest.mark.parametrize("place", [(0, 4, 77), (1, 0, 0), (-1, 0, 1), (0, -1, 1), (0, 0, 0), (0, 0, 257), (0, 5, 1), (2, 0, 1), (10**9, 0, 1)])
def test_tiles_the_tree_does_not_have(place: tuple[int, int, int]) -> None:
    checked = AuthenticTiles(len(LEAVES), naive_root(LEAVES), NaiveTiles(LEAVES))
    with pytest.raises(LedgerError) as err:
        checked(*place)
    assert err.value.code == "log.no-such-tile"


@given(st.data())
def test_one_changed_bit_of_any_tile_is_found(data: st.DataObject) -> None:
    honest = NaiveTiles(LEAVES)
    victim = data.draw(st.sampled_from(list(tiles_of(len(LEAVES)))))
    bit = data.draw(st.integers(0, victim.width * 256 - 1))

    def read(level: int, index: int, width: int) -> bytes:
        hashes = bytearray(honest(level, index, width))
        if (level, index) == (victim.level, victim.index):
            hashes[bit // 8] ^= 1 << bit % 8
        return bytes(hashes)

    with pytest.raises(LedgerError) as err:
        AuthenticTiles(len(LEAVES), naive_root(LEAVES), read)(victim.level, victim.index, victim.width)
    assert err.value.code == "log.tile-altered"


def test_few_full_tiles_are_kept_and_the_rest_read_again() -> None:
    tiles = NaiveTiles(LEAVES)
    checked = AuthenticTiles(len(LEAVES), naive_root(LEAVES), tiles, keep=2)
    for index in (0, 1, 0, 2, 0, 1):
        checked(0, index, 256)
    assert [index for level, index, width in tiles.read if level == 0 and width == 256] == [0, 1, 2, 1]


def test_an_empty_tree_has_no_tiles() -> None:
    checked = AuthenticTiles(0, EMPTY_ROOT, NaiveTiles([]))
    with pytest.raises(LedgerError) as err:
        checked(0, 0, 1)
    assert err.value.code == "log.no-such-tile"
    with pytest.raises(LedgerError) as err:
        AuthenticTiles(0, bytes(32), NaiveTiles([]))
    assert err.value.code == "log.tile-altered"


def test_fold_of_one_hash_is_that_hash() -> None:
    assert fold(bytes(32)) == bytes(32)
