"""render.policy_changes, render.cases and render.backtest: what people read, for every sort of change."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from build import APPROVED, BUILT, CAME, IDENTITIES, KEYS, NOW, ROOTS, SIGNED, SOAKED, VERIFIED, key, policy
from lockgate.core.backtested import Backtest, Count, Tried
from lockgate.core.policy import EnvironmentPolicy, Policy
from lockgate.core.policy_changes import other_sections, policy_changes
from lockgate.core.signers import Accepts
from lockgate.render.backtest import SHOWN, backtest_lines
from lockgate.render.policy_changes import change_lines, said
from lockgate.render.words import Sheet

OLD = policy(SIGNED, BUILT, VERIFIED, CAME, SOAKED, APPROVED)
SECTION = OLD.environments["production"]


def words(new: Policy, old: Policy = OLD) -> list[str]:
    return [said(one) for one in policy_changes(old, new)]


def production(**changes: Any) -> Policy:
    return replace(OLD, environments={**OLD.environments, "production": replace(SECTION, **changes)})


def requiring(before: Any, **changes: Any) -> Policy:
    return production(requires=tuple(replace(one, **changes) if one is before else one for one in SECTION.requires))


@pytest.mark.parametrize(
    ("new", "line"),
    [
        (replace(OLD, project="other"), "project is other, not shop"),
        (requiring(SIGNED, threshold=2), "signed-by: asks for 2 signers, not 1"),
        (requiring(SIGNED, max_age="30d"), "signed-by: max-age is 30 d; before, it was not said"),
        (requiring(SIGNED, keys=("release", "second")), "signed-by: keys: also second"),
        (requiring(SIGNED, keys=("second",)), "signed-by: keys: also second; no longer release"),
        (requiring(VERIFIED, levels=()), "verified-by: levels: no longer SLSA_BUILD_LEVEL_2 (none is named now)"),
        (requiring(BUILT, source="a@b"), f"built-by: asks for the source a@b, not {BUILT.source}"),
        (requiring(VERIFIED, resource=None, resource_glob="a*"), f"verified-by: resource is not said any more; it was {VERIFIED.resource}"),
        (requiring(SOAKED, for_="48h"), "soaked: asks for 48 h, not 24 h"),
        (
            requiring(APPROVED, duties={"security": 2, "other": 1}),
            "approved: asks 1 person for other, not nobody; asks nobody for release-management any more; it was 1 person; asks 2 people for security, not 1",
        ),
        (requiring(APPROVED, independent_of=("requester",)), "approved: independent-of: no longer builder and deployer"),
        (requiring(APPROVED, id="two"), "two is new: duties release-management 1 and security 1"),
        (production(permit="1h"), "a permit lasts 1 h, not 15 min"),
        (production(waivable=("soaked",)), "waivable: also soaked (none was named)"),
        (production(accepts=Accepts(formats=("dsse", "sigstore-bundle"))), "formats is dsse and sigstore-bundle, not none"),
        (replace(OLD, keys={**KEYS, "more": key("more").public}), f"key more is new: {key('more').fingerprint}"),
        (replace(OLD, keys={**KEYS, "second": key("more").public}), f"key second is another one: {key('more').fingerprint}"),
        (replace(OLD, identities={"ci": IDENTITIES["ci"]}, trusted_roots=ROOTS), "identity ci is new: "),
        (replace(OLD, identities={"ci": IDENTITIES["ci"]}, trusted_roots=ROOTS), "trusted root ours is new: sha256:"),
        (
            Policy(version=1, project="shop", environments={"staging": OLD.environments["staging"]}, keys=dict(KEYS)),
            "the environment is gone: nothing is let in there any more",
        ),
        (
            replace(OLD, environments={**OLD.environments, "more": EnvironmentPolicy(requires=(SIGNED,))}),
            "the environment is new: whatever meets what follows may enter it",
        ),
    ],
)
def test_each_sort_of_change_has_its_words(new: Policy, line: str) -> None:
    assert any(one.startswith(line) for one in words(OLD if new is OLD else new)), words(new)


def test_of_identities() -> None:
    before = policy(SIGNED, with_identities=True)
    after = replace(before, identities={**IDENTITIES, "ci": replace(IDENTITIES["ci"], claims={"build-trigger": "push"}, root="another")})
    assert words(after, before) == ["identity ci: claims is build-trigger push, not none", "identity ci: root is another, not ours"]
    exact = replace(before, identities={**IDENTITIES, "ci": replace(IDENTITIES["ci"], identity="a", identity_glob=None)})
    assert words(exact, before) == ["identity ci: identity is identity a, not identity-glob https://ci.example/ci*"]


def test_what_changes_stands_under_its_environment_and_is_counted() -> None:
    new = replace(requiring(SOAKED, for_="48h"), keys={**KEYS, "more": key("more").public})
    lines = change_lines(policy_changes(OLD, new), other_sections(OLD, new), Sheet())
    assert lines == [
        "production",
        "  stricter  soaked: asks for 48 h, not 24 h",
        "the whole policy",
        f"  changed   key more is new: {key('more').fingerprint}",
        "2 changes: 1 stricter and 1 other",
        "approvals and waivers given before do not count any more in production",
    ]
    assert change_lines((), (), Sheet()) == ["nothing that is asked changes"]
    assert all(len(line) <= 40 for line in change_lines(policy_changes(OLD, requiring(SIGNED, keys=("release", "second"))), ("production",), Sheet(width=40)))


def test_another_order_of_formats_is_told() -> None:
    one, other = (production(accepts=Accepts(formats=formats)) for formats in (("dsse", "sigstore-bundle"), ("sigstore-bundle", "dsse")))
    assert words(other, one) == ["formats is sigstore-bundle and dsse, not dsse and sigstore-bundle"]


def test_a_backtest_says_what_somebody_reads_and_how_much_more_there_is() -> None:
    tried = Tried(leaf=7, environment="production", at=NOW, result="cannot-know", recorded="allowed", lost="sha256:… is not kept\x1b[31m")
    count = Count(environment="production", same=2, other_reasons=1, would_refuse=3, would_allow=4, cannot_know=5)
    lines = backtest_lines(Backtest(decisions=14, counts=(count,), tried=(tried,) * (SHOWN + 3)), Sheet())
    assert lines[:2] == [
        "14 decisions",
        "  production  2 the same (1 refused for other reasons), 3 allowed that would be refused, 4 refused that would be allowed and 5 cannot be known",
    ]
    assert lines[-1] == "and 3 more, all of them with --format json"
    assert not any("\x1b" in line for line in lines)
    assert backtest_lines(Backtest(decisions=0, counts=(), tried=()), Sheet()) == ["no decision is recorded that this would be about"]
