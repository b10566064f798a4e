"""Images in OCI registries as a `Source`.

A tag is looked up once, in `resolve`; all else goes by digest, and every byte is hashed before it is believed. A registry's
own words (`Docker-Content-Digest`, sizes, media types) are compared with what was found, and never stand in for it.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

from lockgate.adapters.sources.layer_files import read_inside
from lockgate.adapters.sources.oci_copy import copy_of
from lockgate.adapters.sources.oci_evidence import complete, evidence_among, require_readable
from lockgate.adapters.sources.oci_select import platforms, select
from lockgate.adapters.sources.registry_access import Access
from lockgate.adapters.sources.registry_names import canonical
from lockgate.core.digest import Digest, Ref
from lockgate.core.ports import Evidence, Measured
from lockgate.errors import LedgerError, LockgateError

if TYPE_CHECKING:
    from lockgate.adapters.sources.registry_auth import Gatekeeper
    from lockgate.adapters.sources.registry_network import Network
    from lockgate.adapters.sources.registry_repository import Repository
    from lockgate.adapters.sources.registry_settings import Settings
    from lockgate.adapters.sources.registry_watch import Patience


_MIRROR_SECONDS = 20.0
"""How long a mirror is waited for at most: where it does not answer, the registry itself does."""


class _Setup(NamedTuple):
    """What all that one process asks of registries has in common."""

    gatekeeper: Gatekeeper
    network: Network
    settings: Settings
    patience: Patience


class Registries:
    """Images in registries (port `Source`).

    Args:
        access: logins and settings; None for none, and everything is asked for without a login.
        network, patience: the world, and how long it is waited for; None for the usual.
    """

    def __init__(self, access: Access | None = None, network: Network | None = None, patience: Patience | None = None) -> None:
        self._access, self._network, self._patience = access, network, patience
        self._made: _Setup | None = None

    def resolve(self, ref: Ref, platform: str = "") -> tuple[Ref, Digest]:
        """The image's digest, as of a layout; without tag and digest the tag is ``latest``, as other tools have it.

        Raises:
            UnreadableError: ``ref.not-found``, ``ref.unreadable``, ``ref.ambiguous``, ``ref.no-platform``, ``ref.which-platform``,
                ``ref.unauthorized``, ``ref.rate-limited``, ``ref.redirect-refused``, ``ref.unreachable``, ``ref.login-unreadable``.
            EvidenceError: ``digest.mismatch``, ``digest.truncated``.
            UsageError: ``platform.malformed``, ``setting.malformed``, ``setting.unreadable``.
        """
        named = Ref(scheme="registry", path=canonical(ref.path), tag=ref.tag or ("" if ref.digest else "latest"), digest=ref.digest)
        with self._repository(named) as repository:
            return named, select(repository, named, platform)

    def measure(self, ref: Ref, digest: Digest) -> Measured:
        """Read manifest, config and layers (of an index: of all its manifests) and compare digests and sizes."""
        with self._repository(ref) as repository:
            return repository.measured(digest)

    def platforms(self, ref: Ref, digest: Digest) -> tuple[str, ...]:
        """By the image's own configuration; of an index, by what it lists."""
        with self._repository(ref) as repository:
            return platforms(repository, digest)

    def attached(self, ref: Ref, digest: Digest) -> list[Evidence]:
        """The evidence in manifests that name this digest as their subject, each piece once.

        They lie beside the image, or in the repository that the settings name for it, and then there alone.
        """
        with self._repository(self._signatures(ref)) as repository, complete(digest):
            return evidence_among(repository, digest, repository.referrers(digest))

    def inside(self, ref: Ref, digest: Digest, path: str) -> bytes | None:
        """A file out of the image's layers."""
        with self._repository(ref) as repository:
            return read_inside(repository, digest, path)

    def attach(self, ref: Ref, digest: Digest, evidence: Evidence) -> str:
        """Push a manifest that holds the evidence and names the digest as its subject; its reference is returned.

        A registry without the referrers API has it listed under the fallback tag, which no registry can exchange in one step: of two that
        attach at once, each looks whether its own is still listed, at once and a little later, and lists it again where it is not.
        """
        require_readable(evidence)
        try:
            there = self._signatures(ref)
            with ExitStack() as stack:
                repository = stack.enter_context(self._repository(there))
                image = repository if there.path == canonical(ref.path) else stack.enter_context(self._repository(ref))
                return repository.push(digest, evidence, image)
        except LockgateError as err:
            raise LedgerError("ref.unwritable", f"nothing was attached to {digest}: {err.message}; attaching again does no harm", err.remedy) from None

    def copy(self, ref: Ref, digest: Digest, into: PurePath) -> PurePath:
        """An OCI image layout that holds this image or index and nothing else: files 0400, directories 0500."""
        with self._repository(ref) as repository:
            return copy_of(repository, digest, into)

    def _signatures(self, ref: Ref) -> Ref:
        return Ref(scheme=ref.scheme, path=self._setup().settings.signatures(canonical(ref.path)))

    @contextmanager
    def _repository(self, ref: Ref) -> Iterator[Repository]:
        from lockgate.adapters.sources.registry_client import Client  # noqa: PLC0415  layouts and files do not wait for a network library
        from lockgate.adapters.sources.registry_repository import Repository  # noqa: PLC0415  as above
        from lockgate.adapters.sources.registry_watch import Allowance  # noqa: PLC0415  as above

        gatekeeper, network, settings, patience = setup = self._setup()
        name = canonical(ref.path)
        host, _, repository = name.partition("/")
        short = replace(patience, retries=min(1, patience.retries), total=min(patience.total, _MIRROR_SECONDS))
        with ExitStack() as stack:
            allowance = Allowance(patience)
            origin = stack.enter_context(Client(name, *setup, allowance))
            chosen = settings.of(host)
            mirrors = [stack.enter_context(Client(f"{each}/{repository}", gatekeeper, network, settings, short, allowance)) for each in chosen.mirrors]
            yield Repository(origin, ref.tag, mirrors, tags=chosen.mirrors_tell_tags)

    def _setup(self) -> _Setup:
        if self._made is None:
            from lockgate.adapters.sources.registry_auth import Gatekeeper  # noqa: PLC0415  as in `_repository`
            from lockgate.adapters.sources.registry_logins import Logins  # noqa: PLC0415  as above
            from lockgate.adapters.sources.registry_network import Network  # noqa: PLC0415  as above
            from lockgate.adapters.sources.registry_settings import read_settings  # noqa: PLC0415  as above
            from lockgate.adapters.sources.registry_watch import Patience  # noqa: PLC0415  as above

            access, network = self._access or Access(), self._network or Network()
            network = replace(network, tls=functools.cache(network.tls))  # the system's certificates take as long to read as all else
            self._made = _Setup(Gatekeeper(Logins(*access.logins)), network, read_settings(access), self._patience or Patience())
        return self._made
