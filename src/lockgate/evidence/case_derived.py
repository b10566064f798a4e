"""What follows, in a case, from what it says: that it was looked up, looked at or proves something. Elsewhere the gate finds this out.

A case that says it itself is believed: a kind that it names is left as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import Any, cast

from msgspec.structs import replace

from lockgate.core.components import LookedInside, Sbom
from lockgate.core.digest import digest_of
from lockgate.core.facts import Complete, Gathered, Intact, Need, Rejected, Source, Unreadable
from lockgate.core.findings import Database, Finding, LookedUp
from lockgate.core.model import Release
from lockgate.core.policy import EnvironmentPolicy
from lockgate.core.requirements.within_hours import WithinHours
from lockgate.core.zones import Zone, ZoneData
from lockgate.errors import EvidenceError, UnreadableError
from lockgate.evidence import tzif

ReadZone = Callable[[str], ZoneData]
"""A time zone of the database, whole. Raises UnreadableError."""


def derived(
    found: dict[Need, Gathered], said: Collection[type], release: Release, section: EnvironmentPolicy, now: datetime, read_zone: ReadZone
) -> dict[Need, Gathered]:
    """The facts of a case, and what follows from them.

    1. Bytes are as they should be.
    2. The evidence is what proves something; a path that a requirement names was looked at inside each artifact.
    3. Every bill of materials was looked up, in databases of today; a finding is about each bill of materials of its artifact.
    4. The clocks of a zone are those of the time zone database that is installed here.

    Args:
        found: what the case says. said: the kinds it names.
        release, section, now: what is asked, by which requirements, when.
        read_zone: reads a time zone.
    """
    sboms = cast("list[Sbom]", _items(found, Sbom))
    paths = {str(path) for one in section.requires if (path := getattr(one, "inside", None))}
    follows: dict[type, Iterable[Any]] = {
        Intact: (Intact(subject=one) for one in release.artifacts),
        Source: dict.fromkeys(Source(subject=one.subject, source=one.source) for one in _proving(found)),
        LookedInside: (LookedInside(subject=one, path=path) for one in release.artifacts for path in sorted(paths)),
        LookedUp: (LookedUp(subject=one.subject, sbom=one.source, components=len(one.components)) for one in sboms),
        Database: (Database(name=name, digest=digest_of(name.encode()), as_of=now, entries=1) for name in ("osv", "kev")),
    }
    whole = {**found, **{Need(kind): Complete(items=tuple(items), as_of=now) for kind, items in follows.items() if kind not in said}}
    listed = [
        one if one.sboms else replace(one, sboms=tuple(sorted(bill.source for bill in sboms if bill.subject == one.subject))) for one in _items(found, Finding)
    ]
    return {**whole, Need(Finding): Complete(items=tuple(listed), as_of=now), Need(Zone): _zones(section, now, read_zone)}


def _items(found: dict[Need, Gathered], kind: type) -> list[Any]:
    gathered = found.get(Need(kind))
    return list(gathered.items) if isinstance(gathered, Complete) else []


def _proving(found: dict[Need, Gathered]) -> Iterable[Any]:
    """Every fact that a piece of evidence proves about an artifact."""
    for gathered in found.values():
        for one in gathered.items if isinstance(gathered, Complete) else ():
            if {"subject", "source"} <= set(one.__struct_fields__) and not isinstance(one, Rejected):
                yield one


def _zones(section: EnvironmentPolicy, now: datetime, read_zone: ReadZone) -> Gathered:
    zones = []
    for name in sorted({one.zone for one in section.requires if isinstance(one, WithinHours)}):
        try:
            read = read_zone(name)
            zones.append(tzif.read_zone(read.data, name, read.version, now))
        except (UnreadableError, EvidenceError) as err:
            return Unreadable(code=err.code)
    return Complete(items=tuple(zones), as_of=now)
