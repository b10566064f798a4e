"""What stands where: lines for environments, requests, proposals, people and roots."""

from __future__ import annotations

from collections.abc import Mapping

from lockgate.core.counts import Backed, Tally, Weighed
from lockgate.core.duration import Time
from lockgate.core.facts import Request, Stay
from lockgate.core.identity import Root, Roster, Witnesses, fingerprint
from lockgate.core.rechecked import Mark
from lockgate.core.revocation import Revocation
from lockgate.core.state import OpenProposal, Permit, Running, Unclear
from lockgate.render.layout import broken, spread
from lockgate.render.marks import mark_lines
from lockgate.render.occupancy import occupancy_lines
from lockgate.render.outcomes import why_not_counted
from lockgate.render.recalls import recalled_lines, refused_line
from lockgate.render.words import BOLD, RED, Sheet, artifacts, brief, called, count, listing, painted, plain, when

_LOST = {"withdrawn": "withdrawn", "expired": "expired", "not-owner": "no owner any more"}
NOBODY: Mapping[str, tuple[Tally, ...]] = {}
NONE: Mapping[str, Revocation] = {}


def environment_lines(
    name: str,
    occupant: Stay | None,
    permits: tuple[Permit, ...],
    requests: tuple[Request, ...],
    sheet: Sheet,
    counts: Mapping[str, tuple[Tally, ...]] = NOBODY,
    recalled: tuple[Revocation, ...] = (),
    *,
    refused: Mapping[str, Revocation] = NONE,
    running: Running | None = None,
    unclear: Unclear | None = None,
    rechecked: tuple[Mark, ...] = (),
) -> list[str]:
    """One environment: what runs, and what is asked and permitted.

    Args:
        name, occupant, permits, requests: as recorded; where nobody knows what runs, the occupant is what was last known to.
        sheet: what it is laid out for.
        counts: request -> its approvals as the environment's requirements count them; none where it asks for none.
        recalled: what recalls what runs there. refused: request -> what recalls what it asks for.
        running, unclear: the deployment under way, and why nobody knows what runs.
        rechecked: what stands recorded of what runs since it was looked at again.
    """
    lines = occupancy_lines(name, occupant, running, unclear, sheet)
    lines += recalled_lines(recalled, sheet) + mark_lines(rechecked, sheet)
    for permit in permits:
        holder = f"for {called(permit.person, sheet.names)}, " if permit.person else ""
        lines += spread(f"  permit    {artifacts(permit.release)}", f"decision {permit.decision}, {holder}until {when(permit.not_after)}", sheet, 12)
    for request in requests:
        word = "rollback" if request.rollback else "request"
        lines += spread(f"  {word:<9} {artifacts(request.release)}", f"{request.id}, by {called(request.by, sheet.names)}", sheet, 12)
        answers = [f"as a security fix of {listing(plain(each) for each in request.fixes)}"] if request.fixes else []
        answers += _answers(request, counts.get(request.id, ()), sheet)
        if request.id in refused:  # whatever else may be said of it
            answers = [painted(f"RECALLED {refused_line(refused[request.id], sheet)}", RED, sheet), *(one for one in answers if one != _AGAIN)]
        lines += [line for said in answers for line in broken(" " * 12 + said, sheet, 12)]
    return lines


_AGAIN = "deployed: the same release and configuration may be deployed again until something else runs here"


def _answers(request: Request, tallies: tuple[Tally, ...], sheet: Sheet) -> list[str]:
    said = []
    if request.rejected_by:
        said.append(f"rejected by {listing(called(one, sheet.names) for one in request.rejected_by)}: no approval counts until that is taken back")
    said += [line for tally in tallies for line in tally_lines(tally, sheet, covered=request.deployed >= 0)]
    if not tallies:
        given = listing(f"{one.duty} by {called(one.person, sheet.names)}" for one in request.given if not one.withdrawn)
        said.append(f"approved: {given}" if given else "nobody approved it yet")
    if request.deployed >= 0:
        said.append(_AGAIN)
    return said


def tally_lines(tally: Tally, sheet: Sheet, *, covered: bool = False) -> list[str]:
    """``1 of 2 duties, until …: security by Bob; release-management is missing (…)``, and what is not counted.

    Args:
        tally: the approvals. covered: whether they end no more, as the release was deployed.
        sheet: whose names of people are used.
    """
    counting: dict[str, Time] = {}
    for one in tally.given:
        if one.counts:
            said = f"{one.duty} by {called(one.person, sheet.names)}"
            counting[said] = max(one.until, counting.get(said, one.until))
    until = f", until {when(min(counting.values()))}" if counting and not covered else ""
    parts = [listing(counting)] if counting else []
    if tally.missing:
        who = count(tally.able, "person", "people") if tally.able else "nobody else enrolled"
        parts.append(f"{listing(tally.missing)} {'is' if len(tally.missing) == 1 else 'are'} missing (can be given by {who})")
    lines = [f"{tally.have} of {count(tally.need, 'duty', 'duties')}{until}: {'; '.join(parts)}"]
    if dropped := [f"{one.duty} by {called(one.person, sheet.names)} ({not_counted(one)})" for one in tally.given if not one.counts]:
        lines.append(f"not counted: {', '.join(dict.fromkeys(dropped))}")
    return lines


def not_counted(one: Weighed) -> str:
    """Why an approval does not count."""
    return why_not_counted(one.because) if one.because else f"the policy asks for no {plain(one.duty)}"


def proposal_lines(proposal: OpenProposal, backed: Backed, sheet: Sheet) -> list[str]:
    """One proposed document, and whose approvals of it count."""
    head = f"  {proposal.kind} version {proposal.version}, {brief(proposal.digest)}"
    said = [backing(backed, sheet)]
    if backed.dropped:
        said.append("not counted: " + ", ".join(f"{called(who, sheet.names)} ({_LOST[why]})" for who, why in backed.dropped.items()))
    lines = [line for each in said for line in broken(" " * 12 + each, sheet, 12)]
    return [*spread(head, f"{proposal.id}, by {called(proposal.by, sheet.names)}", sheet, 12), *lines]


def backing(backed: Backed, sheet: Sheet) -> str:
    """``1 of 2 owners: Ada, until …; missing: Bob``; with more owners than are needed, ``missing: 1 of Bob and Carol``."""
    more = backed.need - len(backed.by)
    given = f": {listing(called(one, sheet.names) for one in backed.by)}, until {when(backed.until)}" if backed.until else ""
    some = f"{more} of " if more < len(backed.missing) else ""
    missing = f"; missing: {some}{listing(called(one, sheet.names) for one in backed.missing)}" if more > 0 else ""
    return f"{len(backed.by)} of {count(backed.need, 'owner')}{given}{missing}"


def people_lines(roster: Roster, sheet: Sheet) -> list[str]:
    """Everybody enrolled."""
    lines = []
    for person in roster.people:
        lines += spread(painted(plain(sheet.names.get(person.id, "(no name)")), BOLD, sheet), person.id, sheet)
        said = [f"  {fingerprint(key)} {key.partition(' ')[0]}" for key in person.keys]
        said += [f"  {environment}: {', '.join(duties)}" for environment, duties in sorted(person.duties.items())]
        lines += [line for each in said for line in broken(each, sheet, 4)]
    return lines or ["nobody is enrolled"]


def root_lines(root: Root) -> list[str]:
    """A root: every field of it, since owners approve what they read here."""
    lines = [f"root version {root.version}, until {when(root.expires)}", f"owners, of whom {root.threshold} must approve:"]
    lines += [f"  {fingerprint(key)} {key.partition(' ')[0]}" for key in root.owners]
    lines += [f"log key     {plain(root.log)}", f"permit key  {fingerprint(root.permit)}", f"genesis     {root.genesis}", f"previous    {root.previous}"]
    lines.append(f"witnesses   {root.witnesses.quorum} of these must cosign:" if root.witnesses != Witnesses() else "witnesses   none")
    return [*lines, *(f"  {plain(key)}" for key in root.witnesses.keys)]
