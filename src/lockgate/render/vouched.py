"""What somebody says of an artifact in a statement, in a few words: one line of the table for each kind of fact."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from lockgate import canon
from lockgate.core.attested import Attested
from lockgate.core.components import Sbom
from lockgate.core.facts import Vouched
from lockgate.core.findings import Exploitability, Scan
from lockgate.core.scanning import order
from lockgate.core.trial import Trial
from lockgate.render.words import count, plain, when

_F = TypeVar("_F")

ALIKE = 3
"""So many facts of one kind that one piece says are written out; more of them become one line."""


def _said(fact: Exploitability) -> str:
    of = f" in {_few(fact.components)}" if fact.components else ""
    why = f" ({plain(fact.justification)})" if fact.justification else ""
    return f"{plain(fact.status)}{why}: {_few(fact.ids)}{of}{f', {when(fact.at)}' if fact.at else ''}, "


def _looked(fact: Scan) -> str:
    by_level = Counter(one.level for one in fact.findings)
    levels = [f"{by_level[level]} {level}" for level in sorted(by_level, key=order)]
    found = ", ".join(levels) + (f" and {fact.more} more" if fact.more else "") if fact.findings else "nothing found"
    hidden = f", {fact.suppressed} suppressed" if fact.suppressed else ""
    data = f", data of {when(fact.database_at)}" if fact.database_at else ", data of nobody knows when"
    at = when(fact.at) if fact.at else "nobody knows when"
    return f"{plain(fact.tool)}{f' {plain(fact.version)}' if fact.version else ''}: {found}{hidden}, {at}{data}, "


def _listed(fact: Sbom) -> str:
    skipped = f" and {fact.skipped} that cannot be taken in" if fact.skipped else ""
    says = {"complete": ", complete", "incomplete": ", incomplete by its own word"}.get(fact.complete, "")
    made = f", made {when(fact.created_at)}" if fact.created_at else ""
    tools = f" by {_few(fact.tools)}" if fact.tools else ""
    return f"{plain(fact.format)} {plain(fact.spec)} with {count(len(fact.components), 'component')}{skipped}{says}{made}{tools}, "


def _few(listed: tuple[str, ...]) -> str:
    shown = ", ".join(map(plain, listed[:ALIKE]))
    return shown + (f" and {len(listed) - ALIKE} more" if len(listed) > ALIKE else "")


def _all_said(facts: Sequence[Exploitability]) -> str:
    statuses = Counter(fact.status for fact in facts)
    return ", ".join(f"{count(number, 'statement')} {plain(status)}" for status, number in sorted(statuses.items())) + ", "


SHOWN, LONGEST = 8, 60
"""How many places of a predicate are shown, and how many characters of what stands there."""


def _asked_for(fact: Attested) -> str:
    """What stands at the places that the policy asks for."""
    told = [f"{plain(one.path)}: {plain(one.text[:LONGEST]) or one.kind}" for one in fact.fields[:SHOWN]]
    return f" ({', '.join(told)})" if told else ""


_WORDS: dict[type, tuple[str, Callable[[Any], str]]] = {
    Exploitability: ("vex", _said),
    Scan: ("scan", _looked),
    Sbom: ("sbom", _listed),
    Trial: ("tests", lambda fact: f"{fact.result}, {len(fact.passed)} passed, {len(fact.warned)} with warnings, {len(fact.failed)} failed, "),
    Attested: ("statement", lambda fact: f"{plain(fact.type)}{_asked_for(fact)}, "),
}
"""Kind of fact -> its word, and what it says in short: text of whoever made it goes through `plain`."""


def together(facts: Iterable[_F]) -> Iterator[tuple[_F, tuple[Exploitability, ...]]]:
    """Facts of one piece as they are shown: each with nothing beside it; of many things said about exploitability the first, with all of them."""
    same: dict[object, list[Exploitability]] = {}
    listed = list(facts)
    for one in listed:
        if isinstance(one, Exploitability):
            same.setdefault((one.subject, one.keys, canon.encode(one.by)), []).append(one)
    for fact in listed:
        alike = same[fact.subject, fact.keys, canon.encode(fact.by)] if isinstance(fact, Exploitability) else []
        if len(alike) <= ALIKE:
            yield fact, ()
        elif fact is alike[0]:
            yield fact, tuple(alike)


def in_short(fact: Vouched, alike: tuple[Exploitability, ...] = ()) -> tuple[str, str]:
    """The word for what this is, and what it says, or all that are alike, ending in a comma and a space; empty for nothing."""
    if alike:
        return "vex", _all_said(alike)
    word, tell = _WORDS.get(type(fact), ("statement", lambda _: ""))
    return word, tell(fact)


def says_no(fact: Vouched) -> bool:
    """Whether what it says speaks against the artifact."""
    return isinstance(fact, Trial) and fact.result == "failed"
