"""Debian's registry, with an image that skopeo pushed: gated, deployed, behind a password, and through a server with the referrers API."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import os
import shutil
import socketserver
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import bcrypt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from debian_registry import registry
from house import SRC
from layouts import EMPTY, INDEX, LAYER, MANIFEST, Layout
from own_process import lockgate, well
from registries import PASSWORD, USER, Handler, Registry, status

for program in ("docker-registry", "skopeo"):
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not here: dev/servers installs it", allow_module_level=True)

POLICY = """\
version: 1
project: shop
environments:
  production:
    requires:
      - signed-by: {keys: [release]}
keys:
  release: {file: release.pub}
"""

PEAK = """
import atexit, re, sys
from lockgate.cli.main import main
atexit.register(lambda: print(re.search("VmHWM: *\\t* *([0-9]+)", open("/proc/self/status").read())[1], file=sys.stderr))
main(sys.argv[1:])
"""
"""The command, and then the most memory it had, in KiB."""


def code(*words: str) -> str:
    said = lockgate(*words, "--format", "json")
    assert PASSWORD not in said.stdout + said.stderr
    error: str = json.loads(said.stdout)["error"]["code"]
    return error


def push(layout: str, place: str, *more: str) -> None:
    subprocess.run(["skopeo", "copy", "-q", "--preserve-digests", "--dest-tls-verify=false", *more, layout, f"docker://{place}"], check=True)


def put_referrers(host: str, layout: Layout, subject: str) -> None:
    """What refers to an image, as a client does for a registry without the API: blobs, manifests, the index under the fallback tag."""

    def send(method: str, url: str, data: bytes, kind: str) -> str:
        request = urllib.request.Request(url, data, {"Content-Type": kind}, method=method)
        with urllib.request.urlopen(request) as answer:
            return str(answer.headers.get("Location", ""))

    base = f"http://{host}/v2/shop/app"
    listed = []
    for each in json.loads((layout.path / "index.json").read_bytes())["manifests"]:
        data = layout.at(each["digest"]).read_bytes()
        manifest = json.loads(data)
        if manifest.get("subject", {}).get("digest") != subject:
            continue
        for part in (manifest["config"], *manifest["layers"]):
            to = send("POST", f"{base}/blobs/uploads/", b"", "application/octet-stream")
            send("PUT", f"{to}&digest={part['digest']}", layout.at(part["digest"]).read_bytes(), "application/octet-stream")
        send("PUT", f"{base}/manifests/{each['digest']}", data, MANIFEST)
        listed.append(each)
    index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": listed}).encode()
    send("PUT", f"{base}/manifests/{subject.replace(':', '-')}", index, INDEX)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Layout, str]:
    """A gate that wants a signature by ``release``, and a signed image in a layout."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(tmp_path)
    layout = Layout(tmp_path / "image")
    digest = layout.image(b"layer one", b"layer two", tag="1")
    well("key", "new", "release")
    (tmp_path / "policy.yaml").write_text(POLICY)
    well("init", "--origin", "example.com/registry", "--name", "Ada")
    well("policy", "apply", "policy.yaml")
    well("people", "add", "Ada", "--duty", "production=deploy")
    return layout, digest


def test_from_skopeo_to_production(shop: tuple[Layout, str], tmp_path: Path) -> None:
    layout, digest = shop
    with registry(tmp_path) as host:
        image = f"{host}/shop/app"
        push("oci:image:1", f"{image}:1")
        refused = lockgate("gate", f"{image}:1", "--to", "production", "--format", "json")
        assert (refused.returncode, json.loads(refused.stdout)["decision"]["outcomes"][1]["code"]) == (1, "signed-by.no-signature")
        well("sign", f"{image}:1", "--key", "release")
        well("sign", f"{image}:1", "--key", "release")
        assert well("gate", f"{image}:1", "--to", "production") == f"{image}@{digest}"
        assert well("gate", f"registry:{image}@{digest}", "--to", "production") == f"{image}@{digest}"
        well("verify", f"{image}:1", "--public", "release.pub")
        well(
            "deploy",
            f"{image}:1",
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
        running = (tmp_path / "running" / "manifest.json").read_bytes()
        assert running == layout.at(digest).read_bytes()
        subprocess.run(["skopeo", "inspect", "--tls-verify=false", f"docker://{image}@{digest}"], check=True, capture_output=True)
        assert code("gate", f"{image}:2", "--to", "production") == "ref.not-found"
        assert "everything adds up" in well("log", "check")


def test_what_another_client_pushed_is_read(shop: tuple[Layout, str], tmp_path: Path) -> None:
    layout, digest = shop
    with registry(tmp_path) as host:
        push("oci:image:1", f"{host}/shop/app:1")
        well("sign", "oci:image:1", "--key", "release")
        put_referrers(host, layout, digest)
        assert well("gate", f"{host}/shop/app:1", "--to", "production") == f"{host}/shop/app@{digest}"


def test_a_blob_exchanged_in_the_registrys_store_is_seen(shop: tuple[Layout, str], tmp_path: Path) -> None:
    layout, digest = shop
    with registry(tmp_path) as host:
        push("oci:image:1", f"{host}/shop/app:1")
        layer = json.loads(layout.at(digest).read_bytes())["layers"][1]["digest"].removeprefix("sha256:")
        (tmp_path / "registry/docker/registry/v2/blobs/sha256" / layer[:2] / layer / "data").write_bytes(b"layer twO")
        said = lockgate("gate", f"{host}/shop/app:1", "--to", "production", "--format", "json")
        assert (said.returncode, json.loads(said.stdout)["decision"]["outcomes"][0]["code"]) == (1, "digest.mismatch")


def test_behind_a_password(shop: tuple[Layout, str], tmp_path: Path) -> None:
    (tmp_path / "htpasswd").write_text(f"{USER}:{bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode().replace('$2b$', '$2y$')}\n")
    with registry(tmp_path, f"auth: {{htpasswd: {{realm: shop, path: {tmp_path}/htpasswd}}}}\n") as host:
        push("oci:image:1", f"{host}/shop/app:1", "--dest-creds", f"{USER}:{PASSWORD}")
        assert code("gate", f"{host}/shop/app:1", "--to", "production") == "ref.unauthorized"
        docker = tmp_path / "home" / ".docker"
        docker.mkdir()
        (docker / "config.json").write_text(json.dumps({"auths": {host: {"auth": base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()}}}))
        assert lockgate("gate", f"{host}/shop/app:1", "--to", "production").returncode == 1, "read, and refused for want of a signature"
        (docker / "config.json").write_text(json.dumps({"auths": {host: {"auth": base64.b64encode(b"robot:another").decode()}}}))
        assert code("gate", f"{host}/shop/app:1", "--to", "production") == "ref.unauthorized"


class TokenServer(BaseHTTPRequestHandler):
    """Hands out tokens that docker-registry takes (distribution, "Token Authentication Specification"): to the robot, for what it asks."""

    key: Any
    certificate: bytes
    asked: ClassVar[list[str]] = []

    def log_message(self, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        type(self).asked += query.get("scope", [])
        welcome = self.headers.get("Authorization") == "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        body = json.dumps({"token": self.token(query.get("scope", []))}).encode() if welcome else b"{}"
        self.send_response(200 if welcome else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def token(self, scopes: list[str]) -> str:
        access = [{"type": kind, "name": name, "actions": actions.split(",")} for kind, name, actions in (scope.split(":") for scope in scopes)]
        now = int(time.time())
        claims = {"iss": "shop", "aud": "shop", "sub": USER, "iat": now, "nbf": now - 5, "exp": now + 300, "jti": "1", "access": access}
        header = {"typ": "JWT", "alg": "RS256", "x5c": [base64.b64encode(self.certificate).decode()]}
        said = b".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims))
        signature = base64.urlsafe_b64encode(self.key.sign(said, padding.PKCS1v15(), hashes.SHA256())).rstrip(b"=")
        return (said + b"." + signature).decode()


def test_behind_a_token_server(shop: tuple[Layout, str], tmp_path: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name, now = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "shop")]), dt.datetime.now(dt.UTC)
    issued = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    certificate = issued.not_valid_before(now - dt.timedelta(1)).not_valid_after(now + dt.timedelta(1)).sign(key, hashes.SHA256())
    (tmp_path / "root.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    TokenServer.key, TokenServer.certificate = key, certificate.public_bytes(serialization.Encoding.DER)
    with ThreadingHTTPServer(("127.0.0.1", 0), TokenServer) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        realm = f"http://127.0.0.1:{server.server_address[1]}/token"
        with registry(tmp_path, f"auth: {{token: {{realm: '{realm}', service: shop, issuer: shop, rootcertbundle: {tmp_path}/root.pem}}}}\n") as host:
            push("oci:image:1", f"{host}/shop/app:1", "--dest-creds", f"{USER}:{PASSWORD}")
            assert code("gate", f"{host}/shop/app:1", "--to", "production") == "ref.unauthorized"
            docker = tmp_path / "home" / ".docker"
            docker.mkdir()
            (docker / "config.json").write_text(json.dumps({"auths": {host: {"auth": base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()}}}))
            TokenServer.asked.clear()
            assert lockgate("gate", f"{host}/shop/app:1", "--to", "production").returncode == 1, "read, and refused for want of a signature"
            assert TokenServer.asked == ["repository:shop/app:pull"], "once, for reading"
        server.shutdown()


def test_a_large_image_takes_no_more_memory(shop: tuple[Layout, str], tmp_path: Path) -> None:
    layout, _ = shop
    sha, chunk = hashlib.sha256(), bytes(1 << 20)
    for _ in range(200):
        sha.update(chunk)
    with layout.at(sha.hexdigest()).open("wb") as sparse:
        sparse.truncate(200 << 20)
    layer = {"mediaType": LAYER, "digest": "sha256:" + sha.hexdigest(), "size": 200 << 20}
    layout.enlist(layout.json({"schemaVersion": 2, "mediaType": MANIFEST, "config": layout.blob(b"{}", EMPTY), "layers": [layer]}, MANIFEST), "large")
    with registry(tmp_path) as host:
        push("oci:image:large", f"{host}/shop/app:large")
        command = [sys.executable, "-c", PEAK, "verify", f"{host}/shop/app:large", "--public", "release.pub"]
        said = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(SRC)}, capture_output=True, text=True, check=False)
        assert "209,715,612 bytes read" in said.stdout, "every byte was read"
        assert int(said.stderr.split()[-1]) < 80 << 10, said.stderr


class Server(socketserver.ThreadingTCPServer):
    daemon_threads, allow_reuse_address = True, True
    registry: Any


def test_a_registry_with_the_referrers_api(shop: tuple[Layout, str], tmp_path: Path) -> None:
    layout, digest = shop
    well("sign", "oci:image:1", "--key", "release")
    layout.listed = json.loads((tmp_path / "image" / "index.json").read_bytes())["manifests"]
    registry = Registry(layout)
    registry.tags["1"] = digest
    registry.page = 1
    with Server(("127.0.0.1", 0), Handler) as server:
        server.registry = registry
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        host = f"127.0.0.1:{server.server_address[1]}"
        assert well("gate", f"{host}/shop/app:1", "--to", "production") == f"{host}/shop/app@{digest}"
        registry.fault("/manifests/", status(307, Location="http://169.254.169.254/latest/meta-data"))
        assert code("gate", f"{host}/shop/app:1", "--to", "production") == "ref.redirect-refused"
        server.shutdown()


@contextmanager
def made_up(shop: tuple[Layout, str], folder: Path) -> Iterator[tuple[Registry, str]]:
    """The signed image in a server with the referrers API, and its ``HOST:PORT``."""
    layout, digest = shop
    well("sign", "oci:image:1", "--key", "release")
    layout.listed = json.loads((folder / "image" / "index.json").read_bytes())["manifests"]
    registry = Registry(layout)
    registry.tags["1"] = digest
    with Server(("127.0.0.1", 0), Handler) as server:
        server.registry = registry
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield registry, f"127.0.0.1:{server.server_address[1]}"
        registry.stop.set()
        server.shutdown()


def test_a_tag_that_moves_between_resolve_and_deploy(shop: tuple[Layout, str], tmp_path: Path) -> None:
    """What was decided on is what is deployed; from then on the tag means something that nobody signed."""
    with made_up(shop, tmp_path) as (registry, host):
        moved = shop[0].image(b"put there meanwhile")

        def move(handler: Handler) -> None:
            handler.answer()
            registry.tags["1"] = moved

        registry.fault("/manifests/1", move)
        well("deploy", f"{host}/shop/app:1", "--to", "production", "--", "sh", "-c", 'echo "$0" > ran', "{ref}")
        assert (tmp_path / "ran").read_text() == f"{host}/shop/app@{shop[1]}\n"
        assert sum(each.path.endswith("/manifests/1") for each in registry.asked) == 1
        said = lockgate("gate", f"{host}/shop/app:1", "--to", "production", "--format", "json")
        assert said.returncode == 1
        assert "signed-by.no-signature" in [each.get("code") for each in json.loads(said.stdout)["decision"]["outcomes"]]


def test_a_list_that_omits_the_newest_refuses(shop: tuple[Layout, str], tmp_path: Path) -> None:
    with made_up(shop, tmp_path) as (registry, host):
        well("key", "new", "another")
        (tmp_path / "predicate.json").write_text("{}")
        well("attest", "oci:image:1", "--type", "https://example.com/x/v1", "--predicate", "predicate.json", "--key", "another")
        shop[0].listed = json.loads((tmp_path / "image" / "index.json").read_bytes())["manifests"]
        everything = registry.referring(shop[1])
        assert len(everything) == 2
        assert well("gate", f"{host}/shop/app:1", "--to", "production") == f"{host}/shop/app@{shop[1]}"
        listing = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": everything[1:]}).encode()
        registry.fault("/referrers/", lambda handler: handler.reply(200, listing, {"Content-Type": INDEX}))
        said = lockgate("gate", f"{host}/shop/app:1", "--to", "production", "--format", "json")
        assert said.returncode == 1
        assert "signed-by.no-signature" in [each.get("code") for each in json.loads(said.stdout)["decision"]["outcomes"]]


def test_an_entry_that_is_odd_is_shown_and_hides_nothing(shop: tuple[Layout, str], tmp_path: Path) -> None:
    with made_up(shop, tmp_path) as (registry, host):
        odd = {"mediaType": MANIFEST, "digest": "sha512:" + "a" * 128, "size": 10}
        said = None
        for good, code_ in ((registry.referring(shop[1]), 0), ([], 1)):
            listing = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [odd, *good]}).encode()
            registry.faults.clear()
            registry.fault("/referrers/", lambda handler, listing=listing: handler.reply(200, listing, {"Content-Type": INDEX}))  # type: ignore[misc]
            said = lockgate("gate", f"{host}/shop/app:1", "--to", "production", "--format", "json")
            assert said.returncode == code_
        assert said is not None
        assert "evidence.unknown-format" in said.stdout


def test_plain_http_where_it_is_named(shop: tuple[Layout, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """0.0.0.0 leads to this machine, and is not one of its loopback addresses."""
    with registry(tmp_path) as host:
        push("oci:image:1", f"{host}/shop/app:1")
        lan = host.replace("localhost", "0.0.0.0")
        assert code("gate", f"{lan}/shop/app:1", "--to", "production") == "ref.unreachable"
        assert code("gate", f"{lan}/shop/app:1", "--to", "production", "--plain-http", "0.0.0.0") == "ref.unreachable"
        well("sign", f"{lan}/shop/app:1", "--key", "release", "--plain-http", lan)
        assert well("gate", f"{lan}/shop/app:1", "--to", "production", "--plain-http", "other.lan", "--plain-http", lan) == f"{lan}/shop/app@{shop[1]}"
        (tmp_path / "r.toml").write_text(f'[host."{lan}"]\nplain-http = true\n')
        monkeypatch.setenv("LOCKGATE_REGISTRIES", "r.toml")
        assert well("gate", f"{lan}/shop/app:1", "--to", "production") == f"{lan}/shop/app@{shop[1]}"
        monkeypatch.setenv("LOCKGATE_REGISTRIES", "none.toml")
        assert code("gate", f"{lan}/shop/app:1", "--to", "production") == "setting.unreadable"
        assert code("gate", f"{lan}/shop/app:1", "--to", "production", "--plain-http", f"u:{PASSWORD}@{lan}") == "setting.malformed"


def test_a_mirror_has_what_the_registry_lost(shop: tuple[Layout, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layer = json.loads(shop[0].at(shop[1]).read_bytes())["layers"][1]["digest"].removeprefix("sha256:")
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    with registry(tmp_path / "one") as host, registry(tmp_path / "two") as mirror:
        push("oci:image:1", f"{host}/shop/app:1")
        push("oci:image:1", f"{mirror}/cache/shop/app:1")
        well("sign", f"{host}/shop/app:1", "--key", "release")
        (tmp_path / "one/registry/docker/registry/v2/blobs/sha256" / layer[:2] / layer / "data").unlink()
        assert lockgate("gate", f"{host}/shop/app:1", "--to", "production").returncode != 0
        (tmp_path / "r.toml").write_text(f'[host."{host}"]\nmirrors = ["{mirror}/cache"]\n')
        monkeypatch.setenv("LOCKGATE_REGISTRIES", "r.toml")
        assert well("gate", f"{host}/shop/app:1", "--to", "production") == f"{host}/shop/app@{shop[1]}"


def test_a_proxy_that_is_not_there(shop: tuple[Layout, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with registry(tmp_path) as host:
        push("oci:image:1", f"{host}/shop/app:1")
        monkeypatch.setenv("HTTPS_PROXY", f"http://u:{PASSWORD}@127.0.0.1:9")
        well("sign", f"{host}/shop/app:1", "--key", "release")
        assert code("gate", "registry.example/shop/app:1", "--to", "production") == "ref.unreachable"
        monkeypatch.setenv("HTTPS_PROXY", f"socks5://u:{PASSWORD}@127.0.0.1:9")
        assert code("gate", "registry.example/shop/app:1", "--to", "production") == "setting.malformed"


def test_a_login_that_skopeo_keeps_for_a_namespace(shop: tuple[Layout, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "htpasswd").write_text(f"{USER}:{bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode().replace('$2b$', '$2y$')}\n")
    with registry(tmp_path, f"auth: {{htpasswd: {{realm: shop, path: {tmp_path}/htpasswd}}}}\n") as host:
        monkeypatch.setenv("REGISTRY_AUTH_FILE", str(tmp_path / "auth.json"))
        login = ["skopeo", "login", "--tls-verify=false", "-u", USER, "--password-stdin", f"{host}/shop"]
        subprocess.run(login, input=PASSWORD, text=True, check=True, capture_output=True)
        assert list(json.loads((tmp_path / "auth.json").read_bytes())["auths"]) == [f"{host}/shop"]
        for repository in ("shop/app", "shopping/app"):
            push("oci:image:1", f"{host}/{repository}:1", "--dest-creds", f"{USER}:{PASSWORD}")
        well("sign", f"{host}/shop/app:1", "--key", "release")
        assert well("gate", f"{host}/shop/app:1", "--to", "production") == f"{host}/shop/app@{shop[1]}"
        assert code("gate", f"{host}/shopping/app:1", "--to", "production") == "ref.unauthorized"


@pytest.mark.parametrize("command", [["gate", "--to", "production"], ["verify"], ["request", "--to", "production"]], ids=lambda words: words[0])
@pytest.mark.parametrize(
    "named",
    [
        "user:{}@registry.example/app",
        "https://user:{}@registry.example/app",
        "registry:user:{}@registry.example/app",
        "user:{}@host/app",
        "oci:https://user:{}@registry.example/app:1",
        "oci:user:{}@host/app",
        "file:https://user:{}@registry.example/app",
        "file:user:{}@registry.example/app",
        "registry:https://user:{}@registry.example/app",
    ],
    ids=range(9),
)
def test_a_password_in_a_reference_is_never_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str], named: str) -> None:
    monkeypatch.chdir(tmp_path)
    for form in ([], ["--format", "json"]):
        said = lockgate(command[0], named.format(PASSWORD), *command[1:], *form)
        assert said.returncode == 2
        assert PASSWORD not in said.stdout + said.stderr
