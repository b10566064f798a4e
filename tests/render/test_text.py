"""Decisions, requests and proposals as people read them."""

from __future__ import annotations

from build import NOW, SHOP, ago, digest, given, later, person_id, release, request, request_id, stay
from lockgate.core.state import OpenProposal
from lockgate.render.text import asked, changes, decision, outcome_lines, proposed
from lockgate.render.words import Sheet, artifacts
from refusals import SIGNED, SOAKS, decided

NAMES = {person_id("rita"): "Rita", person_id("bob"): "Bob"}


def test_a_refusal() -> None:
    title = artifacts(SHOP, [f"oci:shop@{SHOP.artifacts[0]}"])
    lines = decision(decided(SIGNED, SOAKS), title, "decision 413 · log example.com/shop", Sheet(now=NOW)).splitlines()
    assert [" ".join(line.split()) for line in lines] == [
        f"refused {title} -> production decision 413 · log example.com/shop",
        "pass signed-by key release",
        "FAIL soaked 5 h 14 min of 24 h in staging opens 2026-11-23 15:14:03 UTC, in 19 h",
    ]
    assert len(lines[0]) == len(lines[2]) == 100


def test_a_permit_says_until_when() -> None:
    said = decision(decided(SIGNED, outcome="allowed", not_after=later("15m")), "x", "y", Sheet(now=NOW))
    assert said.splitlines()[-1] == "permit    until 2026-11-22 20:29:03 UTC, in 15 min"


def test_codes_and_colours_where_they_are_asked_for() -> None:
    assert "[soaked.too-young]" in outcome_lines((SOAKS,), Sheet(), codes=True)[0]
    painted = decision(decided(SIGNED, SOAKS), "x", "y", Sheet(colour=True))
    assert "\x1b[32mpass\x1b[0m" in painted
    assert "\x1b[31mFAIL\x1b[0m" in painted
    assert "\x1b" not in decision(decided(SIGNED, SOAKS), "x", "y\x1b[2J", Sheet())
    assert outcome_lines((), Sheet()) == []


def test_everything_fits_the_sheet() -> None:
    for width in (60, 80, 100):
        said = decision(decided(SIGNED, SOAKS), artifacts(SHOP), "decision 413 · log example.com/shop", Sheet(width=width, now=NOW))
        assert max(map(len, said.splitlines())) <= width


def test_what_an_approver_is_shown() -> None:
    sheet = Sheet(now=NOW, names=NAMES)
    first = asked(request(), None, ("source changes",), "production", sheet)
    assert [" ".join(line.split()) for line in first.splitlines()] == [
        f"request {request_id()} -> production asked by Rita, 2 h ago",
        "runs nothing was recorded as deployed",
        f"asked {SHOP.artifacts[0]}, configuration none",
        "not collected: source changes",
    ]
    again = asked(
        request(given("bob", "security"), given("carol", "x", withdrawn=True)),
        stay(release("old", config=digest("c"))),
        (),
        "production",
        sheet,
        ("1 of 2 duties", "not counted: x"),
    )
    assert f"  runs    {artifacts(release('old'))}, configuration {digest('c')[:19]}…" in again
    assert "  so far  1 of 2 duties\n          not counted: x\n" in again


def test_what_an_owner_is_shown() -> None:
    proposal = OpenProposal(id=request_id(), kind="policy", version=2, digest=digest("p"), by=person_id("bob"), at=ago("1h"), leaf=9)
    said = proposed(proposal, ("@@ vault", "-for: 24h", "+for: 48h\x1b[2J"), 0, Sheet(now=NOW, names=NAMES))
    assert "proposed by Bob, 1 h ago" in said
    assert said.endswith("  @@ vault\n  -for: 24h\n  +for: 48h\\u001b[2J")
    assert "the same as what is in force" in proposed(proposal, (), 0, Sheet())
    assert "\x1b[32m+b" in proposed(proposal, ("+b",), 0, Sheet(colour=True))
    assert f"  1,200 MORE LINES are not shown here, and what is signed says so: read lockgate policy show --proposed {proposal.id}" in proposed(
        proposal, ("+b",), 1200, Sheet()
    )


def test_people_are_shown_by_id_and_name() -> None:
    bob = person_id("bob")
    assert changes("roster", "", ("+" + bob, "+  staging: deploy"), 0, Sheet(names=NAMES)) == [f"  +{bob}  Bob", "  +  staging: deploy"]


def test_what_stands_against_a_request_is_shown() -> None:
    sheet = Sheet(now=NOW, names=NAMES)
    rejected = asked(request(rejected_by=(person_id("bob"),)), None, (), "production", sheet)
    assert "  REJECTED by Bob: no approval counts until that is taken back\n" in rejected
    assert "  WITHDRAWN by Rita, who asked for it: no approval brings it back\n" in asked(request(withdrawn=True), None, (), "production", sheet)
    assert "  SPENT: it was deployed" in asked(request(deployed=9, over=True), None, (), "production", sheet)
    assert "  done    deployed already, leaf 9\n" in asked(request(deployed=9), None, (), "production", sheet)
