"""A mirror that the settings name for a registry: it is asked first for what goes by digest, and chooses every byte it answers. No key of the policy."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import registries
from attack.stage import Stage
from build import key
from layouts import INDEX, MANIFEST, Layout, parts
from lockgate.adapters.sources.registry_access import Access
from lockgate.adapters.sources.registry_images import Registries
from lockgate.app import attach
from registries import HASTE, LOCAL, Registry, body, drip, drop, hang, serving, status

IMAGE = f"registry:{LOCAL}:v1"
MIRROR = "/v2/cache/"
SETTINGS = '[host."localhost:5000"]\nmirrors = ["localhost:5001/cache"]\n'


@pytest.fixture
def registry(stage: Stage, tmp_path: Path) -> Iterator[Registry]:
    """A registry with a signed image, tag ``v1``; what it is asked as a mirror begins with `MIRROR`."""
    layout = Layout(tmp_path / "registry")
    made = Registry(layout)
    with tempfile.TemporaryDirectory() as short, serving(made, Path(short) / "s") as outside:
        made.outside = outside  # type: ignore[attr-defined]
        read(stage, made, tmp_path)
        made.tags["v1"] = layout.image(b"a layer")
        attach.sign(attach.Bench(source=stage.source, clock=stage.clock), IMAGE, key("release"))
        made.asked.clear()
        yield made


def read(stage: Stage, registry: Registry, folder: Path, more: str = "") -> None:
    """The stage reads from it, with the mirror set."""
    (folder / "registries.toml").write_text(SETTINGS + more)
    outside = registry.outside  # type: ignore[attr-defined]
    stage.source.real._sources["registry"] = Registries(Access(file=folder / "registries.toml"), outside.network(), HASTE)


def answer(stage: Stage) -> str:
    return stage.answer(to="staging", refs=(IMAGE,))


def whole(registry: Registry, change: registries.Fault) -> None:
    """The mirror does this for everything."""
    registry.fault(MIRROR, change)


class TestForge:
    @pytest.mark.parametrize("change", [lambda data: data[:-1] + b"X", lambda data: data[:-1], lambda data: data + b"x"], ids=["another", "less", "more"])
    def test_cannot_serve_other_bytes(self, stage: Stage, registry: Registry, change: object) -> None:
        whole(registry, body(change))  # type: ignore[arg-type]
        assert answer(stage) == "allowed"
        layer = parts(registry.layout, registry.tags["v1"])["layers"][0]["digest"]
        assert any(layer in each.path and not each.path.startswith(MIRROR) for each in registry.asked), "the registry's bytes are those that count"

    def test_cannot_say_which_image_a_tag_means(self, stage: Stage, registry: Registry) -> None:
        evil = registry.bytes_at(registry.layout.image(b"evil")) or b""
        whole(registry, lambda handler: handler.reply(200, evil, {"Content-Type": MANIFEST}))
        assert stage.gate("staging", refs=(IMAGE,)).release.artifacts == (registry.tags["v1"],)


class TestHide:
    def test_cannot_leave_evidence_out(self, stage: Stage, registry: Registry) -> None:
        nothing = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": []}).encode()
        whole(registry, lambda handler: handler.reply(200, nothing, {"Content-Type": INDEX}))
        assert answer(stage) == "allowed"
        assert not any(
            each.path.startswith(f"{MIRROR}shop/app/referrers") or "sha256-" in each.path for each in registry.asked if each.host == "localhost:5001"
        )

    def test_can_say_which_image_a_tag_means_where_that_is_set(self, stage: Stage, registry: Registry, tmp_path: Path) -> None:
        evil = registry.bytes_at(registry.layout.image(b"evil")) or b""
        registry.fault(f"{MIRROR}shop/app/manifests/v1", lambda handler: handler.reply(200, evil, {"Content-Type": MANIFEST}))
        read(stage, registry, tmp_path, "mirrors-tell-tags = true\n")
        assert answer(stage) == "signed-by.no-signature"


class TestDelay:
    @pytest.mark.parametrize("fault", [hang, drip, drop, status(500), status(429)], ids=["hang", "drip", "drop", "500", "429"])
    def test_can_be_waited_for_until_the_registry_is_asked(self, stage: Stage, registry: Registry, fault: registries.Fault) -> None:
        whole(registry, fault)
        assert answer(stage) == "allowed"
