"""Asking one repository of one registry (distribution-spec v1.1): with patience, without trust.

1. The registry alone is told who asks; a redirect to another host carries no login (containerd's CVE-2020-15157).
2. Redirects are followed here, three at most, to https alone; in plain HTTP only from a registry that is asked so itself, to this machine where it
   is on this machine, and to hosts that were named for it.
3. What may pass by itself (no connection, 429, 502, 503, 504) is tried again three times, within the deadline.
4. Nothing a registry says stands in a message but a status: no text, no header, no address with its query.
"""

from __future__ import annotations

import re
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from email.utils import parsedate_to_datetime
from typing import NamedTuple, NoReturn, Self, TypeVar
from urllib.parse import urldefrag, urljoin, urlsplit

import httpcore

from lockgate import __version__
from lockgate.adapters.sources.oci_descriptor import cut
from lockgate.adapters.sources.registry_auth import MAX_TOKEN, Gatekeeper
from lockgate.adapters.sources.registry_names import asked_at
from lockgate.adapters.sources.registry_network import Dialer, Network, UnknownNameError, named_kind, netloc
from lockgate.adapters.sources.registry_settings import Settings
from lockgate.adapters.sources.registry_watch import Allowance, Patience, Watch
from lockgate.core.digest import Digest
from lockgate.errors import UnreadableError

MAX_REDIRECTS = 3
CONNECTIONS = 20
"""Most connections at once, and most pieces asked for at once: twenty attestations take as many turns as one."""

_MAX_SCOLDING = 64 << 10
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LISTS = frozenset({"link", "www-authenticate", "content-encoding"})
_PASSING = frozenset({429, 502, 503, 504})
_BROKEN = (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, httpcore.UnsupportedProtocol)

_HOST_NAME = re.compile(r"[A-Za-z0-9._:-]+\Z").match
_NEXT = re.compile(r'<([^<>]{1,4096})>\s*;\s*rel\s*=\s*"?next"?\s*(?:[;,]|\Z)').search

T = TypeVar("T")


class Answer(NamedTuple):
    """What a registry answered.

    Attributes:
        status: 200 or 404, or as asked for. data: the body, or its first bytes where it is longer than asked for.
        headers: by name in lower case; of several the first, of those that are lists all.
        url: what answered, after redirects.
    """

    status: int
    data: bytes
    headers: dict[str, str]
    url: str


class _Place(NamedTuple):
    """Where a request goes: ``scheme://host:port`` and the rest."""

    scheme: str
    host: str
    port: int


class _PassingError(Exception):
    """Something that may pass by itself.

    Attributes:
        error: what to tell where it does not. wait: seconds the registry asks for; None where it does not.
    """

    def __init__(self, error: UnreadableError, wait: float | None = None) -> None:
        super().__init__(error.code)
        self.error, self.wait = error, wait


class Client:
    """Reads from one repository; use it as a context, which closes its connections. Several threads may ask at once.

    Args:
        name: ``HOST[:PORT]/REPOSITORY``.
        gatekeeper: who asks.
        network, settings: the world, and what is set for it.
        patience: how long is waited.
        allowance: what is left of the look that this is part of; None for one of its own.
    """

    def __init__(self, name: str, gatekeeper: Gatekeeper, network: Network, settings: Settings, patience: Patience, allowance: Allowance | None = None) -> None:
        self.host, _, self.repository = name.partition("/")
        self.name = name
        at = asked_at(self.host)
        loopback = named_kind(_place(f"https://{at}/").host) == "loopback"
        self._scheme = "http" if loopback or settings.is_plain(self.host) else "https"
        self._base = f"{self._scheme}://{at}/"
        self._home = _place(self._base)
        self._gatekeeper, self._network, self._settings, self._patience = gatekeeper, network, settings, patience
        self._watch = Watch(patience, allowance or Allowance(patience))
        self._pools: dict[tuple[str, str], httpcore.ConnectionPool] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._watch.allowance.stop()
        for pool in self._pools.values():
            pool.close()

    def stop(self) -> None:
        """End what is under way in any thread: nothing more is asked in this look."""
        self._watch.allowance.stop()

    def wait(self, seconds: float) -> None:
        """Ask nothing for so long."""
        self._network.sleep(seconds)

    def url(self, path: str) -> str:
        """Of something in this repository."""
        return f"{self._base}v2/{self.repository}/{path}"

    def next_page(self, url: str, path: str, link: str) -> str:
        """Where a list goes on (``Link``, RFC 8288): in this repository, under the same path; empty where it ends.

        Raises:
            UnreadableError: ``ref.unreadable``: it goes on anywhere else.
        """
        found = _NEXT(link)
        if not found and "next" in link.casefold():
            raise UnreadableError("ref.unreadable", f"{self.host}: the list of {path} goes on, and where cannot be read")
        try:
            following = urljoin(url, found[1]) if found else ""
            if not following or (following.partition("?")[0] == self.url(path) and _place(following) == self._home):
                return following
        except ValueError:
            pass
        raise UnreadableError("ref.unreadable", f"{self.host}: the list of {path} goes on in another place")

    def document(self, url: str, accept: str, max_bytes: int) -> Answer:
        """A small thing, read whole: up to `max_bytes`, and one more where there is more. 404 is an answer.

        Raises:
            UnreadableError: ``ref.unauthorized``, ``ref.rate-limited``, ``ref.redirect-refused``, ``ref.unreachable``, ``ref.unreadable``.
        """
        self._watch.start()

        def ask() -> Answer:
            with ExitStack() as stack:
                response, at = self._follow(stack, url, accept)
                data = b"".join(self._chunks(response, max_bytes + 1))
                return Answer(response.status, data if response.status == 200 else b"", _headers(response), at)

        return self._retried(ask)

    @contextmanager
    def blob(self, url: str, size: int) -> Iterator[tuple[Answer, Iterator[bytes]]]:
        """A thing of this size, and its bytes as they come: at most one chunk more than `size`. 404 is an answer.

        Raises:
            UnreadableError: as `document`.
        """
        self._watch.start()
        self._watch.allowance.expect(size)
        with ExitStack() as stack:

            def ask() -> tuple[Answer, Iterator[bytes]]:
                with ExitStack() as attempt:
                    response, at = self._follow(attempt, url, "*/*")
                    stack.enter_context(attempt.pop_all())
                return Answer(response.status, b"", _headers(response), at), self._at_a_rate(self._chunks(response, size + 1))

            try:
                yield self._retried(ask)
            except _PassingError as passing:  # half a blob came: it is not begun again
                raise passing.error from None

    def write(self, method: str, url: str, body: bytes = b"", media_type: str = "application/octet-stream", if_match: str = "") -> dict[str, str] | None:
        """Write something small, which the registry answers with 200, 201 or 202; the headers of its answer. A redirect is an error here.

        With `if_match` it is written only where what stands there has that ETag (RFC 9110, 13.1.1); None where it has another.

        Raises:
            UnreadableError: as `document`.
        """
        self._watch.start()

        def ask() -> dict[str, str] | None:
            with ExitStack() as stack:
                headers = {"Content-Type": media_type, **({"If-Match": if_match} if if_match else {})}
                told = self._gatekeeper.held(self.host, self.repository, "pull,push")
                response = self._send(stack, method, url, {**headers, **({"Authorization": told} if told else {})}, body)
                if response.status == 401:
                    told = self._challenged(response, "pull,push", told)
                    if told:
                        response = self._send(stack, method, url, {**headers, "Authorization": told}, body)
                if response.status not in {200, 201, 202, *({412} if if_match else ())}:
                    self._refused(response.status)
                b"".join(self._chunks(response, _MAX_SCOLDING))
                return None if response.status == 412 else _headers(response)

        return self._retried(ask)

    def upload_url(self, url: str, location: str, digest: Digest) -> str:
        """Where a blob is put, after a registry said where: at this registry alone. Raises UnreadableError ``ref.redirect-refused``."""
        to = urldefrag(self._allowed(url, location)).url  # a fragment is no part of what is asked for (RFC 9110, 10.2.2)
        if _place(to) != self._home:
            raise UnreadableError("ref.redirect-refused", f"{self.host} wants a blob put at another place: nothing was sent there")
        return f"{to}{'&' if '?' in to else '?'}digest={digest}"

    def _at_a_rate(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """The chunks, each of which moves the deadline by what it takes at the least rate: a drip ends as soon as silence, at the beginning and later."""
        for chunk in chunks:
            self._watch.moved(len(chunk))
            yield chunk

    def _retried(self, ask: Callable[[], T]) -> T:
        """Step 3."""
        for attempt in range(self._patience.retries + 1):
            try:
                return ask()
            except _PassingError as passing:
                wait = self._patience.pause * 2**attempt if passing.wait is None else passing.wait
                if attempt == self._patience.retries or wait > self._patience.longest or wait >= self._seconds_left():
                    raise passing.error from None
            self._network.sleep(wait)
        raise UnreadableError("ref.unreachable", f"{self.host} does not answer")

    def _seconds_left(self) -> float:
        try:
            return self._watch.left()
        except httpcore.TimeoutException:
            return 0.0

    def _follow(self, stack: ExitStack, url: str, accept: str) -> tuple[httpcore.Response, str]:
        """Steps 1 and 2: ask, log in once where the registry itself asks for it, and go where it sends. 200 or 404 comes back."""
        told = self._gatekeeper.held(self.host, self.repository, "pull")
        challenged, redirects = False, 0
        while True:
            home = _place(url) == self._home
            response = self._send(stack, "GET", url, {"Accept": accept, **({"Authorization": told} if told and home else {})})
            if response.status == 401 and home and not challenged:
                told, challenged = self._challenged(response, "pull", told), True
                if told:
                    continue
            if response.status in _REDIRECTS:
                redirects += 1
                if redirects > MAX_REDIRECTS:
                    raise UnreadableError("ref.redirect-refused", f"{self.host} redirects more than {MAX_REDIRECTS} times")
                url = self._allowed(url, _headers(response).get("location", ""))
                self._leave(response)
                continue
            if response.status not in {200, 404} or (response.status == 404 and not home):
                self._refused(response.status)
            if _headers(response).get("content-encoding", "identity").strip().lower() != "identity":
                raise UnreadableError("ref.unreadable", f"{self.host} answers with a content encoding that was not asked for")
            return response, url

    def _challenged(self, response: httpcore.Response, action: str, told: str) -> str:
        """What to tell a registry that answered 401; empty for nothing."""
        challenge = _headers(response).get("www-authenticate", "")
        self._leave(response)
        return self._gatekeeper.answer(challenge, (self.host, self.repository, action), told, self._ask_for_token)

    def _leave(self, response: httpcore.Response) -> None:
        """Give the connection back before another is needed: of many that wait at once none waits for the others."""
        with suppress(_PassingError, UnreadableError):
            b"".join(self._chunks(response, _MAX_SCOLDING))  # read to its end, it serves again
        response.close()

    def _allowed(self, url: str, location: str = "") -> str:
        """Step 2: an address that this registry may send its callers to; what it resolves to is judged by the `Dialer`."""
        try:
            url = urljoin(url, location)
            place = _place(url)
        except ValueError:
            raise UnreadableError("ref.redirect-refused", f"{self.host} sends its callers to no address that could be asked") from None
        if place.scheme != "https" and not (place.scheme == self._scheme == "http" and self._may_be_plain(place)):
            raise UnreadableError("ref.redirect-refused", f"{self.host} sends its callers to {cut(place.host)} by {cut(place.scheme)}: nothing was asked there")
        return url

    def _may_be_plain(self, place: _Place) -> bool:
        """Whether this place is spoken to in plain HTTP: on this machine, where the registry is named as there; else where it was named for it."""
        if named_kind(place.host) == "loopback":
            return named_kind(self._home.host) == "loopback"
        return self._settings.is_plain(netloc(place.host, place.port, tls=False))

    def _refused(self, status: int) -> NoReturn:
        if status in {401, 403}:
            raise UnreadableError("ref.unauthorized", f"{self.host} answers {status} for {self.repository}: not logged in, not allowed, or not there")
        raise UnreadableError("ref.unreachable", f"{self.host} answers {status} for {self.repository}")

    def _ask_for_token(self, url: str, authorization: str, form: bytes) -> bytes:
        """As `registry_auth.Send`; a token server redirects nobody."""
        told = {"Authorization": authorization} if authorization else {}
        headers = {"Accept": "application/json", **told, **({"Content-Type": "application/x-www-form-urlencoded"} if form else {})}
        with ExitStack() as stack:
            response = self._send(stack, "POST" if form else "GET", self._allowed(url), headers, form)
            if response.status in {400, 401, 403}:
                return b""
            if response.status in _REDIRECTS:
                raise UnreadableError("ref.redirect-refused", f"the token server of {self.host} redirects")
            if response.status != 200:
                raise UnreadableError("ref.unreachable", f"the token server of {self.host} answers {response.status}")
            data = b"".join(self._chunks(response, MAX_TOKEN + 1))
        if len(data) > MAX_TOKEN:
            raise UnreadableError("ref.unreadable", f"the token server of {self.host} answers with more than {MAX_TOKEN} bytes")
        return data or b"-"

    def _send(self, stack: ExitStack, method: str, url: str, headers: dict[str, str], body: bytes = b"") -> httpcore.Response:
        """One request. Raises _PassingError, and UnreadableError where waiting would not help."""
        place = _place(url)
        netloc = urlsplit(url).netloc
        full = {"Host": netloc, "User-Agent": f"lockgate/{__version__}", "Accept-Encoding": "identity", **headers}
        if method != "GET":
            full["Content-Length"] = str(len(body))
        timeout = {"connect": self._patience.connect, "read": self._patience.read, "write": self._patience.read, "pool": self._patience.connect}
        try:
            asked: AbstractContextManager[httpcore.Response] = self._pool(place).stream(
                method, url, headers=list(full.items()), content=body or None, extensions={"timeout": timeout}
            )
            response = stack.enter_context(asked)
        except _BROKEN as err:
            raise self._broken(place.host, err) from None
        if response.status == 429:
            raise _PassingError(UnreadableError("ref.rate-limited", f"{place.host} answers 429: it was asked too often"), _wait(_headers(response)))
        if response.status in _PASSING:
            raise _PassingError(UnreadableError("ref.unreachable", f"{place.host} answers {response.status}"), _wait(_headers(response)))
        return response

    def _chunks(self, response: httpcore.Response, most: int) -> Iterator[bytes]:
        """The body as it comes, until `most` bytes are there."""
        read = 0
        try:
            for chunk in response.iter_stream():
                yield chunk
                read += len(chunk)
                if read >= most:
                    return
        except _BROKEN as err:
            raise self._broken(self.host, err) from None

    def _broken(self, host: str, err: Exception) -> Exception:
        """What a broken connection comes to: told at once where trying again would not help."""
        causes = (err, err.__context__, err.__cause__, *err.args)
        if wrong := next((each for each in causes if isinstance(each, ssl.SSLCertVerificationError)), None):
            return UnreadableError("ref.unreachable", f"{host} shows a certificate that does not stand up: {wrong.verify_message}")
        if isinstance(err, httpcore.TimeoutException):
            return UnreadableError("ref.unreachable", f"{host} did not answer in time")
        if isinstance(err, UnknownNameError):
            return UnreadableError("ref.unreachable", f"the name {host} is not known")
        if any(isinstance(each, ConnectionRefusedError) for each in causes):
            return _PassingError(UnreadableError("ref.unreachable", f"nobody listens at {host}: the connection was refused"))
        if isinstance(err, httpcore.ConnectError):
            return _PassingError(UnreadableError("ref.unreachable", f"no connection to {host} could be made"))
        return _PassingError(UnreadableError("ref.unreachable", f"the connection to {host} broke off, or what came over it is no HTTP"))

    def _pool(self, place: _Place) -> httpcore.ConnectionPool:
        tls = place.scheme == "https"
        ca = self._settings.ca(netloc(place.host, place.port, tls=tls)) if tls else ""
        with self._lock:
            if (place.scheme, ca) not in self._pools:
                context = self._network.tls(ca) if tls else None
                dialer = Dialer(self._network, self._settings, (self._home.host, self._home.port), self._watch, tls=tls)
                self._pools[place.scheme, ca] = httpcore.ConnectionPool(ssl_context=context, max_connections=CONNECTIONS, network_backend=dialer)
            return self._pools[place.scheme, ca]


def _headers(response: httpcore.Response) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in response.headers:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        found[key] = f"{found[key]}, {text}" if key in found and key in _LISTS else found.get(key, text)
    return found


def _wait(headers: dict[str, str]) -> float | None:
    """Seconds that a server asks to wait (RFC 9110, 10.2.3): by its own clock, where it names a time; None where it does not say."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text) if len(text) < 10 else float("inf")
    try:
        return max(0.0, (parsedate_to_datetime(text) - parsedate_to_datetime(headers["date"])).total_seconds())
    except (ValueError, KeyError, TypeError, OverflowError):
        return None


def _place(url: str) -> _Place:
    """Where an address leads. Raises ValueError where it holds a user, no host or no such port, or cannot be read."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc or not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError(url)
    if len(parts.hostname) > 253 or not _HOST_NAME(parts.hostname):
        raise ValueError(url)
    return _Place(parts.scheme, parts.hostname, parts.port or (443 if parts.scheme == "https" else 80))
