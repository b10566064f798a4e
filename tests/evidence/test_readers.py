"""The table of predicate types, and two readers of one type."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from build import NOW, digest, scan
from lockgate.core.digest import Digest
from lockgate.core.facts import Rejected
from lockgate.errors import EvidenceError
from lockgate.evidence import predicates, readers, statement
from lockgate.evidence.statement import Statement

SAID = Statement(subjects=(digest("shop"),), predicate_type="https://example.com/x", predicate={})
SOURCE = digest("evidence")


def reads(said: Statement, subject: Digest, keys: tuple[str, ...], source: Digest, now: datetime) -> list[Any]:
    return [scan(keys=keys, source=source)]


def refuses(code: str) -> readers.Reader:
    def read(said: Statement, subject: Digest, keys: tuple[str, ...], source: Digest, now: datetime) -> list[Any]:
        raise EvidenceError(code, "no")

    return read


def nothing(*_: Any) -> list[Any]:
    return []


def asked(*each: readers.Reader) -> list[Any]:
    return list(readers.each_of(*each)(SAID, digest("shop"), ("k",), SOURCE, NOW))


FOUND = scan(keys=("k",), source=SOURCE)


def test_each_reader_of_a_type_is_asked() -> None:
    assert asked(reads, reads) == [FOUND, FOUND]
    assert asked(reads, nothing) == asked(nothing, reads) == [FOUND]
    assert asked(nothing, nothing) == []


def test_what_one_refuses_stands_beside_what_the_other_read() -> None:
    refused = Rejected(source=SOURCE, code="vex.malformed", predicate=SAID.predicate_type)
    assert asked(reads, refuses("vex.malformed")) == asked(refuses("vex.malformed"), reads) == [FOUND, refused]


@pytest.mark.parametrize("others", [(refuses("vex.malformed"),), (nothing,), (nothing, refuses("vex.malformed"))])
def test_what_none_makes_a_fact_of_is_refused_by_the_first(others: tuple[readers.Reader, ...]) -> None:
    for each in ((refuses("scan.failed"), *others), (nothing, refuses("scan.failed"), *others)):
        with pytest.raises(EvidenceError) as err:
            asked(*each)
        assert err.value.code == "scan.failed"


def test_every_type_that_is_read_has_a_name() -> None:
    assert [kind for kind in readers.READERS if not predicates.name_of(kind)] == []


def test_what_is_read_since_the_rules_3_is_not_read_before() -> None:
    assert set(readers.BEFORE_3) < set(readers.READERS)
    assert all(readers.READERS[kind] is reader for kind, reader in readers.BEFORE_3.items())


def bom(**changes: Any) -> Statement:
    """A CycloneDX document with one component and a word on it, attested."""
    one = {"id": "CVE-2026-1", "analysis": {"state": "resolved", "lastUpdated": "2026-11-20T10:00:00Z"}, "affects": [{"ref": "a"}]}
    listed = [{"type": "library", "name": "a", "bom-ref": "a", "purl": "pkg:pypi/a@1"}]
    document = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": listed, "vulnerabilities": [one], **changes}
    about = [{"digest": {"sha256": digest("shop").removeprefix("sha256:")}}]
    whole = {"_type": "https://in-toto.io/Statement/v1", "subject": about, "predicateType": "https://cyclonedx.org/bom", "predicate": document}
    return statement.parse("application/vnd.in-toto+json", json.dumps(whole).encode())


def kinds(said: Statement) -> list[str]:
    return [type(one).__name__ for one in readers.READERS[said.predicate_type](said, digest("shop"), ("k",), SOURCE, NOW)]


def test_a_bill_of_materials_and_what_is_said_of_it() -> None:
    assert kinds(bom()) == ["Sbom", "Exploitability"]
    assert kinds(bom(vulnerabilities=[])) == kinds(bom(vulnerabilities=[{"id": "CVE-2026-1"}])) == ["Sbom"]
    assert kinds(bom(vulnerabilities=[{"id": "CVE-2026-1", "analysis": {"state": "?"}}])) == ["Sbom", "Rejected"]
    assert kinds(bom(vulnerabilities=[{"id": "CVE-2026-1", "analysis": {"state": "?"}, "x": "x" * (9 << 20)}])) == ["Sbom", "Rejected"]


def test_a_word_without_a_bill_of_materials() -> None:
    alone = [{"id": "CVE-2026-1", "analysis": {"state": "resolved", "lastUpdated": "2026-11-20T10:00:00Z"}, "affects": [{"ref": "pkg:pypi/a@1"}]}]
    assert kinds(bom(components=[], vulnerabilities=alone)) == ["Exploitability"]


def test_a_large_bill_of_materials_without_a_word_is_not_parsed_again() -> None:
    listed = [{"type": "library", "name": "x" * 900, "bom-ref": str(n), "purl": f"pkg:pypi/a{n}@1"} for n in range(12_000)]
    assert kinds(bom(components=listed, vulnerabilities=[{"id": "CVE-2026-1", "description": 'an "analysis" of it'}])) == ["Sbom"]
