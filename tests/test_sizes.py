"""No file over 400 lines, no function over 60, no names that say nothing. Shown to fail on made-up source below."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

import pytest

from house import sources

FILE_LINES = 400
FUNCTION_LINES = 60
EMPTY_MODULE = re.compile(r"(^|_)(utils?|common|helpers?|misc|stuff|managers?|services?)(_|$)")
EMPTY_CLASS = re.compile(r"(Manager|Service|Helper|Utils?)s?$")


def breaches(modules: Mapping[str, str]) -> Iterator[str]:
    """Every size and name that is out of bounds, as text."""
    for module, source in modules.items():
        if any(EMPTY_MODULE.search(part) for part in module.split(".")):
            yield f"{module}: the name says nothing"
        if (lines := len(source.splitlines())) > FILE_LINES:
            yield f"{module}: {lines} lines"
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (lines := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LINES:
                yield f"{module}:{node.lineno}: {node.name} has {lines} lines"
            if isinstance(node, ast.ClassDef) and EMPTY_CLASS.search(node.name):
                yield f"{module}:{node.lineno}: {node.name}: the name says nothing"


def test_sizes_and_names() -> None:
    assert list(breaches(sources())) == []


def test_the_largest_allowed_passes() -> None:
    longest = "def f():\n" + "    x = 1\n" * 59
    assert list(breaches({"lockgate.core.a": longest + "x = 1\n" * 340, "lockgate.core.commonmark": "class Servicing: ..."})) == []


@pytest.mark.parametrize(
    ("module", "source", "said"),
    [
        ("lockgate.core.a", "x = 1\n" * 401, "401 lines"),
        ("lockgate.core.a", "def f():\n" + "    x = 1\n" * 60, "f has 61 lines"),
        ("lockgate.core.a", "class A:\n    async def f(self):\n" + "        x = 1\n" * 60, "f has 61 lines"),
        ("lockgate.core.a", "def f():\n    def g():\n        x = (\n" + "\n" * 57 + "        )\n", "f has 61 lines"),
        ("lockgate.utils", "", "says nothing"),
        ("lockgate.core.json_helpers", "", "says nothing"),
        ("lockgate.common.a", "", "says nothing"),
        ("lockgate.core.a", "class KeyManager: ...", "KeyManager"),
        ("lockgate.core.a", "def f():\n    class GateService: ...", "GateService"),
    ],
)
def test_a_breach_is_found(module: str, source: str, said: str) -> None:
    found = list(breaches({module: source}))
    assert len(found) == 1
    assert said in found[0]
