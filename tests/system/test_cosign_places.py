"""cosign on a registry with the referrers API, and with a repository of its own for signatures: lockgate finds what it attached, and the other way round."""

from __future__ import annotations

import json
import shutil
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

import cosigning
import debian_registry
import registries
from cosigning import NO_LOG, OFFLINE, OLDER, cosign, cosigned
from layouts import MANIFEST, Layout
from own_process import lockgate, well

for program in ("docker-registry", "skopeo"):
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not here: dev/servers installs it", allow_module_level=True)
if not cosigning.COSIGN.exists():
    pytest.skip("cosign is not here: dev/servers builds it", allow_module_level=True)


class Handler(registries.Handler):
    """A registry that takes what is pushed in any of the ways there are (distribution-spec v1.1, "Push")."""

    parts: dict[str, bytes] = {}

    def do_HEAD(self) -> None:  # noqa: N802
        self.do_GET()

    def do_PATCH(self) -> None:  # noqa: N802
        self.do_POST()

    def answer(self) -> None:
        path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        if path == "/v2/":
            self.reply(200, b"{}")
        elif self.command == "PATCH":
            self.parts[path] = self.body
            self.reply(202, b"", {"Location": self.path, "Range": f"0-{len(self.body) - 1}"})
        elif self.command == "PUT" and "digest" in query:
            self.body = self.body or self.parts.pop(path, b"")
            put = self.registry.layout.blob(self.body, "application/octet-stream")
            self.reply(201 if [put["digest"]] == query["digest"] else 400, b"")
        else:
            super().answer()

    def put(self, name: str) -> None:
        """A manifest under its digest is listed, and one that names its subject under a tag too."""
        if "/manifests/" not in self.path or name.startswith("sha256:"):
            super().put(name)
            return
        put = self.registry.layout.blob(self.body, MANIFEST)
        self.registry.tags[name] = put["digest"]
        self.reply(201, b"")

    def reply(self, status: int, body: bytes, headers: dict[str, str] | None = None, length: int | None = None) -> None:
        if self.command == "HEAD":
            super().reply(status, b"", headers, len(body))
        else:
            super().reply(status, body, headers, length)


class Server(socketserver.ThreadingTCPServer):
    daemon_threads, allow_reuse_address = True, True
    registry: Any


@contextmanager
def referring(layout: Layout, digest: str) -> Iterator[tuple[registries.Registry, str]]:
    """A registry with the referrers API that holds this layout; its ``HOST:PORT``."""
    registry = registries.Registry(layout)
    registry.tags["1"] = digest
    with Server(("127.0.0.1", 0), Handler) as server:
        server.registry = registry
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield registry, f"localhost:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def told(ref: str, *keys: str) -> list[str]:
    """What lockgate finds attached: what each piece is, or why it is nothing."""
    said = lockgate("verify", ref, *(word for key in keys or ("cosign.pub",) for word in ("--public", key)), "--format", "json")
    assert said.returncode in {0, 1}, said
    return sorted(each.get("code") or ("provenance" if "builder" in each else "signature") for each in json.loads(said.stdout)["facts"])


@pytest.fixture
def image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Layout, str]:
    """An image, keys of cosign's and of ours, and something to attest."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("COSIGN_EXPERIMENTAL", "1")  # which cosign asks for where payloads are to be referrers
    monkeypatch.chdir(tmp_path)
    cosigned("generate-key-pair")
    well("key", "new", "ours")
    Path("ours.pem").write_text(well("key", "show", "ours.pub", "--pem") + "\n")
    Path("provenance.json").write_text(json.dumps(cosigning.PROVENANCE))
    return cosigning.image(tmp_path / "image")


def signed(ref: str, *more: str) -> None:
    cosigned("sign", "--key", "cosign.key", *OFFLINE, *more, ref)


def attested(ref: str, *more: str) -> None:
    cosigned("attest", "--key", "cosign.key", *OFFLINE, *more, "--type", "slsaprovenance1", "--predicate", "provenance.json", ref)


def test_bundles_through_the_referrers_api(image: tuple[Layout, str]) -> None:
    layout, digest = image
    with referring(layout, digest) as (registry, host):
        ref = f"{host}/shop/app@{digest}"
        assert told(ref) == []
        signed(ref)
        attested(ref)
        assert told(ref) == ["provenance", "signature"]
        assert told(ref, "ours.pub") == ["dsse.unknown-key"] * 2
        assert cosign("verify", "--key", "ours.pem", NO_LOG, ref).returncode != 0
        well("sign", ref, "--key", "ours")
        well("attest", ref, "--key", "ours", "--type", "slsaprovenance1", "--predicate", "provenance.json")
        assert cosign("verify", "--key", "ours.pem", NO_LOG, ref).returncode == 0
        assert cosign("verify-attestation", "--key", "ours.pem", NO_LOG, "--type", "slsaprovenance1", ref).returncode == 0
        assert told(ref, "cosign.pub", "ours.pub") == ["provenance"] * 2 + ["signature"] * 2
        assert set(registry.tags) == {"1"}, "nothing stands under a fallback tag"
        registry.page = 1
        assert told(ref, "cosign.pub", "ours.pub") == ["provenance"] * 2 + ["signature"] * 2


def test_payloads_through_the_referrers_api(image: tuple[Layout, str]) -> None:
    layout, digest = image
    with referring(layout, digest) as (registry, host):
        ref = f"{host}/shop/app@{digest}"
        signed(ref, OLDER, "--registry-referrers-mode=oci-1-1")
        assert set(registry.tags) == {"1"}
        assert told(ref) == ["signature"]
        assert told(ref, "ours.pub") == ["simple-signing.unknown-key"]
        assert cosign("verify", "--key", "cosign.pub", NO_LOG, OLDER, "--experimental-oci11", ref).returncode == 0


@pytest.mark.parametrize("older", [(), (OLDER,)], ids=["bundle", "older"])
def test_signatures_in_a_repository_of_their_own(image: tuple[Layout, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, older: tuple[str, ...]) -> None:
    """cosign's ``COSIGN_REPOSITORY`` is lockgate's ``signatures``."""
    _, digest = image
    settings = tmp_path / ".config" / "lockgate" / "registries.toml"
    settings.parent.mkdir(parents=True)
    with debian_registry.registry(tmp_path) as host:
        cosigning.push(tmp_path / "image", f"{host}/shop/app:1")
        ref, apart = f"{host}/shop/app@{digest}", f"{host}/shop/signatures"
        monkeypatch.setenv("COSIGN_REPOSITORY", apart)
        signed(ref, *older)
        attested(ref, *older)
        assert told(ref) == []
        settings.write_text(f'[repository."{host}/shop/app"]\nsignatures = "{apart}"\n')
        assert told(ref) == ["provenance", "signature"]
        well("sign", ref, "--key", "ours")
        assert cosign("verify", "--key", "ours.pem", NO_LOG, ref).returncode == 0
        assert told(ref, "ours.pub").count("signature") == 1
        monkeypatch.delenv("COSIGN_REPOSITORY")
        assert cosign("verify", "--key", "ours.pem", NO_LOG, ref).returncode != 0
        settings.write_text(f'[host."{host}"]\nsignatures = "{host}/shop/else"\n')
        assert told(ref) == []


def test_a_copy_whose_signatures_stayed_where_it_came_from(image: tuple[Layout, str], tmp_path: Path) -> None:
    _, digest = image
    settings = tmp_path / ".config" / "lockgate" / "registries.toml"
    settings.parent.mkdir(parents=True)
    for name in ("first", "copy"):
        (tmp_path / name).mkdir()
    with debian_registry.registry(tmp_path / "first") as first, debian_registry.registry(tmp_path / "copy") as copy:
        cosigning.push(tmp_path / "image", f"{first}/shop/app:1")
        signed(f"{first}/shop/app@{digest}")
        cosigning.skopeo("copy", f"docker://{first}/shop/app:1", f"docker://{copy}/shop/app:1")
        assert told(f"{copy}/shop/app:1") == []
        settings.write_text(f'[host."{copy}"]\nsignatures = "{first}/*"\n')
        assert told(f"{copy}/shop/app:1") == ["signature"]
