"""docs/threat-model.md and tests/attack/ say the same: one row is one file, and what a row says is shown by a test in it.

  1. Each row of "Who can do what" links its file in `tests/attack/`, and each file has its row.
  2. A file's tests stand in ``TestForge``, ``TestHide`` and ``TestDelay``, and their names are sentences about the attacker:
     ``test_can_…`` or ``test_cannot_…``. A cell says "nothing" where there is no ``test_can_`` of its kind, and only there.
  3. Each code that a row names is asserted in its file, and each that catches something there is named in one of its rows.
  4. What nothing refuses is marked ``not_caught``, and linked by its sentence; ``pytest -m not_caught tests/attack`` runs those.

So adding an attacker is a file and a row. The rules are functions over text, shown to fail on made-up text at the end.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import pytest

from house import ROOT
from lockgate.render.remedies import REMEDIES

PAGE = (ROOT / "docs/threat-model.md").read_text(encoding="utf-8")
FILES = {f"attack/{path.name}": path.read_text(encoding="utf-8") for path in sorted((ROOT / "tests/attack").glob("test_*.py"))}
RANDOM = {"app/test_attacks.py": (ROOT / "tests/app/test_attacks.py").read_text(encoding="utf-8")}

KINDS = ("Forge", "Hide", "Delay")
LINK = re.compile(r"\[([^\]]+)\]\(\.\./tests/([a-z_/]+\.py)\)")
CODE = re.compile(r"[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*")


class Row(NamedTuple):
    """One row of a table: under which heading, its cells, and the files it links."""

    heading: str
    cells: tuple[str, ...]

    def files(self) -> list[str]:
        return [file for text, file in LINK.findall(self.cells[0]) if not text.startswith("can ")]

    def codes(self) -> set[str]:
        return {word for span in re.findall(r"`([^`]+)`", " ".join(self.cells)) for word in CODE.findall(span) if word in REMEDIES}


class Case(NamedTuple):
    """One test: its kind (empty outside the three classes), its name, whether it is marked, and the codes in it."""

    kind: str
    name: str
    not_caught: bool
    codes: frozenset[str]

    def can(self) -> bool:
        return self.name.startswith("test_can_")

    def sentence(self) -> str:
        return self.name.removeprefix("test_").replace("_", " ")


def rows(page: str, *headings: str) -> list[Row]:
    """The rows of the tables under these headings, without their first two lines."""
    found, heading, seen = [], "", 0
    for line in page.splitlines():
        if line.startswith("#"):
            heading, seen = line.lstrip("# "), 0
        elif line.startswith("|"):
            seen += 1
            if seen > 2 and heading in headings:
                found.append(Row(heading, tuple(cell.strip() for cell in line.strip("|").split(" | "))))
    return found


def cases(source: str) -> Iterator[Case]:
    """Every test of a file."""
    for node in ast.parse(source).body:
        kind = node.name.removeprefix("Test") if isinstance(node, ast.ClassDef) else ""
        for each in node.body if isinstance(node, ast.ClassDef) else [node]:
            if isinstance(each, ast.FunctionDef) and each.name.startswith("test_"):
                marked = any(ast.unparse(one) == "pytest.mark.not_caught" for one in each.decorator_list)
                yield Case(kind if kind in KINDS else "", each.name, marked, frozenset(_codes(each)))


def _codes(function: ast.FunctionDef) -> Iterator[str]:
    """The codes in a test, wherever they stand but in its docstring."""
    doc = ast.get_docstring(function, clean=False)
    for node in ast.walk(function):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value != doc:
            yield from (word for word in CODE.findall(node.value) if word in REMEDIES)


def strays(page: str, files: Mapping[str, str]) -> list[str]:
    """1: rows without exactly one file, and files without exactly one row."""
    linked = [(row.cells[0], row.files()) for row in rows(page, "Who can do what")]
    wrong = [f"a row links {len(there)} files: {cell[:60]}" for cell, there in linked if len(there) != 1]
    named = [file for _, there in linked for file in there]
    return wrong + [f"{file} has {named.count(file)} rows" for file in sorted({*files, *named}) if named.count(file) != 1 or file not in files]


def misnamed(files: Mapping[str, str]) -> list[str]:
    """2: tests outside the three classes, or whose name is no sentence; and marks on what is said not to work."""
    every = [(file, case) for file, source in files.items() for case in cases(source)]
    named = [f"{file}: {case.name}" for file, case in every if not case.kind or not re.match(r"test_(can|cannot)_", case.name)]
    return named + [f"{file}: {case.name} is marked" for file, case in every if case.not_caught and not case.can()]


def untrue(page: str, files: Mapping[str, str]) -> list[str]:
    """2: cells that say "nothing" where a test can, or something where none does."""
    wrong = []
    for row in rows(page, "Who can do what"):
        for file in row.files():
            there = list(cases(files.get(file, "")))
            for kind, cell in zip(KINDS, row.cells[1:4], strict=True):
                own = [case for case in there if case.kind == kind]
                if not own:
                    wrong.append(f"{file}: nothing shows what it can {kind.lower()}")
                elif cell.startswith("nothing") == any(case.can() for case in own):
                    wrong.append(f"{file}: can {kind.lower()} {cell[:40]!r}, says the page")
    return wrong


def unshown(page: str, files: Mapping[str, str]) -> list[str]:
    """3: codes of a row that its file does not assert, and codes that catch something and that no row names."""
    named: dict[str, set[str]] = {}
    for row in rows(page, "Who can do what", "What was tried"):
        for file in row.files() or ["no file"]:
            named.setdefault(file, set()).update(row.codes())
    asserted = {file: set[str]().union(*(case.codes for case in cases(source))) for file, source in files.items()}
    wrong = [f"{file} does not assert {code}" for file, codes in named.items() for code in sorted(codes - asserted.get(file, set()))]
    for file, source in files.items():
        if file.startswith("attack/"):
            catching = {code for case in cases(source) if not case.can() or case.kind == "Delay" for code in case.codes}
            wrong += [f"no row of {file} names {code}" for code in sorted(catching - named.get(file, set()))]
    return wrong


def untold(page: str, files: Mapping[str, str]) -> list[str]:
    """4: marked tests that no link names, and links that name none."""
    marked = {(case.sentence(), file) for file, source in files.items() for case in cases(source) if case.not_caught}
    linked = {(text, file) for text, file in LINK.findall(page) if text.startswith("can ")}
    return [f"{file}: {text} is not {word}" for word, gone in (("told", marked - linked), ("marked", linked - marked)) for text, file in sorted(gone)]


def test_a_row_is_a_file() -> None:
    assert strays(PAGE, FILES) == []


def test_names_are_sentences_about_the_attacker() -> None:
    assert misnamed(FILES) == []


def test_what_a_row_says_can_be_done_is_shown() -> None:
    assert untrue(PAGE, FILES) == []


def test_what_catches_it_is_asserted_and_told() -> None:
    assert unshown(PAGE, {**FILES, **RANDOM}) == []


def test_what_is_not_caught_is_told() -> None:
    assert untold(PAGE, FILES) == []


def test_the_readme_links_what_is_not_caught() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "docs/threat-model.md#not-caught" in readme
    assert "### Not caught" in PAGE


MADE_UP = """
## Who can do what

| who | can forge | can hide | can delay | what catches it |
|---|---|---|---|---|
| **[shell](../tests/attack/test_shell.py)** | decisions | nothing | everything | `head.forked` |

## What was tried

| who | done | answer |
|---|---|---|
| [shell](../tests/attack/test_shell.py) | a row edited | `log.leaf-altered` |

### Not caught

| who | what they can do | what finds it |
|---|---|---|
| shell | [can forge a decision](../tests/attack/test_shell.py) | nothing |
"""
ITS_TESTS = {
    "attack/test_shell.py": '''
class TestForge:
    @pytest.mark.not_caught
    def test_can_forge_a_decision(self): pass
class TestHide:
    def test_cannot_hide(self): assert x() == "head.forked"
class TestDelay:
    def test_can_delay(self):
        """Not a code here: time.backwards."""
        assert y() in {"log.leaf-altered"}
'''
}


def breaches(page: str, files: Mapping[str, str]) -> list[str]:
    """All that is wrong."""
    return [*strays(page, files), *misnamed(files), *untrue(page, files), *unshown(page, files), *untold(page, files)]


def test_what_agrees_passes() -> None:
    assert breaches(MADE_UP, ITS_TESTS) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("**[shell](../tests/attack/test_shell.py)**", "shell", "links 0 files"),
        ("test_shell.py)** |", "test_gone.py)** |", "test_gone.py has 1 rows"),
        ("| nothing | everything", "| all | everything", "can hide 'all'"),
        ("| decisions | nothing", "| nothing | nothing", "can forge 'nothing'"),
        ("`head.forked`", "`head.forked`, `time.backwards`", "does not assert time.backwards"),
        ("`log.leaf-altered`", "an error", "no row of attack/test_shell.py names log.leaf-altered"),
        ("[can forge a decision]", "[can forge]", "can forge a decision is not told"),
        ("[can forge a decision](../tests/attack/test_shell.py)", "forge", "is not told"),
    ],
)
def test_a_page_that_says_something_else_is_found(old: str, new: str, said: str) -> None:
    page = MADE_UP.replace(old, new)
    assert page != MADE_UP
    assert any(said in wrong for wrong in breaches(page, ITS_TESTS))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("    @pytest.mark.not_caught\n", "", "is not marked"),
        ("test_cannot_hide", "test_hiding", "test_hiding"),
        ("class TestHide", "class TestElse", "nothing shows what it can hide"),
        ("    def test_cannot_hide", "    @pytest.mark.not_caught\n    def test_cannot_hide", "is marked"),
        ('"head.forked"', '"head.rolled-back"', "does not assert head.forked"),
    ],
)
def test_tests_that_show_something_else_are_found(old: str, new: str, said: str) -> None:
    files = {name: source.replace(old, new) for name, source in ITS_TESTS.items()}
    assert files != ITS_TESTS
    assert any(said in wrong for wrong in breaches(MADE_UP, files))


def test_a_file_without_a_row_is_found() -> None:
    assert "attack/test_new.py has 0 rows" in breaches(MADE_UP, {**ITS_TESTS, "attack/test_new.py": ""})
