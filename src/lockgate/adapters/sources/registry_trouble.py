"""What a registry's refusal or silence is told as: who was asked, whether a login was told, and what to try. Of what it said, a status alone."""

from __future__ import annotations

import ssl

import httpcore

from lockgate.adapters.sources.registry_network import UnknownNameError
from lockgate.errors import UnreadableError

_NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE"})
"""What OpenSSL says of an answer that is no TLS at all."""


class PassingError(Exception):
    """Something that may pass by itself.

    Attributes:
        error: what to tell where it does not. wait: seconds the registry asks for; None where it does not.
    """

    def __init__(self, error: UnreadableError, wait: float | None = None) -> None:
        super().__init__(error.code)
        self.error, self.wait = error, wait


def refused(status: int, host: str, repository: str, root: str, *, logged_in: bool) -> UnreadableError:
    """An answer that is none.

    Args:
        status: what it answered. host, repository: what was asked. root: its address, ``SCHEME://HOST[:PORT]/``.
        logged_in: whether a login was found for it.
    """
    if status not in {401, 403}:
        return UnreadableError("ref.unreachable", f"{host} answers {status} for {repository}", f"curl -v {root}v2/")
    told = "with the login that is kept for it: that is wrong, or not allowed this" if logged_in else "and no login for it is kept here: not allowed"
    return UnreadableError("ref.unauthorized", f"{host} answers {status} for {repository}, {told}, or not there", f"docker login {host}")


def busy(status: int, at: str, root: str, wait: float | None) -> PassingError:
    """A status that may pass by itself, of `at`, ``HOST[:PORT]``."""
    if status == 429:
        return PassingError(UnreadableError("ref.rate-limited", f"{at} answers 429: it was asked too often"), wait)
    return PassingError(UnreadableError("ref.unreachable", f"{at} answers {status}", f"curl -v {root}v2/"), wait)


def broken(at: str, root: str, err: Exception) -> Exception:
    """What a broken connection to `at`, ``HOST[:PORT]``, comes to: told at once where trying again would not help."""

    def told(why: str, remedy: str = f"curl -v {root}v2/") -> UnreadableError:
        return UnreadableError("ref.unreachable", why, remedy)

    causes = (err, err.__context__, err.__cause__, *err.args)
    if wrong := next((each for each in causes if isinstance(each, ssl.SSLCertVerificationError)), None):
        why = f"{at} shows a certificate that does not stand up: {wrong.verify_message}"
        return told(why, "where another authority vouches for it, name that in registries.toml, as ca (docs/registries.md)")
    if any(isinstance(each, ssl.SSLError) and each.reason in _NO_TLS for each in causes):
        return told(f"{at} speaks no TLS", f"if that is as it should be there: lockgate COMMAND --plain-http {at}")
    if isinstance(err, httpcore.TimeoutException):
        return told(f"{at} did not answer in time")
    if isinstance(err, UnknownNameError):
        return told(f"the name {at} is not known", f"getent hosts {at.rpartition(':')[0] or at}")
    if any(isinstance(each, ConnectionRefusedError) for each in causes):
        return PassingError(told(f"nobody listens at {at}: the connection was refused"))
    if isinstance(err, httpcore.ConnectError):
        return PassingError(told(f"no connection to {at} could be made"))
    return PassingError(told(f"the connection to {at} broke off, or what came over it is no HTTP"))
