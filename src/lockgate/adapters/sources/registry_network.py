"""Connections to registries: every address is looked at before one is connected to, and nothing outlasts its deadline.

Names are looked up here and connected to by the address that was looked at, so that a name cannot mean one thing when it
is judged and another when it is used. Nothing is taken from the environment: no proxy, no `.netrc`, no cookie.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

import httpcore

from lockgate.errors import UnreadableError

Kind = Literal["public", "private", "loopback", "nowhere"]

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_MOST_ADDRESSES = 8


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long is waited.

    Attributes:
        connect, read: seconds for one connection, and for the next bytes.
        total: seconds for one document, with all that is tried again; a blob has as many more as what came of it takes at `rate`.
        rate: bytes a second below which a blob is not waited for.
        retries: how often something is tried again. pause: seconds before the first time; then twice as many each.
        longest: seconds that a registry may ask to wait.
    """

    connect: float = 5.0
    read: float = 10.0
    total: float = 60.0
    rate: int = 64 << 10
    retries: int = 3
    pause: float = 0.25
    longest: float = 10.0


class Watch(threading.local):
    """The deadline of what this thread is at."""

    end = float("inf")

    def start(self, seconds: float) -> None:
        """From now on, so many seconds."""
        self.end = time.monotonic() + seconds

    def left(self, most: float | None = None) -> float:
        """Seconds that may be waited, at most `most`. Raises ReadTimeout of httpcore where none is left."""
        left = self.end - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the time is up")
        return left if most is None else min(left, most)


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
    if isinstance(found[0], Exception):
        raise httpcore.ConnectError("its name is not known")
    return found[0]


def connect(address: str, port: int, seconds: float) -> httpcore.NetworkStream:
    """A connection to an address. Raises ConnectError, ConnectTimeout of httpcore."""
    return httpcore.SyncBackend().connect_tcp(address, port, timeout=seconds)


@dataclass(frozen=True, kw_only=True)
class Network:
    """What touches the network: names, connections, trusted certificates, waiting."""

    look_up: Callable[[str, int, float], list[str]] = look_up
    connect: Callable[[str, int, float], httpcore.NetworkStream] = connect
    tls: Callable[[], ssl.SSLContext] = field(default=ssl.create_default_context)
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

    1. The registry itself, host and port as the user named them: to whatever it resolves to; in plain HTTP to loopback alone.
    2. Anything else: *every* address it resolves to is public; or loopback, where the registry was named by a loopback address; or
       private, where the registry itself has private addresses and, whenever it was looked up, no others: then who sends there is
       inside already. Link-local addresses (where clouds keep their metadata) are never connected to.
    """

    def __init__(self, network: Network, host: str, port: int, watch: Watch, patience: Patience) -> None:
        self._network, self._home, self._watch, self._patience = network, (host, port), watch, patience
        self._home_kinds: set[Kind] = set()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,  # noqa: ARG002  httpcore's
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002  httpcore's
    ) -> httpcore.NetworkStream:
        """Connect to one of a host's addresses, all of which are judged before. Raises UnreadableError ``ref.redirect-refused``."""
        seconds = self._watch.left(timeout or self._patience.connect)
        addresses = list(dict.fromkeys(self._network.look_up(host, port, seconds)))
        self._require(host, port, addresses)
        failed: httpcore.NetworkError | httpcore.TimeoutException = httpcore.ConnectError("its name has no address")
        for address in addresses[:_MOST_ADDRESSES]:
            try:
                return TimedStream(self._network.connect(address, port, self._watch.left(seconds)), self._watch)
            except (httpcore.NetworkError, httpcore.TimeoutException) as err:
                failed = err
        raise failed

    def sleep(self, seconds: float) -> None:
        """As the network's."""
        self._network.sleep(seconds)

    def _require(self, host: str, port: int, addresses: list[str]) -> None:
        kinds = {kind_of(each) for each in addresses}
        if named_kind(host) == "loopback" and not kinds <= {"loopback"}:
            raise UnreadableError("ref.redirect-refused", f"{host} is not this machine: it is not spoken to in plain HTTP")
        if (host, port) == self._home:
            self._home_kinds |= kinds
            return
        allowed: set[Kind] = {"public"}
        if named_kind(self._home[0]) == "loopback":
            allowed.add("loopback")
        if self._home_kinds == {"private"}:
            allowed.add("private")
        if not kinds <= allowed:
            where = f"{host}, whose address is {', '.join(sorted(kinds - allowed))}"
            raise UnreadableError("ref.redirect-refused", f"{self._home[0]} sends its callers to {where}: nothing was asked there")


class TimedStream(httpcore.NetworkStream):
    """A connection whose reads and writes end with the deadline."""

    def __init__(self, stream: httpcore.NetworkStream, watch: Watch) -> None:
        self._stream, self._watch = stream, watch

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """As httpcore's."""
        return self._stream.read(max_bytes, self._watch.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """As httpcore's."""
        self._stream.write(buffer, self._watch.left(timeout))

    def close(self) -> None:
        """As httpcore's."""
        self._stream.close()

    def start_tls(self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None) -> httpcore.NetworkStream:
        """As httpcore's."""
        return TimedStream(self._stream.start_tls(ssl_context, server_hostname, self._watch.left(timeout)), self._watch)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401  httpcore's
        """As httpcore's."""
        return self._stream.get_extra_info(info)
