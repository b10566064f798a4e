"""C2SP signed notes (v1.0.0): text signed by one or more Ed25519 keys (type 0x01), and the text forms of the keys.

Reading is strict: bytes that are read are the only bytes that say the same, so nothing of a note can be changed
unseen but the signatures of keys nobody here knows. Those are ignored, as the specification asks, whatever a key is
called: a name is any printable text without white space and plus. How many there are, how long a name and a signature
may be, is bounded here, and `Note.signatures` has them, so that a reader can be told.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from lockgate.canon import Noun
from lockgate.errors import LedgerError

MAX_NOTE_BYTES = 1 << 20
MAX_SIGNATURES = 64
MAX_SIGNATURE_BYTES = 8192
MAX_NAME_CHARS = 255
"""The specification asks for 16 signatures at least; post-quantum ones have up to 5 kB. A key's name is like a URL without its scheme."""

_ED25519 = b"\x01"
_DASH = "\u2014 "
_MAX_KEY_CHARS = 1024
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class VerifierKey(Noun, frozen=True, kw_only=True):
    """A key notes are verified with.

    Attributes:
        name: 1 to 255 printable characters, no white space or plus; for a log, its origin.
        id: the first 4 bytes of SHA-256(name, newline, 0x01, public key).
        public: the Ed25519 public key, 32 bytes (RFC 8032).
    """

    name: str
    id: bytes
    public: bytes

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{_b64(_ED25519 + self.public)}"


class SignerKey(Noun, frozen=True, kw_only=True):
    """A key notes are signed with: its name and the Ed25519 seed, 32 secret bytes that `repr` does not show."""

    name: str
    seed: bytes

    def __repr__(self) -> str:
        return f"SignerKey(name={self.name!r})"

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        return verifier_key(self.name, Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """The raw Ed25519 signature of `message`, 64 bytes."""
        return Ed25519PrivateKey.from_private_bytes(self.seed).sign(message)


class Signature(Noun, frozen=True, kw_only=True):
    """One signature line, not yet verified: key name, key id (4 bytes), and the signature's bytes."""

    name: str
    id: bytes
    signature: bytes


class Note(Noun, frozen=True, kw_only=True):
    """A note as read, not yet believed: its text, ending in a newline, and 1 to 64 signatures."""

    text: str
    signatures: tuple[Signature, ...]


def verifier_key(name: str, public: bytes) -> VerifierKey:
    """The verifier key of an Ed25519 public key (32 bytes); its `str` is the C2SP vkey.

    Raises:
        LedgerError: ``vkey.malformed``.
    """
    if not _is_name(name) or len(public) != 32:
        raise LedgerError("vkey.malformed", f"a verifier key is a name of at most {MAX_NAME_CHARS} characters without white space or plus, and 32 bytes")
    return VerifierKey(name=name, id=_key_id(name, public), public=public)


def parse_vkey(text: str) -> VerifierKey:
    """Read a C2SP verifier key, ``<name>+<hash>+<base64>``.

    Raises:
        LedgerError: ``vkey.malformed``.
    """
    name, hash_, public = _split_key(text)
    if not _is_name(name) or public is None or _key_id(name, public).hex() != hash_:
        raise LedgerError("vkey.malformed", "this is no Ed25519 verifier key: write <name>+<8 hex digits>+<base64>, as it was printed")
    return VerifierKey(name=name, id=bytes.fromhex(hash_), public=public)


def make_skey(key: SignerKey) -> str:
    """The key's secret text form, ``PRIVATE+KEY+<name>+<hash>+<base64>``."""
    return f"PRIVATE+KEY+{key.name}+{key.verifier.id.hex()}+{_b64(_ED25519 + key.seed)}"


def parse_skey(text: str) -> SignerKey:
    """Read the secret text form of an Ed25519 signer key.

    Raises:
        LedgerError: ``skey.malformed``; the message holds nothing of the key.
    """
    private, plus, rest = text.partition("PRIVATE+KEY+")
    name, hash_, seed = _split_key(rest)
    if private or not plus or not _is_name(name) or seed is None or SignerKey(name=name, seed=seed).verifier.id.hex() != hash_:
        raise LedgerError("skey.malformed", "this is no Ed25519 signer key in its text form")
    return SignerKey(name=name, seed=seed)


def parse_note(data: bytes) -> Note:
    """Read a signed note without verifying anything.

    Raises:
        LedgerError: ``note.too-large`` or ``note.malformed``.
    """
    if len(data) > MAX_NOTE_BYTES:
        raise LedgerError("note.too-large", f"a note of {len(data)} bytes; at most {MAX_NOTE_BYTES} are read")
    # 1. Format: UTF-8 without control characters but newline.
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError:
        raise LedgerError("note.malformed", "the note is not UTF-8") from None
    if _CONTROL.search(whole):
        raise LedgerError("note.malformed", "the note holds a control character")
    # 2. The last empty line parts text from signatures.
    text, gap, lines = whole.rpartition("\n\n")
    if not gap or not lines.endswith("\n"):
        raise LedgerError("note.malformed", "the note has no signature lines behind an empty line, or the last one is cut off")
    if lines.count("\n") > MAX_SIGNATURES:
        raise LedgerError("note.malformed", f"the note has more than {MAX_SIGNATURES} signatures")
    # 3. Each signature line: dash, name, base64 of key id and signature.
    return Note(text=text + "\n", signatures=tuple(_signature(line) for line in lines[:-1].split("\n")))


def verify_note(data: bytes, keys: Sequence[VerifierKey]) -> tuple[str, tuple[VerifierKey, ...]]:
    """Read a signed note and verify it with the keys that are known.

    Returns:
        The text, and those of `keys` (one at least) whose signature verified, in their order.

    Raises:
        LedgerError: as `parse_note`; ``note.forged`` where the signature of a known key fails, whatever the others
            say; ``note.unsigned`` where none of the keys signed; ``note.ambiguous-key`` where two keys share name and id.
    """
    note = parse_note(data)
    # 1. Signatures: name and id together say which key signed.
    known = {(key.name, key.id): key for key in keys}
    if len(known) != len(keys):
        raise LedgerError("note.ambiguous-key", "two of the verifier keys have the same name and key id")
    # 2. Known keys must verify; unknown ones are ignored.
    message = note.text.encode()
    signed = set()
    for each in note.signatures:
        key = known.get((each.name, each.id))
        if key is not None:
            require_signature(key, each.signature, message)
            signed.add(key)
    # 3. At least one known key.
    if not signed:
        raise LedgerError("note.unsigned", "the note is signed by none of the keys that are trusted here")
    return note.text, tuple(key for key in keys if key in signed)


def require_signature(key: VerifierKey, signature: bytes, message: bytes) -> None:
    """Check a raw Ed25519 signature (RFC 8032).

    Raises:
        LedgerError: ``note.forged``.
    """
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, message)
    except (InvalidSignature, ValueError):
        raise LedgerError("note.forged", f"the signature of {key.name} does not fit the text: one of them was altered") from None


def sign_note(text: str, key: VerifierKey, sign: Callable[[bytes], bytes]) -> bytes:
    """Sign a text, which must end in a newline, with the private half of `key`.

    Args:
        text: without control characters but newline.
        key: whose name and id stand in the signature line.
        sign: message -> raw Ed25519 signature, 64 bytes.

    Raises:
        LedgerError: ``note.malformed`` where the text cannot be a note's.
    """
    if not text.endswith("\n") or _CONTROL.search(text):
        raise LedgerError("note.malformed", "the text of a note ends in a newline and holds no other control character")
    return f"{text}\n{_DASH}{key.name} {_b64(key.id + sign(text.encode()))}\n".encode()


def b64decode(text: str) -> bytes | None:
    """Standard base64 (RFC 4648 section 4) in its one canonical form; None for anything else."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if _b64(data) == text else None


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _signature(line: str) -> Signature:
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    data = b64decode(encoded)
    if not line.startswith(_DASH) or not space or not _is_name(name) or data is None or not 4 < len(data) <= MAX_SIGNATURE_BYTES:
        raise LedgerError("note.malformed", "a signature line of the note is not: em dash, key name, base64")
    return Signature(name=name, id=data[:4], signature=data[4:])


def _is_name(name: str) -> bool:
    return 0 < len(name) <= MAX_NAME_CHARS and name.isprintable() and " " not in name and "+" not in name  # no other space is printable


def _key_id(name: str, public: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:4]


def _split_key(text: str) -> tuple[str, str, bytes | None]:
    """(name, hash, key) of a key's text form; key is None where it is no Ed25519 key of 32 bytes."""
    parts = text.split("+", 2) if len(text) <= _MAX_KEY_CHARS else []
    if len(parts) != 3:
        return "", "", None
    data = b64decode(parts[2])
    return parts[0], parts[1], data[1:] if data is not None and len(data) == 33 and data[:1] == _ED25519 else None
