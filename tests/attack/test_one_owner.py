"""One owner of the root, or who has their key, where the root asks for two: the stage's root is renewed so first."""

from __future__ import annotations

import pytest

from attack.leaving import break_glass, enrol, hold, lift, restore, revoke, waive
from attack.stage import CAST, Stage, refused, small_rooms
from build import key, person, person_id
from lockgate.app import govern
from lockgate.app.project import project
from lockgate.core.identity import Roster
from lockgate.core.policy import EnvironmentPolicy, Policy
from world import WEEK, changed, standard_policy


def weak() -> Policy:
    """A policy that asks for a signature only."""
    policy = standard_policy()
    return changed(policy, environments={**policy.environments, "production": EnvironmentPolicy(requires=policy.environments["staging"].requires)})


def two(stage: Stage, *owners: str) -> None:
    """The root, of these owners, two of whom have to agree."""
    assert stage.root(owners=tuple(key(name).public for name in owners), threshold=2).in_force


class TestForge:
    def test_cannot_put_a_policy_in_force(self, stage: Stage) -> None:
        two(stage, "owner", "second")
        assert not stage.policy(weak()).in_force
        stage.artifact("third")
        assert stage.answer("third") != "allowed"

    def test_cannot_enrol_anybody(self, stage: Stage) -> None:
        two(stage, "owner", "second")
        assert not stage.roster(*CAST, person("mallory", {"production": ["deploy"]})).in_force
        assert refused(stage.record, stage.deployed(stage.gate(ref="next").index), (), "mallory").startswith(("key.", "event."))

    def test_cannot_renew_the_root_alone(self, stage: Stage) -> None:
        two(stage, "owner", "second")
        assert not stage.root(owners=(key("owner").public,), threshold=1).in_force

    def test_cannot_count_twice_with_two_keys(self, stage: Stage) -> None:
        people = Roster(version=3, people=(person("owner", keys=["owner", "owner-at-home"]), *CAST))
        assert govern.change(stage.ports, people, stage.id(), stage.nonce(), WEEK, key("owner")).in_force
        two(stage, "owner", "owner-at-home", "second")
        proposed = stage.policy(weak())
        stage.approve(proposed.id, "owner-at-home")
        assert not in_force(stage, proposed)

    @pytest.mark.not_caught
    def test_can_count_twice_with_two_of_the_roots_keys_where_no_roster_ever_had_one_of_them(self, stage: Stage) -> None:
        """Enrol an owner with all of their keys."""
        two(stage, "owner", "owner-at-home", "second")
        proposed = stage.policy(weak())
        stage.approve(proposed.id, "owner-at-home")
        assert in_force(stage, proposed)

    @pytest.mark.not_caught
    def test_can_change_everything_where_one_is_enough(self, stage: Stage) -> None:
        """As `init` has it unless told otherwise; each step is signed, and stands in the log."""
        assert stage.policy(weak()).in_force
        stage.artifact("evil")
        assert stage.answer("evil") == "allowed"
        assert stage.log_check() == "whole"

    def test_can_lift_what_approvers_held_and_recalled(self, stage: Stage) -> None:
        """Alone, below the threshold, and in their own name: what was approved is let in again. A rejection they cannot."""
        enrol(stage, person("second"))
        two(stage, "owner", "second")
        held, recalled = hold(stage), revoke(stage)
        lift(stage, held, "second")
        assert stage.answer() == "release.recalled"
        restore(stage, recalled, "second")
        assert stage.answer() == "allowed"
        stage.reject(stage.asked, "carl")
        assert refused(stage.withdraw, stage.asked, "second", "rejection") == "withdrawal.not-yours"

    def test_cannot_waive_or_break_the_glass_as_an_owner(self, stage: Stage) -> None:
        """Those are duties, which a roster gives."""
        stage.policy(standard_policy(waivable=("soaked",)))
        stage.artifact("third")
        assert refused(waive, stage, stage.request(ref="third"), by="owner") == "people.no-duty"
        assert refused(break_glass, stage, ("owner",)) == "people.no-duty"

    def test_cannot_change_what_approvers_said_yes_to(self, stage: Stage) -> None:
        """An approval names the section it was given under: another one voids it."""
        policy = standard_policy()
        section = changed(policy.environments["production"], permit="1h")
        assert stage.policy(changed(policy, environments={**policy.environments, "production": section})).in_force
        assert stage.answer() == "approved.policy-changed"


class TestHide:
    def test_cannot_take_a_person_off_and_keep_what_they_said(self, stage: Stage) -> None:
        stage.roster(*(one for one in CAST if one.id != person_id("bob")))
        assert stage.answer() == "approved.too-few-people"

    def test_cannot_take_a_person_off_to_undo_their_no(self, stage: Stage) -> None:
        """Even where one owner is enough: a rejection stands until who said it takes it back."""
        stage.reject(stage.asked, "carl")
        stage.roster(*(one for one in CAST if one.id != person_id("carl")))
        assert stage.answer() == "approved.rejected"


class TestDelay:
    def test_can_reject_every_proposal(self, stage: Stage) -> None:
        two(stage, "owner", "second")
        proposed = stage.policy(weak(), by="second")
        stage.reject(proposed.id, "owner")
        assert refused(stage.approve, proposed.id, "owner") == "request.unknown"

    def test_can_hold_every_environment_and_recall_everywhere_and_another_owner_lifts_it(self, stage: Stage) -> None:
        two(stage, "owner", "second")
        held, recalled = hold(stage, "owner"), revoke(stage, "owner", "")
        assert stage.answer(to="staging") == "release.recalled"
        assert stage.answer() == "release.recalled hold.standing"
        restore(stage, recalled, "second")
        lift(stage, held, "second")
        assert stage.answer() == "allowed"

    def test_can_fill_the_room_for_proposals_until_their_approvals_end(self, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        """256 in earnest: each has their own approval, and none is forgotten while that lasts."""
        small_rooms(monkeypatch)
        two(stage, "owner", "second")

        def fill() -> None:
            for _ in range(5):
                stage.policy(weak())

        assert refused(fill) == "request.too-many"
        change = (stage.ports, weak(), stage.id(), stage.nonce(), WEEK, key("second"))
        assert refused(govern.change, *change) == "request.too-many"
        stage.clock.advance(days=8)
        assert not govern.change(*change).in_force


def in_force(stage: Stage, proposed: govern.Changed) -> bool:
    policy = project(stage.ports, "").state.house.policy
    return policy is not None and policy.version == proposed.version
