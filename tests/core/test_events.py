"""Everything that is ever recorded: one canonical form each, and one authority."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest

from build import NOW, digest, nonce, request_id
from lockgate.canon import decode, encode
from lockgate.core import events
from lockgate.core import exceptional_events as said
from lockgate.core.envelope import Envelope, Leaf
from lockgate.errors import EvidenceError

IDS: dict[type[Any], str] = {
    said.Held: "h-aaaaaaaaaaaaaaaa",
    said.Lifted: "h-aaaaaaaaaaaaaaaa",
    said.WaiverGiven: "w-aaaaaaaaaaaaaaaa",
    said.GlassBroken: "g-aaaaaaaaaaaaaaaa",
    said.Reviewed: "g-aaaaaaaaaaaaaaaa",
}


def some(struct: type[Any]) -> dict[str, Any]:
    """An event of this kind as a plain document."""
    values: dict[str, Any] = {
        "log": digest("log"),
        "id": request_id(), "request": request_id(), "environment": "production", "config": "none", "nonce": nonce(), "version": 1, "replaces": "none",
        "from": "none", "duty": "security", "section": digest("section"), "baseline": "none", "shown": {"from": "none", "to": digest("to")}, "what": "approval",
        "reason": "vulnerable", "permit": 3, "exitStatus": 1, "because": "killed", "origin": "example.com/shop", "outcome": "refused", "outcomes": [],
        "decision": 3,
        "engine": "0.1.0", "history": 3, "policy": digest("policy"),
        "root": 1, "roster": 1, "evidence": digest("evidence"), "state": digest("state"),
    }  # fmt: skip
    values |= {
        "reason": "vulnerable" if struct is events.Revoked else digest("why"),
        "findings": digest("found"),
        "requirement": "soaked",
        "id": IDS.get(struct, request_id()),
    }
    info = msgspec.inspect.type_info(struct)
    assert isinstance(info, msgspec.inspect.StructType)
    required = [field for field in info.fields if field.required]
    return {
        field.encode_name: "2026-11-22T20:14:03Z" if isinstance(field.type, msgspec.inspect.DateTimeType) else values[field.encode_name] for field in required
    }


KINDS = pytest.mark.parametrize("kind", events.KINDS)


@KINDS
def test_nothing_required_may_be_missing_unknown_or_without_an_offset(kind: str) -> None:
    struct = events.KINDS[kind]
    good = some(struct)
    assert encode(decode(encode(good), struct)) == encode(good)
    bad: list[dict[str, Any]] = [{name: value for name, value in good.items() if name != left_out} for left_out in good]
    bad.append({**good, "remark": "from a later version"})
    bad += [{**good, name: "2026-11-22T20:14:03"} for name, value in good.items() if value == "2026-11-22T20:14:03Z"]
    for document in bad:
        with pytest.raises(EvidenceError) as err:
            decode(encode(document), struct, code="event.malformed")
        assert err.value.code == "event.malformed"


def test_every_event_has_one_kind_and_every_kind_one_event() -> None:
    assert set(events.KINDS.values()) == set(get_args(events.Event))
    assert len(set(events.KINDS.values())) == len(events.KINDS)
    for kind, struct in events.KINDS.items():
        event = decode(encode(some(struct)), struct)
        assert events.kind_of(event) == kind
        assert events.predicate_type(kind) == f"https://lockgate.dev/attestation/{kind}/v1"
        assert events.namespace(kind) == f"lockgate-{kind}@v1"


def test_a_failed_deployment_is_of_its_own_kind() -> None:
    failed = decode(encode(some(events.DeployFailed)), events.DeployFailed)
    assert isinstance(failed, events.Deployed)
    assert events.kind_of(failed) == "deploy-failed"


@KINDS
def test_the_stream_an_event_belongs_to(kind: str) -> None:
    struct: Any = events.KINDS[kind]
    event = decode(encode(some(struct)), struct)
    assert events.stream_of(event) == ("house" if kind in {"genesis", "policy", "roster", "root"} else "env:production")


def test_an_answer_to_a_proposal_belongs_to_the_house() -> None:
    answers: tuple[Any, ...] = (events.Approved, events.Rejected, events.Withdrawn, events.Revoked)
    for struct in answers:
        assert events.stream_of(decode(encode({**some(struct), "environment": "house"}), struct)) == "house"


@pytest.mark.parametrize(("kind", "duty"), [("request", "request"), ("approval", "approve:security"), ("deployed", "deploy"), ("deploy-failed", "deploy")])
def test_the_duty_a_person_needs(kind: str, duty: str) -> None:
    struct = events.KINDS[kind]
    assert events.duty_for(decode(encode(some(struct)), struct)) == duty


@pytest.mark.parametrize("kind", ["genesis", "policy", "roster", "root", "rejection", "withdrawal", "revocation", "decision", "ask", *said.KINDS])
def test_where_another_rule_holds(kind: str) -> None:
    struct = events.KINDS[kind]
    assert events.duty_for(decode(encode(some(struct)), struct)) is None


HOSTILE: dict[str, list[Any]] = {
    "nonce": ["", "0" * 31, "0" * 33, "G" * 32, "0" * 32 + "\n"],
    "environment": ["", "Production", "../staging", "a b", "-a", "x" * 65, "production\n"],
    "config": ["", "None", "sha256:", digest("x").upper()],
    "version": [0, -1, 2**53, 1.0, "1"],
    "permit": [-1, 2**53, 1.5],
    "exitStatus": [0, 256, -9],
    "what": ["", "permit", "Approval"],
    "reason": ["", "Vulnerable", "because"],
    "outcome": ["", "allow", "waived"],
    "request": ["r-", "r-short", "p-abcdefghijklmnop"],
    "id": ["", "r-", "h-", "w-short", "g-ABCDEFGHIJ", "p-abcdefghijklmnop"],
    "requirement": ["", "Soaked", "a b"],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_values(name: str) -> None:
    for struct in events.KINDS.values():
        good = some(struct)
        for value in HOSTILE[name] if name in good else ():
            with pytest.raises(EvidenceError) as err:
                decode(encode({**good, name: value}), struct)
            assert err.value.code == "json.malformed"


def test_times_are_kept_to_the_second_by_the_clock_and_as_said_by_people() -> None:
    leaf = Leaf(at=NOW, event=Envelope(payload="", payload_type="application/vnd.in-toto+json", signatures=()), stream="house")
    assert b'"at":"2026-11-22T20:14:03Z"' in encode(leaf)
    assert b"previous" not in encode(leaf)
