"""The table of predicate types, and two readers of one type."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from build import NOW, digest, scan
from lockgate.core.digest import Digest
from lockgate.core.facts import Rejected
from lockgate.errors import EvidenceError
from lockgate.evidence import predicates, readers
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
    assert asked(nothing, refuses("vex.malformed")) == [refused]


def test_what_all_refuse_is_refused_by_the_first() -> None:
    with pytest.raises(EvidenceError) as err:
        asked(refuses("scan.failed"), refuses("vex.malformed"))
    assert err.value.code == "scan.failed"


def test_every_type_that_is_read_has_a_name() -> None:
    assert [kind for kind in readers.READERS if not predicates.name_of(kind)] == []


def test_what_is_read_since_the_rules_3_is_not_read_before() -> None:
    assert set(readers.BEFORE_3) < set(readers.READERS)
    assert all(readers.READERS[kind] is reader for kind, reader in readers.BEFORE_3.items())
