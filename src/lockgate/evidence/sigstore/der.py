"""DER (X.690), as little of it as a time stamp or an RSA key needs: one element after another, each within its parent.

Definite lengths in their shortest form only; sets are not asked to be sorted, because real authorities do not sort them, and no byte of a
set is rearranged before it is verified.
"""

from __future__ import annotations

from typing import NamedTuple

INTEGER, BITS, OCTETS, OID, SEQUENCE, SET, TIME = 0x02, 0x03, 0x04, 0x06, 0x30, 0x31, 0x18
MAX_DEPTH = 16


class Element(NamedTuple):
    """One element.

    Attributes:
        tag: its identifier octet.
        value: its contents. whole: with tag and length.
    """

    tag: int
    value: bytes
    whole: bytes

    def items(self) -> list[Element]:
        """The elements in a constructed one. Raises ValueError where it is none, or does not end where its parent does."""
        if not self.tag & 0x20:
            raise ValueError("an element that should hold others does not")
        return elements(self.value)

    def require(self, tag: int) -> Element:
        """Itself, where it has this tag. Raises ValueError."""
        if self.tag != tag:
            raise ValueError(f"an element has the tag {self.tag:#04x}, where {tag:#04x} belongs")
        return self


def elements(data: bytes) -> list[Element]:
    """All elements in `data`, which ends with the last.

    Raises:
        ValueError: not DER, or more than 4,096 elements.
    """
    found, at = [], 0
    while at < len(data):
        element = _one(data, at)
        found.append(element)
        at += len(element.whole)
        if len(found) > 4096:
            raise ValueError("there are more than 4096 elements in a row")
    return found


def single(data: bytes) -> Element:
    """The one element that `data` is. Raises ValueError."""
    found = elements(data)
    if len(found) != 1:
        raise ValueError("there is not exactly one element")
    return found[0]


def _one(data: bytes, at: int) -> Element:
    if at + 2 > len(data):
        raise ValueError("an element is cut off")
    tag, length, begin = data[at], data[at + 1], at + 2
    if tag & 0x1F == 0x1F:
        raise ValueError("a tag of several octets is not read")
    if length & 0x80:
        octets = length & 0x7F
        if not 1 <= octets <= 4 or begin + octets > len(data):
            raise ValueError("a length is indefinite, too long or cut off")
        length = int.from_bytes(data[begin : begin + octets], "big")
        if length < 0x80 or length >> 8 * (octets - 1) == 0:
            raise ValueError("a length is not in its shortest form")
        begin += octets
    if begin + length > len(data):
        raise ValueError("an element is longer than what it stands in")
    return Element(tag=tag, value=data[begin : begin + length], whole=data[at : begin + length])


def oid(element: Element) -> str:
    """An object identifier in dotted form. Raises ValueError."""
    value = element.require(OID).value
    if not value or len(value) > 64 or value[-1] & 0x80:
        raise ValueError("an object identifier is none")
    arcs, arc = [], 0
    for octet in value:
        if arc == 0 and octet == 0x80:
            raise ValueError("an object identifier is not in its shortest form")
        arc = arc << 7 | octet & 0x7F
        if not octet & 0x80:
            arcs.append(arc)
            arc = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


def integer(element: Element) -> int:
    """A whole number in its shortest form. Raises ValueError."""
    value = element.require(INTEGER).value
    if not value or len(value) > 64 or (len(value) > 1 and ((value[0] == 0 and not value[1] & 0x80) or (value[0] == 0xFF and value[1] & 0x80))):
        raise ValueError("a number is empty, too long or not in its shortest form")
    return int.from_bytes(value, "big", signed=True)
