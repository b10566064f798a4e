"""``lockgate gate``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from lockgate.cli import arguments
from lockgate.cli.exits import OUTCOMES
from lockgate.cli.permit_file import keep_permit, permit_out, require_place
from lockgate.cli.session import Session, with_session

if TYPE_CHECKING:
    from lockgate.app.gate import GateRequest


@click.command("gate")
@click.argument("refs", nargs=-1, required=True, metavar="REF…")
@click.option("--to", "environment", required=True, metavar="ENV", help="The environment it would enter.")
@click.option("--config", "config_files", multiple=True, metavar="FILE", help="Configuration it runs with, or none.")
@click.option("--request", default="", metavar="R", help="The request to go by (default: the newest that fits).")
@arguments.platform_option
@arguments.plain_http_option
@click.option("--idempotency-key", default="", metavar="TEXT", help="A retry with the same key gets the first answer.")
@permit_out
@click.option("--advise", is_flag=True, help="Say what it would decide: permits and records nothing, and ends with 0 either way.")
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
    advise: bool,
) -> None:
    """Decide whether REF… may enter an environment, and record it.

    Allowed, stdout is exactly the pinned reference, one a line; everything else is on stderr. With --advise stdout stays empty.
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
    if advise:
        _advise(session, ask, config_files, keyed=bool(idempotency_key))
        return
    ports = session.ports()
    gated = gate(ports, ask, session.signer_if_any())
    alarm(session, ports, environment, holds=False)
    place = f"decision {gated.index} · log {ports.log.origin}" + ("" if gated.new else " · recorded before")
    found = tell_decision(session, ports, gated.decision, place=place, refs=refs, pinned=gated.pinned, config=config_files, by_tag=not platform)
    keep_permit(session, ports, gated, permit_out)
    session.say(with_next(gated, found), "\n".join(gated.pinned) if gated.decision.outcome == "allowed" else "")
    sys.exit(OUTCOMES[gated.decision.outcome])


def _advise(session: Session, ask: GateRequest, config_files: tuple[str, ...], *, keyed: bool) -> None:
    """Tell what the gate would say, in words that are no decision's."""
    from lockgate.app.advise import advise
    from lockgate.cli.tell import asked, tell_next, with_next
    from lockgate.errors import UsageError
    from lockgate.render.advice import advice_text
    from lockgate.render.next_step import following
    from lockgate.render.words import artifacts

    if keyed:
        raise UsageError("gate.advice-unkept", "advice is not recorded, so that there is nothing a retry could get again: leave out --idempotency-key")
    ports = session.ports(looking=True)
    advice, decided, release = advise(ports, ask, session.signer_if_any())
    refs = advice.about if ask.platform else ask.refs
    found = following(decided, asked(session, ports, ask.environment, refs, advice.about, config_files, decided.person))
    sheet, title = session.sheet(ports), artifacts(release, advice.about)
    session.note(advice_text(advice.advice, title, advice.environment, advice.outcomes, sheet, unpinned=advice.unpinned))
    tell_next(session, found, sheet)
    session.say(with_next(advice, found), "")
