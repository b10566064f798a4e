"""An agent that refuses, hangs or talks nonsense."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.fake_agent import FAILURE, SecurityKey, agent, serve
from lockgate.adapters.keys import agent as agent_module
from lockgate.adapters.keys.agent import AgentSigner, held_keys
from lockgate.adapters.keys.files import create_key, load_key
from lockgate.adapters.keys.find import find_signer
from lockgate.core.identity import PublicKey, fingerprint
from lockgate.errors import LockgateError
from lockgate.evidence import keys
from lockgate.evidence.sshwire import string, uint32


@pytest.fixture
def key(tmp_path: Path) -> PublicKey:
    return create_key(str(tmp_path / "key"))


def code(call: Callable[[], object]) -> str:
    with pytest.raises(LockgateError) as err:
        call()
    return err.value.code


ANSWERS: dict[str, tuple[bytes, str]] = {
    "failure": (FAILURE, "key.refused"),
    "extension failure": (bytes([28]), "key.refused"),
    "another message": (bytes([6]), "key.unavailable"),
    "nothing after the type": (bytes([14]), "key.unavailable"),
    "a length beyond the end": (bytes([14]) + uint32(2**32 - 1) + b"x", "key.unavailable"),
    "something left over": (bytes([14]) + string(string(b"ssh-ed25519") + string(b"x" * 64)) + b"x", "key.unavailable"),
    "an empty signature": (bytes([14]) + string(b""), "key.unavailable"),
    "another algorithm": (bytes([14]) + string(string(b"ssh-rsa") + string(b"x" * 64)), "key.refused"),
    "a signature of something else": (bytes([14]) + string(string(b"ssh-ed25519") + string(b"x" * 64)), "key.unavailable"),
    "a signature too short": (bytes([14]) + string(string(b"ssh-ed25519") + string(b"x")), "key.unavailable"),
}


@pytest.mark.parametrize(("answer", "wanted"), ANSWERS.values(), ids=ANSWERS.keys())
def test_no_signature_comes_of_a_bad_answer(key: PublicKey, answer: bytes, wanted: str) -> None:
    with agent(lambda _: answer) as path:
        assert code(lambda: AgentSigner(key, path).sign(b"message")) == wanted


@pytest.mark.parametrize("answer", [FAILURE, b"\x0c", b"\x0c\xff\xff\xff\xff", b"\x0c" + uint32(1) + string(b"x"), b"\x0c" + uint32(0) + b"x", b"\x0e"])
def test_no_keys_come_of_a_bad_answer(answer: bytes) -> None:
    with agent(lambda _: answer) as path:
        assert code(lambda: held_keys(path)) in {"key.refused", "key.unavailable"}


@pytest.mark.parametrize("sent", [uint32(0), uint32(2**32 - 1), b"\x00\x00", uint32(100) + b"\x0c", uint32(1 << 18 | 1) + b"\x0c"])
def test_a_length_that_lies_is_no_agent(sent: bytes) -> None:
    with agent(lambda _: b"", frame=lambda _: sent) as path:
        assert code(lambda: held_keys(path)) == "key.unavailable"


@settings(max_examples=30)
@given(st.binary(max_size=300))
def test_any_answer_gives_keys_or_an_error_of_ours(data: bytes) -> None:
    with agent(lambda _: b"\x0c" + data) as path:
        try:
            assert all(keys.check(each) for each in held_keys(path))
        except LockgateError as err:
            assert err.code == "key.unavailable"  # noqa: PT017  either is right


def test_whoever_hangs_is_left(key: PublicKey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent_module, "SIGN_SECONDS", 0.1)
    stop = threading.Event()

    def hang(_: bytes) -> bytes:
        stop.wait(60)
        return FAILURE

    with agent(hang) as path:
        started = time.monotonic()
        assert code(lambda: AgentSigner(key, path).sign(b"message")) == "key.unavailable"
        assert time.monotonic() - started < 30
        stop.set()


def test_whoever_sends_a_byte_now_and_then_is_left_too(key: PublicKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent_module, "LIST_SECONDS", 0.3)
    ours, theirs = socket.socketpair()
    stop = threading.Event()

    def drip() -> None:
        theirs.sendall(uint32(1000))
        while not stop.wait(0.05):
            theirs.sendall(b"\x0c")

    class Connected(socket.socket):
        def connect(self, address: object) -> None:
            self.detach()
            self.__init__(fileno=ours.detach())  # type: ignore[misc]

    monkeypatch.setattr(socket, "socket", Connected)
    thread = threading.Thread(target=drip)
    thread.start()
    started = time.monotonic()
    assert code(lambda: held_keys("any")) == "key.unavailable"
    assert time.monotonic() - started < 30
    stop.set()
    thread.join()
    theirs.close()


@pytest.mark.parametrize("path", ["/nonexistent/agent", "/tmp", "/" + "x" * 200, ""])
def test_nobody_there(key: PublicKey, path: str) -> None:
    assert code(lambda: held_keys(path)) == "key.unavailable"
    assert code(lambda: AgentSigner(key, path).sign_ssh(b"message")) == "key.unavailable"


def test_certificates_and_unknown_kinds_are_passed_over(tmp_path: Path, key: PublicKey) -> None:
    blobs = [string(b"ssh-ed25519-cert-v01@openssh.com") + b"x", string(b"ssh-dss"), b"", keys.blob_of(key)]
    answer = bytes([12]) + uint32(len(blobs)) + b"".join(string(blob) + string(b"comment") for blob in blobs)
    with agent(lambda _: answer) as path:
        assert held_keys(path) == [key]


def test_a_key_is_found_by_its_pub_file_and_by_its_fingerprint(tmp_path: Path, key: PublicKey) -> None:
    signer, other = load_key(str(tmp_path / "key")), SecurityKey()
    (tmp_path / "key.pub").write_text(key + " me@example\n")
    with agent(serve({other.public: other.sign, key: lambda data, _: signer.sign_ssh(data)})) as path:
        for spec in (str(tmp_path / "key.pub"), fingerprint(key)):
            found = find_signer(spec, path)
            keys.verify_raw(key, b"message", found.sign(b"message"))
        assert code(lambda: find_signer("SHA256:" + "A" * 43, path)) == "key.unavailable"


def test_an_agent_that_forgot_the_key_refuses(key: PublicKey) -> None:
    with agent(serve({})) as path:
        assert code(lambda: AgentSigner(key, path).sign(b"message")) == "key.refused"
