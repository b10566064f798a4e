"""What a soak depends on besides time: which dependencies changed, how old they are, what scans found meanwhile, and whether a fix may hurry.

Everything here only ever asks for more than ``for``, but the lane for security fixes, which never asks for less than its own ``for``.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal, NamedTuple

import msgspec

from lockgate.canon import Noun
from lockgate.core import scanning
from lockgate.core.components import Sbom
from lockgate.core.dependencies import Made, Ran, RanFinding, Remembered, Whose, counts, made_of
from lockgate.core.digest import Digest
from lockgate.core.duration import Duration, span
from lockgate.core.facts import Facts, Request, Stay, Unreadable
from lockgate.core.findings import Finding, Scan
from lockgate.core.identity import EvidenceKey, Name
from lockgate.core.model import Subject
from lockgate.core.outcome import Fail, Params, Pass, Unknown, Verdict
from lockgate.core.sbom_difference import Bag, Version, bag, difference, fresh, split
from lockgate.core.scanning import Unscored
from lockgate.core.vouching import signers

SHOWN = 8
"""Packages and component versions that an outcome names; how many there are stands beside."""
LEAST = timedelta(minutes=1)


class FixLane(Noun, rename="kebab", frozen=True, kw_only=True):
    """The lane for security fixes.

    Attributes:
        for_: the soak that is asked of a request that names advisories; a minute at least.
        proven: whether each of them must be found in what runs, and not in what is proposed.

    Raises:
        ValueError: at construction, for less than a minute.
    """

    for_: Duration = msgspec.field(name="for")
    proven: Literal["yes", "no"] = "yes"

    def __post_init__(self) -> None:
        super().__post_init__()
        if span(self.for_) < LEAST:
            raise ValueError("a security fix soaks for a minute at least: a lane without any soak is no lane")


class ScansWithin(Whose, frozen=True, kw_only=True):
    """Scans of the artifacts that are dated within the soak, by those whose word counts.

    Attributes:
        at_most: the highest severity they may have found. unscored: what becomes of findings whose severity nobody said.
        by: the scanners whose results count, by name; any where none is named.
    """

    at_most: Literal["none", "low", "medium", "high", "critical"] = "medium"
    unscored: Unscored = "refuse"
    by: Annotated[tuple[Annotated[str, msgspec.Meta(min_length=1, max_length=100)], ...], msgspec.Meta(max_length=16)] = ()


def require_vouched(sboms: Whose | None, asked: Iterable[Duration | None], fix: FixLane | None) -> None:
    """What is asked of dependencies says whose bills of materials count. Raises ValueError."""
    if sboms is None and (any(asked) or (fix is not None and fix.proven == "yes")):
        raise ValueError("soaked asks about dependencies and does not say whose bills of materials count: write sboms: {keys: [NAME]}")


def looks_at(sboms: Whose | None, component_age: Duration | None, scans: ScansWithin | None, fix: FixLane | None) -> tuple[type, ...]:
    """The kinds of facts that are looked at for what is asked besides time."""
    proof = fix is not None and fix.proven == "yes"
    asked = {Sbom: sboms, Ran: sboms, Remembered: component_age, Scan: scans, Request: fix, Finding: proof, RanFinding: proof}
    return tuple(kind for kind, wanted in asked.items() if wanted)


class Gap(NamedTuple):
    """Why it cannot be told what a release is made of."""

    code: Literal["soaked.no-sbom", "soaked.sbom-partial", "soaked.sbom-unreadable"]
    params: Params

    def refusal(self) -> Fail | Unknown:
        """What is said of a stay that would be long enough, were nothing changed: only of what could be read can be said that it fails."""
        return (Unknown if self.code == "soaked.sbom-unreadable" else Fail)(code=self.code, params=self.params)


class Delta(NamedTuple):
    """What is proposed against what runs.

    Attributes:
        before, after: what each is made of; None where it cannot be told.
        gap: what cannot be told, the proposed release's first; None where all can.
        same: whether the artifacts are those that run, so that nothing differs whatever is known of them.
    """

    before: Bag | None
    after: Bag | None
    gap: Gap | None
    same: bool = False

    def packages(self) -> tuple[str, ...]:
        """The packages that differ, where that can be told."""
        if self.same or self.before is None or self.after is None:
            return ()
        return tuple(change.package for change in difference(self.before, self.after))

    def differs(self) -> bool:
        """Whether dependencies differ, or may."""
        return not self.same and (self.gap is not None or self.before != self.after)

    def fresh(self) -> frozenset[Version]:
        """Component versions that are new against what runs: all of them, where that cannot be told."""
        if self.same or self.after is None:
            return frozenset()
        return fresh(self.before or bag([]), self.after)


def delta(subject: Subject, facts: Facts, whose: Whose, keys: dict[Name, EvidenceKey]) -> Delta:
    """The difference between what runs where the subject would enter, and the subject; where nothing ran yet, everything is new."""
    ran, who = facts.of(Ran), whose.asked(keys)
    runs = ran.items[0] if not isinstance(ran, Unreadable) and ran.items else None
    if runs is not None and runs.release.artifacts == subject.release.artifacts:
        return Delta(None, None, None, same=True)
    sboms = facts.of(Sbom)
    after = sboms.code if isinstance(sboms, Unreadable) else made_of(subject.release.artifacts, sboms.items, who)
    before: Made | str = Made(bag([]))
    if isinstance(ran, Unreadable):
        before = ran.code
    elif runs is not None:
        before = made_of(runs.release.artifacts, runs.sboms, who)
    return Delta(_bag(before), _bag(after), _gap(after, "proposed") or _gap(before, "running"))


def _bag(made: Made | str) -> Bag | None:
    return None if isinstance(made, str) or made.lacking else made.bag


def _gap(made: Made | str, side: str) -> Gap | None:
    if isinstance(made, str):
        return Gap("soaked.sbom-unreadable", {"side": side, "because": made})
    if made.lacking:
        return Gap("soaked.no-sbom", {"side": side, "artifact": made.lacking[0]})
    return Gap("soaked.sbom-partial", {"side": side, "components": made.bag.untold}) if made.partial else None


def too_young(found: Delta, age: Duration, spared: frozenset[str], facts: Facts, whose: Whose, keys: dict[Name, EvidenceKey], now: datetime) -> Verdict:
    """Whether each component version that is new was first seen long enough ago.

    Args:
        found: what is new. age: how long ago it must have been seen.
        spared: packages that carry a security fix, and are new by nature.
        facts, whose, keys, now: as for a requirement's check.
    """
    if not found.same and (found.after is None or (found.gap is not None and found.gap.params["side"] == "proposed")):
        gap = found.gap or Gap("soaked.no-sbom", {"side": "proposed"})
        return Unknown(code=gap.code, params=gap.params)
    new = sorted(one for one in found.fresh() if one.package not in spared)
    if not new:
        return Pass()
    remembered = facts.of(Remembered)
    if isinstance(remembered, Unreadable):
        return Unknown(code="soaked.unreadable", params={"because": remembered.code})
    seen = first_seen(new, remembered.items, whose, keys)
    never = [one for one in new if one not in seen]
    if never:
        params: Params = {"component-age": age, "components": tuple(one.text() for one in never[:SHOWN]), "count": len(never)}
        return Fail(code="soaked.component-new", params=params, opens_at=now + span(age))
    late = sorted((one for one in new if now - seen[one] < span(age)), key=lambda one: (-seen[one].timestamp(), one))
    if not late:
        return Pass(params={"components": len(new)})
    params = {"component-age": age, "components": tuple(one.text() for one in late[:SHOWN]), "count": len(late)}
    return Fail(code="soaked.component-too-young", params=params, opens_at=seen[late[0]] + span(age))


def first_seen(wanted: Iterable[Version], remembered: Iterable[Remembered], whose: Whose, keys: dict[Name, EvidenceKey]) -> dict[Version, datetime]:
    """When each component version was first seen in a bill that counts; what never was is not there."""
    who = whose.asked(keys)
    first: dict[str, datetime] = {}
    for one in remembered:
        if signers(one, who):
            first.update((text, one.at) for text in one.components if text not in first or one.at < first[text])
    return {version: first[version.text()] for version in wanted if version.text() in first}


def clean_within(subject: Subject, facts: Facts, asked: ScansWithin, stay: Stay, now: datetime, keys: dict[Name, EvidenceKey]) -> Verdict:
    """Whether each artifact was scanned while it soaked, and by the newest of those scans of each tool nothing is too much (`core.scanning`)."""
    scans = facts.of(Scan)
    if isinstance(scans, Unreadable):
        return Unknown(code="soaked.unreadable", params={"because": scans.code})
    who, until = asked.asked(keys), now if stay.until is None else min(stay.until, now)
    for artifact in subject.release.artifacts:
        ours = [one for one in scans.items if one.subject == artifact and signers(one, who) and (not asked.by or one.tool in asked.by)]
        said = scanning.clean_within(ours, stay.since, until, asked.at_most, asked.unscored)
        if said.scan is None:
            return Fail(code="soaked.no-scan", params={"artifact": artifact, "since": text_of(stay.since)})
        if said.answer != "clean":
            params: Params = {"artifact": artifact, "tool": said.scan.tool, "at-most": asked.at_most, "ids": said.ids[:SHOWN], "count": len(said.ids)}
            return Fail(code="soaked.scan-found", params=params)
    return Pass()


class Lane(NamedTuple):
    """Whether a request goes by the lane for security fixes.

    Attributes:
        fixes: the advisories it names; none, and there is nothing to go by.
        spared: packages that carry the fixes, as far as that is known.
        closed: why it does not go by it, though it names some; else None.
    """

    fixes: tuple[str, ...] = ()
    spared: frozenset[str] = frozenset()
    closed: Fail | Unknown | None = None


def lane(subject: Subject, facts: Facts, asked: FixLane, found: Delta | None, whose: Whose | None, keys: dict[Name, EvidenceKey]) -> Lane:
    """Whether the request names advisories, and each is found in what runs and not in what is proposed.

    A finding that is not certain proves nothing of what runs, and is one in what is proposed; nor does one in a bill by somebody else than `whose`:
    that weakness may never have run. Where it cannot be told what the proposed release is made of (`found`), nothing was looked for in it.
    """
    requests = facts.of(Request)
    request = None if isinstance(requests, Unreadable) else next((one for one in requests.items if one.id == subject.request), None)
    if request is None or not request.fixes or request.release != subject.release:
        return Lane()
    if asked.proven == "no":
        return Lane(request.fixes)
    before, after = facts.of(RanFinding), facts.of(Finding)
    if isinstance(before, Unreadable) or isinstance(after, Unreadable):
        because = next(one.code for one in (before, after) if isinstance(one, Unreadable))
        return Lane(request.fixes, closed=Unknown(code="soaked.fix-unreadable", params={"fixes": request.fixes, "because": because}))
    if found is None or found.after is None or (found.gap is not None and found.gap.params["side"] == "proposed"):
        because = found.gap.code if found is not None and found.gap is not None else "soaked.no-sbom"
        return Lane(request.fixes, closed=Fail(code="soaked.fix-unproven", params={"fixes": request.fixes, "because": because}))
    bills = _bills_that_ran(facts, whose, keys)
    spared: set[str] = set()
    unproven: list[str] = []
    for id_ in request.fixes:
        cured = {_package(one.component) for one in before.items if one.certain and id_ in {one.advisory, *one.aliases} and not bills.isdisjoint(one.sboms)}
        still = any(id_ in {one.advisory, *one.aliases} for one in after.items)
        spared |= cured
        unproven += [id_] if still or not cured else []
    if unproven:
        return Lane(request.fixes, closed=Fail(code="soaked.fix-unproven", params={"fixes": request.fixes, "unproven": tuple(unproven)}))
    return Lane(request.fixes, spared=frozenset(spared))


def _bills_that_ran(facts: Facts, whose: Whose | None, keys: dict[Name, EvidenceKey]) -> frozenset[Digest]:
    """The bills of materials that count of what runs."""
    ran = facts.of(Ran)
    if isinstance(ran, Unreadable) or whose is None:
        return frozenset()
    who = whose.asked(keys)
    return frozenset(bill.source for one in ran.items for bill in one.sboms if counts(bill, who))


def _package(purl: str) -> str:
    found = split(purl)
    return found.package if found is not None else purl


def text_of(at: datetime) -> str:
    """A time as outcomes have it: UTC, whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
