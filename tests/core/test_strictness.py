"""core.strictness: where a change is called stricter, nothing passes after it that did not before, in any situation there is a case of."""

from __future__ import annotations

from collections import Counter
from itertools import chain, combinations
from typing import Any

import pytest

from core.cases import CASES
from lockgate.core.outcome import Pass
from lockgate.core.policy import EnvironmentPolicy
from lockgate.core.predicate_match import Match
from lockgate.core.requirements import KINDS
from lockgate.core.signers import Accepts
from lockgate.core.strictness import EFFECTS, effect
from lockgate.core.windows import Freeze


def subsets(*names: Any) -> list[tuple[Any, ...]]:
    return list(chain.from_iterable(combinations(names, size) for size in range(len(names) + 1)))


AGES = [None, "1s", "1h", "24h", "1d", "25h", "30d", "60d"]
SPANS = [one for one in AGES if one]
CANDIDATES: dict[str, list[Any]] = {
    "keys": subsets("release", "second", "builder"),
    "identities": subsets("ci", "nightly"),
    "threshold": [1, 2, 3],
    "max_age": AGES,
    "levels": subsets("SLSA_BUILD_LEVEL_1", "SLSA_BUILD_LEVEL_2", "SLSA_BUILD_LEVEL_3", "OTHER"),
    "policy": [None, "https://example.com/policy", "https://example.com/other"],
    "policy_digest": [None, "sha256:" + "a" * 64],
    "for_": SPANS,
    "changed_dependencies": AGES,
    "component_age": AGES,
    "occupancy": ["claimed", "observed"],
    "duties": [{"security": 1}, {"security": 2}, {"release-management": 1}, {"release-management": 1, "security": 1}, {"release-management": 2, "security": 1}],
    "independent_of": [one for one in subsets("requester", "builder", "deployer", "author") if one],
    "expires": ["30m", "90m", "2h", "72h", "90d"],
    "refuse": ["low", "medium", "high", "critical"],
    "kev": ["refuse", "ignore"],
    "unknown_severity": ["refuse", "ignore"],
    "only_fixable": ["yes", "no"],
    "Vulnerable.max_age": SPANS,
    "kev_max_age": SPANS,
    "uncovered": subsets("generic", "none", "any", "npm"),
    "at_most": ["none", "low", "medium", "high", "critical", "any"],
    "unscored": ["refuse", "allow"],
    "database_max_age": AGES,
    "elements": subsets("name", "version", "supplier", "hash"),
    "complete": ["any", "required"],
    "several": ["any", "agree"],
    "purls": subsets("pkg:pypi/*", "pkg:npm/**", "pkg:pypi/flask@*", "**"),
    "licences": subsets("MIT", "GPL-*", "*"),
    "unidentified": ["refuse", "allow"],
    "unlicensed": ["refuse", "allow"],
    "warned": ["refuse", "allow"],
    "tests": subsets("a", "b", "t"),
    "at_least": [1, 2, 3, 100],
    "match": subsets(*(Match(path=path, equals=value) for path, value in (("result", "good"), ("result", "bad"), ("stage", "production"), ("none", 1)))),
    "materials": ["yes", "no"],
    "evidence": ["yes", "no"],
    "in_": subsets("staging", "elsewhere"),
    "reasons": subsets("compromised", "vulnerable", "other"),
    "freezes": subsets(*(Freeze(from_=f"20{year}-01-01", to=f"20{year}-12-31") for year in (25, 26, 27))),
}
ROWS = [(of, field) for of, field in EFFECTS if of in KINDS.values()]


@pytest.mark.parametrize(("of", "field"), ROWS, ids=lambda one: getattr(one, "__name__", one))
def test_what_passes_the_stricter_passes_the_looser(of: type[Any], field: str) -> None:
    seen = Counter[str]()
    kind = next(kind for kind, cls in KINDS.items() if cls is of)
    for case in CASES[kind]:
        fields = {name: getattr(case.requirement, name) for name in of.__struct_fields__}
        answers = []
        for value in CANDIDATES.get(f"{of.__name__}.{field}", CANDIDATES.get(field, [])):
            try:
                changed = of(**{**fields, field: value})
            except ValueError:
                continue
            answers.append((value, isinstance(changed.check(case.subject, case.facts, case.now, dict(case.keys)), Pass)))
        for before, passed_before in answers:
            for after, passes_after in answers:
                if before == after:
                    continue
                said = effect(of, field, before, after)
                seen[said] += 1
                assert not (said == "stricter" and passes_after and not passed_before), (case.name, before, after)
                assert not (said == "looser" and passed_before and not passes_after), (case.name, before, after)
                assert {said, effect(of, field, after, before)} in ({"stricter", "looser"}, {"changed"})
    assert seen["stricter"] == seen["looser"] > 0


@pytest.mark.parametrize(
    ("of", "field", "weaker", "stronger"),
    [
        (EnvironmentPolicy, "time", "unattested", "attested"),
        (EnvironmentPolicy, "permit", "1h", "15m"),
        (EnvironmentPolicy, "status_max_age", None, "1h"),
        (EnvironmentPolicy, "status_max_age", "2h", "1h"),
        (EnvironmentPolicy, "waivable", ("soaked",), ()),
        (Accepts, "algorithms", (), ("ed25519",)),
        (Accepts, "algorithms", ("ed25519", "ecdsa-p256"), ("ed25519",)),
        (Accepts, "log", "none", "promise"),
        (Accepts, "log", "promise", "proof"),
        (Accepts, "certificate_log", "no", "yes"),
    ],
)
def test_of_an_environment(of: type, field: str, weaker: Any, stronger: Any) -> None:
    assert (effect(of, field, weaker, stronger), effect(of, field, stronger, weaker)) == ("stricter", "looser")


@pytest.mark.parametrize(
    ("of", "field", "one", "other"),
    [
        (EnvironmentPolicy, "baseline", "none", "sha256:" + "a" * 64),
        (EnvironmentPolicy, "permit", "60m", "1h"),
        (Accepts, "formats", (), ("dsse",)),
        (Accepts, "formats", ("dsse", "sigstore-bundle"), ("dsse",)),
        (Accepts, "algorithms", ("ed25519",), ("ecdsa-p256",)),
        (str, "anything", 1, 2),
    ],
)
def test_of_what_cannot_be_told_nothing_is_said(of: type, field: str, one: Any, other: Any) -> None:
    assert {effect(of, field, one, other), effect(of, field, other, one)} == {"changed"}
