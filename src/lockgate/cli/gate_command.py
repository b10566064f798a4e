"""``lockgate gate``."""

from __future__ import annotations

import sys

import click

from lockgate.cli import arguments
from lockgate.cli.exits import OUTCOMES
from lockgate.cli.permit_file import keep_permit, permit_out, require_place
from lockgate.cli.session import Session, with_session


@click.command("gate")
@click.argument("refs", nargs=-1, required=True, metavar="REF…")
@click.option("--to", "environment", required=True, metavar="ENV", help="The environment it would enter.")
@click.option("--config", "config_files", multiple=True, metavar="FILE", help="Configuration it runs with, or none.")
@click.option("--request", default="", metavar="R", help="The request to go by (default: the newest that fits).")
@arguments.platform_option
@arguments.plain_http_option
@click.option("--idempotency-key", default="", metavar="TEXT", help="A retry with the same key gets the first answer.")
@permit_out
@with_session(key=True)
def command(
    session: Session,
    refs: tuple[str, ...],
    environment: str,
    config_files: tuple[str, ...],
    request: str,
    platform: str,
    idempotency_key: str,
    permit_out: str,
) -> None:
    """Decide whether REF… may enter an environment, and record it.

    Allowed, stdout is exactly the pinned reference, one a line; everything else is on stderr.
    """
    from lockgate.app.gate import GateRequest, gate
    from lockgate.cli.alarm import alarm
    from lockgate.cli.tell import tell_decision, with_next

    nonce = arguments.fresh_nonce()
    ask = GateRequest(
        refs=refs,
        environment=environment,
        config=arguments.config_digest(config_files),
        request=request,
        key=idempotency_key or nonce,
        nonce=nonce,
        platform=platform,
    )
    require_place(permit_out)
    ports = session.ports()
    gated = gate(ports, ask, session.signer_if_any())
    alarm(session, ports, environment, holds=False)
    place = f"decision {gated.index} · log {ports.log.origin}" + ("" if gated.new else " · recorded before")
    found = tell_decision(session, ports, gated.decision, place=place, refs=refs, pinned=gated.pinned, config=config_files, by_tag=not platform)
    keep_permit(session, ports, gated, permit_out)
    session.say(with_next(gated, found), "\n".join(gated.pinned) if gated.decision.outcome == "allowed" else "")
    sys.exit(OUTCOMES[gated.decision.outcome])
