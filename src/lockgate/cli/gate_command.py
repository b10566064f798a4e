"""``lockgate gate``."""

from __future__ import annotations

import sys

import click

from lockgate.cli.exits import OUTCOMES, REFUSED
from lockgate.cli.session import Session, config_digest, fresh_nonce, with_session


@click.command("gate")
@click.argument("refs", nargs=-1, required=True, metavar="REF…")
@click.option("--to", "environment", required=True, metavar="ENV", help="The environment it would enter.")
@click.option("--config", "config_files", multiple=True, metavar="FILE", help="Configuration it runs with, or none.")
@click.option("--request", default="", metavar="R", help="The request to go by (default: the newest that fits).")
@click.option("--platform", default="", metavar="OS/ARCH", help="Which image of an index.")
@click.option("--idempotency-key", default="", metavar="TEXT", help="A retry with the same key gets the first answer.")
@with_session(key=True)
def command(
    session: Session, refs: tuple[str, ...], environment: str, config_files: tuple[str, ...], request: str, platform: str, idempotency_key: str
) -> None:
    """Decide whether REF… may enter an environment, and record it.

    Allowed, stdout is exactly the pinned reference, one a line; everything else is on stderr.
    """
    from lockgate.app.gate import GateRequest, gate
    from lockgate.cli.tell import tell_decision

    ports = session.ports()
    nonce = fresh_nonce()
    ask = GateRequest(
        refs=refs, environment=environment, config=config_digest(config_files), request=request, key=idempotency_key or nonce, nonce=nonce, platform=platform
    )
    gated = gate(ports, ask, session.signer_if_any())
    tell_decision(session, gated, ports.log.origin, refs, config_files)
    allowed = gated.decision.outcome == "allowed"
    session.say(gated, "\n".join(gated.pinned) if allowed and not gated.unpinned else "")
    if allowed and gated.unpinned:
        session.note("no root is pinned: this is no permit [root.unpinned]")
        session.next("lockgate gate … --trust lockgate.trust")
        sys.exit(REFUSED)
    sys.exit(OUTCOMES[gated.decision.outcome])
