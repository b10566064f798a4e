"""The registry an image is in, or who stands in for it on the way: it chooses every byte that is answered. No key of the policy."""

from __future__ import annotations

import json

import pytest

import registries
from attack.served import IMAGE, Served
from attack.stage import Stage
from build import key
from layouts import INDEX, MANIFEST, parts
from lockgate.app import attach, deploy, request
from lockgate.core.digest import digest_of
from lockgate.core.model import NONE
from registries import LOCAL, REMOTE, body, drop, status


def answer(stage: Stage, to: str = "staging") -> str:
    return stage.answer(to=to, refs=(IMAGE,))


def answer_by_digest(stage: Stage, digest: str) -> str:
    return stage.answer(to="staging", refs=(f"registry:{LOCAL}@{digest}",))


def layer_of(registry: Served) -> str:
    digest: str = parts(registry.layout, registry.tags["v1"])["layers"][0]["digest"]
    return digest


class TestForge:
    def test_cannot_serve_another_layer(self, stage: Stage, registry: Served) -> None:
        registry.fault(f"/blobs/{layer_of(registry)}", body(lambda data: data[:-1] + b"X"))
        assert answer(stage) == "digest.mismatch"

    def test_cannot_serve_another_manifest_under_a_digest(self, stage: Stage, registry: Served) -> None:
        registry.fault(f"/manifests/{registry.tags['v1']}", body(lambda data: data.replace(b"layer", b"laxer")))
        assert answer_by_digest(stage, registry.tags["v1"]) == "digest.mismatch"

    def test_cannot_serve_other_bytes_of_one_image_in_an_index(self, stage: Stage, registry: Served) -> None:
        """An index stands for itself, and every image in it is read."""
        layout = registry.layout
        layers = b"for amd64", b"for arm64"
        images = [layout.manifest(layer, platform=f"linux/{arch}") for layer, arch in zip(layers, ("amd64", "arm64"), strict=True)]
        registry.tags["v1"] = layout.index(*images)
        attach.sign(attach.Bench(source=stage.source, clock=stage.clock), IMAGE, key("release"))
        assert answer(stage) == "allowed"
        registry.fault(f"/blobs/{digest_of(layers[1])}", body(lambda data: data[:-1] + b"X"))
        assert answer(stage) == "digest.mismatch"
        assert answer_by_digest(stage, registry.tags["v1"]) == "digest.mismatch"

    def test_cannot_move_the_tag_between_the_decision_and_the_command(self, stage: Stage, registry: Served) -> None:
        decided = registry.tags["v1"]

        def move(_: object) -> None:
            registry.tags["v1"] = registry.layout.image(b"evil")

        made = deploy.deploy(stage.ports, stage.ask("staging", refs=(IMAGE,)), ["run", "{ref}"], key("dora"), move)
        assert stage.runner.ran[-1] == ["run", f"{LOCAL}@{decided}"]
        assert made.gated.release.artifacts == (decided,)
        assert stage.here("staging").stays[-1].release.artifacts == (decided,)

    def test_cannot_show_approvers_one_image_and_the_gate_another(self, stage: Stage, registry: Served) -> None:
        asked = stage.id()
        request.request_release(stage.ports, (IMAGE,), "production", NONE, asked, key("rita"))
        stage.approve(asked, "ann")
        stage.approve(asked, "bob")
        registry.tags["v1"] = registry.layout.image(b"evil")
        assert "approved.no-request" in answer(stage, "production")
        assert "approved.other-release" in stage.answer(to="production", refs=(IMAGE,), request=asked)

    def test_cannot_say_that_the_signature_of_one_image_is_anothers(self, stage: Stage, registry: Served) -> None:
        (signature,) = registry.referring(registry.tags["v1"])
        registry.tags["v1"] = registry.layout.image(b"evil")
        listed = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [signature]}).encode()
        registry.fault("/referrers/", lambda handler: handler.reply(200, listed, {"Content-Type": INDEX}))
        assert answer(stage) == "signed-by.no-signature"


class TestHide:
    def test_can_leave_evidence_out_and_then_it_refuses(self, stage: Stage, registry: Served) -> None:
        registry.layout.listed = [each for each in registry.layout.listed if each["digest"] == registry.tags["v1"]]
        assert answer(stage) == "signed-by.no-signature"

    def test_cannot_hide_a_signature_behind_what_is_not_followed(self, stage: Stage, registry: Served) -> None:
        odd = {"mediaType": MANIFEST, "digest": "sha512:" + "a" * 128, "size": 10}
        for good, said in ((registry.referring(registry.tags["v1"]), "allowed"), ([], "signed-by.no-good-signature")):
            listed = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [odd, *good]}).encode()
            registry.faults.clear()
            registry.fault("/referrers/", lambda handler, listed=listed: handler.reply(200, listed, {"Content-Type": INDEX}))  # type: ignore[misc]
            assert answer(stage) == said
        assert any("evidence.unknown-format" in str(outcome.params) for outcome in stage.gate("staging", refs=(IMAGE,)).decision.outcomes)

    @pytest.mark.not_caught
    def test_can_choose_which_signed_image_a_tag_means_where_only_signatures_are_asked_for(self, stage: Stage, registry: Served) -> None:
        older = next(
            each["subject"]["digest"] for each in _manifests(registry) if each.get("subject", {}).get("digest") != registry.tags["v1"] and "subject" in each
        )
        registry.tags["v1"] = older
        assert answer(stage) == "allowed"

    def test_cannot_where_a_digest_is_named(self, stage: Stage, registry: Served) -> None:
        named = registry.tags["v1"]
        registry.tags["v1"] = registry.layout.image(b"evil")
        gated = stage.gate("staging", refs=(f"registry:{LOCAL}@{named}",))
        assert (gated.decision.outcome, gated.release.artifacts) == ("allowed", (named,))

    def test_can_point_to_what_is_not_followed_and_it_is_shown_and_proves_nothing(self, stage: Stage, registry: Served) -> None:
        odd = {"mediaType": MANIFEST, "digest": "sha512:" + "0" * 128, "size": 2}
        listed = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [odd]}).encode()
        registry.fault("/referrers/", lambda handler: handler.reply(200, listed, {"Content-Type": INDEX}))
        registry.fault("/manifests/sha256-", status(404))
        outcomes = stage.gate("staging", refs=(IMAGE,)).decision.outcomes
        assert [one.params["because"] for one in outcomes if one.code == "signed-by.no-good-signature"] == [("evidence.unknown-format",)]


class TestDelay:
    @pytest.mark.parametrize(
        ("fault", "code"),
        [(drop, "ref.unreachable"), (status(500), "ref.unreachable"), (status(403), "ref.unauthorized"), (status(429), "ref.rate-limited")],
        ids=["drop", "500", "403", "429"],
    )
    def test_can_give_no_answer(self, stage: Stage, registry: Served, fault: registries.Fault, code: str) -> None:
        registry.fault("/manifests/v1", fault)
        assert answer(stage) == code

    def test_can_list_more_evidence_than_is_read(self, stage: Stage, registry: Served) -> None:
        many = [{"mediaType": MANIFEST, "digest": f"sha256:{number:064x}", "size": 100} for number in range(10_000)]
        listed = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": many}).encode()
        registry.fault("/referrers/", lambda handler: handler.reply(200, listed, {"Content-Type": INDEX}))
        assert answer(stage) == "signed-by.unreadable"

    @pytest.mark.parametrize("where", ["https://169.254.169.254/latest/meta-data", "https://10.0.0.1/x", "https://localhost/x"])
    def test_cannot_send_the_gate_to_addresses_inside(self, stage: Stage, registry: Served, where: str) -> None:
        registry.outside.connected.clear()
        registry.fault("/manifests/v1", status(307, Location=where))
        assert stage.answer(to="staging", refs=(f"registry:{REMOTE}:v1",)) == "ref.redirect-refused"
        assert {address for address, _ in registry.outside.connected} == {"198.41.0.4"}


def _manifests(registry: Served) -> list[dict[str, dict[str, str]]]:
    return [json.loads(registry.bytes_at(each["digest"]) or b"{}") for each in registry.layout.listed]
