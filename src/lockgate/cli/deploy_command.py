"""``lockgate deploy``."""

from __future__ import annotations

import sys

import click

from lockgate.cli.exits import OUTCOMES
from lockgate.cli.session import Session, config_digest, fresh_nonce, with_session


@click.command("deploy", context_settings={"ignore_unknown_options": False})
@click.argument("ref")
@click.argument("argv", nargs=-1, required=True, metavar="-- CMD {ref}…")
@click.option("--to", "environment", required=True, metavar="ENV", help="The environment it enters.")
@click.option("--config", "config_files", multiple=True, metavar="FILE", help="Configuration it runs with, or none.")
@click.option("--request", default="", metavar="R", help="The request to go by (default: the newest that fits).")
@click.option("--platform", default="", metavar="OS/ARCH", help="Which image of an index.")
@with_session(key=True)
def command(session: Session, ref: str, argv: tuple[str, ...], environment: str, config_files: tuple[str, ...], request: str, platform: str) -> None:
    """Gate REF and, if allowed, run CMD on a private copy of exactly those bytes.

    {ref} in CMD becomes the path of the copy. A signed `deployed` is recorded only where CMD succeeded; where it fails, its exit code is passed on.
    """
    from lockgate.app.deploy import deploy
    from lockgate.app.gate import GateRequest
    from lockgate.cli.tell import tell_decision

    signer = session.signer()
    ports = session.ports()
    nonce = fresh_nonce()
    ask = GateRequest(refs=(ref,), environment=environment, config=config_digest(config_files), request=request, key=nonce, nonce=nonce, platform=platform)
    done = deploy(ports, ask, argv, signer, lambda gated: tell_decision(session, gated, ports.log.origin, (ref,), config_files))
    if done.exit_status is None:
        session.say(done, "")
        sys.exit(OUTCOMES[done.gated.decision.outcome])
    if done.exit_status == 0:
        session.note(f"deployed  {environment}, by decision {done.gated.index}, recorded as leaf {done.index}")
    else:
        session.note(f"failed    the command ended with {done.exit_status}; recorded as leaf {done.index}, and the permit is given back")
        session.next(f"lockgate deploy {ref} --to {environment} -- {' '.join(argv)}")
    session.say(done, done.gated.pinned[0] if done.exit_status == 0 else "")
    sys.exit(done.exit_status)
