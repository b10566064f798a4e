"""What a source hands on as evidence, and how much of it."""

from __future__ import annotations

from lockgate.errors import UnreadableError

DSSE = "application/vnd.dsse.envelope.v1+json"
"""A DSSE envelope in JSON."""

BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
"""A Sigstore bundle, as cosign attaches it."""

PAYLOAD = "application/vnd.dev.cosign.simplesigning.v1+json"
"""What cosign signed before its bundles; its signature stands in an annotation of the layer."""

OLDER_BUNDLES = frozenset(f"application/vnd.dev.sigstore.bundle+json;version=0.{minor}" for minor in (1, 2, 3))
"""Sigstore bundles under the names of their older versions."""

SBOMS = frozenset({"application/vnd.cyclonedx+json", "application/spdx+json", "text/spdx+json"})
"""Bills of materials, as they are attached without a signature."""

KNOWN = frozenset({DSSE, BUNDLE, PAYLOAD}) | OLDER_BUNDLES | SBOMS
"""Media types some reader in `evidence/` reads."""

MAX_EVIDENCE = 36 << 20
"""Largest single piece, bytes: a bill of materials of 24 MiB in an envelope."""

MAX_ITEMS = 256
"""Most pieces on one artifact."""

MAX_TOTAL = 64 << 20
"""Most bytes of evidence on one artifact."""

MAX_UNSIGNED = 24 << 20
"""Most bytes of bills of materials without a signature; one that goes beyond is named, and not read."""

MAX_ARTIFACT = 1 << 40
"""Most bytes of one artifact: what is made of holes costs nobody anything to write, and takes days to read."""


def require_within_limits(sizes: list[int], where: str) -> None:
    """Check a growing list of sizes, so that whoever attaches rubbish costs little.

    Raises:
        UnreadableError: ``ref.too-much-evidence``: what is there cannot be looked at whole, so nothing is known.
    """
    if len(sizes) > MAX_ITEMS or sizes[-1] > MAX_EVIDENCE or sum(sizes) > MAX_TOTAL:
        raise UnreadableError(
            "ref.too-much-evidence",
            f"{where} has more evidence than is read: at most {MAX_ITEMS} pieces, {MAX_EVIDENCE} bytes each and {MAX_TOTAL} in all",
        )
