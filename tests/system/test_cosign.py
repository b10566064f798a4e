"""cosign in key mode, beside lockgate on Debian's registry: what one signs the other verifies, and what was tampered with neither does."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import cosigning
import debian_registry
from cosigning import NO_LOG, OFFLINE, OLDER, cosign, cosigned
from house import ROOT, SRC
from layouts import INDEX, MANIFEST, Layout
from own_process import lockgate, well

for program in ("docker-registry", "skopeo", "openssl", "ssh-keygen"):
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not here: dev/servers installs it", allow_module_level=True)
if not cosigning.COSIGN.exists():
    pytest.skip("cosign is not here: dev/servers builds it", allow_module_level=True)

POLICY = """\
version: 1
project: shop
environments:
  production:
    requires:
      - signed-by: {keys: [release]}
      - built-by: {builder: "https://example.com/ci", source: "git+https://github.com/acme/shop@refs/heads/main", keys: [ci]}
keys:
  release: {file: release.pub}
  ci: {file: ci.pub}
"""
SIGN, BUILT = "https://sigstore.dev/cosign/sign/v1", "https://slsa.dev/provenance/v1"
FORMATS = {"bundle": (), "older": (OLDER,)}
formats = pytest.mark.parametrize("older", FORMATS.values(), ids=FORMATS)

Json = dict[str, Any]


def refused(ref: str) -> dict[str, list[str]]:
    """Why the gate refuses: code -> what it names under ``because``."""
    said = lockgate("gate", ref, "--to", "production", "--format", "json")
    assert said.returncode == 1, said
    outcomes = json.loads(said.stdout)["decision"]["outcomes"]
    return {each["code"]: each.get("params", {}).get("because", []) for each in outcomes if each["result"] == "fail"}


def allowed(ref: str) -> bool:
    return lockgate("gate", ref, "--to", "production").returncode == 0


def verify(place: str, *more: str, key: str = "release.pub") -> subprocess.CompletedProcess[str]:
    return cosign("verify", "--key", key, NO_LOG, *more, place)


def verify_attestation(place: str, *more: str, key: str = "ci.pub") -> subprocess.CompletedProcess[str]:
    return cosign("verify-attestation", "--key", key, NO_LOG, "--type", "slsaprovenance1", *more, place)


@dataclass(frozen=True)
class Shop:
    """A gate that wants cosign's signature and provenance, and an image that skopeo pushed.

    Attributes:
        host: of the registry. digest: the image's. layout: where it came from.
    """

    host: str
    digest: str
    layout: Layout

    @property
    def place(self) -> str:
        return f"{self.host}/shop/app"

    @property
    def base(self) -> str:
        return f"http://{self.host}/v2/shop/app"

    @property
    def tag(self) -> str:
        """The fallback tag."""
        return self.digest.replace(":", "-")

    def sign(self, *more: str, key: str = "release.key") -> None:
        cosigned("sign", "--key", key, *OFFLINE, *more, f"{self.place}@{self.digest}")

    def attest(self, *more: str, key: str = "ci.key") -> None:
        cosigned("attest", "--key", key, *OFFLINE, *more, "--type", "slsaprovenance1", "--predicate", "provenance.json", f"{self.place}@{self.digest}")


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The gate, its keys and its home, to be copied for each test."""
    folder = tmp_path_factory.mktemp("gate") / "all"
    (folder / "home").mkdir(parents=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(folder / "home"))
        patch.chdir(folder)
        for name in ("release", "ci"):
            cosigned("generate-key-pair", "--output-key-prefix", name)
        Path("policy.yaml").write_text(POLICY)
        Path("provenance.json").write_text(json.dumps(cosigning.PROVENANCE))
        well("init", "--origin", "example.com/cosign", "--name", "Ada")
        well("policy", "apply", "policy.yaml")
        well("people", "add", "Ada", "--duty", "production=deploy")
    return folder


@pytest.fixture
def shop(gate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    shutil.copytree(gate, tmp_path, dirs_exist_ok=True)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    layout, digest = cosigning.image(tmp_path / "image")
    with debian_registry.registry(tmp_path) as host:
        cosigning.push(tmp_path / "image", f"{host}/shop/app:1")
        yield Shop(host, digest, layout)


@formats
def test_what_cosign_signs_is_allowed(shop: Shop, older: tuple[str, ...]) -> None:
    assert refused(f"{shop.place}:1") == {"signed-by.no-signature": [], "built-by.no-provenance": []}
    shop.sign(*older)
    assert refused(f"{shop.place}:1") == {"built-by.no-provenance": []}
    shop.attest(*older)
    decided = json.loads(well("gate", f"{shop.place}:1", "--to", "production", "--format", "json"))
    assert (decided["pinned"], decided["decision"]["outcome"]) == ([f"{shop.place}@{shop.digest}"], "allowed")
    assert "same" in well("log", "replay", str(decided["index"])), "the stored pieces are enough to decide again"
    well(
        "deploy",
        f"{shop.place}:1",
        "--to",
        "production",
        "--",
        "skopeo",
        "copy",
        "-q",
        "--preserve-digests",
        "--src-tls-verify=false",
        "docker://{ref}",
        "dir:running",
    )
    said = well("verify", f"{shop.place}:1", "--public", "release.pub", "--public", "ci.pub")
    assert "signature   key release" in said
    assert "provenance  https://example.com/ci from git+https://github.com/acme/shop@refs/heads/main, key ci" in said
    assert "everything adds up" in well("log", "check")


def test_the_page_on_cosign(shop: Shop, tmp_path: Path) -> None:
    """Every command of docs/foreign.md, with this registry in place of the page's."""
    page = (ROOT / "docs" / "foreign.md").read_text()
    signing, verifying = re.findall(r"^```shell\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    (bin_ / "cosign").symlink_to(cosigning.COSIGN)
    (bin_ / "lockgate").write_text(f'#!/bin/sh\nexec {sys.executable} -m lockgate.cli.main "$@"\n')
    (bin_ / "lockgate").chmod(0o755)
    script = "set -euo pipefail\n" + (signing + verifying).replace("localhost:5000", shop.host)
    environment = {**os.environ, "PATH": f"{bin_}:{os.environ['PATH']}", "PYTHONPATH": str(SRC)}
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done
    assert "signature   key cosign" in done.stdout
    assert "provenance  https://example.com/ci from git+https://github.com/acme/shop@refs/heads/main, key cosign" in done.stdout
    assert done.stdout.count(shop.digest) >= 3


@formats
def test_another_key_counts_for_nothing(shop: Shop, older: tuple[str, ...]) -> None:
    shop.sign(*older, key="ci.key")
    shop.attest(*older, key="release.key")
    assert refused(f"{shop.place}:1") == {"signed-by.no-signature": [], "built-by.no-provenance": []}, "keys the policy knows, for something else"
    cosigned("generate-key-pair", "--output-key-prefix", "stranger")
    shop.sign(*older, key="stranger.key")
    shop.attest(*older, key="stranger.key")
    unknown = {"dsse.unknown-key", "simple-signing.unknown-key"} if older else {"dsse.unknown-key"}
    assert {name: set(because) for name, because in refused(f"{shop.place}:1").items()} == {
        "signed-by.no-good-signature": unknown,
        "built-by.no-good-provenance": unknown,
    }


def rewritten(shop: Shop, base: str, name: str, change: Callable[[Json, bytes], bytes], put_as: str = "", subject: Json | None = None) -> Json:
    """Write a manifest anew, with what `change` makes of each layer; its descriptor."""
    document = cosigning.manifest(base, name)
    parts = []
    for layer, data in cosigning.layers(base, document):
        other = change(layer, data)
        new = shop.layout.blob(other, layer["mediaType"], **({"annotations": layer["annotations"]} if "annotations" in layer else {}))
        cosigning.put_blob(base, other, new["digest"])
        parts.append(new)
    document["layers"] = parts
    if subject:
        document["subject"] = subject
    new = shop.layout.json(document, MANIFEST)
    cosigning.put(f"{base}/manifests/{put_as or new['digest']}", json.dumps(document).encode(), MANIFEST)
    return {**new, "artifactType": document.get("artifactType", "")} if subject or "subject" in document else new


def relist(base: str, tag: str, manifests: list[Json]) -> None:
    """Put this list under the fallback tag."""
    cosigning.put(f"{base}/manifests/{tag}", json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}).encode(), INDEX)


def tamper(shop: Shop, change: Callable[[Json, bytes], bytes]) -> None:
    """Change every layer of what is attached to the image, in both layouts."""
    for suffix in (".sig", ".att"):
        if cosigning.get(f"{shop.base}/manifests/{shop.tag}{suffix}") is not None:
            rewritten(shop, shop.base, shop.tag + suffix, change, shop.tag + suffix)
    if cosigning.get(f"{shop.base}/manifests/{shop.tag}") is not None:
        listed = cosigning.manifest(shop.base, shop.tag)["manifests"]
        relist(shop.base, shop.tag, [rewritten(shop, shop.base, each["digest"], change) for each in listed])


def other_payload(layer: Json, data: bytes) -> bytes:
    """The signature stays, and what it signs says a little more."""
    document = json.loads(data)
    envelope = document.get("dsseEnvelope", document)
    if "payload" not in envelope:
        return data.replace(b'"optional":null', b'"optional":{"by":"another"}')
    said = json.loads(base64.b64decode(envelope["payload"]))
    said["predicate"]["by"] = "another"
    envelope["payload"] = base64.b64encode(json.dumps(said).encode()).decode()
    return json.dumps(document).encode()


@formats
def test_a_changed_payload_is_refused_by_both(shop: Shop, older: tuple[str, ...]) -> None:
    shop.sign(*older)
    shop.attest(*older)
    assert allowed(f"{shop.place}:1")
    assert verify(f"{shop.place}:1").returncode == verify_attestation(f"{shop.place}:1").returncode == 0
    tamper(shop, other_payload)
    unknown = ["dsse.unknown-key", "simple-signing.unknown-key"] if older else ["dsse.unknown-key"]
    assert refused(f"{shop.place}:1") == {"signed-by.no-good-signature": unknown, "built-by.no-good-provenance": unknown}
    assert verify(f"{shop.place}:1").returncode != 0
    assert verify_attestation(f"{shop.place}:1").returncode != 0


@formats
def test_a_signature_copied_from_another_image_is_refused_by_both(shop: Shop, older: tuple[str, ...]) -> None:
    shop.sign(*older)
    shop.attest(*older)
    other = shop.layout.image(b"malware", tag="2")
    cosigning.skopeo("copy", "oci:image:2", f"docker://{shop.place}:2")
    size = shop.layout.at(other).stat().st_size
    if older:
        for suffix in (".sig", ".att"):
            rewritten(shop, shop.base, shop.tag + suffix, lambda layer, data: data, other.replace(":", "-") + suffix)
    else:
        subject = {"mediaType": MANIFEST, "digest": other, "size": size}
        listed = cosigning.manifest(shop.base, shop.tag)["manifests"]
        relist(shop.base, other.replace(":", "-"), [rewritten(shop, shop.base, each["digest"], lambda layer, data: data, subject=subject) for each in listed])
    moved = ["simple-signing.other-digest", "statement.other-subject"] if older else ["statement.other-subject"]
    assert refused(f"{shop.place}:2") == {"signed-by.no-good-signature": moved, "built-by.no-good-provenance": moved}
    assert verify(f"{shop.place}:2").returncode != 0
    assert verify_attestation(f"{shop.place}:2").returncode != 0
    assert allowed(f"{shop.place}:1")


def make_key(kind: str) -> None:
    if kind == "ed25519":
        well("key", "new", "ours")
    else:
        subprocess.run(["ssh-keygen", "-q", "-t", "ecdsa", "-b", "256", "-N", "", "-f", "ours"], check=True)
    Path("ours.pem").write_text(well("key", "show", "ours.pub", "--pem") + "\n")


@pytest.mark.parametrize("kind", ["ed25519", "p256"])
@pytest.mark.parametrize("where", ["registry", "layout"])
def test_what_lockgate_signs_cosign_verifies(shop: Shop, kind: str, where: str) -> None:
    make_key(kind)
    ref, place, how = (f"{shop.place}:1", f"{shop.place}:1", ()) if where == "registry" else ("oci:image:1", "image", ("--local-image",))
    assert verify(place, *how, key="ours.pem").returncode != 0
    well("sign", ref, "--key", "ours")
    found = verify(place, *how, key="ours.pem")
    assert found.returncode == 0, found
    assert verify_attestation(place, *how, key="ours.pem").returncode != 0, "a signature is no provenance"
    well("attest", ref, "--key", "ours", "--type", "slsaprovenance1", "--predicate", "provenance.json")
    attested = verify_attestation(place, *how, key="ours.pem")
    assert attested.returncode == 0, attested
    said = json.loads(base64.b64decode(json.loads(attested.stdout)["payload"]))
    assert (said["predicateType"], said["subject"], said["predicate"]) == (BUILT, [{"digest": {"sha256": shop.digest[7:]}}], cosigning.PROVENANCE)
    if where == "registry":
        seen = {(each["critical"]["image"]["docker-manifest-digest"], each["critical"]["type"]) for each in json.loads(verify(place, key="ours.pem").stdout)}
        assert seen == {(shop.digest, SIGN), (shop.digest, BUILT)}
    assert verify(place, *how, key="release.pub").returncode != 0
    assert verify_attestation(place, *how, key="release.pub").returncode != 0


def test_what_lockgate_signed_and_somebody_changed_cosign_refuses(shop: Shop) -> None:
    make_key("ed25519")
    well("sign", f"{shop.place}:1", "--key", "ours")
    assert verify(f"{shop.place}:1", key="ours.pem").returncode == 0
    tamper(shop, other_payload)
    assert verify(f"{shop.place}:1", key="ours.pem").returncode != 0


def test_both_attach_to_one_image_and_find_their_own(shop: Shop) -> None:
    make_key("ed25519")
    shop.sign()
    well("sign", f"{shop.place}:1", "--key", "ours")
    shop.attest()
    shop.sign(OLDER)
    well("attest", f"{shop.place}:1", "--key", "ours", "--type", "slsaprovenance1", "--predicate", "provenance.json")
    assert allowed(f"{shop.place}:1")
    for key in ("release.pub", "ours.pem"):
        assert verify(f"{shop.place}:1", key=key).returncode == 0
    for key in ("ci.pub", "ours.pem"):
        assert verify_attestation(f"{shop.place}:1", key=key).returncode == 0
    said = well("verify", f"{shop.place}:1", "--public", "release.pub", "--public", "ci.pub", "--public", "ours.pub")
    assert (said.count("  signature  "), said.count("  provenance  ")) == (3, 2)
    annotations = [each["annotations"] for each in cosigning.referring(shop.base, shop.digest)]
    assert {(each["dev.sigstore.bundle.content"], each["dev.sigstore.bundle.predicateType"]) for each in annotations} == {
        ("dsse-envelope", SIGN),
        ("dsse-envelope", BUILT),
    }


@formats
def test_a_layout_that_cosign_saved(shop: Shop, older: tuple[str, ...], tmp_path: Path) -> None:
    shop.sign(*older)
    shop.attest(*older)
    cosigned("save", "--dir", "saved", f"{shop.place}:1")
    assert well("gate", "oci:saved", "--to", "production") == f"oci:saved@{shop.digest}"
    make_key("p256")
    well("sign", "oci:saved", "--key", "ours")
    assert "key ours" in well("verify", "oci:saved", "--public", "ours.pub")
    for blob in (tmp_path / "saved" / "blobs" / "sha256").iterdir():
        data = blob.read_bytes()
        if b"dsseEnvelope" in data or b'"critical"' in data or b'"payloadType"' in data:
            blob.write_bytes(data.replace(b"application/vnd.in-toto+json", b"application/vnd.in-toto-json").replace(b"critical", b"criticaL"))
    said = lockgate("gate", "oci:saved", "--to", "production", "--format", "json")
    assert said.returncode == 3, "what is attached has other bytes than its digest says, so that nothing is known of it"


@formats
def test_an_index_that_cosign_signed_and_saved(shop: Shop, older: tuple[str, ...]) -> None:
    """The index is what was signed: by its digest it is allowed, and one platform's image of it is not."""
    one, two = shop.layout.manifest(b"one", platform="linux/amd64"), shop.layout.manifest(b"two", platform="linux/arm64")
    platforms = [{"os": "linux", "architecture": name} for name in ("amd64", "arm64")]
    index = shop.layout.index(*({**each, "platform": platform} for each, platform in zip((one, two), platforms, strict=True)), tag="all")
    cosigning.skopeo("copy", "--all", "oci:image:all", f"docker://{shop.place}:all")
    signed = f"{shop.place}@{index}"
    cosigned("sign", "--key", "release.key", *OFFLINE, *older, signed)
    cosigned("attest", "--key", "ci.key", *OFFLINE, *older, "--type", "slsaprovenance1", "--predicate", "provenance.json", signed)
    assert well("gate", signed, "--to", "production") == signed
    assert refused(f"{shop.place}@{one['digest']}") == {"signed-by.no-signature": [], "built-by.no-provenance": []}
    cosigned("save", "--dir", "saved", signed)
    assert well("gate", f"oci:saved@{index}", "--to", "production") == f"oci:saved@{index}"


def test_what_skopeo_carries_into_a_layout(shop: Shop, tmp_path: Path) -> None:
    """The image alone, unless what is attached is named: by its tag in the older layout, by its digest as a referrer."""
    shop.sign()
    shop.attest()
    cosigning.skopeo("copy", f"docker://{shop.place}:1", "oci:carried:1")
    assert refused("oci:carried:1") == {"signed-by.no-signature": [], "built-by.no-provenance": []}
    for each in cosigning.manifest(shop.base, shop.tag)["manifests"]:
        cosigning.skopeo("copy", f"docker://{shop.place}@{each['digest']}", f"oci:carried:{each['digest'][7:19]}")
    assert well("gate", "oci:carried", "--to", "production") == f"oci:carried@{shop.digest}"

    shop.sign(OLDER)
    shop.attest(OLDER)
    cosigning.skopeo("copy", f"docker://{shop.place}:1", "oci:older:1")
    assert refused("oci:older:1") == {"signed-by.no-signature": [], "built-by.no-provenance": []}
    for suffix in (".sig", ".att"):
        cosigning.skopeo("copy", f"docker://{shop.place}:{shop.tag}{suffix}", f"oci:older:{shop.tag}{suffix}")
    assert well("gate", "oci:older", "--to", "production") == f"oci:older@{shop.digest}"


def test_what_skopeo_carries_to_another_registry(shop: Shop, tmp_path: Path) -> None:
    """The older signature, where skopeo is told to look for such; never an attestation."""
    shop.sign(OLDER)
    shop.attest(OLDER)
    (tmp_path / "registries.d").mkdir()
    (tmp_path / "registries.d" / "here.yaml").write_text(f"docker:\n  {shop.host}:\n    use-sigstore-attachments: true\n")
    mirror = f"{shop.host}/mirror/app"
    command = ["skopeo", "--registries.d", "registries.d", "copy", "-q", "--preserve-digests", "--src-tls-verify=false", "--dest-tls-verify=false"]
    subprocess.run([*command, f"docker://{shop.place}:1", f"docker://{mirror}:1"], check=True)
    assert refused(f"{mirror}:1") == {"built-by.no-provenance": []}


def test_cosigns_own_ed25519_signatures_are_of_a_form_that_neither_verifies(shop: Shop) -> None:
    """With an Ed25519 key cosign signs Ed25519ph, and verifies Ed25519, which is what lockgate signs and reads."""
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", "ed.pem"], check=True)
    subprocess.run(["openssl", "pkey", "-in", "ed.pem", "-pubout", "-out", "ed.pub"], check=True)
    cosigned("import-key-pair", "--key", "ed.pem", "--output-key-prefix", "imported")
    shop.sign(key="imported.key")
    assert "evidence" in lockgate("verify", f"{shop.place}:1", "--public", "ed.pub").stdout
    assert lockgate("verify", f"{shop.place}:1", "--public", "ed.pub").returncode == 1
    assert verify(f"{shop.place}:1", key="ed.pub").returncode != 0
