"""Lines on a sheet: two ends of one line, and long ones broken with their second line under the first word's column."""

from __future__ import annotations

import re

from lockgate.render.words import Sheet

_PAINT = re.compile(r"\x1b\[[0-9]+m")
USUAL = 100
"""Columns for what stands at the right end of a line that nobody breaks."""


def size(text: str) -> int:
    """Columns of a text, colours not counted."""
    return len(_PAINT.sub("", text))


def spread(left: str, right: str, sheet: Sheet, indent: int = 2) -> list[str]:
    """`left`, and `right` at the end of the same line; on a line of its own where there is no room."""
    if not right:
        return broken(left, sheet, indent)
    width = sheet.width or USUAL
    gap = width - size(left) - size(right)
    if gap >= 2 or not sheet.width:
        return [left + " " * max(gap, 2) + right]
    return [*broken(left, sheet, indent), *broken(" " * indent + right, sheet, indent)]


def broken(line: str, sheet: Sheet, indent: int = 2) -> list[str]:
    """The line, in as many lines as it needs, the later ones indented; a word that is too long stays whole."""
    if not sheet.width or size(line) <= sheet.width:
        return [line]
    lead = line[: len(line) - len(line.lstrip(" "))]
    lines, current = [], lead
    for word in re.split(r"(?<=\S) ", line[len(lead) :]):
        joined = f"{current} {word}" if current.strip() else current + word
        if current.strip() and size(joined) > sheet.width:
            lines.append(current.rstrip())
            current = " " * indent + word.lstrip(" ")
        else:
            current = joined
    return [*lines, current]
