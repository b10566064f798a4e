"""What every command shares: its options, the gate it opens, and how it speaks."""

from __future__ import annotations

import functools
import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lockgate import config

if TYPE_CHECKING:
    from lockgate.app.world import Ports
    from lockgate.core.ports import PersonSigner, Signer

ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


class Session:
    """One run of one command.

    Args:
        gate, trust, key: as given; empty where not.
        fmt: ``text`` or ``json``.
    """

    def __init__(self, *, gate: str = "", trust: str = "", key: str = "", fmt: str = "text") -> None:
        self.config = config.load(gate=gate, trust=trust, key=key)
        self.json = fmt == "json"

    def ports(self) -> Ports:
        """Open the gate; says on stderr where nothing is pinned."""
        from lockgate.app.filing import catch_up
        from lockgate.wire import open_gate

        ports = open_gate(self.config)
        if ports.pinned is None:
            self.note("UNPINNED: no lockgate.trust was found or named, so nothing here is a permit [root.unpinned]")
        if ports.heads.recall(ports.log.origin) is None:
            self.note("this account sees this log for the first time: an older copy could not be told [head.unpinned]")
        catch_up(ports, self.progress("filing"))
        return ports

    def signer(self) -> PersonSigner:
        """The user's own key. Raises UsageError ``key.none`` where none is named."""
        from lockgate.wire import user_signer

        return user_signer(self.config, self.passphrase)

    def signer_if_any(self) -> PersonSigner | None:
        """The user's own key, or None where none is named."""
        from lockgate.wire import names_a_key, user_signer

        return user_signer(self.config, self.passphrase) if names_a_key(self.config) else None

    def artifact_signer(self) -> Signer:
        """The key named with ``--key``, for signing artifacts."""
        from lockgate.wire import user_signer

        return user_signer(self.config, self.passphrase)

    def passphrase(self) -> bytes:
        """Ask for a passphrase on the terminal. Raises UsageError ``key.locked`` where there is none to ask on."""
        from lockgate.errors import UsageError

        if not sys.stdin.isatty():
            raise UsageError(
                "key.locked", "this key has a passphrase, and there is no terminal to ask for it on", "ssh-add it to your agent, or run on a terminal"
            )
        return str(click.prompt("passphrase", hide_input=True, err=True)).encode()

    def new_passphrase(self) -> bytes:
        """Ask for a new passphrase, twice."""
        return str(click.prompt("new passphrase", hide_input=True, confirmation_prompt=True, err=True)).encode()

    def say(self, value: object, text: str) -> None:
        """The command's result, on stdout: `value` as JSON or `text`."""
        if self.json:
            from lockgate.render.machine import as_json

            click.echo(as_json(value), nl=False)
        elif text:
            click.echo(text)

    def note(self, text: str) -> None:
        """Something for people, on stderr; not with ``--format json``."""
        if not self.json and text:
            click.echo(text, err=True)

    def next(self, command: str) -> None:
        """The one command that comes next, on stderr."""
        if command:
            self.note(f"next:  {command}")

    @property
    def colour(self) -> bool:
        """Whether stderr is a terminal that takes colours."""
        return sys.stderr.isatty() and not self.json

    def progress(self, what: str) -> Callable[[int, int], None] | None:
        """A progress line on stderr, on a terminal only."""
        if not sys.stderr.isatty() or self.json:
            return None

        def told(done: int, whole: int) -> None:
            end = "\n" if done >= whole else ""
            sys.stderr.write(f"\r{what} {done:,} of {whole:,} ({done * 100 // max(whole, 1)}%){end}")
            sys.stderr.flush()

        return told


def fresh_request() -> str:
    """A random request id: ``r-`` and 16 characters of base32 (80 bits)."""
    return "r-" + "".join(secrets.choice(ALPHABET) for _ in range(16))


def fresh_person() -> str:
    """A random person id: ``p-`` and 16 characters of base32 (80 bits)."""
    return "p-" + "".join(secrets.choice(ALPHABET) for _ in range(16))


def fresh_nonce() -> str:
    """16 random bytes in hex."""
    return secrets.token_hex(16)


def with_session(*, key: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add the shared options to a command and hand it a `Session` as its first argument.

    Args:
        key: whether the command signs with a key.
    """

    def wrap(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def call(gate_dir: str, trust: str, fmt: str, key_spec: str = "", **arguments: Any) -> Any:  # noqa: ANN401  click's own
            return function(Session(gate=gate_dir, trust=trust, key=key_spec, fmt=fmt), **arguments)

        for option in (
            click.option("--format", "fmt", type=click.Choice(["text", "json"]), default="text", help="For people or for machines."),
            click.option("--trust", default="", metavar="FILE", help="The pinned root (default: lockgate.trust here or above)."),
            click.option("--gate", "gate_dir", default="", metavar="DIR", help="The gate's directory (default: .lockgate here or above)."),
        ):
            call = option(call)
        if key:
            call = click.option("--key", "key_spec", default="", metavar="KEY", help="Your key: a file, or a fingerprint in your agent.")(call)
        return call

    return wrap


def config_digest(files: tuple[str, ...]) -> str:
    """The configuration digest of these files: SHA-256 of the canonical JSON of sorted path -> sha256; ``none`` for ``none``.

    Raises:
        UsageError: ``config.unreadable``, ``config.none-and-files``.
    """
    from lockgate.canon import digest_hex
    from lockgate.core.digest import digest_of
    from lockgate.errors import UsageError

    if not files or files == ("none",):
        return "none"
    if "none" in files:
        raise UsageError("config.none-and-files", "--config none stands alone: either there is a configuration or there is none")
    found = {}
    for name in files:
        try:
            found[name] = digest_of(Path(name).read_bytes())
        except OSError as err:
            raise UsageError("config.unreadable", f"the configuration file {name} cannot be read: {err.strerror}") from None
    return "sha256:" + digest_hex(found)
