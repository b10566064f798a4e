"""Debian's registry, running: for system tests and measurements. It needs docker-registry, which dev/servers installs."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

COPY = ("skopeo", "copy", "-q", "--preserve-digests", "--src-tls-verify=false", "docker://{ref}", "dir:running")
"""What `lockgate deploy` runs on an image there."""


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@contextmanager
def registry(folder: Path, auth: str = "") -> Iterator[str]:
    """A running docker-registry; its ``HOST:PORT``. `auth` is more of its configuration; its files stand in `folder`."""
    port = free_port()
    (folder / "registry.yml").write_text(
        f"version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {folder}/registry}}}}\nhttp: {{addr: '127.0.0.1:{port}'}}\n{auth}"
    )
    with (folder / "registry.log").open("wb") as log, subprocess.Popen(["docker-registry", "serve", folder / "registry.yml"], stdout=log, stderr=log) as server:
        try:
            for _ in range(200):
                with socket.socket() as there:
                    if there.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)
            else:
                raise TimeoutError(f"docker-registry did not answer in 10 s: {folder}/registry.log")
            yield f"localhost:{port}"
        finally:
            server.terminate()
