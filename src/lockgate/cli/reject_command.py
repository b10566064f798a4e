"""``lockgate reject``."""

from __future__ import annotations

import click

from lockgate.cli.session import Session, fresh_nonce, with_session


@click.command("reject")
@click.argument("request_id", metavar="R")
@with_session(key=True)
def command(session: Session, request_id: str) -> None:
    """Say no to request R. That wins over every approval until you withdraw it."""
    from lockgate.app import request as requests

    ports = session.ports()
    recorded = requests.reject(ports, requests.find(ports, request_id), fresh_nonce(), session.signer())
    session.note(f"rejected  {request_id}    leaf {recorded.index} · log {ports.log.origin}")
    session.say({"request": request_id, "leaf": recorded.index}, "")
