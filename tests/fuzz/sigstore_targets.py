"""What is fuzzed of Sigstore: each reader by itself, and behind signatures and proofs that are right, made by an instance of our own.

A reader that stands behind a signature would never meet a bent input otherwise: here the bytes are put where they belong, and then signed.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from lockgate.errors import EvidenceError
from lockgate.evidence.sigstore import bundle, certificate, identity, rekor, sct, timestamp, trust, verify
from lockgate.evidence.sigstore.fields import Span
from lockgate.evidence.sigstore.key import loaded_key
from lockgate.ledger.merkle import leaf_hash
from private_sigstore import ARTIFACT, DIGESTS, ISSUER, NOW, STATEMENT, WHO, Instance, b64, der, sign, spki

PUBLIC_GOOD = Path(__file__).parent.parent / "evidence" / "sigstore" / "public-good.json"
REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "sigstore-bundles"
T = TypeVar("T")
SCT_LIST = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")


def private(number: int) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(0xF00D + number, ec.SECP256R1())


SIGNER = private(0)
OURS = Instance(
    **{name: private(number) for number, name in enumerate(("ca", "middle", "ctfe", "rekor1", "tsa_root", "tsa", "stranger"), 1)},
    rekor2=ed25519.Ed25519PrivateKey.from_private_bytes(b"throw-away log key of fuzz tests"),
)
ROOT = OURS.root()
MIDDLE = certificate.load(OURS.middle_certificate.public_bytes(Encoding.DER))
SIGNATURE = sign(SIGNER, ARTIFACT)
LOG = ROOT.logs[0]


def tried(read: Callable[..., T], *words: Any, **named: Any) -> T | None:
    """What it says; None where it is refused."""
    try:
        return read(*words, **named)
    except EvidenceError:
        return None


def read_bundle(data: bytes) -> None:
    """A bundle: whatever verifies says what was signed, by whom."""
    if (parsed := tried(bundle.parse, data)) is None:
        return
    for root in (ROOT, public_good()):
        for demands in (verify.Demands(), verify.Demands(log="none", certificate_log=False)):
            for signer in (None, loaded_key(SIGNER.public_key())):
                found = tried(verify.verify, parsed, root, DIGESTS, signer=signer, demands=demands)
                if found is None or root is not ROOT:
                    continue
                if found.payload not in {STATEMENT, b""} or (found.certificate and said(found.certificate) != (WHO, ISSUER)):
                    raise AssertionError("a bundle verifies that nobody signed")


def said(leaf: bytes) -> tuple[str, str]:
    who = identity.read(leaf)
    return who.subject, who.issuer


def read_certificate(data: bytes) -> None:
    """A certificate, in every place it may stand in."""
    loaded = tried(certificate.load, data)
    if loaded is None:
        return
    tried(identity.read, data)
    above = tried(certificate.path, loaded, [loaded, MIDDLE], ROOT.authorities, NOW)
    for purpose in (ExtendedKeyUsageOID.CODE_SIGNING, ExtendedKeyUsageOID.TIME_STAMPING):
        tried(certificate.require_purpose, loaded, (loaded,), purpose)
    tried(sct.verify, loaded, MIDDLE, ROOT.certificate_logs)
    tried(loaded_key, loaded.public_key())
    mine = trust.Authority(chain=(data,), valid=Span())
    tried(certificate.path, MIDDLE, [loaded], [mine], NOW)
    if above is not None and loaded.public_key() not in [certificate.load(one).public_key() for one in certificates()]:
        raise AssertionError("there is a path to a key that nobody certified")


def read_extension(data: bytes) -> None:
    """Extensions that a known authority signed: the timestamps of certificate logs, an identity, names."""
    made = [OURS.leaf(SIGNER, claims={8: data, 9: data, 2: data})]
    for critical in (False, True):
        for oid in (SCT_LIST, ExtensionOID.SUBJECT_ALTERNATIVE_NAME, ExtensionOID.EXTENDED_KEY_USAGE, ExtensionOID.BASIC_CONSTRAINTS):
            builder = x509.CertificateBuilder(
                issuer_name=MIDDLE.subject,
                subject_name=x509.Name([]),
                public_key=SIGNER.public_key(),
                serial_number=11,
                not_valid_before=NOW,
                not_valid_after=NOW,
                extensions=[x509.Extension(oid, critical, x509.UnrecognizedExtension(oid, data))],
            )
            made.append(builder.sign(OURS.middle, hashes.SHA256()))
    for one in made:
        read_certificate_of_ours(one.public_bytes(Encoding.DER))


def read_certificate_of_ours(data: bytes) -> None:
    loaded = tried(certificate.load, data)
    if loaded is None:
        return
    tried(identity.read, data)
    above = tried(certificate.path, loaded, [], ROOT.authorities, NOW)
    tried(certificate.require_purpose, loaded, above or (), ExtendedKeyUsageOID.CODE_SIGNING)
    tried(sct.verify, loaded, MIDDLE, ROOT.certificate_logs)


def read_time_stamp(data: bytes) -> None:
    """A response; and a TSTInfo that a known authority signed."""
    found = tried(timestamp.verify, data, SIGNATURE, ROOT.time_stampers)
    if found not in {None, NOW}:
        raise AssertionError("a time stamp says a time that nobody stamped")
    tried(timestamp.verify, signed_info(data), SIGNATURE, ROOT.time_stampers)


def signed_info(info: bytes) -> bytes:
    """A granted response around these bytes, signed by the time-stamping authority."""
    from private_sigstore import SHA256, oid

    whole = OURS.tsa_certificate.public_bytes(Encoding.DER)
    ess = der(0x30, der(0x30, der(0x30, der(0x04, hashlib.sha256(whole).digest()))))
    attributes = b"".join(
        der(0x30, oid(name), der(0x31, value))
        for name, value in (
            ("1.2.840.113549.1.9.3", oid("1.2.840.113549.1.9.16.1.4")),
            ("1.2.840.113549.1.9.4", der(0x04, hashlib.sha256(info).digest())),
            ("1.2.840.113549.1.9.16.2.47", ess),
        )
    )
    signature = sign(OURS.tsa, der(0x31, attributes), hashes.SHA256())
    sid = der(0x30, der(0x30), der(0x02, b"\x09"))
    signer = der(0x30, der(0x02, b"\x01"), sid, SHA256, der(0xA0, attributes), der(0x30, oid("1.2.840.10045.4.3.2")), der(0x04, signature))
    inner = der(0x30, oid("1.2.840.113549.1.9.16.1.4"), der(0xA0, der(0x04, info)))
    data = der(0x30, der(0x02, b"\x03"), der(0x31, SHA256), inner, der(0x31, signer))
    return der(0x30, der(0x30, der(0x02, b"\x00")), der(0x30, oid("1.2.840.113549.1.7.2"), der(0xA0, data)))


def read_trusted_root(data: bytes) -> None:
    """A trusted root; and good bundles under it."""
    root = tried(trust.parse, data)
    if root is None:
        return
    for one in good()[:3]:
        tried(verify.verify, one, root, DIGESTS)


def read_log_entry(data: bytes) -> None:
    """A body, as each kind of entry; with a proof and a promise that are the log's."""
    for kind, version, enveloped in rekor._KINDS:
        signed = bundle.Signed(signature=SIGNATURE, payload=STATEMENT if enveloped else b"", payload_type="application/vnd.in-toto+json" if enveloped else "")
        entry = entry_of(data, kind, version)
        tried(rekor.matches, entry, rekor.Logged(signed=signed, message=DIGESTS, signer=spki(SIGNER)))
        tried(rekor.promised, entry, ROOT.logs)
    entry = entry_of(data, "hashedrekord", "0.0.1")
    rekor.included(entry, ROOT.logs, [NOW], promise_suffices=False)
    if rekor.promised(entry, ROOT.logs) != NOW:
        raise AssertionError("what the log promised is not when it did")


def entry_of(body: bytes, kind: str, version: str, checkpoint: str | None = None) -> bundle.Entry:
    """The one leaf of the first log's tree."""
    root = leaf_hash(body)
    if checkpoint is None:
        text = f"rekor.example - 1\n1\n{b64(root)}\n"
        checkpoint = f"{text}\n\u2014 rekor.example {b64(LOG.id[:4] + sign(OURS.rekor1, text.encode(), hashes.SHA256()))}\n"
    proof = bundle.Proof(index=0, size=1, root=root, hashes=(), checkpoint=checkpoint)
    at = int(NOW.timestamp())
    said = json.dumps({"body": b64(body), "integratedTime": at, "logID": LOG.id.hex(), "logIndex": 0}, sort_keys=True, separators=(",", ":"))
    promise = sign(OURS.rekor1, said.encode(), hashes.SHA256())
    return bundle.Entry(kind=kind, version=version, index=0, log=LOG.id, integrated=at, promise=promise, proof=proof, body=body)


def read_log_checkpoint(data: bytes) -> None:
    """A checkpoint as it came; and a text that the log signed."""
    text = data.decode("utf-8", "replace")
    signature = b64(LOG.id[:4] + sign(OURS.rekor1, text.encode(), hashes.SHA256()))
    for whole in (text, f"{text}\n\u2014 rekor.example {signature}\n", f"{text}\n\n\u2014 rekor.example {signature}\n"):
        entry = entry_of(b"body", "hashedrekord", "0.0.1", whole)
        tried(rekor.included, entry, ROOT.logs, [NOW], promise_suffices=False)


@cache
def public_good() -> trust.TrustedRoot:
    return trust.parse(PUBLIC_GOOD.read_bytes())


@cache
def ours() -> list[bytes]:
    """Bundles of every kind, by a certificate and by a key."""
    made = [OURS.bundle(SIGNER, log=log, envelope=envelope, by_key=by_key) for log in (0, 1, 2) for envelope in (True, False) for by_key in (False, True)]
    return [json.dumps(one).encode() for one in made]


@cache
def good() -> list[bundle.Bundle]:
    return [bundle.parse(one) for one in ours()]


@cache
def real() -> list[bytes]:
    """The conformance suite's bundles, where they are at hand."""
    return sorted((path.read_bytes() for path in REAL.glob("*/bundle.sigstore.json")), key=len)[:40]


@cache
def certificates() -> list[bytes]:
    made = [OURS.leaf(SIGNER), OURS.ca_certificate, OURS.middle_certificate, OURS.tsa_certificate, OURS.tsa_root_certificate]
    found = [one.public_bytes(Encoding.DER) for one in made]
    return (
        found + [one for each in public_good().authorities + public_good().time_stampers for one in each.chain] + [one.chain[0] for one in good() if one.chain]
    )


@cache
def extensions() -> list[bytes]:
    leaf = certificate.load(certificates()[0])
    return [one.value.public_bytes() for one in leaf.extensions] + [der(0x0C, ISSUER.encode()), der(0x30, b"")]


@cache
def stamps() -> list[bytes]:
    whole = OURS.stamp(SIGNATURE)
    info = timestamp._open(whole).info
    real_ones = [base64.b64decode(one["signedTimestamp"]) for each in real() for one in _stamps(each)]
    return [whole, OURS.stamp(SIGNATURE, embedded=(OURS.tsa_certificate, OURS.ca_certificate)), info, *real_ones[:8]]


def _stamps(data: bytes) -> list[dict[str, str]]:
    try:
        found: list[dict[str, str]] = json.loads(data)["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"]
    except (KeyError, TypeError, ValueError):
        return []
    return found


@cache
def roots() -> list[bytes]:
    config = {"mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json", "trustedRoot": OURS.root_json, "signingConfig": {}}
    return [json.dumps(OURS.root_json).encode(), json.dumps(config).encode(), PUBLIC_GOOD.read_bytes()]


@cache
def bodies() -> list[bytes]:
    return list(dict.fromkeys(one.entry.body for one in good() if one.entry is not None))


@cache
def checkpoints() -> list[bytes]:
    return [one.entry.proof.checkpoint.encode() for one in good() if one.entry is not None and one.entry.proof is not None]


SIGSTORE: dict[str, tuple[Callable[[bytes], None], Callable[[], list[bytes]]]] = {
    "sigstore-bundle": (read_bundle, lambda: ours() + real()),
    "sigstore-certificate": (read_certificate, certificates),
    "sigstore-extension": (read_extension, extensions),
    "sigstore-time-stamp": (read_time_stamp, stamps),
    "sigstore-trusted-root": (read_trusted_root, roots),
    "sigstore-log-entry": (read_log_entry, bodies),
    "sigstore-checkpoint": (read_log_checkpoint, checkpoints),
}
