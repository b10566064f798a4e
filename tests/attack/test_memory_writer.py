"""Who may write this account's memory, ``~/.local/state/lockgate``: the newest head it saw of each log. Nothing of the gate's."""

from __future__ import annotations

from pathlib import Path

import pytest

from attack.stage import Stage
from build import key
from lockgate.ledger.checkpoint import Checkpoint, sign_checkpoint
from lockgate.ledger.note import SignerKey


def memory(stage: Stage) -> Path:
    """The one head that is remembered."""
    (found,) = (path for path in (stage.path / "state").iterdir() if path.is_file())
    return found


class TestForge:
    def test_cannot_have_another_log_believed(self, stage: Stage) -> None:
        """A head of another key's, of any size, in the place of the one that was seen."""
        other = SignerKey(name=stage.log.origin, seed=key("mallory").private.private_bytes_raw())
        note = sign_checkpoint(Checkpoint(origin=stage.log.origin, size=3, root=bytes(32)), other.verifier, other.sign)
        memory(stage).write_bytes(note)
        assert stage.answer() == "head.unreadable"


class TestHide:
    @pytest.mark.not_caught
    def test_can_make_the_account_a_stranger_to_whom_an_older_copy_can_be_shown(self, stage: Stage) -> None:
        older = stage.backup()
        stage.reject(stage.asked, "carl")
        stage.restore(older)
        assert stage.answer() == "head.rolled-back"
        memory(stage).unlink()
        assert stage.heads.recall(stage.log.vkey) is None
        assert stage.answer() == "allowed"

    def test_cannot_make_it_remember_less_without_a_head_of_that_log(self, stage: Stage) -> None:
        """An older head of the same log serves, as forgetting does; nothing that was made up does."""
        seen = memory(stage).read_bytes()
        size = stage.log.head().size
        memory(stage).write_bytes(seen.replace(f"\n{size}\n".encode(), f"\n{size - 1}\n".encode()))
        assert stage.answer() == "head.unreadable"


class TestDelay:
    @pytest.mark.parametrize("data", [b"", b"no head", b"x" * (1 << 20)], ids=["nothing", "no head", "1 MiB"])
    def test_can_stop_the_account_by_damaging_it(self, stage: Stage, data: bytes) -> None:
        memory(stage).write_bytes(data)
        assert stage.answer() == "head.unreadable"

    def test_can_say_that_more_was_seen_than_there_is_with_a_head_that_the_log_key_signed(self, stage: Stage) -> None:
        older = stage.backup()
        stage.request(ref="next")
        newer = memory(stage).read_bytes()
        stage.restore(older)
        memory(stage).write_bytes(newer)
        assert stage.answer() == "head.rolled-back"
