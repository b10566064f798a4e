"""The `Log` port on one SQLite file: appends in groups, reads that believe nothing but the signed head.

Every leaf and hash that is read is checked up to the root the log's key signed: an edited database gives an error,
never another answer. Two answers are hints and say so: `last` and `find` go by columns that no hash covers (`check`
compares both copies of each).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol, Self

from lockgate.adapters.store import ledger_db
from lockgate.adapters.store.group_commit import GroupCommit
from lockgate.adapters.store.ledger_db import Failpoint
from lockgate.adapters.store.reader import Reader
from lockgate.adapters.store.sequencer import FAILPOINTS, Pending, Sequencer, SignedTree
from lockgate.core.ports import Entry, Guard, Head, Receipt
from lockgate.errors import LedgerError
from lockgate.ledger.checkpoint import Checkpoint, sign_checkpoint
from lockgate.ledger.merkle import EMPTY_ROOT
from lockgate.ledger.note import VerifierKey, parse_vkey

__all__ = ["FAILPOINTS", "MAX_LEAF_BYTES", "LogSigner", "SqliteLog"]

MAX_LEAF_BYTES = 16_384
MAX_BATCH = 1024
_MAX_TEXT = 200
_TAIL = 8
"""So many of the last leaves are checked when a log is opened."""


class LogSigner(Protocol):
    """The log key's private half."""

    def sign(self, message: bytes, /) -> bytes:
        """The raw Ed25519 signature, 64 bytes."""


def _no_failpoint(_: str) -> None:
    pass


class SqliteLog:
    """See `core.ports.Log`. Opening costs the same whatever the size of the log.

    Args:
        path: the ledger file.
        origin: the log's name, which is also its key's.
        signer: the log key; None opens for reading only, which works on read-only media too.
        vkey: the log's C2SP verifier key.
        failpoint: told the name of each step (`FAILPOINTS`), for crash tests.

    Raises:
        LedgerError: ``log.missing``, ``log.foreign``, ``log.newer``, ``log.schema-altered``, ``log.damaged``,
            ``log.unreadable``, ``log.wal-unreadable``; ``log.head-altered``, ``log.head-forged``, ``log.tile-altered``,
            ``log.leaf-altered`` where head, edge and last leaves do not belong together; ``log.wrong-origin``,
            ``vkey.malformed``.
    """

    def __init__(self, path: Path, *, origin: str, signer: LogSigner | None, vkey: str, failpoint: Failpoint = _no_failpoint) -> None:
        self.origin = origin
        self.vkey = vkey
        self._path = path
        self._key = _key_of(origin, vkey)
        self._reader = Reader(path, self._key)
        self._sequencer: Sequencer | None = None
        try:
            size = self._reader.view().head.size
            for _ in self._reader.leaves(max(0, size - _TAIL), size):
                pass
        except BaseException:
            self._reader.close()
            raise
        if signer is not None:
            self._sequencer = Sequencer(path, SignedTree(self._key, signer.sign, failpoint), failpoint)
            self._queue: GroupCommit[Pending, Receipt] = GroupCommit(self._sequencer.commit, limit=MAX_BATCH)

    @classmethod
    def create(cls, path: Path, *, origin: str, signer: LogSigner, vkey: str, failpoint: Failpoint = _no_failpoint) -> SqliteLog:
        """Make a new, empty log with a signed head, whole or not at all, and open it.

        Raises:
            LedgerError: ``log.exists``, ``log.wrong-key``, ``log.full``, ``log.read-only``, ``log.unwritable``; as the constructor.
        """
        key = _key_of(origin, vkey)
        note = sign_checkpoint(Checkpoint(origin=origin, size=0, root=EMPTY_ROOT), key, signer.sign)
        ledger_db.create(path, Head(size=0, root=EMPTY_ROOT, note=note), key, failpoint)
        return cls(path, origin=origin, signer=signer, vkey=vkey, failpoint=failpoint)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give back files and connections; what was acknowledged is durable already."""
        self._reader.close()
        if self._sequencer is not None:
            self._sequencer.close()  # last, since only a writer's last connection folds the write-ahead log into the file

    # --- write -------------------------------------------------------------------------------------------------------

    def append(self, entry: Entry, guard: Guard | None = None) -> Receipt:
        """See `core.ports.Log.append`; also ``log.entry-malformed``, and what opening raises where the ledger was altered since."""
        _require_well_formed(entry)
        if guard is not None and (guard.size < 0 or not all(_fits(stream) for stream in guard.streams)):
            raise LedgerError("log.entry-malformed", "a guard needs the size of a history, and streams that could be an entry's")
        self._writable()
        receipt = self._queue.submit((entry, guard))
        if not receipt.new and next(self._reader.leaves(receipt.index, receipt.index + 1)) != entry.leaf:
            raise LedgerError("log.leaf-altered", f"leaf {receipt.index} is not what the ledger's row says was recorded under this key")
        return receipt

    def append_many(self, entries: Sequence[Entry]) -> list[Receipt]:
        """Append many in order, in batches of 1,024, as that many callers would; what was committed before a stop stays.

        Raises:
            LedgerError: as `append`, for the first entry that is refused; the rest of its batch is recorded.
        """
        for entry in entries:
            _require_well_formed(entry)
        sequencer = self._writable()
        receipts = []
        for begin in range(0, len(entries), MAX_BATCH):
            for answer in sequencer.commit([(entry, None) for entry in entries[begin : begin + MAX_BATCH]]):
                if isinstance(answer, LedgerError):
                    raise answer
                receipts.append(answer)
        return receipts

    def _writable(self) -> Sequencer:
        if self._sequencer is None:
            raise LedgerError("log.read-only", f"the log {self.origin} was opened for reading; nothing was recorded")
        return self._sequencer

    # --- read --------------------------------------------------------------------------------------------------------

    def head(self) -> Head:
        """See `core.ports.Log.head`; the signature is checked, and that it follows the last one seen."""
        return self._reader.view().head

    def leaf(self, index: int) -> bytes:
        """See `core.ports.Log.leaf`."""
        return next(self._reader.leaves(index, index + 1))

    def leaves(self, start: int, end: int) -> Iterator[bytes]:
        """See `core.ports.Log.leaves`; holds at most 256 leaves at a time."""
        return self._reader.leaves(start, end)

    def last(self, stream: str) -> int | None:
        """See `core.ports.Log.last`: a hint."""
        return self._reader.index("SELECT idx FROM entry WHERE stream = ? ORDER BY idx DESC LIMIT 1", stream)

    def find(self, key: str) -> Receipt | None:
        """See `core.ports.Log.find`: a hint as to the index, whose leaf says what was recorded."""
        index = self._reader.index("SELECT idx FROM entry WHERE key = ?", key)
        return None if index is None else Receipt(index=index, new=False)

    def tile(self, level: int, index: int, width: int) -> bytes:
        """See `core.ports.Log.tile`; authenticated."""
        return self._reader.tile(level, index, width)

    def check(self) -> int:
        """Check everything: each leaf and tile against the signed head, and both copies of every key and stream.

        Returns:
            How many leaves were checked; some 100,000 a second.

        Raises:
            LedgerError: as the reads; ``log.damaged`` where SQLite's own structures do not agree.
        """
        reader = Reader(self._path, self._key)
        try:
            return reader.check()
        finally:
            reader.close()


def _key_of(origin: str, vkey: str) -> VerifierKey:
    key = parse_vkey(vkey)
    if key.name != origin:
        raise LedgerError("log.wrong-origin", f"the log key is that of {key.name}, not of {origin}")
    return key


def _require_well_formed(entry: Entry) -> None:
    if len(entry.leaf) > MAX_LEAF_BYTES:
        raise LedgerError("log.leaf-too-large", f"a leaf of {len(entry.leaf)} bytes; at most {MAX_LEAF_BYTES} are recorded")
    if not (entry.leaf and _fits(entry.key) and _fits(entry.stream)):
        raise LedgerError("log.entry-malformed", f"an entry needs a leaf, and a key and a stream of 1 to {_MAX_TEXT} printable characters")


def _fits(text: str) -> bool:
    return 1 <= len(text) <= _MAX_TEXT and text.isprintable()
