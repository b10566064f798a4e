"""Which bills of materials a requirement counts, and what is in them: shared by those that ask about one."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import Annotated, Literal, NamedTuple

import msgspec

from lockgate.core.components import Component, LookedInside, Sbom
from lockgate.core.digest import Digest
from lockgate.core.duration import Duration, span
from lockgate.core.identity import Fingerprint, Name

Format = Literal["cyclonedx", "spdx"]
Found = Literal["attestation", "attached", "inside"]

InsidePath = Annotated[str, msgspec.Meta(pattern=r"^(?!.*/\.{1,2}(?:/|\Z))(?:/[A-Za-z0-9._+@~ -]+)+\Z", max_length=500)]
"""A path inside an image, from its root; no part of it is ``.`` or ``..``."""


class Which(NamedTuple):
    """Whose, and from where. `trusted`: fingerprints of the keys; `identities`: names."""

    trusted: AbstractSet[Fingerprint]
    identities: AbstractSet[Name]
    found: Found
    inside: str


def place(found: Found | None, inside: str | None, keys: Sequence[Name], identities: Sequence[Name]) -> Found:
    """Where a requirement looks.

    Raises:
        ValueError: it says two things of that; or names nobody where somebody signs, or somebody where nobody does.
    """
    if (inside is not None) != (found == "inside") and (inside is None or found is not None):
        raise ValueError("found: inside and a path in inside belong together")
    where: Found = "inside" if inside is not None else found or "attestation"
    if where == "attestation" and not keys and not identities:
        raise ValueError("an attestation is signed, and neither keys nor identities are named")
    if where != "attestation" and (keys or identities):
        raise ValueError(f"what is {where} is signed by nobody: take keys and identities out")
    return where


def counted(found: Sequence[Sbom], artifact: Digest, which: Which) -> list[Sbom]:
    """Those about an artifact, by those who are asked for and found where it is asked for, of any format."""
    ours = [one for one in found if one.subject == artifact and one.found == which.found]
    if which.found == "inside":
        return [one for one in ours if one.where == which.inside]
    if which.found == "attached":
        return ours
    return [one for one in ours if which.trusted & set(one.keys) or (one.by is not None and which.identities & set(one.by.names))]


def unseen(looked: Sequence[LookedInside], artifact: Digest, path: str) -> str:
    """Why nobody can tell what is at this path inside an artifact, by code; empty where somebody looked."""
    here = [one.problem for one in looked if one.subject == artifact and one.path == path]
    return next(filter(None, here), "") if here else "facts.not-gathered"


def young(sbom: Sbom, max_age: Duration | None, now: datetime) -> bool:
    """Whether it is no older than that, by its maker's word; one that does not say is."""
    return max_age is None or (sbom.created_at is not None and timedelta(0) <= now - sbom.created_at <= span(max_age))


def packages(sbom: Sbom) -> list[Component]:
    """What it lists that is a package."""
    return [one for one in sbom.components if not one.kind]


def names(sbom: Sbom) -> frozenset[tuple[str, ...]]:
    """What its packages are, by which two documents are compared: a purl, or else name and version."""
    return frozenset((one.purl,) if one.purl else (one.name, one.version) for one in packages(sbom))
