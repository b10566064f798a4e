"""``lockgate reject``."""

from __future__ import annotations

import click

from lockgate.cli import arguments
from lockgate.cli.session import Session, with_session


@click.command("reject")
@click.argument("request_id", metavar="R")
@with_session(key=True)
def command(session: Session, request_id: str) -> None:
    """Say no to request R. That wins over every approval until you withdraw it."""
    from lockgate.app import request as requests

    signer = session.signer()
    ports = session.ports()
    recorded = requests.reject(ports, requests.find(ports, request_id), arguments.fresh_nonce(), signer)
    session.note(f"rejected  {request_id}, recorded as leaf {recorded.index} of log {ports.log.origin}")
    session.say({"request": request_id, "leaf": recorded.index}, "")
