"""``lockgate why``."""

from __future__ import annotations

import click

from lockgate.cli import arguments
from lockgate.cli.released import named, release_options
from lockgate.cli.session import Session, with_session


@click.command("why")
@click.argument("what", nargs=-1, metavar="DECISION|REF…")
@click.option("--to", "environment", default="", metavar="ENV", help="With REF: what the gate would say now.")
@release_options
@click.option("--request", default="", metavar="R", help="The request to go by.")
@arguments.platform_option
@arguments.plain_http_option
@with_session(key=True)
def command(session: Session, what: tuple[str, ...], environment: str, request: str, platform: str, config_files: tuple[str, ...], release_file: str) -> None:
    """Explain decision number DECISION, or what the gate would say of REF… now. Records nothing.

    It names the code of what does not hold; each has a page in docs/codes.
    """
    from lockgate.app.gate import GateRequest
    from lockgate.app.why import explain_any, marked, would
    from lockgate.cli.alarm import alarm
    from lockgate.cli.tell import asked, tell_next, with_next
    from lockgate.core.rechecked import Rechecked
    from lockgate.errors import UsageError
    from lockgate.render import text
    from lockgate.render.marks import mark_lines
    from lockgate.render.next_step import following
    from lockgate.render.rechecks import rechecked_text
    from lockgate.render.words import artifacts

    about = named(what, config_files, release_file)
    ports = session.ports()
    if not environment:
        if len(what) != 1 or not (what[0].isascii() and what[0].isdigit()) or len(what[0]) > 16:
            raise UsageError("why.what", "name one decision by its number, or artifacts with --to ENV")
        decided, release = explain_any(ports, int(what[0]))
        sheet, place = session.sheet(ports, result=True), f"decision {what[0]} · log {ports.log.origin}"
        if isinstance(decided, Rechecked):
            session.say(decided, rechecked_text(decided, release, f"leaf {what[0]} · log {ports.log.origin}", sheet))
            return
        since = mark_lines(marked(ports, decided, int(what[0])), sheet)
        session.say(decided, "\n".join([text.decision(decided, artifacts(release), place, sheet, codes=True), *since]))
        return
    nonce = arguments.fresh_nonce()
    ask = GateRequest(refs=about.refs, environment=environment, config=about.config, request=request, key=nonce, nonce=nonce, platform=platform)
    decided, resolved = would(ports, ask, session.signer_if_any())
    alarm(session, ports, environment, holds=False)
    pinned = resolved.pinned()
    sheet = session.sheet(ports, result=True)
    found = following(decided, asked(session, ports, environment, about, pinned, decided.person, by_tag=not platform))
    session.say(with_next(decided, found), text.decision(decided, artifacts(resolved.release, pinned), "not recorded: this is no permit", sheet, codes=True))
    tell_next(session, found, session.sheet(ports))
