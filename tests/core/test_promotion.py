"""History as a fold: what each event changes, what it leaves alone, and that it stays small and can only forget towards refusing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from build import LOG, NOW, SECTION, SHOP, digest, key, nonce, person_id, release, request_id
from lockgate.canon import decode, encode
from lockgate.core import events
from lockgate.core.facts import Given, Stay
from lockgate.core.model import NONE, Release
from lockgate.core.promotion import Said, fold, in_force
from lockgate.core.state import (
    KEPT_ANSWERS,
    KEPT_PERMITS,
    KEPT_REQUESTS,
    KEPT_STAYS,
    PERMIT_GRACE,
    Backing,
    Document,
    EnvironmentState,
    House,
    OpenProposal,
    Permit,
    State,
    release_digest,
    state_digest,
)
from strategies import noun

MINUTE = timedelta(minutes=1)
EMPTY = State(environment=EnvironmentState(name="production"))
OTHER = release("other")


def said(event: Any, index: int, by: str = "rita", about: Release | str = SHOP, at: datetime | None = None) -> Said:
    """Recorded at leaf `index`, so many minutes after NOW."""
    subjects = about.artifacts if isinstance(about, Release) else (digest(about),)
    return Said(event=event, subjects=subjects, by=person_id(by), key=key(by).fingerprint, index=index, at=at or NOW + index * MINUTE)


def requested(index: int, name: str = "", about: Release = SHOP, environment: str = "production", **how: Any) -> Said:
    event = events.Requested(log=LOG, id=request_id(name), environment=environment, config=about.config, from_=NONE, requested_at=NOW)
    return said(event, index, about=about, **how)


def approved(
    index: int, by: str = "sam", name: str = "", about: Release = SHOP, lasts: timedelta = timedelta(days=1), duty: str = "security", **how: Any
) -> Said:
    shown = events.Shown(from_=NONE, to=release_digest(about))
    event = events.Approved(log=LOG, request=request_id(name), environment="production", duty=duty, config=about.config, section=SECTION, baseline=NONE,
        shown=shown,
                            expires=NOW + lasts, nonce=nonce(f"{by} {index}"))  # fmt: skip
    return said(event, index, by, about, **how)


def rejected(index: int, by: str = "bob", name: str = "") -> Said:
    return said(events.Rejected(log=LOG, request=request_id(name), environment="production", nonce=nonce(str(index))), index, by)


def withdrawn(index: int, what: Any, by: str, name: str = "") -> Said:
    return said(events.Withdrawn(log=LOG, request=request_id(name), environment="production", what=what, nonce=nonce(str(index))), index, by)


def decided(
    index: int, outcome: Any = "allowed", name: str | None = "", about: Release = SHOP, minutes: int = 15, person: str | None = "dora", **how: Any
) -> Said:
    """The permit key's decision, by the request called `name`, or by none."""
    at = NOW + index * MINUTE
    event = events.Decided(
        log=LOG, environment="production", config=about.config, request="" if name is None else request_id(name), outcome=outcome, outcomes=(),
        decided_at=at,
        not_after=at + minutes * MINUTE if outcome == "allowed" else None,
        engine="0.1.0", history=index, policy=digest("policy"), section=SECTION, root=1, roster=1,
        evidence=digest("evidence"), state=digest("state"), person=person and person_id(person),
    )  # fmt: skip
    return said(event, index, "", about, **how)


def content(state: Any) -> Any:
    """A house or an environment without its clock."""
    return replace(state, at=None, leaf=-1)


def deployed(index: int, permit: int, about: Release = SHOP, by: str = "dora", failed: bool = False) -> Said:
    base: dict[str, Any] = {"log": LOG, "permit": permit, "environment": "production", "config": about.config, "started_at": NOW, "ended_at": NOW}
    return said(events.DeployFailed(**base, exit_status=1) if failed else events.Deployed(**base), index, by, about)


def folded(*history: Said, state: State = EMPTY) -> EnvironmentState:
    for one in history:
        state = fold(state, one)
    return state.environment


def at(index: int) -> datetime:
    return NOW + index * MINUTE


# What each event changes.


def test_a_request_and_what_is_said_of_it() -> None:
    (one,) = folded(requested(3), approved(4)).requests
    assert (one.id, one.release, one.by, one.at, one.withdrawn, one.decision, one.deployed, one.over) == (
        request_id(),
        SHOP,
        person_id("rita"),
        at(3),
        False,
        -1,
        -1,
        False,
    )
    assert one.given == (
        Given(person=person_id("sam"), key=key("sam").fingerprint, duty="security", at=at(4), expires=NOW + timedelta(days=1), section=SECTION, baseline=NONE,
              from_=NONE, leaf=4, nonce=nonce("sam 4")),
    )  # fmt: skip


def test_a_rejection_stays_until_whoever_gave_it_takes_it_back() -> None:
    assert folded(requested(3), rejected(4), rejected(5, "ann"), rejected(6)).requests[0].rejected_by == tuple(sorted([person_id("ann"), person_id("bob")]))
    one = folded(requested(3), rejected(4), rejected(5, "ann"), withdrawn(6, "rejection", "ann")).requests[0]
    assert one.rejected_by == (person_id("bob"),)
    assert one.taken_back == (nonce("6"),)


def test_who_withdraws_an_approval_withdraws_all_of_theirs_and_nobody_elses() -> None:
    (one,) = folded(requested(3), approved(4), approved(5, duty="release-management"), approved(6, "ann"), withdrawn(7, "approval", "sam")).requests
    assert [given.withdrawn for given in one.given] == [True, True, False]


def test_a_withdrawn_request_stays_withdrawn() -> None:
    assert folded(requested(3), withdrawn(4, "request", "rita"), approved(5)).requests[0].withdrawn


def test_answers_reach_the_request_they_name_only() -> None:
    one, other = folded(requested(3), requested(4, "other"), approved(5, name="other"), rejected(6), withdrawn(7, "request", "rita", "other")).requests
    assert (len(one.given), one.rejected_by, one.withdrawn) == (0, (person_id("bob"),), False)
    assert (len(other.given), other.rejected_by, other.withdrawn) == (1, (), True)


def test_an_allowed_decision_is_a_permit() -> None:
    state = folded(requested(3), decided(5))
    assert state.permits == (Permit(decision=5, release=SHOP, not_after=at(20), request=request_id(), person=person_id("dora")),)
    assert (state.requests[0].decision, state.requests[0].permit_until) == (5, at(20))


def test_each_deployment_is_of_its_own_permits_request() -> None:
    state = folded(requested(3, "one"), requested(4, "two", OTHER), decided(5, name="one"), decided(6, name="two", about=OTHER), deployed(7, 6, OTHER))
    assert [(one.deployed, one.permit_until is not None) for one in state.requests] == [(-1, True), (7, True)]
    assert state.permits == ()
    failed = folded(
        requested(3, "one"), requested(4, "two", OTHER), decided(5, name="one"), decided(6, name="two", about=OTHER), deployed(7, 6, OTHER, failed=True)
    )
    assert [one.permit_until is not None for one in failed.requests] == [True, False]


def test_a_permit_without_a_request_or_an_asker() -> None:
    state = folded(requested(3), decided(5, name=None, person=None), deployed(6, 5))
    assert (state.requests[0].decision, state.requests[0].deployed) == (-1, -1)
    assert [stay.decision for stay in state.stays] == [5]
    assert folded(decided(5, name=None, person=None)).permits[0].person is None


@pytest.mark.parametrize("outcome", ["refused", "undecided"])
def test_any_other_decision_is_none(outcome: str) -> None:
    assert content(folded(requested(3), decided(5, outcome))) == content(folded(requested(3)))


def test_a_permit_without_an_end_has_ended() -> None:
    endless = decided(5)
    endless = replace(endless, event=replace(endless.event, not_after=None))
    assert folded(endless).permits[0].not_after == at(5)


def test_deployed_begins_a_stay_ends_the_one_before_and_uses_the_permit_up() -> None:
    state = folded(decided(5), deployed(6, 5), decided(7, about=OTHER), deployed(8, 7, OTHER))
    assert state.stays == (
        Stay(release=SHOP, since=at(6), until=at(8), decision=5, deployer=person_id("dora"), leaf=6),
        Stay(release=OTHER, since=at(8), decision=7, deployer=person_id("dora"), leaf=8),
    )
    assert state.permits == ()
    assert state.occupant() == state.stays[-1]


def test_the_same_release_again_is_the_same_stay() -> None:
    state = folded(decided(5), deployed(6, 5), decided(7), deployed(8, 7))
    assert [(stay.since, stay.until) for stay in state.stays] == [(at(6), None)]


def test_another_configuration_is_another_stay() -> None:
    configured = release("shop", config=digest("config"))
    state = folded(decided(5), deployed(6, 5), decided(7, about=configured), deployed(8, 7, configured), decided(9), deployed(10, 9))
    assert [(stay.since, stay.until) for stay in state.stays] == [(at(6), at(8)), (at(8), at(10)), (at(10), None)]


def test_a_failed_deployment_is_no_stay_and_frees_its_request() -> None:
    state = folded(requested(3), decided(5), deployed(6, 5, failed=True))
    assert (state.stays, state.permits) == ((), ())
    assert (state.requests[0].permit_until, state.requests[0].deployed) == (None, -1)


def test_an_older_permits_failure_does_not_free_the_newer_ones_request() -> None:
    """Else a third gate would open while the second's permit is outstanding."""
    state = folded(requested(3), decided(5), decided(25), deployed(26, 5, failed=True))
    assert state.requests[0].permit_until == at(40)
    assert [permit.decision for permit in state.permits] == [25]


def test_deployed_covers_its_request_until_another_release_runs() -> None:
    covered = [requested(3), decided(5), deployed(6, 5)]
    assert [(one.deployed, one.over) for one in folded(*covered).requests] == [(6, False)]
    assert [(one.deployed, one.over) for one in folded(*covered, decided(7), deployed(8, 7)).requests] == [(8, False)]
    replaced = [*covered, requested(7, "other", OTHER), decided(8, name="other", about=OTHER), deployed(9, 8, OTHER)]
    assert [(one.deployed, one.over) for one in folded(*replaced).requests] == [(6, True), (9, False)]
    back = folded(*replaced, decided(10, name=None), deployed(11, 10)).requests
    assert [one.over for one in back] == [True, True], "what is over stays over, also when the release comes back"


def test_a_request_that_was_never_deployed_is_not_over() -> None:
    state = folded(requested(3), decided(5, name=None, about=OTHER), deployed(6, 5, OTHER))
    assert not state.requests[0].over


def test_a_release_that_only_failed_covers_nothing() -> None:
    state = folded(requested(3), decided(5), deployed(6, 5, failed=True), decided(7, name=None, about=OTHER), deployed(8, 7, OTHER))
    assert (state.requests[0].deployed, state.requests[0].over) == (-1, False)


def test_what_is_about_another_environment_changes_nothing() -> None:
    state = fold(EMPTY, requested(3))
    assert fold(state, requested(4, "other", environment="staging")) == state
    assert fold(State(), requested(4)) == State()


@pytest.mark.parametrize(("about", "text"), [(None, "none"), (SHOP, "sha256:")])
def test_the_digest_a_release_goes_by(about: Release | None, text: str) -> None:
    assert release_digest(about).startswith(text)
    assert release_digest(SHOP) != release_digest(release("shop", config=digest("config"))) != release_digest(OTHER)


# The house.


def proposed(index: int, kind: str = "policy", version: int = 1, by: str = "owner", document: str = "policy 1") -> Said:
    struct = {"policy": events.PolicyProposed, "roster": events.RosterProposed, "root": events.RootProposed}[kind]
    event = struct(log=LOG, id=request_id(document), version=version, replaces=NONE, requested_at=NOW)
    return said(event, index, by, document)


def backed(index: int, by: str = "owner", document: str = "policy 1", lasts: timedelta = timedelta(days=1)) -> Said:
    one = approved(index, by, document, lasts=lasts)
    return replace(one, event=replace(one.event, environment="house", duty="owner"))


def answered(one: Said) -> Said:
    return replace(one, event=replace(one.event, environment="house"))


def housed(*history: Said, house: House | None = None) -> House:
    state = State(house=house or House())
    for one in history:
        state = fold(state, one)
    return state.house


def test_a_proposal_and_what_is_said_of_it() -> None:
    house = housed(proposed(1), backed(2), backed(3, "second"))
    backings = tuple(
        Backing(by=person_id(by), key=key(by).fingerprint, expires=NOW + timedelta(days=1), nonce=nonce(f"{by} {index}"))
        for by, index in [("owner", 2), ("second", 3)]
    )
    assert house.proposals == (
        OpenProposal(
            id=request_id("policy 1"), kind="policy", version=1, digest=digest("policy 1"), by=person_id("owner"), at=at(1), leaf=1, approvals=backings
        ),
    )


@pytest.mark.parametrize("kind", ["policy", "roster", "root"])
def test_in_force_it_takes_the_place_and_voids_its_rivals(kind: str) -> None:
    house = housed(
        *(proposed(index, one, document=f"{one} {which}") for index, (one, which) in enumerate([(k, w) for k in ("policy", "roster", "root") for w in "ab"], 1))
    )
    chosen = next(one for one in house.proposals if one.kind == kind)
    after = in_force(house, chosen)
    assert getattr(after, kind) == Document(version=1, digest=digest(f"{kind} a"))
    assert {one.kind for one in after.proposals} == {"policy", "roster", "root"} - {kind}
    assert [getattr(after, other) for other in ("policy", "roster", "root") if other != kind] == [None, None]


@pytest.mark.parametrize(
    "closing", [answered(rejected(4, "second", "policy 1")), answered(withdrawn(4, "request", "owner", "policy 1"))], ids=["rejected", "withdrawn"]
)
def test_a_closed_proposal_is_remembered_for_the_approvals_it_had(closing: Said) -> None:
    house = housed(proposed(1), proposed(2, document="policy 2"), backed(3), closing)
    assert [one.id for one in house.proposals] == [request_id("policy 2")]
    assert [(one.id, len(one.approvals)) for one in house.closed] == [(request_id("policy 1"), 1)]
    assert [one.id for one in housed(proposed(1), closing).closed] == [request_id("policy 1")], "one that had none, so that a copy of it opens nothing"
    assert in_force(house, house.proposals[0]).closed == house.closed, "a copy of its approvals means nothing as long as they last"
    ended = replace(house, at=max(given.expires for given in house.closed[0].approvals))
    assert in_force(ended, house.proposals[0]).closed == ()


def test_a_policy_in_force_is_remembered_for_the_approvals_it_had() -> None:
    """Where the one before it is in force again, under another version, the same words would put it in force a second time."""
    house = housed(proposed(1), backed(2))
    assert [one.id for one in in_force(house, house.proposals[0]).closed] == [request_id("policy 1")]
    other = replace(house.proposals[0], kind="roster")
    assert in_force(replace(house, proposals=(other,)), other).closed == ()


@pytest.mark.parametrize("by", ["owner", "other key"])
def test_an_owner_takes_back_what_they_gave_as_themselves_or_with_that_key(by: str) -> None:
    taken = answered(withdrawn(4, "approval", "owner", "policy 1"))
    taken = replace(taken, key=key("owner at home").fingerprint) if by == "owner" else replace(taken, by=person_id("since enrolled"))
    (one,) = housed(proposed(1), backed(2), backed(3, "second"), taken).proposals
    assert [given.withdrawn for given in one.approvals] == [True, False]


def test_answers_to_the_house_leave_environments_alone() -> None:
    state = fold(fold(EMPTY, proposed(1)), backed(2))
    assert state.environment == EMPTY.environment
    assert (state.house.at, state.house.leaf) == (at(2), 2)


# It stays small, and what it forgets can only refuse.


def test_stays_and_permits_are_the_newest() -> None:
    history: list[Said] = []
    for number in range(KEPT_STAYS + 10):
        what = release(str(number % 3))
        history += [decided(3 * number, about=what, name=None), deployed(3 * number + 1, 3 * number, what)]
    state = folded(*history)
    assert len(state.stays) == KEPT_STAYS
    assert state.stays[-1].leaf == 3 * (KEPT_STAYS + 9) + 1
    assert len(folded(*(decided(number, name=None) for number in range(KEPT_PERMITS + 10))).permits) == KEPT_PERMITS


def test_a_permit_is_forgotten_a_day_after_its_end() -> None:
    first = decided(0, minutes=15)
    day = int(PERMIT_GRACE / MINUTE)
    assert [one.decision for one in folded(first, decided(14 + day, name=None)).permits] == [0, 14 + day]
    assert [one.decision for one in folded(first, decided(15 + day, name=None)).permits] == [15 + day]


def many(count: int, start: int = 0, **how: Any) -> list[Said]:
    return [requested(start + number, f"{start + number}", **how) for number in range(count)]


def test_the_oldest_open_request_makes_room() -> None:
    state = folded(*many(KEPT_REQUESTS + 2))
    assert len(state.requests) == KEPT_REQUESTS
    assert state.requests[0].id == request_id("2")
    assert state.requests[-1].id == request_id(f"{KEPT_REQUESTS + 1}")


@pytest.mark.parametrize("closing", [withdrawn(KEPT_REQUESTS, "request", "rita", "9"), rejected(KEPT_REQUESTS, "bob", "9")], ids=["withdrawn", "rejected"])
def test_a_closed_one_goes_before_an_older_open_one(closing: Said) -> None:
    state = folded(*many(KEPT_REQUESTS), closing, requested(KEPT_REQUESTS + 1, "new"))
    assert state.request(request_id("9")) is None
    assert state.request(request_id("0")) is not None
    assert state.request(request_id("new")) is not None


def test_what_runs_goes_last() -> None:
    state = folded(requested(0, "0"), decided(1, name="0"), deployed(2, 1), *many(KEPT_REQUESTS + 5, 10))
    assert state.request(request_id("0")) is not None


@pytest.mark.parametrize("closing", [None, rejected(2, "bob", "0"), withdrawn(2, "approval", "sam", "0"), withdrawn(2, "request", "rita", "0")])
def test_a_request_whose_approvals_could_be_replayed_is_not_forgotten(closing: Said | None) -> None:
    """Said again under its id it would stand without the rejection or withdrawal: a flood of requests must not clear that away."""
    answered = [] if closing is None else [closing]
    state = folded(requested(0, "0"), approved(1, name="0", lasts=timedelta(days=9)), *answered, *many(2 * KEPT_REQUESTS, 10))
    one = state.request(request_id("0"))
    assert one is not None
    assert len(one.given) == 1
    assert len(state.requests) == KEPT_REQUESTS


def test_once_they_have_ended_it_may_be() -> None:
    last = KEPT_REQUESTS + 9
    flood = [requested(0, "0"), approved(1, name="0", lasts=last * MINUTE), *many(KEPT_REQUESTS - 1, 10)]
    assert folded(*flood, requested(last - 1, "new")).request(request_id("0")) is not None
    assert folded(*flood, requested(last, "new")).request(request_id("0")) is None


def test_where_no_room_is_left_the_new_one_falls_away() -> None:
    full: list[Said] = []
    for number in range(KEPT_REQUESTS):
        full += [requested(2 * number, str(number)), approved(2 * number + 1, name=str(number), lasts=timedelta(days=9))]
    before = folded(*full)
    after = folded(*full, requested(2 * KEPT_REQUESTS, "new"))
    assert after.requests == before.requests


def test_as_many_answers_as_are_taken() -> None:
    cycles = [one for number in range(KEPT_ANSWERS + 5) for one in (approved(10 + 2 * number), withdrawn(11 + 2 * number, "approval", "sam"))]
    (one,) = folded(requested(3), *cycles, approved(500, "ann")).requests
    assert len(one.given) == KEPT_ANSWERS
    assert all(given.withdrawn for given in one.given)
    cycles = [one for number in range(KEPT_ANSWERS + 5) for one in (rejected(10 + 2 * number), withdrawn(11 + 2 * number, "rejection", "bob"))]
    (one,) = folded(requested(3), *cycles).requests
    assert len(one.taken_back) == KEPT_ANSWERS
    assert one.rejected_by == (person_id("bob"),), "a rejection is always taken, and where no more can be taken back it stands"


def test_proposals_are_as_many_and_the_approved_are_not_forgotten() -> None:
    flood = [proposed(10 + number, document=f"flood {number}") for number in range(KEPT_REQUESTS + 10)]
    house = housed(proposed(1), backed(2, lasts=timedelta(days=9)), *flood)
    assert len(house.proposals) == KEPT_REQUESTS
    assert house.proposals[0].id == request_id("policy 1")
    closed = housed(proposed(1), backed(2, lasts=timedelta(days=9)), answered(rejected(3, "second", "policy 1")), *flood)
    assert (len(closed.proposals), [one.id for one in closed.closed]) == (KEPT_REQUESTS - 1, [request_id("policy 1")])
    last = KEPT_REQUESTS + 9
    flood = [proposed(1), backed(2, lasts=last * MINUTE), *flood[: KEPT_REQUESTS - 1]]
    for index, there in ((last - 1, True), (last, False)):
        ids = {one.id for one in housed(*flood, proposed(index, document="new")).proposals}
        assert (request_id("policy 1") in ids) == there


def test_where_no_room_is_left_a_new_proposal_falls_away() -> None:
    full: list[Said] = []
    for number in range(KEPT_REQUESTS):
        full += [proposed(2 * number, document=str(number)), backed(2 * number + 1, document=str(number), lasts=timedelta(days=9))]
    assert content(housed(*full, proposed(1000, document="new"))) == content(housed(*full))


def test_as_many_approvals_of_a_proposal_as_are_taken() -> None:
    (one,) = housed(proposed(1), *(backed(2 + number) for number in range(KEPT_ANSWERS + 5))).proposals
    assert len(one.approvals) == KEPT_ANSWERS


# Properties.

NAMES = st.sampled_from(["one", "two"])
PEOPLE = st.sampled_from(["ann", "sam", "bob", "rita"])
WHATS = st.sampled_from([SHOP, OTHER, release("shop", config=digest("config"))])


@st.composite
def histories(draw: st.DrawFn) -> Sequence[Said]:
    """Events in any order, whether or not `evidence.history` would let them stand."""
    history = []
    for index in range(draw(st.integers(1, 25))):
        name, by, what = draw(NAMES), draw(PEOPLE), draw(WHATS)
        permit = draw(st.integers(0, max(index - 1, 0)))
        history.append(
            draw(st.sampled_from([
                requested(index, name, what), approved(index, by, name), rejected(index, by, name), withdrawn(index, "request", by, name),
                withdrawn(index, "approval", by, name), withdrawn(index, "rejection", by, name), decided(index, name=name, about=what),
                decided(index, "refused", name, what),
                deployed(index, permit, what), deployed(index, permit, what, failed=True), proposed(index, document=name), backed(index, by, name),
                answered(rejected(index, by, name)), answered(withdrawn(index, "approval", by, name)), requested(index, name, what, environment="staging"),
            ]))
        )  # fmt: skip
    return history


def run(history: Sequence[Said], state: State = EMPTY) -> State:
    for one in history:
        state = fold(state, one)
    return state


@given(histories())
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_the_state_is_a_canonical_value_of_the_history_alone(history: Sequence[Said]) -> None:
    state = run(history)
    assert decode(encode(state), State) == state
    assert encode(decode(encode(state), State)) == encode(state)
    assert state_digest(run(history)) == state_digest(state)
    for cut in range(len(history)):
        between = decode(encode(run(history[:cut])), State)
        assert run(history[cut:], between) == state, "folding on from a stored state is folding from the start"


@given(histories())
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_stays_are_one_after_another_and_only_the_last_lasts(history: Sequence[Said]) -> None:
    stays = run(history).environment.stays
    assert all(stay.until is not None for stay in stays[:-1])
    assert all(stay.until is None for stay in stays[-1:])
    assert all(one.until == following.since and one.release != following.release for one, following in pairwise(stays))


@given(histories())
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_events_of_one_stream_or_request_do_not_touch_another(history: Sequence[Said]) -> None:
    """Unrelated events commute: each part of the state is what its own events make of it."""
    whole = run(history)
    of_house = [one for one in history if events.stream_of(one.event) == "house"]
    of_environment = [one for one in history if events.stream_of(one.event) == "env:production"]
    assert run(of_house).house == whole.house
    assert run(of_environment).environment == whole.environment
    reordered = run([*of_environment, *of_house])
    assert (reordered.house, reordered.environment) == (whole.house, whole.environment)


ANSWERS = st.lists(st.tuples(NAMES, st.sampled_from(["approved", "rejected", "withdrawn"]), PEOPLE), max_size=10)


@given(ANSWERS)
def test_answers_to_different_requests_may_come_in_any_order(answers: list[tuple[str, str, str]]) -> None:
    made = []
    for index, (name, what, by) in enumerate(answers, 10):
        made.append(
            (name, {"approved": approved(index, by, name), "rejected": rejected(index, by, name), "withdrawn": withdrawn(index, "approval", by, name)}[what])
        )
    begin = [requested(1, "one"), requested(2, "two")]
    sorted_by_request = [one for wanted in ("two", "one") for name, one in made if name == wanted]
    assert content(folded(*begin, *(one for _, one in made))) == content(folded(*begin, *sorted_by_request))


@given(histories())
@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
def test_a_rejected_or_withdrawn_request_never_comes_back_by_itself(history: Sequence[Said]) -> None:
    """Only the same person's withdrawal ends a rejection, and nothing ends a withdrawal or what is over."""
    state = EMPTY
    for one in history:
        before = {request.id: request for request in state.environment.requests}
        state = fold(state, one)
        for request in state.environment.requests:
            old = before.get(request.id)
            if old is None or [other.id for other in state.environment.requests].count(request.id) > 1:
                continue
            assert request.withdrawn >= old.withdrawn
            assert request.over >= old.over
            assert [given.withdrawn for given in request.given[: len(old.given)]] >= [given.withdrawn for given in old.given]
            gone = set(old.rejected_by) - set(request.rejected_by)
            assert gone <= ({one.by} if isinstance(one.event, events.Withdrawn) and one.event.what == "rejection" else set())


@given(noun(State))
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much])
def test_any_state_is_read_back(state: State) -> None:
    assert decode(encode(state), State) == state
    assert state_digest(state).startswith("sha256:")
