"""log vsa: what is signed, by whom, and what is not said again."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from build import NOW, digest, key
from lockgate.app import recall
from lockgate.app.attach import Bench
from lockgate.app.gate import Gated
from lockgate.app.project import project
from lockgate.app.summarize import as_bundle, attach, summarize
from lockgate.core import events
from lockgate.core.digest import digest_of, parse_ref
from lockgate.core.identity import fingerprint
from lockgate.errors import UnreadableError
from lockgate.evidence import artifact, dsse, record
from lockgate.evidence.sigstore import bundle
from world import World

Fails = Callable[..., str]


@pytest.fixture
def allowed(world: World) -> Gated:
    """``shop`` is allowed in staging."""
    gated = world.gate("staging")
    assert gated.decision.outcome == "allowed"
    return gated


def predicate(envelope: bytes) -> Any:
    return json.loads(base64.b64decode(json.loads(envelope)["payload"]))["predicate"]


def revoke(world: World, about: str, environment: str = "") -> None:
    recall.revoke(world.ports, [digest(about)], "vulnerable", environment, world.id, key("owner"))
    world.caught_up()


def test_the_permit_key_signs_what_was_decided(world: World, allowed: Gated) -> None:
    before = world.log.head()
    said, envelope = summarize(world.ports, allowed.index)
    permit = key("permit")
    verified = dsse.verify(dsse.parse(envelope), {permit.fingerprint: permit.public})
    assert verified.keys == (permit.fingerprint,)
    assert (said.decision, said.subjects, said.passed, said.key) == (allowed.index, (digest("shop"),), True, permit.public)
    assert said.resource == f"{said.verifier}/environments/staging"
    assert predicate(envelope)["policy"]["digest"]["sha256"] == allowed.decision.policy[7:]
    assert world.log.head() == before, "nothing is recorded"


def test_it_names_everything_it_rested_on(world: World, allowed: Gated) -> None:
    _, envelope = summarize(world.ports, allowed.index)
    named = {one["digest"]["sha256"] for one in predicate(envelope)["inputAttestations"]}
    manifest = json.loads(world.blobs.held[allowed.decision.evidence])
    pieces = {one["digest"][7:] for one in manifest["items"]} | {manifest["asked"][7:]}
    assert len(pieces) > 1
    assert named == pieces | {digest_of(world.log.leaf(allowed.index))[7:]}


def test_where_nobody_proved_who_asks_there_is_no_question_among_it(world: World) -> None:
    gated = world.gate("staging", by=None)
    manifest = json.loads(world.blobs.held[gated.decision.evidence])
    assert "asked" not in manifest
    _, envelope = summarize(world.ports, gated.index)
    assert len(predicate(envelope)["inputAttestations"]) == len(manifest["items"]) + 1


def test_what_is_erased_is_not_named_by_halves(world: World, allowed: Gated) -> None:
    del world.blobs.held[allowed.decision.evidence]
    said, envelope = summarize(world.ports, allowed.index)
    assert said.passed
    assert "inputAttestations" not in predicate(envelope)
    world.erased.add(allowed.index)


def test_unreadable_evidence_is_no_reason_to_leave_it_out(world: World, allowed: Gated, fails: Fails) -> None:
    world.blobs.held[allowed.decision.evidence] = b"{}x"
    assert fails(summarize, world.ports, allowed.index) == "blob.altered"
    world.broken = True


def test_a_refusal_failed(world: World) -> None:
    said, envelope = summarize(world.ports, world.gate("production").index)
    assert (said.passed, predicate(envelope)["verificationResult"]) == (False, "FAILED")


def test_what_nobody_could_decide_failed(world: World) -> None:
    world.source.fails["attached"] = UnreadableError("ref.unreadable", "no")
    gated = world.gate("staging")
    world.source.fails.clear()
    assert gated.decision.outcome == "undecided"
    assert not summarize(world.ports, gated.index)[0].passed


def test_what_is_no_decision(world: World, allowed: Gated, fails: Fails) -> None:
    assert fails(summarize, world.ports, 0) == "vsa.not-a-decision"
    assert fails(summarize, world.ports, allowed.index + 1) == fails(summarize, world.ports, -1) == "log.no-such-leaf"


@pytest.mark.parametrize("environment", ["", "staging"])
def test_what_was_recalled_is_not_said_to_have_passed_again(world: World, allowed: Gated, fails: Fails, environment: str) -> None:
    revoke(world, "shop", environment)
    assert fails(summarize, world.ports, allowed.index) == "vsa.revoked"


def test_nor_what_was_recalled_before_and_is_free_again(world: World, allowed: Gated, fails: Fails) -> None:
    """Lifting a recall lets it be asked for again, and brings back no permit; the next decision says it anew."""
    revoke(world, "shop")
    found = project(world.ports, "staging").state.house.revoked[-1]
    recall.lift(world.ports, found.id, world.nonce(), key("owner"))
    world.caught_up()
    assert fails(summarize, world.ports, allowed.index) == "vsa.revoked"


def test_a_refusal_is_said_of_what_is_recalled_too(world: World) -> None:
    index = world.gate("production").index
    revoke(world, "shop")
    assert not summarize(world.ports, index)[0].passed


def test_another_s_recall_changes_nothing(world: World, allowed: Gated) -> None:
    revoke(world, "other")
    assert summarize(world.ports, allowed.index)[0].passed


def test_without_the_permit_key_or_a_root_nothing_is_signed(world: World, allowed: Gated, fails: Fails) -> None:
    held, pinned = world.permit, world.pinned
    world.permit = key("stranger")
    assert fails(summarize, world.ports, allowed.index) == "permit.other-key"
    world.permit = held
    world.pinned = None
    assert fails(summarize, world.ports, allowed.index) == "root.unpinned"
    world.pinned = pinned


def test_after_the_permit_key_changed_the_new_one_speaks_of_old_decisions(world: World, allowed: Gated) -> None:
    world.root(expires=NOW + timedelta(days=500), permit=key("next permit").public)
    world.permit = key("next permit")
    said, envelope = summarize(world.ports, allowed.index)
    assert said.key == key("next permit").public
    assert dsse.verify(dsse.parse(envelope), {fingerprint(said.key): said.key}).keys


def test_a_decision_that_does_not_count_is_none(world: World, allowed: Gated, fails: Fails) -> None:
    index = world.smuggle(world.decided(allowed, key("stranger"), history=allowed.index + 1))
    assert fails(summarize, world.ports, index) == "event.other-key"
    world.broken = True


def test_it_is_attached_to_its_own_artifacts_alone(world: World, allowed: Gated, fails: Fails) -> None:
    said, envelope = summarize(world.ports, allowed.index)
    bench = Bench(source=world.source, clock=world.clock)
    world.artifact("other")
    assert fails(attach, bench, "file:other", "", said, envelope) == "vsa.other-artifact"
    attach(bench, "file:shop", "", said, envelope)
    ref, shop = world.source.resolve(parse_ref("file:shop"), "")
    facts = artifact.read(world.source.attached(ref, shop), {"gate": said.key}, {shop}, world.clock.now())
    assert [getattr(fact, "verifier", "") for fact in facts if getattr(fact, "verifier", "")] == [said.verifier]


def test_a_bundle_holds_the_same_envelope(world: World, allowed: Gated) -> None:
    said, envelope = summarize(world.ports, allowed.index)
    held = bundle.read(as_bundle(envelope, said.key)).signed
    plain = dsse.parse(envelope)
    assert (held.payload, held.payload_type, held.signature) == (plain.payload, plain.payload_type, plain.signatures[0].sig)


def test_a_summary_is_no_permit(world: World, allowed: Gated, fails: Fails) -> None:
    _, envelope = summarize(world.ports, allowed.index)
    assert fails(record.open_envelope, record.read_envelope(envelope)) == "event.malformed"
    assert events.PREFIX not in predicate(envelope)["verifier"]["id"]
