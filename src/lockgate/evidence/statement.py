"""in-toto Statements v1 and v0.1 (in-toto/attestation, spec/v1/statement.md): what an envelope's payload says, about which digests.

Other people's Statements: unknown fields are ignored, subjects are matched by SHA-256 alone, and a subject's name is
never looked at, because only digests are bound to bytes. What is read of v0.1, which cosign writes for every attestation, means the same
in v1. Our own events are read by `record`, which is stricter.
"""

from __future__ import annotations

import re
from typing import Any

from lockgate import canon
from lockgate.canon import Noun
from lockgate.core.digest import Digest
from lockgate.core.events import PAYLOAD_TYPE, STATEMENT_TYPE
from lockgate.errors import EvidenceError
from lockgate.evidence import foreign, large_json, sbom_types

MAX_STATEMENT = 1 << 20
"""The largest Statement read, bytes; one whose predicate is a bill of materials may have `sbom_types.MAX_STATEMENT`."""
MAX_SUBJECTS = 1024
_TYPES = frozenset({STATEMENT_TYPE, "https://in-toto.io/Statement/v0.1"})
_HEX = re.compile(r"[0-9a-f]{64}\Z").match


class Statement(Noun, frozen=True, kw_only=True):
    """What a Statement says.

    Attributes:
        subjects: the SHA-256 digests it is about, sorted, each once; at least one.
        predicate_type: what kind of thing it says, 1 to 1,000 characters.
        predicate: what it says; as parsed, believed in nothing; empty for one that is large.
        raw: of a bill of materials, the bytes of the predicate's JSON, which are parsed by whoever reads it; empty for any other.
    """

    subjects: tuple[Digest, ...]
    predicate_type: str
    predicate: dict[str, Any]
    raw: bytes = b""


def parse(payload_type: str, payload: bytes) -> Statement:
    """Read a Statement.

    Raises:
        EvidenceError: ``statement.other-type`` for another payload or version of Statement, ``statement.no-sha256``,
            ``statement.malformed``, or `canon.parse_foreign`'s codes.
    """
    if payload_type != PAYLOAD_TYPE:
        raise EvidenceError("statement.other-type", f"the signed payload is {payload_type[:80]!r}, not an in-toto Statement")
    try:
        document, raw = _document(payload)
        kind = foreign.text(document, "_type")
        if kind not in _TYPES:
            raise EvidenceError("statement.other-type", f"this is a {kind[:80]}; only {' and '.join(sorted(_TYPES))} are read")
        predicate_type = foreign.text(document, "predicateType")
        predicate = document.get("predicate") if raw else None
        predicate = predicate if isinstance(predicate, dict) else {} if raw else foreign.within(document, "predicate")
        subjects = _subjects(document)
    except ValueError as err:
        raise EvidenceError("statement.malformed", f"this is no in-toto Statement: {err}") from None
    if not subjects:
        raise EvidenceError("statement.no-sha256", "no subject of this Statement has a SHA-256 digest, so that it is about nothing we can compare")
    return Statement(subjects=subjects, predicate_type=predicate_type, predicate=predicate, raw=raw)


def _document(payload: bytes) -> tuple[dict[str, Any], bytes]:
    """The Statement, parsed; and the bytes of its predicate where that is a bill of materials, which is not.

    Raises:
        ValueError: it is no object. EvidenceError: as `parse`.
    """
    if len(payload) <= MAX_STATEMENT:
        document = foreign.mapping(canon.parse_foreign(payload, max_bytes=MAX_STATEMENT, what="Statement"), "it")
        large = document.get("predicateType") in sbom_types.PREDICATES if isinstance(document.get("predicateType"), str) else False
        return document, large_json.outline(payload, ("predicate",), "Statement").get("predicate", b"null") if large else b""
    if len(payload) > sbom_types.MAX_STATEMENT:
        raise EvidenceError("json.too-large", f"this Statement has {len(payload)} bytes; at most {sbom_types.MAX_STATEMENT} are read")
    fields = large_json.outline(payload, ("predicate",), "Statement")
    raw = fields.pop("predicate", b"null")
    document = foreign.mapping(canon.parse_foreign(large_json.joined(fields), max_bytes=2 * MAX_STATEMENT, what="Statement"), "it")
    if foreign.text(document, "predicateType") not in sbom_types.PREDICATES:
        raise EvidenceError("json.too-large", f"this Statement has {len(payload)} bytes; at most {MAX_STATEMENT} are read of one with no bill of materials")
    return document, raw


def _subjects(document: dict[str, Any]) -> tuple[Digest, ...]:
    listed = foreign.items(document, "subject")
    if not 1 <= len(listed) <= MAX_SUBJECTS:
        raise ValueError(f"it has {len(listed)} subjects; 1 to {MAX_SUBJECTS} are read")
    found: set[Digest] = set()
    for one in listed:
        digests = foreign.within(foreign.mapping(one, "a subject"), "digest")
        if not digests or not all(isinstance(value, str) for value in digests.values()):
            raise ValueError("a subject has no digest, or one that is no text")
        if "sha256" in digests:
            if not _HEX(digests["sha256"]):
                raise ValueError("a SHA-256 digest is not 64 lower-case hex digits")
            found.add("sha256:" + digests["sha256"])
    return tuple(sorted(found))
