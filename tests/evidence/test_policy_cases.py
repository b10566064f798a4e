"""evidence.policy_cases and case_form: what a case says is what is decided on, and what is wrong in it is told at its place."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from build import APPROVED, BUILDER, BUILT, CAME, IDENTITIES, REF, REPOSITORY, ROOTS, SIGNED, SOAKED, VERIFIED, VERIFIER, policy
from house import ROOT
from lockgate.adapters.zones import PackagedZones
from lockgate.core.cases import Case, run_case
from lockgate.core.cases import Tested as Ran
from lockgate.core.components import Sbom
from lockgate.core.digest import digest_of
from lockgate.core.facts import Complete, Enrolled, Need, Provenance, Rejected, Request, Signature, Source, Stay, Summary, Unreadable, Vouched
from lockgate.core.findings import Finding, Scan
from lockgate.core.policy import Policy
from lockgate.core.requirements.has_sbom import HasSbom
from lockgate.core.requirements.not_revoked import NotRevoked
from lockgate.core.requirements.signed_by import SignedBy
from lockgate.core.requirements.vulnerable import Vulnerable
from lockgate.core.requirements.within_hours import WithinHours
from lockgate.errors import PolicyError
from lockgate.evidence import policy_cases, readers
from lockgate.evidence.case_form import person_id, stand_in_key
from lockgate.evidence.policy_cases import MAX_FACTS, NOON, cases, kinds, read_cases

POLICY = policy(SIGNED, BUILT, CAME, SOAKED, APPROVED, waivable=("soaked",))
BUILT_WELL = f'provenance: [{{keys: [builder], builder: "{BUILDER}", repository: "{REPOSITORY}", ref: {REF}}}]'
ALL_WELL = f"""\
      signatures: [{{key: release}}]
      {BUILT_WELL}
      stays: [{{in: staging, since: 25h ago}}]
      approvals: [{{by: ann, duty: security}}, {{by: bob, duty: release-management}}]
"""


def read(text: str, policy: Policy = POLICY) -> tuple[Case, ...]:
    return cases(read_cases(text.encode(), "c.yaml"), policy, PackagedZones().read)


def one(facts: str = "", more: str = "", expect: str = "{result: allowed}", policy: Policy = POLICY, top: str = "") -> Case:
    body = f"    facts:\n{facts}" if facts else ""
    (case,) = read(f"{top}cases:\n  - name: it\n    to: production\n{more}{body}    expect: {expect}\n", policy)
    return case


def ran(facts: str = "", **more: Any) -> Ran:
    return run_case(one(facts, **more), more.get("policy", POLICY), "c.yaml")


def codes(tested: Ran) -> dict[str, str]:
    return {each.requirement: each.code or each.result for each in tested.outcomes}


def of(case: Case, kind: type[Any], environment: str = "") -> tuple[Any, ...]:
    found = case.facts.of(kind, environment)
    assert isinstance(found, Complete)
    return found.items


def test_what_a_case_does_not_care_about_is_filled_in() -> None:
    tested = ran(ALL_WELL)
    assert (tested.passed, tested.result, set(codes(tested).values())) == (True, "allowed", {"pass"})


def test_without_facts_everything_was_looked_for_and_nothing_is_there() -> None:
    tested = ran(expect="{result: refused, digest: pass, signed-by: signed-by.no-signature, approved: approved.no-request, hold: pass}")
    assert (tested.passed, tested.misses) == (True, ())
    assert codes(tested) == {
        "digest": "pass",
        "signed-by": "signed-by.no-signature",
        "built-by": "built-by.no-provenance",
        "came-through": "came-through.never-there",
        "soaked": "soaked.never-there",
        "approved": "approved.no-request",
    }


@pytest.mark.parametrize(
    ("old", "new", "id_", "code"),
    [
        ("key: release", "key: second", "signed-by", "signed-by.no-signature"),
        ("key: release", "key: release, subject: another", "signed-by", "signed-by.no-signature"),
        ("ref: refs", "ref: other", "built-by", "built-by.other-source"),
        ("since: 25h ago", "since: 23h ago", "soaked", "soaked.too-young"),
        ("since: 25h ago", "since: 25h ago, fell: true", "came-through", "came-through.never-there"),
        ("since: 25h ago", "since: 25h ago, release: another", "came-through", "came-through.never-there"),
        ("since: 25h ago", "since: 50h ago, until: 30h ago", "soaked", "soaked.replaced"),
        ("by: ann", "by: bob", "approved", "approved.too-few-people"),
        ("duty: security", "duty: other", "approved", "approved.too-few-people"),
        ("duty: security", "duty: security, at: 73h ago", "approved", "approved.too-few-people"),
        ("duty: security", "duty: security, section: another", "approved", "approved.too-few-people"),
        ("duty: security", "duty: security, from: another", "approved", "approved.too-few-people"),
        ("duty: security", "duty: security, withdrawn: true", "approved", "approved.too-few-people"),
        ("duty: security", "duty: security, key: eve", "approved", "approved.too-few-people"),
        ("by: ann", "by: requester", "approved", "approved.too-few-people"),
        ("by: ann", "by: deployer", "approved", "approved.too-few-people"),
        ("      approvals", "      request: {rejected-by: [eve]}\n      approvals", "approved", "approved.rejected"),
        ("      approvals", "      request: {withdrawn: true}\n      approvals", "approved", "approved.request-withdrawn"),
        ("      approvals", "      request: {release: another}\n      approvals", "approved", "approved.other-release"),
        ("      approvals", "      holds: [{by: eve}]\n      approvals", "hold", "hold.standing"),
        ("      approvals", "      revocations: [{reason: vulnerable}]\n      approvals", "release", "release.recalled"),
        ("      approvals", "      intact: [{problem: digest.mismatch, where: a layer}]\n      approvals", "digest", "digest.mismatch"),
        ("      approvals", "      intact: []\n      approvals", "digest", "digest.unreadable"),
    ],
)
def test_one_thing_that_is_otherwise_is_what_refuses(old: str, new: str, id_: str, code: str) -> None:
    assert old in ALL_WELL
    assert codes(ran(ALL_WELL.replace(old, new, 1))).get(id_) == code


@pytest.mark.parametrize(
    ("revocations", "expect"),
    [
        ("[]", "{result: allowed, not-revoked: pass}"),
        ("[{environment: staging}]", "{result: refused, not-revoked: not-revoked.elsewhere, release: pass}"),
        ("[{environment: house}]", "{result: refused, release: release.recalled}"),
        ("[{}]", "{result: refused, release: release.recalled}"),
    ],
)
def test_what_is_revoked_elsewhere_is_known_there(revocations: str, expect: str) -> None:
    asks = policy(NotRevoked(in_=("staging",)))
    assert ran(f"      revocations: {revocations}\n", policy=asks, expect=expect).misses == ()


def test_a_revocation_in_no_environment_of_the_policy_is_refused() -> None:
    with pytest.raises(PolicyError) as err:
        one("      revocations: [{environment: stagng}]\n")
    assert err.value.code == "cases.malformed"


def test_a_waiver_and_a_broken_glass() -> None:
    young = ALL_WELL.replace("25h ago", "1h ago")
    waived = ran(young + "      waivers: [{by: max, requirement: soaked}]\n", expect="{result: allowed, soaked: waived}")
    assert waived.passed
    assert not ran(young + "      waivers: [{by: max, requirement: soaked}]\n", expect="{result: allowed, soaked: soaked.too-young}").passed
    assert not ran(young + "      waivers: [{by: max, requirement: soaked, expires: 1h ago}]\n").passed
    broken = ran(young + "      glasses: [{by: [ann, sam]}]\n", expect="{result: allowed, soaked: waived}")
    assert broken.passed
    assert ran(young + "      glasses: [{by: [ann]}]\n", expect="{result: refused}").passed


def test_people_are_enrolled_for_what_they_do_or_as_the_file_says() -> None:
    (enrolled,) = of(one(ALL_WELL), Enrolled)
    assert {each.id: each.duties["production"] for each in enrolled.roster.people} == {
        person_id("ann"): ("approve:security",),
        person_id("bob"): ("approve:release-management",),
        person_id("deployer"): ("deploy",),
    }
    people = "people:\n  ann: {duties: {production: [approve:security]}, keys: [builder]}\n  bob: {duties: {staging: [deploy]}}\n"
    people += "  dora: {duties: {production: [deploy]}}\n"
    tested = ran(ALL_WELL, top=people, expect="{result: refused}")
    assert next(each.params for each in tested.outcomes if each.requirement == "approved")["dropped"] == ("approved.not-enrolled", "approved.not-independent")
    asked = one(ALL_WELL, top=people)
    assert asked.subject.actor is not None
    assert asked.subject.actor.person == person_id("dora")


@pytest.mark.parametrize(("asker", "code"), [("none", "approved.deployer-unknown"), ("eve", "approved.not-deployer")])
def test_who_asks(asker: str, code: str) -> None:
    people = "people:\n  ann: {duties: {production: [approve:security]}}\n  bob: {duties: {production: [approve:release-management]}}\n  eve: {}\n"
    assert codes(ran(ALL_WELL, top=people, more=f"    asker: {asker}\n"))["approved"] == code
    if asker == "eve":
        assert ran(ALL_WELL, more="    asker: eve\n").passed, "without people, whoever asks may deploy"


def test_a_fact_that_names_no_artifact_is_about_each_of_them() -> None:
    case = one("      signatures: [{key: release}, {key: second, subject: web}]\n", more="    release: {artifacts: [worker, web], config: settings}\n")
    both = {digest_of(b"web"), digest_of(b"worker")}
    assert set(case.subject.release.artifacts) == both
    assert case.subject.release.config == digest_of(b"settings")
    assert sorted(each.subject for each in of(case, Signature)) == sorted([*both, digest_of(b"web")])
    assert len({each.source for each in of(case, Signature)}) == 2
    assert one(more="    release: web\n").subject.release.artifacts == (digest_of(b"web"),)
    assert one(more=f"    release: {{artifacts: [{digest_of(b'x')}]}}\n").subject.release.artifacts == (digest_of(b"x"),)


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("now", NOON),
        ("3h ago", NOON - timedelta(hours=3)),
        ("in 20m", NOON + timedelta(minutes=20)),
        ("2025-12-24T18:00:00Z", datetime(2025, 12, 24, 18, tzinfo=UTC)),
        ('"2025-12-24T18:00:00+01:00"', datetime(2025, 12, 24, 17, tzinfo=UTC)),
    ],
)
def test_times(written: str, at: datetime) -> None:
    assert of(one(f"      stays: [{{in: staging, since: {written}}}]\n"), Stay, "staging")[0].since == at
    assert NOON.weekday() == 2
    assert one(more="    now: 2026-11-22T10:00:00Z\n").now == datetime(2026, 11, 22, 10, tzinfo=UTC)


def test_by_an_identity() -> None:
    by_identity = policy(SignedBy(identities=("ci",)), with_identities=True)
    tested = ran("      signatures: [{by: ci}]\n", policy=by_identity)
    assert tested.passed
    case = one("      signatures: [{by: {names: [ci], subject: somebody, at: 2h ago}}]\n", policy=by_identity)
    (fact,) = of(case, Signature)
    assert (fact.key, fact.by.subject, fact.by.issuer, fact.by.root, fact.by.at) == (
        "",
        "somebody",
        "https://issuer.example",
        "ours",
        NOON - timedelta(hours=2),
    )
    assert IDENTITIES["ci"].root in ROOTS


def test_every_kind_of_fact_has_a_word_and_can_be_written() -> None:
    words = kinds()
    assert set(words.values()) >= {*readers.KINDS, Finding}
    assert {words["sboms"], words["scans"], words["exploitability"]} <= set(policy_cases._below(Vouched))
    case = one(
        f"""\
      summaries: [{{keys: [builder], verifier: "{VERIFIER}", resource: shop, levels: [SLSA_BUILD_LEVEL_2], passed: false}}]
      rejected: [{{code: dsse.bad-signature}}]
      sboms: [{{found: attached, components: [{{purl: pkg:pypi/a@1, name: a, version: "1"}}], complete: incomplete}}]
      findings: [{{component: pkg:pypi/a@1, advisory: CVE-1, level: high, score: 75, published: 3d ago, kev: true, certain: false}}]
      databases: [{{name: osv, ecosystems: [PyPI]}}]
      scans: [{{keys: [builder], tool: grype, format: grype, database-at: 1d ago, findings: [{{id: CVE-1, level: low}}]}}]
      exploitability: [{{keys: [builder], ids: [CVE-1], status: not_affected}}]
""",
        policy=policy(VERIFIED),
        expect="{result: refused}",
    )
    assert [of(case, Summary)[0].passed, of(case, Rejected)[0].code] == [False, "dsse.bad-signature"]
    assert of(case, Sbom)[0].components[0].version == "1"
    assert (of(case, Finding)[0].kev, of(case, Finding)[0].published) == (True, NOON - timedelta(days=3))
    assert of(case, Scan)[0].findings[0].id == "CVE-1"


def test_what_follows_from_what_is_said_need_not_be_said() -> None:
    """Bills of materials were looked up in databases of today; a finding is about them; a clock is that of its zone."""
    listed = '      sboms: [{keys: [builder], components: [{purl: "pkg:pypi/a@1", name: a, version: "1"}]}]\n'
    strict = policy(Vulnerable(refuse="high", max_age="1d", uncovered=("any",)), HasSbom(keys=("builder",)))
    inside = policy(HasSbom(inside="sbom.json"))
    assert ran(listed, policy=strict).passed
    found = "      findings: [{component: pkg:pypi/a@1, advisory: CVE-1, level: critical, score: 98, published: 90d ago}]\n"
    assert ran(listed + found, policy=strict, expect="{result: refused, vulnerable: vulnerable.found}").passed
    assert ran(listed + "      databases: [{name: osv, as-of: 3d ago}]\n", policy=strict, expect="{result: undecided}").result != "allowed"
    assert not ran(listed + "      looked-up: []\n", policy=strict).passed
    assert codes(ran(policy=inside))["has-sbom"] == "has-sbom.no-sbom"
    assert codes(ran("      looked-inside: []\n", policy=inside))["has-sbom"] == "has-sbom.not-looked"
    source = of(one("      signatures: [{key: release}]\n"), Source)
    assert [each.source for each in source] == [each.source for each in of(one("      signatures: [{key: release}]\n"), Signature)]


@pytest.mark.parametrize(("now", "result"), [("2026-11-23T10:00:00Z", "allowed"), ("2026-11-23T20:00:00Z", "refused"), ("2026-11-22T10:00:00Z", "refused")])
def test_change_windows_are_tried_by_the_clock(now: str, result: str) -> None:
    weekdays = policy(WithinHours(zone="Europe/Berlin", days=("mon", "tue", "wed", "thu"), from_="09:00", to="16:00"))
    tested = ran(policy=weekdays, more=f"    now: {now}\n", expect=f"{{result: {result}}}")
    assert (tested.passed, tested.result) == (True, result)
    nowhere = policy(WithinHours(zone="Nowhere/City", days=("mon",), from_="09:00", to="16:00"))
    assert codes(ran(policy=nowhere, expect="{result: undecided}"))["within-hours"] == "within-hours.unreadable"


def test_the_page_has_every_word() -> None:
    page = (ROOT / "docs" / "policy.md").read_text(encoding="utf-8")
    words = {*policy_cases._KNOWN, *policy_cases._HISTORY, "request"}
    assert [word for word in sorted(words) if not re.search(rf"^\\| [^|]*`{word}`[^|]* \\|", page, re.MULTILINE)] == []


def test_a_kind_that_came_later_needs_no_line(monkeypatch: pytest.MonkeyPatch) -> None:
    class TestResult(Vouched, frozen=True, kw_only=True):
        tests: int

    kinds.cache_clear()
    monkeypatch.setattr(readers, "KINDS", (*readers.KINDS, TestResult))
    try:
        case = one("      test-results: [{keys: [builder], tests: 3}]\n")
        assert [each.tests for each in of(case, TestResult)] == [3]
        assert case.facts.of(TestResult) == case.facts.of(TestResult, "")
    finally:
        kinds.cache_clear()


@pytest.mark.parametrize(
    ("word", "need"),
    [
        ("signatures", Need(Signature)),
        ("provenance", Need(Provenance)),
        ("stays", Need(Stay, "staging")),
        ("approvals", Need(Request)),
        ("requests", Need(Request)),
    ],
)
def test_what_could_not_be_read(word: str, need: Need) -> None:
    case = one(ALL_WELL, more=f"    unreadable: {{{word}: ref.unreadable}}\n")
    assert case.facts.of(need.kind, need.environment) == Unreadable(code="ref.unreadable")
    assert run_case(case, POLICY, "c").result == "undecided"


def test_what_came_otherwise_is_told() -> None:
    tested = ran(expect="{result: allowed, signed-by: pass, soaked: soaked.too-young, approved: fail, came-through: came-through.never-there}")
    assert [(each.what, each.expected, each.got) for each in tested.misses] == [
        ("result", "allowed", "refused"),
        ("signed-by", "pass", "fail signed-by.no-signature"),
        ("soaked", "soaked.too-young", "fail soaked.never-there"),
    ]


CASE = "cases:\n  - name: it\n    to: production\n    %s\n    expect: {result: refused}\n"


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("", "1:1", "empty"),
        ("[]", "1:1", "mapping"),
        ("cases: []\n", "1:8", "1 to 1,000 cases"),
        ("cases: x\n", "1:8", "a list"),
        ("caes: []\n", "1:1", "did you mean 'cases'"),
        ("policy: [a]\ncases: []\n", "1:9", "text"),
        ("people: {Ann: {}}\n" + CASE % "asker: none", "1:10", "a name"),
        ("people: {ann: {duties: {production: [shout]}}}\n" + CASE % "asker: none", "1:38", "a duty"),
        ("people: {ann: {keys: [other]}}\n" + CASE % "asker: none", "1:9", "no key of the policy"),
        ("people: {ann: {keys: [builder]}, bob: {keys: [builder]}}\n" + CASE % "asker: none", "1:9", "one person"),
        ("people: {ann: {}}\n" + CASE % "asker: bob", "5:12", "no person under people 'bob'"),
        (CASE % "fact: {}", "4:5", "did you mean 'facts'"),
        (CASE % "now: yesterday", "4:10", "now is a time"),
        (CASE % "now: 9999-12-31T23:59:59Z", "4:10", "now is a time"),
        (CASE % "now: 2026-02-30T10:00:00Z", "4:10", "now is a time"),
        (CASE % "now: 2026-02-03T10:00:00", "4:10", "now is a time"),
        (CASE % "asker: [a]", "4:12", "asker is text"),
        (CASE % "release: {artifacts: []}", "4:14", "length"),
        (CASE % "release: {artifacts: [[], web]}", "4:27", "text"),
        (CASE % "release: A", "4:14", "neither a digest nor a name"),
        (CASE % "facts: {signature: []}", "4:13", "did you mean 'signatures'"),
        (CASE % "facts: {signatures: {}}", "4:25", "a list"),
        (CASE % "facts: {signatures: [{}]}", "4:26", "by a key, or by: an identity"),
        (CASE % "facts: {signatures: [{key: other}]}", "4:32", "no key 'other'"),
        (CASE % "facts: {signatures: [{key: release, by: ci}]}", "4:45", "no identity 'ci'"),
        (CASE % "facts: {signatures: [{key: release, sigend-at: now}]}", "4:41", "did you mean 'signed-at'"),
        (CASE % "facts: {signatures: [{key: release, signed-at: soon}]}", "4:52", "signed-at is a time"),
        (CASE % "facts: {signatures: [{key: release, signed-at: 3h}]}", "4:52", "signed-at is a time"),
        (CASE % "facts: {signatures: [{key: release, signed-at: 999999d ago}]}", "4:52", "signed-at is a time"),
        (CASE % "facts: {provenance: [{keys: [builder]}]}", "4:26", "lacks 'builder'"),
        (CASE % "facts: {provenance: [{keys: builder, builder: b}]}", "4:33", "a list"),
        (CASE % "facts: {summaries: [{verifier: v, resource: r, passed: yes}]}", "4:60", "true or false"),
        (CASE % "facts: {stays: [{since: now}]}", "4:21", "says where"),
        (CASE % "facts: {stays: [{in: prod, since: now}]}", "4:26", "did you mean 'production'"),
        (CASE % "facts: {stays: [{in: staging}]}", "4:21", "lacks 'since'"),
        (CASE % "facts: {approvals: [{duty: security}]}", "4:25", "lacks 'by'"),
        (CASE % "facts: {approvals: [{by: Ann, duty: security}]}", "4:30", "a person has a name"),
        (CASE % "facts: {request: []}", "4:22", "mapping"),
        (CASE % "facts: {sboms: [{spec: 1.6}]}", "4:28", "quotes"),
        (CASE % "facts: {findings: [{component: a, advisory: b, score: high}]}", "4:59", "whole number"),
        (CASE % "facts: {waivers: [{by: max}]}", "4:23", "lacks 'requirement'"),
        (CASE % "facts: {glasses: [{by: max}]}", "4:28", "a list"),
        (CASE % "unreadable: {signatures: no}", "4:30", "because of a code"),
        (CASE % "unreadable: {signature: ref.unreadable}", "4:18", "did you mean"),
        ("cases:\n  - {name: a, to: prodution, expect: {result: refused}}\n", "2:19", "did you mean 'production'"),
        ("cases:\n  - {name: a, to: production, expect: {soaked: pass}}\n", "2:39", "lacks 'result'"),
        ("cases:\n  - {name: a, to: production, expect: {result: refuse}}\n", "2:48", "did you mean 'refused'"),
        ("cases:\n  - {name: a, to: production, expect: {result: refused, soakd: pass}}\n", "2:57", "did you mean 'soaked'"),
        ("cases:\n  - {name: a, to: production, expect: {result: refused, soaked: good}}\n", "2:65", "a code"),
        ("cases:\n  - {name: a, to: production}\n", "2:5", "lacks 'expect'"),
        ("cases: &x [*x]\n", "1:8", "anchors"),
    ],
)
def test_what_is_wrong_is_told_at_its_place(text: str, place: str, said: str) -> None:
    with pytest.raises(PolicyError) as err:
        read(text)
    assert err.value.code == "cases.malformed"
    assert f"c.yaml:{place}: " in err.value.message, err.value.message
    assert said in err.value.message


def test_all_that_is_wrong_is_told_and_no_more_than_somebody_reads() -> None:
    wrong = "".join(f"  - {{name: a{number}, to: nowhere, expect: {{result: refused}}}}\n" for number in range(30))
    with pytest.raises(PolicyError) as err:
        read("cases:\n" + wrong)
    assert len(err.value.message.splitlines()) == 11
    assert err.value.message.endswith("and 20 more")


def test_facts_are_counted_for_every_artifact_they_are_about() -> None:
    artifacts = ", ".join(f"a{number}" for number in range(64))
    many = "{key: release}, " * (MAX_FACTS // 64)
    head = f"cases:\n  - name: a\n    to: production\n    release: {{artifacts: [{artifacts}]}}\n"
    text = head + f"    facts: {{signatures: [{many}%s]}}\n    expect: {{result: refused}}\n"
    assert len(of(read(text % "")[0], Signature)) == MAX_FACTS // 64 * 64
    with pytest.raises(PolicyError) as err:
        read(text % "{key: release}")
    assert "20,000 facts" in err.value.message
    with pytest.raises(PolicyError) as err:
        one("      approvals: [" + "{by: ann, duty: security}, " * 65 + "]\n")
    assert "at most 64" in err.value.message


@given(st.text(max_size=20))
def test_people_are_told_apart_by_name(name: str) -> None:
    assert person_id(name) == person_id(name)
    assert (person_id(name) == person_id("ann")) == (name == "ann")
    assert (stand_in_key(name) == stand_in_key("ann")) == (name == "ann")
