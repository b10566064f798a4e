"""``lockgate attest``."""

from __future__ import annotations

import click

from lockgate.cli import arguments
from lockgate.cli.session import Session, with_session

MAX_PREDICATE = 1 << 20

SHORT_TYPES = {"slsaprovenance1": "https://slsa.dev/provenance/v1"}
"""Short names, as cosign has them."""


@click.command("attest")
@click.argument("ref")
@click.option("--type", "predicate_type", required=True, metavar="TYPE", help="slsaprovenance1, or a predicate type's whole URI.")
@click.option("--predicate", required=True, metavar="FILE", help="The predicate, JSON.")
@arguments.platform_option
@arguments.plain_http_option
@with_session(key=True)
def command(session: Session, ref: str, predicate_type: str, predicate: str, platform: str) -> None:
    """Sign a statement about REF (in-toto Statement v1 in DSSE) with --key and attach it where REF is. Needs no gate."""
    from lockgate.app.attach import attest
    from lockgate.canon import parse_foreign
    from lockgate.errors import UsageError

    uri = SHORT_TYPES.get(predicate_type, predicate_type)
    if "://" not in uri:
        raise UsageError("attest.unknown-type", f"{predicate_type[:200]!r} is no predicate type: write {' or '.join(SHORT_TYPES)}, or a whole URI")
    data = arguments.read(predicate, "attest.unreadable", MAX_PREDICATE + 1)
    content = parse_foreign(data, max_bytes=MAX_PREDICATE, what="predicate")
    if not isinstance(content, dict):
        raise UsageError("attest.not-an-object", f"{predicate} is no JSON object, and a predicate is one")
    attested = attest(session.bench(), ref, uri, content, session.artifact_signer(), platform)
    session.note(f"attested  {attested.subject}\n  as      {uri}\n  by      {attested.key}\n  in      {attested.place}")
    session.say(attested, "")
