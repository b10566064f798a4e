"""What OCI images are read from, checked by digest as it is read; and an opened OCI image layout (image-layout.md, v1.1).

`Images` is what layouts and registries have in common. A layout's directories are held open and entered without following
symbolic links, so that it is read where it stands and nowhere else.
"""

from __future__ import annotations

import errno
import hashlib
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple, TypeVar

from lockgate import canon
from lockgate.adapters import disk
from lockgate.adapters.sources.limits import MAX_ARTIFACT
from lockgate.adapters.sources.oci_descriptor import INDEX, MANIFEST, Descriptor, contents, distinct, is_index, read_descriptors
from lockgate.core.digest import Digest, digest_of, hex_of
from lockgate.core.ports import Measured
from lockgate.errors import EvidenceError, UnreadableError

A = TypeVar("A")
B = TypeVar("B")

MAX_MANIFEST = 4 << 20
"""Largest manifest or index, bytes, as distribution-spec advises registries to take."""

MAX_PARTS = 65_536
"""Most blobs one artifact may have."""

MAX_LOOKED_AT = 64 << 20
"""Most bytes of documents read in search of something: of one image, or of what is attached to it."""


class _Part(NamedTuple):
    """Something an artifact covers, as its descriptor says: read once for each way that matters (what a blob is called does not)."""

    digest: Digest
    size: int | None
    document: bool
    media_type: str = ""


class Images(ABC):
    """A place that holds images by digest.

    Attributes:
        path: as the user named it.
        scheme: how references to it begin; empty for a registry's.
    """

    scheme = ""

    def __init__(self, path: str) -> None:
        self.path = path

    @abstractmethod
    def descriptors(self) -> list[Descriptor]:
        """What the place lists under tags. Raises UnreadableError ``ref.unreadable``."""

    @abstractmethod
    def blob(self, digest: Digest, size: int | None, max_bytes: int) -> bytes:
        """A small blob's raw bytes, checked.

        Args:
            digest: its digest.
            size: bytes, as its descriptor says; None where there is none.
            max_bytes: the largest size read.

        Raises:
            EvidenceError: ``digest.missing``, ``digest.truncated`` or ``digest.mismatch``.
            UnreadableError: ``ref.unreadable``, also where it is larger than `max_bytes`.
        """

    @abstractmethod
    def stream(self, digest: Digest, size: int, out_fd: int | None) -> Measured:
        """Read one blob to its end, in bounded memory; write it on the way where asked. What is wrong is the `Measured`'s problem."""

    def origin(self, digest: Digest) -> str:
        """Where a part is, for people."""
        return f"{self.scheme}{self.path}@{digest}"

    def document(self, digest: Digest, size: int | None = None) -> tuple[bytes, dict[str, Any]]:
        """A manifest or index: its raw bytes, checked as `blob` does before anything in them is looked at, and parsed.

        Raises:
            EvidenceError: as `blob`.
            UnreadableError: ``ref.unreadable``: larger than 4 MiB, or no JSON object.
        """
        data, said = self.raw(digest, size)
        return data, self.parsed(digest, data, said)

    def raw(self, digest: Digest, size: int | None = None) -> tuple[bytes, str]:
        """A manifest's or index's raw bytes, checked as `blob` does, and the media type the place says it has; empty where it says none."""
        return self.blob(digest, size, MAX_MANIFEST), ""

    def parsed(self, digest: Digest, data: bytes, said: str) -> dict[str, Any]:
        """What `raw` gave, as JSON; what the place calls it has to agree with what it is. Raises UnreadableError ``ref.unreadable``."""
        document = self.parse(data, digest)
        if said:
            is_index(document, said, f"{self.path}: {digest}")
        return document

    def beside(self, do: Callable[[A], B], items: Iterable[A]) -> Iterator[B]:
        """What `do` gives for each item, in order; done for several at once where waiting is most of it."""
        return map(do, items)

    def parse(self, data: bytes, name: str) -> dict[str, Any]:
        """A JSON object. Raises UnreadableError ``ref.unreadable``."""
        try:
            document = canon.parse_foreign(data, max_bytes=MAX_MANIFEST, what=name)
        except EvidenceError as err:
            raise UnreadableError("ref.unreadable", f"{self.path}: {err.message}") from None
        if not isinstance(document, dict):
            raise UnreadableError("ref.unreadable", f"{self.path}: {name} is no JSON object")
        if not isinstance(document.get("mediaType", ""), str) or not isinstance(document.get("artifactType", ""), str):
            raise UnreadableError("ref.unreadable", f"{self.path}: {name} has a media type that is no string")
        return document

    def parts(self, digest: Digest, out_dir: int | None = None) -> Iterator[Measured]:
        """Everything an image or index covers, itself first, each blob once; the first that is wrong is the last.

        Args:
            digest: the image's or index's.
            out_dir: an open directory to copy every blob into, as files of mode 0400.

        Raises:
            UnreadableError: ``ref.unreadable``.
        """
        todo = [_Part(digest, None, True)]
        seen, copied, promised = set(todo), set[Digest](), 0
        while todo:
            part = todo.pop()
            out = None if part.digest in copied else out_dir
            copied.add(part.digest)
            if part.document:
                found, children = self._document_part(part, out)
            else:
                found, children = self._blob(part, out), []
            yield found
            if found.problem:
                return
            fresh = list(dict.fromkeys(child for child in children if child not in seen))
            seen.update(fresh)
            todo.extend(reversed(fresh))
            promised += sum(child.size or 0 for child in fresh)
            if len(seen) > MAX_PARTS or promised > MAX_ARTIFACT:
                raise UnreadableError("ref.unreadable", f"{self.path}: {digest} has more than {MAX_PARTS} parts, or more than {MAX_ARTIFACT} bytes")

    def measured(self, digest: Digest) -> Measured:
        """What reading everything the digest covers gave, with the images an index lists; the first that is wrong is its problem."""
        total, media_type, inside = 0, "", set[Digest]()
        for part in self.parts(digest):
            total += part.size
            media_type = media_type or part.media_type
            if part.problem:
                return Measured(digest=digest, media_type=media_type, size=total, problem=part.problem, where=part.where)
            if part.media_type and part.digest != digest:
                inside.add(part.digest)
        return Measured(digest=digest, media_type=media_type, size=total, inside=tuple(sorted(inside)))

    def _document_part(self, part: _Part, out_dir: int | None) -> tuple[Measured, list[_Part]]:
        where = f"{self.path}: {part.digest}"
        try:
            data, document = self.document(part.digest, part.size)
        except EvidenceError as err:
            return found_part(part.digest, 0, err.code), []
        index = is_index(document, part.media_type, where)
        if out_dir is not None:
            disk.write_new(hex_of(part.digest), data, 0o400, dir_fd=out_dir)
        media_type = document.get("mediaType") or part.media_type or (INDEX if index else MANIFEST)
        children = [_Part(each.digest, each.size, index, each.media_type if index else "") for each in contents(document, where)]
        return Measured(digest=part.digest, media_type=media_type, size=len(data)), children

    def _blob(self, part: _Part, out_dir: int | None) -> Measured:
        if out_dir is None:
            return self.stream(part.digest, part.size or 0, None)
        out = os.open(hex_of(part.digest), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o400, dir_fd=out_dir)
        try:
            return self.stream(part.digest, part.size or 0, out)
        finally:
            os.close(out)


class Layout(Images):
    """An opened layout; `open_layout` makes it.

    Attributes:
        root_fd, blobs_fd: the open directories ``.`` and ``blobs/sha256``.
    """

    scheme = "oci:"

    def __init__(self, path: str, root_fd: int, blobs_fd: int) -> None:
        super().__init__(path)
        self.root_fd = root_fd
        self.blobs_fd = blobs_fd

    def index(self) -> dict[str, Any]:
        """``index.json``, parsed. Raises UnreadableError ``ref.unreadable``."""
        document = self._read("index.json", MAX_MANIFEST)
        if not is_index(document, "", f"{self.path}/index.json"):
            raise UnreadableError("ref.unreadable", f"{self.path}/index.json is no index")
        return document

    def descriptors(self) -> list[Descriptor]:
        """What ``index.json`` lists. Raises UnreadableError ``ref.unreadable``."""
        return read_descriptors(self.index()["manifests"], f"{self.path}/index.json")

    def require_version(self) -> None:
        """Check ``oci-layout`` (image-layout.md, "oci-layout file"). Raises UnreadableError ``ref.unreadable``."""
        if self._read("oci-layout", 1 << 16).get("imageLayoutVersion") != "1.0.0":
            raise UnreadableError("ref.unreadable", f"{self.path} is an OCI image layout of another version than 1.0.0")

    def blob(self, digest: Digest, size: int | None, max_bytes: int) -> bytes:
        """As `Images.blob`."""
        most = max_bytes if size is None else min(size, max_bytes)
        try:
            data = disk.read_file(hex_of(digest), most, dir_fd=self.blobs_fd)
        except FileNotFoundError:
            raise EvidenceError("digest.missing", f"{self.path} does not hold {digest}") from None
        except OSError as err:
            if most == size and disk.is_too_large(err):
                raise EvidenceError("digest.mismatch", f"{self.path}: {digest} has more bytes than the {size} it should have") from None
            raise unreadable(f"{self.path}: {digest}", err) from None
        if size is not None and len(data) < size:
            raise EvidenceError("digest.truncated", f"{self.path}: {digest} has {len(data)} bytes and should have {size}")
        if digest_of(data) != digest:
            raise EvidenceError("digest.mismatch", f"{self.path}: the bytes at {digest} are others")
        return data

    def stream(self, digest: Digest, size: int, out_fd: int | None) -> Measured:
        """As `Images.stream`; one of another size is not read at all."""
        buffer = memoryview(bytearray(disk.CHUNK))
        sha, read = hashlib.sha256(), 0
        try:
            fd = disk.open_regular(hex_of(digest), dir_fd=self.blobs_fd)
        except FileNotFoundError:
            return found_part(digest, 0, "digest.missing")
        except OSError as err:
            raise unreadable(f"{self.path}: {digest}", err) from None
        try:
            with os.fdopen(fd, "rb", buffering=0) as file:
                if (there := os.fstat(fd).st_size) != size:
                    return found_part(digest, 0, "digest.truncated" if there < size else "digest.mismatch")
                while read <= size and (got := file.readinto(buffer)):
                    read += got
                    sha.update(buffer[:got])
                    if out_fd is not None:
                        disk.write_all(out_fd, buffer[:got])
        except OSError as err:
            raise unreadable(f"{self.path}: {digest}" + ("" if out_fd is None else ", or what it is copied to,"), err) from None
        if read < size:
            return found_part(digest, read, "digest.truncated")
        if read > size or sha.hexdigest() != hex_of(digest):
            return found_part(digest, read, "digest.mismatch")
        return found_part(digest, read, "")

    def _read(self, name: str, max_bytes: int) -> dict[str, Any]:
        try:
            data = disk.read_file(name, max_bytes, dir_fd=self.root_fd)
        except OSError as err:
            raise unreadable(f"{self.path}/{name}", err) from None
        return self.parse(data, name)


@contextmanager
def open_layout(path: str) -> Iterator[Layout]:
    """Open the layout at `path`.

    Raises:
        UnreadableError: ``ref.not-found`` where nothing is there; ``ref.unreadable`` where it is no layout of version 1.0.0.
    """
    with ExitStack() as stack:
        try:
            root_fd = stack.enter_context(disk.directory(path, follow=True))
        except FileNotFoundError:
            raise UnreadableError("ref.not-found", f"there is nothing at {path}") from None
        except OSError as err:
            raise unreadable(path, err) from None
        try:
            blobs = stack.enter_context(disk.directory("blobs", dir_fd=root_fd))
            blobs_fd = stack.enter_context(disk.directory("sha256", dir_fd=blobs))
        except OSError as err:
            raise unreadable(f"{path}/blobs/sha256", err) from None
        layout = Layout(path, root_fd, blobs_fd)
        layout.require_version()
        yield layout


def is_too_much(listed: Iterable[Descriptor]) -> bool:
    """Whether these documents are more than are searched: by their sizes as described, past which none is read."""
    return sum(min(each.size, MAX_MANIFEST) for each in distinct(listed)) > MAX_LOOKED_AT


def unreadable(where: str, err: OSError) -> UnreadableError:
    """The system's refusal to let something be read, as ours."""
    hint = ": a symbolic link, which is not followed here" if err.errno == errno.ELOOP else f": {disk.reason(err)}"
    return UnreadableError("ref.unreadable", f"{where} could not be read{hint}")


def found_part(digest: Digest, size: int, problem: str) -> Measured:
    """What reading one blob gave."""
    return Measured(digest=digest, size=size, problem=problem, where=digest if problem else "")
