"""A `Source` that says when long reading begins and ends, for whoever waits at a terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import PurePath

from lockgate.core.digest import Digest, Ref
from lockgate.core.ports import Evidence, Measured, Source


class WatchedSource:
    """Port `Source` over another one.

    Args:
        source: what does the work.
        busy: a context around each long piece of it, with its name.
    """

    def __init__(self, source: Source, busy: Callable[[str], AbstractContextManager[None]]) -> None:
        self._source, self._busy = source, busy

    def resolve(self, ref: Ref, platform: str = "") -> tuple[Ref, Digest]:
        """As the source's own; of a plain file this reads every byte."""
        with self._busy(f"reading {ref.path}"):
            return self._source.resolve(ref, platform)

    def measure(self, ref: Ref, digest: Digest) -> Measured:
        """As the source's own."""
        with self._busy(f"reading {ref.path}"):
            return self._source.measure(ref, digest)

    def platforms(self, ref: Ref, digest: Digest) -> tuple[str, ...]:
        """As the source's own."""
        return self._source.platforms(ref, digest)

    def attached(self, ref: Ref, digest: Digest) -> Sequence[Evidence]:
        """As the source's own."""
        return self._source.attached(ref, digest)

    def inside(self, ref: Ref, digest: Digest, path: str) -> bytes | None:
        """As the source's own."""
        with self._busy(f"looking into {ref.path}"):
            return self._source.inside(ref, digest, path)

    def attach(self, ref: Ref, digest: Digest, evidence: Evidence) -> str:
        """As the source's own."""
        return self._source.attach(ref, digest, evidence)

    def copy(self, ref: Ref, digest: Digest, into: PurePath) -> PurePath:
        """As the source's own."""
        with self._busy(f"copying {ref.path}"):
            return self._source.copy(ref, digest, into)
