"""``lockgate attest``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lockgate.cli import arguments
from lockgate.cli.session import Session, with_session

if TYPE_CHECKING:
    from datetime import datetime

MAX_PREDICATE = 1 << 20

SHORT_TYPES = {
    "slsaprovenance1": "https://slsa.dev/provenance/v1",
    "vuln": "https://cosign.sigstore.dev/attestation/vuln/v1",
    "openvex": "https://openvex.dev/ns",
    "csaf": "https://docs.oasis-open.org/csaf/csaf/v2.0/csaf_json_schema.json",
}
"""Short names, as cosign has them; ``csaf`` is one of ours."""


@click.command("attest")
@click.argument("ref")
@click.option("--type", "predicate_type", default="", metavar="TYPE", help=f"{', '.join(SHORT_TYPES)}, or a predicate type's whole URI.")
@click.option("--predicate", default="", metavar="FILE", help="The predicate, JSON.")
@click.option("--scan", default="", metavar="FILE", help="In place of both: a scanner's report, JSON of Trivy, Grype or SARIF.")
@click.option("--database-date", default="", metavar="TIME", help="With --scan: of when the scanner's data was, where its report does not say.")
@arguments.platform_option
@arguments.plain_http_option
@with_session(key=True)
def command(session: Session, ref: str, predicate_type: str, predicate: str, scan: str, database_date: str, platform: str) -> None:
    """Sign a statement about REF (in-toto Statement v1 in DSSE) with --key and attach it where REF is. Needs no gate."""
    from lockgate.app.attach import MAX_REPORT, attest, attest_scan
    from lockgate.evidence.scan_writing import PREDICATE_TYPE

    _require_one(predicate_type, predicate, scan, database_date)
    if scan:
        at = _date(database_date) if database_date else None
        report = arguments.read(scan, "attest.unreadable", MAX_REPORT + 1)
        uri = PREDICATE_TYPE
        attested = attest_scan(session.bench(), ref, report, session.artifact_signer(), platform, at)
    else:
        uri, content = _predicate(predicate_type, predicate)
        attested = attest(session.bench(), ref, uri, content, session.artifact_signer(), platform)
    session.note(f"attested  {attested.subject}\n  as      {uri}\n  by      {attested.key}\n  in      {attested.place}")
    session.say(attested, "")


def _require_one(predicate_type: str, predicate: str, scan: str, database_date: str) -> None:
    from lockgate.errors import UsageError

    if scan and (predicate_type or predicate):
        raise UsageError("attest.what", "--scan says type and predicate itself: leave --type and --predicate out")
    if not scan and not (predicate_type and predicate):
        raise UsageError("attest.what", "say what is attested: --type and --predicate, or --scan")
    if database_date and not scan:
        raise UsageError("attest.what", "--database-date goes with --scan")


def _predicate(predicate_type: str, path: str) -> tuple[str, dict[str, object]]:
    from lockgate.canon import parse_foreign
    from lockgate.errors import UsageError

    uri = SHORT_TYPES.get(predicate_type, predicate_type)
    if "://" not in uri:
        raise UsageError("attest.unknown-type", f"{predicate_type[:200]!r} is no predicate type: write {', '.join(SHORT_TYPES)}, or a whole URI")
    content = parse_foreign(arguments.read(path, "attest.unreadable", MAX_PREDICATE + 1), max_bytes=MAX_PREDICATE, what="predicate")
    if not isinstance(content, dict):
        raise UsageError("attest.not-an-object", f"{path} is no JSON object, and a predicate is one")
    return uri, content


def _date(text: str) -> datetime:
    from lockgate.errors import UsageError
    from lockgate.evidence import foreign

    try:
        found = foreign.instant({"it": text}, "it")
    except ValueError:
        found = None
    if found is None:
        raise UsageError("attest.bad-date", f"--database-date is {text[:60]!r}: write 2026-11-22T06:00:00Z")
    return found
