"""Digests and references, as users write them and as attackers do."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.core.digest import Ref, digest_of, hex_of, is_registry, parse_digest, parse_ref, pinned, short
from lockgate.errors import UsageError

EMPTY = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_of_nothing() -> None:
    assert digest_of(b"") == EMPTY
    assert parse_digest(EMPTY) == EMPTY
    assert hex_of(EMPTY) == EMPTY.removeprefix("sha256:")
    assert short(EMPTY) == "sha256:e3b0c44298fc"


@given(st.binary())
def test_every_digest_is_read_back(data: bytes) -> None:
    assert hex_of(parse_digest(digest_of(data))) == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize(
    "text",
    ["", "sha256:", EMPTY[:-1], EMPTY + "0", EMPTY.upper(), EMPTY.replace("sha256", "SHA256"), EMPTY.replace("e3", "E3"), EMPTY[7:], EMPTY + "\n", " " + EMPTY,
     "sha512:" + "0" * 128, "sha256:" + "g" * 64, "sha256:" + "\u0660" * 64, "md5:d41d8cd98f00b204e9800998ecf8427e", "latest", "x" * 1_000_000],
)  # fmt: skip
def test_what_is_no_digest_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as err:
        parse_digest(text)
    assert err.value.code == "digest.malformed"
    assert len(err.value.message) < 300


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        ("oci:image", Ref(scheme="oci", path="image")),
        ("oci:image:v1", Ref(scheme="oci", path="image", tag="v1")),
        ("oci:./a/image:v1", Ref(scheme="oci", path="./a/image", tag="v1")),
        ("oci:/a:b/image", Ref(scheme="oci", path="/a:b/image")),
        ("oci:/a:b/image:v1", Ref(scheme="oci", path="/a:b/image", tag="v1")),
        (f"oci:image@{EMPTY}", Ref(scheme="oci", path="image", digest=EMPTY)),
        (f"oci:image:v1@{EMPTY}", Ref(scheme="oci", path="image", tag="v1", digest=EMPTY)),
        ("file:wheel.whl", Ref(scheme="file", path="wheel.whl")),
        ("file:a:b", Ref(scheme="file", path="a:b")),
        (f"file:wheel.whl@{EMPTY}", Ref(scheme="file", path="wheel.whl", digest=EMPTY)),
        (f"file:odd@name@{EMPTY}", Ref(scheme="file", path="odd@name", digest=EMPTY)),
        ("image", Ref(scheme="", path="image")),
        ("C:image", Ref(scheme="", path="C:image")),
        ("OCI:image", Ref(scheme="", path="OCI:image")),
        (f"image@{EMPTY}", Ref(scheme="", path="image", digest=EMPTY)),
        ("oci", Ref(scheme="", path="oci")),
        ("registry.example/app", Ref(scheme="registry", path="registry.example/app", written="registry.example/app")),
        ("registry:registry.example/app", Ref(scheme="registry", path="registry.example/app")),
        (
            "Registry.Example:443/shop/my_app-x/y:V1.0",
            Ref(scheme="registry", path="registry.example:443/shop/my_app-x/y", tag="V1.0", written="Registry.Example:443/shop/my_app-x/y:V1.0"),
        ),
        (f"localhost/app:v1@{EMPTY}", Ref(scheme="registry", path="localhost/app", tag="v1", digest=EMPTY, written="localhost/app:v1")),
        ("inside:5000/app", Ref(scheme="registry", path="inside:5000/app", written="inside:5000/app")),
        ("127.0.0.1/app", Ref(scheme="registry", path="127.0.0.1/app", written="127.0.0.1/app")),
        ("[::1]:5000/app:v1", Ref(scheme="registry", path="[::1]:5000/app", tag="v1", written="[::1]:5000/app:v1")),
        ("./registry.example/app", Ref(scheme="", path="./registry.example/app")),
        ("../app:v1", Ref(scheme="", path="../app:v1")),
        ("/registry.example/app", Ref(scheme="", path="/registry.example/app")),
        ("file:registry.example/app", Ref(scheme="file", path="registry.example/app")),
        ("oci:registry.example/app:v1", Ref(scheme="oci", path="registry.example/app", tag="v1")),
        ("library/app:v1", Ref(scheme="", path="library/app:v1")),
        ("localhost:v1", Ref(scheme="", path="localhost:v1")),
        ("registry.example", Ref(scheme="", path="registry.example")),
        (".hidden/app", Ref(scheme="", path=".hidden/app")),
        ("a..b/app", Ref(scheme="", path="a..b/app")),
        ("under_score.d/app", Ref(scheme="", path="under_score.d/app")),
    ],
)
def test_references(text: str, ref: Ref) -> None:
    assert parse_ref(text) == ref


@pytest.mark.parametrize(
    "text", ["", "oci:", "file:", "oci::v1", f"@{EMPTY}", f"oci:@{EMPTY}", f"oci::v1@{EMPTY}", "a\0b", "oci:a\nb", "file:a\x1b[2Jb", "oci:a:v\n1"]
)
def test_what_names_no_artifact_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as err:
        parse_ref(text)
    assert err.value.code == "ref.malformed"


@pytest.mark.parametrize(
    "text",
    [
        "registry:app",
        "registry:",
        "registry:inside/app",
        "registry.example/",
        "registry.example/App",
        "registry.example//app",
        "registry.example/a/../b",
        "registry.example/a b",
        "registry.example/app:",
        "registry.example/app:a:b",
        "registry.example/app:v 1",
        "registry.example/app:" + "x" * 129,
        "registry.example/app\n",
        "registry.example/app%2f",
        "[::::]/app",
        "[1.2.3.4]/app",
        "registry:[::1%25eth0]/app",
        "registry.example:0/app",
        "registry.example:65536/app",
        "registry.example/app?x",
        "registry.example/app@latest",
        "registry.example/" + "a" * 300,
        "registry.example/app@",
        "build.out/My App.whl",
    ],
)
def test_what_begins_with_a_host_is_in_a_registry_or_nothing(text: str) -> None:
    with pytest.raises(UsageError) as err:
        parse_ref(text)
    assert err.value.code == "ref.malformed"


@pytest.mark.parametrize(
    "text",
    [
        "user:SECRET@registry.example/app",
        "SECRET@localhost:5000/app",
        "https://registry.example/SECRET",
        "https://user:SECRET@registry.example/app",
        "registry:user:SECRET@registry.example/app",
        "docker://user:SECRET@registry.example/app",
        "registry.example/app@user:SECRET",
        "user:SEC/RET@registry.example/app",
        "registry.example:SECRET@x.example/app",
    ],
)
def test_a_password_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(UsageError) as err:
        parse_ref(text)
    assert err.value.code == "ref.malformed"
    assert "SEC" not in f"{err.value} {err.value.remedy}"


@given(st.text(st.sampled_from("aB0.:/@-_[]l\x00 ") | st.characters()))
def test_any_text_is_a_reference_or_refused(text: str) -> None:
    try:
        ref = parse_ref(text)
    except UsageError:
        return
    assert (ref.scheme == "registry") == is_registry(text)
    if ref.scheme:
        assert parse_ref(pinned(ref, EMPTY)).path == ref.path


@pytest.mark.parametrize("text", ["oci:image@sha256:", "image@sha256:abc", f"oci:image@{EMPTY}0", f"file:x@{EMPTY.upper()[7:].join(['sha256:', ''])}"])
def test_half_a_digest_is_no_path(text: str) -> None:
    with pytest.raises(UsageError) as err:
        parse_ref(text)
    assert err.value.code == "digest.malformed"


@pytest.mark.parametrize("text", ["oci:image:v1", "file:wheel.whl", f"oci:image@{EMPTY}", "registry:localhost:5000/shop/app:v1", "[::1]/app"])
def test_a_pinned_reference_names_the_digest_and_no_tag(text: str) -> None:
    ref = parse_ref(text)
    said = pinned(ref, EMPTY)
    again = parse_ref(said)
    assert (again.scheme, again.path, again.tag, again.digest) == (ref.scheme, ref.path, "", EMPTY)
    assert "\n" not in said
