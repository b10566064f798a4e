"""What another policy would have said of the decisions that were recorded, as people read it."""

from __future__ import annotations

from lockgate.core.backtested import Backtest, Count, Tried
from lockgate.render.layout import broken
from lockgate.render.text import outcome_lines
from lockgate.render.words import BOLD, GREEN, RED, YELLOW, Sheet, count, listing, painted, plain, when

SHOWN = 20
"""As many as somebody reads; JSON has them all."""


def backtest_lines(found: Backtest, sheet: Sheet) -> list[str]:
    """How many came to what, environment by environment, and then those that would be another or cannot be known."""
    if not found.decisions:
        return ["no decision is recorded that this would be about"]
    lines = [count(found.decisions, "decision")]
    width = max(len(one.environment) for one in found.counts)
    lines += [line for one in found.counts for line in broken(f"  {plain(one.environment):<{width}}  {_counts(one, sheet)}", sheet, width + 4)]
    for tried in found.tried[:SHOWN]:
        lines += ["", *_tried(tried, sheet)]
    if len(found.tried) > SHOWN:
        lines += ["", f"and {len(found.tried) - SHOWN:,} more, all of them with --format json"]
    return lines


def _counts(one: Count, sheet: Sheet) -> str:
    reasons = f" ({one.other_reasons:,} refused for other reasons)" if one.other_reasons else ""
    told = [f"{one.same:,} the same{reasons}"] if one.same else []
    told += [painted(f"{one.would_refuse:,} allowed that would be refused", RED, sheet)] if one.would_refuse else []
    told += [painted(f"{one.would_allow:,} refused that would be allowed", GREEN, sheet)] if one.would_allow else []
    told += [painted(f"{one.cannot_know:,} cannot be known", YELLOW, sheet)] if one.cannot_know else []
    return listing(told)


def _tried(one: Tried, sheet: Sheet) -> list[str]:
    end = "cannot be known" if one.result == "cannot-know" else f"would be {one.would}"
    colour = {"allowed": GREEN, "refused": RED}.get(one.would, YELLOW)
    head = f"decision {one.leaf} -> {plain(one.environment)}, {when(one.at)}: {one.recorded}, {painted(end, colour + BOLD, sheet)}"
    lines = broken(head, sheet, 2)
    if one.lost:
        return [*lines, *broken(f"  its evidence is gone: {plain(one.lost)}", sheet, 4)]
    if one.result == "flips" and one.would == "allowed":
        lines.append("  what did not hold then:")
    return [*lines, *outcome_lines(one.outcomes, sheet, codes=True)]
