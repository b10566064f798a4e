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
@arguments.platform_option
@with_session(key=True)
def command(session: Session, environment: str, platform: str, refs: tuple[str, ...], config_files: tuple[str, ...], release_file: str) -> None:
    """Ask for REF… to enter an environment. Prints the request's id.

    Policies, rosters and roots are asked for with `policy apply`, `people` and `key renew`.
    """
    from lockgate.app.request import alike, request_release
    from lockgate.render.words import artifacts, called, listing

    about, id_ = named(refs, config_files, release_file), arguments.fresh_request()
    signer = session.signer()
    ports = session.ports()
    resolved, recorded = request_release(ports, about.refs, environment, about.config, id_, signer, platform)
    session.note(f"requested {artifacts(resolved.release, resolved.pinned())} -> {environment}, as leaf {recorded.index} of log {ports.log.origin}")
    if others := alike(ports, environment, id_):
        names = session.sheet(ports).names
        said = listing(f"{one.id} by {called(one.by, names)}" for one in others)
        ask = "asks" if len(others) == 1 else "ask"
        session.lines("note", f"{said} {ask} for the same release, too: the gate goes by the one that most people approve, unless --request names one")
    session.next(f"lockgate approve {id_}{session.place}")
    session.say({"request": id_, "leaf": recorded.index, "environment": environment, "artifacts": resolved.release.artifacts, "config": about.config}, id_)
