"""What stands recorded of what runs since it was looked at again: lines for `status`, `recall` and `why`."""

from __future__ import annotations

from collections.abc import Sequence

from lockgate.core.rechecked import Mark
from lockgate.render.layout import broken
from lockgate.render.words import RED, YELLOW, Sheet, painted, plain, when


def mark_line(one: Mark, sheet: Sheet) -> str:
    """``REFUSED   it runs, and would be refused since …: because signed-by [signed-by.no-signature], leaf 23``."""
    because = f"because {plain(one.requirement)} [{plain(one.code)}], leaf {one.leaf}"
    if one.outcome == "refused":
        return painted(f"REFUSED   it runs, and would be refused today, since {when(one.since)}, {because}", RED, sheet)
    if one.outcome == "undecided":
        return painted(f"UNKNOWN   whether it would be allowed is not known, since {when(one.since)}, {because}", YELLOW, sheet)
    return f"allowed   again since {when(one.since)}, leaf {one.leaf}; the permit that fell does not come back"


def mark_lines(marks: Sequence[Mark], sheet: Sheet) -> list[str]:
    """What stands recorded of what runs, one below the other."""
    return [line for one in marks for line in broken("  " + mark_line(one, sheet), sheet, 12)]
