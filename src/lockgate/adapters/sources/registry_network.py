"""Connections to registries: every address is looked at before one is connected to, and nothing outlasts its deadline.

Names are looked up here and connected to by the address that was looked at, so that a name cannot mean one thing when it
is judged and another when it is used. Only a proxy looks names up itself.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

import httpcore

from lockgate.adapters import disk
from lockgate.adapters.sources.registry_proxy import Proxy, tunnel
from lockgate.adapters.sources.registry_settings import Settings
from lockgate.adapters.sources.registry_watch import Watch
from lockgate.errors import UnreadableError, UsageError

Kind = Literal["public", "private", "loopback", "nowhere"]

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_MOST_ADDRESSES = 8
_CHUNK = 256 << 10
"""Bytes read at once: more than httpcore asks for, a quarter fewer turns for a large layer."""


class UnknownNameError(httpcore.ConnectError):
    """Nobody knows this name."""


def look_up(host: str, port: int, seconds: float) -> list[str]:
    """The addresses of a name, in the system's order. Raises ConnectError, ConnectTimeout of httpcore."""
    found: list[list[str] | Exception] = []

    def ask() -> None:
        try:
            found.append([str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)])
        except (OSError, UnicodeError) as err:
            found.append(err)

    thread = threading.Thread(target=ask, daemon=True)  # the system's resolver takes no time limit
    thread.start()
    thread.join(seconds)
    if not found:
        raise httpcore.ConnectTimeout("its name could not be looked up in time")
    if isinstance(found[0], socket.gaierror) and found[0].errno == socket.EAI_AGAIN:
        raise httpcore.ConnectError("its name could not be looked up")
    if isinstance(found[0], Exception):
        raise UnknownNameError("its name is not known")
    return found[0]


def connect(address: str, port: int, seconds: float) -> httpcore.NetworkStream:
    """A connection to an address. Raises ConnectError, ConnectTimeout of httpcore."""
    return httpcore.SyncBackend().connect_tcp(address, port, timeout=seconds)


def tls(ca: str) -> ssl.SSLContext:
    """What a server's certificate is held against: the certificates in this file, or the system's where it is empty.

    Made by hand, so that ``SSLKEYLOGFILE`` does not have what is said over TLS, passwords among it, written down.

    Raises:
        UsageError: ``setting.unreadable``.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if not ca:
        context.load_default_certs()
        return context
    try:
        context.load_verify_locations(cafile=ca)
    except OSError as err:  # ssl.SSLError is one
        why = "no certificate in PEM" if isinstance(err, ssl.SSLError) else disk.reason(err)
        raise UsageError("setting.unreadable", f"the certificates {ca} cannot be read: {why}") from None
    return context


@dataclass(frozen=True, kw_only=True)
class Network:
    """What touches the network: names, connections, trusted certificates, waiting."""

    look_up: Callable[[str, int, float], list[str]] = look_up
    connect: Callable[[str, int, float], httpcore.NetworkStream] = connect
    tls: Callable[[str], ssl.SSLContext] = tls
    sleep: Callable[[float], None] = time.sleep


_NOWHERE = [
    ipaddress.ip_network(each)
    for each in (
        # Metadata services of clouds that are not link-local; site-local, relay, documentation and benchmark addresses; those of no host.
        *("100.100.100.200/32", "168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "0.0.0.0/8", "240.0.0.0/4"),
        *("fd00:ec2::/32", "fec0::/10", "3fff::/20"),
    )
]
"""Where nobody is sent whatever the interpreter's own tables say, which differ from release to release."""


def kind_of(address: str) -> Kind:
    """What sort of address; link-local, multicast and the like, and `_NOWHERE`, are ``nowhere``.

    A mapped IPv4 address is judged as itself: the machine treats it so. One that is tunnelled (6to4, Teredo, NAT64) leaves the machine,
    whatever it holds: ``public`` where the address inside is, and ``nowhere`` else.
    """
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return kind_of(str(found.ipv4_mapped))
        inside = found.sixtofour or (found.teredo[1] if found.teredo else None)
        if found in _NAT64:
            inside = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inside is not None:
            return "public" if kind_of(str(inside)) == "public" else "nowhere"
    if found.is_loopback:
        return "loopback"
    if any(found in each for each in _NOWHERE):
        return "nowhere"
    if found.is_link_local or found.is_multicast or found.is_unspecified or (found.is_reserved and not found.is_private):
        return "nowhere"
    return "public" if found.is_global else "private"


def named_kind(host: str) -> Kind | None:
    """What sort of address a host is named by: ``localhost`` and literal addresses; None for a name."""
    if host == "localhost":
        return "loopback"
    try:
        return kind_of(host.strip("[]"))
    except ValueError:
        return None


class Dialer(httpcore.NetworkBackend):
    """Connects to the registry, and to where it sends its callers; of those, only to public addresses.

    1. The registry itself, host and port as the user named them: to whatever it resolves to. What is named as this machine is this machine.
    2. Anything else: *every* address it resolves to is public; or loopback, where the registry was named by a loopback address; or
       private, where the settings name that host as one the registry sends to. Link-local addresses (where clouds keep their
       metadata) are never connected to.
    3. Through a proxy, names are the proxy's to look up: only hosts that are written as addresses are judged here.

    Args:
        network, settings: the world, and what is set for it.
        home: host and port of the registry.
        watch: how long.
        tls: whether TLS is spoken on these connections.
    """

    def __init__(self, network: Network, settings: Settings, home: tuple[str, int], watch: Watch, *, tls: bool) -> None:
        self._network, self._settings, self._home, self._watch, self._tls = network, settings, home, watch, tls
        self._known: dict[tuple[str, int], list[str]] = {}

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,  # noqa: ARG002  httpcore's
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002  httpcore's
    ) -> httpcore.NetworkStream:
        """Connect to one of a host's addresses, all of which are judged before.

        Raises:
            UnreadableError: ``ref.redirect-refused``; ``ref.unreachable`` where a proxy gives no tunnel. As httpcore.
        """
        seconds = self._watch.left(timeout or self._watch.patience.connect)
        proxy = self._settings.proxy
        if not self._tls or proxy is None or named_kind(host) == "loopback" or not proxy.serves(host, port):
            addresses = self._known.get((host, port)) or list(dict.fromkeys(self._network.look_up(host, port, seconds)))
            self._require(host, port, {kind_of(each) for each in addresses})
            stream = self._first(addresses, port, seconds)
            self._known[host, port] = addresses  # further connections of this look need no further answer
            return stream
        self._require(host, port, {kind for kind in [named_kind(host)] if kind})
        try:
            return self._through(proxy, host, port, seconds)
        except (httpcore.NetworkError, httpcore.TimeoutException):
            raise UnreadableError("ref.unreachable", f"the proxy {proxy.host}, through which {host} is asked, could not be asked itself") from None

    def sleep(self, seconds: float) -> None:
        """As the network's."""
        self._network.sleep(seconds)

    def _through(self, proxy: Proxy, host: str, port: int, seconds: float) -> httpcore.NetworkStream:
        stream: httpcore.NetworkStream = self._first(self._network.look_up(proxy.host, proxy.port, seconds), proxy.port, seconds)
        try:
            if proxy.tls:
                context = self._network.tls(self._settings.ca(netloc(proxy.host, proxy.port, tls=True)))
                stream = stream.start_tls(context, proxy.host, self._watch.left(seconds))
            tunnel(stream, proxy, host, port, seconds)
        except BaseException:
            stream.close()
            raise
        return stream

    def _first(self, addresses: list[str], port: int, seconds: float) -> httpcore.NetworkStream:
        failed: httpcore.NetworkError | httpcore.TimeoutException = UnknownNameError("its name has no address")
        for address in addresses[:_MOST_ADDRESSES]:
            try:
                return TimedStream(self._network.connect(address, port, self._watch.left(seconds)), self._watch)
            except (httpcore.NetworkError, httpcore.TimeoutException) as err:
                failed = err
        raise failed

    def _require(self, host: str, port: int, kinds: set[Kind]) -> None:
        """Steps 1 and 2."""
        if named_kind(host) == "loopback" and not kinds <= {"loopback"}:
            raise UnreadableError("ref.redirect-refused", f"{host} is not this machine: it is not spoken to in plain HTTP")
        if (host, port) == self._home:
            return
        allowed: set[Kind] = {"public"}
        if named_kind(self._home[0]) == "loopback":
            allowed.add("loopback")
        if netloc(host, port, tls=self._tls) in self._settings.of(netloc(*self._home, tls=self._tls)).sends_to:
            allowed.add("private")
        if not kinds <= allowed:
            where = f"{host}, whose address is {', '.join(sorted(kinds - allowed))}"
            hint = _SENDS_TO if kinds - allowed == {"private"} else ""
            raise UnreadableError("ref.redirect-refused", f"{self._home[0]} sends its callers to {where}: nothing was asked there", hint)


_SENDS_TO = "name the host in registries.toml under sends-to, where it may be asked"


def netloc(host: str, port: int, *, tls: bool) -> str:
    """A host as it is written in references: without the port that is its scheme's own; IPv6 addresses in brackets."""
    name = f"[{host}]" if ":" in host else host
    return name if port == (443 if tls else 80) else f"{name}:{port}"


class TimedStream(httpcore.NetworkStream):
    """A connection whose reads and writes end with the deadline, and whose bytes are counted."""

    def __init__(self, stream: httpcore.NetworkStream, watch: Watch) -> None:
        self._stream, self._watch = stream, watch
        watch.allowance.opened(self)

    def stop(self) -> None:
        """Wake whoever waits here."""
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self._stream.get_extra_info("socket"), socket.SHUT_RDWR)  # past TLS, which has no word for it

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """As httpcore's."""
        data = self._stream.read(max(max_bytes, _CHUNK), self._watch.left(timeout))
        self._watch.allowance.took(len(data))
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """As httpcore's."""
        self._stream.write(buffer, self._watch.left(timeout))

    def close(self) -> None:
        """As httpcore's."""
        self._stream.close()

    def start_tls(self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None) -> httpcore.NetworkStream:
        """As httpcore's; what ends before TLS is spoken is nobody's to close but this one's."""
        try:
            return TimedStream(self._stream.start_tls(ssl_context, server_hostname, self._watch.left(timeout)), self._watch)
        except BaseException:
            self.close()
            raise

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401  httpcore's
        """As httpcore's."""
        return self._stream.get_extra_info(info)
