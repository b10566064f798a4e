"""A decision as a verification summary: what is allowed passed, and nothing else did; the words are the specification's."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from build import LOG, NOW, digest
from lockgate import canon
from lockgate.core import events
from lockgate.core.outcome import Outcome
from lockgate.errors import EvidenceError
from lockgate.evidence import record, statement
from lockgate.evidence import vsa as reader
from lockgate.render import vsa

SHOP, LEAF = digest("shop"), (7, digest("leaf"))
DECIDED = events.Decided(
    log=LOG,
    environment="production",
    config="none",
    outcome="allowed",
    outcomes=(Outcome(requirement="digest", result="pass"), Outcome(requirement="signed-by", result="pass")),
    decided_at=NOW,
    not_after=NOW,
    engine="1.2",
    history=7,
    policy=digest("policy"),
    section=digest("section"),
    root=1,
    roster=1,
    evidence=digest("evidence"),
    state=digest("state"),
)


def said(decision: events.Decided = DECIDED, origin: str = "example.com/shop", inputs: Any = ()) -> Any:
    return json.loads(vsa.statement(decision, (SHOP,), origin, LEAF, inputs))


def test_the_whole_of_it() -> None:
    assert said(inputs=(vsa.Input(digest=digest("piece"), media_type="text/x"),)) == {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"digest": {"sha256": SHOP[7:]}}],
        "predicateType": "https://slsa.dev/verification_summary/v1",
        "predicate": {
            "verifier": {"id": "https://example.com/shop", "version": {"lockgate": "1.2"}},
            "timeVerified": "2026-11-22T20:14:03Z",
            "resourceUri": "https://example.com/shop/environments/production",
            "policy": {"uri": "https://example.com/shop/policy", "digest": {"sha256": digest("policy")[7:]}},
            "verificationResult": "PASSED",
            "verifiedLevels": ["LOCKGATE_DIGEST", "LOCKGATE_SIGNED_BY"],
            "inputAttestations": [
                {"uri": "https://example.com/shop/leaves/7", "digest": {"sha256": digest("leaf")[7:]}},
                {"digest": {"sha256": digest("piece")[7:]}, "mediaType": "text/x"},
            ],
        },
    }


FAILED: dict[str, dict[str, Any]] = {
    "refused": {"outcome": "refused", "not_after": None},
    "undecided": {"outcome": "undecided", "not_after": None},
    "past the rules": {"break_glass": "g-0123456789abcdef"},
}


@pytest.mark.parametrize("name", FAILED)
def test_everything_else_failed(name: str) -> None:
    predicate = said(replace(DECIDED, **FAILED[name]))["predicate"]
    assert (predicate["verificationResult"], predicate["verifiedLevels"]) == ("FAILED", ["FAILED"])


def test_a_configuration_is_part_of_the_resource() -> None:
    config = digest("config")
    assert said(replace(DECIDED, config=config))["predicate"]["resourceUri"] == f"https://example.com/shop/environments/production?config={config}"


def test_what_did_not_hold_or_was_waived_is_no_level() -> None:
    more = (Outcome(requirement="soaked", result="waived", code="soaked.too-young"), Outcome(requirement="own-id", result="pass"))
    assert said(replace(DECIDED, outcomes=(*DECIDED.outcomes, *more)))["predicate"]["verifiedLevels"] == [
        "LOCKGATE_DIGEST",
        "LOCKGATE_SIGNED_BY",
        "LOCKGATE_OWN_ID",
    ]


def test_inputs_are_named_whole_or_not_at_all() -> None:
    assert "inputAttestations" not in said(inputs=None)["predicate"]
    assert len(said(inputs=())["predicate"]["inputAttestations"]) == 1


@pytest.mark.parametrize(
    ("origin", "uri"), [("shop/ab12", "https://shop/ab12"), ("läden.example/#1", "https://l%C3%A4den.example/%231"), ("a?b%c", "https://a%3Fb%25c")]
)
def test_a_log_s_name_as_a_uri(origin: str, uri: str) -> None:
    assert said(origin=origin)["predicate"]["verifier"]["id"] == uri


@given(st.text(min_size=1, max_size=40), st.text(min_size=1, max_size=40))
def test_two_names_are_two_uris(one: str, other: str) -> None:
    first, second = (vsa.sum_up(DECIDED, name).verifier for name in (one.encode("utf-8", "replace").decode(), other.encode("utf-8", "replace").decode()))
    assert (first == second) == (one.encode("utf-8", "replace") == other.encode("utf-8", "replace"))
    assert first.isascii()


def test_our_own_reader_reads_it_and_no_event_is_one() -> None:
    data = vsa.statement(DECIDED, (SHOP,), "example.com/shop", LEAF, ())
    assert canon.encode(json.loads(data)) == data
    read = statement.parse(events.PAYLOAD_TYPE, data)
    assert read.subjects == (SHOP,)
    fact = reader.read(read.predicate, SHOP, (), SHOP)
    assert (fact.verifier, fact.passed, fact.verified_at) == ("https://example.com/shop", True, NOW)
    assert vsa.PREDICATE_TYPE == reader.PREDICATE_TYPE == read.predicate_type
    with pytest.raises(EvidenceError) as err:
        record.parse_statement(data)
    assert err.value.code == "event.malformed"
