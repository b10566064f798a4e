"""Advisories as they are kept and looked up: what an OSV entry says that matching and severity go by, and what CISA lists as exploited.

No `Noun`: there may be hundreds of thousands, and none is recorded by itself. What a decision looked at is recorded whole, as one `Extract`.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from lockgate.core.digest import Digest
from lockgate.core.duration import Time
from lockgate.core.findings import Database


class Event(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Where in the order of versions something begins or ends (OSV 1.7, "affected[].ranges[].events")."""

    kind: Literal["introduced", "fixed", "last_affected", "limit"]
    version: str


class Range(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """A stretch of versions by its events, in the order the entry has them."""

    type: Literal["SEMVER", "ECOSYSTEM", "GIT"]
    events: tuple[Event, ...] = ()


class Affected(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """A package that an advisory is about.

    Attributes:
        ecosystem: as the entry has it, such as ``PyPI`` or ``Debian:12``. name: as that ecosystem compares names (`evidence.advisories.packages`).
        ranges, versions: which of its versions; neither, and the entry does not say.
        vectors, words: severity of this package alone, as in `Advisory`.
    """

    ecosystem: str
    name: str
    ranges: tuple[Range, ...] = ()
    versions: tuple[str, ...] = ()
    vectors: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


class Advisory(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """An OSV entry, but for its prose.

    Attributes:
        id: its id. modified: when it last changed. published: when it first was; None where it does not say.
        withdrawn: when it was taken back; None while it stands.
        aliases: ids of the same weakness. upstream: ids of weaknesses this one packs together, which each may be a part of it only.
        vectors: CVSS vectors. words: qualitative severity, such as ``high``; counted where not every vector can be read, or there is none.
        affected: packages.
        unread: parts of it that are not as the schema has them: of its packages nothing is certain.
    """

    id: str
    modified: Time
    published: Time | None = None
    withdrawn: Time | None = None
    aliases: tuple[str, ...] = ()
    upstream: tuple[str, ...] = ()
    vectors: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    affected: tuple[Affected, ...] = ()
    unread: tuple[str, ...] = ()


class Exploited(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """A CVE that CISA lists as exploited, and since which day, such as ``2024-01-31``."""

    cve: str
    added: str


class Package(msgspec.Struct, frozen=True, array_like=True, order=True, gc=False):
    """A package by the name advisories know it by. `ecosystem` is without a release: ``Debian`` of ``Debian:12``."""

    ecosystem: str
    name: str


class Extract(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """All that was known of some packages at one time.

    Attributes:
        asked: digest of the packages, sorted, that it answers for: nothing is known of any other.
        databases: what was looked in.
        advisories: every one that names one of them in any release, and those joined to it by aliases or upstream; sorted by id.
        exploited: what is listed of their CVEs, sorted.
    """

    asked: Digest
    databases: tuple[Database, ...]
    advisories: tuple[Advisory, ...] = ()
    exploited: tuple[Exploited, ...] = ()


class Exported(msgspec.Struct, frozen=True, gc=False):
    """A file of an export of advisories: where it was found, for people; its bytes; and whether they are YAML, and not JSON."""

    origin: str
    data: bytes
    yaml: bool = False
