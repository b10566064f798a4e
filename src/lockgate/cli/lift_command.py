"""``lockgate lift``."""

from __future__ import annotations

import click

from lockgate.cli import arguments
from lockgate.cli.session import Session, with_session


@click.command("lift")
@click.argument("id_", metavar="ID")
@with_session(key=True)
def command(session: Session, id_: str) -> None:
    """End a hold or a waiver, by its id. Only who gave it, or an owner, may."""
    from lockgate.app import exceptional
    from lockgate.cli.alarm import alarm

    signer = session.signer()
    ports = session.ports()
    there = exceptional.find(ports, id_)
    recorded = exceptional.lift(ports, there, id_, arguments.fresh_nonce(), signer)
    session.note(f"lifted    {id_} in {there.environment}, recorded as leaf {recorded.index} of log {ports.log.origin}")
    alarm(session, ports, there.environment)
    session.say({"id": id_, "environment": there.environment, "leaf": recorded.index}, "")
