"""What is inside an artifact, as a bill of materials says (SBOM)."""

from __future__ import annotations

from typing import Literal

import msgspec

from lockgate.canon import Noun
from lockgate.core.digest import Digest
from lockgate.core.duration import Time
from lockgate.core.facts import Vouched


class Component(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Something that went into an artifact. No `Noun`: there may be tens of thousands, and none is recorded by itself.

    Attributes:
        purl: its package URL in canonical form, without qualifiers that do not tell packages apart; empty where there is none that can be read.
        name, version: as the document has them; empty where they are not said.
        licences: SPDX identifiers or expressions, or names, all of which apply; ``NOASSERTION`` for one that cannot be read; none where they are not said.
        kind: what it is, where that is no package: ``file``, ``container``, ``operating-system`` and the like; empty for packages.
    """

    purl: str = ""
    name: str = ""
    version: str = ""
    licences: tuple[str, ...] = ()
    kind: str = ""


class Sbom(Vouched, frozen=True, kw_only=True):
    """A bill of materials of an artifact.

    Attributes:
        format: whose. spec: the version of its specification, such as ``1.6``.
        found: in a signed ``attestation``; ``attached`` without a signature; or ``inside`` the artifact's own bytes.
        where: of one found inside, its path there.
        components: all it lists, in a stable order, each once.
        complete: what the document says of itself; ``unsaid`` where it does not.
        lacks: names of the minimum elements (NTIA, CISA) that it does not have for every package, sorted.
        created_at: as its maker says. tools: what made it, as it says.
        skipped: components that could not be taken in, such as those whose purl is malformed.
    """

    format: Literal["cyclonedx", "spdx"]
    spec: str
    components: tuple[Component, ...]
    found: Literal["attestation", "attached", "inside"] = "attestation"
    where: str = ""
    complete: Literal["complete", "incomplete", "unsaid"] = "unsaid"
    lacks: tuple[str, ...] = ()
    created_at: Time | None = None
    tools: tuple[str, ...] = ()
    skipped: int = 0


class LookedInside(Noun, frozen=True, kw_only=True):
    """A path was looked at inside an artifact, because the policy names it.

    Attributes:
        subject: the artifact's digest. path: where.
        problem: why it could not be looked at, by code; empty where it could, whether or not something was there.
    """

    subject: Digest
    path: str
    problem: str = ""


Element = Literal["author", "context", "hash", "identifier", "licence", "name", "relationship", "supplier", "timestamp", "tool", "version"]
"""A minimum element of a bill of materials."""

NTIA: tuple[Element, ...] = ("author", "identifier", "name", "relationship", "supplier", "timestamp", "version")
"""The data fields of "The Minimum Elements For a Software Bill of Materials" (NTIA, July 2021)."""

CISA: tuple[Element, ...] = (
    "author",
    "context",
    "hash",
    "identifier",
    "licence",
    "name",
    "relationship",
    "supplier",
    "timestamp",
    "tool",
    "version",
)
"""Those of CISA's draft of August 2025, which adds four."""
