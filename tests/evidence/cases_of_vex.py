"""Cases of OpenVEX, CycloneDX VEX and CSAF: run it by hand to make these anew, and no others.

    cd tests && python -m evidence.cases_of_vex

The shapes are those of the specifications' own examples, and what vexctl, Dependency-Track and publishers of CSAF write; the values are made up. Nothing
of lockgate is imported.
"""

# ruff: noqa: E501  one case, one line: a table

from __future__ import annotations

import copy
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from evidence.make_cases import CASES, DIGEST, OTHER, Maker

Json = Any
NOW = "2026-11-22T20:00:00Z"
AT = "2026-11-20T10:00:00Z"
LATER = "2026-11-22T20:00:01Z"
OURS, THEIRS = f"pkg:oci/shop@sha256%3A{DIGEST}?repository_url=registry.example/shop", f"pkg:oci/shop@sha256%3A{OTHER}"
REQUESTS, LOG4J = "pkg:pypi/requests@2.31.0", "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1"
WHY = "vulnerable_code_not_in_execute_path"
GONE = object()


def bent(whole: Json, *changes: tuple[str, Json]) -> Json:
    """A copy with values at dotted paths changed, added, or taken away by `GONE`."""
    made = copy.deepcopy(whole)
    for path, value in changes:
        *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
        at = made
        for part in way:
            at = at[part]
        if value is GONE:
            del at[last]
        else:
            at[last] = value
    return made


def fact(form: str, ids: list[str], status: str, components: tuple[str, ...] = (), why: str = "", at: str = AT) -> Json:
    said: Json = {"ids": ids, "status": status, "at": at}
    if components:
        said["components"] = list(components)
    if why:
        said["justification"] = why
    return said if form == "openvex" else {**said, "format": form}


def write(make: Maker, reader: str, type_: str, passes: dict[str, tuple[Json, list[Json], str]], fails: dict[str, tuple[Json, str, str]]) -> None:
    for name, (document, expected, why) in passes.items():
        make.case(reader, name, json.dumps(document).encode(), {"facts": expected}, why, {"type": type_, "now": NOW})
    for name, (document, code, why) in fails.items():
        make.case(reader, f"{name}_fail", json.dumps(document).encode(), code, why, {"type": type_, "now": NOW})


def openvex(make: Maker) -> None:
    one = {
        "vulnerability": {"@id": "https://nvd.nist.gov/vuln/detail/CVE-2026-1", "name": "CVE-2026-1", "aliases": ["GHSA-aaaa-bbbb-cccc"]},
        "products": [{"@id": OURS, "subcomponents": [{"@id": REQUESTS}]}],
        "status": "not_affected",
        "justification": WHY,
    }
    whole = {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://example.com/vex/1",
        "author": "Ada",
        "version": 1,
        "timestamp": "2026-11-20T12:00:00+02:00",
        "statements": [one],
    }
    ids = ["CVE-2026-1", "GHSA-aaaa-bbbb-cccc"]
    inside = [fact("openvex", ids, "not_affected", (REQUESTS,), WHY)]
    artifact = [fact("openvex", ids, "not_affected", (), WHY)]
    component = [fact("openvex", ids, "not_affected", (LOG4J,), WHY)]

    def said(*changes: tuple[str, Json]) -> Json:
        return bent(whole, *((f"statements.0.{path}" if not path.startswith("/") else path[1:], value) for path, value in changes))

    old = {
        "@context": "https://openvex.dev/ns",
        "@id": "x",
        "author": "Ada",
        "version": "1",
        "timestamp": AT,
        "statements": [{"vulnerability": "CVE-2026-1", "products": [OURS], "subcomponents": [REQUESTS], "status": "fixed"}],
    }
    passes = {
        "component-in-the-artifact": (whole, inside, "a component of the artifact, which is named by its digest, as vexctl writes it"),
        "artifact": (said(("products", [{"@id": OURS}])), artifact, "the artifact as a whole"),
        "artifact-by-hash": (
            said(("products", [{"@id": "https://example.com/shop", "hashes": {"sha-256": DIGEST.upper()}}])),
            artifact,
            "a name of its maker's, and its SHA-256",
        ),
        "artifact-by-reference": (said(("products", [{"@id": f"registry.example/shop@sha256:{DIGEST}"}])), artifact, "a reference by digest"),
        "artifact-by-identifier": (
            said(("products", [{"@id": "https://example.com/shop", "identifiers": {"purl": OURS, "cpe23": "cpe:2.3:a:x:y:1:*:*:*:*:*:*:*"}}])),
            artifact,
            "the package URL among identifiers",
        ),
        "no-products": (said(("products", GONE)), artifact, "the Statement's subject is the product (ATTESTING.md, rule 1)"),
        "component-alone": (said(("products", [{"@id": LOG4J}])), component, "a component that names no digest"),
        "component-of-every-version": (
            said(("products", [{"@id": "pkg:PyPI/Requests"}])),
            [fact("openvex", ids, "not_affected", ("pkg:pypi/requests",), WHY)],
            "no version is every version; in canonical form",
        ),
        "component-with-qualifiers": (
            said(("products", [{"@id": "pkg:apk/wolfi/git@2.39.0-r1?arch=armv7"}])),
            [fact("openvex", ids, "not_affected", ("pkg:apk/wolfi/git@2.39.0-r1?arch=armv7",), WHY)],
            "qualifiers are kept: of another platform nothing is said",
        ),
        "in-words": (
            said(("justification", GONE), ("impact_statement", "the code was\nremoved")),
            [fact("openvex", ids, "not_affected", (REQUESTS,))],
            "an impact statement will do, of whatever text",
        ),
        "affected": (
            said(("status", "affected"), ("action_statement", "update")),
            [fact("openvex", ids, "affected", (REQUESTS,))],
            "and its justification is none",
        ),
        "own-time": (
            said(("timestamp", "2026-11-19T10:00:00Z")),
            [{**inside[0], "at": "2026-11-19T10:00:00Z"}],
            "a statement's time goes before the document's",
        ),
        "updated": (
            said(("timestamp", "2026-11-19T10:00:00Z"), ("last_updated", "2026-11-21T10:00:00Z")),
            [{**inside[0], "at": "2026-11-21T10:00:00Z"}],
            "of two times of the statement, the update",
        ),
        "document-updated": (
            said(("/last_updated", "2026-11-21T10:00:00Z")),
            [{**inside[0], "at": "2026-11-21T10:00:00Z"}],
            "of two times of the document, the update",
        ),
        "version-0-0-1": (old, [fact("openvex", ["CVE-2026-1"], "fixed", (REQUESTS,))], "texts for products, subcomponents and weaknesses, as 0.0.1 had them"),
        "version-0-0-1-of-a-component": (
            bent(old, ("statements.0.products", [LOG4J]), ("statements.0.subcomponents", GONE)),
            [fact("openvex", ["CVE-2026-1"], "fixed", (LOG4J,))],
            "the same, about a component alone",
        ),
        "some-of-many": (
            said(("products", [{"@id": THEIRS, "subcomponents": [{"@id": LOG4J}]}, {"@id": OURS}, {"@id": LOG4J}])),
            [*artifact, *component],
            "what is said of another artifact is left out",
        ),
        "said-twice": (bent(whole, ("statements", [one, one])), inside, "each thing once"),
        "two-statements": (
            bent(whole, ("statements", [one, bent(one, ("status", "fixed"), ("timestamp", "2026-11-21T10:00:00Z"))])),
            [*inside, {**fact("openvex", ids, "fixed", (REQUESTS,)), "at": "2026-11-21T10:00:00Z"}],
            "both are kept: the newest is for whoever asks",
        ),
        "unknown-fields": (bent(whole, ("x", 1), ("statements.0.supplier", {"a": 1})), inside, "others may be there"),
    }
    fails = {
        "other-artifact": (said(("products.0.@id", THEIRS)), "vex.other-product", "another digest in the product: it silences nothing here"),
        "other-hash": (said(("products", [{"@id": LOG4J, "hashes": {"sha-256": OTHER}}])), "vex.other-product", "a component's own file, which names another digest"),
        "hash-of-another-kind": (said(("products", [{"@id": LOG4J, "hashes": {"sha-512": "00" * 64}}])), "vex.other-product", "a digest that cannot be compared"),
        "name-of-its-makers": (said(("products", [{"@id": "https://example.com/shop"}])), "vex.other-product", "nobody can say whether that is in here"),
        "cpe-alone": (said(("products", [{"identifiers": {"cpe23": "cpe:2.3:a:x:y:1:*:*:*:*:*:*:*"}}])), "vex.other-product", "a CPE is compared with nothing"),
        "component-in-a-product-without-digest": (said(("products", [{"@id": "pkg:oci/shop?repository_url=registry.example", "subcomponents": [{"@id": REQUESTS}]}])), "vex.other-product", "whether that product is this artifact nobody can say"),
        "component-without-a-name": (said(("products", [{"@id": OURS, "subcomponents": [{"identifiers": {"cpe23": "cpe:2.3:a:x:y:1:*:*:*:*:*:*:*"}}]}])), "vex.other-product", "it must not become the artifact as a whole"),
        "empty-subcomponent": (said(("products", GONE), ("subcomponents", [{}])), "vex.other-product", "nor here"),
        "no-reason": (said(("justification", GONE)), "vex.no-justification", "not_affected has to say why"),
        "blank-reason": (said(("justification", GONE), ("impact_statement", " \n")), "vex.no-justification", "white space is no reason"),
        "reason-of-another-format": (said(("justification", "code_not_present")), "vex.malformed", "CycloneDX's word"),
        "reason-number": (said(("justification", GONE), ("impact_statement", 7)), "vex.malformed", "a reason that is a number"),
        "later-version": (bent(whole, ("@context", "https://openvex.dev/ns/v1.0.0")), "vex.other-version", "a version that is not out yet"),
        "other-context": (bent(whole, ("@context", "https://openvex.dev/nsx")), "vex.other-version", "a namespace that only begins the same"),
        "no-context": (bent(whole, ("@context", GONE)), "vex.malformed", "it does not say what it is"),
        "no-statements": (bent(whole, ("statements", [])), "vex.malformed", "it says nothing"),
        "statements-text": (bent(whole, ("statements", "x")), "vex.malformed", "statements that are a text"),
        "no-time": (bent(whole, ("timestamp", GONE)), "vex.malformed", "neither the statement nor the document says when"),
        "time-local": (bent(whole, ("timestamp", "2026-11-20T10:00:00")), "vex.malformed", "no offset"),
        "from-future": (bent(whole, ("timestamp", LATER)), "evidence.from-future", "a second from now"),
        "statement-from-future": (said(("last_updated", LATER)), "evidence.from-future", "the document is old, and what it says is not"),
        "document-from-future": (said(("/timestamp", LATER), ("timestamp", AT)), "evidence.from-future", "the other way round"),
        "no-weakness": (said(("vulnerability", GONE)), "vex.malformed", "not a word of what"),
        "weakness-without-name": (said(("vulnerability", {"aliases": ["CVE-2026-1"]})), "vex.malformed", "an alias of nothing"),
        "aliases-text": (said(("vulnerability.aliases", "CVE-2026-1")), "vex.malformed", "aliases that are a text"),
        "too-many-aliases": (said(("vulnerability.aliases", [f"CVE-2026-{n}" for n in range(65)])), "vex.malformed", "65 and a name"),
        "status-of-another-format": (said(("status", "known_not_affected")), "vex.malformed", "CSAF's word"),
        "no-status": (said(("status", GONE)), "vex.malformed", "no status"),
        "purl-lying": (said(("products", [{"@id": "pkg:pypi/requests%FF@1"}])), "vex.malformed", "an encoding that holds no text"),
        "purl-without-name": (said(("products", [{"@id": "pkg:pypi/"}])), "vex.malformed", "no package"),
        "purl-long": (said(("products", [{"@id": "pkg:pypi/" + "x" * 1000}])), "vex.malformed", "longer than is read"),
        "purl-escape": (said(("products", [{"@id": "pkg:pypi/a\x1b[2J"}])), "vex.malformed", "what a terminal would obey"),
        "purl-lying-elsewhere": (said(("products", [{"@id": THEIRS, "subcomponents": [{"@id": "pkg:pypi/"}]}])), "vex.malformed", "whoever it is about"),
        "hash-short": (said(("products", [{"@id": OURS, "hashes": {"sha-256": "ab"}}])), "vex.malformed", "a hash that is none"),
        "product-number": (said(("products", [7])), "vex.malformed", "a product that is a number"),
        "products-object": (said(("products", {"@id": OURS})), "vex.malformed", "one product, and no list"),
        "one-bad-statement": (bent(whole, ("statements", [one, bent(one, ("status", "?"))])), "vex.malformed", "then none of them counts"),
        "too-many-components": (said(("products", [{"@id": OURS, "subcomponents": [{"@id": f"pkg:pypi/a{n}"} for n in range(16_385)]}])), "vex.too-many", "one component too many"),
    }  # fmt: skip
    write(make, "vex_openvex", "https://openvex.dev/ns/v0.2.0", passes, fails)


def cyclonedx(make: Maker) -> None:
    one = {
        "id": "CVE-2026-1",
        "source": {"name": "NVD"},
        "references": [{"id": "GHSA-aaaa-bbbb-cccc", "source": {"name": "GitHub"}}],
        "analysis": {"state": "not_affected", "justification": "code_not_reachable", "detail": "it is never called", "lastUpdated": AT},
        "affects": [{"ref": "requests"}],
    }
    root = {"bom-ref": "shop", "type": "container", "name": "shop", "version": f"sha256:{DIGEST}"}
    whole = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79",
        "version": 1,
        "metadata": {"timestamp": "2026-11-19T10:00:00Z", "component": root},
        "components": [
            {"bom-ref": "requests", "type": "library", "name": "requests", "purl": REQUESTS},
            {"bom-ref": "cpe-only", "type": "library", "name": "y", "cpe": "cpe:2.3:a:x:y:1:*:*:*:*:*:*:*"},
        ],
        "vulnerabilities": [one],
    }
    ids, why = ["CVE-2026-1", "GHSA-aaaa-bbbb-cccc"], "code_not_reachable"
    inside = [fact("cyclonedx", ids, "not_affected", (REQUESTS,), why)]
    artifact = [fact("cyclonedx", ids, "not_affected", (), why)]

    def said(*changes: tuple[str, Json]) -> Json:
        return bent(whole, *((f"vulnerabilities.0.{path}" if not path.startswith("/") else path[1:], value) for path, value in changes))

    def refers(*refs: Json) -> Json:
        return said(("affects", [one if isinstance(one, dict) else {"ref": one} for one in refs]))

    own = "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#"
    nested = bent(whole, ("components", [{"bom-ref": "outer", "type": "application", "name": "o", "components": whole["components"]}]))
    passes = {
        "component": (whole, inside, "a component of the BOM"),
        "artifact": (refers("shop"), artifact, "the BOM's own subject, which names the artifact's digest"),
        "artifact-without-digest": (
            bent(refers("shop"), ("metadata.component.version", "1.0")),
            artifact,
            "it names none, and the Statement says what the BOM is about",
        ),
        "artifact-by-purl": (
            bent(refers("shop"), ("metadata.component.version", GONE), ("metadata.component.purl", OURS)),
            artifact,
            "the digest in its package URL, as Trivy writes it",
        ),
        "artifact-by-hash": (
            bent(refers("shop"), ("metadata.component.hashes", [{"alg": "SHA-256", "content": DIGEST}, {"alg": "SHA-1", "content": "00" * 20}])),
            artifact,
            "one of its hashes",
        ),
        "artifact-and-component": (refers("shop", "requests"), [*artifact, *inside], "both"),
        "nested": (nested, inside, "a component inside another"),
        "nested-in-the-subject": (
            bent(whole, ("metadata.component.components", whole["components"]), ("components", GONE)),
            inside,
            "a component of the subject",
        ),
        "by-purl": (refers(LOG4J), [fact("cyclonedx", ids, "not_affected", (LOG4J,), why)], "a package URL in place of a reference"),
        "bom-link-to-itself": (refers(own + "requests"), inside, "a BOM-Link into this BOM"),
        "bom-link-with-purl": (
            refers("urn:cdx:f08a6ccd-4dce-4759-bd84-c626675d60a7/1#pkg%3Apypi%2Frequests%402.31.0"),
            inside,
            "a BOM-Link into another, by package URL, as VEX beside its SBOM has it",
        ),
        "of-versions": (
            refers(
                {
                    "ref": "pkg:pypi/requests",
                    "versions": [
                        {"version": "2.31.0", "status": "affected"},
                        {"version": "2.30.0"},
                        {"version": "2.32.0", "status": "unaffected"},
                        {"range": "vers:pypi/<2.0"},
                    ],
                }
            ),
            [fact("cyclonedx", ids, "not_affected", ("pkg:pypi/requests@2.30.0", REQUESTS), why)],
            "a package without a version, with each that is listed",
        ),
        "of-its-own-version": (
            refers({"ref": "requests", "versions": [{"version": "9", "status": "affected"}]}),
            inside,
            "a package with a version is that one",
        ),
        "resolved": (said(("analysis", {"state": "resolved", "lastUpdated": AT})), [fact("cyclonedx", ids, "fixed", (REQUESTS,))], "fixed"),
        "pedigree": (
            said(("analysis", {"state": "resolved_with_pedigree", "firstIssued": AT})),
            [fact("cyclonedx", ids, "fixed", (REQUESTS,))],
            "fixed, by evidence of its own; first issued, and not updated",
        ),
        "exploitable": (
            said(("analysis", {"state": "exploitable", "response": ["update"]})),
            [fact("cyclonedx", ids, "affected", (REQUESTS,), at="2026-11-19T10:00:00Z")],
            "of the document's time",
        ),
        "in-triage": (
            said(("analysis.state", "in_triage"), ("analysis.justification", GONE)),
            [fact("cyclonedx", ids, "under_investigation", (REQUESTS,))],
            "nobody knows yet",
        ),
        "false-positive": (
            said(("analysis", {"state": "false_positive", "lastUpdated": AT})),
            [fact("cyclonedx", ids, "not_affected", (REQUESTS,), "false_positive")],
            "its own reason",
        ),
        "in-words": (said(("analysis.justification", GONE)), [fact("cyclonedx", ids, "not_affected", (REQUESTS,))], "detail will do"),
        "sbom": (bent(whole, ("vulnerabilities", GONE)), [], "a bill of materials, and no VEX"),
        "no-analysis": (said(("analysis", GONE)), [], "what somebody found, and nobody judged"),
        "one-analysed": (
            bent(whole, ("vulnerabilities", [{"id": "CVE-2026-2", "affects": [{"ref": "shop"}]}, one])),
            inside,
            "one that was judged among others",
        ),
    }
    fails = {
        "other-artifact": (bent(refers("shop"), ("metadata.component.version", f"sha256:{OTHER}")), "vex.other-product", "the BOM is about another digest"),
        "other-hash": (
            bent(refers("shop"), ("metadata.component.version", GONE), ("metadata.component.hashes", [{"alg": "SHA-256", "content": OTHER}])),
            "vex.other-product",
            "or another file",
        ),
        "no-package-url": (refers("cpe-only"), "vex.other-product", "a component that only has a CPE: nothing follows, and it is not the artifact as a whole"),
        "nowhere": (refers("nobody"), "vex.other-product", "a reference that leads nowhere"),
        "bom-link-elsewhere": (refers("urn:cdx:f08a6ccd-4dce-4759-bd84-c626675d60a7/1#requests"), "vex.other-product", "something in a BOM that is not here"),
        "affects-nothing": (said(("affects", GONE)), "vex.other-product", "a judgement of nothing"),
        "only-ranges": (
            refers({"ref": "pkg:pypi/requests", "versions": [{"range": "vers:pypi/<2.0"}]}),
            "vex.other-product",
            "a range of versions is not compared",
        ),
        "no-reason": (said(("analysis.justification", GONE), ("analysis.detail", GONE)), "vex.no-justification", "not_affected has to say why"),
        "reason-of-another-format": (said(("analysis.justification", WHY)), "vex.malformed", "OpenVEX's word"),
        "state-of-another-format": (said(("analysis.state", "fixed")), "vex.malformed", "OpenVEX's word"),
        "no-state": (said(("analysis.state", GONE)), "vex.malformed", "an analysis without a result"),
        "no-id": (said(("id", GONE)), "vex.malformed", "of which weakness nobody says"),
        "no-time": (said(("analysis.lastUpdated", GONE), ("/metadata.timestamp", GONE)), "vex.malformed", "nobody says when"),
        "from-future": (said(("analysis.lastUpdated", LATER)), "evidence.from-future", "a second from now"),
        "document-from-future": (bent(whole, ("metadata.timestamp", LATER)), "evidence.from-future", "the document a second from now"),
        "same-ref-twice": (bent(whole, ("components.1.bom-ref", "requests")), "vex.malformed", "one reference, two components"),
        "bad-purl": (bent(whole, ("components.0.purl", "pkg:pypi/")), "vex.malformed", "the component that is meant has no name"),
        "vulnerabilities-object": (bent(whole, ("vulnerabilities", {"analysis": {}})), "vex.malformed", "no list"),
        "weakness-text": (bent(whole, ("vulnerabilities", ["analysis"])), "vex.malformed", "a weakness that is a text"),
        "component-text": (bent(whole, ("components", ["requests"])), "vex.malformed", "a component that is a text"),
        "ref-missing": (said(("affects", [{}])), "vex.malformed", "it affects nothing that is named"),
    }
    write(make, "vex_cyclonedx", "https://cyclonedx.org/bom", passes, fails)


def csaf(make: Maker) -> None:
    def product(id_: str, *purls: str, **helper: Json) -> Json:
        listed = {**({"purl": purls[0]} if purls else {}), **helper}
        return {"product_id": id_, "name": id_, **({"product_identification_helper": listed} if listed else {})}

    hashed = {"hashes": [{"filename": "shop", "file_hashes": [{"algorithm": "sha256", "value": DIGEST}, {"algorithm": "sha512", "value": "00" * 64}]}]}
    tree = {
        "branches": [
            {
                "category": "vendor",
                "name": "Acme",
                "branches": [
                    {"category": "product_version", "name": "1.0", "product": product("shop", **hashed)},
                    {"category": "product_version", "name": "2.0", "product": product("other", THEIRS)},
                ],
            }
        ],
        "full_product_names": [product("requests", REQUESTS), product("log4j", LOG4J), product("platform", cpe="cpe:/o:x:y:8")],
        "relationships": [
            {
                "category": "default_component_of",
                "product_reference": "requests",
                "relates_to_product_reference": "shop",
                "full_product_name": product("shop:requests"),
            },
            {
                "category": "default_component_of",
                "product_reference": "requests",
                "relates_to_product_reference": "other",
                "full_product_name": product("other:requests"),
            },
            {
                "category": "default_component_of",
                "product_reference": "requests",
                "relates_to_product_reference": "platform",
                "full_product_name": product("platform:requests"),
            },
        ],
        "product_groups": [{"group_id": "all", "product_ids": ["shop", "shop:requests", "log4j", "other"]}],
    }
    one = {
        "cve": "CVE-2026-1",
        "ids": [{"system_name": "Acme", "text": "ACME-7"}],
        "product_status": {"known_not_affected": ["shop:requests"]},
        "flags": [{"label": WHY, "product_ids": ["shop:requests"], "date": AT}],
    }
    head = {
        "category": "csaf_vex",
        "csaf_version": "2.0",
        "title": "x",
        "publisher": {"category": "vendor", "name": "Acme", "namespace": "https://acme.example"},
        "tracking": {"id": "ACME-VEX-1", "status": "final", "version": "1", "initial_release_date": AT, "current_release_date": AT, "revision_history": []},
    }
    whole = {"document": head, "product_tree": tree, "vulnerabilities": [one]}
    ids = ["ACME-7", "CVE-2026-1"]
    inside = [fact("csaf", ids, "not_affected", (REQUESTS,), WHY)]
    artifact = [fact("csaf", ids, "not_affected", (), WHY)]

    def said(*changes: tuple[str, Json]) -> Json:
        return bent(whole, *((f"vulnerabilities.0.{path}" if not path.startswith("/") else path[1:], value) for path, value in changes))

    def of(*products: str, **statuses: list[str]) -> Json:
        listed = {"known_not_affected": list(products), **statuses} if products else statuses
        return said(("product_status", listed), ("flags", [{"label": WHY, "product_ids": list(products)}] if products else []))

    def relates(id_: str, component: str, container: str) -> Json:
        return {"category": "installed_on", "product_reference": component, "relates_to_product_reference": container, "full_product_name": product(id_)}

    chain = [relates(f"c{n}", f"c{n - 1}" if n else "requests", "shop") for n in range(17)]
    passes = {
        "component-in-the-artifact": (whole, inside, "a component of the artifact, which is named by a hash in a branch"),
        "artifact": (of("shop"), artifact, "the artifact as a whole"),
        "component-alone": (of("log4j"), [fact("csaf", ids, "not_affected", (LOG4J,), WHY)], "a product with a package URL and no digest"),
        "by-group": (
            said(("product_status", {"known_not_affected": ["log4j"]}), ("flags", [{"label": WHY, "group_ids": ["all"]}])),
            [fact("csaf", ids, "not_affected", (LOG4J,), WHY)],
            "a flag for a group of products",
        ),
        "in-words": (
            said(("flags", GONE), ("threats", [{"category": "impact", "details": "removed\nby us", "product_ids": ["shop:requests"]}])),
            [fact("csaf", ids, "not_affected", (REQUESTS,))],
            "a threat of category impact",
        ),
        "flag-and-words": (said(("threats", [{"category": "impact", "details": "x", "product_ids": ["shop:requests"]}])), inside, "the label is the reason"),
        "every-status": (
            of(fixed=["shop"], known_affected=["shop:requests"], under_investigation=["log4j"], recommended=["shop"]),
            [fact("csaf", ids, "fixed"), fact("csaf", ids, "affected", (REQUESTS,)), fact("csaf", ids, "under_investigation", (LOG4J,))],
            "and recommended is none",
        ),
        "first-and-last": (
            of(first_fixed=["shop"], fixed=["shop"], last_affected=["log4j"], first_affected=["log4j"]),
            [fact("csaf", ids, "fixed"), fact("csaf", ids, "affected", (LOG4J,))],
            "of the same meaning, once; the artifact first",
        ),
        "components-together": (
            of("shop:requests", "log4j", "other"),
            [fact("csaf", ids, "not_affected", (LOG4J, REQUESTS), WHY)],
            "one thing said of two components, and nothing of another artifact",
        ),
        "security-advisory": (said(("/document.category", "csaf_security_advisory")), inside, "the other profile that has statuses"),
        "interim": (said(("/document.tracking.status", "interim")), inside, "published, and may change"),
        "in-two-steps": (
            bent(of("deep"), ("product_tree.relationships", [*tree["relationships"], relates("deep", "shop:requests", "platform")])),
            inside,
            "a component of the artifact, on a platform",
        ),
        "ids-alone": (said(("cve", GONE)), [{**inside[0], "ids": ["ACME-7"]}], "no CVE"),
    }
    fails = {
        "other-artifact": (of("other"), "vex.other-product", "another digest"),
        "component-of-another": (of("other:requests"), "vex.other-product", "a component of another artifact: it silences nothing here"),
        "component-on-a-platform": (of("platform:requests"), "vex.other-product", "a component of something that has no digest, as publishers of distributions write it"),
        "platform": (of("platform"), "vex.other-product", "a CPE is compared with nothing"),
        "ours-on-another": (bent(of("deep"), ("product_tree.relationships", [*tree["relationships"], relates("deep", "shop:requests", "other")])), "vex.other-product", "a component of the artifact in another one"),
        "draft": (said(("/document.tracking.status", "draft")), "vex.draft", "its publisher does not stand by it yet"),
        "later-version": (said(("/document.csaf_version", "2.1")), "vex.other-version", "a version that is not read"),
        "other-category": (said(("/document.category", "csaf_base")), "vex.malformed", "a document that need not say who is affected"),
        "status-unknown": (said(("/document.tracking.status", "ready")), "vex.malformed", "no such status"),
        "contradiction": (of("shop", known_affected=["shop"]), "vex.contradiction", "affected and not (test 6.1.6)"),
        "no-reason": (said(("flags", GONE)), "vex.no-justification", "not affected, and nobody says why (test 6.1.27.9)"),
        "reason-for-another": (said(("flags.0.product_ids", ["shop"])), "vex.no-justification", "the reason is another product's"),
        "label-unknown": (said(("flags.0.label", "code_not_present")), "vex.malformed", "CycloneDX's word"),
        "group-unknown": (said(("flags", [{"label": WHY, "group_ids": ["none"]}])), "vex.malformed", "a group that is not there"),
        "product-unknown": (of("nobody"), "vex.malformed", "a product that is not there"),
        "product-twice": (bent(whole, ("product_tree.full_product_names.1.product_id", "requests")), "vex.malformed", "one id, two products"),
        "relationship-nowhere": (bent(of("shop:requests"), ("product_tree.relationships.0.product_reference", "nobody")), "vex.malformed", "a part that is not there"),
        "container-nowhere": (bent(of("shop:requests"), ("product_tree.relationships.0.relates_to_product_reference", "nobody")), "vex.malformed", "a whole that is not there"),
        "circle": (bent(of("a"), ("product_tree.relationships", [relates("a", "b", "shop"), relates("b", "a", "shop")])), "vex.malformed", "two that are parts of one another"),
        "circle-of-containers": (bent(of("a"), ("product_tree.relationships", [relates("a", "requests", "b"), relates("b", "log4j", "a")])), "vex.malformed", "each in the other"),
        "part-of-itself": (bent(of("a"), ("product_tree.relationships", [relates("a", "a", "a")])), "vex.malformed", "a part of itself, in itself"),
        "long-chain": (bent(of("c16"), ("product_tree.relationships", chain)), "vex.malformed", "17 steps"),
        "from-future": (said(("/document.tracking.current_release_date", LATER)), "evidence.from-future", "a second from now"),
        "no-date": (said(("/document.tracking.current_release_date", GONE)), "vex.malformed", "nobody says when"),
        "no-vulnerabilities": (bent(whole, ("vulnerabilities", [])), "vex.malformed", "it says nothing"),
        "no-ids": (said(("cve", GONE), ("ids", GONE)), "vex.malformed", "of which weakness nobody says"),
        "no-document": (bent(whole, ("document", GONE)), "vex.malformed", "no head"),
        "hash-short": (bent(whole, ("product_tree.branches.0.branches.0.product.product_identification_helper.hashes.0.file_hashes.0.value", "ab")), "vex.malformed", "a hash that is none"),
        "statuses-text": (said(("product_status", {"fixed": "shop"})), "vex.malformed", "products that are a text"),
    }  # fmt: skip
    write(make, "vex_csaf", "https://docs.oasis-open.org/csaf/csaf/v2.0/csaf_json_schema.json", passes, fails)


def main() -> None:
    for reader in ("vex_openvex", "vex_cyclonedx", "vex_csaf"):
        shutil.rmtree(CASES / reader, ignore_errors=True)
    with tempfile.TemporaryDirectory() as scratch:
        make = Maker(Path(scratch))
        openvex(make)
        cyclonedx(make)
        csaf(make)
        print(f"{make.written} cases written")


if __name__ == "__main__":
    main()
