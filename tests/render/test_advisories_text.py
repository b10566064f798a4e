"""What is known against components, in words."""

from __future__ import annotations

import pytest

from build import digest
from core.cases import VULNERABLE_CASES
from lockgate.core.outcome import Outcome, Params, Pass, outcome
from lockgate.render.advisories import WORDS, finding
from lockgate.render.outcomes import line
from lockgate.render.words import Sheet

SHEET = Sheet(width=100, colour=False)


@pytest.mark.parametrize(("text", "said"), [
    ("CVE-1 high pkg:pypi/a@1 2.0", "CVE-1 (high) in pkg:pypi/a@1, fixed in 2.0"),
    ("CVE-1 low+exploited pkg:pypi/a@1 2.0 3.0", "CVE-1 (low, exploited) in pkg:pypi/a@1, fixed in 2.0 or 3.0"),
    ("CVE-1 high -", "CVE-1 (high) in -, without a fix"),
    ("CVE-1", "CVE-1 () in , without a fix"),
    ("", " () in , without a fix"),
    ("A\x1b[2J high p", "A\\u001b[2J (high) in p, without a fix"),
])  # fmt: skip
def test_a_finding(text: str, said: str) -> None:
    assert finding(text) == said


@pytest.mark.parametrize(("code", "params", "said"), [
    (
        "vulnerable.found", {"found": 10, "worst": ("A high p 1", "B high q")},
        "10 findings: A (high) in p, fixed in 1; B (high) in q, without a fix; and 8 more",
    ),
    ("vulnerable.exploited", {"found": 1, "worst": ("A low+exploited p 1",)}, "1 finding: A (low, exploited) in p, fixed in 1"),
    (
        "vulnerable.stale", {"database": "kev", "as-of": "2026-11-01T10:00:00Z", "max-age": "7d"},
        "CISA's catalogue is of 2026-11-01 10:00:00 UTC, older than 7 d",
    ),
    (
        "vulnerable.not-covered", {"count": 2, "kinds": ("generic", "none"), "example": "app"},
        "2 components that no advisories here cover (generic, none), such as app",
    ),
    ("vulnerable.no-sbom", {"artifact": digest("a")}, "no signed bill of materials says what sha256:ca978112ca1b… is made of"),
    ("vulnerable.unreadable", {"because": "ref.unreadable"}, "what it is made of, or what is known of that, could not be read (ref.unreadable)"),
])  # fmt: skip
def test_an_outcome(code: str, params: Params, said: str) -> None:
    assert line(Outcome(requirement="vulnerable", result="fail", code=code, params=params), SHEET) == said


def test_what_holds() -> None:
    params: Params = {"components": 1200, "as-of": "2026-11-22T10:00:00Z", "findings": 2, "passed-over": 1, "uncovered": 3, "unread": 1}
    assert line(Outcome(requirement="vulnerable", result="pass", params=params), SHEET) == (
        "1,200 components looked up as of 2026-11-22 10:00:00 UTC, 2 findings that do not refuse, 1 finding passed over by a word that counts, "
        "3 components that no database covers, 1 advisory that could not be read"
    )


def test_every_answer_has_its_words() -> None:
    codes = {case.answer.code for case in VULNERABLE_CASES if not isinstance(case.answer, Pass)}
    assert codes <= set(WORDS)
    for case in VULNERABLE_CASES:
        assert line(outcome("vulnerable", case.answer), SHEET)
