"""What a policy changes, in words: a line for each thing, with what it does in front."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec

from lockgate.core.identity import fingerprint
from lockgate.core.policy_changes import Change
from lockgate.core.strictness import Effect
from lockgate.render.layout import broken
from lockgate.render.words import BOLD, DIM, GREEN, RED, Sheet, brief, count, listing, painted, plain, written

_DURATION = re.compile(r"[1-9][0-9]{0,5}[smhd]\Z").match
_COLOURS: dict[Effect, str] = {"stricter": GREEN, "looser": RED, "changed": DIM}

_ASKS: dict[tuple[str, str], str] = {
    ("signed-by", "threshold"): "asks for {after} signers, not {before}",
    ("signed-by", "max-age"): "takes signatures up to {after} old, not {before}",
    ("verified-by", "max-age"): "takes summaries up to {after} old, not {before}",
    ("soaked", "for"): "asks for {after}, not {before}",
    ("soaked", "changed-dependencies"): "asks for {after} where dependencies changed, not {before}",
    ("soaked", "component-age"): "asks that new components were seen {after} ago, not {before}",
    ("soaked", "in"): "looks in {after}, not in {before}",
    ("came-through", "environment"): "asks for {after}, not for {before}",
    ("built-by", "builder"): "asks for the builder {after}, not {before}",
    ("built-by", "source"): "asks for the source {after}, not {before}",
    ("approved", "expires"): "an approval lasts {after}, not {before}",
    ("", "permit"): "a permit lasts {after}, not {before}",
    ("", "from"): "is promoted from {after}, not from {before}",
    ("", "time"): "time is {after}, not {before}",
}
"""(kind, field) -> what is said of two values that are both there; kind is empty for an environment's own fields."""


def change_lines(changes: Sequence[Change], sections: Sequence[str], sheet: Sheet) -> list[str]:
    """Every change under the environment it is in, how many of each sort there are, and where approvals have to be given anew.

    Args:
        changes: of a policy. sections: environments whose effective section is another.
        sheet: what it is laid out for.
    """
    void = [line for line in broken(f"approvals and waivers given before do not count any more in {listing(map(plain, sections))}", sheet, 2) if sections]
    if not changes:
        return ["nothing that is asked changes", *void]
    lines: list[str] = []
    title = None
    for one in changes:
        where = one.environment or (one.name if one.part == "environment" else "")
        if where != title:
            title = where
            lines.append(painted(plain(where) or "the whole policy", BOLD, sheet))
        lines += broken(f"  {painted(f'{one.effect:<8}', _COLOURS[one.effect], sheet)}  {said(one)}", sheet, 14)
    numbers = [(sum(one.effect == effect for one in changes), effect) for effect in ("looser", "stricter", "changed")]
    told = listing(f"{number:,} {'other' if effect == 'changed' else effect}" for number, effect in numbers if number)
    return [*lines, f"{count(len(changes), 'change')}: {told}", *void]


def said(change: Change) -> str:
    """One change, without where it is and what it does."""
    match change.part:
        case "requirement" if change.sort == "new":
            return f"{plain(change.name)} is new: {_settings(change.kind, change.after)}"
        case "requirement" if change.sort == "gone":
            return f"{plain(change.name)} is gone: {_settings(change.kind, change.before)}"
        case "requirement":
            return f"{plain(change.name)}: {_field(change)}"
        case "environment" if change.sort == "changed":
            return _field(change)
        case "environment" if change.sort == "new":
            return "the environment is new: whatever meets what follows may enter it"
        case "environment":
            return "the environment is gone: nothing is let in there any more"
        case "policy":
            return _field(change)
        case _ if change.sort == "changed" and change.field:
            return f"{change.part} {plain(change.name)}: {_field(change)}"
        case _:
            return f"{change.part.replace('-', ' ')} {plain(change.name)} {_became(change)}"


def _became(change: Change) -> str:
    told = {"new": "is new", "gone": "is gone", "changed": "is another one"}[change.sort]
    of = change.after if change.after is not None else change.before
    if isinstance(of, str):  # a key is known by its fingerprint
        return f"{told}: {brief(of) if change.part == 'trusted-root' else fingerprint(of)}"
    return f"{told}: {_value(of)}"


def _field(change: Change) -> str:
    before, after = change.before, change.after
    if isinstance(before, list | tuple) and isinstance(after, list | tuple) and change.field != "formats":
        return f"{change.field}: {_names(before, after)}"
    if change.field == "duties" and isinstance(before, dict) and isinstance(after, dict):
        return "; ".join(_duty(name, before.get(name, 0), after.get(name, 0)) for name in sorted({*before, *after}) if before.get(name) != after.get(name))
    if before is None:
        return f"{change.field} is {_value(after)}; before, it was not said"
    if after is None:
        return f"{change.field} is not said any more; it was {_value(before)}"
    asks = _ASKS.get((change.kind, change.field), "{field} is {after}, not {before}")
    return asks.format(field=change.field, before=_value(before), after=_value(after))


def _names(before: Sequence[object], after: Sequence[object]) -> str:
    more, less = [one for one in after if one not in before], [one for one in before if one not in after]
    told = [f"also {listing(map(_value, more))}"] if more else []
    told += [f"no longer {listing(map(_value, less))}"] if less else []
    told += [] if told else ["the same in another order"]
    return "; ".join(told) + ("" if after else " (none is named now)") + ("" if before else " (none was named)")


def _duty(name: str, before: int, after: int) -> str:
    if not after:
        return f"asks nobody for {plain(name)} any more; it was {count(before, 'person', 'people')}"
    return f"asks {count(after, 'person', 'people')} for {plain(name)}, not {before or 'nobody'}"


def _settings(kind: str, value: object) -> str:
    """A requirement's fields, as people read a policy."""
    if not isinstance(value, dict):
        return kind
    return ", ".join(f"{plain(name)} {_value(each)}" for name, each in value.items() if name not in {"kind", "id"}) or kind


def _value(value: object) -> str:
    match value:
        case str() if _DURATION(value):
            return written(value)
        case str():
            return plain(value)
        case list() | tuple():
            return listing(map(_value, value)) if value else "none"
        case dict():
            return _pairs(value.items()) if value else "none"
        case _:
            return msgspec.json.encode(value).decode()


def _pairs(pairs: Iterable[tuple[object, object]]) -> str:
    return listing(f"{plain(str(name))} {_value(value)}" for name, value in pairs)
