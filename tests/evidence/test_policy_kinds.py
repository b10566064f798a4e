"""Policies with change windows, attestations and test results: what is read, what reads back, and what cannot be meant."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from build import key
from lockgate.core.policy import EnvironmentPolicy, Policy
from lockgate.core.predicate_match import Match
from lockgate.core.requirements import AnyRequirement, tested
from lockgate.core.requirements.has_attestation import HasAttestation
from lockgate.core.requirements.not_revoked import NotRevoked
from lockgate.core.requirements.within_hours import WithinHours
from lockgate.core.windows import Freeze, Window
from lockgate.errors import PolicyError, UnreadableError
from lockgate.evidence.b64 import encode
from lockgate.evidence.policy_sense import check_policy
from lockgate.evidence.policy_yaml import dump_policy, parse_policy
from strategies import noun

# ruff: noqa: E501  a requirement in one line, as it stands in a file

KEYS = "".join(f'  {name}: {{ed25519: "{encode(key(name).raw)}"}}\n' for name in ("k", "second"))
TYPE = '"https://example.com/review"'
NOW = datetime(2026, 11, 22, 20, tzinfo=UTC)


def text(*requires: str) -> str:
    lines = "".join(f"      - {one}\n" for one in requires)
    staging = "  staging:\n    requires: [{signed-by: {keys: [k]}}]\n"
    return f"version: 1\nproject: shop\nenvironments:\n{staging}  production:\n    requires:\n{lines}keys:\n{KEYS}"


def read(requirement: str) -> AnyRequirement:
    return parse_policy(text(requirement).encode(), "p.yaml", None).environments["production"].requires[0]


def refusal(requirement: str) -> PolicyError:
    with pytest.raises(PolicyError) as err:
        read(requirement)
    return err.value


WRITTEN: dict[str, AnyRequirement] = {
    f"has-attestation: {{type: {TYPE}, keys: [k], match: [{{path: a.b, equals: 7}}, {{path: c, equals: true}}, {{path: d, equals: x y}}, {{path: e, equals: '7'}}]}}": HasAttestation(
        type="https://example.com/review",
        keys=("k",),
        match=(Match(path="a.b", equals=7), Match(path="c", equals=True), Match(path="d", equals="x y"), Match(path="e", equals="7")),
    ),
    f"has-attestation: {{type: {TYPE}, keys: [k], where: [{{path: /a~1b, one-of: [a, -1, false]}}], match: [{{path: s, at-least: 7.50, at-most: '8'}}], time: at, max-age: 7d}}": HasAttestation(
        type="https://example.com/review",
        keys=("k",),
        where=(Match(path="/a~1b", one_of=("a", -1, False)),),
        match=(Match(path="s", at_least="7.50", at_most="8"),),
        time="at",
        max_age="7d",
    ),
    f"has-attestation: {{type: {TYPE}, keys: [k], match: [{{path: a, one-of: [1, true, '1', 0, false]}}]}}": HasAttestation(
        type="https://example.com/review", keys=("k",), match=(Match(path="a", one_of=(1, True, "1", 0, False)),)
    ),
    "tested: {keys: [k], warned: allow, tests: [a b, c], at-least: 400, configuration: unit, max-age: 7d}": tested.Tested(
        keys=("k",), warned="allow", tests=("a b", "c"), at_least=400, configuration="unit", max_age="7d"
    ),
    "not-revoked: {materials: yes, evidence: no, in: [staging], reasons: [compromised]}": NotRevoked(
        materials="yes", in_=("staging",), reasons=("compromised",)
    ),
    "within-hours: {zone: Europe/Berlin, days: [mon..thu, sat], from: 09:00, to: 16:30, freezes: [{from: 2026-12-20, to: 2027-01-03T06:00, reason: year-end}]}": WithinHours(
        zone="Europe/Berlin",
        days=("mon..thu", "sat"),
        from_="09:00",
        to="16:30",
        freezes=(Freeze(from_="2026-12-20", to="2027-01-03T06:00", reason="year-end"),),
    ),
    "within-hours: {zone: Etc/GMT+1, windows: [{from: '22:00', to: '04:00'}, {days: [fri], from: '00:00', to: '24:00'}]}": WithinHours(
        zone="Etc/GMT+1", windows=(Window(from_="22:00", to="04:00"), Window(days=("fri",), from_="00:00", to="24:00"))
    ),
}


@pytest.mark.parametrize("written", WRITTEN)
def test_what_is_written_is_read_and_reads_back(written: str) -> None:
    assert read(written) == WRITTEN[written]
    policy = parse_policy(text(written).encode(), "p.yaml", None)
    assert parse_policy(dump_policy(policy).encode(), "again.yaml", None) == policy


MATCH = f"has-attestation: {{type: {TYPE}, keys: [k], match: [%s]}}"


@pytest.mark.parametrize(
    ("requirement", "code", "said"),
    [
        (f"has-attestation: {{type: {TYPE}}}", "policy.missing-key", "lacks 'keys', or 'identities'"),
        ("has-attestation: {keys: [k]}", "policy.missing-key", "lacks 'type'"),
        ("has-attestation: {type: a b, keys: [k]}", "policy.bad-value", "not a predicate type"),
        (MATCH % "{path: a}", "policy.bad-value", "one of equals"),
        (MATCH % "{path: a, equals: 1, glob: x}", "policy.bad-value", "one of equals"),
        (MATCH % "{path: a..b, equals: 1}", "policy.bad-value", "no path"),
        (MATCH % "{path: a, equals: 1.5}", "policy.bad-value", "stands in quotes"),
        (MATCH % "{path: a, equals: null}", "policy.bad-value", "stands in quotes"),
        (MATCH % "{path: a, equals: True}", "policy.bad-value", "stands in quotes"),
        (MATCH % "{path: a, equals: 0x1f}", "policy.bad-value", "stands in quotes"),
        (MATCH % "{path: a, equals: 9007199254740992}", "policy.bad-value", "stands in quotes"),
        (MATCH % "{path: a, equals: [1]}", "policy.bad-value", "a text, a whole number"),
        (MATCH % "{path: a, one-of: [1, 1]}", "policy.bad-value", "stands twice"),
        (MATCH % "{path: a, one-of: []}", "policy.empty", "one-of"),
        (MATCH % "{path: a, at-least: many}", "policy.bad-value", "a number: write 80 or 7.5"),
        (MATCH % "{path: a, at-least: 1e3}", "policy.bad-value", "a number: write 80 or 7.5"),
        (MATCH % "{path: a, at-least: [1]}", "policy.bad-value", "a number: write 80 or 7.5"),
        (MATCH % "{path: a, at-least: 3, at-most: 2}", "policy.bad-value", "no number is at least 3"),
        (MATCH % "{path: a, regex: (}", "policy.bad-value", "bracket is not closed"),
        (MATCH % f"{{path: a, equals: {'x' * 1001}}}", "policy.bad-value", "at most 1000"),
        (f"has-attestation: {{type: {TYPE}, keys: [k], threshold: 0}}", "policy.zero", "threshold is 0"),
        (f"has-attestation: {{type: {TYPE}, keys: [nobody]}}", "policy.undefined", "no key 'nobody'"),
        ("tested: {keys: [k], at-least: 0}", "policy.zero", "at-least is 0"),
        ("tested: {}", "policy.missing-key", "lacks 'keys'"),
        ("tested: {keys: [k], warned: yes}", "policy.bad-value", "one of allow, refuse"),
        ("not-revoked: {}", "policy.bad-value", "asks nothing"),
        ("not-revoked: {materials: true}", "policy.bad-value", "one of no, yes"),
        ("not-revoked: {in: [elsewhere]}", "policy.undefined", "no environment 'elsewhere'"),
        ("not-revoked: {materials: yes, reasons: [angry]}", "policy.bad-value", "reasons is one of"),
        ("within-hours: {zone: Europe/Berlin}", "policy.bad-value", "neither a window nor a freeze"),
        ("within-hours: {zone: Europe/Berlin, from: '9:00', to: '10:00'}", "policy.bad-value", "a time of the wall clock"),
        ("within-hours: {zone: Europe/Berlin, from: '09:00', to: '24:30'}", "policy.bad-value", "a time of the wall clock"),
        ("within-hours: {zone: Europe/Berlin, from: '09:00', to: '09:00'}", "policy.bad-value", "never open"),
        ("within-hours: {zone: Europe/Berlin, days: [monday], from: '09:00', to: '10:00'}", "policy.bad-value", "a day or days"),
        ("within-hours: {zone: ../etc, from: '09:00', to: '10:00'}", "policy.bad-value", "a time zone"),
        ("within-hours: {zone: Europe/Berlin, freezes: [{from: 2026-12-24, to: 2026-12-23}]}", "policy.bad-value", "ends before it begins"),
        ("within-hours: {zone: Europe/Berlin, freezes: [{from: 24.12.2026, to: 2026-12-26}]}", "policy.bad-value", "a date, or a date and a time"),
        ("within-hours: {zone: Europe/Berlin, freezes: [{from: 2026-02-30, to: 2026-03-01}]}", "policy.bad-value", "day"),
        ("within-hours: {zone: Europe/Berlin, freezes: [{from: 2026-12-24, to: 2026-12-26, reason: Christmas time}]}", "policy.bad-value", "a name"),
    ],
)
def test_what_is_not_read(requirement: str, code: str, said: str) -> None:
    err = refusal(requirement)
    assert (err.code, said in err.message) == (code, True), err.message
    assert err.message.startswith("p.yaml:")


REQUIREMENTS: st.SearchStrategy[AnyRequirement] = st.one_of(noun(HasAttestation), noun(tested.Tested), noun(NotRevoked), noun(WithinHours))


@given(REQUIREMENTS)
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
def test_any_of_them_reads_back(one: AnyRequirement) -> None:
    keys = {name: key(name).public for name in one.key_names()}
    if len(set(keys.values())) != len(keys) or one.identity_names():
        return
    others = {
        need.environment: EnvironmentPolicy(requires=(WithinHours(zone="Etc/UTC", from_="00:00", to="24:00"),)) for need in one.needs() if need.environment
    }
    if "house" in others:
        return
    policy = Policy(version=1, project="shop", environments={**others, "production": EnvironmentPolicy(requires=(one,))}, keys=keys)
    try:
        again = parse_policy(dump_policy(policy).encode(), "again.yaml", None)
    except PolicyError as err:
        # text that no terminal takes, which no file holds
        assert err.code in {"policy.bad-value", "policy.malformed"}, err.message  # noqa: PT017
        return
    assert again == policy


def said(*requires: str) -> list[str]:
    return list(check_policy(text(*requires).encode(), "p.yaml", None, lambda: ("Europe/Berlin", "Europe/Paris"), NOW)[1])


def never(*requires: str) -> str:
    with pytest.raises(PolicyError) as err:
        said(*requires)
    assert err.value.code == "policy.never-passes"
    return err.value.message


HOURS = "within-hours: {zone: Europe/Berlin, days: [mon..thu], from: '09:00', to: '16:30'}"


@pytest.mark.parametrize(
    ("requires", "told"),
    [
        ([f"has-attestation: {{type: {TYPE}, keys: [k, second], threshold: 3}}"], "p.yaml:8:93: threshold is 3, and only 2 can say it: k, second"),
        ([f"has-attestation: {{type: {TYPE}, keys: [k], max-age: 7d}}"], "p.yaml:8:83: nothing says when keys signed this"),
        (
            ["within-hours: {zone: Europe/Berln, from: '09:00', to: '10:00'}"],
            "p.yaml:8:30: there is no time zone 'Europe/Berln': did you mean 'Europe/Berlin'?",
        ),
        (["within-hours: {zone: Mars/Olympus, from: '09:00', to: '10:00'}"], "p.yaml:8:30: there is no time zone 'Mars/Olympus'"),
        (
            [HOURS, "within-hours: {id: b, zone: Europe/Berlin, days: [fri..sun], from: '09:00', to: '16:30'}"],
            "p.yaml:9:9: its windows and those of the within-hours before it are never open together",
        ),
        (
            [HOURS, "within-hours: {id: b, zone: Europe/Berlin, from: '16:30', to: '09:00'}"],
            "p.yaml:9:9: its windows and those of the within-hours before it are never open together",
        ),
    ],
)
def test_what_can_never_pass(requires: list[str], told: str) -> None:
    assert told in never(*requires)


@pytest.mark.parametrize(
    ("requires", "told"),
    [
        ([HOURS], []),
        ([HOURS, "within-hours: {id: b, zone: Europe/Paris, days: [fri..sun], from: '09:00', to: '16:30'}"], []),
        ([HOURS, "within-hours: {id: b, zone: Europe/Berlin, days: [sun], from: '22:00', to: '09:01'}"], []),
        ([f"has-attestation: {{type: {TYPE}, keys: [k], time: at, max-age: 7d}}"], []),
        (["not-revoked: {in: [staging]}"], []),
        (
            ["within-hours: {zone: Europe/Berlin, freezes: [{from: 2025-12-20, to: 2026-01-03}, {from: 2026-11-18, to: 2026-11-20}]}"],
            ["p.yaml:8:54: the freeze from 2025-12-20 to 2026-01-03 is over"],
        ),
        (["not-revoked: {in: [production]}"], ["p.yaml:8:27: what is revoked in production counts there anyway"]),
        (
            [f"has-attestation: {{type: {TYPE}, keys: [k], time: at, max-age: 24h}}", "soaked: {in: staging, for: 24h}"],
            ["p.yaml:8:93: what is said before the soak is too old when it ends"],
        ),
        (["tested: {keys: [k], max-age: 1h}", "soaked: {in: staging, for: 24h}"], ["p.yaml:8:38: a test result from before the soak is too old when it ends"]),
    ],
)
def test_what_is_odd(requires: list[str], told: list[str]) -> None:
    assert [one for one in said(*requires) if "no requirement names the key" not in one] == told


def test_zones_are_asked_for_only_where_one_is_named() -> None:
    def lost() -> tuple[str, ...]:
        raise UnreadableError("zone.unreadable", "the time zone database cannot be read")

    assert check_policy(text("not-revoked: {materials: yes}").encode(), "p.yaml", None, lost, NOW)
    with pytest.raises(UnreadableError) as err:
        check_policy(text(HOURS).encode(), "p.yaml", None, lost, NOW)
    assert err.value.code == "zone.unreadable"


def test_without_the_world_nothing_is_said_of_it() -> None:
    assert (
        check_policy(
            text("within-hours: {zone: Mars/Olympus, freezes: [{from: 2020-01-01, to: 2020-01-02}]}", "tested: {keys: [k, second]}").encode(), "p.yaml", None
        )[1]
        == ()
    )


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ("within-hours: {zone: Etc/UTC, freezes: [{from: 2026-12-20, to: 2027-01-03}, {from: 2026-12-20, to: 2026-01-03}]}", "p.yaml:7:85"),
        (f"has-attestation: {{type: {TYPE}, keys: [k], match: [{{path: a..b, equals: c}}]}}", "p.yaml:7:82"),
    ],
)
def test_what_only_the_requirement_refuses_is_told_where_it_stands_and_in_words(wrong: str, place: str) -> None:
    waivable = "within-hours" if "within-hours:" in wrong else "has-sbom"
    text = f"version: 1\nproject: shop\nenvironments:\n  a:\n    waivable: [{waivable}]\n    requires:\n      - {wrong}\n      - has-sbom: {{keys: [k]}}\nkeys:\n{KEYS}"
    with pytest.raises(PolicyError) as err:
        parse_policy(text.encode(), "p.yaml", None)
    (told,) = err.value.message.splitlines()  # and nothing of what could be waived, were it read
    assert (err.value.code, told.split(": ")[0]) == ("policy.bad-value", place)
    assert "$" not in told
