"""A proxy between here and registries: asked for a tunnel (RFC 9110, 9.3.6, "CONNECT"), through which TLS is spoken as without it.

It sees which hosts are asked and how much, and nothing of what is said. Plain HTTP never goes through it.
"""

from __future__ import annotations

import base64
import ipaddress
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import httpcore

from lockgate.errors import UnreadableError, UsageError

MAX_ANSWER = 16 << 10
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, kw_only=True)
class Proxy:
    """A proxy, and what does not go through it.

    Attributes:
        tls: whether it is spoken to over TLS itself.
        login: value of ``Proxy-Authorization``; empty for none.
        but: as in ``NO_PROXY``: names with all below them, addresses, networks, each with a port or without.
    """

    host: str
    port: int
    tls: bool
    login: str
    but: tuple[str, ...]

    def __repr__(self) -> str:
        return "Proxy(…)"

    def serves(self, host: str, port: int) -> bool:
        """Whether connections to a host go through it."""
        return not any(_fits(each, host.strip("[]"), port) for each in self.but)


def parse_proxy(url: str, but: str) -> Proxy | None:
    """Read ``[http[s]://][USER:PASSWORD@]HOST[:PORT]``; None for an empty text.

    Raises:
        UsageError: ``setting.malformed``; the text may hold a password and is not repeated.
    """
    if not url:
        return None
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        host, port = "", 0
        parts = urlsplit("")
    if parts.scheme not in _PORTS or not host or not port or not host.isascii() or parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise UsageError("setting.malformed", "HTTPS_PROXY holds no address of a proxy: write http://HOST:PORT")
    login = ""
    if parts.username is not None:
        words = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        login = "Basic " + base64.b64encode(words.encode()).decode()
    return Proxy(host=host, port=port, tls=parts.scheme == "https", login=login, but=tuple(filter(None, (each.strip().lower() for each in but.split(",")))))


def _fits(each: str, host: str, port: int) -> bool:
    if each == "*":
        return True
    name, colon, number = each.rpartition(":")
    if colon and number.isdigit() and (":" not in name or name.endswith("]")):
        if int(number) != port:
            return False
        each = name
    each = each.strip("[]")
    try:
        network = ipaddress.ip_network(each, strict=False)
        address = ipaddress.ip_address(host)
    except ValueError:
        bare = each.removeprefix("*").removeprefix(".")
        return bool(bare) and (host == bare or host.endswith("." + bare))
    return address in network


def tunnel(stream: httpcore.NetworkStream, proxy: Proxy, host: str, port: int, seconds: float) -> None:
    """Ask for a tunnel to a host on a connection to the proxy; what is sent from then on goes there.

    Raises:
        UnreadableError: ``ref.unreachable``: the proxy gives none. As httpcore, where the connection breaks.
    """
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    words = [f"CONNECT {place} HTTP/1.1", f"Host: {place}", *([f"Proxy-Authorization: {proxy.login}"] if proxy.login else []), "", ""]
    stream.write("\r\n".join(words).encode(), seconds)
    said = b""
    while b"\r\n\r\n" not in said:
        more = stream.read(4096, seconds)
        said += more
        if not more or len(said) > MAX_ANSWER:
            raise UnreadableError("ref.unreachable", f"the proxy {proxy.host} gives no answer that could be read")
    line, _, _ = said.partition(b"\r\n")
    version, _, rest = line.partition(b" ")
    status = rest[:3].decode("latin-1")
    if not version.startswith(b"HTTP/1.") or not (status.isascii() and status.isdigit()) or not said.endswith(b"\r\n\r\n"):
        raise UnreadableError("ref.unreachable", f"the proxy {proxy.host} gives no answer that could be read")
    if status == "407":
        raise UnreadableError("ref.unreachable", f"the proxy {proxy.host} asks who is there: put USER:PASSWORD@ into HTTPS_PROXY")
    if not status.startswith("2"):
        raise UnreadableError("ref.unreachable", f"the proxy {proxy.host} answers {status} for {host}")
