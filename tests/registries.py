"""A small conforming registry with faults to switch on, over a Unix socket or loopback: no code of lockgate serves it.

It serves what a `layouts.Layout` holds: manifests and blobs by digest, tags, the referrers API in pages or none of it, behind
basic or token authentication or none. In unit tests it is reached through a `Network` whose names and addresses are made up and
lead to its Unix socket, so that no test leaves this machine and each can say which addresses were connected to.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpcore

from layouts import INDEX, MANIFEST, Layout
from lockgate.adapters.sources.registry_network import Network, UnknownNameError
from lockgate.adapters.sources.registry_watch import Patience
from lockgate.core.digest import Ref

HASTE = Patience(connect=1.0, read=0.4, total=1.2, look=3.0, rate=1 << 20, retries=3, pause=0.01, longest=1.0)
"""Patience for tests."""

CALM = replace(HASTE, connect=20.0, read=20.0, total=40.0, look=60.0)
"""The same for what has to go well, with much at once, on a machine that is busy."""

LOCAL, REMOTE = "localhost:5000/shop/app", "registry.example/shop/app"
USER, PASSWORD, TOKEN = "robot", "pa55-w0rd-never-shown", "t0ken-never-shown"

Fault = Callable[["Handler"], None]


@dataclass
class Asked:
    """One request that came in."""

    host: str
    path: str
    headers: dict[str, str]


class Registry:
    """What is served, and how.

    Attributes:
        layout: manifests and blobs. tags: name -> digest.
        api: whether there is a referrers API. page: entries on one of its pages; 0 for all.
        auth: empty, ``basic`` or ``token``. realm: of the token server.
        faults: part of a path -> what is done instead, and how often at most.
        waits: whether some of it does not answer in time. asked: every request. forms: what token servers were sent. tunnels: where to, and with which login.
    """

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.tags: dict[str, str] = {}
        self.api, self.page = True, 0
        self.auth, self.realm = "", "https://auth.example/token"
        self.faults: list[tuple[str, Fault, list[int]]] = []
        self.asked: list[Asked] = []
        self.forms: list[dict[str, list[str]]] = []
        self.tunnels: list[tuple[str, str]] = []
        self.stop = threading.Event()
        self.waits = False

    def fault(self, part: str, fault: Fault, times: int = 1_000_000) -> None:
        """Do this instead for every path with `part` in it."""
        self.faults.append((part, fault, [times]))
        self.waits |= fault in {hang, drip}

    def bytes_at(self, digest: str) -> bytes | None:
        """A blob; None where there is none."""
        path = self.layout.at(digest)
        return path.read_bytes() if path.is_file() and digest.startswith("sha256:") else None

    def referring(self, digest: str) -> list[dict[str, Any]]:
        """Descriptors of what is listed and has this subject, in the order it was listed."""
        found = []
        for each in self.layout.listed:
            manifest = json.loads(self.bytes_at(each["digest"]) or b"{}")
            if manifest.get("subject", {}).get("digest") == digest:
                found.append({**each, "artifactType": manifest.get("artifactType", "")})
        return found


def pump(source: socket.socket, into: socket.socket) -> None:
    """Everything from one to the other, until there is no more."""
    with suppress(OSError):
        while data := source.recv(1 << 16):
            into.sendall(data)
    with suppress(OSError):
        into.shutdown(socket.SHUT_WR)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: Any
    body = b""

    def log_message(self, *args: Any) -> None:
        pass

    @property
    def registry(self) -> Registry:
        found: Registry = self.server.registry
        return found

    def do_POST(self) -> None:
        self.body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.startswith("/token"):
            self.registry.forms.append(parse_qs(self.body.decode()))
        self.do_GET()

    def do_CONNECT(self) -> None:
        """As a proxy that leads to the same server."""
        self.registry.tunnels.append((self.path, self.headers.get("Proxy-Authorization", "")))
        for part, fault, times in self.registry.faults:
            if part == "CONNECT" and times[0]:
                times[0] -= 1
                fault(self)
                return
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with socket.socket(socket.AF_UNIX) as onward:
            onward.connect(self.server.server_address)
            back = threading.Thread(target=pump, args=(onward, self.connection), daemon=True)
            back.start()
            pump(self.connection, onward)
            back.join()
        self.close_connection = True

    def do_PUT(self) -> None:
        self.do_POST()

    def do_GET(self) -> None:
        self.registry.asked.append(Asked(self.headers["Host"], self.path, dict(self.headers)))
        for part, fault, times in self.registry.faults:
            if part in self.path and times[0]:
                times[0] -= 1
                fault(self)
                return
        self.answer()

    def answer(self) -> None:
        """As a registry should."""
        registry, path = self.registry, urlsplit(self.path).path
        if path == "/token":
            self.token()
        elif not self.is_welcome():
            challenge = 'Basic realm="x"' if registry.auth == "basic" else f'Bearer realm="{registry.realm}",service="shop",scope="repository:shop/app:pull"'
            self.reply(401, b"{}", {"WWW-Authenticate": challenge})
        elif self.command == "POST":
            self.reply(202, b"", {"Location": "/v2/shop/app/blobs/uploads/1?state=x"})
        elif self.command == "PUT":
            self.put(path.rpartition("/")[2])
        elif path.startswith("/v2/shop/app/manifests/"):
            self.manifest(path.rpartition("/")[2])
        elif path.startswith(("/v2/shop/app/blobs/", "/elsewhere/")):
            data = registry.bytes_at(path.rpartition("/")[2])
            self.reply(404 if data is None else 200, data or b"", {"Content-Type": "application/octet-stream"})
        elif path.startswith("/v2/shop/app/referrers/") and registry.api:
            self.referrers(path.rpartition("/")[2])
        else:
            self.reply(404, b'{"errors":[]}')

    def is_welcome(self) -> bool:
        auth, told = self.registry.auth, self.headers.get("Authorization", "")
        wanted = {"": "", "basic": "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode(), "token": f"Bearer {TOKEN}"}[auth]
        return self.headers["Host"] == "cdn.example" or not wanted or told == wanted

    def token(self) -> None:
        self.reply(200, json.dumps({"token": TOKEN, "expires_in": 300}).encode(), {"Content-Type": "application/json"})

    def put(self, name: str) -> None:
        registry, kind = self.registry, self.headers["Content-Type"]
        put = registry.layout.blob(self.body, kind)
        subject = json.loads(self.body).get("subject", {}).get("digest") if kind == MANIFEST else None
        if "/blobs/" not in self.path and not name.startswith("sha256:"):
            registry.tags[name] = put["digest"]
        elif subject and registry.api:
            registry.layout.enlist(put)
        self.reply(201, b"", {"OCI-Subject": subject} if subject and registry.api else {})

    def manifest(self, name: str) -> None:
        digest = self.registry.tags.get(name, name)
        data = self.registry.bytes_at(digest)
        if data is None:
            self.reply(404, b"{}")
        else:
            self.reply(200, data, {"Content-Type": json.loads(data).get("mediaType", "application/json"), "Docker-Content-Digest": digest})

    def referrers(self, digest: str) -> None:
        found, start = self.registry.referring(digest), int(parse_qs(urlsplit(self.path).query).get("n", ["0"])[0])
        end = start + (self.registry.page or len(found))
        more = {"Link": f'<{urlsplit(self.path).path}?n={end}>; rel="next"'} if end < len(found) else {}
        body = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": found[start:end]}).encode()
        self.reply(200, body, {"Content-Type": INDEX, **more})

    def reply(self, status: int, body: bytes, headers: dict[str, str] | None = None, length: int | None = None) -> None:
        """An answer, with this length or its own."""
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            self.close_connection = True


def status(number: int, **headers: str) -> Fault:
    """Answer with this."""
    return lambda handler: handler.reply(number, b"SECRET WORDS OF THE SERVER", {name.replace("_", "-"): value for name, value in headers.items()})


def hang(handler: Handler) -> None:
    """Say nothing until the test is over."""
    handler.registry.stop.wait(120)
    handler.close_connection = True


def drip(handler: Handler) -> None:
    """Say one byte now and then, and never end."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    try:
        while not handler.registry.stop.wait(0.05):
            handler.wfile.write(b"1\r\n \r\n")
            handler.wfile.flush()
    except OSError:
        pass
    handler.close_connection = True


def drop(handler: Handler) -> None:
    """Hang up."""
    handler.close_connection = True


def body(change: Callable[[bytes], bytes], *, chunked: bool = False, length: int = 0) -> Fault:
    """The right answer with other bytes; chunked, or saying so many bytes more than there are."""

    def serve(handler: Handler) -> None:
        name = urlsplit(handler.path).path.rpartition("/")[2]
        data = change(handler.registry.bytes_at(handler.registry.tags.get(name, name)) or b"")
        kind = json.loads(handler.registry.bytes_at(handler.registry.tags.get(name, name)) or b"{}").get("mediaType", "") if "manifests" in handler.path else ""
        if not chunked:
            handler.reply(200, data, {"Content-Type": kind}, len(data) + length)
            handler.close_connection = handler.close_connection or bool(length)
            return
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        try:
            for start in range(0, len(data), 4096):
                piece = data[start : start + 4096]
                handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            handler.wfile.write(b"0\r\n\r\n")
        except OSError:
            handler.close_connection = True

    return serve


class UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Over a Unix socket, with TLS where the first byte is TLS's."""

    daemon_threads, block_on_close, request_queue_size = True, False, 64
    registry: Registry
    tls: ssl.SSLContext | None = None

    def finish_request(self, request: Any, client_address: Any) -> None:
        if self.tls is not None and request.recv(1, 2) == b"\x16":  # MSG_PEEK
            try:
                request = self.tls.wrap_socket(request, server_side=True)
            except OSError:
                return
            with request:
                super().finish_request(request, client_address)
            return
        super().finish_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


@dataclass
class Outside:
    """A made-up world: names, their addresses, and a note of each connection.

    Attributes:
        socket: where every connection leads.
        names: host -> addresses; what is not there is not known.
        connected: addresses and ports, in order. slept: seconds.
    """

    socket: Path
    authority: Path | None = None
    names: dict[str, list[str]] = field(
        default_factory=lambda: {
            "localhost": ["127.0.0.1"],
            "registry.example": ["198.41.0.4"],
            "auth.example": ["198.41.0.5"],
            "cdn.example": ["198.41.0.6", "2001:503:ba3e::2:30"],
        }
    )
    connected: list[tuple[str, int]] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    def look_up(self, host: str, port: int, seconds: float) -> list[str]:
        if host not in self.names:
            try:
                import ipaddress

                return [str(ipaddress.ip_address(host))]
            except ValueError:
                raise UnknownNameError("not known") from None
        return self.names[host]

    def connect(self, address: str, port: int, seconds: float) -> httpcore.NetworkStream:
        self.connected.append((address, port))
        return httpcore.SyncBackend().connect_unix_socket(str(self.socket), timeout=seconds)

    def network(self) -> Network:
        return Network(
            look_up=self.look_up,
            connect=self.connect,
            tls=lambda ca: ssl.create_default_context(cafile=ca or (str(self.authority) if self.authority else None)),
            sleep=self.slept.append,
        )


@contextmanager
def serving(registry: Registry, path: Path, certificate: tuple[Path, Path] | None = None) -> Iterator[Outside]:
    """Serve over a Unix socket at `path` (a short one)."""
    with UnixServer(str(path), Handler) as server:
        server.registry = registry
        if certificate is not None:
            server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            server.tls.load_cert_chain(*certificate)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield Outside(path, certificate[0] if certificate else None)
        finally:
            registry.stop.set()
            server.shutdown()
            thread.join()


def certificate(folder: Path, *names: str) -> tuple[Path, Path]:
    """A certificate for these names that vouches for itself, and its key, as files."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(each) for each in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return files


def ref(name: str = LOCAL, tag: str = "", digest: str | None = None) -> Ref:
    """A reference into this registry."""
    return Ref(scheme="registry", path=name, tag=tag, digest=digest)
