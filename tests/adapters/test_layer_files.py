"""A file inside an image, as a container would see it; the archives are written by Python's tarfile, GNU tar, or by hand."""

from __future__ import annotations

import gzip
import io
import shutil
import subprocess
import tarfile
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from layouts import Layout
from lockgate.adapters.sources import layer_archive
from lockgate.adapters.sources.files import PlainFiles
from lockgate.adapters.sources.oci_layout import OciLayouts
from lockgate.core.digest import Ref
from lockgate.errors import LockgateError, UnreadableError

GZIP = "application/vnd.oci.image.layer.v1.tar+gzip"
TAR = "application/vnd.oci.image.layer.v1.tar"
PATH = "/usr/share/sbom/app.json"


def tar(*entries: tuple[str, Any], form: int = tarfile.PAX_FORMAT) -> bytes:
    """An archive: of a name, its bytes; or how its header differs."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, content in entries:
            info = tarfile.TarInfo(name)
            if isinstance(content, bytes):
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
            else:
                for field, value in content.items():
                    setattr(info, field, value)
                archive.addfile(info)
    return out.getvalue()


def directory(name: str) -> tuple[str, Any]:
    return name, {"type": tarfile.DIRTYPE}


def link(name: str, to: str, kind: bytes = tarfile.SYMTYPE) -> tuple[str, Any]:
    return name, {"type": kind, "linkname": to}


def inside(path: Path, *layers: bytes, media_type: str = GZIP, at: str = PATH) -> bytes | None:
    shutil.rmtree(path / "image", ignore_errors=True)
    (path / "image").mkdir()
    layout = Layout(path / "image")
    blobs = [layout.blob(gzip.compress(data) if media_type == GZIP else data, media_type) for data in layers]
    manifest = layout.json(
        {"schemaVersion": 2, "config": layout.blob(b"{}", "application/vnd.oci.image.config.v1+json"), "layers": blobs},
        "application/vnd.oci.image.manifest.v1+json",
    )
    layout.enlist(manifest, "1")
    ref = Ref(scheme="oci", path=str(layout.path))
    return OciLayouts().inside(ref, manifest["digest"], at)


NAME = PATH[1:]
SEEN: dict[str, tuple[list[bytes], bytes | None]] = {
    "in the only layer": ([tar((NAME, b"1"))], b"1"),
    "nowhere": ([tar(("usr/share/sbom/other.json", b"1"))], None),
    "no layer": ([], None),
    "an empty layer": ([tar()], None),
    "named from here": ([tar(("./" + NAME, b"1"))], b"1"),
    "named from the root": ([tar(("/" + NAME, b"1"))], b"1"),
    "named by a detour": ([tar(("usr/lib/../share/./sbom//app.json", b"1"))], b"1"),
    "named from above the root": ([tar(("../../" + NAME, b"1"))], b"1"),
    "later layers win": ([tar((NAME, b"1")), tar((NAME, b"2")), tar(("x", b"3"))], b"2"),
    "the last of two wins": ([tar((NAME, b"1"), (NAME, b"2"))], b"2"),
    "directories on the way": ([tar(directory("usr"), directory("usr/share/"), directory("usr/share/sbom"), (NAME, b"1"))], b"1"),
    "whited out": ([tar((NAME, b"1")), tar(("usr/share/sbom/.wh.app.json", b""))], None),
    "its directory whited out": ([tar((NAME, b"1")), tar(("usr/.wh.share", b""))], None),
    "its directory made opaque": ([tar((NAME, b"1")), tar(("usr/share/.wh..wh..opq", b""))], None),
    "whited out and back": ([tar((NAME, b"1")), tar(("usr/.wh.share", b"")), tar((NAME, b"2"))], b"2"),
    "a whiteout leaves its own layer alone": ([tar((NAME, b"1")), tar((NAME, b"2"), ("usr/share/sbom/.wh.app.json", b""))], b"2"),
    "an opaque one too": ([tar((NAME, b"1")), tar(("usr/.wh..wh..opq", b""), (NAME, b"2"))], b"2"),
    "another whited out": ([tar((NAME, b"1")), tar(("usr/share/sbom/.wh.app", b""), ("usr/share/.wh.sbo", b""))], b"1"),
    "another made opaque": ([tar((NAME, b"1")), tar(("usr/share/sbom/app.json/.wh..wh..opq", b""), ("opt/.wh..wh..opq", b""))], b"1"),
    "a link elsewhere": ([tar(link("usr/lib", "share"), link("usr/share/sbom/other", "app.json"), (NAME, b"1"))], b"1"),
    "a link on the way that is gone": ([tar(link("usr/share", "/opt")), tar(("usr/.wh.share", b"")), tar((NAME, b"1"))], b"1"),
    "more than a chunk": ([tar(("big", bytes(3 << 20)), (NAME, b"x" * (2 << 20)))], b"x" * (2 << 20)),
    "empty": ([tar((NAME, b""))], b""),
    "a long name before it": ([tar(("d/" * 200 + "x", b"1"), (NAME, b"2"), form=tarfile.GNU_FORMAT)], b"2"),
    "a long pax name before it": ([tar(("d/" * 200 + "é", b"1"), (NAME, b"2"))], b"2"),
    "ustar with a prefix": ([tar(("p" * 90 + "/" + "q" * 90, b"1"), (NAME, b"2"), form=tarfile.USTAR_FORMAT)], b"2"),
    "hidden by nothing that a lower layer whites out": ([tar(("usr/.wh.share", b"")), tar((NAME, b"1"))], b"1"),
}


@pytest.mark.parametrize("name", SEEN)
@pytest.mark.parametrize("media_type", [GZIP, TAR])
def test_what_a_container_would_see(tmp_path: Path, name: str, media_type: str) -> None:
    layers, seen = SEEN[name]
    assert inside(tmp_path, *layers, media_type=media_type) == seen


def test_a_long_name_is_found(tmp_path: Path) -> None:
    long = "/" + "d" * 90 + "/" + "e" * 90 + "/" + "f" * 120
    for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        assert inside(tmp_path, tar((long[1:], b"1"), form=form), at=long) == b"1"
    assert inside(tmp_path, tar((long[1:182], b"1"), form=tarfile.USTAR_FORMAT), at=long[:182]) == b"1"


def header(change: Callable[[bytearray], None], data: bytes = b"") -> bytes:
    """One entry whose header is changed, with its sum put right."""
    block = bytearray(tar((NAME, b"1"), form=tarfile.USTAR_FORMAT)[:512])
    change(block)
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block) + data + bytes(1024)


def put(at: int, data: bytes) -> Callable[[bytearray], None]:
    def change(block: bytearray) -> None:
        block[at : at + len(data)] = data

    return change


def pax(fields: bytes, kind: bytes = b"x") -> bytes:
    before = bytearray(header(lambda block: (put(124, b"%011o\0" % len(fields))(block), put(156, kind)(block), None)[-1])[:512])
    return bytes(before) + fields + bytes(-len(fields) % 512)


GOOD = tar((NAME, b"1"), form=tarfile.USTAR_FORMAT)
REFUSED: dict[str, tuple[list[bytes], str]] = {
    "a link": ([tar(link(NAME, "other"))], "inside.no-file"),
    "a hard link": ([tar(("other", b"1"), link(NAME, "other", tarfile.LNKTYPE))], "inside.no-file"),
    "a device": ([tar((NAME, {"type": tarfile.CHRTYPE}))], "inside.no-file"),
    "a directory": ([tar(directory(NAME))], "inside.no-file"),
    "a link over a file": ([tar((NAME, b"1")), tar(link(NAME, "other"))], "inside.no-file"),
    "a link on the way": ([tar(link("usr/share", "/opt"), ("opt/sbom/app.json", b"1"))], "inside.no-file"),
    "a link on the way, and a file over it": ([tar(link("usr/share", "/opt")), tar((NAME, b"1")), tar(("opt/sbom/app.json", b"2"))], "inside.no-file"),
    "a link on the way, and the file gone": ([tar(link("usr/share", "/opt")), tar(("usr/share/sbom/.wh.app.json", b""))], "inside.no-file"),
    "a file on the way": ([tar((NAME, b"1")), tar(("usr/share", b"2"))], "inside.no-file"),
    "too large": ([tar((NAME, bytes((24 << 20) + 1)))], "inside.no-file"),
    "not an archive": ([b"x" * 2048], "inside.malformed"),
    "cut in a header": ([GOOD[:300]], "inside.malformed"),
    "cut in the data": ([tar(("x", bytes(3000)))[:1500]], "inside.malformed"),
    "another sum": ([GOOD[:10] + b"X" + GOOD[11:]], "inside.malformed"),
    "something between the last blocks": ([GOOD[:1024] + bytes(512) + GOOD[:512]], "inside.malformed"),
    "a size below zero": ([header(put(124, b"\xff" * 12))], "inside.malformed"),
    "a size beyond all": ([header(put(124, b"\x80" + b"\xff" * 11))], "inside.malformed"),
    "a size that is none": ([header(put(124, b"00000000009\0"))], "inside.malformed"),
    "an old sparse file": ([header(put(156, b"S"))], "inside.malformed"),
    "one name for all": ([pax(b"12 path=usr\n", b"g") + GOOD], "inside.malformed"),
    "fields that are none": ([pax(b"99 path=usr\n") + GOOD], "inside.malformed"),
    "a field without its length": ([pax(b"path=usr\n") + GOOD], "inside.malformed"),
    "a size in the fields that is none": ([pax(b"11 size=-1\n") + GOOD], "inside.malformed"),
    "a name too long": ([header(lambda block: (put(124, b"%011o\0" % (1 << 20))(block), put(156, b"L")(block), None)[-1], bytes(1 << 20))], "inside.malformed"),
    "a sparse file": ([pax(b"22 GNU.sparse.major=1\n") + GOOD], "inside.no-file"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_looked_at_says_so(tmp_path: Path, name: str) -> None:
    layers, code = REFUSED[name]
    with pytest.raises(UnreadableError) as err:
        inside(tmp_path, *layers)
    assert err.value.code == code


def test_fields_of_pax_name_and_size_the_next_entry_alone(tmp_path: Path) -> None:
    record = b"33 path=usr/share/sbom/app.json\n\n"
    named = pax(b"%d path=%b\n" % (len(b"xx path=\n" + NAME.encode()), NAME.encode()))
    other = header(put(0, b"other" + bytes(95)), b"1" + bytes(511))[:1024]
    assert inside(tmp_path, named + other + other + bytes(1024)) == b"1"
    assert inside(tmp_path, other + bytes(1024)) is None
    assert len(record) == 33


def test_layers_of_other_types_and_what_is_no_image(tmp_path: Path) -> None:
    for media_type in ("application/vnd.oci.image.layer.v1.tar+zstd", "application/x"):
        with pytest.raises(UnreadableError) as err:
            inside(tmp_path, GOOD, media_type=media_type)
        assert err.value.code == "inside.layer-type"
    with pytest.raises(UnreadableError) as err:
        PlainFiles().inside(Ref(scheme="file", path="x"), "sha256:" + "0" * 64, PATH)
    assert err.value.code == "inside.no-image"
    layout = Layout(tmp_path)
    index = layout.json({"schemaVersion": 2, "manifests": []}, "application/vnd.oci.image.index.v1+json")
    with pytest.raises(UnreadableError) as err:
        OciLayouts().inside(Ref(scheme="oci", path=str(tmp_path)), index["digest"], PATH)
    assert err.value.code == "inside.no-image"


SPOILED: dict[str, Callable[[bytes], bytes]] = {
    "cut short": lambda data: data[:-30],
    "altered": lambda data: data[:40] + b"\xff" * 20 + data[60:],
    "more behind it": lambda data: data + b"rest",
    "nothing": lambda _: b"",
}


@pytest.mark.parametrize("name", SPOILED)
def test_what_is_not_gzip_as_it_says(tmp_path: Path, name: str) -> None:
    data = SPOILED[name](gzip.compress(tar((NAME, bytes(range(256)) * 8)), mtime=0))
    layout = Layout(tmp_path)
    manifest = layout.json(
        {"schemaVersion": 2, "config": layout.blob(b"{}"), "layers": [layout.blob(data, GZIP)]}, "application/vnd.oci.image.manifest.v1+json"
    )
    found: Any = None
    try:
        found = OciLayouts().inside(Ref(scheme="oci", path=str(tmp_path)), manifest["digest"], PATH)
    except UnreadableError as err:
        found = None if err.code == "inside.malformed" else err
    assert found in (None, bytes(range(256)) * 8)


def test_several_members_are_one_archive(tmp_path: Path) -> None:
    data = tar(("x", bytes(5000)), (NAME, b"1"))
    packed = gzip.compress(data[:700]) + gzip.compress(data[700:])
    layout = Layout(tmp_path)
    manifest = layout.json(
        {"schemaVersion": 2, "config": layout.blob(b"{}"), "layers": [layout.blob(packed, GZIP)]}, "application/vnd.oci.image.manifest.v1+json"
    )
    assert OciLayouts().inside(Ref(scheme="oci", path=str(tmp_path)), manifest["digest"], PATH) == b"1"


def test_a_layer_with_other_bytes_is_not_looked_into(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layer = layout.blob(GOOD, TAR)
    manifest = layout.json({"schemaVersion": 2, "config": layout.blob(b"{}"), "layers": [layer]}, "application/vnd.oci.image.manifest.v1+json")
    layout.at(layer["digest"]).write_bytes(GOOD.replace(b"\x001", b"\x002") + b"")
    layout.at(layer["digest"]).write_bytes(tar((NAME, b"2"), form=tarfile.USTAR_FORMAT))
    with pytest.raises(LockgateError) as err:
        OciLayouts().inside(Ref(scheme="oci", path=str(tmp_path)), manifest["digest"], PATH)
    assert err.value.code == "digest.mismatch"


def test_a_bomb_is_left_in_bounded_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layer_archive, "MAX_UNPACKED", 64 << 20)
    bomb = tar(("x", bytes(80 << 20)), (NAME, b"1"))
    tracemalloc.start()
    try:
        with pytest.raises(UnreadableError) as err:
            inside_of_packed(tmp_path, gzip.compress(bomb))
        assert err.value.code == "inside.too-large"
        assert tracemalloc.get_traced_memory()[1] < 200 << 20
    finally:
        tracemalloc.stop()
    monkeypatch.setattr(layer_archive, "MAX_ENTRIES", 3)
    with pytest.raises(UnreadableError) as err:
        inside(tmp_path, tar(*((f"{number}", b"") for number in range(4))))
    assert err.value.code == "inside.too-large"


def test_fields_before_an_entry_count_as_entries_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layer_archive, "MAX_ENTRIES", 1000)
    said = b"6 a=b\n" * 2000
    before = tarfile.TarInfo("x")
    before.type, before.size = b"x", len(said)
    with pytest.raises(UnreadableError) as err:
        inside(tmp_path, before.tobuf() + said + bytes(-len(said) % 512) + tar((NAME, b"1")))
    assert err.value.code == "inside.too-large"


def inside_of_packed(path: Path, packed: bytes) -> bytes | None:
    layout = Layout(path / "packed")
    manifest = layout.json(
        {"schemaVersion": 2, "config": layout.blob(b"{}"), "layers": [layout.blob(packed, GZIP)]}, "application/vnd.oci.image.manifest.v1+json"
    )
    return OciLayouts().inside(Ref(scheme="oci", path=str(layout.path)), manifest["digest"], PATH)


def test_archives_of_gnu_tar(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "usr/share/sbom").mkdir(parents=True)
    (root / NAME).write_bytes(b"of tar")
    long = "l" * 150
    (root / long).write_bytes(b"long")
    for form in ("gnu", "pax", "ustar"):
        names = ["."] if form != "ustar" else ["usr"]
        subprocess.run(["tar", f"--format={form}", "-cf", tmp_path / "layer.tar", "-C", root, *names], check=True)
        data = (tmp_path / "layer.tar").read_bytes()
        assert inside(tmp_path, data) == b"of tar"
        if form != "ustar":
            assert inside(tmp_path, data, at="/" + long) == b"long"


NAMES = st.sampled_from(["a", "a/b", "a/b/c", "a/x", ".wh.a", "a/.wh.b", "a/b/.wh.c", "a/.wh..wh..opq", ".wh..wh..opq", "x", "./a/b/c"])
LAYERS = st.lists(st.lists(st.tuples(NAMES, st.sampled_from([b"1", b"2", None])), max_size=4), max_size=4)


@given(LAYERS)
@example([[("a/b/c", b"1")], [("a/.wh..wh..opq", None)], [("a/b/c", b"2")]])
def test_against_unpacking_one_layer_after_another(tmp_path_factory: pytest.TempPathFactory, layers: list[list[tuple[str, bytes | None]]]) -> None:
    """Brute force: a tree of names, to which each layer is applied, whiteouts first. Where it is refused instead, a file stood on the way."""
    tree: dict[tuple[str, ...], bytes | None] = {}
    barred = False
    for layer in layers:
        for name, _ in layer:
            *above, last = tuple(name.removeprefix("./").split("/"))
            gone = (*above,) if last == ".wh..wh..opq" else (*above, last.removeprefix(".wh."))
            if last.startswith(".wh."):
                tree = {key: value for key, value in tree.items() if key[: len(gone)] != gone or (last == ".wh..wh..opq" and key == gone)}
        for name, data in layer:
            parts = tuple(name.removeprefix("./").split("/"))
            if not parts[-1].startswith(".wh."):
                tree[parts] = data
                barred |= data is not None and parts in {("a",), ("a", "b")}

    def entry(name: str, data: bytes | None) -> tuple[str, Any]:
        return (name, data or b"") if data is not None or ".wh." in name else directory(name)

    packed = [tar(*(entry(*one) for one in layer)) for layer in layers]
    try:
        found = inside(tmp_path_factory.mktemp("layers"), *packed, media_type=TAR, at="/a/b/c")
    except UnreadableError as err:
        barred &= err.code == "inside.no-file"
        assert barred or tree.get(("a", "b", "c"), b"") is None
    else:
        assert found == tree.get(("a", "b", "c"))
