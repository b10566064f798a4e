"""Sigstore bundles of version 0.3 (protobuf-specs, sigstore_bundle.proto), as cosign attaches them: the DSSE envelope in them, for a key to verify.

`parse` takes these steps; `dsse.verify` takes the next one:

  1. it is JSON with the fields of a bundle and no others, as protobuf's own readers have it (ProtoJSON);
  2. it calls itself a bundle of version 0.3 (``mediaType``);
  3. its content is a DSSE envelope with exactly one signature (``dsse_envelope``): a signature of bare bytes is none of a Statement;
  4. its verification material is one of the three kinds there are.

Of the material nothing is believed. A key's hint is a hint; a certificate names a key, and none that a policy knows; entries of
a transparency log and time stamps are not looked at, whether they are good, forged or missing, and no trust is taken from them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Set as AbstractSet
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lockgate import canon
from lockgate.canon import Noun
from lockgate.core.identity import PublicKey
from lockgate.errors import EvidenceError
from lockgate.evidence import b64, dsse, foreign, keys

MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
MAX_BUNDLE = 1 << 20
"""The largest bundle read, bytes."""

_VERSIONS = frozenset({MEDIA_TYPE, "application/vnd.dev.sigstore.bundle+json;version=0.3"})
_CONTENT = frozenset({"dsseEnvelope", "messageSignature"})
_MATERIAL = frozenset({"publicKey", "certificate", "x509CertificateChain"})


class Bundle(Noun, frozen=True, kw_only=True):
    """A bundle taken apart, believed in nothing.

    Attributes:
        envelope: with its one signature.
        certified: whether it came with a certificate and not with the hint of a key.
    """

    envelope: dsse.Envelope
    certified: bool


def parse(data: bytes) -> Bundle:
    """Take a bundle apart.

    Raises:
        EvidenceError: ``bundle.malformed``, ``bundle.other-version``, ``bundle.no-envelope``, ``dsse.malformed``, or `canon.parse_foreign`'s codes.
    """
    document = canon.parse_foreign(data, max_bytes=MAX_BUNDLE, what="Sigstore bundle")
    try:
        outer = _fields(document, "it", {"mediaType", "verificationMaterial"} | _CONTENT)
        version = foreign.text(outer, "mediaType")
        if version not in _VERSIONS:
            raise EvidenceError("bundle.other-version", f"this Sigstore bundle is {version[:100]!r}; only version 0.3 is read")
        if _one_of(outer, _CONTENT) != "dsseEnvelope":
            raise EvidenceError("bundle.no-envelope", "this Sigstore bundle signs bare bytes, and says nothing about any artifact")
        envelope = _fields(outer["dsseEnvelope"], "dsseEnvelope", {"payload", "payloadType", "signatures"})
        for one in (signatures := foreign.items(envelope, "signatures")):
            _fields(one, "a signature", {"sig", "keyid"})
        if len(signatures) != 1:
            raise ValueError(f"its envelope has {len(signatures)} signatures, and a bundle's has one")
        material = _fields(outer.get("verificationMaterial"), "verificationMaterial", {"tlogEntries", "timestampVerificationData"} | _MATERIAL)
        kind = _one_of(material, _MATERIAL)
        foreign.mapping(material[kind], kind)
    except ValueError as err:
        raise EvidenceError("bundle.malformed", f"this is no Sigstore bundle: {err}") from None
    return Bundle(envelope=dsse.from_json(envelope), certified=kind != "publicKey")


def write(envelope: bytes, key: PublicKey) -> bytes:
    """A bundle around an envelope, one line of JSON; it hints at the key as cosign does: base64 of the SHA-256 of its DER SubjectPublicKeyInfo.

    Args:
        envelope: a DSSE envelope with one signature, JSON. key: who signed it: Ed25519 or ECDSA P-256.
    """
    hint = hashlib.sha256(keys.verifier_of(key).public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
    written = {"mediaType": MEDIA_TYPE, "verificationMaterial": {"publicKey": {"hint": b64.encode(hint)}}, "dsseEnvelope": json.loads(envelope)}
    return json.dumps(written, separators=(",", ":")).encode()


def _fields(value: object, what: str, known: AbstractSet[str]) -> dict[str, Any]:
    """An object that has no other fields than these."""
    found = foreign.mapping(value, what)
    if other := sorted(found.keys() - known):
        raise ValueError(f"{what} has the field {other[0][:60]!r}, which is none of a bundle's")
    return found


def _one_of(outer: dict[str, Any], names: AbstractSet[str]) -> str:
    """Which of these fields is there; exactly one is (a ``oneof`` of protobuf, where null is as good as missing)."""
    found = [name for name in sorted(names) if outer.get(name) is not None]
    if len(found) != 1:
        raise ValueError(f"it has {' and '.join(found) or 'none of ' + ', '.join(sorted(names))}, where exactly one belongs")
    return found[0]
