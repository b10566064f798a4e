"""``scanned``: a scanner looked at every artifact, lately enough, and found nothing worse than is allowed."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from typing import Annotated, ClassVar

import msgspec

from lockgate.core.digest import Digest
from lockgate.core.duration import Duration, span
from lockgate.core.facts import Facts, Need, Rejected, Unreadable
from lockgate.core.findings import Scan
from lockgate.core.identity import EvidenceKey, Fingerprint, Name, fingerprint
from lockgate.core.model import Subject
from lockgate.core.outcome import Fail, Params, Pass, Verdict
from lockgate.core.requirements.base import Requirement, unknown
from lockgate.core.scanning import AtMost, Unscored, excess, newest

Tool = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]

SHOWN = 8
"""How many findings a refusal names."""


class Scanned(Requirement, tag="scanned", frozen=True, kw_only=True):
    """Each artifact carries a scanner's result, signed by a key or an identity that may speak for scanners.

    Of each tool the newest scan decides (`core.scanning`): where it found too much, no older scan and no other tool's rescues.

    Attributes:
        by: names of the tools whose scans count, upper and lower case alike; empty for every tool.
        keys: names of the policy's keys that may sign scans. identities: of its identities. One at least of both.
        at_most: the highest severity that may be found; ``any``: what was found is not asked.
        unscored: what becomes of findings whose severity nobody said.
        max_age: the oldest a scan may be, by its own word; one that does not say is not young enough.
        database_max_age: the oldest its database may have been when it was done, by its own word; one that does not say was too old.

    Raises:
        ValueError: at construction, where it names nobody.
    """

    waivable: ClassVar[bool] = True
    yields: ClassVar[bool] = True
    at_most: AtMost
    by: Annotated[tuple[Tool, ...], msgspec.Meta(max_length=16)] = ()
    keys: Annotated[tuple[Name, ...], msgspec.Meta(max_length=64)] = ()
    identities: Annotated[tuple[Name, ...], msgspec.Meta(max_length=64)] = ()
    unscored: Unscored = "refuse"
    max_age: Duration | None = None
    database_max_age: Duration | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.keys and not self.identities:
            raise ValueError("scanned names neither keys nor identities")

    def key_names(self) -> tuple[Name, ...]:
        """The keys that may speak for scanners."""
        return self.keys

    def identity_names(self) -> tuple[Name, ...]:
        """The identities that may."""
        return self.identities

    def needs(self) -> tuple[Need, ...]:
        """Scans, and what was attached but proves nothing."""
        return (Need(Scan), Need(Rejected))

    def check(self, subject: Subject, facts: Facts, now: datetime, keys: dict[Name, EvidenceKey]) -> Verdict:
        """Each artifact on its own; the first that was not scanned, or not well, speaks for all."""
        scans = facts.of(Scan)
        if isinstance(scans, Unreadable):
            return unknown(scans, "scanned.unreadable")
        trusted = {fingerprint(keys[name]) for name in self.keys}
        tools: set[str] = set()
        for artifact in subject.release.artifacts:
            ours = [fact for fact in scans.items if fact.subject == artifact and self._speaks(fact, trusted)]
            if not ours:
                return self._none(artifact, facts)
            counted = [fact for fact in ours if not self.by or fact.tool in {name.lower() for name in self.by}]
            if not counted:
                return Fail(code="scanned.other-tool", params={"artifact": artifact, "found": tuple(sorted({fact.tool for fact in ours})), "need": self.by})
            deciding = newest(counted)
            bad = self._found(artifact, deciding) or self._stale(artifact, deciding, now)
            if bad is not None:
                return bad
            tools |= {fact.tool for fact in deciding}
        return Pass(params={"tools": tuple(sorted(tools)), "at-most": self.at_most}) if tools else Fail(code="scanned.no-scan")

    def _speaks(self, fact: Scan, trusted: AbstractSet[Fingerprint]) -> bool:
        return bool(trusted & set(fact.keys) or (fact.by is not None and set(fact.by.names) & set(self.identities)))

    def _found(self, artifact: Digest, deciding: Sequence[Scan]) -> Fail | None:
        """What one of them found too much."""
        for scan in deciding:
            over = excess(scan, self.at_most, self.unscored)
            if over is None:
                continue
            params: Params = {"artifact": artifact, "tool": scan.tool, "at": _text(scan.at), "at-most": self.at_most}
            if over.untold:
                return Fail(code="scanned.too-many", params={**params, "more": scan.more})
            return Fail(code="scanned.found", params={**params, "level": over.level, "count": len(over.ids), "ids": over.ids[:SHOWN]})
        return None

    def _stale(self, artifact: Digest, deciding: Sequence[Scan], now: datetime) -> Fail | None:
        """Why none of them is young enough, and was done with data young enough, by what the first that came furthest lacks; None where one is.

        An age has no lower bound: what is later than the time at which evidence was read is no fact, and a recheck asks for ages at the
        decision of scans that were done since.
        """
        params: Params = {"artifact": artifact, "tools": tuple(sorted({scan.tool for scan in deciding}))}
        left = list(deciding)
        if self.max_age is not None or self.database_max_age is not None:
            left = [scan for scan in left if scan.at is not None]
            if not left:
                return Fail(code="scanned.no-date", params=params)
        if self.max_age is not None:
            left = [scan for scan in left if scan.at is not None and now - scan.at <= span(self.max_age)]
            if not left:
                return Fail(code="scanned.too-old", params={**params, "max-age": self.max_age})
        if self.database_max_age is not None:
            left = [scan for scan in left if scan.database_at is not None]
            if not left:
                return Fail(code="scanned.no-database-date", params=params)
            if not any(scan.at is not None and scan.database_at is not None and scan.at - scan.database_at <= span(self.database_max_age) for scan in left):
                return Fail(code="scanned.database-too-old", params={**params, "database-max-age": self.database_max_age})
        return None

    def _none(self, artifact: Digest, facts: Facts) -> Verdict:
        rejected = facts.of(Rejected)
        if isinstance(rejected, Unreadable):
            return unknown(rejected, "scanned.unreadable")
        params: Params = {"artifact": artifact, "keys": self.keys, **({"identities": self.identities} if self.identities else {})}
        if because := sorted({fact.code for fact in rejected.items}):
            return Fail(code="scanned.no-good-scan", params={**params, "because": tuple(because[:8])})
        return Fail(code="scanned.no-scan", params=params)


def _text(at: datetime | None) -> str:
    return "" if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")
