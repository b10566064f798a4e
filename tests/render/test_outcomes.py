"""Every code has words, and no parameters can make them fail or steer a terminal."""

from __future__ import annotations

import ast
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from build import NOW, SHOP, facts, in_force, person, person_id, policy, request, root, roster, stay, subject
from build import given as approval
from house import sources
from lockgate.core.decide import decide
from lockgate.core.outcome import Fail, Outcome, Params
from lockgate.core.requirements import KINDS
from lockgate.core.requirements.approved import Approved
from lockgate.core.requirements.soaked import Soaked
from lockgate.render import outcomes
from lockgate.render.outcomes import line, opens
from lockgate.render.words import Sheet

ARTIFACT = "sha256:" + "9f" * 32


def codes() -> list[str]:
    """Every code a requirement, or `decide` itself, can answer with."""
    found = set()
    for module, source in sources().items():
        if module.startswith(("lockgate.core.requirements", "lockgate.core.decide", "lockgate.core.leave")):
            found |= {node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    subjects = {*KINDS, "digest", "policy", "root", "time", "hold", "review", "exception", "break-glass"}
    return sorted(code for code in found if code.partition(".")[0] in subjects and code.count(".") == 1 and " " not in code and not code.endswith("."))


def says(code: str, params: Params, sheet: Sheet | None = None) -> str:
    return line(Outcome(requirement="x", result="fail", code=code, params=params), sheet or Sheet())


@pytest.mark.parametrize("code", [*codes(), "digest.mismatch", "digest.missing", "digest.truncated", *KINDS])
def test_every_code_has_words(code: str) -> None:
    assert code in outcomes._WORDS


PARAMS = st.dictionaries(
    st.sampled_from(
        [
            "artifact",
            "keys",
            "because",
            "where",
            "for",
            "in",
            "since",
            "seconds",
            "known",
            "by",
            "missing",
            "able",
            "need",
            "have",
            "dropped",
            "found",
            "may",
            "each",
            "type",
            "tests",
            "failed",
            "configuration",
            "max-age",
            "freeze",
            "reason",
            "zone",
            "now",
            "uri",
            "digest",
        ]
    ),
    st.one_of(st.text(max_size=20), st.integers(-(10**12), 10**12), st.lists(st.text(max_size=8), max_size=3).map(tuple)),
    max_size=8,
)


@given(st.sampled_from([*outcomes._WORDS, "unheard-of", "un.heard"]), PARAMS)
def test_whatever_was_recorded_can_be_told(code: str, params: dict[str, Any]) -> None:
    outcome = Outcome(requirement=code, result="pass", params=params) if "." not in code else Outcome(requirement="x", result="fail", code=code, params=params)
    assert line(outcome, Sheet()).isprintable()


def test_a_code_nobody_knows_is_told_as_it_is() -> None:
    assert says("later.code", {"because": ("a.b", "c.d")}) == "later.code (a.b, c.d)"
    assert line(Outcome(requirement="later", result="pass"), Sheet()) == "holds"


def test_what_is_wrong_with_the_bytes() -> None:
    assert says("digest.mismatch", {"artifact": ARTIFACT, "where": "a\x1bfile"}) == "the bytes of a\\u001bfile are not what the digest says"
    assert says("digest.missing", {"artifact": ARTIFACT, "where": ""}) == "sha256:9f9f9f9f9f9f… is not there"
    assert says("digest.truncated", {"artifact": ARTIFACT, "where": "sha256:" + "ab" * 32}) == "sha256:abababababab… is shorter than it should be"


def test_what_spent_a_request() -> None:
    assert says("approved.spent", {"request": "r-1", "decision": 7}) == "r-1 is spent: decision 7 was deployed, and then something else was"
    assert says("approved.spent", {"request": "r-1"}) == "r-1 is spent: it was a rollback over what ran then, and something else was deployed since"


def test_soak_is_told_in_the_policys_own_unit() -> None:
    assert says("soaked.too-young", {"for": "72h", "seconds": 111600, "in": "staging"}) == "31 h of 72 h in staging"
    told: Params = {"for": "24h", "in": "staging", "since": "2026-11-22T09:00:00Z", "known": "observed"}
    assert line(Outcome(requirement="soaked", result="pass", params=told), Sheet()) == "24 h in staging: there since 2026-11-22 09:00:00 UTC, observed"
    odd: Params = {"for": "24h", "since": "yesterday", "known": "x"}
    assert "since yesterday, x" in line(Outcome(requirement="soaked", result="pass", params=odd), Sheet())


def test_people_have_names_on_a_persons_own_sheet_only() -> None:
    approved = Outcome(requirement="approved", result="pass", params={"request": "r-1", "by": (person_id("bob"), person_id("carol"))})
    assert line(approved, Sheet(names={person_id("bob"): "Bob", person_id("carol"): "Carol"})) == "r-1 by Bob and Carol"
    assert line(approved, Sheet()) == f"r-1 by {person_id('bob')} and {person_id('carol')}"
    assert says("approved.rejected", {"request": "r-1", "by": "p-1"}, Sheet(names={"p-1": "Dan"})) == "r-1 was rejected by Dan"


def test_whose_the_permit_is_and_who_may_have_one() -> None:
    names = Sheet(names={person_id("dora"): "Dora", person_id("don"): "Don"})
    held: Params = {"request": "r-1", "decision": 20, "by": person_id("dora")}
    assert says("approved.permit-outstanding", held, names) == "decision 20 holds the one permit of r-1, for Dora: let them deploy, or wait"
    assert says("approved.permit-outstanding", {**held, "by": ""}, names) == "decision 20 holds the one permit of r-1"
    may: Params = {"may": (person_id("dora"), person_id("don"))}
    assert says("approved.not-deployer", may, names).endswith("whoever asks may not deploy here: Dora and Don may")
    assert says("approved.deployer-unknown", may).endswith(f"a permit is for who deploys: {person_id('dora')} and {person_id('don')} may")
    assert says("approved.not-deployer", {"may": ()}).endswith("nobody enrolled may")


def test_keys_that_signed_all_and_keys_that_signed_some() -> None:
    assert line(Outcome(requirement="signed-by", result="pass", params={"keys": ("a", "b")}), Sheet()) == "key a, b"
    assert line(Outcome(requirement="signed-by", result="pass", params={"keys": ("a", "b"), "each": 1}), Sheet()) == "each artifact by 1 of a, b"


def test_approvals_that_are_missing() -> None:
    team = roster(person("bob", {"production": ["approve:release-management"]}), person("carol", {"production": ["approve:security"]}))
    found = facts(intact=[], requests=[request(approval("bob", "release-management"))], in_force=[in_force()], roster=team, provenance=[])
    both = Approved(duties={"release-management": 1, "security": 1}, independent_of=("requester",))
    verdict = both.check(subject(request=request().id), found, NOW, {})
    assert isinstance(verdict, Fail)
    assert says(verdict.code, verdict.params) == "1 of 2 duties: security is missing (can be given by 1 person)"
    said = says("approved.too-few-people", {"have": 0, "need": 2, "missing": ("a", "b"), "able": 0, "dropped": ("approved.expired", "un.heard")})
    assert said == "0 of 2 duties: a and b are missing (can be given by nobody else enrolled); not counted: expired, un.heard"
    told: Params = {"have": 0, "need": 1, "missing": "a", "able": 2, "dropped": "x"}
    assert says("approved.expired", told) == "0 of 1 duty: a is missing (can be given by 2 people)"


def test_when_it_opens_is_said_where_time_alone_mends_it() -> None:
    rule = policy(Soaked(in_="staging", for_="24h"))
    found = facts(intact=[], stays={"staging": [stay(SHOP, since="5h")]}, in_force=[in_force()])
    soaked = decide(subject(), rule, found, NOW, root()).outcomes[-1]
    assert opens(soaked, Sheet(now=NOW)) == "opens 2026-11-23 15:14:03 UTC, in 19 h"
    assert opens(soaked, Sheet()) == "opens 2026-11-23 15:14:03 UTC"
    assert soaked.opens_at == NOW + timedelta(hours=19)
    assert opens(Outcome(requirement="x", result="pass"), Sheet()) == ""


@pytest.mark.parametrize(
    ("code", "params", "said"),
    [
        ("has-attestation.other-value", {"by": "qa", "path": "a.b", "found": "", "need": ("x", "y")}, "qa says an empty text at a.b, and x, y is asked"),
        ("has-attestation.other-type", {"by": "qa", "path": "a", "found": "list", "need": ("7",)}, "qa has a list at a, and 7 is asked"),
        ("has-attestation.other-value", {"by": "qa", "path": "a", "found": "\x1b[2J", "need": ("7",)}, "qa says \\u001b[2J at a, and 7 is asked"),
        ("tested.failed", {"failed": 10, "tests": ("a", "b"), "configuration": ("unit",)}, "10 tests (a, b and 8 more) failed in unit"),
        ("tested.failed", {"failed": 0, "tests": ()}, "the tests failed"),
        ("tested.failed", {"failed": 1, "tests": ("a\nb",)}, "1 test (a\\u000ab) failed"),
        ("tested.missing", {"missing": 2, "tests": ("a", "b")}, "2 tests (a, b) did not pass: no result names them"),
        ("tested.too-old", {"artifact": ARTIFACT, "max-age": "7d"}, "the test results of sha256:9f9f9f9f9f9f… are older than 7 d"),
        ("within-hours.frozen", {"zone": "Etc/UTC", "now": "sun 2026-11-22 20:14", "freeze": "2026-11-20T18:00..2026-11-24"},
            "frozen from 2026-11-20 18:00 to 2026-11-24: it is sun 2026-11-22 20:14 in Etc/UTC"),
        ("within-hours.unreadable", {"because": "zone.unknown"}, "what the clocks show in that zone could not be told (zone.unknown)"),
        ("within-hours.unreadable", {"zone": "Etc/UTC"}, "what the clocks show in Etc/UTC could not be told (zone.unreadable)"),
        ("not-revoked.material", {"artifact": ARTIFACT, "uri": "", "digest": ARTIFACT, "revocation": "r-1", "leaf": 7, "reason": "other"},
            "sha256:9f9f9f9f9f9f… went into sha256:9f9f9f9f9f9f…, and is revoked by r-1, leaf 7 (other)"),
    ],
)  # fmt: skip
def test_attestations_tests_hours_and_what_was_recalled(code: str, params: Params, said: str) -> None:
    assert says(code, params) == said
