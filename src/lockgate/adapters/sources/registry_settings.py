"""How registries are reached: what the user's ``registries.toml``, options and variables say, read where the first one is named."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from lockgate.adapters import disk
from lockgate.adapters.sources.registry_access import Access
from lockgate.adapters.sources.registry_names import asked_at, named
from lockgate.adapters.sources.registry_proxy import Proxy, parse_proxy
from lockgate.canon import Noun
from lockgate.core.digest import parse_ref
from lockgate.errors import UsageError

MAX_SETTINGS = 1 << 20
MAX_MIRRORS = 8


class Host(Noun, frozen=True, kw_only=True, rename="kebab"):
    """One table ``[host."HOST[:PORT]"]`` of ``registries.toml``.

    Attributes:
        plain_http: it is spoken to in plain HTTP.
        ca: a PEM file of certificates that vouch for it, in place of the system's.
        mirrors: ``HOST[:PORT][/PREFIX]`` that are asked first, in this order, for what goes by digest.
        mirrors_tell_tags: they are believed about what a tag means, too.
        sends_to: hosts at private addresses that it may send its callers to.
    """

    plain_http: bool = False
    ca: str = ""
    mirrors: tuple[str, ...] = ()
    mirrors_tell_tags: bool = False
    sends_to: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What is set; hosts are written as in references, ``HOST[:PORT]`` in lower case, 80 and 443 left out.

    Attributes:
        hosts: host -> what is set for it. folder: what a relative `ca` is relative to.
        proxy: what connections over TLS go through; None for none.
    """

    hosts: Mapping[str, Host] = field(default_factory=dict)
    folder: Path = Path()
    plain_http: frozenset[str] = frozenset()
    proxy: Proxy | None = None

    def of(self, host: str) -> Host:
        """What is set for a host."""
        bare = _bare(host)
        return self.hosts.get(bare) or self.hosts.get(named(bare)) or Host()

    def is_plain(self, host: str) -> bool:
        """Whether a host was named as one that is spoken to in plain HTTP."""
        return _bare(host) in self.plain_http or self.of(host).plain_http

    def ca(self, host: str) -> str:
        """The file of certificates for a host; empty for the system's."""
        chosen = self.of(host).ca
        return str(self.folder / chosen) if chosen else ""


def read_settings(access: Access) -> Settings:
    """The settings.

    Raises:
        UsageError: ``setting.unreadable``, ``setting.malformed``.
    """
    tables = _tables(access)
    hosts = {}
    for name, table in tables.items():
        what = f'{access.file}: [host."{name[:100]}"]'
        try:
            read = msgspec.convert(table, Host)
        except msgspec.ValidationError as err:
            raise UsageError("setting.malformed", f"{what} cannot be read: {err}") from None
        if len(read.mirrors) > MAX_MIRRORS:
            raise UsageError("setting.malformed", f"{what} has more than {MAX_MIRRORS} mirrors")
        mirrors = tuple(_host(each, what, prefix=True) for each in read.mirrors)
        sends_to = tuple(asked_at(_bare(_host(each, what))) for each in read.sends_to)
        hosts[_bare(_host(name, what))] = msgspec.structs.replace(read, mirrors=mirrors, sends_to=sends_to)
    return Settings(
        hosts=hosts,
        folder=access.file.parent if access.file else Path(),
        plain_http=frozenset(map(_bare, access.plain_http)),
        proxy=parse_proxy(access.proxy, access.no_proxy),
    )


def _bare(host: str) -> str:
    """A host without the port that HTTP has anyway, with TLS or without."""
    return host.removesuffix(":443").removesuffix(":80")


def _tables(access: Access) -> dict[str, Any]:
    if access.file is None:
        return {}
    try:
        data = disk.read_file(access.file, MAX_SETTINGS, follow=True)
    except (FileNotFoundError, NotADirectoryError) as err:
        if not access.must_exist:
            return {}
        raise UsageError("setting.unreadable", f"{access.file} cannot be read: {disk.reason(err)}") from None
    except OSError as err:
        raise UsageError("setting.unreadable", f"{access.file} cannot be read: {disk.reason(err)}") from None
    try:
        said = tomllib.loads(data.decode())
    except (ValueError, RecursionError) as err:
        why = str(err) if isinstance(err, tomllib.TOMLDecodeError) else "it is no text"
        raise UsageError("setting.malformed", f"{access.file} is no TOML: {why[:200]}") from None
    tables = said.get("host", {})
    if set(said) - {"host"} or not isinstance(tables, dict):
        raise UsageError("setting.malformed", f'{access.file} holds something else than tables [host."HOST"]')
    return tables


def _host(text: str, what: str, *, prefix: bool = False) -> str:
    """``HOST[:PORT]``, or with a prefix ``HOST[:PORT][/PREFIX]``, in lower case."""
    try:
        found = parse_ref(f"registry:{text}/x")
    except UsageError:
        found = None
    name = found.path.removesuffix("/x") if found and not found.tag and not found.digest else ""
    if not name or ("/" in name and not prefix):
        raise UsageError("setting.malformed", f"{what} names a host that is none: write HOST[:PORT]{'[/PREFIX]' if prefix else ''}")
    return name
