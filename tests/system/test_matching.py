"""osv-scanner and grype beside lockgate: the same bill of materials, the same advisories, the same findings; every difference has its reason here."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import pytest

import real_sboms
import scanners
from advisory_data import Advisory, advisories, named
from lockgate.adapters.store.advisories import SqliteAdvisories
from matching import Match, components, imported, known
from scanners import GRYPE, GRYPE_DB, OSV_SCANNER, SYFT, grype_database, grype_matches, osv_scanner_database, osv_scanner_matches, require
from version_lists import KINDS

require(OSV_SCANNER, SYFT, GRYPE, GRYPE_DB)

Order = tuple[str, str]
"""A version, and one that fixes: the first is affected, that is, less than the second."""


def bill(place: Path, listed: Iterable[tuple[str, str, str]]) -> Path:
    """A CycloneDX document of these names, versions and purls."""
    found = [{"type": "library", "name": name, "version": version, "purl": purl, "bom-ref": purl} for name, version, purl in listed]
    place.write_text(json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": found}))
    return place


class Databases(NamedTuple):
    """The real advisories, as each of the three has them."""

    folder: Path
    store: SqliteAdvisories


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    folder = tmp_path_factory.mktemp("databases")
    osv_scanner_database(folder, advisories())
    grype_database(folder, advisories())
    return Databases(folder, imported(folder, advisories()))


# Every version that real advisories name.

DJANGO = ("PYSEC-2015-11", "PYSEC-2016-15", "PYSEC-2016-16", "PYSEC-2016-2")
BY_RANGE = {
    "django@1.0": ("PYSEC-2014-7", *DJANGO),
    "django@1.7a0": DJANGO,
    "django@1.7b4": DJANGO,
    "django@1.8a0": DJANGO[1:],
    "django@1.9a0": DJANGO[:1],
    "django@1.10a0": DJANGO[3:],
    "django@1.11.19": ("PYSEC-2020-35",),
    "pillow@2.5": (
        "PYSEC-2014-10", "PYSEC-2016-19", "PYSEC-2016-5", "PYSEC-2016-6", "PYSEC-2016-7", "PYSEC-2020-77", "PYSEC-2020-78", "PYSEC-2020-81", "PYSEC-2020-82",
        "PYSEC-2020-83", "PYSEC-2020-84", "PYSEC-2021-317", "PYSEC-2022-42979", "PYSEC-2023-227",
    ),
    "setuptools@0.7": ("PYSEC-2022-43012",),
}  # fmt: skip
"""Found here and by grype. They are in a range, and not among the versions the advisory names one by one: most were never released under that name.
osv-scanner asks no range of an advisory that names versions. By OSV's specification (section "Evaluation") either is enough."""

BY_NAME = {
    **dict.fromkeys(("django@3.2a1", "django@3.2b1", "django@3.2rc1", "django@4.2a1", "django@4.2b1", "django@4.2rc1"), ("PYSEC-2023-61",)),
    **dict.fromkeys((f"paramiko@0.1-{each}" for each in ("bulbasaur", "charmander")), ("PYSEC-2008-8", "PYSEC-2018-19", "PYSEC-2022-166")),
    **dict.fromkeys(
        (f"paramiko@0.9-{each}" for each in ("doduo", "eevee", "fearow", "gyarados", "horsea", "ivysaur")), ("PYSEC-2008-8", "PYSEC-2018-19", "PYSEC-2022-166")
    ),
}
"""Found here and by osv-scanner. The advisory names them one by one, and they are before its range, or cannot be put in order: in what grype was told
there are ranges alone."""

UNSURE = {(version, "PYSEC-2018-69") for version in BY_NAME if version.startswith("paramiko")}
"""Said to be unknown here, and found by neither: the range may hold them, the advisory does not name them, and Python has no order for them."""


def pairs(table: dict[str, tuple[str, ...]]) -> set[Match]:
    return {(version, advisory) for version, those in table.items() for advisory in those}


def test_every_version_that_real_advisories_name(databases: Databases, tmp_path: Path) -> None:
    versions = named(advisories())
    sbom = bill(tmp_path / "bom.cdx.json", ((name, version, f"pkg:pypi/{name}@{version}") for name, those in versions.items() for version in those))
    here, osv, grype = known(sbom, databases.store), osv_scanner_matches(sbom, databases.folder), grype_matches(sbom, databases.folder)
    print(f"\n{sum(map(len, versions.values()))} components of {len(versions)} packages, {len(advisories())} advisories: {len(here.certain)} findings here, "
          f"{len(osv)} by osv-scanner, {len(grype)} by grype")  # fmt: skip
    assert len(here.certain) > 14_000
    assert (osv - here.certain, here.certain - osv) == (set(), pairs(BY_RANGE))
    assert (grype - here.certain, here.certain - grype) == (set(), pairs(BY_NAME))
    assert here.unsure == UNSURE
    assert not UNSURE & (osv | grype)
    withdrawn = {each["id"] for each in advisories() if "withdrawn" in each}
    assert withdrawn
    assert not withdrawn & {advisory for _, advisory in here.certain | osv | grype}


# Bills of materials that real programs make.


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """By cyclonedx-py and syft, of an environment, a requirements file, a source tree and an image."""
    folder = tmp_path_factory.mktemp("made")
    layout, _ = real_sboms.image(folder / "image")
    with tempfile.TemporaryDirectory(dir="/var/tmp") as elsewhere:  # below /dev, where tests may work, syft sees no files
        found = real_sboms.by_syft(folder, f"dir:{real_sboms.tree(Path(elsewhere) / 'tree')}", "tree")
    return {**real_sboms.by_cyclonedx_py(folder), **found, **real_sboms.by_syft(folder, f"oci-dir:{layout.path}", "image")}


def test_all_formats_list_the_same(made: dict[str, Path]) -> None:
    python = {f"pkg:pypi/{name.lower()}@{version}" for name, version in real_sboms.PYTHON.items()}
    for name, place in made.items():
        listed = {one.purl for one in components(place).components if one.purl}
        of_debian = {one for one in listed if one.startswith("pkg:deb/")}
        expected = real_sboms.LOCKED | {"pkg:npm/shop@1.0.0"} if name.startswith("tree") else python
        assert listed - of_debian == expected, name
        assert len(of_debian) == (2 if name.startswith("image") else 0), name


def test_what_they_list_is_found(made: dict[str, Path], databases: Databases) -> None:
    for name, place in made.items():
        here = known(place, databases.store)
        found = {(version.lower(), advisory) for version, advisory in here.certain}
        assert len(found) == 88, name
        assert found == grype_matches(place, databases.folder), name
        if "spdx-json@3.0" not in name:  # which osv-scanner does not read
            assert found == osv_scanner_matches(place, databases.folder), name
        assert not here.unsure, name
        unseen = {each.kind: each.count for each in here.looked_up.uncovered}
        assert unseen == (
            {"cargo": 1, "composer": 1, "gem": 2, "golang": 2, "npm": 3} if name.startswith("tree") else {"deb": 2} if name.startswith("image") else {}
        ), name


def test_an_image_is_known_by_its_sources(made: dict[str, Path], tmp_path: Path) -> None:
    """Debian's advisories name source packages. osv-scanner compares the names of what was built from them, unless they are the same."""
    fixed = [
        ("DEBIAN-1", "openssl", "3.0.11-1~deb12u2"),
        ("DEBIAN-2", "zlib", "1:1.2.13.dfsg-1+b1"),
        ("DEBIAN-3", "zlib", "1:1.2.13.dfsg-1"),
        ("DEBIAN-4", "libssl3", "9"),
    ]
    records = [advisory(name, "Debian:12", package, [{"introduced": "0"}, {"fixed": at}]) for name, package, at in fixed]
    osv_scanner_database(tmp_path, records)
    sbom = made["image cyclonedx-json@1.6"]
    here = {advisory for _, advisory in known(sbom, imported(tmp_path, records)).certain}
    assert here == {"DEBIAN-1", "DEBIAN-2"}
    assert {advisory for _, advisory in osv_scanner_matches(sbom, tmp_path)} == {"DEBIAN-4"}


def test_a_program_of_go_is_known_by_its_modules(tmp_path: Path) -> None:
    """syft, looked into by itself: hundreds of modules, with pseudo-versions and what came before modules. Each has an advisory, and one it just escapes."""
    scanners.syft(f"file:{SYFT}", f"cyclonedx-json@1.6={tmp_path / 'syft.cdx.json'}")
    modules = {one.name: one.version for one in components(tmp_path / "syft.cdx.json").components if one.version.startswith("v")}
    assert len(modules) > 200
    records = []
    for number, (name, version) in enumerate(sorted(modules.items())):
        records.append(advisory(f"IN-{number}", "Go", name, [{"introduced": version.removeprefix("v")}], "SEMVER"))
        records.append(advisory(f"FIXED-{number}", "Go", name, [{"introduced": "0"}, {"fixed": version.removeprefix("v")}], "SEMVER"))
    osv_scanner_database(tmp_path, records)
    here = known(tmp_path / "syft.cdx.json", imported(tmp_path, records))
    assert not here.unsure
    affected = {f"IN-{number}": name for number, name in enumerate(sorted(modules))}
    assert {each for _, each in here.certain} == affected.keys()
    osv = {each for _, each in osv_scanner_matches(tmp_path / "syft.cdx.json", tmp_path)}
    # A purl of Go's has small letters alone; osv-scanner then looks for a module of that name, and finds none of those that are written with others.
    assert affected.keys() - osv == {number for number, name in affected.items() if name != name.lower()}
    assert osv <= affected.keys()


# The order of versions.


def advisory(name: str, ecosystem: str, package: str, events: list[dict[str, str]], ranges: str = "ECOSYSTEM") -> Advisory:
    affected = {"package": {"ecosystem": ecosystem, "name": package}, "ranges": [{"type": ranges, "events": events}]}
    return {"schema_version": "1.7.0", "id": name, "modified": "2026-01-01T00:00:00Z", "published": "2026-01-01T00:00:00Z", "affected": [affected]}


class Reason(NamedTuple):
    """Why another program puts two versions in another order."""

    who: str
    ecosystem: str
    why: str
    when: Callable[[str, str], bool]


def either(*texts: str) -> Callable[[str, str], bool]:
    """One of the two versions is one of these."""
    return lambda one, other: one in texts or other in texts


def both(first: tuple[str, ...], second: tuple[str, ...]) -> Callable[[str, str], bool]:
    """One of the first, and one of the second, in whichever order."""
    return lambda one, other: (one in first and other in second) or (one in second and other in first)


REASONS = [
    Reason("osv-scanner", "RubyGems", "a gem's platform is no part of its version: Bundler writes both in one", either("1.0-java", "1.0.0-x86_64-linux")),
    Reason("osv-scanner", "Packagist", "for Composer numbers that are missing are zeros", either("1.0", "1.0.0.0")),
    Reason("osv-scanner", "Packagist", "for Composer a stability of stable is none", either("1.0.0-stable")),
    Reason("osv-scanner", "Packagist", "for Composer build metadata is nothing", either("1.0.0+meta")),
    Reason("osv-scanner", "Packagist", "for Composer a patch is one of all four numbers", both(("1.0.0-p1", "1.0.0-patch1", "1.0.0-pl2"), ("1.0.0.1",))),
    Reason("osv-scanner", "Alpine:v3.18", "apk takes numbers that begin with a zero for fractions", either("1.00", "1.001")),
    Reason("osv-scanner", "Alpine:v3.18", "for apk one number more is more than a letter, a suffix or a revision", either("1.0.0", "1.0.0-r1")),
    Reason("osv-scanner", "Alpine:v3.18", "for apk a first build is after none", both(("1.0",), ("1.0-r0",))),
    Reason("osv-scanner", "Alpine:v3.18", "for apk what comes from version control is after the release, CVS too", either("1.0_cvs")),
    Reason("osv-scanner", "Pub", "for Dart a number in what was built is a number", both(("1.0.0+build.5",), ("1.0.0+build.11",))),
    Reason("grype", "Pub", "for Dart what was built later is later", lambda one, other: "+" in one + other),
    Reason("grype", "NuGet", "for NuGet leading zeros and a fourth number of zero are nothing", either("01.0.0", "1.0.0.0")),
    Reason("grype", "NuGet", "for NuGet letters have no case", both(("1.0.0-ALPHA",), ("1.0.0-alpha",))),
]
"""Every difference. Where it is about Ruby's, Composer's, Maven's or Debian's order, their own programs put all of these versions in the order that they have
here. osv-scanner compares Composer's as PHP's `version_compare` does, which Composer calls on versions it has normalized."""

NO_PLACE = {"Packagist": {"dev-master", "1.0.x-dev"}}
"""Versions that are none here, so that nothing is known of them: branches."""

IN_GRYPE = set(KINDS) - {"Packagist", "Debian:12", "Ubuntu:22.04:LTS", "Alpine:v3.18"}
"""What is asked of grype: languages' packages, but Composer's, for which it has no order of its own and falls back on one for anything."""


@pytest.mark.parametrize("ecosystem", KINDS)
def test_versions_have_the_same_order(ecosystem: str, tmp_path: Path) -> None:
    kind = KINDS[ecosystem]
    versions = kind.versions.split()
    records = [advisory(f"AT-{number}", ecosystem, kind.name, [{"introduced": "0"}, {"fixed": at}], kind.ranges) for number, at in enumerate(versions)]
    sbom = bill(tmp_path / "bom.cdx.json", ((kind.name, version, kind.purl(version)) for version in versions))
    osv_scanner_database(tmp_path, records)

    def order(matches: set[Match]) -> set[Order]:
        return {(version.rpartition("@")[2], versions[int(name.removeprefix("AT-"))]) for version, name in matches}

    found = known(sbom, imported(tmp_path, records))
    here, unsure = order(found.certain), order(found.unsure)
    others = {"osv-scanner": order(osv_scanner_matches(sbom, tmp_path))}
    if ecosystem in IN_GRYPE:
        grype_database(tmp_path, records)
        others["grype"] = order(grype_matches(sbom, tmp_path))
    no_place = NO_PLACE.get(ecosystem, set())
    assert unsure == {(one, other) for one in versions for other in versions if no_place & {one, other}}
    for who, order_there in others.items():
        different = (order_there ^ here) - unsure
        reasons = [each for each in REASONS if (each.who, each.ecosystem) == (who, ecosystem)]
        left = sorted(each for each in different if not any(one.when(*each) for one in reasons))
        print(f"\n{ecosystem}: {len(versions) ** 2} pairs, {len(different)} by {who} in another order, {len(unsure)} unknown here")
        assert not left, f"{who}: {ecosystem}"
        assert [one.why for one in reasons if not any(one.when(*each) for each in different)] == [], "reasons for nothing"
