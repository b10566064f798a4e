"""Statements of types that only a policy asks for: which are read, and what is kept of them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from build import ATTESTED, IMAGE, KEYS, NOW, REVIEW, SIGNED, ago, key, later
from lockgate.core.attested import LONGEST, Attested, Field
from lockgate.core.facts import Provenance, Rejected
from lockgate.core.ports import Evidence
from lockgate.core.predicate_match import Match
from lockgate.core.requirements import AnyRequirement
from lockgate.core.trial import Trial
from lockgate.evidence import artifact, attestation, dsse, slsa, test_result
from lockgate.evidence.asked_for import for_section
from lockgate.evidence.readers import BEFORE_3, READERS


def piece(type_: str, predicate: Any, by: str = "builder") -> Evidence:
    signer = key(by)
    return Evidence(media_type=dsse.MEDIA_TYPE, data=attestation.write_attestation(IMAGE, type_, predicate, signer.public, signer.sign), origin="test")


def read(predicate: Any, *requires: AnyRequirement, type_: str = f"{REVIEW}/v1", by: str = "builder") -> list[Any]:
    return list(artifact.read([piece(type_, predicate, by)], KEYS, {IMAGE}, NOW, readers=for_section(requires)))


def test_what_nobody_asks_for_is_no_fact_and_no_problem() -> None:
    assert read({"result": "good"}) == read({"result": "good"}, SIGNED) == read({"result": "good"}, replace(ATTESTED, type="https://example.com/other")) == []
    assert for_section([SIGNED]) is READERS
    assert read({"result": "good"}, replace(ATTESTED, type=f"{REVIEW}/v2")) == []


def test_what_is_asked_for_is_kept_and_nothing_else() -> None:
    asked = replace(
        ATTESTED,
        match=(Match(path="a.b[0]", equals=1), Match(path="/c", equals=True), Match(path="gone", equals=1)),
        where=(Match(path="d", glob="*"),),
        time="on",
    )
    (fact,) = read({"a": {"b": [1.5]}, "c": True, "d": "text", "e": "never", "on": "2026-11-22T20:00:00+01:00"}, asked)
    assert fact == Attested(
        subject=IMAGE,
        source=fact.source,
        keys=(key("builder").fingerprint,),
        type=f"{REVIEW}/v1",
        fields=(
            Field(path="/c", kind="truth", text="true"),
            Field(path="a.b[0]", kind="number", text="1.5"),
            Field(path="d", kind="text", text="text"),
            Field(path="on", kind="text", text="2026-11-22T20:00:00+01:00", at=NOW - timedelta(hours=1, minutes=14, seconds=3)),
        ),
    )


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (None, Field(path="x", kind="null")), (False, Field(path="x", kind="truth", text="false")), (-7, Field(path="x", kind="number", text="-7")),
        (1e300, Field(path="x", kind="number", text="1e+300")), ([1], Field(path="x", kind="list")), ({"y": 1}, Field(path="x", kind="object")),
        ("", Field(path="x", kind="text")), ("t" * 5000, Field(path="x", kind="text", text="t" * (LONGEST + 1))),
    ],
)  # fmt: skip
def test_every_kind_of_value(value: Any, field: Field) -> None:
    (fact,) = read({"x": value}, replace(ATTESTED, match=(Match(path="x", equals=1),)))
    assert fact.fields == (field,)


@pytest.mark.parametrize("text", ["yesterday", "2026-11-22", "2026-11-22T20:00:00", "", 1795337700, None, ["2026-11-22T20:00:00Z"]])
def test_what_is_no_time_is_none(text: Any) -> None:
    (fact,) = read({"on": text}, replace(ATTESTED, time="on"))
    assert [one.at for one in fact.fields] == [None]


def test_what_is_later_than_now_proves_nothing() -> None:
    asked = replace(ATTESTED, time="on")
    (fact,) = read({"result": "good", "on": f"{later('1s'):%Y-%m-%dT%H:%M:%SZ}"}, asked)
    assert isinstance(fact, Rejected)
    assert (fact.code, fact.predicate) == ("evidence.from-future", f"{REVIEW}/v1")
    (elsewhere,) = read({"result": "good", "on": f"{later('1s'):%Y-%m-%dT%H:%M:%SZ}"}, ATTESTED)
    assert isinstance(elsewhere, Attested)


def test_by_a_stranger_it_proves_nothing_and_explains_the_refusal() -> None:
    assert [(one.code, one.predicate) for one in read({}, ATTESTED, by="stranger")] == [("dsse.unknown-key", f"{REVIEW}/v1")]
    assert read({}, SIGNED, by="stranger") == []


def test_a_type_that_is_read_anyway_is_both_and_where_its_reader_refuses_it_neither() -> None:
    asked = replace(ATTESTED, type="https://in-toto.io/attestation/test-result", match=(Match(path="url", glob="**"),))
    good = {"result": "PASSED", "url": "https://example.com/1"}
    assert [type(one) for one in read(good, asked, type_=test_result.PREDICATE_TYPE)] == [Trial, Attested]
    assert [one.code for one in read({"result": "x"}, asked, type_=test_result.PREDICATE_TYPE)] == ["test-result.malformed"]
    built = replace(ATTESTED, type="https://slsa.dev/provenance", match=())
    assert [type(one) for one in read({"runDetails": {"builder": {"id": "b"}}}, built, type_=slsa.PREDICATE_TYPE)] == [Provenance, Attested]


def test_the_table_lists_what_it_reads() -> None:
    table = for_section([ATTESTED, replace(ATTESTED, id="b", type=slsa.PREDICATE_TYPE), SIGNED])
    assert list(table) == [*READERS, REVIEW]
    assert len(table) == len(READERS) + 1
    assert f"{REVIEW}/v3" in table
    assert f"{REVIEW}/x" not in table
    with pytest.raises(KeyError):
        table["https://example.com/other"]
    assert list(for_section([ATTESTED], BEFORE_3)) == [*BEFORE_3, REVIEW]


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(10**9), 10**9), st.text(max_size=8)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "on"]), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from(["a", "b", "on", "result"]), JSON, max_size=4))
def test_any_predicate_is_one_fact_or_rejected(predicate: dict[str, Any]) -> None:
    asked = replace(ATTESTED, match=(Match(path="a.b[0]", equals=1), Match(path="/b/a", glob="*")), time="on")
    (fact,) = read(predicate, asked)
    assert isinstance(fact, Attested | Rejected)
    assert read(predicate, asked) == [fact]
    assert len(json.dumps([one.text for one in getattr(fact, "fields", ())])) < 50_000


def test_two_who_ask_for_different_places_both_find_theirs() -> None:
    other = replace(ATTESTED, id="other", match=(Match(path="level", at_least="1"),))
    (fact,) = read({"result": "good", "level": 2}, ATTESTED, other)
    assert [(one.path, one.text) for one in fact.fields] == [("level", "2"), ("result", "good")]
    assert ago("1s") < NOW
