"""`vulnerable` in a policy file: read, written back the same, and what is odd about it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from build import VULNERABLE, key, policy
from lockgate.errors import PolicyError
from lockgate.evidence.b64 import encode
from lockgate.evidence.policy_sense import check_policy
from lockgate.evidence.policy_yaml import dump_policy, parse_policy

KEYS = "keys:\n" + "".join(f'  {name}: {{ed25519: "{encode(key(name).raw)}"}}\n' for name in ("builder", "release"))
WHOLE = replace(
    VULNERABLE, grace={"high": "7d", "critical": "1d"}, max_age="48h", kev_max_age="7d", unknown_severity="ignore", only_fixable="yes",
    sbom_keys=("builder",), vex_keys=("release",), uncovered=("generic", "none"),
)  # fmt: skip


def written(fields: str) -> bytes:
    lines = ["version: 1", "project: shop", "environments:", "  production:", "    requires:", f"      - vulnerable: {{{fields}}}"]
    return ("\n".join(lines) + "\n" + KEYS).encode()


def test_it_reads_back_as_the_same() -> None:
    whole = policy(WHOLE)
    assert parse_policy(dump_policy(whole).encode(), "p.yaml", None) == whole


def test_a_file_is_read() -> None:
    text = (
        'refuse: high, grace: {high: 7d, critical: 1d}, max-age: 48h, kev-max-age: 7d, unknown-severity: ignore, only-fixable: "yes", '
        "sbom-keys: [builder], vex-keys: [release], uncovered: [generic, none]"
    )
    read = parse_policy(written(text), "p.yaml", None).environments["production"].requires[0]
    assert read == WHOLE
    assert parse_policy(written(text.replace('"', "")), "p.yaml", None).environments["production"].requires[0] == WHOLE


@pytest.mark.parametrize(("fields", "code"), [
    ("kev: refuse", "policy.missing-key"), ("refuse: severe", "policy.bad-value"), ("refuse: none", "policy.bad-value"),
    ("refuse: high, grace: {}", "policy.empty"),
    ("refuse: high, grace: {severe: 7d}", "policy.bad-value"), ("refuse: high, grace: {high: 0d}", "policy.bad-value"),
    ("refuse: high, uncovered: []", "policy.empty"),
    ("refuse: high, vex-keys: [nobody]", "policy.undefined"), ("refuse: high, sbom-identities: [nobody]", "policy.undefined"),
    ("refuse: high, fix: x", "policy.unknown-key"),
])  # fmt: skip
def test_what_is_wrong_is_told(fields: str, code: str) -> None:
    with pytest.raises(PolicyError) as err:
        parse_policy(written(fields), "p.yaml", None)
    assert err.value.code == code


NAMED = "sbom-keys: [builder], vex-keys: [release]"


@pytest.mark.parametrize(("fields", "remarks"), [
    (f"refuse: high, {NAMED}", []),
    (f"refuse: high, grace: {{high: 7d, low: 30d}}, {NAMED}", ["6:43: a grace for low changes nothing: high is the least that refuses"]),
    (f"refuse: high, kev: ignore, kev-max-age: 7d, {NAMED}", ["6:62: kev is ignored, and so is how old it is"]),
    (f"refuse: high, kev: ignore, {NAMED}", []),
    ("refuse: high, sbom-keys: [builder], vex-keys: [release, builder]", ["6:68: builder says what is in it, and what of that does no harm"]),
])  # fmt: skip
def test_what_is_odd_is_told(fields: str, remarks: list[str]) -> None:
    assert list(check_policy(written(fields), "p.yaml", None)[1]) == [f"p.yaml:{one}" for one in remarks]


def test_that_anything_may_be_uncovered_is_odd() -> None:
    (remark,) = check_policy(written(f"refuse: high, uncovered: [any], {NAMED}"), "p.yaml", None)[1]
    assert "a bill of materials that nothing is known of passes" in remark
