"""Layers of cosign's older layout with their annotations, made by a Sigstore of our own; every part can be told to be another."""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lockgate.core.ports import Evidence
from lockgate.evidence import annotated, simple_signing
from lockgate.evidence.annotated import Beside
from lockgate.evidence.dsse import pae
from private_sigstore import ARTIFACT, IN_TOTO, STATEMENT, Instance, Private, b64, p256, sign

DIGEST = "sha256:" + hashlib.sha256(ARTIFACT).hexdigest()
PAYLOAD = json.dumps({
    "critical": {
        "identity": {"docker-reference": "registry.example/shop"},
        "image": {"docker-manifest-digest": DIGEST},
        "type": "cosign container image signature",
    },
    "optional": None,
}).encode()  # fmt: skip


def pem(one: x509.Certificate) -> str:
    return one.public_bytes(Encoding.PEM).decode()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def layer(ours: Instance, key: Private | None = None, **options: Any) -> Evidence:
    """A layer and its annotations.

    Args:
        ours: who issues, logs and stamps. key: the signer's.
        options: ``kind`` of the log entry (``hashedrekord`` signs a payload, ``dsse`` and ``intoto`` an envelope); ``by_key``; the parts
            ``certificate``, ``chain``, ``payload``, ``signature`` (of it), ``logged`` and ``logged_by`` (what the entry says of both), ``stamp``;
            ``entry`` and ``leaf`` as `Instance` has them; ``beside`` replaces annotations.
    """
    key, kind = key or p256(), options.get("kind", "hashedrekord")
    envelope = kind != "hashedrekord"
    payload = options.get("payload", STATEMENT if envelope else PAYLOAD)
    signature = options.get("signature") or sign(options.get("signed_by", key), pae(IN_TOTO, payload) if envelope else payload)
    leaf = options.get("certificate") or ours.leaf(key, **options.get("leaf", {}))
    data = json.dumps({"payloadType": IN_TOTO, "payload": b64(payload), "signatures": [{"keyid": "", "sig": b64(signature)}]}).encode() if envelope else payload
    by_key = options.get("by_key", False)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode() if by_key else pem(leaf)
    spec = _spec(kind, options.get("logged", (data, payload, signature)), options.get("logged_by", public).encode())
    beside = {"log": _log(ours.entry(kind, "0.0.1", spec, **options.get("entry", {})))}
    if not by_key:
        beside |= {"certificate": pem(leaf), "chain": options.get("chain", pem(ours.middle_certificate) + pem(ours.ca_certificate))}
    if "stamp" in options:
        beside["time_stamp"] = json.dumps({"SignedRFC3161Timestamp": b64(ours.stamp(data if envelope else signature, **options["stamp"]))})
    beside |= options.get("beside", {})
    whole = Beside(**beside)
    if envelope:
        return Evidence(media_type=annotated.ATTESTATION, data=annotated.join(data, "", whole), origin="")
    return Evidence(media_type=simple_signing.MEDIA_TYPE, data=annotated.join(data, b64(signature), whole), origin="")


def _spec(kind: str, logged: tuple[bytes, bytes, bytes], signer: bytes) -> dict[str, Any]:
    data, payload, signature = logged
    inner, outer = ({"algorithm": "sha256", "value": sha256(one)} for one in (payload, data))
    match kind:
        case "hashedrekord":
            return {"data": {"hash": inner}, "signature": {"content": b64(signature), "publicKey": {"content": b64(signer)}}}
        case "dsse":
            return {"envelopeHash": outer, "payloadHash": inner, "signatures": [{"signature": b64(signature), "verifier": b64(signer)}]}
        case _:
            return {"content": {"hash": outer, "payloadHash": inner}, "publicKey": b64(signer)}


def _log(entry: dict[str, Any]) -> str:
    """What cosign kept of a log's answer."""
    held = {
        "body": entry["canonicalizedBody"],
        "integratedTime": int(entry.get("integratedTime", "0")),
        "logIndex": int(entry["logIndex"]),
        "logID": b64decode(entry["logId"]["keyId"]).hex(),
    }
    return json.dumps({"SignedEntryTimestamp": entry.get("inclusionPromise", {}).get("signedEntryTimestamp", ""), "Payload": held})
