"""``lockgate attest``."""

from __future__ import annotations

from typing import Any

import click

from lockgate.cli import arguments
from lockgate.cli.session import Session, with_session

MAX_PREDICATE = 1 << 20
MAX_SUITE = 200

SHORT_TYPES = {"slsaprovenance1": "https://slsa.dev/provenance/v1"}
"""Short names, as cosign has them."""


@click.command("attest")
@click.argument("ref")
@click.option("--type", "predicate_type", default="", metavar="TYPE", help="slsaprovenance1, or a predicate type's whole URI.")
@click.option("--predicate", default="", metavar="FILE", help="The predicate, JSON.")
@click.option("--junit", default="", metavar="FILE", help="Test results in JUnit XML, attested as an in-toto test result, instead of a predicate.")
@click.option("--suite", default="", metavar="NAME", help="What these tests are; a later result of that name supersedes this one.")
@arguments.platform_option
@arguments.plain_http_option
@with_session(key=True)
def command(session: Session, ref: str, predicate_type: str, predicate: str, junit: str, suite: str, platform: str) -> None:
    """Sign a statement about REF (in-toto Statement v1 in DSSE) with --key and attach it where REF is. Needs no gate."""
    from lockgate.app.attach import attest
    from lockgate.errors import UsageError

    if junit or suite:
        if predicate_type or predicate or not (junit and 1 <= len(suite) <= MAX_SUITE):
            raise UsageError(
                "attest.what", f"test results are attested by --junit FILE with --suite NAME of at most {MAX_SUITE} characters, and no --type or --predicate"
            )
        uri, content = _test_result(session, junit, suite)
    else:
        uri, content = _predicate(predicate_type, predicate)
    attested = attest(session.bench(), ref, uri, content, session.artifact_signer(), platform)
    session.note(f"attested  {attested.subject}\n  as      {uri}\n  by      {attested.key}\n  in      {attested.place}")
    session.say(attested, "")


def _predicate(predicate_type: str, predicate: str) -> tuple[str, dict[str, Any]]:
    """The type and the predicate, as they are named."""
    from lockgate.canon import parse_foreign
    from lockgate.errors import UsageError

    for option, value in (("--type", predicate_type), ("--predicate", predicate)):
        if not value:
            raise click.MissingParameter(param_hint=f"'{option}'", param_type="option")
    uri = SHORT_TYPES.get(predicate_type, predicate_type)
    if "://" not in uri:
        raise UsageError("attest.unknown-type", f"{predicate_type[:200]!r} is no predicate type: write {' or '.join(SHORT_TYPES)}, or a whole URI")
    data = arguments.read(predicate, "attest.unreadable", MAX_PREDICATE + 1)
    content = parse_foreign(data, max_bytes=MAX_PREDICATE, what="predicate")
    if not isinstance(content, dict):
        raise UsageError("attest.not-an-object", f"{predicate} is no JSON object, and a predicate is one")
    return uri, content


def _test_result(session: Session, junit: str, suite: str) -> tuple[str, dict[str, Any]]:
    """What a JUnit file comes to."""
    from lockgate.evidence.junit import MAX_BYTES, predicate_of
    from lockgate.evidence.test_result import PREDICATE_TYPE

    return PREDICATE_TYPE, predicate_of(arguments.read(junit, "attest.unreadable", MAX_BYTES + 1), suite, session.bench().clock.now())
