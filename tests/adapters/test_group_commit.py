from __future__ import annotations

import signal
import threading
import time
from collections.abc import Sequence

import pytest

from lockgate.adapters.store.group_commit import GroupCommit, _Ticket
from lockgate.errors import LedgerError, LockgateError


class Doubler:
    """A commit that doubles what it is given, waits where it is told to, and keeps every batch."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.entered = threading.Semaphore(0)
        self.go = threading.Semaphore(0)

    def __call__(self, items: Sequence[int]) -> list[int | LockgateError]:
        self.batches.append(list(items))
        self.entered.release()
        assert self.go.acquire(timeout=10)
        if 13 in items:
            raise LedgerError("log.full", "no space")
        return [LedgerError("log.conflict", "odd") if item % 2 else item * 2 for item in items]


def outcome_of(queue: GroupCommit[int, int], item: int, into: dict[int, int | str]) -> threading.Thread:
    def ask() -> None:
        try:
            into[item] = queue.submit(item)
        except LedgerError as err:
            into[item] = err.code

    follows, waiting = queue._led, len(queue._queue)
    thread = threading.Thread(target=ask)
    thread.start()
    while follows and len(queue._queue) == waiting:
        time.sleep(0)
    return thread


def test_those_who_come_during_a_commit_make_up_the_next_in_order() -> None:
    commit, found = Doubler(), dict[int, int | str]()
    queue = GroupCommit(commit, limit=3)
    threads = [outcome_of(queue, 2, found)]
    assert commit.entered.acquire(timeout=10)
    threads += [outcome_of(queue, item, found) for item in (4, 5, 6, 8, 10)]
    for _ in range(3):
        commit.go.release()
    for thread in threads:
        thread.join(10)
    assert commit.batches == [[2], [4, 5, 6], [8, 10]]
    assert found == {2: 4, 4: 8, 5: "log.conflict", 6: 12, 8: 16, 10: 20}
    assert not queue._led and not queue._queue


def test_an_error_of_the_whole_batch_reaches_each_as_its_own() -> None:
    commit, raised = Doubler(), list[LedgerError]()
    queue = GroupCommit(commit, limit=8)

    def ask(item: int) -> None:
        try:
            queue.submit(item)
        except LedgerError as err:
            raised.append(err)

    threads = [threading.Thread(target=ask, args=(item,)) for item in (2, 12, 13, 14)]
    threads[0].start()
    assert commit.entered.acquire(timeout=10)
    for thread in threads[1:]:
        thread.start()
    while len(queue._queue) < 3:
        time.sleep(0)
    commit.go.release()
    commit.go.release()
    for thread in threads:
        thread.join(10)
    assert [err.code for err in raised] == ["log.full"] * 3
    assert len({id(err) for err in raised}) == 3


def test_a_waiting_caller_who_is_interrupted_leaves_the_queue() -> None:
    """Ctrl-C while the main thread waits for its turn: nothing of it is committed."""
    struck = threading.Event()

    def interrupt(*_: object) -> None:
        if not struck.is_set():
            struck.set()
            raise KeyboardInterrupt

    commit, found = Doubler(), dict[int, int | str]()
    queue = GroupCommit(commit, limit=8)
    first = outcome_of(queue, 2, found)
    assert commit.entered.acquire(timeout=10)
    main = threading.get_ident()

    def strike() -> None:
        while not queue._queue:
            time.sleep(0)
        # A signal that comes just before the thread sleeps wakes nobody: strike until it is felt.
        while not struck.wait(0.01):
            signal.pthread_kill(main, signal.SIGINT)

    striking = threading.Thread(target=strike)
    before = signal.signal(signal.SIGINT, interrupt)
    try:
        striking.start()
        with pytest.raises(KeyboardInterrupt):
            queue.submit(4)
        striking.join(10)
    finally:
        signal.signal(signal.SIGINT, before)
    third = outcome_of(queue, 6, found)
    commit.go.release()
    commit.go.release()
    for thread in (first, third):
        thread.join(10)
    assert commit.batches == [[2], [6]]
    assert found == {2: 4, 6: 12}


def test_a_caller_interrupted_just_as_it_was_to_lead_hands_the_lead_on() -> None:
    queue = GroupCommit(Doubler(), limit=8)
    leader, follower = _Ticket[int, int](4), _Ticket[int, int](6)
    queue._queue.extend([leader, follower])
    queue._led = leader.leads = True
    queue._abandon(leader)
    assert follower.leads and follower.wake.acquire(blocking=False)
    queue._abandon(follower)
    assert not queue._led and not queue._queue
