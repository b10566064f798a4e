from __future__ import annotations

import base64
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa, x25519
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fakes.fake_agent import SecurityKey
from lockgate.adapters.keys.files import create_gate_key, create_key, load_key
from lockgate.adapters.keys.find import find_signer
from lockgate.errors import LockgateError, UsageError
from lockgate.evidence import keys
from lockgate.evidence.sshwire import Reader, string, uint32

SECRET = b"correct horse"


def code(call: Callable[[], object]) -> str:
    with pytest.raises(LockgateError) as err:
        call()
    assert "horse" not in str(err.value)
    return err.value.code


def written(path: Path, data: bytes, mode: int = 0o600) -> str:
    path.write_bytes(data)
    path.chmod(mode)
    return str(path)


def pem(private: object, secret: bytes | None = None, format_: PrivateFormat = PrivateFormat.PKCS8) -> bytes:
    data: bytes = private.private_bytes(Encoding.PEM, format_, BestAvailableEncryption(secret) if secret else NoEncryption())  # type: ignore[attr-defined]
    return data


class TestCreate:
    def test_a_new_key_signs_and_is_its_owners_alone(self, tmp_path: Path) -> None:
        path = tmp_path / "key"
        public = create_key(str(path))
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.read_bytes().startswith(b"-----BEGIN OPENSSH PRIVATE KEY-----\n")
        signer = load_key(str(path))
        assert signer.public == public
        keys.verify_raw(public, b"message", signer.sign(b"message"))

    def test_a_passphrase_is_asked_for_once(self, tmp_path: Path) -> None:
        path = str(tmp_path / "key")
        public = create_key(path, SECRET)
        asked = []

        def ask() -> bytes:
            asked.append(1)
            return SECRET

        assert load_key(path, ask).public == public
        assert asked == [1]
        assert code(lambda: load_key(path)) == "key.passphrase-missing"
        assert code(lambda: load_key(path, lambda: b"wrong horse")) == "key.passphrase-wrong"
        assert code(lambda: load_key(path, lambda: b"")) == "key.passphrase-wrong"

    def test_a_passphrase_costs_who_guesses_it(self, tmp_path: Path) -> None:
        path = tmp_path / "key"
        create_key(str(path), SECRET)
        blob = Reader(base64.b64decode(b"".join(path.read_bytes().splitlines()[1:-1])))
        assert blob.take(15) == b"openssh-key-v1\0"
        assert (blob.name(), blob.name()) == ("aes256-ctr", "bcrypt")
        options = Reader(blob.string())
        assert (len(options.string()), options.uint32()) == (16, 64)

    def test_a_gates_own_key_is_pkcs8_and_bare(self, tmp_path: Path) -> None:
        path = tmp_path / "key"
        public = create_gate_key(str(path))
        assert path.read_bytes().startswith(b"-----BEGIN PRIVATE KEY-----\n")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert load_key(str(path)).public == public

    @pytest.mark.parametrize("create", [create_key, create_gate_key])
    def test_no_directory_is_made(self, tmp_path: Path, create: Callable[[str], str]) -> None:
        with pytest.raises(UsageError) as err:
            create(str(tmp_path / "a b" / "c" / "key"))
        assert (err.value.code, err.value.remedy) == ("key.unwritable", f"mkdir -p '{tmp_path}/a b/c'")
        assert list(tmp_path.iterdir()) == []

    def test_two_keys_are_two_keys(self, tmp_path: Path) -> None:
        assert create_key(str(tmp_path / "one")) != create_key(str(tmp_path / "two"))

    @pytest.mark.parametrize("what", ["file", "link", "dangling"])
    def test_nothing_is_written_over(self, tmp_path: Path, what: str) -> None:
        path = tmp_path / "key"
        (tmp_path / "target").write_bytes(b"precious")
        match what:
            case "file":
                path.write_bytes(b"precious")
            case "link":
                path.symlink_to(tmp_path / "target")
            case _:
                path.symlink_to(tmp_path / "elsewhere")
        assert code(lambda: create_key(str(path))) == "key.exists"
        assert (tmp_path / "target").read_bytes() == b"precious"
        assert not (tmp_path / "elsewhere").exists()

    def test_a_full_or_read_only_disk_leaves_no_half_key(self, disk_at: Callable[[int], tuple[Path, Callable[[], None]]]) -> None:
        path, make_read_only = disk_at(64 << 10)
        make_read_only()
        assert code(lambda: create_key(str(path / "key"))) == "key.unwritable"
        assert list(path.iterdir()) == []


class TestLoad:
    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o601, 0o660, 0o777])
    def test_a_key_others_may_read_is_not_used(self, tmp_path: Path, mode: int) -> None:
        path = written(tmp_path / "key", pem(ed25519.Ed25519PrivateKey.generate()), mode)
        assert code(lambda: load_key(path)) == "key.exposed"

    @pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
    def test_a_link_to_a_key_that_is_safe_is_followed(self, tmp_path: Path, mode: int) -> None:
        written(tmp_path / "key", pem(ed25519.Ed25519PrivateKey.generate()), mode)
        (tmp_path / "link").symlink_to(tmp_path / "key")
        assert load_key(str(tmp_path / "link")).public.startswith("ssh-ed25519 ")

    @pytest.mark.parametrize("kind", ["gone", "directory", "fifo"])
    def test_what_is_no_file(self, tmp_path: Path, kind: str) -> None:
        path = tmp_path / kind
        if kind == "directory":
            path.mkdir()
        if kind == "fifo":
            os.mkfifo(path, 0o600)
        assert code(lambda: load_key(str(path))) == "key.unavailable"
        assert code(lambda: find_signer(str(path), None)) == "key.unavailable"

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"not a key",
            b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
            b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            b"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAljqLvvSDKzRO0N20PXB2U50fxLXPbCH5XSUJLsEurqg=\n-----END PUBLIC KEY-----\n",
            b"\x00" * 100_000,
            b"-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n",
        ],
    )
    def test_what_is_no_private_key(self, tmp_path: Path, data: bytes) -> None:
        assert code(lambda: load_key(written(tmp_path / "key", data), lambda: SECRET)) == "key.not-private"

    @settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(at=st.integers(min_value=0, max_value=10_000), change=st.integers(min_value=1, max_value=255), openssh=st.booleans())
    @example(at=995, change=1, openssh=False)
    def test_a_damaged_file_is_a_key_or_an_error_of_ours(self, tmp_path: Path, at: int, change: int, openssh: bool) -> None:
        data = bytearray(pem(_FIXED, None, PrivateFormat.OpenSSH if openssh else PrivateFormat.PKCS8))
        data[at % len(data)] ^= change
        path = written(tmp_path / "key", bytes(data))
        try:
            assert load_key(path, lambda: SECRET).public
        except LockgateError as err:
            assert err.code.startswith("key.")  # noqa: PT017  either is right

    def test_kinds_that_are_too_weak_or_sign_nothing(self, tmp_path: Path) -> None:
        refused = {
            "weak": (rsa.generate_private_key(65537, 1024), "key.weak"),
            "exchange": (x25519.X25519PrivateKey.generate(), "key.unsupported"),
            "curve": (ec.generate_private_key(ec.SECP256K1()), "key.unsupported"),
            "dsa": (dsa.generate_private_key(2048), "key.unsupported"),
        }
        for name, (private, wanted) in refused.items():
            written(tmp_path / name, pem(private))
            assert code(lambda name=name: load_key(str(tmp_path / name))) == wanted  # type: ignore[misc]

    def test_the_handle_of_a_security_key_needs_the_agent(self, tmp_path: Path) -> None:
        key = SecurityKey()
        handle = keys.blob_of(key.public) + b"\x01" + string(b"handle") + string(b"") + string(b"me@example")
        private = uint32(7) + uint32(7) + handle
        private += bytes(range(1, 1 + -len(private) % 8))
        blob = b"openssh-key-v1\0" + string(b"none") + string(b"none") + string(b"") + uint32(1) + string(keys.blob_of(key.public)) + string(private)
        data = b"-----BEGIN OPENSSH PRIVATE KEY-----\n" + base64.encodebytes(blob) + b"-----END OPENSSH PRIVATE KEY-----\n"
        path = written(tmp_path / "key", data)
        with pytest.raises(UsageError) as err:
            load_key(path)
        assert (err.value.code, err.value.remedy) == ("key.needs-agent", f"ssh-add {path}")

    @pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.OpenSSH])
    def test_other_tools_encryption_is_read(self, tmp_path: Path, form: PrivateFormat) -> None:
        path = written(tmp_path / "key", pem(ed25519.Ed25519PrivateKey.generate(), SECRET, form))
        assert load_key(path, lambda: SECRET).public.startswith("ssh-ed25519 ")
        assert code(lambda: load_key(path)) == "key.passphrase-missing"
        assert code(lambda: load_key(path, lambda: b"wrong horse")) == "key.passphrase-wrong"

    def test_a_cipher_this_installation_lacks_needs_the_agent(self, tmp_path: Path) -> None:
        data = pem(_FIXED, SECRET, PrivateFormat.OpenSSH)
        blob = base64.b64decode(b"".join(data.splitlines()[1:-1])).replace(b"aes256-ctr", b"chacha2-ct")
        path = written(tmp_path / "key", b"-----BEGIN OPENSSH PRIVATE KEY-----\n" + base64.encodebytes(blob) + b"-----END OPENSSH PRIVATE KEY-----\n")
        assert code(lambda: load_key(path, lambda: SECRET)) == "key.needs-agent"

    def test_pkcs8_under_scrypt_is_read(self, tmp_path: Path) -> None:
        path = written(tmp_path / "key", SCRYPT_PEM)
        assert load_key(path, lambda: SECRET).public == _PUBLIC
        assert code(lambda: load_key(path, lambda: b"wrong horse")) == "key.passphrase-wrong"


class TestFind:
    def test_a_file_is_a_file(self, tmp_path: Path) -> None:
        path = str(tmp_path / "key")
        public = create_key(path)
        assert find_signer(path, None).public == public

    @pytest.mark.parametrize("socket", [None, "", "/nonexistent/agent"])
    def test_without_an_agent_its_keys_are_unavailable(self, tmp_path: Path, socket: str | None) -> None:
        public = create_key(str(tmp_path / "key"))
        (tmp_path / "key.pub").write_text(public + " me@example\n")
        assert code(lambda: find_signer("SHA256:" + "A" * 43, socket)) == "key.unavailable"
        assert code(lambda: find_signer(str(tmp_path / "key.pub"), socket)) == "key.unavailable"
        assert code(lambda: find_signer(str(tmp_path / "gone.pub"), socket)) == "key.unavailable"

    def test_a_pub_file_that_holds_something_else(self, tmp_path: Path) -> None:
        (tmp_path / "a.pub").write_bytes(b"\xff\xfe")
        (tmp_path / "b.pub").write_bytes(pem(_FIXED))
        assert code(lambda: find_signer(str(tmp_path / "a.pub"), "/s")) == "key.malformed"
        assert code(lambda: find_signer(str(tmp_path / "b.pub"), "/s")) == "key.private"


_FIXED = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
_PUBLIC = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
SCRYPT_PEM = b"""\
-----BEGIN ENCRYPTED PRIVATE KEY-----
MIGcMFgGCSqGSIb3DQEFDTBLMCoGCSsGAQQB2kcECzAdBBAQ4ylEYFKCsDG5d7JE
tuSVAgMAgAACAQgCAQEwHQYJYIZIAWUDBAEqBBCgwAqe0DUvFSTd+NIIjZyRBEDf
oT0bGPh2OFn0U8C/OFiyusc3sLyU1rYLij4wyyh4z8uE10vNBvpx/DRkpC7QcPtB
7/wDJEBHWTn73GFbumBC
-----END ENCRYPTED PRIVATE KEY-----
"""
