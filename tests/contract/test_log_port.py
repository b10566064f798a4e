from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.memory_log import MemoryLog
from lockgate.adapters.store.sqlite_log import SqliteLog
from lockgate.core.ports import Entry, Guard, Log, Receipt
from lockgate.errors import ConflictError, LedgerError
from lockgate.ledger.checkpoint import verify_checkpoint
from lockgate.ledger.merkle import verify_consistency
from lockgate.ledger.note import SignerKey
from lockgate.ledger.proof import format_proof, verify_proof
from lockgate.ledger.tiles import consistency_proof, inclusion_proof
from naive_tree import NaiveTiles, naive_root

KEY = SignerKey(name="example.com/log", seed=bytes(range(32)))
VKEY = str(KEY.verifier)


@pytest.fixture(params=["memory", "sqlite"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Log]:
    if request.param == "memory":
        yield MemoryLog()
    else:
        with SqliteLog.create(tmp_path / "ledger.db", origin=KEY.name, signer=KEY, vkey=VKEY) as sqlite:
            yield sqlite


def entry(number: int, stream: str = "house") -> Entry:
    return Entry(leaf=b"leaf %d" % number, stream=stream, key=f"key-{number}")


def refused(log: Log, what: Entry, guard: Guard | None = None) -> str:
    before = log.head()
    with pytest.raises(LedgerError) as err:
        log.append(what, guard)
    assert log.head() == before, "nothing was appended"
    return err.value.code


class TestLog:
    def test_an_empty_log_has_a_signed_head(self, log: Log) -> None:
        head = log.head()
        assert (head.size, head.root) == (0, naive_root([]))
        assert verify_checkpoint(head.note, KEY.verifier).size == 0
        assert list(log.leaves(0, 0)) == []

    def test_leaves_stand_in_order_under_a_signed_head(self, log: Log) -> None:
        leaves = [entry(number).leaf for number in range(5)]
        assert [log.append(entry(number)) for number in range(5)] == [Receipt(index=number) for number in range(5)]
        head = log.head()
        assert (head.size, head.root) == (5, naive_root(leaves))
        checkpoint = verify_checkpoint(head.note, KEY.verifier)
        assert (checkpoint.origin, checkpoint.size, checkpoint.root) == (log.origin, 5, head.root)
        assert list(log.leaves(0, 5)) == leaves
        assert list(log.leaves(2, 4)) == leaves[2:4]
        assert log.leaf(3) == leaves[3]

    @pytest.mark.parametrize(("start", "end"), [(0, 4), (-1, 1), (2, 1), (4, 5)])
    def test_leaves_that_are_not_there(self, log: Log, start: int, end: int) -> None:
        for number in range(3):
            log.append(entry(number))
        with pytest.raises(LedgerError) as err:
            log.leaves(start, end)
        assert err.value.code == "log.no-such-leaf"

    @pytest.mark.parametrize("index", [-1, 3, 2**70])
    def test_a_leaf_that_is_not_there(self, log: Log, index: int) -> None:
        for number in range(3):
            log.append(entry(number))
        with pytest.raises(LedgerError) as err:
            log.leaf(index)
        assert err.value.code == "log.no-such-leaf"

    def test_a_retry_returns_the_first_receipt_whatever_its_guard(self, log: Log) -> None:
        log.append(entry(0))
        first = log.append(entry(1), Guard(size=1, streams=("house",)))
        log.append(entry(2))
        assert first == Receipt(index=1)
        assert log.append(entry(1), Guard(size=1, streams=("house",))) == Receipt(index=1, new=False)
        assert log.append(entry(1)) == Receipt(index=1, new=False)
        assert log.head().size == 3

    def test_a_key_used_again_for_another_leaf(self, log: Log) -> None:
        log.append(entry(0))
        assert refused(log, Entry(leaf=b"another", stream="house", key="key-0")) == "log.key-reused"

    def test_a_guard_holds_while_its_streams_are_still(self, log: Log) -> None:
        log.append(entry(0, "env:production"))
        log.append(entry(1, "env:staging"))
        assert log.append(entry(2, "env:production"), Guard(size=1, streams=("env:production", "house"))).index == 2
        assert log.append(entry(3), Guard(size=3, streams=("env:production", "env:staging", "house"))).index == 3
        assert log.append(entry(4), Guard(size=0, streams=())).index == 4

    def test_a_guard_refuses_when_a_stream_moved(self, log: Log) -> None:
        log.append(entry(0, "env:production"))
        log.append(entry(1, "house"))
        for size, streams in ((0, ("env:production",)), (1, ("env:production", "house")), (0, ("env:staging", "house"))):
            assert refused(log, entry(9, "env:production"), Guard(size=size, streams=streams)) == "log.conflict"
        with pytest.raises(ConflictError):
            log.append(entry(9), Guard(size=0, streams=("house",)))

    def test_a_caller_who_has_seen_more_than_there_is(self, log: Log) -> None:
        log.append(entry(0))
        assert refused(log, entry(1), Guard(size=2, streams=())) == "head.rolled-back"

    def test_the_largest_leaf(self, log: Log) -> None:
        largest = Entry(leaf=b"x" * 16_384, stream="house", key="k" * 200)
        assert log.leaf(log.append(largest).index) == largest.leaf
        assert refused(log, Entry(leaf=b"x" * 16_385, stream="house", key="k")) == "log.leaf-too-large"

    @pytest.mark.parametrize(
        ("leaf", "stream", "key"),
        [(b"", "house", "k"), (b"x", "house", ""), (b"x", "", "k"), (b"x", "house", "k" * 201), (b"x", "house", "\ud800"), (b"x", "h\0", "k")],
    )
    def test_malformed_entries(self, log: Log, leaf: bytes, stream: str, key: str) -> None:
        assert refused(log, Entry(leaf=leaf, stream=stream, key=key)) == "log.entry-malformed"

    @pytest.mark.parametrize("guard", [Guard(size=-1, streams=()), Guard(size=-(2**70), streams=()), Guard(size=0, streams=("\ud800",))])
    def test_malformed_guards(self, log: Log, guard: Guard) -> None:
        assert refused(log, entry(0), guard) == "log.entry-malformed"

    def test_hints(self, log: Log) -> None:
        for number, stream in enumerate(("house", "env:a", "env:b", "env:a", "house")):
            log.append(entry(number, stream))
        assert [log.last(stream) for stream in ("house", "env:a", "env:b", "env:c", "\ud800")] == [4, 3, 2, None, None]
        assert log.find("key-3") == Receipt(index=3, new=False)
        assert log.find("key-5") is None
        assert log.find("\ud800") is None

    def test_proofs_from_its_tiles(self, log: Log) -> None:
        leaves = [entry(number).leaf for number in range(300)]
        for number in range(300):
            log.append(entry(number))
        head, naive = log.head(), NaiveTiles(leaves)
        for tile in ((0, 0, 256), (0, 1, 44), (0, 1, 1), (1, 0, 1)):
            assert log.tile(*tile) == naive(*tile)
        for tile in ((0, 1, 45), (0, 2, 1), (1, 0, 2), (2, 0, 1), (0, 0, 0), (0, 0, 257), (-1, 0, 1), (0, -1, 1)):
            with pytest.raises(LedgerError) as err:
                log.tile(*tile)
            assert err.value.code == "log.no-such-tile"
        for index in (0, 255, 256, 299):
            proof = format_proof(index, inclusion_proof(index, head.size, log.tile), head.note, log.leaf(index))
            assert verify_proof(proof, VKEY).leaf == leaves[index]
        verify_consistency(257, 300, naive_root(leaves[:257]), head.root, consistency_proof(257, 300, log.tile))

    def test_many_threads_get_an_index_each(self, log: Log) -> None:
        found: dict[int, bytes] = {}

        def work(worker: int) -> None:
            for number in range(worker * 40, worker * 40 + 40):
                found[log.append(entry(number)).index] = entry(number).leaf

        run_all([threading.Thread(target=work, args=(worker,)) for worker in range(8)])
        assert list(log.leaves(0, 320)) == [found[index] for index in range(320)]
        assert log.head().root == naive_root([found[index] for index in range(320)])

    def test_of_those_who_decided_on_one_history_one_records(self, log: Log) -> None:
        log.append(entry(0))
        codes: list[str] = []

        def decide(number: int) -> None:
            try:
                log.append(entry(number, "env:production"), Guard(size=1, streams=("env:production",)))
                codes.append("recorded")
            except LedgerError as err:
                codes.append(err.code)

        run_all([threading.Thread(target=decide, args=(number,)) for number in range(1, 17)])
        assert sorted(codes) == ["log.conflict"] * 15 + ["recorded"]
        assert log.head().size == 2


def run_all(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
