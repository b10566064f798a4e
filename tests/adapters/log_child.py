"""A process that appends and is killed: ``log_child.py LEDGER STEP NTH THREADS COUNT FIRST``.

Eight threads or one append leaves FIRST, FIRST+1, …; each acknowledged one is printed at once as ``<number> <index>``.
When STEP is reached for the NTH time the process kills itself; an empty STEP lets it run to the end.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

from lockgate.adapters.store.sqlite_log import SqliteLog
from lockgate.core.ports import Entry
from lockgate.ledger.note import SignerKey

KEY = SignerKey(name="example.com/log", seed=bytes(range(32)))
VKEY = str(KEY.verifier)


def entry(number: int) -> Entry:
    return Entry(leaf=b"leaf %d " % number + b"." * (number % 1500), stream=f"env:{number % 3}", key=f"key-{number}")


def main() -> None:
    path, step = Path(sys.argv[1]), sys.argv[2]
    nth, threads, count, first = map(int, sys.argv[3:])
    reached = 0

    def failpoint(name: str) -> None:
        nonlocal reached
        reached += name == step
        if name == step and reached == nth:
            os.kill(os.getpid(), signal.SIGKILL)

    if step.startswith("create."):
        SqliteLog.create(path, origin=KEY.name, signer=KEY, vkey=VKEY, failpoint=failpoint)
    with SqliteLog(path, origin=KEY.name, signer=KEY, vkey=VKEY, failpoint=failpoint) as log:

        def work(worker: int) -> None:
            for number in range(first + worker, first + count, threads):
                started = time.monotonic()
                index = log.append(entry(number)).index
                os.write(1, b"%d %d %d\n" % (number, index, (time.monotonic() - started) * 1000))

        running = [threading.Thread(target=work, args=(worker,)) for worker in range(threads)]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()


if __name__ == "__main__":
    main()
