"""What somebody says of an artifact, in a few words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from build import ABSENT, IMAGE, NOW, attested, digest, key, rejected, scan, trial
from lockgate.core.facts import Vouched
from lockgate.core.findings import Exploitability, Scan
from lockgate.render.evidence_text import artifact_text
from lockgate.render.vouched import in_short, says_no, together
from lockgate.render.words import Sheet
from render.test_evidence_text import GOOD, piece, said
from strategies import noun

KEY = key("builder").fingerprint


def vex(*ids: str, **changes: Any) -> Exploitability:
    base: dict[str, Any] = {"subject": IMAGE, "source": digest("vex"), "keys": (KEY,), "ids": ids or ("CVE-2026-1",), "status": "not_affected", "at": NOW}
    return Exploitability(**{**base, **changes})


def test_scans() -> None:
    assert [in_short(one) for one in (
        scan("low", "critical", "unknown", "low", version="1.2"),
        scan("unknown", more=4, suppressed=2),
        scan(at=None, database_at=None),
    )] == [
        ("scan", "trivy 1.2: 1 unknown, 1 critical, 2 low, 2026-11-22 19:14:03 UTC, data of 2026-11-21 20:14:03 UTC, "),
        ("scan", "trivy: 1 unknown and 4 more, 2 suppressed, 2026-11-22 19:14:03 UTC, data of 2026-11-21 20:14:03 UTC, "),
        ("scan", "trivy: nothing found, nobody knows when, data of nobody knows when, "),
    ]  # fmt: skip


def test_statements_about_exploitability() -> None:
    assert [in_short(one) for one in (
        vex(),
        vex("CVE-1", "CVE-2", "CVE-3", "CVE-4", components=("pkg:a/b",), justification="component_not_present", at=None),
        vex(status="under_investigation"),
    )] == [
        ("vex", "not_affected: CVE-2026-1, 2026-11-22 20:14:03 UTC, "),
        ("vex", "not_affected (component_not_present): CVE-1, CVE-2, CVE-3 and 1 more in pkg:a/b, "),
        ("vex", "under_investigation: CVE-2026-1, 2026-11-22 20:14:03 UTC, "),
    ]  # fmt: skip


def test_many_statements_of_one_document_are_one_line() -> None:
    many = [vex(f"CVE-{number}", status="fixed" if number else "affected") for number in range(5)]
    assert said(piece(*many[:3])) == [
        "  pass  vex         affected: CVE-0, 2026-11-22 20:14:03 UTC, key builder",
        "  pass  vex         fixed: CVE-1, 2026-11-22 20:14:03 UTC, key builder",
        "  pass  vex         fixed: CVE-2, 2026-11-22 20:14:03 UTC, key builder",
    ]
    assert said(piece(*many), piece(scan())) == [
        "  pass  vex         1 statement affected, 4 statements fixed, key builder",
        "  pass  scan        trivy: nothing found, 2026-11-22 19:14:03 UTC, data of 2026-11-21 20:14:03 UTC, key builder",
    ]


def test_what_one_reader_refused_beside_another_is_told() -> None:
    (good, bad) = said(piece(scan(), rejected("vex.malformed")))
    assert good.startswith("  pass  scan")
    assert bad.startswith("  FAIL  evidence    sha256:")
    assert bad.endswith("part of it proves nothing [vex.malformed]")


@given(st.lists(noun(Scan) | noun(Exploitability), max_size=6), st.integers(0, 100))
def test_whatever_it_says_it_is_told_and_steers_no_terminal(found: list[Vouched], width: int) -> None:
    facts = [replace(fact, keys=(KEY,), by=None) for fact in found]
    assert [fact for fact, alike in together(facts) if not alike] == [fact for fact in facts if not any(fact in alike for _, alike in together(facts))]
    text = artifact_text("x", GOOD, [piece(*facts)], {}, Sheet(width=width)) if facts else ""
    assert all(line.isprintable() for line in text.split("\n"))


def test_hostile_text_is_shown_as_it_is() -> None:
    word, told = in_short(scan("low", tool="x\x1b[2J"))
    assert (word, "\x1b" in told) == ("scan", False)


@pytest.mark.parametrize(
    ("fact", "told", "no"),
    [
        (trial(warned=("c",)), ("tests", "passed, 2 passed, 1 with warnings, 0 failed, "), False),
        (trial(result="failed", passed=(), failed=("a",)), ("tests", "failed, 0 passed, 0 with warnings, 1 failed, "), True),
        (attested(type_="https://x/\x1b[2J", result=ABSENT), ("statement", "https://x/\\u001b[2J, "), False),
        (attested(type_="x", a=[], b="\x1b" + "y" * 99), ("statement", f"x (a: list, b: \\u001b{'y' * 59}, result: good), "), False),
        (Vouched(subject=trial().subject, source=trial().source), ("statement", ""), False),
    ],
)
def test_each_kind_in_short(fact: Vouched, told: tuple[str, str], no: bool) -> None:
    assert (in_short(fact), says_no(fact)) == (told, no)
