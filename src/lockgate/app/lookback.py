"""The second look, for requirements that ask what changed: at what runs now, and at when a component version was first seen.

  1  what runs      the decision by which it was let in, from the folded state; its evidence joins the basket
  2  what is new    component versions of what is proposed that do not run; which decision first knew of each (`first_seen`)
  3  what it had    advisories for the components of what runs, where a requirement holds a fix against them

What cannot be read is said, by code, and never taken for nothing. Facts are made of it purely, here and in every replay.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec.structs import asdict

from lockgate.app import advised, first_seen
from lockgate.app.former import Kept, bills_of, decision_in, pieces
from lockgate.app.project import Projection
from lockgate.app.world import Ports
from lockgate.canon import Noun
from lockgate.core.components import Sbom
from lockgate.core.dependencies import Ran, RanFinding, Remembered
from lockgate.core.digest import Digest, digest_of
from lockgate.core.facts import Complete, Facts, Gathered, Need, Unreadable
from lockgate.core.findings import Finding
from lockgate.core.model import Release, Subject
from lockgate.core.policy import needs
from lockgate.core.requirements.soaked import Soaked
from lockgate.core.sbom_difference import Version
from lockgate.core.soak import delta
from lockgate.errors import EvidenceError, UnreadableError


class LetIn(Noun, frozen=True, kw_only=True):
    """The decision by which what runs was let in.

    Attributes:
        decision: its leaf. items: its evidence, by digest; its bytes are blobs. code: why that cannot be read; then there is none.
    """

    decision: int
    items: tuple[Kept, ...] = ()
    code: str = ""


class Lookback(Noun, frozen=True, kw_only=True):
    """What was looked back at, kept in a manifest.

    Attributes:
        ran: the decision by which what runs was let in; None where nothing runs, or nobody knows what.
        remembered: what earlier decisions knew of new component versions.
        advisories: digest of the extract that was looked up for what runs; empty for none. unadvised: why none could be had, where it was asked for.
    """

    ran: LetIn | None = None
    remembered: tuple[Remembered, ...] = ()
    advisories: str = ""
    unadvised: str = ""

    def blobs(self) -> tuple[Digest, ...]:
        """The blobs that it names."""
        return (*(one.digest for one in (self.ran.items if self.ran else ())), *((self.advisories,) if self.advisories else ()))


NOTHING = Lookback()


def wanted(own: Projection) -> frozenset[type]:
    """The kinds of facts that requirements of this environment ask for, of those that are made here."""
    policy, name = own.policy_in_force(), own.state.environment.name
    asked = needs(policy, name) if name in policy.environments else ()
    return frozenset({need.kind for need in asked} & {Ran, Remembered, RanFinding})


def look_back(ports: Ports, own: Projection, release: tuple[Digest, ...], read: Mapping[Need, Gathered], now: datetime) -> tuple[Lookback, dict[Digest, bytes]]:
    """Steps 1 to 3, and the blobs they rest on.

    Args:
        ports: the world. own: the environment.
        release: artifacts of what is proposed. read: what came with them.
        now: UTC.

    Raises:
        LedgerError: the log's.
    """
    asked = wanted(own)
    if not asked:
        return NOTHING, {}
    let_in, blobs = _let_in(ports, own)
    back = Lookback(ran=let_in)
    known = Facts({**read, **_ran(back, blobs, own, now)})
    if Remembered in asked:
        subject = Subject(release=Release(artifacts=release), environment=own.state.environment.name)
        back = Lookback(ran=let_in, remembered=first_seen.remembered(ports, own, _new(own, subject, known), now))
    if RanFinding in asked:
        data, code = advised.look_up(ports, _bills(known))
        blobs |= {digest_of(data): data} if data else {}
        back = Lookback(ran=let_in, remembered=back.remembered, advisories=digest_of(data) if data else "", unadvised=code)
    return back, blobs


def facts(back: Lookback, blobs: Mapping[Digest, bytes], own: Projection, now: datetime) -> dict[Need, Gathered]:
    """What was looked back at, as facts: of the kinds that are asked for."""
    asked = wanted(own)
    if not asked:
        return {}
    gathered: dict[Need, Gathered] = {**_ran(back, blobs, own, now)}
    if Remembered in asked:
        gathered[Need(Remembered)] = Complete(items=back.remembered, as_of=now)
    if RanFinding in asked:
        found = advised.facts(_bills(Facts(gathered)), blobs.get(back.advisories, b""), back.unadvised, now)[Need(Finding)]
        if not isinstance(found, Unreadable):
            found = Complete(items=tuple(RanFinding(**asdict(one)) for one in found.items), as_of=now)
        gathered[Need(RanFinding)] = found
    return gathered


def _let_in(ports: Ports, own: Projection) -> tuple[LetIn | None, dict[Digest, bytes]]:
    """Step 1."""
    occupant = own.state.environment.occupant()
    if occupant is None:
        return None, {}
    try:
        held = pieces(ports, decision_in(ports.log.leaf(occupant.decision)).event.evidence)
        return LetIn(decision=occupant.decision, items=held), {one.digest: ports.blobs.get(one.digest) for one in held}
    except (UnreadableError, EvidenceError) as err:
        return LetIn(decision=occupant.decision, code=err.code), {}


def _ran(back: Lookback, blobs: Mapping[Digest, bytes], own: Projection, now: datetime) -> dict[Need, Gathered]:
    state = own.state.environment
    occupant = state.occupant()
    if state.running is not None or state.unclear is not None or (occupant is None and state.stays):
        return {Need(Ran): Unreadable(code="soaked.running-unclear")}
    if occupant is None:
        return {Need(Ran): Complete(items=(), as_of=now)}
    if back.ran is None or back.ran.decision != occupant.decision:
        return {Need(Ran): Unreadable(code="facts.not-gathered")}
    if back.ran.code:
        return {Need(Ran): Unreadable(code=back.ran.code)}
    try:
        bills = bills_of(back.ran.items, blobs, occupant.release.artifacts, own.policy_in_force(), state.name, now)
    except UnreadableError as err:
        return {Need(Ran): Unreadable(code=err.code)}
    return {Need(Ran): Complete(items=(Ran(release=occupant.release, decision=occupant.decision, sboms=tuple(bills)),), as_of=now)}


def _new(own: Projection, subject: Subject, known: Facts) -> list[Version]:
    """Step 2: what is new by any of the requirements that ask how old it is."""
    policy = own.policy_in_force()
    asking = [one for one in policy.environments[subject.environment].requires if isinstance(one, Soaked) and one.component_age is not None]
    return sorted({version for one in asking if one.sboms is not None for version in delta(subject, known, one.sboms, policy.keys).fresh()})


def _bills(known: Facts) -> dict[Need, Gathered]:
    """The bills of materials of what runs, as `advised` takes them."""
    ran = known.of(Ran)
    if isinstance(ran, Unreadable):
        return {Need(Sbom): ran}
    return {Need(Sbom): Complete(items=tuple(bill for one in ran.items for bill in one.sboms), as_of=ran.as_of)}
