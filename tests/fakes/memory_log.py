from __future__ import annotations

import threading
from collections.abc import Iterator

from lockgate.core.ports import Entry, Guard, Head, Receipt
from lockgate.errors import ConflictError, LedgerError, LockgateError
from lockgate.ledger.checkpoint import Checkpoint, sign_checkpoint
from lockgate.ledger.merkle import fold, leaf_hash
from lockgate.ledger.note import SignerKey
from lockgate.ledger.tiles import root, width_of


class MemoryLog:
    """Port `Log` in memory, really signed: `vkey` is its verifier key.

    An error put into `fails` is raised by the next append, which records nothing; one put into `answer_lost` is raised
    by the next append *after* it recorded, as when a process dies between commit and answer. Attacks edit `entries`.
    """

    def __init__(self, origin: str = "example.com/log", *, seed: bytes = bytes(range(32))) -> None:
        self.origin = origin
        self.key = SignerKey(name=origin, seed=seed)
        self.vkey = str(self.key.verifier)
        self.entries: list[Entry] = []
        self.fails: LockgateError | None = None
        self.answer_lost: LockgateError | None = None
        self._lock = threading.Lock()

    def append(self, entry: Entry, guard: Guard | None = None) -> Receipt:
        if len(entry.leaf) > 16_384:
            raise LedgerError("log.leaf-too-large", f"a leaf of {len(entry.leaf)} bytes")
        texts = (entry.key, entry.stream, *(guard.streams if guard else ()))
        if not entry.leaf or not all(1 <= len(text) <= 200 and text.isprintable() for text in texts) or (guard and guard.size < 0):
            raise LedgerError("log.entry-malformed", "an entry needs a leaf, a key and a stream")
        with self._lock:
            if self.fails is not None:
                error, self.fails = self.fails, None
                raise error
            receipt = self._append(entry, guard)
            if self.answer_lost is not None:
                error, self.answer_lost = self.answer_lost, None
                raise error
            return receipt

    def _append(self, entry: Entry, guard: Guard | None) -> Receipt:
        for index, known in enumerate(self.entries):
            if known.key == entry.key:
                if known.leaf != entry.leaf:
                    raise LedgerError("log.key-reused", f"leaf {index} has this key")
                return Receipt(index=index, new=False)
        if guard is not None and guard.size > len(self.entries):
            raise LedgerError("head.rolled-back", f"the caller has seen {guard.size} leaves")
        if guard is not None and any(known.stream in guard.streams for known in self.entries[guard.size :]):
            raise ConflictError("log.conflict", f"something was recorded since {guard.size}")
        self.entries.append(entry)
        return Receipt(index=len(self.entries) - 1)

    def head(self) -> Head:
        size = len(self.entries)
        root_hash = root(size, self.tile)
        note = sign_checkpoint(Checkpoint(origin=self.origin, size=size, root=root_hash), self.key.verifier, self.key.sign)
        return Head(size=size, root=root_hash, note=note)

    def leaf(self, index: int) -> bytes:
        return next(self.leaves(index, index + 1))

    def leaves(self, start: int, end: int) -> Iterator[bytes]:
        if not 0 <= start <= end <= len(self.entries):
            raise LedgerError("log.no-such-leaf", f"the log has {len(self.entries)} leaves")
        return iter([entry.leaf for entry in self.entries[start:end]])

    def last(self, stream: str) -> int | None:
        return max((index for index, entry in enumerate(self.entries) if entry.stream == stream), default=None)

    def find(self, key: str) -> Receipt | None:
        return next((Receipt(index=index, new=False) for index, entry in enumerate(self.entries) if entry.key == key), None)

    def tile(self, level: int, index: int, width: int) -> bytes:
        if level < 0 or index < 0 or not 1 <= width <= width_of(level, index, len(self.entries)):
            raise LedgerError("log.no-such-tile", f"there is no tile {level}/{index} of width {width}")
        span = 256**level
        nodes = [self.entries[(index * 256 + at) * span : (index * 256 + at + 1) * span] for at in range(width)]
        return b"".join(fold(b"".join(leaf_hash(entry.leaf) for entry in node)) for node in nodes)
