"""C2SP tlog-cosignature, Ed25519: what a witness says of a checkpoint, that the log behind it only grew.

A cosignature is a signature line of the checkpoint's note: under the witness's name, with a key id of the signature type 0x04, eight bytes of
time, and a signature over ``cosignature/v1``, the time and the note's whole text.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from lockgate.canon import Noun
from lockgate.errors import LedgerError
from lockgate.ledger.note import Note, VerifierKey, b64decode, require_signature, verifier_key

MAX_KEY_CHARS = 1024
MAX_TIME = 2**63 - 1

_NOTE, _COSIGNATURE = b"\x01", b"\x04"


class Cosigned(Noun, frozen=True, kw_only=True):
    """That a witness cosigned: its name, and the time it says, in seconds since 1970."""

    witness: str
    at: int


def parse_cosigner(text: str) -> VerifierKey:
    """Read a witness's verifier key, ``<name>+<hash>+<base64>``, of the type 0x04; or of 0x01, as most witnesses publish theirs.

    Returns:
        The key, with the id that cosignatures bear.

    Raises:
        LedgerError: ``vkey.malformed``.
    """
    name, _, rest = text.partition("+") if len(text) <= MAX_KEY_CHARS else ("", "", "")
    hash_, _, encoded = rest.partition("+")
    data = b64decode(encoded) or b""
    if len(data) != 33 or data[:1] not in {_NOTE, _COSIGNATURE} or _id(name, data).hex() != hash_:
        raise LedgerError("vkey.malformed", "this is no Ed25519 key of a witness: write <name>+<8 hex digits>+<base64>, as it is published")
    named = verifier_key(name, data[1:])
    return VerifierKey(name=name, id=_id(name, _COSIGNATURE + data[1:]), public=named.public)


def cosigned(note: Note, cosigners: Sequence[VerifierKey]) -> tuple[Cosigned, ...]:
    """Who of these cosigned the checkpoint, each once, with the latest time it says; lines of others are passed over.

    Args:
        note: a checkpoint, whose log's signature is checked elsewhere. cosigners: with the ids of `parse_cosigner`.

    Raises:
        LedgerError: ``note.forged``: a line bears a known name and key id, and does not fit. The whole checkpoint is refused then, whatever others
            say (C2SP signed-note, "Signatures").
    """
    known = {(one.name, one.id): one for one in cosigners}
    found: dict[VerifierKey, int] = {}
    for line in note.signatures:
        witness = known.get((line.name, line.id))
        if witness is None:
            continue
        at = int.from_bytes(line.signature[:8])
        if len(line.signature) != 72 or at > MAX_TIME:
            raise LedgerError("note.forged", f"the cosignature of {witness.name} is none")
        require_signature(witness, line.signature[8:], f"cosignature/v1\ntime {at}\n{note.text}".encode())
        found[witness] = max(at, found.get(witness, 0))
    return tuple(Cosigned(witness=one.name, at=found[one]) for one in cosigners if one in found)


def _id(name: str, typed: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + typed).digest()[:4]
