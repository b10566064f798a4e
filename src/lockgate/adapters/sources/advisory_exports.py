"""Exports of advisories on this machine, file by file: directories of JSON or YAML, zip archives of JSON, single entries.

Everything is bounded: each file, what an archive unpacks to, and how many there are; an archive is read as a stream, its names are shown and
never used as paths, and what is cut short anywhere is refused.
"""

from __future__ import annotations

import os
import stat
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from lockgate.adapters import disk
from lockgate.core.advisories import Exported
from lockgate.errors import EvidenceError, UnreadableError
from lockgate.evidence.advisories.kev import MAX_CATALOGUE
from lockgate.evidence.advisories.osv import MAX_ENTRY

MAX_FILES = 4_000_000
MAX_RATIO = 100
"""How many times as large as itself an archive may unpack to; prose packs to about a tenth."""
SPARE = 64 << 20
_YAML = (".yaml", ".yml")


def exported(paths: Sequence[Path]) -> Iterator[Exported]:
    """Every entry's file below these paths, in a stable order.

    Raises:
        UnreadableError: ``advisories.export-unreadable``. EvidenceError: ``advisories.export-cut``, ``advisories.export-malformed``.
    """
    for path in paths:
        try:
            if path.is_dir():
                yield from _directory(path)
            else:
                yield from _file(path, follow=True)
        except OSError as err:
            raise UnreadableError(
                "advisories.export-unreadable", f"{err.filename or path} could not be read: {disk.reason(err)}; nothing was imported"
            ) from None


def catalogue(path: Path) -> bytes:
    """The bytes of CISA's file. Raises UnreadableError ``advisories.export-unreadable``."""
    try:
        return disk.read_file(path, MAX_CATALOGUE, follow=True)
    except OSError as err:
        raise UnreadableError("advisories.export-unreadable", f"{path} could not be read: {disk.reason(err)}; nothing was imported") from None


def _directory(path: Path) -> Iterator[Exported]:
    def fail(err: OSError) -> None:
        raise err

    count = 0
    for folder, inner, names in os.walk(path, onerror=fail):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        for name in sorted(names):
            if name.endswith((".json", *_YAML)) and not name.startswith("."):
                count += 1
                _require_few(count, path)
                yield from _file(Path(folder, name), follow=False)


def _file(path: Path, *, follow: bool) -> Iterator[Exported]:
    with os.fdopen(disk.open_regular(path, follow=follow), "rb") as file:
        if follow and file.read(4) in {b"PK\x03\x04", b"PK\x05\x06"}:
            yield from _archive(path, os.fstat(file.fileno()).st_size)
            return
        file.seek(0)
        data = file.read(MAX_ENTRY + 1)
    yield Exported(str(path), data, path.suffix in _YAML)


def _archive(path: Path, size: int) -> Iterator[Exported]:
    left = size * MAX_RATIO + SPARE
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [one for one in archive.infolist() if one.filename.endswith(".json")]
            _require_few(len(entries), path)
            for one in entries:
                if one.flag_bits & 1 or stat.S_ISLNK(one.external_attr >> 16):
                    raise EvidenceError("advisories.export-malformed", f"{path}: {one.filename[:200]!r} is encrypted or a link; nothing was imported")
                with archive.open(one) as file:
                    data = file.read(MAX_ENTRY + 1)
                    if len(data) <= MAX_ENTRY:
                        file.read(1)  # at the end its checksum is compared
                left -= len(data)
                if left < 0:
                    raise EvidenceError("advisories.export-malformed", f"{path} unpacks to more than {MAX_RATIO} times its size; nothing was imported")
                yield Exported(f"{path}:{one.filename[:200]}", data)
    except (zipfile.BadZipFile, zlib.error, EOFError) as err:
        raise EvidenceError("advisories.export-cut", f"{path} is no whole zip archive: {str(err)[:200]}; nothing was imported") from None
    except (NotImplementedError, RuntimeError, ValueError) as err:
        raise EvidenceError("advisories.export-malformed", f"{path} is a zip archive of a kind that is not read: {str(err)[:200]}") from None


def _require_few(count: int, path: Path) -> None:
    if count > MAX_FILES:
        raise EvidenceError("advisories.export-malformed", f"{path} holds more than {MAX_FILES} entries; nothing was imported")
