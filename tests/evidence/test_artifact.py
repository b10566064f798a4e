from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from build import key
from lockgate.core.digest import digest_of
from lockgate.core.facts import Provenance, Rejected, Signature
from lockgate.core.identity import fingerprint
from lockgate.core.ports import Evidence
from lockgate.errors import UnreadableError
from lockgate.evidence import artifact, attestation, dsse

NOW = datetime(2026, 11, 22, 20, tzinfo=UTC)
TYPE = "application/vnd.in-toto+json"
RELEASE, SECOND = (ed25519.Ed25519PrivateKey.from_private_bytes(b"throw-away key of these tests %02d" % number) for number in (20, 21))
KEYS = {
    name: private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode() for name, private in (("release", RELEASE), ("second", SECOND))
}
ONE, TWO = "sha256:" + "1" * 64, "sha256:" + "2" * 64


def piece(predicate_type: str, predicate: Any, *privates: ed25519.Ed25519PrivateKey, subjects: tuple[str, ...] = (ONE,)) -> Evidence:
    subject = [{"digest": {"sha256": digest.removeprefix("sha256:")}} for digest in subjects]
    payload = json.dumps({"_type": "https://in-toto.io/Statement/v1", "subject": subject, "predicateType": predicate_type, "predicate": predicate}).encode()
    signatures = [{"sig": base64.b64encode(private.sign(dsse.pae(TYPE, payload))).decode()} for private in privates]
    data = json.dumps({"payload": base64.b64encode(payload).decode(), "payloadType": TYPE, "signatures": signatures}).encode()
    return Evidence(media_type=dsse.MEDIA_TYPE, data=data, origin="here")


def provenance(subjects: tuple[str, ...] = (ONE,)) -> Evidence:
    return piece("https://slsa.dev/provenance/v1", {"runDetails": {"builder": {"id": "b"}}}, RELEASE, subjects=subjects)


def test_one_fact_for_each_key_and_artifact() -> None:
    both = piece(artifact.SIGNATURE_TYPE, {}, RELEASE, SECOND, subjects=(ONE, TWO))
    facts = artifact.read([both], KEYS, {ONE, TWO}, NOW)
    prints = sorted(fingerprint(key) for key in KEYS.values())
    assert facts == tuple(Signature(subject=subject, key=key, source=digest_of(both.data)) for subject in (ONE, TWO) for key in prints)


def test_an_artifact_nobody_asked_for_gets_no_fact() -> None:
    facts = artifact.read([piece(artifact.SIGNATURE_TYPE, {}, RELEASE, subjects=(ONE, TWO))], KEYS, {TWO}, NOW)
    assert {fact.subject for fact in facts if isinstance(fact, Signature)} == {TWO}


def test_pieces_keep_their_order_and_do_not_touch_each_other() -> None:
    wrong = Evidence(media_type=dsse.MEDIA_TYPE, data=b"{}", origin="here")
    facts = artifact.read([wrong, provenance(), wrong, piece(artifact.SIGNATURE_TYPE, {}, RELEASE)], KEYS, {ONE}, NOW)
    assert [type(fact) for fact in facts] == [Rejected, Provenance, Rejected, Signature]
    assert facts[0] == Rejected(source=digest_of(b"{}"), code="dsse.malformed")


def test_what_was_rejected_says_what_it_claimed_to_be() -> None:
    stranger = ed25519.Ed25519PrivateKey.from_private_bytes(b"throw-away key of these tests 29")
    facts = artifact.read([piece(artifact.SIGNATURE_TYPE, {}, stranger), provenance((TWO,))], KEYS, {ONE}, NOW)
    assert [(fact.code, fact.predicate) for fact in facts if isinstance(fact, Rejected)] == [
        ("dsse.unknown-key", artifact.SIGNATURE_TYPE),
        ("statement.other-subject", "https://slsa.dev/provenance/v1"),
    ]


def test_a_stranger_whose_payload_is_no_statement() -> None:
    data = b'{"payload":"eA==","payloadType":"x","signatures":[{"sig":"AAAA"}]}'
    facts = artifact.read([Evidence(media_type=dsse.MEDIA_TYPE, data=data, origin="here")], KEYS, {ONE}, NOW)
    assert facts == (Rejected(source=digest_of(data), code="dsse.unknown-key"),)


def test_nothing_attached_and_nothing_known() -> None:
    assert artifact.read([], KEYS, {ONE}, NOW) == ()
    assert [type(fact) for fact in artifact.read([provenance()], {}, {ONE}, NOW)] == [Rejected]


def refused(evidence: list[Evidence], keys: dict[str, str] = KEYS) -> str:
    with pytest.raises(UnreadableError) as err:
        artifact.read(evidence, keys, {ONE}, NOW)
    return err.value.code


def test_more_than_is_read_is_not_half_read() -> None:
    assert len(artifact.read([provenance()] * 256, KEYS, {ONE}, NOW)) == 256
    assert refused([provenance()] * 257) == "evidence.too-much"
    assert refused([Evidence(media_type="x", data=bytes(16 << 20), origin="here")] * 9) == "evidence.too-much"


def test_more_work_than_is_done_is_not_half_done() -> None:
    flood = {"payload": "eA==", "payloadType": "x", "signatures": [{"sig": base64.b64encode(bytes(64)).decode()}] * 64}
    data = json.dumps(flood).encode()
    many = {f"key-{number}": key(str(number)).public for number in range(13)}
    assert refused([Evidence(media_type=dsse.MEDIA_TYPE, data=data, origin="here")] * 20, many) == "evidence.too-much"


def test_what_sign_and_attest_write_is_read() -> None:
    signed = attestation.write_attestation(ONE, artifact.SIGNATURE_TYPE, {"signedAt": "2026-11-22T20:00:00Z"}, KEYS["second"], SECOND.sign)
    facts = artifact.read([Evidence(media_type=dsse.MEDIA_TYPE, data=signed, origin="here")], KEYS, {ONE}, NOW)
    assert facts == (Signature(subject=ONE, key=fingerprint(KEYS["second"]), source=digest_of(signed), signed_at=NOW),)
