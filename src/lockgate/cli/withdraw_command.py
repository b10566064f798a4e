"""``lockgate withdraw``."""

from __future__ import annotations

from typing import Literal

import click

from lockgate.cli import arguments
from lockgate.cli.session import Session, with_session


@click.command("withdraw")
@click.argument("request_id", metavar="R")
@click.option("--what", type=click.Choice(["request", "approval", "rejection"]), required=True, help="What you said yourself and take back.")
@with_session(key=True)
def command(session: Session, request_id: str, what: Literal["request", "approval", "rejection"]) -> None:
    """Take back your own request, approval or rejection of R."""
    from lockgate.app import request as requests
    from lockgate.cli.alarm import alarm

    signer = session.signer()
    ports = session.ports()
    found = requests.find(ports, request_id)
    alarm(session, ports, found.environment)
    recorded = requests.withdraw(ports, found, what, arguments.fresh_nonce(), signer)
    session.note(f"withdrawn {what} of {request_id}, recorded as leaf {recorded.index} of log {ports.log.origin}")
    session.say({"request": request_id, "what": what, "leaf": recorded.index}, "")
