"""Writes ``examples/trust``: an image and a file with a piece of evidence of every format, by a Sigstore of our own that is made anew and forgotten.

PYTHONPATH=src:tests python tests/make_trust_example.py
"""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import older_layout
import private_sigstore
from house import ROOT
from layouts import DSSE, MANIFEST, TAG, Layout
from lockgate.evidence import annotated, simple_signing
from lockgate.evidence.dsse import pae
from private_sigstore import IN_TOTO, ISSUER, Instance, b64, cosignature, der, witness_key

THERE = ROOT / "examples" / "trust"
V3 = "application/vnd.dev.sigstore.bundle.v0.3+json"
BUILDER = "https://ci.example/builder"
REPOSITORY = "https://git.example/shop"
CLAIMS = {8: der(0x0C, ISSUER.encode()), 12: der(0x0C, REPOSITORY.encode()), 15: der(0x0C, b"4711"), 20: der(0x0C, b"push")}
V1 = {
    "buildDefinition": {
        "buildType": "https://ci.example/v1",
        "externalParameters": {"source": f"git+{REPOSITORY}@refs/heads/main"},
        "resolvedDependencies": [],
    },
    "runDetails": {"builder": {"id": BUILDER}},
}
BOM = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"type": "library", "name": "flask", "version": "3.0.0", "purl": "pkg:pypi/flask@3.0.0"}]}
V02 = {
    "builder": {"id": BUILDER},
    "buildType": "https://ci.example/v1",
    "invocation": {"configSource": {"uri": f"git+{REPOSITORY}@refs/heads/main", "digest": {"sha1": "c0ffee" + "0" * 34}, "entryPoint": "build.yml"}},
}
PASSED = {
    "verifier": {"id": "https://verifier.example"},
    "timeVerified": "2026-11-20T12:30:00Z",
    "resourceUri": "registry.example/shop",
    "policy": {"uri": "https://verifier.example/policy"},
    "verificationResult": "PASSED",
    "verifiedLevels": ["SLSA_BUILD_LEVEL_3"],
}
SIGN = "https://sigstore.dev/cosign/sign/v1"


def with_details(root: dict[str, Any]) -> dict[str, Any]:
    """The root with what other clients want to know of each log's key."""
    for log in (*root["tlogs"], *root["ctlogs"]):
        short = len(base64.b64decode(log["publicKey"]["rawBytes"])) < 60
        log["publicKey"]["keyDetails"] = "PKIX_ED25519" if short else "PKIX_ECDSA_P256_SHA_256"
        log["hashAlgorithm"] = "SHA2_256"
    return root


def says(digest: str, predicate_type: str, predicate: dict[str, Any]) -> bytes:
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"digest": {"sha256": digest}}],
        "predicateType": predicate_type,
        "predicate": predicate,
    }
    return json.dumps(statement).encode()


def bundle(ours: Instance, said: bytes, **options: Any) -> bytes:
    private_sigstore.STATEMENT = said
    return json.dumps(ours.bundle(**{"leaf": {"claims": CLAIMS}, **options})).encode()


def by_key(name: str, said: bytes) -> bytes:
    """An envelope by a key of which the public half is written."""
    key = Ed25519PrivateKey.generate()
    (THERE / f"{name}.pub").write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return json.dumps({"payload": b64(said), "payloadType": IN_TOTO, "signatures": [{"sig": b64(key.sign(pae(IN_TOTO, said)))}]}).encode()


def older(layout: Layout, ours: Instance, digest: str) -> None:
    """cosign's two tags, as it wrote them before its bundles."""
    critical = {"identity": {"docker-reference": ""}, "image": {"docker-manifest-digest": digest}, "type": "cosign container image signature"}
    made = simple_signing.parse(older_layout.layer(ours, payload=json.dumps({"critical": critical}).encode(), leaf={"claims": CLAIMS}).data)
    signature = {"dev.cosignproject.cosign/signature": base64.b64encode(made.signature).decode()}
    tagged(layout, digest, "sig", made.payload, simple_signing.MEDIA_TYPE, made.beside, signature)
    said = says(digest[7:], "https://slsa.dev/provenance/v0.2", V02)
    envelope, beside = annotated.envelope_of(older_layout.layer(ours, kind="dsse", payload=said, leaf={"claims": CLAIMS}).data)
    tagged(layout, digest, "att", envelope, DSSE, beside, {})


def tagged(layout: Layout, digest: str, tag: str, data: bytes, media_type: str, beside: annotated.Beside, more: dict[str, str]) -> None:
    texts = {"certificate": beside.certificate, "chain": beside.chain, "bundle": beside.log}
    annotations = more | {f"dev.sigstore.cosign/{name}": text for name, text in texts.items()}
    empty = layout.json({}, "application/vnd.oci.image.config.v1+json")
    document = {"schemaVersion": 2, "mediaType": MANIFEST, "config": empty, "layers": [layout.blob(data, media_type, annotations=annotations)]}
    layout.enlist({**layout.json(document, MANIFEST), "annotations": {TAG: f"{digest.replace(':', '-')}.{tag}"}})


def main() -> None:
    shutil.rmtree(THERE, ignore_errors=True)
    THERE.mkdir()
    ours, layout = Instance(), Layout(THERE / "shop")
    (THERE / "trusted_root.json").write_text(json.dumps(with_details(ours.root_json), indent=1) + "\n")
    digest = layout.image(b"the shop", tag="1.0")
    sha256 = digest[7:]

    def attach(piece: bytes, media_type: str = V3) -> None:
        layout.enlist(layout.referrer(digest, piece, media_type=media_type, artifact_type=media_type))

    eve = [x509.UniformResourceIdentifier("https://ci.example/eve/release@refs/heads/main")]
    attach(bundle(ours, says(sha256, SIGN, {})))
    attach(bundle(ours, says(sha256, "https://slsa.dev/provenance/v1", V1), log=1))
    attach(bundle(ours, says(sha256, "https://cyclonedx.org/bom/v1.6", BOM)))
    attach(bundle(ours, says(sha256, "https://in-toto.io/attestation/release/v0.1", {"purl": "pkg:oci/shop"})))
    attach(bundle(ours, says(sha256, SIGN, {}), leaf={"claims": CLAIMS, "names": eve}))
    attach(bundle(ours, says(sha256, SIGN, {}), entry={"logged": b"another entry"}, leaf={"claims": CLAIMS, "names": eve}))
    attach(by_key("release", says(sha256, SIGN, {"signedAt": "2026-11-20T12:10:00Z"})), DSSE)
    attach(by_key("verifier", says(sha256, "https://slsa.dev/verification_summary/v1", PASSED)), DSSE)
    older(layout, ours, digest)

    app = b"the bytes of app 1.0\n"
    (THERE / "app").write_bytes(app)
    witness, witnessed = Ed25519PrivateKey.generate(), says(hashlib.sha256(app).hexdigest(), SIGN, {})
    (THERE / "app.sigstore.json").write_bytes(bundle(ours, witnessed, entry={"lines": [lambda text: cosignature(text, "w.example/one", witness)]}) + b"\n")
    (THERE / "witness.vkey").write_text(witness_key("w.example/one", witness) + "\n")
    (THERE / "app.no-log.json").write_bytes(bundle(ours, witnessed, log=0, stamp=True) + b"\n")


if __name__ == "__main__":
    main()
