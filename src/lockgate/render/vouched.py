"""What somebody says of an artifact in a statement, in a few words: one line of the table for each kind of fact."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lockgate.core.attested import Attested
from lockgate.core.components import Sbom
from lockgate.core.facts import Vouched
from lockgate.core.trial import Trial
from lockgate.render.words import plain

SHOWN, LONGEST = 8, 60
"""How many places of a predicate are shown, and how many characters of what stands there."""


def _said(fact: Attested) -> str:
    """What stands at the places that the policy asks for."""
    told = [f"{plain(one.path)}: {plain(one.text[:LONGEST]) or one.kind}" for one in fact.fields[:SHOWN]]
    return f" ({', '.join(told)})" if told else ""


_WORDS: dict[type, tuple[str, Callable[[Any], str]]] = {
    Sbom: ("sbom", lambda fact: f"{plain(fact.format)} {plain(fact.spec)} with {len(fact.components)} components, "),
    Trial: ("tests", lambda fact: f"{fact.result}, {len(fact.passed)} passed, {len(fact.warned)} with warnings, {len(fact.failed)} failed, "),
    Attested: ("statement", lambda fact: f"{plain(fact.type)}{_said(fact)}, "),
}
"""Kind of fact -> its word, and what it says in short: text of whoever made it goes through `plain`."""


def in_short(fact: Vouched) -> tuple[str, str]:
    """The word for what this is, and what it says, ending in a comma and a space; empty for nothing."""
    word, tell = _WORDS.get(type(fact), ("statement", lambda _: ""))
    return word, tell(fact)


def says_no(fact: Vouched) -> bool:
    """Whether what it says speaks against the artifact."""
    return isinstance(fact, Trial) and fact.result == "failed"
