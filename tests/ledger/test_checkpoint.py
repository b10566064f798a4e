from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.errors import LedgerError
from lockgate.ledger.checkpoint import (
    Checkpoint,
    checkpoint_text,
    parse_checkpoint,
    require_extension,
    require_not_older,
    sign_checkpoint,
    verify_checkpoint,
)
from lockgate.ledger.merkle import EMPTY_ROOT
from lockgate.ledger.note import SignerKey, sign_note
from naive_tree import NaiveTiles, naive_root

ORIGIN = "example.com/behind-the-sofa"
KEY = SignerKey(name=ORIGIN, seed=bytes(range(32)))
VKEY = str(KEY.verifier)

# The example of the C2SP tlog-checkpoint specification.
SPEC_TEXT = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
ROOT = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="


def of(leaves: list[bytes]) -> Checkpoint:
    return Checkpoint(origin=ORIGIN, size=len(leaves), root=naive_root(leaves))


def note_of(leaves: list[bytes], key: SignerKey = KEY) -> bytes:
    return sign_checkpoint(of(leaves), key.verifier, key.sign)


def test_the_specifications_example() -> None:
    checkpoint = parse_checkpoint(SPEC_TEXT)
    assert checkpoint == Checkpoint(origin=ORIGIN, size=20852163, root=base64.b64decode(ROOT))
    assert checkpoint_text(checkpoint) == SPEC_TEXT
    assert verify_checkpoint(sign_checkpoint(checkpoint, KEY.verifier, KEY.sign), KEY.verifier) == checkpoint


def test_extension_lines_are_kept() -> None:
    checkpoint = parse_checkpoint(SPEC_TEXT + "one\ntwo\n")
    assert checkpoint.extensions == ("one", "two")
    assert checkpoint_text(checkpoint) == SPEC_TEXT + "one\ntwo\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "a\n1\n",
        f"a\n1\n{ROOT}",
        f"\n1\n{ROOT}\n",
        f"a\n\n{ROOT}\n",
        "a\n1\n\n",
        f"a\n1\n{ROOT}\n\n",
        f"a\n1\n{ROOT}\n\nextension\n",
        f"a\n01\n{ROOT}\n",
        f"a\n+1\n{ROOT}\n",
        f"a\n-1\n{ROOT}\n",
        f"a\n 1\n{ROOT}\n",
        f"a\n1_0\n{ROOT}\n",
        f"a\n1.0\n{ROOT}\n",
        f"a\n\u0661\n{ROOT}\n",
        f"a\n{2**63}\n{ROOT}\n",
        f"a\n{10**40}\n{ROOT}\n",
        f"a\n1\n{ROOT[:-1]}\n",
        f"a\n1\n{ROOT[:-2]}J=\n",
        f"a\n1\n{ROOT}=\n",
        f"a\n1\n{ROOT[:40]}\n",
        "a\n1\nAAAA\n",
    ],
)
def test_malformed(text: str) -> None:
    with pytest.raises(LedgerError) as err:
        parse_checkpoint(text)
    assert err.value.code == "checkpoint.malformed"


def test_the_largest_size() -> None:
    assert parse_checkpoint(f"a\n{2**63 - 1}\n{ROOT}\n").size == 2**63 - 1
    assert parse_checkpoint(f"a\n0\n{ROOT}\n").size == 0


def test_a_key_speaks_for_its_own_log_only() -> None:
    other = sign_checkpoint(Checkpoint(origin="example.com/other", size=1, root=bytes(32)), KEY.verifier, KEY.sign)
    with pytest.raises(LedgerError) as err:
        verify_checkpoint(other, KEY.verifier)
    assert err.value.code == "checkpoint.wrong-origin"


def test_a_signed_note_that_is_no_checkpoint() -> None:
    with pytest.raises(LedgerError) as err:
        verify_checkpoint(sign_note("hello\n", KEY.verifier, KEY.sign), KEY.verifier)
    assert err.value.code == "checkpoint.malformed"


def test_any_one_changed_byte_is_refused() -> None:
    note = note_of([b"a", b"b"])
    for at in range(len(note)):
        for flip in (0x01, 0x02, 0x20, 0x80):
            changed = bytearray(note)
            changed[at] ^= flip
            with pytest.raises(LedgerError) as err:
                verify_checkpoint(bytes(changed), KEY.verifier)
            assert err.value.code in {"note.malformed", "note.unsigned", "note.forged"}


@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(["a", "", "0", "7", "07", ROOT, ROOT[1:], "x"]), max_size=6).map("\n".join)))
def test_any_text_is_a_checkpoint_or_an_error(text: str) -> None:
    for candidate in (text, text + "\n", f"origin\n1\n{text}\n"):
        try:
            checkpoint = parse_checkpoint(candidate)
        except LedgerError as err:
            found = err.code
        else:
            found = checkpoint_text(checkpoint)
        assert found in {"checkpoint.malformed", candidate}, "there is one text for one checkpoint"


# --- what was seen before --------------------------------------------------------------------------------------------

LEAVES = [b"leaf %d" % index for index in range(600)]


@pytest.mark.parametrize("seen", [0, 1, 255, 256, 257, 599, 600])
def test_a_log_that_grew_follows_what_was_seen(seen: int) -> None:
    assert require_not_older(note_of(LEAVES[:seen]), note_of(LEAVES), VKEY, NaiveTiles(LEAVES)) == of(LEAVES)


def test_a_smaller_log_was_rolled_back() -> None:
    with pytest.raises(LedgerError) as err:
        require_not_older(note_of(LEAVES), note_of(LEAVES[:599]), VKEY, NaiveTiles(LEAVES[:599]))
    assert err.value.code == "head.rolled-back"


@pytest.mark.parametrize("size", [1, 300, 600])
@pytest.mark.parametrize("victim", [0, 200, 299])
def test_another_history_is_a_fork(victim: int, size: int) -> None:
    forked = [*LEAVES[:victim], b"another", *LEAVES[victim + 1 :]]
    seen = LEAVES[: max(size, victim + 1)]
    with pytest.raises(LedgerError) as err:
        require_not_older(note_of(seen), note_of(forked), VKEY, NaiveTiles(forked))
    assert err.value.code == "head.forked"


def test_an_empty_log_with_another_root_is_a_fork() -> None:
    strange = Checkpoint(origin=ORIGIN, size=0, root=bytes(32))
    with pytest.raises(LedgerError) as err:
        require_extension(strange, Checkpoint(origin=ORIGIN, size=0, root=EMPTY_ROOT), NaiveTiles([]))
    assert err.value.code == "head.forked"


def test_what_another_key_signed_is_not_remembered() -> None:
    stranger = SignerKey(name=ORIGIN, seed=bytes(32))
    for remembered, present in ((note_of(LEAVES, stranger), note_of(LEAVES)), (note_of(LEAVES), note_of(LEAVES, stranger))):
        with pytest.raises(LedgerError) as err:
            require_not_older(remembered, present, VKEY, NaiveTiles(LEAVES))
        assert err.value.code == "note.unsigned"


def test_a_tile_that_cannot_be_read_is_no_fork() -> None:
    def unreadable(level: int, index: int, width: int) -> bytes:
        raise LedgerError("log.tile-altered", "gone")

    with pytest.raises(LedgerError) as err:
        require_not_older(note_of(LEAVES[:3]), note_of(LEAVES), VKEY, unreadable)
    assert err.value.code == "log.tile-altered"
