"""``lockgate waive``."""

from __future__ import annotations

import click

from lockgate.cli import arguments
from lockgate.cli.session import Session, with_session


@click.command("waive")
@click.argument("requirement", metavar="REQUIREMENT")
@click.option("--for", "request", required=True, metavar="R", help="The one request it is for.")
@click.option("--until", required=True, metavar="TIME", help="When it ends: 12h, 7d or 2026-12-01; 30 days at most.")
@click.option("--reason", required=True, metavar="TEXT", help="Why, in words.")
@with_session(key=True)
def command(session: Session, requirement: str, request: str, until: str, reason: str) -> None:
    """Let REQUIREMENT fail for request R, until TIME. Prints the waiver's id.

    Only what the policy in force names under `waivable`, and never by who asked for the release or deploys it.
    """
    from lockgate.app import exceptional
    from lockgate.cli.alarm import alarm
    from lockgate.render.words import when

    why, id_ = exceptional.prose(reason, arguments.fresh_nonce()), arguments.fresh_id("w")
    signer = session.signer()
    ports = session.ports()
    expires = arguments.until(until, ports.clock.now())
    environment, recorded = exceptional.waive(ports, requirement, request, expires, why, id_, signer)
    session.note(f"waived    {requirement} for {request} until {when(expires)}, recorded as leaf {recorded.index} of log {ports.log.origin}")
    session.note(f"lifted by lockgate lift {id_}{session.place}")
    alarm(session, ports, environment)
    session.say({"waiver": id_, "requirement": requirement, "request": request, "environment": environment, "expires": expires, "leaf": recorded.index}, id_)
