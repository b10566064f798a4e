"""Images in a layout on disk that carry what certificates signed, at a gate: every version of bundles, and what was written before them."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

import older_layout
import private_sigstore
from layouts import MANIFEST, TAG, Layout
from lockgate.adapters.sources.oci_layout import OciLayouts
from lockgate.app import replay
from lockgate.canon import encode
from lockgate.core.policy import EnvironmentPolicy, Policy
from lockgate.core.requirements.signed_by import SignedBy
from lockgate.core.signers import Accepts, IdentityRule
from lockgate.evidence import annotated, simple_signing
from private_sigstore import ISSUER, WHO, Instance
from world import World, opened

OURS = Instance()
V3 = "application/vnd.dev.sigstore.bundle.v0.3+json"


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    """A layout of one image, which is what a Sigstore of our own signs."""
    made = Layout(tmp_path / "layout")
    digest = made.image(tag="1.0")
    manifest = made.at(digest).read_bytes()
    statement = {**json.loads(private_sigstore.STATEMENT), "subject": [{"digest": {"sha256": digest[7:]}}]}
    monkeypatch.setattr(private_sigstore, "STATEMENT", json.dumps(statement).encode())
    monkeypatch.setattr(private_sigstore, "ARTIFACT", manifest)
    monkeypatch.setattr(private_sigstore, "DIGESTS", {name: hashlib.new(name, manifest).digest() for name in ("sha256", "sha384", "sha512")})
    return made


def at_gate(layout: Layout, **accepts: Any) -> str:
    """Why it is refused; empty where it is let in, and a replay says the same with the layout gone."""
    world: World = opened()
    world.source = OciLayouts()  # type: ignore[assignment]
    rule = IdentityRule(root="ours", issuer=ISSUER, identity=WHO)
    staging = EnvironmentPolicy(requires=(SignedBy(identities=("ci",), max_age="30d"),), accepts=Accepts(**accepts) if accepts else None)
    world.policy(
        Policy(
            version=1,
            project="shop",
            environments={"staging": staging},
            identities={"ci": rule},
            trusted_roots={"ours": encode(OURS.root_json).decode()},
        )
    )
    decision = world.gate("staging", refs=(f"oci:{layout.path}:1.0",)).decision
    (layout.path / "index.json").unlink()
    assert [replay.replay(world.ports, index).result for index in world.decisions()] == ["same"]
    because = decision.outcomes[-1].params.get("because", decision.outcomes[-1].code)
    return ",".join(because) if isinstance(because, tuple) else str(because)


def attach(layout: Layout, document: dict[str, Any], media_type: str = V3) -> None:
    layout.enlist(layout.referrer(layout.listed[0]["digest"], json.dumps(document).encode(), media_type=media_type, artifact_type=media_type))


def older(document: dict[str, Any], version: int) -> dict[str, Any]:
    material = dict(document["verificationMaterial"])
    material["x509CertificateChain"] = {"certificates": [material.pop("certificate")]}
    return {**document, "mediaType": f"application/vnd.dev.sigstore.bundle+json;version=0.{version}", "verificationMaterial": material}


@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.parametrize("log", [1, 2])
def test_bundles_of_every_version(layout: Layout, version: int, log: int) -> None:
    document = OURS.bundle(log=log)
    if version < 3:
        document = older(document, version)
    attach(layout, document, document["mediaType"])
    assert at_gate(layout) == ("sigstore.no-promise" if (version, log) == (1, 2) else "")


def test_a_signature_of_the_manifest_itself(layout: Layout) -> None:
    attach(layout, OURS.bundle(log=1, envelope=False))
    assert at_gate(layout, formats=("sigstore-message",)) == ""


def test_and_only_where_that_is_named(layout: Layout) -> None:
    attach(layout, OURS.bundle(log=1, envelope=False))
    assert at_gate(layout) == "bundle.no-envelope"


@pytest.mark.parametrize("kind", ["hashedrekord", "dsse"])
def test_what_was_written_before_bundles(layout: Layout, kind: str) -> None:
    digest = layout.listed[0]["digest"]
    said = {"critical": {"identity": {"docker-reference": ""}, "image": {"docker-manifest-digest": digest}, "type": "cosign container image signature"}}
    piece = older_layout.layer(OURS, kind=kind, payload=json.dumps(said).encode() if kind == "hashedrekord" else private_sigstore.STATEMENT)
    if kind == "hashedrekord":
        signed = simple_signing.parse(piece.data)
        data, beside, media_type, tag = signed.payload, signed.beside, simple_signing.MEDIA_TYPE, "sig"
        annotations = {"dev.cosignproject.cosign/signature": base64.b64encode(signed.signature).decode()}
    else:
        data, beside = annotated.envelope_of(piece.data)
        media_type, tag, annotations = "application/vnd.dsse.envelope.v1+json", "att", {}
    annotations |= {
        f"dev.sigstore.cosign/{name}": text for name, text in (("certificate", beside.certificate), ("chain", beside.chain), ("bundle", beside.log))
    }
    empty = layout.json({}, "application/vnd.oci.image.config.v1+json")
    document = {"schemaVersion": 2, "mediaType": MANIFEST, "config": empty, "layers": [layout.blob(data, media_type, annotations=annotations)]}
    layout.enlist({**layout.json(document, MANIFEST), "annotations": {TAG: f"{digest.replace(':', '-')}.{tag}"}})
    assert at_gate(layout, log="promise") == ""


def test_ten_thousand_signatures_on_one_image(layout: Layout) -> None:
    digest, one = layout.listed[0]["digest"], OURS.bundle(log=1)
    layers = [layout.blob(json.dumps({**one, "note": number}).encode(), V3) for number in range(300)]
    layout.enlist(layout.referrer(digest, layers=layers * 34, media_type=V3, artifact_type=V3))
    assert at_gate(layout) == "ref.too-much-evidence"
