"""Which revocations and liftings are facts, and that no order of events makes a revoked permit usable."""

from __future__ import annotations

import ast
import copy
import functools
import inspect
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from build import APPROVED, IMAGE, NOW, SHOP, SIGNED, digest, nonce, person_id, policy, release, request_id
from lockgate.core import events
from lockgate.core.recall import names, recalling, room_for, standing, struck
from lockgate.core.revocation import EVERY_PERMIT, Revocation
from lockgate.core.state import KEPT_REVOKED, PERMIT_GRACE, EnvironmentState, House, Permit, State
from lockgate.evidence import admit_revocation
from story import LOG, Story, house

RULES_FREE = policy(SIGNED, APPROVED)


def revoke(story: Story, by: str = "sam", where: str = "production", about: tuple[str, ...] = SHOP.artifacts, name: str = "no", **more: Any) -> str:
    event = events.Revoked(**{"log": LOG, "id": request_id(name), "environment": where, "reason": "vulnerable", **more})
    return story.say(event, tuple(sorted(about)), by)


def lift(story: Story, by: str = "sam", where: str = "production", about: tuple[str, ...] = SHOP.artifacts, name: str = "no", again: str = "") -> str:
    event = events.Withdrawn(log=LOG, request=request_id(name), environment=where, what="revocation", nonce=nonce(f"lift {name} {again}"))
    return story.say(event, tuple(sorted(about)), by)


def told() -> Story:
    """A story in which a permit for `SHOP` is live."""
    return copy.deepcopy(_told())


@functools.cache
def _told() -> Story:
    story = house(RULES_FREE)
    assert story.request(SHOP) == ""
    assert story.decide(SHOP) == ""
    return story


class TestAuthority:
    @pytest.mark.parametrize(
        ("by", "where", "code"),
        [
            ("sam", "production", ""),
            ("ann", "production", ""),
            ("max-at-home", "production", ""),
            ("owner", "production", ""),
            ("owner", "house", ""),
            ("sam", "house", "revocation.not-yours"),
            ("rita", "production", "revocation.not-yours"),
            ("dora", "production", "revocation.not-yours"),
            ("mallory", "production", "key.not-enrolled"),
            ("mallory", "house", "key.not-enrolled"),
        ],
    )
    def test_who_may_revoke(self, by: str, where: str, code: str) -> None:
        story = told()
        assert revoke(story, by, where) == code
        assert (recalling(standing(story.state), names(SHOP)) is not None) == (code == "")
        assert (struck(story.state, story.state.environment.permits[0]) >= 0) == (code == "")

    @pytest.mark.parametrize(
        ("by", "lifts", "where", "code"),
        [
            ("sam", "sam", "production", ""),
            ("sam", "owner", "production", ""),
            ("owner", "owner", "house", ""),
            ("sam", "ann", "production", "revocation.not-yours"),
            ("sam", "dora", "production", "revocation.not-yours"),
            ("owner", "sam", "house", "revocation.not-yours"),
            ("owner", "sam", "production", "revocation.not-yours"),
        ],
    )
    def test_who_may_lift(self, by: str, lifts: str, where: str, code: str) -> None:
        story = told()
        assert revoke(story, by, where) == ""
        assert lift(story, lifts, where) == code
        assert (recalling(standing(story.state), names(SHOP)) is None) == (code == "")

    def test_whoever_may_no_longer_revoke_lifts_nothing(self) -> None:
        from story import PEOPLE

        story = told()
        assert revoke(story) == ""
        people = tuple(replace(one, duties={}) if one.id == person_id("sam") else one for one in PEOPLE.people)
        story.enact(replace(PEOPLE, version=2, people=people), "roster 2")
        assert lift(story) == "revocation.not-yours"
        assert lift(story, "owner") == ""

    def test_one_stands_once(self) -> None:
        story = told()
        assert revoke(story) == ""
        assert revoke(story, "ann") == "revocation.reused"
        assert story.copy(len(story.leaves) - 2) == "revocation.reused"
        assert lift(story) == ""
        lifted = len(story.leaves) - 1
        assert story.copy(lifted - 3) == "revocation.reused"
        assert revoke(story, name="again") == ""
        assert story.copy(lifted) == "revocation.unknown"
        assert lift(story, name="never said") == "revocation.unknown"
        assert lift(story, about=(digest("other"),), name="again") == "revocation.other-release"

    def test_everywhere_stands_for_a_later_environment_too(self) -> None:
        story = told()
        assert revoke(story, "owner", "house") == ""
        elsewhere = replace(story.state, environment=EnvironmentState(name="new"))
        assert recalling(standing(elsewhere), names(SHOP)) is not None


class TestOnePermit:
    def test_it_is_gone_and_the_release_is_not(self) -> None:
        story = told()
        (permit,) = story.state.environment.permits
        assert revoke(story, permit=permit.decision) == ""
        assert struck(story.state, permit) >= 0
        assert recalling(standing(story.state), names(SHOP)) is None
        assert story.deploy(SHOP, permit.decision) == "deployed.no-permit"
        assert story.deploy(SHOP, permit.decision, failed=1) == ""
        assert lift(story) == "revocation.final"
        assert story.decide(SHOP) == ""
        assert story.deploy(SHOP) == ""

    def test_it_names_a_permit_that_was_given(self) -> None:
        story = told()
        (permit,) = story.state.environment.permits
        assert revoke(story, permit=permit.decision - 1) == "revocation.no-permit"
        assert revoke(story, "owner", "house", permit=permit.decision) == "revocation.no-permit"
        assert revoke(story, about=(digest("other"),), permit=permit.decision) == "revocation.other-release"
        assert story.deploy(SHOP) == ""
        assert revoke(story, permit=permit.decision) == ""


def test_a_release_that_was_revoked_is_not_deployed_by_an_older_permit() -> None:
    for where, by in (("production", "sam"), ("house", "owner")):
        story = told()
        permit = story.state.environment.permits[0].decision
        assert revoke(story, by, where) == ""
        assert story.deploy(SHOP, permit) == "deployed.no-permit"
        assert lift(story, by, where) == ""
        assert story.deploy(SHOP, permit) == "deployed.no-permit"
        assert story.decide(SHOP) == ""
        assert story.deploy(SHOP) == ""


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("revoke"), st.sampled_from(["production", "house"]), st.sampled_from(["a", "b"])),
        st.tuples(st.just("lift"), st.sampled_from(["production", "house"]), st.sampled_from(["a", "b"])),
        st.tuples(st.just("permit"), st.sampled_from([-1, 0]), st.just("p")),
        st.tuples(st.just("copy"), st.integers(0, 30), st.just("")),
        st.tuples(st.just("wait"), st.just(""), st.just("")),
    ),
    min_size=1,
    max_size=9,
)


@given(STEPS)
@settings(max_examples=50, deadline=None)
def test_no_order_of_events_makes_a_revoked_permit_usable(steps: list[tuple[str, Any, str]]) -> None:
    """Whatever is said, lifted and copied after it: once it was revoked, the permit takes no `deployed`; before, it does."""
    story = told()
    permit, gone = story.state.environment.permits[0], False
    first = len(story.leaves)
    for number, (what, where, name) in enumerate(steps):
        by = "owner" if where == "house" else "sam"
        if what == "revoke":
            gone |= revoke(story, by, where, name=f"{name} {where}") == ""
        elif what == "lift":
            lift(story, by, where, name=f"{name} {where}", again=str(number))
        elif what == "permit":
            gone |= revoke(story, name=f"{name} {number}", permit=permit.decision + where) == ""
        elif what == "copy":
            story.copy(first + where % (len(story.leaves) - first) if len(story.leaves) > first else first - 1)
        else:
            story.now += timedelta(seconds=1)
        assert (struck(story.state, permit) >= 0) == gone
    assert story.deploy(SHOP, permit.decision) == ("deployed.no-permit" if gone else "")


class TestRoom:
    """A full state refuses; it opens nothing."""

    def test_what_stands_is_not_forgotten(self) -> None:
        story = told()
        full = tuple(_one(number) for number in range(KEPT_REVOKED))
        story.state = replace(story.state, environment=replace(story.state.environment, revoked=full))
        assert revoke(story) == "revocation.too-many"
        assert revoke(story, "owner", "house") == ""

    def test_what_was_lifted_gives_way_and_takes_every_permit_from_before_with_it(self) -> None:
        full = tuple(_one(number, lifted=500 if number == 9 else -1) for number in range(KEPT_REVOKED))
        kept, forgot = room_for(House(revoked=full), NOW)
        assert (len(kept), forgot) == (KEPT_REVOKED - 1, 500)
        state = State(house=House(revoked=kept, forgot=forgot), environment=EnvironmentState(name="production"))
        other = release("something else")
        assert struck(state, Permit(decision=499, release=other, not_after=NOW)) == 500
        assert struck(state, Permit(decision=500, release=other, not_after=NOW)) == -1

    def test_a_permits_revocation_is_kept_while_something_runs_by_it(self) -> None:
        ended = _one(0, permit=7, until=NOW - PERMIT_GRACE)
        full = (ended, *(_one(number) for number in range(1, KEPT_REVOKED)))
        assert room_for(EnvironmentState(name="production", revoked=full), NOW, running=(7,)) == (full, -1)
        assert room_for(EnvironmentState(name="production", revoked=full), NOW) == (full[1:], 100)
        assert room_for(EnvironmentState(name="production", revoked=full), NOW - timedelta(seconds=1)) == (full, -1)

    def test_there_is_room_below_the_most(self) -> None:
        some = tuple(_one(number, lifted=500) for number in range(KEPT_REVOKED - 1))
        assert room_for(House(revoked=some), NOW) == (some, -1)


def _one(number: int, **more: Any) -> Revocation:
    base: dict[str, Any] = {"permit": EVERY_PERMIT, "digests": (digest(f"bad {number}"),)}
    said = {"id": request_id(str(number)), "environment": "production", "by": person_id("sam"), "at": NOW, "leaf": 100 + number, "reason": "other"}
    return Revocation(**{**said, **base, **more})


def test_every_code_is_asserted_here() -> None:
    codes = {
        node.args[0].value
        for node in ast.walk(ast.parse(inspect.getsource(admit_revocation)))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"EvidenceError", "TrustError"}
        and isinstance(node.args[0], ast.Constant)
    }
    here = {node.value for node in ast.walk(ast.parse(inspect.getsource(inspect.getmodule(told)))) if isinstance(node, ast.Constant)}  # type: ignore[arg-type]
    assert codes - here == set()
    assert len(codes) == 7
    assert IMAGE in names(SHOP)
