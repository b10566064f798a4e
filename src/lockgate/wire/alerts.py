"""Whom alerts go to, and how far they got."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from lockgate.config import Config
from lockgate.errors import UsageError
from lockgate.wire import access
from lockgate.wire.files import read_head

if TYPE_CHECKING:
    from lockgate.adapters.store.cursor import FileCursor
    from lockgate.core.telling import Courier

CURSOR = "alerts-told"
"""The file in the gate's directory that says how far alerts were delivered."""


def courier(config: Config, command: str = "", url: str = "", key: str = "") -> Courier | None:
    """Who takes alerts: as options say, else as settings do; None for nobody.

    Raises:
        UsageError: ``alert.two-ways``, ``alert.bad-command``, ``alert.bad-url``, ``alert.bad-key``; as `read_settings`.
    """
    if not (command or url):
        command, url = config.alert_command, config.alert_url
    key = key or config.alert_key
    if command and url:
        raise UsageError("alert.two-ways", "alerts go to a command or to a web hook, and both are named")
    if command:
        return _by_command(command)
    if not url:
        return None
    from lockgate.adapters.alerts.webhook import WebhookCourier
    from lockgate.adapters.sources.registry_network import Network
    from lockgate.adapters.sources.registry_settings import read_settings

    return WebhookCourier(url, _key(key), Network(), read_settings(access(config)))


def _by_command(command: str) -> Courier:
    from lockgate.adapters.alerts.command import CommandCourier

    try:
        words = shlex.split(command)
    except ValueError as err:
        raise UsageError("alert.bad-command", f"the command for alerts cannot be split into words: {err}") from None
    if not words or not words[0]:
        raise UsageError("alert.bad-command", "the command for alerts has no words")
    return CommandCourier(words)


def _key(path: str) -> bytes:
    if not path:
        return b""
    try:
        data = read_head(path, 8_192).removesuffix(b"\n")
    except OSError as err:
        raise UsageError("alert.bad-key", f"the key for alerts {path} cannot be read: {err.strerror}") from None
    if not data:
        raise UsageError("alert.bad-key", f"the key for alerts {path} is empty")
    return data


def cursor(config: Config) -> FileCursor:
    """How far alerts were delivered."""
    from lockgate.adapters.store.cursor import FileCursor

    return FileCursor(config.gate / CURSOR)
