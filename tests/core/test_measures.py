"""How deployments go: each measure by its definition, and none of too little."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from build import NOW, release
from lockgate.core.measures import ENOUGH, Attempt, Measures, Spread, measure

HOUR = timedelta(hours=1)
A, B, C, D = (release(name) for name in "abcd")


def attempts(*told: tuple[Any, str], **more: Any) -> list[Attempt]:
    """One an hour: (release, outcome)."""
    kinds: dict[str, Any] = {"ok": "deployed", "failed": "deploy-failed", "unknown": "deploy-unknown"}
    return [Attempt(outcome=kinds[how], release=what, at=NOW + number * HOUR, leaf=number, **more) for number, (what, how) in enumerate(told)]


def measured(*told: tuple[Any, str], since: Any = None) -> Measures:
    return measure("staging", attempts(*told), since, NOW + 10 * HOUR)


def test_nothing_is_made_up_of_nothing() -> None:
    assert measured() == Measures(environment="staging", since=None, until=NOW + 10 * HOUR)


def test_too_few_are_counted_and_not_told() -> None:
    found = measured((A, "ok"), (B, "failed"))
    assert (found.deployed, found.failed, found.changes, found.change_failures) == (1, 1, 2, 1)
    assert (found.seconds_per_deployment, found.change_failure_percent, found.restore) == (None, None, Spread(count=0))


def test_frequency_and_failures() -> None:
    found = measured((A, "ok"), (B, "failed"), (B, "unknown"), (B, "ok"), (C, "ok"))
    assert (found.deployed, found.failed, found.unknown, found.rollbacks) == (3, 1, 1, 0)
    assert found.seconds_per_deployment == 10 * 3600 // 3
    assert (found.changes, found.change_failures, found.change_failure_percent) == (5, 2, 40)


def test_a_rollback_tells_of_the_one_before() -> None:
    found = measured((A, "ok"), (B, "ok"), (A, "ok"), (C, "ok"))
    assert (found.rollbacks, found.changes, found.change_failures, found.change_failure_percent) == (1, 3, 1, 33)


def test_a_redeployment_is_no_rollback_and_undoes_nothing() -> None:
    found = measured((A, "ok"), (A, "ok"), (B, "ok"), (B, "ok"))
    assert (found.rollbacks, found.change_failures, found.change_failure_percent) == (0, 0, 0)


def test_time_to_restore_is_from_the_first_failure_to_the_next_that_ends_well() -> None:
    told = [(A, "ok"), (B, "failed"), (B, "unknown"), (B, "ok"), (C, "ok"), (B, "ok"), (D, "failed"), (D, "ok")]
    assert measured(*told).restore == Spread(count=3, middle=3600, least=3600, most=2 * 3600)


def test_since_leaves_older_ones_out_but_remembers_what_they_brought() -> None:
    found = measured((A, "ok"), (B, "ok"), (A, "ok"), since=NOW + 2 * HOUR)
    assert (found.deployed, found.rollbacks, found.since) == (1, 1, NOW + 2 * HOUR)
    assert measured((A, "ok"), since=NOW - HOUR).since == NOW


def asked(number: int, what: Any, *, failed: bool = False) -> Attempt:
    """Deployed now; asked for `number` hours before, and built twice as many."""
    outcome: Any = "deploy-failed" if failed else "deployed"
    return Attempt(outcome=outcome, release=what, at=NOW, leaf=number, asked=NOW - number * HOUR, built=NOW - 2 * number * HOUR)


def test_lead_time_is_of_those_that_ended_well() -> None:
    found = measure("staging", [asked(9, A, failed=True), asked(1, A), asked(2, B), asked(3, C)], None, NOW)
    assert found.lead == Spread(count=3, middle=2 * 3600, least=3600, most=3 * 3600)
    assert found.lead_built == Spread(count=3, middle=4 * 3600, least=2 * 3600, most=6 * 3600)


def test_what_is_deployed_again_or_comes_back_had_its_lead_time() -> None:
    found = measure("staging", [asked(1, A), asked(2, B), asked(99, B), asked(98, A), asked(3, C)], None, NOW)
    assert found.lead == Spread(count=3, middle=2 * 3600, least=3600, most=3 * 3600)
    assert found.deployed == 5


@given(st.lists(st.tuples(st.sampled_from([A, B, C]), st.sampled_from(["ok", "failed", "unknown"])), max_size=12))
def test_the_counts_add_up(told: list[tuple[Any, str]]) -> None:
    found = measured(*told)
    assert found.deployed + found.failed + found.unknown == len(told)
    assert found.change_failures <= found.changes <= len(told)
    assert found.failed + found.unknown <= found.change_failures + sum(how != "ok" for _, how in told)
    assert (found.change_failure_percent is None) == (found.changes < ENOUGH)
    assert (found.seconds_per_deployment is None) == (found.deployed < ENOUGH)
