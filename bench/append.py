"""How much of the store's own speed the ledger keeps, and how long eight one-shot processes wait for each other.

    python bench/append.py [--seconds 2] [--repeat 3] [--json FILE]

The baseline is the *same* queue, table, unique key and commit, with nothing where the log puts hashes, tiles, head and
signature (`Bare` in place of `SignedTree`). Log and baseline take turns, so that a noisy neighbour hits both; figures
are medians. Every commit is synced to disk, whose own time is printed first, since it decides the figures.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import json
import multiprocessing
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from lockgate.adapters.store.group_commit import GroupCommit
from lockgate.adapters.store.ledger_db import Db
from lockgate.adapters.store.sequencer import Pending, Sequencer
from lockgate.adapters.store.sqlite_log import MAX_BATCH, SqliteLog
from lockgate.core.ports import Entry, Receipt
from lockgate.ledger.note import verifier_key

ORIGIN = "bench.example/log"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
VKEY = str(verifier_key(ORIGIN, KEY.public_key().public_bytes_raw()))
LEAF_BYTES = 1024

Row = dict[str, Any]


class Bare:
    """A growth that does nothing: what is left is the queue, the table, the unique key and the commit."""

    def begin(self, db: Db) -> int:
        (last,) = db.execute("SELECT max(idx) FROM entry").fetchone()
        return 0 if last is None else int(last) + 1

    def hashes(self, leaves: Sequence[bytes]) -> list[bytes]:
        return [b""] * len(leaves)

    def extend(self, db: Db, start: int, hashes: Sequence[bytes]) -> None:
        pass

    def settle(self) -> None:
        pass

    def forget(self) -> None:
        pass


def entry() -> Entry:
    return Entry(leaf=os.urandom(32) * (LEAF_BYTES // 32), stream="env:production", key=os.urandom(12).hex())


@contextlib.contextmanager
def fresh_log() -> Iterator[tuple[Path, SqliteLog]]:
    with tempfile.TemporaryDirectory(prefix="lockgate-bench-") as folder:
        path = Path(folder) / "ledger.db"
        with SqliteLog.create(path, origin=ORIGIN, signer=KEY, vkey=VKEY) as log:
            yield path, log


def no_step(_: str) -> None:
    pass


@contextlib.contextmanager
def target(kind: str) -> Iterator[tuple[Callable[[Entry], Receipt], Sequencer]]:
    """(append, sequencer) of the log or of the baseline."""
    with fresh_log() as (path, log):
        if kind == "log":
            assert log._sequencer is not None
            yield log.append, log._sequencer
            return
        bare = Sequencer(path, Bare(), no_step)
        queue: GroupCommit[Pending, Receipt] = GroupCommit(bare.commit, limit=MAX_BATCH)
        yield lambda each: queue.submit((each, None)), bare
        bare.close()


def closed_loop(kind: str, threads: int, seconds: float) -> tuple[float, list[float]]:
    """Appends a second, and the seconds of each: so many threads, each appending as soon as it was answered."""
    waits: list[list[float]] = [[] for _ in range(threads)]
    with target(kind) as (append, _):
        begin = threading.Barrier(threads + 1)
        stop = [float("inf")]

        def client(mine: list[float]) -> None:
            begin.wait()
            while (now := time.perf_counter()) < stop[0]:
                append(entry())
                mine.append(time.perf_counter() - now)

        running = [threading.Thread(target=client, args=(mine,)) for mine in waits]
        for thread in running:
            thread.start()
        begin.wait()
        started = time.perf_counter()
        stop[0] = started + seconds
        for thread in running:
            thread.join()
        took = time.perf_counter() - started
    flat = sorted(wait for mine in waits for wait in mine)
    return len(flat) / took, flat


def sequencer_alone(kind: str, batch: int, seconds: float) -> float:
    """Entries a second without any queue: batches made beforehand, committed one after the other."""
    done, spent = 0, 0.0
    with target(kind) as (_, sequencer):
        while spent < seconds:
            pending: list[Pending] = [(entry(), None) for _ in range(batch)]
            started = time.perf_counter()
            sequencer.commit(pending)
            spent += time.perf_counter() - started
            done += batch
    return done / spent


def one_shot(path: str, rounds: int, begin: Any, out: Any) -> None:
    """As a command does it: open, append once, close; over and over."""
    waits = []
    begin.wait()
    for _ in range(rounds):
        started = time.perf_counter()
        with SqliteLog(Path(path), origin=ORIGIN, signer=KEY, vkey=VKEY) as log:
            log.append(entry())
        waits.append(time.perf_counter() - started)
    out.put(waits)


def eight_processes(rounds: int, beside: int) -> list[float]:
    """Seconds of each one-shot append of eight processes, beside one that appends from `beside` threads all the time."""
    spawn = multiprocessing.get_context("spawn")
    with fresh_log() as (path, log):
        begin, out = spawn.Barrier(9), spawn.Queue()
        processes = [spawn.Process(target=one_shot, args=(str(path), rounds, begin, out)) for _ in range(8)]
        for process in processes:
            process.start()
        stop = threading.Event()

        def hog() -> None:
            while not stop.is_set():
                log.append(entry())

        begin.wait()
        hogs = [threading.Thread(target=hog) for _ in range(beside)]
        for thread in hogs:
            thread.start()
        waits = [wait for _ in processes for wait in out.get()]
        stop.set()
        for process in processes:
            process.join()
        for thread in hogs:
            thread.join()
        assert log.head().size >= 8 * rounds
    return sorted(waits)


def sync_ms() -> float:
    with tempfile.NamedTemporaryFile() as file:
        times = []
        for _ in range(200):
            started = time.perf_counter()
            os.pwrite(file.fileno(), b"x" * 4096, 0)
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - started)
    return statistics.median(times) * 1000


def at(part: float, ordered: list[float]) -> float:
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] * 1000


def compare(measure: Callable[[str], float], repeat: int) -> Row:
    """Baseline and log in turns; medians and their ratio."""
    found: dict[str, list[float]] = {"baseline": [], "log": []}
    for _ in range(repeat):
        for kind, rates in found.items():
            rates.append(measure(kind))
    base, log = (statistics.median(rates) for rates in found.values())
    return {"baseline": base, "log": log, "ratio": log / base}


def append_rows(seconds: float, repeat: int) -> Iterator[Row]:
    for threads in (1, 64, 512):
        waits: list[float] = []

        def measure(kind: str, threads: int = threads, waits: list[float] = waits) -> float:
            rate, each = closed_loop(kind, threads, seconds)
            waits += each if kind == "log" else []
            return rate

        row = compare(measure, repeat)
        waits.sort()
        yield {"what": f"append, {threads} threads", **row, "p50_ms": at(0.5, waits), "p99_ms": at(0.99, waits)}
    for batch in (64, MAX_BATCH):
        yield {"what": f"sequencer alone, batch {batch}", **compare(functools.partial(sequencer_alone, batch=batch, seconds=seconds / 2), repeat)}


def process_rows() -> Iterator[Row]:
    for beside in (0, 64):
        waits = eight_processes(25, beside)
        what = "eight one-shot processes" + (f" beside one of {beside} threads" if beside else "")
        yield {"what": what, "p50_ms": at(0.5, waits), "p99_ms": at(0.99, waits), "worst_ms": waits[-1] * 1000}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each measurement")
    parser.add_argument("--repeat", type=int, default=3, help="measurements of each, taken in turns")
    parser.add_argument("--json", type=Path, help="write the figures here")
    args = parser.parse_args()
    disk = sync_ms()
    print(f"fdatasync of 4 KiB: {disk:.2f} ms (median); leaves of {LEAF_BYTES} bytes; every commit synced\n")
    columns = ("baseline", "log", "ratio", "p50_ms", "p99_ms", "worst_ms")
    print(f"{'':44}" + "".join(f"{'per s ' + column if column in {'baseline', 'log'} else column:>16}" for column in columns))
    rows = []
    for row in (*append_rows(args.seconds, args.repeat), *process_rows()):
        rows.append(row)
        print(f"{row['what']:44}" + "".join(f"{row[column]:16,.2f}" if column in row else f"{'':16}" for column in columns))
    print("targets: ratio 0.75 with threads, 0.60 for the sequencer alone; no process waits 5 s")
    if args.json:
        args.json.write_text(json.dumps({"bench": "append", "sync_ms": disk, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
