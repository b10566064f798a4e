"""Passwords for registries, where `docker login` and `podman login` put them: files, and the credential helpers they name.

They are asked for only when a registry asks, go into no message, and a helper's own words are shown to nobody.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import os
import re
import selectors
import signal
import subprocess
import time
from pathlib import Path
from typing import Any, NoReturn

from lockgate import canon
from lockgate.adapters import disk
from lockgate.adapters.sources.registry_names import login_hosts, login_server
from lockgate.errors import EvidenceError, UnreadableError

HELPER_SECONDS = 10.0
MAX_CONFIG, MAX_SAID = 4 << 20, 64 << 10
TOKEN_USER = "<token>"  # noqa: S105  a name
"""The user name under which a helper hands out an identity token."""

_HELPER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z").match
_NONE_HERE = b"credentials not found in native keychain"


class Login:
    """A user and a password, or an identity token; its text form says nothing.

    Attributes:
        user, password: empty where there is an identity token alone. identity: a refresh token, empty for none.
    """

    __slots__ = ("identity", "password", "user")

    def __init__(self, user: str, password: str, identity: str = "") -> None:
        self.user, self.password, self.identity = user, password, identity

    def __repr__(self) -> str:
        return "Login(…)"

    def basic(self) -> str:
        """The value of an ``Authorization`` header (RFC 7617)."""
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()


class Logins:
    """What docker's ``config.json`` and podman's ``auth.json`` know.

    Args:
        paths: the files; of several that know a login the first counts. None, and nobody is known.
    """

    def __init__(self, *paths: Path) -> None:
        self._paths = paths

    def find(self, host: str, repository: str) -> Login | None:
        """The login for a repository of a registry; None where there is none.

        In each file a helper named for the registry stands above one for all, and that above the logins in the file itself. Of those, one for
        ``HOST/NAMESPACE`` is for what lies in that namespace alone, and stands above one for all of ``HOST`` (containers-auth.json(5)).

        Raises:
            UnreadableError: ``ref.login-unreadable``.
        """
        return next((found for path in self._paths if (found := _File(path).find(host, repository)) is not None), None)

    def known(self) -> tuple[int, bool]:
        """How many registries have a login or a helper of their own, and whether one helper is asked for all others. No password is looked at.

        Raises:
            UnreadableError: ``ref.login-unreadable``.
        """
        found = [_File(path).known() for path in self._paths]
        return len(set().union(*(hosts for hosts, _ in found))), any(helper for _, helper in found)


class _File:
    """One file of logins."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def find(self, host: str, repository: str) -> Login | None:
        """As `Logins.find`."""
        config, hosts = self._config(), login_hosts(host)
        helpers, store = config.get("credHelpers", {}), config.get("credsStore", "")
        if not isinstance(helpers, dict) or not isinstance(store, str):
            self._refuse("has credential helpers that are none")
        helper = next((helpers[key] for key in (*hosts, login_server(host)) if key in helpers), store)
        if helper:
            if not isinstance(helper, str) or not _HELPER(helper):
                self._refuse("names a credential helper that cannot be one")
            return _asked(helper, login_server(host))
        auths = config.get("auths", {})
        if not isinstance(auths, dict):
            self._refuse("has logins that are none")
        fitting = [(namespace, key) for key in auths for at, namespace in (_scope(key),) if at in hosts and _within(repository, namespace)]
        best = max(fitting, key=lambda one: (len(one[0]), -_order(one[1], host)), default=None)
        return None if best is None else self._login(auths[best[1]])

    def known(self) -> tuple[set[str], bool]:
        """The registries that have a login or a helper of their own in it, and whether one helper is asked for all others."""
        config = self._config()
        named = [config.get(each) or {} for each in ("auths", "credHelpers")]
        if not all(isinstance(each, dict) for each in named):
            self._refuse("has logins that are none")
        return {_scope(key)[0] for each in named for key in each}, bool(config.get("credsStore"))

    def _config(self) -> dict[str, Any]:
        try:
            data = disk.read_file(self._path, MAX_CONFIG, follow=True)
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except OSError as err:
            self._refuse(f"could not be read: {disk.reason(err)}")
        try:
            config = canon.parse_foreign(data, max_bytes=MAX_CONFIG, what="config.json")
        except EvidenceError:
            config = None
        if not isinstance(config, dict):
            self._refuse("is no JSON object")
        return config

    def _login(self, entry: Any) -> Login | None:  # noqa: ANN401  a JSON value
        if not isinstance(entry, dict) or any(not isinstance(entry.get(name, ""), str) for name in ("auth", "username", "password", "identitytoken")):
            self._refuse("has a login that is none")
        user, password = entry.get("username", ""), entry.get("password", "")
        if entry.get("auth"):
            try:
                user, colon, password = base64.b64decode(entry["auth"], validate=True).decode().rstrip("\0").partition(":")
            except (binascii.Error, ValueError):
                colon = ""
            if not colon:
                self._refuse("has a login that is none")
        if not user and not entry.get("identitytoken"):
            return None
        return Login(user, password, entry.get("identitytoken", ""))

    def _refuse(self, why: str) -> NoReturn:
        remedy = "mend that file or move it away, and log in anew: docker login HOST"
        raise UnreadableError("ref.login-unreadable", f"{self._path} {why}; nobody was logged in", remedy)


def _scope(key: str) -> tuple[str, str]:
    """``HOST/NAMESPACE`` -> both; of ``https://HOST/v1/``, as docker once wrote it, the namespace is empty."""
    bare = key.removeprefix("https://").removeprefix("http://")
    host, _, path = bare.partition("/")
    if path.rstrip("/") in {"v1", "v2"} and (bare != key or path.endswith("/")):
        path = ""
    return host, path.rstrip("/")


def _within(repository: str, namespace: str) -> bool:
    return not namespace or repository == namespace or repository.startswith(namespace + "/")


def _order(key: str, host: str) -> int:
    """Of several ways to write one host, which counts: the plain one first."""
    written = (host, f"https://{host}", f"http://{host}")
    return written.index(key) if key in written else len(written)


def _asked(helper: str, host: str) -> Login | None:
    """What a helper says (docker-credential-helpers, "get"). Raises UnreadableError ``ref.login-unreadable``."""
    program = f"docker-credential-{helper}"
    status, said = _run(program, host.encode())
    if status and said.strip().startswith(_NONE_HERE):
        return None
    try:
        answer = canon.parse_foreign(said, max_bytes=MAX_SAID, what="answer") if not status else None
    except EvidenceError:
        answer = None
    user, secret = (answer.get("Username"), answer.get("Secret")) if isinstance(answer, dict) else (None, None)
    if not isinstance(user, str) or not isinstance(secret, str):
        raise _useless(program, f"ended with {status} and no login for {host}")
    return Login("", "", secret) if user == TOKEN_USER else Login(user, secret)


def _useless(program: str, why: str, remedy: str = "") -> UnreadableError:
    """A helper that helps nobody; that it lists the users it knows, without their passwords, shows whether it runs at all."""
    return UnreadableError("ref.login-unreadable", f"{program} {why}; nobody was logged in", remedy or f"{program} list")


def _run(program: str, question: bytes) -> tuple[int, bytes]:
    """Run a helper, in a process group of its own that does not outlive the answer; its exit status and its first 64 KiB."""
    try:
        child = subprocess.Popen([program, "get"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True)
    except OSError as err:
        raise _useless(program, f"cannot be run: {disk.reason(err)}", f"install {program}, or take it out of the file of logins") from None
    with child, selectors.DefaultSelector() as ready:
        try:
            end = time.monotonic() + HELPER_SECONDS
            assert child.stdin is not None and child.stdout is not None  # noqa: PT018, S101  pipes, as asked
            with contextlib.suppress(OSError):  # a helper that does not listen
                child.stdin.write(question)
                child.stdin.close()
            said, ready_fd = b"", child.stdout.fileno()
            ready.register(ready_fd, selectors.EVENT_READ)
            while True:
                if len(said) > MAX_SAID:
                    raise _useless(program, "says more than a login")
                if not ready.select(max(0.0, end - time.monotonic())):
                    raise _useless(program, f"gave no answer in {HELPER_SECONDS:g} s")
                if not (got := os.read(ready_fd, MAX_SAID)):
                    break
                said += got
            try:
                return child.wait(max(0.0, end - time.monotonic())), said
            except subprocess.TimeoutExpired:
                raise _useless(program, f"did not end in {HELPER_SECONDS:g} s") from None
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.kill()  # where it left the group
