"""Who may write ``ledger.db`` and ``index.db`` alike, without the log key: each of the two is held against the other, and both are theirs."""

from __future__ import annotations

import pytest

from attack.stage import CAST, NEXT, Stage, refused
from build import key, person_id
from lockgate.app import filing, say
from lockgate.canon import encode
from lockgate.core.envelope import Leaf
from lockgate.ledger.merkle import leaf_hash


def hide(stage: Stage, leaf: int) -> None:
    """A leaf moved out of its stream, in the column that no hash covers, and in the index."""
    stage.edit("ledger.db", "UPDATE entry SET stream = 'env:elsewhere' WHERE idx = ?", leaf)
    stage.edit("index.db", "DELETE FROM row WHERE kind = 'stream' AND leaf = ?", leaf)


class TestForge:
    def test_cannot_add_a_leaf(self, stage: Stage) -> None:
        """A permit nobody gave, with its hash and its rows: no signed head covers it."""
        size = stage.log.head().size
        said = say.sign_event(stage.deployed(7), NEXT, key("dora"))
        leaf = encode(Leaf(at=stage.clock.at, event=said, stream="env:production", previous=size - 1))
        stage.edit("index.db", "INSERT INTO row VALUES ('stream', 'env:production', ?)", size)

        def add() -> None:
            stage.edit("ledger.db", "INSERT INTO entry (idx, leaf, hash, stream, key) VALUES (?, ?, ?, 'env:production', 'x')", size, leaf, leaf_hash(leaf))
            stage.gate(ref="next")

        assert refused(add) in {"log.head-altered", "index.differs"}

    def test_cannot_change_a_leaf_on_which_both_agree(self, stage: Stage) -> None:
        ((leaf,),) = stage.rows("ledger.db", "SELECT leaf FROM entry WHERE idx = 5")
        forged = leaf[:-3] + b"x" + leaf[-2:]
        with_hash = ("UPDATE entry SET leaf = ?, hash = ? WHERE idx = 5", forged, leaf_hash(forged))
        assert refused(stage.edit_all, "ledger.db", with_hash) in {"log.leaf-altered", "log.tile-altered"}


class TestHide:
    @pytest.mark.not_caught
    def test_can_hide_the_newest_rejection_from_the_gate_until_log_check(self, stage: Stage) -> None:
        hide(stage, stage.reject(stage.asked, "carl").index)
        assert stage.answer() == "allowed"
        assert stage.log_check() == "log.chain-broken"

    @pytest.mark.not_caught
    def test_can_hide_a_withdrawn_approval_until_log_check(self, stage: Stage) -> None:
        hide(stage, stage.withdraw(stage.asked, "bob").index)
        assert stage.would().outcome == "allowed"
        assert stage.log_check() == "index.differs"
        assert refused(filing.rebuild, stage.ports) == "log.stream-hidden"
        assert stage.log_check() == "log.stream-hidden"

    @pytest.mark.not_caught
    def test_can_hide_that_somebody_was_taken_off_the_roster_until_log_check(self, stage: Stage) -> None:
        """Bob's key was stolen, and the owners took it away: the leaf that put the new roster in force is the house's newest."""
        changed = stage.roster(*(one for one in CAST if one.id != person_id("bob")))
        assert stage.would().outcome == "refused"
        hide(stage, stage.index.find("request", changed.id)[-1])
        assert stage.answer() == "allowed"
        assert stage.log_check() == "index.differs"

    def test_cannot_hide_it_from_a_rebuilt_index(self, stage: Stage) -> None:
        hide(stage, stage.reject(stage.asked, "carl").index)
        stage.index.clear()
        filing.catch_up(stage.ports)
        assert stage.answer() == "log.stream-hidden"

    def test_cannot_hide_what_is_not_the_newest(self, stage: Stage) -> None:
        """The next leaf names it as the one before."""
        rejection = stage.reject(stage.asked, "carl").index
        stage.withdraw(stage.asked, "bob")
        hide(stage, rejection)
        assert stage.answer() != "allowed"
        assert stage.log_check() == "index.differs"

    def test_cannot_hide_it_from_a_replay(self, stage: Stage) -> None:
        """A replay follows no link and no hint: it reads past every leaf."""
        hide(stage, stage.reject(stage.asked, "carl").index)
        gated = stage.gate(ref="next")
        assert gated.decision.outcome == "allowed"
        assert stage.replayed(gated.index) == "decision.other-state"

    def test_cannot_cut_both_before_who_saw_more(self, stage: Stage) -> None:
        head = stage.rows("ledger.db", "SELECT size, root, note FROM head")[0]
        stage.reject(stage.asked, "carl")
        stage.edit_all("index.db", ("DELETE FROM row WHERE leaf >= ?", head[0]), ("UPDATE place SET cursor = ?", head[0]))
        stage.cut_to(*head)
        assert stage.answer() == "head.rolled-back"


class TestDelay:
    @pytest.mark.parametrize("file", ["ledger.db", "index.db"])
    def test_can_stop_everything_by_taking_the_file_away_from_its_readers(self, stage: Stage, file: str) -> None:
        stage.close()
        (stage.gate_path / file).unlink()
        (stage.gate_path / file).mkdir()

        def look() -> None:
            stage.reopen()
            stage.gate(ref="next")

        assert refused(look).startswith(("log.", "index."))
