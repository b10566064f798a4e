"""Under which names bills of materials go: predicate types and media types. What they are is read in `sbom`."""

from __future__ import annotations

CYCLONEDX = "https://cyclonedx.org/bom"
SPDX = "https://spdx.dev/Document"

PREDICATES = frozenset(
    {
        CYCLONEDX,
        *(f"{CYCLONEDX}/{v}1.{minor}" for v in ("v", "") for minor in range(4, 8)),
        SPDX,
        *(f"{SPDX}/{v}{version}" for v in ("v", "") for version in ("2.2", "2.3", "3", "3.0", "3.0.0", "3.0.1")),
    }
)
"""Of statements whose predicate is a bill of materials: as cosign names them, and with a version, as in-toto does. Such a statement may be large."""

MEDIA = {
    "application/vnd.cyclonedx+json": CYCLONEDX,
    "application/spdx+json": SPDX,
    "text/spdx+json": SPDX,
}
"""Media type of a document that is attached without a signature -> what it would be called in a statement. ``text/spdx+json`` is cosign's name."""

MAX_DOCUMENT = 24 << 20
"""The largest document read, bytes."""
MAX_STATEMENT = MAX_DOCUMENT + (1 << 20)
MAX_ENVELOPE = 35 << 20
"""The largest envelope or bundle around one: base64 is a third longer."""
