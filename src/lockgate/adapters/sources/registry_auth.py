"""How a registry is told who asks: basic, or a bearer token of the server it names (distribution-spec; RFC 6750, 7617, 9110).

A login goes to the registry it is for, and to the token server which that registry itself names, and nowhere else. Tokens
are asked for reading one repository, and are kept in memory only.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from typing import Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from lockgate import canon
from lockgate.adapters.sources.registry_logins import Login, Logins
from lockgate.errors import EvidenceError, UnreadableError

MAX_TOKEN = 64 << 10
MAX_CHALLENGE = 8 << 10
_SHORTEST = 60
"""Seconds a token lives that does not say (distribution, "Token Authentication")."""

_PIECE = re.compile(r'[\s,]*(?:([A-Za-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))|([A-Za-z0-9_-]+)(?=[\s,]|\Z))')
_VALUE = re.compile(r"[\x21-\x7e]+\Z").match


class Send(Protocol):
    """Asks a token server."""

    def __call__(self, url: str, authorization: str, form: bytes) -> bytes:
        """The body of its answer; empty where it said that this login is none."""


class Gatekeeper:
    """The ``Authorization`` of one process for many registries.

    Args:
        logins: who is known where.
        clock: seconds, never backwards.
    """

    def __init__(self, logins: Logins, clock: Callable[[], float] = time.monotonic) -> None:
        self._logins, self._clock = logins, clock
        self._held: dict[tuple[str, str, str], tuple[str, float]] = {}
        self._known: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def held(self, host: str, repository: str, action: str) -> str:
        """What was told this registry last and still holds; empty for nothing."""
        value, end = self._held.get((host, repository, action), ("", 0.0))
        return value if self._clock() < end else ""

    def knows(self, host: str, repository: str) -> bool:
        """Whether a login was found when this registry asked for one."""
        return (host, repository) in self._known

    def answer(self, challenge: str, asked: tuple[str, str, str], told: str, send: Send) -> str:
        """The answer to a challenge; empty where there is none to give. Of several threads that are challenged at once, one asks for all.

        Args:
            challenge: ``WWW-Authenticate`` of the registry itself.
            asked: host, repository, and ``pull`` or ``pull,push``.
            told: what was told and did not serve; empty for nothing.
            send: asks the token server.

        Raises:
            UnreadableError: ``ref.login-unreadable``, ``ref.unreadable``; as `send`.
        """
        with self._lock:
            if (held := self.held(*asked)) and held != told:
                return held
            offered = read_challenge(challenge)
            if bearer := offered.get("bearer"):
                value, seconds = self._token(bearer, asked, send)
            elif "basic" in offered and (login := self._login(*asked[:2])) and login.user:
                value, seconds = login.basic(), float("inf")
            else:
                value, seconds = "", 0.0
            self._held[asked] = value, self._clock() + seconds  # only now: until then others would ask as nobody
            return value

    def _login(self, host: str, repository: str) -> Login | None:
        found = self._logins.find(host, repository)
        if found is not None:
            self._known.add((host, repository))
        return found

    def _token(self, bearer: dict[str, str], asked: tuple[str, str, str], send: Send) -> tuple[str, float]:
        host, repository, action = asked
        login = self._login(host, repository)
        query = {"service": bearer["service"]} if bearer.get("service") else {}
        query["scope"] = f"repository:{repository}:{action}"
        body = _ask(bearer.get("realm", ""), query, login, send)
        if not body:
            return "", 0.0
        try:
            answer = canon.parse_foreign(body, max_bytes=MAX_TOKEN, what="token")
        except EvidenceError:
            answer = None
        token = (answer.get("token") or answer.get("access_token")) if isinstance(answer, dict) else None
        if not isinstance(answer, dict) or not isinstance(token, str) or not _VALUE(token):
            raise UnreadableError("ref.unreadable", f"the token server of {host} answered with no token")
        seconds = answer.get("expires_in")
        lives = seconds if isinstance(seconds, int | float) and 0 < seconds < 1 << 31 else _SHORTEST
        return f"Bearer {token}", max(0.0, lives - 5.0)


def _ask(realm: str, asked: dict[str, str], login: Login | None, send: Send) -> bytes:
    if login is not None and login.identity:
        form = {"grant_type": "refresh_token", "client_id": "lockgate", "refresh_token": login.identity, **asked}
        return send(realm, "", urlencode(form).encode())
    try:
        scheme, place, path, query, _ = urlsplit(realm)
        url = urlunsplit((scheme, place, path, urlencode([*parse_qsl(query), *asked.items()]), ""))
    except ValueError:
        raise UnreadableError("ref.unreadable", "a registry names a token server whose address is none") from None
    return send(url, login.basic() if login else "", b"")


def read_challenge(text: str) -> dict[str, dict[str, str]]:
    """``WWW-Authenticate`` -> scheme, in lower case, -> its parameters (RFC 9110, 11.6.1); what cannot be read is left out."""
    offered: dict[str, dict[str, str]] = {}
    current: dict[str, str] = {}
    text, at = text[:MAX_CHALLENGE], 0
    while piece := _PIECE.match(text, at):
        at = piece.end()
        name, quoted, plain, scheme = piece.groups()
        if scheme:
            current = offered.setdefault(scheme.lower(), {})
        else:
            current.setdefault(name.lower(), re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else plain)
    return offered
