"""``lockgate why``."""

from __future__ import annotations

import click

from lockgate.cli.session import Session, config_digest, fresh_nonce, with_session


@click.command("why")
@click.argument("what", nargs=-1, required=True, metavar="DECISION|REF…")
@click.option("--to", "environment", default="", metavar="ENV", help="With REF: what the gate would say now.")
@click.option("--config", "config_files", multiple=True, metavar="FILE", help="Configuration it runs with, or none.")
@click.option("--request", default="", metavar="R", help="The request to go by.")
@with_session(key=True)
def command(session: Session, what: tuple[str, ...], environment: str, config_files: tuple[str, ...], request: str) -> None:
    """Explain decision number DECISION, or what the gate would say of REF… now. Records nothing."""
    from lockgate.app.gate import GateRequest
    from lockgate.app.why import explain, would
    from lockgate.errors import UsageError
    from lockgate.render import text
    from lockgate.render.next_step import after

    ports = session.ports()
    if not environment:
        if len(what) != 1 or not what[0].isdigit():
            raise UsageError("why.what", "name one decision by its number, or artifacts with --to ENV")
        decided, release = explain(ports, int(what[0]))
        place, refs = f"decision {what[0]}", tuple(release.artifacts)
    else:
        nonce = fresh_nonce()
        ask = GateRequest(refs=what, environment=environment, config=config_digest(config_files), request=request, key=nonce, nonce=nonce)
        decided, release = would(ports, ask, session.signer_if_any())
        place, refs = "not recorded: this is no permit", what
    session.say(decided, text.decision(decided, release, place, ports.log.origin, colour=False))
    if decided.outcome != "allowed":
        session.next(after(decided, refs, config_files))
