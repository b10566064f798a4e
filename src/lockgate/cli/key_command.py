"""``lockgate key``."""

from __future__ import annotations

from pathlib import Path

import click

from lockgate.cli.session import Session, with_session


@click.group("key")
def command() -> None:
    """Make a key, or show one."""


@command.command("new")
@click.argument("file")
@click.option("--passphrase/--no-passphrase", "locked", default=False, help="Protect it with a passphrase, asked for on the terminal.")
@with_session()
def new(session: Session, file: str, locked: bool) -> None:  # noqa: FBT001  click's own
    """Make an Ed25519 key: FILE (mode 0600) and FILE.pub."""
    from lockgate.core.identity import fingerprint
    from lockgate.wire import make_key

    public = make_key(Path(file), session.new_passphrase() if locked else None)
    session.note(f"key       {file}, public key {file}.pub")
    session.say({"key": public, "fingerprint": fingerprint(public)}, fingerprint(public))


@command.command("show")
@click.argument("file")
@with_session()
def show(session: Session, file: str) -> None:
    """The public key in FILE, in OpenSSH form, and its fingerprint."""
    from lockgate.core.identity import fingerprint
    from lockgate.errors import UsageError
    from lockgate.evidence.keys import parse_public_key

    try:
        data = Path(file).read_bytes()
    except OSError as err:
        raise UsageError("key.unreadable", f"{file} cannot be read: {err.strerror}") from None
    public = parse_public_key(data)
    session.say({"key": public, "fingerprint": fingerprint(public)}, f"{fingerprint(public)}\n{public}")
