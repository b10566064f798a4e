"""What is known against what an artifact is made of: findings by advisories, what vendors say of them, and what scanners found."""

from __future__ import annotations

from typing import Literal

from lockgate.canon import Noun
from lockgate.core.digest import Digest
from lockgate.core.duration import Time
from lockgate.core.facts import Vouched

Level = Literal["none", "low", "medium", "high", "critical", "unknown"]
"""CVSS's qualitative severity; ``unknown`` where nobody gave a score, and that is no low one."""


class Finding(Noun, frozen=True, kw_only=True):
    """A component of an artifact is what an advisory is about, or may be.

    Attributes:
        subject: the artifact. component: the component's purl.
        advisory: the advisory's id. aliases: every other id of the same weakness, sorted, such as CVE numbers.
        level: by the highest score of the joined advisories. score: that score in tenths, 0 to 100; -1 where there is none.
        published: when it first was, by any of them; None where none says. kev: whether CISA lists it as exploited.
        fixed_in: versions that are not affected any more, as the advisories say; none where there is no fix.
        certain: False where the component's version is missing or cannot be compared, so that it is not known whether it is affected.
        upstream: ids of weaknesses the advisory packs together, sorted: a word about one of them is none about all.
        sboms: digests of the bills of materials that list the component, sorted.
    """

    subject: Digest
    component: str
    advisory: str
    aliases: tuple[str, ...] = ()
    level: Level = "unknown"
    score: int = -1
    published: Time | None = None
    kev: bool = False
    fixed_in: tuple[str, ...] = ()
    certain: bool = True
    upstream: tuple[str, ...] = ()
    sboms: tuple[Digest, ...] = ()


class Uncovered(Noun, frozen=True, kw_only=True):
    """Components that no advisory database asked could know of.

    Attributes:
        kind: their purl's type, such as ``generic``; ``none`` of those without a purl that can be read.
        count: how many. example: one of them.
    """

    kind: str
    count: int
    example: str


class LookedUp(Noun, frozen=True, kw_only=True):
    """The components of one bill of materials were looked up.

    Attributes:
        subject: the artifact. sbom: digest of the document.
        components: how many it lists, with those that could not be taken in.
        uncovered: those that were not looked up, by kind, sorted.
    """

    subject: Digest
    sbom: Digest
    components: int
    uncovered: tuple[Uncovered, ...] = ()


class Database(Noun, frozen=True, kw_only=True):
    """Advisories that were asked.

    Attributes:
        name: ``osv`` or ``kev``. digest: of what was imported.
        as_of: how new it is, by its own newest entry. entries: how many it holds.
        ecosystems: those it covers, sorted; a component of another one was not looked up.
        refused: entries that could not be read at all, and are not among them.
    """

    name: Literal["osv", "kev"]
    digest: Digest
    as_of: Time
    entries: int
    ecosystems: tuple[str, ...] = ()
    refused: int = 0


class Exploitability(Vouched, frozen=True, kw_only=True):
    """Somebody says whether a weakness concerns an artifact or a component of it (VEX).

    Attributes:
        ids: every id of the weakness it names, sorted.
        components: purls it is about, as prefixes without version count for every version; none where it is about the artifact as a whole.
        status: what is said. justification: why, of ``not_affected``; empty where it is not said.
        at: when, as its maker says. format: in which form.
    """

    ids: tuple[str, ...]
    status: Literal["not_affected", "affected", "fixed", "under_investigation"]
    components: tuple[str, ...] = ()
    justification: str = ""
    at: Time | None = None
    format: Literal["openvex", "cyclonedx", "csaf"] = "openvex"


class ScanFinding(Noun, frozen=True, kw_only=True):
    """One thing a scanner found.

    Attributes:
        id: of the weakness, as the scanner names it. level: as it says; ``unknown`` where it does not.
        component: a purl, or what it says in place of one; empty for none.
    """

    id: str
    level: Level = "unknown"
    component: str = ""


class Scan(Vouched, frozen=True, kw_only=True):
    """A scanner looked at an artifact.

    Attributes:
        tool: what looked, as it says, in lower case: ``trivy``. version: of it. format: in which form it tells.
        at: when it was done, as it says. database_at: of when its database is; None where that is not said.
        findings: what it found, each once, those whose severity is not known first, then the most severe; empty only where the result says
            that it looked and found nothing.
        more: how many were left out, each of them no further ahead in that order than the last one here.
        suppressed: how many things it found and was told not to report; they are none of its findings.
    """

    tool: str
    version: str = ""
    format: Literal["vulns", "cosign-vuln", "sarif", "grype", "trivy"]
    at: Time | None = None
    database_at: Time | None = None
    findings: tuple[ScanFinding, ...] = ()
    more: int = 0
    suppressed: int = 0
