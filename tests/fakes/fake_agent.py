"""An ssh-agent in this process, on a real Unix socket: honest, or as bad as a test wants it."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lockgate.core.identity import PublicKey
from lockgate.evidence import keys
from lockgate.evidence.sshwire import Reader, string, uint32

Sign = Callable[[bytes, int], bytes]
"""(data, flags) -> signature blob."""

FAILURE = bytes([5])


def serve(held: dict[PublicKey, Sign]) -> Callable[[bytes], bytes]:
    """What an honest agent answers."""

    def answer(request: bytes) -> bytes:
        reader = Reader(request[1:])
        if request[0] == 11:
            return bytes([12]) + uint32(len(held)) + b"".join(string(keys.blob_of(key)) + string(b"a comment") for key in held)
        blob, data, flags = reader.string(), reader.string(), reader.uint32()
        for key, sign in held.items():
            if keys.blob_of(key) == blob:
                return bytes([14]) + string(sign(data, flags))
        return FAILURE

    return answer


@contextlib.contextmanager
def agent(answer: Callable[[bytes], bytes], *, frame: Callable[[bytes], bytes] = string) -> Iterator[str]:
    """The path of a socket where `answer` answers; `frame` puts the length before it, or something else."""
    with tempfile.TemporaryDirectory(prefix="agent-") as directory, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        path = str(Path(directory) / "s")
        listener.bind(path)
        listener.listen()
        listener.settimeout(0.05)
        stop = threading.Event()
        thread = threading.Thread(target=_run, args=(listener, stop, answer, frame))
        thread.start()
        try:
            yield path
        finally:
            stop.set()
            thread.join()


def _run(listener: socket.socket, stop: threading.Event, answer: Callable[[bytes], bytes], frame: Callable[[bytes], bytes]) -> None:
    while not stop.is_set():
        try:
            connection, _ = listener.accept()
        except TimeoutError:
            continue
        with connection, contextlib.suppress(OSError):
            connection.settimeout(5)
            size = int.from_bytes(connection.recv(4), "big")
            request = b""
            while len(request) < size:
                request += connection.recv(size - len(request))
            connection.sendall(frame(answer(request)))


class SecurityKey:
    """An ``sk-ssh-ed25519`` key in memory (PROTOCOL.u2f): what it signs, with flags and counter."""

    def __init__(self, flags: int = 1) -> None:
        self._private = ed25519.Ed25519PrivateKey.generate()
        self._flags = flags
        raw = self._private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.public = keys.parse_blob(string(keys.SK_ED25519.encode()) + string(raw) + string(b"ssh:"))

    def sign(self, data: bytes, _flags: int) -> bytes:
        tail = bytes([self._flags]) + uint32(7)
        signed = hashlib.sha256(b"ssh:").digest() + tail + hashlib.sha256(data).digest()
        return string(keys.SK_ED25519.encode()) + string(self._private.sign(signed)) + tail
