"""Machines of a made-up company, below one folder: each has a home, a PATH and a podman of its own; and Debian's registry, on loopback.

podman runs with runc, since crun refuses the hybrid cgroups of some machines; on the host's network, so that no bridge and no packet filter is
set up; with the limits an unprivileged machine has anyway; on vfs, whose layers are plain directories and leave no mounts behind; and with locks,
state and configuration in the machine's folder. Nothing of this account's is read.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import bcrypt
import pytest

import debian_registry
from house import ROOT, SRC

PROGRAMS = ("podman", "runc", "skopeo", "docker-registry", "busybox", "jq", "curl", "git")
NO_CONTAINERS = "podman cannot run any container on this machine"
"""Said of a machine whose kernel does not let it: what has to run in containers cannot be tested there, in CI neither, and CI says so."""
PUSHER, PASSWORD = "pusher", "pa55-w0rd-of-the-registry"
TARGETS = ROOT / "examples" / "targets"
LOCKGATE = Path(sys.executable).parent
"""A folder for a machine's PATH: lockgate, from this tree."""

CONTAINERS = """\
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
netns = "host"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "none"
lock_type = "file"
tmp_dir = "{folder}/run"
static_dir = "{folder}/state"
volume_path = "{folder}/volumes"
image_copy_tmp_dir = "{folder}"
[network]
network_config_dir = "{folder}/network"
"""
STORAGE = '[storage]\ndriver = "vfs"\ngraphroot = "{folder}/storage"\nrunroot = "{folder}/run"\n'
REGISTRIES = '[[registry]]\nlocation = "{registry}"\ninsecure = true\n'


def require_programs() -> None:
    """Skip where something is missing that dev/servers installs."""
    for program in PROGRAMS:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not here: dev/servers installs it")
    if os.geteuid() != 0:
        pytest.skip("podman runs with runc, which needs root here")
    if why := no_containers():
        pytest.skip(f"{NO_CONTAINERS}: {why}")


@functools.cache
def no_containers() -> str:
    """Why podman cannot run the smallest container there is on this machine, with nothing of ours in it; empty where it can."""
    with tempfile.TemporaryDirectory() as folder:
        machine = Machine(Path(folder), "localhost:1")
        rootfs = Path(folder) / "rootfs"
        (rootfs / "bin").mkdir(parents=True)
        shutil.copy(str(shutil.which("busybox")), rootfs / "bin/busybox")
        done = machine.run("podman", "run", "--rm", "--rootfs", str(rootfs), "/bin/busybox", "true")
        return done.err.strip()[-300:] or f"it ended with {done.code}" if done.code else ""


class Done(NamedTuple):
    """How a script ended, and what it said on both streams."""

    code: int
    out: str
    err: str


class Machine:
    """A machine.

    Attributes:
        home: of its one account. environment: all that a shell there begins with.
    """

    def __init__(self, folder: Path, registry: str, *path: Path) -> None:
        self.home, podman = folder / "home", folder / "podman"
        for each in (self.home / ".config/containers", podman / "network", folder / "tmp", folder / "bin"):
            each.mkdir(parents=True)
        (folder / "bin/python3").symlink_to(Path(sys.executable).resolve())
        for name, text in (("containers.conf", CONTAINERS), ("storage.conf", STORAGE)):
            (podman / name).write_text(text.format(folder=podman))
        (self.home / ".config/containers/registries.conf").write_text(REGISTRIES.format(registry=registry))
        (self.home / ".config/containers/policy.json").write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
        self.environment = {
            "PATH": ":".join(map(str, (*path, folder / "bin", "/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"))),
            "HOME": str(self.home),
            "TMPDIR": str(folder / "tmp"),
            "XDG_RUNTIME_DIR": str(folder / "tmp"),
            "CONTAINERS_CONF": str(podman / "containers.conf"),
            "CONTAINERS_STORAGE_CONF": str(podman / "storage.conf"),
            **({"PYTHONPATH": str(SRC)} if LOCKGATE in path else {}),
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_SYSTEM": "/dev/null",
            "PATIENCE": "30",
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
        }

    def run(self, *command: str | Path, at: Path | None = None, **environment: str) -> Done:
        """One command, in the home or `at` another place."""
        done = subprocess.run(
            command, cwd=at or self.home, env=self.environment | environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def well(self, *command: str | Path, at: Path | None = None, **environment: str) -> str:
        """The stdout of a command that has to succeed."""
        done = self.run(*command, at=at, **environment)
        assert done.code == 0, (command, done)
        return done.out.strip()

    def container(self, name: str) -> tuple[str, str, bool]:
        """Id, digest of the image, and whether it runs; empty where there is none."""
        done = self.run("podman", "inspect", "--type", "container", name)
        if done.code:
            return "", "", False
        (found,) = json.loads(done.out)
        return found["Id"], found["ImageDigest"], found["State"]["Running"]


@contextmanager
def machine(folder: Path, registry: str, *path: Path) -> Iterator[Machine]:
    """A machine whose containers are gone afterwards."""
    there = Machine(folder, registry, *path)
    try:
        yield there
    finally:
        there.well("podman", "rm", "--all", "--force", "--time", "0")
        shutil.rmtree(folder / "podman")


@contextmanager
def registry(folder: Path) -> Iterator[str]:
    """A running docker-registry that only `PUSHER` may use; its ``HOST:PORT``."""
    folder.mkdir()
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode().replace("$2b$", "$2y$")
    (folder / "htpasswd").write_text(f"{PUSHER}:{hashed}\n")
    with debian_registry.registry(folder, f"auth: {{htpasswd: {{realm: shop, path: {folder}/htpasswd}}}}\n") as host:
        yield host


POLICY = """\
version: 1
project: shop
environments:
  staging:
    requires:
      - signed-by: {keys: [release], max-age: 30d}
  production:
    from: staging
    requires:
      - signed-by: {keys: [release], max-age: 30d}
      - came-through: {environment: staging}
      - soaked: {in: staging, for: 1s}
      - approved:
          duties: {release-management: 1, security: 1}
          independent-of: [requester, deployer]
keys:
  release: {file: release.key.pub}
"""
DUTIES = {
    "pipeline": ["staging=deploy", "production=deploy", "production=request"],
    "bob": ["production=approve:release-management"],
    "carol": ["production=approve:security"],
}


class Gate:
    """A gate on a machine, with a policy in force, and the people of `DUTIES`, whose keys stand beside it as ``NAME.key``."""

    def __init__(self, there: Machine, origin: str, policy: str = POLICY) -> None:
        self.machine, self.place = there, there.home / "gate"
        self.place.mkdir()
        self.settings = {"LOCKGATE_GATE": str(self.place / ".lockgate"), "LOCKGATE_TRUST": str(self.place / "lockgate.trust")}
        for name in ("release", *DUTIES):
            self.well("key", "new", f"{name}.key")
        (self.place / "policy.yaml").write_text(policy)
        there.well("lockgate", "init", "--origin", origin, "--name", "Ada", at=self.place)
        self.well("policy", "apply", "policy.yaml")
        for name, duties in DUTIES.items():
            self.well("people", "add", name, "--public", f"{name}.key.pub", *(word for duty in duties for word in ("--duty", duty)))

    def key(self, name: str) -> str:
        """The private key of one of `DUTIES`, or ``release``."""
        return (self.place / f"{name}.key").read_text()

    def run(self, *words: str) -> Done:
        """A command of lockgate, beside the gate."""
        return self.machine.run("lockgate", *words, at=self.place, **self.settings)

    def well(self, *words: str) -> str:
        """The stdout of a command that has to succeed."""
        return self.machine.well("lockgate", *words, at=self.place, **self.settings)

    def read(self, *words: str) -> dict[str, object]:
        """The JSON of a command, however it ends."""
        found: dict[str, object] = json.loads(self.run(*words, "--format", "json").out)
        return found

    def approve(self, request: str) -> None:
        """Bob and Carol say yes, each with a key of their own."""
        for name in ("bob", "carol"):
            self.well("approve", request, "--key", f"{name}.key")


def until(holds: Callable[[], bool]) -> None:
    """Wait until it holds."""
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def log_in(there: Machine, host: str) -> None:
    """As `PUSHER`, kept where podman, skopeo and lockgate look."""
    there.well("podman", "login", "--authfile", there.home / ".docker/config.json", "--username", PUSHER, "--password", PASSWORD, host)


def shop(folder: Path, page: str) -> None:
    """What the shop's image is built from: a static web server that listens on $PORT, and one page; none makes one that answers 404."""
    (folder / "www").mkdir(parents=True, exist_ok=True)
    shutil.copy(shutil.which("busybox") or "", folder / "busybox")
    (folder / "www/robots.txt").write_text("User-agent: *\n")
    (folder / "www/index.html").unlink(missing_ok=True)
    if page:
        (folder / "www/index.html").write_text(page)
    (folder / "Containerfile").write_text(
        "FROM scratch\nCOPY busybox /bin/busybox\nCOPY www /www\nUSER 65534\nSTOPSIGNAL SIGKILL\n"
        'CMD ["/bin/busybox", "sh", "-c", "exec /bin/busybox httpd -f -p 127.0.0.1:$PORT -h /www"]\n'
    )
