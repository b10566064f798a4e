"""SPDX bills of materials in JSON, 2.2 and 2.3 (ISO/IEC 5962), read in part; 3.0 is read by `sbom_spdx3`.

  1. ``spdxVersion`` is of a version that is read;
  2. ``creationInfo``: when, by whom and by what it was made;
  3. ``relationships`` and ``documentDescribes``: what it is of, and whether it says that it does not know something;
  4. ``packages``: a purl stands in ``externalRefs``; it is canonical, or the package is counted as skipped.

Files, snippets and annotations are not read, and no other document that this one refers to: one that does is incomplete.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

import msgspec

from lockgate.core.digest import Digest
from lockgate.errors import EvidenceError
from lockgate.evidence import foreign, large_json, sbom_parts
from lockgate.evidence.sbom_parts import MAX_COMPONENTS, NOT_SAID, Document, Tally, licence, text

VERSIONS = {"SPDX-2.2": "2.2", "SPDX-2.3": "2.3"}
FIELDS = ("packages", "relationships", "files", "snippets", "annotations", "hasExtractedLicensingInfos", "documentDescribes", "externalDocumentRefs")

MAX_RELATIONSHIPS = 2_000_000

PACKAGES = frozenset({"", "APPLICATION", "FRAMEWORK", "LIBRARY", "FIRMWARE", "INSTALL", "SOURCE", "ARCHIVE", "OTHER"})
"""What a package may be for and be a package to us; the others are named by what they are."""


class _Package(msgspec.Struct, gc=False):
    SPDXID: str
    name: str


class _Relationship(msgspec.Struct, rename="camel", gc=False):
    spdx_element_id: str
    relationship_type: str
    related_spdx_element: str


class _Related(NamedTuple):
    """What the relationships say: what the document is of; whether anything is related to anything; and whether it says that it does not know."""

    roots: frozenset[str]
    related: bool
    unknown: bool


def read(fields: dict[str, bytes]) -> Document:
    """Read a document out of its fields.

    Raises:
        EvidenceError: ``sbom.other-version``, ``sbom.malformed``, ``sbom.too-many``, or `large_json`'s codes.
    """
    try:
        return _read(fields)
    except (ValueError, TypeError, AttributeError) as err:
        raise EvidenceError("sbom.malformed", f"this is no SPDX bill of materials: {str(err)[:200]}") from None


def _read(fields: dict[str, bytes]) -> Document:
    names = ("spdxVersion", "SPDXID", "creationInfo", "documentDescribes", "externalDocumentRefs")
    head = {name: large_json.value(fields[name], name) for name in names if name in fields}
    version = text(head, "spdxVersion")
    if version not in VERSIONS:
        raise EvidenceError("sbom.other-version", f"this is {version[:20]!r}; {', '.join(sorted(VERSIONS))} and 3.0 are read")
    related = _related(fields, text(head, "SPDXID"), [str(one) for one in foreign.items(head, "documentDescribes")])
    tally, about, count = Tally(), set[Digest](), 0
    for raw in large_json.pieces(fields.get("packages", b""), _Package, MAX_COMPONENTS, "packages"):
        one = large_json.value(raw, "package")
        count += 1
        root = one["SPDXID"] in related.roots
        if root:
            about |= _about(one)
        _take(one, tally, root=root and len(related.roots) == 1)
    created = foreign.within(head, "creationInfo")
    creators = [one for one in foreign.items(created, "creators") if isinstance(one, str)]
    lacks = set(tally.lacks) | {"context"}
    lacks |= {"timestamp"} if not created.get("created") else set()
    lacks |= {"author"} if not any(one.startswith(("Person:", "Organization:")) for one in creators) else set()
    lacks |= {"tool"} if not any(one.startswith("Tool:") for one in creators) else set()
    lacks |= {"relationship"} if not related.related and not (related.roots and count == 1) else set()
    incomplete = related.unknown or bool(foreign.items(head, "externalDocumentRefs"))
    return Document(
        format="spdx",
        spec=VERSIONS[version],
        components=tally.components(),
        complete="incomplete" if incomplete else "unsaid",
        lacks=tuple(sorted(lacks)),
        created_at=foreign.instant(created, "created"),
        tools=sbom_parts.shown(one.removeprefix("Tool:").strip() for one in creators if one.startswith("Tool:")),
        skipped=tally.skipped,
        about=tuple(sorted(about)),
    )


def _related(fields: dict[str, bytes], own: str, described: Collection[str]) -> _Related:
    """Step 3. ``NOASSERTION`` on either side says that something is there, or may be, and is not known."""
    roots, related, unknown = set(described), False, False
    for raw in large_json.pieces(fields.get("relationships", b""), _Relationship, MAX_RELATIONSHIPS, "relationships"):
        one = large_json.value(raw, "relationship")
        kind, left, right = one["relationshipType"], one["spdxElementId"], one["relatedSpdxElement"]
        if NOT_SAID in (left, right) or right.startswith("DocumentRef-"):
            unknown = True
        elif kind == "DESCRIBES" and left == own:
            roots.add(right)
        elif kind == "DESCRIBED_BY" and right == own:
            roots.add(left)
        elif right != "NONE":
            related = True
    return _Related(frozenset(roots), related, unknown)


def _purls(one: dict[str, Any]) -> list[str]:
    references = [foreign.mapping(each, "a reference") for each in foreign.items(one, "externalRefs")]
    return [text(each, "referenceLocator") for each in references if each.get("referenceType") == "purl"]


def _said(one: dict[str, Any], name: str) -> str:
    """A field where ``NOASSERTION`` and ``NONE`` say nothing."""
    value = text(one, name)
    return "" if value in {NOT_SAID, "NONE"} else value


def _take(one: dict[str, Any], tally: Tally, *, root: bool) -> None:
    """A package as a component; the single root is the artifact itself, and is one only under a purl that is no image's."""
    purls, purpose = _purls(one), text(one, "primaryPackagePurpose")
    if root:
        purls = [purl for purl in purls if not purl.lower().startswith(("pkg:oci/", "pkg:docker/"))]
        if not purls:
            return
    kind = "" if purpose in PACKAGES else purpose.lower().replace("_", "-")
    said = _said(one, "licenseConcluded") or _said(one, "licenseDeclared")
    licences = (licence(said),) if said else ()
    references = foreign.items(one, "externalRefs")
    has = {
        "hash": one.get("checksums"),
        "identifier": purls or any(str(each.get("referenceType", "")).startswith(("cpe", "swid", "swh", "gitoid")) for each in references),
        "licence": licences,
        "supplier": _said(one, "supplier"),
    }
    for purl in purls or [""]:
        tally.take((purl, text(one, "name"), _said(one, "versionInfo"), kind, licences), has)


def _about(one: dict[str, Any]) -> set[Digest]:
    """The digests of the image the document says it is of: in a purl of an image, and of a container in its version and checksums."""
    found = {sbom_parts.of_image(purl) for purl in _purls(one)}
    if one.get("primaryPackagePurpose") == "CONTAINER":
        version = text(one, "versionInfo")
        found.add(sbom_parts.sha256(version) if version.startswith("sha256:") else None)
        sums = [foreign.mapping(each, "a checksum") for each in foreign.items(one, "checksums")]
        found |= {sbom_parts.sha256(each.get("checksumValue")) for each in sums if each.get("algorithm") == "SHA256"}
    return {each for each in found if each}
