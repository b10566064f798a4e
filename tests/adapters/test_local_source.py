from __future__ import annotations

from pathlib import Path

import pytest

from lockgate.adapters.sources.local import located
from lockgate.core.digest import parse_ref
from lockgate.errors import UnreadableError


@pytest.mark.parametrize("text", ["build.out/app", "build.out/app:1", "build.out/link", "build.out/app@sha256:" + "0" * 64])
def test_what_may_be_a_path_as_well_asks_no_registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """`dist-1.0/app.whl` is a file to whoever has it there; and whoever can put a file here does not stand in for a registry."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "build.out").mkdir()
    (tmp_path / "build.out" / "app").write_bytes(b"x")
    (tmp_path / "build.out" / "link").symlink_to("nowhere")
    with pytest.raises(UnreadableError) as err:
        located(parse_ref(text))
    assert err.value.code == "ref.ambiguous"
    assert located(parse_ref(f"registry:{text}")).scheme == "registry"


def test_where_nothing_stands_it_is_in_a_registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "localhost").mkdir()
    assert located(parse_ref("localhost:5000/app")).scheme == "registry"
    (tmp_path / "build.out").mkdir()
    (tmp_path / "build.out" / "app").write_bytes(b"x")
    assert located(parse_ref("./build.out/app")).scheme == "file"
