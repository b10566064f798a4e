"""Leaves, proofs and evidence as people read them."""

from __future__ import annotations

from datetime import datetime

import msgspec

from lockgate.core import events
from lockgate.core.digest import Digest
from lockgate.core.rechecked import Rechecked
from lockgate.render.layout import broken
from lockgate.render.outcomes import line
from lockgate.render.words import BOLD, GREEN, RED, YELLOW, Sheet, ago, brief, called, count, moment, painted, plain, when

LINE = 102
"""Columns of a leaf's line; where there are fewer, names and digests are cut shorter."""


def leaf_line(
    index: int, at: str, stream: str, kind: str, who: str, subjects: tuple[Digest, ...], event: events.Event | None, problem: str, width: int = 0
) -> str:
    """A leaf in one line. `who`: the name of whoever signed it, or the key's fingerprint; `width`: the terminal's, 0 for none."""
    if event is None:
        return f"{index:>6}  unreadable: {plain(problem)}"
    decided = event if isinstance(event, events.Decided) else None
    what = plain(who)[:19] if decided is None else "break-glass" if decided.break_glass and decided.outcome == "allowed" else decided.outcome
    what = event.outcome if isinstance(event, Rechecked) else what
    about = brief(subjects[0]) + (f" and {len(subjects) - 1} more" if len(subjects) > 1 else "") if subjects else ""
    place = plain(stream.removeprefix("env:"))
    if 0 < width < LINE:
        return f"{index:>5} {when(moment(at))} {place[:10]:<10} {kind:<14} {what[:10]:<10} {about.removeprefix('sha256:')}".rstrip()
    said = f"{kind:<14} {what}"
    return f"{index:>6}  {when(moment(at))}  {place:<12} {said:<34}  {about}".rstrip()


def leaf_text(
    index: int, at: str, stream: str, kind: str, who: str, subjects: tuple[Digest, ...], event: events.Event | None, problem: str, sheet: Sheet
) -> str:
    """A leaf in full."""
    if event is None:
        return f"leaf {index} cannot be read: {plain(problem)}"
    return f"leaf {index}, recorded {when(moment(at))}{ago(moment(at), sheet)}, in {plain(stream)}\n{event_text(kind, event, subjects, who, sheet)}"


def event_text(kind: str, event: events.Event, subjects: tuple[Digest, ...], signed: str, sheet: Sheet) -> str:
    """An event: kind, subjects, who signed, and its fields."""
    lines = [f"{kind}, signed by {plain(signed) or 'nobody'}", *(f"  subject      {subject}" for subject in subjects)]
    for name, value in msgspec.to_builtins(event, str_keys=True, builtin_types=(datetime,)).items():
        if name != "outcomes":
            said = when(value) + ago(value, sheet) if isinstance(value, datetime) else _field(value)
            lines += broken(f"  {name:<12} {plain(said)}", sheet, 15)
    if isinstance(event, events.Decided | Rechecked):
        for one in event.outcomes:
            code = f" [{plain(one.code)}]" if one.code else ""
            lines += broken(f"  {one.result:<7} {plain(one.requirement)}: {line(one, sheet)}{code}", sheet, 10)
    return "\n".join(lines)


def _field(value: object) -> str:
    return msgspec.json.encode(value).decode() if isinstance(value, dict | list | tuple) else str(value)


def anchor_text(file: str, origin: str, version: int, digest: Digest, sheet: Sheet) -> str:
    """The pinned root that something was checked against."""
    return "\n".join(broken(f"by        root version {version} of {plain(origin)}, {digest}, in {plain(file)}", sheet, 10))


def proven_text(index: int, size: int, origin: str, at: str, ignored: int, sheet: Sheet) -> str:
    """Where the leaf of a proof file stands."""
    others = f"; {count(ignored, 'signature')} of keys nobody here knows, ignored" if ignored else ""
    return "\n".join(
        broken(
            f"{painted('proven', BOLD, sheet)}    leaf {index} of {size} in log {plain(origin)}, recorded {when(moment(at))}{ago(moment(at), sheet)}{others}",
            sheet,
            10,
        )
    )


_AGAINST = {
    "permit.other-environment": "the permit is for another environment than is asked about",
    "permit.other-artifact": "the permit is for other artifacts than are asked about",
    "permit.other-config": "the permit is for another configuration than is asked about",
    "permit.smaller-tree": "this account saw a larger tree of this log: what was revoked in it does not show here",
}


def standing_text(event: events.Event, code: str, sheet: Sheet, *, because: str = "", listed: int = -1, runs: bool = False) -> str:
    """What a leaf that is proven permits, and what it does not show; empty for a genesis.

    Args:
        event, sheet: the leaf's, and what it is laid out for.
        code: why it permits nothing any more; because: of a revoked permit, the reason.
        listed: how many leaves the status list looked at that does not name it; -1 for no list. runs: it lets run what runs, past its end.
    """
    match event:
        case events.Genesis():
            return ""
        case events.Decided(outcome="allowed") if code in _AGAINST:
            word = "older" if code == "permit.smaller-tree" else "other"
            said = f"{painted(word, RED, sheet)}     {_AGAINST[code]} [{code}]"
        case events.Decided(outcome="allowed") if code == "permit.revoked":
            why = f" ({plain(because)})" if because else ""
            said = f"{painted('revoked', RED, sheet)}   the permit was revoked{why}: nothing may be deployed by it [{code}]"
        case events.Decided(outcome="allowed") if runs:
            said = f"{painted('runs', GREEN, sheet)}      past its end it lets run what runs there, which nothing revoked in {count(listed, 'leaf', 'leaves')}"
        case events.Decided(outcome="allowed", not_after=end) if end and not code and listed >= 0:
            held = f"nothing revoked it in {count(listed, 'leaf', 'leaves')}"
            said = f"{painted('allowed', GREEN, sheet)}   until {when(end)}; {held}; whether it was used, no file shows"
        case events.Decided(outcome="allowed") if code == "root.expired":
            said = f"{painted('expired', YELLOW, sheet)}   the pinned root has ended: nothing is permitted under it [{code}]"
        case events.Decided(outcome="allowed", not_after=end) if code:
            said = f"{painted('expired', YELLOW, sheet)}   the permit ended{f' {when(end)}' if end else ''}: nothing may be deployed by it [permit.expired]"
        case events.Decided(outcome="allowed", not_after=end, break_glass=glass) if end and glass:
            past = f"past the rules by break-glass {plain(glass)}, until {when(end)}"
            said = f"{painted('BROKEN', RED, sheet)}    {past}; whether it was used or taken back since, one leaf does not show"
        case events.Decided(outcome="allowed", not_after=end) if end:
            said = f"{painted('allowed', GREEN, sheet)}   until {when(end)}; whether it was used or taken back since, one leaf does not show"
        case events.Decided(outcome="undecided"):
            said = f"{painted('undecided', YELLOW, sheet)} what is proven is that nothing could be decided: nothing was allowed"
        case events.Decided():
            said = f"{painted('refused', RED, sheet)}   what is proven is a refusal: nothing was allowed"
        case Rechecked(outcome="allowed"):
            said = f"{painted('allowed', GREEN, sheet)}   again on that day, if it still ran; no permit comes of it"
        case Rechecked():
            said = f"{painted(event.outcome, RED, sheet):<9} on that day, of decision {event.decision}; what was said since, one leaf does not show"
        case _:
            said = "signer    whose key it is, and whether this counted, one leaf does not show"
    return "\n".join(broken(said, sheet, 10))


def vouched_text(by: str, code: str, beside: tuple[str, ...], sheet: Sheet) -> str:
    """Whose key signed an event that stands in a file, and what stands there unsigned."""
    match code:
        case "":
            who = "an owner" if by == "owner" else f"{called(by, sheet.names)}, who is enrolled"
            lines = [f"{painted('good', GREEN, sheet)}      signed by {who}"]
        case "event.other-log":
            lines = [f"{painted('elsewhere', RED, sheet)} this was signed for another log, and means nothing in the pinned root's [{code}]"]
        case "key.not-enrolled":
            lines = [f"{painted('stranger', RED, sheet)}  the signature fits its key, which belongs to nobody in the roster in force [{code}]"]
        case _:
            lines = [f"{painted('unknown', YELLOW, sheet)}   the signature fits its key, and nobody here vouches for that key: anybody can make one [{code}]"]
    if beside:
        more = f" and {len(beside) - 4} more" if len(beside) > 4 else ""
        lines.append(f"unsigned  beside it in the file, covered by no signature and ignored: {', '.join(plain(name)[:40] for name in beside[:4])}{more}")
    return "\n".join(part for each in lines for part in broken(each, sheet, 10))
