"""Layouts made to deceive, to exhaust or to lead astray, and disks and processes that fail in the middle."""

from __future__ import annotations

import errno
import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from children import forked
from layouts import DSSE, EMPTY, INDEX, LAYER, MANIFEST, TAG, Layout, parts
from lockgate.adapters import disk
from lockgate.adapters.sources import oci_blobs
from lockgate.adapters.sources.limits import MAX_EVIDENCE
from lockgate.adapters.sources.oci_layout import OciLayouts
from lockgate.core.digest import Ref, digest_of
from lockgate.core.ports import Evidence, Measured
from lockgate.errors import EvidenceError, LedgerError, LockgateError, UnreadableError

SOURCE = OciLayouts()
ENVELOPE = b'{"payload":"e30="}'
DOCKER = "application/vnd.docker.distribution.manifest.v2+json"


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "layout")


def ref(layout: Layout, tag: str = "", digest: str | None = None) -> Ref:
    return Ref(scheme="oci", path=str(layout.path), tag=tag, digest=digest)


def code(call: Callable[[], object]) -> str:
    with pytest.raises(LockgateError) as err:
        call()
    return err.value.code


def outcome(call: Callable[[], object]) -> str:
    """The code it fails with, empty for none."""
    try:
        call()
    except LockgateError as err:
        return err.code
    return ""


def every_way(layout: Layout, digest: str) -> set[str]:
    """The codes of resolving and of asking for what is attached."""
    return {code(lambda: SOURCE.resolve(ref(layout))), code(lambda: SOURCE.attached(ref(layout), digest))}


class TestBlobs:
    @pytest.mark.parametrize(
        ("change", "problem"), [(b"laye", "digest.truncated"), (b"layerX", "digest.mismatch"), (b"Layer", "digest.mismatch"), (b"", "digest.truncated")]
    )
    def test_a_layer_with_other_bytes(self, layout: Layout, change: bytes, problem: str) -> None:
        digest = layout.image(b"layer")
        layer = parts(layout, digest)["layers"][0]["digest"]
        layout.at(layer).write_bytes(change)
        found = SOURCE.measure(ref(layout), digest)
        assert (found.problem, found.where) == (problem, layer)

    @pytest.mark.parametrize("size", [4, 6])
    def test_a_descriptor_with_another_size(self, layout: Layout, size: int) -> None:
        config, layer = layout.blob(b"{}", EMPTY), {**layout.blob(b"layer"), "size": size}
        digest = layout.enlist(layout.json({"schemaVersion": 2, "config": config, "layers": [layer]}, MANIFEST))["digest"]
        assert SOURCE.measure(ref(layout), digest).problem == ("digest.mismatch" if size < 5 else "digest.truncated")

    def test_a_second_descriptor_of_one_layer_with_another_size(self, layout: Layout) -> None:
        layer = layout.blob(b"layer")
        manifest = {"schemaVersion": 2, "config": layout.blob(b"{}", EMPTY), "layers": [layer, {**layer, "size": 4}]}
        digest = layout.enlist(layout.json(manifest, MANIFEST))["digest"]
        assert SOURCE.measure(ref(layout), digest).problem == "digest.mismatch"

    def test_an_image_hidden_behind_a_layer_of_the_same_digest(self, layout: Layout) -> None:
        image = layout.manifest(b"layer")
        hiding = {**parts(layout, image["digest"]), "layers": [{**image, "mediaType": "application/octet-stream"}]}
        index = layout.index(layout.json(hiding, MANIFEST), image)
        layout.at(parts(layout, image["digest"])["layers"][0]["digest"]).write_bytes(b"Layer")
        assert SOURCE.measure(ref(layout), index).problem == "digest.mismatch"

    @pytest.mark.parametrize("which", ["manifest", "config", "layer"])
    def test_a_missing_part(self, layout: Layout, which: str) -> None:
        digest = layout.image(b"layer")
        manifest = parts(layout, digest)
        missing = {"manifest": digest, "config": manifest["config"]["digest"], "layer": manifest["layers"][0]["digest"]}[which]
        layout.at(missing).unlink()
        assert SOURCE.measure(ref(layout), digest) == Measured(
            digest=digest,
            media_type="" if which == "manifest" else MANIFEST,
            size=SOURCE.measure(ref(layout), digest).size,
            problem="digest.missing",
            where=missing,
        )

    def test_a_manifest_with_other_bytes(self, layout: Layout) -> None:
        digest = layout.image(b"layer", tag="v1")
        at = layout.at(digest)
        at.write_bytes(at.read_bytes().replace(b'"schemaVersion": 2', b'"schemaVersion": 3'))
        assert code(lambda: SOURCE.resolve(ref(layout, "v1"))) == "digest.mismatch"
        assert code(lambda: SOURCE.resolve(ref(layout, digest=digest))) == "digest.mismatch"
        assert SOURCE.measure(ref(layout), digest).problem == "digest.mismatch"

    def test_a_truncated_manifest(self, layout: Layout) -> None:
        digest = layout.image(b"layer", tag="v1")
        layout.at(digest).write_bytes(layout.at(digest).read_bytes()[:-1])
        assert code(lambda: SOURCE.resolve(ref(layout, "v1"))) == "digest.truncated"
        assert SOURCE.measure(ref(layout), digest).problem == "digest.mismatch"

    @pytest.mark.parametrize("digest", ["sha256:../../../../etc/passwd", "sha256:" + "A" * 64, "sha512:" + "a" * 128, "sha256:" + "a" * 64 + "\n", "", 5, None])
    def test_a_digest_that_is_none(self, layout: Layout, digest: Any) -> None:
        layout.enlist({"mediaType": MANIFEST, "digest": digest, "size": 3})
        assert every_way(layout, digest_of(b"x")) == {"ref.unreadable"}

    @pytest.mark.parametrize("size", [-1, 2**63, 1.0, "3", True, None])
    def test_a_size_that_is_none(self, layout: Layout, size: Any) -> None:
        layout.enlist({**layout.manifest(), "size": size})
        assert every_way(layout, digest_of(b"x")) == {"ref.unreadable"}

    def test_a_blob_of_another_size_is_not_read(self, layout: Layout) -> None:
        """A file made of holes costs nothing to write: of 1 TiB it would take long to read."""
        digest = layout.image(b"layer")
        os.truncate(layout.at(parts(layout, digest)["layers"][0]["digest"]), 1 << 40)
        started = time.process_time()
        assert SOURCE.measure(ref(layout), digest).problem == "digest.mismatch"
        os.truncate(layout.at(digest), 1 << 40)
        assert SOURCE.measure(ref(layout), layout.index({"mediaType": MANIFEST, "digest": digest, "size": 400})).problem == "digest.mismatch"
        assert time.process_time() - started < 5

    def test_more_bytes_than_are_read_are_refused_before_they_are(self, layout: Layout) -> None:
        holes, size = digest_of(b"holes"), (1 << 40) + 1
        layout.at(holes).write_bytes(b"")
        os.truncate(layout.at(holes), size)
        sparse = {"mediaType": LAYER, "digest": holes, "size": size}
        manifest = {"schemaVersion": 2, "config": layout.blob(b"{}", EMPTY), "layers": [sparse]}
        digest = layout.enlist(layout.json(manifest, MANIFEST))["digest"]
        assert code(lambda: SOURCE.measure(ref(layout), digest)) == "ref.unreadable"

    def test_one_layer_under_many_names_is_read_once(self, layout: Layout) -> None:
        layer = layout.blob(b"x" * (1 << 20))
        layers = [{**layer, "mediaType": f"application/x-{number}"} for number in range(10_000)]
        digest = layout.enlist(layout.json({"schemaVersion": 2, "config": layout.blob(b"{}", EMPTY), "layers": layers}, MANIFEST))["digest"]
        found = SOURCE.measure(ref(layout), digest)
        assert found.problem == ""
        assert found.size == (1 << 20) + 2 + layout.at(digest).stat().st_size

    def test_more_parts_than_are_counted(self, layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(oci_blobs, "MAX_PARTS", 4)
        assert SOURCE.measure(ref(layout), layout.image(b"1", b"2")).problem == ""
        assert code(lambda: SOURCE.measure(ref(layout), layout.image(b"1", b"2", b"3"))) == "ref.unreadable"


class TestLeadAstray:
    @pytest.mark.parametrize("which", ["manifest", "layer"])
    def test_a_blob_that_is_a_symbolic_link(self, layout: Layout, tmp_path: Path, which: str) -> None:
        digest = layout.image(b"layer")
        at = layout.at(digest if which == "manifest" else parts(layout, digest)["layers"][0]["digest"])
        at.rename(tmp_path / "outside")
        at.symlink_to(tmp_path / "outside")
        assert code(lambda: SOURCE.measure(ref(layout), digest)) == "ref.unreadable"
        assert code(lambda: SOURCE.copy(ref(layout), digest, tmp_path / "copy")) == "ref.unreadable"
        assert list((tmp_path / "copy").iterdir()) == []

    @pytest.mark.parametrize("which", ["blobs", "blobs/sha256", "index.json", "oci-layout"])
    def test_a_part_of_the_layout_that_is_a_symbolic_link(self, layout: Layout, tmp_path: Path, which: str) -> None:
        digest = layout.image()
        (layout.path / which).rename(tmp_path / "outside")
        (layout.path / which).symlink_to(tmp_path / "outside")
        assert every_way(layout, digest) == {"ref.unreadable"}

    @pytest.mark.parametrize("which", ["manifest", "layer", "index.json", "oci-layout"])
    def test_a_fifo_where_a_file_belongs_does_not_hang(self, layout: Layout, which: str) -> None:
        digest = layout.image(b"layer")
        at = {"manifest": layout.at(digest), "layer": layout.at(parts(layout, digest)["layers"][0]["digest"])}.get(which, layout.path / which)
        at.unlink()
        os.mkfifo(at)
        assert code(lambda: SOURCE.measure(ref(layout), digest) if which != "index.json" else SOURCE.resolve(ref(layout))) == "ref.unreadable"

    def test_a_document_that_is_manifest_and_index_at_once(self, layout: Layout) -> None:
        image = layout.manifest()
        both = {**parts(layout, image["digest"]), "manifests": [image]}
        del both["mediaType"]
        digest = layout.enlist(layout.json(both, MANIFEST), "v1")["digest"]
        assert code(lambda: SOURCE.resolve(ref(layout, "v1"))) == "ref.unreadable"
        assert code(lambda: SOURCE.measure(ref(layout), digest)) == "ref.unreadable"

    @pytest.mark.parametrize(
        ("said", "listed"),
        [
            (INDEX, MANIFEST),
            (MANIFEST, INDEX),
            (None, INDEX),
            ([MANIFEST], MANIFEST),
            (DOCKER, MANIFEST),
            (MANIFEST, DOCKER),
            ("text/plain", MANIFEST),
            ("text/plain", "text/plain"),
            (None, "text/plain"),
            (MANIFEST, "text/plain"),
            (MANIFEST.upper(), MANIFEST),
        ],
    )
    def test_a_manifest_under_another_media_type(self, layout: Layout, said: Any, listed: str) -> None:
        manifest = {**parts(layout, layout.manifest()["digest"]), "mediaType": said}
        if said is None:
            del manifest["mediaType"]
        listed_as = layout.json(manifest, listed)
        layout.enlist(listed_as, "v1")
        assert code(lambda: SOURCE.resolve(ref(layout, "v1"))) == "ref.unreadable"
        index = layout.index(listed_as, tag="index")
        assert code(lambda: SOURCE.resolve(ref(layout, "index"), "linux/amd64")) == "ref.unreadable"
        assert code(lambda: SOURCE.measure(ref(layout), index)) == "ref.unreadable"

    @pytest.mark.parametrize(
        "media_type", ["application/octet-stream", "", "text/plain", DOCKER.replace("v2", "v1"), MANIFEST.upper(), MANIFEST + "; charset=utf-8", LAYER]
    )
    def test_a_child_of_an_index_that_is_no_manifest_known_here(self, layout: Layout, tmp_path: Path, media_type: str) -> None:
        """What it points to would be run by whoever knows the type, and looked at by nobody."""
        image, other = layout.manifest(b"image"), layout.manifest(b"never looked at")
        listed = {**other, "mediaType": media_type}
        index = layout.index({**image, "platform": {"os": "linux", "architecture": "amd64"}}, listed, tag="v1")
        layout.at(parts(layout, other["digest"])["layers"][0]["digest"]).write_bytes(b"altered")
        for call in (
            lambda: SOURCE.resolve(ref(layout, "v1")),
            lambda: SOURCE.resolve(ref(layout, "v1"), "linux/amd64"),
            lambda: SOURCE.resolve(ref(layout, digest=index)),
            lambda: SOURCE.resolve(ref(layout, digest=index), "linux/amd64"),
            lambda: SOURCE.measure(ref(layout), index),
            lambda: SOURCE.copy(ref(layout), index, tmp_path / "copy"),
        ):
            assert code(call) == "ref.unreadable"
        with pytest.raises(UnreadableError) as err:
            SOURCE.measure(ref(layout), index)
        assert other["digest"] in err.value.message
        assert repr(media_type) in err.value.message
        nested = layout.enlist(layout.json({"schemaVersion": 2, "manifests": [{**image, "digest": index, "size": layout.at(index).stat().st_size}]}, INDEX))
        assert code(lambda: SOURCE.measure(ref(layout), nested["digest"])) == "ref.unreadable"

    @pytest.mark.parametrize("media_type", [MANIFEST, INDEX, DOCKER, DOCKER.replace("v2", "v1"), MANIFEST.upper(), f" {INDEX} ; a=b"])
    @pytest.mark.parametrize("which", ["config", "layers"])
    def test_a_part_of_a_manifest_that_is_called_a_manifest(self, layout: Layout, media_type: str, which: str) -> None:
        part = {**layout.manifest(b"hidden"), "mediaType": media_type}
        manifest = {"schemaVersion": 2, "config": layout.blob(b"{}", EMPTY), "layers": [], which: part if which == "config" else [part]}
        digest = layout.enlist(layout.json(manifest, MANIFEST), "v1")["digest"]
        assert code(lambda: SOURCE.resolve(ref(layout, "v1"))) == "ref.unreadable"
        assert code(lambda: SOURCE.measure(ref(layout), digest)) == "ref.unreadable"

    @pytest.mark.parametrize("change", [{"schemaVersion": 1}, {"schemaVersion": "2"}, {"schemaVersion": True}, {"fsLayers": []}])
    def test_a_document_of_another_schema(self, layout: Layout, change: dict[str, Any]) -> None:
        digest = layout.enlist(layout.json({**parts(layout, layout.manifest()["digest"]), **change}, MANIFEST), "v1")["digest"]
        assert code(lambda: SOURCE.resolve(ref(layout, "v1"))) == "ref.unreadable"
        assert code(lambda: SOURCE.measure(ref(layout), digest)) == "ref.unreadable"

    @pytest.mark.parametrize("key", ["Layers", "CONFIG", "layer\u017f", "Manifests", "MediaType", "FSLayers", "\u017fubject"])
    def test_a_key_that_some_readers_take_for_another(self, layout: Layout, key: str) -> None:
        """Go's JSON takes keys for each other that differ in case only, and the last one counts."""
        image = layout.manifest(b"layer")
        evil = {**parts(layout, image["digest"]), key: [layout.blob(b"evil")]}
        digest = layout.enlist(layout.json(evil, MANIFEST), "v1")["digest"]
        assert code(lambda: SOURCE.resolve(ref(layout, "v1"))) == "ref.unreadable"
        assert code(lambda: SOURCE.measure(ref(layout), digest)) == "ref.unreadable"
        referrer = layout.referrer(digest, ENVELOPE)
        layout.enlist(layout.json({**parts(layout, referrer["digest"]), key: []}, MANIFEST))
        assert code(lambda: SOURCE.attached(ref(layout), image["digest"])) == "ref.unreadable"

    @pytest.mark.parametrize("key", ["Digest", "dige\u017ft", "SIZE", "mediatype", "Platform", "Urls", "Data"])
    def test_such_a_key_in_a_descriptor(self, layout: Layout, key: str) -> None:
        layer = {**layout.blob(b"layer"), key: digest_of(b"evil")}
        digest = layout.enlist(layout.json({"schemaVersion": 2, "config": layout.blob(b"{}", EMPTY), "layers": [layer]}, MANIFEST), "v1")["digest"]
        assert code(lambda: SOURCE.measure(ref(layout), digest)) == "ref.unreadable"

    @pytest.mark.parametrize("data", ["ZXZpbA==", "bGF5ZXI", "bGF5\nZXI=", "", 5, ["bGF5ZXI="], {}])
    def test_other_content_within_a_descriptor(self, layout: Layout, data: Any) -> None:
        layer = {**layout.blob(b"layer"), "data": data}
        digest = layout.enlist(layout.json({"schemaVersion": 2, "config": layout.blob(b"{}", EMPTY), "layers": [layer]}, MANIFEST), "v1")["digest"]
        assert code(lambda: SOURCE.resolve(ref(layout, "v1"))) == "ref.unreadable"
        assert code(lambda: SOURCE.measure(ref(layout), digest)) == "ref.unreadable"

    def test_layers_that_stand_elsewhere_are_missing_here(self, layout: Layout) -> None:
        foreign = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
        layer = {"mediaType": foreign, "digest": digest_of(b"elsewhere"), "size": 9, "urls": ["https://example.com/layer"]}
        digest = layout.enlist(layout.json({"schemaVersion": 2, "config": layout.blob(b"{}", EMPTY), "layers": [layer]}, MANIFEST))["digest"]
        assert SOURCE.measure(ref(layout), digest).problem == "digest.missing"

    def test_an_index_that_names_itself(self, layout: Layout) -> None:
        own = digest_of(b"whatever")
        layout.at(own).write_text(json.dumps({"schemaVersion": 2, "manifests": [{"mediaType": INDEX, "digest": own, "size": 150}]}))
        layout.enlist({"mediaType": INDEX, "digest": own, "size": layout.at(own).stat().st_size}, "v1")
        assert code(lambda: SOURCE.resolve(ref(layout, "v1"))) == "digest.mismatch"
        assert SOURCE.measure(ref(layout), own).problem == "digest.mismatch"

    def test_indexes_nested_without_end(self, layout: Layout) -> None:
        inner = layout.manifest()
        for _ in range(20):
            inner = layout.json({"schemaVersion": 2, "manifests": [inner]}, INDEX)
        layout.enlist(inner, "v1")
        assert code(lambda: SOURCE.resolve(ref(layout, "v1"), "linux/amd64")) == "ref.unreadable"
        assert SOURCE.measure(ref(layout), inner["digest"]).problem == ""


GARBAGE = {
    "malformed": b'{"manifests": [',
    "empty": b"",
    "not utf-8": b'{"manifests": "\xff"}',
    "a list": b"[]",
    "no manifests": b"{}",
    "manifests of another type": b'{"manifests": {}}',
    "a descriptor of another type": b'{"manifests": [7]}',
    "annotations of another type": b'{"manifests": [{"mediaType": "a", "digest": "sha256:'
    + b"a" * 64
    + b'", "size": 1, "annotations": []}, {"annotations": 1}]}',
    "a duplicate key": b'{"manifests": [], "manifests": []}',
    "deep": b'{"manifests": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "huge": b'{"manifests": [], "x": "' + b" " * (5 << 20) + b'"}',
    "half a surrogate pair": b'{"manifests": [], "x": "\\ud800"}',
    "not a number": b'{"manifests": [], "x": NaN}',
    "manifest and index": b'{"manifests": [], "layers": []}',
}


FIELDS = ["mediaType", "artifactType", "config", "layers", "manifests", "subject", "digest", "size", "platform", "os", "architecture", "annotations", "data"]


class TestDocuments:
    @pytest.mark.parametrize("data", GARBAGE.values(), ids=GARBAGE.keys())
    def test_index_json(self, layout: Layout, data: bytes) -> None:
        digest = layout.image()
        (layout.path / "index.json").write_bytes(data)
        assert every_way(layout, digest) == {"ref.unreadable"}
        assert code(lambda: SOURCE.attach(ref(layout), digest, Evidence(media_type=DSSE, data=ENVELOPE, origin=""))) == "ref.unwritable"
        assert (layout.path / "index.json").read_bytes() == data

    @pytest.mark.parametrize("data", GARBAGE.values(), ids=GARBAGE.keys())
    def test_a_manifest(self, layout: Layout, data: bytes) -> None:
        digest = layout.enlist(layout.blob(data, MANIFEST), "v1")["digest"]
        assert code(lambda: SOURCE.resolve(ref(layout, "v1"))) == "ref.unreadable"
        assert code(lambda: SOURCE.measure(ref(layout), digest)) == "ref.unreadable"

    @pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"imageLayoutVersion": "2.0.0"}', b'{"imageLayoutVersion": 1}', b" " * (1 << 17)])
    def test_oci_layout(self, layout: Layout, data: bytes) -> None:
        digest = layout.image()
        (layout.path / "oci-layout").write_bytes(data)
        assert every_way(layout, digest) == {"ref.unreadable"}

    @pytest.mark.parametrize("gone", ["oci-layout", "index.json"])
    def test_a_directory_that_is_no_layout(self, layout: Layout, gone: str) -> None:
        digest = layout.image()
        (layout.path / gone).unlink()
        assert every_way(layout, digest) == {"ref.unreadable"}

    @settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        value=st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from([MANIFEST, INDEX, DSSE, digest_of(b"x")]),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=6),
            max_leaves=15,
        ),
        as_index=st.booleans(),
    )
    def test_any_json_gives_an_answer_or_an_error_of_ours(self, layout: Layout, value: Any, as_index: bool) -> None:
        data = json.dumps(value).encode()
        layout.listed.clear()
        digest = layout.enlist(layout.blob(data, MANIFEST))["digest"]
        if as_index:
            (layout.path / "index.json").write_bytes(data)
        for call in (
            lambda: SOURCE.resolve(ref(layout), "linux/amd64"),
            lambda: SOURCE.resolve(ref(layout, "v1")),
            lambda: SOURCE.measure(ref(layout), digest),
            lambda: SOURCE.attached(ref(layout), digest_of(b"x")),
        ):
            assert outcome(call) in {"", "ref.unreadable", "ref.not-found", "ref.no-platform", "ref.ambiguous", "digest.missing"}


class TestEvidence:
    @pytest.mark.parametrize(
        "wrong", ["a layer altered", "a layer gone", "a layer truncated", "the manifest altered", "the manifest gone", "no JSON", "no layers"]
    )
    def test_evidence_that_cannot_be_read_is_not_absent(self, layout: Layout, wrong: str) -> None:
        digest = layout.image()
        referrer = layout.referrer(digest, ENVELOPE)
        layer = layout.at(digest_of(ENVELOPE))
        match wrong:
            case "a layer altered":
                layer.write_bytes(ENVELOPE.replace(b"e", b"E"))
            case "a layer gone":
                layer.unlink()
            case "a layer truncated":
                layer.write_bytes(ENVELOPE[:-1])
            case "the manifest altered":
                layout.at(referrer["digest"]).write_bytes(b"{}")
            case "the manifest gone":
                layout.at(referrer["digest"]).unlink()
            case "no JSON":
                referrer = layout.blob(b"{", MANIFEST)
            case _:
                referrer = layout.json({**parts(layout, referrer["digest"]), "layers": None}, MANIFEST)
        layout.enlist(referrer)
        assert code(lambda: SOURCE.attached(ref(layout), digest)) == "ref.unreadable"

    def test_a_fallback_index_that_cannot_be_read_is_not_absent(self, layout: Layout) -> None:
        digest = layout.image()
        layout.at(layout.index(tag=digest.replace(":", "-"))).unlink()
        assert code(lambda: SOURCE.attached(ref(layout), digest)) == "ref.unreadable"

    def test_ten_thousand_referrers_are_too_many_and_are_refused_soon(self, layout: Layout) -> None:
        digest = layout.image()
        for number in range(10_000):
            layer = {"mediaType": DSSE, "digest": digest_of(b"%d" % number), "size": 8}
            if number < 256:
                layer = layout.blob(b"%8d" % number, DSSE)
            layout.listed.append(layout.referrer(digest, layers=[layer]))
        layout.save()
        started = time.process_time()
        assert code(lambda: SOURCE.attached(ref(layout), digest)) == "ref.too-much-evidence"
        assert time.process_time() - started < 10
        assert SOURCE.resolve(ref(layout))[1] == digest

    def test_one_piece_too_large(self, layout: Layout) -> None:
        digest = layout.image()
        layout.enlist(layout.referrer(digest, b" " * (MAX_EVIDENCE + 1)))
        assert code(lambda: SOURCE.attached(ref(layout), digest)) == "ref.too-much-evidence"

    def test_too_much_in_all(self, layout: Layout) -> None:
        digest = layout.image()
        layout.enlist(layout.referrer(digest, *(b"%d" % number + b" " * (MAX_EVIDENCE - 10) for number in range(2))))
        assert code(lambda: SOURCE.attached(ref(layout), digest)) == "ref.too-much-evidence"

    @pytest.mark.parametrize("tag", ["", "fallback"])
    def test_one_document_listed_ten_thousand_times_is_read_once(self, layout: Layout, tag: str) -> None:
        digest = layout.image()
        large = layout.blob(b'{"manifests": [], "x": [' + b"[]," * 1_000_000 + b"[]]}", INDEX if tag else MANIFEST)
        listed = {**large, "annotations": {TAG: digest.replace(":", "-")}} if tag else large
        layout.listed = [layout.listed[0], *[listed] * 10_000]
        layout.save()
        started = time.process_time()
        assert outcome(lambda: SOURCE.attached(ref(layout), digest)) == ("" if tag else "ref.unreadable")
        assert outcome(lambda: SOURCE.resolve(ref(layout))) == ("" if tag else "ref.ambiguous")
        assert time.process_time() - started < 20

    def test_manifests_that_are_none_count_among_what_is_searched(self, layout: Layout) -> None:
        digest = layout.image()
        for number in range(20):
            layout.listed.append({"mediaType": MANIFEST, "digest": digest_of(b"%d" % number), "size": 4 << 20})
        layout.save()
        assert code(lambda: SOURCE.attached(ref(layout), digest)) == "ref.too-much-evidence"
        assert code(lambda: SOURCE.resolve(ref(layout))) == "ref.ambiguous"

    def test_manifests_too_large_to_search(self, layout: Layout) -> None:
        digest = layout.image()
        blank = parts(layout, layout.referrer(digest, ENVELOPE)["digest"])
        for number in range(20):
            layout.enlist(layout.json({**blank, "subject": None, "annotations": {"x": f"{number}" + " " * 3_900_000}}, MANIFEST))
        assert code(lambda: SOURCE.attached(ref(layout), digest)) == "ref.too-much-evidence"
        assert code(lambda: SOURCE.resolve(ref(layout))) == "ref.ambiguous"


class TestAttachFails:
    """Whenever it fails, index.json is the old one or the new one."""

    def attach(self, layout: Layout, digest: str) -> str:
        return SOURCE.attach(ref(layout), digest, Evidence(media_type=DSSE, data=ENVELOPE, origin=""))

    @pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EIO])
    def test_an_error_at_any_step_attaches_nothing(self, layout: Layout, failing: Callable[..., Any], number: int) -> None:
        digest = layout.image()
        before = (layout.path / "index.json").read_bytes()

        def fail() -> None:
            raise OSError(number, os.strerror(number))

        for step in range(1, 100):
            with failing(step, fail):
                said = outcome(lambda: self.attach(layout, digest))
            if not said:
                break
            assert said == "ref.unwritable"
            renamed = (layout.path / "index.json").read_bytes() != before
            assert renamed == bool(SOURCE.attached(ref(layout), digest))
            assert list(layout.path.rglob(".*")) == []
            assert SOURCE.measure(ref(layout), digest).problem == ""
            (layout.path / "index.json").write_bytes(before)
        assert step > 8
        assert [each.data for each in SOURCE.attached(ref(layout), digest)] == [ENVELOPE]

    def test_a_kill_at_any_step_leaves_it_whole(self, layout: Layout, failing: Callable[..., Any]) -> None:
        digest = layout.image()
        before = (layout.path / "index.json").read_bytes()
        attached: list[bytes] = []
        for step in range(1, 100):

            def killed(_: int, step: int = step) -> None:
                with failing(step, lambda: os.kill(os.getpid(), signal.SIGKILL)):
                    self.attach(layout, digest)

            (status,) = forked(1, killed)
            attached = [each.data for each in SOURCE.attached(ref(layout), digest)]
            assert attached == ([] if (layout.path / "index.json").read_bytes() == before else [ENVELOPE])
            assert SOURCE.measure(ref(layout), digest).problem == ""
            if status == 0:
                break
        assert step > 8
        assert attached == [ENVELOPE]

    def test_many_processes_attach_at_once_and_nothing_is_lost(self, layout: Layout) -> None:
        digest = layout.image()
        for status in forked(4, lambda worker: _attach_some(layout, digest, worker)):
            assert status == 0
        assert len(SOURCE.attached(ref(layout), digest)) == 4 * 5

    def test_a_lock_that_is_never_given_up_ends_in_an_error(self, layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
        digest = layout.image()
        locked = disk.locked
        monkeypatch.setattr(disk, "locked", lambda fd: locked(fd, 0.05))
        with disk.directory(layout.path) as fd, locked(fd):
            assert code(lambda: self.attach(layout, digest)) == "ref.unwritable"
        assert SOURCE.attached(ref(layout), digest) == []

    def test_a_full_disk(self, disk_at: Callable[[int], tuple[Path, Callable[[], None]]]) -> None:
        path, _ = disk_at(128 << 10)
        layout = Layout(path / "layout")
        digest = layout.image()
        with pytest.raises(LedgerError) as err:
            SOURCE.attach(ref(layout), digest, Evidence(media_type=DSSE, data=b" " * (256 << 10), origin=""))
        assert err.value.code == "ref.unwritable"
        assert SOURCE.attached(ref(layout), digest) == []
        assert self.attach(layout, digest)

    def test_a_read_only_disk(self, disk_at: Callable[[int], tuple[Path, Callable[[], None]]]) -> None:
        path, make_read_only = disk_at(128 << 10)
        layout = Layout(path / "layout")
        digest = layout.image()
        make_read_only()
        assert code(lambda: self.attach(layout, digest)) == "ref.unwritable"
        assert SOURCE.attached(ref(layout), digest) == []


def _attach_some(layout: Layout, digest: str, worker: int) -> None:
    for number in range(5):
        SOURCE.attach(ref(layout), digest, Evidence(media_type=DSSE, data=b'{"n":"%d-%d"}' % (worker, number), origin=""))


def test_a_blob_that_grows_while_it_is_copied_is_not_copied(layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = layout.image(b"x" * (2 << 20))
    at = layout.at(parts(layout, digest)["layers"][0]["digest"])
    write_all = disk.write_all

    def grow(fd: int, data: Any) -> None:
        write_all(fd, data)
        with at.open("ab") as file:
            file.write(b"more")

    monkeypatch.setattr(disk, "write_all", grow)
    with pytest.raises((EvidenceError, UnreadableError)) as err:
        SOURCE.copy(ref(layout), digest, tmp_path / "copy")
    assert err.value.code == "digest.mismatch"
    assert list((tmp_path / "copy").iterdir()) == []
