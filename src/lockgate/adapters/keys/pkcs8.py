"""PKCS#8 PEM of a private key, encrypted where a passphrase is given.

PBES2 (RFC 8018 section 6.2) with scrypt (RFC 7914 section 7: N = 2^15, r = 8, p = 1; 32 MiB, some 0.1 s a try) and
AES-256-CBC. The cryptography library reads this and writes PBKDF2 with 2,048 rounds, which a stolen file would not
withstand; so the envelope around its bytes is made here.
"""

from __future__ import annotations

import base64
import secrets

from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

SCRYPT_N = 2**15
_SCRYPT_R, _SCRYPT_P = 8, 1

_PBES2 = bytes.fromhex("06092a864886f70d01050d")  # 1.2.840.113549.1.5.13
_SCRYPT = bytes.fromhex("06092b06010401da47040b")  # 1.3.6.1.4.1.11591.4.11
_AES_256_CBC = bytes.fromhex("060960864801650304012a")  # 2.16.840.1.101.3.4.1.42
_INTEGER, _OCTETS, _SEQUENCE = 0x02, 0x04, 0x30


def private_pem(private: ed25519.Ed25519PrivateKey, passphrase: bytes | None) -> bytes:
    """The key as PEM: ``PRIVATE KEY``, or ``ENCRYPTED PRIVATE KEY`` under a passphrase that is not empty."""
    der = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    label = "PRIVATE KEY"
    if passphrase:
        der, label = _encrypted(der, passphrase), "ENCRYPTED PRIVATE KEY"
    text = base64.b64encode(der).decode()
    lines = "\n".join(text[at : at + 64] for at in range(0, len(text), 64))
    return f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n".encode()


def _encrypted(der: bytes, passphrase: bytes) -> bytes:
    """EncryptedPrivateKeyInfo (RFC 5958 section 3)."""
    salt, iv = secrets.token_bytes(16), secrets.token_bytes(16)
    key = Scrypt(salt=salt, length=32, n=SCRYPT_N, r=_SCRYPT_R, p=_SCRYPT_P).derive(passphrase)
    padder = PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    sealed = encryptor.update(padder.update(der) + padder.finalize()) + encryptor.finalize()
    kdf = _tlv(_SEQUENCE, _SCRYPT, _tlv(_SEQUENCE, _tlv(_OCTETS, salt), _integer(SCRYPT_N), _integer(_SCRYPT_R), _integer(_SCRYPT_P)))
    cipher = _tlv(_SEQUENCE, _AES_256_CBC, _tlv(_OCTETS, iv))
    return _tlv(_SEQUENCE, _tlv(_SEQUENCE, _PBES2, _tlv(_SEQUENCE, kdf, cipher)), _tlv(_OCTETS, sealed))


def _tlv(tag: int, *parts: bytes) -> bytes:
    """DER: tag, length, content (X.690 section 8.1)."""
    content = b"".join(parts)
    size = len(content)
    length = bytes([size]) if size < 0x80 else bytes([0x80 | (size.bit_length() + 7) // 8]) + size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag]) + length + content


def _integer(value: int) -> bytes:
    return _tlv(_INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))
