"""Whoever gives an account its first copy: of the gate's directory, of ``lockgate.trust``, or of a repository that has both in it."""

from __future__ import annotations

import shutil
from datetime import timedelta

import pytest

from attack.desk import Desk
from attack.stage import Stage, refused
from build import NOW, digest, key
from fakes.memory_log import MemoryLog
from lockgate.app import prove, replay, report
from lockgate.app.project import project
from world import ORIGIN, World, changed


class TestForge:
    @pytest.mark.not_caught
    def test_can_have_another_log_of_the_same_name_believed_where_nothing_is_pinned(self, desk: Desk) -> None:
        """As much as anything is without a root: no permit, and a note says so."""
        self.begun_anew(desk)
        (desk.work / "lockgate.trust").unlink()
        said = desk.call("status")
        assert said.code == 0
        assert "[root.unpinned]" in said.err

    @pytest.mark.not_caught
    def test_can_have_it_believed_where_the_trust_file_was_exchanged_too(self, desk: Desk) -> None:
        """A note says that this account remembers nothing of it, though a log of that name is known."""
        self.begun_anew(desk)
        said = desk.call("status")
        assert said.code == 0
        assert "[head.unpinned]" in said.err

    def test_cannot_before_who_pinned_the_first(self, desk: Desk) -> None:
        trusted = (desk.work / "lockgate.trust").read_bytes()
        self.begun_anew(desk)
        (desk.work / "lockgate.trust").write_bytes(trusted)
        assert desk.code("status") == "root.other-log"

    @pytest.mark.not_caught
    def test_can_put_a_gate_into_a_repository_that_somebody_checks_out(self, desk: Desk) -> None:
        """lockgate only knows that this account put the files there."""
        theirs = desk.work / "checkout"
        theirs.mkdir()
        shutil.copytree(desk.work / ".lockgate", theirs / ".lockgate")
        shutil.copy(desk.work / "lockgate.trust", theirs / "lockgate.trust")
        desk.as_stranger()
        desk.patch.chdir(theirs)
        said = desk.call("status")
        assert (said.code, "[head.unpinned]" in said.err, "[root.unpinned]" in said.err) == (0, True, False)

    def test_cannot_give_who_pinned_a_root_the_log_of_another_gate(self, stage: Stage) -> None:
        stage.pinned = World(log=MemoryLog("example.com/other", seed=bytes(32))).begin()
        for call in (
            lambda: stage.gate("staging"),
            lambda: report.check(stage.ports),
            lambda: report.status(stage.ports),
            lambda: replay.replay(stage.ports, 8),
        ):
            assert refused(call) == "root.other-log"

    @pytest.mark.parametrize(
        "lie",
        [{"owners": (key("mallory").public,)}, {"permit": key("mallory").public}, {"genesis": digest("x")}, {"expires": NOW + timedelta(days=9999)}],
        ids=["owners", "permit", "genesis", "expires"],
    )
    def test_cannot_change_one_word_of_a_trust_file(self, stage: Stage, lie: dict[str, object]) -> None:
        assert stage.pinned is not None
        stage.pinned = changed(stage.pinned, **lie)
        assert stage.answer() == "root.other"
        assert stage.log_check() == "root.other"

    def test_cannot_leave_anything_in_the_memory_of_the_log_it_is_named_after(self, stage: Stage) -> None:
        own, remembered = stage.pinned, stage.heads.recall(stage.log.vkey)
        again = World(log=MemoryLog(ORIGIN, seed=bytes(32)), heads=stage.heads)
        again.begin()
        again.pinned = own
        assert refused(report.check, again.ports) == "root.other-log"
        assert stage.heads.recall(stage.log.vkey) == remembered

    def test_cannot_pass_a_proof_off_under_another_root(self, stage: Stage) -> None:
        other = World(log=MemoryLog(ORIGIN, seed=bytes(32))).begin()
        assert refused(prove.check, prove.prove(stage.ports, 7), other).startswith(("head.", "proof.", "log.", "note."))

    def test_cannot_ask_for_trust_in_witnesses_that_nobody_checks(self, desk: Desk) -> None:
        trust = desk.work / "lockgate.trust"
        words = trust.read_text()
        named = words.replace('"version":1}}', '"version":1,"witnesses":{"keys":["w+00000000+AA=="],"quorum":1}}}')
        assert named != words
        trust.write_text(named)
        assert desk.code("status") == "root.witnesses-unsupported"

    @staticmethod
    def begun_anew(desk: Desk) -> None:
        """Another log of the same name in the gate's place, with its own trust file; by another account."""
        shutil.rmtree(desk.work / ".lockgate")
        (desk.work / "lockgate.trust").unlink()
        home = desk.folder / "home"
        desk.as_stranger()
        assert desk.call("init", "--origin", "example.com/desk").code == 0
        desk.patch.setenv("HOME", str(home))


class TestHide:
    @pytest.mark.not_caught
    def test_can_show_an_older_copy_to_who_never_saw_the_log(self, desk: Desk) -> None:
        """It is believed, and a note says that nothing is remembered of it."""
        older = desk.work / "older"
        shutil.copytree(desk.work / ".lockgate", older)
        assert desk.call("gate", "file:app", "--to", "staging").code == 0
        assert desk.code("status", "--gate", "older") == "head.rolled-back"
        desk.as_stranger()
        said = desk.call("status", "--gate", "older", "--trust", "lockgate.trust")
        assert said.code == 0
        assert "[head.unpinned]" in said.err

    def test_cannot_show_who_has_a_newer_root_a_log_that_does_not_have_it_yet(self, stage: Stage) -> None:
        older = stage.backup()
        stage.root(threshold=1)
        newer = project(stage.ports, "").root
        stage.restore(older)
        stage.as_stranger()
        stage.pinned = newer
        assert stage.answer() == "root.rolled-back"


class TestDelay:
    def test_can_give_a_trust_file_under_which_nothing_is_allowed(self, desk: Desk) -> None:
        (desk.work / "lockgate.trust").write_text("{}")
        assert desk.code("gate", "file:app", "--to", "staging") == "root.malformed"
