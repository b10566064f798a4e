"""What stands where: lines for environments, requests, proposals and people."""

from __future__ import annotations

from collections.abc import Mapping

from lockgate.core.digest import short
from lockgate.core.facts import Request, Stay
from lockgate.core.identity import Roster, fingerprint
from lockgate.core.promotion import OpenProposal, Permit
from lockgate.render.words import artifacts, when


def environment_lines(name: str, occupant: Stay | None, permits: tuple[Permit, ...], requests: tuple[Request, ...], names: Mapping[str, str]) -> list[str]:
    """One environment: what runs, and what is asked and permitted."""
    if occupant is None:
        lines = [f"{name:<12} nothing was recorded as deployed"]
    else:
        who = names.get(occupant.deployer, occupant.deployer)
        lines = [f"{name:<12} {artifacts(occupant.release)}  since {when(occupant.since)}, by decision {occupant.decision}, {occupant.known} by {who}"]
    for permit in permits:
        lines.append(f"  permit     decision {permit.decision}: {artifacts(permit.release)} until {when(permit.not_after)}")
    for request in requests:
        given = ", ".join(f"{one.duty} by {names.get(one.person, one.person)}" for one in request.given if not one.withdrawn) or "no approval yet"
        said_no = f"; rejected by {', '.join(names.get(one, one) for one in request.rejected_by)}" if request.rejected_by else ""
        state = "deployed" if request.deployed >= 0 else "open"
        lines.append(f"  {request.id}  {artifacts(request.release)}  {state}: {given}{said_no}")
    return lines


def proposal_line(proposal: OpenProposal, names: Mapping[str, str]) -> str:
    """One proposed document."""
    approvals = ", ".join(names.get(one.by, one.by) for one in proposal.approvals if not one.withdrawn) or "nobody"
    return f"  {proposal.id}  {proposal.kind} version {proposal.version} {short(proposal.digest)}: approved by {approvals}"


def people_lines(roster: Roster, names: Mapping[str, str]) -> list[str]:
    """Everybody enrolled."""
    lines = []
    for person in roster.people:
        lines.append(f"{person.id}  {names.get(person.id, '(no name)')}")
        lines += [f"  {fingerprint(key)} {key.partition(' ')[0]}" for key in person.keys]
        lines += [f"  {environment}: {', '.join(duties)}" for environment, duties in sorted(person.duties.items())]
    return lines
