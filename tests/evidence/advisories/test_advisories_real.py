"""Real advisories, of PyPI: all of them are read, and where ranges and lists speak of one version they agree."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from lockgate.core.advisories import Advisory
from lockgate.evidence.advisories import match, osv, versions
from lockgate.evidence.advisories.packages import named

DATA = Path(__file__).resolve().parents[4] / "shared" / "data" / "osv-pypi"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not there")


@cache
def entries() -> list[Advisory]:
    return [osv.read(path.read_bytes(), yaml=True) for path in sorted(DATA.rglob("*.yaml"))]


def test_each_is_read_whole() -> None:
    assert len(entries()) == 254
    assert [one.id for one in entries() if one.unread] == []
    assert [one.id for one in entries() if one.withdrawn] == ["PYSEC-2022-43059"]


def test_what_is_listed_is_inside_and_what_is_fixed_is_not() -> None:
    looked, odd = 0, []
    for one in entries():
        for affected in one.affected:
            ordered = [each for each in affected.ranges if each.type != "GIT"]
            for version in affected.versions:
                if versions.parsed("pypi", version) is None:
                    continue
                looked += 1
                if not any(versions.within("pypi", version, each)[0] for each in ordered):
                    odd.append((one.id, version))  # what its list has beyond its range, and is affected all the same
            for event in (event for each in ordered for event in each.events if event.kind == "fixed"):
                assert event.version not in affected.versions
    assert looked > 14_000
    assert {id_ for id_, _ in odd} == {"PYSEC-2023-61"}


def test_every_listed_version_is_a_certain_finding() -> None:
    book = match.Book(entries())
    for one in entries():
        for affected in one.affected:
            for version in affected.versions[::9]:
                meant = named(f"pkg:pypi/{affected.name}@{version}")
                assert meant is not None
                found = [each for each in book.matches(meant) if one.id in (each.advisory, *each.aliases)]
                assert [each.certain for each in found] == ([] if one.withdrawn else [True]), (one.id, version)


@pytest.mark.parametrize(("purl", "ids"), [
    ("pkg:pypi/aiohttp@3.8.5", {"PYSEC-2023-246", "PYSEC-2023-250", "PYSEC-2023-251", "PYSEC-2024-24", "PYSEC-2024-26"}),
    ("pkg:pypi/requests@2.31.0", set()),
    ("pkg:pypi/PyYAML@5.3", {"PYSEC-2020-96", "PYSEC-2021-142"}),
    ("pkg:pypi/pyyaml@5.4", set()),
])  # fmt: skip
def test_what_is_known(purl: str, ids: set[str]) -> None:
    meant = named(purl)
    assert meant is not None
    assert {one.advisory for one in match.Book(entries()).matches(meant)} == ids
