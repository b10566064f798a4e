"""What a second look at what runs came to, as people read it."""

from __future__ import annotations

from collections.abc import Sequence

from lockgate.core.duration import Time
from lockgate.core.model import Release
from lockgate.core.outcome import Outcome
from lockgate.core.rechecked import Rechecked
from lockgate.render.layout import broken, spread
from lockgate.render.outcomes import line
from lockgate.render.text import outcome_lines
from lockgate.render.words import BOLD, DIM, GREEN, RED, YELLOW, Sheet, ago, artifacts, painted, plain, when

_WORDS = {"allowed": ("allowed", GREEN), "refused": ("REFUSED", RED), "undecided": ("undecided", YELLOW)}


def look_lines(
    environment: str,
    release: Release,
    decision: int,
    runs: Time | None,
    outcome: str,
    outcomes: Sequence[Outcome],
    recorded: tuple[int, Time | None],
    sheet: Sheet,
    *,
    fetched: bool,
) -> list[str]:
    """One decision looked at again: where, what, since when it runs, the answer, and why.

    Args:
        environment, release, decision, runs, outcome, outcomes: as found.
        recorded: the leaf where the answer stands, -1 for nowhere; and since when it is that.
        sheet: what it is laid out for.
        fetched: whether the places it came from were asked.
    """
    word, colour = _WORDS[outcome]
    since = f"since {when(runs)}{ago(runs, sheet)}" if runs is not None else "not deployed: a permit alone"
    lines = spread(f"{plain(environment)}  {artifacts(release)}  {since}", f"decision {decision}", sheet, 4)
    leaf, at = recorded
    stands = f", leaf {leaf}, since {when(at)}" if leaf >= 0 and at is not None else ""
    how = "" if fetched else ", by the record alone"
    lines += broken(f"  {painted(word, colour, sheet)}{stands}{how}", sheet, 4)
    for one in outcomes:
        if one.result in {"fail", "unknown"}:
            lines += broken(f"    {plain(one.requirement)}: {line(one, sheet)} [{plain(one.code)}]", sheet, 6)
    return lines


def rechecked_text(event: Rechecked, release: Release, place: str, sheet: Sheet) -> str:
    """A recorded recheck: the head line, what it is about, and its outcomes."""
    word, colour = _WORDS[event.outcome]
    head = f"{painted(word, colour + BOLD, sheet)} {painted(artifacts(release), BOLD, sheet)} in {painted(plain(event.environment), BOLD, sheet)}"
    lines = [*spread(head, painted(plain(place), DIM, sheet), sheet, 10), f"rechecked decision {event.decision}, {when(event.checked_at)}"]
    return "\n".join([*lines, *outcome_lines(event.outcomes, sheet, codes=True)])
