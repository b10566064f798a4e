"""An image in a made-up registry, and what a test asks of it."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import registries
from layouts import Layout, parts
from lockgate.adapters.sources.registry_access import Access
from lockgate.adapters.sources.registry_images import Registries
from lockgate.errors import EvidenceError, UnreadableError, UsageError
from registries import CALM, HASTE, Outside, Registry, serving

ENVELOPE = b'{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[]}'


@dataclass
class Scene:
    """An image with an envelope attached, tag ``v1``; served, and the source that reads it.

    Attributes:
        calm, hasty: the same source, with time for a busy machine, and without for what has to end.
    """

    layout: Layout
    registry: Registry
    outside: Outside
    calm: Registries
    hasty: Registries
    digest: str
    layer: str
    referrer: str

    @property
    def source(self) -> Registries:
        """In no haste but where it would wait for ever."""
        return self.hasty if self.registry.waits else self.calm


@contextmanager
def made(folder: Path, certificate: tuple[Path, Path] | None) -> Iterator[Scene]:
    """Begin to serve below this folder."""
    layout = Layout(folder / "registry")
    digest = layout.image(b"layer one", b"layer two" * 1000)
    referrer = layout.enlist(layout.referrer(digest, ENVELOPE))["digest"]
    registry = Registry(layout)
    registry.tags["v1"] = digest
    with tempfile.TemporaryDirectory() as short, serving(registry, Path(short) / "s", certificate) as outside:
        calm, hasty = (Registries(None, outside.network(), patience) for patience in (CALM, HASTE))
        yield Scene(layout, registry, outside, calm, hasty, digest, parts(layout, digest)["layers"][1]["digest"], referrer)


def configured(scene: Scene, folder: Path, text: str, **access: Any) -> Registries:
    """A source with these settings."""
    (folder / "registries.toml").write_text(text)
    return Registries(Access(file=folder / "registries.toml", **access), scene.outside.network(), HASTE if scene.registry.waits else CALM)


def refusal(do: Callable[[], object], within: float = 30.0) -> str:
    """The code of the error, which comes on a busy machine too before it would without an end, and repeats nothing."""
    start = time.monotonic()
    with pytest.raises((UnreadableError, EvidenceError, UsageError)) as err:
        do()
    assert time.monotonic() - start < within
    for secret in ("SECRET", registries.PASSWORD, registries.TOKEN, "signature="):
        assert secret not in f"{err.value} {err.value.remedy}"
    return err.value.code
