"""How a component could be written so that an advisory about it would not be found."""

from __future__ import annotations

from typing import Any

import pytest

from lockgate.core.advisories import Package
from lockgate.evidence.advisories import osv
from lockgate.evidence.advisories.match import Book
from lockgate.evidence.advisories.packages import named, readings


def found(purl: str, ecosystem: str, name: str, **affected: Any) -> list[bool]:
    """Whether each match of the one advisory is certain."""
    entry = {"id": "X-1", "modified": "2026-01-01T00:00:00Z", "affected": [{"package": {"ecosystem": ecosystem, "name": name}, **affected}]}
    book = Book([osv.of(entry)])
    return [match.certain for meant in readings(purl) for match in book.matches(meant)]


@pytest.mark.parametrize("version", ["=1.0.1", "1.0.1.0", "1.0.1-", "latest"])
def test_a_version_without_a_place_may_be_one_of_those_that_are_listed(version: str) -> None:
    assert found(f"pkg:npm/foo@{version}", "npm", "foo", versions=["1.0.1"]) == [False]
    assert found("pkg:npm/foo@1.0.2", "npm", "foo", versions=["1.0.1"]) == []


@pytest.mark.parametrize("version", ["1.0", "1.0.0", "v1.0", "1.0%2Blocal", "1.0.0.0"])
def test_another_spelling_of_what_is_listed_beside_a_range_is_affected(version: str) -> None:
    beside = [{"type": "ECOSYSTEM", "events": [{"introduced": "2"}, {"fixed": "3"}]}]
    assert found(f"pkg:pypi/foo@{version}", "PyPI", "foo", versions=["1.0"], ranges=beside) == [True]
    assert found("pkg:pypi/foo@1.0.1", "PyPI", "foo", versions=["1.0"], ranges=beside) == []


def test_the_rest_of_a_go_module_may_stand_in_the_subpath() -> None:
    everything = [{"type": "SEMVER", "events": [{"introduced": "0"}]}]
    purl = "pkg:golang/github.com/coreos/go-systemd@v22.5.0#v22"
    assert found(purl, "Go", "github.com/coreos/go-systemd/v22", ranges=everything) == [True]
    assert found(purl, "Go", "github.com/coreos/go-systemd", ranges=everything) == [True]
    assert [one.package.name for one in readings("pkg:golang/github.com/a/b@v1#internal/c")] == ["github.com/a/b", "github.com/a/b/internal/c"]
    assert [one.package for one in readings("pkg:npm/foo@1#sub")] == [Package("npm", "foo")]


@pytest.mark.parametrize(
    "purl",
    [
        "pkg:pypi/evil/requests@2.0",
        "pkg:pypi/requests@2.0@3.0",
        "pkg:pypi/requests%402.0",
        "pkg:pypi/a%20b@1",
        "pkg:maven/log4j-core@2.0",
        "pkg:maven/log4j-core@2.0?type=jar",
        "pkg:composer/x@1",
    ],
)
def test_what_an_index_cannot_have_is_not_covered_by_its_advisories(purl: str) -> None:
    assert named(purl) is None
    assert readings(purl) == ()


def test_a_version_beside_the_purl_that_is_another_one_is_asked_about_too() -> None:
    assert [one.version for one in readings("pkg:pypi/requests@99.0", "2.0.0")] == ["99.0", "2.0.0"]
    assert [one.version for one in readings("pkg:pypi/requests@2.0", "2.0.0")] == ["2.0"]
    assert [one.version for one in readings("pkg:golang/stdlib@1.21.0", "go1.21.0")] == ["1.21.0"]
    assert [one.version for one in readings("pkg:deb/debian/a@1-1?epoch=2", "2:1-1")] == ["2:1-1"]
    assert [one.version for one in readings("pkg:deb/debian/a@1-1", "2:1-1")] == ["1-1"]


@pytest.mark.parametrize(
    ("vectors", "level"),
    [
        (["CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"], "low"),
        (["CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N", "CVSS:4.0/AV:?"], "critical"),
        (["CVSS:4.0/AV:?"], "critical"),
    ],
)
def test_a_mild_score_beside_one_that_cannot_be_read_does_not_silence_the_word(vectors: list[str], level: str) -> None:
    severities = [{"type": "CVSS_V4" if vector.startswith("CVSS:4") else "CVSS_V3", "score": vector} for vector in vectors]
    affected = [{"package": {"ecosystem": "PyPI", "name": "foo"}, "versions": ["1"]}]
    entry = {"id": "X-1", "modified": "2026-01-01T00:00:00Z", "severity": severities, "database_specific": {"severity": "CRITICAL"}, "affected": affected}
    book = Book([osv.of(entry)])
    assert [match.level for meant in readings("pkg:pypi/foo@1") for match in book.matches(meant)] == [level]
