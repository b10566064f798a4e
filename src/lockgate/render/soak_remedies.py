"""What to do about the codes about dependencies and security fixes; see `remedies`."""

from __future__ import annotations

SOAK: dict[str, str] = {
    "request.bad-fix": "lockgate request REF --to ENV --fixes CVE-2026-1234",
    "soaked.component-new": "lockgate gate REF --to ENV",
    "soaked.component-too-young": "lockgate gate REF --to ENV",
    "soaked.dependencies-changed": "lockgate gate REF --to ENV",
    "soaked.fix-unproven": "lockgate request REF --to ENV --fixes ID",
    "soaked.fix-unreadable": "lockgate why REF --to ENV",
    "soaked.no-sbom": "attest its bill of materials, with a key that the policy names for it",
    "soaked.no-scan": "scan it while it soaks, then: lockgate attest REF --scan FILE --key KEY",
    "soaked.running-unclear": "lockgate status",
    "soaked.sbom-partial": "make a bill of materials that lists everything, each with its version",
    "soaked.sbom-unreadable": "lockgate log check",
    "soaked.scan-found": "fix what was found, and let the fixed release soak",
}
