"""Hermetic by construction: a home of its own for every run, nothing of the user's environment, no dates from the clock."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("lockgate", deadline=None, print_blob=True)  # two busy cores make any deadline a coin toss
settings.load_profile("lockgate")

SCRUBBED = ("LOCKGATE_", "SSH_", "GIT_", "XDG_", "SOURCE_DATE_EPOCH", "DOCKER_", "REGISTRY_", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy")


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
