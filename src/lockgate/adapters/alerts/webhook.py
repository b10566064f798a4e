"""Alerts by a web hook: one POST of JSON over TLS, or to this machine; signed where a key is given.

1. The host is the one that was named; an answer that sends elsewhere is no delivery, and nobody is followed.
2. Link-local addresses, where clouds keep their metadata, are never connected to, whatever the name resolves to.
3. What may pass by itself (no connection, 429, 5xx) is tried again, three times, within the deadline.
4. The address may hold a secret behind its host, and so may an answer: no message repeats either, but for host and status.
"""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

import httpcore

from lockgate import __version__
from lockgate.adapters.sources.registry_network import Dialer, Kind, Network, named_kind, netloc
from lockgate.adapters.sources.registry_settings import Settings
from lockgate.adapters.sources.registry_watch import Allowance, Patience, Watch
from lockgate.errors import LedgerError, UnreadableError, UsageError

PATIENCE = Patience(connect=5.0, read=10.0, total=30.0, retries=3, pause=0.5, look=60.0, most=1 << 20)
LONGEST_URL = 2_048
LEAST_KEY, MOST_KEY = 16, 4_096
"""Bytes of a key that alerts are signed with."""

_PASSING = frozenset({429, 500, 502, 503, 504})
_BROKEN = (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, httpcore.UnsupportedProtocol, UnreadableError)


class _Dialer(Dialer):
    """Step 2, of the host that was named too."""

    def _require(self, host: str, port: int, kinds: set[Kind]) -> None:
        if "nowhere" in kinds:
            raise UnreadableError("ref.redirect-refused", f"{host} has an address of no host that may be told anything")
        super()._require(host, port, kinds)


class WebhookCourier:
    """Port `Courier`: an alert was taken where the answer is 2xx.

    The body is signed with HMAC-SHA-256: ``Lockgate-Signature: sha256=<hex>``.

    Args:
        url: ``https://…``, or ``http://`` to this machine.
        key: what alerts are signed with; empty for nothing.
        network, settings, patience: the world, what is set for it, and how long is waited.

    Raises:
        UsageError: ``alert.bad-url``, ``alert.bad-key``; as `Settings.ca` and `Network.tls`.
    """

    def __init__(self, url: str, key: bytes, network: Network, settings: Settings, patience: Patience = PATIENCE) -> None:
        self._host, self._port, self._tls, self._target = _parts(url)
        if key and not LEAST_KEY <= len(key) <= MOST_KEY:
            raise UsageError("alert.bad-key", f"a key for alerts has {LEAST_KEY} to {MOST_KEY} bytes")
        self._key, self._network, self._patience, self._settings = key, network, patience, settings
        self._name = netloc(self._host, self._port, tls=self._tls)
        self._context = network.tls(settings.ca(self._name)) if self._tls else None

    def deliver(self, alert: bytes) -> None:
        """See `core.telling.Courier`."""
        why = ""
        for attempt in range(self._patience.retries + 1):
            if attempt:
                self._network.sleep(self._patience.pause * 2 ** (attempt - 1))
            try:
                status = self._post(alert)
            except _BROKEN:
                why = "could not be reached"
                continue
            if 200 <= status < 300:
                return
            why = f"answered {status}"
            if status not in _PASSING:
                break
        raise LedgerError("alert.not-delivered", f"{self._name} {why}: the alert counts as not delivered")

    def _post(self, alert: bytes) -> int:
        """The status of the answer, whose body nobody reads."""
        watch = Watch(self._patience, Allowance(self._patience))
        watch.start()
        headers = {
            "Host": self._name,
            "User-Agent": f"lockgate/{__version__}",
            "Content-Type": "application/json",
            "Content-Length": str(len(alert)),
            **({"Lockgate-Signature": "sha256=" + hmac.digest(self._key, alert, "sha256").hex()} if self._key else {}),
        }
        dialer = _Dialer(self._network, self._settings, (self._host, self._port), watch, tls=self._tls)
        url = httpcore.URL(scheme=b"https" if self._tls else b"http", host=self._host.encode(), port=self._port, target=self._target)
        timeout = {"connect": self._patience.connect, "read": self._patience.read, "write": self._patience.read, "pool": self._patience.connect}
        with httpcore.ConnectionPool(ssl_context=self._context, network_backend=dialer) as pool:
            asked = pool.stream("POST", url, headers=list(headers.items()), content=alert, extensions={"timeout": timeout})
            with asked as response:
                return int(response.status)


def _parts(url: str) -> tuple[str, int, bool, bytes]:
    """Host, port, whether TLS is spoken, and the path with its query. Raises UsageError ``alert.bad-url``."""
    bad = UsageError("alert.bad-url", "alerts go to https://HOST/PATH, or to http:// on this machine; without a user and a password in it")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise bad from None
    if not host or "@" in parts.netloc or parts.fragment or len(url) > LONGEST_URL or not (url.isascii() and url.isprintable()) or " " in url:
        raise bad
    if parts.scheme != "https" and not (parts.scheme == "http" and named_kind(host) == "loopback"):
        raise bad
    tls = parts.scheme == "https"
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return host, port or (443 if tls else 80), tls, target.encode()
