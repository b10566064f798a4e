"""Databases of advisories, and what was found by them, in words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from lockgate.core.findings import Database
from lockgate.core.outcome import Params
from lockgate.render.words import Sheet, ago, brief, count, listing, moment, plain, when, written

_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]Z\Z").match
_NAMES = {"osv": "advisories", "kev": "exploited"}


def database_line(one: Database, sheet: Sheet) -> str:
    """``advisories  254 entries, as of 2026-11-22 20:14:03 UTC, 3 h ago``."""
    return f"{_NAMES[one.name]:<11} {count(one.entries, 'entry', 'entries')}, as of {when(one.as_of)}{ago(one.as_of, sheet)}{_refused(one)}"


def database_lines(found: Sequence[Database], sheet: Sheet) -> list[str]:
    """Each, with its digest and the ecosystems it covers."""
    lines = []
    for one in found:
        lines += [database_line(one, sheet), f"            {brief(one.digest)}"]
        lines += [f"            {plain(name)}" for name in one.ecosystems]
    return lines


def refused_lines(taken: Any) -> list[str]:  # noqa: ANN401  `app.advisories.Taken`, which stands above
    """The entries that could not be read, and how many could in part."""
    lines = [f"refused     {plain(one.origin)}: {plain(one.why)}" for one in taken.refused]
    total = sum(one.refused for one in taken.databases)
    if total > len(lines):
        lines.append(f"refused     and {total - len(lines):,} more")
    if taken.partly:
        lines.append(f"uncertain   parts of {count(taken.partly, 'entry', 'entries')} could not be read: nothing is certain of the packages they name")
    return lines


def _refused(one: Database) -> str:
    return f"; {count(one.refused, 'more')} could not be read" if one.refused else ""


def finding(text: str) -> str:
    """``CVE-2024-23334 (high) in pkg:pypi/aiohttp@3.8.0, fixed in 3.9.2`` of a finding as a parameter has it."""
    name, level, component, *fixes = [plain(each) for each in (*text.split(" "), "", "")]
    said = f"{name} ({level.replace('+exploited', ', exploited')}) in {component}"
    fixes = list(filter(None, fixes))
    return f"{said}, fixed in {listing(fixes, 'or')}" if fixes else f"{said}, without a fix"


def _found(p: Params, s: Sheet, among: str = "") -> str:  # noqa: ARG001  as every other
    worst = p.get("worst", ())
    shown = [finding(str(one)) for one in worst] if isinstance(worst, tuple) else []
    number = _number(p, "found")
    more = f"; and {number - len(shown):,} more" if number > len(shown) else ""
    return f"{count(number, 'finding')}{f', {among}' if among and number > 1 else ''}: {'; '.join(shown)}{more}"


def _number(p: Params, name: str) -> int:
    value = p.get(name, 0)
    return value if isinstance(value, int) else 0


def _text(p: Params, name: str) -> str:
    value = p.get(name, "")
    return ", ".join(plain(str(one)) for one in value) if isinstance(value, tuple) else plain(str(value))


def _holds(p: Params, s: Sheet) -> str:  # noqa: ARG001
    said = [f"{count(_number(p, 'components'), 'component')} looked up as of {_as_of(p)}"]
    for name, words in (("findings", "that do not refuse"), ("passed-over", "passed over by a word that counts")):
        said += [f"{count(_number(p, name), 'finding')} {words}"] if _number(p, name) else []
    said += [f"{count(_number(p, 'uncovered'), 'component')} that no database covers"] if _number(p, "uncovered") else []
    said += [f"{count(_number(p, 'unread'), 'advisory', 'advisories')} that could not be read"] if _number(p, "unread") else []
    return ", ".join(said)


def _as_of(p: Params) -> str:
    said = _text(p, "as-of")
    return when(moment(said)) if _TIME(said) else said


def _which(p: Params) -> str:
    return {"osv": "the advisories are", "kev": "CISA's catalogue is"}.get(_text(p, "database"), _text(p, "database"))


def _artifact(p: Params) -> str:
    return brief(_text(p, "artifact"))


def _signers(p: Params) -> str:
    return ", ".join(filter(None, (_text(p, "keys"), _text(p, "identities")))) or "anybody the policy names"


WORDS: dict[str, Callable[[Params, Sheet], str]] = {
    "vulnerable": _holds,
    "vulnerable.exploited": lambda p, s: _found(p, s, among="exploited ones among them"),
    "vulnerable.found": _found,
    "vulnerable.unknown-severity": lambda p, s: f"nobody says how severe: {_found(p, s)}",
    "vulnerable.unknown-version": lambda p, s: f"versions that are missing or cannot be compared; may be affected: {_found(p, s)}",
    "vulnerable.no-sbom": lambda p, s: f"no signed bill of materials says what {_artifact(p) or 'it'} is made of",
    "vulnerable.other-sbom": lambda p, s: f"no bill of materials of {_artifact(p)} is signed by {_signers(p)}, and {_number(p, 'others')} otherwise",
    "vulnerable.not-covered": lambda p, s: (
        f"{count(_number(p, 'count'), 'component')} that no advisories here cover ({_text(p, 'kinds')})"
        f"{f', such as {example}' if (example := _text(p, 'example')) else ''}"
    ),
    "vulnerable.no-data": lambda p, s: "no advisories were imported to this gate",
    "vulnerable.no-kev": lambda p, s: "CISA's catalogue of what is exploited was not imported to this gate",
    "vulnerable.stale": lambda p, s: f"{_which(p)} of {_as_of(p)}, older than {written(_text(p, 'max-age'))}",
    "vulnerable.from-future": lambda p, s: f"{_which(p)} of {_as_of(p)}, later than now: a clock is wrong",
    "vulnerable.unreadable": lambda p, s: f"what it is made of, or what is known of that, could not be read ({_text(p, 'because')})",
}
"""Outcome -> what it says."""
