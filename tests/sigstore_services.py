"""A private Sigstore on loopback: Fulcio, Rekor's tile server and a time-stamping authority, as they are published, and what they need around them.

Fulcio asks an issuer of OpenID Connect tokens whose keys these are, and shows its certificates to a certificate log; both are small servers
of this file, and so is a log of Rekor's first version. cosign is told of it all by a signing configuration and a trusted root, which it writes itself.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

import cosigning
from debian_registry import free_port
from lockgate.evidence.sigstore import der as elements
from private_sigstore import Instance, authority, der, p256, sign, spki

BUILD = Path(__file__).parent / "system" / "private"
PROGRAMS = {
    name: cosigning.COSIGN.parent.parent / f"{name}-{version}" / name
    for name, version in re.findall(r"^(\w+) \S+@(v\S+)$", (BUILD / "versions").read_text(), re.MULTILINE)
}
"""Where dev/servers builds them."""

AUDIENCE = "sigstore"
ENTRIES = "/api/v1/log/entries"
_POISON = "1.3.6.1.4.1.11129.2.4.3"
_SINCE = "2026-01-01T00:00:00Z"

WORKFLOW = {
    "repository": "acme/shop",
    "repository_id": "123",
    "repository_owner": "acme",
    "repository_owner_id": "7",
    "repository_visibility": "private",
    "ref": "refs/heads/main",
    "sha": "6cf671f47f3752f97b9f5bff511e37b938fe10d2",
    "event_name": "push",
    "runner_environment": "github-hosted",
    "job_workflow_ref": "acme/builders/.github/workflows/release.yml@refs/tags/v1",
    "job_workflow_sha": "d37a7f740ee74049144562f4dcd90e865a0509e8",
    "workflow": "release",
    "workflow_ref": "acme/shop/.github/workflows/ship.yml@refs/heads/main",
    "workflow_sha": "6cf671f47f3752f97b9f5bff511e37b938fe10d2",
    "run_id": "9",
    "run_attempt": "1",
}
"""What a job's token says, in GitHub's words."""

_WORKFLOWS = {
    "DefaultTemplateValues": {"url": "https://ci.example"},
    "ExtensionTemplates": {
        "GithubWorkflowTrigger": "event_name",
        "GithubWorkflowSHA": "sha",
        "GithubWorkflowName": "workflow",
        "GithubWorkflowRepository": "repository",
        "GithubWorkflowRef": "ref",
        "BuildSignerURI": "{{ .url }}/{{ .job_workflow_ref }}",
        "BuildSignerDigest": "job_workflow_sha",
        "RunnerEnvironment": "runner_environment",
        "SourceRepositoryURI": "{{ .url }}/{{ .repository }}",
        "SourceRepositoryDigest": "sha",
        "SourceRepositoryRef": "ref",
        "SourceRepositoryIdentifier": "repository_id",
        "SourceRepositoryOwnerURI": "{{ .url }}/{{ .repository_owner }}",
        "SourceRepositoryOwnerIdentifier": "repository_owner_id",
        "BuildConfigURI": "{{ .url }}/{{ .workflow_ref }}",
        "BuildConfigDigest": "workflow_sha",
        "BuildTrigger": "event_name",
        "RunInvocationURI": "{{ .url }}/{{ .repository }}/actions/runs/{{ .run_id }}/attempts/{{ .run_attempt }}",
        "SourceRepositoryVisibilityAtSigning": "repository_visibility",
    },
    "SubjectAlternativeNameTemplate": "{{ .url }}/{{ .job_workflow_ref }}",
}
"""How Fulcio puts it into a certificate, as it does for GitHub's own."""

Answer = Callable[[str, bytes], Any]


def b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@contextmanager
def answering(answer: Answer) -> Iterator[str]:
    """A server of JSON on loopback; its URL. `answer` has the path and the body, and gives None for what is not there; what is made is 201."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = answer(self.path, self.rfile.read(int(self.headers.get("Content-Length", 0))))
            body = json.dumps(found).encode()
            self.send_response(404 if found is None else 201 if self.path == ENTRIES else 200)
            if found is not None and self.path == ENTRIES:
                self.send_header("ETag", next(iter(found)))
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Issuer:
    """Of OpenID Connect tokens: whoever asks for one here is who they say."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(65537, 2048)
        self.url = ""

    def answer(self, path: str, _: bytes) -> Any:
        numbers = self.key.public_key().public_numbers()
        match path:
            case "/.well-known/openid-configuration":
                return {
                    "issuer": self.url,
                    "jwks_uri": f"{self.url}/keys",
                    "authorization_endpoint": self.url,
                    "token_endpoint": self.url,
                    "response_types_supported": ["id_token"],
                    "subject_types_supported": ["public"],
                    "id_token_signing_alg_values_supported": ["RS256"],
                }
            case "/keys":
                modulus, exponent = (b64url(number.to_bytes((number.bit_length() + 7) // 8, "big")) for number in (numbers.n, numbers.e))
                return {"keys": [{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "1", "n": modulus, "e": exponent}]}
            case _:
                return None

    def token(self, **claims: Any) -> str:
        """A token, for ten minutes from now."""
        now = int(time.time())
        said = {"iss": self.url, "aud": AUDIENCE, "iat": now, "exp": now + 600, **claims}
        head = ".".join(b64url(json.dumps(part).encode()) for part in ({"alg": "RS256", "typ": "JWT", "kid": "1"}, said))
        return f"{head}.{b64url(self.key.sign(head.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


class CertificateLog:
    """Of RFC 6962, as far as a certificate authority sees it: it promises to log a precertificate."""

    def __init__(self) -> None:
        self.key = p256()

    def answer(self, path: str, body: bytes) -> Any:
        if path != "/log/ct/v1/add-pre-chain":
            return None
        first, issuer, *_ = (base64.b64decode(one) for one in json.loads(body)["chain"])
        bare = without_poison(first)
        at = int(time.time() * 1000)
        issuer_key = hashlib.sha256(x509.load_der_x509_certificate(issuer).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
        signed = b"\x00\x00" + at.to_bytes(8, "big") + b"\x00\x01" + issuer_key + len(bare).to_bytes(3, "big") + bare + b"\x00\x00"
        signature = sign(self.key, signed)
        whole = b"\x04\x03" + len(signature).to_bytes(2, "big") + signature
        id_ = hashlib.sha256(spki(self.key)).digest()
        return {"sct_version": 0, "id": base64.b64encode(id_).decode(), "timestamp": at, "extensions": "", "signature": base64.b64encode(whole).decode()}


class OlderLog:
    """Rekor's first version, as far as a signer sees it: every entry is the second of a tree of two, and promised at once."""

    def __init__(self) -> None:
        self.instance = Instance()

    def answer(self, path: str, body: bytes) -> Any:
        if path != ENTRIES:
            return None
        asked = json.loads(body)
        kind, spec = asked["kind"], asked["spec"]
        if kind == "dsse":
            envelope = spec["proposedContent"]["envelope"]
            inner = json.loads(envelope)
            spec = {
                "envelopeHash": {"algorithm": "sha256", "value": hashlib.sha256(envelope.encode()).hexdigest()},
                "payloadHash": {"algorithm": "sha256", "value": hashlib.sha256(base64.b64decode(inner["payload"])).hexdigest()},
                "signatures": [{"signature": inner["signatures"][0]["sig"], "verifier": spec["proposedContent"]["verifiers"][0]}],
            }
        made = self.instance.entry(kind, "0.0.1", spec, integrated=datetime.now(UTC))
        proof = made["inclusionProof"]
        return {
            hashlib.sha256(b"\0" + base64.b64decode(made["canonicalizedBody"])).hexdigest(): {
                "body": made["canonicalizedBody"],
                "integratedTime": int(made["integratedTime"]),
                "logID": self.instance.id1.hex(),
                "logIndex": 1,
                "verification": {
                    "signedEntryTimestamp": made["inclusionPromise"]["signedEntryTimestamp"],
                    "inclusionProof": {
                        "checkpoint": proof["checkpoint"]["envelope"],
                        "hashes": [base64.b64decode(one).hex() for one in proof["hashes"]],
                        "logIndex": 1,
                        "rootHash": base64.b64decode(proof["rootHash"]).hex(),
                        "treeSize": 2,
                    },
                },
            }
        }


def without_poison(precertificate: bytes) -> bytes:
    """What a precertificate promises to be signed: RFC 6962 section 3.2."""
    *fields, last = elements.single(precertificate).items()[0].items()
    kept = [one.whole for one in elements.single(last.value).items() if elements.oid(one.items()[0]) != _POISON]
    return der(0x30, *(one.whole for one in fields), der(0xA3, der(0x30, *kept)))


@dataclass(frozen=True)
class Services:
    """What runs.

    Attributes:
        issuer: of tokens for people, whose URL certificates name. jobs: the same for jobs of a pipeline.
        signing_config, trusted_root: the files cosign wrote; a variant of the first has no log.
        fulcio, rekor, older, stamper: their URLs; ``older`` is a small server of this file.
    """

    issuer: Issuer
    jobs: Issuer
    signing_config: Path
    without_log: Path
    trusted_root: Path
    fulcio: str
    rekor: str
    older: str
    stamper: str

    def token(self, who: str) -> str:
        """Somebody's, by e-mail address."""
        return self.issuer.token(sub=who, email=who, email_verified=True)


@contextmanager
def services(folder: Path) -> Iterator[Services]:
    """Run it all; files and logs stand in `folder`."""
    with ExitStack() as stack:
        issuer, jobs, log, older = Issuer(), Issuer(), CertificateLog(), OlderLog()
        for one in (issuer, jobs):
            one.url = stack.enter_context(answering(one.answer))
        log_url = stack.enter_context(answering(log.answer)) + "/log"
        (folder / "ct.pem").write_bytes(log.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        older_url = stack.enter_context(answering(older.answer))
        (folder / "older.pem").write_bytes(older.instance.rekor1.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        fulcio = stack.enter_context(_fulcio(folder, issuer.url, jobs.url, log_url))
        rekor = stack.enter_context(_rekor(folder))
        stamper = stack.enter_context(_stamper(folder))
        created = ("signing-config", "create", f"--fulcio=url={fulcio},api-version=1,start-time={_SINCE},operator=us",
                   f"--oidc-provider=url={issuer.url},api-version=1,start-time={_SINCE},operator=us",
                   f"--tsa=url={stamper}/api/v1/timestamp,api-version=1,start-time={_SINCE},operator=us", "--tsa-config=ANY")  # fmt: skip
        logged = (f"--rekor=url={rekor},api-version=2,start-time={_SINCE},operator=us", "--rekor-config=ANY")
        cosigning.cosigned(*created, *logged, "--out", str(folder / "signing.json"))
        cosigning.cosigned(*created, "--out", str(folder / "without-log.json"))
        cosigning.cosigned(
            "trusted-root", "create", f"--fulcio=url={fulcio},certificate-chain={folder / 'ca.pem'}",
            f"--rekor=url={rekor},public-key={folder / 'rekor.pub'},start-time={_SINCE},origin=127.0.0.1",
            f"--rekor=url={older_url},public-key={folder / 'older.pem'},start-time={_SINCE}",
            f"--ctfe=url={log_url},public-key={folder / 'ct.pem'},start-time={_SINCE}",
            f"--tsa=url={stamper},certificate-chain={folder / 'tsa.pem'}",
            "--out", str(folder / "root.json"),
        )  # fmt: skip
        yield Services(issuer, jobs, folder / "signing.json", folder / "without-log.json", folder / "root.json", fulcio, rekor, older_url, stamper)


@contextmanager
def _running(name: str, port: int, folder: Path, *words: str) -> Iterator[None]:
    with (folder / f"{name}.log").open("wb") as log, subprocess.Popen([PROGRAMS[name], *words], stdout=log, stderr=log, cwd=folder) as server:
        try:
            for _ in range(400):
                with socket.socket() as there:
                    if there.connect_ex(("127.0.0.1", port)) == 0:
                        break
                if server.poll() is not None:
                    raise RuntimeError(f"{name} ended at once: {folder}/{name}.log")
                time.sleep(0.05)
            else:
                raise TimeoutError(f"{name} did not answer in 20 s: {folder}/{name}.log")
            yield
        finally:
            server.kill()


@contextmanager
def _fulcio(folder: Path, issuer: str, jobs: str, log_url: str) -> Iterator[str]:
    key, middle = ec.generate_private_key(ec.SECP384R1()), ec.generate_private_key(ec.SECP384R1())
    begin, end = datetime(2026, 1, 1, tzinfo=UTC), datetime.now(UTC) + timedelta(days=30)
    root = authority("a root", key, begin=begin, end=end)
    between = authority("an authority", middle, (root.subject, key), begin=begin, end=end, path_length=0, purposes=[ExtendedKeyUsageOID.CODE_SIGNING])
    (folder / "ca.pem").write_bytes(between.public_bytes(Encoding.PEM) + root.public_bytes(Encoding.PEM))
    (folder / "ca.key").write_bytes(middle.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"throw-away")))
    people = {"IssuerURL": issuer, "ClientID": AUDIENCE, "Type": "email"}
    pipelines = {"IssuerURL": jobs, "ClientID": AUDIENCE, "Type": "ci-provider", "CIProvider": "workflows"}
    (folder / "fulcio.json").write_text(json.dumps({"OIDCIssuers": {issuer: people, jobs: pipelines}, "CIIssuerMetadata": {"workflows": _WORKFLOWS}}))
    port = free_port()
    with _running(
        "fulcio", port, folder, "serve", "--host=127.0.0.1", f"--port={port}", "--grpc-host=127.0.0.1", f"--grpc-port={free_port()}",
        f"--metrics-port={free_port()}", f"--legacy-unix-domain-socket={folder}/f.sock", "--ca=fileca", f"--fileca-cert={folder}/ca.pem",
        f"--fileca-key={folder}/ca.key", "--fileca-key-passwd=throw-away", "--fileca-watch=false", f"--ct-log-url={log_url}",
        f"--ct-log-public-key-path={folder}/ct.pem", f"--config-path={folder}/fulcio.json",
    ):  # fmt: skip
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _rekor(folder: Path) -> Iterator[str]:
    key = ed25519.Ed25519PrivateKey.generate()
    (folder / "rekor.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (folder / "rekor.pub").write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    port = free_port()
    with _running(
        "rekor", port, folder, "serve", "--http-address=127.0.0.1", f"--http-port={port}", f"--grpc-port={free_port()}",
        f"--http-metrics-port={free_port()}", "--hostname=127.0.0.1", f"--storage-dir={folder}/log", f"--signer-filepath={folder}/rekor.key",
        "--checkpoint-interval=1s",
    ):  # fmt: skip
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _stamper(folder: Path) -> Iterator[str]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with _running("stamper", port, folder, "serve", "--host=127.0.0.1", f"--port={port}", "--timestamp-signer=memory", "--disable-ntp-monitoring"):
        with urllib.request.urlopen(f"{url}/api/v1/timestamp/certchain") as answer:
            (folder / "tsa.pem").write_bytes(answer.read())
        yield url
