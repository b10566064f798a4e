"""What to do about each code of advisories, and of what they find; as `remedies`."""

from __future__ import annotations

_IMPORT = "lockgate advisories import FILE --kev FILE"

ADVISORIES: dict[str, str] = {
    "advisories.busy": "wait for the other import to end, and try again",
    "advisories.entry-malformed": "lockgate advisories show",
    "advisories.export-cut": "take the export anew, whole, and import it again",
    "advisories.export-empty": "name the directory or archive the OSV entries are in",
    "advisories.export-malformed": "take the export anew from where you trust it",
    "advisories.export-unreadable": "check its path and permissions, and import it again",
    "advisories.fewer": "lockgate advisories import --replace FILE",
    "advisories.from-future": "set this machine's clock, or take the export anew",
    "advisories.malformed": _IMPORT,
    "advisories.none": _IMPORT,
    "advisories.older": "lockgate advisories import --replace FILE",
    "advisories.other-packages": "lockgate gate REF --to ENV --key KEY",
    "advisories.too-much": "release less at once, or import fewer ecosystems",
    "advisories.twice": "take the export anew, and name one of its kind only",
    "advisories.unreadable": "lockgate advisories import --replace FILE --kev FILE",
    "advisories.unwritable": "make room in the gate's directory, and import it again",
    "advisories.what": _IMPORT,
    "kev.malformed": "take known_exploited_vulnerabilities.json anew, whole",
    "vulnerable.exploited": "update these components, and release what has them fixed",
    "vulnerable.found": "update these components, and release what has them fixed",
    "vulnerable.from-future": "set this machine's clock",
    "vulnerable.no-data": _IMPORT,
    "vulnerable.no-kev": "lockgate advisories import --kev FILE",
    "vulnerable.no-sbom": "lockgate attest REF --sbom FILE --key KEY",
    "vulnerable.not-covered": "import advisories that cover them, or name the kind under uncovered in the policy",
    "vulnerable.other-sbom": "lockgate verify REF",
    "vulnerable.stale": _IMPORT,
    "vulnerable.unknown-severity": "update these components, or import advisories that say how severe it is",
    "vulnerable.unknown-version": "have the bill of materials say each component's version",
    "vulnerable.unreadable": "lockgate verify REF",
}
