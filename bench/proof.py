"""What a proof costs in a large log: tiles read and milliseconds, without any cache.

    python bench/proof.py [--leaves 1000000] [--proofs 200] [--json FILE]

Each proof is made by a log opened anew, through the `Log` port: the head's signature and every tile on the way are
checked too. "tiles" is how many the proof asks for. Opening is measured beside it.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from lockgate.adapters.store.sqlite_log import SqliteLog
from lockgate.core.ports import Entry
from lockgate.ledger.note import verifier_key
from lockgate.ledger.proof import format_proof, verify_proof
from lockgate.ledger.tiles import consistency_proof, inclusion_proof

ORIGIN = "bench.example/log"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
T = TypeVar("T")
VKEY = str(verifier_key(ORIGIN, KEY.public_key().public_bytes_raw()))


def fill(path: Path, leaves: int) -> float:
    """Make a log of so many 1 KB leaves; leaves a second."""
    pad = b"." * 1000
    with SqliteLog.create(path, origin=ORIGIN, signer=KEY, vkey=VKEY) as log:
        started = time.perf_counter()
        for begin in range(0, leaves, 10_000):
            log.append_many([Entry(leaf=b"%024d" % at + pad, stream=f"env:{at % 7}", key=f"k{at}") for at in range(begin, min(leaves, begin + 10_000))])
        return leaves / (time.perf_counter() - started)


def timed(times: list[float], work: Callable[[], T]) -> T:
    started = time.perf_counter()
    done = work()
    times.append(time.perf_counter() - started)
    return done


def one(path: Path, index: int, times: dict[str, list[float]]) -> int:
    """Open, prove, check; how many tiles the inclusion proof asked for."""

    def opened() -> SqliteLog:
        return SqliteLog(path, origin=ORIGIN, signer=None, vkey=VKEY)

    read: list[tuple[int, int]] = []
    with timed(times["open"], opened) as log:
        head = log.head()

        def tile(level: int, at: int, width: int) -> bytes:
            read.append((level, at))
            return log.tile(level, at, width)

        hashes = timed(times["inclusion"], lambda: inclusion_proof(index, head.size, tile))
        proof = format_proof(index, hashes, head.note, log.leaf(index))
    with opened() as log:
        timed(times["consistency"], lambda: consistency_proof(index + 1, head.size, log.tile))
    timed(times["verify"], lambda: verify_proof(proof, VKEY))
    return len(read)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--leaves", type=int, default=1_000_000)
    parser.add_argument("--proofs", type=int, default=200)
    parser.add_argument("--json", type=Path, help="write the figures here")
    args = parser.parse_args()
    draw = random.Random(6962)
    times: dict[str, list[float]] = {"open": [], "inclusion": [], "consistency": [], "verify": []}
    with tempfile.TemporaryDirectory(prefix="lockgate-bench-") as folder:
        path = Path(folder) / "ledger.db"
        rate = fill(path, args.leaves)
        tiles = max(one(path, draw.randrange(args.leaves), times) for _ in range(args.proofs))
    print(f"{args.leaves:,} leaves of 1 KB, made at {rate:,.0f} a second; at most {tiles} tiles for an inclusion proof\n")
    print(f"{'':16}{'p50_ms':>10}{'p99_ms':>10}")
    rows = []
    for what, found in times.items():
        found.sort()
        row = {"what": what, "p50_ms": found[len(found) // 2] * 1000, "p99_ms": found[int(len(found) * 0.99)] * 1000}
        rows.append(row)
        print(f"{what:16}{row['p50_ms']:10.2f}{row['p99_ms']:10.2f}")
    print("targets: 5 tiles; inclusion 3 ms")
    if args.json:
        args.json.write_text(json.dumps({"bench": "proof", "leaves": args.leaves, "fill_per_s": rate, "tiles": tiles, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
