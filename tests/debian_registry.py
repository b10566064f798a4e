"""Debian's registry, running: for system tests and measurements. It needs docker-registry, which dev/servers installs."""

from __future__ import annotations

import contextlib
import random
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

COPY = ("skopeo", "copy", "-q", "--preserve-digests", "--src-tls-verify=false", "docker://{ref}", "dir:running")
"""What `lockgate deploy` runs on an image there."""


def free_port() -> int:
    """A port of loopback that nobody listens on now. Below those that the system gives away by itself, so that nobody gets it by chance before it is used."""
    while True:
        port = random.SystemRandom().randrange(10_000, 32_000)
        with socket.socket() as free, contextlib.suppress(OSError):
            free.bind(("127.0.0.1", port))
            return port


def _listens(port: int) -> bool:
    with socket.socket() as there:
        return there.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def registry(folder: Path, auth: str = "") -> Iterator[str]:
    """A running docker-registry; its ``HOST:PORT``. `auth` is more of its configuration; its files stand in `folder`."""
    port = free_port()
    (folder / "registry.yml").write_text(
        f"version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {folder}/registry}}}}\nhttp: {{addr: '127.0.0.1:{port}'}}\n{auth}"
    )
    with (folder / "registry.log").open("wb") as log, subprocess.Popen(["docker-registry", "serve", folder / "registry.yml"], stdout=log, stderr=log) as server:
        try:
            end = time.monotonic() + 60
            while not _listens(port):
                if server.poll() is not None or time.monotonic() > end:
                    raise TimeoutError(f"docker-registry did not answer: {(folder / 'registry.log').read_text()}")
                time.sleep(0.05)
            yield f"localhost:{port}"
        finally:
            server.terminate()
