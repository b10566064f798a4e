"""The key a user names: a file, a public key whose other half the agent holds, or a fingerprint."""

from __future__ import annotations

from lockgate.adapters import disk
from lockgate.adapters.keys.agent import AgentSigner, held_keys
from lockgate.adapters.keys.files import MAX_FILE, FileSigner, Passphrase, load_key
from lockgate.core.identity import fingerprint
from lockgate.errors import UnreadableError
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
