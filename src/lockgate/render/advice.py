"""Advice, as people read it: in none of a decision's words, so that nobody takes it for one."""

from __future__ import annotations

from lockgate.core.outcome import Outcome
from lockgate.render.layout import broken, spread
from lockgate.render.text import outcome_lines
from lockgate.render.words import BOLD, DIM, YELLOW, Sheet, painted, plain

WORDS = {"would-pass": "would pass", "would-refuse": "would refuse", "would-not-decide": "would not decide"}


def advice_text(would: str, title: str, environment: str, outcomes: tuple[Outcome, ...], sheet: Sheet, *, unpinned: bool) -> str:
    """What the gate would say of a release.

    Args:
        would: a key of `WORDS`.
        title: its artifacts (`words.artifacts`). environment: where to.
        outcomes: of each requirement.
        sheet: what it is laid out for.
        unpinned: whether no root is pinned, which refuses whatever holds.
    """
    head = f"{painted('advice', YELLOW + BOLD, sheet)}    {WORDS[would]}: {painted(title, BOLD, sheet)} -> {painted(plain(environment), BOLD, sheet)}"
    lines = [*spread(head, painted("not recorded: this is no permit", DIM, sheet), sheet, 10), *outcome_lines(outcomes, sheet, codes=True)]
    if unpinned:
        lines += broken("  whatever holds, the gate refuses: no root is pinned [root.unpinned]", sheet, 4)
    return "\n".join(lines)
