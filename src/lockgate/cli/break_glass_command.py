"""``lockgate break-glass``."""

from __future__ import annotations

import shlex

import click

from lockgate.cli import arguments
from lockgate.cli.released import named, release_options
from lockgate.cli.session import Session, with_session


@click.command("break-glass")
@click.argument("refs", nargs=-1, metavar="REF…")
@click.option("--to", "environment", default="", metavar="ENV", help="The environment it must enter now.")
@release_options
@click.option("--reason", default="", metavar="TEXT", help="Why, in words.")
@click.option("--join", "id_", default="", metavar="G", help="Sign second, what somebody else began as G.")
@arguments.platform_option
@arguments.plain_http_option
@with_session(key=True)
def command(
    session: Session, environment: str, reason: str, id_: str, platform: str, refs: tuple[str, ...], config_files: tuple[str, ...], release_file: str
) -> None:
    """In an emergency: let REF… enter ENV now, past everything but its integrity. Takes two people.

    The first names the release and why, the second joins by the id that is printed. For an hour then, `deploy` goes past approvals, soak and holds
    with exactly this release. It is told of everywhere, and refuses all else there until somebody who had no part in it closes its review.
    """
    from lockgate.app import exceptional
    from lockgate.cli.alarm import alarm
    from lockgate.errors import UsageError
    from lockgate.render.words import artifacts

    if id_:
        if refs or environment or config_files or release_file or reason or platform:
            raise UsageError("break-glass.what", "--join stands alone: the release and the reason are what the first one signed")
        _join(session, id_)
        return
    if not (refs or release_file) or not environment or not reason:
        raise UsageError("break-glass.what", "name the release, --to ENV and --reason TEXT; or --join G to sign second")
    why, fresh = exceptional.prose(reason, arguments.fresh_nonce()), arguments.fresh_id("g")
    about, signer = named(refs, config_files, release_file), session.signer()
    ports = session.ports()
    resolved, recorded = exceptional.break_glass(ports, about.refs, environment, about.config, why, (fresh, arguments.fresh_nonce()), signer, platform)
    session.lines("BROKEN", f"1 of 2 signatures for {artifacts(resolved.release, resolved.pinned())} -> {environment}, recorded as leaf {recorded.index}")
    session.note("          nothing is permitted by it until another person joins, within the hour")
    alarm(session, ports, environment)
    session.next(f"lockgate break-glass --join {fresh}{session.place}")
    session.say({"breakGlass": fresh, "environment": environment, "signatures": 1, "leaf": recorded.index}, fresh)


def _join(session: Session, id_: str) -> None:
    """The second signature."""
    from lockgate.app import exceptional
    from lockgate.render.exceptional import glass_text
    from lockgate.render.words import when

    ports = session.ports()
    there = exceptional.find(ports, id_)
    glass = exceptional.required(there)
    session.note(glass_text(there.environment, glass, exceptional.words(ports, glass.reason), session.sheet(ports)))
    recorded = exceptional.join(ports, there, arguments.fresh_nonce(), session.signer())
    session.lines("BROKEN", f"2 of 2 signatures: until {when(glass.until)} this release may enter {there.environment}, recorded as leaf {recorded.index}")
    session.note(f"try:   lockgate deploy REF --to {shlex.quote(there.environment)}{session.place} -- CMD {{ref}}")
    session.say({"breakGlass": id_, "environment": there.environment, "signatures": 2, "leaf": recorded.index}, id_)
