"""Keys held by ssh-agent (draft-ietf-sshm-ssh-agent), over its Unix socket.

What the agent says is read as from a stranger: capped, strictly framed, within a time. Where the socket is comes as an
argument.
"""

from __future__ import annotations

import socket
import time

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from lockgate.core.identity import PublicKey
from lockgate.errors import EvidenceError, UnreadableError
from lockgate.evidence import keys
from lockgate.evidence.sshwire import Reader, string, uint32

LIST_SECONDS = 5.0
SIGN_SECONDS = 60.0
"""Long enough to find the security key and touch it."""

MAX_ANSWER = 262_144
"""OpenSSH's own limit for a message, bytes."""

_FAILURES = {5, 28, 102}
_LIST, _LISTED, _SIGN, _SIGNED = 11, 12, 13, 14
_RSA_SHA2_512 = 4
_ALGORITHMS = {"ssh-rsa": "rsa-sha2-512"}


class AgentSigner:
    """A key in an agent (ports `Signer` and `PersonSigner`).

    Attributes:
        public: its public half, in normal form.
    """

    def __init__(self, public: PublicKey, socket_path: str) -> None:
        self.public = public
        self._socket = socket_path

    def sign(self, message: bytes) -> bytes:
        """Ed25519 (64 bytes) or ECDSA P-256 with SHA-256 (DER).

        Raises:
            UnreadableError: ``key.unavailable``, ``key.refused``.
            EvidenceError: ``key.unsupported`` for other kinds of key, whose bare signatures nobody here verifies.
        """
        kind = self.public.partition(" ")[0]
        if kind not in {keys.ED25519, keys.P256}:
            raise EvidenceError("key.unsupported", f"this {kind} key signs nothing but SSHSIG here: use Ed25519 or ECDSA P-256")
        try:
            blob = Reader(self.sign_ssh(message))
            blob.name()
            signature = blob.string()
            if kind == keys.P256:
                numbers = Reader(signature)
                signature = encode_dss_signature(numbers.positive(), numbers.positive())
            keys.verify_raw(self.public, message, signature)
        except (ValueError, EvidenceError) as err:
            raise _garbled(err) from None
        return signature

    def sign_ssh(self, data: bytes) -> bytes:
        """The agent's signature blob over `data`; RSA signs as ``rsa-sha2-512``; a security key waits for its touch.

        Raises:
            UnreadableError: ``key.unavailable``, ``key.refused``.
        """
        kind = self.public.partition(" ")[0]
        flags = _RSA_SHA2_512 if kind == keys.RSA else 0
        request = bytes([_SIGN]) + string(keys.blob_of(self.public)) + string(data) + uint32(flags)
        answer = _ask(self._socket, request, _SIGNED, SIGN_SECONDS)
        try:
            blob = answer.string()
            answer.end()
            algorithm = Reader(blob).name()
        except ValueError as err:
            raise _garbled(err) from None
        if algorithm != _ALGORITHMS.get(kind, kind):
            raise UnreadableError("key.refused", f"ssh-agent signs with {algorithm[:60]!r} under this {kind} key, which nobody accepts")
        return blob


def held_keys(socket_path: str) -> list[PublicKey]:
    """The keys the agent holds and lockgate accepts, in the agent's order; certificates and other kinds are passed over.

    Raises:
        UnreadableError: ``key.unavailable``, ``key.refused``.
    """
    answer = _ask(socket_path, bytes([_LIST]), _LISTED, LIST_SECONDS)
    found = []
    try:
        for _ in range(answer.uint32()):
            blob, _comment = answer.string(), answer.string()
            try:
                found.append(keys.parse_blob(blob))
            except EvidenceError:
                continue
        answer.end()
    except ValueError as err:
        raise _garbled(err) from None
    return found


def _ask(socket_path: str, request: bytes, expected: int, seconds: float) -> Reader:
    """One request on its own connection; the answer after its type byte."""
    end = time.monotonic() + seconds
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(seconds)
            connection.connect(socket_path)
            connection.sendall(string(request))
            size = int.from_bytes(_exactly(connection, 4, end), "big")
            if not 1 <= size <= MAX_ANSWER:
                raise ValueError(f"an answer of {size} bytes")
            answer = _exactly(connection, size, end)
    except TimeoutError:
        raise UnreadableError("key.unavailable", f"ssh-agent did not answer within {seconds:.0f} seconds") from None
    except OSError as err:
        raise UnreadableError("key.unavailable", f"ssh-agent at {socket_path} cannot be reached: {err.strerror or err}") from None
    except ValueError as err:
        raise _garbled(err) from None
    if answer[0] in _FAILURES:
        raise UnreadableError("key.refused", "ssh-agent refused: the key is not there any more, is locked, or its use was not confirmed")
    if answer[0] != expected:
        raise _garbled(ValueError(f"a message of type {answer[0]}"))
    return Reader(answer[1:])


def _exactly(connection: socket.socket, count: int, end: float) -> bytes:
    taken = bytearray()
    while len(taken) < count:
        left = end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        connection.settimeout(left)
        got = connection.recv(min(count - len(taken), 65_536))
        if not got:
            raise ValueError("it ends in the middle of an answer")
        taken += got
    return bytes(taken)


def _garbled(err: Exception) -> UnreadableError:
    return UnreadableError("key.unavailable", f"what answers is no ssh-agent: {err}")
