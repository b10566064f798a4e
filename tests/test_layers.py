"""DESIGN §4 as a test: imports go down only, siblings never import each other, pure layers touch nothing.

The rules are functions over source text, so that each is shown to fail on made-up source at the end of this file.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from house import Import, imports, sources

LAYERS: dict[str, int] = {
    "errors": 0, "canon": 0,
    "core": 1,
    "ledger": 2,
    "evidence": 3, "render": 3,
    "app": 4, "adapters": 4,
    "cli": 5, "config": 5, "wire": 5,
}  # fmt: skip
PURE = 3
"""The highest layer that touches nothing of the world."""
BESIDE = {"canon": {"errors"}, "cli": {"config", "wire"}, "wire": {"config"}}
"""Rooms of one layer that may import each other: who -> whom."""
ONLY_WIRE = "adapters"

THIRD_PARTY: dict[str, set[str]] = {
    "errors": set(),
    "canon": {"msgspec"},
    "core": {"msgspec"},
    "ledger": {"msgspec", "cryptography"},
    "evidence": {"msgspec", "cryptography", "yaml", "packageurl", "univers"},
    "render": {"msgspec"},
    "app": {"msgspec"},
    "adapters": {"msgspec", "cryptography", "httpcore", "tuf", "tzdata"},
    "cli": {"msgspec", "click"},
    "config": {"msgspec"},
    "wire": {"msgspec"},
}

WORLD = {"os", "socket", "ssl", "subprocess", "shutil", "tempfile", "glob", "fcntl", "sqlite3", "signal", "select", "asyncio", "urllib", "http"}
BANNED = {
    "pure": WORLD | {"io", "pathlib", "time", "random", "secrets", "uuid", "logging", "threading", "multiprocessing", "ctypes", "importlib"},
    "app": WORLD | {"pathlib", "time", "random", "uuid", "ctypes", "importlib"},
    "entry": {"sqlite3", "socket", "ssl", "subprocess", "asyncio", "urllib", "http", "ctypes"},
}
NO_BODY = {("pathlib", "PurePath"), ("pathlib", "PurePosixPath")}
"""Names of a banned module that are values and touch nothing."""
CLOCKS = {"now", "utcnow", "today"}


def room(module: str) -> str:
    """``lockgate.core.digest`` -> ``core``; empty for the package itself."""
    return module.split(".")[1] if "." in module else ""


def banned_for(here: str) -> set[str]:
    if LAYERS[here] <= PURE:
        return BANNED["pure"]
    return {"app": BANNED["app"], "adapters": set()}.get(here, BANNED["entry"])


def judge_own(here: str, there: str) -> str:
    """What is wrong with a room importing another, empty for nothing."""
    if there not in LAYERS:
        return f"no layer is given for {there!r}"
    if here == there or there in BESIDE.get(here, ()):
        return ""
    if there == ONLY_WIRE and here != "wire":
        return "only wire imports adapters"
    if LAYERS[there] > LAYERS[here]:
        return f"upward: layer {LAYERS[here]} imports layer {LAYERS[there]}"
    if LAYERS[there] == LAYERS[here]:
        return "siblings never import each other"
    return ""


def judge(here: str, found: Import, modules: Mapping[str, str]) -> str:
    """What is wrong with one import of a room, empty for nothing."""
    top = found.target.split(".")[0]
    if top == "lockgate":
        there = room(found.target)
        if not there and found.name and f"lockgate.{found.name}" in modules:
            there = found.name
        return judge_own(here, there) if there else ""
    if (found.target, found.name) in NO_BODY:
        return ""
    if top in banned_for(here):
        return f"{top} is banned in {here}"
    if top not in sys.stdlib_module_names and top not in THIRD_PARTY[here]:
        return f"{top} is third-party and not allowed in {here}"
    return ""


def breaches(modules: Mapping[str, str]) -> Iterator[str]:
    """Every import that breaks a layer rule, as text."""
    for module in modules:
        here = room(module)
        if not here:
            continue
        if here not in LAYERS:
            yield f"{module}: no layer is given for {here!r}"
            continue
        for found in imports(module, modules):
            if wrong := judge(here, found, modules):
                yield f"{module}:{found.line}: imports {found.target} {found.name}".rstrip() + f": {wrong}"


def touches(modules: Mapping[str, str]) -> Iterator[str]:
    """Reading a clock anywhere but adapters/clock.py; opening, printing or evaluating in a pure layer."""
    for module, source in modules.items():
        here = room(module)
        pure = LAYERS.get(here, PURE) <= PURE
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Attribute) and node.attr in CLOCKS and module != "lockgate.adapters.clock" and "date" in ast.unparse(node.value).lower():
                yield f"{module}:{node.lineno}: {ast.unparse(node)} reads the clock"
            if pure and isinstance(node, ast.Name) and node.id in {"open", "print", "input", "eval", "exec", "breakpoint"}:
                yield f"{module}:{node.lineno}: {node.id} in a pure layer"


def edges(modules: Mapping[str, str]) -> dict[str, set[str]]:
    """Who imports whom among these modules, over all imports."""
    graph: dict[str, set[str]] = {}
    for module in modules:
        for found in imports(module, modules):
            whole = f"{found.target}.{found.name}" if found.name else found.target
            target = whole if whole in modules else found.target
            if target in modules and target != module:
                graph.setdefault(module, set()).add(target)
    return graph


def cycle(graph: Mapping[str, set[str]]) -> list[str]:
    """The first import cycle found, as the modules along it; empty for none."""
    done: set[str] = set()

    def walk(module: str, path: list[str]) -> list[str]:
        if module in path:
            return [*path[path.index(module) :], module]
        if module in done:
            return []
        for target in sorted(graph.get(module, ())):
            if found := walk(target, [*path, module]):
                return found
        done.add(module)
        return []

    return next((found for module in sorted(graph) if (found := walk(module, []))), [])


def mocks(modules: Mapping[str, str]) -> Iterator[str]:
    """Tests that reach for mocks: fakes implement a port, and tests assert outcomes."""
    for module in modules:
        for found in imports(module, modules):
            if "mock" in f"{found.target}.{found.name}".lower().split("."):
                yield f"{module}:{found.line}: {found.target} {found.name}"


def test_imports_go_down_only() -> None:
    assert list(breaches(sources())) == []


def test_only_the_clock_reads_the_clock_and_pure_layers_touch_nothing() -> None:
    assert list(touches(sources())) == []


def test_no_import_cycles() -> None:
    assert cycle(edges(sources())) == []


def test_no_mocks() -> None:
    assert list(mocks(sources(Path(__file__).parent))) == []


HOUSE = {
    "lockgate": '__version__ = "1"\n',
    "lockgate.errors": "",
    "lockgate.canon": "import msgspec\nfrom lockgate.errors import E\n",
    "lockgate.core": "",
    "lockgate.core.a": "from pathlib import PurePath\nfrom lockgate import canon, __version__\n",
    "lockgate.ledger": "",
    "lockgate.evidence": "",
    "lockgate.evidence.a": "import yaml\nfrom lockgate.core import a\n",
    "lockgate.render": "",
    "lockgate.app": "",
    "lockgate.adapters": "",
    "lockgate.adapters.clock": "from datetime import datetime\ndatetime.now()\n",
    "lockgate.cli": "",
    "lockgate.cli.main": "import click\nfrom lockgate import wire\n",
    "lockgate.config": "",
    "lockgate.wire": "from lockgate import adapters, app, config\n",
}


def test_a_house_in_order_passes() -> None:
    assert [*breaches(HOUSE), *touches(HOUSE)] == []
    assert cycle(edges(HOUSE)) == []


@pytest.mark.parametrize(
    ("module", "source", "said"),
    [
        ("lockgate.core.b", "from lockgate.ledger import x", "upward"),
        ("lockgate.core.b", "import lockgate.app.gate", "upward"),
        ("lockgate.core.b", "from lockgate import ledger", "upward"),
        ("lockgate.core.b", "from ..ledger import x", "upward"),
        ("lockgate.core.b", "from .. import ledger", "upward"),
        ("lockgate.core", "from ..ledger import x", "upward"),
        ("lockgate.core.b", "def f():\n    from lockgate.app import gate", "upward"),
        ("lockgate.core.b", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from lockgate.ledger import x", "upward"),
        ("lockgate.canon", "import lockgate.core", "upward"),
        ("lockgate.evidence.b", "from lockgate.render import text", "siblings"),
        ("lockgate.errors", "import lockgate.canon", "siblings"),
        ("lockgate.config", "import lockgate.wire", "siblings"),
        ("lockgate.app.b", "from lockgate import adapters", "only wire"),
        ("lockgate.cli.b", "from lockgate.adapters.clock import now", "only wire"),
        ("lockgate.cli.b", "LAZY = {'x': 'lockgate.adapters.clock'}", "only wire"),
        ("lockgate.adapters.b", "from lockgate.app import gate", "siblings"),
        ("lockgate.misc", "", "no layer"),
        ("lockgate.core.b", "from lockgate.misc import x", "no layer"),
        ("lockgate.core.b", "import os.path", "os is banned"),
        ("lockgate.ledger.b", "from pathlib import Path", "pathlib is banned"),
        ("lockgate.render.b", "def f():\n    import random", "random is banned"),
        ("lockgate.core.b", "__import__('os')", "importlib is banned"),
        ("lockgate.app.b", "import sqlite3", "sqlite3 is banned"),
        ("lockgate.cli.b", "from subprocess import run", "subprocess is banned"),
        ("lockgate.core.b", "import cryptography.x509", "third-party"),
        ("lockgate.ledger.b", "import yaml", "third-party"),
        ("lockgate.app.b", "import click", "third-party"),
    ],
)
def test_a_breach_is_found(module: str, source: str, said: str) -> None:
    found = list(breaches({**HOUSE, module: source}))
    assert len(found) == 1
    assert said in found[0]


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("lockgate.core.b", "from datetime import datetime\ndatetime.now()"),
        ("lockgate.app.b", "import datetime as dt\nread = dt.datetime.utcnow"),
        ("lockgate.cli.b", "from datetime import date\ndate.today()"),
        ("lockgate.core.b", "open('x')"),
        ("lockgate.evidence.b", "eval('1')"),
    ],
)
def test_a_touch_is_found(module: str, source: str) -> None:
    assert len(list(touches({**HOUSE, module: source}))) == 1


def test_a_cycle_is_found_through_lazy_and_typing_imports() -> None:
    modules = {
        "lockgate.core.b": "def f():\n    from lockgate.core import c",
        "lockgate.core.c": "from . import d",
        "lockgate.core.d": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import lockgate.core.b",
    }
    assert cycle(edges({**HOUSE, **modules})) == ["lockgate.core.b", "lockgate.core.c", "lockgate.core.d", "lockgate.core.b"]


@pytest.mark.parametrize("source", ["from unittest import mock", "import unittest.mock", "from unittest.mock import patch", "import mock"])
def test_a_mock_is_found(source: str) -> None:
    assert list(mocks({"test_b": source}))
