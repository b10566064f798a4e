"""Which approvals count now, and what is still missing: what `status` shows and whoever approves is told.

Of a release, the requirement itself is asked, on what history alone says: it is taken that a holder of one of the policy's keys
built it, and that nobody who approved will deploy it. Only the gate sees both, and decides.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from msgspec.structs import replace

from lockgate.app import report
from lockgate.app.gather import history_facts
from lockgate.app.project import Projection, project
from lockgate.app.world import Ports
from lockgate.core import events
from lockgate.core.counts import Backed, Tally, Weighed
from lockgate.core.duration import span
from lockgate.core.facts import Complete, Facts, Given, Need, Provenance, Request
from lockgate.core.identity import PublicKey, Root, Roster, fingerprint
from lockgate.core.model import RequestId, Subject
from lockgate.core.outcome import Fail, Verdict
from lockgate.core.requirements.approved import Approved
from lockgate.core.state import House, OpenProposal, Who
from lockgate.evidence import history


class Counted(report.Status, frozen=True, kw_only=True):
    """The gate's status, and how far each request and proposal is, by id."""

    approvals: dict[RequestId, tuple[Tally, ...]]
    backing: dict[RequestId, Backed]


def counted(ports: Ports) -> Counted:
    """The status, with what counts."""
    found = report.status(ports)
    now, house = ports.clock.now(), project(ports, "", found.size)
    approvals: dict[RequestId, tuple[Tally, ...]] = {}
    for environment in found.environments:
        own = project(ports, environment.name, found.size)
        approvals |= {one.id: tally(own, one, now) for one in environment.requests}
    return Counted(
        **{name: getattr(found, name) for name in found.__struct_fields__},
        approvals=approvals,
        backing={one.id: backed(house.state.house, one, house.root, house.roster, now) for one in found.proposals},
    )


def backed(house: House, proposal: OpenProposal, root: Root, roster: Roster, now: datetime) -> Backed:
    """How many owners' approvals of a proposal count, and whose are missing."""
    by = history.backers(house, proposal, root, roster, now)
    owners = history.owners_of(house, root, roster)
    ends: dict[Who, datetime] = {}
    dropped: dict[Who, Literal["withdrawn", "expired", "not-owner"]] = {}
    for given in proposal.approvals:
        who = given.by if given.by in by else owners.get(given.key, given.by)
        if who not in by:
            dropped[who] = "withdrawn" if given.withdrawn else "expired" if given.key in owners else "not-owner"
        elif not given.withdrawn:
            ends[who] = max(given.expires, ends.get(who, given.expires))
    missing = tuple(sorted(set(owners.values()) - by))
    return Backed(need=root.threshold, by=tuple(sorted(by)), missing=missing, until=min(ends.values()) if by else None, dropped=dropped)


def tally(own: Projection, request: Request, now: datetime) -> tuple[Tally, ...]:
    """How each `approved` of the request's environment counts what was given."""
    return tuple(
        replace(_counted(requirement, own, request, now), given=tuple(weigh(requirement, own, request, one, now) for one in request.given))
        for requirement in requirements(own)
    )


def requirements(own: Projection) -> tuple[Approved, ...]:
    """What the environment's section asks of approvals."""
    section = own.policy.environments.get(own.state.environment.name) if own.policy else None
    return tuple(one for one in section.requires if isinstance(one, Approved)) if section else ()


def weigh(requirement: Approved, own: Projection, request: Request, given: Given, now: datetime) -> Weighed:
    """Whether this approval counts."""
    verdict = _verdict(requirement, own, replace(request, given=(given,)), now)
    dropped = verdict.params.get("dropped", ()) if isinstance(verdict, Fail) else ()
    because = str(dropped[0]) if isinstance(dropped, tuple) and dropped else ""
    return Weighed(
        person=given.person,
        duty=given.duty,
        until=min(given.expires, given.at + span(requirement.expires)),
        counts=not because and given.duty in requirement.duties,
        because=because,
    )


def prospect(own: Projection, request: Request, event: events.Approved, key: PublicKey, now: datetime) -> tuple[Weighed, ...]:
    """How each requirement would count this approval, were it recorded now; none where nothing asks for approvals, or the key is nobody's.

    Args:
        own, request: where it would stand.
        event: what would be signed. key: with which key.
        now: when.
    """
    person = own.roster.person_of(key)
    if person is None:
        return ()
    given = Given(
        person=person.id,
        key=fingerprint(key),
        duty=event.duty,
        at=now,
        expires=event.expires,
        section=event.section,
        baseline=event.baseline,
        from_=event.shown.from_,
        leaf=own.size,
        nonce=event.nonce,
    )
    return tuple(weigh(requirement, own, request, given, now) for requirement in requirements(own))


def _counted(requirement: Approved, own: Projection, request: Request, now: datetime) -> Tally:
    verdict, need = _verdict(requirement, own, request, now), sum(requirement.duties.values())
    if not isinstance(verdict, Fail) or "have" not in verdict.params:
        return Tally(have=need, need=need)
    have, missing, able = (verdict.params.get(name) for name in ("have", "missing", "able"))
    return Tally(
        have=have if isinstance(have, int) else 0,
        need=need,
        missing=missing if isinstance(missing, tuple) else (),
        able=able if isinstance(able, int) else 0,
    )


def _verdict(requirement: Approved, own: Projection, request: Request, now: datetime) -> Verdict:
    """What the requirement says of the approvals alone: as if the request stood, and whoever asks were none of the people in question."""
    name, keys = own.state.environment.name, dict(own.policy.keys) if own.policy else {}
    standing = replace(request, rejected_by=(), withdrawn=False, over=False, permit_until=None)
    by_keys = tuple(sorted(map(fingerprint, keys.values())))
    built: Iterable[Provenance] = (Provenance(subject=one, keys=by_keys, builder="", source=one) for one in request.release.artifacts if by_keys)
    facts = Facts(
        {
            **history_facts(own, {}, now),
            Need(Request): Complete(items=(standing,), as_of=now),
            Need(Provenance): Complete(items=tuple(built), as_of=now),
        }
    )
    told = tuple(role for role in requirement.independent_of if role == "requester" or (role == "builder" and by_keys))
    subject = Subject(release=request.release, environment=name, actor=None, request=request.id)
    return replace(requirement, independent_of=told).check(subject, facts, now, keys)
