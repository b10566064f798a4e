"""``lockgate approve``."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from lockgate.cli import arguments
from lockgate.cli.session import Session, with_session

if TYPE_CHECKING:
    from datetime import datetime

    from lockgate.app.difference import Difference
    from lockgate.app.request import Found
    from lockgate.app.world import Ports
    from lockgate.core.events import Approved
    from lockgate.core.identity import PublicKey

MAX_PREPARED = 1 << 16


@click.command("approve")
@click.argument("request_id", metavar="R")
@click.option("--duty", default="", metavar="DUTY", help="Under which duty (needed where you have several).")
@click.option("--expires", default="72h", metavar="TIME", help="How long your approval lasts; the policy may say less.")
@click.option("--prepare", default="", metavar="FILE", help="Write what would be signed to FILE, to sign it with ssh-keygen -Y sign.")
@click.option("--signature", default="", metavar="FILE", help="Record what --prepare wrote, with this ssh-keygen signature; needs --prepare's FILE too.")
@with_session(key=True)
def command(session: Session, request_id: str, duty: str, expires: str, prepare: str, signature: str) -> None:
    """Say yes to request R, for one duty, with your own key.

    What you sign names the artifacts, the configuration, the environment, its policy section and what runs there now; it is shown before.
    """
    from lockgate.app import request as requests
    from lockgate.cli.alarm import alarm
    from lockgate.core.duration import span
    from lockgate.errors import UsageError

    duty = arguments.duty(duty)
    if signature:
        if not prepare:
            raise UsageError("approve.no-prepared", "--signature needs --prepare with the file that was signed")
        _record_foreign(session, request_id, prepare, signature)
        return
    try:
        lasts = span(expires)
    except ValueError as err:
        raise UsageError("approve.bad-duration", str(err)) from None
    ports = session.ports()
    found = requests.find(ports, request_id)
    alarm(session, ports, found.environment)
    seen = requests.change_of(ports, found)
    session.note(_shown(session, ports, found, seen))
    _tell_noes(session, ports, found)
    now = ports.clock.now()
    if prepare:
        chosen = "owner" if found.proposal else duty
        if not chosen:
            raise UsageError("approve.which-duty", "say under which duty with --duty")
        event = requests.approval(found, chosen, arguments.fresh_nonce(), now, lasts, seen, requests.kept(ports, seen))
        _tell_end(session, found, event, None, now)
        _prepare(session, found, prepare, event)
        return
    signer = session.signer()
    chosen = requests.duty_of(found, signer, duty)
    event = requests.approval(found, chosen, arguments.fresh_nonce(), now, lasts, seen, requests.kept(ports, seen))
    _tell_end(session, found, event, signer.public, now)
    recorded = requests.give(ports, found, event, signer)
    session.note(f"approved  {request_id} as {chosen}, recorded as leaf {recorded.index} of log {ports.log.origin}")
    session.say({"request": request_id, "duty": chosen, "leaf": recorded.index, **_tell_count(session, ports, found)}, "")


def _shown(session: Session, ports: Ports, found: Found, seen: Difference) -> str:
    """What is put before the approver: of a release what runs and what is asked, of a document every line that changes."""
    from lockgate.app.counting import tally
    from lockgate.app.reenter import came_from
    from lockgate.app.request import not_collected
    from lockgate.cli.policy_file import in_words, proposed_policy
    from lockgate.render import text
    from lockgate.render.standing import tally_lines

    sheet, request = session.sheet(ports), found.request
    if request is not None:
        tallies = tally(found.projection, request, ports.clock.now()) if request.given else ()
        so_far = [line for one in tallies for line in tally_lines(one, sheet, covered=request.deployed >= 0)]
        back = came_from(found.projection, request.release) if request.rollback else None
        shown = text.asked(request, found.projection.state.environment.last_known(), not_collected(seen), found.environment, sheet, so_far, back)
        return "\n".join([shown, *text.dependency_lines(seen.lines, seen.left_out, sheet)])
    if found.proposal is None:
        return ""
    words = in_words(session, ports, found.projection, proposed_policy(ports, found.id())) if found.proposal.kind == "policy" else []
    return "\n".join([text.proposed(found.proposal, seen.lines, seen.left_out, sheet), *words])


def _tell_noes(session: Session, ports: Ports, found: Found) -> None:
    """Before it is signed: that this very release was recalled, and who said no to it in another request."""
    from lockgate.app.reenter import recalled
    from lockgate.app.request import rejected_beside
    from lockgate.render.recalls import refused_line
    from lockgate.render.words import called, listing

    names = session.sheet(ports).names
    if found.request is not None and (revoked := recalled(found.projection, found.request.release)) is not None:
        session.lines("RECALLED", refused_line(revoked, session.sheet(ports)))
    for other in rejected_beside(found):
        by = listing(called(each, names) for each in other.rejected_by)
        session.lines("NOTE", f"{other.id} asked for this very release, and was rejected by {by}: that no does not stand against this one")


def _tell_end(session: Session, found: Found, event: Approved, key: PublicKey | None, now: datetime) -> None:
    """Before it is signed: until when the approval lasts, and whether it will count at all. `key` is None where another machine signs."""
    from lockgate.app.counting import prospect
    from lockgate.render.standing import not_counted
    from lockgate.render.words import Sheet, ago, when

    end = event.expires
    weighed = prospect(found.projection, found.request, event, key, now) if found.request and key else ()
    if counting := [one.until for one in weighed if one.counts]:
        end = max(counting)
    session.note(f"  lasts   until {when(end)}{ago(end, Sheet(now=now))}")
    if found.request is None or counting or not weighed:
        return
    one = weighed[0]
    why = not_counted(one)
    if one.because == "approved.not-independent":
        why = "you asked for this release yourself" if one.person == found.request.by else "you hold a key of the policy, and so may have built it"
        why += ", and the policy wants approvals independent of that"
    session.lines("WARNING", f"this approval will be recorded and will not count: {why}")


def _tell_count(session: Session, ports: Ports, found: Found) -> dict[str, object]:
    """Afterwards: how many approvals there are of how many, or that the document is in force; the same for machines."""
    from lockgate.app.counting import tally
    from lockgate.app.govern import documents, standing
    from lockgate.app.project import project
    from lockgate.render.standing import backing, tally_lines
    from lockgate.render.words import called, listing

    sheet, present = session.sheet(ports), project(ports, found.environment if found.request else "")
    if found.proposal is not None:
        held = documents(present.state.house)[found.proposal.kind]
        if held is not None and held.digest == found.proposal.digest:
            session.note(f"{found.proposal.kind:<9} version {held.version} is in force")
            return {"inForce": True}
        backed = standing(ports, present, found.id())
        if backed is not None:
            session.lines("so far", backing(backed, sheet))
        return {"inForce": False, "backed": backed}
    request = present.state.environment.request(found.id())
    tallies = tally(present, request, ports.clock.now()) if request else ()
    said = [line for one in tallies for line in tally_lines(one, sheet, covered=request is not None and request.deployed >= 0)]
    if request is not None and request.rejected_by:
        said.append(f"rejected by {listing(called(one, sheet.names) for one in request.rejected_by)}: none of it counts until that is taken back")
    for number, line in enumerate(said):
        session.lines("" if number else "so far", line)
    return {"approvals": tallies}


def _prepare(session: Session, found: Found, path: str, event: Approved) -> None:
    """Write what is to be signed elsewhere."""
    from lockgate.core import events
    from lockgate.evidence import record

    arguments.write(path, "approve.unwritable", record.to_sign(record.statement_bytes(event, found.subjects())))
    file = shlex.quote(path)
    session.note(f"prepared  {path}: sign it under the namespace {events.namespace('approval')}, then record it with --signature")
    session.next(
        f"ssh-keygen -Y sign -n {events.namespace('approval')} -f ~/.ssh/id_ed25519 {file}"
        f" && lockgate approve {found.id()} --prepare {file} --signature {file}.sig{session.place}"
    )
    session.say({"request": found.id(), "prepared": path, "namespace": events.namespace("approval")}, "")


def _record_foreign(session: Session, request_id: str, prepared: str, signature: str) -> None:
    """Record an approval of this very request that ssh-keygen signed."""
    from lockgate.app.request import find
    from lockgate.app.say import record_event, seal_prepared
    from lockgate.core import events
    from lockgate.errors import EvidenceError, UsageError
    from lockgate.evidence.record import open_envelope

    data = arguments.read(prepared, "approve.unreadable", MAX_PREPARED)
    armored = arguments.read(signature, "approve.unreadable", MAX_PREPARED).decode("utf-8", "replace")
    envelope = seal_prepared(data, armored)
    signed = open_envelope(envelope).event
    if not isinstance(signed, events.Approved) or signed.request != request_id:
        raise UsageError("approve.other-request", f"what was signed in {prepared} is no approval of {request_id}: nothing was recorded")
    ports = session.ports()
    found = closed = None
    try:
        found = find(ports, request_id)
    except UsageError as err:
        closed = err  # perhaps by this very approval, recorded before
    try:
        recorded = record_event(ports, envelope)
    except EvidenceError as err:
        raise closed if closed is not None and err.code == "request.unknown" else err from None
    session.note(f"approved  as signed in {signature}, recorded as leaf {recorded.index} of log {ports.log.origin}")
    session.say({"leaf": recorded.index, "new": recorded.new, **(_tell_count(session, ports, found) if found else {})}, "")
