"""CycloneDX VEX (cyclonedx.org, ``vulnerabilities`` of a BOM 1.4 to 1.7) -> `Exploitability`.

A BOM that lists components is mostly an SBOM, and one may be both; this reads only what it says of weaknesses. Steps for each of those
that have an ``analysis``:

  1. its state and time are read, and mean what OpenVEX's say

         resolved, resolved_with_pedigree     fixed
         exploitable                          affected
         in_triage                            under_investigation
         not_affected, false_positive         not_affected

  2. ``not_affected`` says why, in ``justification`` or ``detail``; ``false_positive`` is its own reason
  3. no time is later than now: ``analysis.lastUpdated``, or else ``firstIssued``, or else the document's
  4. what each of ``affects`` points at: the BOM's own subject (``metadata.component``), which is the artifact unless it names another
     digest; one of its components; or by a BOM-Link something in this BOM, or a package URL

A weakness without an analysis says nothing: it is a list of what somebody found. One that affects nothing in here says nothing either, and a BOM
without any is no VEX.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from lockgate.core.digest import Digest
from lockgate.core.findings import Exploitability
from lockgate.core.identity import Fingerprint
from lockgate.errors import EvidenceError
from lockgate.evidence import foreign, large_json, vex
from lockgate.evidence.clock import not_later
from lockgate.evidence.statement import Statement

_STATES: dict[str, vex.Status] = {
    "resolved": "fixed",
    "resolved_with_pedigree": "fixed",
    "exploitable": "affected",
    "in_triage": "under_investigation",
    "not_affected": "not_affected",
    "false_positive": "not_affected",
}
_JUSTIFICATIONS = frozenset(
    {
        "code_not_present",
        "code_not_reachable",
        "requires_configuration",
        "requires_dependency",
        "requires_environment",
        "protected_by_compiler",
        "protected_at_runtime",
        "protected_at_perimeter",
        "protected_by_mitigating_control",
    }
)
_ANALYSIS = b'"analysis"'

MAX_DOCUMENT = 8 << 20
"""The largest document with VEX in it, bytes of what is read of it."""

MAX_NESTED = 262_144
"""The most components of a document that are looked through."""


def statements(said: Statement, subject: Digest, keys: tuple[Fingerprint, ...], source: Digest, now: datetime) -> list[Exploitability]:
    """What this BOM says of how weaknesses concern the artifact and its components; nothing where it has no analysis.

    Raises:
        EvidenceError: ``vex.malformed``, ``vex.no-justification``, ``vex.other-product``, ``vex.too-many``, ``evidence.from-future``,
            ``json.too-large``, or `large_json`'s codes.
    """
    document = _document(said)
    gathered = vex.Gatherer(vex.About(subject, keys, source, now, "cyclonedx"))
    try:
        analysed = [one for one in map(_weakness, foreign.items(document, "vulnerabilities")) if one.get("analysis") is not None]
        if not analysed:
            return []
        metadata = foreign.within(document, "metadata")
        issued = foreign.instant(metadata, "timestamp")
        not_later(issued, now)
        referenced = _Referenced(document, foreign.within(metadata, "component"), subject)
        for one in analysed:
            _statement(one, issued, referenced, now, gathered)
    except ValueError as err:
        raise EvidenceError("vex.malformed", f"this is no CycloneDX VEX: {err}") from None
    return gathered.facts()


def _document(said: Statement) -> dict[str, Any]:
    """What is read of the document, parsed; nothing where no word of it is an analysis, as of most bills of materials, however large.

    What cosign wraps into one text is a bill of materials alone.
    """
    if said.raw[:1] != b"{" or _ANALYSIS not in said.raw:
        return {}
    from lockgate.evidence.sbom_cyclonedx import FIELDS  # noqa: PLC0415  only what has one waits for it

    fields = large_json.outline(said.raw, FIELDS, "CycloneDX VEX")
    if _ANALYSIS not in fields.get("vulnerabilities", b""):
        return {}
    kept = {name: fields[name] for name in ("serialNumber", "metadata", "components", "vulnerabilities") if name in fields}
    if sum(map(len, kept.values())) > MAX_DOCUMENT:
        raise EvidenceError("json.too-large", f"this CycloneDX VEX has more than {MAX_DOCUMENT >> 20} MiB: attest it apart from its bill of materials")
    return {name: large_json.value(raw, name) for name, raw in kept.items()}


def _weakness(one: object) -> dict[str, Any]:
    return foreign.mapping(one, "a vulnerability")


def _statement(one: dict[str, Any], issued: datetime | None, referenced: _Referenced, now: datetime, gathered: vex.Gatherer) -> None:
    """Steps 1 to 4 of one weakness."""
    analysis = foreign.within(one, "analysis")
    state = foreign.text(analysis, "state")
    if state not in _STATES:
        raise ValueError(f"a state is {state[:60]!r}")
    justification = foreign.optional_text(analysis, "justification")
    if justification and justification not in _JUSTIFICATIONS:
        raise ValueError(f"a justification is {justification[:60]!r}")
    if state == "false_positive":
        justification = justification or state
    why = vex.justified(_STATES[state], justification, vex.prose(analysis, "detail"))
    at = foreign.instant(analysis, "lastUpdated") or foreign.instant(analysis, "firstIssued") or issued
    if at is None:
        raise ValueError("an analysis has no time, and the document has none")
    not_later(at, now)
    others = [foreign.optional_text(foreign.mapping(each, "a reference"), "id") for each in foreign.items(one, "references")]
    ids = vex.ids_of(filter(None, [foreign.text(one, "id"), *others]))
    found = [referenced.purls(foreign.mapping(each, "an affected component")) for each in foreign.items(one, "affects")]
    if None in found:
        gathered.say(ids, _STATES[state], None, why, at)
    gathered.say(ids, _STATES[state], [purl for each in found if each is not None for purl in each], why, at)


class _Referenced:
    """What the references of a BOM point at."""

    def __init__(self, document: dict[str, Any], root: dict[str, Any], subject: Digest) -> None:
        """Raises ValueError for malformed components, or where more than `MAX_NESTED` are listed."""
        self._serial = foreign.optional_text(document, "serialNumber").removeprefix("urn:uuid:").lower()
        self._root = foreign.optional_text(root, "bom-ref")
        named = vex.product(filter(None, [foreign.optional_text(root, "purl"), foreign.optional_text(root, "version")]), _hashes(root))
        self._is_artifact = vex.place(named, subject) != "other"
        self._purls: dict[str, str] = {}
        for one in _nested(document, root):
            ref = foreign.optional_text(one, "bom-ref")
            if ref and self._purls.setdefault(ref, purl := foreign.optional_text(one, "purl")) != purl:
                raise ValueError(f"the bom-ref {ref[:60]!r} is two components'")

    def purls(self, affected: dict[str, Any]) -> list[str] | None:
        """The components one of ``affects`` points at; None for the artifact itself. Raises ValueError for a malformed package URL."""
        ref = foreign.text(affected, "ref")
        if ref.lower().startswith("urn:cdx:"):
            link, _, ref = ref.partition("#")
            ref = vex.unquoted(ref)
            if link[len("urn:cdx:") :].partition("/")[0].lower() != self._serial and not ref.lower().startswith("pkg:"):
                return []
        if self._root and ref == self._root:
            return None if self._is_artifact else []
        found = self._purls.get(ref) or (ref if ref.lower().startswith("pkg:") and ref not in self._purls else "")
        return _versioned(vex.purl(found), affected) if found else []


def _versioned(purl: str, affected: dict[str, Any]) -> list[str]:
    """A component's package URL; where it has no version, with each of those that are listed as affected, and none for a range of them."""
    listed = [foreign.mapping(one, "a version") for one in foreign.items(affected, "versions")]
    if not listed or "@" in purl.partition("?")[0].rpartition("/")[2]:
        return [purl]
    exact = [foreign.optional_text(one, "version") for one in listed if one.get("status") in (None, "affected")]
    path, mark, rest = purl.partition("?")
    return [vex.purl(f"{path}@{version}{mark}{rest}") for version in exact if version]


def _hashes(one: dict[str, Any]) -> list[tuple[str, str]]:
    listed = [foreign.mapping(each, "a hash") for each in foreign.items(one, "hashes")]
    return [(foreign.text(each, "alg"), foreign.text(each, "content")) for each in listed]


def _nested(document: dict[str, Any], root: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All components, those inside others too, a document being as deep as JSON may be."""
    waiting = [document, root]
    seen = 0
    while waiting:
        inside = [foreign.mapping(one, "a component") for one in foreign.items(waiting.pop(), "components")]
        seen += len(inside)
        if seen > MAX_NESTED:
            raise ValueError(f"it lists more than {MAX_NESTED} components")
        waiting += inside
        yield from inside
