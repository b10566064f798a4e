"""Port `Advisories` in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from lockgate.canon import encode
from lockgate.core.advisories import Advisory, Exploited, Extract, Package
from lockgate.core.digest import digest_of
from lockgate.core.duration import Time
from lockgate.core.findings import Database
from lockgate.errors import EvidenceError, UnreadableError
from lockgate.evidence.advisories.packages import base_of, release_of


class MemoryAdvisories:
    """Everything in lists, found by looking at each."""

    def __init__(self) -> None:
        self._entries: tuple[Advisory, ...] = ()
        self._exploited: tuple[Exploited, ...] = ()
        self._databases: dict[str, Database] = {}
        self.broken = False
        """A test made it unreadable."""

    def databases(self) -> tuple[Database, ...]:
        self._look()
        return tuple(self._databases[name] for name in ("osv", "kev") if name in self._databases)

    def lookup(self, packages: Sequence[Package]) -> Extract:
        self._look()
        if "osv" not in self._databases:
            raise UnreadableError("advisories.none", "no advisories were imported")
        standing = [one for one in self._entries if one.withdrawn is None]
        wanted = {(one.ecosystem, one.name) for one in packages}
        found = [one for one in standing if any((base_of(a.ecosystem), a.name) in wanted for a in one.affected)]
        while more := [one for one in standing if one not in found and any(_ids(one) & _ids(other) for other in found)]:
            found += more
        packed = {id_ for one in found for id_ in one.upstream}
        found += [one for one in standing if one not in found and _ids(one) & packed]
        ids = {id_ for one in found for id_ in (*_ids(one), *one.upstream)}
        exploited = tuple(one for one in self._exploited if one.cve in ids) if "kev" in self._databases else ()
        advisories = tuple(sorted(found, key=lambda one: one.id))
        return Extract(asked=digest_of(encode(packages)), databases=self.databases(), advisories=advisories, exploited=exploited)

    def replace(self, entries: Iterable[Advisory], settle: Callable[[Database], Database]) -> Database:
        by_id: dict[str, Advisory] = {}
        for one in entries:
            before = by_id.get(one.id)
            if before is not None and before.modified == one.modified and before != one:
                raise EvidenceError("advisories.twice", f"{one.id} stands in it twice")
            if before is None or one.modified > before.modified:
                by_id[one.id] = one
        entries = tuple(by_id[id_] for id_ in sorted(by_id))
        ecosystems = {name for one in entries if one.withdrawn is None for a in one.affected for name in _covers(a.ecosystem)}
        newest = max((one.modified for one in entries), default=msgspec.convert("1970-01-01T00:00:00Z", Time))
        digest = digest_of(b"".join(encode(one) + b"\n" for one in entries))
        database = settle(Database(name="osv", digest=digest, as_of=newest, entries=len(entries), ecosystems=tuple(sorted(ecosystems))))
        self._entries, self._databases["osv"] = entries, database
        return database

    def replace_exploited(self, exploited: Sequence[Exploited], database: Database) -> None:
        self._exploited, self._databases["kev"] = tuple(exploited), database

    def _look(self) -> None:
        if self.broken:
            raise UnreadableError("advisories.unreadable", "the disk is broken")


def _ids(one: Advisory) -> set[str]:
    return {one.id, *one.aliases}


def _covers(ecosystem: str) -> set[str]:
    base = base_of(ecosystem)
    release = release_of(base, ecosystem.partition(":")[2])
    return {base, f"{base}:{release}"} if release else {base}
