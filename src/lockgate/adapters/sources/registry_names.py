"""What a registry is called by people, by its certificate, and in files of logins: they differ for Docker Hub alone."""

from __future__ import annotations

HUB = "docker.io"
"""As people and other tools name Docker Hub, whose images without a namespace are those of ``library``."""

_HUB_API = "registry-1.docker.io"
_HUB_LOGIN = "https://index.docker.io/v1/"
_HUB_NAMES = (HUB, "index.docker.io", _HUB_API)


def canonical(name: str) -> str:
    """``HOST/REPOSITORY`` as it is pinned: ``docker.io/alpine`` is ``docker.io/library/alpine``."""
    host, _, repository = name.partition("/")
    if host not in {HUB, "index.docker.io"}:
        return name
    return f"{HUB}/{repository}" if "/" in repository else f"{HUB}/library/{repository}"


def asked_at(host: str) -> str:
    """The host that answers for a registry."""
    return _HUB_API if host == HUB else host


def named(netloc: str) -> str:
    """The registry that a host answers for: the other way round."""
    return HUB if netloc == _HUB_API else netloc


def login_hosts(host: str) -> tuple[str, ...]:
    """The hosts under which a login for a registry may be kept."""
    return _HUB_NAMES if host in _HUB_NAMES else (host,)


def login_server(host: str) -> str:
    """What a credential helper is asked for."""
    return _HUB_LOGIN if host in _HUB_NAMES else host
