"""A TUF repository of our own, made with python-tuf's Metadata API, and a server for it with faults to switch on: over a Unix socket, or on loopback."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from securesystemslib.signer._crypto_signer import CryptoSigner
from tuf.api._payload import MetaFile, Root, Signed, Snapshot, TargetFile, Targets, Timestamp
from tuf.api.metadata import Metadata

from private_sigstore import Instance
from registries import Outside

Fault = Callable[["Handler"], None]

ROLES = ("root", "timestamp", "snapshot", "targets")
OURS = Instance()
TRUSTED_ROOT = json.dumps(OURS.root_json).encode()


def _later() -> bytes:
    document = json.loads(TRUSTED_ROOT)
    document["tlogs"] = document["tlogs"][1:]
    document["timestampAuthorities"] += Instance().root_json["timestampAuthorities"]
    document["ctlogs"][0]["publicKey"]["validFor"]["end"] = "2027-01-01T00:00:00Z"
    return json.dumps(document).encode()


LATER = _later()
"""The trusted root with the first transparency log gone, one more time-stamping authority, and an end for the certificate log."""


@dataclass
class World:
    """A repository: its keys, its metadata, and the files that are served, by path."""

    files: dict[str, bytes] = field(default_factory=dict)
    keys: dict[str, CryptoSigner] = field(default_factory=lambda: {role: CryptoSigner.generate_ed25519() for role in ROLES})
    faults: dict[str, Fault] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.end = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)
        self.root = Root(expires=self.end, consistent_snapshot=True)
        for role in ROLES:
            self.root.add_key(self.keys[role].public_key, role)
        self.timestamp, self.snapshot, self.targets = Timestamp(expires=self.end), Snapshot(expires=self.end), Targets(expires=self.end)
        self.write_root()
        self.put("trusted_root.json", TRUSTED_ROOT)
        self.write()

    @property
    def pinned(self) -> bytes:
        """The first root."""
        return self.files["1.root.json"]

    def put(self, name: str, data: bytes) -> None:
        target = TargetFile.from_data(name, data, ["sha256"])
        self.targets.targets[name] = target
        self.files[f"targets/{target.hashes['sha256']}.{name}"] = data

    def signed(self, signed: Signed, *by: CryptoSigner) -> bytes:
        metadata: Metadata[Any] = Metadata(signed)
        for signer in by or (self.keys[signed.type],):
            metadata.sign(signer, append=True)
        return metadata.to_bytes()

    def write_root(self, *by: CryptoSigner) -> None:
        self.files[f"{self.root.version}.root.json"] = self.signed(self.root, *by)

    def write(self) -> None:
        """Sign targets, snapshot and timestamp as they are."""
        self.snapshot.meta["targets.json"] = MetaFile(self.targets.version)
        self.timestamp.snapshot_meta = MetaFile(self.snapshot.version)
        self.files[f"{self.targets.version}.targets.json"] = self.signed(self.targets)
        self.files[f"{self.snapshot.version}.snapshot.json"] = self.signed(self.snapshot)
        self.files["timestamp.json"] = self.signed(self.timestamp)

    def publish(self, data: bytes) -> None:
        """Another trusted root, in the next version of everything but the root."""
        self.put("trusted_root.json", data)
        for role in (self.targets, self.snapshot, self.timestamp):
            role.version += 1
        self.write()

    def rotate(self) -> None:
        """The next root, with another key for the timestamp and for itself, signed by both root keys."""
        old, self.keys["root"] = self.keys["root"], CryptoSigner.generate_ecdsa()
        self.root.revoke_key(old.public_key.keyid, "root")
        self.root.add_key(self.keys["root"].public_key, "root")
        self.root.version += 1
        self.write_root(old, self.keys["root"])


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: Any

    def log_message(self, *args: Any) -> None:
        pass

    @property
    def world(self) -> World:
        found: World = self.server.world
        return found

    def do_GET(self) -> None:
        path = self.path.removeprefix("/repo/")
        self.world.asked.append(path)
        fault = next((fault for part, fault in self.world.faults.items() if part in path), None)
        if fault is not None:
            fault(self)
            return
        data = self.world.files.get(path)
        self.reply(404 if data is None else 200, data or b"")

    def reply(self, status: int, body: bytes, headers: dict[str, str] | None = None, more: int = 0) -> None:
        """An answer that says it has `more` bytes than it has."""
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) + more))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = bool(more)


def status(number: int, **headers: str) -> Fault:
    return lambda handler: handler.reply(number, b"SECRET WORDS OF THE SERVER", headers)


def other(data: bytes, more: int = 0) -> Fault:
    return lambda handler: handler.reply(200, data, more=more)


def hang(handler: Handler) -> None:
    handler.world.stop.wait(20)
    handler.close_connection = True


def endless(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    try:
        while not handler.world.stop.is_set():
            handler.wfile.write(b"10000\r\n" + b" " * 0x10000 + b"\r\n")
    except OSError:
        pass
    handler.close_connection = True


class UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads, block_on_close, request_queue_size = True, False, 64
    world: World

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


class LoopbackServer(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads, block_on_close, allow_reuse_address = True, False, True
    world: World

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


@contextmanager
def _running(server: Any, world: World) -> Iterator[None]:
    server.world = world
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        world.stop.set()
        server.shutdown()
        thread.join()


@contextmanager
def serving(world: World, path: Path) -> Iterator[Outside]:
    """Over a Unix socket at `path` (a short one)."""
    with UnixServer(str(path), Handler) as server, _running(server, world):
        yield Outside(path)


@contextmanager
def on_loopback(world: World) -> Iterator[str]:
    """On loopback; the repository's address."""
    with LoopbackServer(("127.0.0.1", 0), Handler) as server, _running(server, world):
        yield f"http://127.0.0.1:{server.server_address[1]}/repo"
