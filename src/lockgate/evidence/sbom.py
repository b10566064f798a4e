"""Bills of materials (SBOM) -> `Sbom`: which format it is, what tools wrap around it, and that it is about the artifact it came with.

1. The document is found: the predicate itself, or what cosign wraps in its place: the whole document as one text (``--type spdx``), or an
   object with nothing but ``Data``, that text, and ``Timestamp`` (cosign before 1.9).
2. It is of one format, by its own word: ``bomFormat`` of CycloneDX, ``spdxVersion`` of SPDX 2, ``@context`` of SPDX 3; of two it is of none.
3. It is read (`sbom_cyclonedx`, `sbom_spdx`, `sbom_spdx3`).
4. Where it says which image it is of, by digest, that is this artifact: ``sbom.other-digest``.
5. It was made no later than now.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from lockgate.core.components import Sbom
from lockgate.core.digest import Digest
from lockgate.core.identity import Fingerprint
from lockgate.errors import EvidenceError
from lockgate.evidence import large_json, sbom_cyclonedx, sbom_spdx, sbom_spdx3
from lockgate.evidence.sbom_parts import Document
from lockgate.evidence.sbom_types import MAX_DOCUMENT

_FIELDS = tuple(dict.fromkeys((*sbom_cyclonedx.FIELDS, *sbom_spdx.FIELDS, *sbom_spdx3.FIELDS)))
_DATA = ("Data", "data")


def parse(data: bytes) -> Document:
    """Read a document, of whichever format.

    Raises:
        EvidenceError: ``sbom.other-format``, the readers' codes, or `large_json`'s.
    """
    if len(data) > MAX_DOCUMENT:
        raise EvidenceError("json.too-large", f"this bill of materials has {len(data)} bytes; at most {MAX_DOCUMENT} are read")
    if data[:1] == b'"':
        return parse(_text(data))
    fields = large_json.outline(data, (*_FIELDS, *_DATA), "bill of materials")
    del data
    if fields.keys() <= {*_DATA, "Timestamp", "timestamp"} and (wrapped := [name for name in _DATA if name in fields]) and len(wrapped) == 1:
        return parse(_text(fields.pop(wrapped[0])))
    said: dict[str, Any] = {name: large_json.value(fields[name], name) for name in ("bomFormat", "spdxVersion", "@context") if name in fields}
    match list(said.items()):
        case [("bomFormat", "CycloneDX")]:
            return sbom_cyclonedx.read(fields)
        case [("spdxVersion", str())]:
            return sbom_spdx.read(fields)
        case [("@context", str() as context)] if context.startswith(sbom_spdx3.CONTEXT):
            return sbom_spdx3.read(fields)
        case _:
            pass
    raise EvidenceError("sbom.other-format", "this is neither CycloneDX nor SPDX in JSON, by its own word")


def _text(raw: bytes) -> bytes:
    """The document in a text. One that is a text again is none: each is unwrapped once."""
    found = large_json.value(raw, "bill of materials")
    data = found.strip().encode() if isinstance(found, str) else b""
    if data[:1] != b"{":
        raise EvidenceError("sbom.other-format", "the text in place of a bill of materials is no JSON object")
    return data


def fact(
    document: Document,
    subject: Digest,
    source: Digest,
    now: datetime,
    *,
    keys: Sequence[Fingerprint] = (),
    found: Literal["attestation", "attached", "inside"] = "attestation",
    where: str = "",
) -> Sbom:
    """The fact a document is, about this artifact.

    Raises:
        EvidenceError: ``sbom.other-digest``, ``evidence.from-future``.
    """
    require_about(document, subject)
    if document.created_at is not None and document.created_at > now:
        raise EvidenceError("evidence.from-future", "this bill of materials says it was made later than now: its clock or ours is wrong")
    return Sbom(
        subject=subject,
        source=source,
        keys=tuple(keys),
        format=document.format,
        spec=document.spec,
        components=document.components,
        found=found,
        where=where,
        complete=document.complete,
        lacks=document.lacks,
        created_at=document.created_at,
        tools=document.tools,
        skipped=document.skipped,
    )


def require_about(document: Document, subject: Digest) -> None:
    """Step 4. Raises EvidenceError ``sbom.other-digest``."""
    if document.about and subject not in document.about:
        raise EvidenceError("sbom.other-digest", f"this bill of materials says it is of {document.about[0]}, and came with {subject}")
