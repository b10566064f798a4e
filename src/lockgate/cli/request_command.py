"""``lockgate request``."""

from __future__ import annotations

import click

from lockgate.cli import arguments
from lockgate.cli.released import named, release_options
from lockgate.cli.session import Session, with_session


@click.command("request")
@click.argument("refs", nargs=-1, metavar="REF…")
@click.option("--to", "environment", required=True, metavar="ENV", help="The environment it should enter.")
@release_options
@click.option("--rollback", is_flag=True, help="Go back to what was there before; without REF…, to what ran there last.")
@click.option("--fixes", multiple=True, metavar="ID", help="An advisory that it fixes, such as CVE-2026-1234; may be repeated.")
@arguments.platform_option
@arguments.plain_http_option
@with_session(key=True)
def command(
    session: Session,
    environment: str,
    rollback: bool,
    fixes: tuple[str, ...],
    platform: str,
    refs: tuple[str, ...],
    config_files: tuple[str, ...],
    release_file: str,
) -> None:
    """Ask for REF… to enter an environment. Prints the request's id.

    What was there before and was replaced comes back as a rollback only: approvers are shown that it is one, and sign that they were.

    With --fixes it is asked for as a security fix, which approvers are shown and sign, and for which a policy may ask a shorter soak.

    Policies, rosters and roots are asked for with `policy apply`, `people` and `key renew`.
    """
    from lockgate.app.request import alike, request_release
    from lockgate.cli.alarm import alarm
    from lockgate.core.model import NONE
    from lockgate.render.words import artifacts, called, listing

    id_, named_fixes = arguments.fresh_request(), arguments.advisories(fixes)
    before = rollback and not (refs or config_files or release_file)
    about = None if before else named(refs, config_files, release_file)
    signer = session.signer()
    ports = session.ports()
    asked = ((), NONE) if about is None else (about.refs, about.config)
    resolved, recorded, back = request_release(ports, asked[0], environment, asked[1], id_, signer, platform, rollback=rollback, fixes=named_fixes)
    alarm(session, ports, environment)
    config = resolved.release.config
    what = f"{'ROLLBACK to ' if back else ''}{artifacts(resolved.release, resolved.pinned())}"
    what += f" as a fix of {', '.join(named_fixes)}" if named_fixes else ""
    session.note(f"requested {what} -> {environment}, as leaf {recorded.index} of log {ports.log.origin}")
    if rollback and not back:
        session.note("note      nobody knows what runs there: this was last known to, and is asked for as any other release")
    if others := alike(ports, environment, id_):
        names = session.sheet(ports).names
        said = listing(f"{one.id} by {called(one.by, names)}" for one in others)
        ask = "asks" if len(others) == 1 else "ask"
        session.lines("note", f"{said} {ask} for the same release, too: the gate goes by the one that most people approve, unless --request names one")
    session.next(f"lockgate approve {id_}{session.place}")
    session.say({"request": id_, "leaf": recorded.index, "environment": environment, "artifacts": resolved.release.artifacts, "config": config}, id_)
