"""Trusted roots as a policy writes them, in one of two forms, and as `policy show` writes them back.

    {file: trusted_root.json}      Sigstore's TrustedRoot, or a ClientTrustConfig that holds one; read when the policy is proposed
    {json: "{…}"}                  the same, by value

Either way it is kept by value, as the canonical JSON of the TrustedRoot: the gate reads no file and asks nobody.
"""

from __future__ import annotations

from collections.abc import Callable

from lockgate.core.signers import RootText
from lockgate.errors import LockgateError
from lockgate.evidence.sigstore import trust
from lockgate.evidence.yaml_tree import Mapping, Place, Scalar

FORMS = ("file", "json")
MAX_FILE = 1 << 20


class BadRoot(Exception):  # noqa: N818  caught by policy_yaml alone
    """What is wrong with a trusted root, and where it stands."""

    def __init__(self, place: Place, text: str) -> None:
        super().__init__(text)
        self.place, self.text = place, text


def read(node: Mapping, read_file: Callable[[str], bytes] | None) -> RootText:
    """The trusted root, canonical.

    Args:
        node: how it is written.
        read_file: the bytes of a file; None where files may not be named.

    Raises:
        BadRoot: with its place.
    """
    if len(node.pairs) != 1 or next(iter(node.pairs)) not in FORMS:
        raise BadRoot(node.place, f'a trusted root is written in one of the forms {", ".join(FORMS)}, such as {{file: "trusted_root.json"}}')
    form, (_, value) = next(iter(node.pairs.items()))
    if not isinstance(value, Scalar):
        raise BadRoot(value.place, f"{form} is text, not a list or mapping")
    try:
        if form == "json":
            return trust.kept(value.text.encode())
        if read_file is None:
            raise ValueError("files are not read here: write the trusted root itself")
        return trust.kept(read_file(value.text))
    except LockgateError as err:
        raise BadRoot(value.place, err.message) from None
    except (ValueError, OSError) as err:
        raise BadRoot(value.place, f"{form} cannot be read: {err}") from None
