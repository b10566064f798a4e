"""Keys and signatures between lockgate and the real ssh-agent, ssh-keygen and openssl."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

import pytest

from lockgate import wire
from lockgate.adapters.keys.agent import AgentSigner, held_keys
from lockgate.adapters.keys.files import FileSigner, create_gate_key, load_key
from lockgate.adapters.keys.find import find_signer
from lockgate.core import events
from lockgate.core.identity import fingerprint
from lockgate.errors import LockgateError, UnreadableError
from lockgate.evidence import keys, record, sshsig

TOOLS = ("ssh-agent", "ssh-add", "ssh-keygen", "openssl")
pytestmark = pytest.mark.skipif(any(shutil.which(tool) is None for tool in TOOLS), reason=f"needs {', '.join(TOOLS)}: make servers")

NAMESPACE, MESSAGE = "lockgate-approval@v1", b"exactly this"
KINDS = [("ed25519", 0), ("ecdsa", 256), ("ecdsa", 384), ("ecdsa", 521), ("rsa", 2048)]
SECRET = b"correct horse"


def run(*command: str | Path, data: bytes = b"", env: Mapping[str, str] = MappingProxyType({}), **more: str) -> bytes:
    done = subprocess.run(command, check=False, capture_output=True, input=data, env={**os.environ, **env, **more})
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def keygen(path: Path, kind: str, bits: int, secret: bytes = b"") -> Path:
    run("ssh-keygen", "-q", "-t", kind, *(["-b", str(bits)] if bits else []), "-N", secret.decode(), "-C", "me@example", "-f", path)
    return path


def check_with_ssh_keygen(signer: FileSigner | AgentSigner, folder: Path) -> None:
    """Sign, and have ssh-keygen verify it."""
    blob = sshsig.assemble(signer.public, NAMESPACE, signer.sign_ssh(sshsig.signed_data(NAMESPACE, MESSAGE)))
    (folder / "allowed").write_text(f"me@example {signer.public}\n")
    (folder / "sig").write_text(sshsig.armor(blob))
    command = ("ssh-keygen", "-Y", "verify", "-f", folder / "allowed", "-I", "me@example", "-n", NAMESPACE, "-s", folder / "sig")
    assert b"Good" in run(*command, data=MESSAGE)
    assert subprocess.run(command, check=False, capture_output=True, input=b"something else").returncode != 0


@pytest.fixture
def agent_socket() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="agent-") as folder:
        path = str(Path(folder) / "s")
        env = {**os.environ, "SSH_ASKPASS": "/bin/false", "SSH_ASKPASS_REQUIRE": "force", "DISPLAY": ":0"}
        process = subprocess.Popen(["ssh-agent", "-D", "-a", path], env=env, stdout=subprocess.DEVNULL)
        try:
            for _ in range(200):
                if Path(path).exists():
                    break
                with pytest.raises(subprocess.TimeoutExpired):
                    process.wait(0.02)
            yield path
        finally:
            process.terminate()
            process.wait()


@pytest.mark.parametrize(("kind", "bits"), KINDS)
def test_a_key_file_of_ssh_keygen(tmp_path: Path, kind: str, bits: int) -> None:
    path = keygen(tmp_path / "key", kind, bits)
    signer = load_key(str(path))
    assert signer.public == keys.parse_openssh(path.with_suffix(".pub").read_text())
    assert fingerprint(signer.public) in run("ssh-keygen", "-l", "-f", path).decode()
    check_with_ssh_keygen(signer, tmp_path)


@pytest.mark.parametrize(("kind", "bits"), KINDS)
def test_a_key_in_ssh_agent(tmp_path: Path, agent_socket: str, kind: str, bits: int) -> None:
    path = keygen(tmp_path / "key", kind, bits)
    run("ssh-add", "-q", path, SSH_AUTH_SOCK=agent_socket)
    public = keys.parse_openssh(path.with_suffix(".pub").read_text())
    assert held_keys(agent_socket) == [public]
    assert find_signer(fingerprint(public), agent_socket).public == public
    signer = find_signer(str(path.with_suffix(".pub")), agent_socket)
    assert signer.public == public
    check_with_ssh_keygen(signer, tmp_path)
    if public.split()[0] in {keys.ED25519, keys.P256}:
        keys.verify_raw(public, MESSAGE, signer.sign(MESSAGE))


def test_an_agent_that_is_not_allowed_to_sign(tmp_path: Path, agent_socket: str) -> None:
    path = keygen(tmp_path / "key", "ed25519", 0)
    run("ssh-add", "-q", "-c", path, SSH_AUTH_SOCK=agent_socket)  # -c: whoever holds the agent is asked, and /bin/false says no
    with pytest.raises(UnreadableError) as err:
        find_signer(str(path.with_suffix(".pub")), agent_socket).sign(MESSAGE)
    assert err.value.code == "key.refused"


def test_a_key_that_was_taken_out_of_the_agent(tmp_path: Path, agent_socket: str) -> None:
    path = keygen(tmp_path / "key", "ed25519", 0)
    run("ssh-add", "-q", path, SSH_AUTH_SOCK=agent_socket)
    signer = find_signer(str(path.with_suffix(".pub")), agent_socket)
    run("ssh-add", "-q", "-D", SSH_AUTH_SOCK=agent_socket)
    with pytest.raises(UnreadableError) as err:
        signer.sign(MESSAGE)
    assert err.value.code == "key.refused"
    with pytest.raises(UnreadableError) as err:
        find_signer(fingerprint(signer.public), agent_socket)
    assert err.value.code == "key.unavailable"


def test_a_key_file_of_ssh_keygen_under_a_passphrase(tmp_path: Path) -> None:
    path = str(keygen(tmp_path / "key", "ed25519", 0, SECRET))
    check_with_ssh_keygen(load_key(path, lambda: SECRET), tmp_path)
    for ask, wanted in ((lambda: b"wrong", "key.passphrase-wrong"), (None, "key.passphrase-missing")):
        with pytest.raises(LockgateError) as refused:
            load_key(path, ask)
        assert refused.value.code == wanted


@pytest.mark.parametrize("options", [["-algorithm", "ed25519"], ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]], ids=["ed25519", "p256"])
@pytest.mark.parametrize("cipher", [[], ["-aes-256-cbc", "-pass", "pass:correct horse"]], ids=["bare", "encrypted"])
def test_a_key_file_of_openssl(tmp_path: Path, options: list[str], cipher: list[str]) -> None:
    path = tmp_path / "key.pem"
    run("openssl", "genpkey", *options, *cipher, "-out", path)
    path.chmod(0o600)
    signer = load_key(str(path), lambda: SECRET)
    public = tmp_path / "public.pem"
    public.write_bytes(run("openssl", "pkey", "-in", path, "-passin", "pass:correct horse", "-pubout"))
    assert keys.parse_pem(public.read_text()) == signer.public
    check_with_openssl(signer, public, tmp_path)


def check_with_openssl(signer: FileSigner, public: Path, folder: Path) -> None:
    (folder / "message").write_bytes(MESSAGE)
    (folder / "bare").write_bytes(signer.sign(MESSAGE))
    digest = [] if signer.public.startswith("ssh-ed25519") else ["-digest", "sha256"]
    run("openssl", "pkeyutl", "-verify", "-pubin", "-inkey", public, "-rawin", *digest, "-in", folder / "message", "-sigfile", folder / "bare")


def test_a_gates_own_key_is_read_by_openssl(tmp_path: Path) -> None:
    path = tmp_path / "key"
    public = create_gate_key(str(path))
    assert run("openssl", "pkey", "-in", path, "-pubout").decode() == keys.spki_pem(public)
    check_with_openssl(load_key(str(path)), _written(tmp_path / "public.pem", keys.spki_pem(public)), tmp_path)


def by_key_new(folder: Path, secret: bytes) -> Path:
    wire.make_key(folder / "mine.key", secret)
    return folder / "mine.key"


def by_init(folder: Path, secret: bytes) -> Path:
    """Without a passphrase: init asks for none."""
    home = {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder / "config"), "XDG_STATE_HOME": str(folder / "state"), "LOCKGATE_KEY": ""}
    gate = ("--gate", folder / "gate", "--write-trust", folder / "lockgate.trust")
    run(sys.executable, "-m", "lockgate.cli.main", "init", "--origin", "example.com/shop", *gate, env=home)
    return folder / "config" / "lockgate" / "owner.key"


@pytest.mark.parametrize(("make", "secret"), [(by_key_new, b""), (by_key_new, SECRET), (by_init, b"")], ids=["new", "new, passphrase", "init"])
def test_a_persons_key_made_here_is_openssh(tmp_path: Path, agent_socket: str, make: Callable[[Path, bytes], Path], secret: bytes) -> None:
    path = make(tmp_path, secret)
    beside = path.with_name(path.name + ".pub")
    public = keys.parse_openssh(beside.read_text())
    assert path.stat().st_mode & 0o777 == 0o600
    ask = {"SSH_ASKPASS": str(_script(tmp_path / "ask", f"echo '{secret.decode()}'")), "SSH_ASKPASS_REQUIRE": "force", "DISPLAY": ":0"}
    # ssh-keygen -y: read from the private file alone, its .pub out of reach.
    alone = tmp_path / "alone"
    shutil.copy(path, alone)
    assert run("ssh-keygen", "-y", "-P", secret.decode(), "-f", alone).decode().split()[:2] == public.split()
    assert fingerprint(public) in run("ssh-keygen", "-l", "-f", beside).decode()
    # ssh-add, and a signature of the agent's.
    run("ssh-add", "-q", path, SSH_AUTH_SOCK=agent_socket, env=ask)
    assert held_keys(agent_socket) == [public]
    assert path.name in run("ssh-add", "-l", SSH_AUTH_SOCK=agent_socket).decode()
    check_with_ssh_keygen(find_signer(str(beside), agent_socket), tmp_path)
    # ssh-keygen -Y sign, from the file: an event whose signature counts here.
    event = events.Requested(
        log="sha256:" + "0" * 64, id="r-0123456789", environment="production", config="none", from_="none", requested_at=datetime(2026, 11, 22, 20, tzinfo=UTC)
    )
    statement = record.statement_bytes(event, ("sha256:" + "9f2c" * 16,))
    armored = run("ssh-keygen", "-Y", "sign", "-q", "-n", "lockgate-request@v1", "-f", alone, data=record.to_sign(statement), SSH_AUTH_SOCK="", env=ask)
    assert record.person_key(record.seal_armored(statement, armored.decode()), "request") == public
    # And lockgate itself.
    check_with_ssh_keygen(load_key(str(path), lambda: secret), tmp_path)


def _script(path: Path, command: str) -> Path:
    path.write_text(f"#!/bin/sh\n{command}\n")
    path.chmod(0o700)
    return path


def _written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path
