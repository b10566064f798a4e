"""Each step of the verifier, against a Sigstore of our own that does exactly one thing wrong."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from lockgate.errors import EvidenceError
from lockgate.evidence.sigstore import bundle, identity, verify
from lockgate.evidence.sigstore.key import key_of
from lockgate.evidence.sigstore.verify import Demands, Verified
from private_sigstore import ARTIFACT, DAY, DIGESTS, ISSUER, NOW, STATEMENT, WHO, Instance, authority, b64, p256, sign, spki

OURS = Instance()


def checked(document: dict[str, Any], demands: Demands = Demands(), signer: bytes = b"", root: dict[str, Any] | None = None) -> Verified:  # noqa: B008  frozen
    return verify.verify(
        bundle.parse(json.dumps(document).encode()), OURS.root(**root or {}), DIGESTS, signer=key_of(signer) if signer else None, demands=demands
    )


def code(document: dict[str, Any], demands: Demands = Demands(), signer: bytes = b"", root: dict[str, Any] | None = None) -> str:  # noqa: B008  frozen
    with pytest.raises(EvidenceError) as err:
        checked(document, demands, signer, root)
    return err.value.code


@pytest.mark.parametrize("log", [1, 2])
@pytest.mark.parametrize("envelope", [True, False])
@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()])
def test_what_is_right_verifies(log: int, envelope: bool, curve: ec.EllipticCurve) -> None:
    found = checked(OURS.bundle(ec.generate_private_key(curve), envelope=envelope, log=log))
    assert [time.by for time in found.times] == ["log" if log == 1 else "time-stamp"]
    assert (found.times[0].at, found.logged, found.payload) == (NOW, 1, STATEMENT if envelope else b"")
    who = identity.read(found.certificate)
    assert (who.subject, who.issuer, who.claims) == (WHO, ISSUER, {})


def test_no_index_is_told_that_nobody_vouches_for() -> None:
    """In the whole log an entry of v1 stands where the log's promise says. Without that, what a bundle says of it is anybody's."""
    document = OURS.bundle(log=1, stamp=True)
    (entry,) = document["verificationMaterial"]["tlogEntries"]
    entry["logIndex"] = "424242"
    assert code(document) == "log-entry.promise-forged"
    del entry["inclusionPromise"]
    assert checked(document).logged == 1


def test_rsa_and_ed25519_sign_envelopes_too() -> None:
    for key in (rsa.generate_private_key(65537, 2048), ed25519.Ed25519PrivateKey.generate()):
        assert checked(OURS.bundle(key)).payload == STATEMENT
    assert code(OURS.bundle(ed25519.Ed25519PrivateKey.generate(), envelope=False)) == "signature.needs-bytes"


def test_a_key_signs_without_any_certificate() -> None:
    key = p256()
    assert checked(OURS.bundle(key, by_key=True), signer=spki(key)).certificate == b""
    assert code(OURS.bundle(key, by_key=True)) == "sigstore.no-key"
    assert code(OURS.bundle(key), signer=spki(key)) == "sigstore.not-by-key"
    assert code(OURS.bundle(key, by_key=True), signer=spki(p256())) == "signature.bad"
    logless = OURS.bundle(key, by_key=True, log=0, stamp=False)
    assert code(logless, signer=spki(key)) == "sigstore.no-log-entry"
    assert checked(logless, Demands(log="none"), signer=spki(key)).times == ()


def test_less_is_enough_only_where_it_is_asked_for() -> None:
    logless = OURS.bundle(log=0)
    assert code(logless) == "sigstore.no-log-entry"
    assert checked(logless, Demands(log="none")).logged == -1
    unseen = OURS.bundle(leaf={"sct": False})
    assert code(unseen) == "certificate.no-sct"
    assert checked(unseen, Demands(certificate_log=False)).payload == STATEMENT
    promised = OURS.bundle(log=1)
    promised["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.1"
    material = promised["verificationMaterial"]
    material["x509CertificateChain"] = {"certificates": [material.pop("certificate")]}
    del material["tlogEntries"][0]["inclusionProof"]
    assert code(promised) == "log-entry.no-inclusion-proof"
    assert checked(promised, Demands(log="promise")).logged == 1
    # What is there is verified, however little is asked for.
    assert code(OURS.bundle(entry={"checkpoint_by": OURS.stranger}), Demands(log="none")) == "log-entry.checkpoint-forged"


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({"leaf": {"end": NOW - timedelta(seconds=1), "begin": NOW - DAY}}, "certificate.outside-validity"),
        ({"leaf": {"begin": NOW + timedelta(seconds=1)}}, "certificate.outside-validity"),
        ({"leaf": {"issuer": (OURS.middle_certificate, OURS.stranger)}}, "certificate.untrusted"),
        ({"leaf": {"purposes": [ExtendedKeyUsageOID.SERVER_AUTH]}}, "certificate.not-for-signing"),
        ({"leaf": {"digital_signature": False}}, "certificate.not-for-signing"),
        ({"leaf": {"unknown_critical": True}}, "certificate.not-for-signing"),
        ({"leaf": {"sct": False}}, "certificate.no-sct"),
        ({"leaf": {"sct_by": OURS.stranger}}, "certificate.sct-forged"),
        ({"leaf": {"sct_as": OURS.stranger}}, "certificate.sct-unknown-log"),
        ({"leaf": {"sct_at": NOW - 600 * DAY}}, "certificate.sct-unknown-log"),
        ({"leaf": {"sct_ms": 2**60}}, "certificate.sct-forged"),  # the year 36,536,877
        ({"leaf": {"sct_ms": 2**64 - 1}}, "certificate.sct-forged"),
        ({"signed_by": OURS.stranger}, "signature.bad"),
        ({"stamped": {"key": OURS.stranger}}, "timestamp.forged"),
        ({"stamped": {"digested": b"other"}}, "timestamp.forged"),
        ({"stamped": {"content_type": "1.2.3.4"}}, "timestamp.forged"),
        ({"stamped": {"status": 2}}, "timestamp.not-granted"),
        ({"stamped": {"version": 2}}, "timestamp.malformed"),
        ({"stamped": {"named": b"nobody"}}, "timestamp.untrusted"),
        ({"stamped": {"certificate": OURS.stamper(critical=False), "embedded": [OURS.stamper(critical=False)]}}, "timestamp.untrusted"),
        ({"stamped": {"at": NOW + 100 * DAY}, "leaf": {"end": NOW + 200 * DAY}}, "timestamp.outside-validity"),
        ({"stamped": {"at": NOW + timedelta(hours=1)}}, "certificate.outside-validity"),
        ({"stamp": False}, "sigstore.no-time"),
        ({"log": 1, "entry": {"promise_by": OURS.stranger}}, "log-entry.promise-forged"),
        ({"log": 1, "entry": {"integrated": NOW + DAY}}, "certificate.outside-validity"),
        ({"log": 1, "entry": {"promise": False}}, "sigstore.no-time"),
        ({"log": 1, "entry": {"checkpoint_by": OURS.stranger}}, "log-entry.checkpoint-forged"),
        ({"log": 1, "entry": {"log_id": b"another log"}}, "log-entry.unknown-log"),
        ({"entry": {"log_id": b"another log"}}, "log-entry.unknown-log"),
        ({"entry": {"logged": b"another body"}}, "log-entry.not-included"),
        ({"entry": {"size": 3}}, "log-entry.checkpoint-other-tree"),
        ({"entry": {"origin": "elsewhere.example"}}, "log-entry.checkpoint-unsigned"),
        ({"entry": {"index": "2"}}, "log-entry.malformed"),
        ({"entry": {"body_kind": "dsse"}}, "log-entry.malformed"),
    ],
    ids=[f"{number}" for number in range(34)],
)
def test_one_thing_is_wrong(options: dict[str, Any], wanted: str) -> None:
    assert code(OURS.bundle(**options)) == wanted


def test_the_entry_is_about_this_signature_signer_and_content() -> None:
    key = p256()
    good = OURS.bundle(key)
    leaf = x509.load_der_x509_certificate(base64.b64decode(good["verificationMaterial"]["certificate"]["rawBytes"]))
    data = {"algorithm": "SHA2_256", "digest": b64(DIGESTS["sha256"])}
    other = {"publicKey": {"rawBytes": b64(spki(OURS.stranger))}}
    own = {"x509Certificate": {"rawBytes": b64(leaf.public_bytes(Encoding.DER))}}
    signature = sign(key, ARTIFACT)

    def spec(digest: dict[str, str], content: bytes, verifier: dict[str, Any]) -> dict[str, Any]:
        return {"hashedRekordV002": {"data": digest, "signature": {"content": b64(content), "verifier": verifier}}}

    wrong = {**data, "digest": b64(b"\0" * 32)}
    assert code(OURS.bundle(key, envelope=False, certificate=leaf, spec=spec(wrong, signature, own))) == "log-entry.other-artifact"
    assert code(OURS.bundle(key, envelope=False, certificate=leaf, spec=spec({**data, "algorithm": "MD5"}, signature, own))) == "log-entry.other-artifact"
    assert code(OURS.bundle(key, envelope=False, certificate=leaf, spec=spec(data, signature, own))) == "log-entry.other-signature"
    document = OURS.bundle(key, envelope=False, certificate=leaf)
    content = base64.b64decode(document["messageSignature"]["signature"])
    entry = OURS.entry("hashedrekord", "0.0.2", spec(data, content, other))
    document["verificationMaterial"]["tlogEntries"] = [entry]
    assert code(document) == "log-entry.other-signer"
    entry = OURS.entry("helm", "0.0.1", spec(data, content, own))
    document["verificationMaterial"]["tlogEntries"] = [entry]
    assert code(document) == "log-entry.unknown-kind"


def test_bounds_of_the_trusted_root_are_inside_and_hold() -> None:
    at = f"{NOW:%Y-%m-%dT%H:%M:%SZ}"
    before = f"{NOW - timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}"
    for log, place, late in (
        (2, "timestampAuthorities__0", "timestamp.outside-trust"),
        (2, "certificateAuthorities__0", "certificate.authority-outside-validity"),
        (1, "tlogs__0__publicKey", "log-entry.unknown-log"),
        (2, "ctlogs__0__publicKey", "certificate.sct-unknown-log"),
    ):
        assert checked(OURS.bundle(log=log), root={f"{place}__validFor__end": at, f"{place}__validFor__start": at}).payload == STATEMENT
        assert code(OURS.bundle(log=log), root={f"{place}__validFor__end": before}) == late


def test_an_authority_that_came_along_is_believed_only_where_a_trusted_one_issued_it() -> None:
    key = p256()
    renewed = OURS.stamper(key)
    assert checked(OURS.bundle(stamped={"certificate": renewed, "key": key, "embedded": [renewed]})).times[0].at == NOW
    assert code(OURS.bundle(stamped={"certificate": renewed, "key": key})) == "timestamp.untrusted"
    root = authority("tsa", OURS.stranger)
    assert code(OURS.bundle(stamped={"certificate": root, "key": OURS.stranger, "embedded": [root]})) == "timestamp.untrusted"


def test_a_wrong_stamp_is_not_rescued_by_a_right_one_and_a_strangers_says_nothing() -> None:
    good = OURS.bundle(log=1, stamp=True)
    assert len(checked(good).times) == 2
    assert code(OURS.bundle(log=1, stamp=True, stamped={"key": OURS.stranger})) == "timestamp.forged"
    stranger = Instance()
    document = OURS.bundle(log=1)
    signature = base64.b64decode(document["dsseEnvelope"]["signatures"][0]["sig"])
    document["verificationMaterial"]["timestampVerificationData"] = {"rfc3161Timestamps": [{"signedTimestamp": b64(stranger.stamp(signature))}]}
    assert [time.by for time in checked(document).times] == ["log"]


def test_roots_and_authorities_limit_what_they_may_issue() -> None:
    name = OURS.ca_certificate.subject
    for options in ({"path_length": None, "purposes": [ExtendedKeyUsageOID.SERVER_AUTH]}, {"ca": False}, {"may_sign": False}):
        middle = authority("sigstore-intermediate", OURS.middle, (name, OURS.ca), **options)
        chain = [{"rawBytes": b64(one.public_bytes(Encoding.DER))} for one in (middle, OURS.ca_certificate)]
        found = code(OURS.bundle(leaf={"issuer": (middle, OURS.middle)}), root={"certificateAuthorities__0__certChain": {"certificates": chain}})
        assert found == ("certificate.not-for-signing" if "purposes" in options else "certificate.untrusted")
    old = authority("sigstore-intermediate", OURS.middle, (name, OURS.ca), end=NOW - DAY)
    chain = [{"rawBytes": b64(one.public_bytes(Encoding.DER))} for one in (old, OURS.ca_certificate)]
    assert code(OURS.bundle(), root={"certificateAuthorities__0__certChain": {"certificates": chain}}) == "certificate.authority-outside-validity"


@pytest.mark.parametrize(
    "names", [[], [x509.UniformResourceIdentifier(WHO), x509.RFC822Name("a@example.com")], [x509.DNSName("example.com")]], ids=["none", "two", "dns"]
)
def test_a_certificate_names_one_identity(names: list[x509.GeneralName]) -> None:
    leaf = OURS.leaf(p256(), names=names or [x509.DNSName("example.com")])
    with pytest.raises(EvidenceError) as err:
        identity.read(leaf.public_bytes(Encoding.DER))
    assert err.value.code == "certificate.no-identity"


def test_an_identity_without_issuer_or_unprintable_is_none() -> None:
    for claims, wanted in (({}, "certificate.no-identity"), ({8: b"\x0c\x03a\x1bb"}, "certificate.malformed"), ({8: b"raw"}, "certificate.malformed")):
        with pytest.raises(EvidenceError) as err:
            identity.read(OURS.leaf(p256(), claims=claims).public_bytes(Encoding.DER))
        assert err.value.code == wanted
    old = identity.read(OURS.leaf(p256(), claims={1: ISSUER.encode(), 5: b"acme/shop"}).public_bytes(Encoding.DER))
    assert (old.issuer, old.claims) == (ISSUER, {"repository": "acme/shop"})


@pytest.mark.parametrize("log", [1, 2])
def test_a_log_may_have_a_short_name_for_checkpoints_besides(log: int) -> None:
    found, at = OURS.bundle(log=log), f"tlogs__{log - 1}"
    short = (OURS.id1, OURS.id2)[log - 1][:4]
    named = {f"{at}__checkpointKeyId": {"keyId": b64(short)}}
    assert checked(found, root=named).logged == 1
    assert checked(found, root={f"{at}__baseUrl": ("rekor.example", "log2.example")[log - 1], **named}).logged == 1
    entry = found["verificationMaterial"]["tlogEntries"][0]
    if log == 2:
        entry["logId"]["keyId"] = b64(short)
        assert checked(found, root=named).logged == 1
        assert checked(found, root={f"{at}__logId": None, **named}).logged == 1
    assert code(found, root={f"{at}__checkpointKeyId": {"keyId": b64(b"abcd")}}) == ("log-entry.checkpoint-unsigned" if log == 1 else "log-entry.unknown-log")
    with pytest.raises(EvidenceError) as err:
        OURS.root(**{f"{at}__checkpointKeyId": {"keyId": b64(b"abc")}})
    assert err.value.code == "trusted-root.malformed"


def test_a_log_with_another_hash_is_left_out() -> None:
    assert [log.host for log in OURS.root(tlogs__0__hashAlgorithm="SHA2_512").logs] == ["log2.example"]
    assert code(OURS.bundle(log=1), root={"tlogs__0__hashAlgorithm": "SHA2_512"}) == "log-entry.unknown-log"
    assert len(OURS.root(tlogs__0__hashAlgorithm=None).logs) == 2


@pytest.mark.parametrize("url", ["https://log2.example", "https://log2.example/", "https://log2.example:8443/api", "log2.example"])
def test_a_v2_log_signs_in_its_own_name(url: str) -> None:
    assert checked(OURS.bundle(), root={"tlogs__1__baseUrl": url}).logged == 1


def test_a_v2_log_may_have_a_path_in_its_name_or_none() -> None:
    found = OURS.bundle(entry={"origin": "log2.example/shard", "name": "log2.example/shard"})
    assert checked(found, root={"tlogs__1__baseUrl": "https://log2.example/shard/"}).logged == 1
    assert code(found) == "log-entry.checkpoint-unsigned"


def test_a_checkpoint_of_another_v2_log_with_the_same_key_does_not_count() -> None:
    """The key signed it, and for another tree: which log an entry is in has to be said right too."""
    assert code(OURS.bundle(entry={"origin": "other.example", "name": "other.example"})) == "log-entry.checkpoint-unsigned"
    assert code(OURS.bundle(), root={"tlogs__1__baseUrl": "https://log2.example.org"}) == "log-entry.checkpoint-unsigned"
    assert checked(OURS.bundle(log=1), root={"tlogs__0__baseUrl": "https://rekor.internal:3000"}).logged == 1
