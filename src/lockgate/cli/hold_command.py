"""``lockgate hold``."""

from __future__ import annotations

import click

from lockgate.cli import arguments
from lockgate.cli.session import Session, with_session


@click.command("hold")
@click.argument("environment", metavar="ENV")
@click.option("--until", default="", metavar="TIME", help="When it ends of itself: 12h, 7d or 2026-12-01 (default: when it is lifted).")
@click.option("--reason", required=True, metavar="TEXT", help="Why, in words.")
@with_session(key=True)
def command(session: Session, environment: str, until: str, reason: str) -> None:
    """Let nothing enter ENV until TIME, or until it is lifted. Prints the hold's id.

    Whoever may approve there, or an owner, may hold. It wins over every approval, and ends permits that are out.
    """
    from lockgate.app import exceptional
    from lockgate.cli.alarm import alarm
    from lockgate.render.words import when

    why, id_ = exceptional.prose(reason, arguments.fresh_nonce()), arguments.fresh_id("h")
    signer = session.signer()
    ports = session.ports()
    expires = arguments.until(until, ports.clock.now()) if until else None
    recorded = exceptional.hold(ports, environment, expires, why, id_, signer)
    end = f"until {when(expires)}" if expires else "until it is lifted"
    alarm(session, ports, environment, holds=False)
    session.note(f"held      {environment} {end}, recorded as leaf {recorded.index} of log {ports.log.origin}")
    session.note(f"lifted by lockgate lift {id_}{session.place}")
    session.say({"hold": id_, "environment": environment, "expires": expires, "leaf": recorded.index}, id_)
