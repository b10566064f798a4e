"""Fail closed: knowing less never opens the gate. (But for a *no* that is taken away: docs/adr/0041; none is in these worlds.)

Random policies over random worlds, most of them close to one where everything holds; then one thing less is known, or one
thing fewer was said. Whatever was refused stays refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from build import (
    APPROVED,
    ATTESTED,
    BUILT,
    CAME,
    HOURS,
    KEYS,
    NOT_REVOKED,
    NOW,
    SHOP,
    SIGNED,
    SOAKED,
    TESTED,
    UNREADABLE,
    VERIFIED,
    actor,
    ago,
    attested,
    certified,
    digest,
    facts,
    in_force,
    intact,
    key,
    later,
    policy,
    provenance,
    rejected,
    release,
    request,
    request_id,
    root,
    signature,
    source,
    stay,
    subject,
    summary,
    trial,
    zone,
)
from build import given as approval
from core.cases import PEOPLE
from lockgate.core.decide import decide
from lockgate.core.facts import Complete, Facts, Need, Provenance, Request, Signature, Summary, Unreadable
from lockgate.core.model import Subject
from lockgate.core.policy import Policy
from lockgate.core.requirements import AnyRequirement
from lockgate.core.requirements.approved import Approved
from lockgate.core.requirements.not_revoked import NotRevoked
from lockgate.core.requirements.signed_by import SignedBy
from lockgate.core.windows import Window

TWO = release("shop", "worker")
ARTIFACTS = st.sampled_from(TWO.artifacts)
TIMES = st.sampled_from([None, NOW, ago("1h"), ago("40d"), later("1h")])
SIGNERS = st.sampled_from(["release", "release", "second", "builder", "stranger"])

NAMES = st.lists(st.sampled_from(["ci", "nightly"]), min_size=1, max_size=2, unique=True)
CERTIFIED = st.builds(
    lambda names, who, artifact, at: certified(*names, who=who, artifact=artifact, at=at),
    NAMES, st.sampled_from(["ci", "nightly", "else"]), ARTIFACTS, st.sampled_from([NOW, ago("40d"), later("1h")]),
)  # fmt: skip
SIGNATURES = st.one_of(st.builds(signature, SIGNERS, ARTIFACTS, TIMES), CERTIFIED)
PROVENANCES = st.builds(
    lambda by, artifact, ref: provenance(*by, artifact=artifact, ref=ref),
    st.lists(st.sampled_from(["builder", "sam", "second"]), min_size=1, max_size=2, unique=True),
    ARTIFACTS,
    st.sampled_from(["refs/heads/main", "refs/heads/evil"]),
)  # fmt: skip
SUMMARIES = st.builds(
    lambda by, artifact, changes: summary(*by, artifact=artifact, **changes),
    st.lists(st.sampled_from(["builder", "second"]), min_size=1, max_size=2, unique=True),
    ARTIFACTS,
    st.sampled_from([{}, {"passed": False}, {"raw": True}, {"resource": "x"}, {"levels": ()}, {"verified_at": NOW}, {"verified_at": later("1h")}]),
)  # fmt: skip
ATTESTATIONS = st.builds(
    lambda by, artifact, at: attested(by, artifact=artifact, at=at), SIGNERS, ARTIFACTS, st.sampled_from([None, NOW, ago("1h"), ago("40d")])
)
TRIALS = st.builds(lambda by, artifact, passed: trial(by, artifact=artifact, passed=passed), SIGNERS, ARTIFACTS, st.sampled_from([("a",), ("a", "b")]))
MONDAYS = replace(HOURS, windows=(Window(days=("mon",), from_="00:00", to="24:00"),))
PEOPLE_S = st.sampled_from(["ann", "sam", "max", "max", "rita", "dora", "stranger"])
GIVENS = st.builds(
    lambda by, duty, changes: approval(by, duty, **changes),
    PEOPLE_S,
    st.sampled_from(["release-management", "security"]),
    st.sampled_from(
        [{}, {}, {}, {"withdrawn": True}, {"expires": NOW}, {"section": digest("old")}, {"from_": digest("old")}, {"key": key("lost").fingerprint}]
    ),
)
REQUESTS = st.builds(
    lambda approvals, what, changes: request(*approvals, release=what, **changes),
    st.lists(GIVENS, max_size=6),
    st.sampled_from([SHOP, TWO]),
    st.sampled_from(
        [
            {},
            {},
            {},
            {"withdrawn": True},
            {"decision": 3, "permit_until": later("1m")},
            {"decision": 3, "deployed": 4},
            {"decision": 3, "deployed": 4, "over": True},
        ]
    ),
)
STAYS = st.builds(
    lambda what, since, until, known: stay(what, since=f"{since + 30}h", until=None if until is None else f"{until}h", known=known),
    st.sampled_from([SHOP, TWO, release("other")]), st.integers(1, 60), st.one_of(st.none(), st.integers(1, 30)), st.sampled_from(["claimed", "observed"]),
)  # fmt: skip


def mostly(good: Sequence[Any], others: st.SearchStrategy[Any], most: int) -> st.SearchStrategy[list[Any]]:
    """What is good, with a few others beside it; now and then only the others."""
    some = st.lists(others, max_size=most)
    return st.one_of(st.just(list(good)), some.map(lambda more: [*good, *more]), some.map(lambda more: [*more, *good]), some)


APPROVALS = (approval("ann", "release-management"), approval("sam", "security"))
GOOD_REQUESTS = st.builds(lambda what, more: [request(*APPROVALS, *more, release=what)], st.sampled_from([SHOP, SHOP, TWO]), st.lists(GIVENS, max_size=2))
WORLDS = st.fixed_dictionaries({
    "intact": st.sampled_from([[intact(one) for one in TWO.artifacts]] * 4 + [[intact(TWO.artifacts[0])]]),
    "signatures": mostly(
        [one for artifact in TWO.artifacts for one in (*(signature(by, artifact, NOW) for by in ("release", "second")), certified("ci", artifact=artifact))],
        SIGNATURES, 3,
    ),
    "provenance": mostly([provenance(artifact=artifact) for artifact in TWO.artifacts], PROVENANCES, 2),
    "summaries": mostly([summary(artifact=artifact, verified_at=ago("1h")) for artifact in TWO.artifacts], SUMMARIES, 2),
    "attested": st.lists(ATTESTATIONS, max_size=3),
    "trials": st.lists(TRIALS, max_size=3),
    "sources": st.just([source(artifact=artifact) for artifact in TWO.artifacts]),
    "zones": st.sampled_from([[zone()], [zone()], [zone("Europe/Paris")], []]),
    "rejected": st.lists(st.just(rejected()), max_size=1),
    "requests": st.one_of(GOOD_REQUESTS, GOOD_REQUESTS, st.lists(REQUESTS, max_size=2, unique_by=lambda one: one.id)),
    "stays": st.fixed_dictionaries({"staging": mostly([stay(SHOP, since="60h", until="30h", known="observed"), stay(TWO)], STAYS, 2)}),
    "in_force": st.sampled_from([[in_force()]] * 6 + [[in_force(time="attested")], []]),
    "roster": st.just(PEOPLE),
})  # fmt: skip
REQUIREMENTS: st.SearchStrategy[AnyRequirement] = st.sampled_from([
    SIGNED, replace(SIGNED, keys=("release", "second")), replace(SIGNED, keys=("release", "second"), threshold=2), replace(SIGNED, max_age="30d"),
    replace(SIGNED, identities=("ci",)), SignedBy(identities=("ci",)), SignedBy(identities=("ci", "nightly"), threshold=2, max_age="30d"),
    replace(SIGNED, identities=("ci", "nightly"), threshold=2), replace(BUILT, identities=("ci",)),
    ATTESTED, replace(ATTESTED, keys=("builder", "second"), threshold=2), replace(ATTESTED, match=(), time="on", max_age="30d"),
    TESTED, replace(TESTED, at_least=2), HOURS, MONDAYS, NOT_REVOKED, NotRevoked(evidence="yes"),
    BUILT, replace(BUILT, keys=("builder", "second")), VERIFIED, replace(VERIFIED, levels=()), CAME, SOAKED, replace(SOAKED, occupancy="observed"), APPROVED,
    replace(APPROVED, independent_of=()), replace(APPROVED, duties={"security": 1}), replace(APPROVED, duties={"security": 2}, independent_of=("requester",)),
])  # fmt: skip
POLICIES = st.lists(REQUIREMENTS, min_size=1, max_size=3, unique_by=lambda one: one.__struct_config__.tag).map(lambda some: policy(*some, with_identities=True))
SUBJECTS = st.builds(
    lambda what, who, named: subject(what, actor=who, request=named),
    st.sampled_from([SHOP, SHOP, TWO]),
    st.sampled_from([actor("dora"), actor("dora"), actor("sam"), None]),
    st.sampled_from([request_id(), request_id(), None]),
)  # fmt: skip


def allowed(subject: Subject, policy: Policy, facts: Facts) -> bool:
    return decide(subject, policy, facts, NOW, root()).result == "allowed"


def less_is_known(known: Facts) -> Iterator[Facts]:
    """Every source that could fail, failed; and every kind not gathered at all."""
    for need in known.needs():
        yield known.replace(need, UNREADABLE)
        yield Facts({other: known.of(other.kind, other.environment) for other in known.needs() if other != need})


def less_was_said(known: Facts) -> Iterator[Facts]:
    """Every single fact taken away, and what one consists of: each approval of a request, each signature of a provenance."""
    for need in known.needs():
        found: Complete[Any] | Unreadable = known.of(need.kind, need.environment)
        if not isinstance(found, Complete):
            continue
        for place, item in enumerate(found.items):
            for fewer in ([], *([each] for each in smaller(item))):
                yield known.replace(need, replace(found, items=(*found.items[:place], *fewer, *found.items[place + 1 :])))


def smaller(item: Any) -> Iterator[Any]:
    """The fact with one of its parts fewer."""
    if isinstance(item, Signature) and item.by is not None:
        for name in item.by.names[1:]:
            yield replace(item, by=replace(item.by, names=tuple(other for other in item.by.names if other != name)))
    parts = "given" if isinstance(item, Request) else "keys" if isinstance(item, Provenance | Summary) else ""
    held = getattr(item, parts, ())
    for number in range(len(held)):
        yield replace(item, **{parts: (*held[:number], *held[number + 1 :])})


@given(SUBJECTS, POLICIES, WORLDS)
@settings(max_examples=800)
def test_knowing_less_never_opens(subject: Subject, policy: Policy, world: Mapping[str, Any]) -> None:
    known = facts(**world)
    if not allowed(subject, policy, known):
        assert not any(allowed(subject, policy, less) for less in [*less_is_known(known), *less_was_said(known)])


@given(SUBJECTS, POLICIES, WORLDS)
def test_evidence_that_proves_nothing_changes_nothing(subject: Subject, policy: Policy, world: Mapping[str, Any]) -> None:
    verdicts = {allowed(subject, policy, facts(**{**world, "rejected": found})) for found in ([], [rejected()], UNREADABLE, None)}
    assert len(verdicts) == 1


@given(SUBJECTS, POLICIES, WORLDS)
def test_more_requirements_never_open(subject: Subject, some: Policy, world: Mapping[str, Any]) -> None:
    known = facts(**world)
    requires = some.environments["production"].requires
    for place in range(len(requires)):
        fewer = policy(*requires[:place], *requires[place + 1 :], with_identities=True)
        assert not allowed(subject, some, known) or len(requires) == 1 or allowed(subject, fewer, known)


@given(SUBJECTS, WORLDS)
def test_asking_for_more_never_opens(subject: Subject, world: Mapping[str, Any]) -> None:
    known = facts(**world)
    stricter: list[tuple[AnyRequirement, AnyRequirement]] = [
        (SIGNED, replace(SIGNED, max_age="30d")),
        (replace(SIGNED, keys=("release", "second")), replace(SIGNED, keys=("release", "second"), threshold=2)),
        (replace(BUILT, keys=("builder", "second")), BUILT),
        (replace(VERIFIED, keys=("builder", "second")), VERIFIED),
        (replace(VERIFIED, levels=()), VERIFIED),
        (VERIFIED, replace(VERIFIED, max_age="7d")),
        (replace(VERIFIED, resource=None, resource_glob="pkg:**"), VERIFIED),
        (replace(SOAKED, for_="1h"), SOAKED),
        (SOAKED, replace(SOAKED, occupancy="observed")),
        (CAME, SOAKED),
        (replace(APPROVED, duties={"security": 1}), APPROVED),
        (replace(APPROVED, independent_of=()), APPROVED),
        (APPROVED, replace(APPROVED, expires="30m")),
    ]
    for lax, strict in stricter:
        assert not allowed(subject, policy(strict), known) or allowed(subject, policy(lax), known), strict


def test_these_worlds_are_open_often_enough_to_mean_something() -> None:
    seen = {True: 0, False: 0}

    @given(SUBJECTS, POLICIES, WORLDS)
    @settings(max_examples=300, derandomize=True)
    def count(subject: Subject, policy: Policy, world: Mapping[str, Any]) -> None:
        seen[allowed(subject, policy, facts(**world))] += 1

    count()
    assert seen[True] > 50
    assert seen[False] > 50


def test_taking_provenance_away_makes_nobody_independent() -> None:
    """Whoever holds a key of the policy may not approve, whatever is attached (docs/requirements/approved.md)."""
    one_duty: Approved = replace(APPROVED, duties={"security": 1})
    asked = subject(actor=actor("dora"), request=request_id())
    hers = {**KEYS, "sam": key("sam").public}
    for by in ([("builder",), ("sam",)], [("builder",)], [("sam",)], [("builder", "sam")], []):
        known = facts(
            intact=[intact()],
            requests=[request(approval("sam", "security"))],
            in_force=[in_force()],
            roster=PEOPLE,
            provenance=[provenance(*one) for one in by],
        )
        (code,) = (one.code for one in decide(asked, policy(one_duty, keys=hers), known, NOW, root()).outcomes if one.requirement == "approved")
        assert code == ("approved.not-independent" if by else "approved.builder-unknown")


def test_a_need_is_asked_for_by_its_environment() -> None:
    known = facts(stays={"staging": [stay()]})
    assert {need.environment for need in known.needs() if need != Need(Provenance)} >= {"", "staging"}
