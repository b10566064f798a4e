"""Patterns over package URLs: a glob (`core.pattern`), in which what is the same package is written in one way.

A pattern without a version means every version, and whatever qualifiers there are. Capital letters do not matter, and in
names from the Python index ``-``, ``_`` and ``.`` are one (PEP 503): a pattern that forbids should rather mean too much. ``@`` before a scope
and ``+`` may be written as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from lockgate.core import globs

_PYPI = "pkg:pypi/"
_RUN = re.compile(r"[-_.]+")
_END = re.compile(r"[?#]")
_TYPED = re.compile(r"pkg:[a-z0-9.+*?-]+/.").match


@lru_cache(maxsize=64)
def matcher(patterns: tuple[str, ...]) -> Callable[[str], bool]:
    """Whether a canonical purl is one of those meant. Raises ValueError: a pattern that can mean none."""
    versioned, named = list[globs.Glob](), list[globs.Glob]()
    for one in patterns:
        text = _folded(one.replace("/@", "/%40").replace("+", "%2B"))
        if not _TYPED(text):
            raise ValueError(f"{one[:80]!r} is no pattern of a package URL, such as pkg:npm/event-stream or pkg:pypi/*@1.*")
        (versioned if "@" in text else named).append(globs.glob(text))

    def meant(purl: str) -> bool:
        return any(map(_fits, _readings(purl)))

    def _fits(package: str) -> bool:
        name = package.rpartition("@")[0] if "@" in package else package
        return any(one.holds(package) for one in versioned) or any(one.holds(name) for one in named)

    return meant


def _readings(purl: str) -> tuple[str, ...]:
    """What a purl may name: of Go modules the rest of the path may stand in the subpath (``github.com/a/b#v2`` for ``github.com/a/b/v2``)."""
    package = _folded(_END.split(purl, maxsplit=1)[0])
    inner = purl.lower().partition("#")[2] if package.startswith("pkg:golang/") else ""
    name, at, version = package.rpartition("@") if "@" in package else (package, "", "")
    return (package, f"{name}/{inner}{at}{version}") if inner else (package,)


def _folded(text: str) -> str:
    text = text.lower()
    return _PYPI + _RUN.sub("-", text.removeprefix(_PYPI)) if text.startswith(_PYPI) else text
