"""A registry with a signed image in it, and a gate that reads from there."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import registries
from attack.stage import Stage
from build import key
from layouts import Layout
from lockgate.adapters.sources.registry_images import Registries
from lockgate.app import attach
from registries import CALM, LOCAL, Outside, Registry, serving

IMAGE = f"registry:{LOCAL}:v1"


class Served(Registry):
    """A registry, and the world around it.

    Attributes:
        outside: names, addresses, and each connection.
    """

    outside: Outside


@contextmanager
def served(stage: Stage, folder: Path) -> Iterator[Served]:
    """With a signed image, tag ``v1``, and an older signed one that nothing is tagged with; the stage reads from it."""
    layout = Layout(folder / "registry")
    made = Served(layout)
    certificate = registries.certificate(folder, "registry.example", "mirror.example")
    with tempfile.TemporaryDirectory() as short, serving(made, Path(short) / "s", certificate) as outside:
        stage.source.real._sources["registry"] = Registries(None, outside.network(), CALM)
        made.outside = outside
        for tag, layer in (("old", b"an old layer"), ("v1", b"a layer")):
            made.tags[tag] = layout.image(layer)
            attach.sign(attach.Bench(source=stage.source, clock=stage.clock), f"registry:{LOCAL}:{tag}", key("release"))
        made.tags.pop("old")
        made.asked.clear()
        assert stage.answer(to="staging", refs=(IMAGE,)) == "allowed"
        yield made
