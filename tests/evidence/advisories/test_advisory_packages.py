"""What a purl means to advisories, and the quick way to read a plain one against the other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.core.advisories import Package
from lockgate.evidence.advisories.packages import Named, base_of, named, release_of


@pytest.mark.parametrize(("purl", "ecosystem", "name", "release", "version"), [
    ("pkg:pypi/Foo_Bar.baz@1.0", "PyPI", "foo-bar-baz", "", "1.0"),
    ("pkg:npm/%40acme/shop@1.0.0", "npm", "@acme/shop", "", "1.0.0"),
    ("pkg:npm/left-pad@1.0.0", "npm", "left-pad", "", "1.0.0"),
    ("pkg:golang/github.com/Acme/Shop/v2@v2.0.0#cmd", "Go", "github.com/acme/shop/v2", "", "v2.0.0"),
    ("pkg:golang/stdlib@1.21.0", "Go", "stdlib", "", "1.21.0"),
    ("pkg:maven/org.acme/Shop@1.0", "Maven", "org.acme:Shop", "", "1.0"),
    ("pkg:gem/rails@7.0.1", "RubyGems", "rails", "", "7.0.1"),
    ("pkg:cargo/rand@0.7.2", "crates.io", "rand", "", "0.7.2"),
    ("pkg:nuget/Newtonsoft.Json@13.0.1", "NuGet", "newtonsoft.json", "", "13.0.1"),
    ("pkg:composer/Acme/Shop@1.0", "Packagist", "acme/shop", "", "1.0"),
    ("pkg:hex/Phoenix@1.0.0", "Hex", "phoenix", "", "1.0.0"),
    ("pkg:pub/http@1.0.0", "Pub", "http", "", "1.0.0"),
    ("pkg:deb/debian/libssl3@3.0.9-1?arch=amd64&distro=debian-12&upstream=openssl", "Debian", "openssl", "12", "3.0.9-1"),
    ("pkg:deb/debian/libssl3@3.0.9-1%2Bb1?distro=debian-12&upstream=openssl%403.0.9-1", "Debian", "openssl", "12", "3.0.9-1"),
    ("pkg:deb/ubuntu/curl@1%3A7.81.0-1?distro=ubuntu-22.04", "Ubuntu", "curl", "22.04", "1:7.81.0-1"),
    ("pkg:apk/alpine/busybox@1.36.1-r0?distro=alpine-3.18.4", "Alpine", "busybox", "3.18", "1.36.1-r0"),
    ("pkg:apk/wolfi/busybox@1.36.1-r0?distro=20230201", "Wolfi", "busybox", "", "1.36.1-r0"),
    ("pkg:rpm/rocky/bash@5.1.8-6.el9?distro=rocky-9.2&epoch=1", "Rocky Linux", "bash", "9", "1:5.1.8-6.el9"),
    ("pkg:rpm/redhat/bash@5.1.8-6.el9?distro=rhel-9.4&upstream=bash-5.1.8-6.el9.src.rpm", "Red Hat", "bash", "9", "5.1.8-6.el9"),
    ("pkg:githubactions/Acme/Setup@v4", "GitHub Actions", "acme/setup", "", "v4"),
])  # fmt: skip
def test_a_purl_means_a_package(purl: str, ecosystem: str, name: str, release: str, version: str) -> None:
    assert named(purl) == Named(Package(ecosystem, name), release, version)


@pytest.mark.parametrize("purl", [
    "", "x", "pkg:", "pkg:pypi", "pkg:pypi/", "pkg:generic/busybox@1", "pkg:oci/shop@sha256:1", "pkg:github/acme/shop@1", "pkg:deb/devuan/x@1",
    "pkg:rpm/suse/x@1",
    "pkg:pypi/" + "x" * 3000, "pkg:deb/x@1", "http://example.com", "pkg:pypi/\ud800",
])  # fmt: skip
def test_what_is_not_covered_is_none(purl: str) -> None:
    assert named(purl) is None


def test_a_version_beside_the_purl_counts_where_it_says_none() -> None:
    assert named("pkg:pypi/x", "1.0") == Named(Package("PyPI", "x"), "", "1.0")
    assert named("pkg:pypi/x@2.0", "1.0") == Named(Package("PyPI", "x"), "", "2.0")


@pytest.mark.parametrize(("ecosystem", "release"), [
    ("Debian:12", "12"), ("Debian", ""), ("Ubuntu:22.04:LTS", "22.04"), ("Ubuntu:Pro:22.04:LTS", "22.04"), ("Alpine:v3.18", "3.18"), ("Rocky Linux:9", "9"),
    ("AlmaLinux:8", "8"), ("Red Hat:enterprise_linux:9::appstream", "9"), ("Wolfi", ""),
])  # fmt: skip
def test_the_release_of_an_ecosystem(ecosystem: str, release: str) -> None:
    assert release_of(base_of(ecosystem), ecosystem.partition(":")[2]) == release


PLAIN = st.builds(
    lambda type_, space, name, version: f"pkg:{type_}/{space}{name}@{version}",
    st.sampled_from(["pypi", "npm", "golang", "maven", "gem", "cargo", "nuget", "composer", "hex", "pub"]),
    st.sampled_from(["", "acme/", "github.com/Acme/", "a/b/c/"]),
    st.from_regex(r"[A-Za-z0-9._-]{1,12}", fullmatch=True),
    st.from_regex(r"[A-Za-z0-9._+-]{1,12}", fullmatch=True),
)


@given(PLAIN)
def test_a_plain_purl_is_read_as_any_other(purl: str) -> None:
    quick = named(purl)
    slow = named(purl + "?x=y")
    assert quick == slow
