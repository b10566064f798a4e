"""Decisions, and what an approver is shown, as people read them."""

from __future__ import annotations

from collections.abc import Iterable

from lockgate.core import events
from lockgate.core.facts import Request, Stay
from lockgate.core.outcome import Outcome
from lockgate.core.state import OpenProposal
from lockgate.render.layout import broken, spread
from lockgate.render.outcomes import line, opens
from lockgate.render.recalls import rollback_line
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
    if decided.break_glass and decided.outcome == "allowed":
        said = f"{painted('BROKEN', RED + BOLD, sheet)}    by break-glass {plain(decided.break_glass)}: until its review is closed, all else is refused"
        lines += broken(said, sheet, 10)
    return "\n".join(lines)


def asked(
    request: Request, occupant: Stay | None, not_collected: Iterable[str], environment: str, sheet: Sheet, so_far: Iterable[str] = (), back: Stay | None = None
) -> str:
    """What an approver is shown of a request before signing, and what nobody looked at.

    Args:
        request, occupant, not_collected, environment: what is asked, over what runs.
        sheet: what it is laid out for.
        so_far: how the approvals given count; none where nothing asks for any.
        back: of a rollback, the stay it goes back to.
    """
    now = f"{artifacts(occupant.release)}, configuration {brief(occupant.release.config)}" if occupant else "nothing was recorded as deployed"
    lines = [
        *spread(f"request   {request.id} -> {plain(environment)}", f"asked by {called(request.by, sheet.names)}{ago(request.at, sheet)}", sheet),
        f"  runs    {now}",
        # In full, for it is what is signed: bytes can be made that share a digest's first digits with those that were reviewed.
        *broken(f"  asked   {' '.join(request.release.artifacts)}, configuration {request.release.config}", sheet, 10),
    ]
    if request.rollback:
        said = rollback_line(artifacts(request.release), occupant, back) if occupant and back else "ROLLBACK to what was here before, and is not known any more"
        lines += broken("  " + painted(said, RED, sheet), sheet, 10)
    if request.fixes:
        who = called(request.by, sheet.names)
        lines += broken("  " + painted(f"SECURITY FIX of {', '.join(request.fixes)}, as {who} says: it may be let in sooner", RED, sheet), sheet, 10)
    for number, said in enumerate(so_far):
        lines += broken(("  so far  " if not number else " " * 10) + said, sheet, 10)
    if request.rejected_by:
        no = listing(called(one, sheet.names) for one in request.rejected_by)
        lines += broken("  " + painted(f"REJECTED by {no}: no approval counts until that is taken back", RED, sheet), sheet, 10)
    if request.withdrawn:
        lines += broken("  " + painted(f"WITHDRAWN by {called(request.by, sheet.names)}, who asked for it: no approval brings it back", RED, sheet), sheet, 10)
    elif request.over:
        lines += broken("  " + painted("SPENT: it was deployed, and something else has run here since. It has to be asked for anew", RED, sheet), sheet, 10)
    elif request.deployed >= 0:
        lines.append(f"  done    deployed already, leaf {request.deployed}")
    return "\n".join([*lines, f"  not collected: {', '.join(not_collected)}"])


def proposed(proposal: OpenProposal, lines: tuple[str, ...], left_out: int, sheet: Sheet) -> str:
    """What an owner is shown of a proposed document before signing.

    Args:
        proposal: the proposal.
        lines, left_out: the difference (`changes`).
        sheet: what it is laid out for.
    """
    head = f"proposal  {proposal.id}: {proposal.kind} version {proposal.version}, {brief(proposal.digest)}"
    who = f"proposed by {called(proposal.by, sheet.names)}{ago(proposal.at, sheet)}"
    return "\n".join([*spread(head, who, sheet), *changes(proposal.kind, proposal.id, lines, left_out, sheet)])


def changes(kind: str, id_: str, lines: tuple[str, ...], left_out: int, sheet: Sheet) -> list[str]:
    """The lines that a proposal changes, people's names beside their ids.

    Args:
        kind: of document. id_: the proposal's; empty where it is not proposed yet.
        lines: each with its mark, ``+``, ``-``, a blank or ``@@``. left_out: how many more there are.
        sheet: what it is laid out for.
    """
    if not lines:
        return ["  the same as what is in force"]
    shown = _marked(lines, sheet)
    if left_out:
        where = {"policy": f"lockgate policy show --proposed {id_}" if id_ else "the file itself"}.get(kind, "lockgate people list")
        shown.append(f"  {left_out:,} MORE LINES are not shown here, and what is signed says so: read {where}")
    return shown


def dependency_lines(lines: tuple[str, ...], left_out: int, sheet: Sheet) -> list[str]:
    """The components that come and go with a release, as `changes` shows a document's lines; none where that was not collected."""
    more = [f"  {left_out:,} MORE LINES are not shown here, and what is signed says so: compare the bills of materials"] if left_out else []
    return _marked(lines, sheet) + more


def _marked(lines: tuple[str, ...], sheet: Sheet) -> list[str]:
    shown = []
    for each in lines:
        name = sheet.names.get(each[1:], "")
        said = harmless(each) + (f"  {plain(name)}" if name else "")
        colour = {"+": GREEN, "-": RED, "@": DIM}.get(each[:1], "")
        shown += broken("  " + (painted(said, colour, sheet) if colour else said), sheet, 8)
    return shown
