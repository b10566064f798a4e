"""``lockgate review``."""

from __future__ import annotations

import click

from lockgate.cli import arguments
from lockgate.cli.session import Session, with_session


@click.command("review")
@click.argument("id_", metavar="G")
@click.option("--findings", required=True, metavar="FILE", help="What was found, in words.")
@with_session(key=True)
def command(session: Session, id_: str, findings: str) -> None:
    """Close the review that break-glass G left open, so that other releases may enter again.

    By somebody who may approve there, and neither signed nor used it.
    """
    from lockgate.app import exceptional
    from lockgate.cli.alarm import alarm
    from lockgate.render.exceptional import glass_text

    what = exceptional.prose(arguments.prose(findings), arguments.fresh_nonce())
    signer = session.signer()
    ports = session.ports()
    there = exceptional.find(ports, id_)
    glass = exceptional.required(there)
    session.note(glass_text(there.environment, glass, exceptional.words(ports, glass.reason), session.sheet(ports)))
    recorded = exceptional.review(ports, there, what, arguments.fresh_nonce(), signer)
    session.note(f"reviewed  {id_} in {there.environment}, recorded as leaf {recorded.index} of log {ports.log.origin}")
    alarm(session, ports, there.environment)
    session.say({"breakGlass": id_, "environment": there.environment, "leaf": recorded.index}, "")
