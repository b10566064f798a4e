"""Holds, waivers and broken glasses, as people read them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from lockgate.core.exceptional import Exceptional, Glass
from lockgate.core.fate import Fate, Told
from lockgate.render.layout import broken, spread
from lockgate.render.words import BOLD, RED, YELLOW, Sheet, ago, artifacts, called, count, listing, painted, plain, when

TOLD = timedelta(days=30)
"""How long `status` still tells of what has ended; `log exceptions` tells of everything."""

_LOUD: set[Fate] = {"standing", "review-open"}
_LABELS = {"hold": ("HELD", "hold"), "waiver": ("waiver", "waiver"), "break-glass": ("BROKEN", "glass")}


def told_lines(told: Iterable[Told], sheet: Sheet, *, all_: bool = False) -> list[str]:
    """Each in a line or two, under its environment's title or alone; `all_`: also what ended long ago."""
    lines = []
    for one in told:
        recent = one.until is None or sheet.now is None or sheet.now - one.until < TOLD
        if not (all_ or recent or one.fate in _LOUD):
            continue
        loud = one.fate in _LOUD or (one.kind == "break-glass" and one.fate == "unused")
        label = _LABELS[one.kind][0 if loud else 1]
        colour = RED + BOLD if loud else YELLOW if one.fate == "expired-unused" else ""
        head = f"  {painted(f'{label:<9}', colour, sheet) if colour else f'{label:<9}'} {_about(one, sheet)}"
        lines += spread(head, f"{one.id}, by {listing(called(by, sheet.names) for by in one.by)}", sheet, 12)
        said = [_fate(one, sheet)]
        said.append(f"why: {_short(one.reason)}" if one.reason else "why: the reason was erased, or cannot be read")
        lines += [line for each in said for line in broken(" " * 12 + each, sheet, 12)]
    return lines


def report_lines(told: list[Told], sheet: Sheet) -> list[str]:
    """All of them, by environment; and how many stand, or were never used."""
    if not told:
        return ["no hold, waiver or broken glass was ever recorded"]
    lines = []
    for environment in sorted({one.environment for one in told}):
        here = [one for one in told if one.environment == environment]
        lines += [painted(plain(environment), BOLD, sheet), *told_lines(here, sheet, all_=True)]
    counts = {fate: sum(one.fate == fate for one in told) for fate in ("standing", "review-open", "unused", "expired-unused")}
    said = [f"{count(counts['standing'], 'hold stands', 'holds stand')}", f"{count(counts['review-open'], 'review is open', 'reviews are open')}"]
    said += [f"{counts['unused']:,} unused", f"{counts['expired-unused']:,} expired unused"]
    return [*lines, ", ".join(said)]


def _short(reason: str) -> str:
    text = plain(reason.strip())
    return text if len(text) <= 300 else text[:300] + "…"


def _about(one: Told, sheet: Sheet) -> str:
    since = f"since {when(one.since)}{ago(one.since, sheet)}"
    return f"{plain(one.requirement)} for {plain(one.request)}, {since}" if one.kind == "waiver" else since


def _fate(one: Told, sheet: Sheet) -> str:
    end = f"{when(one.until)}{ago(one.until, sheet)}" if one.until else ""
    match one.fate:
        case "standing":
            return f"until {end}" if end else "until it is lifted"
        case "unused":
            return f"unused, until {end}"
        case "used":
            return f"used by decision {one.decision}, " + (f"lifted by leaf {one.leaf}" if one.leaf >= 0 else f"until {end}")
        case "lifted":
            return f"lifted by leaf {one.leaf}" if one.leaf >= 0 else "lifted"
        case "expired":
            return f"ended {end}"
        case "expired-unused":
            return f"expired unused, {end}"
        case "half-signed":
            return f"one signature of two, until {end}"
        case "review-open":
            return f"used by decision {one.decision}; its review is open: lockgate review {one.id} --findings FILE"
        case "reviewed":
            return f"used by decision {one.decision}, reviewed by leaf {one.leaf}"


def alarms(environment: str, here: Exceptional, sheet: Sheet, *, holds: bool) -> list[tuple[str, str, str]]:
    """What nobody who does anything there may miss: label, code and message of each; `holds`: those as well."""
    found = []
    for glass in here.to_review():
        by = listing(called(one, sheet.names) for one in glass.by)
        used = f"decision {glass.decision} went past the rules"
        found.append(
            ("BROKEN", "review.open", f"{plain(environment)}: by break-glass {glass.id} of {by}, {used}; until its review is closed, all else is refused")
        )
    for glass in here.glasses if sheet.now else ():
        if glass.decision < 0 and sheet.now and glass.ready(sheet.now):
            by = listing(called(one, sheet.names) for one in glass.by)
            message = f"{plain(environment)}: by break-glass {glass.id} of {by}, one release may go past the rules until {when(glass.until)}"
            found.append(("BROKEN", "break-glass.open", message))
    for hold in here.standing(sheet.now) if holds and sheet.now else ():
        end = f" until {when(hold.expires)}" if hold.expires else ""
        found.append(("HELD", "hold.standing", f"{plain(environment)}: nothing enters{end}, by {called(hold.by, sheet.names)} ({hold.id})"))
    return found


def glass_text(environment: str, glass: Glass, reason: str, sheet: Sheet) -> str:
    """What is put before whoever signs second, or reviews: for what, by whom, why, and what came of it."""
    by = listing(called(one, sheet.names) for one in glass.by)
    lines = spread(f"glass     {glass.id} -> {plain(environment)}", f"broken by {by}{ago(glass.at, sheet)}", sheet)
    # In full, for it is what is signed.
    lines += broken(f"  for     {' '.join(glass.release.artifacts)}, configuration {glass.release.config}", sheet, 10)
    lines += broken(f"  why     {plain(reason.strip())}" if reason else "  why     the reason was erased, or cannot be read", sheet, 10)
    lines.append(f"  until   {when(glass.until)}{ago(glass.until, sheet)}")
    if glass.decision >= 0:
        users = listing(called(one, sheet.names) for one in glass.users)
        done = f", deployed by leaf {glass.deployed}" if glass.deployed >= 0 else ", nothing recorded as deployed"
        lines += broken(f"  used    decision {glass.decision}, by {users}{done}: {artifacts(glass.release)}", sheet, 10)
    return "\n".join(lines)
