"""The registry an image is in, or who stands in for it on the way: it chooses every byte that is answered. No key of the policy."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import registries
from attack.stage import Stage, refused
from build import key
from layouts import INDEX, MANIFEST, Layout, parts
from lockgate.adapters.sources.registry_images import Registries
from lockgate.app import attach, deploy, request
from lockgate.core.model import NONE
from registries import HASTE, LOCAL, REMOTE, Registry, body, drop, serving, status

IMAGE = f"registry:{LOCAL}:v1"


@pytest.fixture
def registry(stage: Stage, tmp_path: Path) -> Iterator[Registry]:
    """A registry with a signed image, tag ``v1``, and an older signed one that nothing is tagged with; the stage reads from it."""
    layout = Layout(tmp_path / "registry")
    made = Registry(layout)
    certificate = registries.certificate(tmp_path, "registry.example")
    with tempfile.TemporaryDirectory() as short, serving(made, Path(short) / "s", certificate) as outside:
        stage.source.real._sources["registry"] = Registries(None, outside.network(), HASTE)
        made.outside = outside  # type: ignore[attr-defined]
        for tag, layer in (("old", b"an old layer"), ("v1", b"a layer")):
            made.tags[tag] = layout.image(layer)
            attach.sign(attach.Bench(source=stage.source, clock=stage.clock), f"registry:{LOCAL}:{tag}", key("release"))
        made.tags.pop("old")
        made.asked.clear()
        assert stage.answer(to="staging", refs=(IMAGE,)) == "allowed"
        yield made


def answer(stage: Stage, to: str = "staging") -> str:
    return stage.answer(to=to, refs=(IMAGE,))


def layer_of(registry: Registry) -> str:
    digest: str = parts(registry.layout, registry.tags["v1"])["layers"][0]["digest"]
    return digest


class TestForge:
    def test_cannot_serve_another_layer(self, stage: Stage, registry: Registry) -> None:
        registry.fault(f"/blobs/{layer_of(registry)}", body(lambda data: data[:-1] + b"X"))
        assert answer(stage) == "digest.mismatch"

    def test_cannot_serve_another_manifest_under_a_digest(self, stage: Stage, registry: Registry) -> None:
        registry.fault(f"/manifests/{registry.tags['v1']}", body(lambda data: data.replace(b"layer", b"laxer")))
        assert stage.answer(to="staging", refs=(f"registry:{LOCAL}@{registry.tags['v1']}",)) == "digest.mismatch"

    def test_cannot_serve_other_bytes_once_it_was_decided(self, stage: Stage, registry: Registry) -> None:
        """What is deployed is read anew, and hashed anew."""

        def evil(_: object) -> None:
            registry.fault(f"/blobs/{layer_of(registry)}", body(lambda data: data[:-1] + b"X"))

        assert refused(deploy.deploy, stage.ports, stage.ask("staging", refs=(IMAGE,)), ["run", "{ref}"], key("dora"), evil) == "digest.mismatch"
        assert stage.runner.ran == []

    def test_cannot_move_the_tag_between_the_decision_and_the_command(self, stage: Stage, registry: Registry) -> None:
        decided = registry.tags["v1"]

        def move(_: object) -> None:
            registry.tags["v1"] = registry.layout.image(b"evil")

        made = deploy.deploy(stage.ports, stage.ask("staging", refs=(IMAGE,)), ["run", "{ref}"], key("dora"), move)
        assert made.gated.release.artifacts == (decided,)
        assert stage.here("staging").stays[-1].release.artifacts == (decided,)

    def test_cannot_show_approvers_one_image_and_the_gate_another(self, stage: Stage, registry: Registry) -> None:
        asked = stage.id()
        request.request_release(stage.ports, (IMAGE,), "production", NONE, asked, key("rita"))
        stage.approve(asked, "ann")
        stage.approve(asked, "bob")
        registry.tags["v1"] = registry.layout.image(b"evil")
        assert "approved.no-request" in answer(stage, "production")
        assert "approved.other-release" in stage.answer(to="production", refs=(IMAGE,), request=asked)

    def test_cannot_say_that_the_signature_of_one_image_is_anothers(self, stage: Stage, registry: Registry) -> None:
        (signature,) = registry.referring(registry.tags["v1"])
        registry.tags["v1"] = registry.layout.image(b"evil")
        listed = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [signature]}).encode()
        registry.fault("/referrers/", lambda handler: handler.reply(200, listed, {"Content-Type": INDEX}))
        assert answer(stage) == "signed-by.no-signature"


class TestHide:
    def test_can_leave_evidence_out_and_then_it_refuses(self, stage: Stage, registry: Registry) -> None:
        registry.layout.listed = [each for each in registry.layout.listed if each["digest"] == registry.tags["v1"]]
        assert answer(stage) == "signed-by.no-signature"

    @pytest.mark.not_caught
    def test_can_choose_which_signed_image_a_tag_means_where_only_signatures_are_asked_for(self, stage: Stage, registry: Registry) -> None:
        older = next(
            each["subject"]["digest"] for each in _manifests(registry) if each.get("subject", {}).get("digest") != registry.tags["v1"] and "subject" in each
        )
        registry.tags["v1"] = older
        assert answer(stage) == "allowed"

    def test_cannot_where_a_digest_is_named(self, stage: Stage, registry: Registry) -> None:
        named = registry.tags["v1"]
        registry.tags["v1"] = registry.layout.image(b"evil")
        gated = stage.gate("staging", refs=(f"registry:{LOCAL}@{named}",))
        assert (gated.decision.outcome, gated.release.artifacts) == ("allowed", (named,))


class TestDelay:
    @pytest.mark.parametrize(
        ("fault", "code"),
        [(drop, "ref.unreachable"), (status(500), "ref.unreachable"), (status(403), "ref.unauthorized"), (status(429), "ref.rate-limited")],
        ids=["drop", "500", "403", "429"],
    )
    def test_can_give_no_answer(self, stage: Stage, registry: Registry, fault: registries.Fault, code: str) -> None:
        registry.fault("/manifests/v1", fault)
        assert answer(stage) == code

    def test_can_list_more_evidence_than_is_read(self, stage: Stage, registry: Registry) -> None:
        many = [{"mediaType": MANIFEST, "digest": f"sha256:{number:064x}", "size": 100} for number in range(10_000)]
        listed = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": many}).encode()
        registry.fault("/referrers/", lambda handler: handler.reply(200, listed, {"Content-Type": INDEX}))
        assert answer(stage) == "signed-by.unreadable"

    @pytest.mark.parametrize("where", ["https://169.254.169.254/latest/meta-data", "https://10.0.0.1/x", "https://localhost/x"])
    def test_cannot_send_the_gate_to_addresses_inside(self, stage: Stage, registry: Registry, where: str) -> None:
        outside = registry.outside  # type: ignore[attr-defined]
        outside.connected.clear()
        registry.fault("/manifests/v1", status(307, Location=where))
        assert stage.answer(to="staging", refs=(f"registry:{REMOTE}:v1",)) == "ref.redirect-refused"
        assert {address for address, _ in outside.connected} == {"198.41.0.4"}


def _manifests(registry: Registry) -> list[dict[str, dict[str, str]]]:
    return [json.loads(registry.bytes_at(each["digest"]) or b"{}") for each in registry.layout.listed]
