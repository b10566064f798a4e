from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from build import digest, key, nonce, person, person_id
from lockgate.app import request, say
from lockgate.app.project import project
from lockgate.core import events
from lockgate.core.ports import Entry, Guard, Receipt
from world import PEOPLE, World, changed, standard_policy

Fails = Callable[..., str]
SHOP = (digest("shop"),)


def approved_codes(world: World, **more: Any) -> str:
    outcome = next(one for one in world.gate(**more).decision.outcomes if one.requirement == "approved")
    return outcome.code or outcome.result


@pytest.fixture
def asked(world: World) -> str:
    """A request, while everything but approvals holds."""
    world.soaked()
    return world.request()


class TestRequest:
    def test_who_may_not_request_cannot(self, world: World, fails: Fails) -> None:
        assert fails(world.request, by="eve") == "people.no-duty"
        assert fails(world.request, by="mallory") == "key.not-enrolled"
        assert fails(world.request, "nowhere") == "policy.no-environment"
        assert fails(world.request, ref="gone") == "ref.not-found"

    def test_an_id_is_taken_once_in_the_whole_house(self, world: World, fails: Fails) -> None:
        id_ = world.request("production")
        world.clock.advance(seconds=1)
        assert fails(world.request, "production", id_=id_) == "request.reused"
        assert fails(world.request, "staging", id_=id_) == "request.reused"
        from lockgate.app import govern

        assert fails(govern.change, world.ports, standard_policy(permit="1h"), id_, world.nonce(), timedelta(days=1), key("eve")) == "request.reused"
        proposal = world.id()
        govern.change(world.ports, standard_policy(permit="1h"), proposal, world.nonce(), timedelta(days=1), key("eve"))
        assert fails(world.request, "production", id_=proposal) == "request.reused"

    def test_an_id_that_stands_twice_is_approved_by_nobody(self, world: World, fails: Fails) -> None:
        """Smuggled past the door: a request in another environment under the id an approver will type."""
        id_ = world.request("production")
        real = project(world.ports, "production").state.environment.request(id_)
        assert real is not None
        twin = events.Requested(log=world.genesis, id=id_, environment="staging", config="none", from_="none", requested_at=world.clock.at)
        world.smuggle(say.sign_event(twin, SHOP, key("rita")))
        assert fails(world.approve, id_, "ann") == "request.ambiguous"
        assert fails(world.reject, id_, "ann") == "request.ambiguous"

    def test_nobody_finds_what_is_not_there(self, world: World, fails: Fails) -> None:
        assert fails(request.find, world.ports, "r-0000000000nobody") == "request.unknown"
        assert fails(request.find, world.ports, "") == "request.unknown"


class TestApprove:
    def test_what_is_signed_names_what_was_shown(self, world: World, asked: str) -> None:
        made = world.approval(asked, "security")
        assert made.shown.not_collected == request.NOT_COLLECTED
        assert made.shown.from_ == "none"
        assert made.expires == world.clock.at + timedelta(hours=72)

    def test_the_duty_is_found_or_asked_for(self, world: World, asked: str, fails: Fails) -> None:
        assert fails(world.approve, asked, "carl") == "approve.which-duty"
        assert fails(world.approve, asked, "eve") == "people.no-duty"
        assert fails(world.approve, asked, "mallory") == "key.not-enrolled"
        assert fails(world.approve, asked, "ann", "security") == "people.no-duty"
        assert fails(world.approve, asked, "ann", "cooking") == "people.no-duty"
        world.approve(asked, "carl", "security")
        world.approve(asked, "ann")
        assert approved_codes(world) == "pass"

    def test_a_proposal_is_approved_as_owner(self, world: World, fails: Fails) -> None:
        from lockgate.app import govern

        changed = govern.change(world.ports, standard_policy(permit="1h"), world.id(), world.nonce(), timedelta(days=1), key("eve"))
        assert not changed.in_force
        assert fails(world.approve, changed.id, "ann") == "approval.not-owner"
        world.approve(changed.id, "owner")
        assert project(world.ports, "").policy_in_force() == standard_policy(permit="1h")

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"config": digest("other")}, "approval.other-release"),
            ({"section": digest("other")}, "approval.policy-changed"),
            ({"baseline": digest("other")}, "approval.policy-changed"),
            ({"request": "r-0000000000nobody"}, "request.unknown"),
            ({"environment": "staging"}, "people.no-duty"),
            ({"duty": "release-management"}, "people.no-duty"),
        ],
    )
    def test_an_approval_of_something_else(self, world: World, asked: str, fails: Fails, changes: dict[str, Any], code: str) -> None:
        assert fails(world.record, world.approval(asked, "security", **changes), SHOP, "bob") == code

    def test_an_approval_of_other_artifacts(self, world: World, asked: str, fails: Fails) -> None:
        assert fails(world.record, world.approval(asked, "security"), (digest("other"),), "bob") == "approval.other-release"
        shown = changed(world.approval(asked, "security").shown, to=digest("other"))
        assert fails(world.record, world.approval(asked, "security", shown=shown), SHOP, "bob") == "approval.other-release"

    def test_an_approval_for_another_environment(self, world: World, fails: Fails) -> None:
        """Signed for staging, where bob may approve too, and brought to production."""
        everywhere = person("bob", {"production": ["approve:security"], "staging": ["approve:security"]})
        world.roster(*(one for one in PEOPLE if one.id != everywhere.id), everywhere)
        world.soaked()
        id_ = world.request("staging")
        for_staging = say.sign_event(world.approval(id_, "security"), SHOP, key("bob"))
        say.record_event(world.ports, for_staging)
        asked = world.request("production")
        assert fails(world.record, world.approval(asked, "security", environment="staging"), SHOP, "bob") == "request.unknown"
        smuggled = world.smuggle(for_staging, stream="env:production")
        assert world.ignored()[str(smuggled)] == "event.other-stream"
        assert approved_codes(world) == "approved.too-few-people"

    def test_an_expired_approval(self, world: World, asked: str, fails: Fails) -> None:
        assert fails(world.record, world.approval(asked, "security", expires=world.clock.at), SHOP, "bob") == "approval.expired"
        world.approve(asked, "ann", lasts="1h")
        world.approve(asked, "bob", lasts="2h")
        world.clock.advance(hours=1)
        assert approved_codes(world) == "approved.too-few-people"
        world.clock.advance(hours=1)
        assert approved_codes(world) == "approved.expired"

    def test_the_policy_says_how_long_approvals_last(self, world: World, asked: str) -> None:
        world.approve(asked, "ann", lasts="30d")
        world.approve(asked, "bob", lasts="30d")
        world.clock.advance(hours=72, seconds=-1)
        assert approved_codes(world) == "pass"
        world.clock.advance(minutes=16)
        assert approved_codes(world) == "approved.expired"

    def test_unsigned_and_wrongly_signed(self, world: World, asked: str, fails: Fails) -> None:
        good = say.sign_event(world.approval(asked, "security"), SHOP, key("bob"))
        unsigned = changed(good, signatures=())
        assert fails(say.record_event, world.ports, unsigned) == "event.unsigned"
        twice = changed(good, signatures=good.signatures * 2)
        assert fails(say.record_event, world.ports, twice) == "event.unsigned"
        other = say.sign_event(world.approval(asked, "security"), SHOP, key("bob"))
        swapped = changed(good, signatures=other.signatures)
        assert fails(say.record_event, world.ports, swapped) == "sshsig.bad-signature"
        named = changed(good, signatures=(changed(good.signatures[0], keyid=key("carl").fingerprint),))
        assert fails(say.record_event, world.ports, named) == "event.other-key"
        for index, bad in enumerate((unsigned, swapped, named)):
            smuggled = world.smuggle(bad)
            assert world.ignored()[str(smuggled)] in {"event.unsigned", "sshsig.bad-signature", "event.other-key"}, index
        assert approved_codes(world) == "approved.too-few-people"

    def test_a_signature_for_another_kind_is_none(self, world: World, asked: str, fails: Fails) -> None:
        """Bob's rejection, its signature put under an approval: the namespace tells them apart."""
        rejection = say.sign_event(events.Rejected(log=world.genesis, request=asked, environment="production", nonce=nonce("x")), SHOP, key("bob"))
        good = say.sign_event(world.approval(asked, "security"), SHOP, key("bob"))
        assert fails(say.record_event, world.ports, changed(good, signatures=rejection.signatures)).startswith("sshsig.")

    def test_an_approval_is_taken_once(self, world: World, asked: str, fails: Fails) -> None:
        made = say.sign_event(world.approval(asked, "security"), SHOP, key("bob"))
        first = say.record_event(world.ports, made)
        again = say.record_event(world.ports, made)
        assert (again.index, again.new) == (first.index, False)
        world.withdraw(asked, "bob")
        assert fails(say.record_event, world.ports, made) == "approval.replayed"
        smuggled = world.smuggle(made)
        assert world.ignored()[str(smuggled)] == "approval.replayed"
        world.approve(asked, "ann")
        assert approved_codes(world) == "approved.too-few-people"

    def test_the_same_words_by_another_are_not_recorded_and_not_told_so(self, world: World, asked: str, fails: Fails) -> None:
        made = world.approval(asked, "security")
        world.record(made, SHOP, "bob")
        assert fails(world.record, made, SHOP, "carl") == "event.replayed"

    def test_an_approval_that_was_smuggled_where_it_means_nothing_is_not_taken_for_recorded(self, world: World, asked: str, fails: Fails) -> None:
        made = say.sign_event(world.approval(asked, "security"), SHOP, key("bob"))
        world.smuggle(made, stream="env:staging", idempotency=say.event_key(made))
        # The whole fold of production does not see the copy: the approval is no fact there, and says so.
        assert fails(say.record_event, world.ports, made) in {"event.replayed", "approval.replayed"}

    def test_editing_staging_does_not_void_productions_approvals(self, world: World, asked: str) -> None:
        world.approve(asked, "ann")
        world.approve(asked, "bob")
        policy = standard_policy()
        staging = changed(policy.environments["staging"], permit="1h")
        world.policy(changed(policy, environments={**policy.environments, "staging": staging}))
        assert approved_codes(world) == "pass"

    def test_editing_production_does(self, world: World, asked: str) -> None:
        world.approve(asked, "ann")
        world.approve(asked, "bob")
        world.policy(standard_policy(permit="1h"))
        assert approved_codes(world) == "approved.policy-changed"

    def test_another_release_meanwhile_voids_what_was_shown(self, world: World, asked: str) -> None:
        world.approve(asked, "ann")
        world.approve(asked, "bob")
        world.artifact("other")
        world.deploy("staging", "other")
        world.clock.advance(hours=25)
        world.approved("other")
        world.deploy(ref="other")
        assert approved_codes(world) == "approved.from-changed"

    def test_two_approve_at_once(self, world: World, asked: str) -> None:
        real = world.log.append

        def append(entry: Entry, guard: Guard | None = None) -> Receipt:
            world.log.append = real
            world.approve(asked, "ann")
            receipt: Receipt = real(entry, guard)
            return receipt

        world.log.append = append
        world.approve(asked, "bob")
        assert approved_codes(world) == "pass"


class TestReject:
    def test_a_no_wins_until_it_is_taken_back(self, world: World, asked: str) -> None:
        world.approve(asked, "ann")
        world.approve(asked, "bob")
        world.reject(asked, "carl")
        assert approved_codes(world) == "approved.rejected"
        world.withdraw(asked, "carl", "rejection")
        assert approved_codes(world) == "pass"

    def test_who_may_not_approve_may_not_reject(self, world: World, asked: str, fails: Fails) -> None:
        assert fails(world.reject, asked, "eve") == "people.no-duty"
        assert fails(world.reject, asked, "rita") == "people.no-duty"
        assert fails(world.reject, asked, "mallory") == "key.not-enrolled"

    def test_a_rejection_that_was_taken_back_is_not_said_again_in_silence(self, world: World, asked: str, fails: Fails) -> None:
        no = say.sign_event(events.Rejected(log=world.genesis, request=asked, environment="production", nonce=world.nonce()), SHOP, key("carl"))
        first = say.record_event(world.ports, no)
        assert say.record_event(world.ports, no) == say.Recorded(index=first.index, new=False)
        world.withdraw(asked, "carl", "rejection")
        assert fails(say.record_event, world.ports, no) == "rejection.replayed"


class TestWithdraw:
    def test_only_ones_own(self, world: World, asked: str, fails: Fails) -> None:
        world.approve(asked, "ann")
        world.reject(asked, "carl")
        assert fails(world.withdraw, asked, "bob", "approval") == "withdrawal.not-yours"
        assert fails(world.withdraw, asked, "bob", "rejection") == "withdrawal.not-yours"
        assert fails(world.withdraw, asked, "ann", "request") == "withdrawal.not-yours"
        assert fails(world.withdraw, asked, "mallory", "approval") == "key.not-enrolled"

    def test_an_approval(self, world: World, asked: str) -> None:
        world.approve(asked, "ann")
        world.approve(asked, "bob")
        world.withdraw(asked, "bob")
        assert approved_codes(world) == "approved.too-few-people"
        world.approve(asked, "bob")
        assert approved_codes(world) == "pass"

    def test_a_request(self, world: World, asked: str, fails: Fails) -> None:
        world.approve(asked, "ann")
        world.approve(asked, "bob")
        world.withdraw(asked, "rita", "request")
        assert approved_codes(world) == "approved.no-request"
        assert approved_codes(world, request=asked) == "approved.request-withdrawn"

    def test_a_withdrawn_request_is_not_said_again_in_silence(self, world: World, fails: Fails) -> None:
        id_ = world.id()
        world.request(id_=id_)
        world.request(id_=id_)
        world.withdraw(id_, "rita", "request")
        assert fails(world.request, id_=id_) == "event.replayed"

    def test_a_withdrawal_that_no_longer_holds_is_not_said_again_in_silence(self, world: World, asked: str, fails: Fails) -> None:
        world.approve(asked, "bob")
        back = say.sign_event(
            events.Withdrawn(log=world.genesis, request=asked, environment="production", what="approval", nonce=world.nonce()), SHOP, key("bob")
        )
        first = say.record_event(world.ports, back)
        assert say.record_event(world.ports, back) == say.Recorded(index=first.index, new=False)
        world.approve(asked, "bob")
        assert fails(say.record_event, world.ports, back) == "withdrawal.replayed"

    def test_an_owners_approval(self, fails: Fails) -> None:
        world = World()
        world.begin("owner", "second", threshold=2)
        proposal = request.find(world.ports, next(one.id for one in project(world.ports, "").state.house.proposals))
        world.approve(proposal.id(), "second")
        changed = world.policy(standard_policy())
        assert not changed.in_force
        made = say.sign_event(
            request.approval(request.find(world.ports, changed.id), "owner", world.nonce(), world.clock.at, timedelta(days=1)),
            (project(world.ports, "").state.house.proposals[0].digest,),
            key("second"),
        )
        world.withdraw(changed.id, "owner")
        say.record_event(world.ports, made)
        assert project(world.ports, "").policy is None
        world.withdraw(changed.id, "second")
        assert fails(say.record_event, world.ports, made) == "approval.replayed"
        world.approve(changed.id, "second")
        world.approve(changed.id, "owner")
        assert project(world.ports, "").policy is not None
        world.check()


class TestPeople:
    def test_a_key_stands_under_one_person(self, world: World, fails: Fails) -> None:
        from lockgate.app import govern

        roster = project(world.ports, "").roster
        assert fails(govern.roster_with, roster, person("fred", keys=["ann"])) == "roster.key-shared"

    def test_a_roster_with_a_shared_key_is_refused_at_the_door_and_in_the_fold(self, world: World, fails: Fails) -> None:
        from lockgate.canon import encode

        roster = project(world.ports, "").roster
        state = project(world.ports, "").state.house.roster
        assert state is not None
        bad = encode(roster).replace(person("bob").keys[0].encode(), person("ann").keys[0].encode()).replace(b'"version":2', b'"version":3')
        proposed = events.RosterProposed(log=world.genesis, id=world.id(), version=3, replaces=state.digest, requested_at=world.clock.at)
        envelope = say.sign_event(proposed, (world.blobs.put(bad),), key("owner"))
        assert fails(say.record_event, world.ports, envelope) == "roster.malformed"
        smuggled = world.smuggle(envelope)
        assert world.ignored()[str(smuggled)] == "roster.malformed"

    def test_whoever_left_counts_no_more(self, world: World, asked: str) -> None:
        world.approve(asked, "ann")
        world.approve(asked, "bob")
        world.roster(*(one for one in PEOPLE if one.id != person_id("bob")))
        assert approved_codes(world) == "approved.too-few-people"

    def test_a_changed_key_counts_no_more(self, world: World, asked: str) -> None:
        world.approve(asked, "ann")
        world.approve(asked, "bob")
        world.roster(*(one for one in PEOPLE if one.id != person_id("bob")), person("bob", {"production": ["approve:security"]}, keys=["bob's new"]))
        assert approved_codes(world) == "approved.too-few-people"


class TestSeveralRequests:
    """Of one release: the gate goes by the one that tells most, unless another is named."""

    def test_a_newer_one_takes_nothing_from_what_was_approved(self, world: World, asked: str) -> None:
        world.approve(asked, "ann")
        world.approve(asked, "bob")
        newer = world.request()
        assert world.gate(request=newer).decision.outcome == "refused"
        assert world.gate().decision.request == asked
        assert world.gate().decision.outcome == "allowed"

    def test_of_equals_the_newest(self, world: World, asked: str) -> None:
        newer = world.request()
        assert world.gate().decision.request == newer != asked

    def test_a_no_wins(self, world: World, asked: str) -> None:
        newer = world.request()
        world.approve(newer, "ann")
        world.approve(newer, "bob")
        world.reject(asked, "carl")
        assert approved_codes(world) == "approved.rejected"
        world.withdraw(asked, "rita", "request")
        assert world.gate().decision.outcome == "allowed"

    def test_what_was_deployed_covers_the_release_still(self, world: World, asked: str) -> None:
        world.approve(asked, "ann")
        world.approve(asked, "bob")
        world.deploy()
        world.clock.advance(hours=1)
        world.request()
        assert (world.gate(key="again").decision.request, world.gate(key="again").decision.outcome) == (asked, "allowed")


def test_a_process_that_slept_looks_again(world: World, fails: Fails) -> None:
    """Two minutes later others may have recorded: its leaf would look dated back, for good."""
    event = events.Requested(log=world.genesis, id=world.id(), environment="staging", config="none", from_="none", requested_at=world.clock.at)
    envelope = say.sign_event(event, SHOP, key("rita"))
    own = project(world.ports, "staging")
    leaf = say.leaf_for(world.ports, envelope, "env:staging", own)
    world.clock.advance(minutes=2)
    assert fails(say.append, world.ports, leaf, say.event_key(envelope), own.size, ("env:staging",)) == "log.conflict"
    assert world.log.head().size == own.size
    assert say.record_event(world.ports, envelope).new
