from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from fakes.memory_source import MemorySource
from layouts import DSSE, Layout, parts
from lockgate.adapters.sources.files import PlainFiles
from lockgate.adapters.sources.limits import MAX_EVIDENCE
from lockgate.adapters.sources.local import LocalSource
from lockgate.adapters.sources.oci_layout import OciLayouts
from lockgate.adapters.sources.registry_images import Registries
from lockgate.core.digest import Digest, Ref
from lockgate.core.ports import Evidence, Source
from lockgate.errors import EvidenceError, LedgerError, UnreadableError
from registries import HASTE, LOCAL, Registry, serving

ENVELOPE = b'{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[]}'
OTHER = b'{"payload":"W10=","payloadType":"application/vnd.in-toto+json","signatures":[]}'


@dataclass(frozen=True)
class Place:
    source: Source
    scheme: str
    ref: Ref
    digest: Digest
    alter: Callable[[], object]
    remove: Callable[[], object]

    @property
    def resolved(self) -> Ref:
        """As every method but `resolve` gets it."""
        return Ref(scheme=self.scheme, path=self.ref.path)

    def in_copy(self, path: object) -> tuple[Source, Ref]:
        """What reads a copy, and its reference: an image's is a layout, wherever it came from."""
        if self.scheme == "registry":
            return OciLayouts(), Ref(scheme="oci", path=str(path))
        return self.source, Ref(scheme=self.scheme, path=str(path))


@pytest.fixture(params=["memory", "file", "oci", "local file", "local oci", "registry", "registry without referrers"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if not request.param.startswith("registry"):
        yield local_place(request.param, tmp_path / "with space, ünicode@2:3 王")
        return
    layout = Layout(tmp_path / "registry")
    digest = layout.image(b"layer one", b"layer two")
    last = layout.at(parts(layout, digest)["layers"][1]["digest"])
    registry = Registry(layout)
    registry.tags["latest"] = digest
    registry.api = request.param == "registry"

    with tempfile.TemporaryDirectory() as short, serving(registry, Path(short) / "s") as outside:
        source = Registries(None, outside.network(), HASTE)
        yield Place(source, "registry", Ref(scheme="registry", path=LOCAL), digest, lambda: last.write_bytes(b"layer twO"), last.unlink)


def local_place(kind: str, path: Path) -> Place:
    if kind == "memory":
        memory = MemorySource()
        digest = memory.put("a", b"the bytes")
        return Place(
            memory,
            "file",
            Ref(scheme="file", path="a"),
            digest,
            lambda: setattr(memory.artifacts["a"], "data", b"others"),
            lambda: setattr(memory.artifacts["a"], "data", None),
        )
    if "file" in kind:
        path.write_bytes(b"the bytes")
        source: Source = PlainFiles() if kind == "file" else LocalSource()
        ref = Ref(scheme="file" if kind == "file" else "", path=str(path))
        return Place(source, "file", ref, source.resolve(ref)[1], lambda: path.write_bytes(b"the bytez"), path.unlink)
    layout = Layout(path)
    digest = layout.image(b"layer one", b"layer two")
    last = layout.at(parts(layout, digest)["layers"][1]["digest"])
    source = OciLayouts() if kind == "oci" else LocalSource()
    ref = Ref(scheme="oci" if kind == "oci" else "", path=str(path))
    return Place(source, "oci", ref, digest, lambda: last.write_bytes(b"layer twO"), last.unlink)


def evidence(data: bytes) -> Evidence:
    return Evidence(media_type=DSSE, data=data, origin="")


class TestSource:
    def test_resolving_fills_in_the_scheme(self, place: Place) -> None:
        ref, digest = place.source.resolve(place.ref)
        assert (ref.scheme, ref.path, digest) == (place.scheme, place.ref.path, place.digest)

    def test_a_pinned_digest_resolves_to_itself(self, place: Place) -> None:
        ref = Ref(scheme=place.ref.scheme, path=place.ref.path, digest=place.digest)
        assert place.source.resolve(ref)[1] == place.digest

    def test_another_pinned_digest_is_refused(self, place: Place) -> None:
        ref = Ref(scheme=place.ref.scheme, path=place.ref.path, digest="sha256:" + "0" * 64)
        with pytest.raises((EvidenceError, UnreadableError)) as err:
            place.source.resolve(ref)
        assert err.value.code in {"digest.mismatch", "ref.not-found"}

    def test_nothing_there_is_not_found(self, place: Place) -> None:
        with pytest.raises(UnreadableError) as err:
            place.source.resolve(Ref(scheme=place.ref.scheme, path=place.ref.path + "-gone"))
        assert err.value.code == "ref.not-found"

    def test_untouched_bytes_have_no_problem(self, place: Place) -> None:
        found = place.source.measure(place.resolved, place.digest)
        assert (found.digest, found.problem, found.where) == (place.digest, "", "")
        assert found.size >= len(b"the bytes")

    def test_one_changed_byte_is_seen(self, place: Place) -> None:
        place.alter()
        found = place.source.measure(place.resolved, place.digest)
        assert (found.digest, found.problem) == (place.digest, "digest.mismatch")
        assert found.where

    def test_a_missing_part_is_seen(self, place: Place) -> None:
        place.remove()
        found = place.source.measure(place.resolved, place.digest)
        assert found.problem == "digest.missing"
        assert found.where

    def test_what_it_says_it_is_for_is_text_for_people(self, place: Place) -> None:
        expected = ("linux/amd64",) if place.scheme in {"oci", "registry"} else ()
        assert place.source.platforms(place.resolved, place.digest) == expected

    def test_evidence_comes_back_as_it_was_attached_and_once(self, place: Place) -> None:
        assert list(place.source.attached(place.resolved, place.digest)) == []
        for data in (ENVELOPE, OTHER, ENVELOPE):
            assert place.source.attach(place.resolved, place.digest, evidence(data))
        found = place.source.attached(place.resolved, place.digest)
        assert [(each.media_type, each.data) for each in found] == [(DSSE, ENVELOPE), (DSSE, OTHER)]
        assert all(each.origin for each in found)

    def test_attaching_changes_nothing_of_the_artifact(self, place: Place) -> None:
        place.source.attach(place.resolved, place.digest, evidence(ENVELOPE))
        assert place.source.resolve(place.ref)[1] == place.digest
        assert place.source.measure(place.resolved, place.digest).problem == ""

    def test_what_could_not_be_read_back_is_not_attached(self, place: Place) -> None:
        with pytest.raises(LedgerError) as err:
            place.source.attach(place.resolved, place.digest, evidence(b"x" * (MAX_EVIDENCE + 1)))
        assert err.value.code == "ref.unwritable"
        assert list(place.source.attached(place.resolved, place.digest)) == []

    def test_a_copy_is_whole_and_apart(self, place: Place, tmp_path: Path) -> None:
        into = tmp_path / "copies"
        copy = place.source.copy(place.resolved, place.digest, into)
        place.alter()
        assert copy.is_relative_to(into)
        source, ref = place.in_copy(copy)
        assert source.resolve(ref)[1] == place.digest
        assert source.measure(ref, place.digest).problem == ""

    @pytest.mark.parametrize("wrong", ["alter", "remove"])
    def test_what_is_not_whole_is_not_copied(self, place: Place, wrong: str, tmp_path: Path) -> None:
        getattr(place, wrong)()
        with pytest.raises((EvidenceError, UnreadableError)) as err:
            place.source.copy(place.resolved, place.digest, tmp_path / "copies")
        assert err.value.code in {"digest.mismatch", "ref.not-found"}
        assert list(tmp_path.glob("copies/*")) == []
