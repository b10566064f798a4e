"""Hermetic by construction: a home of its own for every run, nothing of the user's environment, no dates from the clock."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("lockgate", deadline=None, print_blob=True)  # two busy cores make any deadline a coin toss
settings.load_profile("lockgate")

SCRUBBED = (
    "PYTHONDONTWRITEBYTECODE",
    "LOCKGATE_",
    "SSH_",
    "GIT_",
    "XDG_",
    "SOURCE_DATE_EPOCH",
    "DOCKER_",
    "REGISTRY_",
    "HTTPS_PROXY",
    "https_proxy",
    "NO_PROXY",
    "no_proxy",
)

MEMORY, ENOUGH = Path("/dev/shm"), 2 << 30


def pytest_configure(config: pytest.Config) -> None:
    """Temporary directories in memory where there is enough of it, and a SIGINT that is heard also where the run itself was put into the background.

    Thousands of tests make what they say lasting, each time for a disk that takes milliseconds: what is kept over a loss of power, none of them looks at.
    ``--basetemp`` puts everything elsewhere.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK):
        disk = os.statvfs(MEMORY)
        if disk.f_bavail * disk.f_frsize >= ENOUGH and not disk.f_flag & os.ST_NOEXEC:
            os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


@pytest.fixture(scope="session", autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """HOME and the XDG directories below a temporary one; only dev/servers' cache is still the user's."""
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(SCRUBBED):
                patch.delenv(name)
        patch.setenv("HOME", str(home))
        patch.setenv("XDG_CACHE_HOME", cache)
        patch.setenv("LC_ALL", "C.UTF-8")
        yield
