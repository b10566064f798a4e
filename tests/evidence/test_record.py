from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lockgate import canon
from lockgate.core import events
from lockgate.core import exceptional_events as said
from lockgate.core.envelope import Envelope, Leaf
from lockgate.core.identity import fingerprint
from lockgate.core.outcome import Outcome
from lockgate.core.rechecked import Rechecked
from lockgate.errors import EvidenceError
from lockgate.evidence import record, sshsig
from lockgate.evidence.sshwire import string

AT = datetime(2026, 11, 22, 20, 14, 3, tzinfo=UTC)
D = "sha256:" + "9f2c" * 16
NONCE = "0" * 32
SHOWN = events.Shown(from_="none", to=D, not_collected=("configuration",))
EVENTS: dict[str, events.Event] = {
    "genesis": events.Genesis(origin="example.com/shop", nonce=NONCE, created_at=AT),
    "policy": events.PolicyProposed(log=D, id="r-0123456789", version=1, replaces="none", requested_at=AT),
    "roster": events.RosterProposed(log=D, id="r-0123456789", version=2, replaces=D, requested_at=AT),
    "root": events.RootProposed(log=D, id="r-0123456789", version=1, replaces="none", requested_at=AT),
    "request": events.Requested(log=D, id="r-0123456789", environment="production", config="none", from_="none", requested_at=AT),
    "approval": events.Approved(log=D, request="r-0123456789", environment="production", duty="security", config="none", section=D, baseline="none",
        shown=SHOWN,
                                expires=AT, nonce=NONCE),
    "rejection": events.Rejected(log=D, request="r-0123456789", environment="production", nonce=NONCE),
    "revocation": events.Revoked(log=D, id="r-0123456789", environment="production", reason="vulnerable", permit=3),
    "withdrawal": events.Withdrawn(log=D, request="r-0123456789", environment="production", what="approval", nonce=NONCE),
    "deployed": events.Deployed(log=D, permit=7, environment="production", config="none", started_at=AT, ended_at=AT),
    "deploy-failed": events.DeployFailed(log=D, permit=7, environment="production", config="none", started_at=AT, ended_at=AT, exit_status=137),
    "deploy-started": events.DeployStarted(log=D, permit=7, environment="production", config="none", started_at=AT, ends_by=AT, nonce=NONCE),
    "deploy-unknown": events.DeployUnknown(log=D, permit=7, environment="production", config="none", started_at=AT, ended_at=AT, because="killed",
                                           exit_status=137, built=(events.Built(builder="https://ci.example.com", commit="a" * 40, finished_at=AT),)),
    "decision": events.Decided(log=D, environment="production", config="none", outcome="allowed", outcomes=(Outcome(requirement="digest", result="pass"),),
                               decided_at=AT, not_after=AT, engine="0.1.0",
                               history=7, policy=D, section=D, root=1, roster=1, evidence=D, state=D),
    "hold": said.Held(log=D, id="h-0123456789", environment="production", expires=AT, reason=D),
    "lift": said.Lifted(log=D, id="h-0123456789", environment="production", nonce=NONCE),
    "waiver": said.WaiverGiven(log=D, id="w-0123456789", request="r-0123456789", environment="production", config="none", requirement="soaked", section=D,
                               expires=AT, reason=D),
    "break-glass": said.GlassBroken(log=D, id="g-0123456789", environment="production", config="none", expires=AT, reason=D, nonce=NONCE),
    "review": said.Reviewed(log=D, id="g-0123456789", environment="production", findings=D, nonce=NONCE),
    "rechecked": Rechecked(log=D, environment="production", config="none", decision=3, outcome="refused",
                           outcomes=(Outcome(requirement="signed-by", result="fail", code="signed-by.no-signature"),),
                           checked_at=AT, engine="0.1.0", history=7, state=D, policy=D, section=D, root=1, roster=1, evidence=D),
    "ask": events.Asked(log=D, environment="production", config="none", nonce=NONCE, asked_at=AT),
}  # fmt: skip
ED = ed25519.Ed25519PrivateKey.from_private_bytes(b"throw-away key of these tests 30")
KEY = ED.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
EC = ec.derive_private_key(0xABCD, ec.SECP256R1())
EC_KEY = EC.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def statement(kind: str) -> bytes:
    return record.statement_bytes(EVENTS[kind], () if kind == "genesis" else (D,))


def by_agent(data: bytes) -> Envelope:
    return record.seal_by_agent(data, KEY, string(b"ssh-ed25519") + string(ED.sign(record.agent_data(data))))


def code(call: object, *args: object) -> str:
    with pytest.raises(EvidenceError) as err:
        call(*args)  # type: ignore[operator]
    return err.value.code


def test_every_kind_is_tried() -> None:
    assert set(EVENTS) == set(events.KINDS)


@pytest.mark.parametrize("kind", EVENTS)
def test_an_event_comes_back_and_so_do_its_bytes(kind: str) -> None:
    data = statement(kind)
    event, subjects = record.parse_statement(data)
    assert (event, subjects) == (EVENTS[kind], () if kind == "genesis" else (D,))
    assert record.statement_bytes(event, subjects) == data
    assert json.loads(data)["predicateType"] == f"https://lockgate.dev/attestation/{kind}/v1"


@pytest.mark.parametrize("kind", EVENTS)
def test_a_person_signs_under_the_namespace_of_the_kind(kind: str) -> None:
    envelope = by_agent(statement(kind))
    assert record.person_key(envelope, kind) == KEY
    assert record.open_envelope(envelope).event == EVENTS[kind]
    for other in events.KINDS:
        if other != kind:
            assert code(record.person_key, envelope, other) == "sshsig.other-namespace"
    assert record.seal_armored(statement(kind), sshsig.armor(base64.b64decode(envelope.signatures[0].sig))) == envelope


@pytest.mark.parametrize("kind", EVENTS)
def test_a_leaf_comes_back(kind: str) -> None:
    leaf = Leaf(at=AT, event=by_agent(statement(kind)), stream=events.stream_of(EVENTS[kind]), previous=3)
    data = record.leaf_bytes(leaf)
    assert record.read_leaf(data) == leaf
    assert record.leaf_bytes(record.read_leaf(data)) == data


def test_the_permit_key_signs_bare() -> None:
    data = statement("decision")
    for key, signature in ((KEY, ED.sign(record.to_sign(data))), (EC_KEY, EC.sign(record.to_sign(data), ec.ECDSA(hashes.SHA256())))):
        sealed = record.seal_by_permit_key(data, key, signature)
        record.check_permit_signature(sealed, key)
        assert code(record.person_key, sealed, "decision") == "sshsig.malformed"
    assert code(record.seal_by_permit_key, data, KEY, bytes(64)) == "signature.bad"
    assert code(record.seal_by_permit_key, data + b" ", KEY, ED.sign(record.to_sign(data + b" "))) == "json.not-canonical"


def test_a_persons_signature_is_none_of_the_permit_key() -> None:
    envelope = by_agent(statement("decision"))
    assert code(record.check_permit_signature, envelope, KEY) == "signature.bad"
    assert code(record.check_permit_signature, envelope, EC_KEY) == "event.other-key"


def test_a_genesis_goes_unsigned_and_nothing_else_does() -> None:
    sealed = record.seal_genesis(statement("genesis"))
    assert record.open_envelope(sealed).event == EVENTS["genesis"]
    assert code(record.person_key, sealed, "genesis") == "event.unsigned"
    assert code(record.check_permit_signature, sealed, KEY) == "event.unsigned"
    assert code(record.seal_genesis, statement("request")) == "event.malformed"


def test_a_signature_by_another_key_is_not_sealed() -> None:
    data = statement("request")
    assert code(record.seal_by_agent, data, KEY, string(b"ssh-ed25519") + string(bytes(64))) == "sshsig.bad-signature"
    assert code(record.seal_by_agent, data, EC_KEY, string(b"ssh-ed25519") + string(ED.sign(record.agent_data(data)))) == "sshsig.unsupported"
    assert code(record.seal_armored, data, "hello") == "sshsig.malformed"
    assert code(record.agent_data, b"{}") == "event.malformed"


def test_an_event_that_would_not_read_back_is_not_written() -> None:
    request = EVENTS["request"]
    assert code(record.statement_bytes, request, ()) == "event.malformed"
    assert code(record.statement_bytes, request, (D, D)) == "event.malformed"
    assert code(record.statement_bytes, request, tuple(f"sha256:{number:064x}" for number in range(65))) == "event.malformed"
    assert record.statement_bytes(request, tuple(f"sha256:{number:064x}" for number in range(64)))
    local = datetime(2026, 11, 22, 20)  # noqa: DTZ001  that is the point
    for at in (local, AT.astimezone(timezone(timedelta(hours=2)))):
        assert code(record.statement_bytes, msgspec.structs.replace(request, requested_at=at), (D,)) == "event.malformed"


def test_a_time_in_a_nested_noun_is_looked_at_too() -> None:
    local = Outcome(requirement="soaked", result="fail", code="soaked.too-young", opens_at=datetime(2026, 11, 22, 20))  # noqa: DTZ001
    assert code(record.statement_bytes, msgspec.structs.replace(EVENTS["decision"], outcomes=(local,)), (D,)) == "event.malformed"


def test_a_leaf_has_a_size() -> None:
    leaf = Leaf(at=AT, event=by_agent(statement("request")), stream="env:" + "x" * 17_000)
    assert code(record.leaf_bytes, leaf) == "leaf.too-large"
    assert code(record.read_leaf, canon.encode(leaf)) == "leaf.too-large"


def test_an_envelope_from_a_file_need_not_be_canonical() -> None:
    envelope = by_agent(statement("deployed"))
    one = {"sig": envelope.signatures[0].sig, "keyid": envelope.signatures[0].keyid, "x": 1}
    loose = json.dumps({"signatures": [one], "payloadType": envelope.payload_type, "payload": envelope.payload.rstrip("=")}, indent=2).encode()
    assert record.read_envelope(loose) == envelope
    assert record.person_key(record.read_envelope(loose), "deployed") == KEY
    assert code(record.read_envelope, loose.replace(b"application/vnd.in-toto+json", b"text/plain")) == "event.malformed"
    assert code(record.read_envelope, b"[]") == "dsse.malformed"


def test_a_keyid_is_the_fingerprint() -> None:
    envelope = by_agent(statement("request"))
    assert envelope.signatures[0].keyid == fingerprint(KEY)
