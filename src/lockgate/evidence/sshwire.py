"""The data types of SSH (RFC 4251 section 5), read strictly: nothing left over, no number longer than it has to be.

A blob that reads without error is the only blob of its value, so that equal keys are equal bytes.
"""

from __future__ import annotations


class Reader:
    """Takes one field after the other off a blob; each raises ValueError where the bytes do not hold it."""

    def __init__(self, blob: bytes) -> None:
        self._rest = memoryview(blob)

    def take(self, count: int) -> bytes:
        """Exactly `count` bytes."""
        if len(self._rest) < count:
            raise ValueError("it ends in the middle of a field")
        taken, self._rest = self._rest[:count], self._rest[count:]
        return bytes(taken)

    def uint8(self) -> int:
        """One byte, 0 to 255."""
        return self.take(1)[0]

    def uint32(self) -> int:
        """Four bytes, big-endian."""
        return int.from_bytes(self.take(4), "big")

    def string(self) -> bytes:
        """Four bytes of length and so many bytes."""
        return self.take(self.uint32())

    def name(self) -> str:
        """A string of printable ASCII."""
        raw = self.string()
        text = raw.decode("ascii", "replace")
        if not text.isascii() or not text.isprintable():
            raise ValueError("a name in it is not printable ASCII")
        return text

    def positive(self) -> int:
        """An mpint above zero, in its shortest form."""
        raw = self.string()
        if not raw or raw[0] & 0x80 or (raw[0] == 0 and (len(raw) == 1 or not raw[1] & 0x80)):
            raise ValueError("a number in it is not positive, or longer than it has to be")
        return int.from_bytes(raw, "big")

    def end(self) -> None:
        """Nothing may be left."""
        if self._rest:
            raise ValueError(f"{len(self._rest)} bytes are left over")


def uint32(value: int) -> bytes:
    """Four bytes, big-endian."""
    return value.to_bytes(4, "big")


def string(data: bytes) -> bytes:
    """A string field."""
    return uint32(len(data)) + data


def mpint(value: int) -> bytes:
    """A positive mpint field, in its shortest form."""
    return string(value.to_bytes(value.bit_length() // 8 + 1, "big"))
