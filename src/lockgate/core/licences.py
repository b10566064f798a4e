"""SPDX license expressions (SPDX 2.3, annex D): whether somebody may have this under no licence that is forbidden.

``OR`` lets whoever takes it choose, so that one side that is fine will do; ``AND`` asks for both. ``WITH`` belongs to the licence before it.
What is no expression, or names a licence that is not on the list, is forbidden where a pattern means it, and else nobody knows what it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

from lockgate.core.licence_ids import IDS

Judged = Literal["fine", "unknown", "forbidden"]

_RANK: dict[Judged, int] = {"fine": 0, "unknown": 1, "forbidden": 2}
_PART = re.compile(r"\s*(?:([()])|([A-Za-z0-9.:-]+\+?))").match
_BINDS = {"OR": 1, "AND": 2}


def judge(text: str, meant: Callable[[str], bool]) -> Judged:
    """What becomes of whoever takes something under this expression.

    Args:
        text: an expression, or the name of a licence.
        meant: whether a licence, in lower case, is one of those forbidden: asked of ``gpl-2.0-only``, and of it ``with`` its exception.
    """
    parts = _parts(text)
    found = _value(parts, meant) if parts else None
    return found or ("forbidden" if meant(text.lower()) else "unknown")


def all_of(texts: tuple[str, ...], meant: Callable[[str], bool]) -> Judged:
    """Of something to which all of these apply; unknown where there are none."""
    return max((judge(one, meant) for one in texts), key=_RANK.__getitem__, default="unknown")


def _parts(text: str) -> list[str]:
    """The parts of an expression; none where it is no expression."""
    found, at = list[str](), 0
    text = text.strip()
    while at < len(text):
        part = _PART(text, at)
        if part is None:
            return []
        found.append(part[1] or part[2])
        at = part.end()
    return found


def _value(parts: list[str], meant: Callable[[str], bool]) -> Judged | None:
    """The value, by two stacks and no recursion; None for what is no expression."""
    values: list[Judged] = []
    operators: list[str] = []
    wants, place = True, 0
    while place < len(parts):
        part = parts[place]
        word = part.upper() if part.islower() else part
        place += 1
        if wants and part == "(":
            operators.append(part)
        elif wants and part != ")" and word not in {*_BINDS, "WITH"}:
            exception = ""
            if place + 1 < len(parts) and parts[place] in {"WITH", "with"}:
                exception, place = parts[place + 1], place + 2
            values.append(_licence(part, exception, meant))
            wants = False
        elif not wants and word in _BINDS:
            while operators and operators[-1] != "(" and _BINDS[operators[-1]] >= _BINDS[word]:
                _apply(operators.pop(), values)
            operators.append(word)
            wants = True
        elif not wants and part == ")":
            while operators and operators[-1] != "(":
                _apply(operators.pop(), values)
            if not operators:
                return None
            operators.pop()
        else:
            return None
    if wants or "(" in operators:
        return None
    while operators:
        _apply(operators.pop(), values)
    return values[0]


def _apply(operator: str, values: list[Judged]) -> None:
    right, left = values.pop(), values.pop()
    values.append((min if operator == "OR" else max)(left, right, key=_RANK.__getitem__))


def _licence(name: str, exception: str, meant: Callable[[str], bool]) -> Judged:
    name, other = name.lower(), exception.lower()
    if any(meant(one) for one in (name, name.removesuffix("+"), f"{name} with {other}")):
        return "forbidden"
    known = name.removesuffix("+") in IDS and (not other or other in IDS)
    return "fine" if known else "unknown"
