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
from lockgate.adapters.sources.registry_names import asked_at, canonical, named
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
        signatures: as in `Place`, for all its repositories.
    """

    plain_http: bool = False
    ca: str = ""
    mirrors: tuple[str, ...] = ()
    mirrors_tell_tags: bool = False
    sends_to: tuple[str, ...] = ()
    signatures: str = ""


class Place(Noun, frozen=True, kw_only=True, rename="kebab"):
    """One table ``[repository."HOST[:PORT]/REPOSITORY"]`` of ``registries.toml``.

    Attributes:
        signatures: ``HOST[:PORT]/REPOSITORY``, where what is attached to its images lies; ``*`` as the last part stands for
            the repository's own name. Empty for beside them.
    """

    signatures: str


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What is set; hosts are written as in references, ``HOST[:PORT]`` in lower case, 80 and 443 left out.

    Attributes:
        hosts: host -> what is set for it. places: ``HOST/REPOSITORY`` -> what is set for that. folder: what a relative `ca` is relative to.
        proxy: what connections over TLS go through; None for none.
    """

    hosts: Mapping[str, Host] = field(default_factory=dict)
    places: Mapping[str, Place] = field(default_factory=dict)
    folder: Path = Path()
    plain_http: frozenset[str] = frozenset()
    proxy: Proxy | None = None

    def of(self, host: str) -> Host:
        """What is set for a host."""
        bare = _bare(host)
        return self.hosts.get(bare) or self.hosts.get(named(bare)) or Host()

    def signatures(self, name: str) -> str:
        """The repository where what is attached to the images of a repository lies: ``HOST/REPOSITORY``, often its own."""
        host, _, repository = name.partition("/")
        place = self.places.get(f"{_bare(host)}/{repository}")
        found = place.signatures if place else self.of(host).signatures
        return canonical(found.removesuffix("*") + repository if found.endswith("/*") else found) if found else name

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
    tables, places = _tables(access)
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
        signatures = _repository(read.signatures, what, star=True) if read.signatures else ""
        hosts[_bare(_host(name, what))] = msgspec.structs.replace(read, mirrors=mirrors, sends_to=sends_to, signatures=signatures)
    return Settings(
        hosts=hosts,
        places=dict(_place(access.file, name, table) for name, table in places.items()),
        folder=access.file.parent if access.file else Path(),
        plain_http=frozenset(map(_bare, access.plain_http)),
        proxy=parse_proxy(access.proxy, access.no_proxy),
    )


def _bare(host: str) -> str:
    """A host without the port that HTTP has anyway, with TLS or without."""
    return host.removesuffix(":443").removesuffix(":80")


def _place(file: Path | None, name: str, table: Any) -> tuple[str, Place]:  # noqa: ANN401  what TOML holds
    what = f'{file}: [repository."{name[:100]}"]'
    try:
        read = msgspec.convert(table, Place)
    except msgspec.ValidationError as err:
        raise UsageError("setting.malformed", f"{what} cannot be read: {err}") from None
    host, _, repository = canonical(_repository(name, what)).partition("/")
    return f"{_bare(host)}/{repository}", Place(signatures=_repository(read.signatures, what, star=True))


def _tables(access: Access) -> tuple[dict[str, Any], dict[str, Any]]:
    """The tables of hosts, and those of repositories."""
    if access.file is None:
        return {}, {}
    try:
        data = disk.read_file(access.file, MAX_SETTINGS, follow=True)
    except (FileNotFoundError, NotADirectoryError) as err:
        if not access.must_exist:
            return {}, {}
        raise UsageError("setting.unreadable", f"{access.file} cannot be read: {disk.reason(err)}") from None
    except OSError as err:
        raise UsageError("setting.unreadable", f"{access.file} cannot be read: {disk.reason(err)}") from None
    try:
        said = tomllib.loads(data.decode())
    except (ValueError, RecursionError) as err:
        why = str(err) if isinstance(err, tomllib.TOMLDecodeError) else "it is no text"
        raise UsageError("setting.malformed", f"{access.file} is no TOML: {why[:200]}") from None
    hosts, places = said.get("host", {}), said.get("repository", {})
    if set(said) - {"host", "repository"} or not isinstance(hosts, dict) or not isinstance(places, dict):
        raise UsageError("setting.malformed", f'{access.file} holds something else than tables [host."HOST"] and [repository."HOST/REPOSITORY"]')
    return hosts, places


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


def _repository(text: str, what: str, *, star: bool = False) -> str:
    """``HOST[:PORT]/REPOSITORY``, or with a star as its last part ``HOST[:PORT][/PREFIX]/*``, in lower case."""
    head = text.removesuffix("/*") + "/x" if star and text.endswith("/*") else text
    try:
        found = parse_ref(f"registry:{head}")
    except UsageError:
        found = None
    if not found or found.tag or found.digest:
        raise UsageError("setting.malformed", f"{what} names a repository that is none: write HOST[:PORT]/REPOSITORY{', or HOST[:PORT]/*' if star else ''}")
    return found.path.removesuffix("x") + "*" if head != text else found.path
