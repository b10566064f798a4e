"""OpenVEX 0.0.1 to 0.2.0 (openvex.dev, OPENVEX-SPEC.md) -> `Exploitability`.

Steps for each document; where one fails nothing of it counts:

  1. it is of a version that is read: ``@context`` ("Document Struct Fields")
  2. each statement has a weakness, a status and, by inheritance, a time ("Data Inheritance"): a time in the statement goes before one of
     the document, and of two times of one place the update does
  3. ``not_affected`` says why: a justification or an impact statement ("Statement Fields")
  4. no time is later than now
  5. what each statement is about (`vex`): its products, or where it names none the Statement's subject (ATTESTING.md, rules 1 to 4); their
     subcomponents, where the product is the artifact

Until 0.0.2 products, subcomponents and weaknesses were texts, and subcomponents stood beside the products. Hashes of subcomponents are
not compared: the package URL tells which component is meant.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from lockgate.core.digest import Digest
from lockgate.core.findings import Exploitability
from lockgate.core.identity import Fingerprint
from lockgate.errors import EvidenceError
from lockgate.evidence import foreign, vex
from lockgate.evidence.clock import not_later
from lockgate.evidence.said_types import OPENVEX_NAMESPACE, OPENVEX_VERSIONS
from lockgate.evidence.statement import Statement

_STATUSES: dict[str, vex.Status] = {one: one for one in ("not_affected", "affected", "fixed", "under_investigation")}
_JUSTIFICATIONS = frozenset(
    {
        "component_not_present",
        "vulnerable_code_not_present",
        "vulnerable_code_not_in_execute_path",
        "vulnerable_code_cannot_be_controlled_by_adversary",
        "inline_mitigations_already_exist",
    }
)


def read(said: Statement, subject: Digest, keys: tuple[Fingerprint, ...], source: Digest, now: datetime) -> list[Exploitability]:
    """What this document says of the artifact and its components, at least one thing.

    Raises:
        EvidenceError: ``vex.malformed``, ``vex.other-version``, ``vex.no-justification``, ``vex.other-product``, ``vex.too-many``,
            ``evidence.from-future``.
    """
    document = said.predicate
    gathered = vex.Gatherer(vex.About(subject, keys, source, now, "openvex"))
    try:
        _require_version(document)
        issued = _time(document)
        statements = foreign.items(document, "statements")
        if not statements:
            raise ValueError("it has no statements")
        if issued is not None:
            not_later(issued, now)
        for one in statements:
            _statement(foreign.mapping(one, "a statement"), issued, subject, now, gathered)
    except ValueError as err:
        raise EvidenceError("vex.malformed", f"this is no OpenVEX document: {err}") from None
    return gathered.facts()


def _require_version(document: dict[str, Any]) -> None:
    """Step 1."""
    context = foreign.text(document, "@context")
    if context != OPENVEX_NAMESPACE and context.removeprefix(OPENVEX_NAMESPACE + "/") not in OPENVEX_VERSIONS:
        raise EvidenceError("vex.other-version", f"its context is {context[:80]!r}; OpenVEX {OPENVEX_VERSIONS[0]} to {OPENVEX_VERSIONS[-1]} is read")


def _time(outer: dict[str, Any]) -> datetime | None:
    return foreign.instant(outer, "last_updated") or foreign.instant(outer, "timestamp")


def _statement(one: dict[str, Any], issued: datetime | None, subject: Digest, now: datetime, gathered: vex.Gatherer) -> None:
    """Steps 2 to 5 of one statement."""
    ids, at = _ids(one), _time(one) or issued
    if at is None:
        raise ValueError("a statement has no time, and the document has none")
    word = foreign.text(one, "status")
    if word not in _STATUSES:
        raise ValueError(f"a status is {word[:60]!r}")
    justification = foreign.optional_text(one, "justification")
    if justification and justification not in _JUSTIFICATIONS:
        raise ValueError(f"a justification is {justification[:60]!r}")
    status = _STATUSES[word]
    why = vex.justified(status, justification, vex.prose(one, "impact_statement"))
    not_later(at, now)
    whole, components = _about(one, subject)
    if whole:
        gathered.say(ids, status, None, why, at)
    gathered.say(ids, status, components, why, at)


def _about(one: dict[str, Any], subject: Digest) -> tuple[bool, list[str]]:
    """Step 5: whether it is said of the artifact as a whole, and of which components."""
    products, listed = foreign.items(one, "products"), foreign.items(one, "subcomponents")
    beside, whole = _components(listed), not products and not listed
    components = [] if products else beside
    in_artifact = False
    for each in products:
        listed_here = foreign.items(each, "subcomponents") if isinstance(each, dict) else []
        found, inside = _identified(each), _components(listed_here)  # what is malformed is refused, whoever it is about
        match vex.place(found, subject):
            case "artifact":
                in_artifact = True
                whole = whole or not (listed or listed_here)
                components += inside
            case "component" if not (listed or listed_here):
                components += found.purls
            case _:
                pass
    return whole, [*components, *beside] if in_artifact else components


def _ids(one: dict[str, Any]) -> tuple[str, ...]:
    named = one.get("vulnerability")
    if isinstance(named, str):
        return vex.ids_of([foreign.text(one, "vulnerability")])
    fields = foreign.mapping(named, "vulnerability")
    name = foreign.optional_text(fields, "name") or foreign.text(fields, "@id")
    return vex.ids_of([name, *vex.texts(fields, "aliases")])


def _identified(one: object) -> vex.Product:
    """What a product or subcomponent is identified by."""
    if isinstance(one, str):
        return vex.product([foreign.text({"a product": one}, "a product")], ())
    fields = foreign.mapping(one, "a product")
    listed = foreign.within(fields, "identifiers")
    names = [foreign.optional_text(fields, "@id"), foreign.optional_text(listed, "purl")]
    hashes = foreign.within(fields, "hashes")
    return vex.product(filter(None, names), [(algorithm, foreign.text(hashes, algorithm)) for algorithm in hashes])


def _components(listed: list[Any]) -> list[str]:
    return [purl for one in listed for purl in _identified(one).purls]
