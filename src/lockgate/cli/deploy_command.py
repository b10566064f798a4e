"""``lockgate deploy``."""

from __future__ import annotations

import shlex
import shutil
import sys
from typing import TYPE_CHECKING

import click

from lockgate.cli import arguments
from lockgate.cli.exits import OUTCOMES
from lockgate.cli.permit_file import keep_permit, permit_out, require_place
from lockgate.cli.session import Session, with_session

if TYPE_CHECKING:
    from lockgate.render.next_step import Next


@click.command("deploy")
@click.argument("ref")
@click.argument("argv", nargs=-1, required=True, metavar="-- CMD {ref}…")
@click.option("--to", "environment", required=True, metavar="ENV", help="The environment it enters.")
@click.option("--config", "config_files", multiple=True, metavar="FILE", help="Configuration it runs with, or none.")
@click.option("--request", default="", metavar="R", help="The request to go by (default: the newest that fits).")
@arguments.platform_option
@arguments.plain_http_option
@permit_out
@with_session(key=True)
def command(
    session: Session, ref: str, argv: tuple[str, ...], environment: str, config_files: tuple[str, ...], request: str, platform: str, permit_out: str
) -> None:
    """Gate REF and, if allowed, run CMD on a private copy of exactly those bytes.

    {ref} in CMD becomes the path of the copy. What CMD writes to its stdout comes on stderr; on stdout stands, once it is deployed, exactly the
    pinned reference. A signed `deployed` is recorded only where CMD succeeded; where it fails, its exit code is passed on.
    """
    from lockgate.app.deploy import deploy
    from lockgate.app.gate import Gated, GateRequest
    from lockgate.cli.alarm import alarm
    from lockgate.cli.tell import tell_decision, with_next
    from lockgate.errors import UsageError

    arguments.text(ref)
    if "{ref}" not in argv[0] and shutil.which(argv[0]) is None:
        raise UsageError("command.not-found", f"there is no command {argv[0][:80]!r}: nothing was asked, and nothing run")
    nonce = arguments.fresh_nonce()
    ask = GateRequest(
        refs=(ref,),
        environment=environment,
        config=arguments.config_digest(config_files),
        request=request,
        key=nonce,
        nonce=nonce,
        platform=platform,
    )
    require_place(permit_out)
    signer = session.signer()
    ports = session.ports()
    alarm(session, ports, environment, holds=False)

    following: list[Next | None] = []

    def told(gated: Gated) -> None:
        place = f"decision {gated.index} · log {ports.log.origin}" + ("" if gated.new else " · recorded before")
        following.append(tell_decision(session, ports, gated.decision, place=place, refs=(ref,), pinned=gated.pinned, config=config_files, by_tag=not platform))
        keep_permit(session, ports, gated, permit_out)

    done = deploy(ports, ask, argv, signer, told)
    if done.exit_status is None:
        session.say(with_next(done, following[-1]), "")
        sys.exit(OUTCOMES[done.gated.decision.outcome])
    if done.exit_status == 0:
        session.note(f"deployed  {environment}, by decision {done.gated.index}, recorded as leaf {done.index}")
    else:
        session.note(f"failed    the command ended with {done.exit_status}; recorded as leaf {done.index}, and the permit is given back")
        config = "".join(f" --config {shlex.quote(path)}" for path in config_files)
        named = shlex.quote(done.gated.pinned[0] if platform else ref)
        session.note(f"try:   lockgate deploy {named} --to {environment}{config}{session.reach}{session.own_key}{session.place} -- {shlex.join(argv)}")
    session.say(done, done.gated.pinned[0] if done.exit_status == 0 else "")
    sys.exit(done.exit_status)
