"""Child processes of a test: same code, no start-up, and nothing of the test runner's runs in them."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable


def forked(count: int, call: Callable[[int], object]) -> list[int]:
    """Call it in so many processes at once, with 0, 1, …; their wait statuses: 0 for a return, 256 for an exception."""
    children = []
    for number in range(count):
        child = os.fork()
        if child == 0:
            status = 1
            try:
                call(number)
                status = 0
            except BaseException:  # noqa: BLE001  nothing of a child may go on in it
                traceback.print_exc()
            finally:
                os._exit(status)
        children.append(child)
    return [os.waitpid(child, 0)[1] for child in children]
