"""Images in OCI registries as a `Source`.

A tag is looked up once, in `resolve`; all else goes by digest, and every byte is hashed before it is believed. A registry's
own words (`Docker-Content-Digest`, sizes, media types) are compared with what was found, and never stand in for it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from lockgate.adapters import disk
from lockgate.adapters.sources.oci_blobs import MAX_MANIFEST, Images, found_part
from lockgate.adapters.sources.oci_copy import copy_of
from lockgate.adapters.sources.oci_descriptor import DOCUMENTS, EMPTY_BYTES, INDEX, MANIFEST, Descriptor, as_json, cut, distinct, is_index, read_descriptors
from lockgate.adapters.sources.oci_evidence import complete, evidence_among, new_referrer, require_readable, searchable
from lockgate.adapters.sources.oci_select import platforms, select
from lockgate.core.digest import Digest, Ref, digest_of, hex_of
from lockgate.core.ports import Evidence, Measured
from lockgate.errors import EvidenceError, LedgerError, LockgateError, UnreadableError

if TYPE_CHECKING:
    from lockgate.adapters.sources.registry_auth import Gatekeeper
    from lockgate.adapters.sources.registry_client import Answer, Client
    from lockgate.adapters.sources.registry_network import Network, Patience

MAX_REFERRERS = 1_000
"""Most manifests that may refer to one image; each has to be asked for."""

_TRIES = 4
ACCEPT = ", ".join(sorted(DOCUMENTS))


class Registries:
    """Images in registries (port `Source`).

    Args:
        logins: docker's ``config.json``; None, and everything is asked for without a login.
        network, patience: the world, and how long it is waited for; None for the usual.
    """

    def __init__(self, logins: Path | None, network: Network | None = None, patience: Patience | None = None) -> None:
        self._logins, self._network, self._patience = logins, network, patience
        self._gatekeeper: Gatekeeper | None = None

    def resolve(self, ref: Ref, platform: str = "") -> tuple[Ref, Digest]:
        """The image's digest, as of a layout; without tag and digest the tag is ``latest``, as other tools have it.

        Raises:
            UnreadableError: ``ref.not-found``, ``ref.unreadable``, ``ref.ambiguous``, ``ref.no-platform``, ``ref.which-platform``,
                ``ref.unauthorized``, ``ref.rate-limited``, ``ref.redirect-refused``, ``ref.unreachable``, ``ref.login-unreadable``.
            EvidenceError: ``digest.mismatch``, ``digest.truncated``.
            UsageError: ``platform.malformed``.
        """
        named = Ref(scheme="registry", path=ref.path, tag=ref.tag or ("" if ref.digest else "latest"), digest=ref.digest)
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
        """The evidence in manifests that name this digest as their subject, each piece once."""
        with self._repository(ref) as repository, complete(digest):
            return evidence_among(repository, digest, repository.referrers(digest))

    def attach(self, ref: Ref, digest: Digest, evidence: Evidence) -> str:
        """Push a manifest that holds the evidence and names the digest as its subject; its reference is returned.

        A registry without the referrers API has it listed under the fallback tag, which no registry can exchange in one step: of two that
        attach at once, each looks whether its own is still listed, and lists it again where it is not.
        """
        require_readable(evidence)
        try:
            with self._repository(ref) as repository:
                return repository.push(digest, evidence)
        except LockgateError as err:
            raise LedgerError("ref.unwritable", f"nothing was attached to {digest}: {err.message}; attaching again does no harm", err.remedy) from None

    def copy(self, ref: Ref, digest: Digest, into: PurePath) -> PurePath:
        """An OCI image layout that holds this image or index and nothing else: files 0400, directories 0500."""
        with self._repository(ref) as repository:
            return copy_of(repository, digest, into)

    @contextmanager
    def _repository(self, ref: Ref) -> Iterator[Repository]:
        from lockgate.adapters.sources.registry_auth import Gatekeeper  # noqa: PLC0415  layouts and files do not wait for a network library
        from lockgate.adapters.sources.registry_client import Client  # noqa: PLC0415  as above
        from lockgate.adapters.sources.registry_logins import Logins  # noqa: PLC0415  as above
        from lockgate.adapters.sources.registry_network import Network, Patience  # noqa: PLC0415  as above

        self._gatekeeper = self._gatekeeper or Gatekeeper(Logins(self._logins))
        with Client(ref.path, self._gatekeeper, self._network or Network(), self._patience or Patience()) as client:
            yield Repository(client, ref.tag)


class Repository(Images):
    """One repository, with the tag that is looked up in it."""

    def __init__(self, client: Client, tag: str) -> None:
        super().__init__(client.name)
        self._client, self._tag = client, tag
        self._held: dict[Digest, Answer] = {}

    def descriptors(self) -> list[Descriptor]:
        """What stands under the tag. Raises UnreadableError ``ref.not-found``; EvidenceError ``digest.mismatch``."""
        answer = self._ask(f"manifests/{self._tag}")
        if answer.status == 404:
            raise UnreadableError("ref.not-found", f"{self.path} has no tag {self._tag!r}", f"skopeo list-tags docker://{self.path}")
        if len(answer.data) > MAX_MANIFEST:
            raise UnreadableError("ref.unreadable", f"{self.path}:{self._tag} is larger than {MAX_MANIFEST} bytes")
        digest = digest_of(answer.data)
        said = answer.headers.get("docker-content-digest", digest)
        if said.startswith("sha256:") and said != digest:
            raise EvidenceError("digest.mismatch", f"{self.path}:{self._tag} is {digest}, and the registry says {cut(said)}")
        self._held = {digest: answer}
        return [Descriptor(media_type="", digest=digest, size=len(answer.data), tag=self._tag)]

    def document(self, digest: Digest, size: int | None = None) -> tuple[bytes, dict[str, Any]]:
        """As `Images.document`; what the registry calls it has to agree with what it is."""
        answer = self._held.get(digest) or self._ask(f"manifests/{digest}", None if size is None else min(size, MAX_MANIFEST))
        data = self._checked(answer, digest, size, MAX_MANIFEST)
        document = self.parse(data, digest)
        is_index(document, _media_type(answer), f"{self.path}: {digest}")
        return data, document

    def blob(self, digest: Digest, size: int | None, max_bytes: int) -> bytes:
        """As `Images.blob`."""
        most = max_bytes if size is None else min(size, max_bytes)
        return self._checked(self._client.document(self._client.url(f"blobs/{digest}"), "*/*", most), digest, size, max_bytes)

    def stream(self, digest: Digest, size: int, out_fd: int | None) -> Measured:
        """As `Images.stream`; one that is said to be of another size is not read at all."""
        sha, read = hashlib.sha256(), 0
        with self._client.blob(self._client.url(f"blobs/{digest}"), size) as (answer, chunks):
            if answer.status == 404:
                return found_part(digest, 0, "digest.missing")
            said = answer.headers.get("content-length", str(size))
            if said != str(size):
                return found_part(digest, 0, "digest.truncated" if said.isascii() and said.isdigit() and int(said[:20]) < size else "digest.mismatch")
            for chunk in chunks:
                read += len(chunk)
                if read > size:
                    return found_part(digest, read, "digest.mismatch")
                sha.update(chunk)
                if out_fd is not None:
                    disk.write_all(out_fd, memoryview(chunk))
        if read < size:
            return found_part(digest, read, "digest.truncated")
        return found_part(digest, read, "" if sha.hexdigest() == hex_of(digest) else "digest.mismatch")

    def referrers(self, digest: Digest) -> list[Descriptor]:
        """What might refer to this digest (distribution-spec v1.1, "Listing Referrers" and "Referrers Tag Schema").

        1. The referrers API, page for page; 404 for the first means that this registry has none.
        2. The index under the fallback tag, whether there is an API or not: what was pushed before there was one stands there.

        Raises:
            UnreadableError: ``ref.unreadable``, ``ref.too-much-evidence``; as `Client.document`.
        """
        listed = self._pages(f"referrers/{digest}")
        where, tag = f"{self.path}: what refers to {digest}", f"sha256-{hex_of(digest)}"
        answer = self._ask(f"manifests/{tag}")
        if answer.status != 404:
            listed += self._listed(answer, where)
        found = searchable(distinct(listed), where)
        if len(found) > MAX_REFERRERS:
            self._too_many(where)
        return found

    def push(self, digest: Digest, evidence: Evidence) -> str:
        """Attach evidence: blobs, then the manifest that holds them, then its place in the list, which is read back.

        Raises:
            LedgerError: ``ref.unwritable``. UnreadableError, EvidenceError: as `referrers` and `Client.write`.
        """
        with complete(digest):
            listed = self.referrers(digest)
            held = evidence_among(self, digest, listed)
        for each in held:
            if each.data == evidence.data:
                return each.origin
        if len(listed) >= MAX_REFERRERS:
            raise LedgerError("ref.unwritable", f"{MAX_REFERRERS} manifests refer to it already, and no more would be read back")
        manifest, referrer = new_referrer(self, digest, evidence, held)
        for blob in (evidence.data, EMPTY_BYTES):
            url = self._client.url("blobs/uploads/")
            told = self._client.write("POST", url)
            self._client.write("PUT", self._client.upload_url(url, told.get("location", ""), digest_of(blob)), blob)
        said = self._client.write("PUT", self._client.url(f"manifests/{referrer.digest}"), manifest, MANIFEST)
        tries = 1 if said.get("oci-subject") == digest else _TRIES
        for _ in range(tries):
            if tries > 1:
                self._list_under_tag(digest, referrer)
            if any(each.digest == referrer.digest for each in self.referrers(digest)):
                return self.origin(referrer.digest)
        raise LedgerError("ref.unwritable", f"{self.path} took what was pushed, and does not list it")

    def _list_under_tag(self, digest: Digest, referrer: Descriptor) -> None:
        """Add to the index under the fallback tag; what else it holds stays (distribution-spec v1.1, "Pushing Manifests with Subject")."""
        path, where = f"manifests/sha256-{hex_of(digest)}", f"{self.path}: what refers to {digest}"
        answer = self._ask(path)
        index: dict[str, Any] = {"schemaVersion": 2, "mediaType": INDEX, "manifests": []}
        if answer.status != 404:
            self._listed(answer, where)
            index = self.parse(answer.data, where)
        if all(each.get("digest") != referrer.digest for each in index["manifests"]):
            index["manifests"].append(as_json(referrer))
            data = json.dumps(index, allow_nan=False, separators=(",", ":")).encode()
            if len(data) > MAX_MANIFEST or index.get("mediaType", INDEX) != INDEX:  # put there, it would make all evidence unreadable
                raise UnreadableError("ref.too-much-evidence", f"{where} is a list that takes no more: of {len(data):,} bytes, or of another media type")
            self._client.write("PUT", self._client.url(path), data, INDEX)

    def _pages(self, path: str) -> list[Descriptor]:
        """Step 1. A page leads to another of the same list, and to none that was there before."""
        where = f"{self.path}/{path}"
        url, seen, listed = self._client.url(path), set[str](), list[Descriptor]()
        while url:
            seen.add(url)
            answer = self._client.document(url, INDEX, MAX_MANIFEST)
            if answer.status == 404:
                if len(seen) > 1:
                    raise UnreadableError("ref.unreadable", f"{where} breaks off after {len(listed)} entries")
                return []
            listed += self._listed(answer, where)
            if len(listed) > MAX_REFERRERS or len(seen) > MAX_REFERRERS:
                self._too_many(where)
            url = self._client.next_page(url, path, answer.headers.get("link", ""))
            if url in seen:
                raise UnreadableError("ref.unreadable", f"{where} goes in a circle")
        return listed

    def _listed(self, answer: Answer, where: str) -> list[Descriptor]:
        if len(answer.data) > MAX_MANIFEST:
            raise UnreadableError("ref.too-much-evidence", f"{where} is a list of more than {MAX_MANIFEST} bytes")
        document = self.parse(answer.data, "a list of referrers")
        if not is_index(document, _media_type(answer), where):
            raise UnreadableError("ref.unreadable", f"{where} is no index")
        return read_descriptors(document["manifests"], where)

    def _too_many(self, where: str) -> None:
        raise UnreadableError("ref.too-much-evidence", f"{where}: more than the {MAX_REFERRERS} manifests that are read")

    def _ask(self, path: str, most: int | None = None) -> Answer:
        return self._client.document(self._client.url(path), ACCEPT, MAX_MANIFEST if most is None else most)

    def _checked(self, answer: Answer, digest: Digest, size: int | None, max_bytes: int) -> bytes:
        """The bytes of a small part, which are all there and the right ones."""
        data = answer.data
        if answer.status == 404:
            raise EvidenceError("digest.missing", f"{self.path} does not hold {digest}")
        if len(data) > max_bytes:
            raise UnreadableError("ref.unreadable", f"{self.path}: {digest} is larger than the {max_bytes} bytes that are read")
        if size is not None and len(data) < size:
            raise EvidenceError("digest.truncated", f"{self.path}: {digest} has {len(data)} bytes and should have {size}")
        if (size is not None and len(data) > size) or digest_of(data) != digest:
            raise EvidenceError("digest.mismatch", f"{self.path}: the bytes at {digest} are others")
        return data


def _media_type(answer: Answer) -> str:
    return answer.headers.get("content-type", "").partition(";")[0].strip().lower()
