"""One file inside an image, as a container would see it (OCI image-spec v1.1, layer.md): out of its layers, and nothing is unpacked to disk.

1. The manifest is an image's, and every layer is a tar archive, bare or compressed with gzip.
2. Each layer is copied to a file that has no name, and hashed on the way: nothing in it is looked at before its digest is right.
3. Its entries are read from the lowest layer to the uppermost; of a name that comes twice in one, the last counts.
4. A whiteout takes away what lower layers have, and never what stands in its own ("Whiteouts", "Opaque Whiteout").
5. What stands there in the end is a plain file of bounded size. Links are not followed: where a part of the way to it is a link or a file in
   any layer, and was not whited out since, what is there may be reached by another name, and nothing is said of it.
"""

from __future__ import annotations

import tempfile
import zlib

from lockgate.adapters import disk
from lockgate.adapters.sources.layer_archive import DIRECTORY, FILE, Archive, Budget, Entry, malformed, padded, parts
from lockgate.adapters.sources.oci_blobs import Images
from lockgate.adapters.sources.oci_descriptor import contents, is_index
from lockgate.core.digest import Digest
from lockgate.errors import EvidenceError, UnreadableError

MAX_FILE = 24 << 20
"""The largest file read, bytes."""

_GZIPPED = {
    "application/vnd.oci.image.layer.v1.tar": False,
    "application/vnd.oci.image.layer.v1.tar+gzip": True,
    "application/vnd.oci.image.layer.nondistributable.v1.tar": False,
    "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip": True,
    "application/vnd.docker.image.rootfs.diff.tar": False,
    "application/vnd.docker.image.rootfs.diff.tar.gzip": True,
    "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip": True,
}
"""Media type of a layer -> whether it is compressed."""

_WHITEOUT, _OPAQUE = ".wh.", ".wh..wh..opq"


def read_inside(images: Images, digest: Digest, path: str) -> bytes | None:
    """The file at this absolute path; None where there is nothing.

    Raises:
        UnreadableError: ``inside.no-image``, ``inside.layer-type``, ``inside.malformed``, ``inside.too-large``, ``inside.no-file``, ``ref.unreadable``.
        EvidenceError: ``digest.mismatch``; as `Images.document`.
    """
    where = f"{images.path}: {digest}"
    _, document = images.document(digest)
    if is_index(document, "", where):
        raise UnreadableError("inside.no-image", f"{where} is an index of several images, and each has its own inside")
    _, *layers = contents(document, where)
    for layer in layers:
        if layer.media_type not in _GZIPPED:
            raise UnreadableError("inside.layer-type", f"{where} has a layer of {layer.media_type[:100] or 'no media type'}, which is not looked into")
    view, budget = _View(parts(path)), Budget()
    for layer in layers:
        try:
            with tempfile.TemporaryFile() as file:
                if images.stream(layer.digest, layer.size, file.fileno()).problem:
                    raise EvidenceError("digest.mismatch", f"{where}: its layer {layer.digest} is not what it should be")
                file.seek(0)
                view.add(Archive(file, budget, gzipped=_GZIPPED[layer.media_type]))
        except OSError as err:
            raise UnreadableError("ref.unreadable", f"{where}: a layer could not be looked into: {disk.reason(err)}") from None
        except zlib.error:
            raise malformed("it is not compressed as it says") from None
    return view.found(where)


class _View:
    """What stands at one path, after each layer."""

    def __init__(self, target: tuple[str, ...]) -> None:
        self._target = target
        self._data: bytes | None = None
        self._there = False
        self._barred = -1

    def add(self, archive: Archive) -> None:
        """The next layer above."""
        here: tuple[bytes | None] | None = None
        barred, hidden = -1, len(self._target) + 1
        for entry in archive.entries():
            taken, length = 0, len(entry.parts)
            name = entry.parts[-1] if entry.parts else ""
            if name.startswith(_WHITEOUT):
                hidden = min(hidden, self._whited_out(entry))
            elif entry.parts == self._target:
                plain = entry.kind == FILE and not entry.sparse and entry.size <= MAX_FILE
                data = archive.take(entry.size) if plain else b""
                taken = len(data)
                here = (data if plain else None,)
            elif entry.kind != DIRECTORY and self._target[:length] == entry.parts:
                barred = length
            archive.skip(padded(entry.size) - taken)
        if hidden <= len(self._target):
            self._there, self._data = False, None
            self._barred = self._barred if self._barred < hidden else -1
        if here is not None:
            self._there, self._data = True, here[0]
        self._barred = barred if barred >= 0 else self._barred

    def _whited_out(self, entry: Entry) -> int:
        """How many parts of the path to the file are left of what this takes away, from 1; more than there are for none of it."""
        *above, name = entry.parts
        gone = [*above] if name == _OPAQUE else [*above, name.removeprefix(_WHITEOUT)]
        least = len(gone) + 1 if name == _OPAQUE else len(gone)
        return least if self._target[: len(gone)] == tuple(gone) else len(self._target) + 1

    def found(self, where: str) -> bytes | None:
        """What stands there in the end. Raises UnreadableError ``inside.no-file``."""
        path = "/" + "/".join(self._target)
        if self._barred >= 0:
            raise UnreadableError("inside.no-file", f"{where}: a part of {path} is a link or a file, which is not followed: name the path it leads to")
        if self._there and self._data is None:
            raise UnreadableError("inside.no-file", f"{where}: what stands at {path} is no plain file of at most {MAX_FILE >> 20} MiB")
        return self._data
