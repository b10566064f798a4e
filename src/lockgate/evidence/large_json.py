r"""Other people's JSON that is large: read in part, piece by piece, in memory that does not grow with what is not read; duplicate keys refused.

`canon.parse_foreign` builds the whole document and calls a function for each object. Here msgspec parses, which takes the last of two equal
keys without a word; so what was read is held against the text it was read from: written again, it has as many quotes as the text, or a key
and its value were lost on the way. A quote that is written as ``\\u0022`` upsets that count, and goes the slow way.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec

from lockgate import canon
from lockgate.errors import EvidenceError

AROUND = 1 << 20
"""The most bytes of a large document that stand outside of the fields it is known for."""

MOST_VALUES = 1_000_000
"""The most values in one value that is read whole, as its commas and brackets count them: a small ``{}`` takes thirty times its own size in memory."""

_ODD_QUOTE = b"\\u0022"
_decode: Any = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode
_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_pieces = msgspec.json.Decoder(list[msgspec.Raw])


def outline(data: bytes, names: tuple[str, ...], what: str) -> dict[str, bytes]:
    """The fields of an object, each as its own bytes of JSON; no two of the same name.

    1. It nests no deeper than `canon.MAX_DEPTH`.
    2. What is not in the named fields has at most `AROUND` bytes: a million other names are not taken in.
    3. No name stands twice, nor has a quote in it, which would upset how that is told.

    Raises:
        EvidenceError: ``json.too-deep``, ``json.too-large``, ``json.malformed``, ``json.duplicate-key``.
    """
    canon.refuse_depth(data, what)
    try:
        known = _outliner(names).decode(data)
        if len(data) - sum(len(raw) for raw in msgspec.structs.astuple(known)) > AROUND:
            raise EvidenceError("json.too-large", f"this {what} has more than {AROUND >> 20} MiB beside what is read of it")
        found = {name: bytes(raw) for name, raw in _fields.decode(data).items()}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise EvidenceError("json.malformed", f"this {what} is not JSON, or no object") from None
    # A name counts its two delimiters alone: a quote in it that was written as \u0022 must not make up for one that was lost.
    if data.count(b'"') != sum(raw.count(b'"') for raw in found.values()) + 2 * len(found):
        raise EvidenceError("json.duplicate-key", f"a key stands twice in this {what}")
    return found


def pieces(data: bytes, shape: type[msgspec.Struct], most: int, what: str) -> Sequence[msgspec.Raw]:
    """The elements of an array, each as its own bytes of JSON.

    Args:
        data: the array; empty for none.
        shape: what each must have at least; its required fields keep millions of empty elements from being taken in.
        most: how many there may be.
        what: for messages.

    Raises:
        EvidenceError: ``json.malformed``, ``sbom.malformed`` where an element is not of that shape; ``sbom.too-many``.
    """
    if not data or data == b"null":
        return []
    try:
        count = len(_shapes(shape).decode(data))
    except msgspec.ValidationError as err:
        raise EvidenceError("sbom.malformed", f"this is no list of {what}: {str(err)[:200]}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise EvidenceError("json.malformed", f"the list of {what} is not JSON") from None
    if count > most:
        raise EvidenceError("sbom.too-many", f"there are {count} {what}; at most {most} are read")
    return _pieces.decode(data)


def value(raw: bytes | msgspec.Raw, what: str) -> Any:  # noqa: ANN401  a JSON value
    """A value, whole. Raises EvidenceError ``json.malformed``, ``json.duplicate-key``; ``json.too-large``, of more than `MOST_VALUES`."""
    text = bytes(raw)
    if len(text) > MOST_VALUES and text.count(b",") + text.count(b"[") + text.count(b"{") > MOST_VALUES:
        raise EvidenceError("json.too-large", f"one {what} holds more than {MOST_VALUES} values")
    if _ODD_QUOTE in text:
        return canon.parse_foreign(text, max_bytes=len(text), what=what)
    try:
        found = _decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise EvidenceError("json.malformed", f"this {what} is not JSON") from None
    if _encode(found).count(b'"') != text.count(b'"'):
        raise EvidenceError("json.duplicate-key", f"a key stands twice in one object of this {what}")
    return found


def holding(data: bytes, path: tuple[str, ...], *, max_bytes: int, what: str) -> Any:  # noqa: ANN401  a JSON value
    """As `canon.parse_foreign`, of a document that may be larger than `AROUND` by one text, which stands at `path`.

    Raises:
        EvidenceError: as `canon.parse_foreign`.
    """
    if len(data) <= AROUND:
        return canon.parse_foreign(data, max_bytes=AROUND, what=what)
    if len(data) > max_bytes:
        raise EvidenceError("json.too-large", f"this {what} has {len(data)} bytes; at most {max_bytes} are read")
    name, *inner = path
    fields = outline(data, (name,), what)
    long = fields.pop(name, b"")
    if inner:
        held = holding(long, tuple(inner), max_bytes=max_bytes, what=what)
    elif long[:1] == b'"':
        held = value(long, what)
    else:
        raise EvidenceError("json.too-large", f"this {what} has {len(data)} bytes, and only one that holds a long text may have more than {AROUND}")
    rest = canon.parse_foreign(joined(fields), max_bytes=2 * AROUND, what=what)
    return {**rest, name: held}


def joined(fields: dict[str, bytes]) -> bytes:
    """An object of these fields."""
    return b"{" + b",".join(_encode(name) + b":" + raw for name, raw in fields.items()) + b"}"


@lru_cache(maxsize=32)
def _outliner(names: tuple[str, ...]) -> msgspec.json.Decoder[msgspec.Struct]:
    called = {f"field_{number}": name for number, name in enumerate(names)}
    kind = msgspec.defstruct("Outline", [(own, msgspec.Raw, msgspec.Raw(b"")) for own in called], rename=called)
    return msgspec.json.Decoder(kind)


@lru_cache(maxsize=32)
def _shapes(shape: type[msgspec.Struct]) -> msgspec.json.Decoder[list[msgspec.Struct]]:
    return msgspec.json.Decoder(list[shape])  # type: ignore[valid-type]
