"""`soaked` where it asks about dependencies: longer where they changed, old enough, scanned meanwhile, and the lane for security fixes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from bills import OLD_IMAGE, finding, ran, sbom, scan, seen, soak_facts
from build import IMAGE, KEYS, NOW, SOAKED, UNREADABLE, ago, digest, later, release, request, request_id, stay, subject
from core.case import Case
from core.cases_of_soaks import AGED, BEFORE, CURED, HURRY, LONGER, MADE, NAMED, SCANNED, SOAKED_ON_DEPENDENCIES, UNPROVEN
from lockgate.core.components import Component, Sbom
from lockgate.core.dependencies import Ran, RanFinding, Remembered, Whose
from lockgate.core.duration import span
from lockgate.core.facts import Facts, InForce, Need, Request, Stay
from lockgate.core.findings import Finding, Scan
from lockgate.core.outcome import Fail, Pass, Unknown, Verdict
from lockgate.core.requirements.soaked import Soaked
from lockgate.core.soak import FixLane, ScansWithin

FIX = subject(request=request_id())


@pytest.mark.parametrize("case", SOAKED_ON_DEPENDENCIES, ids=str)
def test_answers(case: Case) -> None:
    assert case.verdict() == case.answer


def check(requirement: Soaked, known: Facts, about: Any = None, now: timedelta = timedelta(0)) -> Verdict:
    return requirement.check(about or subject(), known, NOW + now, KEYS)


def code(verdict: Verdict) -> str:
    return "" if isinstance(verdict, Pass) else verdict.code


class TestLongerWhereDependenciesChanged:
    def test_unchanged_it_soaks_as_ever(self) -> None:
        same = ran(sbom("flask 3.0.1", "jinja2 3.1.4", artifact=OLD_IMAGE, by="builder"))
        answer = check(LONGER, soak_facts(bills=[MADE], runs=[same]))
        assert isinstance(answer, Pass)
        assert (answer.params["for"], answer.params["dependencies"]) == ("24h", "same")

    def test_changed_it_soaks_longer_and_says_when_it_opens(self) -> None:
        known = soak_facts(bills=[MADE], runs=[BEFORE])
        answer = check(LONGER, known)
        assert isinstance(answer, Fail)
        assert answer.code == "soaked.dependencies-changed"
        assert (answer.params["changed"], answer.params["packages"]) == (1, ("pkg:pypi/flask",))
        assert answer.opens_at == ago("25h") + span("72h")
        assert isinstance(check(LONGER, known, now=span("47h")), Pass)
        assert code(check(LONGER, known, now=span("47h") - span("1s"))) == "soaked.dependencies-changed"

    def test_too_young_anyway_it_is_simply_too_young(self) -> None:
        answer = check(LONGER, soak_facts(stays=[stay(since="23h")], bills=[MADE], runs=[BEFORE]))
        assert isinstance(answer, Fail)
        assert (answer.code, answer.params["for"], answer.opens_at) == ("soaked.too-young", "72h", ago("23h") + span("72h"))

    def test_the_longer_of_both_is_asked(self) -> None:
        shorter = replace(LONGER, changed_dependencies="1h")
        assert code(check(shorter, soak_facts(stays=[stay(since="23h")], bills=[MADE], runs=[BEFORE]))) == "soaked.too-young"

    def test_the_artifacts_that_run_differ_in_nothing_whatever_is_known_of_them(self) -> None:
        assert isinstance(check(LONGER, soak_facts(bills=UNREADABLE, runs=[ran(release=release("shop", config=digest("other")))])), Pass)

    def test_where_nothing_ran_everything_is_new(self) -> None:
        answer = check(LONGER, soak_facts(bills=[MADE], runs=[]))
        assert (code(answer), answer.params["changed"]) == ("soaked.dependencies-changed", 2)

    @pytest.mark.parametrize(
        ("bills", "runs", "expected", "side"),
        [
            ([], [BEFORE], "soaked.no-sbom", "proposed"),
            ([MADE], [ran()], "soaked.no-sbom", "running"),
            ([sbom("flask 3.0.0", by="stranger")], [BEFORE], "soaked.no-sbom", "proposed"),
            ([sbom("flask 3.0.0", "jinja2 3.1.4", found="attached", keys=())], [BEFORE], "soaked.no-sbom", "proposed"),
            ([replace(MADE, found="inside")], [BEFORE], "soaked.no-sbom", "proposed"),
            ([sbom()], [ran(sbom(artifact=OLD_IMAGE))], "soaked.sbom-partial", "proposed"),
            ([replace(MADE, skipped=1)], [BEFORE], "soaked.sbom-partial", "proposed"),
            ([replace(MADE, complete="incomplete")], [BEFORE], "soaked.sbom-partial", "proposed"),
            ([sbom("flask")], [ran(sbom("flask", artifact=OLD_IMAGE))], "soaked.sbom-partial", "proposed"),
            (UNREADABLE, [BEFORE], "soaked.sbom-unreadable", "proposed"),
            ([MADE], UNREADABLE, "soaked.sbom-unreadable", "running"),
            ([MADE], None, "soaked.sbom-unreadable", "running"),
        ],
    )
    def test_what_cannot_be_told_is_never_nothing(self, bills: Any, runs: Any, expected: str, side: str) -> None:
        answer = check(LONGER, soak_facts(bills=bills, runs=runs))
        assert not isinstance(answer, Pass)
        assert (answer.code, answer.params["side"]) == (expected, side)
        assert isinstance(answer, Unknown) == (expected == "soaked.sbom-unreadable")
        passed = check(LONGER, soak_facts(bills=bills, runs=runs), now=span("47h"))
        assert isinstance(passed, Pass)
        assert passed.params["dependencies"] == "unknown"

    def test_every_artifact_needs_its_bill(self) -> None:
        two = release("shop", "worker")
        known = soak_facts(stays=[stay(two)], bills=[MADE], runs=[BEFORE])
        answer = check(LONGER, known, subject(two))
        assert (code(answer), answer.params["artifact"]) == ("soaked.no-sbom", digest("worker"))

    def test_what_one_of_two_bills_lists_is_there(self) -> None:
        known = soak_facts(bills=[MADE, sbom("evil 1")], runs=[BEFORE])
        assert check(LONGER, known).params["packages"] == ("pkg:pypi/evil", "pkg:pypi/flask")

    def test_it_names_nobody_whose_bills_count(self) -> None:
        for field, value in {"changed_dependencies": "72h", "component_age": "7d", "security_fix": FixLane(for_="2h")}.items():
            with pytest.raises(ValueError, match="whose bills of materials count"):
                replace(SOAKED, **{field: value})
        assert replace(SOAKED, security_fix=UNPROVEN.security_fix).sboms is None
        with pytest.raises(ValueError, match="nobody's word"):
            Whose()


class TestComponentAge:
    def test_old_enough(self) -> None:
        answer = check(AGED, soak_facts(bills=[MADE], runs=[BEFORE], remembered=[seen("8d", "flask 3.0.1")]))
        assert isinstance(answer, Pass)

    def test_only_what_is_new_is_asked(self) -> None:
        assert isinstance(check(AGED, soak_facts(bills=[MADE], runs=[ran(replace(MADE, subject=OLD_IMAGE))], remembered=[])), Pass)

    def test_too_young_it_says_which_and_when(self) -> None:
        known = soak_facts(bills=[MADE], runs=[BEFORE], remembered=[seen("2d", "flask 3.0.1"), seen("6d", "flask 3.0.1"), seen("9d", "flask 3.0.0")])
        answer = check(AGED, known)
        assert answer == Fail(
            code="soaked.component-too-young",
            params={"component-age": "7d", "components": ("pkg:pypi/flask@3.0.1",), "count": 1},
            opens_at=ago("6d") + span("7d"),
        )
        assert isinstance(check(AGED, known, now=span("1d")), Pass)
        assert code(check(AGED, known, now=span("1d") - span("1s"))) == "soaked.component-too-young"

    def test_never_seen_it_is_seen_from_now_on(self) -> None:
        answer = check(AGED, soak_facts(bills=[MADE], runs=[BEFORE]))
        assert isinstance(answer, Fail)
        assert (answer.code, answer.params["components"], answer.opens_at) == ("soaked.component-new", ("pkg:pypi/flask@3.0.1",), later("7d"))

    def test_what_a_stranger_listed_was_not_seen(self) -> None:
        known = soak_facts(bills=[MADE], runs=[BEFORE], remembered=[seen("9d", "flask 3.0.1", by="stranger")])
        assert code(check(AGED, known)) == "soaked.component-new"

    def test_where_what_runs_cannot_be_told_every_component_is_new(self) -> None:
        for runs in (UNREADABLE, [ran()]):
            known = soak_facts(bills=[MADE], runs=runs, remembered=[seen("8d", "flask 3.0.1")])
            assert check(AGED, known).params["components"] == ("pkg:pypi/jinja2@3.1.4",)

    @pytest.mark.parametrize(
        ("more", "expected"),
        [
            ({"bills": []}, "soaked.no-sbom"),
            ({"bills": UNREADABLE}, "soaked.sbom-unreadable"),
            ({"bills": [replace(MADE, skipped=2)]}, "soaked.sbom-partial"),
            ({"remembered": UNREADABLE}, "soaked.unreadable"),
        ],
    )
    def test_what_cannot_be_told_is_unknown(self, more: Any, expected: str) -> None:
        answer = check(AGED, soak_facts(**{"bills": [MADE], "runs": [BEFORE], "remembered": [seen("9d", "flask 3.0.1")], **more}))
        assert isinstance(answer, Unknown)
        assert answer.code == expected

    def test_what_opens_last_is_told(self) -> None:
        both = replace(AGED, changed_dependencies="72h")
        known = soak_facts(bills=[MADE], runs=[BEFORE], remembered=[seen("1h", "flask 3.0.1")])
        assert code(check(both, known)) == "soaked.component-too-young"
        assert code(check(both, soak_facts(bills=[MADE], runs=[BEFORE], remembered=[seen("6d", "flask 3.0.1")]))) == "soaked.dependencies-changed"


class TestScansWithinTheSoak:
    def test_clean(self) -> None:
        assert isinstance(check(SCANNED, soak_facts(scans=[scan("CVE-2026-1 medium")])), Pass)

    @pytest.mark.parametrize(
        "scans",
        [
            [],
            [scan(at=None)],
            [scan(at=ago("26h"))],
            [scan(at=later("1h"))],
            [scan(by="stranger")],
            [scan(artifact=OLD_IMAGE)],
        ],
    )
    def test_none_that_counts(self, scans: Any) -> None:
        answer = check(SCANNED, soak_facts(scans=scans))
        assert (code(answer), answer.params["artifact"]) == ("soaked.no-scan", IMAGE)

    @pytest.mark.parametrize("level", ["high", "critical", "unknown"])
    def test_found_too_much(self, level: str) -> None:
        known = soak_facts(scans=[scan(f"CVE-2026-1 {level}"), scan(at=ago("20h"))])
        assert (code(check(SCANNED, known)), check(SCANNED, known).params["ids"]) == ("soaked.scan-found", ("CVE-2026-1",))

    def test_of_one_tool_the_newest_decides_and_each_tool_for_itself(self) -> None:
        assert isinstance(check(SCANNED, soak_facts(scans=[scan(), scan("CVE-2026-1 high", at=ago("20h"))])), Pass)
        assert code(check(SCANNED, soak_facts(scans=[scan(), scan("CVE-2026-1 high", at=ago("20h"), tool="trivy")]))) == "soaked.scan-found"

    def test_what_was_left_out_may_be_too_much(self) -> None:
        assert code(check(SCANNED, soak_facts(scans=[scan(more=3)]))) == "soaked.scan-found"

    def test_what_was_found_before_the_soak_does_not_count(self) -> None:
        assert isinstance(check(SCANNED, soak_facts(scans=[scan(), scan("CVE-2026-1 critical", at=ago("9d"))])), Pass)

    def test_other_tools_do_not_count_where_some_are_named(self) -> None:
        named = replace(SCANNED, scans=ScansWithin(keys=("builder",), by=("trivy",)))
        assert code(check(named, soak_facts(scans=[scan()]))) == "soaked.no-scan"
        assert isinstance(check(named, soak_facts(scans=[scan(tool="trivy"), scan("CVE-2026-1 critical")])), Pass)

    def test_unreadable(self) -> None:
        assert check(SCANNED, soak_facts(scans=UNREADABLE)) == Unknown(code="soaked.unreadable", params={"because": "ref.unreadable"})

    def test_the_stay_that_is_over_is_the_time_that_counts(self) -> None:
        over = stay(since="9d", until="8d")
        assert code(check(SCANNED, soak_facts(stays=[over], scans=[scan()]))) == "soaked.no-scan"
        assert isinstance(check(SCANNED, soak_facts(stays=[over], scans=[scan(at=ago("204h"))])), Pass)


class TestTheLaneForSecurityFixes:
    FACTS: Any = {"stays": [stay(since="3h")], "bills": [MADE], "runs": [BEFORE], "requests": NAMED, "findings": [], "ran_findings": CURED}

    def test_a_proven_fix_hurries_and_the_record_says_so(self) -> None:
        answer = check(HURRY, soak_facts(**self.FACTS), FIX)
        assert isinstance(answer, Pass)
        assert {name: answer.params[name] for name in ("for", "lane", "fixes", "dependencies")} == {
            "for": "2h",
            "lane": "security-fix",
            "fixes": ("GHSA-1",),
            "dependencies": "changed",
        }

    def test_an_alias_is_the_same_advisory(self) -> None:
        assert isinstance(check(HURRY, soak_facts(**{**self.FACTS, "requests": [request(fixes=("CVE-2026-1",))]}), FIX), Pass)

    def test_it_is_never_without_a_soak(self) -> None:
        answer = check(HURRY, soak_facts(**{**self.FACTS, "stays": [stay(since="1h")]}), FIX)
        assert isinstance(answer, Fail)
        assert (answer.code, answer.params["for"], answer.opens_at) == ("soaked.too-young", "2h", ago("1h") + span("2h"))
        for none in ("59s", "1s"):
            with pytest.raises(ValueError, match="a minute at least"):
                FixLane(for_=none)
        assert FixLane(for_="1m").proven == "yes"

    @pytest.mark.parametrize(
        ("more", "expected"),
        [
            ({"ran_findings": []}, "soaked.fix-unproven"),
            ({"ran_findings": [replace(CURED[0], certain=False)]}, "soaked.fix-unproven"),
            ({"ran_findings": [replace(CURED[0], sboms=(digest("a bill by somebody else"),))]}, "soaked.fix-unproven"),
            (
                {
                    "runs": [replace(BEFORE, sboms=(*BEFORE.sboms, sbom("old 1", artifact=OLD_IMAGE, by="release")))],
                    "ran_findings": [replace(CURED[0], component="pkg:pypi/old@1", sboms=(sbom("old 1", by="release").source,))],
                },
                "soaked.fix-unproven",
            ),
            ({"findings": [finding("flask 3.0.1")]}, "soaked.fix-unproven"),
            ({"findings": [finding("flask 3.0.1", certain=False)]}, "soaked.fix-unproven"),
            ({"findings": [finding("flask 3.0.1", "PYSEC-1", aliases=("GHSA-1",))]}, "soaked.fix-unproven"),
            ({"requests": [request(fixes=("GHSA-1", "GHSA-2"))]}, "soaked.fix-unproven"),
            ({"bills": []}, "soaked.fix-unproven"),
            ({"bills": [replace(MADE, skipped=1)]}, "soaked.fix-unproven"),
            ({"bills": [replace(MADE, components=(Component(name="debian", kind="operating-system"),))]}, "soaked.fix-unproven"),
            ({"findings": None}, "soaked.fix-unreadable"),
            ({"ran_findings": UNREADABLE}, "soaked.fix-unreadable"),
        ],
    )
    def test_unproven_it_is_closed(self, more: Any, expected: str) -> None:
        known = soak_facts(**{**self.FACTS, **more})
        answer = check(HURRY, known, FIX)
        assert code(answer) == expected
        assert isinstance(answer, Unknown) == (expected == "soaked.fix-unreadable")
        assert isinstance(check(HURRY, known, FIX, now=span("69h")), Pass)

    @pytest.mark.parametrize(
        "requests", [[], [request()], [request(fixes=("GHSA-1",), name="another")], [request(fixes=("GHSA-1",), release=release("x"))], UNREADABLE]
    )
    def test_without_a_request_that_says_so_there_is_no_lane(self, requests: Any) -> None:
        assert code(check(HURRY, soak_facts(**{**self.FACTS, "requests": requests}), FIX)) == "soaked.too-young"

    def test_a_policy_that_asks_for_no_proof(self) -> None:
        known = soak_facts(**{**self.FACTS, "findings": None, "ran_findings": None})
        assert isinstance(check(UNPROVEN, known, FIX), Pass)

    def test_the_components_that_carry_the_fix_need_no_age_and_others_do(self) -> None:
        aged = replace(HURRY, component_age="7d")
        assert isinstance(check(aged, soak_facts(**self.FACTS), FIX), Pass)
        more = soak_facts(**{**self.FACTS, "bills": [sbom("flask 3.0.1", "jinja2 3.1.4", "evil 1")]})
        assert check(aged, more, FIX).params["components"] == ("pkg:pypi/evil@1",)
        assert code(check(replace(UNPROVEN, component_age="7d"), soak_facts(**self.FACTS), FIX)) == "soaked.component-new"

    def test_a_lane_that_is_no_shorter_changes_nothing(self) -> None:
        slow = replace(HURRY, security_fix=FixLane(for_="72h"))
        assert code(check(slow, soak_facts(**self.FACTS), FIX)) == "soaked.too-young"
        assert check(slow, soak_facts(**self.FACTS), FIX).params["for"] == "72h"


def test_what_it_asks_for() -> None:
    plain = (Need(Stay, "staging"), Need(InForce))
    assert LONGER.needs() == (*plain, Need(Sbom), Need(Ran))
    assert AGED.needs() == (*plain, Need(Sbom), Need(Ran), Need(Remembered))
    assert SCANNED.needs() == (*plain, Need(Scan))
    assert HURRY.needs() == (*plain, Need(Sbom), Need(Ran), Need(Request), Need(Finding), Need(RanFinding))
    assert UNPROVEN.needs() == (*plain, Need(Sbom), Need(Ran), Need(Request))
    whole = replace(HURRY, scans=ScansWithin(keys=("second", "builder"), identities=("ci",)))
    assert (whole.key_names(), whole.identity_names()) == (("builder", "second"), ("ci",))


BILL = st.lists(st.sampled_from(["flask 3.0.0", "flask 3.0.1", "jinja2 3.1.4", "evil 1"]), max_size=3, unique=True)
BY = st.sampled_from(["builder", "builder", "builder", "stranger"])
WORLDS = st.fixed_dictionaries({
    "stays": st.builds(lambda hours: [stay(since=f"{hours}h")], st.integers(1, 100)),
    "bills": st.lists(st.builds(lambda made, by: sbom(*made, by=by), BILL, BY), max_size=2),
    "runs": st.lists(st.builds(lambda made, by: ran(sbom(*made, by=by, artifact=OLD_IMAGE)), BILL, BY), max_size=1),
    "remembered": st.lists(st.builds(lambda days, made, by: seen(f"{days}d", *made, by=by), st.integers(1, 20), BILL, BY), max_size=3),
    "scans": st.lists(st.builds(lambda hours, found: scan(*found, at=ago(f"{hours}h")), st.integers(1, 99), st.sampled_from([[], ["CVE-1 high"]])), max_size=2),
    "requests": st.sampled_from([[], [request()], NAMED, NAMED]),
    "findings": st.sampled_from([[], [], [finding("flask 3.0.1")], UNREADABLE]),
    "ran_findings": st.sampled_from([CURED, CURED, [], None]),
})  # fmt: skip
REQUIREMENTS = st.sampled_from([
    SOAKED, LONGER, AGED, SCANNED, HURRY, UNPROVEN, replace(HURRY, component_age="7d"), replace(HURRY, scans=ScansWithin(keys=("builder",))),
    replace(UNPROVEN, component_age="7d", scans=ScansWithin(keys=("builder",), at_most="high")),
])  # fmt: skip


@given(REQUIREMENTS, WORLDS)
def test_no_soak_is_shorter_than_the_lane_nor_than_asked_without_one(requirement: Soaked, world: Any) -> None:
    answer = check(requirement, soak_facts(**world), FIX)
    if isinstance(answer, Pass):
        stayed = NOW - world["stays"][0].since
        hurries = requirement.security_fix is not None and answer.params.get("lane") == "security-fix"
        assert stayed >= span(requirement.security_fix.for_ if hurries and requirement.security_fix else requirement.for_)
        assert not hurries or (world["requests"] == NAMED and answer.params["fixes"] == ("GHSA-1",))


HELPS = (Remembered, Stay, Request, InForce, RanFinding)
"""Kinds whose facts only ever open something; of the others, one fewer may be one objection fewer."""


@given(REQUIREMENTS, WORLDS)
def test_knowing_less_never_opens(requirement: Soaked, world: Any) -> None:
    known = soak_facts(**world)
    if isinstance(check(requirement, known, FIX), Pass):
        return
    for need in requirement.needs():
        assert not isinstance(check(requirement, known.replace(need, UNREADABLE), FIX), Pass), need
        found: Any = known.of(need.kind, need.environment)
        for place, _ in enumerate(getattr(found, "items", ())) if need.kind in HELPS else ():
            fewer = replace(found, items=(*found.items[:place], *found.items[place + 1 :]))
            assert not isinstance(check(requirement, known.replace(need, fewer), FIX), Pass), need


@given(WORLDS)
def test_asking_for_more_never_opens(world: Any) -> None:
    known = soak_facts(**world)
    for less, more in [(SOAKED, LONGER), (SOAKED, AGED), (SOAKED, SCANNED), (HURRY, LONGER), (UNPROVEN, HURRY), (HURRY, replace(HURRY, component_age="7d"))]:
        assert isinstance(check(less, known, FIX), Pass) or not isinstance(check(more, known, FIX), Pass)
