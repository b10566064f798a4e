"""OCI layouts as other tools write them: tags, indexes, platforms, and evidence where the specification puts it."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path
from typing import Any

import pytest

from layouts import CONFIG, DSSE, EMPTY, INDEX, MANIFEST, Json, Layout, parts
from lockgate.adapters.sources.oci_layout import OciLayouts
from lockgate.core.digest import Ref, digest_of
from lockgate.core.ports import Evidence
from lockgate.errors import EvidenceError, LedgerError, UnreadableError, UsageError

SOURCE = OciLayouts()
DOCKER = "application/vnd.docker.distribution.manifest.v2+json"


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "layout")


def ref(layout: Layout, tag: str = "", digest: str | None = None) -> Ref:
    return Ref(scheme="oci", path=str(layout.path), tag=tag, digest=digest)


def resolve(layout: Layout, tag: str = "", platform: str = "", digest: str | None = None) -> str:
    return SOURCE.resolve(ref(layout, tag, digest), platform)[1]


def refused(layout: Layout, tag: str = "", platform: str = "", digest: str | None = None) -> str:
    with pytest.raises((UnreadableError, EvidenceError, UsageError)) as err:
        resolve(layout, tag, platform, digest)
    return err.value.code


def envelope(number: int = 0) -> bytes:
    return json.dumps({"payload": "e30=", "payloadType": "t", "signatures": [{"sig": str(number)}]}).encode()


def multi(layout: Layout, *platforms: str, tag: str = "") -> tuple[str, dict[str, str]]:
    """An index of images; its digest, and platform -> digest of each."""
    found = {}
    for platform in platforms:
        os_, architecture, *variant = platform.split("/")
        said = {"os": os_, "architecture": architecture, **({"variant": variant[0]} if variant else {})}
        found[platform] = {**layout.manifest(platform.encode(), platform=platform), "platform": said}
    return layout.index(*found.values(), tag=tag), {platform: each["digest"] for platform, each in found.items()}


def one_of(layout: Layout, listed: str, own: str) -> tuple[str, str]:
    """An index, v1, of one image that is for `own` and listed as `listed`; the digests of both."""
    os_, _, rest = listed.partition("/")
    architecture, _, variant = rest.partition("/")
    image = layout.manifest(platform=own)
    platform = {"platform": {"os": os_, "architecture": architecture, "variant": variant}} if listed else {}
    return layout.index({**image, **platform}, tag="v1"), image["digest"]


def configured(layout: Layout, config: Json) -> str:
    """An image, v1, with this configuration; its digest."""
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layout.blob(b"layer")]}
    digest: str = layout.enlist(layout.json(manifest, MANIFEST), "v1")["digest"]
    return digest


class TestResolve:
    def test_the_only_image_needs_no_tag_and_no_platform(self, layout: Layout) -> None:
        digest = layout.image(tag="v1")
        assert resolve(layout) == resolve(layout, tag="v1") == digest

    def test_two_tags_of_one_image_are_one_image(self, layout: Layout) -> None:
        digest = layout.image(tag="v1")
        assert layout.image(tag="latest") == digest
        assert resolve(layout) == digest

    def test_a_tag_chooses(self, layout: Layout) -> None:
        one, two = layout.image(b"1", tag="v1"), layout.image(b"2", tag="v2")
        assert (resolve(layout, tag="v1"), resolve(layout, tag="v2")) == (one, two)
        assert refused(layout) == "ref.ambiguous"
        assert refused(layout, platform="linux/amd64") == "ref.ambiguous"
        assert refused(layout, tag="v3") == "ref.not-found"

    def test_an_empty_layout_holds_nothing(self, layout: Layout) -> None:
        assert refused(layout) == "ref.not-found"

    def test_a_platform_chooses_within_an_index(self, layout: Layout) -> None:
        index, images = multi(layout, "linux/amd64", "linux/arm64/v8", "linux/arm/v7")
        assert resolve(layout, platform="linux/amd64") == images["linux/amd64"]
        assert resolve(layout, platform="linux/arm64") == images["linux/arm64/v8"]
        assert resolve(layout, platform="linux/arm/v7") == images["linux/arm/v7"]
        assert resolve(layout) == index
        assert refused(layout, platform="linux/arm/v6") == "ref.no-platform"
        assert refused(layout, platform="windows/amd64") == "ref.no-platform"

    def test_a_variant_left_out_is_ambiguous_where_there_are_two(self, layout: Layout) -> None:
        multi(layout, "linux/arm/v6", "linux/arm/v7")
        assert refused(layout, platform="linux/arm") == "ref.which-platform"

    def test_arm64_is_arm64_v8(self, layout: Layout) -> None:
        _, images = multi(layout, "linux/arm64", "linux/amd64")
        assert resolve(layout, platform="linux/arm64/v8") == images["linux/arm64"]

    def test_an_index_stands_for_itself_with_every_platform_in_it(self, layout: Layout) -> None:
        """Every manifest, configuration and layer of it is read: one byte anywhere is noticed."""
        index, images = multi(layout, "linux/amd64", "linux/arm64")
        assert resolve(layout) == index
        assert SOURCE.measure(ref(layout), index).problem == ""
        held = [part["digest"] for image in images.values() for part in (parts(layout, image)["config"], *parts(layout, image)["layers"])]
        for each in (*images.values(), *held):
            good = layout.at(each).read_bytes()
            layout.at(each).write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
            assert SOURCE.measure(ref(layout), index).problem == "digest.mismatch"
            layout.at(each).write_bytes(good)
        layout.at(held[-1]).unlink()
        assert SOURCE.measure(ref(layout), index).problem == "digest.missing"

    def test_an_index_of_one_image_is_an_index_too(self, layout: Layout) -> None:
        index, images = multi(layout, "linux/amd64")
        assert (resolve(layout), resolve(layout, platform="linux/amd64")) == (index, images["linux/amd64"])

    def test_attestation_manifests_of_a_build_tool_are_no_platforms(self, layout: Layout) -> None:
        image = {**layout.manifest(b"image"), "platform": {"os": "linux", "architecture": "amd64"}}
        attestation = {
            **layout.manifest(b"attestation"),
            "platform": {"os": "unknown", "architecture": "unknown"},
            "annotations": {"vnd.docker.reference.type": "attestation-manifest"},
        }
        index = layout.index(image, attestation)
        assert (resolve(layout), resolve(layout, platform="linux/amd64")) == (index, image["digest"])
        assert refused(layout, platform="unknown/unknown") == "ref.no-platform"
        assert SOURCE.measure(ref(layout), index).problem == ""
        assert resolve(layout, digest=index) == index
        layout.at(parts(layout, attestation["digest"])["layers"][0]["digest"]).write_bytes(b"attestatioN")
        assert SOURCE.measure(ref(layout), index).problem == "digest.mismatch"

    def test_nested_indexes_are_entered(self, layout: Layout) -> None:
        image = layout.manifest(b"image")
        inner = layout.json({"schemaVersion": 2, "manifests": [image]}, INDEX)
        outer = layout.index(inner)
        assert (resolve(layout), resolve(layout, platform="linux/amd64")) == (outer, image["digest"])
        layout.at(parts(layout, image["digest"])["layers"][0]["digest"]).write_bytes(b"imagE")
        assert SOURCE.measure(ref(layout), outer).problem == "digest.mismatch"

    def test_platforms_may_stand_in_index_json_itself(self, layout: Layout) -> None:
        for architecture in ("amd64", "arm64"):
            layout.enlist(
                {**layout.manifest(architecture.encode(), platform=f"linux/{architecture}"), "platform": {"os": "linux", "architecture": architecture}}, "v1"
            )
        assert resolve(layout, tag="v1", platform="linux/arm64") == layout.listed[1]["digest"]
        assert resolve(layout, platform="linux/arm64") == layout.listed[1]["digest"]
        assert refused(layout, tag="v1") == "ref.which-platform"

    def test_a_single_image_for_another_platform_is_not_taken(self, layout: Layout) -> None:
        digest = layout.image(platform="linux/arm64")
        assert refused(layout, platform="linux/amd64") == "ref.no-platform"
        assert refused(layout, platform="linux/amd64", digest=digest) == "ref.no-platform"
        assert resolve(layout, platform="linux/arm64") == digest

    def test_an_artifact_without_an_image_configuration_serves_any_platform(self, layout: Layout) -> None:
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": layout.blob(b"{}", EMPTY), "layers": [layout.blob(b"chart")]}
        digest = layout.enlist(layout.json(manifest, MANIFEST))["digest"]
        assert resolve(layout, platform="linux/amd64") == digest

    @pytest.mark.parametrize(
        ("asked", "listed", "own"),
        [
            ("linux/amd64", "linux/amd64", "linux/arm64"),
            ("linux/amd64", "linux/amd64", "windows/amd64"),
            ("linux/amd64", "linux/amd64", "linux/amd64x"),
            ("linux/arm/v7", "linux/arm/v7", "linux/arm/v6"),
            ("linux/arm/v7", "linux/arm/v7", "linux/arm"),
            ("linux/amd64", "", "linux/arm64"),
            ("linux/amd64", "linux/arm64", "linux/amd64"),
        ],
    )
    def test_what_an_index_says_of_an_image_is_not_believed_over_the_image(self, layout: Layout, asked: str, listed: str, own: str) -> None:
        index, image = one_of(layout, listed, own)
        assert refused(layout, tag="v1", platform=asked) == refused(layout, platform=asked, digest=index) == "ref.no-platform"
        if listed and own not in {listed, asked}:
            with pytest.raises(UnreadableError) as err:
                resolve(layout, tag="v1", platform=asked)
            assert all(each in err.value.message for each in (image, asked, own, listed))

    @pytest.mark.parametrize(
        ("asked", "listed", "own"),
        [
            ("linux/arm64", "linux/arm64", "linux/arm64/v8"),
            ("linux/arm64/v8", "linux/arm64/v8", "linux/arm64"),
            ("linux/arm", "linux/arm/v7", "linux/arm/v7"),
            ("linux/amd64", "", "linux/amd64"),
        ],
    )
    def test_what_the_image_says_itself_is_taken(self, layout: Layout, asked: str, listed: str, own: str) -> None:
        _, image = one_of(layout, listed, own)
        assert resolve(layout, tag="v1", platform=asked) == image

    @pytest.mark.parametrize(
        "config", [{}, {"os": "linux"}, {"os": "linux/amd64", "architecture": ""}, {"os": "linux", "architecture": 7}, {"architecture": "amd64"}]
    )
    @pytest.mark.parametrize("media_type", [CONFIG, "application/x-config"])
    def test_an_image_that_does_not_say_what_it_is_for(self, layout: Layout, config: dict[str, Any], media_type: str) -> None:
        digest = configured(layout, layout.json(config, media_type))
        assert resolve(layout, tag="v1") == digest
        if config or media_type == CONFIG:
            assert refused(layout, tag="v1", platform="linux/amd64") == "ref.no-platform"
        else:
            assert resolve(layout, tag="v1", platform="linux/amd64") == digest

    @pytest.mark.parametrize("media_type", [CONFIG, "application/x-config"])
    def test_a_configuration_is_held_to_its_platform_whatever_it_calls_itself(self, layout: Layout, media_type: str) -> None:
        digest = configured(layout, layout.json({"os": "linux", "architecture": "arm64"}, media_type))
        assert refused(layout, tag="v1", platform="linux/amd64") == "ref.no-platform"
        assert resolve(layout, tag="v1", platform="linux/arm64") == digest

    def test_a_configuration_that_other_readers_would_read_otherwise(self, layout: Layout) -> None:
        configured(layout, layout.json({"os": "linux", "architecture": "amd64", "Architecture": "arm64"}, CONFIG))
        assert refused(layout, tag="v1", platform="linux/amd64") == "ref.unreadable"

    def test_a_configuration_too_large_to_read(self, layout: Layout) -> None:
        configured(layout, layout.blob(b" " * (4 << 20) + b'{"os":"linux","architecture":"amd64"}', CONFIG))
        assert refused(layout, tag="v1", platform="linux/amd64") == "ref.unreadable"

    @pytest.mark.parametrize("wrong", ["altered", "gone"])
    def test_a_configuration_that_is_not_the_one(self, layout: Layout, wrong: str) -> None:
        index, image = one_of(layout, "linux/amd64", "linux/amd64")
        at = layout.at(parts(layout, image)["config"]["digest"])
        at.unlink() if wrong == "gone" else at.write_bytes(at.read_bytes().replace(b"amd64", b"arm64"))
        assert refused(layout, digest=index, platform="linux/amd64") == ("digest.missing" if wrong == "gone" else "digest.mismatch")

    def test_of_entries_without_a_platform_the_images_themselves_tell(self, layout: Layout) -> None:
        images = {platform: layout.manifest(platform.encode(), platform=platform) for platform in ("linux/amd64", "linux/arm64", "linux/s390x")}
        said = {**layout.manifest(b"said", platform="linux/s390x"), "platform": {"os": "linux", "architecture": "s390x"}}
        index = layout.index(*images.values(), said)
        assert resolve(layout, digest=index, platform="linux/arm64") == images["linux/arm64"]["digest"]
        assert refused(layout, digest=index, platform="linux/s390x") == "ref.ambiguous"
        assert refused(layout, digest=index, platform="linux/386") == "ref.no-platform"
        layout.at(images["linux/amd64"]["digest"]).unlink()
        assert refused(layout, digest=index, platform="linux/arm64") == "ref.ambiguous"  # what is not there might be for it too

    def test_more_entries_without_a_platform_than_are_asked(self, layout: Layout) -> None:
        index = layout.index(*(layout.manifest(b"%d" % number, platform=f"linux/x{number}") for number in range(17)))
        assert refused(layout, digest=index, platform="linux/x3") == "ref.ambiguous"

    def test_an_index_that_was_read_says_which_images_are_inside(self, layout: Layout) -> None:
        index, images = multi(layout, "linux/amd64", "linux/arm64")
        whole = layout.index({"mediaType": INDEX, "digest": index, "size": len(layout.at(index).read_bytes())})
        (one, *_) = images.values()
        assert SOURCE.measure(ref(layout), index).inside == tuple(sorted(images.values()))
        assert SOURCE.measure(ref(layout), whole).inside == tuple(sorted([index, *images.values()]))
        assert SOURCE.measure(ref(layout), one).inside == ()

    def test_a_digest_names_an_index_whole_or_the_platform_asked_of_it(self, layout: Layout) -> None:
        index, images = multi(layout, "linux/amd64", "linux/arm64")
        assert resolve(layout, digest=index) == index
        assert resolve(layout, digest=index, platform="linux/arm64") == images["linux/arm64"]
        assert resolve(layout, digest=images["linux/amd64"]) == images["linux/amd64"]

    @pytest.mark.parametrize("platform", ["linux", "linux/", "Linux/amd64", "linux/amd64/v1/x", "linux/amd64\n"])
    def test_what_is_no_platform_is_said(self, layout: Layout, platform: str) -> None:
        layout.image()
        assert refused(layout, platform=platform) == "platform.malformed"

    def test_attachments_are_no_images(self, layout: Layout) -> None:
        digest = layout.image()
        layout.enlist(layout.referrer(digest, envelope()))
        layout.index(layout.referrer(digest, envelope(1)), tag=digest.replace(":", "-"))
        layout.enlist(layout.manifest(b"signature"), digest.replace(":", "-") + ".sig")
        assert resolve(layout) == digest


class TestMeasure:
    def test_an_index_is_measured_with_all_its_images(self, layout: Layout) -> None:
        index, images = multi(layout, "linux/amd64", "linux/arm64")
        found = SOURCE.measure(ref(layout), index)
        assert (found.problem, found.media_type) == ("", INDEX)
        layout.at(parts(layout, images["linux/arm64"])["layers"][0]["digest"]).write_bytes(b"linux/arm65")
        assert SOURCE.measure(ref(layout), index).problem == "digest.mismatch"
        assert SOURCE.measure(ref(layout), images["linux/amd64"]).problem == ""

    def test_a_layer_that_stands_twice_is_read_once(self, layout: Layout) -> None:
        one = SOURCE.measure(ref(layout), layout.image(b"same"))
        twice = SOURCE.measure(ref(layout), layout.image(b"same", b"same"))
        assert one.problem == twice.problem == ""
        assert twice.size - one.size < 200  # the longer manifest

    def test_the_size_counts_every_byte(self, layout: Layout) -> None:
        digest = layout.image(b"x" * 3_000_000)
        config = parts(layout, digest)["config"]["size"]
        assert SOURCE.measure(ref(layout), digest).size == 3_000_000 + config + layout.at(digest).stat().st_size


class TestAttached:
    def test_referrers_in_index_json_and_under_the_fallback_tag_are_found_each_once(self, layout: Layout) -> None:
        digest = layout.image()
        both = layout.referrer(digest, envelope(1), envelope(2))
        layout.enlist(both)
        layout.index(both, layout.referrer(digest, envelope(3)), tag=digest.replace(":", "-"))
        assert [each.data for each in SOURCE.attached(ref(layout), digest)] == [envelope(1), envelope(2), envelope(3)]

    def test_what_refers_to_another_image_is_not_this_ones(self, layout: Layout) -> None:
        one, two = layout.image(b"1", tag="1"), layout.image(b"2", tag="2")
        layout.enlist(layout.referrer(one, envelope(1)))
        layout.index(layout.referrer(one, envelope(2)), tag=two.replace(":", "-"))
        assert SOURCE.attached(ref(layout), two) == []

    def test_the_artifact_type_speaks_for_layers_of_a_general_type(self, layout: Layout) -> None:
        digest = layout.image()
        layout.enlist(layout.referrer(digest, envelope(), media_type="application/json"))
        assert [each.media_type for each in SOURCE.attached(ref(layout), digest)] == [DSSE]

    def test_the_configuration_stood_for_the_artifact_type_once(self, layout: Layout) -> None:
        digest = layout.image()
        manifest = {
            "schemaVersion": 2,
            "config": layout.blob(b"{}", DSSE),
            "layers": [layout.blob(envelope(), "application/json")],
            "subject": {"mediaType": MANIFEST, "digest": digest, "size": layout.at(digest).stat().st_size},
        }
        layout.enlist(layout.json(manifest, MANIFEST))
        assert [each.data for each in SOURCE.attached(ref(layout), digest)] == [envelope()]

    def test_what_no_reader_reads_is_passed_over_without_reading_it(self, layout: Layout) -> None:
        digest = layout.image()
        image = {"mediaType": "application/x-scan", "digest": digest_of(b"gone"), "size": 5 << 30}
        layout.enlist(layout.referrer(digest, layers=[image], artifact_type="application/x-scan"))
        assert SOURCE.attached(ref(layout), digest) == []

    def test_a_bill_of_materials_nobody_signed_hides_nothing_however_large_it_is(self, layout: Layout) -> None:
        digest = layout.image()
        large = {"mediaType": "application/spdx+json", "digest": digest_of(b"gone"), "size": 5 << 30}
        small = layout.blob(b"{}", "application/vnd.cyclonedx+json")
        layout.enlist(layout.referrer(digest, envelope(), layers=[large, small, layout.blob(envelope(), DSSE)]))
        found = SOURCE.attached(ref(layout), digest)
        assert [(each.media_type, each.data[:30]) for each in found] == [
            ("application/vnd.oci.descriptor.v1+json", b'{"digest":"sha256:' + digest_of(b"gone").encode()[7:19]),
            ("application/vnd.cyclonedx+json", b"{}"),
            (DSSE, envelope()[:30]),
        ]


class TestAttach:
    def test_the_manifest_is_as_the_specification_says(self, layout: Layout) -> None:
        digest = layout.image(tag="v1")
        before = json.loads((layout.path / "index.json").read_text())
        where = SOURCE.attach(ref(layout), digest, Evidence(media_type=DSSE, data=envelope(), origin=""))
        after = json.loads((layout.path / "index.json").read_text())
        assert after["manifests"][:1] == before["manifests"]
        (descriptor,) = after["manifests"][1:]
        assert where.endswith(descriptor["digest"])
        raw = layout.at(descriptor["digest"]).read_bytes()
        assert descriptor == {"mediaType": MANIFEST, "digest": digest_of(raw), "size": len(raw), "artifactType": DSSE}
        assert json.loads(raw) == {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "artifactType": DSSE,
            "config": {"mediaType": EMPTY, "digest": digest_of(b"{}"), "size": 2},
            "layers": [{"mediaType": DSSE, "digest": digest_of(envelope()), "size": len(envelope())}],
            "subject": {"mediaType": MANIFEST, "digest": digest, "size": layout.at(digest).stat().st_size},
        }
        assert layout.at(digest_of(envelope())).read_bytes() == envelope()
        assert layout.at(digest_of(b"{}")).read_bytes() == b"{}"

    def test_an_index_is_referred_to_as_an_index(self, layout: Layout) -> None:
        index, _ = multi(layout, "linux/amd64", "linux/arm64")
        SOURCE.attach(ref(layout), index, Evidence(media_type=DSSE, data=envelope(), origin=""))
        referrer = json.loads((layout.path / "index.json").read_text())["manifests"][-1]["digest"]
        assert parts(layout, referrer)["subject"]["mediaType"] == INDEX

    def test_what_else_index_json_holds_stays(self, layout: Layout) -> None:
        digest = layout.image()
        path = layout.path / "index.json"
        held = {"mediaType": INDEX, "x-unknown": [1, 2.5, "\u00fc", {"ü": None}], "annotations": {"a": "b"}, **json.loads(path.read_text())}
        held["manifests"][0]["x-more"] = {"deep": [True]}
        path.write_text(json.dumps(held))
        path.chmod(0o640)
        SOURCE.attach(ref(layout), digest, Evidence(media_type=DSSE, data=envelope(), origin=""))
        after = json.loads(path.read_text())
        after["manifests"].pop()
        assert after == held
        assert stat.S_IMODE(path.stat().st_mode) == 0o640

    @pytest.mark.parametrize("media_type", ["", "text/plain"])
    def test_what_no_reader_would_read_is_not_attached(self, layout: Layout, media_type: str) -> None:
        digest = layout.image()
        with pytest.raises(LedgerError) as err:
            SOURCE.attach(ref(layout), digest, Evidence(media_type=media_type, data=envelope(), origin=""))
        assert err.value.code == "ref.unwritable"
        assert len(json.loads((layout.path / "index.json").read_text())["manifests"]) == 1

    def test_nothing_is_attached_to_what_is_not_there(self, layout: Layout) -> None:
        layout.image()
        with pytest.raises(LedgerError) as err:
            SOURCE.attach(ref(layout), digest_of(b"gone"), Evidence(media_type=DSSE, data=envelope(), origin=""))
        assert err.value.code == "ref.unwritable"

    def test_the_last_piece_that_would_be_read_back_is_the_last_attached(self, layout: Layout) -> None:
        digest = layout.image()
        layout.enlist(layout.referrer(digest, *(envelope(number) for number in range(256))))
        with pytest.raises(LedgerError) as err:
            SOURCE.attach(ref(layout), digest, Evidence(media_type=DSSE, data=envelope(256), origin=""))
        assert err.value.code == "ref.unwritable"
        assert len(SOURCE.attached(ref(layout), digest)) == 256


class TestCopy:
    def test_it_holds_the_image_and_nothing_else_read_only(self, layout: Layout, tmp_path: Path) -> None:
        digest = layout.image(b"one", b"one", b"two", tag="v1")
        layout.image(b"other", tag="v2")
        layout.enlist(layout.referrer(digest, envelope()))
        copy = Path(SOURCE.copy(ref(layout), digest, tmp_path / "a" / "b"))
        manifest = parts(layout, digest)
        wanted = {digest, manifest["config"]["digest"], *(each["digest"] for each in manifest["layers"])}
        assert {"sha256:" + each.name for each in (copy / "blobs" / "sha256").iterdir()} == wanted
        listed = json.loads((copy / "index.json").read_text())["manifests"]
        assert listed == [{"mediaType": MANIFEST, "digest": digest, "size": layout.at(digest).stat().st_size}]
        for path in [copy, *copy.rglob("*")]:
            assert stat.S_IMODE(path.stat().st_mode) == (0o500 if path.is_dir() else 0o400)
            assert path.is_dir() or path.stat().st_nlink == 1
        assert SOURCE.resolve(Ref(scheme="oci", path=str(copy)))[1] == digest

    def test_an_index_is_copied_with_all_its_images(self, layout: Layout, tmp_path: Path) -> None:
        index, images = multi(layout, "linux/amd64", "linux/arm64")
        copy = Ref(scheme="oci", path=str(SOURCE.copy(ref(layout), index, tmp_path)))
        assert SOURCE.measure(copy, index).problem == ""
        assert SOURCE.resolve(copy, "linux/arm64")[1] == images["linux/arm64"]

    @pytest.mark.parametrize("name", ["$(id>x)", "two words", "-rf", "a\nb", ";x", "it's"])
    def test_its_path_has_nothing_of_the_layouts_name_or_tag(self, tmp_path: Path, name: str) -> None:
        layout = Layout(tmp_path / "from" / name)
        digest = layout.image(tag="$(id>x)")
        layout.save()
        copy = SOURCE.copy(ref(layout, "$(id>x)"), digest, tmp_path / "copies")
        assert re.fullmatch(r"[0-9a-f]{12}-[0-9a-f]{8}", copy.name)

    def test_two_copies_do_not_meet(self, layout: Layout, tmp_path: Path) -> None:
        digest = layout.image()
        assert SOURCE.copy(ref(layout), digest, tmp_path) != SOURCE.copy(ref(layout), digest, tmp_path)

    def test_a_copy_that_finds_no_room_is_unreadable_and_leaves_nothing(self, layout: Layout, tmp_path: Path) -> None:
        digest = layout.image()
        (tmp_path / "a file").write_bytes(b"")
        with pytest.raises(UnreadableError) as err:
            SOURCE.copy(ref(layout), digest, tmp_path / "a file" / "below")
        assert err.value.code == "ref.unreadable"


def test_a_layout_reached_through_a_symbolic_link_is_read(layout: Layout, tmp_path: Path) -> None:
    digest = layout.image()
    (tmp_path / "link").symlink_to(layout.path)
    assert SOURCE.resolve(Ref(scheme="oci", path=str(tmp_path / "link")))[1] == digest


def test_docker_media_types_are_read(layout: Layout) -> None:
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "config": layout.blob(b'{"os":"linux","architecture":"amd64"}', "application/vnd.docker.container.image.v1+json"),
        "layers": [layout.blob(b"layer", "application/vnd.docker.image.rootfs.diff.tar.gzip")],
    }
    digest = layout.enlist(layout.json(manifest, "application/vnd.docker.distribution.manifest.v2+json"))["digest"]
    assert resolve(layout, platform="linux/amd64") == digest
    assert SOURCE.measure(ref(layout), digest).problem == ""


def test_an_index_of_docker_is_read(layout: Layout) -> None:
    manifest = {**layout.manifest(), "mediaType": DOCKER}
    manifest = {**layout.json({**parts(layout, manifest["digest"]), "mediaType": DOCKER}, DOCKER), "platform": {"os": "linux", "architecture": "amd64"}}
    docker_list = DOCKER.replace(".v2", ".list.v2")
    index = layout.enlist(layout.json({"schemaVersion": 2, "mediaType": docker_list, "manifests": [manifest]}, docker_list), "v1")["digest"]
    assert resolve(layout, tag="v1", platform="linux/amd64") == manifest["digest"]
    assert SOURCE.measure(ref(layout), index).problem == ""


@pytest.mark.parametrize("media_type", ["application/vnd.oci.image.layer.v1.tar+zstd", "application/vnd.oci.image.layer.nondistributable.v1.tar", EMPTY])
def test_layers_are_bytes_whatever_they_are(layout: Layout, media_type: str) -> None:
    layer = {**layout.blob(b"{}", media_type), "data": "e30=", "urls": ["https://example.com/layer"]}
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": {**layout.blob(b"{}", EMPTY), "data": "e30="}, "layers": [layer]}
    digest = layout.enlist(layout.json(manifest, MANIFEST))["digest"]
    assert resolve(layout) == resolve(layout, platform="linux/amd64") == digest
    assert SOURCE.measure(ref(layout), digest).problem == ""


def test_what_else_index_json_lists_is_passed_over(layout: Layout) -> None:
    """image-layout.md has such an entry in its example."""
    digest = layout.image(tag="v1")
    layout.enlist(layout.blob(b"<xml/>", "application/xml"), "appstream")
    assert resolve(layout, tag="v1") == digest
    assert refused(layout, tag="appstream") == "ref.unreadable"
    assert SOURCE.attached(ref(layout), digest) == []
