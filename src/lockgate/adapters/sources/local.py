"""Artifacts of every kind: a reference's scheme says which; without one, what is there on this machine does."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path, PurePath

from lockgate.adapters.sources.files import PlainFiles
from lockgate.adapters.sources.oci_descriptor import require_platform
from lockgate.adapters.sources.oci_layout import OciLayouts
from lockgate.adapters.sources.registry_access import Access
from lockgate.adapters.sources.registry_images import Registries
from lockgate.core.digest import Digest, Ref
from lockgate.core.ports import Evidence, Measured, Source
from lockgate.errors import UnreadableError


class LocalSource:
    """OCI image layouts, plain files and registries behind one `Source`.

    Args:
        access: how registries are reached; None for without logins and settings.
    """

    def __init__(self, access: Access | None = None) -> None:
        self._sources: dict[str, Source] = {"oci": OciLayouts(), "file": PlainFiles(), "registry": Registries(access)}

    def resolve(self, ref: Ref, platform: str = "") -> tuple[Ref, Digest]:
        """As the kind's own; ``PATH`` and ``PATH:TAG`` without a scheme are looked at first. Raises UsageError ``platform.malformed`` for any kind."""
        require_platform(platform)
        found = located(ref)
        return self._sources[found.scheme].resolve(found, platform)

    def measure(self, ref: Ref, digest: Digest) -> Measured:
        """As the kind's own."""
        found = located(ref)
        return self._sources[found.scheme].measure(found, digest)

    def platforms(self, ref: Ref, digest: Digest) -> tuple[str, ...]:
        """As the kind's own."""
        found = located(ref)
        return self._sources[found.scheme].platforms(found, digest)

    def attached(self, ref: Ref, digest: Digest) -> Sequence[Evidence]:
        """As the kind's own."""
        found = located(ref)
        return self._sources[found.scheme].attached(found, digest)

    def inside(self, ref: Ref, digest: Digest, path: str) -> bytes | None:
        """As the kind's own."""
        found = located(ref)
        return self._sources[found.scheme].inside(found, digest, path)

    def attach(self, ref: Ref, digest: Digest, evidence: Evidence) -> str:
        """As the kind's own."""
        found = located(ref)
        return self._sources[found.scheme].attach(found, digest, evidence)

    def copy(self, ref: Ref, digest: Digest, into: PurePath) -> PurePath:
        """As the kind's own."""
        found = located(ref)
        return self._sources[found.scheme].copy(found, digest, into)


def located(ref: Ref) -> Ref:
    """The reference with its scheme: a directory with an ``oci-layout`` file is a layout, a regular file a file.

    Raises:
        UnreadableError: ``ref.not-found``; ``ref.unreadable`` where something else is there; ``ref.ambiguous`` where what looks like an
            image in a registry stands here as well: no registry is asked for what somebody may have meant as a path.
    """
    if ref.written and any(os.path.lexists(path) for path in (ref.written, ref.written.removesuffix(f":{ref.tag}"))):
        raise UnreadableError(
            "ref.ambiguous",
            f"{ref.written} is written as an image in a registry is, and stands here as a path too",
            "write ./PATH for what is here, or registry:HOST/REPOSITORY for the registry's",
        )
    if ref.scheme:
        return ref
    kind = _kind(ref.path)
    if kind is not None:
        return Ref(scheme=kind, path=ref.path, digest=ref.digest)
    path, colon, tag = ref.path.rpartition(":")
    if colon and tag and "/" not in tag and _kind(path) == "oci":
        return Ref(scheme="oci", path=path, tag=tag, digest=ref.digest)
    raise UnreadableError("ref.not-found", f"there is nothing at {ref.path}")


def _kind(path: str) -> str | None:
    """``oci`` or ``file``; None where nothing is there."""
    try:
        mode = Path(path).stat().st_mode
        layout = stat.S_ISDIR(mode) and (Path(path) / "oci-layout").exists()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as err:
        raise UnreadableError("ref.unreadable", f"{path} could not be looked at: {err.strerror}") from None
    if stat.S_ISREG(mode):
        return "file"
    if layout:
        return "oci"
    raise UnreadableError("ref.unreadable", f"{path} is neither an OCI image layout nor a regular file")
