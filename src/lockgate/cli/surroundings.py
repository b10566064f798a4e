"""What `doctor` looks at on this machine: files by their marks, never by what is in them."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

from lockgate import config
from lockgate.core.health import Place


def look(path: Path) -> Place:
    """A file or directory, links followed."""
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return Place(path=str(path), state="absent")
    except OSError as err:
        return Place(path=str(path), state="unreadable", why=err.strerror or "")
    return Place(
        path=str(path),
        state="there",
        directory=stat.S_ISDIR(found.st_mode),
        mode=stat.S_IMODE(found.st_mode),
        owner=found.st_uid,
        ours=found.st_uid in config.owners(),
        readable=os.access(path, os.R_OK),
        writable=os.access(path, os.W_OK),
    )


def nearest(path: Path) -> Place:
    """The nearest directory above `path` that is there, or cannot be looked at."""
    found = look(path.parent)
    return found if found.state != "absent" or path.parent == path else nearest(path.parent)


def listed(path: Path) -> tuple[list[str], str]:
    """The files in a directory, sorted, none where it is not there; and why that cannot be told, empty where it can."""
    try:
        return sorted(entry.path for entry in os.scandir(path) if entry.name.isprintable()), ""
    except FileNotFoundError:
        return [], ""
    except OSError as err:
        return [], err.strerror or "it cannot be read"


def free(path: Path) -> int | None:
    """Bytes that are free there for this account; None where that cannot be told."""
    try:
        return shutil.disk_usage(path).free
    except OSError:
        return None
