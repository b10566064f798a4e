"""Private keys in files: OpenSSH's format and PKCS#8 PEM, both read and both written (docs/adr/0013-key-files.md).

Which keys are strong enough is `evidence.keys`' to say: a key file is refused where its public half would be.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from shlex import quote

from cryptography.exceptions import InternalError, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_ssh_private_key,
)

from lockgate.adapters import disk
from lockgate.core.identity import PublicKey
from lockgate.errors import EvidenceError, UnreadableError, UsageError
from lockgate.evidence import keys
from lockgate.evidence.sshwire import mpint, string

MAX_FILE = 65_536

BCRYPT_ROUNDS = 64
"""Of bcrypt_pbkdf over a passphrase: some 0.5 s a try, four times what ssh-keygen takes unless told otherwise."""

Passphrase = Callable[[], bytes]
"""Asks for the passphrase; called at most once, and only for a key that has one."""

_Private = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
_CURVE_HASHES: dict[int, hashes.HashAlgorithm] = {256: hashes.SHA256(), 384: hashes.SHA384(), 521: hashes.SHA512()}


class FileSigner:
    """A private key read from a file (ports `Signer` and `PersonSigner`); `load_key` makes it.

    Attributes:
        public: its public half, in normal form.
    """

    def __init__(self, private: _Private, public: PublicKey) -> None:
        self.public = public
        self._private = private

    def sign(self, message: bytes) -> bytes:
        """Ed25519 (64 bytes) or ECDSA P-256 with SHA-256 (DER).

        Raises:
            EvidenceError: ``key.unsupported`` for other kinds of key, whose bare signatures nobody here verifies.
        """
        kind = self.public.partition(" ")[0]
        if kind not in {keys.ED25519, keys.P256}:
            raise EvidenceError("key.unsupported", f"this {kind} key signs nothing but SSHSIG here: use Ed25519 or ECDSA P-256")
        return self._raw(message)

    def sign_ssh(self, data: bytes) -> bytes:
        """An SSH signature blob over `data`; RSA signs as ``rsa-sha2-512``."""
        kind, raw = self.public.partition(" ")[0], self._raw(data)
        if isinstance(self._private, ec.EllipticCurvePrivateKey):
            raw = b"".join(mpint(number) for number in decode_dss_signature(raw))
        return string(b"rsa-sha2-512" if kind == keys.RSA else kind.encode()) + string(raw)

    def _raw(self, data: bytes) -> bytes:
        match self._private:
            case ed25519.Ed25519PrivateKey():
                return self._private.sign(data)
            case ec.EllipticCurvePrivateKey():
                return self._private.sign(data, ec.ECDSA(_CURVE_HASHES[self._private.curve.key_size]))
            case rsa.RSAPrivateKey():
                return self._private.sign(data, padding.PKCS1v15(), hashes.SHA512())


_COSIGNS = (b"-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----", b"-----BEGIN ENCRYPTED COSIGN PRIVATE KEY-----")


def load_key(path: str, passphrase: Passphrase | None = None) -> FileSigner:
    """Read a private key: 1 the file is its owner's alone, 2 its format, 3 its passphrase, 4 a kind and size that is accepted.

    Raises:
        UnreadableError: ``key.unavailable``: no such file, or it may not be read.
        UsageError: ``key.exposed``, ``key.not-private``, ``key.passphrase-missing``, ``key.passphrase-wrong``, ``key.needs-agent``.
        EvidenceError: ``key.unsupported`` or ``key.weak``.
    """
    data = _read(path)
    if any(kind in data for kind in _COSIGNS):
        raise UsageError("key.not-private", f"{path} is a key in cosign's own encryption, which cosign alone reads", "sign with cosign (docs/foreign.md)")
    load = load_ssh_private_key if b"-----BEGIN OPENSSH PRIVATE KEY-----" in data else load_pem_private_key
    try:
        private = _load(lambda password: load(data, password), path, passphrase)
    except UnsupportedAlgorithm:
        raise UsageError(
            "key.needs-agent", f"{path} cannot be used from here (a security key, or a cipher this installation lacks): ssh-agent can", f"ssh-add {quote(path)}"
        ) from None
    if not isinstance(private, ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise EvidenceError("key.unsupported", f"{path} holds no kind of key lockgate accepts: use ssh-ed25519")
    return FileSigner(private, keys.parse_openssh(_openssh(private, path)))


def create_key(path: str, passphrase: bytes | None = None) -> PublicKey:
    """Make a person's Ed25519 key and write it in OpenSSH's format, mode 0600 and durably; its public half is returned.

    Args:
        path: where to, in a directory that is there; nothing is ever replaced.
        passphrase: what to encrypt it under (bcrypt_pbkdf and AES-256-CTR); None, or an empty one, leaves it bare.

    Raises:
        UsageError: ``key.exists``, ``key.unwritable``.
    """
    encryption = PrivateFormat.OpenSSH.encryption_builder().kdf_rounds(BCRYPT_ROUNDS).build(passphrase) if passphrase else NoEncryption()
    return _create(path, PrivateFormat.OpenSSH, encryption)


def create_gate_key(path: str) -> PublicKey:
    """Make one of a gate's own Ed25519 keys, as bare PKCS#8; else as `create_key`."""
    return _create(path, PrivateFormat.PKCS8, NoEncryption())


def _create(path: str, form: PrivateFormat, encryption: KeySerializationEncryption) -> PublicKey:
    private = ed25519.Ed25519PrivateKey.generate()
    target = Path(path)
    try:
        with disk.directory(target.parent, follow=True) as fd:
            disk.write_new(target.name, private.private_bytes(Encoding.PEM, form, encryption), 0o600, dir_fd=fd)
            os.fsync(fd)
    except FileExistsError:
        raise UsageError("key.exists", f"{path} is there already: a key is never written over") from None
    except OSError as err:
        remedy = "" if os.path.lexists(target.parent) else f"mkdir -p {quote(str(target.parent))}"
        raise UsageError("key.unwritable", f"{path} could not be written: {disk.reason(err)}; no key was made", remedy) from None
    return keys.parse_openssh(_openssh(private, path))


def _read(path: str) -> bytes:
    try:
        fd = disk.open_regular(path, follow=True)
        with os.fdopen(fd, "rb") as file:
            if stat.S_IMODE(os.fstat(fd).st_mode) & 0o077:
                raise UsageError("key.exposed", f"{path} may be read by others than its owner: it was not used", f"chmod 600 {quote(path)}")
            return file.read(MAX_FILE)
    except OSError as err:
        raise UnreadableError("key.unavailable", f"the key {path} could not be read: {disk.reason(err)}") from None


def _load(load: Callable[[bytes | None], object], path: str, passphrase: Passphrase | None) -> object:
    try:
        return load(None)
    except TypeError:  # how the library says that it is encrypted
        if passphrase is None:
            raise UsageError("key.passphrase-missing", f"{path} is encrypted, and nobody can be asked for its passphrase") from None
    except (ValueError, InternalError):  # a damaged file also makes OpenSSL give up halfway
        raise UsageError("key.not-private", f"{path} is no private key in PKCS#8 PEM or OpenSSH's format") from None
    try:
        return load(passphrase())
    except (ValueError, TypeError, InternalError):
        raise UsageError("key.passphrase-wrong", f"this is not the passphrase of {path}") from None


def _openssh(private: _Private, path: str) -> str:
    try:
        return private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode("ascii")
    except (ValueError, UnsupportedAlgorithm):
        raise EvidenceError("key.unsupported", f"{path} holds a key on a curve lockgate does not accept: use ssh-ed25519") from None
