"""The key a user names: a file, a public key whose other half the agent holds, or a fingerprint."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from lockgate.adapters import disk
from lockgate.adapters.keys.agent import AgentSigner, held_keys
from lockgate.adapters.keys.files import MAX_FILE, FileSigner, Passphrase, load_key
from lockgate.core.identity import PublicKey, fingerprint
from lockgate.errors import EvidenceError, LockgateError, UnreadableError
from lockgate.evidence import keys


def find_signer(spec: str, agent_socket: str | None, passphrase: Passphrase | None = None) -> FileSigner | AgentSigner:
    """The private key that `spec` names.

    Args:
        spec: a private key's file; a ``.pub`` file, whose key the agent must hold; or ``SHA256:…`` in the agent.
        agent_socket: where the agent listens; None or empty where there is none.
        passphrase: asks for a key file's passphrase.

    Raises:
        UnreadableError: ``key.unavailable``, ``key.refused``.
        UsageError, EvidenceError: as `files.load_key`; ``key.malformed`` for a ``.pub`` file that holds no public key.
    """
    if spec.startswith("SHA256:"):
        return _held(spec, agent_socket)
    if spec.endswith(".pub"):
        return _held(fingerprint(keys.parse_key(_public_text(spec))), agent_socket)
    return load_key(spec, passphrase)


def at_hand(agent_socket: str, folders: Sequence[Path], here: Path) -> dict[PublicKey, str]:
    """Keys a user could name: the agent's, and those with a private file beside a ``.pub`` file in one of these folders; and how each is named.

    Args:
        agent_socket: where the agent listens; empty where there is none.
        folders: to look in, the 200 first of each. here: the one whose files are named without a path.
    """
    found: dict[PublicKey, str] = {}
    if agent_socket:
        with suppress(LockgateError):
            found.update((each, fingerprint(each)) for each in held_keys(agent_socket))
    for folder in folders:
        with suppress(OSError):
            for public in sorted(folder.glob("*.pub"))[:200]:
                private = public.with_suffix("")
                with suppress(OSError, EvidenceError):
                    named = private.name if folder == here else str(private)
                    if named.isprintable() and private.is_file():  # whoever wrote what is here chose its name, and no other could be typed
                        found[keys.parse_public_key(disk.read_file(public, MAX_FILE, follow=True))] = named
    return found


def _held(wanted: str, agent_socket: str | None) -> AgentSigner:
    if not agent_socket:
        raise UnreadableError("key.unavailable", f"the key {wanted} is looked for in ssh-agent, and none is running (SSH_AUTH_SOCK is not set)")
    for public in held_keys(agent_socket):
        if fingerprint(public) == wanted:
            return AgentSigner(public, agent_socket)
    raise UnreadableError("key.unavailable", f"ssh-agent does not hold {wanted[:60]}")


def _public_text(path: str) -> str:
    try:
        return disk.read_file(path, MAX_FILE, follow=True).decode("utf-8", "replace")
    except OSError as err:
        raise UnreadableError("key.unavailable", f"the public key {path} could not be read: {disk.reason(err)}") from None
