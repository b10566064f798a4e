"""The tests are tested: what the requirements could be made to say wrongly, a case notices.

Every code a requirement can give stands as a literal in its file; each is the answer of some case. And with any
requirement's check replaced by `Pass`, or any one of its refusals, cases of that kind fail.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from core.case import Case
from core.cases import CASES
from lockgate.core import decide, soak
from lockgate.core.outcome import Pass, Verdict
from lockgate.core.requirements import (
    KINDS,
    approved,
    base,
    built_by,
    came_through,
    has_attestation,
    has_sbom,
    no_component,
    not_revoked,
    scanned,
    signed_by,
    soaked,
    tested,
    verified_by,
    vulnerable,
    within_hours,
)

MODULES: dict[str, ModuleType] = {
    "signed-by": signed_by,
    "built-by": built_by,
    "verified-by": verified_by,
    "came-through": came_through,
    "soaked": soaked,
    "approved": approved,
    "scanned": scanned,
    "has-attestation": has_attestation,
    "tested": tested,
    "not-revoked": not_revoked,
    "within-hours": within_hours,
    "vulnerable": vulnerable,
    "has-sbom": has_sbom,
    "no-component": no_component,
}
BESIDE: dict[str, tuple[ModuleType, ...]] = {"soaked": (soak,)}
"""What a requirement's file goes by that answers with codes of its own."""
SUBJECTS = (*(f"{kind}." for kind in KINDS), "scanned.", "vulnerable.", "time.", "digest.", "policy.", "root.", "facts.")


def codes_in(module: ModuleType) -> set[str]:
    """Every literal of a module that is a code."""
    found = set()
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith(SUBJECTS) and " " not in node.value:
            found.add(node.value)
    return found


def codes_of(verdict: Verdict) -> set[str]:
    """The code of a verdict, and those its parameters name."""
    dropped = verdict.params.get("dropped", ())
    assert isinstance(dropped, tuple)
    return set() if isinstance(verdict, Pass) else {verdict.code, *dropped}


def test_every_requirement_has_its_file_its_cases_and_its_page() -> None:
    folder = Path(base.__file__).parent
    files = {path.stem.replace("_", "-") for path in folder.glob("*.py")} - {"--init--", "base"}
    assert files == set(KINDS) == set(CASES) == set(MODULES)
    docs = Path(__file__).parents[2] / "docs" / "requirements"
    assert {path.stem for path in docs.glob("*.md")} >= set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_code_in_the_file_is_the_answer_of_a_case(kind: str) -> None:
    codes = set().union(*map(codes_in, (MODULES[kind], *BESIDE.get(kind, ()))))
    assert codes == set().union(*(codes_of(case.answer) for case in CASES[kind])) - {"facts.not-gathered"}


def test_codes_are_found_where_they_stand() -> None:
    assert codes_in(decide) == {"policy.no-environment", "policy.requires-nothing", "digest.unreadable", "root.expired", "policy.all-waived"}


@pytest.mark.parametrize("kind", KINDS)
def test_every_code_stands_on_the_page(kind: str) -> None:
    page = (Path(__file__).parents[2] / "docs" / "requirements" / f"{kind}.md").read_text(encoding="utf-8")
    assert [code for code in sorted(codes_in(MODULES[kind])) if f"`{code}`" not in page] == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_check_that_always_passes_is_noticed(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(KINDS[kind], "check", lambda *_: Pass())
    assert {code for case in failing(CASES[kind]) for code in codes_of(case.answer)} >= codes_in(MODULES[kind])


def failing(cases: list[Case]) -> list[Case]:
    return [case for case in cases if case.verdict() != case.answer]


class Softened(ast.NodeTransformer):
    """The module with its nth refusal (a `Fail`, an `Unknown`, or the word for one) made a `Pass`, or the nth condition turned."""

    def __init__(self, nth: int) -> None:
        self.left = nth
        self.what = ""

    def _hit(self, node: ast.expr | ast.If) -> bool:
        self.left -= 1
        if self.left == -1:
            self.what = f"line {node.lineno}"
        return self.left == -1

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id in {"Fail", "Unknown", "unknown"} and self._hit(node):
            return ast.copy_location(ast.Call(func=ast.Name(id="Pass", ctx=ast.Load()), args=[], keywords=[]), node)
        return node

    def visit_If(self, node: ast.If) -> ast.AST:
        self.generic_visit(node)
        if self._hit(node):
            node.test = ast.copy_location(ast.UnaryOp(op=ast.Not(), operand=node.test), node.test)
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        """``<`` for ``<=`` and so on: the edges."""
        self.generic_visit(node)
        turned: dict[type[ast.cmpop], ast.cmpop] = {
            ast.In: ast.NotIn(),
            ast.NotIn: ast.In(),
            ast.Is: ast.IsNot(),
            ast.IsNot: ast.Is(),
            ast.Lt: ast.LtE(),
            ast.LtE: ast.Lt(),
            ast.Gt: ast.GtE(),
            ast.GtE: ast.Gt(),
            ast.Eq: ast.NotEq(),
            ast.NotEq: ast.Eq(),
        }
        for place, operator in enumerate(node.ops):
            if type(operator) in turned and self._hit(node):
                node.ops[place] = turned[type(operator)]
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        """``and`` for ``or``."""
        self.generic_visit(node)
        if self._hit(node):
            node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        if self._hit(node):
            node.body, node.orelse = node.orelse, node.body
        return node


def mutants(kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every mutant of a requirement's module, run: where it was changed, and its names."""
    source, nth = inspect.getsource(MODULES[kind]), 0
    while True:
        change = Softened(nth)
        tree = ast.fix_missing_locations(change.visit(ast.parse(source)))
        if not change.what:
            return
        names: dict[str, Any] = {"__name__": MODULES[kind].__name__}
        exec(compile(tree, f"{kind}, {change.what}", "exec"), names)
        yield change.what, names
        nth += 1


NO_ANSWER = 'return (Need(Request), Need(InForce), Need(Enrolled), *((Need(Provenance),) if "builder" in self.independent_of else ()))'
"""What is asked for is no answer: `test_what_it_asks_for` holds it."""


@pytest.mark.parametrize("kind", KINDS)
def test_no_refusal_condition_or_edge_can_be_changed_unnoticed(kind: str) -> None:
    lines = inspect.getsource(MODULES[kind]).splitlines()
    unnoticed, tried = [], 0
    for what, names in mutants(kind):
        tried += 1
        changed = names[KINDS[kind].__name__]
        if not any(differs(case, changed) for case in CASES[kind]):
            unnoticed.append(lines[int(what.split()[1]) - 1].strip())
    assert tried >= 5
    assert [line for line in unnoticed if line != NO_ANSWER] == []


def differs(case: Case, changed: type[Any]) -> bool:
    """Whether the mutant answers this case otherwise, or not at all."""
    try:
        requirement = changed(**{field: getattr(case.requirement, field) for field in case.requirement.__struct_fields__})
        return bool(requirement.check(case.subject, case.facts, case.now, dict(case.keys)) != case.answer)
    except Exception:  # noqa: BLE001  a mutant may do anything; that it does not answer is noticed
        return True
