"""Another account on the machine, which may write where everybody may: ``/tmp``, a shared directory, a checkout that is open to all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from attack.desk import Desk


@pytest.fixture
def shared(desk: Desk) -> Path:
    """A directory below Ada's, where everybody may write, with a gate of Mallory's in it; Ada stands further down."""
    place = desk.work / "shared"
    (place / "below").mkdir(parents=True)
    desk.patch.chdir(place)
    assert desk.call("init", "--origin", "example.com/mallory").code == 0
    place.chmod(0o1777)
    desk.patch.chdir(place / "below")
    return place


class TestForge:
    def test_cannot_put_a_gate_in_the_way(self, desk: Desk, shared: Path) -> None:
        """It is neither opened nor passed over for one that is further up."""
        assert desk.code("status") == "gate.not-yours"
        assert desk.code("gate", "file:../../app", "--to", "staging") == "gate.not-yours"

    def test_cannot_put_a_trust_file_in_the_way(self, desk: Desk, shared: Path) -> None:
        assert desk.code("status", "--gate", str(desk.work / ".lockgate")) == "root.not-yours"

    @pytest.mark.parametrize(("name", "code"), [(".lockgate", "gate.not-yours"), ("lockgate.trust", "root.not-yours")])
    def test_cannot_write_to_what_is_found_and_be_believed(self, desk: Desk, name: str, code: str) -> None:
        (desk.work / name).chmod(0o777)
        assert desk.code("status") == code

    def test_cannot_lead_there_by_a_link(self, desk: Desk, shared: Path) -> None:
        own = desk.work / "own"
        own.mkdir()
        (own / ".lockgate").symlink_to(shared / ".lockgate")
        desk.patch.chdir(own)
        assert desk.code("status") == "gate.not-yours"


class TestHide:
    def test_cannot_make_an_account_forget_by_its_environment_directory(self, desk: Desk, tmp_path: Path) -> None:
        """What is remembered is read by this account's own name for it; another account's files are not even looked at."""
        memory = desk.folder / "home/.local/state/lockgate/heads"
        (remembered,) = memory.iterdir()
        assert remembered.stat().st_uid == os.geteuid()
        assert remembered.stat().st_mode & 0o077 == 0


class TestDelay:
    def test_can_stop_who_works_below_where_everybody_may_write(self, desk: Desk, shared: Path) -> None:
        """Until they name their gate and their trust file."""
        assert desk.code("status") == "gate.not-yours"
        assert desk.call("status", "--gate", str(desk.work / ".lockgate"), "--trust", str(desk.work / "lockgate.trust")).code == 0
