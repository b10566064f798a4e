"""A layout lockgate never wrote, from nothing to production: made with Python's standard library, signed with openssl, approved with ssh-keygen.

Everything lockgate reads here was made by hand: image and referrers (image-spec v1.1), DSSE (PAE and envelope), in-toto
Statements, SLSA provenance, SSHSIG through ``ssh-keygen -Y sign``, and the `deployed` event. What Ada says herself goes
through the real ssh-agent. The bad ones differ in one thing each.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from house import SRC

for program in ("openssl", "ssh-keygen", "ssh-agent", "ssh-add"):
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not here: dev/servers installs it", allow_module_level=True)

IN_TOTO = "application/vnd.in-toto+json"
SOURCE = "git+https://example.com/shop@refs/heads/main"
BUILDER = "https://ci.example.com"
POLICY = f"""\
version: 1
project: foreign
environments:
  staging:
    requires:
      - signed-by: {{keys: [release]}}
  production:
    from: staging
    requires:
      - signed-by: {{keys: [release]}}
      - built-by: {{builder: "{BUILDER}", source: "{SOURCE}", keys: [ci]}}
      - came-through: {{environment: staging}}
      - soaked: {{in: staging, for: 1s}}
      - approved: {{duties: {{release-management: 1, security: 1}}}}
keys:
  release: {{file: release.pub.pem}}
  ci: {{file: ci.pub.pem}}
"""


class Said(NamedTuple):
    code: int
    out: str
    err: str


def run(*command: str, stdin: bytes = b"") -> bytes:
    done = subprocess.run(command, input=stdin, capture_output=True, check=False)
    assert done.returncode == 0, (command, done.stderr)
    return done.stdout


def lockgate(*words: str) -> Said:
    done = subprocess.run(
        [sys.executable, "-m", "lockgate.cli.main", *words], capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(SRC)}
    )
    return Said(done.returncode, done.stdout, done.stderr)


def well(*words: str) -> str:
    """The stdout of a command that has to succeed."""
    said = lockgate(*words)
    assert said.code == 0, said
    return said.out.strip()


def to_json(value: Any) -> bytes:
    return json.dumps(value, indent=2).encode()


class Image:
    """An OCI image layout, written as other tools write it: indented, with annotations, nothing sorted."""

    def __init__(self, path: Path) -> None:
        self.blobs = path / "blobs" / "sha256"
        self.blobs.mkdir(parents=True)
        self.path = path
        (path / "oci-layout").write_bytes(to_json({"imageLayoutVersion": "1.0.0"}))
        self.layer = self.blob(b"what runs\n" * 1000, "application/vnd.oci.image.layer.v1.tar")
        self.config = self.blob(
            to_json({"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": []}}), "application/vnd.oci.image.config.v1+json"
        )
        self.manifest = self.of([self.layer], self.config)
        self.listed = [{**self.manifest, "annotations": {"org.opencontainers.image.ref.name": "1"}}]
        self.save()

    def blob(self, data: bytes, media_type: str) -> dict[str, Any]:
        name = hashlib.sha256(data).hexdigest()
        (self.blobs / name).write_bytes(data)
        return {"mediaType": media_type, "size": len(data), "digest": f"sha256:{name}"}

    def of(self, layers: list[dict[str, Any]], config: dict[str, Any], **more: Any) -> dict[str, Any]:
        media_type = "application/vnd.oci.image.manifest.v1+json"
        return self.blob(to_json({"schemaVersion": 2, "mediaType": media_type, "config": config, "layers": layers, **more}), media_type)

    def attach(self, envelope: bytes) -> None:
        """As a referrer (image-spec v1.1): a manifest with this image as its subject, listed in the index."""
        empty = self.blob(b"{}", "application/vnd.oci.empty.v1+json")
        layer = self.blob(envelope, "application/vnd.dsse.envelope.v1+json")
        self.listed.append(self.of([layer], empty, artifactType="application/vnd.dsse.envelope.v1+json", subject=self.manifest))
        self.save()

    def save(self) -> None:
        (self.path / "index.json").write_bytes(to_json({"schemaVersion": 2, "manifests": self.listed}))

    @property
    def digest(self) -> str:
        return str(self.manifest["digest"])


def pae(payload: bytes) -> bytes:
    """DSSE v1, "Signature Definition"."""
    return b"DSSEv1 %d %s %d %s" % (len(IN_TOTO), IN_TOTO.encode(), len(payload), payload)


def by_openssl_ed25519(key: str, message: bytes) -> bytes:
    Path("message").write_bytes(message)
    return run("openssl", "pkeyutl", "-sign", "-inkey", key, "-rawin", "-in", "message")


def by_openssl_ecdsa(key: str, message: bytes) -> bytes:
    return run("openssl", "dgst", "-sha256", "-sign", key, stdin=message)


def envelope(payload: bytes, *signatures: dict[str, str]) -> bytes:
    return to_json({"payload": base64.b64encode(payload).decode(), "payloadType": IN_TOTO, "signatures": list(signatures)})


def statement(digest: str, predicate_type: str, predicate: dict[str, Any]) -> bytes:
    subject = {"name": "shop", "digest": {"sha256": digest.removeprefix("sha256:")}}
    return to_json({"_type": "https://in-toto.io/Statement/v1", "subject": [subject], "predicateType": predicate_type, "predicate": predicate})


def signed(digest: str, *, key: str = "release.pem") -> bytes:
    payload = statement(digest, "https://sigstore.dev/cosign/sign/v1", {})
    return envelope(payload, {"sig": base64.b64encode(by_openssl_ed25519(key, pae(payload))).decode()})


def provenance(digest: str, *, key: str = "ci.pem", source: str = SOURCE) -> bytes:
    definition = {"buildType": f"{BUILDER}/v1", "externalParameters": {"source": source}, "resolvedDependencies": []}
    payload = statement(digest, "https://slsa.dev/provenance/v1", {"buildDefinition": definition, "runDetails": {"builder": {"id": BUILDER}}})
    return envelope(payload, {"keyid": "the builder's own name for it", "sig": base64.b64encode(by_openssl_ecdsa(key, pae(payload))).decode()})


@pytest.fixture
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A gate whose owner's key is in ssh-agent and nowhere else; openssl's keys for evidence; ssh-keygen's for people."""
    (tmp_path / "home").mkdir()
    (tmp_path / "work").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "work")
    started = run("ssh-agent", "-s").decode()
    settings = dict(re.findall(r"(SSH_\w+)=([^;]+);", started))
    monkeypatch.setenv("SSH_AUTH_SOCK", settings["SSH_AUTH_SOCK"])
    for name, kind in (("ada", ["ed25519"]), ("bob", ["rsa", "-b", "2048"]), ("carol", ["ecdsa"]), ("robot", ["ed25519"])):
        run("ssh-keygen", "-q", "-t", *kind, "-N", "", "-C", f"{name}@example.com", "-f", name)
    for name in ("ada", "carol"):
        run("ssh-add", "-q", name)
        Path(name).unlink()
    for name, kind in (("release", ["ed25519"]), ("other", ["ed25519"]), ("ci", ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"])):
        run("openssl", "genpkey", "-algorithm", *kind, "-out", f"{name}.pem")
        run("openssl", "pkey", "-in", f"{name}.pem", "-pubout", "-out", f"{name}.pub.pem")
    monkeypatch.setenv("LOCKGATE_KEY", "ada.pub")
    Path("policy.yaml").write_text(POLICY)
    well("init", "--origin", "example.com/foreign", "--name", "Ada")
    well("policy", "apply", "policy.yaml")
    well("people", "add", "Ada", *["--duty", "production=request", "--duty", "production=deploy"])
    well("people", "add", "Robot", *["--public", "robot.pub", "--duty", "staging=deploy"])
    well("people", "add", "Bob", *["--public", "bob.pub", "--duty", "production=approve:release-management"])
    well("people", "add", "Carol", *["--public", "carol.pub", "--duty", "production=approve:security"])
    yield
    with contextlib.suppress(ProcessLookupError):
        os.kill(int(settings["SSH_AGENT_PID"]), 15)


def deployed(index: int, digest: str, *, key: str = "robot", started: datetime) -> Path:
    """`deployed`, in staging, by hand: canonical JSON as docs/events.md has it, signed with ssh-keygen."""
    at = f"{started:%Y-%m-%dT%H:%M:%SZ}"
    log = json.loads(Path("lockgate.trust").read_text())["root"]["genesis"]
    predicate = {"config": "none", "endedAt": at, "environment": "staging", "log": log, "permit": index, "startedAt": at}
    said = {
        "_type": "https://in-toto.io/Statement/v1",
        "predicate": predicate,
        "predicateType": "https://lockgate.dev/attestation/deployed/v1",
        "subject": [{"digest": {"sha256": digest.removeprefix("sha256:")}}],
    }
    payload = json.dumps(said, sort_keys=True, separators=(",", ":")).encode()
    Path("deployed").write_bytes(pae(payload))
    Path("deployed.sig").unlink(missing_ok=True)
    run("ssh-keygen", "-q", "-Y", "sign", "-n", "lockgate-deployed@v1", "-f", key, "deployed")
    sig = "".join(line for line in Path("deployed.sig").read_text().splitlines() if not line.startswith("-----"))
    keyid = run("ssh-keygen", "-l", "-f", f"{key}.pub").decode().split()[1]
    Path("deployed.json").write_bytes(envelope(payload, {"keyid": keyid, "sig": sig}))
    return Path("deployed.json")


def in_staging(image: Image) -> None:
    allowed = json.loads(well("gate", "oci:image:1", "--to", "staging", "--key", "robot", "--format", "json"))
    assert allowed["decision"]["outcome"] == "allowed"
    well("log", "record", str(deployed(allowed["index"], image.digest, started=datetime.now(UTC))))


def approved() -> str:
    """Requested by Ada's agent, approved by Bob with ssh-keygen (RSA) and by Carol through the agent (ECDSA)."""
    request = well("request", "oci:image:1", "--to", "production")
    well("approve", request, "--duty", "release-management", "--prepare", "yes")
    Path("yes.sig").unlink(missing_ok=True)
    run("ssh-keygen", "-q", "-Y", "sign", "-n", "lockgate-approval@v1", "-f", "bob", "yes")
    well("approve", request, "--prepare", "yes", "--signature", "yes.sig")
    fingerprint = run("ssh-keygen", "-l", "-f", "carol.pub").decode().split()[1]
    well("approve", request, "--key", fingerprint)
    return request


@pytest.mark.usefixtures("agent")
def test_from_nothing_to_production() -> None:
    image = Image(Path("image"))
    assert lockgate("gate", "oci:image:1", "--to", "staging").code == 1
    image.attach(signed(image.digest))
    image.attach(provenance(image.digest))
    in_staging(image)
    assert lockgate("gate", "oci:image:1", "--to", "production").code == 1
    approved()
    until = datetime.now(UTC) + timedelta(seconds=10)
    while (said := lockgate("deploy", "oci:image:1", "--to", "production", "--", "cp", "-r", "{ref}", "running")).code and datetime.now(UTC) < until:
        assert said.code == 1, said  # it soaks
    assert said.code == 0, said
    assert said.out == "", "the standard output is the command's own"
    assert {path.name for path in Path("running/blobs/sha256").iterdir()} == {str(part["digest"])[7:] for part in (image.manifest, image.config, image.layer)}
    status = json.loads(well("status", "--format", "json"))
    assert [one["occupant"]["release"]["artifacts"] for one in status["environments"]] == [[image.digest]] * 2
    assert "everything adds up" in well("log", "check")


def _other_key(image: Image) -> None:
    image.attach(signed(image.digest, key="other.pem"))


def _other_digest(image: Image) -> None:
    image.attach(signed("sha256:" + "0" * 64))


def _other_bytes(image: Image) -> None:
    image.attach(signed(image.digest))
    layer = image.blobs / str(image.layer["digest"])[7:]
    data = bytearray(layer.read_bytes())
    data[4321] ^= 1
    layer.write_bytes(data)


def _bare_signature_of_the_payload(image: Image) -> None:
    """Without the PAE, as somebody would who did not read DSSE."""
    payload = statement(image.digest, "https://sigstore.dev/cosign/sign/v1", {})
    image.attach(envelope(payload, {"sig": base64.b64encode(by_openssl_ed25519("release.pem", payload)).decode()}))


def _signature_cut_short(image: Image) -> None:
    whole = json.loads(signed(image.digest))
    whole["signatures"][0]["sig"] = whole["signatures"][0]["sig"][:40]
    image.attach(to_json(whole))


@pytest.mark.usefixtures("agent")
@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (_other_key, "signed-by.no-good-signature"),
        (_other_digest, "signed-by.no-good-signature"),
        (_other_bytes, "digest.mismatch"),
        (_bare_signature_of_the_payload, "signed-by.no-good-signature"),
        (_signature_cut_short, "signed-by.no-good-signature"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_bad_one_is_refused(spoil: Callable[[Image], None], code: str) -> None:
    image = Image(Path("image"))
    spoil(image)
    said = lockgate("gate", "oci:image:1", "--to", "staging", "--format", "json")
    assert said.code == 1, said
    assert code in {one.get("code") for one in json.loads(said.out)["decision"]["outcomes"]}
    assert lockgate("deploy", "oci:image:1", "--to", "staging", "--key", "robot", "--", "touch", "ran", "{ref}").code == 1
    assert not Path("ran").exists()


@pytest.mark.usefixtures("agent")
def test_bad_provenance_and_bad_events_are_refused() -> None:
    image = Image(Path("image"))
    image.attach(signed(image.digest))
    image.attach(provenance(image.digest, source="git+https://example.com/fork@refs/heads/main"))
    allowed = json.loads(well("gate", "oci:image:1", "--to", "staging", "--key", "robot", "--format", "json"))
    now = datetime.now(UTC)
    for said, expected in (
        (lockgate("log", "record", str(deployed(allowed["index"], image.digest, key="bob", started=now)), "--format", "json"), "people.no-duty"),
        (lockgate("log", "record", str(deployed(allowed["index"], "sha256:" + "0" * 64, started=now)), "--format", "json"), "deployed.other-release"),
        (lockgate("log", "record", str(deployed(allowed["index"] - 1, image.digest, started=now)), "--format", "json"), "deployed.no-permit"),
        (
            lockgate("log", "record", str(deployed(allowed["index"], image.digest, started=now + timedelta(days=1))), "--format", "json"),
            "deployed.permit-expired",
        ),
    ):
        assert (said.code, json.loads(said.out)["error"]["code"]) == (1, expected), said
    well("log", "record", str(deployed(allowed["index"], image.digest, started=now)))
    outcomes = json.loads(lockgate("gate", "oci:image:1", "--to", "production", "--format", "json").out)["decision"]["outcomes"]
    assert "built-by.other-source" in {one.get("code") for one in outcomes}
