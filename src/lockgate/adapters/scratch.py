"""The private directory a deployment's command reads from."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath

from lockgate.adapters import disk
from lockgate.core.digest import Digest
from lockgate.errors import UnreadableError


class TemporaryScratch:
    """Private directories below the system's temporary one."""

    @contextlib.contextmanager
    def directory(self) -> Iterator[PurePath]:
        """See `core.ports.Scratch`. What is in it may be read-only; it is removed all the same.

        Raises:
            UnreadableError: ``scratch.unwritable``.
        """
        try:
            path = Path(tempfile.mkdtemp(prefix="lockgate-"))
        except OSError as err:
            raise UnreadableError("scratch.unwritable", f"no private directory can be made below {tempfile.gettempdir()}: {err.strerror}") from None
        try:
            yield path
        finally:
            for folder, _, _ in os.walk(path):
                Path(folder).chmod(stat.S_IRWXU)
            shutil.rmtree(path, ignore_errors=True)

    def copies(self, files: Sequence[tuple[str, PurePath]], into: PurePath) -> list[Digest]:
        """See `core.ports.Scratch`: files 0400 (0500 where they may be run), directories 0500."""
        found = []
        for place, name in files:
            target = Path(into) / name
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                found.append(_copied(place, target))
            except OSError as err:
                raise UnreadableError("config.unreadable", f"the configuration file {place} cannot be copied: {disk.reason(err)}") from None
        for folder, _, _ in os.walk(into):
            Path(folder).chmod(0o500)
        return found


def _copied(place: str, target: Path) -> Digest:
    """Copy one file in bounded memory; the digest of what was copied."""
    sha = hashlib.sha256()
    source = disk.open_regular(place, follow=True)
    try:
        mode = 0o400 | (os.fstat(source).st_mode & 0o100)
        out = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        try:
            while data := os.read(source, disk.CHUNK):
                sha.update(data)
                disk.write_all(out, data)
        finally:
            os.close(out)
    finally:
        os.close(source)
    return "sha256:" + sha.hexdigest()
