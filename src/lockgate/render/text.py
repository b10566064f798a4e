"""Decisions, status and leaves as people read them."""

from __future__ import annotations

from lockgate.core import events
from lockgate.core.digest import short
from lockgate.core.model import Release
from lockgate.core.outcome import Outcome
from lockgate.render.outcomes import line
from lockgate.render.words import COLOURS, MARKS, RESET, artifacts, when


def outcome_lines(outcomes: tuple[Outcome, ...], *, colour: bool) -> list[str]:
    """One line each: mark, requirement, what was found."""
    width = max((len(one.requirement) for one in outcomes), default=0)
    lines = []
    for one in outcomes:
        mark = f"{COLOURS[one.result]}{MARKS[one.result]}{RESET}" if colour else MARKS[one.result]
        lines.append(f"  {mark}  {one.requirement:<{width}}  {line(one)}")
    return lines


def decision(decided: events.Decided, release: Release, place: str, origin: str, *, colour: bool, new: bool = True) -> str:
    """A decision: the head line and its outcomes.

    Args:
        decided: as recorded. release: its subject.
        place: ``decision 413``, or why there is no number.
        origin: the log's.
        colour: for a terminal.
        new: False where it was recorded before.
    """
    head = f"{decided.outcome:<9} {artifacts(release)} -> {decided.environment}"
    tail = f"{place} · log {origin}" + ("" if new else " · recorded before")
    lines = [f"{head}    {tail}", *outcome_lines(decided.outcomes, colour=colour)]
    if decided.not_after is not None:
        lines.append(f"permit until {when(decided.not_after)}")
    return "\n".join(lines)


def shown(difference: events.Shown, environment: str, config: str) -> str:
    """What an approver is shown before signing, and what nobody looked at."""
    now = "nothing" if difference.from_ == "none" else short(difference.from_)
    lines = [f"in {environment}: from {now} to {short(difference.to)}, configuration {config if config == 'none' else short(config)}"]
    if difference.not_collected:
        lines.append(f"not collected: {', '.join(difference.not_collected)}")
    return "\n".join(lines)
