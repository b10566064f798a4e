"""Ask, approve, reject, take back: of a release, a policy, a roster or a root alike."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal

from lockgate.app import gate, past, reenter, say
from lockgate.app.components import dependencies
from lockgate.app.difference import Difference, difference
from lockgate.app.project import Projection, holders, project
from lockgate.app.world import Ports
from lockgate.canon import Noun, encode
from lockgate.core import events
from lockgate.core.digest import Digest
from lockgate.core.facts import Request
from lockgate.core.identity import Name, Root, Roster, fingerprint
from lockgate.core.model import NONE, AdvisoryId, DigestOrNone, RequestId
from lockgate.core.policy import Policy, section_digest
from lockgate.core.ports import PersonSigner
from lockgate.core.state import Document, OpenProposal, release_digest
from lockgate.errors import TrustError, UsageError

NOT_COLLECTED = ("source changes", "dependency changes", "configuration contents")
"""Parts of a release's difference that nobody collects, of dependencies unless bills of materials tell: marked inside what is signed, not passed over."""


class Found(Noun, frozen=True, kw_only=True):
    """A request or proposal, by id.

    Attributes:
        environment: ``house`` for a proposal.
        request, proposal: the one that was found.
    """

    environment: Name
    projection: Projection
    request: Request | None = None
    proposal: OpenProposal | None = None

    def subjects(self) -> tuple[Digest, ...]:
        """What it is about."""
        if self.request is not None:
            return self.request.release.artifacts
        return (self.proposal.digest,) if self.proposal is not None else ()

    def id(self) -> RequestId:
        """Its id."""
        return self.request.id if self.request is not None else self.proposal.id if self.proposal is not None else ""


def request_release(
    ports: Ports,
    refs: tuple[str, ...],
    environment: Name,
    config: DigestOrNone,
    id_: RequestId,
    signer: PersonSigner,
    platform: str = "",
    *,
    rollback: bool = False,
    fixes: tuple[AdvisoryId, ...] = (),
) -> tuple[gate.Resolved, say.Recorded, bool]:
    """Ask for a release to enter an environment; as a rollback and without references, for what was there before what is there now.

    With it comes whether it was asked for as a rollback: where nobody knows what runs, what was last known was replaced by nothing, and is
    asked for as any other.

    Raises:
        LockgateError: ``policy.no-environment``, ``people.no-duty``, or from the source or ledger; ``release.recalled`` and ``release.downgrade``
            where the gate would refuse it for that, ``request.no-rollback`` and ``request.nothing-before`` where there is nothing to go back to.
    """
    resolved = gate.resolve(ports, refs, config, platform) if refs or not rollback else None
    own = project(ports, environment)
    gate.require_environment(own, environment)
    if resolved is None:
        resolved = gate.Resolved(release=reenter.before(own), places={})
        rollback = reenter.came_from(own, resolved.release) is not None
    reenter.require_open(own, resolved.release, rollback=rollback)
    occupant = own.state.environment.last_known()
    event = events.Requested(
        log=own.state.house.genesis,
        id=id_,
        environment=environment,
        config=resolved.release.config,
        from_=release_digest(occupant.release if occupant else None),
        requested_at=ports.clock.now(),
        rollback=rollback,
        fixes=tuple(sorted(set(fixes))),
    )
    return resolved, say.record_event(ports, say.sign_event(event, resolved.release.artifacts, signer)), rollback


def alike(ports: Ports, environment: Name, id_: RequestId) -> tuple[Request, ...]:
    """The other open requests of the release that this one asks for: the gate goes by the newest unless it is told which."""
    state = project(ports, environment).state.environment
    own = state.request(id_)
    return tuple(one for one in state.requests if own is not None and one.release == own.release and one.id != id_ and not (one.withdrawn or one.over))


def rejected_beside(found: Found) -> tuple[Request, ...]:
    """The other requests of the release that this one asks for that somebody said no to: a no is to a request, and who approves another one is told of it."""
    asked = found.request
    return tuple(
        one for one in found.projection.state.environment.requests if asked and one.release == asked.release and one.id != asked.id and one.rejected_by
    )


def propose(ports: Ports, document: Policy | Roster | Root, id_: RequestId, signer: PersonSigner) -> say.Recorded:
    """Propose a new version of a document. Its bytes are stored first, so that whoever approves can read them.

    Raises:
        LockgateError: ``proposal.stale`` where it does not follow what is in force, and from the ledger.
    """
    house = project(ports, "").state.house
    kinds: dict[type, tuple[Callable[..., events.Event], Document | None]] = {
        Policy: (events.PolicyProposed, house.policy),
        Roster: (events.RosterProposed, house.roster),
        Root: (events.RootProposed, house.root),
    }
    struct, current = kinds[type(document)]
    version = (current.version if current else 0) + 1
    digest = ports.blobs.put(encode(document))
    event = struct(log=house.genesis, id=id_, version=version, replaces=current.digest if current else NONE, requested_at=ports.clock.now())
    return say.record_event(ports, say.sign_event(event, (digest,), signer))


def find(ports: Ports, id_: RequestId) -> Found:
    """The open request or proposal with this id.

    Raises:
        UsageError: ``request.unknown``; ``request.ambiguous`` where the id stands in several places, so that whoever
            approves one of them may mean another.
    """
    places = holders(ports, id_)
    if not places:
        end = past.became(ports, id_)
        said, look = (f"{id_} is no longer open: {end}", f"lockgate log show --about {id_}") if end else (f"there is no open request {id_[:40]}", "")
        raise UsageError("request.unknown", said, look)
    if len(places) > 1:
        where = " and ".join(environment for environment, _ in places)
        raise UsageError("request.ambiguous", f"{id_} stands in {where}: it cannot be told which is meant, and nothing is signed. Request it anew")
    ((environment, projection),) = places
    if environment == events.HOUSE:
        proposal = next(one for one in projection.state.house.proposals if one.id == id_)
        return Found(environment=environment, projection=projection, proposal=proposal)
    return Found(environment=environment, projection=projection, request=projection.state.environment.request(id_))


def change_of(ports: Ports, found: Found) -> Difference:
    """What a proposal or a request changes, to be put before whoever approves it; of a request, its dependencies. Raises as `difference`."""
    if found.request is not None:
        return dependencies(ports, found.projection, found.request.release.artifacts, ports.clock.now())
    if found.proposal is None:
        return Difference()
    return difference(ports, found.projection.state.house, found.proposal.kind, ports.blobs.get(found.proposal.digest))


def not_collected(seen: Difference | None) -> tuple[str, ...]:
    """What of a release's difference nobody was shown."""
    if seen is None or not seen.lines:
        return NOT_COLLECTED
    return (*(one for one in NOT_COLLECTED if one != "dependency changes"), *seen.not_shown())


def shown(found: Found, seen: Difference | None = None, lines: DigestOrNone = NONE) -> events.Shown:
    """The difference that was put before an approver, to bind into what is signed.

    Args:
        found: what it is about.
        seen: the lines that were shown; None for digests alone. lines: the digest of their text.
    """
    if found.request is not None:
        occupant = found.projection.state.environment.last_known()
        from_ = release_digest(occupant.release if occupant else None)
        return events.Shown(
            from_=from_,
            to=release_digest(found.request.release),
            lines=lines,
            not_collected=not_collected(seen),
            rollback=found.request.rollback,
            fixes=found.request.fixes,
        )
    if found.proposal is None:
        raise UsageError("request.unknown", "there is no such request")
    house = found.projection.state.house
    current = {"root": house.root, "roster": house.roster, "policy": house.policy}[found.proposal.kind]
    left_out = seen.not_shown() if seen else ()
    return events.Shown(from_=current.digest if current else NONE, to=found.proposal.digest, lines=lines, not_collected=left_out)


def approval(
    found: Found, duty: Name, nonce: str, now: datetime, lasts: timedelta, seen: Difference | None = None, lines: DigestOrNone = NONE
) -> events.Approved:
    """What an approver signs: this request, in this environment under this policy section, as it was shown (`shown`)."""
    section, baseline, config = NONE, NONE, NONE
    if found.request is not None:
        policy = found.projection.policy_in_force()
        in_policy = policy.environments.get(found.environment)
        if in_policy is None:
            raise UsageError("policy.no-environment", f"the policy in force has no environment {found.environment!r}")
        section, baseline, config = section_digest(policy, found.environment), in_policy.baseline, found.request.release.config
    return events.Approved(
        log=found.projection.state.house.genesis,
        request=found.id(),
        environment=found.environment,
        duty=duty,
        config=config,
        section=section,
        baseline=baseline,
        shown=shown(found, seen, lines),
        expires=now + lasts,
        nonce=nonce,
    )


def duty_of(found: Found, signer: PersonSigner, duty: str) -> Name:
    """The duty to approve under: the one named, or the only one this person has here.

    Raises:
        UsageError: ``approve.which-duty`` where there are several. TrustError: ``people.no-duty`` where there is none, or not this
            one; ``key.not-enrolled``.
    """
    if found.proposal is not None:
        return "owner"
    where, person = found.environment, found.projection.roster.person_of(signer.public)
    if person is None:
        raise TrustError("key.not-enrolled", f"{fingerprint(signer.public)} belongs to nobody in the roster: nothing was signed")
    duties = [one.removeprefix("approve:") for one in person.duties.get(where, ()) if one.startswith("approve:")]
    if not duties:
        enrol = f"lockgate people add NAME --duty {where}=approve:{duty or 'DUTY'}"
        raise TrustError("people.no-duty", f"{person.id} has no duty to approve in {where}: nothing was signed", enrol)
    if duty and duty not in duties:
        may = f"may approve in {where} as {' or '.join(duties)}, not as {duty}"
        raise TrustError("people.no-duty", f"{person.id} {may}: nothing was signed", "lockgate approve R --duty DUTY")
    if duty:
        return duty
    if len(duties) > 1:
        raise UsageError("approve.which-duty", f"you may approve as {' or '.join(duties)}: say which with --duty")
    return duties[0]


def kept(ports: Ports, seen: Difference) -> DigestOrNone:
    """The digest of what was shown, whose text is kept as a blob; ``none`` where nothing was."""
    return ports.blobs.put(seen.text().encode()) if seen.lines else NONE


def approve(ports: Ports, found: Found, duty: Name, nonce: str, lasts: timedelta, signer: PersonSigner, seen: Difference | None = None) -> say.Recorded:
    """Say yes, for one duty, to what was shown."""
    lines = kept(ports, seen) if seen else NONE
    return give(ports, found, approval(found, duty, nonce, ports.clock.now(), lasts, seen, lines), signer)


def give(ports: Ports, found: Found, event: events.Approved, signer: PersonSigner) -> say.Recorded:
    """Sign and record this very approval."""
    return say.record_event(ports, say.sign_event(event, found.subjects(), signer))


def reject(ports: Ports, found: Found, nonce: str, signer: PersonSigner) -> say.Recorded:
    """Say no; that wins until the same person withdraws it."""
    event = events.Rejected(log=found.projection.state.house.genesis, request=found.id(), environment=found.environment, nonce=nonce)
    return say.record_event(ports, say.sign_event(event, found.subjects(), signer))


def withdraw(ports: Ports, found: Found, what: Literal["request", "approval", "rejection"], nonce: str, signer: PersonSigner) -> say.Recorded:
    """Take back what one said oneself."""
    event = events.Withdrawn(log=found.projection.state.house.genesis, request=found.id(), environment=found.environment, what=what, nonce=nonce)
    return say.record_event(ports, say.sign_event(event, found.subjects(), signer))
