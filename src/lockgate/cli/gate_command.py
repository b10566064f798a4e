"""``lockgate gate``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from lockgate.cli import arguments
from lockgate.cli.exits import OUTCOMES
from lockgate.cli.permit_file import keep_permit, permit_out, require_place
from lockgate.cli.released import Named, named, release_options
from lockgate.cli.session import Session, with_session

if TYPE_CHECKING:
    from lockgate.app.gate import GateRequest


@click.command("gate")
@click.argument("refs", nargs=-1, metavar="REF…")
@click.option("--to", "environment", required=True, metavar="ENV", help="The environment it would enter.")
@release_options
@click.option("--request", default="", metavar="R", help="The request to go by (default: the newest that fits).")
@arguments.platform_option
@arguments.plain_http_option
@click.option("--idempotency-key", default="", metavar="TEXT", help="A retry with the same key gets the first answer.")
@permit_out
@click.option("--advise", is_flag=True, help="Say what it would decide: permits and records nothing, and ends with 0 either way.")
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
    permit_out: str,
    advise: bool,
) -> None:
    """Decide whether REF… may enter an environment, and record it.

    Allowed, stdout is exactly the pinned reference, one a line; everything else is on stderr. With --advise stdout stays empty.
    """
    from lockgate.app.gate import GateRequest, gate
    from lockgate.cli.alarm import alarm
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
    require_place(permit_out)
    if advise:
        _advise(session, ask, about, keyed=bool(idempotency_key))
        return
    ports = session.ports()
    gated = gate(ports, ask, session.signer_if_any())
    alarm(session, ports, environment, holds=False)
    place = f"decision {gated.index} · log {ports.log.origin}" + ("" if gated.new else " · recorded before")
    found = tell_decision(session, ports, gated.decision, place=place, about=about, pinned=gated.pinned, by_tag=not platform)
    keep_permit(session, ports, gated, permit_out)
    session.say(with_next(gated, found), "\n".join(gated.pinned) if gated.decision.outcome == "allowed" else "")
    sys.exit(OUTCOMES[gated.decision.outcome])


def _advise(session: Session, ask: GateRequest, about: Named, *, keyed: bool) -> None:
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
    found = following(decided, asked(session, ports, ask.environment, about, advice.about, decided.person, by_tag=not ask.platform))
    sheet, title = session.sheet(ports), artifacts(release, advice.about)
    session.note(advice_text(advice.advice, title, advice.environment, advice.outcomes, sheet, unpinned=advice.unpinned))
    tell_next(session, found, sheet)
    session.say(with_next(advice, found), "")
