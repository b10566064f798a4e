"""A gate that believes holders of certificates: what it decides on is its policy and stored evidence, now and whenever it is replayed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from build import BUILDER, KEYS, SOURCE, key
from lockgate.app import attach, replay
from lockgate.canon import encode
from lockgate.core.outcome import Outcome
from lockgate.core.policy import EnvironmentPolicy, Policy
from lockgate.core.ports import Evidence
from lockgate.core.requirements import AnyRequirement
from lockgate.core.requirements.built_by import BuiltBy
from lockgate.core.requirements.signed_by import SignedBy
from lockgate.core.signers import Accepts, IdentityRule
from lockgate.evidence.sigstore import bundle
from private_sigstore import ARTIFACT, ISSUER, WHO, Instance
from world import World, opened

OURS = Instance()
ROOTS = {"ours": encode(OURS.root_json).decode()}
RULE = IdentityRule(root="ours", issuer=ISSUER, identity=WHO)
RULES = {"ci": RULE, "anything-of-shop": replace(RULE, identity=None, identity_glob="https://ci.example/shop/**")}
SIGNED = SignedBy(identities=("ci",), max_age="30d")


def policy(*requires: AnyRequirement, accepts: Accepts | None = None, rules: dict[str, IdentityRule] = RULES, roots: dict[str, str] = ROOTS) -> Policy:
    staging = EnvironmentPolicy(requires=requires or (SIGNED,), accepts=accepts)
    return Policy(version=1, project="shop", environments={"staging": staging}, keys=dict(KEYS), identities=rules, trusted_roots=roots)


@pytest.fixture
def shop() -> World:
    """A gate of which staging asks for an identity's signature."""
    world = opened()
    world.source.put("shop", ARTIFACT)
    world.policy(policy())
    return world


def put(world: World, *documents: dict[str, Any]) -> None:
    pieces = [Evidence(media_type=bundle.MEDIA_TYPE, data=json.dumps(one).encode(), origin="there") for one in documents]
    world.source.artifacts["shop"].evidence[:] = pieces


def outcome(world: World) -> Outcome:
    return world.gate("staging").decision.outcomes[-1]


def test_an_identity_opens_the_gate_and_replay_needs_nothing_else(shop: World) -> None:
    put(shop, OURS.bundle(log=1))
    gated = shop.gate("staging")
    assert gated.decision.outcome == "allowed"
    assert gated.decision.outcomes[-1].params == {"identities": ("ci",)}
    shop.source.artifacts.clear()
    shop.clock.advance(days=200)
    shop.policy(policy(SignedBy(keys=("release",))))
    (index,) = shop.decisions()
    assert replay.replay(shop.ports, index).result == "same"
    shop.check()


def test_each_refusal_says_which_part_is_other(shop: World) -> None:
    put(shop, OURS.bundle(log=1))
    for change, because in (
        ({"issuer": "https://elsewhere.example"}, "identity.other-issuer"),
        ({"identity": "https://ci.example/other"}, "identity.other-subject"),
        ({"claims": {"build-trigger": "push"}}, "identity.other-claim"),
    ):
        shop.policy(policy(rules={"ci": replace(RULE, **change)}))
        found = outcome(shop)
        assert (found.code, found.params["because"]) == ("signed-by.no-good-signature", (because,))
    shop.policy(policy(roots={"ours": encode(Instance().root_json).decode()}))
    assert outcome(shop).params["because"] == ("log-entry.unknown-log",)
    shop.check()


def test_who_signed_long_ago_is_too_old_by_a_time_that_is_known(shop: World) -> None:
    put(shop, OURS.bundle(log=1))
    shop.clock.advance(days=40)
    shop.policy(policy())
    assert outcome(shop).code == "signed-by.too-old"


def test_one_certificate_is_one_signer_under_two_names(shop: World) -> None:
    shop.policy(policy(SignedBy(identities=("ci", "anything-of-shop"), threshold=2)))
    put(shop, OURS.bundle(log=1), OURS.bundle(log=2))
    assert (outcome(shop).code, outcome(shop).params["have"]) == ("signed-by.too-few-keys", 1)
    shop.policy(policy(SignedBy(identities=("ci",), keys=("release",), threshold=2)))
    attach.sign(attach.Bench(source=shop.source, clock=shop.clock), "file:shop", key("release"))
    assert shop.gate("staging").decision.outcome == "allowed"


def test_what_counts_is_the_environments_to_say(shop: World) -> None:
    unlogged = OURS.bundle(log=0, stamp=True)
    put(shop, unlogged)
    assert outcome(shop).params["because"] == ("sigstore.no-log-entry",)
    shop.policy(policy(accepts=Accepts(log="none")))
    assert shop.gate("staging").decision.outcome == "allowed"
    shop.policy(policy(accepts=Accepts(log="none", formats=("dsse",))))
    assert outcome(shop).params["because"] == ("evidence.format-not-accepted",)
    put(shop, OURS.bundle(log=1, envelope=False))
    shop.policy(policy(accepts=Accepts(formats=("sigstore-message",))))
    assert shop.gate("staging").decision.outcome == "allowed"
    shop.check()


def test_provenance_by_an_identity(shop: World, monkeypatch: pytest.MonkeyPatch) -> None:
    import private_sigstore
    from world import provenance

    said = {**json.loads(private_sigstore.STATEMENT), "predicateType": "https://slsa.dev/provenance/v1", "predicate": provenance()}
    monkeypatch.setattr(private_sigstore, "STATEMENT", json.dumps(said).encode())
    put(shop, OURS.bundle(log=1))
    shop.policy(policy(BuiltBy(builder=BUILDER, source=SOURCE, identities=("ci",))))
    assert shop.gate("staging").decision.outcome == "allowed"
    shop.policy(policy(BuiltBy(builder=BUILDER, source=SOURCE, keys=("builder",))))
    assert outcome(shop).code == "built-by.no-provenance"


def test_what_counts_is_part_of_what_a_decision_was_made_under(shop: World) -> None:
    put(shop, OURS.bundle(log=1))
    sections = [shop.gate("staging").decision.section]
    for changed in (policy(accepts=Accepts(log="promise")), policy(roots={"ours": encode({**OURS.root_json, "more": "x"}).decode()})):
        shop.policy(changed)
        sections.append(shop.gate("staging").decision.section)
    assert len(set(sections)) == 3
