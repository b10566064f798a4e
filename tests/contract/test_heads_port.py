from __future__ import annotations

from pathlib import Path

import pytest

from fakes.memory_heads import MemoryHeads
from lockgate.adapters.store.heads import FileHeads
from lockgate.core.ports import Heads


@pytest.fixture(params=["memory", "file"])
def heads(request: pytest.FixtureRequest, tmp_path: Path) -> Heads:
    return MemoryHeads() if request.param == "memory" else FileHeads(tmp_path / "state" / "heads")


class TestHeads:
    def test_nothing_is_remembered_at_first(self, heads: Heads) -> None:
        assert heads.recall("example.com/shop") is None

    def test_the_newest_note_is_remembered_for_each_origin(self, heads: Heads) -> None:
        heads.remember("example.com/shop", note(1))
        heads.remember("example.com/shop", note(2))
        heads.remember("../../etc/passwd", note(3))
        assert heads.recall("example.com/shop") == note(2)
        assert heads.recall("../../etc/passwd") == note(3)
        assert heads.recall("example.com/other") is None


def note(size: int) -> bytes:
    return f"example.com/shop\n{size}\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n— example.com/shop AAAA\n".encode()
