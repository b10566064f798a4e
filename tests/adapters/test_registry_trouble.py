"""What is told of a registry that refuses, or says nothing: who it was, with its port, and what can be typed as it stands."""

from __future__ import annotations

import ssl

import httpcore
import pytest

from lockgate.adapters.sources.registry_network import UnknownNameError
from lockgate.adapters.sources.registry_trouble import PassingError, broken, busy, refused
from lockgate.errors import UnreadableError

HOST, ROOT = "registry.example:5000", "https://registry.example:5000/"


def no_tls(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, "no")
    error.reason = reason
    return error


@pytest.mark.parametrize(
    ("error", "said", "remedy"),
    [
        (httpcore.ReadTimeout(), f"{HOST} did not answer in time", f"curl -v {ROOT}v2/"),
        (httpcore.ConnectError("x"), f"no connection to {HOST} could be made", f"curl -v {ROOT}v2/"),
        (httpcore.ConnectError(ConnectionRefusedError()), f"nobody listens at {HOST}: the connection was refused", f"curl -v {ROOT}v2/"),
        (httpcore.RemoteProtocolError("x"), f"the connection to {HOST} broke off, or what came over it is no HTTP", f"curl -v {ROOT}v2/"),
        (UnknownNameError("x"), f"the name {HOST} is not known", "getent hosts registry.example"),
        (
            httpcore.ConnectError(no_tls("WRONG_VERSION_NUMBER")),
            f"{HOST} speaks no TLS",
            f"if that is as it should be there: lockgate COMMAND --plain-http {HOST}",
        ),
        (httpcore.ConnectError(no_tls("TLSV1_ALERT_INTERNAL_ERROR")), f"no connection to {HOST} could be made", f"curl -v {ROOT}v2/"),
    ],
)
def test_a_connection_that_broke(error: Exception, said: str, remedy: str) -> None:
    found = broken(HOST, ROOT, error)
    told = found.error if isinstance(found, PassingError) else found
    assert isinstance(told, UnreadableError)
    assert (told.code, told.message, told.remedy) == ("ref.unreachable", said, remedy)


def test_what_may_pass_by_itself_names_the_port() -> None:
    slow, down = busy(429, HOST, ROOT, 7.0), busy(503, HOST, ROOT, None)
    assert (slow.error.code, slow.error.message, slow.wait) == ("ref.rate-limited", f"{HOST} answers 429: it was asked too often", 7.0)
    assert (down.error.code, down.error.message, down.error.remedy) == ("ref.unreachable", f"{HOST} answers 503", f"curl -v {ROOT}v2/")


@pytest.mark.parametrize(("logged_in", "said"), [(False, "no login for it is kept here"), (True, "with the login that is kept for it")])
@pytest.mark.parametrize("status", [401, 403])
def test_nobody_knows_us_or_nobody_lets_us(status: int, logged_in: bool, said: str) -> None:
    told = refused(status, HOST, "shop/app", ROOT, logged_in=logged_in)
    assert (told.code, told.remedy) == ("ref.unauthorized", f"docker login {HOST}")
    assert told.message.startswith(f"{HOST} answers {status} for shop/app, ")
    assert said in told.message


def test_any_other_answer_is_looked_at_with_curl() -> None:
    told = refused(500, HOST, "shop/app", ROOT, logged_in=True)
    assert (told.code, told.message, told.remedy) == ("ref.unreachable", f"{HOST} answers 500 for shop/app", f"curl -v {ROOT}v2/")
