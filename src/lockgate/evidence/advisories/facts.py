"""Bills of materials and what was known of their packages -> facts: findings, what was looked up, and in what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from lockgate.canon import encode
from lockgate.core.advisories import Extract, Package
from lockgate.core.components import Component, Sbom
from lockgate.core.digest import Digest, digest_of
from lockgate.core.findings import Database, Finding, LookedUp, Uncovered
from lockgate.errors import EvidenceError, UnreadableError
from lockgate.evidence.advisories.match import Book, Match
from lockgate.evidence.advisories.packages import Named, named, readings

MAX_FINDINGS = 100_000
_OF_SYSTEMS = ("pkg:deb/", "pkg:apk/", "pkg:rpm/")
_decoder = msgspec.json.Decoder(Extract)


class Derived(NamedTuple):
    """Facts, each kind complete."""

    findings: tuple[Finding, ...]
    looked_up: tuple[LookedUp, ...]
    databases: tuple[Database, ...]


def packages_of(sboms: Iterable[Sbom]) -> tuple[Package, ...]:
    """The packages to ask about, each once, sorted."""
    return tuple(sorted({one.package for sbom in sboms for component in sbom.components for one in readings(component.purl, component.version)}))


def asked(packages: Sequence[Package]) -> Digest:
    """What an extract for these packages, sorted, is bound to."""
    return digest_of(encode(packages))


def read_extract(data: bytes) -> Extract:
    """An extract out of its own bytes. Raises EvidenceError ``advisories.malformed``."""
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as err:
        raise EvidenceError("advisories.malformed", f"this is no extract of advisories: {str(err)[:200]}") from None


def derive(sboms: Sequence[Sbom], extract: Extract) -> Derived:
    """Everything that is known against what these bills of materials list.

    Args:
        sboms: of any artifacts. extract: what was known of their packages.

    Raises:
        UnreadableError: ``advisories.other-packages`` where it answers for other packages than theirs; ``advisories.too-much``.
    """
    if extract.asked != asked(packages_of(sboms)):
        raise UnreadableError("advisories.other-packages", "the advisories that were kept answer for other packages than the bills of materials list")
    book = Book(extract.advisories, {one.cve for one in extract.exploited})
    covered = frozenset(name for database in extract.databases if database.name == "osv" for name in database.ecosystems)
    at: dict[tuple[Digest, Component], set[Digest]] = {}
    looked_up = []
    for sbom in sboms:
        looked_up.append(_looked_up(sbom, covered))
        for component in sbom.components:
            at.setdefault((sbom.subject, component), set()).add(sbom.source)
    findings: dict[tuple[Digest, str, str], Finding] = {}
    for (subject, component), sources in at.items():
        for match in (match for meant in readings(component.purl, component.version) for match in book.matches(meant)):
            finding = _finding(subject, component, match, sources)
            before = findings.get((subject, finding.component, finding.advisory))
            findings[subject, finding.component, finding.advisory] = finding if before is None else _both(before, finding)
            if len(findings) > MAX_FINDINGS:
                raise UnreadableError("advisories.too-much", f"more than {MAX_FINDINGS} findings are not read")
    return Derived(tuple(findings[place] for place in sorted(findings)), tuple(looked_up), extract.databases)


def _both(one: Finding, other: Finding) -> Finding:
    """One finding of two bills of materials that write one component in two ways: certain where one is."""
    surer = one if one.certain or not other.certain else other
    return msgspec.structs.replace(surer, sboms=tuple(sorted({*one.sboms, *other.sboms})))


def _finding(subject: Digest, component: Component, match: Match, sources: set[Digest]) -> Finding:
    return Finding(
        subject=subject,
        component=component.purl,
        advisory=match.advisory,
        aliases=match.aliases,
        level=match.level,
        score=match.score,
        published=match.published,
        kev=match.kev,
        fixed_in=match.fixed_in,
        certain=match.certain,
        upstream=match.upstream,
        sboms=tuple(sorted(sources)),
    )


def _looked_up(sbom: Sbom, covered: frozenset[str]) -> LookedUp:
    left: dict[str, tuple[int, str]] = {}
    told_by_its_packages = any(component.purl.startswith(_OF_SYSTEMS) for component in sbom.components)
    for component in sbom.components:
        if component.kind == "operating-system" and not component.purl and told_by_its_packages:
            continue  # the name of what those packages make up
        if not is_covered(named(component.purl, component.version), covered):
            kind = component.purl.partition(":")[2].partition("/")[0].lower() if component.purl else "none"
            count, example = left.get(kind, (0, component.purl or component.name))
            left[kind] = (count + 1, example)
    if sbom.skipped:
        count, example = left.get("none", (0, ""))
        left["none"] = (count + sbom.skipped, example)
    uncovered = tuple(Uncovered(kind=kind, count=count, example=example[:200]) for kind, (count, example) in sorted(left.items()))
    return LookedUp(subject=sbom.subject, sbom=sbom.source, components=len(sbom.components) + sbom.skipped, uncovered=uncovered)


def is_covered(meant: Named | None, covered: frozenset[str]) -> bool:
    """Whether a database that covers these ecosystems, such as ``Debian:12``, could know of it."""
    if meant is None:
        return False
    return (f"{meant.package.ecosystem}:{meant.release}" if meant.release else meant.package.ecosystem) in covered
