"""CycloneDX bills of materials in JSON, 1.4 to 1.7 (ECMA-424), read in part.

  1. ``bomFormat`` and ``specVersion`` are of a version that is read;
  2. ``metadata``: when and by whom and what it was made, and what it is of;
  3. ``components``, those inside other components too, without recursion; a purl is canonical or the component is counted as skipped;
  4. ``compositions``: whether it says that it is complete;
  5. ``dependencies``: whether it relates anything to anything.

Services, vulnerabilities, annotations, formulation and signatures inside the document are not read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from lockgate.core.digest import Digest
from lockgate.errors import EvidenceError
from lockgate.evidence import foreign, large_json, sbom_parts
from lockgate.evidence.sbom_parts import MAX_COMPONENTS, Document, Row, Tally, licence, text

VERSIONS = frozenset({"1.4", "1.5", "1.6", "1.7"})
FIELDS = ("components", "dependencies", "compositions", "metadata", "services", "vulnerabilities", "annotations", "formulation", "externalReferences")

_PACKAGES = frozenset({"application", "framework", "library", "firmware", ""})
_UNKNOWN = frozenset({"not_specified"})


class _Listed(msgspec.Struct, gc=False):
    type: str
    name: str


class _Dependency(msgspec.Struct, gc=False):
    ref: str


class _Composition(msgspec.Struct, gc=False):
    aggregate: str


def read(fields: dict[str, bytes]) -> Document:
    """Read a document out of its fields.

    Raises:
        EvidenceError: ``sbom.other-version``, ``sbom.malformed``, ``sbom.too-many``, or `large_json`'s codes.
    """
    try:
        return _read(fields)
    except (ValueError, TypeError, AttributeError) as err:
        raise EvidenceError("sbom.malformed", f"this is no CycloneDX bill of materials: {str(err)[:200]}") from None


def _read(fields: dict[str, bytes]) -> Document:
    head: dict[str, Any] = {name: large_json.value(fields[name], name) for name in ("bomFormat", "specVersion", "metadata") if name in fields}
    spec = text(head, "specVersion")
    if spec not in VERSIONS:
        raise EvidenceError("sbom.other-version", f"this is CycloneDX {spec[:20]!r}; {', '.join(sorted(VERSIONS))} are read")
    metadata = foreign.within(head, "metadata")
    root = foreign.within(metadata, "component")
    tally = Tally()
    for one in _everything(fields.get("components", b""), root):
        _take(one, tally)
    if (purl := text(root, "purl")) and not purl.lower().startswith(("pkg:oci/", "pkg:docker/")):
        _take(root, tally)
    lacks = tally.lacks | _lacks_itself(metadata)
    if not any(one.get("dependsOn") or one.get("provides") for one in _each(fields, "dependencies", _Dependency)):
        lacks.add("relationship")
    return Document(
        format="cyclonedx",
        spec=spec,
        components=tally.components(),
        complete=_complete(fields, text(root, "bom-ref")),
        lacks=tuple(sorted(lacks)),
        created_at=foreign.instant(metadata, "timestamp"),
        tools=sbom_parts.shown(_tools(metadata)),
        skipped=tally.skipped,
        about=_about(root),
    )


def _everything(listed: bytes, root: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Step 3: all components, and those inside them."""
    waiting: list[Any] = list(foreign.items(root, "components"))
    seen = 0
    for raw in large_json.pieces(listed, _Listed, MAX_COMPONENTS, "components"):
        waiting.append(large_json.value(raw, "component"))
        while waiting:
            one = foreign.mapping(waiting.pop(), "a component")
            if "components" in one:
                waiting += foreign.items(one, "components")
            seen += 1
            if seen > MAX_COMPONENTS:
                raise EvidenceError("sbom.too-many", f"there are more components than the {MAX_COMPONENTS} that are read")
            yield one
    yield from _left(waiting)


def _left(waiting: list[Any]) -> Iterator[dict[str, Any]]:
    """What stands inside the root, where nothing stands beside it."""
    while waiting:
        one = foreign.mapping(waiting.pop(), "a component")
        waiting += foreign.items(one, "components")
        yield one


def _take(one: dict[str, Any], tally: Tally) -> None:
    purl, kind = text(one, "purl"), text(one, "type")
    if kind in _PACKAGES:
        kind = ""
    elif kind == "file" and not purl:
        return
    listed = one.get("licenses")
    licences = _licences(listed) if listed else ()
    row: Row = (purl, text(one, "name"), text(one, "version"), kind, licences)
    tally.take(
        row,
        {
            "hash": one.get("hashes"),
            "identifier": purl or one.get("cpe") or one.get("swid") or one.get("omniborId") or one.get("swhid"),
            "licence": licences,
            "supplier": one.get("supplier") or one.get("publisher") or one.get("manufacturer"),
        },
    )


def _licences(listed: Any) -> tuple[str, ...]:  # noqa: ANN401  a JSON value
    """All that stand there: a list does not say that one may be chosen; an expression can."""
    found: list[str] = []
    for one in foreign.items({"licenses": listed}, "licenses"):
        choice = foreign.mapping(one, "a licence")
        inner = foreign.within(choice, "license")
        found.append(licence(choice.get("expression") or inner.get("id") or inner.get("name")))
    return sbom_parts.licences(found)


def _lacks_itself(metadata: dict[str, Any]) -> set[str]:
    """Step 2: elements of the whole document."""
    has = {
        "author": any(metadata.get(name) for name in ("authors", "manufacturer", "manufacture", "supplier")),
        "context": metadata.get("lifecycles"),
        "timestamp": metadata.get("timestamp"),
        "tool": metadata.get("tools"),
    }
    return {element for element, there in has.items() if not there}


def _tools(metadata: dict[str, Any]) -> list[str]:
    """A list of tools until 1.4, and an object with components from then on."""
    listed = metadata.get("tools")
    if isinstance(listed, dict):
        listed = [*foreign.items(listed, "components"), *foreign.items(listed, "services")]
    tools = [foreign.mapping(one, "a tool") for one in foreign.items({"tools": listed}, "tools")]
    return [f"{text(one, 'name')} {text(one, 'version')}".strip() for one in tools]


def _about(root: dict[str, Any]) -> tuple[Digest, ...]:
    """The digests of the image the document says it is of: in a purl of an image, and of a container in its version and hashes."""
    found = {sbom_parts.of_image(text(root, "purl"))}
    if root.get("type") == "container":
        found.add(sbom_parts.sha256(text(root, "version")) if text(root, "version").startswith("sha256:") else None)
        hashes = [foreign.mapping(one, "a hash") for one in foreign.items(root, "hashes")]
        found |= {sbom_parts.sha256(one.get("content")) for one in hashes if one.get("alg") == "SHA-256"}
    return tuple(sorted(one for one in found if one))


def _complete(fields: dict[str, bytes], root: str) -> Literal["complete", "incomplete", "unsaid"]:
    """Step 4: incomplete where any part is; complete where that is said of the root, or of no part in particular."""
    said = [(text(one, "aggregate"), one) for one in _each(fields, "compositions", _Composition)]
    told = [(aggregate, one) for aggregate, one in said if aggregate not in _UNKNOWN]
    if any(aggregate != "complete" for aggregate, _ in told):
        return "incomplete"
    for _, one in told:
        parts = [*foreign.items(one, "assemblies"), *foreign.items(one, "dependencies")]
        if not parts or (root and root in parts):
            return "complete"
    return "unsaid"


def _each(fields: dict[str, bytes], name: str, shape: type[msgspec.Struct]) -> Iterator[dict[str, Any]]:
    for raw in large_json.pieces(fields.get(name, b""), shape, 4 * MAX_COMPONENTS, name):
        yield large_json.value(raw, name)
