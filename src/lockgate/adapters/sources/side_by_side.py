"""Several things at once, where waiting is most of the work; what comes of them comes in order."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TypeVar

_SECONDS = 0.5
"""How long those that were stopped are waited for."""

A = TypeVar("A")
B = TypeVar("B")


def side_by_side(do: Callable[[A], B], items: Iterable[A], most: int, stop: Callable[[], None]) -> Iterator[B]:
    """What `do` gives for each item, in order; the first exception in that order is raised, and what was not begun is not begun any more.

    Args:
        do: called in threads, at most `most` at once; no more results than that wait to be taken.
        items: of any number.
        most: from 1.
        stop: ends what is under way, where nobody waits for it any more.
    """
    todo = list(items)
    if len(todo) < 2:
        yield from map(do, todo)
        return
    results: dict[int, Future[B]] = {number: Future() for number in range(len(todo))}
    begun: SimpleQueue[int] = SimpleQueue()

    def work() -> None:
        while (number := begun.get()) >= 0:
            try:
                results[number].set_result(do(todo[number]))
            except BaseException as err:  # noqa: BLE001  raised where it is taken
                results[number].set_exception(err)

    threads = [threading.Thread(target=work, daemon=True) for _ in todo[:most]]  # whoever is interrupted does not wait for a registry that hangs
    for number, thread in enumerate(threads):
        begun.put(number)
        thread.start()
    try:
        for number in range(len(todo)):
            yield results[number].result()
            del results[number]
            if number + most < len(todo):
                begun.put(number + most)
    finally:
        with suppress(Empty):
            while True:
                begun.get_nowait()
        for _ in threads:
            begun.put(-1)
        if results:
            stop()
        end = time.monotonic() + _SECONDS
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))
