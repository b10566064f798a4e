"""Public keys as a policy writes them, in one of five forms, and as `policy show` writes them back.

    {ed25519: "<base64 of the 32 bytes>"}              {pem: "-----BEGIN PUBLIC KEY-----…"}
    {ecdsa-p256: "<base64 of SubjectPublicKeyInfo>"}   {file: release.pub}        PEM or OpenSSH, read when the
    {ssh: "ssh-ed25519 AAAA…"}                                                    policy is proposed, kept by value

A policy's keys check evidence, which is signed bare: Ed25519 and ECDSA P-256. A key that could never match is refused
here rather than found out at the gate.
"""

from __future__ import annotations

from collections.abc import Callable

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lockgate.core.identity import PublicKey
from lockgate.errors import EvidenceError, LockgateError
from lockgate.evidence import b64, keys
from lockgate.evidence.yaml_tree import Mapping, Place, Scalar

FORMS = ("ed25519", "ecdsa-p256", "ssh", "pem", "file")


class BadKey(Exception):  # noqa: N818  caught by policy_yaml alone
    """What is wrong with a key, and where it stands."""

    def __init__(self, place: Place, text: str) -> None:
        super().__init__(text)
        self.place, self.text = place, text


def read(node: Mapping, read_file: Callable[[str], bytes] | None, *, evidence: bool = True) -> PublicKey:
    """The key in normal form.

    Args:
        node: how it is written.
        read_file: the bytes of a key file; None where files may not be named.
        evidence: whether it has to be one that signs evidence; people sign with others too.

    Raises:
        BadKey: with its place.
    """
    if len(node.pairs) != 1 or next(iter(node.pairs)) not in FORMS:
        raise BadKey(node.place, f'a key is written in one of the forms {", ".join(FORMS)}, such as {{ed25519: "…"}}')
    form, (_, value) = next(iter(node.pairs.items()))
    if not isinstance(value, Scalar):
        raise BadKey(value.place, f"{form} is text, not a list or mapping")
    try:
        key = _read(form, value.text, read_file)
    except LockgateError as err:
        raise BadKey(value.place, err.message) from None
    except (ValueError, OSError) as err:
        raise BadKey(value.place, f"{form} cannot be read: {err}") from None
    if evidence and key.partition(" ")[0] not in {keys.ED25519, keys.P256}:
        raise BadKey(value.place, f"a {key.partition(' ')[0]} key cannot sign evidence: use Ed25519 or ECDSA P-256")
    return key


def _read(form: str, text: str, read_file: Callable[[str], bytes] | None) -> PublicKey:
    match form:
        case "ed25519":
            return keys.parse_ed25519(b64.decode(text))
        case "ecdsa-p256":
            key = keys.parse_spki(b64.decode(text))
            if not key.startswith(keys.P256):
                raise EvidenceError("key.unsupported", "this is no ECDSA P-256 key")
            return key
        case "ssh":
            return keys.parse_openssh(text)
        case "pem":
            return keys.parse_pem(text)
        case _:
            if read_file is None:
                raise ValueError("key files are not read here: write the key itself")
            return keys.parse_public_key(read_file(text))


def write(key: PublicKey) -> tuple[str, str]:
    """The shortest form that holds this key by value, and its text.

    Raises:
        EvidenceError: ``key.malformed`` or ``key.unsupported``.
    """
    public = keys.verifier_of(key).public
    match key.partition(" ")[0]:
        case "ssh-ed25519":
            return "ed25519", b64.encode(public.public_bytes(Encoding.Raw, PublicFormat.Raw))
        case "ecdsa-sha2-nistp256":
            return "ecdsa-p256", b64.encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
        case _:
            return "ssh", key
