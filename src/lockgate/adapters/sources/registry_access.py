"""Where it is said how registries are reached: a value that costs nothing until a registry is named."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Access:
    """Where it is said how registries are reached; nothing of it is read yet.

    Attributes:
        logins: files of logins, the first that knows one wins.
        file: ``registries.toml``; None for none. must_exist: whether the user named it.
        plain_http: hosts that are spoken to in plain HTTP besides those of the file.
        proxy: as in ``HTTPS_PROXY``; it may hold a password, and is left out of the text form. no_proxy: as in ``NO_PROXY``.
    """

    logins: tuple[Path, ...] = ()
    file: Path | None = None
    must_exist: bool = False
    plain_http: tuple[str, ...] = ()
    proxy: str = field(default="", repr=False)
    no_proxy: str = ""
