"""Public keys as a policy writes them, and as `policy show` writes them back.

    {ed25519: "<base64 of the 32 bytes>"}              {pem: "-----BEGIN PUBLIC KEY-----…"}
    {ALGORITHM: "<base64 of SubjectPublicKeyInfo>"}    {file: release.pub}        PEM or OpenSSH, read when the
    {ssh: "ssh-ed25519 AAAA…"}                                                    policy is proposed, kept by value

ALGORITHM is one of `algorithms.ALGORITHMS`. Beside ``pem``, ``file`` and ``ssh`` it may stand as ``algorithm: …``; beside an RSA key, which
does not say how it signs, it has to. It is never tried out which one fits.

A policy's keys check evidence, which is signed bare. A key that could never match is refused here rather than found out at the gate.
"""

from __future__ import annotations

from collections.abc import Callable

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lockgate.core.identity import EvidenceKey
from lockgate.errors import EvidenceError, LockgateError
from lockgate.evidence import algorithms, b64, keys
from lockgate.evidence.yaml_tree import Mapping, Place, Scalar

FORMS = (*algorithms.ALGORITHMS, "ssh", "pem", "file")
_SAID = frozenset({"key.weak", "key.unsupported", "key.no-algorithm", "key.other-algorithm"})
"""Codes that say more than that a value is wrong."""


class BadKey(Exception):  # noqa: N818  caught by policy_yaml alone
    """What is wrong with a key, and where it stands."""

    def __init__(self, place: Place, text: str, code: str = "policy.bad-value") -> None:
        super().__init__(text)
        self.place, self.text, self.code = place, text, code


def read(node: Mapping, read_file: Callable[[str], bytes] | None, *, evidence: bool = True) -> EvidenceKey:
    """The key in normal form.

    Args:
        node: how it is written.
        read_file: the bytes of a key file; None where files may not be named.
        evidence: whether it has to be one that signs evidence; people sign with others too.

    Raises:
        BadKey: with its place.
    """
    forms = [form for form in node.pairs if form != "algorithm"]
    form = forms[0] if len(forms) == 1 else ""
    if form not in FORMS or (len(node.pairs) > 1 and form in algorithms.ALGORITHMS):
        raise BadKey(node.place, f'a key is written in one of the forms {", ".join(FORMS)}, such as {{ed25519: "…"}}')
    value, named = _text(form, node), _text("algorithm", node) if "algorithm" in node.pairs else None
    try:
        key = _read(form, value.text, read_file)
        if evidence:
            return keys.with_algorithm(key, form if form in algorithms.ALGORITHMS else named.text if named else "")
        if named or form in keys.RSA_ALGORITHMS:
            raise EvidenceError("key.other-algorithm", "a person signs with SSH signatures, which name their algorithm: write the key without one")
    except LockgateError as err:
        raise BadKey(value.place, err.message, err.code if err.code in _SAID else "policy.bad-value") from None
    except (ValueError, OSError) as err:
        raise BadKey(value.place, f"{form} cannot be read: {err}") from None
    return key


def _text(form: str, node: Mapping) -> Scalar:
    value = node.pairs[form][1]
    if not isinstance(value, Scalar):
        raise BadKey(value.place, f"{form} is text, not a list or mapping")
    return value


def _read(form: str, text: str, read_file: Callable[[str], bytes] | None) -> EvidenceKey:
    match form:
        case "ed25519":
            return keys.parse_ed25519(b64.decode(text))
        case "ssh":
            return keys.parse_openssh(text)
        case "pem":
            return keys.parse_pem(text)
        case "file":
            if read_file is None:
                raise ValueError("key files are not read here: write the key itself")
            return keys.parse_public_key(read_file(text))
        case _:
            return keys.parse_spki(b64.decode(text))


def write(key: EvidenceKey) -> tuple[str, str]:
    """The shortest form that holds this key by value, and its text.

    Raises:
        EvidenceError: ``key.malformed`` or ``key.unsupported``.
    """
    public, kind = keys.verifier_of(key).public, key.partition(" ")[0]
    if kind == keys.ED25519:
        return "ed25519", b64.encode(public.public_bytes(Encoding.Raw, PublicFormat.Raw))
    if kind == keys.P256 or kind in keys.RSA_ALGORITHMS:
        return keys.algorithm_of(key), b64.encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    return "ssh", key
