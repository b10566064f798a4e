"""Where cosign puts what it attaches, in layouts and registries: found whole, or unreadable; and where lockgate puts it, so that cosign finds it."""

from __future__ import annotations

import base64
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from layouts import DSSE, EMPTY, INDEX, MANIFEST, TAG, Json, Layout, parts
from lockgate.adapters.sources import oci_layout
from lockgate.adapters.sources.limits import BUNDLE, PAYLOAD
from lockgate.adapters.sources.oci_layout import OciLayouts
from lockgate.adapters.sources.registry_images import Registries
from lockgate.core.digest import Ref
from lockgate.core.ports import Evidence, Source
from lockgate.errors import LedgerError, UnreadableError
from lockgate.evidence import annotated
from lockgate.evidence.annotated import Beside
from registries import HASTE, LOCAL, Registry, serving

SIGNATURE = "dev.cosignproject.cosign/signature"
IMAGE = {"kind": "dev.cosignproject.cosign/image"}
ENVELOPE = b'{"payload":"e30=","payloadType":"t","signatures":[{"sig":"AA=="}]}'


@dataclass
class Place:
    """An image, tag 1, in a layout or in a registry that serves one.

    Attributes:
        tags: what the registry has under tags; a layout has it in its index.
    """

    source: Source
    ref: Ref
    layout: Layout
    digest: str
    tags: dict[str, str] | None = field(default=None)

    def tag(self, name: str, descriptor: Json) -> None:
        if self.tags is None:
            self.layout.enlist(descriptor, name)
        else:
            self.tags[name] = descriptor["digest"]

    def older(self, suffix: str, *layers: Json, digest: str = "") -> Json:
        """A manifest of cosign's older layout, under its tag."""
        config = self.layout.blob(b'{"architecture":"","os":""}', "application/vnd.oci.image.config.v1+json")
        made = self.layout.json({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": list(layers)}, MANIFEST)
        self.tag((digest or self.digest).replace(":", "-") + suffix, made)
        return made

    def payload(self, data: bytes, signature: str | None) -> Json:
        """A layer with its annotation."""
        annotations = {} if signature is None else {"annotations": {SIGNATURE: signature}}
        return self.layout.blob(data, PAYLOAD, **annotations)

    def found(self) -> list[tuple[str, bytes]]:
        return [(each.media_type, each.data) for each in self.source.attached(self.ref, self.digest)]

    def refused(self) -> str:
        with pytest.raises(UnreadableError) as err:
            self.found()
        return err.value.code


@pytest.fixture(params=["layout", "registry", "registry without referrers"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    layout = Layout(tmp_path / "image")
    digest = layout.image(tag="1")
    if request.param == "layout":
        yield Place(OciLayouts(), Ref(scheme="oci", path=str(layout.path), tag="1"), layout, digest)
        return
    registry = Registry(layout)
    registry.tags["1"], registry.api = digest, request.param == "registry"
    with tempfile.TemporaryDirectory() as short, serving(registry, Path(short) / "s") as outside:
        yield Place(Registries(None, outside.network(), HASTE), Ref(scheme="registry", path=LOCAL, tag="1"), layout, digest, registry.tags)


@pytest.fixture
def saved(tmp_path: Path) -> Place:
    """A layout as ``cosign save`` makes it: the image is marked, and listed without a tag."""
    layout = Layout(tmp_path / "saved")
    image = layout.manifest()
    layout.listed = [{**image, "annotations": IMAGE}]
    layout.save()
    return Place(OciLayouts(), Ref(scheme="oci", path=str(layout.path)), layout, image["digest"])


def joined(payload: bytes, signature: str) -> bytes:
    return json.dumps({"payload": base64.b64encode(payload).decode(), "signature": signature}, separators=(",", ":")).encode()


def test_older_signatures_and_attestations_are_found(place: Place) -> None:
    place.older(".sig", place.payload(b"one", "AAAA"), place.payload(b"one", "BBBB"), place.payload(b"two", "AAAA"), place.payload(b"two", "AAAA"))
    place.older(".att", place.layout.blob(ENVELOPE, DSSE, annotations={SIGNATURE: "", "predicateType": "x"}))
    assert sorted(place.found()) == sorted(
        [(PAYLOAD, joined(b"one", "AAAA")), (PAYLOAD, joined(b"one", "BBBB")), (PAYLOAD, joined(b"two", "AAAA")), (DSSE, ENVELOPE)]
    )


def test_what_else_stands_beside_a_layer_is_handed_on_with_it(place: Place) -> None:
    """Certificate, chain, a log's promise, a time stamp; what is no text is none, and other annotations are nobody's."""
    prefix, names = "dev.sigstore.cosign/", {"certificate": "certificate", "chain": "chain", "log": "bundle", "time_stamp": "rfc3161timestamp"}
    said = {prefix + name: f"the {name}" for name in names.values()}
    whole = Beside(**{field: f"the {name}" for field, name in names.items()})
    payload = place.layout.blob(b"one", PAYLOAD, annotations={SIGNATURE: "AAAA", **said})
    place.older(".sig", payload, {**payload, "annotations": {SIGNATURE: "AAAA", prefix + "chain": 7}})
    envelope = place.layout.blob(ENVELOPE, DSSE, annotations={SIGNATURE: "", **said})
    place.older(".att", envelope, {**envelope, "annotations": {"predicateType": "x"}}, {**envelope, "annotations": {prefix + "bundle": "the bundle"}})
    assert sorted(place.found()) == sorted([
        (PAYLOAD, annotated.join(b"one", "AAAA", whole)),
        (PAYLOAD, joined(b"one", "AAAA")),
        (annotated.ATTESTATION, annotated.join(ENVELOPE, "", whole)),
        (DSSE, ENVELOPE),
        (annotated.ATTESTATION, annotated.join(ENVELOPE, "", Beside(log="the bundle"))),
    ])  # fmt: skip


def test_a_payload_without_its_annotation_is_handed_on_as_what_it_is(place: Place) -> None:
    place.older(".sig", place.payload(b"one", None), {**place.payload(b"two", None), "annotations": {SIGNATURE: 7}})
    assert place.found() == [(PAYLOAD, joined(b"one", "")), (PAYLOAD, joined(b"two", ""))]


def test_payloads_in_a_manifest_that_refers_to_the_image_are_found(place: Place) -> None:
    """cosign's older payloads in a referrer, which it wrote where it was told to use OCI 1.1."""
    kind = "application/vnd.dev.cosign.artifact.sig.v1+json"
    referrer = place.layout.referrer(place.digest, artifact_type=kind, layers=[place.payload(b"one", "AAAA"), place.payload(b"one", "BBBB")])
    place.layout.enlist(referrer)
    if place.tags is not None:
        listed = place.layout.json({"schemaVersion": 2, "mediaType": INDEX, "manifests": [referrer]}, INDEX)
        place.tag(place.digest.replace(":", "-"), listed)
    assert place.found() == [(PAYLOAD, joined(b"one", "AAAA")), (PAYLOAD, joined(b"one", "BBBB"))]


def test_what_stands_under_another_images_tags_is_not_this_ones(place: Place) -> None:
    place.older(".sig", place.payload(b"one", "AAAA"), digest="sha256:" + "0" * 64)
    place.older(".sbom", place.layout.blob(b"{}", DSSE))
    assert place.found() == []


def test_an_index_under_the_tag_attaches_nothing(place: Place) -> None:
    held = place.layout.json({"schemaVersion": 2, "mediaType": MANIFEST, "config": place.layout.blob(b"{}", EMPTY), "layers": []}, MANIFEST)
    place.tag(place.digest.replace(":", "-") + ".sig", place.layout.json({"schemaVersion": 2, "mediaType": INDEX, "manifests": [held]}, INDEX))
    assert place.found() == []


@pytest.mark.parametrize("suffix", [".sig", ".att"])
def test_a_missing_layer_makes_all_of_it_unreadable(place: Place, suffix: str) -> None:
    kind = PAYLOAD if suffix == ".sig" else DSSE
    layer = place.layout.blob(b"gone", kind)
    place.older(suffix, layer)
    place.layout.at(layer["digest"]).unlink()
    assert place.refused() == "ref.unreadable"


def test_what_is_no_manifest_makes_all_of_it_unreadable(place: Place) -> None:
    place.tag(place.digest.replace(":", "-") + ".att", place.layout.blob(b'{"manifests":1,"layers":[]}', MANIFEST))
    assert place.refused() == "ref.unreadable"


def test_too_many_signatures_are_too_much(place: Place) -> None:
    place.older(".sig", *(place.payload(b"one", str(number)) for number in range(257)))
    assert place.refused() == "ref.too-much-evidence"


def test_a_bundle_is_attached_as_cosign_has_it(place: Place) -> None:
    evidence = Evidence(media_type=BUNDLE, data=b'{"a":"bundle"}', origin="", predicate="https://slsa.dev/provenance/v1")
    at = place.source.attach(place.ref, place.digest, evidence)
    assert place.found() == [(BUNDLE, b'{"a":"bundle"}')]
    assert place.source.attach(place.ref, place.digest, evidence) == at, "once"
    manifest = parts(place.layout, at.rpartition("@")[2])
    annotations = {"dev.sigstore.bundle.content": "dsse-envelope", "dev.sigstore.bundle.predicateType": "https://slsa.dev/provenance/v1"}
    assert (manifest["artifactType"], manifest["layers"][0]["mediaType"], manifest["config"]["mediaType"]) == (BUNDLE, BUNDLE, EMPTY)
    assert (manifest["annotations"], manifest["subject"]["digest"]) == (annotations, place.digest)
    if place.tags is None:
        listed = json.loads((place.layout.path / "index.json").read_bytes())["manifests"]
    else:
        listed = parts(place.layout, fallback)["manifests"] if (fallback := place.tags.get(place.digest.replace(":", "-"))) else []
    assert all((each["artifactType"], each["annotations"]) == (BUNDLE, annotations) for each in listed if each["digest"] != place.digest)


def test_a_payload_is_not_attached(place: Place) -> None:
    """Its signature would have no place."""
    with pytest.raises(LedgerError) as err:
        place.source.attach(place.ref, place.digest, Evidence(media_type=PAYLOAD, data=joined(b"one", "AAAA"), origin=""))
    assert err.value.code == "ref.unwritable"


def test_the_image_itself_under_the_fallback_tag_is_no_list(place: Place) -> None:
    """``cosign copy`` puts it there."""
    image = {"mediaType": MANIFEST, "digest": place.digest, "size": place.layout.at(place.digest).stat().st_size}
    place.tag(place.digest.replace(":", "-"), image)
    assert place.found() == []
    place.source.attach(place.ref, place.digest, Evidence(media_type=BUNDLE, data=b"{}", origin=""))
    assert place.found() == [(BUNDLE, b"{}")]


class TestSaved:
    def test_referrers_that_nobody_lists_are_found(self, saved: Place) -> None:
        saved.layout.referrer(saved.digest, b"a bundle", media_type=BUNDLE, artifact_type=BUNDLE)
        saved.layout.referrer("sha256:" + "0" * 64, b"of another", media_type=BUNDLE, artifact_type=BUNDLE)
        assert saved.source.resolve(saved.ref)[1] == saved.digest
        assert saved.found() == [(BUNDLE, b"a bundle")]

    def test_not_in_a_layout_of_others(self, saved: Place) -> None:
        saved.layout.referrer(saved.digest, b"a bundle", media_type=BUNDLE, artifact_type=BUNDLE)
        saved.layout.listed[0].pop("annotations")
        saved.layout.save()
        assert saved.found() == []

    def test_listed_signatures_are_no_images(self, saved: Place) -> None:
        for kind, layer in (("sigs", saved.payload(b"one", "AAAA")), ("atts", saved.layout.blob(ENVELOPE, DSSE))):
            made = saved.layout.json({"schemaVersion": 2, "mediaType": MANIFEST, "config": saved.layout.blob(b"{}", EMPTY), "layers": [layer]}, MANIFEST)
            saved.layout.listed.append({**made, "annotations": {"kind": f"dev.cosignproject.cosign/{kind}"}})
        saved.layout.save()
        assert saved.source.resolve(saved.ref)[1] == saved.digest
        assert saved.found() == [(PAYLOAD, joined(b"one", "AAAA")), (DSSE, ENVELOPE)]

    def test_other_things_among_the_blobs_are_passed_over(self, saved: Place, tmp_path: Path) -> None:
        blobs, subject = saved.layout.path / "blobs" / "sha256", {"subject": {"digest": saved.digest}}
        os.mkfifo(blobs / "fifo")
        (blobs / "link").symlink_to("/etc/hostname")
        (blobs / "folder").mkdir()
        (blobs / "copy").write_text(json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "layers": [], **subject}))
        (blobs / ("0" * 64)).write_text(json.dumps(subject))
        saved.layout.blob(b"no JSON of " + saved.digest.encode())
        saved.layout.blob(b"[" * 50_000 + saved.digest.encode())
        saved.layout.json([saved.digest], "x")
        saved.layout.json({"subject": saved.digest}, "x")
        saved.layout.blob(b" " * 70_000 + json.dumps(subject).encode())
        assert saved.found() == []

    def test_a_referrer_that_cannot_be_read_whole_is_not_passed_over(self, saved: Place) -> None:
        saved.layout.json({"subject": {"digest": saved.digest}, "layers": 7, "config": {}}, "x")
        assert saved.refused() == "ref.unreadable"

    @pytest.mark.parametrize("name", ["MAX_PARTS", "MAX_LOOKED_AT"])
    def test_more_than_is_searched_is_too_much(self, saved: Place, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        assert saved.found() == []
        monkeypatch.setattr(oci_layout, name, 2)
        assert saved.refused() == "ref.too-much-evidence"


class TestMark:
    """In a layout cosign looks at the image that is marked, and at no other."""

    @staticmethod
    def listed(layout: Layout) -> dict[str, Any]:
        return {each["digest"]: each.get("annotations") for each in json.loads((layout.path / "index.json").read_bytes())["manifests"]}

    @staticmethod
    def attach(layout: Layout, digest: str, media_type: str = BUNDLE) -> None:
        OciLayouts().attach(Ref(scheme="oci", path=str(layout.path)), digest, Evidence(media_type=media_type, data=b"{}", origin=""))

    def test_the_first_that_is_signed_is_marked(self, tmp_path: Path) -> None:
        layout = Layout(tmp_path / "image")
        one, two = layout.image(b"one", tag="1"), layout.image(b"two", tag="2")
        self.attach(layout, two)
        self.attach(layout, one)
        found = self.listed(layout)
        assert (found[one], found[two]) == ({TAG: "1"}, {TAG: "2", **IMAGE})

    def test_an_image_without_annotations_and_one_with_none(self, tmp_path: Path) -> None:
        layout = Layout(tmp_path / "image")
        digest = layout.image()
        layout.listed[0]["annotations"] = None
        layout.save()
        self.attach(layout, digest)
        assert self.listed(layout)[digest] == IMAGE

    def test_what_is_no_bundle_or_no_image_marks_nothing(self, tmp_path: Path) -> None:
        layout = Layout(tmp_path / "image")
        image = layout.manifest()
        index, digest = layout.index(image, tag="all"), layout.image(b"one", tag="1")
        self.attach(layout, digest, DSSE)
        self.attach(layout, index)
        self.attach(layout, image["digest"])
        found = self.listed(layout)
        assert (found[digest], found[index]) == ({TAG: "1"}, {TAG: "all"})
