"""What stands where: lines for environments, requests, proposals and people."""

from __future__ import annotations

from lockgate.core.facts import Request, Stay
from lockgate.core.identity import Roster, fingerprint
from lockgate.core.promotion import OpenProposal, Permit
from lockgate.render.layout import broken, spread
from lockgate.render.words import BOLD, Sheet, ago, artifacts, brief, called, listing, painted, plain, when


def environment_lines(name: str, occupant: Stay | None, permits: tuple[Permit, ...], requests: tuple[Request, ...], sheet: Sheet) -> list[str]:
    """One environment: what runs, and what is asked and permitted."""
    title = painted(plain(name), BOLD, sheet)
    if occupant is None:
        lines = [title, "  runs      nothing that was recorded as deployed"]
    else:
        by = f"by {called(occupant.deployer, sheet.names)}" if occupant.known == "claimed" else "observed"
        lines = [title, *spread(f"  runs      {artifacts(occupant.release)}", f"decision {occupant.decision}, {by}", sheet, 12)]
        lines.append(f"  since     {when(occupant.since)}{ago(occupant.since, sheet)}")
    for permit in permits:
        holder = f"for {called(permit.person, sheet.names)}, " if permit.person else ""
        lines += spread(f"  permit    {artifacts(permit.release)}", f"decision {permit.decision}, {holder}until {when(permit.not_after)}", sheet, 12)
    for request in requests:
        lines += spread(f"  request   {artifacts(request.release)}", f"{request.id}, by {called(request.by, sheet.names)}", sheet, 12)
        lines += broken(f"            {_answers(request, sheet)}", sheet, 12)
    return lines


def _answers(request: Request, sheet: Sheet) -> str:
    given = listing(f"{one.duty} by {called(one.person, sheet.names)}" for one in request.given if not one.withdrawn)
    said = f"approved: {given}" if given else "nobody approved it yet"
    no = f"; rejected by {listing(called(one, sheet.names) for one in request.rejected_by)}" if request.rejected_by else ""
    return said + no + ("; deployed" if request.deployed >= 0 else "")


def proposal_lines(proposal: OpenProposal, sheet: Sheet) -> list[str]:
    """One proposed document."""
    approvals = listing(called(one.by, sheet.names) for one in proposal.approvals if not one.withdrawn)
    head = f"  {proposal.kind} version {proposal.version}, {brief(proposal.digest)}"
    return [*spread(head, f"{proposal.id}, by {called(proposal.by, sheet.names)}", sheet, 12), f"            approved by {approvals or 'nobody yet'}"]


def people_lines(roster: Roster, sheet: Sheet) -> list[str]:
    """Everybody enrolled."""
    lines = []
    for person in roster.people:
        lines += spread(painted(plain(sheet.names.get(person.id, "(no name)")), BOLD, sheet), person.id, sheet)
        said = [f"  {fingerprint(key)} {key.partition(' ')[0]}" for key in person.keys]
        said += [f"  {environment}: {', '.join(duties)}" for environment, duties in sorted(person.duties.items())]
        lines += [line for each in said for line in broken(each, sheet, 4)]
    return lines or ["nobody is enrolled"]
