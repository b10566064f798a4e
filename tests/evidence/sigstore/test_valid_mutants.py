"""What may be written otherwise without saying otherwise is still believed: order, white space, spellings of ProtoJSON, strangers beside the known."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from house import ROOT as HOUSE
from lockgate.evidence.sigstore import bundle, identity, trust, verify
from private_sigstore import DIGESTS, ISSUER, WHO, Instance, authority, b64, p256

OURS, STRANGER = Instance(), Instance()
GOOD = [OURS.bundle(log=log, envelope=envelope, stamp=True) for log in (1, 2) for envelope in (True, False)]
CASES = HOUSE.parent / "shared" / "data" / "sigstore-bundles"
PUBLIC_GOOD = Path(__file__).parent / "public-good.json"

Json = dict[str, Any]


def says(document: bytes, root: bytes) -> tuple[str, str]:
    who = identity.read(verify.verify(bundle.parse(document), trust.parse(root), DIGESTS).certificate)
    return who.subject, who.issuer


@st.composite
def spellings(draw: st.DrawFn, document: Json) -> bytes:
    """The same JSON: fields in any order, any white space, any escapes; bytes in either alphabet, padded or not; whole numbers as text or not."""

    def again(value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: again(value[key], key) for key in draw(st.permutations(list(value)))}
        if isinstance(value, list):
            return [again(one, name) for one in value]
        if name in {"logIndex", "treeSize", "integratedTime"}:
            return draw(st.sampled_from([str, int]))(value)
        if name in BYTES and draw(st.booleans()):
            return value.replace("+", "-").replace("/", "_").rstrip(draw(st.sampled_from(["", "="])))
        return value

    text = json.dumps(again(document), indent=draw(st.sampled_from([None, 0, 3, "\t"])), ensure_ascii=draw(st.booleans()))
    if draw(st.booleans()):
        text = re.sub(r"(?<=[a-z])e(?=[a-z])", r"\\u0065", text)
    return (draw(st.sampled_from(["", "\n", " \r\n\t"])) + text + draw(st.sampled_from(["", "\n", "  "]))).encode()


BYTES = {"rawBytes", "keyId", "canonicalizedBody", "rootHash", "hashes", "signedEntryTimestamp", "signedTimestamp", "signature", "digest", "payload", "sig"}


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_the_same_bundle_written_otherwise(data: st.DataObject) -> None:
    document = data.draw(spellings(data.draw(st.sampled_from(GOOD))))
    root = data.draw(spellings(OURS.root_json))
    assert says(document, root) == (WHO, ISSUER)


def signature_of(document: Json) -> bytes:
    held = document["messageSignature"]["signature"] if "messageSignature" in document else document["dsseEnvelope"]["signatures"][0]["sig"]
    return base64.b64decode(held)


def with_stamp_of_a_stranger(document: Json) -> None:
    stamps = document["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"]
    stamps.insert(0, {"signedTimestamp": b64(STRANGER.stamp(signature_of(document)))})


def with_certificates_in_the_stamp(document: Json) -> None:
    unknown = tuple(authority(f"unknown {number}", p256()) for number in range(3))
    embedded = (*unknown, OURS.tsa_certificate, OURS.tsa_root_certificate)
    document["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"] = [
        {"signedTimestamp": b64(OURS.stamp(signature_of(document), embedded=embedded))}
    ]


def with_a_witness(document: Json) -> None:
    checkpoint = document["verificationMaterial"]["tlogEntries"][0]["inclusionProof"]["checkpoint"]
    checkpoint["envelope"] += f"\u2014 witness.example {b64(b'wit1' + bytes(72))}\n"


def without_what_is_empty(document: Json) -> None:
    document["verificationMaterial"]["publicKey"] = None
    document["verificationMaterial"]["x509CertificateChain"] = None


def in_an_older_version(document: Json) -> None:
    document["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.2"
    leaf = document["verificationMaterial"].pop("certificate")
    middle = {"rawBytes": b64(OURS.middle_certificate.public_bytes(Encoding.DER))}
    document["verificationMaterial"]["x509CertificateChain"] = {"certificates": [leaf, middle]}


MORE = (with_stamp_of_a_stranger, with_certificates_in_the_stamp, with_a_witness, without_what_is_empty, in_an_older_version)


@pytest.mark.parametrize("number", range(len(GOOD)))
@pytest.mark.parametrize("change", MORE, ids=lambda one: one.__name__)
def test_a_bundle_with_more_beside_it(number: int, change: Callable[[Json], None]) -> None:
    document = copy.deepcopy(GOOD[number])
    change(document)
    assert says(json.dumps(document).encode(), json.dumps(OURS.root_json).encode()) == (WHO, ISSUER)


def test_a_trusted_root_with_more_in_it() -> None:
    theirs = STRANGER.root_json
    both: Json = {name: value if isinstance(value, str) else theirs[name] + value for name, value in OURS.root_json.items()}
    both["tlogs"].insert(0, {**OURS.root_json["tlogs"][0], "logId": {"keyId": b64(b"other")}, **KEYLESS})
    reversed_ = {name: value if isinstance(value, str) else value[::-1] for name, value in both.items()}
    config = {"mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json", "trustedRoot": both, "signingConfig": {"more": 1}}
    for root in (both, reversed_, config):
        for document in GOOD:
            assert says(json.dumps(document).encode(), json.dumps(root).encode()) == (WHO, ISSUER)


KEYLESS = {"publicKey": {"rawBytes": "MCowBQYDK2VuAyEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAk="}}
"""An X25519 key: no log signs with one, so that this log is left out."""


@pytest.mark.skipif(not CASES.is_dir(), reason="../shared/data is not there")
@pytest.mark.parametrize("name", ["happy-path-v0.3", "rekor2-happy-path"])
@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_real_bundle_written_otherwise(name: str, data: st.DataObject) -> None:
    folder = CASES / name
    own = folder / "trusted_root.json"
    written = data.draw(spellings(json.loads((folder / "bundle.sigstore.json").read_text())))
    root = data.draw(spellings(json.loads((own if own.exists() else PUBLIC_GOOD).read_text())))
    digests = {"sha256": hashlib.sha256((CASES / "a.txt").read_bytes()).digest()}
    assert verify.verify(bundle.parse(written), trust.parse(root), digests).certificate
