"""The proxy between the gate and registries: it decides which connections come about, and where they lead. No key of the policy, no certificate."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import registries
from attack.stage import Stage, refused
from build import key
from layouts import Layout
from lockgate.adapters.sources.registry_access import Access
from lockgate.adapters.sources.registry_images import Registries
from lockgate.app import attach
from registries import HASTE, PASSWORD, REMOTE, USER, Outside, Registry, drop, hang, serving, status

IMAGE = f"registry:{REMOTE}:v1"


@pytest.fixture
def registry(stage: Stage, tmp_path: Path) -> Iterator[Registry]:
    """A registry with a signed image, reached through a proxy alone; ``outside`` is the way there."""
    layout = Layout(tmp_path / "registry")
    made = Registry(layout)
    certificate = registries.certificate(tmp_path, "registry.example")
    with tempfile.TemporaryDirectory() as short, serving(made, Path(short) / "s", certificate) as outside:
        outside.names = {"proxy.example": ["10.0.0.1"], "localhost": ["127.0.0.1"]}
        made.outside = outside  # type: ignore[attr-defined]
        stage.source.real._sources["registry"] = Registries(Access(proxy="http://proxy.example:3128"), outside.network(), HASTE)
        made.tags["v1"] = layout.image(b"a layer")
        attach.sign(attach.Bench(source=stage.source, clock=stage.clock), IMAGE, key("release"))
        yield made


def answer(stage: Stage) -> str:
    return stage.answer(to="staging", refs=(IMAGE,))


class TestForge:
    def test_cannot_answer_in_the_registrys_place(self, stage: Stage, registry: Registry, tmp_path: Path) -> None:
        """Its tunnel leads to a server of its own, whose certificate nobody vouches for."""
        assert answer(stage) == "allowed"
        (tmp_path / "other").mkdir()
        outside: Outside = registry.outside  # type: ignore[attr-defined]
        outside.authority = registries.certificate(tmp_path / "other", "registry.example")[0]
        stage.source.real._sources["registry"] = Registries(Access(proxy="http://proxy.example:3128"), outside.network(), HASTE)
        assert answer(stage) == "ref.unreachable"


class TestHide:
    def test_cannot_see_what_is_asked_and_answered(self, stage: Stage, registry: Registry, tmp_path: Path) -> None:
        """It is told hosts and ports; whatever is read and shown goes through TLS, logins among it."""
        registry.auth = "basic"
        (tmp_path / "auth.json").write_text(f'{{"auths":{{"registry.example":{{"username":"{USER}","password":"{PASSWORD}"}}}}}}')
        outside: Outside = registry.outside  # type: ignore[attr-defined]
        access = Access(proxy="http://proxy.example:3128", logins=(tmp_path / "auth.json",))
        stage.source.real._sources["registry"] = Registries(access, outside.network(), HASTE)
        assert answer(stage) == "allowed"
        assert set(registry.tunnels) == {("registry.example:443", "")}


class TestDelay:
    @pytest.mark.parametrize("fault", [hang, drop, status(403), status(502)], ids=["hang", "drop", "403", "502"])
    def test_can_give_no_way(self, stage: Stage, registry: Registry, fault: registries.Fault) -> None:
        registry.fault("CONNECT", fault)
        assert answer(stage) == "ref.unreachable"

    @pytest.mark.parametrize("where", ["https://169.254.169.254/latest/meta-data", "https://10.0.0.1/x", "https://localhost/x"])
    def test_cannot_be_asked_for_addresses_inside(self, stage: Stage, registry: Registry, where: str) -> None:
        """That a registry sends to, written as addresses: names are the proxy's to look up."""
        registry.fault("/manifests/v1", status(307, Location=where))
        assert refused(stage.gate, "staging", refs=(IMAGE,)) == "ref.redirect-refused"
        assert {to for to, _ in registry.tunnels} == {"registry.example:443"}
