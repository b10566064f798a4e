"""Cases of bills of materials: run it by hand to make these anew, and no others.

    cd tests && python -m evidence.cases_of_sboms

The shapes are those that syft 1.50, Trivy 0.70, cyclonedx-py 7.5, cosign and the specifications' own examples write; the values are made up.
Nothing of lockgate is imported.
"""

# ruff: noqa: E501  one case, one line: a table

from __future__ import annotations

import copy
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from evidence.make_cases import CASES, Maker

Json = Any
DIGEST = "9f2c" * 16
OTHER = "00ff" * 16
NOW, AT, LATER = "2026-11-22T20:00:00Z", "2026-11-20T10:00:00Z", "2026-11-22T20:00:01Z"
GONE = object()
ARGS = {"digest": f"sha256:{DIGEST}", "now": NOW}


def bent(document: Json, *changes: tuple[str, Json]) -> Json:
    """The document with fields set or gone, by their paths: ``packages.0.name``."""
    found = copy.deepcopy(document)
    for path, value in changes:
        *way, last = path.split(".")
        inner = found
        for part in way:
            inner = inner[int(part)] if part.isdigit() else inner[part]
        if value is GONE:
            del inner[last]
        elif isinstance(inner, list):
            inner[int(last)] = value
        else:
            inner[last] = value
    return found


def part(purl: str = "", name: str = "", version: str = "", *licences: str, kind: str = "") -> Json:
    said = {"purl": purl, "name": name, "version": version, "licences": list(licences), "kind": kind}
    return {field: value for field, value in said.items() if value} | {"licences": list(licences)}


def expected(form: str, spec: str, *parts: Json, **more: Json) -> Json:
    """As the reader tells it: what is not said is left out."""
    return {"format": form, "spec": spec, "components": list(parts), **{name: value for name, value in more.items() if value != "unsaid"}}


REQUESTS = "pkg:pypi/requests@2.31.0"
LIBC = "pkg:deb/debian/libc6@2.36-9%2Bdeb12u4?arch=amd64&distro=debian-12"
CDX: Json = {
    "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "serialNumber": "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79",
    "version": 1,
    "metadata": {
        "timestamp": "2026-11-20T11:00:00+01:00",
        "tools": {"components": [{"type": "application", "author": "anchore", "name": "syft", "version": "1.50.0"}]},
        "authors": [{"name": "Ada"}],
        "lifecycles": [{"phase": "post-build"}],
        "component": {"bom-ref": "root", "type": "container", "name": "registry.example/shop", "version": f"sha256:{DIGEST}"},
    },
    "components": [
        {
            "bom-ref": "1",
            "type": "library",
            "supplier": {"name": "PSF"},
            "name": "requests",
            "version": "2.31.0",
            "hashes": [{"alg": "SHA-256", "content": "0" * 64}],
            "licenses": [{"license": {"id": "Apache-2.0"}}],
            "purl": REQUESTS,
        },
        {
            "bom-ref": "2",
            "type": "library",
            "publisher": "Debian",
            "name": "libc6",
            "version": "2.36-9+deb12u4",
            "hashes": [{"alg": "SHA-256", "content": "1" * 64}],
            "licenses": [{"expression": "GPL-2.0-only OR LGPL-2.1-only"}],
            "purl": "pkg:deb/debian/libc6@2.36-9%2Bdeb12u4?distro=debian-12&arch=amd64&file_name=x.deb",
        },
        {"bom-ref": "os", "type": "operating-system", "name": "debian", "version": "12"},
        {"type": "file", "name": "/etc/passwd", "hashes": []},
    ],
    "dependencies": [{"ref": "root", "dependsOn": ["1", "2"]}],
    "compositions": [{"aggregate": "complete", "assemblies": ["root"]}],
}
CDX_PARTS = (
    part(name="debian", version="12", kind="operating-system"),
    part(LIBC, "libc6", "2.36-9+deb12u4", "GPL-2.0-only OR LGPL-2.1-only"),
    part(REQUESTS, "requests", "2.31.0", "Apache-2.0"),
)
CDX_SAID = {"complete": "complete", "createdAt": AT, "tools": ["syft 1.50.0"]}


def cdx(*parts: Json, **more: Json) -> Json:
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": list(parts), **more}


def lib(purl: str = "", **more: Json) -> Json:
    return {"type": "library", "name": "x", **({"purl": purl} if purl else {}), **more}


BARE = ["author", "context", "hash", "identifier", "licence", "relationship", "supplier", "timestamp", "tool", "version"]
WITHOUT_PARTS = ["author", "context", "relationship", "timestamp", "tool"]


def nested(levels: int, inner: Json) -> Json:
    for _ in range(levels):
        inner = {"type": "library", "name": "n", "components": [inner]}
    return inner


def cyclonedx(make: Maker) -> None:
    older = bent(
        CDX, ("specVersion", "1.4"), ("metadata.tools", [{"vendor": "aquasecurity", "name": "trivy", "version": "0.70.0"}]), ("metadata.lifecycles", GONE)
    )
    image = f"pkg:oci/shop@sha256%3A{DIGEST}?arch=amd64&repository_url=registry.example%2Fshop"
    trivy = bent(CDX, ("metadata.component", {"type": "container", "name": "shop:1", "purl": image}))
    said = {"lacks": BARE}
    passes = {
        "syft": (CDX, expected("cyclonedx", "1.6", *CDX_PARTS, **CDX_SAID), "an image, as syft lists it, with all of CISA's elements"),
        "version-1.4": (older, expected("cyclonedx", "1.4", *CDX_PARTS, **{**CDX_SAID, "tools": ["trivy 0.70.0"], "lacks": ["context"]}), "the oldest version that is read, with tools as they were then"),
        "version-1.7": (bent(CDX, ("specVersion", "1.7")), expected("cyclonedx", "1.7", *CDX_PARTS, **CDX_SAID), "the newest"),
        "trivy": (trivy, expected("cyclonedx", "1.6", *CDX_PARTS, **{**CDX_SAID, "complete": "unsaid"}), "the image's digest in a package URL; completeness of something else"),
        "as-text": (json.dumps(json.dumps(CDX)), expected("cyclonedx", "1.6", *CDX_PARTS, **CDX_SAID), "cosign attest --type spdx writes the whole file as one text"),
        "in-data": ({"Data": json.dumps(CDX), "Timestamp": AT}, expected("cyclonedx", "1.6", *CDX_PARTS, **CDX_SAID), "cosign before 1.9"),
        "empty": (cdx(), expected("cyclonedx", "1.6", lacks=WITHOUT_PARTS), "nothing is listed"),
        "minimal": ({"bomFormat": "CycloneDX", "specVersion": "1.5"}, expected("cyclonedx", "1.5", lacks=WITHOUT_PARTS), "no field but those that have to be there"),
        "nested": (cdx(nested(20, lib(REQUESTS))), expected("cyclonedx", "1.6", part(name="n"), part(REQUESTS, "x"), lacks=BARE), "components in components, twenty deep"),
        "root-inside": (cdx(metadata={"component": {"type": "application", "name": "r", "components": [lib(REQUESTS)]}}), expected("cyclonedx", "1.6", part(REQUESTS, "x"), lacks=sorted({*BARE} - {"identifier"})), "components inside the root, and none beside it"),
        "root-is-a-package": (cdx(metadata={"component": {"type": "library", "name": "r", "version": "1", "purl": "pkg:pypi/r@1"}}), expected("cyclonedx", "1.6", part("pkg:pypi/r@1", "r", "1"), lacks=sorted({*BARE} - {"identifier", "version"})), "an artifact that is a package is listed itself"),
        "twice-is-once": (cdx(lib(REQUESTS), lib("pkg:PyPI/Requests@2.31.0")), expected("cyclonedx", "1.6", part(REQUESTS, "x"), lacks=sorted({*BARE} - {"identifier"})), "two spellings of one package URL are one"),
        "incomplete": (bent(CDX, ("compositions", [{"aggregate": "complete"}, {"aggregate": "incomplete_first_party_only"}])), expected("cyclonedx", "1.6", *CDX_PARTS, **{**CDX_SAID, "complete": "incomplete"}), "one part of it is incomplete, by its own word"),
        "unknown-composition": (bent(CDX, ("compositions", [{"aggregate": "unknown"}])), expected("cyclonedx", "1.6", *CDX_PARTS, **{**CDX_SAID, "complete": "incomplete"}), "that it is not known is no yes"),
        "composition-of-something-else": (bent(CDX, ("compositions", [{"aggregate": "complete", "assemblies": ["1"]}, {"aggregate": "not_specified"}])), expected("cyclonedx", "1.6", *CDX_PARTS, **{**CDX_SAID, "complete": "unsaid"}), "complete, but not of the whole"),
        "licences": (cdx(lib(REQUESTS, licenses=[{"license": {"name": "Ours\n, all of it"}}, {"license": {"id": "MIT"}}, {"license": {"name": "x" * 1001}}])), expected("cyclonedx", "1.6", part(REQUESTS, "x", "", "MIT", "NOASSERTION"), lacks=sorted({*BARE} - {"identifier", "licence"})), "what cannot be shown is not known"),
        "lying-purls": (cdx(*(lib(one, name=f"n{number}") for number, one in enumerate(["pkg:golang/github.com%2Facme/x@1", "pkg:pypi/a%2540@1", "pkg:npm/../x@1", "pkg:npm/%2e%2e/x@1", "pkg:pypi/\uff41@1", "pkg:pypi/%EF%BD%81@1", "pkg:npm/a//b@1", "pkg:generic/a%00b@1", "pkg:npm/a%5Cb@1", "not a purl", "pkg:", "pkg:pypi/x y@1"]))), expected("cyclonedx", "1.6", *(part(name=f"n{number}") for number in (0, 1, 10, 11, *range(2, 10))), skipped=12, **said), "purls that hide what they name: each is counted, and stays under its name"),
        "names-nobody-can-show": (cdx(lib(name="a\u202eb"), lib(name="x" * 1001), lib(name="ok", version="1\n2")), expected("cyclonedx", "1.6", skipped=3, lacks=sorted({*WITHOUT_PARTS})), "text that would turn round what is shown is not taken in"),
        "unread-fields": ({**CDX, "services": [{"a": 1, "b": []}], "x-unknown": {"deep": [[[{}]]]}}, expected("cyclonedx", "1.6", *CDX_PARTS, **CDX_SAID), "other fields do not matter"),
        "file-hash": (bent(CDX, ("metadata.component", {"type": "file", "name": "app", "version": f"sha256:{OTHER}", "hashes": [{"alg": "SHA-256", "content": OTHER}]})), expected("cyclonedx", "1.6", *CDX_PARTS, **{**CDX_SAID, "complete": "unsaid"}), "the hash of a file is not the digest of an image"),
        "escaped-quotes": (cdx(lib(REQUESTS, description='say "\u0022\\" and \\\\"')), expected("cyclonedx", "1.6", part(REQUESTS, "x"), lacks=sorted({*BARE} - {"identifier"})), "quotes and backslashes in text upset no count"),
    }  # fmt: skip
    fails = {
        "other-digest": (bent(CDX, ("metadata.component.version", f"sha256:{OTHER}")), "sbom.other-digest", "syft's list of another image"),
        "other-digest-purl": (bent(trivy, ("metadata.component.purl", image.replace(DIGEST, OTHER))), "sbom.other-digest", "Trivy's list of another image"),
        "other-digest-hash": (bent(CDX, ("metadata.component.version", "1"), ("metadata.component.hashes", [{"alg": "SHA-256", "content": OTHER}])), "sbom.other-digest", "a container's hash is another"),
        "future": (bent(CDX, ("metadata.timestamp", LATER)), "evidence.from-future", "made a second from now"),
        "version-1.3": (bent(CDX, ("specVersion", "1.3")), "sbom.other-version", "a version that is not read"),
        "version-number": (bent(CDX, ("specVersion", 1.6)), "sbom.malformed", "a version that is no text"),
        "other-format": (bent(CDX, ("bomFormat", "cyclonedx")), "sbom.other-format", "the name is another, byte for byte"),
        "two-formats": ({**CDX, "spdxVersion": "SPDX-2.3"}, "sbom.other-format", "it says it is both"),
        "time-without-offset": (bent(CDX, ("metadata.timestamp", "2026-11-20T10:00:00")), "sbom.malformed", "a time without its offset is no time"),
        "component-of-text": (cdx("x"), "sbom.malformed", "a component that is a text"),
        "component-without-name": (cdx({"type": "library"}), "sbom.malformed", "a component has a name"),
        "name-of-number": (cdx({"type": "library", "name": 1}), "sbom.malformed", "which is text"),
        "purl-of-list": (cdx(bent(lib("x"), ("purl", ["a"]))), "sbom.malformed", "a package URL is text"),
        "components-of-object": (bent(CDX, ("components", {})), "sbom.malformed", "a list that is an object"),
        "nested-of-text": (cdx(lib(components="x")), "sbom.malformed", "a list inside that is a text"),
        "licences-of-text": (cdx(lib(licenses=["MIT"])), "sbom.malformed", "a licence that is a text"),
        "deep": (cdx(nested(31, lib())), "json.too-deep", "components in components, without end"),
        "duplicate-at-top": (json.dumps(cdx(lib(REQUESTS)))[:-1] + ', "components": []}', "json.duplicate-key", "two lists of components: which one is meant?"),
        "duplicate-in-component": (json.dumps(cdx(lib(REQUESTS))).replace('"purl": ', '"purl": "pkg:npm/evil@1", "purl": '), "json.duplicate-key", "two package URLs"),
        "duplicate-escaped": (json.dumps(cdx(lib(REQUESTS))).replace('"purl": ', '"\\u0070url": "pkg:npm/evil@1", "purl": '), "json.duplicate-key", "the same, and one is written otherwise"),
        "duplicate-deep-inside": (json.dumps(cdx(lib(REQUESTS, evidence={"identity": [{"methods": {"a": 1}}]}))).replace('"a": 1', '"a": 1, "a": 2'), "json.duplicate-key", "in a part of a component that nobody asks about"),
        "duplicate-with-odd-quotes": (json.dumps(cdx(lib(REQUESTS, description="Q"))).replace('"Q"', '"\\u0022", "description": "\\u0022"'), "json.duplicate-key", "quotes written so that they cannot be counted"),
        "duplicate-in-metadata": (json.dumps(CDX).replace('"timestamp"', '"timestamp": "2020-01-01T00:00:00Z", "timestamp"'), "json.duplicate-key", "two times"),
        "duplicate-data": ('{"Data": "{}", "Data": "{}"}', "json.duplicate-key", "two documents in one wrapper"),
        "text-in-text": (json.dumps(json.dumps(json.dumps(CDX))), "sbom.other-format", "each is unwrapped once"),
        "data-and-more": ({"Data": json.dumps(CDX), "bomFormat": "SPDX"}, "sbom.other-format", "a wrapper that says something itself"),
        "not-json": (b"\x00\x01", "json.malformed", "no JSON"),
        "cut-short": (json.dumps(CDX)[:-20], "json.malformed", "half of it"),
        "half-surrogate": ('{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"type": "library", "name": "\\ud800"}]}', "json.malformed", "a text that no UTF-8 holds"),
        "not-a-number": ('{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"type": "library", "name": "x", "a": NaN}]}', "json.malformed", "no JSON inside a component"),
        "list": ([CDX], "json.malformed", "a list of documents"),
        "xml": (b"<bom/>", "json.malformed", "CycloneDX in XML"),
    }  # fmt: skip
    write(make, "sbom_cyclonedx", passes, fails)


SPDX: Json = {
    "spdxVersion": "SPDX-2.3",
    "dataLicense": "CC0-1.0",
    "SPDXID": "SPDXRef-DOCUMENT",
    "name": "registry.example/shop",
    "documentNamespace": "https://anchore.com/syft/image/shop-1",
    "creationInfo": {"licenseListVersion": "3.28", "creators": ["Organization: Anchore, Inc", "Tool: syft-1.50.0"], "created": AT},
    "packages": [
        {"name": "requests", "SPDXID": "SPDXRef-1", "versionInfo": "2.31.0", "supplier": "Person: Kenneth", "downloadLocation": "NOASSERTION", "checksums": [{"algorithm": "SHA256", "checksumValue": "0" * 64}], "licenseConcluded": "NOASSERTION", "licenseDeclared": "Apache-2.0", "externalRefs": [{"referenceCategory": "SECURITY", "referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:a:x:y:1:*:*:*:*:*:*:*"}, {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": REQUESTS}]},
        {"name": "shop", "SPDXID": "SPDXRef-Image", "versionInfo": f"sha256:{DIGEST}", "supplier": "NOASSERTION", "downloadLocation": "NOASSERTION", "checksums": [{"algorithm": "SHA256", "checksumValue": DIGEST}], "licenseConcluded": "NOASSERTION", "licenseDeclared": "NOASSERTION", "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": f"pkg:oci/shop@sha256%3A{DIGEST}?arch=amd64&tag=1"}], "primaryPackagePurpose": "CONTAINER"},
    ],
    "files": [{"fileName": "etc/passwd", "SPDXID": "SPDXRef-File-1", "checksums": []}],
    "relationships": [
        {"spdxElementId": "SPDXRef-Image", "relatedSpdxElement": "SPDXRef-1", "relationshipType": "CONTAINS"},
        {"spdxElementId": "SPDXRef-DOCUMENT", "relatedSpdxElement": "SPDXRef-Image", "relationshipType": "DESCRIBES"},
    ],
}  # fmt: skip
SPDX_PARTS = (part(REQUESTS, "requests", "2.31.0", "Apache-2.0"),)
SPDX_SAID = {"createdAt": AT, "tools": ["syft-1.50.0"], "lacks": ["context"]}


def element(kind: str, number: int | str, **more: Json) -> Json:
    return {"type": kind, "spdxId": f"https://acme.example/{number}", "creationInfo": "_:info", **more}


def id_(number: int | str) -> str:
    return f"https://acme.example/{number}"


SPDX3: Json = {
    "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
    "@graph": [
        {"type": "CreationInfo", "@id": "_:info", "specVersion": "3.0.1", "created": AT, "createdBy": [id_("ada")], "createdUsing": [id_("tool")]},
        element("Person", "ada", name="Ada"),
        element("Tool", "tool", name="maker 1"),
        element("SpdxDocument", "document", rootElement=[id_("sbom")], profileConformance=["core", "software"]),
        element("software_Sbom", "sbom", rootElement=[id_("image")], software_sbomType=["build"]),
        element("software_Package", "image", name="shop", software_primaryPurpose="container", verifiedUsing=[{"type": "Hash", "algorithm": "sha256", "hashValue": DIGEST}]),
        element("software_Package", 1, name="requests", software_packageVersion="2.31.0", software_packageUrl=REQUESTS, suppliedBy=id_("ada"), verifiedUsing=[{"type": "Hash", "algorithm": "sha512", "hashValue": "0"}]),
        element("software_File", 2, name="etc/passwd"),
        element("simplelicensing_LicenseExpression", "apache", simplelicensing_licenseExpression="Apache-2.0"),
        element("Relationship", "r1", relationshipType="contains", **{"from": id_("image"), "to": [id_(1)], "completeness": "complete"}),
        element("Relationship", "r2", relationshipType="hasDeclaredLicense", **{"from": id_(1), "to": [id_("apache")]}),
    ],
}  # fmt: skip
SPDX3_SAID = {"complete": "complete", "createdAt": AT, "tools": ["maker 1"]}


def spdx(make: Maker) -> None:
    described = bent(
        SPDX,
        ("spdxVersion", "SPDX-2.2"),
        ("documentDescribes", ["SPDXRef-Image"]),
        ("relationships.1", {"spdxElementId": "SPDXRef-1", "relatedSpdxElement": "SPDXRef-Image", "relationshipType": "CONTAINED_BY"}),
    )
    package = bent(
        SPDX,
        ("packages", SPDX["packages"][:1]),
        ("relationships", [{"spdxElementId": "SPDXRef-1", "relatedSpdxElement": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBED_BY"}]),
    )
    circle = bent(
        SPDX,
        (
            "relationships",
            [
                *SPDX["relationships"],
                *(
                    {"spdxElementId": one, "relatedSpdxElement": other, "relationshipType": "DEPENDS_ON"}
                    for one, other in (("SPDXRef-1", "SPDXRef-1"), ("SPDXRef-1", "SPDXRef-Image"), ("SPDXRef-Image", "SPDXRef-1"))
                ),
            ],
        ),
    )
    unknown = [*SPDX["relationships"], {"spdxElementId": "SPDXRef-1", "relatedSpdxElement": "NOASSERTION", "relationshipType": "DEPENDS_ON"}]
    nothing = [*SPDX["relationships"], {"spdxElementId": "SPDXRef-1", "relatedSpdxElement": "NONE", "relationshipType": "DEPENDS_ON"}]
    good = expected("spdx", "2.3", *SPDX_PARTS, **SPDX_SAID)
    three = expected("spdx", "3.0", *SPDX_PARTS, **SPDX3_SAID)
    graph = SPDX3["@graph"]
    ring = [
        *graph,
        element("software_Sbom", "a", rootElement=[id_("b")]),
        element("software_Sbom", "b", rootElement=[id_("a")]),
        element("Relationship", "r3", relationshipType="dependsOn", **{"from": id_(1), "to": [id_(1), id_("image")], "completeness": "complete"}),
    ]
    passes = {
        "syft": (SPDX, good, "an image, as syft lists it"),
        "version-2.2": (described, expected("spdx", "2.2", *SPDX_PARTS, **SPDX_SAID), "the older version, where the document says what it describes"),
        "as-text": (json.dumps(json.dumps(SPDX)), good, "cosign attest --type spdx"),
        "in-data": ({"Data": json.dumps(SPDX), "Timestamp": AT}, good, "cosign before 1.9"),
        "package": (package, good, "an artifact that is a package"),
        "circle": (circle, good, "what depends on itself is followed nowhere"),
        "known-unknowns": (bent(SPDX, ("relationships", unknown)), {**good, "complete": "incomplete"}, "NOASSERTION: there may be more, and nobody knows"),
        "known-nothing": (bent(SPDX, ("relationships", nothing)), good, "NONE: there is nothing more"),
        "other-document": (bent(SPDX, ("externalDocumentRefs", [{"externalDocumentId": "DocumentRef-x", "spdxDocument": "urn:x", "checksum": {}}])), {**good, "complete": "incomplete"}, "the rest stands elsewhere"),
        "nothing": (bent(SPDX, ("packages", [])), {**good, "components": []}, "no package at all"),
        "bare-package": (bent(SPDX, ("packages.0", {"name": "x", "SPDXID": "SPDXRef-1"})), expected("spdx", "2.3", part(name="x"), **{**SPDX_SAID, "lacks": ["context", "hash", "identifier", "licence", "supplier", "version"]}), "a package that says nothing of itself"),
        "concluded": (bent(SPDX, ("packages.0.licenseConcluded", "MIT OR Apache-2.0")), expected("spdx", "2.3", part(REQUESTS, "requests", "2.31.0", "MIT OR Apache-2.0"), **SPDX_SAID), "what was concluded goes before what was declared"),
        "no-licence": (bent(SPDX, ("packages.0.licenseDeclared", "NONE")), expected("spdx", "2.3", part(REQUESTS, "requests", "2.31.0"), **{**SPDX_SAID, "lacks": ["context", "licence"]}), "NONE is no licence"),
        "operating-system": (bent(SPDX, ("packages.0.primaryPackagePurpose", "OPERATING-SYSTEM"), ("packages.0.externalRefs", [])), expected("spdx", "2.3", part("", "requests", "2.31.0", "Apache-2.0", kind="operating-system"), **SPDX_SAID), "what is no package is listed as what it is"),
        "two-purls": (bent(SPDX, ("packages.0.externalRefs.0", {"referenceCategory": "PACKAGE_MANAGER", "referenceType": "purl", "referenceLocator": "pkg:github/psf/requests@v2.31.0"})), expected("spdx", "2.3", part("pkg:github/psf/requests@v2.31.0", "requests", "2.31.0", "Apache-2.0"), *SPDX_PARTS, **SPDX_SAID), "a package under two names is listed under both"),
        "lying-purl": (bent(SPDX, ("packages.0.externalRefs.1.referenceLocator", "pkg:pypi/requests%2Fevil@1")), expected("spdx", "2.3", part("", "requests", "2.31.0", "Apache-2.0"), **{**SPDX_SAID, "lacks": ["context", "identifier"]}, skipped=1), "counted, and listed by its name"),
        "spdx3": (SPDX3, three, "SPDX 3.0, with all of CISA's elements"),
        "spdx3-unsaid": (bent(SPDX3, ("@graph.9.completeness", GONE)), {name: value for name, value in three.items() if name != "complete"}, "it does not say that it is complete"),
        "spdx3-incomplete": (bent(SPDX3, ("@graph.9.completeness", "incomplete")), {**three, "complete": "incomplete"}, "it says that it is not"),
        "spdx3-import": (bent(SPDX3, ("@graph.3.import", [{"type": "ExternalMap", "externalSpdxId": "urn:x"}])), {**three, "complete": "incomplete"}, "the rest stands elsewhere"),
        "spdx3-circle": (bent(SPDX3, ("@graph", ring)), three, "two lists that hold each other, and what depends on itself"),
        "spdx3-identifier": (bent(SPDX3, ("@graph.6.software_packageUrl", GONE), ("@graph.6.externalIdentifier", [{"type": "ExternalIdentifier", "externalIdentifierType": "packageUrl", "identifier": REQUESTS}])), three, "the package URL among other identifiers"),
        "spdx3-listed-licence": (bent(SPDX3, ("@graph.10.to", ["https://spdx.org/licenses/MIT"])), expected("spdx", "3.0", part(REQUESTS, "requests", "2.31.0", "MIT"), **SPDX3_SAID), "a licence by the list's own address"),
        "spdx3-licence-elsewhere": (bent(SPDX3, ("@graph.10.to", ["https://acme.example/nowhere"])), expected("spdx", "3.0", part(REQUESTS, "requests", "2.31.0", "NOASSERTION"), **SPDX3_SAID), "a licence that is not in the graph is not known"),
    }  # fmt: skip
    fails = {
        "other-digest": (bent(SPDX, ("packages.1.versionInfo", "1"), ("packages.1.checksums", []), ("packages.1.externalRefs.0.referenceLocator", f"pkg:oci/shop@sha256%3A{OTHER}")), "sbom.other-digest", "a list of another image"),
        "other-digest-checksum": (bent(SPDX, ("packages.1.versionInfo", "1"), ("packages.1.checksums.0.checksumValue", OTHER), ("packages.1.externalRefs", [])), "sbom.other-digest", "the same, by its checksum"),
        "spdx3-other-digest": (bent(SPDX3, ("@graph.5.verifiedUsing.0.hashValue", OTHER)), "sbom.other-digest", "the same, in SPDX 3"),
        "future": (bent(SPDX, ("creationInfo.created", LATER)), "evidence.from-future", "made a second from now"),
        "spdx3-future": (bent(SPDX3, ("@graph.0.created", LATER)), "evidence.from-future", "made a second from now"),
        "version-2.1": (bent(SPDX, ("spdxVersion", "SPDX-2.1")), "sbom.other-version", "a version that is not read"),
        "spdx3-version-3.1": (bent(SPDX3, ("@graph.0.specVersion", "3.1.0")), "sbom.other-version", "a version that is not read"),
        "package-without-id": (bent(SPDX, ("packages.0.SPDXID", GONE)), "sbom.malformed", "a package has an id"),
        "packages-of-text": (bent(SPDX, ("packages", "x")), "sbom.malformed", "a list that is a text"),
        "relationship-without-end": (bent(SPDX, ("relationships.0.relatedSpdxElement", GONE)), "sbom.malformed", "a relationship to nothing"),
        "time-of-nobody": (bent(SPDX, ("creationInfo.created", "redacted")), "sbom.malformed", "a time that is none"),
        "duplicate-in-package": (json.dumps(SPDX).replace('"versionInfo": "2.31.0"', '"versionInfo": "2.32.0", "versionInfo": "2.31.0"'), "json.duplicate-key", "two versions of one package"),
        "duplicate-in-relationship": (json.dumps(SPDX).replace('"relationshipType": "CONTAINS"', '"relationshipType": "OTHER", "relationshipType": "CONTAINS"'), "json.duplicate-key", "two kinds of one relationship"),
        "duplicate-at-top": (json.dumps(SPDX)[:-1] + ', "packages": []}', "json.duplicate-key", "two lists of packages"),
        "spdx3-duplicate": (json.dumps(SPDX3).replace('"name": "requests"', '"name": "evil", "name": "requests"'), "json.duplicate-key", "two names of one element"),
        "spdx3-one-id": (bent(SPDX3, ("@graph.7.spdxId", id_(1)), ("@graph.7.type", "Tool")), "sbom.malformed", "two elements of one id"),
        "spdx3-no-document": (bent(SPDX3, ("@graph.3.type", "Bom")), "sbom.malformed", "nothing says what it is of"),
        "spdx3-two-documents": (bent(SPDX3, ("@graph.4.type", "SpdxDocument")), "sbom.malformed", "two documents in one graph"),
        "spdx3-no-creation": (bent(SPDX3, ("@graph.3.creationInfo", "_:other")), "sbom.malformed", "a document that nobody made"),
        "spdx3-without-type": (bent(SPDX3, ("@graph.6.type", GONE)), "sbom.malformed", "an element of no type"),
        "spdx3-other-context": (bent(SPDX3, ("@context", "https://acme.example/context")), "sbom.other-format", "names that mean something else"),
        "spdx3-contexts": (bent(SPDX3, ("@context", ["https://spdx.org/rdf/3.0.1/spdx-context.jsonld", {"name": "x"}])), "sbom.other-format", "names that may mean something else"),
        "tag-value": (b"SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\n", "json.malformed", "SPDX as tags and values"),
        "tag-value-as-text": (json.dumps("SPDXVersion: SPDX-2.3\n"), "sbom.other-format", "the same, as cosign wraps it"),
    }  # fmt: skip
    write(make, "sbom_spdx", passes, fails)


def write(make: Maker, reader: str, passes: dict[str, tuple[Json, Json, str]], fails: dict[str, tuple[Json, str, str]]) -> None:
    for name, (document, said, why) in {**passes, **{f"{name}_fail": each for name, each in fails.items()}}.items():
        data = document if isinstance(document, bytes) else (document if isinstance(document, str) else json.dumps(document, ensure_ascii=False)).encode()
        make.case(reader, name, data, said, why, ARGS)


def main() -> None:
    for reader in ("sbom_cyclonedx", "sbom_spdx"):
        shutil.rmtree(CASES / reader, ignore_errors=True)
    with tempfile.TemporaryDirectory() as scratch:
        make = Maker(Path(scratch))
        cyclonedx(make)
        spdx(make)
        print(f"{make.written} cases written")


if __name__ == "__main__":
    main()
