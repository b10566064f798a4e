"""`vulnerable`: what is known against components, as severe as that, and what is not known."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from build import IMAGE, KEYS, NOW, UNREADABLE, VULNERABLE, ago, complete, facts, key, subject
from core.case import Case
from core.cases import VULNERABLE_CASES
from core.cases_of_vulnerable import CURE, KEV, OSV, finding, looked_up, sbom, vex
from lockgate.core.components import Sbom
from lockgate.core.facts import Facts, Need
from lockgate.core.findings import Database, Exploitability, Finding, LookedUp
from lockgate.core.outcome import Pass
from lockgate.core.requirements.vulnerable import Vulnerable
from lockgate.core.weaknesses import line, passed_over


@pytest.mark.parametrize("case", VULNERABLE_CASES, ids=str)
def test_answers(case: Case) -> None:
    assert case.verdict() == case.answer


def test_what_it_asks_for() -> None:
    assert VULNERABLE.needs() == (Need(Sbom), Need(LookedUp), Need(Finding), Need(Database), Need(Exploitability))
    named = replace(VULNERABLE, sbom_keys=("builder",), vex_keys=("release",), sbom_identities=("ci",), vex_identities=("nightly",))
    assert (named.key_names(), named.identity_names()) == (("builder", "release"), ("ci", "nightly"))
    assert (Vulnerable.waivable, Vulnerable.yields, Vulnerable.lasts) == (True, True, "now")


LEVELS = ["none", "low", "medium", "high", "critical", "unknown"]
FINDINGS = st.lists(
    st.builds(
        lambda level, kev, certain, fixed, published: finding(level=level, kev=kev, certain=certain, fixed_in=fixed, published=published),
        st.sampled_from(LEVELS), st.booleans(), st.booleans(), st.sampled_from([(), ("1",)]), st.sampled_from([None, NOW, ago("8d")]),
    ), max_size=3,
)  # fmt: skip
REQUIREMENTS = st.builds(
    Vulnerable, refuse=st.sampled_from(["low", "medium", "high", "critical"]), kev=st.sampled_from(["refuse", "ignore"]),
    unknown_severity=st.sampled_from(["refuse", "ignore"]), only_fixable=st.sampled_from(["yes", "no"]),
    grace=st.sampled_from([{}, {"high": "7d"}, {"low": "7d", "critical": "7d"}]), vex_keys=st.sampled_from([(), ("builder",)]),
)  # fmt: skip


def world(findings: list[Finding], said: list[Exploitability]) -> Facts:
    found: dict[type, Any] = {Sbom: [sbom()], LookedUp: [looked_up()], Finding: findings, Database: [OSV, KEV], Exploitability: said}
    known = facts()
    for kind, items in found.items():
        known = known.replace(Need(kind), complete(items))
    return known


def holds(requirement: Vulnerable, known: Facts) -> bool:
    return isinstance(requirement.check(subject(), known, NOW, dict(KEYS)), Pass)


@given(
    REQUIREMENTS,
    FINDINGS,
    st.lists(st.builds(vex, st.sampled_from(["not_affected", "fixed", "affected"]), st.sampled_from(["builder", "release"])), max_size=2),
)
def test_knowing_less_never_opens(requirement: Vulnerable, findings: list[Finding], said: list[Exploitability]) -> None:
    known = world(findings, said)
    if holds(requirement, known):
        return
    for kind in (Sbom, LookedUp, Finding, Database, Exploitability):
        assert not holds(requirement, known.replace(Need(kind), UNREADABLE))
        assert not holds(requirement, Facts({need: known.of(need.kind) for need in known.needs() if need.kind is not kind}))
    for kind in (Sbom, LookedUp, Database):
        assert not holds(requirement, known.replace(Need(kind), complete([])))
    assert not holds(replace(requirement, vex_keys=()), known)
    assert not holds(requirement, world(findings, [one for one in said if one.status == "affected"]))


@given(REQUIREMENTS, FINDINGS)
def test_it_holds_exactly_where_no_finding_refuses(requirement: Vulnerable, findings: list[Finding]) -> None:
    def refuses(one: Finding) -> bool:
        young = one.published == NOW and one.level in requirement.grace
        high = requirement.unknown_severity == "refuse" if one.level == "unknown" else LEVELS.index(one.level) >= LEVELS.index(requirement.refuse)
        return (one.kev and requirement.kev == "refuse") or (high and not young and bool(one.fixed_in or requirement.only_fixable == "no"))

    assert holds(requirement, world(findings, [])) == (not any(map(refuses, findings)))


@pytest.mark.parametrize(("said", "over"), [
    ([vex()], True),
    ([vex("fixed")], True),
    ([vex("under_investigation")], False),
    ([vex("affected")], False),
    ([], False),
    ([vex("not_affected", "builder", "CVE-2024-9")], False),
    ([vex("not_affected", "builder", "GHSA-a")], True),
    ([vex(subject=sbom(artifact="sha256:" + "0" * 64).subject)], False),
    ([vex(components=("pkg:pypi/aiohttp",))], True),
    ([vex(components=("pkg:pypi/aiohttp@3.8.0",))], True),
    ([vex(components=("pkg:pypi/aiohttp@3.8",))], False),
    ([vex(components=("pkg:pypi/aio",))], False),
    ([vex(components=("pkg:pypi/other", "pkg:pypi/aiohttp"))], True),
    ([vex(at=ago("1h")), vex("affected", at=ago("2h"))], True),
    ([vex(at=ago("2h")), vex("affected", at=ago("1h"))], False),
    ([vex(at=ago("1h")), vex("affected", at=ago("1h"))], False),
    ([vex(at=None), vex("affected", at=ago("1h"))], False),
    ([vex(at=ago("1h")), vex("affected", at=None)], False),
    ([vex(at=ago("1h")), vex("under_investigation", at=ago("30m"))], False),
    ([vex(at=ago("9h")), vex(at=ago("1h")), vex("affected", at=ago("2h"))], True),
])  # fmt: skip
def test_a_word_passes_over_a_finding(said: list[Exploitability], over: bool) -> None:
    assert passed_over(finding(aliases=("GHSA-a",)), said) is over


def test_of_what_packs_several_together_each_is_passed_over() -> None:
    packed = finding("DSA-1", aliases=(), upstream=("CVE-2024-1", "CVE-2024-2"))
    assert not passed_over(packed, [vex()])
    assert passed_over(packed, [vex(), vex("fixed", "builder", "CVE-2024-2")])
    assert passed_over(packed, [vex("not_affected", "builder", "DSA-1")])


def test_a_word_about_one_of_several_cves_of_an_advisory_is_none_about_the_others() -> None:
    several = finding("GHSA-a", aliases=("CVE-2024-1", "CVE-2024-2", "PYSEC-1"))
    assert not passed_over(several, [vex()])
    assert not passed_over(several, [vex("not_affected", "builder", "PYSEC-1")])
    assert passed_over(several, [vex(), vex("fixed", "builder", "CVE-2024-2")])
    assert passed_over(several, [vex("not_affected", "builder", "GHSA-a")])
    assert not passed_over(finding("CVE-2024-1", aliases=("CVE-2024-2", "GHSA-a")), [vex()])


def test_a_line_has_no_space_that_is_not_its_own() -> None:
    odd = finding("A", component="pkg:pypi/a b\n@1", fixed_in=("1 0", "\x1b[2m"), aliases=("B",))
    assert line(odd) == "A high pkg:pypi/ab@1 10 [2m"
    assert line(replace(odd, component="", fixed_in=())) == "A high -"
    assert len(line(finding("x" * 128, component="p" * 9000, fixed_in=("1" * 9000,) * 9))) < 1200


def test_an_sbom_by_two_keys_counts_by_either() -> None:
    both = replace(sbom(), keys=tuple(sorted((key("release").fingerprint, key("builder").fingerprint))))
    known = world([finding()], [vex()]).replace(Need(Sbom), complete([both]))
    assert holds(replace(CURE, sbom_keys=("release",)), known)
    assert both.subject == IMAGE
