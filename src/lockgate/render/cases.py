"""What came of cases, as people read it: a line each, and of what came otherwise, what was expected and what came."""

from __future__ import annotations

from collections.abc import Sequence

from lockgate.core.cases import Tested
from lockgate.render.layout import broken
from lockgate.render.words import COLOURS, MARKS, Sheet, count, painted, plain


def case_lines(tested: Sequence[Tested], sheet: Sheet) -> list[str]:
    """Each case in its order, and how many there were."""
    lines: list[str] = []
    for one in tested:
        result = "pass" if one.passed else "fail"
        place = f"{plain(one.file)}:{one.line}"
        lines += broken(f"{painted(MARKS[result], COLOURS[result], sheet)}  {plain(one.name)}  ({place})", sheet, 6)
        width = max((len(miss.what) for miss in one.misses), default=0)
        lines += [f"      {plain(miss.what):<{width}}  expected {plain(miss.expected)}, got {plain(miss.got)}" for miss in one.misses]
    failed = sum(not one.passed for one in tested)
    return [*lines, f"{count(len(tested), 'case')}: " + (f"{failed:,} FAILED" if failed else "all as expected")]
