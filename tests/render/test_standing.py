"""What stands where."""

from __future__ import annotations

from build import NOW, SHOP, ago, digest, given, key, later, nonce, person, person_id, request, request_id, roster, stay
from lockgate.core.promotion import Backing, OpenProposal, Permit
from lockgate.render.standing import environment_lines, people_lines, proposal_lines
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
        "since 2026-11-21 19:14:03 UTC, 1 d 1 h ago",
        f"permit {artifacts(SHOP)} decision 12, until 2026-11-22 20:29:03 UTC",
        f"permit {artifacts(SHOP)} decision 13, for Dora, until 2026-11-22 20:30:03 UTC",
        f"request {artifacts(SHOP)} {request_id()}, by Rita",
        "approved: security by Bob; rejected by Carol; deployed",
        f"request {artifacts(SHOP)} {request_id()}, by Rita",
        "nobody approved it yet",
    ]


def test_an_empty_environment_and_an_observed_one() -> None:
    assert words(environment_lines("a", None, (), (), Sheet())) == ["a", "runs nothing that was recorded as deployed"]
    assert "observed" in environment_lines("a", stay(known="observed"), (), (), Sheet())[1]


def test_a_proposal() -> None:
    backing = Backing(by=person_id("bob"), key="SHA256:x", expires=NOW, nonce=nonce())
    proposal = OpenProposal(id=request_id(), kind="roster", version=2, digest=digest("r"), by=person_id("rita"), at=ago("1h"), leaf=3, approvals=(backing,))
    assert words(proposal_lines(proposal, SHEET)) == [f"roster version 2, {digest('r')[:19]}… {request_id()}, by Rita", "approved by Bob"]
    none = OpenProposal(id=request_id(), kind="roster", version=2, digest=digest("r"), by="SHA256:x", at=ago("1h"), leaf=3)
    assert proposal_lines(none, Sheet())[1].strip() == "approved by nobody yet"


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
