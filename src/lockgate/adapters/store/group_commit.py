"""A queue that turns many callers into few commits.

The first caller to come leads: it commits everything that waits, in order, while later callers queue up; when the
commit ends, the first of those leads the next. So a lone caller never waits for a window to pass, and the busier the
log, the larger its batches. Nothing here knows what a commit is.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from lockgate.errors import LedgerError, LockgateError

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class _Ticket(Generic[Item, Answer]):
    """One caller's place in the queue; `wake` is held until it is answered or leads."""

    __slots__ = ("answer", "item", "leads", "wake")

    def __init__(self, item: Item) -> None:
        self.item = item
        self.answer: Answer | LockgateError | None = None
        self.leads = False
        self.wake = threading.Lock()
        self.wake.acquire()


class GroupCommit(Generic[Item, Answer]):
    """See the module.

    Args:
        commit: called by one thread at a time with 1 to `limit` items, in order of arrival. Returns an answer for each,
            or the error for that one alone; raises where the whole batch failed.
        limit: the largest batch.
    """

    def __init__(self, commit: Callable[[Sequence[Item]], Sequence[Answer | LockgateError]], *, limit: int) -> None:
        self._commit = commit
        self._limit = limit
        self._mutex = threading.Lock()
        self._queue: deque[_Ticket[Item, Answer]] = deque()
        self._led = False

    def submit(self, item: Item) -> Answer:
        """Commit one item; returns when its batch is committed.

        Raises:
            LockgateError: the item's own error or its batch's; ``log.unwritable`` where the leader was interrupted.
        """
        ticket: _Ticket[Item, Answer] = _Ticket(item)
        try:
            with self._mutex:
                self._queue.append(ticket)
                if not self._led:
                    self._led = ticket.leads = True
            if not ticket.leads:
                ticket.wake.acquire()
            if ticket.leads:
                self._lead(ticket)
        except BaseException:
            self._abandon(ticket)
            raise
        if isinstance(ticket.answer, LockgateError):
            # Callers of one batch may share the error: each raises its own.
            raise type(ticket.answer)(ticket.answer.code, ticket.answer.message, ticket.answer.remedy)
        if ticket.answer is None:
            raise AssertionError("a ticket was woken without an answer")
        return ticket.answer

    def _lead(self, leader: _Ticket[Item, Answer]) -> None:
        """Commit what waits, this thread's own item first, and hand the lead on."""
        interrupted = LedgerError("log.unwritable", "the commit was interrupted: ask again with the same key")
        with self._mutex:
            batch = [self._queue.popleft() for _ in range(min(self._limit, len(self._queue)))]
        answers: Sequence[Answer | LockgateError] = [interrupted] * len(batch)
        try:
            answers = self._commit([ticket.item for ticket in batch])
        except LockgateError as err:
            answers = [err] * len(batch)
        finally:
            self._hand_on(leader)
            for ticket, answer in zip(batch, answers, strict=True):
                ticket.answer = answer
                ticket.wake.release()

    def _hand_on(self, leader: _Ticket[Item, Answer]) -> None:
        """Wake the next leader before the followers: its commit may begin while they return."""
        with self._mutex:
            leader.leads = False
            self._led = bool(self._queue)
            if self._led:
                self._queue[0].leads = True
                self._queue[0].wake.release()

    def _abandon(self, ticket: _Ticket[Item, Answer]) -> None:
        """A caller was interrupted, at whatever step: leave the queue, and do not keep the lead."""
        with self._mutex:
            if ticket in self._queue:
                self._queue.remove(ticket)
        if ticket.leads:
            self._hand_on(ticket)
