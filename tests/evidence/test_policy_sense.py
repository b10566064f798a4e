"""What a policy file says that cannot be meant: refused where it can never pass, told where it is odd; each at its place."""

from __future__ import annotations

import pytest

from build import BUILDER, SOURCE, key
from lockgate.core.policy import Policy
from lockgate.errors import PolicyError
from lockgate.evidence.b64 import encode
from lockgate.evidence.policy_sense import check_policy
from lockgate.evidence.policy_yaml import SHOWN, dump_policy, parse_policy

KEYS = "keys:\n" + "".join(f'  {name}: {{ed25519: "{encode(key(name).raw)}"}}\n' for name in ("release", "second"))
BUILT_BY = f'- built-by: {{builder: "{BUILDER}", source: "{SOURCE}", keys: [second]}}'
SIGNED = "- signed-by: {keys: [release]}"


def written(*, keys: str = KEYS, **environments: str | list[str]) -> str:
    """A policy of environments, each a list of requirements or a whole section; each requirement in a line of its own."""
    lines = ["version: 1", "project: shop", "environments:"]
    for name, section in environments.items():
        lines.append(f"  {name}:")
        if isinstance(section, str):
            lines.append(section)
        else:
            lines += ["    requires:", *(f"      {one}" for one in section)]
    return "\n".join(lines) + "\n" + keys


def circle(count: int, of: int) -> str:
    """So many environments, in circles of so many."""
    following = {number: number + 1 if (number + 1) % of else number + 1 - of for number in range(count)}
    lines = [f"  e{number}: {{requires: [came-through: {{environment: e{after}}}]}}" for number, after in following.items()]
    return "\n".join(["version: 1", "project: shop", "environments:", *lines]) + "\n"


def never(text: str) -> str:
    assert isinstance(parse_policy(text.encode(), "p.yaml", None), Policy)
    with pytest.raises(PolicyError) as err:
        check_policy(text.encode(), "p.yaml", None)
    assert err.value.code == "policy.never-passes"
    return err.value.message


def odd(text: str) -> list[str]:
    policy, remarks = check_policy(text.encode(), "p.yaml", None)
    assert policy == parse_policy(text.encode(), "p.yaml", None)
    return list(remarks)


WHOLE = written(
    staging=[SIGNED, BUILT_BY],
    production=[SIGNED, "- came-through: {environment: staging}", "- soaked: {in: staging, for: 24h}", "- approved: {duties: {security: 2}}"],
)


def test_two_approved_do_not_tell_their_people_apart() -> None:
    twice = [SIGNED, BUILT_BY, "- approved: {duties: {security: 1}}", "- approved: {id: more, duties: {releases: 1}}"]
    assert odd(written(production=twice)) == [
        "p.yaml:9:9: each approved counts people for itself, so that one person may stand in both: put all duties into one"
    ]


def test_a_policy_that_makes_sense_is_left_alone() -> None:
    assert odd(WHOLE) == []
    assert odd(dump_policy(parse_policy(WHOLE.encode(), "p.yaml", None))) == []
    assert odd(written(staging=[SIGNED, BUILT_BY, "- approved: {duties: {a: 32, b: 32}, independent-of: [requester, builder, deployer]}"])) == []


@pytest.mark.parametrize(
    ("requirement", "said"),
    [
        ("- signed-by: {keys: [release, second], threshold: 3}", "p.yaml:6:57: threshold is 3, and only 2 can sign: release, second"),
        ("- came-through: {environment: staging}", "p.yaml:6:37: staging waits for itself: no release can ever be there first"),
        ("- soaked: {in: staging, for: 1s}", "p.yaml:6:22: staging waits for itself: no release can ever be there first"),
        ("- approved: {duties: {a: 32, b: 32, c: 1}, independent-of: [requester]}", "p.yaml:6:28: 65 people are asked for, and a request takes 64 approvals"),
        (
            "- approved: {duties: {a: 1}, independent-of: [author]}",
            "p.yaml:6:52: nobody can tell the author in this release, so that this never passes: take author out",
        ),
    ],
    ids=["threshold", "came-through", "soaked", "people", "author"],
)
def test_what_never_passes(requirement: str, said: str) -> None:
    assert never(written(staging=[requirement])) == said


def test_what_never_passes_for_the_place_it_stands_in() -> None:
    no_keys = "- approved: {duties: {a: 1}, independent-of: [builder]}"
    assert never(written(keys="", staging=[no_keys])).startswith("p.yaml:6:52: the builder is told by provenance, and the policy has no key to believe it by")
    assert never(written(keys="", staging=["- approved: {duties: {a: 1}}"])).startswith("p.yaml:6:9: the builder is told by provenance")
    attested = "    time: attested\n    requires:\n      - soaked: {in: staging, for: 1h}"
    assert never(written(staging=[SIGNED, BUILT_BY], production=attested)).startswith("p.yaml:11:9: production asks for attested time")
    observed = "- soaked: {in: staging, for: 1h, occupancy: observed}"
    assert never(written(staging=[SIGNED, BUILT_BY], production=[observed])).startswith("p.yaml:10:51: nothing is observed in this release")
    assert odd(written(staging="    time: attested\n    requires: [signed-by: {keys: [release]}, signed-by: {id: b, keys: [second]}]")) == []


def test_environments_that_wait_for_each_other_in_a_circle() -> None:
    text = written(
        first=[SIGNED, "- came-through: {environment: third}"],
        second=[BUILT_BY, "- soaked: {in: first, for: 1h}"],
        third=["- came-through: {environment: first}", "- came-through: {id: b, environment: second}"],
        last=["- came-through: {environment: third}"],
        alone=["- soaked: {in: alone, for: 1h}"],
    )
    assert never(text).splitlines() == [
        "p.yaml:7:37: first waits for third, which waits for first: no release can ever be there first",
        "p.yaml:11:22: second waits for first, which waits for third, which waits for second: no release can ever be there first",
        "p.yaml:21:22: alone waits for itself: no release can ever be there first",
    ]


def test_the_first_ten_are_told_of() -> None:
    text = circle(SHOWN + 3, of=1)
    lines = never(text).splitlines()
    assert len(lines) == SHOWN + 1
    assert lines[0].startswith("p.yaml:4:47: e0 waits")
    assert lines[-1] == "p.yaml: and 3 more"


def test_a_long_way_round_is_found_quickly() -> None:
    count = 500
    assert never(circle(count, of=count)).count(", which waits for ") == count - 1


def test_what_is_odd() -> None:
    text = written(
        staging=["- signed-by: {keys: [release]}"],
        production="    from: staging\n    requires:\n      - approved: {duties: {security: 1}}\n"
        "      - approved:\n          id: more\n          duties: {security: 1}\n          independent-of: [builder]",
        vault=["- signed-by: {keys: [release], max-age: 24h}", "- soaked: {in: staging, for: 1d}"],
    )
    assert odd(text) == [
        "p.yaml:8:11: from is shown and checks nothing: nothing here asks that a release came through staging",
        "p.yaml:10:9: approvers are independent of the builder, and no built-by here or before says who that is: provenance by any key will do",
        "p.yaml:11:9: each approved counts people for itself, so that one person may stand in both: put all duties into one",
        "p.yaml:14:27: approvers are independent of the builder, and no built-by here or before says who that is: provenance by any key will do",
        "p.yaml:17:47: a signature made before the soak is too old when it ends",
        "p.yaml:21:3: no requirement names the key 'second': it may only say who built something, and whoever holds it counts as a builder",
    ]


def test_a_summary_that_cannot_be_young_enough_is_odd() -> None:
    asked = '- verified-by: {verifier: "https://v", resource: r, keys: [release], max-age: %s}'
    assert odd(written(staging=[SIGNED, BUILT_BY], vault=[asked % "23h", "- soaked: {in: staging, for: 1d}"])) == [
        "p.yaml:10:85: a summary made before the soak is too old when it ends"
    ]
    assert odd(written(staging=[SIGNED, BUILT_BY], vault=[asked % "25h", "- soaked: {in: staging, for: 1d}"])) == []


def test_a_scan_that_cannot_be_young_enough_is_odd() -> None:
    asked = "- scanned: {at-most: low, keys: [release], max-age: %s}"
    assert odd(written(staging=[SIGNED, BUILT_BY], vault=[asked % "23h", "- soaked: {in: staging, for: 1d}"])) == [
        "p.yaml:10:59: a scan made before the soak is too old when it ends"
    ]
    assert odd(written(staging=[SIGNED, BUILT_BY], vault=[asked % "25h", "- soaked: {in: staging, for: 1d}"])) == []


@pytest.mark.parametrize(
    "text",
    [
        written(staging=[SIGNED, BUILT_BY], production="    from: staging\n    requires:\n      - soaked: {in: staging, for: 1h}"),
        written(staging=[SIGNED, BUILT_BY, "- approved: {duties: {a: 1}, independent-of: [requester, deployer]}"]),
        written(staging=[SIGNED, BUILT_BY], vault=["- signed-by: {keys: [release], max-age: 25h}", "- soaked: {in: staging, for: 24h}"]),
    ],
    ids=["from", "approved", "max-age"],
)
def test_what_is_not_odd(text: str) -> None:
    assert odd(text) == []


def test_what_is_malformed_is_said_first() -> None:
    with pytest.raises(PolicyError) as err:
        check_policy(WHOLE.replace("environment: staging", "environment: stagin").encode(), "p.yaml", None)
    assert err.value.code == "policy.undefined"


SOAK = "- soaked: {in: staging, for: 24h, sboms: {keys: [second]}, "


@pytest.mark.parametrize(
    ("fields", "column", "said"),
    [
        ("changed-dependencies: 24h}", 88, "the longer of both is asked, so that changed-dependencies changes nothing: for is 24h"),
        ("component-age: 1d}", 81, "whatever came to staging with a bill of materials is that old when the soak ends: ask for more than 24h"),
        (
            "changed-dependencies: 72h, security-fix: {for: 3d}}",
            107,
            "a security fix would soak no shorter than anything else, which is 72h: the lane is pointless",
        ),
        ('security-fix: {for: 2h, proven: "no"}}', 80, "nobody approves that a request is a security fix, and proven: no takes the requester's word for it"),
    ],
)
def test_soaks_that_ask_for_nothing_more(fields: str, column: int, said: str) -> None:
    assert odd(written(staging=[SIGNED], production=[SIGNED, SOAK + fields])) == [f"p.yaml:10:{column}: {said}"]


def test_bills_that_nothing_is_asked_of() -> None:
    (remark,) = odd(written(staging=[SIGNED], production=[SIGNED, SOAK.removesuffix(", ") + "}"]))
    assert remark.endswith("sboms says whose bills of materials count, and nothing is asked of them: add changed-dependencies or component-age")


def test_a_soak_that_asks_for_more_is_not_odd() -> None:
    asks = "changed-dependencies: 72h, component-age: 7d, scans: {keys: [second]}, security-fix: {for: 2h}}"
    assert odd(written(staging=[SIGNED], production=[SIGNED, SOAK + asks])) == []
    word = SOAK + 'security-fix: {for: 2h, proven: "no"}}'
    assert odd(written(staging=[SIGNED, BUILT_BY], production=[SIGNED, word, "- approved: {duties: {security: 1}}"])) == []


def test_a_lane_without_a_soak_is_refused() -> None:
    with pytest.raises(PolicyError) as err:
        check_policy(written(staging=[SIGNED], production=[SIGNED, SOAK + "security-fix: {for: 59s}}"]).encode(), "p.yaml", None)
    assert err.value.code == "policy.bad-value"
    assert "a lane without any soak is no lane" in err.value.message


def test_what_a_soak_asks_is_written_as_it_is_read() -> None:
    asks = SOAK + 'changed-dependencies: 72h, component-age: 7d, scans: {keys: [second], by: [trivy]}, security-fix: {for: 2h, proven: "no"}}'
    policy = parse_policy(written(staging=[SIGNED], production=[SIGNED, asks]).encode(), "p.yaml", None)
    assert parse_policy(dump_policy(policy).encode(), "p.yaml", None) == policy
