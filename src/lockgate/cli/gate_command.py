"""``lockgate gate``."""

from __future__ import annotations

import sys

import click

from lockgate.cli import arguments
from lockgate.cli.exits import OUTCOMES
from lockgate.cli.released import named, release_options
from lockgate.cli.session import Session, with_session


@click.command("gate")
@click.argument("refs", nargs=-1, metavar="REF…")
@click.option("--to", "environment", required=True, metavar="ENV", help="The environment it would enter.")
@release_options
@click.option("--request", default="", metavar="R", help="The request to go by (default: the newest that fits).")
@arguments.platform_option
@click.option("--idempotency-key", default="", metavar="TEXT", help="A retry with the same key gets the first answer.")
@with_session(key=True)
def command(
    session: Session,
    environment: str,
    request: str,
    platform: str,
    idempotency_key: str,
    refs: tuple[str, ...],
    config_files: tuple[str, ...],
    release_file: str,
) -> None:
    """Decide whether REF… may enter an environment, and record it.

    Allowed, stdout is exactly the pinned reference, one a line; everything else is on stderr.
    """
    from lockgate.app.gate import GateRequest, gate
    from lockgate.cli.tell import tell_decision, with_next

    nonce, about = arguments.fresh_nonce(), named(refs, config_files, release_file)
    ask = GateRequest(
        refs=about.refs,
        environment=environment,
        config=about.config,
        request=request,
        key=idempotency_key or nonce,
        nonce=nonce,
        platform=platform,
    )
    ports = session.ports()
    gated = gate(ports, ask, session.signer_if_any())
    place = f"decision {gated.index} · log {ports.log.origin}" + ("" if gated.new else " · recorded before")
    found = tell_decision(session, ports, gated.decision, place=place, about=about, pinned=gated.pinned, by_tag=not platform)
    session.say(with_next(gated, found), "\n".join(gated.pinned) if gated.decision.outcome == "allowed" else "")
    sys.exit(OUTCOMES[gated.decision.outcome])
