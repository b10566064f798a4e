"""Decisions, and what an approver is shown, as people read them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from lockgate.core import events
from lockgate.core.facts import Request, Stay
from lockgate.core.outcome import Outcome
from lockgate.core.promotion import OpenProposal
from lockgate.render.layout import spread
from lockgate.render.outcomes import line, opens
from lockgate.render.words import BOLD, COLOURS, DIM, GREEN, MARKS, RED, Sheet, ago, artifacts, brief, called, harmless, listing, painted, plain, when


def outcome_lines(outcomes: tuple[Outcome, ...], sheet: Sheet, *, codes: bool = False) -> list[str]:
    """Mark, requirement, what was found; with `codes`, the code of what does not hold."""
    width = max((len(one.requirement) for one in outcomes), default=0)
    lines = []
    for one in outcomes:
        mark = painted(MARKS[one.result], COLOURS[one.result], sheet)
        said = f"  {mark}  {plain(one.requirement):<{width}}  {line(one, sheet)}"
        if codes and one.code:
            said += " " + painted(f"[{plain(one.code)}]", DIM, sheet)
        lines += spread(said, opens(one, sheet), sheet, width + 10)
    return lines


def decision(decided: events.Decided, title: str, place: str, sheet: Sheet, *, codes: bool = False) -> str:
    """A decision: the head line and its outcomes.

    Args:
        decided: as recorded.
        title: its artifacts (`words.artifacts`).
        place: ``decision 413 · log example.com/shop``, or why there is no number.
        sheet: what it is laid out for.
        codes: whether what does not hold is named by code too.
    """
    outcome = painted(f"{decided.outcome:<9}", COLOURS[decided.outcome] + BOLD, sheet)
    head = f"{outcome} {painted(title, BOLD, sheet)} -> {painted(plain(decided.environment), BOLD, sheet)}"
    lines = [*spread(head, painted(plain(place), DIM, sheet), sheet, 10), *outcome_lines(decided.outcomes, sheet, codes=codes)]
    if decided.not_after is not None:
        lines.append(f"permit    until {when(decided.not_after)}{ago(decided.not_after, sheet)}")
    return "\n".join(lines)


def asked(request: Request, occupant: Stay | None, not_collected: Iterable[str], environment: str, sheet: Sheet) -> str:
    """What an approver is shown of a request before signing, and what nobody looked at."""
    now = f"{artifacts(occupant.release)}, configuration {brief(occupant.release.config)}" if occupant else "nothing was recorded as deployed"
    lines = [
        *spread(f"request   {request.id} -> {plain(environment)}", f"asked by {called(request.by, sheet.names)}{ago(request.at, sheet)}", sheet),
        f"  runs    {now}",
        f"  asked   {artifacts(request.release)}, configuration {brief(request.release.config)}",
    ]
    if given := [f"{one.duty} by {called(one.person, sheet.names)}" for one in request.given if not one.withdrawn]:
        lines.append(f"  so far  {listing(given)}")
    return "\n".join([*lines, f"  not collected: {', '.join(not_collected)}"])


def proposed(proposal: OpenProposal, before: str, after: str, sheet: Sheet) -> str:
    """What an owner is shown of a proposed document before signing: the difference, line by line.

    Args:
        proposal: the proposal.
        before, after: the documents as text; `before` empty for the first.
        sheet: what it is laid out for.
    """
    head = f"proposal  {proposal.id}: {proposal.kind} version {proposal.version}, {brief(proposal.digest)}"
    lines = spread(head, f"proposed by {called(proposal.by, sheet.names)}{ago(proposal.at, sheet)}", sheet)
    found = list(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2))[2:]
    if not found:
        return "\n".join([*lines, "  the same as what is in force"])
    for each in found:
        colour = {"+": GREEN, "-": RED, "@": DIM}.get(each[:1], "")
        lines.append("  " + (painted(harmless(each), colour, sheet) if colour else harmless(each)))
    return "\n".join(lines)
