"""Exports of advisories, as commands name them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lockgate.core.advisories import Exported


def exported(paths: Sequence[Path]) -> Iterator[Exported]:
    """The files of exports. Raises as `adapters.sources.advisory_exports.exported`."""
    from lockgate.adapters.sources import advisory_exports

    return advisory_exports.exported(paths)


def catalogue(path: Path) -> bytes:
    """The bytes of CISA's file. Raises as `adapters.sources.advisory_exports.catalogue`."""
    from lockgate.adapters.sources import advisory_exports

    return advisory_exports.catalogue(path)
