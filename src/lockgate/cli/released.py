"""Which release a command is about: artifacts and configuration as typed, or a release file."""

from __future__ import annotations

import os.path
from collections.abc import Callable
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from lockgate.cli import arguments
from lockgate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lockgate.core.model import DigestOrNone

ConfigFiles = tuple[tuple[str, str], ...]


class Named(NamedTuple):
    """A release as it was named.

    Attributes:
        refs: its artifacts. names: theirs, in the same order; empty for none.
        config: the configuration's digest. files: (path as hashed, where it is).
        typed: what says the same on another command line, quoted by nobody yet: references, or ``--release FILE``.
        config_typed: the files of ``--config``, likewise.
    """

    refs: tuple[str, ...]
    names: tuple[str, ...]
    config: DigestOrNone
    files: ConfigFiles
    typed: tuple[str, ...]
    config_typed: tuple[str, ...]


def release_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """``--release`` and ``--config``, on every command that is about a release: what one names, all name."""
    named = click.option("--release", "release_file", default="", metavar="FILE", help="A file that names artifacts and configuration, in place of both.")
    files = click.option("--config", "config_files", multiple=True, metavar="FILE", help="Configuration it runs with, or none; may be repeated.")
    return named(files(function))


def named(refs: Sequence[str], config_files: Sequence[str], release_file: str) -> Named:
    """The release that a command line names.

    Raises:
        UsageError: ``release-file.mixed`` where a release file stands beside artifacts or configuration; ``usage.missing`` where nothing is named;
            as `config_digest`. PolicyError: ``release-file.malformed``.
    """
    if not release_file:
        if not refs:
            raise UsageError("usage.missing", "Missing argument 'REF…', or --release FILE", f"{click.get_current_context().command_path} --help")
        digest, files = config_of([(name, name) for name in config_files])
        return Named(refs=tuple(refs), names=("",) * len(refs), config=digest, files=files, typed=tuple(refs), config_typed=tuple(config_files))
    if refs or config_files:
        raise UsageError("release-file.mixed", f"{release_file} says which artifacts and which configuration: nothing else is named beside it")
    from lockgate.evidence.release_yaml import MAX_FILE, at, parse_release

    read = parse_release(arguments.read(release_file, "release-file.unreadable", MAX_FILE + 1), release_file)
    folder = PurePath(release_file).parent
    digest, files = config_of([(name, str(folder / name)) for name in read.config])
    return Named(
        refs=tuple(at(str(folder), one.ref) for one in read.artifacts),
        names=tuple(one.name for one in read.artifacts),
        config=digest,
        files=files,
        typed=("--release", release_file),
        config_typed=(),
    )


def config_of(files: Sequence[tuple[str, str]]) -> tuple[DigestOrNone, ConfigFiles]:
    """The digest of a configuration: SHA-256 of the canonical JSON of sorted path -> sha256, ``none`` for ``none``; and its files by normal path.

    Raises:
        UsageError: ``config.unreadable``, ``config.none-and-files``, ``config.twice``.
    """
    from lockgate.core.model import config_digest
    from lockgate.wire.files import file_digest

    names = [name for name, _ in files]
    if not files or names == ["none"]:
        return config_digest({}), ()
    if "none" in names:
        raise UsageError("config.none-and-files", "--config none stands alone: either there is a configuration or there is none")
    found: dict[str, str] = {}
    where: dict[str, str] = {}
    for name, place in files:
        normal = os.path.normpath(name)
        if normal in found:
            raise UsageError("config.twice", f"the configuration file {name} is named twice")
        try:
            found[normal] = "sha256:" + file_digest(place)
        except OSError as err:
            raise UsageError("config.unreadable", f"the configuration file {place} cannot be read: {err.strerror}") from None
        where[normal] = place
    return config_digest(found), tuple(where.items())
