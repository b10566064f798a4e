"""Source read as syntax, never run: what the structure tests and the docs tests look at."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
SRC = ROOT / "src"


def sources(under: Path = SRC) -> dict[str, str]:
    """Dotted module name -> source, of every module below a folder."""
    found = {}
    for path in sorted(under.rglob("*.py")):
        parts = path.relative_to(under).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path.read_text(encoding="utf-8")
    return found


class Import(NamedTuple):
    """One imported name: at which line, what, and the name taken from it (empty for ``import x``)."""

    line: int
    target: str
    name: str = ""


def imports(module: str, modules: Mapping[str, str]) -> Iterator[Import]:
    """Every import of one of `modules`, wherever it stands: relative, inside a function, under TYPE_CHECKING.

    A string that is the name of one of `modules` counts too (lazy commands are named so), and ``__import__`` counts
    as importing ``importlib``.
    """
    packages = packages_of(modules)
    for node in ast.walk(ast.parse(modules[module])):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(node.lineno, alias.name)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                here = module.split(".") if module in packages else module.split(".")[:-1]
                above = here[: len(here) - node.level + 1]
                base = ".".join([*above, base] if base else above)
            for alias in node.names:
                yield Import(node.lineno, base, alias.name)
        elif isinstance(node, ast.Name) and node.id == "__import__":
            yield Import(node.lineno, "importlib")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and "." in node.value and node.value in modules:
            yield Import(node.lineno, node.value)


def packages_of(modules: Mapping[str, str]) -> frozenset[str]:
    """The modules that have modules below them, and every package that is only a folder."""
    return frozenset(name.rsplit(".", depth)[0] for name in modules for depth in range(1, name.count(".") + 1))
