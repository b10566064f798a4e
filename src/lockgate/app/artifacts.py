"""The artifacts that references on a command line name: what a permit or a bundle is held against."""

from __future__ import annotations

from collections.abc import Sequence

from lockgate.app.attach import Bench
from lockgate.core.digest import Digest, parse_digest, parse_ref
from lockgate.errors import EvidenceError


def artifacts_of(bench: Bench, texts: Sequence[str], platform: str = "") -> tuple[tuple[Digest, ...], tuple[Digest, ...]]:
    """The digests that references name, every byte of them read, and the images inside them; a digest stands for itself, unread.

    Raises:
        EvidenceError: by the code of what is wrong with the bytes. UnreadableError, UsageError: from the source.
    """
    found, inside = list[Digest](), list[Digest]()
    for text in texts:
        if text.startswith("sha256:"):
            found.append(parse_digest(text))
            continue
        ref, digest = bench.source.resolve(parse_ref(text), platform)
        measured = bench.source.measure(ref, digest)
        if measured.problem:
            raise EvidenceError(measured.problem, f"{text} is not what its digest says: {measured.where}")
        found.append(digest)
        inside += measured.inside
    return tuple(found), tuple(inside)
