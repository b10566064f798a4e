"""``lockgate sign``."""

from __future__ import annotations

import click

from lockgate.cli import arguments
from lockgate.cli.session import Session, with_session


@click.command("sign")
@click.argument("ref")
@arguments.platform_option
@arguments.plain_http_option
@with_session(key=True)
def command(session: Session, ref: str, platform: str) -> None:
    """Sign REF's digest with --key (Ed25519 or ECDSA P-256) and attach the signature where REF is. Needs no gate."""
    from lockgate.app.attach import sign

    signed = sign(session.bench(), ref, session.artifact_signer(), platform)
    session.note(f"signed    {signed.subject}\n  by      {signed.key}\n  in      {signed.place}")
    session.say(signed, "")
