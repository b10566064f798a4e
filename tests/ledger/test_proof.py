from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.errors import LedgerError
from lockgate.ledger.checkpoint import Checkpoint, sign_checkpoint
from lockgate.ledger.note import SignerKey, sign_note
from lockgate.ledger.proof import MAX_LEAF_BYTES, MAX_PROOF_BYTES, Proof, format_proof, parse_proof, verify_proof
from naive_tree import naive_path, naive_root

KEY = SignerKey(name="example.com/log", seed=bytes(range(32)))
VKEY = str(KEY.verifier)
LEAVES = [b"leaf %d" % index for index in range(21)]
CHECKPOINT = Checkpoint(origin=KEY.name, size=len(LEAVES), root=naive_root(LEAVES))
NOTE = sign_checkpoint(CHECKPOINT, KEY.verifier, KEY.sign)
HASH = base64.b64encode(bytes(32)).decode()


def proof_of(index: int, *, leaf: bytes | None = None) -> bytes:
    return format_proof(index, naive_path(index, LEAVES), NOTE, leaf)


def code_of(data: bytes, leaf: bytes | None = None, vkey: str = VKEY) -> str:
    with pytest.raises(LedgerError) as err:
        verify_proof(data, vkey, leaf=leaf)
    return err.value.code


@pytest.mark.parametrize("index", [0, 7, 15, 16, 19, 20])
def test_every_leaf_is_proved_by_its_file_alone(index: int) -> None:
    proven = verify_proof(proof_of(index, leaf=LEAVES[index]), VKEY)
    assert (proven.index, proven.leaf, proven.size, proven.checkpoint, proven.note) == (index, LEAVES[index], 21, CHECKPOINT, NOTE)
    assert verify_proof(proof_of(index), VKEY, leaf=LEAVES[index]).leaf == LEAVES[index]


def test_the_format_line_by_line() -> None:
    path = [base64.b64encode(each).decode() for each in naive_path(20, LEAVES)]
    expected = "\n".join(["c2sp.org/tlog-proof@v1", "extra " + base64.b64encode(b"leaf 20").decode(), "index 20", *path, "", NOTE.decode()])
    assert proof_of(20, leaf=b"leaf 20").decode() == expected
    assert parse_proof(expected.encode()) == Proof(index=20, hashes=tuple(naive_path(20, LEAVES)), checkpoint=NOTE, leaf=b"leaf 20")


def test_a_log_of_one_leaf_needs_no_hashes() -> None:
    note = sign_checkpoint(Checkpoint(origin=KEY.name, size=1, root=naive_root([b"only"])), KEY.verifier, KEY.sign)
    assert verify_proof(format_proof(0, [], note, b"only"), VKEY).leaf == b"only"


def test_the_leaf_asked_for_is_the_one_that_counts() -> None:
    assert code_of(proof_of(3, leaf=LEAVES[3]), leaf=LEAVES[4]) == "proof.wrong-leaf"
    assert code_of(proof_of(3), leaf=LEAVES[4]) == "proof.wrong-root"
    assert code_of(proof_of(3)) == "proof.no-leaf"
    assert code_of(proof_of(3, leaf=LEAVES[4])) == "proof.wrong-root"


def test_a_path_that_does_not_belong_to_the_index() -> None:
    assert code_of(format_proof(4, naive_path(3, LEAVES), NOTE, LEAVES[3])) == "proof.wrong-root"
    assert code_of(format_proof(20, naive_path(3, LEAVES), NOTE, LEAVES[3])) == "proof.malformed"
    assert code_of(format_proof(21, naive_path(20, LEAVES), NOTE, LEAVES[20])) == "proof.malformed"


def test_another_logs_key_proves_nothing() -> None:
    stranger = SignerKey(name=KEY.name, seed=bytes(32))
    assert code_of(proof_of(3, leaf=LEAVES[3]), vkey=str(stranger.verifier)) == "note.unsigned"


def test_a_signed_note_that_is_no_checkpoint() -> None:
    assert code_of(format_proof(0, [], sign_note("hello\n", KEY.verifier, KEY.sign), b"x")) == "checkpoint.malformed"


@pytest.mark.parametrize(
    "head",
    [
        "",
        "c2sp.org/tlog-proof@v1",
        "c2sp.org/tlog-proof@v2\nindex 0",
        " c2sp.org/tlog-proof@v1\nindex 0",
        "c2sp.org/tlog-proof@v1\r\nindex 0",
        "c2sp.org/tlog-proof@v1\nindex",
        "c2sp.org/tlog-proof@v1\nindex 00",
        "c2sp.org/tlog-proof@v1\nindex 1 ",
        "c2sp.org/tlog-proof@v1\nindex -1",
        "c2sp.org/tlog-proof@v1\nindex \u0661",
        f"c2sp.org/tlog-proof@v1\nindex {2**63}",
        f"c2sp.org/tlog-proof@v1\nindex {'9' * 5000}",
        "c2sp.org/tlog-proof@v1\nIndex 0",
        f"c2sp.org/tlog-proof@v1\n{HASH}\nindex 0",
        "c2sp.org/tlog-proof@v1\nindex 0\nextra AAAA",
        "c2sp.org/tlog-proof@v1\nextra AAAA\nextra AAAA\nindex 0",
        "c2sp.org/tlog-proof@v1\nextra AAB=\nindex 0",
        "c2sp.org/tlog-proof@v1\nextra A-A_\nindex 0",
        "c2sp.org/tlog-proof@v1\nextra  AAAA\nindex 0",
        "c2sp.org/tlog-proof@v1\nextraAAAA\nindex 0",
        f"c2sp.org/tlog-proof@v1\nindex 0\n{HASH[:-1]}",
        f"c2sp.org/tlog-proof@v1\nindex 0\n{HASH[:-2]}B=",
        f"c2sp.org/tlog-proof@v1\nindex 0\n{HASH}\n ",
        "c2sp.org/tlog-proof@v1\nindex 0\nAAAA",
        "c2sp.org/tlog-proof@v1\nindex 0" + f"\n{HASH}" * 64,
        "c2sp.org/tlog-proof@v1\nextra " + base64.b64encode(bytes(MAX_LEAF_BYTES + 1)).decode() + "\nindex 0",
    ],
)
def test_malformed(head: str) -> None:
    assert code_of(f"{head}\n\n".encode() + NOTE) == "proof.malformed"


def test_without_the_empty_line_there_is_no_checkpoint() -> None:
    assert code_of(b"c2sp.org/tlog-proof@v1\nindex 0\n") == "proof.malformed"


def test_a_huge_file_is_not_read() -> None:
    assert code_of(proof_of(3, leaf=LEAVES[3]) + bytes(MAX_PROOF_BYTES)) == "proof.too-large"


def test_any_one_changed_byte_is_refused() -> None:
    data = proof_of(3, leaf=LEAVES[3])
    for at in range(len(data)):
        for flip in (0x01, 0x02, 0x20, 0x80):
            changed = bytearray(data)
            changed[at] ^= flip
            assert code_of(bytes(changed)).partition(".")[0] in {"proof", "note", "checkpoint"}


@given(st.binary(max_size=200))
def test_any_bytes_are_a_proof_or_an_error(data: bytes) -> None:
    for candidate in (data, b"c2sp.org/tlog-proof@v1\nindex 0\n" + data, b"c2sp.org/tlog-proof@v1\nextra " + data + b"\n\n" + NOTE):
        try:
            proof = parse_proof(candidate)
        except LedgerError as err:
            found = err.code.encode()
        else:
            found = format_proof(proof.index, proof.hashes, proof.checkpoint, proof.leaf)
        assert found in {b"proof.malformed", candidate}
