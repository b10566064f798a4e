"""The ports: everything the pure layers and the use cases ask of the world, as Protocols.

Each port's comments are its contract: what is durable when a call returns, what may run at the same time, which
errors come out. An adapter wraps foreign errors itself; nothing but `LockgateError` crosses a port. One contract test
class per port (`tests/contract/`) runs on the fake and on every real implementation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import PurePath
from typing import Literal, Protocol

from lockgate.canon import Noun
from lockgate.core.digest import Digest, Ref
from lockgate.core.identity import PublicKey


class Entry(Noun, frozen=True, kw_only=True):
    """One leaf to append.

    Attributes:
        leaf: the bytes, 1 to 16,384.
        stream: the chain it belongs to: ``house`` or ``env:<name>``.
        key: idempotency key, unique in the log, 1 to 200 characters.
    """

    leaf: bytes
    stream: str
    key: str


class Guard(Noun, frozen=True, kw_only=True):
    """Compare-and-append: nothing in these streams may stand at or after `size`.

    Attributes:
        size: the history size the caller decided on.
        streams: the streams it looked at.
    """

    size: int
    streams: tuple[str, ...]


class Receipt(Noun, frozen=True, kw_only=True):
    """Where an entry stands.

    Attributes:
        index: leaf index, from 0.
        new: False where the idempotency key was known and this is the first append's receipt.
    """

    index: int
    new: bool = True


class Head(Noun, frozen=True, kw_only=True):
    """A checkpoint of the log.

    Attributes:
        size: how many leaves.
        root: RFC 6962 root hash, 32 bytes.
        note: the signed checkpoint (C2SP signed note), as bytes.
    """

    size: int
    root: bytes
    note: bytes


class Log(Protocol):
    """The append-only log. Safe to call from many threads and from many processes on one machine."""

    origin: str
    vkey: str
    """The key its checkpoints are signed with, as a C2SP verifier key. Believed only where a pinned root names it too."""

    def append(self, entry: Entry, guard: Guard | None = None) -> Receipt:
        """Append one leaf; when this returns the leaf, its tiles and a signed checkpoint that covers it are durable.

        The guard is compared in the same transaction. The same `key` with the same leaf returns the first receipt,
        guard or not; with another leaf it is refused.

        Raises:
            ConflictError: ``log.conflict``: a guarded stream has a leaf at or after ``guard.size``.
            LedgerError: ``log.key-reused``, ``log.leaf-too-large``, ``log.full`` (disk), ``log.read-only``,
                ``log.busy`` (time-out), ``log.unwritable``; nothing was appended. After an error whose outcome is
                unknown the log has reloaded itself, and a retry with the same key is safe.
        """

    def head(self) -> Head:
        """The newest durable checkpoint (``size`` 0 for an empty log: `note` is signed all the same)."""

    def leaf(self, index: int) -> bytes:
        """The bytes of one leaf, checked against its hash in the authenticated tile.

        Raises:
            LedgerError: ``log.no-such-leaf``, ``log.leaf-altered``, ``log.tile-altered``.
        """

    def leaves(self, start: int, end: int) -> Iterator[bytes]:
        """The leaves in [start, end), each checked as `leaf` does, in bounded memory."""

    def last(self, stream: str) -> int | None:
        """The index of the newest leaf of a stream, None for none. Not authenticated: a hint (see `app.project`)."""

    def find(self, key: str) -> Receipt | None:
        """The receipt of an idempotency key, None where it was never used."""

    def tile(self, level: int, index: int, width: int) -> bytes:
        """The hashes of a tile (C2SP tlog-tiles): `width` x 32 bytes, 1 <= width <= 256.

        Raises:
            LedgerError: ``log.no-such-tile``.
        """


class Blobs(Protocol):
    """Content-addressed bytes. `put` is durable when it returns; two writers of one digest do no harm."""

    def put(self, data: bytes) -> Digest:
        """Store and return the digest. Raises LedgerError ``blob.full``, ``blob.read-only`` or ``blob.unwritable``."""

    def get(self, digest: Digest, *, max_bytes: int = 64 << 20) -> bytes:
        """The bytes, re-hashed on the way.

        Raises:
            UnreadableError: ``blob.missing`` (also: erased), ``blob.altered``, ``blob.unreadable``, ``blob.too-large``.
        """


class Signer(Protocol):
    """A private key that signs; the key itself never leaves the adapter."""

    public: PublicKey

    def sign(self, message: bytes) -> bytes:
        """A raw signature: Ed25519 (64 bytes), ECDSA (DER) or an SSH agent's signature blob for the same.

        Raises:
            UnreadableError: ``key.unavailable``, ``key.refused`` (agent or device said no).
        """


class PersonSigner(Protocol):
    """A person's private key, in a file or an agent; it signs what SSHSIG lays out."""

    public: PublicKey

    def sign_ssh(self, data: bytes) -> bytes:
        """An SSH signature blob (``string algorithm, string signature``; for ``sk-`` keys flags and counter follow).

        Raises:
            UnreadableError: ``key.unavailable``, ``key.refused`` (agent or device said no).
        """


class Outbox(Protocol):
    """Where signed events wait that could not be recorded: not in the gate, whose disk may be what failed."""

    def keep(self, name: str, data: bytes) -> str:
        """Keep it durably under a name like this one; where it is, or empty where no place took it."""


Stopped = Literal["", "timed-out", "interrupted"]
"""What was done to a command: its time was over, or somebody asked it to end."""


class Ended(Noun, frozen=True, kw_only=True):
    """How the deployer's command ended.

    Attributes:
        status: its exit status, 128 + n where signal n ended it; 127 where there is no such command, 126 where it cannot be run.
        signal: the signal that ended it; 0 for none.
        stopped: what was done to it meanwhile: its time was over, or somebody asked it to end; empty for nothing.
        heard: the last signal that was passed on to it; 0 for none.
    """

    status: int
    signal: int = 0
    stopped: Stopped = ""
    heard: int = 0


class Runner(Protocol):
    """Runs the deployer's command."""

    def run(self, command: Sequence[str], limit: timedelta, *, to_stderr: bool) -> Ended:
        """Run it with this process's streams, and return when it ended; it is never left running for longer than about `limit`.

        Signals that ask this process to end are passed on to it, and this process lives on.

        Args:
            command: argv; no shell reads it.
            limit: how long it may take.
            to_stderr: whether its stdout comes on this process's stderr.
        """


class Underway(Protocol):
    """Which deployments this account has under way on this machine. Best effort: what is not known here did not die here."""

    def begin(self, name: str) -> None:
        """One begins, and is held by this process and the command it runs."""

    def over(self, name: str) -> None:
        """Its end is known: forget it."""

    def died(self, name: str) -> bool:
        """Whether it was begun here, is not over, and no process of it lives."""


class Scratch(Protocol):
    """A private directory, removed when the work is done."""

    def directory(self) -> AbstractContextManager[PurePath]:
        """A new directory of this user alone."""

    def copies(self, files: Sequence[tuple[str, PurePath]], into: PurePath) -> list[Digest]:
        """Copy files, each (where it is, its name below `into`), read-only; the digests of what was copied, in the same order.

        Raises:
            UnreadableError: ``config.unreadable``.
        """


class Measured(Noun, frozen=True, kw_only=True):
    """What reading every byte of an artifact gave.

    Attributes:
        digest: of the artifact (an image's manifest; a file's bytes).
        media_type: as found; empty for a plain file.
        size: bytes read in all.
        problem: empty, or the code of what is wrong (``digest.mismatch``, ``digest.missing``, ``digest.truncated``).
        where: the digest or path of the part that is wrong.
        inside: of an index, the digests of the manifests and indexes it lists, directly or not, sorted.
    """

    digest: Digest
    media_type: str = ""
    size: int = 0
    problem: str = ""
    where: str = ""
    inside: tuple[Digest, ...] = ()


class Evidence(Noun, frozen=True, kw_only=True):
    """Bytes that came with an artifact, not yet believed.

    Attributes:
        media_type: ``application/vnd.dsse.envelope.v1+json`` and the like.
        data: the bytes.
        origin: where they were found, for people.
        predicate: the predicate type, said of what is attached to those who search by it; empty for what was found.
    """

    media_type: str
    data: bytes
    origin: str
    predicate: str = ""


class Source(Protocol):
    """A place that holds artifacts and what is attached to them: OCI layouts, plain files."""

    def resolve(self, ref: Ref, platform: str = "") -> tuple[Ref, Digest]:
        """Ref (with its scheme filled in) and digest; a tag is looked up exactly once, here.

        Raises:
            UnreadableError: ``ref.not-found``, ``ref.unreadable``, ``ref.ambiguous``, ``ref.no-platform``, ``ref.which-platform``.
            EvidenceError: ``digest.mismatch`` where the bytes at a pinned place are others.
        """

    def measure(self, ref: Ref, digest: Digest) -> Measured:
        """Read and hash everything the digest covers. A wrong byte is a `Measured` with its problem, not an error.

        Raises:
            UnreadableError: ``ref.unreadable``.
        """

    def platforms(self, ref: Ref, digest: Digest) -> tuple[str, ...]:
        """``os/architecture[/variant]`` of an image, or of what an index lists, sorted; none where nothing says. Nobody's word: for people alone.

        Raises:
            UnreadableError: ``ref.unreadable``. EvidenceError: as `copy`.
        """

    def attached(self, ref: Ref, digest: Digest) -> Sequence[Evidence]:
        """The evidence attached to this digest, complete.

        Raises:
            UnreadableError: ``ref.unreadable``, ``ref.too-much-evidence``.
        """

    def inside(self, ref: Ref, digest: Digest, path: str) -> bytes | None:
        """The bytes of a plain file inside an image, as a container of it would see it; None where there is nothing at that path.

        Args:
            path: from the root, of plain parts.

        Raises:
            UnreadableError: ``inside.no-image`` where it has no inside or several; ``inside.layer-type``, ``inside.malformed``, ``inside.too-large``,
                ``inside.no-file``; ``ref.unreadable``. EvidenceError: ``digest.mismatch`` and the like.
        """

    def attach(self, ref: Ref, digest: Digest, evidence: Evidence) -> str:
        """Attach evidence durably, all or nothing; returns where it went.

        Raises:
            LedgerError: ``ref.unwritable``.
        """

    def copy(self, ref: Ref, digest: Digest, into: PurePath) -> PurePath:
        """A private, read-only copy of exactly these bytes below `into`, hashed while copied; returns its path.

        Raises:
            EvidenceError: ``digest.mismatch``.
            UnreadableError: ``ref.unreadable``.
        """


KEPT_STATES = 16
"""Folded states of one stream that an index keeps: a walk needs the newest, and processes that decide at once keep one each."""


class Index(Protocol):
    """What is derived from the ledger and may be deleted at any time: a cache with names, never the truth."""

    def snapshot(self, digest: Digest) -> bytes | None:
        """A folded state by its digest."""

    def keep(self, stream: str, digest: Digest, state: bytes) -> None:
        """Keep a folded state of this stream; of those kept before, the newest `KEPT_STATES` - 1 stay."""

    def find(self, kind: str, name: str) -> list[int]:
        """Leaf indices filed under (kind, name), ascending: ``("request", "r-…")``, ``("digest", "sha256:…")``."""

    def newest(self, kind: str, name: str, below: int) -> int | None:
        """The greatest leaf index under `below` that is filed under (kind, name), None for none; quick however many there are."""

    def file(self, size: int, rows: Sequence[tuple[str, str, int]]) -> None:
        """File rows (kind, name, leaf index) and move the cursor to `size`, in one transaction."""

    def cursor(self) -> int:
        """How many leaves are filed."""

    def clear(self) -> None:
        """Forget everything, before a rebuild."""

    def dump(self, start: int | None = None, end: int | None = None) -> list[tuple[str, str, int]]:
        """The rows of leaves from `start` to before `end` (None: no bound), sorted: `rebuild(ledger) == live index` compares this."""


class Heads(Protocol):
    """This user's own memory of the newest head seen of each log, outside the gate's directory.

    A log is its verifier key, name and public key together: logs that only share a name share no memory. Only what stands under a
    pinned root is remembered (`app.project`, `app.say`), so that nobody who shows a log can put anything here about another.
    """

    def recall(self, vkey: str) -> bytes | None:
        """The checkpoint note last remembered, None for the first time."""

    def remember(self, vkey: str, note: bytes) -> None:
        """Remember a newer one. Best effort never: raises UnreadableError ``head.unwritable``."""


class Directory(Protocol):
    """Names of people by person id: erasable, outside the log."""

    def names(self) -> dict[str, str]:
        """Person id -> name."""

    def set(self, person: str, name: str | None) -> None:
        """Set a name; None erases it."""


class Clock(Protocol):
    """The only clock."""

    def now(self) -> datetime:
        """UTC, whole seconds."""
