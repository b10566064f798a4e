"""What stands where."""

from __future__ import annotations

from build import NOW, SHOP, ago, digest, given, key, later, person, person_id, request, request_id, roster, stay
from lockgate.core.counts import Backed, Tally, Weighed
from lockgate.core.rechecked import Mark
from lockgate.core.revocation import Revocation
from lockgate.core.state import OpenProposal, Permit
from lockgate.render.recalls import revoked_lines
from lockgate.render.standing import backing, environment_lines, people_lines, proposal_lines, tally_lines
from lockgate.render.words import Sheet, artifacts

SHEET = Sheet(now=NOW, names={person_id(name): name.title() for name in ("dora", "rita", "bob", "carol")})


def words(lines: list[str]) -> list[str]:
    return [" ".join(line.split()) for line in lines]


def test_an_environment() -> None:
    asked = request(given("bob", "security"), given("carol", "x", withdrawn=True), rejected_by=(person_id("carol"),), deployed=9)
    permit = Permit(decision=12, release=SHOP, not_after=later("15m"))
    doras = Permit(decision=13, release=SHOP, not_after=later("16m"), person=person_id("dora"))
    assert words(environment_lines("production", stay(), (permit, doras), (asked, request()), SHEET)) == [
        "production",
        f"runs {artifacts(SHOP)} decision 7, by Dora",
        "since 2026-11-21 19:14:03 UTC, 1 d 1 h ago; soaked 1 d 1 h",
        f"permit {artifacts(SHOP)} decision 12, until 2026-11-22 20:29:03 UTC",
        f"permit {artifacts(SHOP)} decision 13, for Dora, until 2026-11-22 20:30:03 UTC",
        f"request {artifacts(SHOP)} {request_id()}, by Rita",
        "rejected by Carol: no approval counts until that is taken back",
        "approved: security by Bob",
        "deployed: the same release and configuration may be deployed again until something else runs here",
        f"request {artifacts(SHOP)} {request_id()}, by Rita",
        "nobody approved it yet",
    ]


def test_an_empty_environment_and_an_observed_one() -> None:
    assert words(environment_lines("a", None, (), (), Sheet())) == ["a", "runs nothing that was recorded as deployed"]
    assert "observed" in environment_lines("a", stay(known="observed"), (), (), Sheet())[1]


def test_a_request_with_its_tally() -> None:
    """What counts is told from what was given."""
    by_bob = Weighed(person=person_id("bob"), duty="security", until=later("2h"), counts=True)
    by_carol = Weighed(person=person_id("carol"), duty="x", until=later("1h"), counts=False, because="approved.withdrawn")
    cooked = Weighed(person=person_id("rita"), duty="cooking", until=later("1h"), counts=False)
    asked = request(given("bob", "security"), given("carol", "x", withdrawn=True), rejected_by=(person_id("carol"),))
    tally = Tally(have=1, need=2, missing=("x",), able=1, given=(by_bob, by_carol, cooked))
    assert words(environment_lines("production", None, (), (asked,), SHEET, {asked.id: (tally,)}))[3:] == [
        "rejected by Carol: no approval counts until that is taken back",
        "1 of 2 duties, until 2026-11-22 22:14:03 UTC: security by Bob; x is missing (can be given by 1 person)",
        "not counted: x by Carol (withdrawn), cooking by Rita (the policy asks for no cooking)",
    ]
    assert tally_lines(Tally(have=0, need=2, missing=("x", "y")), SHEET) == ["0 of 2 duties: x and y are missing (can be given by nobody else enrolled)"]
    done = Tally(have=1, need=1, given=(by_bob, by_bob))
    assert tally_lines(done, SHEET, covered=True) == ["1 of 1 duty: security by Bob"]


def test_a_proposal() -> None:
    proposal = OpenProposal(id=request_id(), kind="roster", version=2, digest=digest("r"), by=person_id("rita"), at=ago("1h"), leaf=3)
    backed = Backed(
        need=2, by=(person_id("bob"),), missing=(person_id("carol"), person_id("dora")), until=later("2h"), dropped={person_id("carol"): "withdrawn"}
    )
    assert words(proposal_lines(proposal, backed, SHEET)) == [
        f"roster version 2, {digest('r')[:19]}… {request_id()}, by Rita",
        "1 of 2 owners: Bob, until 2026-11-22 22:14:03 UTC; missing: 1 of Carol and Dora",
        "not counted: Carol (withdrawn)",
    ]
    none = Backed(need=1, by=(), missing=("SHA256:x",))
    assert backing(none, Sheet()) == "0 of 1 owner; missing: SHA256:x"
    assert backing(Backed(need=2, by=(), missing=("SHA256:x", "SHA256:y")), Sheet()) == "0 of 2 owners; missing: SHA256:x and SHA256:y"


def test_people() -> None:
    found = roster(person("bob", {"staging": ["deploy"]}, keys=["bob", "bob-2"]), person("eve"))
    assert words(people_lines(found, SHEET)) == [
        f"Bob {person_id('bob')}",
        f"{key('bob').fingerprint} ssh-ed25519",
        f"{key('bob-2').fingerprint} ssh-ed25519",
        "staging: deploy",
        f"(no name) {person_id('eve')}",
        f"{key('eve').fingerprint} ssh-ed25519",
    ]
    assert people_lines(roster(), Sheet()) == ["nobody is enrolled"]


def test_what_runs_and_was_recalled_and_what_is_asked_back() -> None:
    one = Revocation(id=request_id("no"), environment="house", by=person_id("carol"), at=NOW, leaf=40, reason="vulnerable", digests=SHOP.artifacts)
    lines = words(environment_lines("production", stay(), (), (request(rollback=True),), SHEET, recalled=(one,)))
    assert lines[3] == f"RECALLED everywhere: vulnerable, by Carol, {request_id('no')}, leaf 40: it runs still"
    assert lines[4] == f"rollback {artifacts(SHOP)} {request_id()}, by Rita"
    assert words(revoked_lines((one,), SHEET))[1].endswith(f"everywhere: vulnerable, by Carol, {request_id('no')}, leaf 40")
    assert revoked_lines((), SHEET) == []


def test_what_runs_and_would_be_refused_is_told_before_what_is_asked() -> None:
    mark = Mark(decision=7, outcome="refused", since=NOW, leaf=40, requirement="vulnerable", code="vulnerable.found")
    lines = words(environment_lines("production", stay(), (), (request(fixes=("CVE-2026-1", "CVE-2026-2")),), SHEET, rechecked=(mark,)))
    assert lines[3].startswith("REFUSED it runs, and would be refused today, since ")
    assert lines[4:6] == [f"request {artifacts(SHOP)} {request_id()}, by Rita", "as a security fix of CVE-2026-1 and CVE-2026-2"]


def test_what_is_asked_for_in_vain() -> None:
    one = Revocation(id=request_id("no"), environment="house", by=person_id("carol"), at=NOW, leaf=40, reason="vulnerable", digests=SHOP.artifacts)
    asked = request(deployed=12)
    free = words(environment_lines("production", stay(), (), (asked,), SHEET))
    vain = words(environment_lines("production", stay(), (), (asked,), SHEET, refused={asked.id: one}))
    assert any("may be deployed again" in line for line in free)
    assert not any("may be deployed again" in line for line in vain)
    assert f"RECALLED everywhere: vulnerable, by Carol, {request_id('no')}, leaf 40: the gate refuses it, whoever approves" in vain
