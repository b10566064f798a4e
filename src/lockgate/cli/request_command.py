"""``lockgate request``."""

from __future__ import annotations

import click

from lockgate.cli.session import Session, config_digest, fresh_request, with_session


@click.command("request")
@click.argument("refs", nargs=-1, required=True, metavar="REF…")
@click.option("--to", "environment", required=True, metavar="ENV", help="The environment it should enter.")
@click.option("--config", "config_files", multiple=True, metavar="FILE", help="Configuration it runs with, or none.")
@with_session(key=True)
def command(session: Session, refs: tuple[str, ...], environment: str, config_files: tuple[str, ...]) -> None:
    """Ask for REF… to enter an environment. Prints the request's id.

    Policies, rosters and roots are asked for with `policy apply`, `people` and `key`.
    """
    from lockgate.app.request import request_release

    ports = session.ports()
    id_ = fresh_request()
    resolved, recorded = request_release(ports, refs, environment, config_digest(config_files), id_, session.signer())
    session.note(f"requested {environment}: {' '.join(resolved.pinned())}    leaf {recorded.index} · log {ports.log.origin}")
    session.next(f"lockgate approve {id_}")
    session.say(
        {"request": id_, "leaf": recorded.index, "environment": environment, "artifacts": resolved.release.artifacts, "config": resolved.release.config}, id_
    )
