"""Who may write ``index.db``: names for leaves, and the folded states that decisions commit to. No key, and not the ledger."""

from __future__ import annotations

import os

import pytest

from attack.stage import NEXT, Stage, refused
from build import NOW, RESOURCE, VERIFIED, VERIFIER, key
from lockgate.app import attach, filing, report
from lockgate.app.project import project
from lockgate.canon import encode
from lockgate.core.policy import EnvironmentPolicy
from lockgate.core.state import Permit, state_digest
from lockgate.evidence import vsa
from world import changed, standard_policy


class TestForge:
    def test_cannot_forge_a_state_that_a_decision_committed_to(self, stage: Stage) -> None:
        """A permit nobody gave, in every state that is kept: none of them has the digest that was signed."""
        stage.reject(stage.asked, "carl")
        honest = stage.here()
        permit = Permit(decision=7, release=honest.requests[-1].release, not_after=NOW.replace(year=2030))
        forged = changed(project(stage.ports, "production").state, environment=changed(honest, permits=(permit,)))
        stage.edit("index.db", "UPDATE state SET state = ?", encode(forged))
        assert stage.here() == honest
        assert stage.answer() == "approved.rejected"

    def test_cannot_keep_one_that_no_decision_committed_to(self, stage: Stage) -> None:
        honest = project(stage.ports, "production").state
        forged = changed(honest, environment=changed(honest.environment, stays=(), requests=()))
        stage.index.keep("env:production", state_digest(forged), encode(forged))
        assert stage.here() == honest.environment

    @pytest.mark.parametrize("leaf", [-5, 3])
    def test_cannot_file_a_leaf_where_it_does_not_belong(self, stage: Stage, leaf: int) -> None:
        stage.edit("index.db", "INSERT INTO row VALUES ('digest', ?, ?)", *NEXT, leaf)
        assert refused(report.listed, stage.ports, 100, *NEXT) == "index.differs"
        assert stage.log_check() == "index.differs"
        assert stage.answer() == "allowed"


class TestHide:
    @pytest.mark.not_caught
    def test_can_leave_a_leaf_out_of_what_log_show_lists(self, stage: Stage) -> None:
        rejection = stage.reject(stage.asked, "carl").index
        listed = [one.index for one in report.listed(stage.ports, 100, stage.asked)]
        stage.edit("index.db", "DELETE FROM row WHERE kind = 'request' AND leaf = ?", rejection)
        assert [one.index for one in report.listed(stage.ports, 100, stage.asked)] == listed[:-1]
        assert stage.log_check() == "index.differs"

    @pytest.mark.not_caught
    def test_can_hide_what_told_against_an_artifact_where_it_was_taken_away_too(self, stage: Stage) -> None:
        """A failed verification is taken from beside the file, and every row about it from the index: nobody looks for it any more."""
        policy = standard_policy()
        stage.policy(changed(policy, environments={**policy.environments, "staging": EnvironmentPolicy(requires=(VERIFIED,))}))
        bench = attach.Bench(source=stage.source, clock=stage.clock)
        failed = {"verifier": {"id": VERIFIER}, "resourceUri": RESOURCE, "verificationResult": "FAILED", "verifiedLevels": []}
        beside = stage.path / "shelf/next.intoto.jsonl"
        before = beside.read_bytes()
        attach.attest(bench, "file:next", vsa.PREDICATE_TYPE, failed, key("builder"))
        assert stage.answer(to="staging") == "verified-by.not-passed"
        beside.write_bytes(before)
        assert stage.answer(to="staging", by=None) == "verified-by.not-passed"
        stage.edit("index.db", "DELETE FROM row WHERE kind = 'digest'")
        assert stage.answer(to="staging", by="don") == "verified-by.no-summary"
        assert stage.log_check() == "index.differs"

    def test_cannot_hide_the_newest_rejection_from_the_gate(self, stage: Stage) -> None:
        rejection = stage.reject(stage.asked, "carl").index
        stage.edit("index.db", "DELETE FROM row WHERE leaf = ?", rejection)
        assert stage.answer() == "approved.rejected"
        assert stage.log_check() == "index.differs"

    def test_cannot_by_filing_nothing_any_more(self, stage: Stage) -> None:
        """The cursor put far ahead: what is recorded from then on has no name in the index."""
        stage.edit("index.db", "UPDATE place SET cursor = 1000000")
        stage.reject(stage.asked, "carl")
        assert stage.answer() == "approved.rejected"
        assert stage.log_check() == "index.differs"

    def test_cannot_do_what_a_rebuild_does_not_mend(self, stage: Stage) -> None:
        honest = stage.index.dump()
        stage.edit("index.db", "UPDATE row SET name = name || 'x'")
        filing.rebuild(stage.ports)
        assert stage.index.dump() == honest
        assert stage.answer() == "allowed"

    def test_cannot_have_what_is_filed_from_now_on_left_out(self, stage: Stage) -> None:
        """By a trigger, which would work on what a rebuild files as well."""
        stage.change("index.db", "CREATE TRIGGER t AFTER INSERT ON row BEGIN DELETE FROM row WHERE kind = 'stream' AND leaf = NEW.leaf; END")
        assert refused(stage.reject, stage.asked, "carl") == "index.altered"
        filing.rebuild(stage.ports)
        stage.reject(stage.asked, "carl")
        assert stage.log_check() == "whole"


class TestDelay:
    def test_can_stop_the_walk_until_the_index_is_made_anew(self, stage: Stage) -> None:
        stage.edit("index.db", "INSERT INTO row VALUES ('stream', 'env:production', 1000000)")
        assert stage.answer() == "index.differs"
        filing.rebuild(stage.ports)
        assert stage.answer() == "allowed"
        assert stage.log_check() == "whole"

    def test_can_make_the_gate_fold_from_leaf_0_again(self, stage: Stage) -> None:
        honest = stage.here()
        stage.edit("index.db", "DELETE FROM state")
        assert stage.here() == honest
        assert stage.answer() == "allowed"

    def test_can_damage_the_file_which_a_rebuild_replaces(self, stage: Stage) -> None:
        stage.close()
        (stage.gate_path / "index.db").write_bytes(b"no index" * 1000)
        stage.reopen()
        assert stage.answer() == "index.altered"
        filing.rebuild(stage.ports)
        assert stage.answer() == "allowed"

    def test_cannot_have_the_gate_wait_for_ever_for_a_table_that_has_no_end(self, stage: Stage) -> None:
        """A view in the place of the rows, which counts and counts."""
        endless = "WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT 'stream' AS kind, 'env:production' AS name, x AS leaf FROM c"
        stage.change("index.db", "DROP TABLE row", f"CREATE VIEW row AS {endless}")
        assert stage.answer() == "index.altered"
        filing.rebuild(stage.ports)
        assert stage.answer() == "allowed"

    def test_cannot_have_it_wait_for_ever_for_a_file_that_never_ends(self, stage: Stage) -> None:
        stage.close()
        (stage.gate_path / "index.db").unlink()
        os.mkfifo(stage.gate_path / "index.db")
        stage.reopen()
        assert stage.answer().startswith("index.")
