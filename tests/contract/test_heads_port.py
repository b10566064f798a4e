from __future__ import annotations

from pathlib import Path

import pytest

from fakes.memory_heads import MemoryHeads
from lockgate.adapters.store.heads import FileHeads
from lockgate.core.ports import Heads
from lockgate.ledger.note import verifier_key

SHOP, NAMESAKE = (str(verifier_key("example.com/shop", bytes([byte]) * 32)) for byte in range(2))


@pytest.fixture(params=["memory", "file"])
def heads(request: pytest.FixtureRequest, tmp_path: Path) -> Heads:
    return MemoryHeads() if request.param == "memory" else FileHeads(tmp_path / "state" / "heads")


class TestHeads:
    def test_nothing_is_remembered_at_first(self, heads: Heads) -> None:
        assert heads.recall(SHOP) is None

    def test_the_newest_note_is_remembered_for_each_log_key(self, heads: Heads) -> None:
        heads.remember(SHOP, note(1))
        heads.remember(SHOP, note(2))
        heads.remember("../../etc/passwd+0+A", note(3))
        assert heads.recall(SHOP) == note(2)
        assert heads.recall("../../etc/passwd+0+A") == note(3)
        assert heads.recall("example.com/other" + SHOP.removeprefix("example.com/shop")) is None

    def test_logs_of_one_name_share_nothing(self, heads: Heads) -> None:
        heads.remember(SHOP, note(9))
        assert heads.recall(NAMESAKE) is None
        heads.remember(NAMESAKE, note(1))
        assert (heads.recall(SHOP), heads.recall(NAMESAKE)) == (note(9), note(1))


def note(size: int) -> bytes:
    return f"example.com/shop\n{size}\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n— example.com/shop AAAA\n".encode()
