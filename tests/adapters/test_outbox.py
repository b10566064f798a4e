from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from lockgate.adapters.store.outbox import FileOutbox


def test_it_is_kept_for_this_user_alone_and_never_over_another(tmp_path: Path) -> None:
    outbox = FileOutbox(tmp_path / "state" / "unrecorded")
    one, two = (Path(outbox.keep("deployed.json", data)) for data in (b"one", b"two"))
    assert (one.read_bytes(), two.read_bytes()) == (b"one", b"two")
    assert one.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("home", [True, False])
def test_where_the_state_directory_refuses_another_place_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: bool) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "file").write_bytes(b"")
    kept = Path(FileOutbox(tmp_path / "file" / "below" if home else None).keep("deployed.json", b"one"))
    assert kept.read_bytes() == b"one"
    assert kept.parent.name.startswith("lockgate-unrecorded-")


def test_where_nothing_takes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "file"))
    assert FileOutbox(None).keep("deployed.json", b"one") == ""
