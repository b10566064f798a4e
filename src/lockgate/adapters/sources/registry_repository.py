"""One repository of one registry: manifests, blobs, what refers to an image, and what is pushed to it."""

from __future__ import annotations

import json
import os
import random
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NoReturn, TypeVar

from lockgate.adapters import disk
from lockgate.adapters.sources.hashing import HashBeside
from lockgate.adapters.sources.oci_blobs import MAX_MANIFEST, Images, found_part
from lockgate.adapters.sources.oci_descriptor import DOCUMENTS, EMPTY_BYTES, INDEX, MANIFEST, Descriptor, as_json, attached_tags, cut, distinct, is_index
from lockgate.adapters.sources.oci_evidence import Referrers, complete, evidence_among, new_referrer, read_referrers, searchable
from lockgate.adapters.sources.registry_client import CONNECTIONS, Answer, Client
from lockgate.adapters.sources.side_by_side import side_by_side
from lockgate.core.digest import Digest, digest_of, hex_of
from lockgate.core.ports import Evidence, Measured
from lockgate.errors import EvidenceError, LedgerError, UnreadableError

MAX_REFERRERS = 1_000
"""Most manifests that may refer to one image; each has to be asked for."""

MAX_EMPTY_PAGES = 8
"""Most pages of a list of referrers that may bring nothing new."""

_TRIES = 4
_SETTLES = (0.3, 0.9)
"""Seconds after which a list that was written is looked at again: more than a registry takes between another one's look and their write."""

_STRONG = re.compile(r'"[\x21\x23-\x7e]{1,200}"\Z').match
"""An ETag that ``If-Match`` may name (RFC 9110, 8.8.3): a weak one never matches."""

ACCEPT = ", ".join(sorted(DOCUMENTS))

A = TypeVar("A")
B = TypeVar("B")
T = TypeVar("T")


class Repository(Images):
    """One repository, with the tag that is looked up in it.

    What goes by digest is asked of the mirrors first: bytes of that digest are the right ones, whoever sent them. One that fails or sends
    others is not asked again. Lists of referrers are the registry's own to tell, and tags are unless the settings say otherwise.

    Args:
        origin: the registry itself.
        tag: to be looked up; empty for none.
        mirrors: in the order they are asked.
        tags: whether mirrors are believed about tags.
    """

    def __init__(self, origin: Client, tag: str, mirrors: Iterable[Client] = (), *, tags: bool = False) -> None:
        super().__init__(origin.name)
        self._origin, self._tag, self._mirrors, self._mirrors_tell_tags = origin, tag, tuple(mirrors), tags
        self._held: dict[Digest, Answer] = {}

    def descriptors(self) -> list[Descriptor]:
        """What stands under the tag. Raises UnreadableError ``ref.not-found``; EvidenceError ``digest.mismatch``."""
        answer = self._tagged()
        if answer.status == 404:
            raise UnreadableError("ref.not-found", f"{self.path} has no tag {self._tag!r}", f"skopeo list-tags docker://{self.path}")
        if len(answer.data) > MAX_MANIFEST:
            raise UnreadableError("ref.unreadable", f"{self.path}:{self._tag} is larger than {MAX_MANIFEST} bytes")
        digest = digest_of(answer.data)
        if said := _another_digest(answer):
            raise EvidenceError("digest.mismatch", f"{self.path}:{self._tag} is {digest}, and the registry says {cut(said)}")
        self._held = {digest: answer}
        return [Descriptor(media_type="", digest=digest, size=len(answer.data), tag=self._tag)]

    def raw(self, digest: Digest, size: int | None = None) -> tuple[bytes, str]:
        """As `Images.raw`; the media type is the registry's word, and not a mirror's."""
        most = MAX_MANIFEST if size is None else min(size, MAX_MANIFEST)

        def checked(answer: Answer, *, mirrored: bool) -> tuple[bytes, str]:
            return self._checked(answer, digest, size, MAX_MANIFEST), "" if mirrored else _media_type(answer)

        if held := self._held.get(digest):
            return checked(held, mirrored=False)
        return self._from_nearest(lambda client: checked(_ask(client, f"manifests/{digest}", most), mirrored=client is not self._origin))

    def blob(self, digest: Digest, size: int | None, max_bytes: int) -> bytes:
        """As `Images.blob`."""
        most = max_bytes if size is None else min(size, max_bytes)
        return self._from_nearest(lambda client: self._checked(client.document(client.url(f"blobs/{digest}"), "*/*", most), digest, size, max_bytes))

    def stream(self, digest: Digest, size: int, out_fd: int | None) -> Measured:
        """As `Images.stream`; one that is said to be of another size is not read at all."""
        for mirror in self._mirrors:
            try:
                found = _streamed(mirror, digest, size, out_fd)
            except UnreadableError:
                self._give_up(mirror)
            else:
                if not found.problem:
                    return found
                if found.problem != "digest.missing":
                    self._give_up(mirror)
            if out_fd is not None:
                os.ftruncate(out_fd, os.lseek(out_fd, 0, os.SEEK_SET))
        return _streamed(self._origin, digest, size, out_fd)

    def beside(self, do: Callable[[A], B], items: Iterable[A]) -> Iterator[B]:
        """As `Images.beside`: as many at once as there are connections."""
        return side_by_side(do, items, CONNECTIONS, self._origin.stop)

    def referrers(self, digest: Digest) -> Referrers:
        """What might refer to this digest (distribution-spec v1.1, "Listing Referrers" and "Referrers Tag Schema").

        1. The referrers API, page for page; 404 for the first means that this registry has none.
        2. The index under the fallback tag, whether there is an API or not: what was pushed before there was one stands there.
        3. The manifests under the tags of cosign's older layout: one of signatures, one of attestations (cosign, SIGNATURE_SPEC.md).

        Raises:
            UnreadableError: ``ref.unreadable``, ``ref.too-much-evidence``; as `Client.document`.
        """
        where = f"{self.path}: what refers to {digest}"

        steps: list[Callable[[], Referrers]] = [lambda: self._pages(f"referrers/{digest}"), lambda: self._fallback(digest, where)]
        steps += [lambda tag=tag: self._under(tag) for tag in attached_tags(digest)]  # type: ignore[misc]  # a tag of its own each
        api, fallback, *older = self.beside(lambda step: step(), steps)
        found = Referrers(
            searchable([*api.manifests, *fallback.manifests], where),
            list(dict.fromkeys([*api.odd, *fallback.odd])),
            [each for one in older for each in one.tagged],
        )
        if len(found.manifests) + len(found.odd) > MAX_REFERRERS:
            _too_many(where)
        return found

    def push(self, digest: Digest, evidence: Evidence, image: Images) -> str:
        """Attach evidence: blobs, then the manifest that holds them, then its place in the list, which is read back.

        Args:
            digest: what it is about. evidence: to be attached.
            image: where that is to be read, which may be another repository.

        Raises:
            LedgerError: ``ref.unwritable``. UnreadableError, EvidenceError: as `referrers` and `Client.write`.
        """
        with complete(digest):
            listed = self.referrers(digest)
            held = evidence_among(self, digest, listed)
        for each in held:
            if each.data == evidence.data:
                return each.origin
        if len(listed.manifests) + len(listed.odd) >= MAX_REFERRERS:
            raise LedgerError("ref.unwritable", f"{MAX_REFERRERS} manifests refer to it already, and no more would be read back")
        manifest, referrer = new_referrer(image, digest, evidence, held)
        for blob in (evidence.data, EMPTY_BYTES):
            url = self._origin.url("blobs/uploads/")
            told = self._origin.write("POST", url) or {}
            self._origin.write("PUT", self._origin.upload_url(url, told.get("location", ""), digest_of(blob)), blob)
        said = self._origin.write("PUT", self._origin.url(f"manifests/{referrer.digest}"), manifest, MANIFEST) or {}
        listed_by_api = said.get("oci-subject") == digest
        for _ in range(1 if listed_by_api else _TRIES):
            if not listed_by_api and not self._list_under_tag(digest, referrer):
                continue
            if self._lists(digest, referrer) and (listed_by_api or self._lists(digest, referrer, later=True)):
                return self.origin(referrer.digest)
        raise LedgerError("ref.unwritable", f"{self.path} took what was pushed, and does not list it")

    def _lists(self, digest: Digest, referrer: Descriptor, *, later: bool = False) -> bool:
        """Whether it is listed; `later` than whoever had read the list before it was listed writes theirs, where the registry heeds no ``If-Match``."""
        if later:
            self._origin.wait(random.uniform(*_SETTLES))  # noqa: S311  no secret: of two that write at once one is later
        return any(each.digest == referrer.digest for each in self.referrers(digest).manifests)

    def _list_under_tag(self, digest: Digest, referrer: Descriptor) -> bool:
        """Add to the index under the fallback tag; what else it holds stays (distribution-spec v1.1, "Pushing Manifests with Subject").

        Where the registry gave an ETag, it is exchanged only if it is still the one that was read; False where it is another.
        """
        path, where = f"manifests/sha256-{hex_of(digest)}", f"{self.path}: what refers to {digest}"
        answer = _ask(self._origin, path)
        index: dict[str, Any] = {"schemaVersion": 2, "mediaType": INDEX, "manifests": []}
        if answer.status != 404 and digest_of(answer.data) != digest:
            self._listed(answer, where)
            index = self.parse(answer.data, where)
        if any(each.get("digest") == referrer.digest for each in index["manifests"]):
            return True
        index["manifests"].append(as_json(referrer))
        data = json.dumps(index, allow_nan=False, separators=(",", ":")).encode()
        if len(data) > MAX_MANIFEST or index.get("mediaType", INDEX) != INDEX:  # put there, it would make all evidence unreadable
            raise UnreadableError("ref.too-much-evidence", f"{where} is a list that takes no more: of {len(data):,} bytes, or of another media type")
        read = answer.headers.get("etag", "") if answer.status != 404 else ""
        return self._origin.write("PUT", self._origin.url(path), data, INDEX, read if _STRONG(read) else "") is not None

    def _pages(self, path: str) -> Referrers:
        """Step 1. A page leads to another of the same list, and to none that was there before; a few at most bring nothing new."""
        where = f"{self.path}/{path}"
        url, seen, found, empty = self._origin.url(path), set[str](), Referrers([], [], []), 0
        while url:
            seen.add(url)
            answer = self._origin.document(url, INDEX, MAX_MANIFEST)
            if answer.status == 404:
                if len(seen) > 1:
                    raise UnreadableError("ref.unreadable", f"{where} breaks off after {len(found.manifests)} entries")
                return found
            before, page = len(found.manifests) + len(found.odd), self._listed(answer, where)
            found = Referrers(distinct([*found.manifests, *page.manifests]), list(dict.fromkeys([*found.odd, *page.odd])), [])
            after = len(found.manifests) + len(found.odd)
            if after > MAX_REFERRERS:
                _too_many(where)
            empty += after == before
            if empty > MAX_EMPTY_PAGES:
                raise UnreadableError("ref.unreadable", f"{where} goes on and on with nothing new")
            url = self._origin.next_page(url, path, answer.headers.get("link", ""))
            if url in seen:
                raise UnreadableError("ref.unreadable", f"{where} goes in a circle")
        return found

    def _fallback(self, digest: Digest, where: str) -> Referrers:
        """Step 2."""
        answer = _ask(self._origin, f"manifests/sha256-{hex_of(digest)}")
        if answer.status == 404 or digest_of(answer.data) == digest:  # `cosign copy` puts the image itself there
            return Referrers([], [], [])
        return self._listed(answer, where)

    def _under(self, tag: str) -> Referrers:
        """Step 3."""
        answer = _ask(self._origin, f"manifests/{tag}")
        if answer.status == 404:
            return Referrers([], [], [])
        if len(answer.data) > MAX_MANIFEST:
            raise UnreadableError("ref.too-much-evidence", f"{self.path}:{tag} is larger than {MAX_MANIFEST} bytes")
        each = Descriptor(media_type="", digest=digest_of(answer.data), size=len(answer.data))
        self._held[each.digest] = answer
        return Referrers([], [], [each])

    def _listed(self, answer: Answer, where: str) -> Referrers:
        if len(answer.data) > MAX_MANIFEST:
            raise UnreadableError("ref.too-much-evidence", f"{where} is a list of more than {MAX_MANIFEST} bytes")
        document = self.parse(answer.data, "a list of referrers")
        if not is_index(document, _media_type(answer), where):
            raise UnreadableError("ref.unreadable", f"{where} is no index")
        return read_referrers(document["manifests"], where)

    def _tagged(self) -> Answer:
        path = f"manifests/{self._tag}"
        for mirror in self._mirrors if self._mirrors_tell_tags else ():
            try:
                answer = _ask(mirror, path)
            except UnreadableError:
                self._give_up(mirror)
            else:
                if answer.status != 404 and not _another_digest(answer):
                    return answer
        return _ask(self._origin, path)

    def _from_nearest(self, ask: Callable[[Client], T]) -> T:
        for mirror in self._mirrors:
            try:
                return ask(mirror)
            except EvidenceError as err:
                if err.code != "digest.missing":
                    self._give_up(mirror)
            except UnreadableError:
                self._give_up(mirror)
        return ask(self._origin)

    def _give_up(self, mirror: Client) -> None:
        self._mirrors = tuple(each for each in self._mirrors if each is not mirror)

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


def _ask(client: Client, path: str, most: int = MAX_MANIFEST) -> Answer:
    return client.document(client.url(path), ACCEPT, most)


def _another_digest(answer: Answer) -> str:
    """The digest that is said with a manifest, where it is not the manifest's own; empty otherwise."""
    said = answer.headers.get("docker-content-digest", "")
    return said if said.startswith("sha256:") and said != digest_of(answer.data) else ""


def _streamed(client: Client, digest: Digest, size: int, out_fd: int | None) -> Measured:
    """As `Images.stream`, from one place."""
    read = 0
    with HashBeside() as sha, client.blob(client.url(f"blobs/{digest}"), size) as (answer, chunks):
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


def _too_many(where: str) -> NoReturn:
    raise UnreadableError("ref.too-much-evidence", f"{where}: more than the {MAX_REFERRERS} manifests that are read")
