"""Sigstore's trusted root out of a TUF repository: the one command of this house that asks for something new from a network."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from lockgate.config import Config
from lockgate.errors import UsageError
from lockgate.wire import access

if TYPE_CHECKING:
    from lockgate.adapters.sources.tuf_repository import Fetched


def fetch_target(config: Config, url: str, root: bytes, target: str) -> Fetched:
    """A file of the TUF repository at `url`, by the pinned root.

    Raises:
        UsageError: ``tuf.not-installed``, ``setting.no-home``; as `Repository.fetch`.
    """
    from lockgate.adapters.sources.registry_network import Network

    try:
        from lockgate.adapters.sources.tuf_repository import Repository
    except ModuleNotFoundError as err:
        if err.name is None or err.name.partition(".")[0] not in {"tuf", "securesystemslib"}:
            raise
        raise UsageError("tuf.not-installed", "python-tuf is not installed here, which reads TUF repositories: nothing was asked") from None
    if config.state is None:
        raise UsageError("setting.no-home", "this account has no home directory, and what is seen of TUF repositories is remembered there")
    return Repository(url=url, access=access(config), memory=config.state / "tuf", network=Network()).fetch(root, target)


def there(path: str) -> bool:
    """Whether anything is there."""
    return os.path.lexists(path)
