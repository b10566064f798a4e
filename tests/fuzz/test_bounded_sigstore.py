"""The largest and worst that a Sigstore bundle, trusted root or certificate may hold: a second and a hundred megabytes at most."""

from __future__ import annotations

import copy
import json
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtensionOID

from fuzz.sigstore_targets import LOG, OURS, ROOT, SCT_LIST, SIGNER
from fuzz.targets import TARGETS
from fuzz.test_bounded_readers import DEEP, MEBI, bounded, filled
from lockgate.errors import EvidenceError
from lockgate.evidence.sigstore import bundle, verify
from private_sigstore import ARTIFACT, DAY, DIGESTS, NOW, authority, b64, der, p256, sign, usage

Json = dict[str, Any]
LARGE = bundle.MAX_BUNDLE
BUNDLE = b'{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":'
ROOT_HEAD = b'{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1",'

HOSTILE: dict[str, tuple[str, bytes]] = {
    "bundle-brackets": ("sigstore-bundle", b"[" * LARGE),
    "bundle-deep-objects": ("sigstore-bundle", filled(BUNDLE + b'{"x":[', DEEP + b",", b"0]}}", LARGE)),
    "bundle-stamps": ("sigstore-bundle", filled(BUNDLE + b'{"publicKey":{},"timestampVerificationData":{"rfc3161Timestamps":[', b"{},", b"{}]}}}", LARGE)),
    "bundle-escapes": ("sigstore-bundle", filled(BUNDLE + b'"', b"\\u00e9", b'"}', LARGE)),
    "bundle-many-keys": ("sigstore-bundle", ("{" + ",".join(f'"{number}":0' for number in range(290_000)) + "}").encode()),
    "root-deep": ("sigstore-trusted-root", filled(ROOT_HEAD + b'"x":[', DEEP + b",", b"0]}", MEBI)),
    "entry-objects": ("sigstore-log-entry", filled(b'{"kind":"dsse","apiVersion":"0.0.1","spec":{"signatures":[', b"{},", b"{}]}}", MEBI // 8)),
    "checkpoint-lines": ("sigstore-checkpoint", b"a\n" * MEBI),
    "checkpoint-signatures": ("sigstore-checkpoint", b"rekor.example - 1\n1\nAAAA\n\n" + "— a AAAAAAAA\n".encode() * 120_000),
    "checkpoint-digits": ("sigstore-checkpoint", b"rekor.example - 1\n" + b"9" * MEBI + b"\nAAAA\n"),
    "stamp-elements": ("sigstore-time-stamp", der(0x30, b"\x05\x00" * 30_000)),
    "stamp-deep": ("sigstore-time-stamp", b"\x30\x80" * 30_000),
    "stamp-indefinite": ("sigstore-time-stamp", b"\x30\x84\xff\xff\xff\xff" * 10_000),
    "certificate-elements": ("sigstore-certificate", der(0x30, der(0x30, b"\x05\x00" * 30_000))),
    "extension-scts": ("sigstore-extension", der(0x04, (60_000).to_bytes(2, "big") + b"\x00\x01\x00" * 20_000)),
    "extension-names": ("sigstore-extension", der(0x30, b"\x86\x01a" * 20_000)),
    "extension-text": ("sigstore-extension", der(0x0C, b"a" * 60_000)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_input_is_answered_quickly(name: str) -> None:
    target, data = HOSTILE[name]
    bounded(lambda: TARGETS[target].run(data))


def refused(document: Json, code: str, **demands: Any) -> None:
    """The bundle is refused, in time."""
    data = json.dumps(document).encode()

    def read() -> None:
        with pytest.raises(EvidenceError) as err:
            verify.verify(bundle.parse(data), ROOT, DIGESTS, demands=verify.Demands(**demands))
        assert err.value.code == code

    bounded(read)


def ring(one: x509.Name, other: x509.Name, count: int) -> list[tuple[ec.EllipticCurvePrivateKey, x509.Certificate]]:
    """Authorities of two names by turns on the slowest curve, each issued by the next: every other one of them may have issued it."""
    keys = [ec.generate_private_key(ec.SECP521R1()) for _ in range(count + 1)]
    made = []
    for number, key in enumerate(keys[:-1]):
        subject, issuer = (other, one) if number % 2 else (one, other)
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key()).serial_number(number + 1)
        builder = builder.not_valid_before(NOW - DAY).not_valid_after(NOW + DAY).add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        made.append((key, builder.add_extension(usage(key_cert_sign=True), critical=True).sign(keys[number + 1], hashes.SHA256())))
    return made


def stamped(document: Json, stamps: list[bytes]) -> Json:
    document["verificationMaterial"]["timestampVerificationData"] = {"rfc3161Timestamps": [{"signedTimestamp": b64(one)} for one in stamps]}
    return document


def test_a_chain_of_many_ways_at_many_times() -> None:
    """Whoever signs may have as many true time stamps as they like, and seven authorities that all seem to lead somewhere."""
    links = ring(OURS.middle_certificate.subject, OURS.ca_certificate.subject, 7)
    leaf = OURS.leaf(SIGNER, issuer=(links[0][1], links[0][0]))
    document = OURS.bundle(SIGNER, certificate=leaf, envelope=False)
    document["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.2"
    del document["verificationMaterial"]["certificate"]
    chain = [leaf, *(one for _, one in reversed(links))]
    document["verificationMaterial"]["x509CertificateChain"] = {"certificates": [{"rawBytes": b64(one.public_bytes(Encoding.DER))} for one in chain]}
    signature = b64_of(document)
    stamps = [OURS.stamp(signature, at=NOW + timedelta(seconds=number)) for number in range(32)]
    refused(stamped(document, stamps), "certificate.untrusted")


def b64_of(document: Json) -> bytes:
    import base64

    return base64.b64decode(document["messageSignature"]["signature"])


def test_time_stamps_by_many_strangers_of_one_name() -> None:
    document = OURS.bundle(SIGNER, envelope=False)
    links = ring(OURS.tsa_root_certificate.subject, OURS.tsa_root_certificate.subject, 7)
    embedded = tuple(one for _, one in reversed(links))
    stamps = [OURS.stamp(b64_of(document), certificate=links[0][1], key=p256(), embedded=embedded, at=NOW + timedelta(seconds=number)) for number in range(32)]
    refused(stamped(document, stamps), "timestamp.untrusted")


def test_a_checkpoint_that_the_log_signed_so_many_times() -> None:
    document = OURS.bundle(SIGNER, log=1, envelope=False)
    checkpoint = document["verificationMaterial"]["tlogEntries"][0]["inclusionProof"]["checkpoint"]
    text, _, signature = checkpoint["envelope"].partition("\n\n")
    many = copy.deepcopy(document)
    many["verificationMaterial"]["tlogEntries"][0]["inclusionProof"]["checkpoint"]["envelope"] = f"{text}\n\n{signature * 65}"
    refused(many, "log-entry.checkpoint-malformed")


def test_a_certificate_of_many_extensions_and_names() -> None:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a" * 60) for _ in range(250)])
    oids = [x509.ObjectIdentifier(f"1.2.3.{number + 1}") for number in range(900)]
    extensions: list[x509.Extension[Any]] = [x509.Extension(oid, False, x509.UnrecognizedExtension(oid, b"\x05\x00")) for oid in oids]
    names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(f"https://a/{number}") for number in range(500)])
    extensions.append(x509.Extension(ExtensionOID.SUBJECT_ALTERNATIVE_NAME, True, names))
    extensions.append(x509.Extension(SCT_LIST, False, x509.UnrecognizedExtension(SCT_LIST, b"\x04\x02\0\0")))
    made = x509.CertificateBuilder(name, name, SIGNER.public_key(), 1, NOW, NOW, extensions).sign(SIGNER, hashes.SHA256())
    data = made.public_bytes(Encoding.DER)
    assert 50_000 < len(data) < bundle.MAX_CERTIFICATE
    bounded(lambda: TARGETS["sigstore-certificate"].run(data))


def test_a_trusted_root_as_large_as_one_may_be() -> None:
    """64 authorities with chains of the same name, of which one is the right one, the last."""
    names = [p256() for _ in range(16)]
    one = OURS.root_json["certificateAuthorities"][0]
    chains = [{**one, "certChain": {"certificates": [{"rawBytes": b64(each)} for each in strange(key)]}} for key in names] * 3
    document = {**OURS.root_json, "certificateAuthorities": [*chains, *OURS.root_json["certificateAuthorities"]]}
    data = json.dumps(document).encode()
    good = bundle.parse(json.dumps(OURS.bundle(SIGNER, envelope=False)).encode())

    def read() -> None:
        from lockgate.evidence.sigstore import trust

        assert verify.verify(good, trust.parse(data), DIGESTS).times

    bounded(read)


def strange(key: ec.EllipticCurvePrivateKey) -> list[bytes]:
    top = authority("sigstore", key)
    return [authority("sigstore-intermediate", p256(), (top.subject, key), path_length=0).public_bytes(Encoding.DER), top.public_bytes(Encoding.DER)]


def test_the_signature_is_the_artifacts() -> None:
    """What these tests build on verifies, but for what they change."""
    found = verify.verify(bundle.parse(json.dumps(OURS.bundle(SIGNER, log=1, envelope=False)).encode()), ROOT, DIGESTS)
    assert (found.logged, bool(found.times), len(sign(SIGNER, ARTIFACT)) > 60, LOG.host) == (1, True, True, "rekor.example")
