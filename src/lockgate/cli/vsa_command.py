"""``lockgate log vsa``."""

from __future__ import annotations

import sys

import click

from lockgate.cli import arguments
from lockgate.cli.exits import REFUSED
from lockgate.cli.session import Session, with_session


@click.command("vsa", short_help="A decision as a SLSA verification summary, signed.")
@click.argument("index", type=int)
@click.option("--out", default="", metavar="FILE", help="Where the summary goes; - for stdout, as without --attach.")
@click.option("--bundle", "bundled", is_flag=True, help="Write a Sigstore bundle around it, as cosign reads it from a file.")
@click.option("--public-out", default="", metavar="FILE", help="Where the permit key's public half goes, in PEM.")
@click.option("--attach", "ref", default="", metavar="REF", help="Attach it to this artifact of the decision's.")
@arguments.platform_option
@arguments.plain_http_option
@with_session()
def vsa(session: Session, index: int, out: str, bundled: bool, public_out: str, ref: str, platform: str) -> None:
    """Decision INDEX as a SLSA verification summary (VSA v1), signed by the permit key, for tools that know VSAs and no lockgate. Records nothing."""
    from lockgate.app import summarize
    from lockgate.cli import terminal
    from lockgate.evidence.keys import spki_pem
    from lockgate.render.words import count, plain

    ports = session.ports()
    said, envelope = summarize.summarize(ports, index)
    place = summarize.attach(session.bench(), ref, platform, said, envelope) if ref else ""
    data = (summarize.as_bundle(envelope, said.key) if bundled else envelope) + b"\n"
    if public_out:
        arguments.write(public_out, "vsa.unwritable", spki_pem(said.key).encode())
    if out not in {"", "-"}:
        arguments.write(out, "vsa.unwritable", data)
    elif not session.json and (out or not ref):
        terminal.out(data)
    verdict = "PASSED" if said.passed else "FAILED"
    session.note(f"vsa       {verdict}: decision {index}, {count(len(said.subjects), 'artifact')}{f', in {place}' if place else ''}")
    session.note(f"verifier  {plain(said.verifier)}\nresource  {plain(said.resource)}")
    told = {"decision": index, "subjects": said.subjects, "verifier": said.verifier, "resource": said.resource, "result": verdict, "levels": said.levels}
    session.say({**told, "out": out, "place": place, "vsa": data.decode().rstrip()}, "")
    if not said.passed:
        sys.exit(REFUSED)
