"""The command line, killed by its own hand at a named step of an append: for crash tests only.

    python crashing.py NAME COUNT ARG…

`NAME` is one of `sqlite_log.FAILPOINTS`; the `COUNT`-th time it is reached, the process kills itself (SIGKILL).
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from lockgate.adapters.store import sqlite_log
from lockgate.cli.main import main


def arm(name: str, count: int) -> None:
    """Every log opened from here on kills this process at that step."""
    left = [count]
    real = sqlite_log.SqliteLog.__init__

    def reached(step: str) -> None:
        left[0] -= step == name
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)

    def opened(self: Any, *args: Any, **kwargs: Any) -> None:
        real(self, *args, **{"failpoint": reached, **kwargs})

    sqlite_log.SqliteLog.__init__ = opened  # type: ignore[method-assign]


if __name__ == "__main__":
    arm(sys.argv[1], int(sys.argv[2]))
    main(sys.argv[3:])
