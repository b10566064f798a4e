"""``lockgate init``."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import click

from lockgate.cli.session import Session, fresh_nonce, fresh_person, fresh_request, with_session


@click.command("init")
@click.option("--origin", required=True, metavar="NAME", help="The log's name, such as example.com/shop: unique, without spaces.")
@click.option("--name", default="owner", metavar="NAME", help="Your name, for the erasable directory.")
@click.option("--owner", "owners", multiple=True, metavar="FILE", help="Another owner's public key; may be repeated.")
@click.option("--threshold", default=1, metavar="N", help="How many owners must approve policy, roster and root.")
@click.option("--write-trust", "trust_out", default="lockgate.trust", metavar="FILE", help="Where the root to pin goes.")
@with_session(key=True)
def command(session: Session, origin: str, name: str, owners: tuple[str, ...], threshold: int, trust_out: str) -> None:
    """Begin a gate: a directory with log and keys, and lockgate.trust, which you keep elsewhere.

    The log key and the permit key are made in the gate's directory, mode 0600. Your own key is the one named with --key; without one a new key is
    made in your configuration directory.
    """
    from lockgate.app.begin import Beginning, begin
    from lockgate.errors import UsageError
    from lockgate.evidence.keys import parse_public_key
    from lockgate.wire import create_gate, new_owner_key, write_trust

    if Path(trust_out).exists():
        raise UsageError("root.exists", f"{trust_out} is there already: it pins another gate, and is not replaced")
    signer = session.signer() if session.config.key else new_owner_key(session.config)
    try:
        others = tuple(parse_public_key(Path(owner).read_bytes()) for owner in owners)
    except OSError as err:
        raise UsageError("key.unreadable", f"{err.filename} cannot be read: {err.strerror}") from None
    ports = create_gate(session.config, origin)
    now = ports.clock.now()
    person = fresh_person()
    plan = Beginning(
        owners=tuple(dict.fromkeys((signer.public, *others))), threshold=threshold, expires=now + timedelta(days=365), nonce=fresh_nonce(), person=person
    )
    root, recorded = begin(ports, plan, (fresh_request(), fresh_request()), signer, now + timedelta(days=7))
    ports.directory.set(person, name)
    write_trust(Path(trust_out), root)
    session.note(f"gate      {session.config.gate}, log {origin}, {recorded.index + 2} leaves")
    session.note(f"trust     {trust_out}: commit it where verifiers look, never into the gate's directory")
    session.next("lockgate policy apply policy.yaml")
    session.say({"origin": origin, "person": person, "trust": trust_out, "gate": str(session.config.gate)}, "")
