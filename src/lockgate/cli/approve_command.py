"""``lockgate approve``."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from lockgate.cli import arguments
from lockgate.cli.session import Session, with_session

if TYPE_CHECKING:
    from lockgate.app.request import Found
    from lockgate.app.world import Ports
    from lockgate.core.events import Approved

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
    session.note(_shown(session, ports, found))
    if prepare:
        chosen = "owner" if found.proposal else duty
        if not chosen:
            raise UsageError("approve.which-duty", "say under which duty with --duty")
        _prepare(session, found, prepare, requests.approval(found, chosen, arguments.fresh_nonce(), ports.clock.now(), lasts))
        return
    signer = session.signer()
    chosen = requests.duty_of(found, signer, duty)
    recorded = requests.approve(ports, found, chosen, arguments.fresh_nonce(), lasts, signer)
    session.note(f"approved  {request_id} as {chosen}, recorded as leaf {recorded.index} of log {ports.log.origin}")
    session.say({"request": request_id, "duty": chosen, "leaf": recorded.index}, "")


def _shown(session: Session, ports: Ports, found: Found) -> str:
    """What is put before the approver: of a release what runs and what is asked, of a document every line that changes."""
    from lockgate.app.request import NOT_COLLECTED
    from lockgate.cli.documents import as_text
    from lockgate.render import text

    sheet = session.sheet(ports)
    if found.request is not None:
        return text.asked(found.request, found.projection.state.environment.occupant(), NOT_COLLECTED, found.environment, sheet)
    if found.proposal is None:
        return ""
    house = found.projection.state.house
    current = {"root": house.root, "roster": house.roster, "policy": house.policy}[found.proposal.kind]
    before = as_text(ports, found.proposal.kind, current.digest) if current else ""
    return text.proposed(found.proposal, before, as_text(ports, found.proposal.kind, found.proposal.digest), sheet)


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
    from lockgate.app.say import record_event, seal_prepared
    from lockgate.core import events
    from lockgate.errors import UsageError
    from lockgate.evidence.record import open_envelope

    data = arguments.read(prepared, "approve.unreadable", MAX_PREPARED)
    armored = arguments.read(signature, "approve.unreadable", MAX_PREPARED).decode("utf-8", "replace")
    envelope = seal_prepared(data, armored)
    signed = open_envelope(envelope).event
    if not isinstance(signed, events.Approved) or signed.request != request_id:
        raise UsageError("approve.other-request", f"what was signed in {prepared} is no approval of {request_id}: nothing was recorded")
    ports = session.ports()
    recorded = record_event(ports, envelope)
    session.note(f"approved  as signed in {signature}, recorded as leaf {recorded.index} of log {ports.log.origin}")
    session.say({"leaf": recorded.index, "new": recorded.new}, "")
