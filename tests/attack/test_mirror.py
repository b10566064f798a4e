"""A mirror that the settings name for a registry, or a proxy on the way to it. No key of the policy, and not the registry."""

from __future__ import annotations

from pathlib import Path

import pytest

import registries
from attack.served import Served
from attack.stage import Stage
from lockgate.adapters.sources.registry_access import Access
from lockgate.adapters.sources.registry_images import Registries
from registries import HASTE, REMOTE, body, drop, status

IMAGE = f"registry:{REMOTE}:v1"
SETTINGS = '[host."registry.example"]\nmirrors = ["mirror.example"]\n'


@pytest.fixture
def mirrored(stage: Stage, registry: Served, tmp_path: Path) -> Served:
    """The registry, of which ``mirror.example`` is a mirror."""
    file = tmp_path / "registries.toml"
    file.write_text(SETTINGS)
    registry.outside.names |= {"mirror.example": ["198.41.0.20"]}
    stage.source.real._sources["registry"] = Registries(Access(file=file), registry.outside.network(), HASTE)
    return registry


def of_the_mirror(registry: Served, fault: registries.Fault) -> None:
    """The mirror alone does this."""

    def once(handler: registries.Handler) -> None:
        if handler.headers["Host"] == "mirror.example":
            fault(handler)
        else:
            handler.answer()

    registry.fault("/v2/", once)


class TestForge:
    def test_cannot_serve_other_bytes(self, stage: Stage, mirrored: Served) -> None:
        """They are not the digest's: the registry itself is asked."""
        of_the_mirror(mirrored, body(lambda data: data[:-1] + b"X"))
        mirrored.asked.clear()
        assert stage.answer(to="staging", refs=(IMAGE,)) == "allowed"
        assert {each.host for each in mirrored.asked if "sha256:" in each.path} == {"mirror.example", "registry.example"}

    def test_cannot_tell_which_image_a_tag_means(self, stage: Stage, mirrored: Served) -> None:
        mirrored.asked.clear()
        assert stage.answer(to="staging", refs=(IMAGE,)) == "allowed"
        assert {each.host for each in mirrored.asked if each.path.endswith("/manifests/v1")} == {"registry.example"}


class TestHide:
    def test_cannot_leave_evidence_out(self, stage: Stage, mirrored: Served) -> None:
        of_the_mirror(mirrored, status(404))
        assert stage.answer(to="staging", refs=(IMAGE,)) == "allowed"


class TestDelay:
    @pytest.mark.parametrize("fault", [drop, status(500), status(429)], ids=["drop", "500", "429"])
    def test_cannot_by_failing_for_long(self, stage: Stage, mirrored: Served, fault: registries.Fault) -> None:
        of_the_mirror(mirrored, fault)
        assert stage.answer(to="staging", refs=(IMAGE,)) == "allowed"

    def test_can_give_no_answer_where_the_registry_gives_none_either(self, stage: Stage, mirrored: Served) -> None:
        """A proxy: everything goes through it."""
        mirrored.fault("/v2/", drop)
        assert stage.answer(to="staging", refs=(IMAGE,)) == "ref.unreachable"
