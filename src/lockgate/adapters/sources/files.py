"""Plain files as a `Source`: the digest is that of the bytes; evidence stands beside the file, in ``<file>.intoto.jsonl``.

That sidecar holds one DSSE envelope per line (in-toto attestation bundle).
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path, PurePath

from lockgate.adapters import disk
from lockgate.adapters.sources.limits import DSSE, MAX_ARTIFACT, MAX_TOTAL, require_within_limits
from lockgate.core.digest import Digest, Ref
from lockgate.core.ports import Evidence, Measured
from lockgate.errors import EvidenceError, LedgerError, UnreadableError

SUFFIX = ".intoto.jsonl"

MAX_CONTENT = 16 << 20
"""Most bytes of a file that are kept for a signature over the bytes themselves."""

_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,127}\Z").match
_PLAIN_SUFFIX = re.compile(r"(\.tar)?\.[A-Za-z0-9]{1,16}\Z").search


class PlainFiles:
    """Regular files (port `Source`). A symbolic link the user names is followed; a FIFO, a device or a directory is refused."""

    def resolve(self, ref: Ref, platform: str = "") -> tuple[Ref, Digest]:  # noqa: ARG002  the port's
        """The digest of the file's bytes; a file serves any platform.

        Raises:
            UnreadableError: ``ref.not-found``, ``ref.unreadable``.
            EvidenceError: ``digest.mismatch``.
        """
        digest, _ = self._digest(ref.path)
        if ref.digest not in {None, digest}:
            raise EvidenceError("digest.mismatch", f"{ref.path} is {digest}, and {ref.digest} was asked for")
        return Ref(scheme="file", path=ref.path, digest=ref.digest), digest

    def measure(self, ref: Ref, digest: Digest) -> Measured:
        """Read and hash the file."""
        try:
            found, size = self._digest(ref.path)
        except UnreadableError as err:
            if err.code != "ref.not-found":
                raise
            return Measured(digest=digest, problem="digest.missing", where=ref.path)
        problem = "" if found == digest else "digest.mismatch"
        return Measured(digest=digest, size=size, problem=problem, where=ref.path if problem else "")

    def platforms(self, ref: Ref, digest: Digest) -> tuple[str, ...]:  # noqa: ARG002  the port's
        """A plain file says nothing of platforms."""
        return ()

    def attached(self, ref: Ref, digest: Digest) -> list[Evidence]:  # noqa: ARG002  each envelope names its subject
        """One piece for each line of the sidecar; none where there is no sidecar."""
        where = ref.path + SUFFIX
        return [Evidence(media_type=DSSE, data=line, origin=f"file:{where}:{number}") for number, line in _lines(_sidecar(where), where)]

    def inside(self, ref: Ref, digest: Digest, path: str) -> bytes | None:  # noqa: ARG002  the port's
        """A plain file has no inside that is looked into."""
        raise UnreadableError("inside.no-image", f"{ref.path} is a plain file, and nothing is looked for inside of one")

    def attach(self, ref: Ref, digest: Digest, evidence: Evidence) -> str:  # noqa: ARG002  as above
        """Add a line to the sidecar, which is exchanged in one step; a line that is there already is not added again."""
        where = ref.path + SUFFIX
        line = b" ".join(evidence.data.splitlines()).strip()
        if evidence.media_type != DSSE or not line:
            raise LedgerError("ref.unwritable", f"{where} holds DSSE envelopes; this is {evidence.media_type or 'nothing'}: nothing was attached")
        try:
            mode = Path(ref.path).stat().st_mode & 0o666
            with disk.directory(Path(where).parent, follow=True) as fd, disk.locked(fd):
                held = _sidecar(where)
                for number, each in _lines(held, where):
                    if each == line:
                        return f"{where}:{number}"
                ended = held if not held or held.endswith(b"\n") else held + b"\n"
                written = ended + line + b"\n"
                number = _lines(written, where)[-1][0]
                disk.write_atomic(Path(where).name, written, mode, dir_fd=fd)
        except OSError as err:
            raise LedgerError("ref.unwritable", f"{where} could not be written: {disk.reason(err)}; attaching again does no harm") from None
        except UnreadableError as err:
            raise LedgerError("ref.unwritable", f"nothing was attached to {ref.path}: {err.message}") from None
        return f"{where}:{number}"

    def copy(self, ref: Ref, digest: Digest, into: PurePath) -> PurePath:
        """A copy under the same name, where that is a plain one, in a new directory: the file 0400 (0500 where it may be run), the directory 0500."""
        target = Path(into) / secrets.token_hex(4) / _plain_name(Path(ref.path).name)
        try:
            disk.make_directory(target.parent)
            with disk.directory(target.parent) as fd:
                out = os.open(target.name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o400, dir_fd=fd)
                try:
                    found, _ = self._digest(ref.path, out)
                    runnable = Path(ref.path).stat().st_mode & 0o100
                    os.fchmod(out, 0o400 | runnable)
                finally:
                    os.close(out)
            if found != digest:
                raise EvidenceError("digest.mismatch", f"{ref.path} is {found} now, and no longer {digest}: nothing was copied")
            target.parent.chmod(0o500)
        except BaseException as err:
            shutil.rmtree(target.parent, ignore_errors=True)
            if isinstance(err, OSError):
                raise _unreadable(f"{ref.path}, on its way to {into},", err) from None
            raise
        return PurePath(target)

    def _digest(self, path: str, out_fd: int | None = None) -> tuple[Digest, int]:
        """Digest and size, in bounded memory; what is read is written to `out_fd` on the way where one is given."""
        sha = hashlib.sha256()
        sinks: list[Callable[[memoryview], object]] = [sha.update] if out_fd is None else [sha.update, partial(disk.write_all, out_fd)]
        read = _through(path, sinks, "" if out_fd is None else ", or what it is copied to,")
        return "sha256:" + sha.hexdigest(), read


def read_for_signatures(ref: Ref) -> tuple[Digest, dict[str, bytes], bytes | None]:
    """Read a file once, for signatures over it: its digest; its ``sha384`` and ``sha512``; and its bytes, None for more than `MAX_CONTENT`.

    Raises:
        UnreadableError: ``ref.not-found``, ``ref.unreadable``. EvidenceError: ``digest.mismatch``.
    """
    sha, others, content = hashlib.sha256(), {"sha384": hashlib.sha384(), "sha512": hashlib.sha512()}, bytearray()

    def keep(chunk: memoryview) -> None:
        content.extend(chunk[: MAX_CONTENT + 1 - len(content)])

    _through(ref.path, [sha.update, *(one.update for one in others.values()), keep])
    digest = "sha256:" + sha.hexdigest()
    if ref.digest not in {None, digest}:
        raise EvidenceError("digest.mismatch", f"{ref.path} is {digest}, and {ref.digest} was asked for")
    return digest, {name: one.digest() for name, one in others.items()}, bytes(content) if len(content) <= MAX_CONTENT else None


def _through(path: str, sinks: Sequence[Callable[[memoryview], object]], too: str = "") -> int:
    """Give each part of a file to all of these, in bounded memory: how much was read. `too` is said beside its name where an operation fails."""
    buffer, read = memoryview(bytearray(disk.CHUNK)), 0
    too_large = UnreadableError("ref.unreadable", f"{path} has more than the {MAX_ARTIFACT} bytes that are read")
    try:
        fd = disk.open_regular(path, follow=True)
    except FileNotFoundError:
        raise UnreadableError("ref.not-found", f"there is nothing at {path}") from None
    except OSError as err:
        raise _unreadable(path, err) from None
    try:
        with os.fdopen(fd, "rb", buffering=0) as file:
            if os.fstat(fd).st_size > MAX_ARTIFACT:
                raise too_large
            while got := file.readinto(buffer):
                read += got
                if read > MAX_ARTIFACT:
                    raise too_large
                for sink in sinks:
                    sink(buffer[:got])
    except OSError as err:
        raise _unreadable(path + too, err) from None
    return read


def _plain_name(name: str) -> str:
    """The name where it means nothing to a shell or a command line; else ``artifact``, with its suffix where that is plain.

    Whoever supplies a file chooses its name, and the name of the copy stands in the deployer's command.
    """
    if _PLAIN_NAME(name):
        return name
    suffix = _PLAIN_SUFFIX(name)
    return "artifact" + (suffix[0] if suffix else "")


def _sidecar(where: str) -> bytes:
    """The sidecar's bytes, empty where there is none."""
    try:
        return disk.read_file(where, MAX_TOTAL)
    except FileNotFoundError:
        return b""
    except OSError as err:
        raise _unreadable(where, err) from None


def _lines(data: bytes, where: str) -> list[tuple[int, bytes]]:
    """Line numbers, from 1, and the lines that are not blank."""
    found = [(number, line.strip()) for number, line in enumerate(data.split(b"\n"), 1) if line.strip()]
    sizes: list[int] = []
    for _, line in found:
        sizes.append(len(line))
        require_within_limits(sizes, where)
    return found


def _unreadable(where: str, err: OSError) -> UnreadableError:
    return UnreadableError("ref.unreadable", f"{where} could not be read: {disk.reason(err)}")
