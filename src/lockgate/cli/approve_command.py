"""``lockgate approve``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lockgate.cli.session import Session, fresh_nonce, with_session

if TYPE_CHECKING:
    from lockgate.app.world import Ports


@click.command("approve")
@click.argument("request_id", metavar="R")
@click.option("--duty", default="", metavar="DUTY", help="Under which duty (needed where you have several).")
@click.option("--expires", default="72h", metavar="TIME", help="How long your approval lasts; the policy may say less.")
@click.option("--prepare", default="", metavar="FILE", help="Write what would be signed to FILE, to sign it with ssh-keygen -Y sign.")
@click.option("--signature", default="", metavar="FILE", help="Record what --prepare wrote, with this ssh-keygen signature; needs --prepare's FILE too.")
@with_session(key=True)
def command(session: Session, request_id: str, duty: str, expires: str, prepare: str, signature: str) -> None:
    """Say yes to request R, for one duty, with your own key.

    What you sign names the artifacts, the configuration, the environment, its policy section and what runs there now.
    """
    from lockgate.app import request as requests
    from lockgate.core import events
    from lockgate.core.duration import span
    from lockgate.errors import UsageError
    from lockgate.render.text import shown

    ports = session.ports()
    if prepare and signature:
        _record_foreign(session, ports, prepare, signature)
        return
    found = requests.find(ports, request_id)
    try:
        lasts = span(expires)
    except ValueError as err:
        raise UsageError("approve.bad-duration", str(err)) from None
    config = found.request.release.config if found.request else "none"
    session.note(shown(requests.shown(found), found.environment, config))
    if prepare:
        chosen = "owner" if found.proposal else duty
        if not chosen:
            raise UsageError("approve.which-duty", "say under which duty with --duty")
        from lockgate.evidence import record

        event = requests.approval(found, chosen, fresh_nonce(), ports.clock.now(), lasts)
        Path(prepare).write_bytes(record.to_sign(record.statement_bytes(event, found.subjects())))
        session.next(
            f"ssh-keygen -Y sign -n {events.namespace('approval')} -f YOUR-KEY {prepare} && lockgate approve {request_id} --prepare {prepare} --signature {prepare}.sig"
        )
        return
    signer = session.signer()
    chosen = requests.duty_of(found, signer, duty)
    recorded = requests.approve(ports, found, chosen, fresh_nonce(), lasts, signer)
    session.note(f"approved  {request_id} as {chosen}    leaf {recorded.index} · log {ports.log.origin}")
    session.say({"request": request_id, "duty": chosen, "leaf": recorded.index}, "")


def _record_foreign(session: Session, ports: Ports, prepared: str, signature: str) -> None:
    """Record an approval that ssh-keygen signed."""
    from lockgate.app.say import record_event, seal_prepared
    from lockgate.errors import UsageError

    try:
        data, armored = Path(prepared).read_bytes(), Path(signature).read_text()
    except (OSError, UnicodeDecodeError) as err:
        raise UsageError("approve.unreadable", f"{prepared} or {signature} cannot be read: {err}") from None
    recorded = record_event(ports, seal_prepared(data, armored))
    session.note(f"approved  as signed in {signature}    leaf {recorded.index} · log {ports.log.origin}")
    session.say({"leaf": recorded.index}, "")
