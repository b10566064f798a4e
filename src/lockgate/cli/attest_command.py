"""``lockgate attest``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from lockgate.cli import arguments
from lockgate.cli.session import Session, with_session

if TYPE_CHECKING:
    from datetime import datetime

MAX_PREDICATE = 1 << 20
MAX_SUITE = 200

SHORT_TYPES = {
    "slsaprovenance1": "https://slsa.dev/provenance/v1",
    "vuln": "https://cosign.sigstore.dev/attestation/vuln/v1",
    "openvex": "https://openvex.dev/ns",
    "csaf": "https://docs.oasis-open.org/csaf/csaf/v2.0/csaf_json_schema.json",
}
"""Short names, as cosign has them; ``csaf`` is one of ours."""

SBOMS = {"cyclonedx": "https://cyclonedx.org/bom", "spdxjson": "https://spdx.dev/Document"}
"""Short names of bills of materials."""


@click.command("attest")
@click.argument("ref")
@click.option("--type", "predicate_type", default="", metavar="TYPE", help=f"{', '.join((*SHORT_TYPES, *SBOMS))}, or a predicate type's whole URI.")
@click.option("--predicate", default="", metavar="FILE", help="The predicate, JSON.")
@click.option("--scan", default="", metavar="FILE", help="In place of both: a scanner's report, JSON of Trivy, Grype or SARIF.")
@click.option("--database-date", default="", metavar="TIME", help="With --scan: of when the scanner's data was, where its report does not say.")
@click.option("--sbom", default="", metavar="FILE", help="In place of both: a bill of materials, JSON of CycloneDX or SPDX.")
@click.option("--junit", default="", metavar="FILE", help="In place of both: test results in JUnit XML, as an in-toto test result.")
@click.option("--suite", default="", metavar="NAME", help="With --junit: what these tests are; a later result of that name supersedes this one.")
@arguments.platform_option
@arguments.plain_http_option
@with_session(key=True)
def command(session: Session, ref: str, platform: str, **what: str) -> None:
    """Sign a statement about REF (in-toto Statement v1 in DSSE) with --key and attach it where REF is. Needs no gate."""
    from lockgate.app.attach import attest, attest_sbom, attest_scan
    from lockgate.evidence.sbom_types import MAX_DOCUMENT
    from lockgate.evidence.scan_writing import PREDICATE_TYPE

    _require_one(what)
    if what["scan"]:
        uri, report, at = PREDICATE_TYPE, *_report(what["scan"], what["database_date"])
        attested = attest_scan(session.bench(), ref, report, session.artifact_signer(), platform, at)
    elif what["sbom"] or what["predicate_type"] in SBOMS:
        path = what["sbom"] or what["predicate"]
        document = arguments.read(path, "attest.unreadable", MAX_DOCUMENT + 1)
        attested, uri = attest_sbom(session.bench(), ref, document, session.artifact_signer(), platform, SBOMS.get(what["predicate_type"], ""))
    else:
        uri, content = _test_result(session, what["junit"], what["suite"]) if what["junit"] else _predicate(what["predicate_type"], what["predicate"])
        attested = attest(session.bench(), ref, uri, content, session.artifact_signer(), platform)
    session.note(f"attested  {attested.subject}\n  as      {uri}\n  by      {attested.key}\n  in      {attested.place}")
    session.say(attested, "")


_OF = {"predicate_type": "predicate", "predicate": "predicate", "scan": "scan", "sbom": "sbom", "database_date": "scan", "junit": "junit", "suite": "junit"}
_WHOLE = {"predicate": {"predicate_type", "predicate"}, "scan": {"scan"}, "sbom": {"sbom"}, "junit": {"junit", "suite"}}
"""Option -> the way of saying what is attested that it belongs to; and what each way needs."""


def _require_one(what: dict[str, str]) -> None:
    """One way, and all of it. Raises UsageError ``attest.what``."""
    from lockgate.errors import UsageError

    given = {option for option, value in what.items() if value}
    ways = {_OF[option] for option in given}
    if ways == {"junit"} and not (_WHOLE["junit"] <= given and len(what["suite"]) <= MAX_SUITE):
        raise UsageError("attest.what", f"--junit FILE goes with --suite NAME: what these tests are, in at most {MAX_SUITE} characters")
    if len(ways) != 1 or not _WHOLE[min(ways)] <= given:
        raise UsageError(
            "attest.what",
            "say what is attested in one way: --type with --predicate, or --sbom, or --scan (with --database-date), or --junit with --suite",
        )


def _predicate(predicate_type: str, path: str) -> tuple[str, dict[str, Any]]:
    """The type and the predicate, as they are named."""
    from lockgate.canon import parse_foreign
    from lockgate.errors import UsageError

    uri = SHORT_TYPES.get(predicate_type, predicate_type)
    if "://" not in uri:
        raise UsageError("attest.unknown-type", f"{predicate_type[:200]!r} is no predicate type: write {', '.join((*SHORT_TYPES, *SBOMS))}, or a whole URI")
    content = parse_foreign(arguments.read(path, "attest.unreadable", MAX_PREDICATE + 1), max_bytes=MAX_PREDICATE, what="predicate")
    if not isinstance(content, dict):
        raise UsageError("attest.not-an-object", f"{path} is no JSON object, and a predicate is one")
    return uri, content


def _report(path: str, database_date: str) -> tuple[bytes, datetime | None]:
    """A scanner's report, and of when its data was where it does not say."""
    from lockgate.app.attach import MAX_REPORT
    from lockgate.errors import UsageError
    from lockgate.evidence import foreign

    try:
        at = foreign.instant({"it": database_date or None}, "it")
    except ValueError:
        raise UsageError("attest.bad-date", f"--database-date is {database_date[:60]!r}: write 2026-11-22T06:00:00Z") from None
    return arguments.read(path, "attest.unreadable", MAX_REPORT + 1), at


def _test_result(session: Session, junit: str, suite: str) -> tuple[str, dict[str, Any]]:
    """What a JUnit file comes to."""
    from lockgate.evidence.junit import MAX_BYTES, predicate_of
    from lockgate.evidence.test_result import PREDICATE_TYPE

    return PREDICATE_TYPE, predicate_of(arguments.read(junit, "attest.unreadable", MAX_BYTES + 1), suite, session.bench().clock.now())
