"""Components against advisories: which are affected, by how severe a weakness, and where nobody can tell (OSV 1.7, "Evaluation").

1  a component is asked about by the package its purl means (`packages`); of any other nothing is known, and that is told
2  withdrawn advisories are dropped
3  it is affected where its version stands in `versions`, or inside a range by its ecosystem's order (`versions`); where its version
   is missing or has no place in that order, or the advisory does not say which versions, or says it in a form that is not read, it may be
4  advisories that are aliases of one another are one finding, however they name each other: affected where one of them says so, with
   the highest severity any of them has, and published when the first of them was. What they pack together (`upstream`) makes a finding no
   milder: its severity and its being exploited count, and its ids are no aliases
5  what is listed as exploited is, by any of those ids
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from lockgate.core.advisories import Advisory, Affected, Package
from lockgate.core.findings import Level
from lockgate.evidence.advisories import cvss, versions
from lockgate.evidence.advisories.packages import Named, base_of, release_of

_WORDS: dict[str, Level] = {
    "none": "none", "negligible": "low", "unimportant": "low", "minor": "low", "low": "low", "moderate": "medium", "medium": "medium",
    "important": "high", "high": "high", "critical": "critical",
}  # fmt: skip
MAX_FIXES = 8


class Match(NamedTuple):
    """An advisory and those joined to it concern a component.

    Attributes:
        advisory: the id of the first of them, by id, that names its package and concerns it. aliases, upstream: every other id, sorted.
        level, score, published, fixed_in, kev, certain: as in `core.findings.Finding`.
    """

    advisory: str
    aliases: tuple[str, ...]
    upstream: tuple[str, ...]
    level: Level
    score: int
    published: datetime | None
    fixed_in: tuple[str, ...]
    kev: bool
    certain: bool


class Book:
    """Advisories by the packages they name and joined by their aliases, ready to be asked. Immutable once made.

    Args:
        advisories: in any order. exploited: CVEs that are listed as exploited.
    """

    def __init__(self, advisories: Sequence[Advisory], exploited: Collection[str] = ()) -> None:
        standing = sorted((one for one in advisories if one.withdrawn is None), key=lambda one: one.id)
        self._exploited = frozenset(exploited)
        self._by_package: dict[Package, list[tuple[Advisory, Affected]]] = {}
        for one in standing:
            for affected in one.affected:
                self._by_package.setdefault(Package(base_of(affected.ecosystem), affected.name), []).append((one, affected))
        self._group, self._members = joined(standing)
        self._by_id: dict[str, list[Advisory]] = {}
        for one in standing:
            for id_ in (one.id, *one.aliases):
                self._by_id.setdefault(id_, []).append(one)

    def matches(self, named: Named) -> list[Match]:
        """What concerns this package in this version, one for each weakness, by id."""
        found: dict[str, list[tuple[Advisory, Affected, bool, str]]] = {}
        for advisory, affected in self._by_package.get(named.package, ()):
            sure, fixed = _concerned(named, affected, advisory)
            if sure is not None:
                found.setdefault(self._group[advisory.id], []).append((advisory, affected, sure, fixed))
        return [self._match(group, hits) for group, hits in found.items()]

    def _match(self, group: str, hits: list[tuple[Advisory, Affected, bool, str]]) -> Match:
        members = self._members[group]
        upstream = {id_ for one in members for id_ in one.upstream}
        ids = {id_ for one in members for id_ in (one.id, *one.aliases)}
        packed = [one for id_ in sorted(upstream) for one in self._by_id.get(id_, ())]
        level, score = severity([*members, *packed], [affected for _, affected, _, _ in hits])
        certain = any(sure for _, _, sure, _ in hits)
        fixes = dict.fromkeys(fixed for _, _, sure, fixed in hits if fixed and sure == certain)
        alike = {id_ for one in packed for id_ in (one.id, *one.aliases)}
        return Match(
            advisory=hits[0][0].id,
            aliases=tuple(sorted(ids - {hits[0][0].id})),
            upstream=tuple(sorted(upstream - ids)),
            level=level,
            score=score,
            published=min((one.published for one in members if one.published is not None), default=None),
            fixed_in=tuple(fixes)[:MAX_FIXES],
            kev=not self._exploited.isdisjoint(ids | upstream | alike),
            certain=certain,
        )


def joined(advisories: Iterable[Advisory]) -> tuple[Mapping[str, str], Mapping[str, list[Advisory]]]:
    """Groups of advisories by their aliases, in both directions and however long the chain: id -> the group's name, name -> its advisories."""
    parent: dict[str, str] = {}

    def top(id_: str) -> str:
        parent.setdefault(id_, id_)
        while parent[id_] != id_:
            parent[id_] = id_ = parent[parent[id_]]
        return id_

    listed = list(advisories)
    for one in listed:
        for alias in one.aliases:
            left, right = top(one.id), top(alias)
            parent[max(left, right)] = min(left, right)
    group = {one.id: top(one.id) for one in listed}
    members: dict[str, list[Advisory]] = {}
    for one in listed:
        members.setdefault(group[one.id], []).append(one)
    return group, members


def severity(advisories: Iterable[Advisory], affected: Iterable[Affected] = ()) -> tuple[Level, int]:
    """The highest level that any of them gives, and the highest score, -1 for none.

    Each counts by its vectors; by its words too where one of those cannot be read, or there is none: what is unread is no milder than what is read.
    """
    best, worst = -1, -1
    said = [(one.vectors, one.words) for one in advisories] + [(one.vectors, one.words) for one in affected]
    for vectors, words in said:
        scores = [found for vector in vectors if (found := cvss.score(vector)) is not None]
        if scores:
            best = max(best, *scores)
        if scores and len(scores) == len(vectors):
            continue
        for word in words:
            if word in _WORDS:
                worst = max(worst, cvss.LEVELS.index(_WORDS[word]))
    if best >= 0:
        worst = max(worst, cvss.LEVELS.index(cvss.level(best)))
    return (cvss.LEVELS[worst] if worst >= 0 else "unknown"), best


def _concerned(named: Named, affected: Affected, advisory: Advisory) -> tuple[bool | None, str]:
    """Step 3: True where it is affected, False where it may be, None where it is not; and the version that fixes it."""
    release = release_of(named.package.ecosystem, affected.ecosystem.partition(":")[2])
    if release and named.release and release != named.release:
        return None, ""
    sure, fixed = _inside(named, affected)
    if sure is None:
        return (False, "") if advisory.unread else (None, "")
    return sure and (not release or bool(named.release)), fixed


def _inside(named: Named, affected: Affected) -> tuple[bool | None, str]:
    """Versions first, which need no order; then ranges. A range of commits tells nothing of a version: it counts where nothing else is said."""
    if not named.version:
        return False, _last_fix(affected)
    scheme = versions.scheme_of(named.package.ecosystem)
    ordered = [one for one in affected.ranges if one.type != "GIT"]
    listed = named.version in affected.versions
    doubtful = not ordered and (not affected.versions or versions.parsed(scheme, named.version) is None)
    for one in ordered:
        try:
            inside, fixed = versions.within(versions.scheme_of(named.package.ecosystem, one.type), named.version, one)
        except versions.Incomparable:
            doubtful = True
            continue
        if inside:
            return True, fixed
    alike = affected.versions if not ordered else versions.spellings(scheme, named.version).intersection(affected.versions)
    if listed or any(versions.same(scheme, named.version, one) for one in alike):
        return True, _last_fix(affected)
    return (False, _last_fix(affected)) if doubtful else (None, "")


def _last_fix(affected: Affected) -> str:
    """The last fix the entry tells of, where no range says which one is next."""
    return next((event.version for one in reversed(affected.ranges) if one.type != "GIT" for event in reversed(one.events) if event.kind == "fixed"), "")
