"""What `doctor` found, as people read it: a mark, what was looked at, what came of it, and what to do."""

from __future__ import annotations

from lockgate.core.health import Finding
from lockgate.render.layout import broken
from lockgate.render.words import GREEN, RED, YELLOW, Sheet, painted, plain

_MARKS = {"ok": ("ok  ", GREEN), "warn": ("warn", YELLOW), "fail": ("FAIL", RED)}
WIDEST = 11
"""Columns of the longest check."""


def finding_lines(one: Finding, hint: str, sheet: Sheet) -> list[str]:
    """One finding, and the `hint` below it where there is one."""
    mark, colour = _MARKS[one.result]
    code = f" [{plain(one.code)}]" if one.code else ""
    indent = 4 + 2 + WIDEST + 2
    lines = broken(f"{painted(mark, colour, sheet)}  {plain(one.check):<{WIDEST}}  {plain(one.said)}{code}", sheet, indent)
    return [*lines, *(broken(" " * indent + plain(hint), sheet, indent + 7) if hint else [])]
