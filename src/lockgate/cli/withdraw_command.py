"""``lockgate withdraw``."""

from __future__ import annotations

from typing import Literal

import click

from lockgate.cli import arguments
from lockgate.cli.session import Session, with_session


@click.command("withdraw")
@click.argument("request_id", metavar="R")
@click.option("--what", type=click.Choice(["request", "approval", "rejection", "revocation"]), required=True, help="What you said yourself and take back.")
@with_session(key=True)
def command(session: Session, request_id: str, what: Literal["request", "approval", "rejection", "revocation"]) -> None:
    """Take back your own request, approval or rejection of R; or lift the revocation R, which an owner may do too.

    A lifted revocation lets the release be asked for again. It brings back no permit that was there before.
    """
    from lockgate.app import recall
    from lockgate.app import request as requests
    from lockgate.cli.alarm import alarm

    signer = session.signer()
    ports = session.ports()
    if what == "revocation":
        recorded = recall.lift(ports, request_id, arguments.fresh_nonce(), signer)
    else:
        found = requests.find(ports, request_id)
        alarm(session, ports, found.environment)
        recorded = requests.withdraw(ports, found, what, arguments.fresh_nonce(), signer)
    session.note(f"withdrawn {what} of {request_id}, recorded as leaf {recorded.index} of log {ports.log.origin}")
    session.say({"request": request_id, "what": what, "leaf": recorded.index}, "")
