"""``lockgate key``."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import click

from lockgate.cli import arguments
from lockgate.cli.group import Group
from lockgate.cli.session import Session, with_session


@click.group("key", cls=Group)
def command() -> None:
    """Make a key or show one; show the root, or propose the next."""


@command.command("new")
@click.argument("file")
@click.option("--passphrase/--no-passphrase", "locked", default=False, help="Protect it with a passphrase, asked for on the terminal.")
@with_session()
def new(session: Session, file: str, locked: bool) -> None:
    """Make an Ed25519 key: FILE (mode 0600) and FILE.pub."""
    from lockgate.core.identity import fingerprint
    from lockgate.wire import make_key

    public = make_key(Path(file), session.new_passphrase() if locked else None)
    session.note(f"key       {file}, public key {file}.pub")
    session.say({"key": public, "fingerprint": fingerprint(public)}, fingerprint(public))


@command.command("show")
@click.argument("file")
@click.option("--pem", "as_pem", is_flag=True, help="The key alone, in PEM, as openssl and cosign read it.")
@with_session()
def show(session: Session, file: str, as_pem: bool) -> None:
    """The public key in FILE, in OpenSSH form, and its fingerprint."""
    from lockgate.core.identity import fingerprint
    from lockgate.evidence import keys

    (public,) = arguments.public_keys((file,))
    if as_pem:
        session.say({"pem": (pem := keys.spki_pem(public)), "fingerprint": fingerprint(public)}, pem.rstrip())
        return
    session.say({"key": public, "fingerprint": fingerprint(public)}, f"{fingerprint(public)}\n{public}")


@command.command("root", short_help="The root in force: owners, threshold, keys and its end.")
@click.option("--write-trust", "trust_out", default="", metavar="FILE", help="Write it to FILE, for verifiers to pin.")
@with_session()
def root(session: Session, trust_out: str) -> None:
    """The root in force: owners, threshold, log key, permit key and its end."""
    from lockgate.app.project import project
    from lockgate.cli.documents import root_text
    from lockgate.errors import TrustError
    from lockgate.wire import write_trust

    ports = session.ports()
    found = project(ports, "").root
    if trust_out:
        if ports.pinned is None:
            raise TrustError("root.unpinned", "no root is pinned, so that this one is only what the log says: nothing was written")
        write_trust(Path(trust_out), found, "lockgate key root")
        session.note(f"trust     {trust_out}: root version {found.version}, to be pinned in place of version {ports.pinned.version}")
    session.say(found, root_text(found))


@command.command("renew", short_help="Propose the next root: a later end, other owners.")
@click.option("--owner", "owners", multiple=True, metavar="FILE", help="An owner's public key; name all of them (default: as they are).")
@click.option("--threshold", default=0, metavar="N", help="How many owners must approve (default: as it is).")
@click.option("--permit", default="", metavar="FILE", help="The public key that signs decisions from then on (default: as it is).")
@click.option("--days", default=365, metavar="N", help="How long it lasts, from now.")
@with_session(key=True)
def renew(session: Session, owners: tuple[str, ...], threshold: int, permit: str, days: int) -> None:
    """Propose the next root: a later end, other owners, another threshold, another permit key. It is in force once enough of the present owners approved."""
    from lockgate.app.govern import next_root
    from lockgate.app.project import project
    from lockgate.cli.propose import propose
    from lockgate.errors import UsageError
    from lockgate.wire import PERMIT_KEY

    if not 1 <= days <= 3650:
        raise UsageError("root.bad-value", "a root lasts 1 to 3650 days")
    keys, signer = arguments.public_keys(owners), session.signer()
    next_permit = arguments.public_keys((permit,))[0] if permit else ""
    ports = session.ports()
    now = project(ports, "").root
    following = next_root(now, tuple(keys), threshold, next_permit, ports.clock.now() + timedelta(days=days))
    place = f"put the private key of {permit} into {session.config.gate / PERMIT_KEY}, mode 0600"
    then = f"permit    once version {following.version} is in force, {place}: the one there decides nothing more" if following.permit != now.permit else ""
    changed = propose(session, ports, following, "root", signer, then=then)
    if changed.in_force:
        session.next(f"lockgate key root --write-trust lockgate.trust.{changed.version}{session.place}")
    session.say(changed, "")
