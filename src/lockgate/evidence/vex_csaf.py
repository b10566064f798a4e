"""CSAF 2.0 (docs.oasis-open.org/csaf/csaf/v2.0), profiles VEX and security advisory -> `Exploitability`.

CSAF has no predicate type of in-toto's. A format that has none of its own is attested here under the URI of its JSON schema, which is
what such a document's ``$schema`` says as well.

Steps for each document; where one fails nothing of it counts:

  1. it is CSAF 2.0 of a category that says how products are affected, and no draft (3.2.1)
  2. its products are known by id: in branches, by themselves, or by how one stands to another (3.2.2); an id that stands twice is none
  3. each of a weakness's product ids has one status (3.2.3.9, test 6.1.6); ``recommended`` is no status
  4. a product that is known not to be affected says why: a flag, or a threat of category ``impact`` (profile 4.5, test 6.1.27.9)
  5. no time is later than now; what is said is of ``tracking.current_release_date``
  6. what each product is to the artifact (`vex`); of one that stands to another, the first is the component, and the second has to be the artifact

Products that stand to one another in a circle, or in a chain of more than `MAX_CHAIN`, are malformed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple

from lockgate.core.digest import Digest
from lockgate.core.findings import Exploitability
from lockgate.core.identity import Fingerprint
from lockgate.errors import EvidenceError
from lockgate.evidence import foreign, vex
from lockgate.evidence.clock import not_later
from lockgate.evidence.statement import Statement

CATEGORIES = ("csaf_vex", "csaf_security_advisory")
MAX_PRODUCTS = 65_536
MAX_NAMED = 1 << 20
"""How many products all groups may stand for together, in all places where they are named."""

MAX_CHAIN = 16
"""How many relationships one product may stand in, one through the other."""

_STATUSES: dict[str, vex.Status] = {
    "known_not_affected": "not_affected",
    "known_affected": "affected",
    "first_affected": "affected",
    "last_affected": "affected",
    "fixed": "fixed",
    "first_fixed": "fixed",
    "under_investigation": "under_investigation",
}
_LABELS = frozenset(
    {
        "component_not_present",
        "inline_mitigations_already_exist",
        "vulnerable_code_cannot_be_controlled_by_adversary",
        "vulnerable_code_not_in_execute_path",
        "vulnerable_code_not_present",
    }
)


def read(said: Statement, subject: Digest, keys: tuple[Fingerprint, ...], source: Digest, now: datetime) -> list[Exploitability]:
    """What this document says of the artifact and its components, at least one thing.

    Raises:
        EvidenceError: ``vex.malformed``, ``vex.other-version``, ``vex.draft``, ``vex.contradiction``, ``vex.no-justification``,
            ``vex.other-product``, ``vex.too-many``, ``evidence.from-future``.
    """
    document = said.predicate
    gathered = vex.Gatherer(vex.About(subject, keys, source, now, "csaf"))
    try:
        at = _released(foreign.within(document, "document"))
        not_later(at, now)
        tree = _Tree(foreign.within(document, "product_tree"))
        weaknesses = foreign.items(document, "vulnerabilities")
        if not weaknesses:
            raise ValueError("it has no vulnerabilities")
        for one in weaknesses:
            _weakness(foreign.mapping(one, "a vulnerability"), at, tree, subject, gathered)
    except ValueError as err:
        raise EvidenceError("vex.malformed", f"this is no CSAF document: {err}") from None
    return gathered.facts()


def _released(head: dict[str, Any]) -> datetime:
    """Step 1, and when it was released."""
    version, category = foreign.text(head, "csaf_version"), foreign.text(head, "category")
    if version != "2.0":
        raise EvidenceError("vex.other-version", f"this is CSAF {version[:60]!r}; 2.0 is read")
    if category not in CATEGORIES:
        raise ValueError(f"its category is {category[:60]!r}, and only {' and '.join(CATEGORIES)} are read")
    tracking = foreign.within(head, "tracking")
    state = foreign.text(tracking, "status")
    if state == "draft":
        raise EvidenceError("vex.draft", "it is a draft, by its own word")
    if state not in {"interim", "final"}:
        raise ValueError(f"its status is {state[:60]!r}")
    at = foreign.instant(tracking, "current_release_date")
    if at is None:
        raise ValueError("it has no current_release_date")
    return at


class _Part(NamedTuple):
    """A product as it stands to another: by ids."""

    component: str
    product: str


class _Tree:
    """The products of a document, by id (step 2). Raises ValueError where it is malformed, or larger than `MAX_PRODUCTS`."""

    def __init__(self, tree: dict[str, Any]) -> None:
        self._products: dict[str, vex.Product] = {}
        self._parts: dict[str, _Part] = {}
        self._named = 0
        for one in _named(tree):
            self._add(one)
        for one in foreign.items(tree, "relationships"):
            fields = foreign.mapping(one, "a relationship")
            part = _Part(foreign.text(fields, "product_reference"), foreign.text(fields, "relates_to_product_reference"))
            self._parts[self._add(foreign.within(fields, "full_product_name"))] = part
        listed = [foreign.mapping(one, "a product group") for one in foreign.items(tree, "product_groups")]
        self._groups = {foreign.text(one, "group_id"): vex.texts(one, "product_ids") for one in listed}

    def _add(self, one: dict[str, Any]) -> str:
        named = foreign.text(one, "product_id")
        if named in self._products:
            raise ValueError(f"the product id {named[:60]!r} stands twice")
        if len(self._products) >= MAX_PRODUCTS:
            raise ValueError(f"it has more than {MAX_PRODUCTS} products")
        self._products[named] = _identified(foreign.within(one, "product_identification_helper"))
        return named

    def members(self, outer: Mapping[str, Any]) -> set[str]:
        """The products that something names by id or by group. Raises ValueError for a group that is not there."""
        groups = vex.texts(outer, "group_ids")
        if any(group not in self._groups for group in groups):
            raise ValueError("a product group is named that it does not have")
        self._named += sum(len(self._groups[group]) for group in groups)
        if self._named > MAX_NAMED:
            raise ValueError(f"its groups stand for more than {MAX_NAMED} products, each time they are named")
        return {*vex.texts(outer, "product_ids"), *(named for group in groups for named in self._groups[group])}

    def about(self, named: str, subject: Digest) -> list[str] | None:
        """Step 6: the components; None for the artifact itself. Raises ValueError for an id that is not there."""
        component, containers = self._apart(named)
        if any(one not in self._products for one in (component, *containers)):
            raise ValueError(f"the product id {named[:60]!r} is named, or stands for one, that it does not have")
        found = self._products[component]
        if not containers:
            place = vex.place(found, subject)
            return None if place == "artifact" else list(found.purls) if place == "component" else []
        places: set[Literal["artifact", "other", "component", "nothing"]] = {vex.place(self._products[one], subject) for one in containers}
        return list(found.purls) if "artifact" in places and "other" not in places else []

    def _apart(self, named: str) -> tuple[str, list[str]]:
        """What a product is at last, and everything it stands to. A chain that is too long, or comes back to itself, names nothing that is there."""
        containers: list[str] = []
        for _ in range(MAX_CHAIN):
            part = self._parts.get(named)
            if part is None:
                return named, [self._last(one) for one in containers]
            named = part.component
            containers.append(part.product)
        raise ValueError("its products stand to one another without an end")

    def _last(self, named: str) -> str:
        for _ in range(MAX_CHAIN):
            part = self._parts.get(named)
            if part is None:
                return named
            named = part.product
        raise ValueError("its products stand to one another without an end")


def _named(tree: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every product that is named by itself or in a branch, a document being as deep as JSON may be."""
    yield from (foreign.mapping(one, "a product") for one in foreign.items(tree, "full_product_names"))
    waiting = [tree]
    while waiting:
        branches = [foreign.mapping(one, "a branch") for one in foreign.items(waiting.pop(), "branches")]
        waiting += branches
        yield from (foreign.within(one, "product") for one in branches if one.get("product") is not None)


def _identified(helper: dict[str, Any]) -> vex.Product:
    names = filter(None, [foreign.optional_text(helper, "purl")])
    files = [foreign.mapping(one, "hashes") for one in foreign.items(helper, "hashes")]
    listed = [foreign.mapping(each, "a hash") for one in files for each in foreign.items(one, "file_hashes")]
    return vex.product(names, [(foreign.text(one, "algorithm"), foreign.text(one, "value")) for one in listed])


def _weakness(one: dict[str, Any], at: datetime, tree: _Tree, subject: Digest, gathered: vex.Gatherer) -> None:
    """Steps 3, 4 and 6 of one weakness."""
    named = [foreign.text(foreign.mapping(each, "an id"), "text") for each in foreign.items(one, "ids")]
    ids = vex.ids_of(filter(None, [foreign.optional_text(one, "cve"), *named]))
    statuses = _statuses(foreign.within(one, "product_status"))
    why = _reasons(one, tree)
    together: dict[tuple[vex.Status, str], list[str]] = {}
    for product, status in statuses.items():
        label = why.get(product, "")
        justification = vex.justified(status, label, "said" if product in why else "")
        components = tree.about(product, subject)
        if components is None:
            gathered.say(ids, status, None, justification, at)
        else:
            together.setdefault((status, justification), []).extend(components)
    for (status, justification), components in together.items():
        gathered.say(ids, status, components, justification, at)


def _statuses(listed: dict[str, Any]) -> dict[str, vex.Status]:
    """Step 3."""
    found: dict[str, vex.Status] = {}
    for group, status in _STATUSES.items():
        for product in vex.texts(listed, group):
            if found.setdefault(product, status) != status:
                raise EvidenceError("vex.contradiction", f"the product {product[:60]!r} is {found[product]} and {status} at once")
    return found


def _reasons(one: dict[str, Any], tree: _Tree) -> dict[str, str]:
    """Step 4: of each product whose harmlessness somebody explains the label, empty where it is in prose."""
    found: dict[str, str] = {}
    for each in foreign.items(one, "threats"):
        threat = foreign.mapping(each, "a threat")
        if foreign.text(threat, "category") == "impact" and vex.prose(threat, "details"):
            found.update(dict.fromkeys(tree.members(threat), ""))
    for each in foreign.items(one, "flags"):
        flag = foreign.mapping(each, "a flag")
        label = foreign.text(flag, "label")
        if label not in _LABELS:
            raise ValueError(f"a flag is {label[:60]!r}")
        found.update(dict.fromkeys(tree.members(flag), label))
    return found
