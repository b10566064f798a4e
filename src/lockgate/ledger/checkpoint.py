"""C2SP tlog-checkpoint (v1.0.0): a signed note that names a log, its size and its root; and whether one follows another."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable

from lockgate.canon import Noun
from lockgate.errors import LedgerError
from lockgate.ledger.merkle import EMPTY_ROOT, HASH_SIZE, MAX_SIZE, verify_consistency
from lockgate.ledger.note import VerifierKey, b64decode, parse_vkey, sign_note, verify_note
from lockgate.ledger.tiles import ReadTile, consistency_proof

_SIZE = re.compile(r"(?:0|[1-9][0-9]{0,18})\Z")


class Checkpoint(Noun, frozen=True, kw_only=True):
    """What a log's key says of the log.

    Attributes:
        origin: the log's unique name.
        size: leaves, 0 <= size < 2^63.
        root: RFC 6962 root hash, 32 bytes.
        extensions: further lines, opaque; our own log writes none.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()


def checkpoint_text(checkpoint: Checkpoint) -> str:
    """The text that is signed: origin, size, base64 of the root, extensions, each on its line."""
    lines = (checkpoint.origin, str(checkpoint.size), base64.b64encode(checkpoint.root).decode(), *checkpoint.extensions)
    return "\n".join(lines) + "\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """Read the text of a checkpoint; there is one text for one checkpoint.

    Raises:
        LedgerError: ``checkpoint.malformed``.
    """
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop() or not all(lines):
        raise LedgerError("checkpoint.malformed", "a checkpoint has three lines or more, none of them empty")
    origin, size, root, *extensions = lines
    root_hash = b64decode(root)
    if not _SIZE.match(size) or int(size) >= MAX_SIZE:
        raise LedgerError("checkpoint.malformed", "the second line of a checkpoint is its size, in decimal without leading zeroes")
    if root_hash is None or len(root_hash) != HASH_SIZE:
        raise LedgerError("checkpoint.malformed", f"the third line of a checkpoint is its root, {HASH_SIZE} bytes in base64")
    return Checkpoint(origin=origin, size=int(size), root=root_hash, extensions=tuple(extensions))


def sign_checkpoint(checkpoint: Checkpoint, key: VerifierKey, sign: Callable[[bytes], bytes]) -> bytes:
    """The checkpoint as a signed note. `sign`: message -> raw Ed25519 signature by the private half of `key`."""
    return sign_note(checkpoint_text(checkpoint), key, sign)


def verify_checkpoint(note: bytes, key: VerifierKey) -> Checkpoint:
    """Read a checkpoint signed by the log whose key this is; the key's name is the origin.

    Raises:
        LedgerError: as `note.verify_note`; ``checkpoint.malformed``; ``checkpoint.wrong-origin`` where the key signed
            for another log.
    """
    text, _ = verify_note(note, (key,))
    checkpoint = parse_checkpoint(text)
    if checkpoint.origin != key.name:
        raise LedgerError("checkpoint.wrong-origin", f"the checkpoint is of another log than {key.name}")
    return checkpoint


def require_extension(older: Checkpoint, newer: Checkpoint, read_tile: ReadTile) -> None:
    """Check that the newer tree begins with the older one.

    Args:
        older: a checkpoint believed before.
        newer: the present one, whose signature was verified.
        read_tile: tiles of the newer tree; use `AuthenticTiles`, so that a damaged tile is not called a fork.

    Raises:
        LedgerError: ``head.rolled-back`` where the newer one is smaller; ``head.forked`` where it has another history;
            what `read_tile` raises.
    """
    if newer.size < older.size:
        raise LedgerError(
            "head.rolled-back", f"the log has {newer.size} leaves, and {older.size} were seen before: an older copy was put back, or its tail was cut off"
        )
    try:
        if older.size == 0:
            verify_consistency(1, 1, older.root, EMPTY_ROOT, ())
        else:
            proof = consistency_proof(older.size, newer.size, read_tile)
            verify_consistency(older.size, newer.size, older.root, newer.root, proof)
    except LedgerError as err:
        if err.code != "proof.wrong-root":
            raise
        raise LedgerError(
            "head.forked", f"the log of {newer.size} leaves does not begin with the {older.size} seen before: there are two histories under one key"
        ) from None


def require_not_older(remembered: bytes, present: bytes, vkey: str, read_tile: ReadTile) -> Checkpoint:
    """Check the log's present checkpoint against the note of the newest one remembered from before.

    Returns:
        The present checkpoint, to be remembered now.

    Raises:
        LedgerError: as `verify_checkpoint` for either note; as `require_extension`.
    """
    key = parse_vkey(vkey)
    newer = verify_checkpoint(present, key)
    require_extension(verify_checkpoint(remembered, key), newer, read_tile)
    return newer
