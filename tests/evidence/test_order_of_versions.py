"""Orders that are easily taken for others, each as the ecosystem's own program has it."""

from __future__ import annotations

from itertools import combinations

import pytest

from lockgate.core.advisories import Event, Range
from lockgate.evidence.advisories import versions

CHAINS = {
    "Maven": "1.0-SNAPSHOT 1.0 1.0-sp 1.0-foo 1.0-1 1.0.1 5.0.0.Alpha1 5.0.0.Beta2 5.0.0.CR1 5.0.0.Final 5.0.1.RELEASE",
    "RubyGems": "1.0.a 1.0.0.beta2 1.0.0.beta10 1.0.0.pre 1.0.0.rc1 1.0 1.0.0.0.1 1.13.3-x86_64-linux 1.13.4-java",
    "Packagist": "1.0.0-dev 1.0.0-alpha 1.0.0-b2 1.0.0-RC1 1.0 1.0.0-p1 1.0.0.1 1.0.1",
    "Pub": "1.0.0-0 1.0.0-dev.1+4 1.0.0-dev.2 1.0.0 1.0.0+5 1.0.0+11 1.0.0+hotfix 1.0.1",
    "Alpine": "1.0_alpha 1.0_rc1 1.0_rc1-r2 1.0 1.0-r0 1.0-r10 1.0_cvs 1.0_git20230101-r0 1.0_git20230717-r4 1.0_p1 1.0a 1.0.0 1.0.1 1.01.5 1.1",
    "Debian": "1.0~~ 1.0~rc1-1 1.0-1~deb12u1 1.0-1 1.0-1+b1 1.0-2 1.0-10 1.0+dfsg 1.0.1 1:0.5",
    "PyPI": "1.0.dev1 1.0a1 1.0rc1 1.0 1.0.post1 1.0.1 1!0.5",
}
SAME = {
    "Maven": ("1.0", "1.0.0", "1", "1.0.RELEASE", "1.0.Final", "1.0-ga"),
    "RubyGems": ("1.0", "1.0.0", "1.0-java", "1.0.0-x86_64-linux", "1.0.0-arm64-darwin", "1.0-x64-mingw-ucrt"),
    "Packagist": ("1.0", "v1.0.0", "1.0.0.0", "1.0.0-stable", "1.0.0+meta"),
    "PyPI": ("1.0", "1.0.0", "v1.0", "1.0+local", "1.0+local.1"),
    "npm": ("1.0.0", "1.0.0+build.5"),
}


@pytest.mark.parametrize("ecosystem", CHAINS)
def test_each_is_before_the_next(ecosystem: str) -> None:
    scheme = versions.scheme_of(ecosystem)
    for one, other in combinations(CHAINS[ecosystem].split(), 2):
        assert versions.key(scheme, one) < versions.key(scheme, other), (one, other)
        assert not versions.key(scheme, other) < versions.key(scheme, one), (one, other)


@pytest.mark.parametrize("ecosystem", SAME)
def test_one_version_has_many_names(ecosystem: str) -> None:
    scheme = versions.scheme_of(ecosystem)
    assert all(versions.same(scheme, one, other) for one, other in combinations(SAME[ecosystem], 2))


@pytest.mark.parametrize(
    ("version", "fixed", "inside"),
    [("1.0", "1.0+company.1", True), ("1.0+company.1", "1.0+company.2", True), ("1.0+company.2", "1.0+company.2", False), ("1.0+company.1", "1.0", False)],
)
def test_a_local_part_counts_where_the_fix_has_one(version: str, fixed: str, inside: bool) -> None:
    span = Range(type="ECOSYSTEM", events=(Event("introduced", "0"), Event("fixed", fixed)))
    assert versions.within("pypi", version, span)[0] is inside


@pytest.mark.parametrize(
    ("ecosystem", "version"),
    [("RubyGems", "1.0-x86_64"), ("RubyGems", "1.0_java"), ("Alpine", "1.0_foo"), ("Alpine", "1.0-1"), ("Packagist", "dev-master"), ("Maven", "1 0")],
)
def test_what_is_no_version_has_no_place(ecosystem: str, version: str) -> None:
    assert versions.parsed(versions.scheme_of(ecosystem), version) is None
