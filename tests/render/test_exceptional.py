"""Holds, waivers and broken glasses in words: loud where something stands, quiet where it is over."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from build import IMAGE, NOW, ago, digest, exception_id, glass, held, later, person_id, request_id, waiver
from lockgate.core.exceptional import Exceptional, Glass, Hold, Waiver
from lockgate.core.fate import Told, told
from lockgate.core.outcome import Outcome, Params
from lockgate.render.exceptional import alarms, glass_text, report_lines, told_lines
from lockgate.render.leaves import leaf_line, standing_text
from lockgate.render.outcomes import line, opens
from lockgate.render.text import decision
from lockgate.render.words import Sheet
from refusals import decided

SHEET = Sheet(now=NOW, names={person_id(name): name.title() for name in ("ann", "sam", "max", "dora")})


def said(one: Hold | Waiver | Glass, reason: str = "because", lifted: int = -1, **sheet: Any) -> list[str]:
    return [" ".join(each.split()) for each in told_lines([told("production", one, NOW, reason, lifted)], replace(SHEET, **sheet))]


def test_a_hold() -> None:
    since = "since 2026-11-22 19:14:03 UTC, 1 h ago"
    assert said(held()) == [f"HELD {since} {held().id}, by Sam", "until it is lifted", "why: because"]
    assert said(held(expires=later("1h")))[1] == "until 2026-11-22 21:14:03 UTC, in 1 h"
    assert said(held(expires=ago("1m")))[:2] == [f"hold {since} {held().id}, by Sam", "ended 2026-11-22 20:13:03 UTC, 1 min ago"]
    assert said(held(), lifted=9)[1] == "lifted by leaf 9"
    assert said(held(), "")[2] == "why: the reason was erased, or cannot be read"


def test_a_waiver() -> None:
    head = f"waiver soaked for {request_id()}, since 2026-11-22 19:14:03 UTC, 1 h ago {waiver().id}, by Max"
    assert said(waiver()) == [head, "unused, until 2026-11-23 20:14:03 UTC, in 1 d", "why: because"]
    assert said(waiver(used=7))[1] == "used by decision 7, until 2026-11-23 20:14:03 UTC, in 1 d"
    assert said(waiver(used=7, lifted=True), lifted=9)[1] == "used by decision 7, lifted by leaf 9"
    assert said(waiver(lifted=True))[1] == "lifted"
    assert said(waiver(expires=ago("1h")))[1] == "expired unused, 2026-11-22 19:14:03 UTC, 1 h ago"


def test_a_broken_glass() -> None:
    since = f"since 2026-11-22 20:04:03 UTC, 10 min ago {glass().id}, by"
    assert said(glass("ann")) == [f"glass {since} Ann", "one signature of two, until 2026-11-22 21:04:03 UTC, in 50 min", "why: because"]
    assert said(glass())[:2] == [f"BROKEN {since} Ann and Sam", "unused, until 2026-11-22 21:04:03 UTC, in 50 min"]
    open_ = f"used by decision 7; its review is open: lockgate review {glass().id} --findings FILE"
    assert said(glass(decision=7))[:2] == [f"BROKEN {since} Ann and Sam", open_]
    assert said(glass(decision=7, reviewed=9))[1] == "used by decision 7, reviewed by leaf 9"
    assert said(glass(until=ago("1m")))[:1] == [f"glass {since} Ann and Sam"]


def test_what_ended_long_ago_is_for_the_report_alone() -> None:
    old: list[Told] = [told("production", one, NOW) for one in (held(expires=ago("31d")), waiver(expires=ago("31d")), glass(until=ago("31d")))]
    assert told_lines(old, SHEET) == []
    assert len(told_lines(old, SHEET, all_=True)) == 9
    assert said(glass(until=ago("31d"), decision=7))[0].startswith("BROKEN")


def test_the_report_counts() -> None:
    found = [told("production", one, NOW) for one in (held(), waiver(), waiver("2", expires=ago("1h")), glass(decision=7))]
    found.append(told("staging", held("2"), NOW))
    lines = report_lines(found, SHEET)
    assert [one for one in lines if not one.startswith(" ")] == ["production", "staging", "2 holds stand, 1 review is open, 1 unused, 1 expired unused"]
    assert report_lines([], SHEET) == ["no hold, waiver or broken glass was ever recorded"]


def test_a_reason_steers_no_terminal_and_is_cut() -> None:
    assert said(held(), "\x1b[2J\nout")[-1] == "why: \\u001b[2J\\u000aout"
    assert said(held(), "x" * 400)[-1] == "why: " + "x" * 300 + "…"


def test_what_nobody_may_miss() -> None:
    here = Exceptional(holds=(held(), held("2", expires=NOW)), glasses=(glass(), glass(name="2", decision=7), glass(name="3", until=NOW)))
    found = alarms("production", here, SHEET, holds=True)
    assert [(label, code) for label, code, _ in found] == [("BROKEN", "review.open"), ("BROKEN", "break-glass.open"), ("HELD", "hold.standing")]
    assert "Ann and Sam" in found[0][2]
    assert [code for _, code, _ in alarms("production", here, SHEET, holds=False)] == ["review.open", "break-glass.open"]
    assert alarms("production", Exceptional(), SHEET, holds=True) == []


def test_what_the_second_signs_is_shown_in_full() -> None:
    text = glass_text("production", glass("ann", release=replace(glass().release, config=digest("config"))), "it is down", SHEET)
    assert IMAGE in text
    assert digest("config") in text
    assert "it is down" in text
    assert "broken by Ann" in text
    assert "used" not in text
    used = glass_text("production", glass(decision=7, users=(person_id("dora"),)), "", SHEET)
    assert "decision 7, by Dora, nothing recorded as deployed" in used
    assert "was erased" in used


def test_a_waived_outcome_says_what_does_not_hold_and_by_what_it_passes() -> None:
    params: Params = {"for": "24h", "in": "staging", "seconds": 3600}
    by: Params = {"waiver": exception_id("w"), "waived-by": person_id("max"), "waived-until": "2026-11-23T20:14:03Z"}
    let = Outcome(requirement="soaked", result="waived", code="soaked.too-young", params={**params, **by}, opens_at=later("23h"))
    assert line(let, SHEET) == f"1 h of 24 h in staging; waived by Max until 2026-11-23 20:14:03 UTC, {exception_id('w')}"
    assert opens(let, SHEET) == ""
    past = Outcome(requirement="soaked", result="waived", code="soaked.too-young", params={**params, "break-glass": exception_id("g")})
    assert line(past, SHEET) == f"1 h of 24 h in staging; past it by break-glass {exception_id('g')}"


def test_a_decision_by_break_glass_is_told_as_one_everywhere() -> None:
    row = Outcome(requirement="break-glass", result="pass", params={"break-glass": exception_id("g"), "by": (person_id("ann"), person_id("sam")), "until": "x"})
    made = decided(row, outcome="allowed", not_after=later("15m"), break_glass=exception_id("g"))
    text = decision(made, "shop", "decision 7", SHEET)
    assert f"BROKEN    by break-glass {exception_id('g')}" in text
    assert f"{exception_id('g')}, broken by Ann and Sam, until x" in text
    assert "break-glass" in leaf_line(7, "2026-11-22T20:14:03Z", "env:production", "decision", "x", (IMAGE,), made, "")
    assert standing_text(made, "", SHEET).startswith(f"BROKEN    past the rules by break-glass {exception_id('g')}")
    refused = decided(row, break_glass=exception_id("g"))
    assert "BROKEN" not in decision(refused, "shop", "decision 7", SHEET)
