"""Alerts by a web hook: one signed POST; what may pass is tried again; nobody is followed, and no secret is told."""

from __future__ import annotations

import hashlib
import hmac
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from lockgate.adapters.alerts.webhook import WebhookCourier
from lockgate.adapters.sources.registry_settings import Settings
from lockgate.errors import LedgerError, UsageError
from registries import HASTE, Outside, UnixServer, certificate

KEY = b"0123456789abcdef"
URL = "https://hook.example/secret-in-the-path?token=secret"


class Hook:
    """What a web hook was told, and how it answers: the first answers in turn, then 204."""

    def __init__(self, outside: Outside) -> None:
        self.outside = outside
        self.answers: list[int] = []
        self.told: list[tuple[str, dict[str, str], bytes]] = []

    def courier(self, url: str = URL, key: bytes = b"") -> WebhookCourier:
        return WebhookCourier(url, key, self.outside.network(), Settings(), HASTE)

    def refused(self, url: str = URL) -> str:
        with pytest.raises(LedgerError) as err:
            self.courier(url).deliver(b"{}")
        assert err.value.code == "alert.not-delivered"
        assert "secret" not in str(err.value)
        return err.value.message


@pytest.fixture
def hook(tmp_path: Path) -> Iterator[Hook]:
    found = certificate(tmp_path, "hook.example")
    place = tempfile.TemporaryDirectory(prefix="hook-")
    made = Hook(Outside(Path(place.name) / "s", found[0], {"hook.example": ["198.41.0.4"], "localhost": ["127.0.0.1"]}))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            made.told.append((self.path, dict(self.headers.items()), self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(made.answers.pop(0) if made.answers else 204)
            self.send_header("Location", "https://elsewhere.example/")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

        def address_string(self) -> str:
            return ""

    with UnixServer(str(made.outside.socket), Handler) as server:
        import ssl

        server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.tls.load_cert_chain(*found)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield made
        server.shutdown()
        thread.join()
    place.cleanup()


def test_it_is_told_and_signed(hook: Hook) -> None:
    hook.courier(key=KEY).deliver(b'{"a":1}')
    ((path, headers, body),) = hook.told
    assert (path, body, headers["Content-Type"], headers["Host"]) == ("/secret-in-the-path?token=secret", b'{"a":1}', "application/json", "hook.example")
    assert headers["Lockgate-Signature"] == "sha256=" + hmac.new(KEY, body, hashlib.sha256).hexdigest()


def test_without_a_key_nothing_is_signed(hook: Hook) -> None:
    hook.courier().deliver(b"{}")
    assert "Lockgate-Signature" not in hook.told[0][1]


def test_what_may_pass_is_tried_again_and_later_each_time(hook: Hook) -> None:
    hook.answers = [503, 429, 500]
    hook.courier().deliver(b"{}")
    assert len(hook.told) == 4
    assert hook.outside.slept == sorted(hook.outside.slept)
    assert len(hook.outside.slept) == 3


def test_it_is_not_tried_for_ever(hook: Hook) -> None:
    hook.answers = [503] * 9
    assert "answered 503" in hook.refused()
    assert len(hook.told) == 4


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 401, 404, 410])
def test_any_other_answer_is_no_delivery_and_nobody_is_followed(hook: Hook, status: int) -> None:
    hook.answers = [status]
    assert f"answered {status}" in hook.refused()
    assert (len(hook.told), {address for address, _ in hook.outside.connected}) == (1, {"198.41.0.4"})


def test_a_name_that_nobody_knows(hook: Hook) -> None:
    assert "could not be reached" in hook.refused("https://unknown.example/secret")


def test_a_certificate_for_another_name(hook: Hook) -> None:
    hook.outside.names["other.example"] = ["198.41.0.4"]
    assert "could not be reached" in hook.refused("https://other.example/secret")
    assert hook.told == []


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "100.100.100.200"])
def test_where_clouds_keep_their_metadata_nothing_is_said(hook: Hook, address: str) -> None:
    hook.outside.names["hook.example"] = ["198.41.0.4", address]
    assert "could not be reached" in hook.refused()
    assert hook.outside.connected == []


def test_a_private_address_that_was_named_is_told(hook: Hook) -> None:
    hook.outside.names["hook.example"] = ["10.0.0.4"]
    hook.courier().deliver(b"{}")
    assert len(hook.told) == 1


def test_on_this_machine_without_tls(hook: Hook) -> None:
    hook.courier("http://localhost:8080/").deliver(b"{}")
    assert hook.outside.connected == [("127.0.0.1", 8080)]


def test_what_is_named_as_this_machine_and_is_another(hook: Hook) -> None:
    hook.outside.names["localhost"] = ["198.41.0.4"]
    assert "could not be reached" in hook.refused("http://localhost/")


@pytest.mark.parametrize(
    "url",
    [
        "http://hook.example/", "ftp://hook.example/", "hook.example", "https://", "https://user:password@hook.example/", "https://hook.example/#x",
        "https://hook.example/ x", "https://hook.example:99999/", "https://hook.example/é", "https://hook.example/" + "x" * 3000, "https://[::1/",
    ],
)  # fmt: skip
def test_an_address_that_is_none(hook: Hook, url: str) -> None:
    with pytest.raises(UsageError) as err:
        hook.courier(url)
    assert err.value.code == "alert.bad-url"
    assert "password" not in str(err.value).replace("a user and a password", "")


@pytest.mark.parametrize("key", [b"short", b"x" * 4097])
def test_a_key_that_is_none(hook: Hook, key: bytes) -> None:
    with pytest.raises(UsageError) as err:
        hook.courier(key=key)
    assert err.value.code == "alert.bad-key"
