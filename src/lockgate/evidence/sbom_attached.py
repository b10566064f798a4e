"""A bill of materials that is attached without a signature: it says what it says, and that is nobody's word."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import datetime

from lockgate.core.digest import Digest, digest_of
from lockgate.core.facts import Rejected
from lockgate.core.ports import Evidence
from lockgate.errors import EvidenceError
from lockgate.evidence import predicates, sbom_types
from lockgate.evidence.steps import Walk
from lockgate.evidence.stronger import Outcome


def outcome(piece: Evidence, digests: AbstractSet[Digest], now: datetime) -> Outcome:
    """What it is of each artifact it came with, or why it is nothing. Its media type is one of `sbom_types.MEDIA`."""
    from lockgate.evidence import sbom  # noqa: PLC0415  only what has one waits for it

    walk, source, kind = Walk(), digest_of(piece.data), sbom_types.MEDIA[piece.media_type]
    try:
        with walk.at("format"):
            walk.note("attached as it is")
            document = sbom.parse(piece.data)
        walk.skip("signature", "nobody signed this")
        with walk.at("subject"):
            facts = [sbom.fact(document, digest, source, now, found="attached") for digest in sorted(digests)]
        with walk.at("predicate"):
            walk.note(predicates.name_of(kind))
    except EvidenceError as err:
        return Outcome("unsigned", [Rejected(source=source, code=err.code, predicate=kind)], kind=kind, walk=walk)
    return Outcome("unsigned", facts, kind=kind, walk=walk)
