"""SPDX 3.0 bills of materials in JSON-LD (the serialization with ``@context`` of spdx.org and ``@graph``), read in part.

  1. the one ``SpdxDocument`` is of a version that is read, by its own ``CreationInfo``;
  2. each element is taken by its ``type``, and found by its ``spdxId``: one walk over the graph, none along it, so that no circle is followed;
  3. what the document is of: its ``rootElement``, and that of a ``software_Sbom`` among them;
  4. ``Relationship``: licences, and whether what is contained or depended on is said to be all;
  5. ``software_Package``: a purl is canonical, or the package is counted as skipped.

JSON-LD is not processed: other contexts, ``@id`` for ``spdxId`` and expanded names are not this serialization. Files, snippets, sets of licences
and elements outside the graph are not read; a document that imports some is incomplete.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from lockgate.core.digest import Digest
from lockgate.errors import EvidenceError
from lockgate.evidence import foreign, large_json, sbom_parts
from lockgate.evidence.sbom_parts import MAX_COMPONENTS, NOT_SAID, Document, Tally, licence, text
from lockgate.evidence.sbom_spdx import PACKAGES

CONTEXT = "https://spdx.org/rdf/3.0"
FIELDS = ("@graph",)

MAX_ELEMENTS = 500_000

_LICENCES = "https://spdx.org/licenses/"
_PARTS = frozenset({"contains", "dependsOn", "hasStaticLink", "hasDynamicLink", "hasOptionalComponent", "hasOptionalDependency", "hasProvidedDependency"})


_KEPT = frozenset({"CreationInfo", "software_Sbom", "Bom", "Bundle", "Person", "Organization", "Tool", "SoftwareAgent", "Agent"})


class _Element(msgspec.Struct, gc=False):
    type: str


class _Graph:
    """What is read of a graph, by type and by id."""

    def __init__(self) -> None:
        self.packages: list[dict[str, Any]] = []
        self.documents: list[dict[str, Any]] = []
        self.named: dict[str, dict[str, Any]] = {}
        self.licences: dict[str, str] = {}
        self.concluded: dict[str, set[str]] = {}
        self.declared: dict[str, set[str]] = {}
        self.related = False
        self.said: set[str] = set()


def read(fields: dict[str, bytes]) -> Document:
    """Read a document out of its fields.

    Raises:
        EvidenceError: ``sbom.other-version``, ``sbom.malformed``, ``sbom.too-many``, or `large_json`'s codes.
    """
    try:
        return _read(fields)
    except (ValueError, TypeError, AttributeError) as err:
        raise EvidenceError("sbom.malformed", f"this is no SPDX 3 bill of materials: {str(err)[:200]}") from None


def _read(fields: dict[str, bytes]) -> Document:
    graph = _Graph()
    for raw in large_json.pieces(fields.get("@graph", b""), _Element, MAX_ELEMENTS, "elements"):
        _sort(large_json.value(raw, "element"), graph)
    if len(graph.documents) != 1:
        raise ValueError(f"it has {len(graph.documents)} SpdxDocuments, and one is read")
    if len(graph.packages) > MAX_COMPONENTS:
        raise EvidenceError("sbom.too-many", f"there are {len(graph.packages)} packages; at most {MAX_COMPONENTS} are read")
    document = graph.documents[0]
    info = _info(document, graph)
    spec = text(info, "specVersion")
    if spec.split(".")[:2] != ["3", "0"]:
        raise EvidenceError("sbom.other-version", f"this is SPDX {spec[:20]!r}; 2.2, 2.3 and 3.0 are read")
    roots, boms = _roots(document, graph)
    tally, about = Tally(), set[Digest]()
    for one in graph.packages:
        root = text(one, "spdxId") in roots
        if root:
            about |= _about(one)
        _take(one, graph, tally, root=root and len(roots) == 1)
    makers = [graph.named.get(str(each), {}) for each in _listed(info, "createdBy")]
    tools = [text(graph.named.get(str(each), {}), "name") for each in _listed(info, "createdUsing")]
    has = {
        "author": any(each.get("type") in {"Person", "Organization"} for each in makers),
        "context": any(each.get("software_sbomType") for each in boms),
        "relationship": graph.related or (roots and len(graph.packages) == 1),
        "timestamp": info.get("created"),
        "tool": tools,
    }
    return Document(
        format="spdx",
        spec="3.0",
        components=tally.components(),
        complete="incomplete" if document.get("import") else _complete(graph.said),
        lacks=tuple(sorted(tally.lacks | {element for element, there in has.items() if not there})),
        created_at=foreign.instant(info, "created"),
        tools=sbom_parts.shown(tools),
        skipped=tally.skipped,
        about=tuple(sorted(about)),
    )


def _sort(one: dict[str, Any], graph: _Graph) -> None:
    """Step 2. An id that stands twice is nobody's."""
    kind, name = one["type"], text(one, "spdxId") or text(one, "@id")
    match kind:
        case "software_Package":
            graph.packages.append(one)
        case "SpdxDocument":
            graph.documents.append(one)
        case "Relationship" | "LifecycleScopedRelationship":
            _relate(one, graph)
        case "software_File" | "software_Snippet" | "Annotation":
            return
        case "simplelicensing_LicenseExpression":
            graph.licences[name] = licence(one.get("simplelicensing_licenseExpression"))
        case _:
            pass
    if name:
        if name in graph.named:
            raise ValueError(f"two elements have the id {name[:100]!r}")
        graph.named[name] = one if kind in _KEPT else {}


def _relate(one: dict[str, Any], graph: _Graph) -> None:
    """Step 4."""
    kind, left, right = text(one, "relationshipType"), text(one, "from"), [str(each) for each in _listed(one, "to")]
    if kind in {"hasConcludedLicense", "hasDeclaredLicense"}:
        (graph.concluded if kind == "hasConcludedLicense" else graph.declared).setdefault(left, set()).update(right)
    elif kind in _PARTS:
        graph.related = True
        graph.said.add(text(one, "completeness") or "noAssertion")
        if any(each.rpartition("/")[2] == "NoAssertionElement" for each in right):
            graph.said.add("incomplete")


def _listed(outer: dict[str, Any], name: str) -> list[Any]:
    """A field that may hold one value in place of a list of one."""
    value = outer.get(name)
    return [value] if isinstance(value, str) else foreign.items(outer, name)


def _info(document: dict[str, Any], graph: _Graph) -> dict[str, Any]:
    """The document's own creation, which stands in it or in the graph."""
    found = document.get("creationInfo")
    if isinstance(found, str):
        found = graph.named.get(found)
    return foreign.mapping(found, "the document's creationInfo")


def _roots(document: dict[str, Any], graph: _Graph) -> tuple[frozenset[str], list[dict[str, Any]]]:
    """Step 3: the elements it is of, and the bills of materials among its roots."""
    roots = {str(each) for each in _listed(document, "rootElement")}
    boms = [graph.named[each] for each in sorted(roots) if graph.named.get(each, {}).get("type") in {"software_Sbom", "Bom", "Bundle"}]
    inner = {str(each) for bom in boms for each in _listed(bom, "rootElement")}
    return frozenset(roots | inner) - {text(bom, "spdxId") for bom in boms}, boms


def _complete(said: set[str]) -> Literal["complete", "incomplete", "unsaid"]:
    if "incomplete" in said:
        return "incomplete"
    return "complete" if said == {"complete"} else "unsaid"


def _purls(one: dict[str, Any]) -> list[str]:
    identifiers = [foreign.mapping(each, "an identifier") for each in foreign.items(one, "externalIdentifier")]
    found = [text(each, "identifier") for each in identifiers if each.get("externalIdentifierType") in {"packageUrl", "packageURL", "purl"}]
    own = text(one, "software_packageUrl")
    return list(dict.fromkeys([*([own] if own else []), *found]))


def _licences(name: str, graph: _Graph) -> Iterator[str]:
    for each in graph.concluded.get(name) or graph.declared.get(name) or ():
        last = each.rpartition("/")[2]
        if each in graph.licences:
            yield graph.licences[each]
        elif last not in {"NoAssertionLicense", "NoneLicense"}:
            yield licence(last) if each.startswith(_LICENCES) else NOT_SAID


def _take(one: dict[str, Any], graph: _Graph, tally: Tally, *, root: bool) -> None:
    """Step 5; the single root is the artifact itself, and is a component only under a purl that is no image's."""
    purls, purpose = _purls(one), text(one, "software_primaryPurpose")
    if root:
        purls = [purl for purl in purls if not purl.lower().startswith(("pkg:oci/", "pkg:docker/"))]
        if not purls:
            return
    licences = sbom_parts.licences(_licences(text(one, "spdxId"), graph))
    has = {
        "hash": one.get("verifiedUsing"),
        "identifier": purls or one.get("externalIdentifier"),
        "licence": licences,
        "supplier": one.get("suppliedBy"),
    }
    kind = "" if purpose.upper() in PACKAGES else purpose
    for purl in purls or [""]:
        tally.take((purl, text(one, "name"), text(one, "software_packageVersion"), kind, licences), has)


def _about(one: dict[str, Any]) -> set[Digest]:
    """The digests of the image the document says it is of: in a purl of an image, and of a container in its version and hashes."""
    found = {sbom_parts.of_image(purl) for purl in _purls(one)}
    if text(one, "software_primaryPurpose") == "container":
        version = text(one, "software_packageVersion")
        found.add(sbom_parts.sha256(version) if version.startswith("sha256:") else None)
        hashes = [foreign.mapping(each, "a hash") for each in foreign.items(one, "verifiedUsing")]
        found |= {sbom_parts.sha256(each.get("hashValue")) for each in hashes if each.get("algorithm") == "sha256"}
    return {each for each in found if each}
