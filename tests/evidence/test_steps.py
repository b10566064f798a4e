"""The steps are the verifier's own: each refusal is told at the step that made it, and nothing after that was reached."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

import private_sigstore
from build import KEYS, key
from lockgate.app.inspect_bundle import Artifact, Wanted, inspect_bundle
from lockgate.canon import encode
from lockgate.core.examined import STEPS, Piece
from lockgate.core.facts import Rejected
from lockgate.core.ports import Evidence
from lockgate.core.signers import Accepts, Believed, IdentityRule
from lockgate.errors import EvidenceError
from lockgate.evidence import artifact
from lockgate.evidence.dsse import pae
from lockgate.evidence.sigstore import bundle
from lockgate.evidence.steps import BY_CERTIFICATE, BY_KEY, Walk
from older_layout import layer
from private_sigstore import ISSUER, NOW, WHO, Instance, spki

OURS = Instance()
DIGEST = "sha256:" + private_sigstore.DIGESTS["sha256"].hex()
WORD = {1: "the log's promise", 2: "a time stamp"}
RULE = IdentityRule(root="ours", issuer=ISSUER, identity=WHO)
LATER = NOW + timedelta(days=300)
OTHER = {"_type": "https://in-toto.io/Statement/v1", "subject": [{"digest": {"sha256": "0" * 64}}], "predicateType": "https://sigstore.dev/cosign/sign/v1"}


def examine(*evidence: Evidence, rule: IdentityRule | None = RULE, now: Any = LATER, **accepts: Any) -> tuple[Piece, ...]:
    believed = Believed(identities={"ci": rule} if rule else {}, roots={"ours": encode(OURS.root_json).decode()}, accepts=Accepts(**accepts))
    pieces = artifact.examine(evidence, KEYS, {DIGEST}, now, believed)
    assert tuple(fact for one in pieces for fact in one.facts) == artifact.read(evidence, KEYS, {DIGEST}, now, believed)
    for one in pieces:
        assert [step.name for step in one.steps] == [name for name in STEPS if name in {step.name for step in one.steps}]
        assert {fact.code for fact in one.facts if isinstance(fact, Rejected)} <= {one.code}
        failed = [place for place, step in enumerate(one.steps) if step.result == "fail"]
        assert [one.steps[place].code for place in failed] == ([one.code] if one.code else [])
        if failed:
            assert {step.result for step in one.steps[failed[0] + 1 :]} <= {"not-reached", "skip"}
    return pieces


def piece(document: dict[str, Any]) -> Evidence:
    return Evidence(media_type=bundle.MEDIA_TYPE, data=json.dumps(document).encode(), origin="here")


def bundled(**options: Any) -> Evidence:
    return piece(OURS.bundle(**{"log": 1, **options}))


@pytest.mark.parametrize("log", [1, 2])
def test_a_certificates_signature_passes_all_steps(log: int) -> None:
    (found,) = examine(bundled(log=log))
    assert [(step.name, step.result) for step in found.steps] == [(name, "pass") for name in STEPS if name in BY_CERTIFICATE]
    said = {step.name: step.said for step in found.steps}
    assert said["time"] == f"2026-11-20 12:00:00 UTC by {WORD[log]}"
    assert found.shown is not None
    assert (found.shown.included, found.shown.logged) == ("proof", 1)
    assert found.shown.log in said["log"]
    assert found.shown.certificate_logs
    assert (found.format, found.name, found.proves, found.code) == ("sigstore-bundle", "cosign signature", True, "")


FAILURES: dict[str, tuple[Evidence, dict[str, Any], str, str]] = {
    "another media type": (Evidence(media_type="text/plain", data=b"x", origin="here"), {}, "format", "evidence.unknown-format"),
    "a format that does not count": (bundled(), {"formats": ("dsse",)}, "format", "evidence.format-not-accepted"),
    "nobody with a certificate is meant": (bundled(), {"rule": None}, "signer", "bundle.keyless"),
    "a time stamp by nobody": (bundled(log=2, stamped={"key": OURS.stranger}), {}, "time", "timestamp.forged"),
    "a promise that is forged": (bundled(entry={"promise_by": OURS.stranger}), {}, "time", "log-entry.promise-forged"),
    "after its certificate": (bundled(entry={"integrated": NOW + timedelta(days=1)}), {}, "certificate", "certificate.outside-validity"),
    "a certificate in no log": (bundled(leaf={"sct": False}), {}, "certificate-log", "certificate.no-sct"),
    "another entry": (bundled(entry={"logged": b"another"}), {}, "log", "log-entry.not-included"),
    "no entry": (bundled(log=0, stamp=True), {}, "log", "sigstore.no-log-entry"),
    "another's signature": (bundled(log=2, signed_by=OURS.stranger), {}, "signature", "signature.bad"),
    "an entry of another signature": (bundled(log=2, spec=json.loads(json.dumps({"hashedRekordV002": {}}))), {}, "log-content", "log-entry.malformed"),
    "an algorithm that does not count": (bundled(), {"algorithms": ("ed25519",)}, "algorithm", "evidence.algorithm-not-accepted"),
    "later than now": (bundled(), {"now": NOW - timedelta(days=1)}, "clock", "evidence.from-future"),
    "somebody else": (bundled(), {"rule": IdentityRule(root="ours", issuer=ISSUER, identity="x")}, "identity", "identity.other-subject"),
    "a promise alone": (layer(OURS), {}, "log", "log-entry.no-inclusion-proof"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_is_told_at_its_step(name: str) -> None:
    evidence, asked, step, code = FAILURES[name]
    (found,) = examine(evidence, **asked)
    assert [(one.name, one.code) for one in found.steps if one.result == "fail"] == [(step, code)]
    wanted = [one.name for one in found.steps if one.result == "not-reached"]
    assert set(wanted) <= BY_CERTIFICATE
    assert all(list(STEPS).index(one) > [str(each) for each in STEPS].index(step) for one in wanted)


def test_what_is_not_asked_is_skipped_and_said() -> None:
    (found,) = examine(bundled(log=0, stamp=True, leaf={"sct": False}), log="none", certificate_log="no")
    assert [(one.name, one.said) for one in found.steps if one.result == "skip"] == [
        ("certificate-log", "not asked for"),
        ("log", "no entry, and none is asked for"),
    ]
    (found,) = examine(layer(OURS), log="promise")
    assert found.shown is not None
    assert found.shown.included == "promise"


def test_keys_take_fewer_steps_and_another_artifact_is_told_at_the_subject() -> None:
    def signed(statement: dict[str, Any]) -> Evidence:
        payload = json.dumps({"predicate": {}, **statement}).encode()
        signature = private_sigstore.b64(key("release").sign(pae(private_sigstore.IN_TOTO, payload)))
        document = {"payload": private_sigstore.b64(payload), "payloadType": private_sigstore.IN_TOTO, "signatures": [{"sig": signature}]}
        return Evidence(media_type="application/vnd.dsse.envelope.v1+json", data=json.dumps(document).encode(), origin="here")

    good = {**OTHER, "subject": [{"digest": {"sha256": DIGEST[7:]}}]}
    (found,) = examine(signed(good))
    assert [(step.name, step.result) for step in found.steps] == [(name, "pass") for name in STEPS if name in BY_KEY]
    assert next(step.said for step in found.steps if step.name == "signature") == "key release"
    (found,) = examine(signed(OTHER))
    assert (found.code, [step.name for step in found.steps if step.result == "fail"]) == ("statement.other-subject", ["subject"])
    (found,) = examine(signed({**good, "predicateType": "https://in-toto.io/attestation/scai/v0.3"}))
    assert (found.proves, found.code, found.name, found.facts) == (False, "", "SCAI attribute report", ())
    assert found.steps[-1].result == "skip"


def test_a_weaker_signature_that_is_barred_says_so_at_the_last_step() -> None:
    broken = bundled(entry={"logged": b"another"})
    weaker = layer(OURS)
    first, second = examine(broken, weaker, formats=("sigstore-bundle", "cosign-signature"), log="promise")
    assert (first.code, second.code, second.proves) == ("log-entry.not-included", "evidence.stronger-failed", False)
    assert (second.steps[-1].name, second.steps[-1].result) == ("stronger", "fail")


def test_of_a_bundle_in_a_file_the_refusal_brings_the_steps() -> None:
    root, digest = json.dumps(OURS.root_json).encode(), DIGEST
    wanted = Wanted(identity=WHO, issuer=ISSUER)
    seen = inspect_bundle(json.dumps(OURS.bundle()).encode(), root, Artifact(digest=digest), wanted)
    assert {step.result for step in seen.steps} == {"pass"}
    assert [step.name for step in seen.steps][-2:] == ["identity", "subject"]
    with pytest.raises(EvidenceError) as err:
        inspect_bundle(json.dumps(OURS.bundle(log=1, entry={"logged": b"another"})).encode(), root, Artifact(digest=digest), wanted)
    assert err.value.code == "log-entry.not-included"
    assert [(one.name, one.result) for one in err.value.steps][5:] == [
        ("log", "fail"),
        ("signature", "not-reached"),
        ("log-content", "not-reached"),
        ("identity", "not-reached"),
        ("subject", "not-reached"),
    ]
    signer = private_sigstore.p256()
    by_key = Wanted(key=encode_key(signer))
    with pytest.raises(EvidenceError) as err:
        inspect_bundle(json.dumps(OURS.bundle(signer, by_key=True, signed_by=OURS.stranger)).encode(), root, Artifact(digest=digest), by_key)
    assert (err.value.code, "certificate" in [one.name for one in err.value.steps]) == ("signature.bad", False)


def encode_key(signer: Any) -> str:
    from lockgate.evidence.keys import parse_public_key

    return parse_public_key(spki(signer))


def test_a_walk_keeps_what_a_step_found_when_it_is_taken_again() -> None:
    walk = Walk()
    for said in ("one", "two", "one"):
        with walk.at("certificate"):
            walk.note(said)
    assert [(step.name, step.said) for step in walk.told(BY_CERTIFICATE)] == [("certificate", "one; two")]
