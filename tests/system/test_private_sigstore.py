"""A private Sigstore on loopback, Fulcio and Rekor and all: cosign signs images with certificates there, and lockgate says who did."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import cosigning
import debian_registry
import sigstore_services
from cosigning import NO_LOG, OLDER, cosign, cosigned
from lockgate.adapters.sources.registry_images import Registries
from lockgate.core.digest import Ref
from lockgate.core.ports import Evidence
from lockgate.errors import EvidenceError
from lockgate.evidence import annotated, cosign_layout, simple_signing
from lockgate.evidence.annotated import Beside
from lockgate.evidence.sigstore import bundle, identity, trust
from lockgate.evidence.sigstore.verify import Demands, Verified
from own_process import lockgate
from sigstore_services import Services

for program in ("docker-registry", "skopeo"):
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not here: dev/servers installs it", allow_module_level=True)
for binary in (cosigning.COSIGN, *sigstore_services.PROGRAMS.values()):
    if not binary.exists():
        pytest.skip(f"{binary.name} is not here: dev/servers builds it", allow_module_level=True)

WHO = "ada@example.com"
LOGLESS, PROMISE = Demands(log="none"), Demands(log="promise")

Json = dict[str, Any]


@dataclass(frozen=True)
class World:
    """The services, and an image in a registry.

    Attributes:
        sigstore: what runs. place: the image's repository. digest: the image's. folder: with an image pushed from it.
    """

    sigstore: Services
    place: str
    digest: str
    folder: Path

    @property
    def ref(self) -> str:
        return f"{self.place}@{self.digest}"

    def repository(self, name: str) -> World:
        """The same image in a repository of its own."""
        place = f"{self.place.partition('/')[0]}/{name}"
        cosigning.push(self.folder / "image", f"{place}:1")
        return World(self.sigstore, place, self.digest, self.folder)

    def signed(self, command: str, *more: str, config: Path | None = None, who: str = WHO) -> None:
        """``cosign sign`` or ``attest``, by somebody's token."""
        ours = self.sigstore
        cosigned(command, "--signing-config", str(config or ours.signing_config), "--trusted-root", str(ours.trusted_root), "--identity-token", ours.token(who),
                 "--yes", *more, self.ref)  # fmt: skip

    def signed_before_bundles(self, command: str, *more: str) -> None:
        ours = self.sigstore
        common = ("--use-signing-config=false", OLDER, "--fulcio-url", ours.fulcio, "--trusted-root", str(ours.trusted_root))
        cosigned(command, *common, "--identity-token", ours.token(WHO), "--yes", *more, self.ref)

    def verified_by_cosign(self, command: str, *more: str, who: str = WHO) -> subprocess.CompletedProcess[str]:
        ours = self.sigstore
        by = ("--certificate-identity", who, "--certificate-oidc-issuer", ours.issuer.url)
        return cosign(command, "--trusted-root", str(ours.trusted_root), *by, *more, self.ref)

    def attached(self) -> list[Evidence]:
        return Registries().attached(Ref(scheme="registry", path=self.place), self.digest)

    def refused(self, piece: Evidence, demands: Demands) -> str:
        with pytest.raises(EvidenceError) as err:
            self.older(piece, demands)
        return err.value.code

    def older(self, piece: Evidence, demands: Demands) -> Verified:
        return cosign_layout.verify(piece, trust.parse(self.sigstore.trusted_root.read_bytes()), {self.digest}, demands=demands)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("sigstore")
    _, digest = cosigning.image(folder / "image")
    with sigstore_services.services(folder) as ours, debian_registry.registry(folder) as host:
        yield World(ours, f"{host}/shop/app", digest, folder)


def told(world: World, path: Path, *, who: str = WHO, code: int = 0) -> Json:
    """What ``lockgate verify`` says of a bundle in a file, as JSON."""
    ours = world.sigstore
    named = ("--trusted-root", str(ours.trusted_root), "--artifact", world.digest, "--identity", who, "--issuer", ours.issuer.url)
    said = lockgate("verify", str(path), *named, "--format", "json")
    assert said.returncode == code, said
    found: Json = json.loads(said.stdout)
    return found


def test_bundles_of_fulcio_and_rekor(world: World, tmp_path: Path) -> None:
    """Signature and provenance, certificate, transparency log and time stamp, all of them the real servers' own."""
    shop = world.repository("shop/bundles")
    (tmp_path / "provenance.json").write_text(json.dumps(cosigning.PROVENANCE))
    shop.signed("sign")
    shop.signed("attest", "--type", "slsaprovenance1", "--predicate", str(tmp_path / "provenance.json"))
    found = shop.attached()
    assert [piece.media_type for piece in found] == [bundle.MEDIA_TYPE] * 2
    for number, piece in enumerate(found):
        path = tmp_path / f"{number}.json"
        path.write_bytes(piece.data)
        assert WHO in json.dumps(told(shop, path))
        assert told(shop, path, who="eve@example.com", code=1)["error"]["code"] == "sigstore.other-identity"
        document = json.loads(piece.data)
        document["verificationMaterial"]["tlogEntries"][0]["inclusionProof"]["checkpoint"]["envelope"] = "127.0.0.1\n1\nAAAA\n\n"
        path.write_text(json.dumps(document))
        assert told(shop, path, code=1)["error"]["code"] == "log-entry.checkpoint-unsigned"
        del document["verificationMaterial"]["tlogEntries"]
        path.write_text(json.dumps(document))
        assert told(shop, path, code=1)["error"]["code"] == "sigstore.no-log-entry"
    assert shop.verified_by_cosign("verify").returncode == 0
    assert shop.verified_by_cosign("verify", who="eve@example.com").returncode != 0


def test_what_a_certificate_says_of_a_job(world: World, tmp_path: Path) -> None:
    """Fulcio's own extensions of a job's certificate, by the names a policy uses; the root in a client trust configuration, as companies hand it out."""
    ours = world.sigstore
    (tmp_path / "app").write_text("the app\n")
    config = {
        "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
        "trustedRoot": json.loads(ours.trusted_root.read_text()),
        "signingConfig": json.loads(ours.signing_config.read_text()),
    }
    (tmp_path / "trust.json").write_text(json.dumps(config))
    token = ours.jobs.token(sub="repo:acme/shop:ref:refs/heads/main", **sigstore_services.WORKFLOW)
    cosigned("sign-blob", "--yes", "--signing-config", str(ours.signing_config), "--trusted-root", str(ours.trusted_root), "--identity-token", token,
             "--bundle", str(tmp_path / "bundle.json"), str(tmp_path / "app"))  # fmt: skip
    signer = "https://ci.example/acme/builders/.github/workflows/release.yml@refs/tags/v1"
    common = ("verify", str(tmp_path / "bundle.json"), "--trusted-root", str(tmp_path / "trust.json"), "--artifact", f"file:{tmp_path}/app")
    said = lockgate(*common, "--identity", signer, "--issuer", ours.jobs.url)
    assert said.returncode == 0, said
    assert signer in said.stdout
    assert lockgate(*common, "--identity", signer, "--issuer", ours.issuer.url).returncode == 1
    certificate = bundle.parse((tmp_path / "bundle.json").read_bytes()).chain[0]
    who = identity.read(certificate)
    assert (who.subject, who.issuer) == (signer, ours.jobs.url)
    assert who.claims == {
        "build-config-digest": "6cf671f47f3752f97b9f5bff511e37b938fe10d2",
        "build-config-uri": "https://ci.example/acme/shop/.github/workflows/ship.yml@refs/heads/main",
        "build-signer-digest": "d37a7f740ee74049144562f4dcd90e865a0509e8",
        "build-signer-uri": signer,
        "build-trigger": "push",
        "repository": "acme/shop",
        "run-invocation-uri": "https://ci.example/acme/shop/actions/runs/9/attempts/1",
        "runner-environment": "github-hosted",
        "source-repository-digest": "6cf671f47f3752f97b9f5bff511e37b938fe10d2",
        "source-repository-identifier": "123",
        "source-repository-owner-identifier": "7",
        "source-repository-owner-uri": "https://ci.example/acme",
        "source-repository-ref": "refs/heads/main",
        "source-repository-uri": "https://ci.example/acme/shop",
        "source-repository-visibility": "private",
        "token-subject": "repo:acme/shop:ref:refs/heads/main",
        "workflow-name": "release",
    }


def test_keys_are_logged_too(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key of cosign's instead of a certificate: its signature is in the log, by that key."""
    ours = world.sigstore
    monkeypatch.chdir(tmp_path)
    Path("app").write_text("the app\n")
    for name in ("cosign", "other"):
        cosigned("generate-key-pair", "--output-key-prefix", name)
    common = ("--signing-config", str(ours.signing_config), "--trusted-root", str(ours.trusted_root))
    cosigned("sign-blob", "--yes", "--key", "cosign.key", *common, "--bundle", "bundle.json", "app")
    named = ("verify", "bundle.json", "--trusted-root", str(ours.trusted_root), "--artifact", "file:app", "--format", "json")
    assert lockgate(*named, "--public", "cosign.pub").returncode == 0
    assert json.loads(lockgate(*named, "--public", "other.pub").stdout)["error"]["code"] == "signature.bad"


@pytest.mark.parametrize(("name", "by"), [("stamped", "time-stamp"), ("logged", "log")])
def test_cosigns_older_layout_with_certificates(world: World, tmp_path: Path, name: str, by: str) -> None:
    """A payload and an envelope with certificate and chain beside them, and a time stamp or a log's promise."""
    shop, ours = world.repository(f"shop/{name}"), world.sigstore
    how = ("--tlog-upload=false", "--timestamp-server-url", f"{ours.stamper}/api/v1/timestamp") if name == "stamped" else ("--rekor-url", ours.older)
    demands = LOGLESS if name == "stamped" else PROMISE
    (tmp_path / "provenance.json").write_text(json.dumps(cosigning.PROVENANCE))
    shop.signed_before_bundles("attest", "--type", "slsaprovenance1", "--predicate", str(tmp_path / "provenance.json"), *how)
    shop.signed_before_bundles("sign", *how)  # after it, so that its log entry below is of a time when the other's certificate is valid
    found = {piece.media_type: piece for piece in shop.attached()}
    assert found.keys() == {simple_signing.MEDIA_TYPE, annotated.ATTESTATION}
    for piece in found.values():
        verified = shop.older(piece, demands)
        assert [time.by for time in verified.times] == [by]
        who = identity.read(verified.certificate)
        assert (who.subject, who.issuer) == (WHO, ours.issuer.url)
        assert shop.refused(piece, Demands()) == ("sigstore.no-log-entry" if name == "stamped" else "log-entry.no-inclusion-proof")
    payload, (envelope, other) = simple_signing.parse(found[simple_signing.MEDIA_TYPE].data), annotated.envelope_of(found[annotated.ATTESTATION].data)
    swapped = Evidence(media_type=annotated.ATTESTATION, data=annotated.join(envelope, "", payload.beside), origin="")
    assert shop.refused(swapped, demands) == ("timestamp.other-message" if name == "stamped" else "signature.bad")
    beside = Beside(certificate=other.certificate, chain=other.chain, log=payload.beside.log, time_stamp=payload.beside.time_stamp)
    swapped = Evidence(media_type=annotated.ATTESTATION, data=annotated.join(envelope, "", beside), origin="")
    assert shop.refused(swapped, demands) == ("timestamp.other-message" if name == "stamped" else "log-entry.unknown-kind")
    no_log = (NO_LOG, "--use-signed-timestamps") if name == "stamped" else ()
    assert shop.verified_by_cosign("verify", OLDER, *no_log).returncode == 0
    checked = shop.verified_by_cosign("verify-attestation", OLDER, "--type", "slsaprovenance1", *no_log)
    if name == "stamped":  # cosign 3.1 stamps the signature in the envelope, and looks for a stamp of the envelope, as it wrote before
        assert "hashed messages don't match" in checked.stderr
    else:
        assert checked.returncode == 0, checked


POLICY = """\
version: 1
project: shop
environments:
  production:
    accepts: {{formats: [sigstore-bundle], log: {log}, certificate-log: yes}}
    requires:
      - signed-by: {{identities: [ada], max-age: 30d}}
      - built-by:
          builder: "https://example.com/ci"
          source: "git+https://github.com/acme/shop@refs/heads/main"
          identities: [pipeline]
identities:
  ada: {{issuer: "{people}", identity: ada@example.com, root: private}}
  pipeline:
    issuer: "{jobs}"
    identity-glob: "https://ci.example/acme/*/.github/workflows/release.yml@refs/tags/v*"
    claims: {{source-repository-identifier: "123", runner-environment: github-hosted, build-trigger: {trigger}}}
    root: private
trusted-roots:
  private: {{file: {root}}}
"""


def test_a_gate_decides_on_what_certificates_signed_in_a_registry(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By hand from docs/policy.md: allowed, then refused for each reason there is, each told by its code; and decided again with what was stored alone."""
    ours = world.sigstore
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    Path("provenance.json").write_text(json.dumps(cosigning.PROVENANCE))
    expired = json.loads(ours.trusted_root.read_text())
    for one in expired["certificateAuthorities"]:
        one["validFor"]["end"] = "2026-02-01T00:00:00Z"
    Path("expired.json").write_text(json.dumps(expired))

    def put(**other: str) -> str:
        """A policy in force, and what whoever proposed it was shown."""
        words = {"log": "proof", "people": ours.issuer.url, "jobs": ours.jobs.url, "trigger": "push", "root": str(ours.trusted_root), **other}
        Path("policy.yaml").write_text(POLICY.format(**words))
        said = lockgate("policy", "apply", "policy.yaml")
        assert said.returncode == 0, said
        return said.stderr

    def gated(where: World) -> set[str]:
        """Why it is refused, with every code that the outcomes name; nothing where it is allowed."""
        said = lockgate("gate", where.ref, "--to", "production", "--format", "json")
        decided = json.loads(said.stdout)["decision"]
        assert (said.returncode == 0) == (decided["outcome"] == "allowed"), said
        return {code for one in decided["outcomes"] if one["result"] != "pass" for code in one["params"].get("because", [one["code"]])}

    def released(name: str, who: str = WHO, config: Path | None = None) -> World:
        shop = world.repository(name)
        shop.signed("sign", who=who, config=config)
        job = ours.jobs.token(sub="repo:acme/shop:ref:refs/heads/main", **sigstore_services.WORKFLOW)
        cosigned("attest", "--signing-config", str(config or ours.signing_config), "--trusted-root", str(ours.trusted_root), "--identity-token", job, "--yes",
                 "--type", "slsaprovenance1", "--predicate", "provenance.json", shop.ref)  # fmt: skip
        return shop

    assert lockgate("init", "--origin", "example.com/shop", "--name", "Ada").returncode == 0
    shown = put()
    assert "transparency-log" in shown
    assert "rawBytes" not in shown
    assert lockgate("people", "add", "Ada", "--duty", "production=deploy").returncode == 0
    good, eve, without_log = released("gate/good"), released("gate/eve", who="eve@example.com"), released("gate/nolog", config=ours.without_log)
    assert gated(good) == set()
    assert gated(eve) == {"identity.other-subject"}
    assert gated(without_log) == {"sigstore.no-log-entry"}
    for other, code in (
        ({"people": "https://other.example"}, "identity.other-issuer"),
        ({"trigger": "schedule"}, "identity.other-claim"),
        ({"root": "expired.json"}, "certificate.authority-outside-validity"),
    ):
        put(**other)
        assert gated(good) == {code}
    put(log="none")
    assert gated(without_log) == set()
    decisions = [one for one in range(60) if lockgate("log", "replay", str(one)).stdout.endswith(": same\n")]
    assert len(decisions) == 7
