"""The difference of two bags of component versions: against brute force, and on purls as they come."""

from __future__ import annotations

import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.core.components import Component
from lockgate.core.sbom_difference import Bag, Change, Version, bag, difference, fresh, split

PACKAGES, VERSIONS = [f"pkg:pypi/{name}" for name in "abcd"], ["1", "2", "2.0", "10"]
COMPONENTS = st.builds(lambda package, version: Component(purl=f"{package}@{version}"), st.sampled_from(PACKAGES), st.sampled_from(VERSIONS))
RELEASES = st.lists(st.lists(COMPONENTS, max_size=8), max_size=3)


def brute(before: list[list[Component]], after: list[list[Component]]) -> list[Change]:
    """Package by package and version by version, counting artifacts by hand."""
    changes = []
    for package in sorted(PACKAGES):
        sides: list[list[str]] = []
        for one, other in ((before, after), (after, before)):
            more = []
            for version in sorted(VERSIONS):
                component = Component(purl=f"{package}@{version}")
                more += [version] * max(0, sum(component in artifact for artifact in one) - sum(component in artifact for artifact in other))
            sides.append(more)
        if sides != [[], []]:
            changes.append(Change(package, tuple(sides[0]), tuple(sides[1])))
    return changes


@given(RELEASES, RELEASES)
def test_against_brute_force(before: list[list[Component]], after: list[list[Component]]) -> None:
    assert list(difference(bag(before), bag(after))) == brute(before, after)
    assert fresh(bag(before), bag(after)) == {one for one in bag(after).held if not any(Component(purl=one.text()) in artifact for artifact in before)}


@given(RELEASES)
def test_nothing_differs_from_itself_in_any_order(made: list[list[Component]]) -> None:
    assert difference(bag(made), bag([[*reversed(artifact), *artifact] for artifact in reversed(made)])) == ()


@given(RELEASES, RELEASES)
def test_the_other_way_round_is_the_same_the_other_way_round(before: list[list[Component]], after: list[list[Component]]) -> None:
    turned = tuple(Change(one.package, one.after, one.before) for one in difference(bag(after), bag(before)))
    assert difference(bag(before), bag(after)) == turned


@pytest.mark.parametrize(
    ("purl", "package", "version"),
    [
        ("pkg:pypi/flask@3.0.1", "pkg:pypi/flask", "3.0.1"),
        ("pkg:npm/%40scope/name@1.2.3", "pkg:npm/%40scope/name", "1.2.3"),
        ("pkg:deb/debian/openssl@3.0.11-1?arch=amd64", "pkg:deb/debian/openssl?arch=amd64", "3.0.11-1"),
        ("pkg:golang/example.org/m@v1.0.0#sub/dir", "pkg:golang/example.org/m#sub/dir", "v1.0.0"),
        ("pkg:generic/x@1?download_url=https://a@b/c", "pkg:generic/x?download_url=https://a@b/c", "1"),
    ],
)
def test_a_purl_taken_apart_and_put_together(purl: str, package: str, version: str) -> None:
    found = split(purl)
    assert found == Version(package, version)
    assert found.text() == purl


@pytest.mark.parametrize("purl", ["pkg:pypi/flask", "pkg:pypi/flask@", "pkg:npm/@scope/name", "pkg:pypi/flask?at=a@1", ""])
def test_a_purl_without_a_version_tells_nothing(purl: str) -> None:
    assert split(purl) is None


def test_what_cannot_be_told_is_counted() -> None:
    made = [Component(purl="pkg:pypi/flask"), Component(name="libc"), Component(name="libc", version="2"), Component()]
    assert bag([made]) == Bag(Counter([Version("libc", "2")]), 3)


def test_a_hundred_thousand_components_are_compared_in_a_moment() -> None:
    before = bag([[Component(purl=f"pkg:pypi/p{number}@1") for number in range(100_000)]])
    after = bag([[Component(purl=f"pkg:pypi/p{number}@{1 + (number % 2)}") for number in range(100_000)]])
    start = time.process_time()
    assert len(difference(before, after)) == 50_000
    assert time.process_time() - start < 3
