"""A Sigstore of our own, in memory: certificate authority, certificate log, transparency logs v1 and v2, time-stamping authority.

Every part can be told to do one thing wrong, so that each step of the verifier meets exactly that.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from lockgate.evidence.dsse import pae
from lockgate.evidence.sigstore import trust
from lockgate.ledger.merkle import leaf_hash, node_hash

Private = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey

NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)
DAY = timedelta(days=1)
WHO, ISSUER = "https://ci.example/shop/release@refs/heads/main", "https://issuer.example"
ARTIFACT = b"the artifact"
STATEMENT = json.dumps({
    "_type": "https://in-toto.io/Statement/v1",
    "subject": [{"digest": {"sha256": hashlib.sha256(ARTIFACT).hexdigest()}}],
    "predicateType": "https://sigstore.dev/cosign/sign/v1",
    "predicate": {},
}).encode()  # fmt: skip
DIGESTS = {name: hashlib.new(name, ARTIFACT).digest() for name in ("sha256", "sha384", "sha512")}
IN_TOTO = "application/vnd.in-toto+json"


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def spki(key: Private) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def sign(key: Private, message: bytes, algorithm: hashes.HashAlgorithm | None = None) -> bytes:
    """A signature by the key's own algorithm."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(message)
    if isinstance(key, rsa.RSAPrivateKey):
        from cryptography.hazmat.primitives.asymmetric import padding

        return key.sign(message, padding.PKCS1v15(), algorithm or hashes.SHA256())
    by_curve = {256: hashes.SHA256(), 384: hashes.SHA384(), 521: hashes.SHA512()}[key.curve.key_size]
    return key.sign(message, ec.ECDSA(algorithm or by_curve))


def p256() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def der(tag: int, *parts: bytes) -> bytes:
    """One DER element."""
    value = b"".join(parts)
    if len(value) < 0x80:
        return bytes((tag, len(value))) + value
    octets = (len(value).bit_length() + 7) // 8
    return bytes((tag, 0x80 | octets)) + len(value).to_bytes(octets, "big") + value


def oid(text: str) -> bytes:
    first, second, *rest = map(int, text.split("."))
    out = b""
    for arc in (40 * first + second, *rest):
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(arc & 0x7F | 0x80)
        out += bytes(reversed(groups))
    return der(0x06, out)


SHA256 = der(0x30, oid("2.16.840.1.101.3.4.2.1"))


def witness_key(name: str, key: ed25519.Ed25519PrivateKey, kind: int = 4) -> str:
    """A witness's verifier key (C2SP vkey)."""
    typed = bytes([kind]) + key.public_key().public_bytes_raw()
    return f"{name}+{hashlib.sha256(name.encode() + bytes([10]) + typed).hexdigest()[:8]}+{b64(typed)}"


def cosignature(text: str, name: str, key: ed25519.Ed25519PrivateKey, at: int = 1_795_000_000, signed: str = "") -> str:
    """A witness's line below a checkpoint; over `signed` where that is another text."""
    signature = key.sign(f"cosignature/v1\ntime {at}\n{signed or text}".encode())
    id_ = hashlib.sha256(name.encode() + b"\n\x04" + key.public_key().public_bytes_raw()).digest()[:4]
    return f"\u2014 {name} {b64(id_ + at.to_bytes(8, 'big') + signature)}\n"


def authority(name: str, key: Private, by: tuple[x509.Name, Private] | None = None, **options: Any) -> x509.Certificate:
    """A certificate authority's certificate: its own issuer, or issued by another."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begin, end = options.get("begin", NOW - 300 * DAY), options.get("end", NOW + 300 * DAY)
    builder = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(by[0] if by else subject).public_key(key.public_key()).serial_number(7)
        .not_valid_before(begin).not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=options.get("ca", True), path_length=options.get("path_length")), critical=True)
        .add_extension(usage(key_cert_sign=options.get("may_sign", True)), critical=True)
    )  # fmt: skip
    if "purposes" in options:
        builder = builder.add_extension(x509.ExtendedKeyUsage(options["purposes"]), critical=False)
    return builder.sign(by[1] if by else key, hashes.SHA256())


def usage(*, digital_signature: bool = False, key_cert_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(digital_signature=digital_signature, key_cert_sign=key_cert_sign, content_commitment=False, key_encipherment=False,
                         data_encipherment=False, key_agreement=False, crl_sign=False, encipher_only=False, decipher_only=False)  # fmt: skip


@dataclass
class Instance:
    """The whole instance; keys are made once for all tests."""

    ca: Private = field(default_factory=p256)
    middle: Private = field(default_factory=p256)
    ctfe: Private = field(default_factory=p256)
    rekor1: Private = field(default_factory=p256)
    rekor2: ed25519.Ed25519PrivateKey = field(default_factory=ed25519.Ed25519PrivateKey.generate)
    tsa_root: Private = field(default_factory=p256)
    tsa: Private = field(default_factory=p256)
    stranger: Private = field(default_factory=p256)

    def __post_init__(self) -> None:
        self.ca_certificate = authority("sigstore", self.ca)
        self.middle_certificate = authority("sigstore-intermediate", self.middle, (self.ca_certificate.subject, self.ca), path_length=0,
                                            purposes=[ExtendedKeyUsageOID.CODE_SIGNING])  # fmt: skip
        self.tsa_root_certificate = authority("tsa", self.tsa_root)
        self.tsa_certificate = self.stamper()

    def stamper(self, key: Private | None = None, *, critical: bool = True, purposes: Any = (ExtendedKeyUsageOID.TIME_STAMPING,), end: datetime = NOW + 99 * DAY) -> x509.Certificate:  # fmt: skip  # noqa: E501
        """The time-stamping authority's own certificate."""
        return (
            x509.CertificateBuilder().subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stamper")]))
            .issuer_name(self.tsa_root_certificate.subject).public_key((key or self.tsa).public_key()).serial_number(9)
            .not_valid_before(NOW - 99 * DAY).not_valid_after(end)
            .add_extension(usage(digital_signature=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage(list(purposes)), critical=critical)
            .sign(self.tsa_root, hashes.SHA256())
        )  # fmt: skip

    def root(self, **changes: Any) -> trust.TrustedRoot:
        """The trusted root, with fields of its JSON changed."""
        document = json.loads(json.dumps(self.root_json))
        for path, value in changes.items():
            *way, last = path.split("__")
            at = document
            for step in way:
                at = at[int(step)] if step.isdigit() else at[step]
            if value is None:
                del at[last]
            else:
                at[int(last) if last.isdigit() else last] = value
        return trust.parse(json.dumps(document).encode())

    @property
    def root_json(self) -> dict[str, Any]:
        def log(key: Private, host: str, id_: bytes) -> dict[str, Any]:
            return {"baseUrl": f"https://{host}", "hashAlgorithm": "SHA2_256", "logId": {"keyId": b64(id_)},
                    "publicKey": {"rawBytes": b64(spki(key)), "validFor": {"start": "2026-01-01T00:00:00Z"}}}  # fmt: skip

        def chain(*certificates: x509.Certificate) -> dict[str, Any]:
            return {
                "certChain": {"certificates": [{"rawBytes": b64(one.public_bytes(Encoding.DER))} for one in certificates]},
                "validFor": {"start": "2026-01-01T00:00:00Z"},
            }

        return {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [log(self.rekor1, "rekor.example", self.id1), log(self.rekor2, "log2.example", self.id2)],
            "ctlogs": [log(self.ctfe, "ct.example", hashlib.sha256(spki(self.ctfe)).digest())],
            "certificateAuthorities": [chain(self.middle_certificate, self.ca_certificate)],
            "timestampAuthorities": [chain(self.tsa_certificate, self.tsa_root_certificate)],
        }

    @property
    def id1(self) -> bytes:
        return hashlib.sha256(spki(self.rekor1)).digest()

    @property
    def id2(self) -> bytes:
        return hashlib.sha256(b"log2.example\n\x01" + self.rekor2.public_key().public_bytes_raw()).digest()

    # The parts of a bundle.

    def leaf(self, key: Private, **options: Any) -> x509.Certificate:
        """A signer's certificate, with the timestamp of the certificate log in it."""
        issuer, by = options.get("issuer", (self.middle_certificate, self.middle))
        purposes = options.get("purposes", [ExtendedKeyUsageOID.CODE_SIGNING])
        builder = (
            x509.CertificateBuilder().subject_name(x509.Name([])).issuer_name(issuer.subject).public_key(key.public_key()).serial_number(11)
            .not_valid_before(options.get("begin", NOW - timedelta(minutes=1))).not_valid_after(options.get("end", NOW + timedelta(minutes=9)))
            .add_extension(usage(digital_signature=options.get("digital_signature", True)), critical=True)
            .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
            .add_extension(x509.SubjectAlternativeName(options.get("names", [x509.UniformResourceIdentifier(WHO)])), critical=True)
        )  # fmt: skip
        for last, value in options.get("claims", {8: der(0x0C, ISSUER.encode())}).items():
            builder = builder.add_extension(x509.UnrecognizedExtension(x509.ObjectIdentifier(f"1.3.6.1.4.1.57264.1.{last}"), value), critical=False)
        if options.get("unknown_critical"):
            builder = builder.add_extension(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), critical=True)
        if options.get("sct", True):
            bare = builder.sign(by, hashes.SHA256()).tbs_certificate_bytes
            at = int(options.get("sct_at", NOW).timestamp() * 1000).to_bytes(8, "big")
            issuer_key = hashlib.sha256(spki(by)).digest()
            signed = b"\x00\x00" + at + b"\x00\x01" + issuer_key + len(bare).to_bytes(3, "big") + bare + b"\x00\x00"
            signature = sign(options.get("sct_by", self.ctfe), signed, hashes.SHA256())
            one = (
                b"\x00"
                + hashlib.sha256(spki(options.get("sct_as", self.ctfe))).digest()
                + at
                + b"\x00\x00\x04\x03"
                + len(signature).to_bytes(2, "big")
                + signature
            )
            listed = len(one).to_bytes(2, "big") + one
            value = der(0x04, len(listed).to_bytes(2, "big") + listed)
            builder = builder.add_extension(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2"), value), critical=False)
        return builder.sign(by, hashes.SHA256())

    def stamp(self, message: bytes, **options: Any) -> bytes:
        """A time stamp (RFC 3161), the way an authority makes it."""
        at, signer, key = options.get("at", NOW), options.get("certificate", self.tsa_certificate), options.get("key", self.tsa)
        moment = at.strftime("%Y%m%d%H%M%SZ").encode()
        imprint = der(0x30, SHA256, der(0x04, hashlib.sha256(message).digest()))
        info = der(0x30, der(0x02, bytes([options.get("version", 1)])), oid("1.2.3"), imprint, der(0x02, b"\x05"), der(0x18, moment))
        whole = signer.public_bytes(Encoding.DER)
        ess = der(0x30, der(0x30, der(0x30, der(0x04, hashlib.sha256(options.get("named", whole)).digest()))))
        attributes = b"".join(
            der(0x30, oid(name), der(0x31, value))
            for name, value in (
                ("1.2.840.113549.1.9.3", oid(options.get("content_type", "1.2.840.113549.1.9.16.1.4"))),
                ("1.2.840.113549.1.9.4", der(0x04, hashlib.sha256(options.get("digested", info)).digest())),
                ("1.2.840.113549.1.9.16.2.47", ess),
            )
        )
        signature = sign(key, der(0x31, attributes), hashes.SHA256())
        sid = der(0x30, der(0x30), der(0x02, b"\x09"))
        signer_info = der(0x30, der(0x02, b"\x01"), sid, SHA256, der(0xA0, attributes), der(0x30, oid("1.2.840.10045.4.3.2")), der(0x04, signature))
        came_along = der(0xA0, *(one.public_bytes(Encoding.DER) for one in options.get("embedded", ()))) if options.get("embedded") else b""
        inner = der(0x30, oid("1.2.840.113549.1.9.16.1.4"), der(0xA0, der(0x04, info)))
        data = der(0x30, der(0x02, b"\x03"), der(0x31, SHA256), inner, came_along, der(0x31, signer_info))
        token = der(0x30, oid("1.2.840.113549.1.7.2"), der(0xA0, data))
        return der(0x30, der(0x30, der(0x02, bytes([options.get("status", 0)]))), token)

    def entry(self, kind: str, version: str, spec: dict[str, Any], **options: Any) -> dict[str, Any]:
        """An entry of the log of that version, as the second of two leaves."""
        second = version == "0.0.2" and kind != "intoto"
        body = json.dumps({"apiVersion": version, "kind": options.get("body_kind", kind), "spec": spec}).encode()
        other = leaf_hash(b"another")
        root = node_hash(other, leaf_hash(options.get("logged", body)))
        log, name, id_ = (self.rekor2, "log2.example", self.id2) if second else (self.rekor1, "rekor.example", self.id1)
        origin = options.get("origin", name if second else f"{name} - 123")
        text = f"{origin}\n{options.get('size', 2)}\n{b64(root)}\n"
        signature = sign(options.get("checkpoint_by", log), text.encode(), hashes.SHA256())
        lines = "".join(line(text) for line in options.get("lines", ()))
        found: dict[str, Any] = {
            "logIndex": options.get("index", "1"),
            "logId": {"keyId": b64(options.get("log_id", id_))},
            "kindVersion": {"kind": kind, "version": version},
            "canonicalizedBody": b64(body),
            "inclusionProof": {"logIndex": "1", "treeSize": "2", "rootHash": b64(root), "hashes": [b64(other)],
                               "checkpoint": {"envelope": f"{text}\n\u2014 {name} {b64(id_[:4] + signature)}\n{lines}"}},
        }  # fmt: skip
        if not second and options.get("promise", True):
            at = int(options.get("integrated", NOW).timestamp())
            said = json.dumps({"body": b64(body), "integratedTime": at, "logID": id_.hex(), "logIndex": 1}, sort_keys=True, separators=(",", ":"))
            found |= {
                "integratedTime": str(at),
                "inclusionPromise": {"signedEntryTimestamp": b64(sign(options.get("promise_by", log), said.encode(), hashes.SHA256()))},
            }
        return found

    def bundle(self, key: Private | None = None, **options: Any) -> dict[str, Any]:
        """A bundle v0.3 of a message or an envelope, logged in the first or second log, time-stamped where the log gives no time."""
        key = key or p256()
        envelope, log = options.get("envelope", True), options.get("log", 2)
        message = pae(IN_TOTO, STATEMENT) if envelope else ARTIFACT
        signature = sign(options.get("signed_by", key), message)
        leaf = options.get("certificate") or self.leaf(key, **options.get("leaf", {}))
        whole = leaf.public_bytes(Encoding.DER)
        by_key = options.get("by_key", False)
        verifier = {"publicKey": {"rawBytes": b64(spki(key))}} if by_key else {"x509Certificate": {"rawBytes": b64(whole)}}
        pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo) if by_key else leaf.public_bytes(Encoding.PEM)
        algorithm = {256: "sha256", 384: "sha384", 521: "sha512"}.get(getattr(getattr(key, "curve", None), "key_size", 256), "sha256")
        kind, version, spec = _spec(envelope, log, message, signature, verifier, pem, algorithm)
        material: dict[str, Any] = {"publicKey": {"hint": "ours"}} if by_key else {"certificate": {"rawBytes": b64(whole)}}
        if log:
            material["tlogEntries"] = [self.entry(kind, version, options.get("spec", spec), **options.get("entry", {}))]
        if options.get("stamp", log != 1):
            material["timestampVerificationData"] = {"rfc3161Timestamps": [{"signedTimestamp": b64(self.stamp(signature, **options.get("stamped", {})))}]}
        content: dict[str, Any] = (
            {"dsseEnvelope": {"payload": b64(STATEMENT), "payloadType": IN_TOTO, "signatures": [{"sig": b64(signature)}]}}
            if envelope
            else {"messageSignature": {"messageDigest": {"algorithm": "SHA2_256", "digest": b64(DIGESTS["sha256"])}, "signature": b64(signature)}}
        )
        return {"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "verificationMaterial": material, **content}


def _spec(envelope: bool, log: int, message: bytes, signature: bytes, verifier: dict[str, Any], pem: bytes, algorithm: str) -> tuple[str, str, dict[str, Any]]:
    if log == 2:
        data = {"algorithm": f"SHA2_{algorithm[3:]}", "digest": b64(hashlib.new(algorithm, message).digest())}
        return "hashedrekord", "0.0.2", {"hashedRekordV002": {"data": data, "signature": {"content": b64(signature), "verifier": verifier}}}
    if envelope:
        hashed = {"algorithm": "sha256", "value": hashlib.sha256(STATEMENT).hexdigest()}
        return "dsse", "0.0.1", {"payloadHash": hashed, "signatures": [{"signature": b64(signature), "verifier": b64(pem)}]}
    hashed = {"algorithm": algorithm, "value": hashlib.new(algorithm, message).hexdigest()}
    return "hashedrekord", "0.0.1", {"data": {"hash": hashed}, "signature": {"content": b64(signature), "publicKey": {"content": b64(pem)}}}
