"""core.policy_changes: everything that is otherwise is told, once, where it is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from build import APPROVED, BUILT, CAME, IDENTITIES, KEYS, ROOTS, SIGNED, SOAKED, key, policy
from evidence.test_policy_yaml import policies
from lockgate.core.policy import EnvironmentPolicy, Policy
from lockgate.core.policy_changes import Change, other_sections, policy_changes
from lockgate.core.requirements.signed_by import SignedBy
from lockgate.core.signers import Accepts

OLD = policy(SIGNED, BUILT, CAME, SOAKED, APPROVED)


def told(old: Policy, new: Policy) -> list[tuple[str, ...]]:
    return [(one.part, one.environment, one.name, one.sort, one.field, one.effect) for one in policy_changes(old, new)]


def production(**changes: Any) -> Policy:
    return replace(OLD, environments={**OLD.environments, "production": replace(OLD.environments["production"], **changes)})


@pytest.mark.parametrize(
    ("new", "change"),
    [
        (replace(OLD, project="other"), ("policy", "", "", "changed", "project", "changed")),
        (production(permit="1h"), ("environment", "", "production", "changed", "permit", "looser")),
        (production(from_=None), ("environment", "", "production", "changed", "from", "changed")),
        (production(waivable=("soaked",)), ("environment", "", "production", "changed", "waivable", "looser")),
        (production(accepts=Accepts(log="promise")), ("environment", "", "production", "changed", "log", "looser")),
        (production(accepts=Accepts(formats=("dsse",))), ("environment", "", "production", "changed", "formats", "changed")),
        (production(requires=(SIGNED, BUILT, CAME, APPROVED)), ("requirement", "production", "soaked", "gone", "", "looser")),
        (policy(SIGNED, BUILT, CAME, SOAKED, APPROVED, replace(SIGNED, id="more")), ("requirement", "production", "more", "new", "", "stricter")),
        (policy(SIGNED, BUILT, CAME, replace(SOAKED, for_="48h"), APPROVED), ("requirement", "production", "soaked", "changed", "for", "stricter")),
        (policy(SIGNED, replace(BUILT, source="a@b"), CAME, SOAKED, APPROVED), ("requirement", "production", "built-by", "changed", "source", "changed")),
        (replace(OLD, keys={**KEYS, "more": key("more").public}), ("key", "", "more", "new", "", "changed")),
        (replace(OLD, keys={**KEYS, "second": key("more").public}), ("key", "", "second", "changed", "", "changed")),
        (replace(OLD, environments={"production": OLD.environments["production"], **OLD.environments, "more": EnvironmentPolicy(requires=(SIGNED,))}), None),
    ],
)
def test_one_thing_is_told_once(new: Policy, change: tuple[str, ...] | None) -> None:
    expected = [change] if change else [("environment", "", "more", "new", "", "changed"), ("requirement", "more", "signed-by", "new", "", "changed")]
    assert told(OLD, new) == expected


def test_what_is_gone_is_told() -> None:
    alone = Policy(version=1, project="shop", environments={"staging": OLD.environments["staging"]}, keys={"release": KEYS["release"]})
    assert told(OLD, alone) == [
        ("environment", "", "production", "gone", "", "changed"),
        ("key", "", "second", "gone", "", "changed"),
        ("key", "", "builder", "gone", "", "changed"),
    ]


def test_another_kind_under_an_old_id_is_one_gone_and_one_new() -> None:
    before, after = policy(replace(SIGNED, id="first")), policy(replace(BUILT, id="first"))
    assert told(before, after) == [
        ("requirement", "production", "first", "gone", "", "looser"),
        ("requirement", "production", "first", "new", "", "stricter"),
    ]


def test_an_order_that_says_nothing_is_no_change_but_voids_approvals() -> None:
    before, after = policy(SignedBy(keys=("release", "second"))), policy(SignedBy(keys=("second", "release")))
    assert policy_changes(before, after) == ()
    assert other_sections(before, after) == (), "nobody approves there"
    before, after = (policy(*one.environments["production"].requires, APPROVED) for one in (before, after))
    assert other_sections(before, after) == ("production",)
    assert other_sections(before, before) == ()


HELD = SignedBy(identities=("ci",))


def with_identity(requirement: Any = HELD, **changes: Any) -> Policy:
    base = policy(requirement, with_identities=True)
    return replace(base, identities={**IDENTITIES, "ci": replace(IDENTITIES["ci"], **changes)})


EXACT = {"identity_glob": None, "identity": "https://ci.example/ci-1"}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (EXACT, {}, [("identity", "looser")]),
        ({}, EXACT, [("identity", "stricter")]),
        ({}, {**EXACT, "identity": "https://elsewhere.example"}, [("identity", "changed")]),
        ({}, {"identity_glob": "**"}, [("identity", "changed")]),
        ({}, {"issuer": None, "issuer_glob": "https://*"}, [("issuer", "looser")]),
        ({}, {"claims": {"build-trigger": "push"}}, [("claims", "stricter")]),
        ({"claims": {"build-trigger": "push"}}, {}, [("claims", "looser")]),
        ({"claims": {"build-trigger": "push"}}, {"claims": {"build-trigger": "tag"}}, [("claims", "changed")]),
        ({}, {"root": "another"}, [("root", "changed")]),
    ],
)
def test_of_identities(before: dict[str, Any], after: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    found = policy_changes(with_identity(**before), with_identity(**after))
    assert [(one.field, one.effect) for one in found] == expected
    assert {(one.part, one.name) for one in found} == {("identity", "ci")}


def test_of_identities_and_roots_that_come_and_go() -> None:
    old, new = with_identity(), with_identity()
    new = replace(new, identities={"ci": IDENTITIES["ci"]}, trusted_roots={"ours": ROOTS["another"]})
    assert told(old, new) == [
        ("identity", "", "nightly", "gone", "", "changed"),
        ("trusted-root", "", "ours", "changed", "", "changed"),
        ("trusted-root", "", "another", "gone", "", "changed"),
    ]


@given(policies())
def test_the_same_is_no_change(policy: Policy) -> None:
    assert policy_changes(policy, policy) == ()
    assert other_sections(policy, policy) == ()


@settings(max_examples=60)
@given(policies(), policies())
def test_the_way_back_is_the_same_turned_round(one: Policy, other: Policy) -> None:
    shared = one.environments.keys() & other.environments.keys()
    there, back = ([each for each in policy_changes(*pair) if each.environment in {"", *shared}] for pair in ((one, other), (other, one)))
    assert sorted(map(_turned, there), key=repr) == sorted(back, key=repr)


def _turned(change: Change) -> Change:
    """The change back."""
    sorts: dict[str, Any] = {"new": "gone", "gone": "new", "changed": "changed"}
    effects: dict[str, Any] = {"stricter": "looser", "looser": "stricter", "changed": "changed"}
    return replace(change, sort=sorts[change.sort], effect=effects[change.effect], before=change.after, after=change.before)
