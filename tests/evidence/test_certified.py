"""Signatures by holders of certificates, from bytes to facts: whom the policy means counts, and everybody else is told for their own reason."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

import private_sigstore
from lockgate.canon import encode
from lockgate.core.facts import Provenance, Rejected, Signature
from lockgate.core.identity import fingerprint
from lockgate.core.ports import Evidence
from lockgate.core.signers import Accepts, Believed, IdentityRule
from lockgate.errors import EvidenceError, UnreadableError
from lockgate.evidence import artifact, certified, dsse, keys
from lockgate.evidence.sigstore import bundle, identity, trust
from older_layout import layer
from private_sigstore import ARTIFACT, DAY, ISSUER, NOW, WHO, Instance, der, p256

OURS, THEIRS = Instance(), Instance()
ROOTS = {"ours": encode(OURS.root_json).decode(), "theirs": encode(THEIRS.root_json).decode()}
RULE = IdentityRule(root="ours", issuer=ISSUER, identity=WHO)
DIGEST = "sha256:" + private_sigstore.DIGESTS["sha256"].hex()
V3 = bundle.MEDIA_TYPE
LATER = NOW + timedelta(days=300)


def piece(document: dict[str, Any], media_type: str = V3) -> Evidence:
    return Evidence(media_type=media_type, data=json.dumps(document).encode(), origin="here")


def believing(*rules: IdentityRule, **accepts: Any) -> Believed:
    return Believed(identities={f"id-{number}": rule for number, rule in enumerate(rules or (RULE,))}, roots=ROOTS, accepts=Accepts(**accepts))


def read(document: dict[str, Any], *rules: IdentityRule, keys: dict[str, str] | None = None, media_type: str = V3, **accepts: Any) -> artifact.Read:
    (fact,) = artifact.read([piece(document, media_type)], keys or {}, {DIGEST}, LATER, believing(*rules, **accepts))
    return fact


def code(document: dict[str, Any], *rules: IdentityRule, **more: Any) -> str:
    fact = read(document, *rules, **more)
    assert isinstance(fact, Rejected)
    return fact.code


GOOD = OURS.bundle(log=1)


def test_whom_the_policy_means_signed_when_the_log_says() -> None:
    fact = read(GOOD)
    assert isinstance(fact, Signature)
    assert fact.by is not None
    assert (fact.by.names, fact.by.subject, fact.by.issuer, fact.by.root, fact.by.known, fact.by.logged) == (("id-0",), WHO, ISSUER, "ours", "log", 1)
    assert fact.signed_at == fact.by.at == NOW
    assert fact.key == ""


def test_of_several_times_the_earliest_is_the_age() -> None:
    document = OURS.bundle(log=1, stamp=True, stamped={"at": NOW + timedelta(minutes=2)})
    fact = read(document)
    assert isinstance(fact, Signature)
    assert (fact.signed_at, fact.by.known if fact.by else "") == (NOW, "log")
    fact = read(OURS.bundle(log=1, stamp=True, entry={"integrated": NOW + timedelta(minutes=2)}))
    assert isinstance(fact, Signature)
    assert (fact.signed_at, fact.by.known if fact.by else "") == (NOW, "time-stamp")


OTHERS = {
    "issuer": (IdentityRule(root="ours", issuer="https://other.example", identity=WHO), "identity.other-issuer"),
    "subject": (IdentityRule(root="ours", issuer=ISSUER, identity=WHO + "x"), "identity.other-subject"),
    "subject by glob": (IdentityRule(root="ours", issuer=ISSUER, identity_glob="https://ci.example/*@refs/heads/main"), "identity.other-subject"),
    "claim": (IdentityRule(root="ours", issuer=ISSUER, identity=WHO, claims={"build-trigger": "push"}), "identity.other-claim"),
    "root": (IdentityRule(root="theirs", issuer=ISSUER, identity=WHO), "certificate.untrusted"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_whom_it_does_not_mean_is_told_by_what_is_other(name: str) -> None:
    rule, expected = OTHERS[name]
    found = code(GOOD, rule)
    assert found == expected if name != "root" else found in {"certificate.untrusted", "log-entry.unknown-log"}


def test_the_nearest_of_several_is_told() -> None:
    assert code(GOOD, OTHERS["issuer"][0], OTHERS["claim"][0], OTHERS["subject"][0], OTHERS["root"][0]) == "identity.other-claim"
    assert code(GOOD, OTHERS["root"][0], OTHERS["issuer"][0]) == "identity.other-issuer"


def test_what_a_certificate_says_otherwise_than_claimed_is_told() -> None:
    who = identity.Identity(subject=WHO, issuer=ISSUER, claims={"build-trigger": "schedule", "source-repository-identifier": "123"})
    rule = IdentityRule(
        root="ours",
        issuer=ISSUER,
        identity=WHO,
        claims={"build-trigger": "push", "runner-environment": "github-hosted", "source-repository-identifier": "123"},
    )
    with pytest.raises(EvidenceError) as err:
        certified.meant(who, believing(rule))
    said = "the certificate says build-trigger schedule, not push; does not say runner-environment, which has to be github-hosted"
    assert (err.value.code, err.value.message.partition("and ")[2]) == ("identity.other-claim", said)


def test_patterns_and_claims_mean_what_they_say() -> None:
    claims = {8: der(0x0C, ISSUER.encode()), 20: der(0x0C, b"push"), 15: der(0x0C, b"123")}
    document = OURS.bundle(leaf={"claims": claims})
    rule = IdentityRule(
        root="ours",
        issuer_regex=r"https://issuer\.example",
        identity_glob="https://ci.example/shop/*@refs/heads/main",
        claims={"build-trigger": "push", "source-repository-identifier": "123"},
    )
    fact = read(document, rule)
    assert isinstance(fact, Signature)
    assert fact.by is not None
    assert fact.by.claims["build-trigger"] == "push"


def test_two_rules_that_mean_one_certificate_are_told_in_one_fact() -> None:
    fact = read(GOOD, RULE, IdentityRule(root="ours", issuer=ISSUER, identity_glob="https://ci.example/**"))
    assert isinstance(fact, Signature)
    assert fact.by is not None
    assert fact.by.names == ("id-0", "id-1")


def test_without_identities_a_certificate_is_nobody() -> None:
    (fact,) = artifact.read([piece(GOOD)], {}, {DIGEST}, LATER)
    assert isinstance(fact, Rejected)
    assert fact.code == "bundle.keyless"


def test_the_issuer_of_the_certificate_and_all_steps_are_the_verifiers() -> None:
    assert code(THEIRS.bundle(log=1)) in {"certificate.untrusted", "log-entry.unknown-log", "log-entry.promise-forged"}
    assert code(OURS.bundle(log=1, entry={"integrated": NOW + DAY})) == "certificate.outside-validity"
    assert code(OURS.bundle(log=2, signed_by=OURS.stranger)) in {"signature.bad", "log-entry.other-signature"}
    assert code(OURS.bundle(log=1, leaf={"sct": False})) == "certificate.no-sct"
    assert isinstance(read(OURS.bundle(log=1, leaf={"sct": False}), certificate_log="no"), Signature)


def test_the_log_is_asked_for_as_much_as_the_environment_says() -> None:
    none, promise = OURS.bundle(log=0, stamp=True), OURS.bundle(log=1)
    del promise["verificationMaterial"]["tlogEntries"][0]["inclusionProof"]["checkpoint"]
    assert [code(none), code(none, log="promise")] == ["sigstore.no-log-entry"] * 2
    assert isinstance(read(none, log="none"), Signature)
    assert code(promise) == "log-entry.no-checkpoint"
    assert isinstance(read(promise, log="promise"), Signature)
    assert isinstance(read(promise, log="none"), Signature)


def test_what_was_signed_later_than_now_proves_nothing() -> None:
    (fact,) = artifact.read([piece(GOOD)], {}, {DIGEST}, NOW - timedelta(seconds=1), believing())
    assert isinstance(fact, Rejected)
    assert fact.code == "evidence.from-future"


def test_another_artifact_and_another_predicate() -> None:
    (fact,) = artifact.read([piece(GOOD)], {}, {"sha256:" + "1" * 64}, LATER, believing())
    assert isinstance(fact, Rejected)
    assert fact.code == "statement.other-subject"


def older(document: dict[str, Any], version: int) -> dict[str, Any]:
    """The same in the shape of an older version."""
    material = dict(document["verificationMaterial"])
    material["x509CertificateChain"] = {"certificates": [material.pop("certificate")]}
    return {**document, "mediaType": f"application/vnd.dev.sigstore.bundle+json;version=0.{version}", "verificationMaterial": material}


@pytest.mark.parametrize("version", [1, 2])
def test_older_versions_count_under_their_own_names(version: int) -> None:
    document = older(GOOD, version)
    assert isinstance(read(document, media_type=document["mediaType"]), Signature)
    assert code(document) == "bundle.other-version"
    assert code(GOOD, media_type=document["mediaType"]) == "bundle.other-version"


def test_a_message_counts_where_its_format_is_named() -> None:
    document = OURS.bundle(log=1, envelope=False)
    assert code(document) == "bundle.no-envelope"
    assert code(document, formats=("sigstore-bundle",)) == "evidence.format-not-accepted"
    fact = read(document, formats=("sigstore-bundle", "sigstore-message"))
    assert isinstance(fact, Signature)
    assert fact.subject == DIGEST
    assert private_sigstore.DIGESTS["sha256"].hex() in DIGEST
    (other,) = artifact.read([piece(document)], {}, {"sha256:" + "1" * 64}, LATER, believing(formats=("sigstore-message",)))
    assert isinstance(other, Rejected)
    assert other.code == "sigstore.other-artifact"


SIGNER = p256()
PUBLIC = SIGNER.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def test_a_message_signed_by_a_key_of_the_policy() -> None:
    document = OURS.bundle(SIGNER, log=0, envelope=False, by_key=True, stamp=False)
    assert code(document, keys={"k": PUBLIC}) == "bundle.no-envelope"
    fact = read(document, keys={"k": PUBLIC}, formats=("sigstore-message",))
    assert isinstance(fact, Signature)
    assert (fact.key, fact.by) == (fingerprint(PUBLIC), None)
    assert code(document, formats=("sigstore-message",)) == "dsse.unknown-key"


def test_a_certificate_for_a_key_of_the_policy_is_that_key_and_no_second_signer() -> None:
    message = OURS.bundle(SIGNER, log=1, envelope=False)
    for fact in (read(OURS.bundle(SIGNER, log=1), keys={"k": PUBLIC}), read(message, keys={"k": PUBLIC}, formats=("sigstore-message",))):
        assert isinstance(fact, Signature)
        assert (fact.key, fact.by) == (fingerprint(PUBLIC), None)
    assert code(message, keys={"k": PUBLIC}, formats=("sigstore-message",), algorithms=("ed25519",)) == "evidence.algorithm-not-accepted"


def test_nor_is_it_a_second_signer_by_another_algorithm_of_the_key() -> None:
    """An RSA key has one algorithm in the policy. In a certificate it has Sigstore's."""
    signer = rsa.generate_private_key(65537, 2048)
    public = keys.parse_spki(signer.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    document = OURS.bundle(signer, log=1)
    assert isinstance(read(document), Signature)
    assert code(document, keys={"k": keys.with_algorithm(public, "rsa-pss-sha256")}) == "evidence.algorithm-not-accepted"
    fact = read(document, keys={"k": keys.with_algorithm(public, "rsa-pkcs1-sha256")})
    assert isinstance(fact, Signature)
    assert (fact.key, fact.by) == (fingerprint(public), None)


def test_formats_and_algorithms_that_are_not_named_do_not_count() -> None:
    assert code(GOOD, formats=("dsse",)) == "evidence.format-not-accepted"
    assert code(GOOD, algorithms=("ed25519",)) == "evidence.algorithm-not-accepted"
    assert isinstance(read(GOOD, algorithms=("ed25519", "ecdsa-p256")), Signature)
    keyed = OURS.bundle(SIGNER, log=0, by_key=True, stamp=False)
    assert code(keyed, keys={"k": PUBLIC}, algorithms=("ed25519",)) == "evidence.algorithm-not-accepted"
    assert isinstance(read(keyed, keys={"k": PUBLIC}, algorithms=("ecdsa-p256",)), Signature)


def test_provenance_is_a_certificates_too(monkeypatch: pytest.MonkeyPatch) -> None:
    statement = json.dumps({
        "_type": "https://in-toto.io/Statement/v1", "subject": [{"digest": {"sha256": DIGEST[7:]}}], "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {"runDetails": {"builder": {"id": "b"}}},
    }).encode()  # fmt: skip
    monkeypatch.setattr(private_sigstore, "STATEMENT", statement)
    fact = read(OURS.bundle(log=2))
    assert isinstance(fact, Provenance)
    assert (fact.keys, fact.builder, fact.by.names if fact.by else ()) == ((), "b", ("id-0",))


def bare(document: dict[str, Any]) -> Evidence:
    return Evidence(media_type=dsse.MEDIA_TYPE, data=json.dumps(document["dsseEnvelope"]).encode(), origin="here")


ORDER = ("sigstore-bundle", "dsse")


def both(bad: dict[str, Any], good: Evidence, **accepts: Any) -> list[str]:
    found = artifact.read([piece(bad), good], {"k": PUBLIC}, {DIGEST}, LATER, believing(**accepts))
    return [fact.code if isinstance(fact, Rejected) else type(fact).__name__ for fact in found]


def test_a_strong_one_that_failed_is_not_rescued_by_a_weak_one_that_is_good() -> None:
    good = OURS.bundle(SIGNER, log=0, by_key=True, stamp=False)
    bad = OURS.bundle(SIGNER, log=0, by_key=True, stamp=False, signed_by=OURS.stranger)
    bad["verificationMaterial"]["publicKey"]["hint"] = bundle.hint_of(PUBLIC)
    assert both(bad, bare(good), formats=ORDER) == ["dsse.unknown-key", "evidence.stronger-failed"]
    assert both(bad, piece(good), formats=ORDER) == ["dsse.unknown-key", "Signature"], "in the same format it counts"
    assert both(bad, bare(good), formats=ORDER[::-1]) == ["dsse.unknown-key", "Signature"], "the order says which is stronger"
    assert both(bad, bare(good)) == ["dsse.unknown-key", "Signature"], "where nothing says so, neither is"
    bad["verificationMaterial"]["publicKey"]["hint"] = "nobody"
    assert both(bad, bare(good), formats=ORDER) == ["dsse.unknown-key", "Signature"], "another signer's failure is not this one's"


def test_an_identity_that_failed_in_a_bundle_is_not_rescued_as_a_message() -> None:
    bad, message = OURS.bundle(log=1, leaf={"sct": False}), piece(OURS.bundle(log=2, envelope=False))
    formats = ("sigstore-bundle", "sigstore-message")
    assert both(bad, message, formats=formats) == ["certificate.no-sct", "evidence.stronger-failed"]
    assert both(bad, message, formats=formats[::-1]) == ["certificate.no-sct", "Signature"]
    stranger = OURS.bundle(log=1, leaf={"sct": False, "names": [x509.UniformResourceIdentifier("https://elsewhere.example")]})
    assert both(stranger, message, formats=formats) == ["certificate.no-sct", "Signature"]


def before_bundles(document: Evidence, *rules: IdentityRule, keys: dict[str, str] | None = None, **accepts: Any) -> artifact.Read:
    (fact,) = artifact.read([document], keys or {}, {DIGEST}, LATER, believing(*rules, **accepts))
    return fact


@pytest.mark.parametrize("kind", ["hashedrekord", "dsse", "intoto"])
def test_what_cosign_wrote_before_its_bundles_counts_where_a_promise_does(kind: str) -> None:
    written = layer(OURS, kind=kind)
    fact = before_bundles(written)
    assert isinstance(fact, Rejected)
    assert fact.code == "log-entry.no-inclusion-proof"
    fact = before_bundles(written, log="promise")
    assert isinstance(fact, Signature)
    assert fact.by is not None
    assert (fact.by.names, fact.by.known, fact.key, fact.signed_at) == (("id-0",), "log", "", NOW)
    name = "cosign-signature" if kind == "hashedrekord" else "cosign-attestation"
    assert isinstance(before_bundles(written, log="promise", formats=(name,)), Signature)
    fact = before_bundles(written, log="promise", formats=("sigstore-bundle", "dsse"))
    assert isinstance(fact, Rejected)
    assert fact.code == "evidence.format-not-accepted"


def test_a_layer_of_somebody_else_or_of_another_image() -> None:
    found = before_bundles(layer(OURS), OTHERS["subject"][0], log="promise")
    assert isinstance(found, Rejected)
    assert found.code == "identity.other-subject"
    (found,) = artifact.read([layer(OURS)], {}, {"sha256:" + "1" * 64}, LATER, believing(log="promise"))
    assert isinstance(found, Rejected)
    assert found.code == "simple-signing.other-digest"
    found = before_bundles(layer(OURS, beside={"chain": "x"}), log="promise")
    assert isinstance(found, Rejected)
    assert found.code == "annotation.malformed"


def test_a_layer_that_failed_takes_weaker_ones_with_it_and_a_layer_does_not_stand_in_for_a_bundle_that_failed() -> None:
    bad, good = piece(OURS.bundle(log=1, leaf={"sct": False})), layer(OURS)
    accepts = {"log": "promise", "formats": ("sigstore-bundle", "cosign-signature")}
    found = artifact.read([bad, good], {}, {DIGEST}, LATER, believing(**accepts))
    assert [one.code for one in found if isinstance(one, Rejected)] == ["certificate.no-sct", "evidence.stronger-failed"]
    bad, good = layer(OURS, leaf={"sct": False}), piece(GOOD)
    found = artifact.read([bad, good], {}, {DIGEST}, LATER, believing(**accepts))
    assert isinstance(found[1], Signature), "a bundle is the stronger one"
    found = artifact.read([bad, good], {}, {DIGEST}, LATER, believing(log="promise", formats=("cosign-signature", "sigstore-bundle")))
    assert [one.code for one in found if isinstance(one, Rejected)] == ["certificate.no-sct", "evidence.stronger-failed"]


def refused(evidence: list[Evidence], believed: Believed) -> str:
    with pytest.raises(UnreadableError) as err:
        artifact.read(evidence, {}, {DIGEST}, LATER, believed)
    return err.value.code


def test_ten_thousand_signatures_are_refused_at_once() -> None:
    started = time.process_time()
    assert refused([piece(GOOD)] * 10_000, believing()) == "evidence.too-much"
    many = OURS.bundle(log=1)
    many["dsseEnvelope"]["signatures"] = [{"sig": "AAAA"}] * 10_000
    assert code(many) == "sigstore.too-many-signatures"
    assert time.process_time() - started < 5


def test_the_work_of_certificates_is_bounded() -> None:
    """As many bundles as are read at all, and each with as many time stamps as may be."""
    stamped = OURS.bundle(log=1, stamp=True)
    stamps = [OURS.stamp(b"x" * number) for number in range(31)]
    stamped["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"] += [{"signedTimestamp": private_sigstore.b64(one)} for one in stamps]
    started = time.process_time()
    assert refused([piece({**stamped, "verificationMaterial": {**stamped["verificationMaterial"]}})] * 100, believing()) == "evidence.too-much"
    assert time.process_time() - started < 5


def test_the_work_of_patterns_is_bounded() -> None:
    """A certificate that nobody vouches for says any name, as long as the patterns of the policy take."""
    name = "https://ci.example/" + "a/.github/workflows/r" * 46
    rules = [IdentityRule(root="ours", issuer=ISSUER, identity_glob=f"https://ci.example/**/.github/workflows/r{number}*@**") for number in range(64)]
    forged = [piece(THEIRS.bundle(log=1, leaf={"names": [x509.UniformResourceIdentifier(name)]}))] * 256
    started = time.process_time()
    assert all(isinstance(fact, Rejected) for fact in artifact.read(forged, {}, {DIGEST}, LATER, believing(*rules)))
    with pytest.raises(UnreadableError) as err:
        artifact.read(forged, {}, {DIGEST}, LATER, believing(*rules, formats=("sigstore-bundle", "dsse")))
    assert err.value.code == "evidence.too-much"
    assert time.process_time() - started < 5


def test_every_claim_a_policy_can_name_is_one_that_certificates_make() -> None:
    from typing import get_args

    from lockgate.core.signers import Claim

    assert set(get_args(Claim)) == set(identity.EXTENSIONS.values())


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_change_of_a_bundle_makes_it_somebody_elses(data: st.DataObject) -> None:
    whole = bytearray(json.dumps(GOOD).encode())
    whole[data.draw(st.integers(0, len(whole) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    changed = Evidence(media_type=V3, data=bytes(whole), origin="here")
    for fact in artifact.read([changed], {}, {DIGEST}, LATER, believing()):
        assert isinstance(fact, Rejected) or (isinstance(fact, Signature) and fact.by is not None and fact.by.subject == WHO)


def test_a_root_is_kept_as_itself_whatever_it_came_in() -> None:
    plain = trust.kept(json.dumps(OURS.root_json, indent=2).encode())
    assert plain == ROOTS["ours"]
    config = {"mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json", "trustedRoot": OURS.root_json}
    assert trust.kept(json.dumps(config).encode()) == plain
    assert ARTIFACT


@pytest.mark.parametrize("change", [{"certificateAuthorities": []}, {"more": "x" * 70_000}])
def test_a_root_that_is_too_large_or_believes_nobody_is_none(change: dict[str, Any]) -> None:
    with pytest.raises(EvidenceError) as err:
        trust.kept(json.dumps({**OURS.root_json, **change}).encode())
    assert err.value.code == "trusted-root.malformed"
