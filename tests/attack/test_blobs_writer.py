"""Who may write ``blobs/``: documents in force, evidence, and what approvers were shown, each by its digest. No key, no database."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from attack.stage import Stage, question_of, refused
from build import key
from lockgate.app import deploy, report
from lockgate.app.project import project


def document(stage: Stage, kind: str) -> Path:
    """Where a document in force stands."""
    found = getattr(project(stage.ports, "").state.house, kind)
    return stage.blob(found.digest)


def longer(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b" ")


def shorter(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def gone(path: Path) -> None:
    path.unlink()


def a_pipe_that_never_ends(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def a_link_to_somewhere(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/hostname")


def a_file_without_end(path: Path) -> None:
    path.write_bytes(b"")
    os.truncate(path, 1 << 34)


WAYS = [longer, shorter, gone, a_pipe_that_never_ends, a_link_to_somewhere, a_file_without_end]


class TestForge:
    @pytest.mark.parametrize("kind", ["root", "roster", "policy"])
    def test_cannot_put_another_document_in_force(self, stage: Stage, kind: str) -> None:
        path = document(stage, kind)
        path.write_bytes(path.read_bytes().replace(b"1", b"2", 1))
        assert stage.answer() == "document.unreadable"
        assert stage.log_check() == "document.unreadable"

    def test_cannot_exchange_a_persons_key_for_their_own(self, stage: Stage) -> None:
        path = document(stage, "roster")
        data = path.read_bytes()
        path.write_bytes(data.replace(key("ann").public.encode(), key("mallory").public.encode()))
        assert path.read_bytes() != data
        assert stage.answer() == "document.unreadable"

    def test_cannot_change_what_a_decision_rested_on(self, stage: Stage) -> None:
        gated = stage.gate(ref="next")
        longer(stage.blob(gated.decision.evidence))
        assert stage.replayed(gated.index) == "blob.altered"
        assert stage.log_check() == "blob.altered"


class TestHide:
    def test_can_erase_evidence_and_it_is_said(self, stage: Stage) -> None:
        gated = stage.gate(ref="next")
        gone(stage.blob(gated.decision.evidence))
        assert stage.replayed(gated.index) == "evidence-erased"
        assert report.check(stage.ports).unevidenced == (gated.index,)

    def test_cannot_make_a_decision_without_its_evidence_replay_as_the_same(self, stage: Stage) -> None:
        gated = stage.gate(ref="next")
        before = stage.gate("staging", "next")
        for path in (stage.gate_path / "blobs").rglob("*"):
            if path.is_file() and b'"measured"' in path.read_bytes():
                path.unlink()
        assert (stage.replayed(gated.index), stage.replayed(before.index)) == ("evidence-erased", "evidence-erased")


class TestDelay:
    @pytest.mark.parametrize("way", WAYS)
    def test_can_stop_every_decision_by_spoiling_a_document(self, stage: Stage, way: Callable[[Path], None]) -> None:
        way(document(stage, "policy"))
        assert stage.answer() == "document.unreadable"

    @pytest.mark.parametrize("way", WAYS)
    def test_can_stop_a_deployment_by_spoiling_what_its_permit_rests_on(self, stage: Stage, way: Callable[[Path], None]) -> None:
        """Between the decision and the command: the permit is looked at once more, on stored evidence."""

        def spoil(_: object) -> None:
            way(stage.blob(question_of(stage, stage.log.head().size - 1)))

        code = refused(deploy.deploy, stage.ports, stage.ask(ref="next"), ["run", "{ref}"], key("dora"), spoil)
        assert code in {"blob.altered", "blob.missing", "blob.too-large", "blob.unreadable"}
        assert stage.runner.ran == []
