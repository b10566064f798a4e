"""A bill of materials that stands inside an artifact, at a path that the policy names: the word of whoever made those bytes."""

from __future__ import annotations

from datetime import datetime

from lockgate.core.components import LookedInside, Sbom
from lockgate.core.digest import Digest, digest_of
from lockgate.core.facts import Rejected
from lockgate.errors import EvidenceError


def read(subject: Digest, path: str, data: bytes | None, problem: str, now: datetime) -> list[LookedInside | Sbom | Rejected]:
    """That it was looked at, and what was found there.

    Args:
        subject: the artifact. path: in it.
        data: what stands there; None for nothing.
        problem: why it could not be looked at, by code; empty where it could.
        now: UTC.
    """
    looked = LookedInside(subject=subject, path=path, problem=problem)
    if problem or data is None:
        return [looked]
    from lockgate.evidence import sbom  # noqa: PLC0415  only what has one waits for it

    source = digest_of(data)
    try:
        return [looked, sbom.fact(sbom.parse(data.strip()), subject, source, now, found="inside", where=path)]
    except EvidenceError as err:
        return [looked, Rejected(source=source, code=err.code)]
