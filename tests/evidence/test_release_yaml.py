"""Release files: read strictly, with positions, and paths from where the file stands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.errors import PolicyError
from lockgate.evidence.release_yaml import NamedRef, ReleaseFile, at, parse_release

GOOD = b"""\
version: 1
artifacts:
  - web: registry.example.com/shop/web:1.4
  - oci:images/worker:1.4
  - "shop-1.0.whl"
config: [app.toml, conf/limits.toml]
"""


def test_a_release() -> None:
    assert parse_release(GOOD, "release.yaml") == ReleaseFile(
        artifacts=(NamedRef(ref="registry.example.com/shop/web:1.4", name="web"), NamedRef(ref="oci:images/worker:1.4"), NamedRef(ref="shop-1.0.whl")),
        config=("app.toml", "conf/limits.toml"),
    )
    assert parse_release(b"version: 1\nartifacts: [a]\nconfig: none\n", "r").config == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version: 1\nartifacts: [a]\n", "r:1:1: a release says its config, and this one does not; where it has none: config: none"),
        ("artifacts: [a]\nconfig: none\n", "r:1:1: a release says its version, and this one does not"),
        ("version: 1\nconfig: none\n", "r:1:1: a release says its artifacts, and this one does not"),
        ("version: 2\nartifacts: [a]\nconfig: none\n", "r:1:10: the version of this format is 1"),
        ("version: '1'\nartifacts: [a]\nconfig: none\n", "r:1:10: the version of this format is 1"),
        ("version: 1\nartifacts: []\nconfig: none\n", "r:2:12: artifacts is a list of 1 to 64 references"),
        ("version: 1\nartifacts: a\nconfig: none\n", "r:2:12: artifacts is a list of 1 to 64 references"),
        (
            f"version: 1\nartifacts: [{', '.join('abc'[n % 3] + str(n) for n in range(65))}]\nconfig: none\n",
            "r:2:12: artifacts is a list of 1 to 64 references",
        ),
        ("version: 1\nartifacts: [[a]]\nconfig: none\n", "r:2:13: this should be a reference, in one line"),
        ("version: 1\nartifacts: ['']\nconfig: none\n", "r:2:13: this should be a reference, in one line"),
        ('version: 1\nartifacts: ["a\\tb"]\nconfig: none\n', "r:2:13: this should be a reference, in one line"),
        ("version: 1\nartifacts: [{a: b, c: d}]\nconfig: none\n", "r:2:13: an artifact is REF, or NAME: REF"),
        ("version: 1\nartifacts: [{7: b}]\nconfig: none\n", "r:2:14: '7' is no artifact's name: lower-case letters, digits and -, and not digits alone"),
        ("version: 1\nartifacts: [{Web: b}]\nconfig: none\n", "r:2:14: 'Web' is no artifact's name: lower-case letters, digits and -, and not digits alone"),
        ("version: 1\nartifacts: [{a: b}, {a: c}]\nconfig: none\n", "r:2:22: another artifact is called a already"),
        ("version: 1\nartifacts: [a]\nconfig: []\n", "r:3:9: config is a list of files, or none"),
        ("version: 1\nartifacts: [a]\nconfig: app.toml\n", "r:3:9: config is a list of files, or none"),
        ("version: 1\nartifacts: [a]\nconfig: [{a: b}]\n", "r:3:10: this should be a file, in one line"),
        ("version: 1\nartifacts: [a]\nconfig: none\nextra: 1\n", "r:4:1: a release has no 'extra': it has version, artifacts and config"),
        ("version: 1\nversion: 1\n", "r:2:1: the key 'version' stands already at line 1"),
        ("[a]", "r:1:1: a release is a mapping: version, artifacts and config"),
        ("version: 1\nartifacts: [&a a, *a]\nconfig: none\n", "r:2:13: anchors and aliases are not read: write the value out at each place"),
    ],
)
def test_what_is_none(text: str, said: str) -> None:
    with pytest.raises(PolicyError) as err:
        parse_release(text.encode(), "r")
    assert (err.value.code, err.value.message) == ("release-file.malformed", said)


@given(st.binary(max_size=400) | st.text(alphabet="version: 1\nartifacts[]{}-,&*!'\"#none", max_size=200).map(str.encode))
def test_any_bytes_are_a_release_or_refused(data: bytes) -> None:
    refused = ""
    try:
        parse_release(data, "r")
    except PolicyError as err:
        refused = err.code
    assert refused in {"", "release-file.malformed"}


@pytest.mark.parametrize(
    ("folder", "ref", "from_here"),
    [
        (".", "oci:image:1", "oci:image:1"),
        ("app", "oci:image:1", "oci:app/image:1"),
        ("app", "file:a.whl", "file:app/a.whl"),
        ("app", "a.whl", "./app/a.whl"),
        ("my.app", "image:1", "./my.app/image:1"),
        ("../app", "image:1", "../app/image:1"),
        ("/app", "image:1", "/app/image:1"),
        ("app", "/image:1", "/image:1"),
        ("app", "oci:/image:1", "oci:/image:1"),
        ("app", "example.com/shop:1", "example.com/shop:1"),
        ("app", "registry:localhost/shop", "registry:localhost/shop"),
    ],
)
def test_paths_are_relative_to_the_file(folder: str, ref: str, from_here: str) -> None:
    assert at(folder, ref) == from_here
