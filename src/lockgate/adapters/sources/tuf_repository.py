"""A file out of a TUF repository (The Update Framework, specification 1.0), by a root that was pinned: python-tuf's client on our own network rules.

1. The pinned root is where trust begins; the repository can only add roots that the one before signed.
2. What was seen before is remembered, one directory for each repository, so that older metadata is refused. What is remembered and cannot be read
   refuses too: whether the repository went back could not be told.
3. python-tuf works on a copy of that memory. What it verified is put back whole, file by file, whatever came of the rest.
4. Addresses, proxies, redirects, time and size are the registry client's business: the same rules, and no other HTTP library is called.

python-tuf reads the clock itself.
"""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tuf.api import exceptions
from tuf.api.metadata import Metadata
from tuf.ngclient.fetcher import FetcherInterface
from tuf.ngclient.updater import Updater

from lockgate.adapters import disk
from lockgate.adapters.sources.registry_access import Access
from lockgate.adapters.sources.registry_auth import Gatekeeper
from lockgate.adapters.sources.registry_client import Client
from lockgate.adapters.sources.registry_logins import Logins
from lockgate.adapters.sources.registry_network import Network, named_kind
from lockgate.adapters.sources.registry_settings import Settings, read_settings
from lockgate.adapters.sources.registry_watch import Patience
from lockgate.errors import EvidenceError, LockgateError, UnreadableError, UsageError

MAX_TARGET = 1 << 20
MAX_REMEMBERED = 8 << 20
PATIENCE = Patience(total=30.0, look=90.0, most=32 << 20)
ROLES = ("root", "timestamp", "snapshot", "targets")


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """What came of a fetch.

    Attributes:
        data: the file, as signed metadata says it is.
        versions: of the four top-level roles. expires: when the first of them does: until then a fetch finds the repository alive.
    """

    data: bytes
    versions: dict[str, int]
    expires: datetime


@dataclass(frozen=True, kw_only=True)
class Repository:
    """Where a repository is, and how it is asked.

    Attributes:
        url: of its metadata; its files stand below it in ``targets/``.
        access: how hosts are reached. memory: the user's own directory for all repositories.
        network, patience: the world, and how long is waited.
    """

    url: str
    access: Access
    memory: Path
    network: Network
    patience: Patience = PATIENCE

    def fetch(self, root: bytes, target: str) -> Fetched:
        """Bring metadata up to date, and one file.

        Args:
            root: the pinned root, or any later one of this repository. target: the file's name.

        Raises:
            UsageError: ``tuf.bad-url``, as `read_settings`. EvidenceError: ``tuf.root-malformed``, ``tuf.expired``, ``tuf.rolled-back``,
                ``tuf.unsigned``, ``tuf.malformed``, ``tuf.other-bytes``, ``tuf.too-large``. UnreadableError: ``tuf.unreachable``, ``tuf.redirect-refused``,
                ``tuf.not-found``, ``tuf.no-target``, ``tuf.memory-unreadable``, ``tuf.memory-unwritable``.
        """
        settings = read_settings(self.access)
        base, name = _base(self.url, settings)
        folder = self.memory / sha256(base.encode()).hexdigest()
        try:
            disk.make_directory(folder)
            with disk.directory(folder, follow=True) as fd, disk.locked(fd), tempfile.TemporaryDirectory(prefix="lockgate-tuf-") as beside:
                work = Path(beside)
                _recall(folder, work / "metadata")
                try:
                    with Client(name, Gatekeeper(Logins()), self.network, settings, self.patience) as client:
                        return _fetched(work, base, root, target, _Fetcher(client))
                finally:
                    _remember(work / "metadata", folder)
        except BlockingIOError:
            raise UnreadableError("tuf.memory-unwritable", f"another fetch from {base} is under way") from None
        except OSError as err:
            raise UnreadableError("tuf.memory-unwritable", f"what is seen of {base} could not be remembered in {folder}: {disk.reason(err)}") from None


class _Fetcher(FetcherInterface):
    """Step 4: python-tuf's way to the network."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def _fetch(self, url: str) -> Iterator[bytes]:
        return iter([self._bytes(url, MAX_REMEMBERED)])

    @contextmanager
    def download_file(self, url: str, max_length: int) -> Iterator[Any]:
        """As python-tuf's, in memory, and asking for no byte more than `max_length` and one."""
        yield io.BytesIO(self._bytes(url, max_length))

    def _bytes(self, url: str, most: int) -> bytes:
        try:
            answer = self._client.document(url, "*/*", most)
        except UnreadableError as err:
            if err.code == "ref.unauthorized":  # stores of cloud providers answer 403 for what is not there
                raise exceptions.DownloadHTTPError(f"{url} is not there", 403) from None
            code = "tuf.redirect-refused" if err.code == "ref.redirect-refused" else "tuf.unreachable"
            raise UnreadableError(code, err.message) from None
        if answer.status == 404:
            raise exceptions.DownloadHTTPError(f"{url} is not there", 404)
        if len(answer.data) > most:
            raise EvidenceError("tuf.too-large", f"{url} has more than the {most} bytes it may have: no more was read")
        return answer.data


def _fetched(work: Path, base: str, root: bytes, target: str, fetcher: _Fetcher) -> Fetched:
    metadata, file = work / "metadata", work / "target"
    try:
        updater = Updater(str(metadata), base, target_base_url=f"{base}targets/", fetcher=fetcher, bootstrap=root)
    except (exceptions.RepositoryError, ValueError) as err:
        raise EvidenceError("tuf.root-malformed", f"the pinned root is none that signed itself: {_said(err)}") from None
    try:
        updater.refresh()
        info = updater.get_targetinfo(target)
        if info is None:
            raise UnreadableError("tuf.no-target", f"{base} has no file {target[:80]!r}")
        if info.length > MAX_TARGET:
            raise EvidenceError("tuf.too-large", f"{target[:80]!r} has {info.length} bytes by signed metadata; at most {MAX_TARGET} are read")
        updater.download_target(info, str(file))
    except (exceptions.RepositoryError, exceptions.DownloadError, ValueError) as err:
        raise _told(base, err) from None
    found = [Metadata.from_bytes(disk.read_file(metadata / f"{role}.json", MAX_REMEMBERED, follow=True)).signed for role in ROLES]
    versions = {role: one.version for role, one in zip(ROLES, found, strict=True)}
    return Fetched(data=disk.read_file(file, MAX_TARGET), versions=versions, expires=min(one.expires for one in found))


def _told(base: str, err: Exception) -> LockgateError:
    """python-tuf's refusal, as ours."""
    match err:
        case exceptions.ExpiredMetadataError():
            return EvidenceError("tuf.expired", f"what {base} serves is over: {_said(err)}. Somebody may be holding back what is newer")
        case exceptions.BadVersionNumberError():
            return EvidenceError("tuf.rolled-back", f"{base} serves another version than it should, or an older one than was seen: {_said(err)}")
        case exceptions.UnsignedMetadataError():
            return EvidenceError("tuf.unsigned", f"{base} serves metadata without enough good signatures: {_said(err)}")
        case exceptions.LengthOrHashMismatchError():
            return EvidenceError("tuf.other-bytes", f"{base} serves other bytes than signed metadata says")
        case exceptions.DownloadHTTPError():
            return UnreadableError("tuf.not-found", f"the repository is not there, or not whole: {_said(err)}")
        case _:
            return EvidenceError("tuf.malformed", f"{base} serves metadata that is none: {_said(err)}")


def _said(err: Exception) -> str:
    return str(err)[:200]


def _base(url: str, settings: Settings) -> tuple[str, str]:
    """A repository's address with a slash at its end, and ``HOST[:PORT]/PATH``. Raises UsageError ``tuf.bad-url``."""
    wrong = UsageError("tuf.bad-url", "this is no address of a TUF repository: write https://HOST[:PORT]/PATH, or http:// where plain HTTP is spoken")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise wrong from None
    netloc = parts.netloc.lower()
    plain = named_kind(host) == "loopback" or settings.is_plain(netloc)
    strange = not url.isascii() or not url.isprintable() or " " in url or "@" in netloc or parts.query or parts.fragment
    if not host or strange or parts.scheme != ("http" if plain else "https"):
        raise wrong
    path = parts.path.rstrip("/") + "/"
    return f"{parts.scheme}://{netloc}{path}", netloc + path


def _recall(folder: Path, into: Path) -> None:
    """Step 2. Raises UnreadableError ``tuf.memory-unreadable``."""
    (into / "root_history").mkdir(parents=True)
    for path in _files(folder):
        try:
            data = disk.read_file(folder / path, MAX_REMEMBERED)
            if not isinstance(json.loads(data), dict):
                raise ValueError
        except (OSError, ValueError, RecursionError):
            raise UnreadableError(
                "tuf.memory-unreadable", f"{folder / path}, seen of this repository before, cannot be read: whether it went back cannot be told"
            ) from None
        (into / path).write_bytes(data)


def _remember(work: Path, folder: Path) -> None:
    """Step 3."""
    for each in (Path(), Path("root_history")):
        disk.make_directory(folder / each)
        with disk.directory(folder / each) as fd:
            for path in _files(work):
                if path.parent == each:
                    disk.keep(path.name, disk.read_file(work / path, MAX_REMEMBERED), 0o600, dir_fd=fd)


def _files(folder: Path) -> list[Path]:
    """Metadata below a directory, relative to it; ``root.json``, which is a link to one of the roots, is left out."""
    found = [*folder.glob("*.json"), *folder.glob("root_history/*.json")]
    return sorted(path.relative_to(folder) for path in found if not path.is_symlink())
