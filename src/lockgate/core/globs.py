"""A glob of `core.pattern` over very many texts: the same language, as a regular expression that tries nothing twice.

Between wildcards stand pieces of fixed length, and the first place where a piece fits is as good as any later one: so each is taken there and
kept (an atomic group), and a text is read in time that is linear but for ``**``, after which each place is tried.
"""

from __future__ import annotations

import re
from functools import lru_cache

from lockgate.core.pattern import MAX_PATTERN, MAX_TEXT, SEPARATORS

_ONE = f"[^{re.escape(SEPARATORS)}]"


class Glob:
    """A compiled glob."""

    def __init__(self, text: str) -> None:
        blocks = text.split("**")
        inner = [f"(?>(?s:.*?){_block(one)})" for one in blocks[1:-1]]
        last = [f"(?s:.*){_block(blocks[-1], last=True)}"] if len(blocks) > 1 else []
        self._holds = re.compile("".join([_block(blocks[0], last=len(blocks) == 1), *inner, *last]) + r"\Z").match

    def holds(self, text: str) -> bool:
        """Whether the whole text is one of those meant; a longer one than `pattern.MAX_TEXT` never is."""
        return len(text) <= MAX_TEXT and self._holds(text) is not None


@lru_cache(maxsize=256)
def glob(text: str) -> Glob:
    """Compile a glob. Raises ValueError: too long."""
    if len(text) > MAX_PATTERN:
        raise ValueError(f"a pattern has at most {MAX_PATTERN} characters")
    return Glob(text)


def _block(text: str, *, last: bool = False) -> str:
    """What stands between two ``**``: pieces with ``*`` between them. The last piece of all may have to be taken later than where it first fits."""
    first, *rest = text.split("*")
    middle, final = (rest[:-1], rest[-1:]) if last else (rest, [])
    return _piece(first) + "".join(f"(?>{_ONE}*?{_piece(one)})" for one in middle) + "".join(f"{_ONE}*{_piece(one)}" for one in final)


def _piece(text: str) -> str:
    return "".join(_ONE if one == "?" else re.escape(one) for one in text)
