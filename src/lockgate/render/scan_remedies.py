"""What to do about the codes of scanners' results, of what is said about exploitability, and of `scanned`; see `remedies`."""

from __future__ import annotations

_AGAIN = "scan it again, then: lockgate attest REF --scan FILE --key KEY"
_WRITE = "have it written anew: docs/scans.md says what is read"

SCANS: dict[str, str] = {
    "attest.bad-date": "lockgate attest REF --scan FILE --database-date 2026-11-22T06:00:00Z --key KEY",
    "attest.what": "lockgate attest --help",
    "scan.database-later": "set the clock where it was scanned, and scan again",
    "scan.failed": _AGAIN,
    "scan.malformed": _WRITE,
    "scan.other-digest": "scan this artifact, by its digest",
    "scan.other-version": _WRITE,
    "scan.saw-nothing": _AGAIN,
    "scan.several-tools": "attest the report of each tool by itself",
    "scan.too-many": "leave out what nobody asks for, by the scanner's own settings, and scan again",
    "scan.unknown-result": _WRITE,
    "scanned.database-too-old": "update the scanner's database, scan again, then: lockgate attest REF --scan FILE --key KEY",
    "scanned.found": "lockgate verify REF",
    "scanned.no-database-date": "lockgate attest REF --scan FILE --database-date TIME --key KEY",
    "scanned.no-date": _AGAIN,
    "scanned.no-good-scan": "lockgate verify REF",
    "scanned.no-scan": "lockgate attest REF --scan FILE --key KEY",
    "scanned.other-tool": "lockgate policy show",
    "scanned.too-many": "lockgate verify REF",
    "scanned.too-old": _AGAIN,
    "scanned.unreadable": "lockgate verify REF",
    "vex.contradiction": _WRITE,
    "vex.draft": "publish it, and attest what was published",
    "vex.malformed": _WRITE,
    "vex.no-justification": "say why it is not affected, and attest it again",
    "vex.other-product": "name the artifact by its digest, or no product at all: docs/scans.md",
    "vex.other-version": _WRITE,
    "vex.too-many": "attest what concerns this artifact alone",
}
