"""What another policy would have said: the same policy always the same, flips with their codes, and what nobody looked for or kept is not known."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from build import APPROVED, BUILT, CAME, KEYS, SIGNED, SOAKED, VERIFIED, key
from lockgate.app import backtest, gather, request
from lockgate.core import events
from lockgate.core.backtested import Backtest, Count
from lockgate.core.facts import Complete, Facts, Need, Rejected, Summary, Vouched
from lockgate.core.policy import EnvironmentPolicy, Policy, believed
from lockgate.core.requirements.within_hours import WithinHours
from lockgate.core.zones import Zone
from lockgate.errors import UnreadableError
from lockgate.evidence import readers, record
from world import PEOPLE, World, standard_policy

Fails = Callable[..., str]


@pytest.fixture
def history(world: World) -> World:
    """Refused, allowed, deployed, undecided, of another release: a bit of everything. Nine decisions."""
    world.gate()
    world.soaked()
    world.gate()
    id_ = world.request()
    world.approve(id_, "ann")
    world.gate()
    world.gate(by=None)
    world.approve(id_, "bob")
    world.deploy()
    world.artifact("other", signed="second")
    world.gate("staging", "other")
    world.source.fails["attached"] = UnreadableError("ref.unreadable", "no")
    world.gate("staging")
    world.source.fails.clear()
    world.clock.advance(minutes=1)
    world.gate("staging")
    return world


def of(found: Backtest, environment: str = "production") -> Count:
    return next(one for one in found.counts if one.environment == environment)


def production(*requires: Any, **more: Any) -> Policy:
    base = standard_policy()
    return replace(base, environments={**base.environments, "production": EnvironmentPolicy(requires=requires, from_="staging", **more)})


def test_the_policy_that_decided_says_the_same(history: World) -> None:
    found = backtest.backtest(history.ports, standard_policy())
    assert found.decisions == len(history.decisions()) >= 8
    assert found.tried == ()
    assert [one.same for one in found.counts] == [one.same + one.would_allow + one.would_refuse + one.cannot_know for one in found.counts]
    assert [one.other_reasons for one in found.counts] == [0, 0]


def test_approvals_and_waivers_stand_as_they_were_given(history: World) -> None:
    """Another section is in force under the other policy; who approved would have been shown it."""
    found = backtest.backtest(history.ports, standard_policy(permit="1h", status_max_age="1h"))
    assert found.tried == ()


def test_a_longer_soak_refuses_what_was_allowed_and_says_why(history: World) -> None:
    before = history.log.head().note
    found = backtest.backtest(history.ports, production(SIGNED, BUILT, CAME, replace(SOAKED, for_="48h"), APPROVED))
    assert (of(found).would_refuse, of(found, "staging").would_refuse) == (1, 0)
    (flipped,) = found.tried
    assert (flipped.result, flipped.recorded, flipped.would, [one.code for one in flipped.outcomes]) == ("flips", "allowed", "refused", ["soaked.too-young"])
    assert history.log.head().note == before, "nothing is recorded"


def test_what_asks_less_allows_what_was_refused_and_says_what_did_not_hold(history: World) -> None:
    found = backtest.backtest(history.ports, production(SIGNED))
    refused = [index for index in history.decisions() if _decided(history, index).outcome != "allowed" and _decided(history, index).environment == "production"]
    assert [one.leaf for one in found.tried] == refused
    assert {one.would for one in found.tried} == {"allowed"}
    assert {"came-through.never-there", "soaked.never-there"} <= {one.code for one in found.tried[0].outcomes}


def test_evidence_is_read_by_the_other_policys_keys(history: World) -> None:
    base = standard_policy()
    other = replace(base, environments={**base.environments, "staging": EnvironmentPolicy(requires=(replace(SIGNED, keys=("second",)),))})
    found = backtest.backtest(history.ports, other, "staging")
    assert (of(found, "staging").would_allow, of(found, "staging").would_refuse > 0) == (1, True)
    assert {one.outcomes[0].code for one in found.tried} == {"signed-by.no-signature"}


def test_other_codes_are_told_apart_from_other_answers(history: World) -> None:
    base = standard_policy()
    found = backtest.backtest(history.ports, replace(base, environments={**base.environments, "staging": EnvironmentPolicy(requires=(SIGNED, BUILT))}))
    assert (of(found, "staging").other_reasons, of(found, "staging").would_refuse) == (1, 0), "provenance could not be read either"
    found = backtest.backtest(history.ports, production(SIGNED, CAME, SOAKED, APPROVED, replace(SIGNED, id="second", keys=("second",))))
    assert of(found).other_reasons > 0


def test_an_environment_that_is_gone_lets_nothing_in(history: World) -> None:
    alone = Policy(version=1, project="shop", environments={"staging": EnvironmentPolicy(requires=(SIGNED,))}, keys=dict(KEYS))
    found = backtest.backtest(history.ports, alone)
    assert of(found).would_refuse == 1
    assert [one.outcomes[0].code for one in found.tried] == ["policy.no-environment"]


def test_evidence_that_is_gone_is_not_known(history: World) -> None:
    index = history.decisions()[-1]
    del history.blobs.held[_decided(history, index).evidence]
    history.erased |= {one for one in history.decisions() if _decided(history, one).evidence == _decided(history, index).evidence}
    found = backtest.backtest(history.ports, standard_policy(), "staging")
    assert [(one.leaf, one.result) for one in found.tried] == [(one, "cannot-know") for one in sorted(history.erased)]
    assert all(one.lost for one in found.tried)


class Novel(Vouched, frozen=True, kw_only=True):
    """A kind of evidence that came with rules 3."""


@pytest.mark.parametrize("rules", [2, 3])
def test_what_older_rules_did_not_look_for_is_unknown_and_never_absent(rules: int, monkeypatch: pytest.MonkeyPatch, history: World) -> None:
    monkeypatch.setattr(readers, "KINDS", (*readers.KINDS, Novel))
    monkeypatch.setattr(backtest, "KINDS", readers.KINDS)
    empty = gather.Basket(manifest=gather.Manifest(), blobs={})
    facts = Facts(gather.artifact_facts(empty, [], {}, believed(standard_policy()), history.clock.now()))
    novel = backtest._not_looked_for(facts, rules).of(Novel)
    assert (getattr(novel, "code", "") == "facts.not-gathered") == (rules < 3)
    assert getattr(backtest._not_looked_for(facts, rules).of(Rejected), "items", None) == ()


def test_what_nobody_looked_for_cannot_be_known_unless_something_else_refuses(history: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """As of a decision by rules that read no summaries."""
    monkeypatch.setattr(backtest, "ALWAYS_LOOKED_FOR", backtest.ALWAYS_LOOKED_FOR - {Summary})
    monkeypatch.setattr(backtest, "_not_looked_for", lambda facts, _rules, real=backtest._not_looked_for: real(facts, 2))
    base = standard_policy()
    other = replace(base, environments={**base.environments, "staging": EnvironmentPolicy(requires=(SIGNED, VERIFIED))})
    found = backtest.backtest(history.ports, other, "staging")
    by_leaf = {one.leaf: one for one in found.tried}
    for index in history.decisions():
        decision = _decided(history, index)
        if decision.environment == "staging" and decision.outcome == "allowed":
            assert by_leaf[index].result == "cannot-know"
            assert [one.code for one in by_leaf[index].outcomes] == ["verified-by.unreadable"]
    assert of(found, "staging").same >= 1, "the release with another signature is refused, whatever the summaries said"


def test_what_is_looked_up_only_when_asked_for_was_not_looked_up(history: World) -> None:
    """The clock of a zone, for one, cannot be found out now as it was kept then: where nothing else refuses, nobody knows."""
    base = standard_policy()
    hours = WithinHours(zone="Europe/Berlin", days=("mon", "tue", "wed", "thu", "fri", "sat", "sun"), from_="00:00", to="24:00")
    other = replace(base, environments={**base.environments, "staging": EnvironmentPolicy(requires=(SIGNED, hours))})
    found = backtest.backtest(history.ports, other, "staging")
    assert of(found, "staging").would_allow == of(found, "staging").would_refuse == 0
    allowed = [index for index in history.decisions() if (one := _decided(history, index)).outcome == "allowed" and one.environment == "staging"]
    by_leaf = {one.leaf: one for one in found.tried}
    assert [(by_leaf[index].result, [each.code for each in by_leaf[index].outcomes]) for index in allowed] == [
        ("cannot-know", ["within-hours.unreadable"]) for _ in allowed
    ]
    # Of what was asked for then, too, what was kept is taken.
    facts, nothing = Facts({Need(Zone): Complete(items=(), as_of=history.clock.now())}), gather.Basket(manifest=gather.Manifest(), blobs={})
    kept = replace(nothing, manifest=gather.Manifest(zones=(gather.KeptZone(name="Europe/Berlin", code="zone.unreadable"),)))
    assert backtest._not_asked_for(facts, other, other, "staging", kept).of(Zone) == facts.of(Zone)
    assert backtest._not_asked_for(facts, other, base, "staging", kept).of(Zone) != facts.of(Zone)
    assert backtest._not_asked_for(facts, other, other, "staging", nothing).of(Zone) != facts.of(Zone)


def test_it_says_how_far_it_is_and_does_not_hide_what_was_altered(history: World, fails: Fails) -> None:
    told: list[tuple[int, int]] = []
    for _ in range(100):
        history.clock.advance(minutes=1)
        history.gate("staging", "shop")
    found = backtest.backtest(history.ports, standard_policy(), told=lambda done, size: told.append((done, size)))
    assert [done for done, _ in told] == [100 * number for number in range(1, history.log.head().size // 100 + 1)]
    assert found.tried == ()
    evidence = _decided(history, history.decisions()[0]).evidence
    held = history.blobs.held[evidence]
    history.blobs.held[evidence] = b"other bytes"
    assert fails(backtest.backtest, history.ports, standard_policy()) == "blob.altered"
    history.blobs.held[evidence] = held


def test_which_decisions(history: World, fails: Fails) -> None:
    every = production(SIGNED)
    whole = backtest.backtest(history.ports, every)
    assert backtest.backtest(history.ports, every, "production").counts == (of(whole),)
    assert backtest.backtest(history.ports, every, last=3).decisions == 3
    assert backtest.backtest(history.ports, every, "production", last=1).decisions == 1
    assert backtest.backtest(history.ports, every, last=1000) == whole
    assert backtest.backtest(history.ports, every, since=history.clock.now()).decisions == 1
    assert backtest.backtest(history.ports, every, since=history.clock.now() + timedelta(days=1)).decisions == 0
    assert fails(backtest.backtest, history.ports, every, "prodution") == "policy.no-environment"


def test_a_decision_that_means_nothing_is_not_counted(history: World) -> None:
    before = backtest.backtest(history.ports, standard_policy()).decisions
    gated = history.gate("staging", "other", key="once more")
    counted = backtest.backtest(history.ports, standard_policy()).decisions
    index = history.smuggle(history.decided(gated, key("eve"), outcome="refused"))
    assert str(index) in history.ignored()
    assert before <= counted == backtest.backtest(history.ports, standard_policy()).decisions < len(history.decisions())


def test_out_of_the_ordinary_stays_so(world: World) -> None:
    """A rollback, a recall and a hold are in the history, whatever the policy says."""
    world.soaked()
    world.artifact("other")
    world.deploy("staging", "other")
    world.gate("staging")
    request.request_release(world.ports, ("file:shop",), "staging", "none", world.id(), key("rita"), rollback=True)
    world.deploy("staging")
    found = backtest.backtest(world.ports, standard_policy())
    assert (found.tried, found.decisions) == ((), len(world.decisions()))


def test_after_people_root_and_policy_changed(history: World) -> None:
    history.roster(*PEOPLE[:4])
    history.policy(standard_policy(permit="1h"))
    history.gate("staging", "other")
    history.policy(production(SIGNED))
    history.gate("production")
    history.root(expires=history.clock.now() + timedelta(days=500))
    found = backtest.backtest(history.ports, standard_policy())
    assert [(one.environment, one.would, one.recorded) for one in found.tried] == [("production", "refused", "allowed")]


def _decided(world: World, index: int) -> events.Decided:
    event = record.open_envelope(world.envelope(index)).event
    assert isinstance(event, events.Decided)
    return event
