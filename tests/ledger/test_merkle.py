from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.errors import LedgerError
from lockgate.ledger.merkle import EMPTY_ROOT, fold, leaf_hash, node_hash, verify_consistency, verify_inclusion
from naive_tree import naive_consistency, naive_leaf, naive_path, naive_root

VECTORS = Path(__file__).parents[2].parent / "shared" / "data" / "merkle"

# The reference log's eight leaves and the roots of its first 1 to 8 (certificate-transparency, merkletree tests).
LEAVES = [bytes.fromhex(leaf) for leaf in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]

DELIBERATE = {
    "inclusion/single-entry/empty-root-and-leaf.json": "empty strings are equal, but they are no hashes",
    "consistency/additional/size1-is-zero-and-does-not-equal-size2.json": "an empty tree begins every tree: there is nothing to prove",
    "consistency/additional/sizes-are-equal-zero-and-proof-is-empty.json": "the same, for two empty trees",
}
"""Vectors that we refuse by decision, not because the arithmetic fails."""


def vectors(kind: str) -> list[Any]:
    found = sorted((VECTORS / kind).rglob("*.json"))
    return [pytest.param(path, id=str(path.relative_to(VECTORS))) for path in found] or [
        pytest.param(None, marks=pytest.mark.skip(reason=f"the RFC 6962 vectors are not at {VECTORS}"))
    ]


def hashes(texts: list[str] | None) -> list[bytes]:
    return [base64.b64decode(text) for text in texts or []]


def outcome(want_error: bool, check: Any) -> None:
    if want_error:
        with pytest.raises(LedgerError) as err:
            check()
        assert err.value.code in {"proof.malformed", "proof.wrong-root"}
    else:
        check()


@pytest.mark.parametrize("path", vectors("inclusion"))
def test_inclusion_vector(path: Path) -> None:
    case = json.loads(path.read_bytes())
    leaf, root = hashes([case["leafHash"], case["root"]])
    outcome(case["wantErr"], lambda: verify_inclusion(case["leafIdx"], case["treeSize"], leaf, hashes(case["proof"]), root))


@pytest.mark.parametrize("path", vectors("consistency"))
def test_consistency_vector(path: Path) -> None:
    case = json.loads(path.read_bytes())
    root1, root2 = hashes([case["root1"], case["root2"]])
    outcome(case["wantErr"], lambda: verify_consistency(case["size1"], case["size2"], root1, root2, hashes(case["proof"])))


@pytest.mark.skipif(not VECTORS.is_dir(), reason=f"the RFC 6962 vectors are not at {VECTORS}")
def test_all_196_vectors_are_there_and_the_deliberate_refusals_among_them_agree() -> None:
    assert [len(vectors(kind)) for kind in ("inclusion", "consistency")] == [98, 98]
    for name in DELIBERATE:
        assert json.loads((VECTORS / name).read_bytes())["wantErr"], name


def test_the_reference_log() -> None:
    assert naive_root([]) == EMPTY_ROOT
    for size, root in enumerate(ROOTS, 1):
        assert naive_root(LEAVES[:size]).hex() == root
    assert fold(b"".join(leaf_hash(leaf) for leaf in LEAVES)).hex() == ROOTS[-1]
    assert leaf_hash(LEAVES[3]) == naive_leaf(LEAVES[3])
    assert node_hash(leaf_hash(LEAVES[0]), leaf_hash(LEAVES[1])).hex() == ROOTS[1]


@given(st.lists(st.binary(max_size=3), min_size=1, max_size=70), st.data())
def test_a_naive_proof_verifies_and_no_other_leaf_index_or_size_does(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    root, path = naive_root(leaves), naive_path(index, leaves)
    verify_inclusion(index, len(leaves), leaf_hash(leaves[index]), path, root)
    other = data.draw(st.integers(0, 200))
    wrong: list[tuple[int, int, bytes, list[bytes], bytes]] = [
        (index, len(leaves), leaf_hash(leaves[index] + b"!"), path, root),
        (index, len(leaves), leaf_hash(leaves[index]), [*path, bytes(32)], root),
        (index, len(leaves), leaf_hash(leaves[index]), path, bytes(32)),
    ]
    if path:
        wrong.append((index, len(leaves), leaf_hash(leaves[index]), path[:-1], root))
    if other != index and (other >= len(leaves) or leaves[other] != leaves[index]):
        wrong.append((other, len(leaves), leaf_hash(leaves[index]), path, root))
    for arguments in wrong:
        with pytest.raises(LedgerError) as err:
            verify_inclusion(*arguments)
        assert err.value.code in {"proof.malformed", "proof.wrong-root"}


@given(st.lists(st.binary(max_size=3), min_size=1, max_size=70), st.data())
def test_a_naive_consistency_proof_verifies_and_a_rewritten_history_does_not(leaves: list[bytes], data: st.DataObject) -> None:
    size = data.draw(st.integers(1, len(leaves)))
    proof = naive_consistency(size, leaves)
    verify_consistency(size, len(leaves), naive_root(leaves[:size]), naive_root(leaves), proof)
    victim = data.draw(st.integers(0, size - 1))
    rewritten = [*leaves[:victim], leaves[victim] + b"!", *leaves[victim + 1 :]]
    for old, new, path in (
        (rewritten[:size], leaves, proof),
        (leaves[:size], rewritten, naive_consistency(size, rewritten)),
        (leaves[:size], leaves, [*proof, bytes(32)]),
    ):
        with pytest.raises(LedgerError) as err:
            verify_consistency(size, len(leaves), naive_root(old), naive_root(new), path)
        assert err.value.code in {"proof.malformed", "proof.wrong-root"}


@pytest.mark.parametrize(
    ("index", "size", "leaf", "proof", "root"),
    [
        (-1, 1, bytes(32), [], bytes(32)),
        (1, 1, bytes(32), [], bytes(32)),
        (0, 0, bytes(32), [], bytes(32)),
        (0, 2**63, bytes(32), [], bytes(32)),
        (0, 1, b"", [], b""),
        (0, 1, bytes(31), [], bytes(32)),
        (0, 2, bytes(32), [bytes(33)], bytes(32)),
        (0, 1, bytes(32), [bytes(32)], bytes(32)),
        (0, 2, bytes(32), [], bytes(32)),
    ],
)
def test_what_cannot_be_an_inclusion_proof(index: int, size: int, leaf: bytes, proof: list[bytes], root: bytes) -> None:
    with pytest.raises(LedgerError) as err:
        verify_inclusion(index, size, leaf, proof, root)
    assert err.value.code == "proof.malformed"


@pytest.mark.parametrize(
    ("size1", "size2", "root1", "root2", "proof"),
    [
        (0, 1, EMPTY_ROOT, bytes(32), []),
        (0, 0, EMPTY_ROOT, EMPTY_ROOT, []),
        (2, 1, bytes(32), bytes(32), []),
        (1, 2**63, bytes(32), bytes(32), [bytes(32)]),
        (1, 1, bytes(32), bytes(32), [bytes(32)]),
        (1, 2, bytes(32), bytes(32), []),
        (1, 2, bytes(31), bytes(32), [bytes(32)]),
        (1, 2, bytes(32), bytes(32), [bytes(31)]),
        (1, 2, bytes(32), bytes(32), [bytes(32), bytes(32)]),
        (3, 7, bytes(32), bytes(32), [bytes(32)]),
    ],
)
def test_what_cannot_be_a_consistency_proof(size1: int, size2: int, root1: bytes, root2: bytes, proof: list[bytes]) -> None:
    with pytest.raises(LedgerError) as err:
        verify_consistency(size1, size2, root1, root2, proof)
    assert err.value.code == "proof.malformed"
