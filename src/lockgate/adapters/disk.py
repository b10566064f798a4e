"""Files, with care: no symbolic links or devices where none belong, whole writes or none, everything bounded.

Every function raises plain `OSError`; the adapter that calls it says what that means in its own codes.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

CHUNK = 1 << 20
"""How much is read, hashed or written at a time."""

LOCK_SECONDS = 10.0
"""How long a writer waits for another one."""

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
READ_ONLY = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})


def open_regular(path: str | Path, *, dir_fd: int | None = None, follow: bool = False) -> int:
    """Open a regular file for reading, never waiting for one (a FIFO, a device or a directory is refused).

    Args:
        path: the file; relative to `dir_fd` where that is given.
        dir_fd: an open directory.
        follow: whether the last part of the path may be a symbolic link: only for paths a user names.
    """
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
    fd = os.open(path, flags if follow else flags | os.O_NOFOLLOW, dir_fd=dir_fd)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    return fd


def read_file(path: str | Path, max_bytes: int, *, dir_fd: int | None = None, follow: bool = False) -> bytes:
    """The bytes of a regular file of at most `max_bytes`; ``EFBIG`` where it has more."""
    with os.fdopen(open_regular(path, dir_fd=dir_fd, follow=follow), "rb") as file:
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise OSError(errno.EFBIG, f"larger than {max_bytes} bytes", str(path))
    return data


@contextmanager
def directory(path: str | Path, *, dir_fd: int | None = None, follow: bool = False) -> Iterator[int]:
    """An open directory, as a descriptor: what it is cannot be exchanged underneath."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
    fd = os.open(path, flags if follow else flags | os.O_NOFOLLOW, dir_fd=dir_fd)
    try:
        yield fd
    finally:
        os.close(fd)


def make_directory(path: Path, mode: int = 0o700) -> None:
    """Make a directory and those above it, durably; one that is there stays as it is."""
    missing = []
    while not path.is_dir():
        missing.append(path)
        path = path.parent
    for each in reversed(missing):
        with suppress(FileExistsError):
            each.mkdir(mode)
        with directory(each.parent, follow=True) as fd:
            os.fsync(fd)


def write_all(fd: int, data: bytes | memoryview) -> None:
    """Write all of it."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]


def write_new(name: str, data: bytes, mode: int, *, dir_fd: int) -> None:
    """Write a file that was not there, durable but for its directory's entry; on failure none is there."""
    fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=dir_fd)
    try:
        try:
            os.fchmod(fd, mode)
            write_all(fd, data)
            os.fsync(fd)
        finally:
            os.close(fd)
    except BaseException:
        with suppress(OSError):
            os.unlink(name, dir_fd=dir_fd)
        raise


def write_atomic(name: str, data: bytes, mode: int, *, dir_fd: int) -> None:
    """Put `data` in the place of what is there: whoever reads sees the old bytes or the new, and the new last."""
    temporary = f".{secrets.token_hex(8)}.tmp"
    write_new(temporary, data, mode, dir_fd=dir_fd)
    try:
        os.rename(temporary, name, src_dir_fd=dir_fd, dst_dir_fd=dir_fd)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary, dir_fd=dir_fd)
        raise
    os.fsync(dir_fd)


def keep(name: str, data: bytes, mode: int, *, dir_fd: int) -> None:
    """Make sure that exactly these bytes stand under this name, durably; what is there and right is not written again."""
    try:
        same = read_file(name, len(data), dir_fd=dir_fd) == data
    except OSError:
        same = False
    if same:
        os.fsync(dir_fd)
    else:
        write_atomic(name, data, mode, dir_fd=dir_fd)


@contextmanager
def locked(dir_fd: int, seconds: float = LOCK_SECONDS) -> Iterator[None]:
    """Hold the directory's lock against other writers; ``EWOULDBLOCK`` when it is not to be had in time.

    The lock is on the directory itself (flock): it leaves no file behind, and the kernel drops it with the process.
    """
    end = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(dir_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() >= end:
                raise
            time.sleep(0.01)
    try:
        yield
    finally:
        fcntl.flock(dir_fd, fcntl.LOCK_UN)


def is_too_large(err: OSError) -> bool:
    """Whether `read_file` met more bytes than it was to read."""
    return err.errno == errno.EFBIG


def reason(err: OSError) -> str:
    """What the system said, for a message: no path, so that a message names it once."""
    return err.strerror or type(err).__name__
