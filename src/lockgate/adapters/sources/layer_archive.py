"""The entries of a layer's archive, one after another, in bounded memory: ustar (POSIX.1-1988), pax (POSIX.1-2001) and GNU's long names.

Where programs that unpack layers may differ on what an archive holds, it is refused: names or sizes for all its entries at once, sparse files in
GNU's oldest form, something after its end.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from lockgate.errors import UnreadableError

MAX_UNPACKED = 8 << 30
"""Most bytes of all layers of an image together, unpacked."""
MAX_ENTRIES = 1_000_000
"""Most entries of all layers together, and fields that stand before them: each costs some microseconds, and compressed next to nothing."""
MAX_NAME = 64 << 10
"""The most bytes of a long name, or of the other fields that stand before an entry."""

FILE, LINK, SYMLINK, DIRECTORY = b"0", b"1", b"2", b"5"

_BLOCK, _CHUNK = 512, 1 << 20
_PLAIN = frozenset({b"\0", b"0", b"7"})
_EMPTY = frozenset({b"1", b"2", b"3", b"4", b"5", b"6"})
_RECORD = re.compile(rb"([1-9][0-9]{0,5}) ").match


class Budget:
    """What may still be unpacked, of all layers together."""

    def __init__(self) -> None:
        self._bytes, self._entries = MAX_UNPACKED, MAX_ENTRIES

    def spend(self, size: int, entries: int = 0) -> None:
        """Raises UnreadableError ``inside.too-large`` where that is more than there is."""
        self._bytes -= size
        self._entries -= entries
        if self._bytes < 0 or self._entries < 0:
            raise UnreadableError("inside.too-large", f"its layers have more than {MAX_UNPACKED >> 30} GiB, unpacked, or {MAX_ENTRIES} entries")


class Entry(NamedTuple):
    """An entry of an archive.

    Attributes:
        parts: of its name, from the root, ``.`` and ``..`` resolved.
        kind: `FILE` for any plain file; else as the archive has it. size: of its bytes, which come next.
        sparse: its bytes are not what a file of it would hold.
    """

    parts: tuple[str, ...]
    kind: bytes
    size: int
    sparse: bool


class Archive:
    """A layer's archive, from its beginning to its end.

    Args:
        file: its bytes. budget: what may be unpacked. gzipped: whether it is compressed.
    """

    def __init__(self, file: BinaryIO, budget: Budget, *, gzipped: bool) -> None:
        self._file, self._budget = file, budget
        self._gzip = zlib.decompressobj(wbits=31) if gzipped else None
        self._packed, self._held, self._at = b"", b"", 0

    def entries(self) -> Iterator[Entry]:
        """Each in its turn: whoever is given one takes or skips its bytes, and those that fill its last block, before the next.

        Raises:
            UnreadableError: ``inside.malformed``, ``inside.too-large``.
        """
        name, fields = "", dict[str, bytes]()
        while (header := self.take(_BLOCK)).strip(b"\0"):
            self._budget.spend(0, 1)
            size, kind = _size(header), header[156:157]
            if kind in {b"x", b"g", b"L", b"K"}:
                said = self._said(size)
                if kind == b"L":
                    name = said.partition(b"\0")[0].decode("utf-8", "surrogateescape")
                elif kind == b"x":
                    fields = self._pax(said)
                elif kind == b"g" and self._pax(said).keys() & {"path", "size", "GNU.sparse.name"}:
                    raise malformed("it gives one name or size to all its entries")
                continue
            if kind == b"S":
                raise malformed("it holds a sparse file in a form that is not read")
            called = (fields.get("GNU.sparse.name") or fields.get("path") or b"").decode("utf-8", "surrogateescape") or name or _name(header)
            size = _decimal(fields["size"]) if "size" in fields else size
            if kind in _PLAIN:
                kind = DIRECTORY if called.endswith("/") else FILE
            sparse = any(field.startswith("GNU.sparse.") for field in fields)
            yield Entry(parts(called), kind, 0 if kind in _EMPTY else size, sparse)
            name, fields = "", {}
        if self.take(_BLOCK).strip(b"\0"):
            raise malformed("something stands between its last two blocks")

    def take(self, size: int) -> bytes:
        """So many bytes; fewer at the end."""
        found = []
        while size and self._fill():
            part = self._held[self._at : self._at + size]
            self._at += len(part)
            size -= len(part)
            found.append(part)
        return b"".join(found)

    def skip(self, size: int) -> None:
        """Go past so many bytes. Raises UnreadableError ``inside.malformed`` where they are not there."""
        while size:
            if not self._fill():
                raise malformed("it breaks off")
            step = min(size, len(self._held) - self._at)
            self._at += step
            size -= step

    def _said(self, size: int) -> bytes:
        """What stands before an entry, with what fills its last block."""
        if size > MAX_NAME:
            raise malformed("a name, or what stands before an entry, is too long")
        said = self.take(size)
        self.skip(size - len(said) + -size % _BLOCK)
        return said

    def _pax(self, said: bytes) -> dict[str, bytes]:
        fields, count = _pax(said)
        self._budget.spend(0, count)
        return fields

    def _fill(self) -> bool:
        """Whether something is held that was not taken yet."""
        if self._at == len(self._held):
            self._held, self._at = self._more(), 0
            self._budget.spend(len(self._held))
        return bool(self._held)

    def _more(self) -> bytes:
        if self._gzip is None:
            return self._file.read(_CHUNK)
        while True:
            if self._gzip.eof:  # one member after another makes one archive (RFC 1952, 2.2)
                self._packed = self._gzip.unused_data or self._file.read(_CHUNK)
                if not self._packed:
                    return b""
                self._gzip = zlib.decompressobj(wbits=31)
            elif not self._packed:
                self._packed = self._file.read(_CHUNK)
                if not self._packed:
                    raise malformed("it breaks off")
            data = self._gzip.decompress(self._packed, _CHUNK)
            self._packed = self._gzip.unconsumed_tail
            if data:
                return data


def padded(size: int) -> int:
    """With what fills the last block."""
    return size + -size % _BLOCK


def parts(name: str) -> tuple[str, ...]:
    """The parts of a name, from the root; nothing leads above it."""
    found: list[str] = []
    for part in name.split("/"):
        if part == "..":
            del found[-1:]
        elif part not in {"", "."}:
            found.append(part)
    return tuple(found)


def malformed(why: str) -> UnreadableError:
    """The error for an archive that is none, or that is not read."""
    return UnreadableError("inside.malformed", f"a layer is no tar archive that is read: {why}")


def _name(header: bytes) -> str:
    name = header[:100].partition(b"\0")[0]
    if header[257:265] == b"ustar\x0000" and (prefix := header[345:500].partition(b"\0")[0]):
        name = prefix + b"/" + name
    return name.decode("utf-8", "surrogateescape")


def _size(header: bytes) -> int:
    """The size of an entry whose checksum is right: in octal, or binary with the first bit set."""
    if len(header) < _BLOCK or sum(header[:148]) + 8 * 32 + sum(header[156:]) != _octal(header[148:156]):
        raise malformed("a header is cut short, or its sum is another")
    field = header[124:136]
    if not field[0] & 0x80:
        return _octal(field)
    size = int.from_bytes(field[1:], "big")
    if field[0] != 0x80 or size >= 1 << 53:
        raise malformed("an entry has no size that a file can have")
    return size


def _octal(field: bytes) -> int:
    text = field.replace(b"\0", b" ").strip()
    if text.strip(b"01234567"):
        raise malformed("a number in a header is none")
    return int(text or b"0", 8)


def _decimal(text: bytes) -> int:
    if not text.isdigit() or len(text) > 15:
        raise malformed("a size is no number")
    return int(text)


def _pax(said: bytes) -> tuple[dict[str, bytes], int]:
    """Records of ``length key=value``, each with a line end; of a key that comes twice, the last counts. And how many there are."""
    found: dict[str, bytes] = {}
    at = count = 0
    while at < len(said):
        length = _RECORD(said, at)
        end = at + int(length[1]) if length else 0
        if length is None or end > len(said) or end <= length.end() or said[end - 1 : end] != b"\n":
            raise malformed("the fields before an entry are none")
        key, equals, value = said[length.end() : end - 1].partition(b"=")
        if not equals or b"\0" in value:
            raise malformed("the fields before an entry are none")
        found[key.decode("utf-8", "surrogateescape")] = value
        at, count = end, count + 1
    return found, count
