"""``lockgate sign``."""

from __future__ import annotations

import click

from lockgate.cli.session import Session, with_session


@click.command("sign")
@click.argument("ref")
@with_session(key=True)
def command(session: Session, ref: str) -> None:
    """Sign REF's digest with --key (Ed25519 or ECDSA P-256) and attach the signature where REF is. Needs no gate."""
    from lockgate.app.attach import sign

    signed = sign(session.bench(), ref, session.artifact_signer())
    session.note(f"signed    {signed.subject}\n  by      {signed.key}\n  in      {signed.place}")
    session.say(signed, "")
