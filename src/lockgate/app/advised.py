"""The derived round: what is known of the components that an artifact's bills of materials list, looked up once and kept with the evidence.

What is looked up is one extract, a blob like any evidence; facts are made of it purely, here and in every replay.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from lockgate.app.world import Ports
from lockgate.canon import encode
from lockgate.core.components import Sbom
from lockgate.core.facts import Complete, Gathered, Need, Unreadable
from lockgate.core.findings import Database, Finding, LookedUp
from lockgate.core.identity import Name
from lockgate.core.policy import Policy, needs
from lockgate.errors import EvidenceError, UnreadableError

KINDS = (Finding, LookedUp, Database)


def wanted(policy: Policy, environment: Name) -> bool:
    """Whether a requirement of this environment asks for any of it."""
    return environment in policy.environments and any(need.kind in KINDS for need in needs(policy, environment))


def look_up(ports: Ports, read: Mapping[Need, Gathered]) -> tuple[bytes, str]:
    """The extract for all that was read, as bytes; or none, and why."""
    from lockgate.evidence.advisories.facts import packages_of  # noqa: PLC0415  only what looks something up waits for it

    sboms = _sboms(read)
    if isinstance(sboms, Unreadable):
        return b"", sboms.code
    try:
        return encode(ports.advisories.lookup(packages_of(sboms))), ""
    except UnreadableError as err:
        return b"", err.code


def facts(read: Mapping[Need, Gathered], extract: bytes, unadvised: str, now: datetime) -> dict[Need, Gathered]:
    """Findings, what was looked up, and in what. Without a bill of materials nothing was looked up, and nothing is known.

    Args:
        read: what was read of the evidence. extract: as `look_up` gave it, or as it was kept. unadvised: why there is none.
        now: UTC.
    """
    from lockgate.evidence.advisories.facts import derive, read_extract  # noqa: PLC0415  likewise

    sboms = _sboms(read)
    try:
        if isinstance(sboms, Unreadable):
            raise UnreadableError(sboms.code, "what the artifacts are made of is not known")
        if unadvised or not extract:
            raise UnreadableError(unadvised or "advisories.none", "no advisories were looked up")
        derived = derive(sboms, read_extract(extract))
    except (UnreadableError, EvidenceError) as err:
        return {Need(kind): Unreadable(code=err.code) for kind in KINDS}
    found = (derived.findings, derived.looked_up, derived.databases)
    return {Need(kind): Complete(items=items, as_of=now) for kind, items in zip(KINDS, found, strict=True)}


def _sboms(read: Mapping[Need, Gathered]) -> tuple[Sbom, ...] | Unreadable:
    """Those that somebody signed: no other one counts, and whoever can push one shall not make it too much to look up."""
    found = read.get(Need(Sbom), Unreadable(code="facts.not-gathered"))
    if isinstance(found, Unreadable):
        return found
    return tuple(one for one in found.items if one.found == "attestation") or Unreadable(code="vulnerable.no-sbom")
