"""``approved``: distinct people gave every duty their own signature, over these very bytes."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Annotated, ClassVar, Literal

import msgspec

from lockgate.core.duration import Duration, span
from lockgate.core.facts import Complete, Enrolled, F, Facts, Given, InForce, Need, Provenance, Request, Unreadable
from lockgate.core.identity import EvidenceKey, Name, PersonId, Roster, fingerprint
from lockgate.core.matching import assign
from lockgate.core.model import Subject
from lockgate.core.outcome import Fail, Params, Pass, Unknown, Verdict
from lockgate.core.requirements.base import Requirement, unknown

Role = Literal["requester", "builder", "deployer", "author"]

SHOWN = 8
"""How many of the people who may deploy are named where somebody else asks."""


class Approved(Requirement, tag="approved", frozen=True, kw_only=True):
    """The request this release goes by is approved: each duty by as many people, each person counting once in all.

    Attributes:
        duties: duty -> how many people; all must be met, by distinct people.
        independent_of: roles whose person may not be among the approvers; by person, not by key. ``builder`` is everybody
            who holds a key of the policy: who signed what is attached is for whoever attaches it to choose. A workflow that a
            certificate names is nobody's key; of a person it names it cannot be told who of the roster they are.
        expires: how long an approval lasts after it was recorded; its giver may say less.
    """

    # Not waivable: one person would undo what several people are asked for.
    yields: ClassVar[bool] = True
    lasts: ClassVar[Literal["no", "then", "now"]] = "no"
    duties: Annotated[dict[Name, Annotated[int, msgspec.Meta(ge=1, le=32)]], msgspec.Meta(min_length=1, max_length=16)]
    independent_of: tuple[Role, ...] = ("requester", "builder", "deployer")
    expires: Duration = "72h"

    def needs(self) -> tuple[Need, ...]:
        """The environment's requests, its section, the roster, and provenance where somebody must have said who built it."""
        return (Need(Request), Need(InForce), Need(Enrolled), *((Need(Provenance),) if "builder" in self.independent_of else ()))

    def check(self, subject: Subject, facts: Facts, now: datetime, keys: dict[Name, EvidenceKey]) -> Verdict:
        """1 the request stands; 2 nobody said no; 3 which approvals count; 4 distinct people for all duties; 5 who asks may deploy; 6 no permit is out."""
        requests, section, enrolled = facts.of(Request), _only(facts.of(InForce)), _only(facts.of(Enrolled))
        if isinstance(requests, Unreadable):
            return unknown(requests, "approved.unreadable")
        if isinstance(section, Unknown):
            return section
        if isinstance(enrolled, Unknown):
            return enrolled
        request = next((item for item in requests.items if item.id == subject.request), None)
        if request is None:
            return Fail(code="approved.no-request")
        refusal = _refuse_request(request, subject)
        if refusal is not None:
            return refusal
        roster = enrolled.roster
        asker = _asker(subject, roster)
        excluded = self._excluded(request, asker, subject, facts, roster, keys)
        if isinstance(excluded, Unknown):
            return excluded
        counting: dict[Name, dict[PersonId, int]] = {duty: {} for duty in self.duties}
        dropped: set[str] = set()
        for given in request.given:
            because = self._drop(given, subject, request, section, roster, excluded, now)
            if because:
                dropped.add(because)
            elif given.duty in counting:
                counting[given.duty][given.person] = given.leaf
        verdict = self._judge(request, counting, dropped, roster, subject, excluded)
        if not isinstance(verdict, Pass):
            return verdict
        # Last, so that whoever looks ahead is told what is missing; a permit is for who may use it, and keeps the others out.
        return asker if isinstance(asker, Fail | Unknown) else _outstanding(request, now) or verdict

    def _excluded(
        self, request: Request, asker: PersonId | Fail | Unknown, subject: Subject, facts: Facts, roster: Roster, keys: dict[Name, EvidenceKey]
    ) -> set[PersonId] | Unknown:
        """The people who may not approve; Unknown where one of them cannot be told. Who may not deploy is no deployer, and is let in nowhere."""
        excluded: set[PersonId] = set()
        if "author" in self.independent_of:
            return Unknown(code="approved.author-unknown")
        if "requester" in self.independent_of:
            excluded.add(request.by)
        if "deployer" in self.independent_of and isinstance(asker, str):
            excluded.add(asker)
        if "builder" in self.independent_of:
            provenance = facts.of(Provenance)
            if isinstance(provenance, Unreadable):
                return unknown(provenance, "approved.builder-unknown")
            trusted = set(map(fingerprint, keys.values()))
            for artifact in subject.release.artifacts:
                if not any(fact.subject == artifact and _tells(fact, trusted) for fact in provenance.items):
                    return Unknown(code="approved.builder-unknown", params={"artifact": artifact})
            # Not only who signed this provenance: with one of several taken away, its signer would be independent.
            excluded |= {person.id for person in roster.people if trusted & set(map(fingerprint, person.keys))}
        return excluded

    def _drop(self, given: Given, subject: Subject, request: Request, section: InForce, roster: Roster, excluded: set[PersonId], now: datetime) -> str:
        """Why this approval does not count; empty where it does. A release that runs already stays covered."""
        covered = request.deployed >= 0
        if given.withdrawn:
            return "approved.withdrawn"
        if given.person in excluded:
            return "approved.not-independent"
        person = roster.get(given.person)
        if person is None or given.key not in map(fingerprint, person.keys) or not roster.may(given.person, f"approve:{given.duty}", subject.environment):
            return "approved.not-enrolled"
        if given.section != section.section or given.baseline != section.baseline:
            return "approved.policy-changed"
        if not covered and not (now < given.expires and now - given.at < span(self.expires)):
            return "approved.expired"
        if not covered and given.from_ != section.from_:
            return "approved.from-changed"
        return ""

    def _judge(
        self, request: Request, counting: dict[Name, dict[PersonId, int]], dropped: set[str], roster: Roster, subject: Subject, excluded: set[PersonId]
    ) -> Verdict:
        slots = [duty for duty, count in sorted(self.duties.items()) for _ in range(count)]
        matched = assign([counting[duty].keys() for duty in slots])
        if slots and len(matched) == len(slots):
            leaves = sorted(counting[slots[slot]][person] for slot, person in matched.items())
            return Pass(params={"request": request.id, "by": tuple(sorted(matched.values())), "leaves": tuple(map(str, leaves))})
        missing = tuple(sorted({duty for slot, duty in enumerate(slots) if slot not in matched}))
        able = self._able(len(matched), slots, counting, [person.id for person in roster.people if person.id not in excluded], roster, subject)
        params: Params = {"request": request.id, "have": len(matched), "need": len(slots), "missing": missing, "able": able}
        if dropped:
            params["dropped"] = tuple(sorted(dropped))
        return Fail(code=dropped.pop() if len(dropped) == 1 and not matched else "approved.too-few-people", params=params)

    def _able(self, have: int, slots: list[Name], counting: dict[Name, dict[PersonId, int]], people: list[PersonId], roster: Roster, subject: Subject) -> int:
        """How many people's yes, to all they may approve, would fill one more slot: also by taking the place of who could fill it."""
        able = 0
        for person in people:
            held = {duty for duty in self.duties if person not in counting[duty] and roster.may(person, f"approve:{duty}", subject.environment)}
            able += bool(held) and len(assign([counting[duty].keys() | ({person} if duty in held else set()) for duty in slots])) > have
        return able


def _tells(fact: Provenance, trusted: AbstractSet[str]) -> bool:
    """Whether it tells who built it: a key of the policy, or what a certificate names by a URI. A person named by e-mail might be any of the approvers."""
    return bool(trusted & set(fact.keys) or (fact.by is not None and "://" in fact.by.subject))


def _only(found: Complete[F] | Unreadable) -> F | Unknown:
    """The one fact there is of a kind that there is one of."""
    if isinstance(found, Unreadable):
        return unknown(found, "approved.unreadable")
    return found.items[0] if len(found.items) == 1 else Unknown(code="approved.unreadable")


def _asker(subject: Subject, roster: Roster) -> PersonId | Fail | Unknown:
    """Who asks, where they proved it and have the duty to deploy here; else why the permit is not for them."""
    may = tuple(sorted(person.id for person in roster.people if roster.may(person.id, "deploy", subject.environment)))[:SHOWN]
    if subject.actor is None or subject.actor.person is None:
        return Unknown(code="approved.deployer-unknown", params={"may": may})
    if not roster.may(subject.actor.person, "deploy", subject.environment):
        return Fail(code="approved.not-deployer", params={"may": may})
    return subject.actor.person


def _refuse_request(request: Request, subject: Subject) -> Verdict | None:
    """Why the request itself does not carry this release; None where it does."""
    params: Params = {"request": request.id}
    if request.release != subject.release:
        return Fail(code="approved.other-release", params=params)
    if request.withdrawn:
        return Fail(code="approved.request-withdrawn", params=params)
    if request.rejected_by:
        return Fail(code="approved.rejected", params={**params, "by": request.rejected_by})
    if request.over:
        return Fail(code="approved.spent", params={**params, "decision": request.decision} if request.deployed >= 0 else params)
    return None


def _outstanding(request: Request, now: datetime) -> Verdict | None:
    """One permit at a time: of two gates with one approval exactly one is let through. None where none is outstanding."""
    if request.deployed >= 0 or request.permit_until is None or now >= request.permit_until:
        return None
    params: Params = {"request": request.id, "decision": request.decision, "by": request.permit_by or ""}
    return Fail(code="approved.permit-outstanding", params=params, opens_at=request.permit_until)
