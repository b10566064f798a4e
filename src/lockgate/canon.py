"""Canonical JSON (RFC 8785) in and out, strict.

Our own nouns are written with ASCII keys, sorted; no floats; integers below 2^53; defaults left out, so that an old
record re-encodes to the same bytes after a field is added. For such values msgspec's sorted output *is* RFC 8785
(held against the ``rfc8785`` package in tests). Reading our own is strict by re-encoding: what does not come back as
the same bytes (duplicate keys, white space, another order) is refused.

Foreign JSON (in-toto, SLSA, OCI) may hold unknown fields and any white space, but never a duplicate key, and only so
much depth and size: `parse_foreign`.
"""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any, TypeVar

import msgspec

from lockgate.errors import EvidenceError

T = TypeVar("T")

MAX_DEPTH = 64
"""Deepest nesting of a foreign document; in-toto and OCI documents stay below 20."""
MAX_DIGITS = 310
"""Of a whole number in a foreign document, with its sign: no double holds a longer one."""

_encoder = msgspec.json.Encoder(order="sorted")
_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}


class Noun(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """A value of our own: frozen, keyword-only, written in camelCase, unknown fields refused.

    Equal nouns have equal bytes. msgspec leaves a default out only where it is the very same object, and a ``"none"``
    that was read is another one than the field's own: so equal values are replaced by the default here. A subclass with
    a ``__post_init__`` calls this one; whole-number defaults are -5 to 256, which Python has once each.
    """

    def __post_init__(self) -> None:
        kind = type(self)
        defaults = _compared.get(kind)
        if defaults is None:
            defaults = _compared[kind] = _defaults_of(kind)
        for name, default in defaults:
            value = getattr(self, name)
            if value is not default and value == default:
                msgspec.structs.force_setattr(self, name, default)


_compared: dict[type[Noun], tuple[tuple[str, object], ...]] = {}


def _defaults_of(kind: type[Noun]) -> tuple[tuple[str, object], ...]:
    """The defaults of a noun that are not one object wherever they come from, as None, an empty text and a small number are."""
    defaults = kind.__struct_defaults__
    named = zip(kind.__struct_fields__[len(kind.__struct_fields__) - len(defaults) :], defaults, strict=True)
    return tuple((name, default) for name, default in named if default and isinstance(default, str | tuple | msgspec.Struct))


def encode(value: object) -> bytes:
    """The canonical bytes of a noun, dict, list, string or integer."""
    return _encoder.encode(value)


def digest_hex(value: object) -> str:
    """SHA-256, in 64 hex digits, of the canonical bytes of `value`."""
    return hashlib.sha256(encode(value)).hexdigest()


def decode(data: bytes, type_: type[T], *, what: str = "document", code: str = "json.malformed") -> T:
    """Read our own canonical bytes into `type_`.

    Raises:
        EvidenceError: `code` when the bytes are not JSON of that shape; ``json.not-canonical`` when they are, but are
            not the canonical bytes (duplicate keys, other order or white space).
    """
    decoder = _decoders.get(type_)
    if decoder is None:
        decoder = _decoders[type_] = msgspec.json.Decoder(type_)
    try:
        value: T = decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as err:
        raise EvidenceError(code, f"this is no {what}: {_reason(err)}") from None
    if encode(value) != data:
        raise EvidenceError("json.not-canonical", f"this {what} is not canonical JSON: a duplicate key, other order or white space")
    return value


def _reason(err: Exception) -> str:
    """The decoder's complaint, in one line and cut short: hostile input may be quoted in it."""
    text = str(err) or type(err).__name__
    text = text if text.isprintable() else repr(text)[1:-1]
    return text if len(text) <= 200 else text[:200] + "…"


def parse_foreign(data: bytes, *, max_bytes: int, what: str = "document") -> Any:  # noqa: ANN401  a JSON value
    """Read somebody else's JSON (I-JSON, RFC 7493): duplicate keys, too much depth or size, numbers no double holds and half surrogates refused.

    Args:
        data: the bytes, UTF-8.
        max_bytes: the largest size read.
        what: the noun for messages.

    Raises:
        EvidenceError: ``json.too-large``, ``json.too-deep``, ``json.duplicate-key`` or ``json.malformed``.
    """
    if len(data) > max_bytes:
        raise EvidenceError("json.too-large", f"this {what} has {len(data)} bytes; at most {max_bytes} are read")
    refuse_depth(data, what)
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse_constant, parse_float=_finite, parse_int=_whole)
    except (ValueError, RecursionError) as err:
        raise EvidenceError("json.malformed", f"this {what} is not JSON: {_reason(err)}") from None
    if b"\\u" in data:
        _refuse_half_surrogates(value, what)
    return value


def refuse_depth(data: bytes, what: str) -> None:
    """Refuse JSON that nests deeper than `MAX_DEPTH`, before any parser sees it; linear, in little more memory than the data.

    1. Without its escapes, a quote begins or ends a string, and nothing else does.
    2. Of the rest only quotes and brackets matter, and of two quotes with nothing between them not even those: what is outside stays outside.
    3. Of the brackets outside of strings, the innermost pairs are taken away as often as there may be levels.

    Raises:
        EvidenceError: ``json.too-deep``.
    """
    if data.count(b"{") + data.count(b"[") <= MAX_DEPTH:
        return
    if b"\\" in data:
        data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    marks = data.translate(_AS_BRACKETS, _NO_MARKS).replace(b'""', b"")
    brackets = b"".join(marks.split(b'"')[::2])
    for _ in range(MAX_DEPTH):
        before, brackets = len(brackets), brackets.replace(b"[]", b"")
        if len(brackets) == before:
            break
    if b"[]" in brackets or brackets.count(b"[") > MAX_DEPTH:
        raise EvidenceError("json.too-deep", f"this {what} nests deeper than {MAX_DEPTH} levels")


_AS_BRACKETS = bytes.maketrans(b"{}", b"[]")
_NO_MARKS = bytes(set(range(256)) - set(b'{}[]"'))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise EvidenceError("json.duplicate-key", f"the key {key[:80]!r} stands twice in one object")
            seen.add(key)
    return found


def _refuse_constant(name: str) -> None:
    raise EvidenceError("json.malformed", f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise EvidenceError("json.malformed", f"the number {text[:40]} is larger than any double")
    return number


def _whole(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise EvidenceError("json.malformed", f"the number {text[:40]}… is larger than any double")
    return int(text)


def _refuse_half_surrogates(value: object, what: str) -> None:
    """Text that no UTF-8 can hold could be read, and then neither shown nor recorded."""
    waiting = [value]
    while waiting:
        match waiting.pop():
            case str() as text if not text.isascii():
                try:
                    text.encode()
                except UnicodeEncodeError:
                    raise EvidenceError("json.malformed", f"a text in this {what} holds half of a surrogate pair") from None
            case dict() as items:
                waiting += [*items.keys(), *items.values()]
            case list() as items:
                waiting += items
            case _:
                pass
