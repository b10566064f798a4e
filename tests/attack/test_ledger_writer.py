"""Who may write ``ledger.db`` and has no key: an administrator of the disk, a restored backup, a bit that flipped."""

from __future__ import annotations

import os

import pytest

from attack.stage import NEXT, Stage, refused
from build import key
from lockgate.app import report, say
from lockgate.core import events


class TestForge:
    @pytest.mark.parametrize("index", [0, 4, -1])
    def test_cannot_change_a_word_that_was_said(self, stage: Stage, index: int) -> None:
        """Each leaf is hashed up to the signed head: the newest when the log is opened, each when it is read, all of them by `log check`."""
        index %= stage.log.head().size
        ((leaf,),) = stage.rows("ledger.db", "SELECT leaf FROM entry WHERE idx = ?", index)

        def look() -> None:
            stage.edit("ledger.db", "UPDATE entry SET leaf = ? WHERE idx = ?", leaf[:-3] + b"x" + leaf[-2:], index)
            report.check(stage.ports)

        assert refused(look) == "log.leaf-altered"

    def test_cannot_exchange_two_leaves(self, stage: Stage) -> None:
        swap = (
            ("UPDATE entry SET idx = -1 WHERE idx = ?", 4),
            ("UPDATE entry SET idx = ? WHERE idx = ?", 4, 5),
            ("UPDATE entry SET idx = ? WHERE idx = -1", 5),
        )
        assert refused(stage.edit_all, "ledger.db", *swap) == "log.tile-altered"

    def test_cannot_sign_a_head(self, stage: Stage) -> None:
        ((note,),) = stage.rows("ledger.db", "SELECT note FROM head")
        forged = note.replace(note[-20:-10], b"AAAAAAAAAA")
        assert refused(stage.edit, "ledger.db", "UPDATE head SET note = ?", forged) == "log.head-forged"

    def test_cannot_say_that_the_log_has_another_size(self, stage: Stage) -> None:
        assert refused(stage.edit, "ledger.db", "UPDATE head SET size = size - 1") == "log.head-altered"


class TestHide:
    def test_cannot_hide_the_newest_rejection_while_the_index_says_otherwise(self, stage: Stage) -> None:
        rejection = stage.reject(stage.asked, "carl").index
        stage.edit("ledger.db", "UPDATE entry SET stream = 'env:elsewhere' WHERE idx = ?", rejection)
        assert stage.answer() == "log.stream-hidden"
        assert stage.log_check() == "log.stream-hidden"

    def test_cannot_have_what_is_recorded_from_now_on_put_elsewhere(self, stage: Stage) -> None:
        """By a trigger."""
        trigger = "CREATE TRIGGER t AFTER INSERT ON entry BEGIN UPDATE entry SET stream = 'x' WHERE idx = NEW.idx; END"
        assert refused(stage.change, "ledger.db", trigger) == "log.schema-altered"

    @pytest.mark.parametrize("leaves", [1, 2, 5])
    def test_cannot_cut_the_tail_off_before_who_saw_it(self, stage: Stage, leaves: int) -> None:
        """With an older signed head put in, the tree is whole, and shorter."""
        head = stage.rows("ledger.db", "SELECT size, root, note FROM head")[0]
        for _ in range(leaves):
            stage.request(ref="next")
        stage.cut_to(*head)
        assert stage.answer() == "head.rolled-back"
        assert stage.log_check() == "head.rolled-back"

    def test_cannot_cut_it_off_before_a_stranger_who_finds_the_index(self, stage: Stage) -> None:
        head = stage.rows("ledger.db", "SELECT size, root, note FROM head")[0]
        stage.reject(stage.asked, "carl")
        stage.cut_to(*head)
        stage.as_stranger()
        assert stage.answer() == "index.differs"
        assert stage.log_check() == "index.differs"

    def test_cannot_make_somebody_believe_that_their_no_is_recorded(self, stage: Stage) -> None:
        """The column of idempotency keys is covered by no hash: the key of a rejection that was not yet recorded, put beside another leaf."""
        said = events.Rejected(log=stage.genesis, request=stage.asked, environment="production", nonce=stage.nonce())
        envelope = say.sign_event(said, NEXT, key("carl"))
        stage.edit("ledger.db", "UPDATE entry SET key = ? WHERE idx = ?", say.event_key(envelope), stage.log.head().size - 1)
        assert refused(say.record_event, stage.ports, envelope) == "event.replayed"

    @pytest.mark.not_caught
    def test_can_make_a_retry_look_like_a_first_question(self, stage: Stage) -> None:
        first = stage.gate("staging", "next", key="job-1")
        stage.edit("ledger.db", "UPDATE entry SET key = 'x' WHERE idx = ?", first.index)
        again = stage.gate("staging", "next", key="job-1")
        assert again.new
        assert (again.index, stage.log_check()) != (first.index, "")

    def test_cannot_give_one_question_the_answer_of_another(self, stage: Stage) -> None:
        allowed = stage.gate(ref="next", key="job-1")
        stage.artifact("third")
        stage.edit("ledger.db", "UPDATE entry SET key = 'gate:production:job-2' WHERE idx = ?", allowed.index)
        assert stage.answer("third", key="job-2") == "gate.key-reused"


class TestDelay:
    @pytest.mark.parametrize("length", [0, 100, 5000])
    def test_can_stop_everything_by_damaging_it(self, stage: Stage, length: int) -> None:
        stage.close()
        os.truncate(stage.gate_path / "ledger.db", length)
        assert refused(stage.reopen) in {"log.damaged", "log.foreign", "log.unreadable", "log.head-altered"}
