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
    from lockgate.cli.alarm import alarm

    signer = session.signer()
    ports = session.ports()
    found = requests.find(ports, request_id)
    alarm(session, ports, found.environment)
    recorded = requests.reject(ports, found, arguments.fresh_nonce(), signer)
    session.note(f"rejected  {request_id}, recorded as leaf {recorded.index} of log {ports.log.origin}")
    session.say({"request": request_id, "leaf": recorded.index}, "")
