"""What is inside an artifact, as a bill of materials says (SBOM)."""

from __future__ import annotations

from typing import Literal

import msgspec

from lockgate.core.duration import Time
from lockgate.core.facts import Vouched


class Component(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Something that went into an artifact. No `Noun`: there may be tens of thousands, and none is recorded by itself.

    Attributes:
        purl: its package URL in canonical form, without qualifiers that do not tell packages apart; empty where there is none that can be read.
        name, version: as the document has them; empty where they are not said.
        licences: SPDX identifiers or expressions, or names; none where they are not said.
    """

    purl: str = ""
    name: str = ""
    version: str = ""
    licences: tuple[str, ...] = ()


class Sbom(Vouched, frozen=True, kw_only=True):
    """A bill of materials of an artifact.

    Attributes:
        format: whose. spec: the version of its specification, such as ``1.6``.
        found: in a signed ``attestation``; ``attached`` without a signature; or ``inside`` the artifact's own bytes.
        where: of one found inside, its path there.
        components: all it lists, in a stable order, each once.
        complete: what the document says of itself; ``unsaid`` where it does not.
        lacks: names of the minimum elements (NTIA, CISA) that it does not have, sorted.
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
