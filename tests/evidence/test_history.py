"""Which leaf is a fact: every reason why one is none, each in a history of real signatures.

The log's own key can copy, reorder, drop and backdate leaves. It cannot make anybody say anything, and the last part of this file
holds that nothing it copies opens what was closed.
"""

from __future__ import annotations

import ast
import base64
import inspect
import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from build import APPROVED, KEYS, NOW, SHOP, SIGNED, digest, key, nonce, person, person_id, policy, release, request_id, root, roster
from lockgate.canon import decode, encode
from lockgate.core import events
from lockgate.core.envelope import Envelope, EnvelopeSignature, Leaf
from lockgate.core.facts import Request
from lockgate.core.identity import Root, Witnesses
from lockgate.core.model import NONE
from lockgate.core.policy import section_digest
from lockgate.core.promotion import Said, fold
from lockgate.core.state import KEPT_ANSWERS, KEPT_REQUESTS, PERMIT_GRACE, EnvironmentState, State, release_digest
from lockgate.errors import EvidenceError, LedgerError, TrustError, UnreadableError
from lockgate.evidence import admit_document, admit_release, history, place, record, sshsig
from lockgate.evidence.history import advance
from lockgate.evidence.place import SKEW, Place, read_root
from story import GENESIS, LOG, PEOPLE, STEP, Story, house, signed

IMAGES = SHOP.artifacts
OTHER = release("other")
RELEASES, SECURITY = "release-management", "security"
TWO_OWNERS = {"threshold": 2, "owners": (key("owner").public, key("second").public)}


def requested(**how: Any) -> Story:
    story = house(**how)
    assert story.request(SHOP) == ""
    return story


def approved() -> Story:
    story = requested()
    assert story.approve(SHOP, "ann", RELEASES) == ""
    assert story.approve(SHOP, "sam", SECURITY) == ""
    return story


def permitted() -> Story:
    story = approved()
    assert story.decide(SHOP) == ""
    return story


def the_request(story: Story, name: str = "") -> Request:
    found = story.state.environment.request(request_id(name))
    assert found is not None
    return found


def test_a_whole_history_is_all_facts() -> None:
    story = permitted()
    permit = len(story.leaves) - 1
    assert story.deploy(SHOP) == ""
    request = the_request(story)
    assert [(given.person, given.duty) for given in request.given] == [(person_id("ann"), RELEASES), (person_id("sam"), SECURITY)]
    assert (request.decision, request.deployed) == (permit, permit + 1)
    (stay,) = story.state.environment.stays
    assert (stay.decision, stay.deployer, stay.since, stay.until) == (permit, person_id("dora"), story.now, None)
    assert story.state.environment.leaf == len(story.leaves) - 1
    assert decode(encode(story.state), State) == story.state


# The beginning.


def test_the_genesis_is_leaf_0_and_has_no_subject() -> None:
    story = Story()
    genesis = events.Genesis(origin="example.com/shop", nonce=nonce(), created_at=NOW)
    assert story.say(genesis, (digest("x"),), "") == "event.malformed"
    assert story.say(genesis, (), "") == "event.malformed"
    assert story.state.house.genesis == NONE


def test_a_second_genesis_is_none() -> None:
    story = house()
    assert story.copy(0) == "event.malformed"


def test_nothing_counts_before_the_first_root() -> None:
    story = Story()
    story.put(GENESIS.event, GENESIS.stream)
    assert story.propose(PEOPLE, "roster 1") == "root.missing"
    assert story.propose(policy(SIGNED), "policy 1") == "root.missing"
    assert story.request(SHOP) == "root.missing"
    assert story.propose(root(), "root 2", version=2) == "root.missing"


def first_root(by: str = "owner", pinned: Root | None = None, **changes: Any) -> str:
    story = Story(pinned=pinned)
    story.put(GENESIS.event, GENESIS.stream)
    said = story.propose(root(**{"genesis": LOG, **changes}), "root 1", by)
    assert (story.state.house.root is not None) == (said == "")
    return said


@pytest.mark.parametrize(
    ("changes", "by", "code"),
    [
        ({}, "owner", ""),
        (TWO_OWNERS, "second", ""),
        ({}, "stranger", "root.not-owner"),
        ({}, "permit", "root.not-owner"),
        ({"genesis": digest("another log's")}, "owner", "root.other-log"),
        ({"version": 2}, "owner", "root.other-log"),
        ({"previous": digest("another root")}, "owner", "root.other-log"),
    ],
)
def test_the_first_root(changes: dict[str, Any], by: str, code: str) -> None:
    assert first_root(by, **changes) == code


def test_a_log_without_a_genesis_has_no_root() -> None:
    story = Story()
    assert story.propose(root(), "root 1") == "event.other-log"


def test_another_root_than_the_pinned_one_is_an_error_and_not_only_ignored() -> None:
    mine = Story().begin()
    assert first_root(pinned=mine) == ""
    with pytest.raises(TrustError) as err:
        first_root(pinned=replace(mine, permit=key("mallory").public))
    assert err.value.code == "root.other"


def test_a_root_that_cannot_be_read_is_none() -> None:
    story = Story()
    story.put(GENESIS.event, GENESIS.stream)
    story.documents[digest("not json")] = b"not json"
    event = events.RootProposed(log=LOG, id=request_id(), version=1, replaces=NONE, requested_at=NOW)
    assert story.say(event, (digest("not json"),), "owner") == "root.malformed"
    assert story.say(event, (digest("a"), digest("b")) if digest("a") < digest("b") else (digest("b"), digest("a")), "owner") == "root.missing"


def test_a_document_that_is_lost_leaves_everything_unknown() -> None:
    """Absence follows only from complete history: this is no leaf to pass over."""
    story = house()
    event = events.PolicyProposed(log=LOG, id=request_id("x"), version=2, replaces=NONE, requested_at=NOW)
    with pytest.raises(UnreadableError) as err:
        story.say(event, (digest("lost"),), "owner")
    assert err.value.code == "document.unreadable"


# Signatures, streams and shapes.


def test_who_signs_must_be_enrolled_at_that_point() -> None:
    story = house()
    assert story.request(SHOP, by="stranger") == "key.not-enrolled"
    assert story.request(SHOP, "early", by="newcomer") == "key.not-enrolled"
    story.enact(replace(PEOPLE, version=2, people=(*PEOPLE.people, person("newcomer", {"production": ["request"]}))), "roster 2")
    assert story.request(SHOP, by="newcomer") == ""
    assert story.state.environment.request(request_id("early")) is None, "what was said before is not said again by being enrolled"
    story.enact(replace(PEOPLE, version=3), "roster 3")
    assert story.request(SHOP, "late", by="newcomer") == "key.not-enrolled"
    assert the_request(story).by == person_id("newcomer"), "what was a fact when it was recorded stays one"


def test_an_owner_who_is_nobody_here_speaks_only_to_the_house() -> None:
    story = Story()
    story.begin()
    story.enact(roster(person("rita", {"production": ["request"]})), "roster 1")
    assert story.propose(policy(SIGNED), "policy 1") == ""
    assert story.request(SHOP, by="owner") == "key.not-enrolled"


@pytest.mark.parametrize(("by", "code"), [("dora", "people.no-duty"), ("ann", "people.no-duty"), ("owner", "people.no-duty"), ("rita", "")])
def test_a_request_takes_the_duty(by: str, code: str) -> None:
    assert house().request(SHOP, by=by) == code


def test_a_duty_elsewhere_is_none_here() -> None:
    assert house().request(SHOP, by="rita") == ""
    story = house()
    story.enact(replace(PEOPLE, version=2, people=(person("rita", {"staging": ["request"]}), person("owner"))), "roster 2")
    assert story.request(SHOP, by="rita") == "people.no-duty"


def test_only_the_permit_key_decides() -> None:
    story = approved()
    assert story.say(story.decision(SHOP), IMAGES, "owner") == "event.other-key"
    assert story.say(story.decision(SHOP), IMAGES, "mallory") == "event.other-key"
    statement = record.statement_bytes(story.decision(SHOP), IMAGES)
    forged = signed(story.decision(SHOP), IMAGES, "mallory").signatures[0]
    blamed = Envelope(payload=sealed(statement), payload_type="application/vnd.in-toto+json", signatures=(replace(forged, keyid=key("permit").fingerprint),))
    assert story.put(blamed, "env:production") == "signature.bad"
    assert story.state.environment.permits == ()


def sealed(statement: bytes) -> str:
    return base64.b64encode(statement).decode()


def test_nobody_else_says_what_a_person_says() -> None:
    story = permitted()
    base: dict[str, Any] = {
        "log": LOG,
        "permit": len(story.leaves) - 1,
        "environment": "production",
        "config": NONE,
        "started_at": story.now,
        "ended_at": story.now,
    }
    statement = record.statement_bytes(events.Deployed(**base), IMAGES)
    bare = EnvelopeSignature(keyid=key("permit").fingerprint, sig=sealed(key("permit").sign(record.to_sign(statement))))
    for signatures, code in [((), "event.unsigned"), ((bare,), "sshsig."), ((bare, bare), "event.unsigned")]:
        envelope = Envelope(payload=sealed(statement), payload_type="application/vnd.in-toto+json", signatures=signatures)
        assert story.put(envelope, "env:production").startswith(code)
    assert story.state.environment.stays == ()


def test_a_signature_for_one_kind_is_none_for_another() -> None:
    """A rejection's and a request's Statement differ, but not so the key's willingness: the namespace is signed too."""
    story = requested()
    approval = story.approval(SHOP, SECURITY)
    statement = record.statement_bytes(approval, IMAGES)
    blob = sshsig.assemble(
        key("sam").public, "lockgate-rejection@v1", key("sam").sign_ssh(sshsig.signed_data("lockgate-rejection@v1", record.to_sign(statement)))
    )
    envelope = Envelope(payload=sealed(statement), payload_type="application/vnd.in-toto+json",
                               signatures=(EnvelopeSignature(keyid=key("sam").fingerprint, sig=sealed(blob)),))  # fmt: skip
    assert story.put(envelope, "env:production").startswith("sshsig.")


def test_a_signature_over_other_bytes_is_none() -> None:
    story = requested()
    good = signed(story.approval(SHOP, SECURITY), IMAGES, "sam")
    other = record.statement_bytes(story.approval(OTHER, SECURITY), OTHER.artifacts)
    assert story.put(replace(good, payload=sealed(other)), "env:production") == "sshsig.bad-signature"


@pytest.mark.parametrize("stream", ["house", "env:staging", "env:", "", "env:production "])
def test_an_event_stands_in_its_own_stream(stream: str) -> None:
    story = requested()
    assert story.put(signed(story.approval(SHOP, SECURITY), IMAGES, "sam"), stream) == "event.other-stream"


def test_a_question_to_the_gate_is_no_leaf() -> None:
    story = house()
    asked = events.Asked(log=LOG, environment="production", config=NONE, nonce=nonce(), asked_at=NOW)
    assert story.say(asked, IMAGES, "dora") == "event.not-recorded"


@pytest.mark.parametrize("leaf", [b"", b"{}", b"null", b"\xff", b'{"at":"2026-11-22T20:14:03Z"}', b"[" * 20_000, b" " * 17_000])
def test_any_other_bytes_are_no_fact(leaf: bytes) -> None:
    story = house()
    before = story.state
    assert story.append(leaf) in {"event.malformed", "leaf.too-large", "json.not-canonical"}
    assert story.state == before


def test_a_later_versions_event_stops_everything() -> None:
    """It may be a rejection: passed over, what follows would be allowed against it."""
    story = requested()
    document = {
        "_type": events.STATEMENT_TYPE,
        "predicate": {},
        "predicateType": f"{events.PREFIX}credential/v1",
        "subject": [{"digest": {"sha256": "0" * 64}}],
    }
    envelope = Envelope(payload=sealed(encode(document)), payload_type="application/vnd.in-toto+json", signatures=())
    with pytest.raises(LedgerError) as kind:
        story.put(envelope, "env:production")
    rejection = json.loads(record.statement_bytes(events.Rejected(log=LOG, request=request_id(), environment="production", nonce=nonce()), IMAGES))
    rejection["predicate"]["reason"] = "it leaks"
    envelope = Envelope(payload=sealed(encode(rejection)), payload_type="application/vnd.in-toto+json", signatures=())
    with pytest.raises(LedgerError) as field:
        story.put(envelope, "env:production")
    revocation = json.loads(record.statement_bytes(events.Revoked(log=LOG, id=request_id("no"), environment="production", reason="other"), IMAGES))
    revocation["predicate"]["reason"] = "unlicensed"
    envelope = Envelope(payload=sealed(encode(revocation)), payload_type="application/vnd.in-toto+json", signatures=())
    with pytest.raises(LedgerError) as word:
        story.put(envelope, "env:production")
    assert (kind.value.code, field.value.code, word.value.code) == ("event.newer", "event.newer", "event.newer")


@pytest.mark.parametrize("by", ["rita", "ann", "owner", "dora", "permit"])
def test_what_was_signed_for_another_log_is_nothing_here(by: str) -> None:
    """One key may be enrolled in two gates. Every kind but the genesis, which is what a log is known by."""
    story, other = permitted(), digest("leaf 0 of another log")
    said: dict[str, Any] = {
        "rita": [events.Requested(log=other, id=request_id("x"), environment="production", config=NONE, from_=NONE, requested_at=NOW)],
        "ann": [
            story.approval(SHOP, RELEASES, again="x", log=other),
            events.Rejected(log=other, request=request_id(), environment="production", nonce=nonce("x")),
            events.Withdrawn(log=other, request=request_id(), environment="production", what="approval", nonce=nonce("x")),
        ],
        "owner": [
            kind(log=other, id=request_id("x"), version=2, replaces=NONE, requested_at=NOW)
            for kind in (events.PolicyProposed, events.RosterProposed, events.RootProposed)
        ],
        "dora": [
            events.Deployed(log=other, permit=len(story.leaves) - 1, environment="production", config=NONE, started_at=NOW, ended_at=NOW),
            events.DeployFailed(log=other, permit=len(story.leaves) - 1, environment="production", config=NONE, started_at=NOW, ended_at=NOW, exit_status=1),
        ],
        "permit": [story.decision(SHOP, log=other)],
    }
    for event in said[by]:
        assert story.say(event, IMAGES, by) == "event.other-log"


def test_a_decision_on_a_state_that_never_was_is_none() -> None:
    """What both gate keys together could sign."""
    story = approved()
    assert story.decide(SHOP, state=digest("a state in which everybody approved")) == "decision.other-state"
    assert story.state.environment.permits == ()
    assert story.decide(SHOP) == ""


# Documents.


def test_a_proposal_follows_what_is_in_force() -> None:
    story = house()
    new = policy(SIGNED)
    for changes in ({"version": 1}, {"version": 3}, {"replaces": NONE}, {"replaces": digest("another")}):
        assert story.propose(new, "policy 2", **changes) == "proposal.stale"
    assert story.propose(new, "policy 2", "rita") == "", "anybody enrolled may propose"
    assert story.propose(new, "policy 2") == "request.reused"
    assert story.propose(new, "policy 2 again", "stranger") == "key.not-enrolled"
    assert story.propose(PEOPLE, "roster 2") == "proposal.stale", "the document's own version counts as well"
    assert story.propose(replace(PEOPLE, version=3), "roster 3", version=2) == "proposal.stale"


def test_a_document_that_cannot_be_is_not_proposed() -> None:
    story = house()
    shared = {"version": 2, "people": [{"id": person_id(name), "keys": [key("ann").public]} for name in ("ann", "sam")]}
    hostile: list[tuple[Any, bytes, str]] = [
        (events.RosterProposed, encode(shared), "roster.malformed"),
        (events.PolicyProposed, b'{"version":1}', "policy.malformed"),
        (events.RootProposed, b"{}", "root.malformed"),
        (events.RosterProposed, encode(PEOPLE).replace(b":", b": ", 1), "json.not-canonical"),
    ]
    for struct, document, code in hostile:
        story.documents[digest(code)] = document
        current: Any = {
            events.RosterProposed: story.state.house.roster,
            events.PolicyProposed: story.state.house.policy,
            events.RootProposed: story.state.house.root,
        }[struct]
        event = struct(log=LOG, id=request_id(code), version=2, replaces=current.digest, requested_at=NOW)
        assert story.say(event, (digest(code),), "owner") == code


NEWER: list[tuple[Any, Any, str, str]] = [
    (events.PolicyProposed, policy(SIGNED), '"requires":', '"asks":1,"requires":'),
    (events.PolicyProposed, policy(SIGNED), '"signed-by"', '"seen-by"'),
    (events.PolicyProposed, policy(SIGNED), "ssh-ed25519 ", "ed448 "),
    (events.RosterProposed, replace(PEOPLE, version=2), '"version"', '"teams":[],"version"'),
]


@pytest.mark.parametrize(("struct", "document", "known", "later"), NEWER, ids=["a field", "a kind", "a key", "of a roster"])
def test_a_document_with_something_of_later_is_not_passed_over(struct: Any, document: Any, known: str, later: str) -> None:
    """Where a later lockgate put it in force, the one of before may allow more."""
    story = house()
    current = story.state.house.policy if struct is events.PolicyProposed else story.state.house.roster
    assert current is not None
    data = encode(json.loads(encode(document).decode().replace(known, later)))
    story.documents[digest("later")] = data
    event = struct(log=LOG, id=request_id("later"), version=2, replaces=current.digest, requested_at=NOW)
    with pytest.raises(LedgerError) as err:
        story.say(event, (digest("later"),), "owner")
    assert err.value.code == "event.newer"


def test_a_proposal_is_about_one_document() -> None:
    story = house()
    event = events.PolicyProposed(log=LOG, id=request_id("x"), version=2, replaces=digest("x"), requested_at=NOW)
    assert story.say(event, tuple(sorted([digest("a"), digest("b")])), "owner") == "event.malformed"


def proposed(**changes: Any) -> Story:
    """Two owners, of whom nobody is enrolled; a roster in force; policy 1 proposed."""
    story = Story()
    story.begin(**{**TWO_OWNERS, **changes})
    story.enact(roster(person("rita", {"production": ["request"]})), "roster 1", "owner", "second")
    assert story.propose(policy(SIGNED), "policy 1") == ""
    return story


def in_force(story: Story) -> bool:
    """Whether policy 1 has come into force."""
    return story.state.house.policy is not None


def test_a_threshold_of_owners_puts_it_in_force() -> None:
    story = proposed()
    assert story.back("policy 1") == ""
    assert not in_force(story)
    assert story.back("policy 1", "second") == ""
    assert in_force(story)
    assert story.state.house.proposals == ()


@pytest.mark.parametrize(
    ("by", "changes", "code"),
    [
        ("rita", {}, "approval.not-owner"),
        ("stranger", {}, "key.not-enrolled"),
        ("permit", {}, "key.not-enrolled"),
        ("owner", {"duty": "security"}, "approval.other-duty"),
        ("owner", {"shown": events.Shown(from_=digest("another"), to=digest("x"))}, "approval.from-changed"),
        ("owner", {"expires": NOW}, "approval.expired"),
        ("owner", {"expires": datetime(9999, 12, 31, tzinfo=UTC)}, "approval.too-long"),
        ("owner", {"request": request_id("nothing")}, "request.unknown"),
    ],
)
def test_who_approves_a_document_and_how(by: str, changes: dict[str, Any], code: str) -> None:
    assert proposed().back("policy 1", by, **changes) == code


def test_an_approval_of_another_document_is_none() -> None:
    story = proposed()
    to = story.state.house.proposals[0].digest
    event = events.Approved(log=LOG, request=request_id("policy 1"), environment="house", duty="owner", config=NONE, section=NONE, baseline=NONE,
                            shown=events.Shown(from_=NONE, to=to), expires=story.now + STEP * 9, nonce=nonce())  # fmt: skip
    assert story.say(event, (digest("another"),), "owner") == "approval.other-release"
    assert story.say(replace(event, shown=events.Shown(from_=NONE, to=digest("another"))), (to,), "owner") == "approval.from-changed"


def test_an_owner_counts_once_however_often_and_with_however_many_keys() -> None:
    story = Story()
    story.begin(threshold=2, owners=(key("owner").public, key("owner-at-home").public, key("second").public))
    story.enact(PEOPLE, "roster 1", "owner", "second")
    assert story.propose(policy(SIGNED), "policy 1") == ""
    assert story.back("policy 1") == story.back("policy 1", again="and again") == story.back("policy 1", "owner-at-home") == ""
    assert not in_force(story)
    assert story.back("policy 1", "second") == ""
    assert in_force(story)


def test_an_owner_enrolled_in_between_is_still_one() -> None:
    """Approved as a key nobody had enrolled, then as the person it became: one owner of two."""
    story = proposed()
    assert story.back("policy 1") == ""
    story.enact(replace(PEOPLE, version=2), "roster 2", "owner", "second")
    assert story.back("policy 1", again="as a person") == ""
    assert not in_force(story)
    assert story.back("policy 1", "second") == ""
    assert in_force(story)


@pytest.mark.parametrize("left", [(), ("owner",)])
def test_an_owner_taken_off_the_roster_since_is_still_one(left: tuple[str, ...]) -> None:
    """Approved with both keys while both were theirs: that the roster forgets a key or the person makes them no two."""
    story = Story()
    story.begin(threshold=2, owners=(key("owner").public, key("owner-at-home").public, key("second").public))
    story.enact(PEOPLE, "roster 1", "owner", "second")
    assert story.propose(policy(SIGNED), "policy 1", "second") == ""
    assert story.back("policy 1") == story.back("policy 1", "owner-at-home") == ""
    people = tuple(one for one in PEOPLE.people if one.id != person_id("owner"))
    story.enact(roster(*(person("owner", keys=[one]) for one in left), *people, version=2), "roster 2", "owner", "second")
    assert not in_force(story)
    assert story.back("policy 1", "second") == ""
    assert in_force(story)


@pytest.mark.parametrize("again", [False, True])
def test_an_owner_taken_off_the_roster_is_one_in_what_they_approve_from_then_on(again: bool) -> None:
    """Both keys approve after the roster forgot whose they are, through one more roster: still one of two."""
    story = Story()
    story.begin(threshold=2, owners=(key("owner").public, key("owner-at-home").public, key("second").public))
    story.enact(roster(person("owner", keys=["owner", "owner-at-home"]), *PEOPLE.people[1:]), "roster 1", "owner", "second")
    story.enact(roster(*(one for one in PEOPLE.people if one.id != person_id("owner")), version=2), "roster 2", "owner", "second")
    assert {one.person for one in story.state.house.formerly} == {person_id("owner")}
    if again:
        story.enact(roster(*(one for one in PEOPLE.people if one.id not in {person_id("owner"), person_id("rita")}), version=3), "roster 3", "owner", "second")
    assert story.propose(policy(SIGNED), "policy 1", "second") == ""
    assert story.back("policy 1") == story.back("policy 1", "owner-at-home") == ""
    assert not in_force(story)
    assert story.back("policy 1", "second") == ""
    assert in_force(story)


def test_whose_a_key_was_is_forgotten_where_a_roster_names_it_again() -> None:
    story = Story()
    story.begin(threshold=2, owners=(key("owner").public, key("owner-at-home").public, key("second").public))
    story.enact(roster(person("owner", keys=["owner", "owner-at-home"])), "roster 1", "owner", "second")
    story.enact(roster(person("rita"), version=2), "roster 2", "owner", "second")
    assert {one.person for one in story.state.house.formerly} == {person_id("owner")}
    story.enact(roster(person("rita"), person("owner"), person("sam", keys=["owner-at-home"]), version=3), "roster 3", "owner", "second")
    assert not story.state.house.formerly
    assert story.propose(policy(SIGNED), "policy 1", "owner") == ""
    assert story.back("policy 1") == story.back("policy 1", "owner-at-home") == ""
    assert in_force(story)


def test_two_owner_keys_that_turn_out_to_be_one_persons_are_one() -> None:
    story = proposed()
    story.enact(replace(roster(person("owner", keys=["owner", "second"])), version=2), "roster 2", "owner", "second")
    assert story.back("policy 1") == story.back("policy 1", "second") == ""
    assert not in_force(story)


def test_who_is_no_owner_any_more_does_not_count() -> None:
    story = proposed(owners=(*TWO_OWNERS["owners"], key("third").public))  # type: ignore[misc]
    assert story.back("policy 1", "third") == ""
    first = story.state.house.root
    assert first is not None
    two = root(version=2, previous=first.digest, genesis=story.state.house.genesis, **TWO_OWNERS)
    story.enact(two, "root 2", "owner", "second")
    assert story.back("policy 1") == ""
    assert not in_force(story)
    assert story.back("policy 1", "second") == ""
    assert in_force(story)


def test_an_approval_of_a_document_ends_as_its_giver_said() -> None:
    story = proposed()
    assert story.back("policy 1", expires=story.now + 3 * STEP) == ""
    end = story.state.house.proposals[0].approvals[0].expires
    story.now = end - STEP
    assert story.back("policy 1", "second") == ""
    assert not in_force(story), "at its end it has ended"
    assert story.now == end
    assert story.back("policy 1", expires=story.now + STEP, again="ended when it is recorded") == "approval.expired"
    assert story.back("policy 1", again="in time") == ""
    assert in_force(story)


def test_a_lower_threshold_puts_what_waited_in_force_at_once() -> None:
    story = proposed()
    assert story.back("policy 1") == ""
    first = story.state.house.root
    assert first is not None
    story.enact(root(version=2, previous=first.digest, genesis=story.state.house.genesis), "root 2", "owner", "second")
    assert in_force(story)
    assert story.state.house.proposals == ()


def test_rivals_are_void_once_one_is_in_force() -> None:
    story = house()
    assert story.propose(policy(SIGNED), "a") == story.propose(policy(SIGNED, APPROVED), "b") == ""
    assert story.back("a") == ""
    assert [one.id for one in story.state.house.proposals] == []


def test_a_rejected_or_withdrawn_proposal_is_gone() -> None:
    for by, event in [("owner", events.Rejected), ("owner", events.Withdrawn)]:
        story = proposed()
        to = story.state.house.proposals[0].digest
        said: Any = {
            "log": LOG,
            "request": request_id("policy 1"),
            "environment": "house",
            "nonce": nonce(),
            **({"what": "request"} if event is events.Withdrawn else {}),
        }
        assert story.say(event(**said), (to,), by) == ""
        assert story.state.house.proposals == ()


def test_who_may_close_a_proposal() -> None:
    story = proposed()
    to = story.state.house.proposals[0].digest
    base = {"log": LOG, "request": request_id("policy 1"), "environment": "house", "nonce": nonce()}
    assert story.say(events.Rejected(**base), (to,), "rita") == "approval.not-owner"
    assert story.say(events.Withdrawn(**base, what="request"), (to,), "second") == "withdrawal.not-yours"
    assert story.say(events.Withdrawn(**base, what="approval"), (to,), "owner") == "withdrawal.not-yours"
    assert story.say(events.Withdrawn(**base, what="rejection"), (to,), "owner") == "withdrawal.not-yours"
    assert story.back("policy 1") == ""
    assert story.say(events.Withdrawn(**base, what="approval"), (to,), "second") == "withdrawal.not-yours"
    assert story.say(events.Withdrawn(**base, what="approval"), (to,), "owner") == ""
    assert story.say(events.Withdrawn(**{**base, "nonce": nonce("again")}, what="approval"), (to,), "owner") == "withdrawal.not-yours"


@pytest.mark.parametrize("enrolled", ["owner", "somebody else"])
def test_an_owner_takes_an_approval_back_also_once_enrolled_and_with_another_key(enrolled: str) -> None:
    story = Story()
    story.begin(threshold=2, owners=(key("owner").public, key("owner-at-home").public, key("second").public))
    story.enact(roster(person(enrolled, keys=["owner", "owner-at-home"])), "roster 1", "owner", "second")
    assert story.propose(policy(SIGNED), "policy 1") == story.back("policy 1") == ""
    (open_one,) = story.state.house.proposals
    story.enact(roster(person("renamed", keys=["owner"]), version=2), "roster 2", "owner-at-home", "second")
    taken = events.Withdrawn(log=LOG, request=request_id("policy 1"), environment="house", what="approval", nonce=nonce())
    assert story.say(taken, (open_one.digest,), "owner") == ""
    assert story.state.house.proposals[0].approvals[0].withdrawn


def test_a_person_takes_an_approval_back_with_either_key() -> None:
    story = Story()
    story.begin(threshold=2, owners=(key("owner").public, key("owner-at-home").public, key("second").public))
    story.enact(PEOPLE, "roster 1", "owner", "second")
    assert story.propose(policy(SIGNED), "policy 1") == story.back("policy 1") == ""
    taken = events.Withdrawn(log=LOG, request=request_id("policy 1"), environment="house", what="approval", nonce=nonce())
    assert story.say(taken, (story.state.house.proposals[0].digest,), "owner-at-home") == ""


def test_an_environment_has_no_say_in_the_house() -> None:
    story = proposed()
    to = story.state.house.proposals[0].digest
    request = events.Requested(log=LOG, id=request_id("x"), environment="house", config=NONE, from_=NONE, requested_at=NOW)
    assert story.say(request, (to,), "owner") == "event.other-stream"
    deployed = events.Deployed(log=LOG, permit=1, environment="house", config=NONE, started_at=NOW, ended_at=NOW)
    assert story.say(deployed, (to,), "owner") == "event.other-stream"


def test_no_other_kind_of_event_is_an_environments() -> None:
    """`admit` leads none here; should a kind of event be added, it is refused until this file says what it takes."""
    story = house()
    place = Place(state=story.state, subjects=IMAGES, at=NOW, load=story.load)
    asked = events.Asked(log=LOG, environment="production", config=NONE, nonce=nonce(), asked_at=NOW)
    with pytest.raises(EvidenceError) as err:
        admit_release.admit_environment(place, asked, person_id("rita"), PEOPLE)
    assert err.value.code == "event.other-stream"


def test_a_new_root_follows_the_one_before_it() -> None:
    story = house()
    first = story.state.house.root
    assert first is not None
    good: dict[str, Any] = {"version": 2, "previous": first.digest, "genesis": story.state.house.genesis}
    assert story.propose(root(**{**good, "genesis": digest("another")}), "root 2") == "root.other-log"
    assert story.propose(root(**{**good, "previous": digest("another")}), "root 2") == "root.other-log"
    assert story.propose(root(**{**good, "previous": NONE}), "root 2") == "root.other-log"
    assert story.propose(root(**{**good, "log": "example.com/shop+00000000+AAAA"}), "root 2") == "root.other-log"
    assert story.propose(root(**{**good, "version": 3}), "root 2") == "proposal.stale"
    story.enact(root(**good, permit=key("new permit").public), "root 2")
    assert story.request(SHOP) == ""
    assert story.decide(SHOP) == "event.other-key", "the old permit key decides nothing any more"
    assert story.say(story.decision(SHOP), IMAGES, "new permit") == ""


def test_a_root_that_names_witnesses_is_no_document_and_not_passed_over() -> None:
    """Where a later lockgate goes by it, what the root of before allows is over."""
    story = house()
    first = story.state.house.root
    assert first is not None
    following = root(version=2, previous=first.digest, genesis=story.state.house.genesis, witnesses=Witnesses(quorum=1, keys=("w+00000000+AA==",)))
    for refused in (lambda: story.propose(following, "root 2"), lambda: read_root(encode(following))):
        with pytest.raises(TrustError) as err:
            refused()
        assert err.value.code == "root.witnesses-unsupported"


def test_whoever_pins_a_later_root_pins_all_before_it() -> None:
    """The log's key alone could else write a first root of its own, a roster and a policy under it, and then the pinned root on top."""
    story = house()
    first = story.state.house.root
    assert first is not None
    pinned = root(version=2, previous=first.digest, genesis=story.state.house.genesis)
    story.enact(pinned, "root 2")
    forged = Story(pinned=pinned)
    forged.append(story.leaves[0])
    assert forged.propose(root(genesis=pinned.genesis, owners=(key("mallory").public,)), "root 1", "mallory") == ""
    forged.enact(roster(person("mallory", {"production": ["request", "deploy", "approve:security"]})), "roster 1", "mallory")
    assert forged.propose(pinned, "root 2", "mallory") == "root.other-log"
    assert forged.state.house.root is not None
    assert forged.state.house.root.version == 1, "which `app.project` refuses as older than the pinned one"


def test_a_later_root_that_is_not_the_pinned_one_is_an_error() -> None:
    story = house()
    first = story.state.house.root
    assert first is not None
    mine = root(version=2, previous=first.digest, genesis=story.state.house.genesis)
    story.pinned = mine
    assert story.propose(replace(mine, permit=key("mallory").public), "root 2") == ""
    with pytest.raises(TrustError) as err:
        story.back("root 2")
    assert err.value.code == "root.other"


# Requests and answers.


def test_an_id_is_taken_once() -> None:
    story = requested()
    assert story.request(OTHER) == "request.reused"
    assert story.withdraw(SHOP, "rita", "request") == ""
    assert story.request(SHOP, by="rita") == "request.reused"


def test_an_answer_is_to_a_request_that_is_there() -> None:
    story = house()
    assert story.approve(SHOP, "sam", SECURITY) == "request.unknown"
    assert story.reject(SHOP, "sam") == "request.unknown"
    assert story.withdraw(SHOP, "rita", "request") == "request.unknown"


ANSWERS: list[tuple[str, dict[str, Any], str]] = [
    ("sam", {}, ""),
    ("sam", {"duty": RELEASES}, "people.no-duty"),
    ("rita", {}, "people.no-duty"),
    ("stranger", {}, "key.not-enrolled"),
    ("sam", {"config": digest("config")}, "approval.other-release"),
    ("sam", {"shown": events.Shown(from_=NONE, to=release_digest(OTHER))}, "approval.other-release"),
    ("sam", {"section": digest("another")}, "approval.policy-changed"),
    ("sam", {"baseline": digest("another")}, "approval.policy-changed"),
    ("sam", {"expires": NOW}, "approval.expired"),
    ("sam", {"expires": NOW + timedelta(days=100)}, "approval.too-long"),
]


@pytest.mark.parametrize(("by", "changes", "code"), ANSWERS)
def test_what_an_approval_is_given_over(by: str, changes: dict[str, Any], code: str) -> None:
    story = requested()
    event = replace(story.approval(SHOP, SECURITY), **changes)
    assert story.say(event, IMAGES, by) == code
    assert len(the_request(story).given) == (code == "")


def test_an_approval_of_other_artifacts_is_none() -> None:
    story = requested()
    assert story.approve(OTHER, "sam", SECURITY) == "approval.other-release"
    assert story.approve(release("shop", "worker"), "sam", SECURITY) == "approval.other-release"
    assert story.reject(OTHER, "sam") == "approval.other-release"


def test_an_approval_for_another_environment_is_none_here() -> None:
    story = requested()
    section = section_digest(story.policy_in_force(), "staging")
    elsewhere = replace(story.approval(SHOP, SECURITY), environment="staging", section=section)
    assert story.put(signed(elsewhere, IMAGES, "sam"), "env:production") == "event.other-stream"
    story.say(elsewhere, IMAGES, "sam")
    assert the_request(story).given == ()


def test_an_approval_under_the_policy_before_is_none_once_its_section_changed() -> None:
    story = requested()
    old = story.approval(SHOP, SECURITY)
    story.enact(policy(SIGNED, APPROVED), "policy 2")
    assert story.say(old, IMAGES, "sam") == "approval.policy-changed"
    assert story.approve(SHOP, "sam", SECURITY) == ""


def test_an_edit_of_staging_does_not_void_productions_approvals() -> None:
    story = requested()
    old = story.approval(SHOP, SECURITY)
    now = story.policy_in_force()
    staging = replace(now.environments["staging"], requires=(SIGNED, replace(SIGNED, id="again", keys=("second",))))
    story.enact(replace(now, environments={**now.environments, "staging": staging}), "policy 2")
    assert story.say(old, IMAGES, "sam") == ""


def test_without_a_policy_nothing_is_approved() -> None:
    story = Story()
    story.begin()
    story.enact(PEOPLE, "roster 1")
    assert story.request(SHOP) == ""
    shown = events.Shown(from_=NONE, to=release_digest(SHOP))
    event = events.Approved(log=LOG, request=request_id(), environment="production", duty=SECURITY, config=NONE, section=digest("x"), baseline=NONE,
        shown=shown,
                            expires=story.now + 9 * STEP, nonce=nonce())  # fmt: skip
    assert story.say(event, IMAGES, "sam") == "policy.none-in-force"


def test_an_environment_the_policy_does_not_have_is_not_approved_for() -> None:
    story = house(environment="staging", policy=replace(policy(SIGNED), environments={"production": policy(SIGNED, from_=None).environments["production"]}))
    assert story.request(SHOP) == ""
    shown = events.Shown(from_=NONE, to=release_digest(SHOP))
    section = section_digest(story.policy_in_force(), "production")
    event = events.Approved(log=LOG, request=request_id(), environment="staging", duty=SECURITY, config=NONE, section=section, baseline=NONE, shown=shown,
                            expires=story.now + 9 * STEP, nonce=nonce())  # fmt: skip
    assert story.say(event, IMAGES, "sam") == "approval.policy-changed"


@pytest.mark.parametrize(
    ("by", "code"), [("ann", ""), ("sam", ""), ("max", ""), ("dora", "people.no-duty"), ("owner", "people.no-duty"), ("stranger", "key.not-enrolled")]
)
def test_who_may_approve_anything_here_may_reject(by: str, code: str) -> None:
    assert requested().reject(SHOP, by) == code


def test_everybody_takes_back_only_their_own_words() -> None:
    story = approved()
    assert story.reject(SHOP, "max") == ""
    for by, what in [("sam", "request"), ("rita", "approval"), ("max", "approval"), ("sam", "rejection"), ("rita", "rejection")]:
        assert story.withdraw(SHOP, by, what) == "withdrawal.not-yours"
    for by, what in [("max", "rejection"), ("sam", "approval"), ("rita", "request")]:
        assert story.withdraw(SHOP, by, what, again="now") == ""
    assert story.withdraw(SHOP, "sam", "approval", again="twice") == "withdrawal.not-yours"


def test_a_second_key_of_the_same_person_takes_back_as_well() -> None:
    story = requested()
    assert story.approve(SHOP, "max", SECURITY) == ""
    assert story.withdraw(SHOP, "max-at-home", "approval") == ""
    assert the_request(story).given[0].withdrawn


# Decisions and deployments.


def test_a_decision_counts_only_where_it_was_made() -> None:
    story = approved()
    before = story.decision(SHOP)
    assert story.withdraw(SHOP, "sam", "approval") == ""
    assert story.say(before, IMAGES, "permit") == "decision.stale"
    assert story.decide(SHOP, history=len(story.leaves) + 1) == "decision.stale"
    assert story.state.environment.permits == ()


def test_a_change_of_the_house_in_between_counts_too() -> None:
    story = approved()
    before = story.decision(SHOP)
    story.enact(replace(PEOPLE, version=2), "roster 2")
    assert story.say(before, IMAGES, "permit") == "decision.stale"


def test_a_leaf_that_is_no_fact_does_not_stand_between() -> None:
    story = approved()
    before = story.decision(SHOP)
    assert story.request(SHOP, "x", by="stranger") == "key.not-enrolled"
    assert story.say(before, IMAGES, "permit") == ""


def test_deployed_takes_a_permit_for_exactly_this() -> None:
    story = approved()
    assert story.deploy(SHOP, permit=2) == "deployed.no-permit"
    assert story.decide(SHOP) == ""
    permit = len(story.leaves) - 1
    assert story.deploy(OTHER, permit) == "deployed.other-release"
    assert story.deploy(release("shop", config=digest("config")), permit) == "deployed.other-release"
    assert story.deploy(SHOP, permit, "rita") == "people.no-duty"
    assert story.deploy(SHOP, permit, "stranger") == "key.not-enrolled"
    assert story.deploy(SHOP, permit, "otto") == "deployed.other-person"
    assert story.deploy(SHOP, permit, started_at=NOW + timedelta(days=1), ended_at=NOW + timedelta(days=1)) == "deployed.permit-expired"
    assert story.deploy(SHOP, permit, ended_at=NOW - timedelta(days=1)) == "deployed.permit-expired"
    assert story.state.environment.stays == ()
    assert story.deploy(SHOP, permit) == ""


@pytest.mark.parametrize("outcome", ["refused", "undecided"])
def test_a_refusal_is_no_permit(outcome: str) -> None:
    story = approved()
    assert story.decide(SHOP, outcome=outcome, not_after=None) == ""
    assert story.deploy(SHOP, permit=len(story.leaves) - 1) == "deployed.no-permit"


def test_of_two_permits_the_one_named_is_used() -> None:
    story = house()
    assert story.decide(SHOP, None) == story.decide(OTHER, None) == ""
    second = len(story.leaves) - 1
    assert story.deploy(OTHER, second - 1) == "deployed.other-release"
    assert story.deploy(OTHER, second) == ""
    assert [stay.decision for stay in story.state.environment.stays] == [second]


def test_a_permit_falls_when_another_release_is_deployed() -> None:
    """It was decided while the old release stood there: used now it would bring that one back over the new one unseen."""
    story = house()
    assert story.decide(SHOP, None) == story.decide(OTHER, None) == ""
    second = len(story.leaves) - 1
    assert story.deploy(OTHER, second) == ""
    assert story.deploy(SHOP, second - 1) == "deployed.no-permit"


def test_a_deployment_begins_before_its_permit_ends() -> None:
    story = permitted()
    (permit,) = story.state.environment.permits
    end = permit.not_after
    assert story.deploy(SHOP, started_at=end, ended_at=end) == "deployed.permit-expired"
    assert story.deploy(SHOP, started_at=end - timedelta(seconds=1), ended_at=end + STEP, at=end + STEP) == ""


def test_a_permit_nobody_asked_for_by_name_is_any_deployers() -> None:
    story = approved()
    assert story.decide(SHOP, person=None) == ""
    assert story.deploy(SHOP, by="otto") == ""


def test_the_deployer_is_who_asked_so_that_an_approver_cannot_be_the_deployer_after_all() -> None:
    story = approved()
    both = person("sam", {"production": ["approve:security", "deploy"]})
    story.enact(replace(PEOPLE, version=2, people=(*(one for one in PEOPLE.people if one.id != both.id), both)), "roster 2")
    assert story.decide(SHOP) == ""
    assert story.deploy(SHOP, by="sam") == "deployed.other-person"


def test_a_deployment_that_began_in_time_may_be_recorded_for_a_day() -> None:
    story = permitted()
    (permit,) = story.state.environment.permits
    begun = story.now
    assert story.deploy(SHOP, started_at=begun, ended_at=begun, at=permit.not_after + PERMIT_GRACE) == "deployed.permit-expired"
    assert story.deploy(SHOP, started_at=begun, ended_at=begun, at=permit.not_after + PERMIT_GRACE - timedelta(seconds=1)) == ""


def test_a_permit_is_used_once() -> None:
    story = permitted()
    permit = len(story.leaves) - 1
    assert story.deploy(SHOP) == ""
    assert story.deploy(SHOP, permit, ended_at=story.now + STEP) == "deployed.no-permit"
    story = permitted()
    assert story.deploy(SHOP, failed=1) == ""
    assert story.deploy(SHOP, permit) == "deployed.no-permit"
    assert the_request(story).permit_until is None


# Time.


def test_time_never_goes_back() -> None:
    story = requested()
    last = story.state.environment.at
    assert last is not None
    event = story.approval(SHOP, SECURITY)
    assert story.say(event, IMAGES, "sam", at=last - SKEW) == ""
    assert the_request(story).given[0].at == last
    assert story.state.environment.at == last


def test_a_leaf_dated_back_stops_everything() -> None:
    """By more than two clocks differ: only the log key can do it, and what it is for is not asked."""
    story = requested()
    assert story.state.environment.at is not None
    early = story.state.environment.at - SKEW - timedelta(seconds=1)
    with pytest.raises(LedgerError) as here:
        story.say(story.approval(SHOP, SECURITY), IMAGES, "sam", at=early)
    with pytest.raises(LedgerError) as house:
        story.propose(policy(SIGNED), "policy 2", at=early - STEP)
    assert (here.value.code, house.value.code) == ("time.backwards", "time.backwards")


def test_an_environments_clock_does_not_move_the_houses() -> None:
    """One leaf that the log key dated ahead, in one environment, would end owners' approvals there alone."""
    story, other = house(), house()
    ahead = story.now + timedelta(days=300)
    assert (
        story.say(events.Requested(log=LOG, id=request_id("x"), environment="production", config=NONE, from_=NONE, requested_at=NOW), IMAGES, "rita", ahead)
        == ""
    )
    other.now += STEP
    for one in (story, other):
        one.enact(policy(SIGNED), "policy 2")
    assert replace(story.state.house, leaf=0, policy=None, closed=()) == replace(other.state.house, leaf=0, policy=None, closed=())
    assert story.state.house.policy == other.state.house.policy


def test_an_approval_recorded_at_its_end_has_ended() -> None:
    story = requested()
    assert story.approve(SHOP, "sam", SECURITY, expires=story.now + STEP) == "approval.expired"
    assert story.approve(SHOP, "sam", SECURITY, expires=story.now + STEP + timedelta(seconds=1)) == ""


def test_a_backdated_leaf_cannot_save_an_ended_approval() -> None:
    story = requested()
    late = story.approval(SHOP, SECURITY, expires=story.now + STEP)
    story.now += 9 * STEP
    assert story.reject(SHOP, "max") == ""
    assert story.say(late, IMAGES, "sam", at=story.now - SKEW) == "approval.expired"


def test_a_leaf_that_is_no_fact_does_not_move_the_time() -> None:
    story = requested()
    last = story.state.environment.at
    far = NOW + timedelta(days=3650)
    event = events.Requested(log=LOG, id=request_id("x"), environment="production", config=NONE, from_=NONE, requested_at=NOW)
    assert story.say(event, IMAGES, "stranger", at=far) == "key.not-enrolled"
    assert story.state.environment.at == last


def test_a_backdated_deployment_does_not_soak_longer() -> None:
    story = permitted()
    last = story.state.environment.at
    assert last is not None
    assert story.deploy(SHOP, started_at=last + STEP, ended_at=last + STEP, at=last - SKEW) == "event.from-future"
    assert story.deploy(SHOP, started_at=NOW - timedelta(days=9), ended_at=NOW - timedelta(days=9), at=last - SKEW) == ""
    assert story.state.environment.stays[-1].since == last


def test_nothing_is_recorded_long_before_it_happened() -> None:
    """The log's time is the log key's word, the event's own is signed; two minutes are for clocks that differ."""
    story = permitted()
    story.now += SKEW
    for code, early in (("event.from-future", timedelta(seconds=1)), ("", timedelta(0))):
        assert story.deploy(SHOP, at=story.now - SKEW - early, failed=1) == code
    assert story.say(story.decision(SHOP), SHOP.artifacts, "permit", story.now - SKEW - timedelta(seconds=1)) == "event.from-future"
    assert story.say(story.decision(SHOP), SHOP.artifacts, "permit", story.now - SKEW) == ""


# What the log's key can do alone: copy what people said.


def test_copies_of_what_was_withdrawn_open_nothing() -> None:
    story = approved()
    sams = len(story.leaves) - 1
    assert story.withdraw(SHOP, "sam", "approval") == ""
    assert story.copy(sams) == "approval.replayed"
    assert [given.withdrawn for given in the_request(story).given] == [False, True]


def test_a_copied_withdrawal_does_not_lift_a_later_rejection() -> None:
    story = approved()
    assert story.reject(SHOP, "max") == ""
    assert story.withdraw(SHOP, "max", "rejection") == ""
    lifted = len(story.leaves) - 1
    assert story.reject(SHOP, "max", again="again") == ""
    assert story.copy(lifted) == "withdrawal.replayed"
    assert the_request(story).rejected_by == (person_id("max"),)


def test_a_copied_deployment_does_not_bring_a_release_back() -> None:
    """Else a release that was replaced would soak on, though something else runs there."""
    story = house()
    assert story.decide(SHOP, None) == story.deploy(SHOP) == ""
    first = len(story.leaves) - 1
    assert story.decide(OTHER, None) == story.deploy(OTHER) == ""
    assert story.copy(first) == "deployed.no-permit"
    occupant = story.state.environment.occupant()
    assert occupant is not None
    assert occupant.release == OTHER


def test_a_copied_decision_is_no_second_permit() -> None:
    story = permitted()
    decision = len(story.leaves) - 1
    assert story.copy(decision) == "decision.stale"
    assert story.deploy(SHOP) == ""
    assert story.copy(decision) == "decision.stale"
    assert story.state.environment.permits == ()


def test_a_copied_request_does_not_begin_anew() -> None:
    story = requested()
    asked = len(story.leaves) - 1
    assert story.reject(SHOP, "sam") == ""
    assert story.copy(asked) == "request.reused"
    assert the_request(story).rejected_by == (person_id("sam"),)


def test_a_flood_does_not_clear_a_rejection_away() -> None:
    story = approved()
    asked, anns, sams = (len(story.leaves) - back for back in (3, 2, 1))
    assert story.reject(SHOP, "max") == ""
    for number in range(KEPT_REQUESTS + 1):
        assert story.request(OTHER, str(number)) == ""
    assert story.copy(asked) == "request.reused"
    assert [story.copy(anns), story.copy(sams)] == ["approval.replayed"] * 2
    assert the_request(story).rejected_by == (person_id("max"),)


def test_a_permit_whose_request_is_forgotten_has_fallen() -> None:
    """Rejected, then cleared away by a flood: the rejection is not forgotten by forgetting the request."""
    story = requested()
    assert story.approve(SHOP, "ann", RELEASES, expires=story.now + STEP * 9) == ""
    assert story.decide(SHOP) == ""
    assert story.reject(SHOP, "sam") == ""
    assert story.deploy(SHOP) == "deployed.no-permit"
    story.now += STEP * 9
    state = story.state
    for number in range(KEPT_REQUESTS):
        asked = events.Requested(log=LOG, id=request_id(str(number)), environment="production", config=NONE, from_=NONE, requested_at=NOW)
        state = fold(state, Said(event=asked, subjects=IMAGES, by=person_id("rita"), key=key("rita").fingerprint, index=state.environment.leaf, at=story.now))
    story.state = state
    assert state.environment.request(request_id()) is None
    assert state.environment.permits
    assert story.deploy(SHOP) == "deployed.no-permit"
    assert story.deploy(SHOP, failed=1) == ""


def test_nothing_is_decided_in_the_house() -> None:
    """The permit key's word would move the house's clock, in some walks and not in others."""
    story = house()
    assert story.decide(SHOP, name=None, environment="house") == "event.other-stream"


def test_a_time_at_the_edge_of_the_calendar_is_no_crash() -> None:
    story = permitted()
    first = datetime(1, 1, 1, tzinfo=UTC)
    assert story.deploy(SHOP, started_at=first, ended_at=first) == ""


def test_a_copy_of_a_closed_proposal_that_nobody_had_approved_does_not_open_it() -> None:
    story = proposed()
    proposal = len(story.leaves) - 1
    to = story.state.house.proposals[0].digest
    assert story.say(events.Rejected(log=LOG, request=request_id("policy 1"), environment="house", nonce=nonce()), (to,), "second") == ""
    assert story.copy(proposal) == "request.reused"
    assert story.state.house.proposals == ()


def test_copies_of_a_closed_proposal_and_its_approvals_count_for_nothing() -> None:
    story = proposed()
    assert story.back("policy 1") == ""
    proposal, approval = len(story.leaves) - 2, len(story.leaves) - 1
    to = story.state.house.proposals[0].digest
    assert story.say(events.Rejected(log=LOG, request=request_id("policy 1"), environment="house", nonce=nonce()), (to,), "second") == ""
    assert story.copy(proposal) == "request.reused"
    assert story.copy(approval) == "request.unknown"


def test_a_withdrawn_approval_of_a_document_is_not_copied_back() -> None:
    story = proposed()
    assert story.back("policy 1") == ""
    approval = len(story.leaves) - 1
    to = story.state.house.proposals[0].digest
    assert story.say(events.Withdrawn(log=LOG, request=request_id("policy 1"), environment="house", what="approval", nonce=nonce()), (to,), "owner") == ""
    assert story.copy(approval) == "approval.replayed"
    assert story.back("policy 1", "second") == ""
    assert not in_force(story)


def test_a_document_in_force_is_not_copied_over_a_later_one() -> None:
    story = house()
    proposal, approval = len(story.leaves) - 2, len(story.leaves) - 1
    story.enact(policy(SIGNED), "policy 2")
    assert story.copy(proposal) == "proposal.stale"
    assert story.copy(approval) == "request.unknown"


# It stays small.


def test_as_many_answers_as_are_taken() -> None:
    story = requested()
    for number in range(KEPT_ANSWERS):
        assert story.approve(SHOP, "sam", SECURITY, again=str(number)) == ""
    assert story.approve(SHOP, "sam", SECURITY, again="more") == "request.too-many-answers"
    for number in range(KEPT_ANSWERS):
        assert story.reject(SHOP, "max", again=str(number)) == ""
        assert story.withdraw(SHOP, "max", "rejection", again=str(number)) == ""
    assert story.reject(SHOP, "max", again="more") == ""
    assert story.withdraw(SHOP, "max", "rejection", again="more") == "request.too-many-answers"
    assert the_request(story).rejected_by == (person_id("max"),)


def test_as_many_approvals_of_a_document_as_are_taken() -> None:
    story = proposed()
    for number in range(KEPT_ANSWERS):
        assert story.back("policy 1", again=str(number)) == ""
    assert story.back("policy 1", "second") == "request.too-many-answers"


def test_as_many_requests_as_are_kept() -> None:
    story = house()
    one = events.Approved(log=LOG, request=request_id("0"), environment="production", duty=SECURITY, config=NONE, section=digest("x"), baseline=NONE,
                          shown=events.Shown(from_=NONE, to=release_digest(SHOP)), expires=NOW + timedelta(days=365), nonce=nonce())  # fmt: skip
    (full,) = folded_requests(story, one)
    story.state = full
    assert story.request(SHOP, "one more") == "request.too-many"
    assert len(story.state.environment.requests) == KEPT_REQUESTS


def folded_requests(story: Story, approval: events.Approved) -> tuple[State]:
    """The story's state as if so many requests had been made, each with an approval that has not ended: folding them signed takes a minute."""
    state = story.state
    for number in range(KEPT_REQUESTS):
        asked = events.Requested(log=LOG, id=request_id(str(number)), environment="production", config=NONE, from_=NONE, requested_at=NOW)
        for event in (asked, replace(approval, request=request_id(str(number)))):
            state = fold(
                state, Said(event=event, subjects=IMAGES, by=person_id("rita"), key=key("rita").fingerprint, index=state.environment.leaf + 1, at=story.now)
            )
    return (state,)


def test_as_many_proposals_as_are_kept() -> None:
    story = proposed()
    assert story.back("policy 1") == ""
    (open_one,) = story.state.house.proposals
    many = tuple(replace(open_one, id=request_id(str(number))) for number in range(KEPT_REQUESTS))
    story.state = replace(story.state, house=replace(story.state.house, proposals=many))
    assert story.propose(policy(SIGNED), "one more") == "request.too-many"


# Every code, every cut, every bit.


def test_every_code_of_this_file_is_asserted_here() -> None:
    codes = {
        node.args[0].value
        for module in (history, admit_document, admit_release, place)
        for node in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"EvidenceError", "TrustError"}
        and isinstance(node.args[0], ast.Constant)
    }
    here = {node.value for node in ast.walk(ast.parse(inspect.getsource(inspect.getmodule(requested)))) if isinstance(node, ast.Constant)}  # type: ignore[arg-type]
    assert codes - here == set()
    assert len(codes) > 25


def test_folding_on_from_any_stored_state_is_folding_from_the_start() -> None:
    story = permitted()
    assert story.deploy(SHOP) == ""
    for cut in range(len(story.leaves)):
        state = State(environment=EnvironmentState(name="production"))
        for index, leaf in enumerate(story.leaves):
            if index == cut:
                state = decode(encode(state), State)
            state = advance(state, leaf, index, story.load, None).state
        assert state == story.state


WHOLE = permitted()
WHOLE.deploy(SHOP)


@given(st.data())
@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])
def test_one_bit_changed_in_any_leaf_says_nothing_new(data: st.DataObject) -> None:
    """A changed leaf is no fact, or (its place and time, which nobody signs) the same one."""
    at = data.draw(st.integers(2, len(WHOLE.leaves) - 1))
    leaf = bytearray(WHOLE.leaves[at])
    bit = data.draw(st.integers(0, len(leaf) * 8 - 1))
    leaf[bit // 8] ^= 1 << bit % 8
    state = State(environment=EnvironmentState(name="production"))
    for index in range(at):
        state = advance(state, WHOLE.leaves[index], index, WHOLE.load, None).state
    before, right = state, advance(state, WHOLE.leaves[at], at, WHOLE.load, None).state
    step = None
    with suppress(LedgerError):  # of a later release, or dated back: nothing at all
        step = advance(state, bytes(leaf), at, WHOLE.load, None)
    if step is None:
        return
    if step.ignored:
        assert step.state == before
        return
    changed, honest = decode(bytes(leaf), Leaf), decode(WHOLE.leaves[at], Leaf)
    assert changed.event == honest.event
    assert stripped(step.state) == stripped(right)


def stripped(state: State) -> Any:
    """A state without the times the log wrote."""

    def walk(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: walk(one) for name, one in value.items() if name not in {"at", "since", "until"}}
        return [walk(one) for one in value] if isinstance(value, list | tuple) else value

    return walk(msgspec.to_builtins(state))


@given(st.lists(st.integers(2, len(WHOLE.leaves) - 1), max_size=8))
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_copying_leaves_in_any_order_changes_nothing(copied: list[int]) -> None:
    story = Story()
    story.documents, story.now = WHOLE.documents, WHOLE.now
    for leaf in WHOLE.leaves:
        assert story.append(leaf) == ""
    before = story.state
    for index in copied:
        assert story.copy(index) != ""
    assert story.state == before


@given(st.sets(st.integers(2, len(WHOLE.leaves) - 1)))
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_leaving_leaves_out_never_makes_more_of_it(left_out: set[int]) -> None:
    """Whoever hides leaves can hide facts; what is left is a part of what was there."""
    story = Story()
    story.documents = WHOLE.documents
    for index, leaf in enumerate(WHOLE.leaves):
        if index not in left_out:
            story.append(leaf)
    whole, part = WHOLE.state.environment, story.state.environment
    assert len(part.stays) <= len(whole.stays)
    for request in part.requests:
        assert {given.nonce for given in request.given} <= {given.nonce for given in the_request(WHOLE).given}


def test_keys_that_sign_here_are_not_the_policys() -> None:
    """A story's people and the policy's keys are told apart, so that no test passes by chance."""
    assert not {key for one in PEOPLE.people for key in one.keys} & set(KEYS.values())


def test_a_rollback_goes_back_to_something_and_is_approved_as_one() -> None:
    story = permitted()
    back = events.Requested(
        log=LOG, id=request_id("back"), environment="production", config=NONE, from_=NONE, requested_at=story.now, rollback=True
    )  # fmt: skip
    assert story.say(back, SHOP.artifacts, "rita") == "request.no-rollback"
    assert story.deploy(SHOP) == ""
    assert story.say(back, SHOP.artifacts, "rita") == "request.no-rollback"
    assert story.decide(OTHER, None) == ""
    assert story.deploy(OTHER) == ""
    assert story.say(back, SHOP.artifacts, "rita") == ""
    assert story.approve(SHOP, "sam", "security", "back") == "approval.other-marking"
    marked = replace(story.approval(SHOP, "security", "back").shown, rollback=True)
    assert story.approve(SHOP, "sam", "security", "back", shown=marked) == ""


def test_rules_never_go_back() -> None:
    story = permitted()
    assert story.decide(SHOP, rules=1) == ""
    assert story.decide(SHOP, outcome="refused", not_after=None) == "decision.older-rules"
    assert story.decide(SHOP, rules=1) == ""
    assert story.state.environment.rules == 1
