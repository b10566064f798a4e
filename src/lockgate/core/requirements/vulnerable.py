"""``vulnerable``: nothing that is known against what an artifact is made of is as severe as this, listed as exploited, or older than it may be.

What is certain refuses first, whatever else is not known; then what is not known. A finding is passed over only by a word of a signer the
policy names (VEX), by its grace, or because no fix exists where that is asked for; and what is passed over is counted in the outcome.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Literal, NamedTuple

import msgspec

from lockgate.core.components import Sbom
from lockgate.core.digest import Digest
from lockgate.core.duration import Duration, span
from lockgate.core.facts import Facts, Need, Unreadable
from lockgate.core.findings import Database, Exploitability, Finding, LookedUp
from lockgate.core.identity import EvidenceKey, Name
from lockgate.core.model import Subject
from lockgate.core.outcome import Fail, Params, Pass, Unknown, Verdict
from lockgate.core.requirements.base import Requirement, unknown
from lockgate.core.weaknesses import line, passed_over, vouched

Refusing = Literal["low", "medium", "high", "critical"]
Names = Annotated[tuple[Name, ...], msgspec.Meta(max_length=64)]
_RANK = {"none": 0, "low": 1, "medium": 2, "high": 3, "critical": 4}
TOLD = 8
"""Findings an outcome names; it counts the rest."""
SKEW = timedelta(minutes=5)


class Vulnerable(Requirement, tag="vulnerable", frozen=True, kw_only=True):
    """No component of any artifact has a finding that refuses.

    Attributes:
        refuse: the least severity that refuses.
        kev: whether what CISA lists as exploited refuses at once, whatever its severity and without grace; then the catalogue must be there.
        unknown_severity: whether a finding whose severity nobody gave refuses.
        only_fixable: ``yes``: a finding that no version fixes does not refuse, unless it is exploited.
        grace: severity -> how long after it was published a finding of that severity refuses; one without a date, or
            with one that is yet to come, refuses at once.
        max_age: how old the advisories may be, by their own newest entry. kev_max_age: the catalogue.
        sbom_keys, sbom_identities: by whom a bill of materials has to be; with neither, any that a key or identity of the policy signed counts.
        vex_keys, vex_identities: whose word counts that something is not affected, or fixed; with neither, nobody's.
        uncovered: which components may be such as no database covers: types of purls such as ``generic``; ``none`` of those without a purl;
            ``any``.
    """

    waivable: ClassVar[bool] = True
    yields: ClassVar[bool] = True
    lasts: ClassVar[Literal["no", "then", "now"]] = "now"
    refuse: Refusing
    kev: Literal["refuse", "ignore"] = "refuse"
    unknown_severity: Literal["refuse", "ignore"] = "refuse"
    only_fixable: Literal["yes", "no"] = "no"
    grace: Annotated[dict[Refusing, Duration], msgspec.Meta(max_length=4)] = {}
    max_age: Duration = "72h"
    kev_max_age: Duration = "30d"
    sbom_keys: Names = ()
    sbom_identities: Names = ()
    vex_keys: Names = ()
    vex_identities: Names = ()
    uncovered: Annotated[tuple[Name, ...], msgspec.Meta(max_length=64)] = ()

    def key_names(self) -> tuple[Name, ...]:
        """The keys whose bills of materials and whose word count."""
        return (*self.sbom_keys, *self.vex_keys)

    def identity_names(self) -> tuple[Name, ...]:
        """The identities whose do."""
        return (*self.sbom_identities, *self.vex_identities)

    def needs(self) -> tuple[Need, ...]:
        """Bills of materials, what was found against them and in what, and what is said of it."""
        return (Need(Sbom), Need(LookedUp), Need(Finding), Need(Database), Need(Exploitability))

    def check(self, subject: Subject, facts: Facts, now: datetime, keys: dict[Name, EvidenceKey]) -> Verdict:
        """Findings of all artifacts together; then, for each artifact, what is not known of it."""
        sboms = facts.of(Sbom)
        if isinstance(sboms, Unreadable):
            return unknown(sboms, "vulnerable.unreadable")
        counted = {(one.subject, one.source) for one in sboms.items if one.subject in subject.release.artifacts and self._lists(one, keys)}
        lacking = [artifact for artifact in subject.release.artifacts if artifact not in {of for of, _ in counted}]
        known = self._known(facts, counted, keys)
        refusing = [one for one in known.findings if self._refuses(one, now)] if isinstance(known, _Known) else []
        if sure := [one for one in refusing if one.certain]:
            return self._fail(sure)
        if lacking or not subject.release.artifacts:
            return self._no_sbom((*lacking, "")[0], sboms.items)
        if isinstance(known, Unknown):
            return known
        return self._unsure(known, refusing, now) or self._pass(known)

    def _lists(self, one: Sbom, keys: dict[Name, EvidenceKey]) -> bool:
        """Whether a bill of materials counts: it lists something, is signed, and by one of those that are named where any is."""
        anybody = not self.sbom_keys and not self.sbom_identities
        return _lists_any(one) and one.found == "attestation" and (anybody or vouched(one, self.sbom_keys, self.sbom_identities, keys))

    def _known(self, facts: Facts, counted: AbstractSet[tuple[Digest, Digest]], keys: dict[Name, EvidenceKey]) -> _Known | Unknown:
        """What was found in counted bills of materials, without what is passed over by a word that counts."""
        findings, looked_up, databases = facts.of(Finding), facts.of(LookedUp), facts.of(Database)
        if isinstance(findings, Unreadable):
            return unknown(findings, "vulnerable.no-data" if findings.code == "advisories.none" else "vulnerable.unreadable")
        if isinstance(looked_up, Unreadable):
            return unknown(looked_up, "vulnerable.unreadable")
        if isinstance(databases, Unreadable):
            return unknown(databases, "vulnerable.unreadable")
        if counted - {(one.subject, one.sbom) for one in looked_up.items}:
            return Unknown(code="vulnerable.unreadable")
        words: list[Exploitability] = []
        if self.vex_keys or self.vex_identities:
            said = facts.of(Exploitability)
            if isinstance(said, Unreadable):
                return unknown(said, "vulnerable.unreadable")
            words = [one for one in said.items if vouched(one, self.vex_keys, self.vex_identities, keys)]
        ours = [one for one in findings.items if any((one.subject, sbom) in counted for sbom in one.sboms)]
        left = tuple(one for one in ours if not passed_over(one, words))
        return _Known(left, len(ours) - len(left), tuple(one for one in looked_up.items if (one.subject, one.sbom) in counted), databases.items)

    def _refuses(self, one: Finding, now: datetime) -> bool:
        if one.kev and self.kev == "refuse":
            return True
        if self.only_fixable == "yes" and not one.fixed_in:
            return False
        if one.level == "unknown":
            return self.unknown_severity == "refuse"
        if _RANK[one.level] < _RANK[self.refuse]:
            return False
        grace = next((how_long for level, how_long in self.grace.items() if level == one.level), None)
        if grace is None or one.published is None or one.published - now > SKEW:  # what is dated later than now would be young for ever
            return True
        return now - one.published >= span(grace)

    def _fail(self, found: Sequence[Finding]) -> Fail:
        """The worst first."""
        if self.kev == "refuse" and any(one.kev for one in found):
            return Fail(code="vulnerable.exploited", params=self._told(found))
        if all(one.level == "unknown" for one in found):
            return Fail(code="vulnerable.unknown-severity", params=self._told(found))
        return Fail(code="vulnerable.found", params=self._told(found))

    def _told(self, found: Sequence[Finding]) -> Params:
        worst = sorted(found, key=lambda one: (not one.kev, -_RANK.get(one.level, 5), one.advisory, one.component))
        return {"found": len(found), "refuse": self.refuse, "worst": tuple(line(one) for one in worst[:TOLD])}

    def _no_sbom(self, artifact: str, sboms: Sequence[Sbom]) -> Unknown:
        others = sum(one.subject == artifact and _lists_any(one) for one in sboms)
        if others:
            params: Params = {"artifact": artifact, "others": others, "keys": self.sbom_keys, "identities": self.sbom_identities}
            return Unknown(code="vulnerable.other-sbom", params=params)
        return Unknown(code="vulnerable.no-sbom", params={"artifact": artifact})

    def _unsure(self, known: _Known, refusing: Sequence[Finding], now: datetime) -> Unknown | None:
        """What was looked in, then what was not looked up, then what could not be told."""
        asked = [("osv", self.max_age), *([("kev", self.kev_max_age)] if self.kev == "refuse" else [])]
        for name, oldest in asked:
            found = [one for one in known.databases if one.name == name]
            if not found:
                return Unknown(code="vulnerable.no-data" if name == "osv" else "vulnerable.no-kev")
            for one in found:
                params: Params = {"database": name, "as-of": _time(one.as_of), "max-age": oldest}
                if one.as_of - now > SKEW:
                    return Unknown(code="vulnerable.from-future", params=params)
                if now - one.as_of > span(oldest):
                    return Unknown(code="vulnerable.stale", params=params)
        left = [each for one in known.looked_up for each in one.uncovered if not {each.kind, "any"} & set(self.uncovered)]
        if left:
            kinds = tuple(sorted({each.kind for each in left}))
            return Unknown(code="vulnerable.not-covered", params={"count": sum(each.count for each in left), "kinds": kinds[:TOLD], "example": left[0].example})
        return Unknown(code="vulnerable.unknown-version", params=self._told(refusing)) if refusing else None

    def _pass(self, known: _Known) -> Pass:
        osv = next(one for one in known.databases if one.name == "osv")
        params: Params = {"components": sum(one.components for one in known.looked_up), "as-of": _time(osv.as_of)}
        more = {
            "findings": len(known.findings),
            "passed-over": known.passed_over,
            "uncovered": sum(each.count for one in known.looked_up for each in one.uncovered),
            "unread": osv.refused,
        }
        return Pass(params={**params, **{name: number for name, number in more.items() if number}})


class _Known(NamedTuple):
    """What was found, but for what is passed over; how much that was; what was looked up; and in what."""

    findings: tuple[Finding, ...]
    passed_over: int
    looked_up: tuple[LookedUp, ...]
    databases: tuple[Database, ...]


def _lists_any(one: Sbom) -> bool:
    """One that lists no package says of nothing what it is made of: its maker may have looked in the wrong place."""
    return bool(one.skipped) or any(not part.kind for part in one.components)


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
